//! Programs that a test needs and that may be missing.

use std::process::Command;

pub(crate) fn there(tool: &str) -> bool {
    Command::new(tool)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}
