//! A terminal's screen is read, answered, and compared with the page's.

use std::process::Child;

use super::*;

const PASSPHRASE: &str = "a passphrase for the rehearsal";

/// A shell in `dir` on a terminal of its own.
pub(super) fn terminal(dir: &Path, path: &Path, script: &str) -> Child {
    let before = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";
    fs::write(dir.join("runbook.sh"), format!("{before}{script}")).unwrap();
    let mut command = super::super::terminal::terminal("exec bash runbook.sh");
    command
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .env("SHELL", "/bin/sh")
        .env("NO_COLOR", "1")
        .env("TERM", "dumb");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.env(
        "PATH",
        format!("{}:{}", path.display(), std::env::var("PATH").unwrap()),
    );
    command.spawn().unwrap()
}

/// The thirty digits of every fingerprint of this that the screen has shown, in order.
fn fingerprints(screen: &str, what: &str) -> Vec<String> {
    let lines = screen.lines().filter_map(|line| {
        line.trim_start()
            .strip_prefix(&format!("fingerprint of the {what} "))
    });
    lines
        .map(|rest| rest.trim().chars().take(35).collect::<String>())
        .filter(|text| text.bytes().filter(u8::is_ascii_digit).count() == 30)
        .collect()
}

/// The code that the screen has shown last on a line that begins like this.
fn code(screen: &str, start: &str) -> Option<String> {
    let begins = |line: &&str| line.trim_start().starts_with(start);
    let line = screen.lines().rev().find(begins)?;
    let digits: Vec<&str> = line.split_whitespace().collect();
    Some(digits[digits.len().checked_sub(6)?..].join(" "))
}

/// What the person at the keyboard types at a prompt: of the request's fingerprints the one that
/// was written down first, of the response's the last.
fn answer(screen: &str) -> Option<String> {
    let prompt = screen.rsplit('\n').next().unwrap_or_default();
    if !prompt.ends_with(": ") {
        return None;
    }
    if prompt == "the same again: " || prompt.contains("passphrase for ") {
        return Some(PASSPHRASE.to_owned());
    }
    if prompt.starts_with("type yes to ") {
        return Some("yes".to_owned());
    }
    if prompt.contains("PIN of token ") {
        return Some(PIN.to_owned());
    }
    if prompt == "code of the sealed line, from the paper: " {
        return code(screen, "code of the sealed line, step ");
    }
    if prompt == "code of the CA, from the paper: " {
        return code(screen, "code  ");
    }
    let written_down = |what: &str| {
        prompt
            .contains(&format!("fingerprint of the {what}, as "))
            .then(|| fingerprints(screen, what))
    };
    let request = written_down("request").map(|all| all.first().cloned());
    request
        .or_else(|| written_down("response").map(|all| all.last().cloned()))
        .flatten()
}

/// Plays it to its end; what stood on the screen.
pub(super) fn play(mut child: Child, page: &str) -> String {
    let (mut keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut screen, mut byte) = (String::new(), [0; 1]);
    while output.read(&mut byte).unwrap() == 1 {
        screen.push(char::from(byte[0]));
        if let Some(answer) = answer(&screen) {
            keys.write_all(format!("{answer}\n").as_bytes()).unwrap();
            keys.flush().unwrap();
        }
    }
    let status = child.wait().unwrap();
    let screen = tidy(&screen);
    assert!(status.success(), "{page}: {status}\n{screen}");
    screen
}

/// The screen as lines: what a spinner drew over is gone.
fn tidy(screen: &str) -> String {
    // Bytes were taken for characters one by one.
    let bytes: Vec<u8> = screen
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?')
            .get(1..)
            .unwrap_or_default();
    }
    plain.push_str(rest);
    plain
        .lines()
        .map(|line| line.rsplit('\r').next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}
