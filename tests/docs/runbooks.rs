//! The runbooks are played as they are written, on a real terminal, by somebody who answers what the program asks.
//!
//! docs/runbooks/air-gapped.md (`sh aws`) meets a simulator that has the cluster it names; only the cluster's id, the mount points and the simulator's roots
//! are put in. docs/runbooks/ceremony-rehearsal.md (`sh`) brings its own simulator.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hsmboot::simulator::{Options, Simulator};

use super::blocks::{Block, blocks};
use super::read;
use super::run::{BINARY, CLUSTER, claimed, cluster, expected_in, wrapper};

const PASSPHRASE: &str = "a passphrase for the rehearsal";
/// Far more than a runbook takes.
const HANGS: &str = "120";

/// A shell in `dir` on a terminal of its own (util-linux's `script` gives one).
fn terminal(dir: &Path, path: &Path, script: &str) -> Child {
    let before = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";
    fs::write(dir.join("runbook.sh"), format!("{before}{script}")).unwrap();
    let mut command = Command::new("timeout");
    command.args(["-k", "5", HANGS, "script", "-qec", "exec bash runbook.sh", "/dev/null"]);
    command.current_dir(dir).env_clear().env("HOME", dir).env("SHELL", "/bin/sh").env("NO_COLOR", "1").env("TERM", "dumb");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any");
    command.env("PATH", format!("{}:{}", path.display(), std::env::var("PATH").unwrap()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| panic!("this test needs the program script: {error}"))
}

/// The thirty digits of every fingerprint of this that the screen has shown, in order.
fn fingerprints(screen: &str, what: &str) -> Vec<String> {
    let lines = screen.lines().filter_map(|line| line.trim_start().strip_prefix(&format!("fingerprint of the {what} ")));
    lines.map(|rest| rest.trim().chars().take(35).collect::<String>()).filter(|text| text.bytes().filter(u8::is_ascii_digit).count() == 30).collect()
}

/// What the person at the keyboard types at a prompt: of the request's fingerprints the one that was written down first, of the response's the last.
fn answer(screen: &str) -> Option<String> {
    let prompt = screen.rsplit('\n').next().unwrap_or_default();
    if prompt == "the same again: " || (prompt.contains("passphrase for ") && prompt.ends_with(": ")) {
        return Some(PASSPHRASE.to_owned());
    }
    let written_down = |what: &str| prompt.contains(&format!("fingerprint of the {what}, as ")).then(|| fingerprints(screen, what));
    if !prompt.ends_with("(or skip): ") {
        return None;
    }
    let request = written_down("request").map(|all| all.first().cloned());
    request.or_else(|| written_down("response").map(|all| all.last().cloned())).flatten()
}

/// Plays it to its end; what stood on the screen.
fn play(mut child: Child, page: &str) -> String {
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
    let bytes: Vec<u8> = screen.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?').get(1..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain.lines().map(|line| line.rsplit('\r').next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn runbook(page: &str, language: &str, path: &Path, dir: &Path, change: impl Fn(&str) -> String, environment: &[(&str, &str)]) {
    let all: Vec<Block> = blocks(&read(page)).into_iter().map(|block| Block { text: change(&block.text), ..block }).collect();
    let mut script: String = environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    for block in all.iter().filter(|block| block.language == language) {
        script.push_str(&format!("printf '\\036{}\\n'\n{}", block.line, block.text));
    }
    let screen = play(terminal(dir, path, &script), page);
    expected_in(page, &all, language, &screen);
}

#[test]
fn the_air_gapped_runbook_is_played_as_written() {
    let dir = tempfile::tempdir().unwrap();
    let simulator = Simulator::spawn(Options::default()).unwrap();
    let id = cluster(&simulator);
    simulator.write_roots(&dir.path().join("roots")).unwrap();
    let path = wrapper(dir.path(), "");
    let media = dir.path().join("media");
    for name in ["usb", "second"] {
        fs::create_dir_all(media.join(name)).unwrap();
    }
    let change = |text: &str| text.replace(CLUSTER, &id).replace("/media/", &format!("{}/", media.display()));
    runbook(
        "docs/runbooks/air-gapped.md",
        "sh aws",
        &path,
        dir.path(),
        change,
        &[("AWS_ENDPOINT_URL", &simulator.url()), ("AWS_REGION", "us-east-1")],
    );
    claimed(&simulator, "docs/runbooks/air-gapped.md");
    assert!(dir.path().join(format!("{id}.html")).is_file());
}

#[test]
fn the_ceremony_is_rehearsed_as_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = Path::new(BINARY).parent().unwrap();
    runbook("docs/runbooks/ceremony-rehearsal.md", "sh", path, dir.path(), str::to_owned, &[]);
    assert!(dir.path().join("online/report.html").is_file());
}
