//! What the CA returned is what is submitted: an ECDSA signature can be rewritten by anybody, and
//! is then as good, but another certificate.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod simulator;
#[allow(unreachable_pub)]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::negated;

fn run(dir: &Path, words: &[&str], code: i32) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("hsmboot"));
    command
        .args(words)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    command.envs([
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("NO_COLOR", "1"),
        ("AWS_REGION", "us-east-1"),
    ]);
    command.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    assert_eq!(output.status.code(), Some(code), "{words:?}\n{said}");
    said
}

#[test]
fn a_rewritten_certificate_is_submitted_by_no_command() {
    let service = simulator::instant();
    let (id, _) = simulator::ready_cluster(&service);
    let dir = tempfile::tempdir().unwrap();
    let url = service.url();
    service.write_roots(&dir.path().join("roots")).unwrap();
    let trust = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    let (ca, online) = (
        ["--ca", "ca/customerCA.crt"],
        ["--endpoint-url", url.as_str()],
    );
    let key = ["--ca-key", "ca/customerCA.key"];
    let go = |words: &[&[&str]], code| run(dir.path(), &words.concat(), code);
    go(
        &[&[
            "ca",
            "init",
            "--out",
            "ca",
            "--key-type",
            "p256",
            "--no-passphrase",
            "--subject",
            "CN=ca",
        ]],
        0,
    );
    go(&[&["fetch", "--cluster-id", &id], &online], 0);
    go(&[&["sign", &id], &ca, &key, &trust], 0);

    let signed = dir
        .path()
        .join(&id)
        .join(format!("{id}_CustomerHsmCertificate.crt"));
    let kept = fs::read(&signed).unwrap();
    fs::write(&signed, negated(&kept)).unwrap();
    let submit: [&[&str]; 4] = [&["submit", &id], &ca, &trust, &online];
    let bootstrap: [&[&str]; 5] = [
        &["bootstrap", "--cluster-id", &id],
        &ca,
        &key,
        &trust,
        &online,
    ];
    let response = dir.path().join(&id).join("response.json");
    let record = fs::read_to_string(&response).unwrap();
    let digest = |bytes: &[u8]| hsmboot::x509::to_hex(&hsmboot::x509::sha256(bytes));
    let adapted = record.replace(&digest(&kept), &digest(&fs::read(&signed).unwrap()));
    // With response.json as it was, made to fit, and removed.
    for change in [Some(&record), Some(&adapted), None] {
        match change {
            Some(text) => fs::write(&response, text).unwrap(),
            None => fs::remove_file(&response).unwrap(),
        }
        let said = go(&submit, 4);
        assert!(
            said.contains("_CustomerHsmCertificate.crt is not the file that was"),
            "{said}"
        );
        let said = go(&bootstrap, 8);
        assert!(said.contains("does not fit"), "{said}");
    }
    assert_eq!(
        service.call_counts().get("InitializeCluster"),
        None,
        "something was sent"
    );
    // And with the certificate that the CA returned all is well.
    fs::write(&signed, &kept).unwrap();
    go(&submit, 0);
}
