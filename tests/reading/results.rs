//! What a result is on a terminal, with `--quiet`, and as its fingerprint alone; and what is shown
//! while nothing is said.

use super::support::{Bench, sign};

const INIT: [&str; 8] = [
    "ca",
    "init",
    "--subject",
    "CN=Our CA",
    "--key-type",
    "p256",
    "--no-passphrase",
    "--out",
];

#[test]
fn quiet_prints_one_line() {
    let bench = Bench::new();
    let run = bench
        .run(&[&INIT[..], &["quiet", "--quiet"]].concat())
        .expect(0);
    assert_eq!(run.stdout, "made a CA, CN=Our CA\n");
    let run = bench.run(&sign(&["--quiet"])).expect(0);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    assert!(run.stdout.starts_with("signed cluster-"), "{}", run.stdout);
    let run = bench
        .run(&["ca", "show", "quiet/customerCA.crt", "--quiet"])
        .expect(0);
    assert_eq!(run.stdout, "CN=Our CA: fit as trust anchor\n");
    // What is made for another program is no line.
    let run = bench.run(&["completions", "bash", "--quiet"]).expect(0);
    assert!(run.stdout.lines().count() > 20);
}

#[test]
fn the_fingerprint_alone_can_be_had() {
    let bench = Bench::new();
    let of = ["--output", "fingerprint"];
    let run = bench.run(&[&INIT[..], &["ca"], &of].concat()).expect(0);
    let shown = bench
        .run(&["ca", "show", "ca/customerCA.crt", "--output", "json"])
        .json();
    assert_eq!(run.stdout.trim_end(), shown["sha256"].as_str().unwrap());
    let run = bench
        .run(&[&["ca", "show", "ca/customerCA.crt"][..], &of].concat())
        .expect(0);
    assert_eq!(run.stdout.trim_end(), shown["sha256"].as_str().unwrap());
    let run = bench.run(&sign(&of)).expect(0);
    let digits = run.stdout.bytes().filter(u8::is_ascii_digit).count();
    assert_eq!(
        (digits, run.stdout.lines().count()),
        (30, 1),
        "{}",
        run.stdout
    );
    let run = bench
        .run(&["verify", "bundle", "--output", "fingerprint"])
        .expect(2);
    assert!(run.stderr.contains("has no fingerprint"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

/// A terminal is told what is waited for, and afterwards nothing of that is left.
#[test]
fn a_wait_of_more_than_a_second_is_explained_on_a_terminal() {
    let bench = Bench::new();
    bench.write("passphrase", "a passphrase of the test\n");
    let init = &INIT[..INIT.len() - 2];
    let encrypted = ["--passphrase-file", "passphrase", "--out", "."];
    let forced = ["--force"];
    bench
        .run(&[init, &encrypted[..], &forced].concat())
        .expect(0);
    let words = sign(&["--force", "--passphrase-command"]);
    let command = format!(
        "TERM=xterm {} {} 'sleep 3; cat passphrase'",
        env!("CARGO_BIN_EXE_hsmboot"),
        words.join(" ")
    );
    let (screen, code) = bench.on_a_terminal(&command, "skip\n");
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("opening the CA's key"), "{screen:?}");
    let last = screen.rsplit("opening the CA's key").next().unwrap();
    assert!(last.contains("\r\u{1b}[2K"), "{screen:?}");
    // Elsewhere nobody is shown one.
    let slow = ["sleep 2; cat passphrase"];
    let run = bench.run(&[&words[..], &slow].concat()).expect(0);
    assert!(
        !run.stderr.contains("opening the CA's key"),
        "{}",
        run.stderr
    );
}

#[test]
fn headings_and_states_have_their_colour_and_never_alone() {
    let bench = Bench::new();
    let plain = bench
        .run(&[&INIT[..], &["plain"]].concat())
        .expect(0)
        .stdout;
    assert!(!plain.contains('\u{1b}'));
    let coloured = bench
        .run(&[&INIT[..], &["other", "--color", "always"]].concat())
        .expect(0)
        .stdout;
    assert!(
        coloured.starts_with("\u{1b}[1m\u{1b}[32mmade a CA\n"),
        "{coloured:?}"
    );
    let signed = bench.run(&sign(&["--color", "always"])).expect(0).stdout;
    assert!(
        signed.contains("\u{1b}[1mnext:\u{1b}[0m hsmboot submit"),
        "{signed:?}"
    );
}
