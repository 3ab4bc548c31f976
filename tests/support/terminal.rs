//! A terminal: util-linux's `script` gives one.

#![allow(unreachable_pub, reason = "tests")]

use std::process::{Command, Stdio};

/// Far more seconds than anything on a terminal takes: what is still there then hangs.
const HANGS: &str = "600";

/// A shell's command on a terminal, with keyboard and screen as pipes; it ends with the command's
/// code. Where it hangs, the screen ends too.
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
