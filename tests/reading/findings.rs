//! `verify` and `check`: how their findings are laid out.

use super::support::{Bench, TRUST, verify};

/// Runs `verify` on a terminal of so many columns. Returns its lines.
fn lines_on_a_terminal(bench: &Bench, columns: u32, more: &str) -> Vec<String> {
    let program = env!("CARGO_BIN_EXE_hsmboot");
    let trust = TRUST.join(" ");
    let command = format!(
        "stty cols {columns}; TERM=xterm {program} verify bundle {trust} --color never {more}"
    );
    let (screen, code) = bench.on_a_terminal(&command, "");
    assert_eq!(code, 0, "{screen}");
    screen
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

#[test]
fn findings_are_counted_grouped_and_the_notes_come_last() {
    let bench = Bench::new();
    let run = bench.run(&verify(&[])).expect(0);
    let document = bench.run(&verify(&["--output", "json"])).json();
    let checks = document["checks"].as_array().unwrap();
    let count = |status: &str| {
        checks
            .iter()
            .filter(|check| check["status"] == status)
            .count()
    };
    let headline = run.stdout.lines().next().unwrap();
    assert!(
        headline.starts_with(&format!("{} pass, {} notes", count("pass"), count("note"))),
        "{headline}"
    );
    let blocks: Vec<&str> = run.stdout.split("\n\n").collect();
    let titles: Vec<&str> = blocks[1..blocks.len() - 1]
        .iter()
        .map(|block| block.lines().next().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "The texts and their algorithms",
            "The anchors",
            "The two chains and the HSM",
            "The CSR",
            "Dates, roles and extensions",
            "Notes",
        ]
    );
    assert!(blocks.last().unwrap().starts_with("verified"));
    for check in checks {
        let line = format!(
            "  {:8} {} ",
            check["status"].as_str().unwrap(),
            check["id"].as_str().unwrap()
        );
        assert_eq!(run.stdout.matches(&line).count(), 1, "{line}");
    }
}

#[test]
fn failures_come_first_and_once() {
    let bench = Bench::new();
    let command = format!(
        "stty cols 400; {} verify bundle --color never",
        env!("CARGO_BIN_EXE_hsmboot")
    );
    let (screen, code) = bench.on_a_terminal(&command, "");
    assert_eq!(code, 3, "{screen}");
    let all = screen.replace("\r\n", "\n");
    let document = bench.run(&["verify", "bundle", "--output", "json"]).json();
    let failed: Vec<&str> = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["status"] == "fail")
        .map(|check| check["id"].as_str().unwrap())
        .collect();
    assert!(failed.contains(&"aws.signature"));
    let first = all.split("\n\n").nth(1).unwrap();
    assert!(first.starts_with("Failures\n"), "{all}");
    for id in &failed {
        assert!(first.contains(&format!("  fail     {id} ")), "{first}");
        let detail = format!("{id}: ");
        assert!(!all.contains(&detail), "{id} is told twice:\n{all}");
    }
    assert!(
        all.contains("\nerror: the HSM's identity is not proven"),
        "{all}"
    );
    // Whoever reads standard error alone reads them there.
    let run = bench.run(&["verify", "bundle"]).expect(3);
    assert!(run.stdout.contains("\nFailures\n"), "{}", run.stdout);
    assert!(run.stderr.contains("aws.signature: "), "{}", run.stderr);
    // Where the text does not tell them, the error does; and in a document it always does.
    let quiet = bench.run(&["verify", "bundle", "--quiet"]).expect(3);
    assert!(quiet.stderr.contains("aws.signature: "), "{}", quiet.stderr);
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("aws.signature: "), "{message}");
}

#[test]
fn a_line_hangs_under_its_beginning_and_keeps_to_the_terminals_width() {
    let bench = Bench::new();
    for columns in [60_u32, 80, 120, 200] {
        let lines = lines_on_a_terminal(&bench, columns, "");
        let width = usize::try_from(columns).unwrap();
        for line in &lines {
            let words = line.split_whitespace().count();
            assert!(
                line.chars().count() <= width || words == 1,
                "{columns}: {line}"
            );
        }
        let at = lines
            .iter()
            .position(|line| line.starts_with("  pass     pem.csr"))
            .unwrap();
        // The narrow ones have the sentence below, the wide ones beside it.
        let hanging = if columns < 90 {
            "      "
        } else {
            &" ".repeat(45)
        };
        let next = &lines[at + 1];
        assert!(next.starts_with(hanging), "{columns}: {next:?}");
        assert!(
            !next[hanging.len()..].starts_with(' '),
            "{columns}: {next:?}"
        );
    }
    // Elsewhere a finding is one line, for whoever searches it.
    let run = bench.run(&verify(&[])).expect(0);
    assert!(run.stdout.lines().any(|line| {
        line.starts_with("  pass     csr.key") && line.contains("byte for byte (SHA-256 ")
    }));
}

#[test]
fn digests_are_shortened_unless_more_is_asked_for() {
    let bench = Bench::new();
    let longest = |text: &str| {
        text.split(|c: char| !c.is_ascii_hexdigit())
            .map(str::len)
            .max()
            .unwrap()
    };
    let run = bench.run(&verify(&[])).expect(0);
    assert!(longest(&run.stdout) <= 32, "{}", run.stdout);
    let run = bench.run(&verify(&["--verbose"])).expect(0);
    assert_eq!(longest(&run.stdout), 64);
    let document = bench.run(&verify(&["--output", "json"])).expect(0);
    assert_eq!(longest(&document.stdout), 64);
}

/// A name is shown from its last part to its first, as `--subject` takes it, without backslashes; a
/// document keeps the order of the encoding.
#[test]
fn names_are_shown_as_the_subject_option_takes_them() {
    let bench = Bench::new();
    let subject = "CN=Our CA, OU=HSM + L=Bonn, O=\"Org, Inc.\", C=DE";
    bench
        .run(&[
            "ca",
            "init",
            "--out",
            "ca",
            "--subject",
            subject,
            "--key-type",
            "p256",
            "--no-passphrase",
        ])
        .expect(0);
    let run = bench.run(&["ca", "show", "ca/customerCA.crt"]).expect(0);
    assert!(run.stdout.contains(subject), "{}", run.stdout);
    let document = bench
        .run(&["ca", "show", "ca/customerCA.crt", "--output", "json"])
        .json();
    assert_eq!(
        document["subject"],
        "C=DE, O=Org\\, Inc., OU=HSM + L=Bonn, CN=Our CA"
    );
    let run = bench.run(&verify(&[])).expect(0);
    assert!(!run.stdout.contains('\\'), "{}", run.stdout);
}
