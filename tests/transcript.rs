//! Attacks on the transcript: what somebody who can write to the bundle tries, and what is then
//! said of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use hsmboot::bundle::{Digests, Seal, Transcript, TranscriptEntry};
use hsmboot::outside::OutsideText;
use hsmboot::x509::{sha256, to_hex};
use support::{Bench, CLUSTER, TRUST, openssl, sign};

const TRANSCRIPT: &str = "bundle/transcript.jsonl";
const VERIFY: [&str; 3] = ["transcript", "verify", "bundle"];

fn record<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["verify", "bundle", "--record"][..], &TRUST, more].concat()
}

/// A bundle that was verified and signed: two steps.
fn two_steps(more: &[&'static str]) -> Bench {
    let bench = Bench::new();
    bench.run(&record(&["--operator", "Ada"])).expect(0);
    bench.run(&sign(more)).expect(0);
    bench
}

fn entries(bench: &Bench) -> Vec<TranscriptEntry> {
    String::from_utf8(bench.read(TRANSCRIPT))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Writes a transcript whose hashes fit, whatever its lines say: what anybody can do who can write
/// to the bundle.
fn forge(bench: &Bench, mut entries: Vec<TranscriptEntry>) {
    let (mut text, mut previous) = (String::new(), "0".repeat(64));
    for (entry, step) in entries.iter_mut().zip(1..) {
        (entry.step, entry.previous) = (step, previous);
        previous = entry.hash();
        text.push_str(&String::from_utf8(Transcript::default().with_entry(entry)).unwrap());
    }
    bench.write(TRANSCRIPT, text);
}

#[test]
fn a_step_that_was_cut_off_is_not_forgotten_after_the_next_one() {
    let bench = two_steps(&[]);
    let first = entries(&bench).swap_remove(0);
    forge(&bench, vec![first]);
    bench.run(&record(&["--at", "2026-01-01T00:00:00Z"]));
    let why = format!("step 2 found {CLUSTER}_CustomerHsmCertificate.crt");
    bench.refused(
        &VERIFY,
        4,
        "bad-transcript",
        &[&why, "no step before had written"],
    );
}

#[test]
fn a_transcript_makes_nobody_read_outside_the_bundle() {
    let bench = two_steps(&[]);
    let outside = bench.write("outside", "private");
    let digest = to_hex(&sha256(b"private"));
    for name in [outside.to_str().unwrap(), "../outside", "transcript.jsonl"] {
        let mut all = entries(&bench);
        all[1].outputs.extend([(name, digest.as_str())]);
        let kept = bench.read(TRANSCRIPT);
        forge(&bench, all);
        bench.refused(
            &VERIFY,
            4,
            "bad-transcript",
            &["step 2 wrote", "which no bundle has"],
        );
        bench.write(TRANSCRIPT, kept);
    }
}

#[test]
fn another_clusters_transcript_is_not_gone_on_with() {
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    let mut all = entries(&bench);
    all[0].cluster_id = "cluster-zzzzzzzzzzz".parse().ok();
    all[0].inputs = Digests::new();
    forge(&bench, all);
    bench.refused(
        &VERIFY,
        4,
        "bad-transcript",
        &["cluster-zzzzzzzzzzz", CLUSTER],
    );
    bench.refused(
        &sign(&[]),
        4,
        "bad-transcript",
        &["cluster-zzzzzzzzzzz", CLUSTER],
    );
}

#[test]
fn who_holds_a_transcript_against_the_ca_learns_that_nothing_is_sealed() {
    let bench = two_steps(&["--seal"]);
    let with_ca = [&VERIFY[..], &["--ca", "customerCA.crt"]].concat();
    bench.run(&with_ca).expect(0);
    // The seal is taken away, and the hashes made to fit.
    let mut all = entries(&bench);
    all[1].seal = None;
    all[1].operator = Some("Mallory".into());
    forge(&bench, all);
    bench.refused(&with_ca, 4, "not-sealed", &["no step", "customerCA.crt"]);
    // Who asks for no seal is told that there is none.
    assert!(bench.run(&VERIFY).expect(0).stdout.contains("not sealed"));
}

#[test]
fn a_seal_cannot_be_moved_to_another_step() {
    let bench = two_steps(&["--seal"]);
    let good = entries(&bench);
    let seal = good[1].seal.clone();
    for at in [0, 1] {
        let mut all = good.clone();
        all[1].seal = None;
        all[at].seal = seal.clone();
        all[0].operator = Some("Mallory".into());
        forge(&bench, all);
        bench.refused(
            &VERIFY,
            4,
            "bad-transcript",
            &[&format!("the seal of step {}", at + 1)],
        );
    }
}

#[test]
fn a_seal_is_written_in_one_way_only() {
    let bench = two_steps(&["--seal"]);
    let good = entries(&bench);
    let Seal {
        algorithm,
        signature,
    } = good[1].seal.clone().unwrap();
    for seal in [
        Seal {
            algorithm: algorithm.as_raw().to_uppercase().into(),
            signature: signature.clone(),
        },
        Seal {
            algorithm: algorithm.clone(),
            signature: signature.as_raw().to_uppercase().into(),
        },
        Seal {
            algorithm: algorithm.clone(),
            signature: signature.as_raw().replacen("30", "+30", 1).into(),
        },
        Seal {
            algorithm: algorithm.clone(),
            signature: OutsideText::default(),
        },
        Seal {
            algorithm: OutsideText::default(),
            signature,
        },
    ] {
        let mut all = good.clone();
        all[1].seal = Some(seal);
        forge(&bench, all);
        bench.refused(&VERIFY, 4, "bad-transcript", &["the seal of step 2"]);
    }
}

#[test]
fn what_a_line_holds_cannot_pose_as_another_line() {
    let bench = two_steps(&[]);
    let mut all = entries(&bench);
    let lie = "Ada\n9 2026-01-01T00:00:00Z on vault by the CEO\n  verified\u{202e}\u{1b}[2J";
    (all[1].operator, all[1].host, all[1].reason) =
        (Some(lie.into()), lie.into(), Some(lie.into()));
    (all[1].verdict, all[1].sends) = (Some(lie.into()), Some(lie.into()));
    (all[1].command, all[1].accepted) = (vec![lie.into()], vec![lie.into()]);
    all[1].inputs.extend([(lie, lie)]);
    all[1].outputs.extend([(lie, lie)]);
    forge(&bench, all);
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    let steps = shown
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .count();
    assert!(
        steps == 2 && !shown.contains(['\u{1b}', '\u{202e}']),
        "{shown}"
    );
}

#[test]
fn what_was_noted_of_the_last_line_is_found_again_when_more_have_followed() {
    let bench = two_steps(&[]);
    let noted = bench
        .run(&[&VERIFY[..], &["--output", "json"]].concat())
        .expect(0)
        .json()["head"]
        .as_str()
        .unwrap()
        .to_owned();
    bench.run(&sign(&["--force"])).expect(0);
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    assert!(
        shown.contains(&format!("  SHA-256 of this line {noted}\n3 ")),
        "{shown}"
    );
}

#[test]
fn what_a_step_read_is_shown_in_full_once() {
    let bench = two_steps(&["--operator", "Ada Example"]);
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    let (first, second) = shown.split_once("\n2 ").unwrap();
    let all = entries(&bench);
    for (name, digest) in &all[0].inputs {
        assert!(
            first.contains(&format!("\n  read {name}\n    SHA-256 {digest}\n")),
            "{name}: {first}"
        );
    }
    // The second step found them as they were, and was given a file more.
    let ca = all[1].inputs.get("./customerCA.crt").unwrap();
    assert!(
        second.contains(&format!("\n  read ./customerCA.crt\n    SHA-256 {ca}\n")),
        "{second}"
    );
    let again: Vec<&str> = all[1]
        .inputs
        .names()
        .map(OutsideText::as_raw)
        .filter(|name| *name != "./customerCA.crt")
        .collect();
    assert!(
        again.contains(&"verification.json") && again.contains(&"./aws-root.crt"),
        "{again:?}"
    );
    assert!(
        second.contains(&format!("\n  read as above: {}\n", again.join(", "))),
        "{second}"
    );
    assert!(second.contains(" --operator 'Ada Example'"), "{second}");
    // A file that is not the one of the step before is shown in full again.
    bench.write(
        "aws-root.crt",
        [&bench.read("aws-root.crt")[..], b"\n"].concat(),
    );
    bench.run(&sign(&["--force"])).expect(0);
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    let (_, third) = shown.split_once("\n3 ").unwrap();
    assert!(
        third.contains(&format!(
            "\n  read ./aws-root.crt\n    SHA-256 {}\n",
            entries(&bench)[2].inputs.get("./aws-root.crt").unwrap()
        )),
        "{third}"
    );
}

#[test]
fn the_json_of_the_steps_has_each_lines_hash() {
    let bench = two_steps(&["--seal"]);
    let document = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let lines = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    for (step, line) in document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .zip(lines.lines())
    {
        assert_eq!(step["sha256"], *to_hex(&sha256(line.as_bytes())));
        let mut rest = step.clone();
        rest.as_object_mut().unwrap().remove("sha256");
        assert_eq!(
            rest,
            serde_json::from_str::<serde_json::Value>(line).unwrap()
        );
    }
}

#[test]
fn a_later_versions_transcript_is_called_one() {
    let bench = two_steps(&[]);
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(
        TRANSCRIPT,
        good.replace("hsmboot-transcript/1", "hsmboot-transcript/2"),
    );
    bench.refused(
        &VERIFY,
        4,
        "bad-transcript",
        &[
            "line 1",
            "`hsmboot-transcript/2`",
            "`hsmboot-transcript/1`",
            "version",
        ],
    );
}

#[test]
fn every_given_file_is_an_input_under_a_name_of_its_own() {
    let bench = Bench::new();
    // The bundle writes its own text of this certificate: a file of the same name beside it is
    // another one.
    let text = String::from_utf8(bench.read("customerCA.crt"))
        .unwrap()
        .replace('\n', "\r\n");
    bench.write("customerCA.crt", text);
    bench.run(&sign(&[])).expect(0);
    bench.run(&sign(&["--force"])).expect(0);
    bench.run(&VERIFY).expect(0);
    let all = entries(&bench);
    for entry in &all {
        for name in [
            "./aws-root.crt",
            "./manufacturer-root.crt",
            "./customerCA.crt",
        ] {
            assert!(entry.inputs.has(name), "{name}: {:?}", entry.inputs);
        }
        assert!(
            !entry
                .inputs
                .names()
                .any(|name| name.as_raw().ends_with(".key")),
            "{:?}",
            entry.inputs
        );
    }
    assert_ne!(
        all[1].inputs.get("./customerCA.crt").unwrap(),
        all[1].inputs.get("customerCA.crt").unwrap()
    );
    bench.run(&record(&["--at", "2026-01-01T00:00:00Z"]));
    assert!(
        entries(&bench)[2].inputs.has("./aws-root.crt"),
        "what a verdict rests on"
    );
}

/// Holds the bundle's lock until all of these programs wait for it, so that each has read what it
/// reads before.
#[test]
fn no_step_is_lost_when_several_are_taken_at_once() {
    use rustix::fs::{FlockOperation, flock};
    const STEPS: usize = 6;
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    let lock = fs::File::open(bench.path("bundle")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let start = |at: usize| {
        let moment = format!("2026-01-01T00:00:0{at}Z");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .args(record(&["--at", &moment]))
            .current_dir(bench.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut children: Vec<_> = (0..STEPS).map(start).collect();
    let waits = |id: u32| {
        fs::read_to_string("/proc/locks")
            .unwrap()
            .lines()
            .any(|line| line.contains("-> FLOCK") && line.contains(&format!(" {id} ")))
    };
    // One that has ended has said why: below.
    while !children
        .iter_mut()
        .all(|child| child.try_wait().unwrap().is_some() || waits(child.id()))
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(lock);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(entries(&bench).len(), 1 + STEPS);
    bench.run(&VERIFY).expect(0);
}

#[test]
fn a_transcript_that_is_full_takes_no_step_more_and_stays_readable() {
    let bench = two_steps(&[]);
    let mut all = entries(&bench);
    let last = all.pop().unwrap();
    let long = |length| TranscriptEntry {
        command: vec!["x".repeat(length).into()],
        outputs: Digests::new(),
        ..last.clone()
    };
    let with = |entry| all.iter().cloned().chain([entry, last.clone()]).collect();
    forge(&bench, with(long(0)));
    let room = 1024 * 1024 - bench.read(TRANSCRIPT).len();
    forge(&bench, with(long(room)));
    bench.run(&VERIFY).expect(0);
    bench.refused(
        &sign(&["--force"]),
        8,
        "transcript-full",
        &["transcript.jsonl"],
    );
    bench.run(&VERIFY).expect(0);
}

/// What `uname -n` says (POSIX.1-2024), and the time between the two moments that this test knows.
#[test]
fn a_step_says_on_which_machine_and_when_it_was_taken() {
    let bench = Bench::new();
    let before = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    bench.run(&record(&["--operator", "Ada Example"])).expect(0);
    let after = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let entry = entries(&bench).remove(0);
    let name = Command::new("uname").arg("-n").output().unwrap().stdout;
    assert_eq!(entry.host, String::from_utf8(name).unwrap().trim_end());
    assert!(
        (before..=after).contains(&u64::try_from(entry.time.unix_seconds()).unwrap()),
        "{before} {} {after}",
        entry.time
    );
    assert_eq!(
        (entry.operator.clone(), entry.verdict.clone()),
        (Some("Ada Example".into()), Some("verified".into()))
    );
    assert!(
        entry.tool.as_raw().starts_with("hsmboot "),
        "{}",
        entry.tool
    );
    assert_eq!(entry.command[1..], record(&["--operator", "Ada Example"]));
}

#[test]
fn a_pin_in_any_word_of_the_command_line_is_withheld() {
    let bench = Bench::new();
    let place = "pkcs11:token=ca?pin-value=84736251";
    fs::rename(bench.path("bundle"), bench.path(place)).unwrap();
    bench
        .run(&[&["verify", place, "--record"][..], &TRUST].concat())
        .expect(0);
    let transcript = String::from_utf8(bench.read(&format!("{place}/transcript.jsonl"))).unwrap();
    assert!(
        transcript.contains("pin-value=(withheld)") && !transcript.contains("84736251"),
        "{transcript}"
    );
}

#[test]
fn a_document_is_accounted_for_as_long_as_it_is_read() {
    let bench = Bench::new();
    let hsms = vec!["hsm-abcdefghijk"; 6000];
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": hsms,
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "test", "files": {},
    });
    let length = bench
        .write("bundle/request.json", request.to_string())
        .metadata()
        .unwrap()
        .len();
    assert!((64 * 1024..256 * 1024).contains(&length));
    bench.run(&record(&[])).expect(0);
    assert!(entries(&bench)[0].inputs.has("request.json"));
    bench.run(&VERIFY).expect(0);
}

#[test]
fn what_is_typed_into_a_transcript_is_bounded() {
    let bench = Bench::new();
    let long = "x".repeat(201);
    for operator in ["", " ", "Ada\nEve", "Ada\u{202e}", &long] {
        bench.refused(
            &record(&["--operator", operator]),
            2,
            "usage",
            &["--operator"],
        );
    }
    let reason = "x".repeat(2001);
    for reason in [reason.as_str(), "because\u{1b}[2J"] {
        bench.refused(
            &record(&["--accept", "validity.hsm", "--reason", reason]),
            2,
            "usage",
            &["--reason"],
        );
    }
    // Paths as long as the system takes.
    let root = format!("{}aws-root.crt", "./".repeat(1900));
    let mut words = vec![
        "verify",
        "bundle",
        "--record",
        "--manufacturer-root",
        "manufacturer-root.crt",
    ];
    words.extend(
        ["--aws-root"; 40]
            .iter()
            .flat_map(|flag| [*flag, root.as_str()]),
    );
    bench.run(&words).expect(0);
    assert!(
        bench.read(TRANSCRIPT).len() < 40 * 1024,
        "{} bytes",
        bench.read(TRANSCRIPT).len()
    );
    bench.run(&VERIFY).expect(0);
}

#[test]
fn a_bundle_whose_transcript_does_not_account_for_it_is_spoken_of() {
    // Fetched by hsmboot, and its transcript taken away.
    let bench = Bench::new();
    let csr = to_hex(&sha256(
        &bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr")),
    ));
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot 0",
        "files": { format!("{CLUSTER}_ClusterCsr.csr"): csr },
    });
    bench.write("bundle/request.json", request.to_string());
    let stderr = bench.run(&sign(&[])).expect(0).stderr;
    assert!(
        stderr.contains("warning: the bundle has a request.json and no transcript"),
        "{stderr}"
    );
    // A file exchanged behind the transcript's back.
    let record = String::from_utf8(bench.read("bundle/verification.json")).unwrap();
    bench.write(
        "bundle/verification.json",
        record.replacen("verified", "rejected", 1),
    );
    let stderr = bench.run(&sign(&["--force"])).expect(0).stderr;
    assert!(
        stderr.contains("warning: the transcript does not account for the bundle")
            && stderr.contains("verification.json"),
        "{stderr}"
    );
    // And nothing is said of a sound one, or of one put together by hand.
    let sound = Bench::new();
    for words in [sign(&[]), sign(&["--force"])] {
        let stderr = sound.run(&words).expect(0).stderr;
        assert!(!stderr.contains("transcript"), "{stderr}");
    }
}

#[test]
fn a_seal_by_openssl_is_as_good() {
    // What docs/bundle.md says a seal is: an auditor needs no hsmboot to look at one.
    let bench = two_steps(&["--seal"]);
    let entry = entries(&bench).swap_remove(1);
    let octets = |hex: &str| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect::<Vec<u8>>()
    };
    let line = String::from_utf8(bench.read(TRANSCRIPT))
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    let (before, _) = line.split_once(",\"seal\":").unwrap();
    bench.write("sealed", format!("hsmboot-transcript/1\n{before}}}"));
    bench.write("signature", octets(entry.seal.unwrap().signature.as_raw()));
    openssl(
        &bench.path(""),
        "x509 -in customerCA.crt -noout -pubkey -out key.pem",
    );
    openssl(
        &bench.path(""),
        "dgst -sha256 -verify key.pem -signature signature sealed",
    );
}

#[test]
fn what_a_step_wrote_and_is_not_here_is_named() {
    // The request of a signed bundle, shown by camera and read elsewhere: what `sign` wrote stays
    // behind, its line does not.
    let bench = two_steps(&["--seal"]);
    fs::remove_file(bench.path("bundle/customerCA.crt")).unwrap();
    for more in [&[][..], &["--ca", "customerCA.crt"]] {
        let words = [&VERIFY[..], more].concat();
        bench.refused(
            &words,
            4,
            "bad-transcript",
            &["step 2 wrote customerCA.crt, and it is not here"],
        );
    }
    fs::remove_file(
        bench
            .path("bundle")
            .join(format!("{CLUSTER}_HsmCertificate.crt")),
    )
    .unwrap();
    bench.refused(
        &VERIFY,
        4,
        "bad-transcript",
        &[&format!(
            "step 2 read {CLUSTER}_HsmCertificate.crt, and it is not here"
        )],
    );
}

#[test]
fn a_changed_or_cut_end_is_found_by_what_was_noted_of_it() {
    let bench = two_steps(&[]);
    let good = entries(&bench);
    let noted: Vec<String> = good.iter().map(TranscriptEntry::hash).collect();
    let both = [
        "transcript",
        "verify",
        "bundle",
        "--noted",
        &noted[0],
        "--noted",
        &noted[1],
    ];
    let document = verified(&bench, &both[3..]);
    assert_eq!(
        document["noted"],
        serde_json::json!([{ "step": 1, "sha256": noted[0] }, { "step": 2, "sha256": noted[1] }])
    );
    let text = bench.run(&both).expect(0).stdout;
    assert!(
        text.contains(&format!(
            "  step 2's line has the SHA-256 that was noted, {}\n",
            noted[1]
        )),
        "{text}"
    );
    // Nothing but the note tells: the last line has no seal, and no line follows it.
    let mut edited = good.clone();
    edited[1].operator = Some("Mallory".into());
    forge(&bench, edited);
    bench.run(&VERIFY).expect(0);
    let message = bench.refused(
        &both,
        4,
        "bad-transcript",
        &[
            "no line of the transcript has the SHA-256 that was noted",
            &noted[1],
        ],
    );
    assert!(
        !message.contains(&noted[0]) && !message.contains(&entries(&bench)[1].hash()),
        "the one that is missed, and no other: {message}"
    );
    // A step that wrote nothing, cut off.
    let step = TranscriptEntry {
        outputs: Digests::new(),
        ..good[1].clone()
    };
    forge(&bench, good.iter().cloned().chain([step]).collect());
    let third = entries(&bench)[2].hash();
    forge(&bench, good);
    bench.run(&VERIFY).expect(0);
    bench.refused(
        &["transcript", "verify", "bundle", "--noted", &third],
        4,
        "bad-transcript",
        &[&third, "2 lines"],
    );
}

#[test]
fn one_step_is_no_steps() {
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.starts_with("the transcript holds: 1 step, and the bundle's files are what it left\n"),
        "{text}"
    );
    bench.run(&sign(&[])).expect(0);
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.starts_with(
            "the transcript holds: 2 steps, and the bundle's files are what they left\n"
        ),
        "{text}"
    );
}

#[test]
fn a_noted_digest_is_typed_as_it_stands_on_paper() {
    let bench = two_steps(&[]);
    let noted = entries(&bench)[0].hash();
    let groups: Vec<&str> = (0..64).step_by(4).map(|at| &noted[at..at + 4]).collect();
    for typed in [noted.to_uppercase(), groups.join(" "), groups.join(":")] {
        assert_eq!(
            verified(&bench, &["--noted", &typed])["noted"][0]["step"],
            1,
            "{typed}"
        );
    }
    for typed in [
        "",
        "12",
        &noted[1..],
        &format!("{noted}0"),
        &noted.replace(|c: char| c.is_ascii_digit(), "x"),
    ] {
        bench.refused(
            &["transcript", "verify", "bundle", "--noted", typed],
            2,
            "usage",
            &["64 hexadecimal digits"],
        );
    }
}

/// The JSON answer of `transcript verify` with more words.
fn verified(bench: &Bench, more: &[&str]) -> serde_json::Value {
    bench
        .run(&[&VERIFY[..], more, &["--output", "json"]].concat())
        .expect(0)
        .json()
}

#[test]
fn the_sealed_line_keeps_its_hash_when_more_lines_follow() {
    let bench = two_steps(&["--seal"]);
    let before = verified(&bench, &[]);
    let sealed = before["sealed_head"].as_str().unwrap().to_owned();
    assert_eq!(
        (before["head"].as_str(), entries(&bench)[1].hash()),
        (Some(&*sealed), sealed.clone())
    );
    bench
        .run(&record(&["--at", "2026-01-01T00:00:00Z"]))
        .expect(0);
    let after = verified(&bench, &[]);
    assert_eq!(
        (
            after["sealed_head"].as_str(),
            after["sealed_up_to"].as_u64()
        ),
        (Some(&*sealed), Some(2))
    );
    assert_ne!(after["head"], after["sealed_head"]);
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.contains(&format!("  SHA-256 of the sealed line, step 2  {sealed}\n")),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "  SHA-256 of the last line, step 3    {}\n",
            entries(&bench)[2].hash()
        )),
        "{text}"
    );
}

#[test]
fn text_and_json_say_whose_key_a_seal_is_held_against() {
    let bench = two_steps(&["--seal"]);
    let ca = to_hex(&sha256(&openssl(
        &bench.path(""),
        "x509 -in customerCA.crt -outform DER",
    )));
    for more in [&[][..], &["--ca", "customerCA.crt"]] {
        assert_eq!(verified(&bench, more)["ca_fingerprint"], *ca);
        assert!(
            bench
                .run(&[&VERIFY[..], more].concat())
                .expect(0)
                .stdout
                .contains(&ca)
        );
    }
    let bare = verified(&two_steps(&[]), &[]);
    assert!(
        bare["ca_fingerprint"].is_null() && bare["sealed_head"].is_null(),
        "{bare:#}"
    );
}

const WITH_CA: [&str; 5] = ["transcript", "verify", "bundle", "--ca", "customerCA.crt"];

/// Signed by a CA of the same name as the bench's, whose files lie beside its: the command is like
/// `sign`'s.
fn sign_as_mallory(bench: &Bench, more: &[&'static str]) {
    let (ca, key) = (bench.read("customerCA.crt"), bench.read("customerCA.key"));
    bench.put_ca(&support::ca(|_| {}));
    bench.run(&sign(&[&["--force"], more].concat())).expect(0);
    bench.write("customerCA.crt", ca);
    bench.write("customerCA.key", key);
}

/// A step more, which wrote this into these files of the bundle, whether or not it is sealed: what
/// anybody can do who can write to the bundle.
fn one_step_more(bench: &Bench, files: &[(&str, &str)]) {
    let mut all = entries(bench);
    let last = all.last().unwrap().clone();
    let mut inputs: Digests = last
        .inputs
        .into_iter()
        .filter(|(name, _)| !name.as_raw().contains('/'))
        .collect();
    inputs.extend(last.outputs);
    let outputs = files
        .iter()
        .map(|(name, content)| ((*name).to_owned(), to_hex(&sha256(content.as_bytes()))))
        .collect();
    all.push(TranscriptEntry {
        inputs,
        outputs,
        seal: None,
        ..all[0].clone()
    });
    for (name, content) in files {
        bench.write(&format!("bundle/{name}"), content);
    }
    forge(bench, all);
}

#[test]
fn what_the_ca_sealed_is_not_replaced_by_a_step_that_nobody_sealed() {
    let bench = two_steps(&["--seal"]);
    sign_as_mallory(&bench, &[]);
    let why = ["step 3, which is not sealed", "customerCA.crt", "step 2"];
    bench.refused(&WITH_CA, 4, "bad-transcript", &why);
    // Nor is what was put back afterwards: between the two steps it was another.
    let sealed = two_steps(&["--seal"]);
    let good = String::from_utf8(sealed.read("bundle/response.json")).unwrap();
    one_step_more(&sealed, &[("response.json", "{}")]);
    one_step_more(&sealed, &[("response.json", &good)]);
    sealed.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &["step 3, which is not sealed", "response.json"],
    );
}

#[test]
fn every_file_that_a_seal_is_about_stays_what_it_was() {
    let bench = two_steps(&["--seal"]);
    let good = bench.read(TRANSCRIPT);
    let sealed = &entries(&bench)[1];
    let names = sealed
        .inputs
        .names()
        .chain(sealed.outputs.names())
        .filter(|name| !name.as_raw().contains('/'));
    let names: Vec<String> = names.map(|name| name.as_raw().to_owned()).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in &names {
        let before = bench.read(&format!("bundle/{name}"));
        one_step_more(&bench, &[(name, "another")]);
        // The program's own record of a judgement may be made anew.
        match name.as_str() {
            "verification.json" => drop(bench.run(&WITH_CA).expect(0)),
            name => drop(bench.refused(
                &WITH_CA,
                4,
                "bad-transcript",
                &["step 3, which is not sealed", name],
            )),
        }
        bench.write(TRANSCRIPT, &good);
        // By other means than a step, not even that.
        bench.refused(
            &WITH_CA,
            4,
            "bad-transcript",
            &[name, "is not the file that step 2 left"],
        );
        bench.write(&format!("bundle/{name}"), before);
    }
    bench.run(&WITH_CA).expect(0);
}

#[test]
fn a_last_seal_by_another_ca_is_no_seal() {
    let bench = two_steps(&["--seal"]);
    sign_as_mallory(&bench, &["--seal"]);
    bench.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &["the seal of step 3 was not made with the key"],
    );
    let bench = two_steps(&[]);
    sign_as_mallory(&bench, &["--seal"]);
    bench.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &["the seal of step 3 was not made with the key"],
    );
    // By that CA's own certificate nothing is wrong with it, which is why it says how little that
    // proves.
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.contains("proves nothing against who replaced both"),
        "{text}"
    );
    assert!(
        !two_steps(&["--seal"])
            .run(&WITH_CA)
            .expect(0)
            .stdout
            .contains("proves nothing")
    );
}

#[test]
fn what_follows_a_seal_is_told() {
    let bench = two_steps(&["--seal"]);
    assert!(
        !bench.run(&WITH_CA).expect(0).stdout.contains("not sealed"),
        "nothing follows"
    );
    assert_eq!(
        verified(&bench, &[])["after_seal"],
        serde_json::json!({ "steps": [], "replaced": [], "added": [] })
    );
    bench
        .run(&record(&["--at", "2026-01-01T00:00:00Z"]))
        .expect(0);
    one_step_more(&bench, &[("receipt.json", "{}")]);
    let text = bench.run(&WITH_CA).expect(0).stdout;
    assert!(
        text.contains(
            "  steps 3 and 4 are not sealed, and left request, signed certificate \
                           and trust anchor as step 2 had them\n"
        ),
        "{text}"
    );
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    one_step_more(&bench, &[("request.json", &request.to_string())]);
    let text = bench.run(&WITH_CA).expect(0).stdout;
    assert!(
        text.contains(
            "  steps 3 to 5 are not sealed, and step 5 added request.json, which \
                           step 2 did not find\n"
        ),
        "{text}"
    );
    assert_eq!(
        verified(&bench, &[])["after_seal"],
        serde_json::json!({ "steps": [3, 4, 5], "replaced": [], "added": ["request.json"] })
    );
    assert!(verified(&two_steps(&[]), &[])["after_seal"].is_null());
}

#[test]
fn a_ca_that_signs_again_seals_again() {
    let bench = two_steps(&["--seal"]);
    bench.run(&sign(&["--force"])).expect(0);
    // The same CA's key, and nothing that says so: anybody can write a line like this one.
    bench.refused(
        &WITH_CA,
        4,
        "bad-transcript",
        &[
            "step 3, which is not sealed",
            "CustomerHsmCertificate.crt",
            "step 2",
        ],
    );
    let text = bench.run(&VERIFY).expect(0).stdout;
    assert!(
        text.contains("  step 3 is not sealed, and step 3 replaced "),
        "{text}"
    );
    bench.run(&sign(&["--force", "--seal"])).expect(0);
    assert!(
        bench
            .run(&WITH_CA)
            .expect(0)
            .stdout
            .contains("sealed up to step 4")
    );
}

#[test]
fn nothing_is_sealed_over_a_record_that_is_known_not_to_hold() {
    let bench = Bench::new();
    bench.run(&record(&["--operator", "Ada"])).expect(0);
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    bench.write(&csr, [&bench.read(&csr)[..], b"\n"].concat());
    let before = bench.listing();
    // The key is one that would be missed: it is not looked for.
    let nowhere = [
        &[
            "sign",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "nowhere.key",
        ][..],
        &TRUST,
    ]
    .concat();
    let sealed = [&nowhere[..], &["--seal"]].concat();
    let why = format!("{CLUSTER}_ClusterCsr.csr is not the file that step 1 left");
    bench.refused(&sealed, 4, "bad-transcript", &["nothing is sealed", &why]);
    assert!(
        bench
            .run(&sealed)
            .stderr
            .contains("hint: sign without --seal, or start a new bundle")
    );
    assert_eq!(
        bench.listing(),
        before,
        "nothing was asked for, and nothing written"
    );
    // Without a seal nothing vouches for it: a warning does, as no step relies on a transcript.
    let run = bench.run(&sign(&[])).expect(0);
    assert!(
        run.stderr
            .contains("the transcript does not account for the bundle"),
        "{}",
        run.stderr
    );
}

#[test]
fn nothing_is_sealed_where_the_record_was_taken_away() {
    let bench = Bench::new();
    let request = serde_json::json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER, "region": "eu-central-1",
        "state": "UNINITIALIZED", "hsms": [],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    bench.write("bundle/request.json", request.to_string());
    bench.refused(
        &sign(&["--seal"]),
        4,
        "bad-transcript",
        &["nothing is sealed", "a request.json and no transcript"],
    );
    // Who put a bundle together by hand has no record of it, and begins one that is sealed.
    fs::remove_file(bench.path("bundle/request.json")).unwrap();
    bench.run(&sign(&["--seal"])).expect(0);
    assert_eq!(
        verified(&bench, &["--ca", "customerCA.crt"])["sealed_up_to"],
        1
    );
}

/// The limit of a seal, as docs/bundle.md states it, and what helps.
#[test]
fn a_seal_is_over_what_the_signers_machine_saw_and_a_note_tells_whether_that_was_so() {
    let bench = Bench::new();
    bench.run(&record(&["--operator", "Ada"])).expect(0);
    let noted = entries(&bench)[0].hash();
    let mut rewritten = entries(&bench);
    rewritten[0].operator = Some("Eve".into());
    forge(&bench, rewritten);
    bench.run(&sign(&["--seal"])).expect(0);
    bench.run(&WITH_CA).expect(0);
    bench.refused(
        &[&WITH_CA[..], &["--noted", &noted]].concat(),
        4,
        "bad-transcript",
        &["no line of the transcript has the SHA-256", &noted],
    );
}

#[test]
fn a_ca_that_was_made_in_the_bundle_seals_too() {
    let bench = Bench::new();
    bench.run(&record(&[])).expect(0);
    fs::copy(
        bench.path("customerCA.crt"),
        bench.path("bundle/customerCA.crt"),
    )
    .unwrap();
    bench.run(&sign(&["--seal"])).expect(0);
    bench
        .run(&["transcript", "verify", "bundle", "--ca", "customerCA.crt"])
        .expect(0);
}
