//! What a line of a transcript says and cannot say.

use super::*;
use hsmboot::outside::OutsideText;
use hsmboot::verify::Verdict;

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
fn what_a_line_holds_cannot_pose_as_another_line() {
    let bench = two_steps(&[]);
    let mut all = entries(&bench);
    let lie = "Ada\n9 2026-01-01T00:00:00Z on vault by the CEO\n  verified\u{202e}\u{1b}[2J";
    (all[1].operator, all[1].host, all[1].reason) =
        (Some(lie.into()), lie.into(), Some(lie.into()));
    (all[1].verdict, all[1].sends) = {
        let lie = OutsideText::from(lie);
        (Some(lie.clone().into()), Some(lie.into()))
    };
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

/// The line about a file by its SHA-256: of the bundle's certificates and CSR that of the DER, in
/// groups, as every other command shows it.
fn digest_line(bench: &Bench, digest: &OutsideText) -> String {
    let der = std::fs::read_dir(bench.path("bundle"))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .find(|content| to_hex(&sha256(content)) == digest.as_raw())
        .and_then(|content| {
            use hsmboot::x509::pem::{Label, decode};
            let csr = decode(&content, Label::CertificateRequest);
            csr.or_else(|_| decode(&content, Label::Certificate)).ok()
        });
    match der {
        Some(der) => {
            let digits = to_hex(&sha256(&der));
            let groups: Vec<&str> = (0..8).map(|at| &digits[8 * at..8 * at + 8]).collect();
            format!("    SHA-256 {}\n", groups.join(" "))
        }
        None => format!("    SHA-256 of the file {digest}\n"),
    }
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
            first.contains(&format!("\n  read {name}\n{}", digest_line(&bench, digest))),
            "{name}: {first}"
        );
    }
    // The second step found them as they were, and was given a file more.
    let ca = all[1].inputs.get("./customerCA.crt").unwrap();
    assert!(
        second.contains(&format!(
            "\n  read ./customerCA.crt\n{}",
            digest_line(&bench, ca)
        )),
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
            "\n  read ./aws-root.crt\n    SHA-256 of the file {}\n",
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
        // What is told besides.
        for member in ["sha256", "code", "der_sha256"] {
            rest.as_object_mut().unwrap().remove(member).unwrap();
        }
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
        (Some("Ada Example".into()), Some(Verdict::Verified.into()))
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
