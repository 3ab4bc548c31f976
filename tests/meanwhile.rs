//! What happens to a bundle while a command is at work on it: what was judged is what is signed,
//! sent and recorded, or nothing is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use hsmboot::bundle::{Digests, Transcript, TranscriptEntry};
use support::{Bench, TRUST, pipe, refusal, sign};

/// Runs `hsmboot sign` with a CA certificate that comes through a pipe: when the program opens it,
/// the bundle was read and judged. Then `meanwhile` runs, with the program's process id, and the
/// certificate follows.
fn while_it_signs(bench: &Bench, more: &[&str], meanwhile: impl FnOnce(u32)) -> support::Run {
    let (path, ca) = (bench.path("pipe"), bench.read("customerCA.crt"));
    pipe::make(&path);
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_hsmboot"),
        "sign",
        "bundle",
    ]);
    command
        .args(["--ca", "pipe", "--ca-key", "customerCA.key"])
        .args(TRUST)
        .args(more);
    command
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut to = pipe::opened_by(&mut child, &path);
    meanwhile(child.id());
    to.write_all(&ca).unwrap();
    drop(to);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    support::Run {
        code: support::exit_code(&output, &command),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The same as text and as JSON, on a bundle each.
fn refused_while_it_signs(more: &[&str], change: impl Fn(&Bench), words: &[&str]) {
    let one = |format: &[&str]| {
        let bench = Bench::new();
        bench
            .run(&[&["verify", "bundle", "--record"], &TRUST[..]].concat())
            .expect(0);
        let run = while_it_signs(&bench, &[more, format].concat(), |_| change(&bench));
        assert!(
            !bench.part("CustomerHsmCertificate.crt").exists()
                && !bench.path("bundle/response.json").exists()
        );
        run
    };
    let (text, json) = (one(&[]), one(&["--output", "json"]));
    assert!(
        json.json()["signed_cert"].is_null() && !text.stderr.contains("BEGIN CERTIFICATE"),
        "the CA's key was not used: {}",
        text.stderr
    );
    refusal(&text, &json, 8, "changed-meanwhile", words);
}

#[test]
fn a_file_that_is_exchanged_under_its_hands_is_not_signed_for() {
    for part in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        let other = Bench::new();
        let change = |bench: &Bench| {
            fs::write(bench.part(part), fs::read(other.part(part)).unwrap()).unwrap()
        };
        refused_while_it_signs(&[], change, &[part, "is not what it was when it was read"]);
        refused_while_it_signs(
            &[],
            |bench| fs::remove_file(bench.part(part)).unwrap(),
            &[part, "was taken away"],
        );
    }
}

#[test]
fn no_seal_vouches_for_a_record_that_was_rewritten_under_its_hands() {
    let forged = |bench: &Bench| {
        let text = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
        bench.write(
            "bundle/transcript.jsonl",
            text.replace("\"host\":\"", "\"host\":\"forged-"),
        );
    };
    refused_while_it_signs(
        &["--seal"],
        forged,
        &["transcript.jsonl", "is not what it was"],
    );
    refused_while_it_signs(&[], forged, &["transcript.jsonl", "is not what it was"]);
    // Without a seal nothing vouches for it, and it stands before the step.
    refused_while_it_signs(
        &["--seal"],
        one_step_more,
        &["has a step more than when it was read"],
    );
    let bench = Bench::new();
    bench
        .run(&[&["verify", "bundle", "--record"], &TRUST[..]].concat())
        .expect(0);
    while_it_signs(&bench, &[], |_| one_step_more(&bench)).expect(0);
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(
        String::from_utf8(bench.read("bundle/transcript.jsonl"))
            .unwrap()
            .lines()
            .count(),
        3
    );
}

/// A step by another command that wrote no file.
fn one_step_more(bench: &Bench) {
    let transcript =
        Transcript::from_content(&bench.read("bundle/transcript.jsonl"), &"transcript.jsonl")
            .unwrap();
    let (step, previous) = transcript.next_link();
    let last = transcript.entries().last().unwrap().clone();
    let inputs = last
        .inputs
        .clone()
        .into_iter()
        .chain(last.outputs.clone())
        .collect();
    bench.write(
        "bundle/transcript.jsonl",
        transcript.with_entry(&TranscriptEntry {
            step,
            previous,
            inputs,
            outputs: Digests::new(),
            ..last
        }),
    );
}

/// The limit on what a process may write comes after all that could be tried before: the CA's
/// signature was made.
#[test]
fn a_signature_once_made_is_not_lost_with_the_disk() {
    let bench = Bench::new();
    let before = support::listing(&bench.path("bundle"));
    let full = |id: u32| {
        let done = Command::new("prlimit")
            .args(["--pid", &id.to_string(), "--fsize=1024"])
            .status();
        assert!(
            done.unwrap_or_else(|error| panic!(
                "this test needs the program prlimit (apt install util-linux): {error}"
            ))
            .success()
        );
    };
    let (text, json) = (
        while_it_signs(&bench, &[], full),
        while_it_signs(&bench, &["--output", "json"], full),
    );
    refusal(
        &text,
        &json,
        1,
        "cannot-write",
        &["bundle/", "cannot be written"],
    );
    assert!(
        text.stderr
            .contains("the certificate was signed and is not lost"),
        "{}",
        text.stderr
    );
    bench.write("signed.crt", json.json()["signed_cert"].as_str().unwrap());
    assert_eq!(
        before,
        support::listing(&bench.path("bundle")),
        "nothing is half-written"
    );
    let import = [
        "import",
        "bundle",
        "--signed-cert",
        "signed.crt",
        "--trust-anchor",
        "customerCA.crt",
    ];
    bench.run(&[&import[..], &TRUST].concat()).expect(0);
}

#[test]
fn nothing_is_asked_for_where_nothing_could_be_written_down() {
    let bench = Bench::new();
    bench
        .run(&[&["verify", "bundle", "--record"], &TRUST[..]].concat())
        .expect(0);
    let text = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
    bench.write(
        "bundle/transcript.jsonl",
        text.replace("\"host\":\"", "\"host\":\"forged-")
            .replace("\"step\":1", "\"step\": 1"),
    );
    // The key is one that would be missed: it is not looked for.
    let nowhere = [
        "sign",
        "bundle",
        "--ca",
        "customerCA.crt",
        "--ca-key",
        "nowhere.key",
    ];
    bench.refused(
        &[&nowhere[..], &TRUST].concat(),
        4,
        "bad-transcript",
        &["line 1"],
    );
    assert!(!bench.run(&sign(&[])).stderr.contains("BEGIN CERTIFICATE"));
    let import = [
        "import",
        "bundle",
        "--signed-cert",
        "nowhere.crt",
        "--trust-anchor",
        "customerCA.crt",
    ];
    bench.refused(
        &[&import[..], &TRUST].concat(),
        4,
        "bad-transcript",
        &["line 1"],
    );
}
