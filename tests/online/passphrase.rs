//! `--passphrase-command`: it has so much time, and whatever ends the claim ends it too.

use super::processes::{are_gone, until};
use super::*;

/// A claim whose CA key is encrypted, and whose passphrase command does not end. It starts another
/// process, and writes down both.
fn claim(stage: &Stage, more: &[&str]) -> Command {
    let mut command = claim_by(stage, "sleep 100 & echo $$ $! > pids; wait");
    command.args(more);
    command
}

/// A claim whose CA key is encrypted, with this passphrase command.
fn claim_by(stage: &Stage, line: &str) -> Command {
    fs::write(stage.path("pass"), "a long passphrase\n").unwrap();
    run(&mut stage.hsmboot(&[
        "ca",
        "init",
        "--out",
        "locked",
        "--key-type",
        "p256",
        "--passphrase-file",
        "pass",
        "--subject",
        "CN=a CA",
    ]))
    .ends(0, "made a CA");
    let mut command = stage.trusting(&["bootstrap", "--cluster-id", &stage.id]);
    command
        .args([
            "--ca",
            "locked/customerCA.crt",
            "--ca-key",
            "locked/customerCA.key",
        ])
        .args(["--passphrase-command", line])
        .args(["--output", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The processes that the passphrase command wrote down, once it has.
fn started(stage: &Stage) -> Vec<String> {
    let read = || fs::read_to_string(stage.path("pids")).unwrap_or_default();
    until(|| read().ends_with('\n'));
    read().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_passphrase_command_that_does_not_end_is_ended_with_all_it_started() {
    let stage = Stage::new();
    let done: Done = claim(&stage, &["--timeout", "8s"]).output().unwrap().into();
    let error = &done.ends(7, "").json()["error"];
    assert_eq!(
        (&error["kind"], &error["retry"]),
        (&"not-finished".into(), &"same-command".into()),
        "{error:#}"
    );
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("the passphrase command"),
        "{error:#}"
    );
    are_gone(&started(&stage));
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

/// A command has the signals that end it, and so has all that it starts.
#[test]
fn nothing_keeps_a_signal_from_a_passphrase_command() {
    let stage = Stage::new();
    let line = "grep SigBlk /proc/self/status | cat >blocked; echo 'a long passphrase'";
    run(&mut claim_by(&stage, line)).ends(0, "claimed");
    let blocked = fs::read_to_string(stage.path("blocked")).unwrap();
    assert_eq!(blocked.trim(), "SigBlk:\t0000000000000000");
}

#[test]
fn a_signal_ends_the_passphrase_command_as_well() {
    let stage = Stage::new();
    let child = claim(&stage, &[]).spawn().unwrap();
    let started = started(&stage);
    let id = child.id().to_string();
    run(Command::new("kill").args(["-TERM", &id])).ends(0, "");
    let done: Done = child.wait_with_output().unwrap().into();
    assert_eq!(done.ends(143, "").json()["error"]["kind"], "interrupted");
    are_gone(&started);
}
