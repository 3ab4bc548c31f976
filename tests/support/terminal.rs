//! A terminal: util-linux's `script` gives one.

#![allow(unreachable_pub, reason = "tests")]

use std::process::{Command, Stdio};

/// The seconds after which a command on a terminal hangs: far more than any takes.
const HANGS: &str = "600";

/// Returns a shell command on a terminal, with keyboard and screen as pipes. It ends with the
/// command's code. If it hangs, the screen ends too.
pub fn terminal(command: &str) -> Command {
    let mut terminal = Command::new("timeout");
    terminal
        .args([
            "--kill-after=5",
            HANGS,
            "script",
            "-qec",
            command,
            "/dev/null",
        ])
        .env("SHELL", "/bin/sh");
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
    terminal
}
