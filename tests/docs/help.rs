//! Help: `-h` is a glance, `--help` is grouped, and examples can be pasted.

use std::process::{Command, Stdio};

use super::commands::under;

fn program() -> clap::Command {
    let mut program = hsmboot::cli::command();
    program.build();
    program
}

fn name_of(command: &clap::Command) -> String {
    command.get_bin_name().unwrap_or_default().to_owned()
}

fn glance(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(words)
        .arg("-h")
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().count();
    assert!(lines <= 30, "{words:?} -h has {lines} lines:\n{text}");
    text
}

#[test]
fn a_glance_fits_a_screen_and_shows_five_options() {
    for command in under(&program()) {
        let name = name_of(&command);
        let text = glance(&name.split(' ').skip(1).collect::<Vec<_>>());
        let options = text
            .lines()
            .filter(|line| line.starts_with("  -") || line.starts_with("      --"))
            .filter(|line| !line.starts_with("  -h"))
            .count();
        // The second line of an example may begin like an option.
        let example = text.split("\nExample:\n").nth(1).unwrap_or_default();
        let folded = example.matches("\n      --").count();
        let options = options - folded;
        assert!(options <= 5, "`{name} -h` has {options} options:\n{text}");
        assert!(text.contains(&format!("{name} --help")), "{text}");
        assert!(text.contains("\nExample:\n"), "{text}");
    }
    let text = glance(&[]);
    assert!(
        text.contains("All commands and exit codes: hsmboot --help"),
        "{text}"
    );
}

/// The heading under which an option stands in the long help.
fn heading(command: &clap::Command, long: &str) -> Option<String> {
    let arg = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(long))?;
    Some(arg.get_help_heading().unwrap_or("Options").to_owned())
}

#[test]
fn an_option_stands_under_what_it_is_about() {
    let program = program();
    let of = |command: &str, long: &str| {
        let command = command
            .split(' ')
            .try_fold(&program, |command, name| command.find_subcommand(name));
        heading(command.unwrap(), long).unwrap_or_else(|| panic!("no --{long}"))
    };
    assert_eq!(of("sign", "expect"), "What the other side reads out");
    assert_eq!(of("sign", "force"), "Options");
    assert_eq!(of("sign", "seal"), "Transcript");
    assert_eq!(of("sign", "days"), "Your CA");
    assert_eq!(of("submit", "timeout"), "Waiting");
    assert_eq!(of("bootstrap", "yes"), "Options");
    assert_eq!(of("verify", "at"), "Verification");
    assert_eq!(of("import", "ca"), "Your CA");
    for command in under(&program) {
        for long in command.get_arguments().filter_map(clap::Arg::get_long) {
            let heading = heading(&command, long).unwrap();
            assert_eq!(
                heading.starts_with("Passphrase"),
                long.contains("passphrase") && !long.starts_with("issuer"),
                "`{}` --{long} is under {heading}",
                name_of(&command)
            );
        }
    }
}

/// The examples of a command's help: each with its continued lines, without what a shell does with
/// the result.
fn examples(command: &clap::Command) -> Vec<String> {
    let text = command
        .clone()
        .term_width(80)
        .render_long_help()
        .to_string();
    let mut examples: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        if goes_on {
            let last = examples.last_mut().unwrap();
            last.push('\n');
            last.push_str(line);
        } else if line.starts_with("  hsmboot ") {
            examples.push(line.to_owned());
        } else {
            continue;
        }
        goes_on = line.ends_with('\\');
        assert!(line.chars().count() <= 80, "too long to be pasted: {line}");
    }
    let first = |text: &String| {
        let end = [" | ", " > "]
            .iter()
            .filter_map(|word| text.find(word))
            .min();
        text[..end.unwrap_or(text.len())].to_owned()
    };
    examples.iter().map(first).collect()
}

/// The words that a shell makes of an example.
fn words(example: &str) -> Vec<String> {
    let script = format!("hsmboot() {{ printf '%s\\0' hsmboot \"$@\"; }}\n{example}\n");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(super::root().join("tests/docs"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() || errors.contains("policy.json"),
        "{example}: {errors}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn every_example_is_a_command_line_that_a_shell_and_the_program_take() {
    let mut count = 0;
    for command in under(&program()) {
        for example in examples(&command) {
            let words = words(&example);
            if example.contains(" < ") {
                continue;
            }
            let parsed = hsmboot::cli::command().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{example}\n{}", parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 60, "{count} examples");
}
