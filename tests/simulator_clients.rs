//! Other people's clients on the simulator: boto3, the aws CLI, and the AWS SDK for JavaScript,
//! each with openssl as the owner's CA. Whole claims, and every action of the API.
//!
//! `python3` with boto3 (PyPI: boto3), `aws` (PyPI: awscli), `node` and `openssl` are taken from
//! PATH, node's packages from NODE_PATH or beside their script. Where one is missing the test fails
//! and says so: a client that was not tried has not passed.

#![cfg(feature = "simulator")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[cfg(feature = "online")]
#[path = "clients/query.rs"]
mod query;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// `hsmboot simulate`, as its users start it. It ends with the test.
struct Simulate {
    child: Child,
    url: String,
}

impl Simulate {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("the first line is {line:?}"))
            .to_owned();
        Self { child, url }
    }
}

impl Drop for Simulate {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        self.child.kill().unwrap_or_default();
        self.child.wait().unwrap();
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

/// The output of a program that must be there; `hint` says how to get it.
fn needs(program: &str, arguments: &[&str], hint: &str) {
    let found = Command::new(program).args(arguments).output();
    let works = found.as_ref().is_ok_and(|output| output.status.success());
    assert!(
        works,
        "this test needs `{program} {}` to work: {hint}",
        arguments.join(" ")
    );
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
    command
        .args(arguments)
        .current_dir(directory.path())
        .env("HOME", directory.path())
        .output()
        .unwrap()
}

fn passes(output: &Output) {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
}

#[test]
fn a_whole_claim_with_boto3_alone() {
    needs("python3", &["-c", "import boto3"], "pip install boto3");
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulate::start(&[]);
    let script = script("claim_boto3.py");
    passes(&run("python3", &[script.to_str().unwrap(), &simulator.url]));
}

#[test]
fn a_whole_claim_with_boto3_in_either_protocol() {
    needs("python3", &["-c", "import boto3"], "pip install boto3");
    needs("openssl", &["version"], "install openssl");
    let script = script("claim_boto3.py");
    for protocol in ["json", "cbor"] {
        let simulator = Simulate::start(&["--instant"]);
        passes(&run(
            "python3",
            &[script.to_str().unwrap(), &simulator.url, protocol],
        ));
    }
}

#[test]
fn boto3_signs_and_is_believed_or_not() {
    use std::os::unix::fs::PermissionsExt as _;
    needs("python3", &["-c", "import boto3"], "pip install boto3");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("credentials");
    let lines = "# lasting\nAKIDLASTING s3cr3t/+=\nAKIDOTHER other 000000000002\nASIASESSION \
                 passing token-of-the-session\n";
    std::fs::write(&file, lines).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let simulator = Simulate::start(&["--require-sigv4", "--credentials", file.to_str().unwrap()]);
    let script = script("signed_boto3.py");
    passes(&run("python3", &[script.to_str().unwrap(), &simulator.url]));
}

/// What `hsmboot simulate` says and ends with when it cannot start.
fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        command.env_remove(name);
    }
    let output = command.arg("simulate").args(arguments).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn credentials_that_are_not_there_or_malformed_are_refused_unquoted() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("somebody's $HOME credentials");
    std::fs::write(&file, "AKID hidden token nonsense\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, errors) = refusal(&["--require-sigv4", "--credentials", file.to_str().unwrap()]);
    assert_eq!(code, Some(4), "{errors}");
    assert!(
        errors.contains("line 1")
            && errors.contains("open to others")
            && !errors.contains("hidden"),
        "{errors}"
    );
    // What closes it does so to the letter.
    passes(&run("sh", &["-ec", errors.split('`').nth(1).unwrap()]));
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let (code, errors) = refusal(&["--require-sigv4"]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("AWS_ACCESS_KEY_ID"), "{errors}");
    assert_eq!(
        refusal(&["--credentials", file.to_str().unwrap()]).0,
        Some(2),
        "--credentials alone would check nothing"
    );
}

#[test]
fn a_fault_that_there_is_not_is_refused_by_its_name() {
    for fault in [
        "gremlins",
        "throttling:Nonsense",
        "throttling:0%",
        "delay=soon",
    ] {
        let (code, errors) = refusal(&["--fault", fault]);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains("--fault"), "{errors}");
    }
    assert_eq!(refusal(&["--rate", "0"]).0, Some(2));
}

#[test]
fn a_whole_claim_with_the_aws_cli_and_openssl_alone() {
    needs("aws", &["--version"], "pip install awscli");
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulate::start(&[]);
    let script = script("claim_awscli.sh");
    passes(&run("sh", &[script.to_str().unwrap(), &simulator.url]));
}

#[test]
fn boto3_meets_every_constraint_and_every_action_works() {
    needs("python3", &["-c", "import boto3"], "pip install boto3");
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulate::start(&[]);
    let script = script("every_action_boto3.py");
    passes(&run("python3", &[script.to_str().unwrap(), &simulator.url]));
}

#[test]
fn every_action_works_from_the_aws_cli() {
    needs("aws", &["--version"], "pip install awscli");
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulate::start(&[]);
    let script = script("every_action_awscli.sh");
    passes(&run("sh", &[script.to_str().unwrap(), &simulator.url]));
}

#[test]
fn a_whole_life_with_the_javascript_sdk() {
    let script = script("js/lifecycle.mjs");
    let script = script.to_str().unwrap();
    let found =
        format!("require('module').createRequire('{script}')('@aws-sdk/client-cloudhsm-v2')");
    needs(
        "node",
        &["-e", &found],
        "install node, and run npm ci in tests/clients/js (or set NODE_PATH)",
    );
    needs("openssl", &["version"], "install openssl");
    let simulator = Simulate::start(&[]);
    passes(&run("node", &[script, &simulator.url]));
}

#[test]
fn the_roots_are_there_when_the_first_line_is() {
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("new/roots");
    let simulator = Simulate::start(&["--instant", "--roots", roots.to_str().unwrap()]);
    for name in [
        "aws-root.crt",
        "manufacturer-root.crt",
        "aws-us-gov-root.crt",
        "manufacturer-root-ls1.crt",
    ] {
        let text = std::fs::read_to_string(roots.join(name)).unwrap();
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"), "{name}");
    }
    drop(simulator);
    // What it did not write stays, and so does what a link leads to.
    std::fs::write(roots.join("aws-root.crt"), "of somebody").unwrap();
    let simulate = [
        "simulate",
        "--listen",
        "127.0.0.1:0",
        "--instant",
        "--roots",
        roots.to_str().unwrap(),
        "--output",
        "json",
    ];
    let refused = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(simulate)
        .output()
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(
        (refused.status.code(), document["error"]["kind"].as_str()),
        (Some(8), Some("file-exists")),
        "{document:#}"
    );
    assert_eq!(
        std::fs::read_to_string(roots.join("aws-root.crt")).unwrap(),
        "of somebody"
    );
}

#[test]
fn an_address_that_cannot_be_listened_on_ends_with_1() {
    let first = Simulate::start(&[]);
    let address = first.url.trim_start_matches("http://");
    let second = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(["simulate", "--listen", address])
        .output()
        .unwrap();
    let errors = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(
        errors.contains(&format!("cannot listen on {address}")) && errors.contains("hint:"),
        "{errors}"
    );
    let slow = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
        .args(["simulate", "--speed", "0"])
        .output()
        .unwrap();
    assert_eq!(slow.status.code(), Some(2));
}

/// The benches have a client of their own, which nothing else runs.
#[test]
fn the_client_of_the_benches_makes_what_the_service_of_today_makes() {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/simulator/harness.py");
    let output = Command::new("python3")
        .arg(harness)
        .args(["memory", env!("CARGO_BIN_EXE_hsmboot"), "3", "1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(
        said.starts_with("3 clusters, 1 of them with an ACTIVE HSM: "),
        "{said}"
    );
}
