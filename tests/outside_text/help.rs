//! Help, manual pages and completion scripts: nobody's text but the program's own, whatever it is
//! called and whatever the environment holds.

use super::*;

/// Every variable that an option is read from, and those that a library may heed.
fn variables() -> Vec<String> {
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let mut named: Vec<String> = all
        .iter()
        .flat_map(|name| options(name))
        .filter_map(|(_, variable)| variable)
        .collect();
    named.extend(VARIABLES.map(str::to_owned));
    let others = [
        "HSMBOOT_AWS_ROOT",
        "HSMBOOT_MANUFACTURER_ROOT",
        "HSMBOOT_OPERATOR",
        "LANG",
        "LC_ALL",
        "LINES",
        "TERM",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "FORCE_COLOR",
        "SHELL",
        "PAGER",
        "MANPAGER",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "TMPDIR",
    ];
    named.extend(others.map(str::to_owned));
    named.sort();
    named.dedup();
    named
}

#[test]
fn help_manual_and_completions_are_the_same_whatever_the_environment_holds() {
    let bench = bench();
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let variables = variables();
    assert!(
        variables
            .iter()
            .filter(|name| name.starts_with("HSMBOOT_"))
            .count()
            >= 3,
        "{variables:?}"
    );
    let of_commands = all
        .iter()
        .map(|name| name.split(' ').chain(["--help"]).collect());
    let own = [
        vec!["--help"],
        vec!["-h"],
        vec!["help"],
        vec!["--version"],
        vec!["man"],
    ]
    .into_iter();
    let shells =
        ["bash", "elvish", "fish", "powershell", "zsh"].map(|shell| vec!["completions", shell]);
    for words in own.chain(shells).chain(of_commands) {
        let words: Vec<&str> = words;
        let plain = bench.run(&words).expect(0);
        let mut command = bench.command(&words);
        for name in &variables {
            command.env(name, HOSTILE);
        }
        let run = support::run(command);
        judge(&run, &words);
        assert_eq!(
            (run.code, run.stdout, run.stderr),
            (0, plain.stdout, plain.stderr),
            "{words:?}"
        );
    }
    let mut command = bench.command(&["man", "--out", "pages"]);
    for name in &variables {
        command.env(name, HOSTILE);
    }
    support::run(command).expect(0);
    support::hostile::judge_files(&bench.path("pages"));
}

#[test]
fn the_name_that_the_program_was_called_by_is_not_obeyed() {
    use std::os::unix::process::CommandExt;
    let bench = bench();
    for words in [
        &["--help"][..],
        &["help"],
        &["--version"],
        &["sign", "--help"],
        &["man"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &[],
        &["nothing"],
        &["sign"],
        &["verify", "--aws-root"],
        &["status"],
        &["transcript", "show", DIR],
        // Its command line goes into the transcript, with this name in it.
        &["verify", DIR, "--record"],
        &["transcript", "show", DIR],
    ] {
        for name in [HOSTILE, "", "-\u{1b}[8m", "\u{202e}/\nFORGED"] {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hsmboot"));
            command
                .arg0(name)
                .args(words)
                .current_dir(bench.path(""))
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap());
            let output = command.output().unwrap();
            for text in [output.stdout, output.stderr] {
                let text = String::from_utf8(text).unwrap();
                assert!(
                    std::panic::catch_unwind(|| clean(&text)).is_ok(),
                    "{name:?} {words:?} shows what is from outside: {text:?}"
                );
            }
        }
    }
    let transcript = bench.run(&["transcript", "show", DIR]).expect(0).stdout;
    clean(&transcript);
    assert!(
        transcript.contains("FORGED"),
        "the name is on record: {transcript}"
    );
    clean(&String::from_utf8(bench.read(&format!("{DIR}/transcript.jsonl"))).unwrap());
}

#[test]
fn no_width_of_a_terminal_moves_a_text_into_another_line() {
    let bench = bench();
    for columns in [
        "0",
        "1",
        "2",
        "9",
        "80",
        "4294967296",
        "-1",
        "18446744073709551616",
        "x",
        HOSTILE,
    ] {
        for words in [
            &["--help"][..],
            &["sign", "--help"],
            &["ca", "show", CA],
            &["verify", DIR],
            &["transcript", "show", DIR],
            &[HOSTILE],
        ] {
            let mut command = bench.command(words);
            command.env("COLUMNS", columns);
            judge(&support::run(command), words);
        }
    }
}
