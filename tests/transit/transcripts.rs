//! The transcript holds every step, and what was changed since is found.

use super::*;

const TRANSCRIPT: &str = "bundle/transcript.jsonl";

/// A bundle that was verified and signed: two steps.
fn two_steps(more: &[&str]) -> Bench {
    let bench = Bench::new();
    bench
        .run(
            &[
                &["verify", "bundle", "--record", "--operator", "Ada"][..],
                &TRUST,
            ]
            .concat(),
        )
        .expect(0);
    bench.run(&sign(more)).expect(0);
    bench
}

#[test]
fn every_step_is_in_the_transcript() {
    let bench = two_steps(&["--operator", "Grace"]);
    let shown = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let steps = shown["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(
        (steps[0]["operator"].clone(), steps[1]["operator"].clone()),
        ("Ada".into(), "Grace".into())
    );
    assert_eq!(
        (steps[0]["verdict"].clone(), steps[1]["verdict"].clone()),
        ("verified".into(), "verified".into())
    );
    assert_eq!(steps[1]["fingerprint_compared"], false);
    assert!(
        steps[1]["outputs"]
            .as_object()
            .unwrap()
            .contains_key("response.json")
    );
    assert!(
        steps[1]["inputs"]
            .as_object()
            .unwrap()
            .contains_key("./customerCA.crt"),
        "the CA's certificate was read"
    );
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    let text = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    assert!(
        text.contains("by Ada") && text.contains("by Grace") && text.contains("sign bundle"),
        "{text}"
    );
}

#[test]
fn a_changed_cut_or_reordered_transcript_is_found() {
    let bench = Bench::new();
    // The record of another moment than the signature's, however soon that follows.
    bench
        .run(
            &[
                &[
                    "verify",
                    "bundle",
                    "--record",
                    "--operator",
                    "Ada",
                    "--at",
                    "2026-01-01T00:00:00Z",
                ][..],
                &TRUST,
            ]
            .concat(),
        )
        .expect(0);
    let before = bench.read("bundle/verification.json");
    bench.run(&sign(&[])).expect(0);
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    for (bad, why) in [
        (good.replacen("Ada", "Eve", 1), "does not follow"),
        (
            format!("{}\n", lines[0]),
            "verification.json is not the file that step 1 left",
        ),
        (format!("{}\n", lines[1]), "step 2, expected step 1"),
        (
            format!("{}\n{}\n", lines[1], lines[0]),
            "step 2, expected step 1",
        ),
        (good[..good.len() - 20].to_owned(), "cut short"),
        (
            good.replacen("{\"format\"", "{ \"format\"", 1),
            "as hsmboot writes it",
        ),
    ] {
        bench.write(TRANSCRIPT, &bad);
        bench.refused(
            &["transcript", "verify", "bundle"],
            4,
            "bad-transcript",
            &[why],
        );
    }
    // Cut, and the record put back to what it was before the step that is gone.
    bench.write(TRANSCRIPT, format!("{}\n", lines[0]));
    bench.write("bundle/verification.json", before);
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["accounts for"],
    );
    fs::remove_file(bench.path(TRANSCRIPT)).unwrap();
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "no-transcript",
        &["is missing"],
    );
}

#[test]
fn a_file_that_changed_since_is_found() {
    let bench = two_steps(&[]);
    let record = String::from_utf8(bench.read("bundle/verification.json")).unwrap();
    bench.write(
        "bundle/verification.json",
        record.replacen("verified", "rejected", 1),
    );
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["verification.json", "step 2"],
    );
    bench.write("bundle/verification.json", record);
    bench.write("bundle/receipt.json", "{}");
    bench.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["receipt.json", "accounts for"],
    );
}

#[test]
fn nothing_is_added_to_a_transcript_that_does_not_hold() {
    let bench = two_steps(&[]);
    let good = String::from_utf8(bench.read(TRANSCRIPT)).unwrap();
    bench.write(TRANSCRIPT, good.replacen("Ada", "Eve", 1));
    bench.refused(&sign(&["--force"]), 4, "bad-transcript", &["line 2"]);
}

#[test]
fn a_seal_holds_what_a_forger_could_otherwise_make_up() {
    // Whoever can write the last line of an unsealed transcript can write what he likes.
    let open = two_steps(&["--operator", "Grace"]);
    let changed = String::from_utf8(open.read(TRANSCRIPT))
        .unwrap()
        .replacen("Grace", "Mallory", 1);
    open.write(TRANSCRIPT, changed);
    open.run(&["transcript", "verify", "bundle"]).expect(0);

    let sealed = two_steps(&["--operator", "Grace", "--seal"]);
    let answer = sealed
        .run(&[
            "transcript",
            "verify",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--output",
            "json",
        ])
        .expect(0)
        .json();
    assert_eq!(
        (answer["sealed_up_to"].clone(), answer["ca_given"].clone()),
        (2.into(), true.into())
    );
    let changed = String::from_utf8(sealed.read(TRANSCRIPT))
        .unwrap()
        .replacen("Grace", "Mallory", 1);
    sealed.write(TRANSCRIPT, changed);
    sealed.refused(
        &["transcript", "verify", "bundle"],
        4,
        "bad-transcript",
        &["the seal of step 2", "or not over the line as it is now"],
    );
    // Another CA's certificate.
    let other = two_steps(&["--seal"]);
    other.put_ca(&support::ca(|_| {}));
    other.refused(
        &["transcript", "verify", "bundle", "--ca", "customerCA.crt"],
        4,
        "bad-transcript",
        &["the seal of step 2"],
    );
}
