//! A command that asks stands last in its block.
//!
//! Whoever pastes a whole block has given all of it to the terminal. A command that asks there then
//! takes the lines below it for answers, or has them thrown away. Lines that `&&` or `\` joins are
//! one: a shell reads all of it before it runs any.

use super::blocks::blocks;
use super::{pages, read};

/// The other programs of the pages that ask at a terminal, or are at home there: the word that runs
/// them, and an option without which they do not.
const OTHERS: [(&str, Option<&str>); 5] = [
    ("sudo", None),
    ("step", None),
    ("ansible-playbook", Some("--ask-vault-pass")),
    ("${EDITOR:-vi}", None),
    ("/opt/cloudhsm/bin/cloudhsm-cli", None),
];

/// What `hsmboot` asks, by its options: whoever gives one of the second is not asked. A command
/// that does not have the first asks nothing of that kind.
const QUESTIONS: [(&str, &[&str]); 3] = [
    ("yes", &["--yes", "-y", "--dry-run", "--simulate"]),
    (
        "expect",
        &["--expect", "--expect-file", "--yes", "-y", "--dry-run"],
    ),
    (
        "passphrase-file",
        &[
            "--passphrase-file",
            "--passphrase-fd",
            "--passphrase-env",
            "--passphrase-command",
            "--no-passphrase",
            "--simulate",
            "--ca-arn",
        ],
    ),
];

/// The lines of a block as a shell takes them, each with all that it goes on with.
fn logical_lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ").replace("&&\n", "&& ");
    let lines = joined.lines().filter(|line| !line.trim().is_empty());
    lines.map(str::to_owned).collect()
}

/// The commands of a line, each as its words, without quotes and without what is set before it.
fn commands(line: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word, mut quote) = (Vec::new(), Vec::new(), String::new(), None);
    for c in line.chars().chain(['\n']) {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '|' | '&' | ';' | '(' | ')' | '\n' | ' ') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if c != ' ' && !words.is_empty() {
                    all.push(std::mem::take(&mut words));
                }
            }
            (_, c) => word.push(c),
        }
    }
    for words in &mut all {
        let sets = |word: &String| word.contains('=') && !word.starts_with('-');
        let before = |word: &String| ["!", "do", "then", "if", "until", "while"].contains(&&**word);
        let first = words.iter().position(|word| !sets(word) && !before(word));
        words.drain(..first.unwrap_or(words.len()));
    }
    all.retain(|words: &Vec<String>| !words.is_empty());
    all
}

/// Whether an `hsmboot` command may ask at the terminal.
fn program_asks(program: &clap::Command, words: &[String]) -> bool {
    let (mut command, mut path) = (program, Vec::new());
    for word in words.iter().skip(1) {
        let Some(sub) = command.find_subcommand(word) else {
            break;
        };
        command = sub;
        path.push(&**word);
    }
    let given = |option: &&str| {
        words.iter().any(|word| {
            word == option
                || word
                    .strip_prefix(option)
                    .is_some_and(|rest| rest.starts_with('='))
        })
    };
    let has = |name: &str| {
        command
            .get_arguments()
            .any(|argument| argument.get_long() == Some(name))
    };
    match *path {
        // A change of the type alone asks.
        ["cluster", "modify"] if !given(&"--hsm-type") => return false,
        // The codes come round and round, until a key ends it.
        ["qr", "show"] => return !["--png", "--svg", "-o", "--once"].iter().any(given),
        _ => {}
    }
    // A key in a KMS has no passphrase.
    let kms = words.iter().any(|word| word.starts_with("awskms:"));
    (has("compare") && given(&"--compare"))
        || QUESTIONS.iter().any(|(name, answers)| {
            has(name) && !answers.iter().any(given) && !(kms && *name == "passphrase-file")
        })
}

/// Whether a command may ask at the terminal.
fn asks(program: &clap::Command, words: &[String]) -> bool {
    let other = OTHERS.iter().find(|(name, _)| words[0] == *name);
    match other {
        Some((_, option)) => option.is_none_or(|option| words.iter().any(|word| word == option)),
        None => words[0] == "hsmboot" && program_asks(program, words),
    }
}

/// The lines of a block that ask, and are not its last.
fn before_others(program: &clap::Command, text: &str) -> Vec<String> {
    let mut lines = logical_lines(text);
    lines.pop();
    lines.retain(|line| commands(line).iter().any(|words| asks(program, words)));
    lines
}

fn program() -> clap::Command {
    let mut program = hsmboot::cli::command();
    program.build();
    program
}

#[test]
fn a_command_that_asks_is_the_last_of_its_block() {
    let program = program();
    let mut wrong = Vec::new();
    for page in pages() {
        for block in blocks(&read(page.to_str().unwrap())) {
            if block.language == "sh" || block.language.starts_with("sh ") {
                let found = before_others(&program, &block.text);
                wrong.extend(
                    found
                        .iter()
                        .map(|line| format!("{}:{}: {line}", page.display(), block.line)),
                );
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these ask, and lines follow them:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn what_asks_is_told_from_what_does_not() {
    let program = program();
    let holds = |line: &str| before_others(&program, &format!("{line}\ndate\n")).is_empty();
    for line in [
        "hsmboot ca init --out ca --subject CN=A",
        "hsmboot ca show ca.crt --compare",
        "hsmboot transcript verify DIR --ca ca.crt --compare",
        "hsmboot sign DIR --ca ca.crt --ca-key ca.key",
        "hsmboot sign DIR --ca ca.crt --ca-key ca.key --passphrase-file pw",
        "hsmboot sign DIR --ca ca.crt --ca-key ca.key --expect 0 < /dev/null",
        "hsmboot import DIR --ca ca.crt --signed-cert a.crt",
        "hsmboot submit DIR --ca ca.crt || echo \"exit code $?\"",
        "hsmboot submit DIR --expect 0",
        "hsmboot bootstrap --create --passphrase-file pw > /dev/null",
        "hsmboot bootstrap ID --yes",
        "hsmboot hsm delete --hsm-id hsm-a",
        "hsmboot cluster modify --hsm-type hsm2m.medium",
        "hsmboot qr show DIR",
        "ID=$(A=b hsmboot hsm delete --hsm-id hsm-a)",
        "sudo mount A B",
        "cd A && sudo mount A B",
    ] {
        assert!(!holds(line), "{line}");
    }
    for line in [
        "hsmboot ca init --out ca --subject CN=A --no-passphrase",
        "hsmboot ca init --out ca --subject CN=A --ca-key awskms:alias/ca",
        "hsmboot ca show ca.crt",
        "hsmboot sign DIR --ca ca.crt --ca-key ca.key --passphrase-file pw --expect=0",
        "hsmboot submit DIR --ca ca.crt --dry-run",
        "hsmboot submit DIR --ca ca.crt --yes",
        "hsmboot bootstrap --simulate",
        "hsmboot hsm delete --hsm-id hsm-a --yes",
        "hsmboot cluster modify --retention-days 379",
        "hsmboot qr show DIR --png codes",
        "echo 'hsmboot sign DIR'",
        "sudo mount A B &&",
    ] {
        assert!(holds(line), "{line}");
    }
}
