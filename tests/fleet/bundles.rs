//! Many bundles in one command: each has its own result, and a second run does the rest.

use std::collections::BTreeSet;

use super::three::Three;
use super::*;

#[test]
fn bundles_are_signed_and_submitted_in_one_go_and_a_second_run_changes_nothing() {
    let three = Three::new();
    let done = three.sign(&["--output", "json"]).ends(0, "");
    let document = done.json();
    assert_eq!(document["changed"], true);
    assert_eq!(document["summary"], "3 bundles: 3 signed");
    let results = document["bundles"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let fingerprints: BTreeSet<&str> = results
        .iter()
        .map(|result| result["response_fingerprint"].as_str().unwrap())
        .collect();
    assert_eq!(fingerprints.len(), 3);
    let again = three.sign(&["--output", "json"]).ends(0, "").json();
    assert_eq!(again["changed"], false);
    assert_eq!(again["summary"], "3 bundles: 3 unchanged");

    // A dry run says what it would send, and one that is named twice is done once.
    let dry = three.submit(&["--dry-run", &three.ids[0]]);
    let dry = dry.ends(0, "3 bundles: 3 would be sent");
    assert_eq!(
        dry.stdout.matches("SignedCert:").count(),
        3,
        "{}",
        dry.stdout
    );
    assert_eq!(
        three.submit(&["--output", "json"]).ends(0, "").json()["summary"],
        "3 bundles: 3 submitted"
    );
    three.submit(&[]).ends(0, "3 bundles: 3 unchanged");
    assert_eq!(three.stage.calls("InitializeCluster"), 3);
    three
        .each("verify", &[])
        .ends(0, "\n3 bundles: 3 verified\n");
}

#[test]
fn one_that_fails_hides_no_other_and_is_done_later() {
    let three = Three::new();
    let id = &three.ids[1];
    let csr = three.stage.path(&format!("{id}/{id}_ClusterCsr.csr"));
    let whole = fs::read(&csr).unwrap();
    fs::write(&csr, &whole[1..]).unwrap();
    let done = three.sign(&["--output", "json"]);
    assert_eq!(done.code, 4, "{}", done.stderr);
    let document = done.json();
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("1 of 3 bundles not signed")
    );
    let results = document["bundles"].as_array().unwrap();
    assert!(results[0].get("error").is_none() && results[2].get("error").is_none());
    assert_eq!(results[1]["error"]["code"], 4);
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [true, false, true]);
    // In text the error stands with its bundle, and the table has a line for each.
    let text = three.sign(&[]);
    assert_eq!(text.code, 4);
    assert!(
        text.stderr.contains(&format!("{id}:\nerror: ")),
        "{}",
        text.stderr
    );
    assert!(
        text.stdout.contains("3 bundles: 2 unchanged, 1 failed"),
        "{}",
        text.stdout
    );
    fs::write(&csr, &whole).unwrap();
    three.sign(&[]).ends(0, "3 bundles: 1 signed, 2 unchanged");
}

#[test]
fn the_key_is_asked_for_once_whether_it_opens_or_not() {
    let three = Three::new();
    fs::write(three.stage.path("right"), "a passphrase for three\n").unwrap();
    fs::write(three.stage.path("wrong"), "another one altogether\n").unwrap();
    run(&mut three.stage.hsmboot(&[
        "ca",
        "init",
        "--out",
        "locked",
        "--key-type",
        "p256",
        "--subject",
        "CN=locked",
        "--passphrase-file",
        "right",
    ]))
    .ends(0, "made a CA");
    let sign = |passphrase: &str| {
        three.each(
            "sign",
            &[
                "--ca",
                "locked/customerCA.crt",
                "--ca-key",
                "locked/customerCA.key",
                "--passphrase-file",
                passphrase,
                "--output",
                "json",
            ],
        )
    };
    let done = sign("wrong");
    assert_eq!(done.code, 5, "{}", done.stderr);
    let document = done.json();
    let results = document["bundles"].as_array().unwrap();
    assert!(
        results
            .iter()
            .all(|one| one["error"]["kind"] == "wrong-passphrase"),
        "{document:#}"
    );
    assert_eq!([0, 1, 2].map(|at| three.signed(at)), [false; 3]);
    // A pipe holds the passphrase once: a second look would find nothing.
    let pipe_path = three.stage.path("pipe");
    pipe::make(&pipe_path);
    let writer = std::thread::spawn({
        let path = pipe_path.clone();
        move || fs::write(path, "a passphrase for three\n").unwrap()
    });
    let done = sign("pipe");
    writer.join().unwrap();
    assert_eq!(done.ends(0, "").json()["summary"], "3 bundles: 3 signed");
}

#[test]
fn clusters_are_fetched_in_one_go_each_into_its_own_directory() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let bare = support::create_cluster(&stage.simulator);
    let arn = format!("arn:aws:cloudhsm:us-east-1:123456789012:cluster/{other}");
    let fetch = |words: &[&str]| run(stage.online(&["fetch"]).args(words));
    let done = fetch(&[
        &stage.id, &arn, &bare, "--into", "stick", "--output", "json",
    ]);
    assert_eq!(done.code, 8, "{}", done.stderr);
    let document = done.json();
    let results = document["bundles"].as_array().unwrap();
    assert_eq!(results[2]["error"]["kind"], "no-hsm", "{document:#}");
    assert_eq!(results[1]["cluster_id"], other.as_str());
    for id in [&stage.id, &other] {
        assert!(stage.path(&format!("stick/{id}/request.json")).exists());
    }
    assert!(!stage.path(&format!("stick/{bare}")).exists());
    // No document names a directory that does not exist.
    assert_eq!(
        (&results[2]["bundle"], &results[2]["cluster_id"]),
        (&Value::Null, &bare.as_str().into())
    );
    // The table is what the other side is read.
    let table = fetch(&[&stage.id, &other, "--into", "stick"]).ends(0, "2 bundles: 2 unchanged");
    let fingerprint = results[0]["fingerprint"].as_str().unwrap();
    assert!(table.stdout.contains(fingerprint), "{}", table.stdout);
    // One cluster by its ARN is fetched as ever.
    fetch(&[&arn]).ends(0, &format!("fetched {other} into ./{other}"));
    fetch(&["--cluster-id", &arn, "--region", "eu-west-1"]).ends(2, "different regions");
    fetch(&[&stage.id, &other, "--bundle", "x"]).ends(2, "--into DIR");
}

#[test]
fn a_fleet_is_fetched_into_the_places_that_its_file_names() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let fleet = format!(
        "format = \"hsmboot-fleet/1\"\n[defaults]\nendpoint_url = \"{}\"\n[[clusters]]\n\
         cluster = \"{}\"\nbundle = \"here\"\n[[clusters]]\ncluster = \"{other}\"\n",
        stage.simulator.url(),
        stage.id
    );
    fs::write(stage.path("fleet.toml"), fleet).unwrap();
    let fetch = ["fetch", "--fleet", "fleet.toml", "--into", "stick"];
    run(&mut stage.hsmboot(&fetch)).ends(0, "2 bundles: 2 fetched");
    // The command line goes before the file's own places, so that the stick has all.
    for id in [&stage.id, &other] {
        assert!(stage.path(&format!("stick/{id}/request.json")).exists());
    }
    assert!(!stage.path("here").exists());
    run(&mut stage.hsmboot(&["fetch", "--fleet", "fleet.toml"])).ends(0, "2 bundles: 2 fetched");
    assert!(stage.path("here/request.json").exists());
    assert!(stage.path(&format!("{other}/request.json")).exists());
}

/// A rejection is never hidden by a milder failure, whatever order the bundles have and however
/// great the milder one's code is. Which directory is not there, the error says.
#[test]
fn a_rejection_stands_above_what_else_failed() {
    let three = Three::new();
    let [rejected, damaged, whole] = [0, 1, 2].map(|at| three.ids[at].clone());
    let csr = three
        .stage
        .path(&format!("{damaged}/{damaged}_ClusterCsr.csr"));
    let text = fs::read(&csr).unwrap();
    fs::write(&csr, &text[1..]).unwrap();
    // Another cluster's HSM certificates do not go with this CSR.
    for part in [
        "HsmCertificate",
        "AwsHardwareCertificate",
        "ManufacturerHardwareCertificate",
    ] {
        let of = |id: &str| three.stage.path(&format!("{id}/{id}_{part}.crt"));
        fs::copy(of(&whole), of(&rejected)).unwrap();
    }
    drop(fs::remove_file(
        three.stage.path(&format!("{rejected}/request.json")),
    ));
    drop(fs::remove_file(
        three.stage.path(&format!("{rejected}/transcript.jsonl")),
    ));
    for order in [[&rejected, &damaged], [&damaged, &rejected]] {
        let words: Vec<&str> = order
            .into_iter()
            .map(String::as_str)
            .chain(["nothing-here", "--output", "json"])
            .collect();
        let mut command = three.stage.hsmboot(&["verify"]);
        three.stage.trust(command.args(words));
        let done = run(&mut command);
        assert_eq!(done.code, 3, "{}", done.stderr);
        let document = done.json();
        assert_eq!(
            (&document["error"]["kind"], &document["error"]["retry"]),
            (&"rejected".into(), &"never".into())
        );
        let last = &document["bundles"][2];
        assert_eq!(
            (&last["bundle"], &last["error"]["facts"]["file"]),
            (&Value::Null, &"nothing-here".into())
        );
    }
}

/// The region that one bundle names is that bundle's: no command about another one gets it.
#[test]
fn the_region_of_one_bundle_is_in_no_command_about_another() {
    let three = Three::new();
    three.sign(&[]).ends(0, "3 signed");
    let (one, other) = (&three.ids[0], &three.ids[1]);
    // The other one was fetched again, after its HSM had been replaced, and not signed again.
    three.stage.simulator.replace_hsm(other).unwrap();
    let roots = support::instant();
    roots.write_roots(&three.stage.path("others")).unwrap();
    let bootstrap = ["bootstrap", other, "--ca", "ca/customerCA.crt"];
    let others = [
        "--ca-key",
        "ca/customerCA.key",
        "--aws-root",
        "others/aws-root.crt",
        "--manufacturer-root",
        "others/manufacturer-root.crt",
    ];
    let words = [&bootstrap[..], &others].concat();
    run(&mut three.stage.online(&words)).ends(3, "not proven");
    let words = ["submit", one, other, "--ca", "ca/customerCA.crt"];
    let words = [&words[..], &["--dry-run", "--output", "json"]].concat();
    let told = run(&mut three.stage.trusting(&words)).json();
    let results = &told["bundles"];
    assert!(results[0]["would_send"].is_object(), "{told:#}");
    let error = &results[1]["error"];
    assert_eq!(error["kind"], "signed-for-another-csr", "{told:#}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("`hsmboot fetch "), "{hint}");
    assert!(!hint.contains("--region"), "{hint}");
}
