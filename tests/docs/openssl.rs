//! What the README says of openssl on genuine chains is what openssl says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::blocks::blocks;
use super::read;

fn genuine(file: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    std::env::var_os("HSMBOOT_VECTORS")
        .map_or_else(beside, PathBuf::from)
        .join(file)
}

/// `openssl verify` of the HSM certificate under one side's chain, as the AWS guide has it: the
/// lines that begin with `error`.
fn outcome(hardware: &str, root: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let chain = dir.path().join("chain.crt");
    let certificate = |name: &str| genuine(&format!("hardware-1/cluster-hardwareone_{name}.crt"));
    let text = [
        fs::read(certificate(hardware)).unwrap(),
        fs::read(genuine(&format!("roots/{root}"))).unwrap(),
    ]
    .concat();
    fs::write(&chain, text).unwrap();
    let output = Command::new("openssl")
        .arg("verify")
        .arg("-CAfile")
        .arg(&chain)
        .arg(certificate("HsmCertificate"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.lines()
        .filter(|line| line.starts_with("error") && !line.contains(".crt"))
        .map(str::to_owned)
        .collect()
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_readme_quotes_openssl_on_a_genuine_chain() {
    let version = Command::new("openssl")
        .arg("version")
        .output()
        .unwrap()
        .stdout;
    let version = String::from_utf8_lossy(&version).into_owned();
    let quote = blocks(&read("README.md"))
        .into_iter()
        .find(|block| block.text.contains("openssl verify"))
        .unwrap()
        .text;
    let quoted: Vec<&str> = quote
        .lines()
        .filter(|line| line.starts_with("error") && !line.contains(".crt"))
        .collect();
    let found = [
        outcome("AwsHardwareCertificate", "owner-root.crt"),
        outcome(
            "ManufacturerHardwareCertificate",
            "manufacturer-root-2015.crt",
        ),
    ]
    .concat();
    // The numbers and texts are those of 3.0; other versions word some of them differently, and
    // reject all the same.
    if version.starts_with("OpenSSL 3.0.") {
        assert_eq!(quoted, found, "{version}");
    }
}
