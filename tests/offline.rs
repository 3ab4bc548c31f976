//! What the offline machine needs does its work without a network: in a network namespace that has
//! none, and, by strace, without one call that has to do with sockets.
//!
//! `unshare` (which needs root, or a kernel that lets users make namespaces) and `strace` are taken
//! from PATH. Where they cannot be used these tests show as ignored, never as passed; where
//! `HSMBOOT_STRACE` is set, as `tests/run` does, they must work. `HSMBOOT_BINARY` names another
//! build of the program to look at, a static one for instance.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::Arguments;
use support::trial::trial;
use support::{Bench, CLUSTER, TRUST};

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_STRACE").is_none() && !can_look();
    let trial = |name: &str, test: fn()| trial(name, test, absent);
    let trials = vec![
        trial(
            "the_way_from_a_bundle_to_a_report_makes_no_socket",
            the_way_from_a_bundle_to_a_report_makes_no_socket,
        ),
        trial("a_socket_would_be_seen", a_socket_would_be_seen),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn can_look() -> bool {
    let dir = tempfile::tempdir().unwrap();
    looking_at(dir.path(), "true", &[])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn binary() -> PathBuf {
    std::env::var_os("HSMBOOT_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_hsmboot")),
        PathBuf::from,
    )
}

/// Runs a program without a network and without any variable but PATH; what it did, and the calls
/// to do with sockets that it made.
fn looked_at(dir: &Path, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> (Output, String) {
    let output = looking_at(dir, program, words).output().unwrap();
    let calls = fs::read_to_string(dir.join("trace.txt"));
    let calls = calls.unwrap_or_else(|cause| {
        panic!(
            "no trace: {cause}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (output, calls)
}

fn looking_at(dir: &Path, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Command {
    let trace = dir.join("trace.txt");
    let mut command = Command::new("unshare");
    command.arg(if rustix::process::geteuid().is_root() {
        "-n"
    } else {
        "-rn"
    });
    command
        .args([
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=%network",
            "-e",
            "signal=none",
            "-o",
        ])
        .arg(&trace)
        .arg(program)
        .args(words);
    command
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    command
}

fn the_way_from_a_bundle_to_a_report_makes_no_socket() {
    let bench = Bench::new();
    bench.write("pass", "correct horse battery\n");
    let secret = ["--passphrase-file", "pass"];
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    let signed = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
    let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    let way: [Vec<&str>; 7] = [
        [
            &[
                "ca",
                "init",
                "--out",
                "ca",
                "--subject",
                "CN=Offline",
                "--key-type",
                "p256",
            ][..],
            &secret,
        ]
        .concat(),
        vec!["ca", "show", "ca/customerCA.crt"],
        [&["verify", "bundle"][..], &TRUST].concat(),
        [&["sign", "bundle", "--seal"][..], &ca, &secret, &TRUST].concat(),
        vec![
            "check",
            "--csr",
            &csr,
            "--signed-cert",
            &signed,
            "--trust-anchor",
            "bundle/customerCA.crt",
        ],
        vec![
            "transcript",
            "verify",
            "bundle",
            "--ca",
            "ca/customerCA.crt",
        ],
        [&["report", "bundle", "-o", "report.html"][..], &TRUST].concat(),
    ];
    for words in way {
        let (output, calls) = looked_at(&bench.path(""), binary(), &words);
        assert!(
            output.status.success(),
            "{words:?}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(calls, "", "{words:?}");
    }
    assert!(bench.path("report.html").is_file());
}

/// Otherwise the other test would show nothing.
fn a_socket_would_be_seen() {
    let dir = tempfile::tempdir().unwrap();
    let (output, calls) = looked_at(dir.path(), "bash", &["-c", "echo > /dev/tcp/127.0.0.1/9"]);
    assert!(calls.contains("socket("), "{calls}");
    assert!(!output.status.success(), "nothing can be reached");
}
