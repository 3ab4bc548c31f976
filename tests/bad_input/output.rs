//! How results are given: one JSON document whatever happens, quiet, colours, help.

use crate::support::{Bench, run, sign, verify};

const COMMANDS: [&[&str]; 8] = [
    &["verify"],
    &["ca"],
    &["ca", "init"],
    &["ca", "show"],
    &["sign"],
    &["check"],
    &["completions"],
    &["man"],
];

#[test]
fn every_command_answers_in_one_json_document() {
    let bench = Bench::new();
    for args in [
        verify(&[]),
        verify(&["--record", "--verbose"]),
        verify(&["--chains-only", "--quiet"]),
        verify(&["--policy", "rfc5280"]),
        vec!["verify", "bundle"],
        sign(&["--unverified", "--reason", "a test"]),
        sign(&["--unverified", "--reason", "a test"]),
        vec![
            "check",
            "--csr",
            "customerCA.crt",
            "--signed-cert",
            "customerCA.crt",
            "--trust-anchor",
            "customerCA.crt",
        ],
        vec!["ca", "show", "customerCA.crt"],
        vec![
            "ca",
            "init",
            "--out",
            "new",
            "--subject",
            "CN=x",
            "--key-type",
            "p256",
            "--no-passphrase",
        ],
        vec!["completions", "zsh"],
        vec!["man"],
        vec!["man", "--out", "man"],
        vec!["--help"],
        vec!["verify", "--help"],
        vec!["help", "ca"],
        vec!["--version"],
        vec!["--output=json", "--nonsense"],
    ] {
        let run = bench.run(
            &[
                &["--output", "json"][..usize::from(args[0] != "--output=json") * 2],
                &args[..],
            ]
            .concat(),
        );
        let document = run.json();
        assert_eq!(
            document["error"]["code"].as_i64().unwrap_or(0),
            i64::from(run.code),
            "{args:?}: {document:#}"
        );
    }
}

/// A verification document is the same whether it verifies or not.
#[test]
fn a_rejected_verification_has_its_checks_and_the_error() {
    let bench = Bench::new();
    for (args, code, verdict) in [
        (verify(&[]), 0, "verified"),
        (vec!["verify", "bundle"], 3, "rejected"),
    ] {
        let document = bench
            .run(&[&args[..], &["--output", "json"]].concat())
            .expect(code)
            .json();
        assert_eq!(document["verdict"], verdict);
        for field in ["policy", "at", "anchors", "checks"] {
            assert!(!document[field].is_null(), "{field} in {document:#}");
        }
        assert!(
            document["checks"]
                .as_array()
                .unwrap()
                .iter()
                .all(|check| check["id"].is_string()
                    && check["status"].is_string()
                    && check["detail"].is_string())
        );
        assert_eq!(document.get("error").is_some(), code != 0);
    }
}

#[test]
fn quiet_leaves_the_result_and_verbose_adds_to_standard_error() {
    let bench = Bench::new();
    let (quiet, loud) = (
        bench.run(&verify(&["--quiet"])).expect(0),
        bench.run(&verify(&[])).expect(0),
    );
    assert_eq!(quiet.stdout.lines().count(), 1);
    assert!(
        quiet.stdout.starts_with("verified") && quiet.stderr.is_empty(),
        "{}",
        quiet.stderr
    );
    assert!(loud.stdout.lines().count() > 20 && loud.stderr.is_empty());
    let verbose = bench.run(&verify(&["--verbose", "--record"])).expect(0);
    assert_eq!(verbose.stdout.lines().count(), loud.stdout.lines().count());
    assert!(verbose.stderr.contains("wrote bundle/verification.json"));
    // A waiver is said in any case.
    let waived = bench.run(&[
        "sign",
        "bundle",
        "--ca",
        "customerCA.crt",
        "--ca-key",
        "customerCA.key",
        "--quiet",
        "--unverified",
        "--reason",
        "a test",
    ]);
    assert!(waived.expect(0).stderr.contains("UNVERIFIED"));
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let bench = Bench::new();
    let escapes = |args: &[&str], set: &[(&str, &str)]| {
        let mut command = bench.command(args);
        command.envs(set.iter().copied());
        let run = run(command);
        (run.stdout + &run.stderr).contains('\u{1b}')
    };
    for args in [
        verify(&[]),
        vec!["verify", "nowhere"],
        vec!["--help"],
        vec!["nonsense"],
    ] {
        assert!(!escapes(&args, &[]), "{args:?}: not a terminal");
        let forced = [("CLICOLOR_FORCE", "1"), ("TERM", "xterm")];
        assert!(escapes(&args, &forced), "{args:?}: colours can be had");
        for never in [
            &["--no-color"][..],
            &["--color", "never"],
            &["--color=never"],
        ] {
            assert!(
                !escapes(&[&args[..], never].concat(), &forced),
                "{args:?}: {never:?}"
            );
        }
        for always in [&["--color", "always"][..], &["--color=always"]] {
            let set = [("NO_COLOR", "1"), ("TERM", "dumb")];
            assert!(
                escapes(&[&args[..], always].concat(), &set),
                "{args:?}: {always:?}: an option says more than a variable"
            );
        }
        assert!(
            !escapes(&[&args[..], &["--color", "auto"]].concat(), &[]),
            "{args:?}: --color auto"
        );
        assert!(
            !escapes(&args, &[("NO_COLOR", "1"), ("TERM", "xterm")]),
            "{args:?}: NO_COLOR"
        );
        assert!(
            !escapes(&[&args[..], &["--output", "json"]].concat(), &[]),
            "{args:?}: JSON"
        );
    }
}

#[test]
fn help_has_its_purpose_examples_and_exit_codes() {
    let bench = Bench::new();
    for command in COMMANDS {
        let help = bench.run(&[command, &["--help"]].concat()).expect(0);
        assert!(help.stderr.is_empty());
        assert!(
            help.stdout.contains("Example")
                && help
                    .stdout
                    .contains(&format!("hsmboot {}", command.join(" "))),
            "{command:?}: {}",
            help.stdout
        );
        assert!(
            help.stdout.contains("Exit codes: 0 "),
            "{command:?}: {}",
            help.stdout
        );
        assert_eq!(
            help.stdout,
            bench.run(&[&["help"], command].concat()).expect(0).stdout,
            "{command:?}"
        );
    }
    let top = bench.run(&["--help"]).expect(0).stdout;
    for command in [
        "verify",
        "ca",
        "sign",
        "check",
        "completions",
        "man",
        "Exit codes: 0 done",
    ] {
        assert!(top.contains(command), "{command} in {top}");
    }
    let first = concat!("hsmboot ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(bench.run(&["-V"]).expect(0).stdout, first);
    assert!(
        bench
            .run(&["--version"])
            .expect(0)
            .stdout
            .starts_with(first)
    );
}

#[test]
fn a_reader_that_is_gone_does_no_harm() {
    let bench = Bench::new();
    for args in [
        "--help",
        "completions bash",
        "man",
        "ca show customerCA.crt",
    ] {
        let script = format!(
            "{{ '{}' {args}; echo $? >&2; }} | true",
            env!("CARGO_BIN_EXE_hsmboot")
        );
        let mut command = assert_cmd::Command::new("sh");
        command.args(["-c", &script]).current_dir(bench.path(""));
        let run = run(command);
        assert_eq!(run.stderr.trim(), "0", "{args}: {}", run.stderr);
    }
}

#[test]
fn manual_pages_that_are_there_already_are_no_change() {
    let bench = Bench::new();
    for (page, changed) in [("", true), ("", false), ("an older page", true)] {
        if !page.is_empty() {
            std::fs::write(bench.path("man/hsmboot-sign.1"), page).unwrap();
        }
        let run = bench.run(&["man", "--out", "man", "--output", "json"]);
        assert_eq!(run.json()["changed"], changed, "{}", run.stdout);
    }
}
