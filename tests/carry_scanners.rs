//! A second opinion on the codes: `zbarimg` reads what we draw, and we read what `qrencode` draws.
//!
//! Where a program is missing its tests show as ignored, never as passed; where `HSMBOOT_SCANNERS`
//! is set, as `tests/run` does, both must be there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "support/tool.rs"]
mod tool;
#[path = "support/trial.rs"]
mod trial;

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::Arguments;
use serde_json::Value;
use tool::there;
use trial::trial;

/// The CSR and certificates of a fixture in the genuine shape and size.
const FIXTURE: &str = "fixtures/verify/verified--never-expires";

const TESTS: [(&str, &str, fn()); 3] = [
    (
        "zbarimg",
        "zbarimg_reads_what_we_draw",
        zbarimg_reads_what_we_draw,
    ),
    (
        "zbarimg",
        "zbarimg_reads_a_sheet_with_all_codes",
        zbarimg_reads_a_sheet_with_all_codes,
    ),
    (
        "qrencode",
        "we_read_what_qrencode_draws",
        we_read_what_qrencode_draws,
    ),
];

fn main() -> ExitCode {
    let wanted = std::env::var_os("HSMBOOT_SCANNERS").is_some();
    let trial = |&(tool, name, test): &(&str, &str, fn())| {
        trial(
            name,
            test,
            !cfg!(feature = "qr") || !(wanted || there(tool)),
        )
    };
    libtest_mimic::run(&Arguments::from_args(), TESTS.iter().map(trial).collect()).exit_code()
}

fn run(dir: &Path, program: &str, words: &[&str]) -> String {
    let output = Command::new(program)
        .args(words)
        .current_dir(dir)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{program} {words:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn hsmboot(dir: &Path, words: &[&str]) -> String {
    run(dir, env!("CARGO_BIN_EXE_hsmboot"), words)
}

fn fixture() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(FIXTURE)
        .to_str()
        .unwrap()
        .to_owned()
}

/// What each code holds, by our own word.
fn texts(dir: &Path) -> Vec<String> {
    let shown: Value = serde_json::from_str(&hsmboot(
        dir,
        &["qr", "show", &fixture(), "--output", "json"],
    ))
    .unwrap();
    shown["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["text"].as_str().unwrap().to_owned())
        .collect()
}

fn comes_back(dir: &Path) {
    for name in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        let name = format!("cluster-hsmboottest_{name}");
        assert_eq!(
            std::fs::read(dir.join("new").join(&name)).unwrap(),
            std::fs::read(Path::new(&fixture()).join(&name)).unwrap(),
            "{name}"
        );
    }
}

fn zbarimg_reads_what_we_draw() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    hsmboot(dir, &["qr", "show", &fixture(), "--png", "codes"]);
    let texts = texts(dir);
    let mut scanned = String::new();
    for (at, text) in texts.iter().enumerate() {
        let image = format!("codes/request-{}of{}.png", at + 1, texts.len());
        let read = run(dir, "zbarimg", &["-q", "--raw", &image]);
        assert_eq!(read.trim_end_matches('\n'), text, "{image}");
        scanned.push_str(&read);
    }
    std::fs::write(dir.join("scanned.txt"), scanned).unwrap();
    hsmboot(dir, &["qr", "read", "scanned.txt", "--bundle", "new"]);
    comes_back(dir);
}

fn zbarimg_reads_a_sheet_with_all_codes() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    hsmboot(dir, &["qr", "show", &fixture(), "-o", "sheet.png"]);
    let mut read: Vec<String> = run(dir, "zbarimg", &["-q", "--raw", "sheet.png"])
        .lines()
        .map(str::to_owned)
        .collect();
    read.sort();
    let mut texts = texts(dir);
    texts.sort();
    assert_eq!(read, texts);
}

fn we_read_what_qrencode_draws() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut images = Vec::new();
    // Its own choice of version and mode, other module sizes, and every level of correction.
    for ((at, text), (level, size)) in texts(dir).iter().enumerate().zip(
        [("L", "3"), ("M", "4"), ("Q", "5"), ("H", "6"), ("L", "11")]
            .into_iter()
            .cycle(),
    ) {
        let image = format!("{at}.png");
        run(
            dir,
            "qrencode",
            &["-o", &image, "-l", level, "-s", size, text],
        );
        images.push(image);
    }
    let mut words = vec!["qr", "read", "--bundle", "new"];
    words.extend(images.iter().map(String::as_str));
    hsmboot(dir, &words);
    comes_back(dir);
}
