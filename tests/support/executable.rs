//! Scripts that tests run.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "tests")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes an executable script. Another program writes it: every program that another test starts
/// at that moment inherits the files that this process has open, and a file that is open for
/// writing cannot be run (execve(2), ETXTBSY).
pub fn executable(path: &Path, text: &str) {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let status = child.wait().unwrap();
    assert!(status.success(), "{}: {status}", path.display());
}
