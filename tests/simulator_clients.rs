//! Whole claims on the simulator by other people's clients: boto3, and the aws CLI with openssl.
//!
//! `python3` with boto3 (PyPI: boto3), `aws` (PyPI: awscli) and `openssl` are taken from PATH. Where one is missing the
//! test fails and says so: a client that was not tried has not passed.

#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hsmboot::simulator::{Options, Simulator};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// The output of a program that must be there; `hint` says how to get it.
fn needs(program: &str, arguments: &[&str], hint: &str) {
    let found = Command::new(program).args(arguments).output();
    let works = found.as_ref().is_ok_and(|output| output.status.success());
    assert!(works, "this test needs `{program} {}` to work: {hint}", arguments.join(" "));
}

/// Runs a client in a directory of its own, without any proxy or AWS setting of the machine's.
fn run(program: &str, arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("AWS_") || text.ends_with("_PROXY") {
            command.env_remove(&name);
        }
    }
    command.args(arguments).current_dir(directory.path()).env("HOME", directory.path()).output().unwrap()
}

fn passes(output: &Output) {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn a_whole_claim_with_boto3_alone() {
    needs("python3", &["-c", "import boto3"], "pip install boto3");
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulator::spawn(Options::default()).unwrap();
    let script = script("claim_boto3.py");
    passes(&run("python3", &[script.to_str().unwrap(), &simulator.url()]));
    assert_eq!(simulator.calls().get("InitializeCluster"), Some(&3));
}

#[test]
fn a_whole_claim_with_the_aws_cli_and_openssl_alone() {
    needs("aws", &["--version"], "pip install awscli");
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulator::spawn(Options::default()).unwrap();
    let script = script("claim_awscli.sh");
    passes(&run("sh", &[script.to_str().unwrap(), &simulator.url()]));
    assert_eq!(simulator.calls().get("InitializeCluster"), Some(&2));
}
