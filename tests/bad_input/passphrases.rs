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

/// A name that names nothing may be the passphrase itself, where the command line takes it.
#[test]
fn a_passphrase_that_passes_for_a_name_is_not_shown() {
    let bench = encrypted();
    let sign = ["sign", "bundle", "--ca", "customerCA.crt", "--ca-key"];
    let sign = [&sign[..], &["customerCA.key"], &TRUST].concat();
    for option in ["--passphrase-env", "--passphrase-file"] {
        for secret in ["hunter2-hunter2", "horse.battery", "aB3/xY9+kk=="] {
            for output in ["text", "json"] {
                let more = [option, secret, "--output", output];
                let run = bench.run(&[&sign[..], &more].concat()).expect(5);
                for text in [&run.stdout, &run.stderr] {
                    assert!(!text.contains(secret), "{text}");
                }
            }
        }
    }
    // What is there, or in a directory that is there, is named.
    bench.write("empty", "");
    for (option, name) in [
        ("--passphrase-env", "NOT_SET"),
        ("--passphrase-file", "empty"),
        ("--passphrase-file", "bundle/none"),
    ] {
        let run = bench.run(&[&sign[..], &[option, name]].concat()).expect(5);
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
}

/// Whoever mistypes the scheme of a key's URI has a PIN in it all the same.
#[test]
fn a_pin_in_what_is_taken_for_a_path_is_not_shown() {
    let bench = Bench::new();
    let sign = ["sign", "bundle", "--ca", "customerCA.crt"];
    for key in [
        "pkcs1:token=ca?pin-value=84736251",
        " pkcs11:token=ca?PIN-value=84736251",
        "pkcs11;token=ca?pin-value=84736251",
        "pkcs11:token=ca;pin-value=84736251",
        "pkcs11:token=ca?pin-value=84736251",
        "awskms://AKIA:84736251@alias/x",
        "file://me:84736251@host/key",
    ] {
        for output in ["text", "json"] {
            let more = ["--ca-key", key, "--output", output];
            let run = bench.run(&[&sign[..], &more, &TRUST].concat());
            assert_ne!(run.code, 0);
            for text in [&run.stdout, &run.stderr] {
                assert!(!text.contains("84736251"), "{key}: {text}");
            }
        }
    }
}

/// A descriptor stands where its other holders stand, and may be a socket.
#[test]
fn a_passphrase_is_read_from_the_descriptor_itself() {
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    let bench = encrypted();
    let sign = ["sign", "bundle", "--ca", "customerCA.crt", "--ca-key"];
    let sign = [&sign[..], &["customerCA.key"], &TRUST].concat();
    bench.write("lines", "not this one\nsecret\nnor this\n");
    let program = assert_cmd::cargo::cargo_bin!("hsmboot");
    let said = |command: &mut Command| {
        let output = command.current_dir(bench.path("")).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
    };
    let second = "read -r first <&3; exec \"$@\" --passphrase-fd 3";
    said(
        Command::new("sh")
            .args(["-c", &format!("({second}) 3<lines"), "sh"])
            .arg(program)
            .args(&sign),
    );

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.write_all(b"secret\n").unwrap();
    said(
        Command::new(program)
            .args(&sign)
            .args(["--force", "--passphrase-fd", "0"])
            .stdin(OwnedFd::from(theirs)),
    );
    // Whoever shares it may have said that no read waits.
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let writer = std::thread::spawn(move || {
        for part in ["sec", "ret\n"] {
            ours.write_all(part.as_bytes()).unwrap();
            // Not a wait for anything: the program comes to the end of what is there.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    });
    said(
        Command::new(program)
            .args(&sign)
            .args(["--force", "--passphrase-fd", "0"])
            .stdin(OwnedFd::from(theirs)),
    );
    writer.join().unwrap();
    // Nobody passed on any of these: what the program has opened itself is no source.
    for number in ["3", "4", "5", "6", "7", "99"] {
        let output = Command::new("sh")
            .args(["-c", "exec 3<&- 4<&- 5<&- 6<&- 7<&-; exec \"$@\"", "sh"])
            .arg(program)
            .args(&sign)
            .args(["--force", "--passphrase-fd", number])
            .current_dir(bench.path(""))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        assert!(stderr.contains("is not open"), "{stderr}");
    }
}

/// The mark that an editor puts before a text is no part of what somebody types.
#[test]
fn a_new_passphrase_begins_with_no_mark_of_a_file() {
    let bench = Bench::empty();
    bench.write("marked", "\u{feff}five unlike quiet herons\n");
    let init = ["ca", "init", "--out", "ca", "--subject", "CN=x"];
    let init = [&init[..], &["--passphrase-file", "marked"]].concat();
    bench.refused(&init, 5, "passphrase-unfit", &["(BOM)"]);
}
