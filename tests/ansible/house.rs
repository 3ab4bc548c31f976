//! What Ansible's own tools say of the collection.

use std::process::Command;

use super::done::Done;
use super::play::project;

pub(super) fn ansible_lint_finds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("ansible_collections/hsmboot");
    std::fs::create_dir_all(&parent).unwrap();
    let here = parent.join("cloudhsm");
    let copied = Command::new("cp")
        .arg("-R")
        .arg(project("packaging/ansible"))
        .arg(&here)
        .status();
    assert!(copied.unwrap().success());
    let mut lint = Command::new("ansible-lint");
    lint.args(["--offline", "--strict", "--profile", "production"])
        .current_dir(&here)
        .env("NO_COLOR", "1")
        .env("ANSIBLE_HOME", dir.path().join("home"))
        .env("ANSIBLE_COLLECTIONS_PATH", dir.path());
    Done::from(lint.output().unwrap()).ends(0, "Passed: 0 failure(s), 0 warning(s)");
}

pub(super) fn ansible_test_sanity_finds_nothing() {
    let mut script = Command::new(project("tests/ansible/sanity"));
    Done::from(script.output().unwrap()).ends(0, "validate-modules");
}
