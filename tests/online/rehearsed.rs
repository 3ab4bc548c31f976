//! What a rehearsal leaves: a bundle that can be looked at again, and that proves nothing.

use hsmboot::bundle::SIMULATED_ROOTS;
use hsmboot::simulator::{Options, Reference, RootFile, Simulator};
use hsmboot::verify::{Anchor, Anchors, Side};

use super::*;

/// Nobody gave a rehearsal's roots: the simulator brought them.
const ITS_OWN: &str = "verified against the simulator's own roots: the CSR";

/// A rehearsal's place, its bundle, and the lines to try.
fn rehearse() -> (tempfile::TempDir, String, Vec<Vec<String>>) {
    let place = tempfile::tempdir().unwrap();
    let words = ["bootstrap", "--simulate", "--key-type", "p256"];
    let done = run(hsmboot().args(words).current_dir(place.path())).ends(0, "claimed");
    for told in [&done.stdout, &done.stderr] {
        assert!(
            told.contains(ITS_OWN) && !told.contains("roots you gave"),
            "{told}"
        );
    }
    let lines: Vec<&str> = done.stdout.lines().collect();
    let after = lines
        .iter()
        .position(|line| line.contains("rehearsal: the HSM"));
    // The cluster is gone: its steps are none to take now.
    assert!(!lines.contains(&"next:"), "{}", done.stdout);
    assert!(
        lines.contains(&"next, if it were a real cluster:"),
        "{}",
        done.stdout
    );
    let next: Vec<Vec<String>> = lines[after.unwrap() + 1..]
        .iter()
        .map(|line| {
            let command = line.strip_prefix("next: hsmboot ").expect(line);
            command.split(' ').map(str::to_owned).collect()
        })
        .collect();
    assert_eq!(next.len(), 3, "it ends with them: {}", done.stdout);
    let bundle = next[0][1].clone();
    (place, bundle, next)
}

/// The owner's own copy of the CA's certificate: `ca.crt`, beside the bundle.
fn copy_ca(place: &std::path::Path, bundle: &str) {
    let made = place.join(bundle).join("customerCA.crt");
    fs::copy(made, place.join("ca.crt")).unwrap();
}

#[test]
fn a_rehearsals_own_bundle_is_judged_by_the_command_that_verify_and_report_name() {
    let (place, bundle, next) = rehearse();
    let at = |words: &[&str]| run(hsmboot().args(words).current_dir(place.path()));
    for words in &next {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        at(&words).ends(0, "");
    }
    let kept = fs::read_to_string(place.path().join(&bundle).join(SIMULATED_ROOTS)).unwrap();
    assert!(kept.starts_with("SIMULATED: "), "{kept}");
    at(&["transcript", "verify", &bundle]).ends(0, "the transcript holds");

    // Nothing takes them by itself.
    let told = at(&["verify", &bundle, "--output", "json"]).ends(3, "");
    let error = &told.json()["error"];
    assert_eq!(error["kind"], "rejected");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("come from hsmboot's simulator")
    );
    let hint = error["hint"].as_str().unwrap();
    let command = hint.split('`').nth(1).unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let judged = at(&words).ends(0, "SIMULATED: ");
    assert!(judged.stdout.contains(ITS_OWN), "{}", judged.stdout);
    assert!(!judged.stdout.contains("genuine") || judged.stdout.contains("ca-profile"));
    let judged = at(&[&words[..], &["--output", "json"]].concat())
        .ends(0, "")
        .json();
    assert_eq!(
        (&judged["roots"], &judged["simulated"], &judged["verdict"]),
        (&"given".into(), &true.into(), &"verified".into())
    );
    at(&["report", &bundle, "-o", "rejected.html"]).ends(0, "rejected");
    let page = fs::read_to_string(place.path().join("rejected.html")).unwrap();
    assert!(
        page.contains("hsmboot report --simulated"),
        "the page names it"
    );
    let reported = at(&["report", &bundle, "-o", "page.html", "--simulated"]).ends(0, "");
    let word = "verified against the simulator's own roots at";
    assert!(reported.stderr.contains(word) || reported.stdout.contains(word));
    let page = fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(page.contains("verdict warn") && page.contains("Simulated"));
    assert!(page.contains("Verified against the simulator’s own roots"));
    assert!(!page.contains("you gave") && !page.contains("were given"));
    let told = at(&[
        "report",
        &bundle,
        "-o",
        "page.html",
        "--simulated",
        "--force",
        "--output",
        "json",
    ])
    .ends(0, "")
    .json();
    assert_eq!(
        (&told["roots"], &told["simulated"]),
        (&"given".into(), &true.into())
    );
}

/// Records and documents keep their word for roots that are not built in, and say besides what
/// these are. Whoever gives a simulator's roots by hand has given them.
#[test]
fn documents_of_a_rehearsal_say_that_its_roots_are_the_simulators() {
    let place = tempfile::tempdir().unwrap();
    let at = |words: &[&str]| run(hsmboot().args(words).current_dir(place.path()));
    let words = [
        "bootstrap",
        "--simulate",
        "--key-type",
        "p256",
        "--bundle",
        "b",
        "--output",
        "json",
    ];
    let told = at(&words).ends(0, "").json();
    assert_eq!(
        (&told["simulated"], &told["verification"]["roots"]),
        (&true.into(), &"given".into())
    );
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(place.path().join("b").join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("receipt.json")["roots"], "given");
    assert_eq!(read("verification.json")["roots"], "given");

    let kept = fs::read(place.path().join("b").join(SIMULATED_ROOTS)).unwrap();
    let anchors = Anchor::from_file(&kept, "roots").unwrap();
    assert!(anchors.len() > 1, "both sides' roots");
    fs::write(place.path().join("roots.pem"), &kept).unwrap();
    let by_hand = [
        "--aws-root",
        "roots.pem",
        "--manufacturer-root",
        "roots.pem",
    ];
    let given =
        at(&[&["verify", "b"][..], &by_hand].concat()).ends(0, "verified against roots you gave");
    assert!(!given.stdout.contains("simulator's own"));
    let told = at(&[&["verify", "b", "--output", "json"][..], &by_hand].concat()).json();
    assert!(told.get("simulated").is_none());
}

/// What judges by the real anchors rejects it, and says how to look at it all the same.
#[test]
fn a_rejected_report_of_a_rehearsal_names_the_same_command_with_simulated() {
    let (place, bundle, _) = rehearse();
    let at = |words: &[&str]| run(hsmboot().args(words).current_dir(place.path()));
    copy_ca(place.path(), &bundle);
    let report = ["report", &bundle, "-o", "page.html", "--ca", "ca.crt"];
    let options = ["--at", "2030-01-31T12:00:00Z"];
    let asked = [&report[..], &options[..]].concat();
    let first = at(&asked).ends(0, "rejected at");
    let told = at(&[&asked[..], &["--output", "json"]].concat()).json();
    let command = [
        &["hsmboot", "report", &bundle, "--simulated"][..],
        &report[2..],
        &options[..],
    ]
    .concat();
    assert_eq!(told["next"], serde_json::json!([{ "argv": command }]));
    assert!(
        first
            .stdout
            .ends_with(&format!("next: {}\n", command.join(" "))),
        "{}",
        first.stdout
    );
    let shown = at(&command[1..]).ends(0, "replaced page.html\n");
    assert!(!shown.stdout.contains("next: hsmboot"), "{}", shown.stdout);
    // Roots on the command line go with no --simulated: they are left out.
    let roots = format!("{bundle}/{SIMULATED_ROOTS}");
    fs::copy(place.path().join(roots), place.path().join("roots.pem")).unwrap();
    let rooted = ["report", &bundle, "--aws-root", "roots.pem"];
    let told = at(&[&rooted[..], &["--output", "json"]].concat()).json();
    assert_eq!(
        told["next"],
        serde_json::json!([{ "argv": ["hsmboot", "report", bundle, "--simulated"] }])
    );
}

#[test]
fn how_the_owner_was_proven_is_told_in_words_for_people() {
    let (place, bundle, _) = rehearse();
    let at = |words: &[&str]| run(hsmboot().args(words).current_dir(place.path()));
    let says = "the CA made in this run";
    let shown = at(&["transcript", "show", &bundle]).ends(0, &format!("  owner: {says}\n"));
    assert!(!shown.stdout.contains("owner: new-ca"), "{}", shown.stdout);
    let steps = at(&["transcript", "show", &bundle, "--output", "json"]).json();
    let steps = steps["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["owner"] == "new-ca"));
    at(&["report", &bundle, "--simulated", "-o", "page.html"]).ends(0, "");
    let page = fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(page.contains(says) && !page.contains("new-ca"), "the page");
}

/// The trust anchor of a rehearsal leads a client to no HSM: whoever gets it is told.
#[test]
fn what_is_handed_over_from_a_rehearsal_says_that_it_is_simulated() {
    let (place, bundle, _) = rehearse();
    let at = |words: &[&str]| run(hsmboot().args(words).current_dir(place.path()));
    copy_ca(place.path(), &bundle);
    let handover = ["handover", &bundle, "-o", "clients", "--ca", "ca.crt"];
    let done = at(&handover).ends(0, "wrote");
    assert!(done.stderr.contains("SIMULATED: "), "{}", done.stderr);
    let told = at(&[&handover[..], &["--output", "json"]].concat()).ends(0, "SIMULATED: ");
    assert_eq!(told.json()["simulated"], true);
    let read = |name: &str| fs::read_to_string(place.path().join("clients").join(name)).unwrap();
    assert!(
        read("README.txt").starts_with("SIMULATED: the bundle is a rehearsal's"),
        "{}",
        read("README.txt")
    );
    let document: serde_json::Value = serde_json::from_str(&read("handover.json")).unwrap();
    assert_eq!(document["simulated"], true);
}

/// The roots in the bundle vouch for nothing that is signed, sent, or not a simulator's.
#[test]
fn simulated_roots_never_lead_to_a_signature() {
    let (place, bundle, _) = rehearse();
    let at = |words: &[&str]| run(hsmboot().args(words).current_dir(place.path()));
    let key = place.path().join(&bundle).join("customerCA.key");
    fs::rename(key, place.path().join("ca.key")).unwrap();
    copy_ca(place.path(), &bundle);
    let sign = [
        "sign", &bundle, "--ca", "ca.crt", "--ca-key", "ca.key", "--force",
    ];
    at(&sign).ends(3, "come from hsmboot's simulator");
    at(&[&sign[..], &["--simulated"]].concat()).ends(2, "--simulated");
    at(&["submit", &bundle, "--ca", "ca.crt", "--simulated"]).ends(2, "--simulated");
    // Nor is it put on record as a verdict.
    at(&["verify", &bundle, "--simulated", "--record"]).ends(2, "--record");
    let roots = format!("{bundle}/{SIMULATED_ROOTS}");
    for words in [&sign[..], &["verify", &bundle]] {
        let named = ["--aws-root", &roots, "--manufacturer-root", &roots];
        at(&[words, &named].concat()).ends(2, "names a file of the bundle itself");
    }

    // A root that is no simulator's is none by this option, whoever put it there.
    let other = support_root();
    let path = place.path().join(&roots);
    let both = [fs::read(&path).unwrap(), other].concat();
    for content in [&both[..], b"no root", b""] {
        fs::write(&path, content).unwrap();
        let told = at(&["verify", &bundle, "--simulated", "--output", "json"]).ends(4, "");
        assert_eq!(told.json()["error"]["kind"], "bad-anchor");
    }
    at(&["transcript", "verify", &bundle]).ends(4, SIMULATED_ROOTS);
    fs::remove_file(&path).unwrap();
    at(&["verify", &bundle, "--simulated"]).ends(4, "there is no");
    let told = at(&["verify", &bundle]).ends(3, "come from hsmboot's simulator");
    assert!(
        told.stderr.contains("simulate --roots roots"),
        "{}",
        told.stderr
    );
}

/// A self-signed certificate of another name.
fn support_root() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.self_signed(&key).unwrap().pem().into_bytes()
}

/// Each root of each edition is recognised as a simulator's, and no built-in one.
#[test]
fn every_root_of_a_simulator_is_recognised_and_no_other() {
    for reference in [Reference::Today, Reference::June2022] {
        let options = Options {
            reference,
            ..crate::support::options()
        };
        let simulator = Simulator::spawn(options).unwrap();
        for file in RootFile::of_edition(reference) {
            let pem = simulator.root_pem(*file).unwrap();
            let side = match file {
                RootFile::Aws | RootFile::AwsUsGov => Side::Aws,
                RootFile::Ls1 | RootFile::Ls1Reissue | RootFile::Ls2 => Side::Manufacturer,
            };
            for anchor in Anchor::from_file(pem.as_bytes(), "root").unwrap() {
                assert_eq!(anchor.simulated_side(), Some(side), "{file:?}");
            }
        }
        simulator.shutdown();
    }
    let built_in = Anchors::built_in();
    for anchor in built_in.aws.iter().chain(&built_in.manufacturer) {
        assert_eq!(anchor.simulated_side(), None);
    }
}
