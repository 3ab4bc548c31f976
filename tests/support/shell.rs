//! A shell that runs what a page or a test has as a command line.

use std::path::Path;
use std::process::Command;

pub(crate) fn shell(dir: &Path, command: &str) {
    let output = Command::new("sh")
        .args(["-ec", command])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
