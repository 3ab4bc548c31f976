//! Passphrases in wrong places, and new ones that are easily guessed.

use crate::interrupt::{encrypted, on_a_terminal};
use crate::support::{Bench, CLUSTER, TRUST};

/// Every command that makes an encrypted key judges its passphrase; existing keys are opened
/// whatever theirs is.
#[test]
fn a_weak_new_passphrase_needs_its_option_and_an_existing_one_does_not() {
    let bench = Bench::new();
    bench.write("short", "elevenchars\n");
    bench.write("row", "qwertyuiop1234567890\n");
    bench.write("long", "five unlike quiet herons\n");
    let init = |out: &'static str, file: &'static str, more: &[&'static str]| {
        let init = [
            "ca",
            "init",
            "--out",
            out,
            "--subject",
            "CN=x",
            "--key-type",
            "p256",
        ];
        [&init[..], &["--passphrase-file", file], more].concat()
    };
    for (file, says) in [
        ("short", "fewer than 12 characters"),
        ("row", "row of keys"),
    ] {
        bench.refused(&init("new", file, &[]), 5, "passphrase-weak", &[says]);
        let hint = bench.hint(&init("new", file, &[]));
        assert!(hint.contains("--weak-passphrase"), "{hint}");
        let message = bench.run(&init("new", file, &[])).expect(5).stderr;
        assert!(
            !message.contains("qwerty") && !message.contains("eleven"),
            "{message}"
        );
    }
    bench.run(&init("long-ca", "long", &[])).expect(0);
    bench
        .run(&init("short-ca", "short", &["--weak-passphrase"]))
        .expect(0);
    let sign = [
        "sign",
        "bundle",
        "--ca",
        "short-ca/customerCA.crt",
        "--ca-key",
        "short-ca/customerCA.key",
        "--passphrase-file",
        "short",
    ];
    bench.run(&[&sign[..], &TRUST].concat()).expect(0);
}

/// The commands that take options beside a secret, each with its words and those options.
fn beside_secrets() -> Vec<(Vec<String>, Vec<String>)> {
    fn walk(command: &clap::Command, words: &[String], all: &mut Vec<(Vec<String>, Vec<String>)>) {
        let options = command
            .get_arguments()
            .filter(|arg| arg.get_action().takes_values())
            .filter_map(|arg| arg.get_long())
            .filter(|long| long.contains("passphrase") || long.ends_with("-key"))
            .map(|long| format!("--{long}"))
            .collect::<Vec<_>>();
        if !options.is_empty() {
            all.push((words.to_vec(), options));
        }
        for sub in command.get_subcommands() {
            let words = [words, &[sub.get_name().to_owned()]].concat();
            walk(sub, &words, all);
        }
    }
    let mut all = Vec::new();
    walk(&hsmboot::cli::command(), &[], &mut all);
    assert!(all.len() > 1, "{all:?}");
    all
}

/// People paste the passphrase where the way to it belongs. What is refused there is not shown:
/// neither in the message, nor in the facts for programs.
#[test]
fn a_passphrase_in_the_place_of_its_source_is_not_shown() {
    let bench = Bench::empty();
    for (command, options) in beside_secrets() {
        for option in options {
            let variable = option.trim_start_matches("--").to_uppercase();
            let variable = format!("HSMBOOT_{}", variable.replace('-', "_"));
            for secret in [
                "xyzzy-plugh-42",
                "98765432101",
                "--xyzzy-plugh-42",
                "-Xyzzy",
            ] {
                let joined = format!("{option}={secret}");
                let ways = [
                    (vec![option.as_str(), secret], None),
                    (vec![joined.as_str()], None),
                    (vec![], Some((&variable, secret))),
                ];
                for (more, set) in ways {
                    let words: Vec<&str> = command.iter().map(String::as_str).collect();
                    let words = [&words[..], &more, &["--output", "json"]].concat();
                    let mut run = bench.command(&words);
                    run.envs(set);
                    let run = crate::support::run(run).expect(2);
                    for text in [&run.stdout, &run.stderr] {
                        assert!(!text.contains(secret), "{words:?}: {text}");
                    }
                }
            }
        }
    }
    // People are told no more than programs, and which option it is about.
    for secret in ["xyzzy-plugh-42", "98765432101"] {
        let words = ["sign", "bundle", "--passphrase-fd", secret];
        let run = bench.run(&words).expect(2);
        assert!(
            run.stderr.contains("--passphrase-fd") && run.stderr.contains("(withheld)"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
}

/// At a terminal a wrong passphrase is asked for again, twice.
#[test]
fn a_wrong_passphrase_at_a_terminal_is_asked_for_three_times() {
    const PROMPT: &str = "passphrase for customerCA.key: ";
    for (wrong, end) in [(1, "code 0"), (2, "code 0"), (3, "code 5")] {
        let bench = encrypted();
        let mut answers = vec![("printed it: ", "skip\n")];
        answers.extend(vec![(PROMPT, "wrong\n"); wrong]);
        if wrong < 3 {
            answers.push((PROMPT, "secret\n"));
        }
        let screen = on_a_terminal(&bench, &answers, &[end]);
        let again = screen.matches("wrong passphrase, once more").count();
        assert_eq!(again, wrong.min(2), "{screen}");
        let signed = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
        assert_eq!(bench.path(&signed).exists(), wrong < 3, "{screen}");
    }
}
