//! A bundle whose root is not built in is told so, and which file that is; `hsmboot roots` says
//! what is built in and what a file holds. Nothing that is said of a generation makes a root of
//! anything.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "ls2_roots/known.rs"]
mod known;
#[path = "ls2_roots/missing.rs"]
mod missing;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use forge::cert::*;
use forge::chain::{Bundle, CLUSTER_ID, Chain, hardware_name};
use forge::keys::{self, Hash};
use forge::ls2;
use forge::pem::{pem, unpem};
use hsmboot::verify::verify;
use serde_json::{Value, json};

const ROOT_FILE: &str = "mrvl-rsa-LS2-AR-v1.crt";

/// A moment at which every certificate of the fixtures is valid.
const AT: [&str; 2] = ["--at", "2026-06-01T00:00:00Z"];

/// A directory with a bundle in `b`, and roots beside it.
struct Place(tempfile::TempDir);

impl Place {
    fn new(bundle: &Bundle, request: Option<Value>) -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("b")).unwrap();
        for (name, text) in [
            ("ClusterCsr.csr", &bundle.csr),
            ("HsmCertificate.crt", &bundle.hsm),
            ("AwsHardwareCertificate.crt", &bundle.aws_hardware),
            (
                "ManufacturerHardwareCertificate.crt",
                &bundle.manufacturer_hardware,
            ),
        ] {
            fs::write(place.path("b").join(format!("{CLUSTER_ID}_{name}")), text).unwrap();
        }
        if let Some(request) = request {
            fs::write(place.path("b/request.json"), request.to_string()).unwrap();
        }
        fs::write(place.path("aws.crt"), &bundle.aws_root).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> (i32, Value) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
        command
            .env_remove("HSMBOOT_AWS_ROOT")
            .env_remove("HSMBOOT_MANUFACTURER_ROOT");
        let output = command
            .args(args)
            .args(["--output", "json"])
            .envs(variables.iter().copied())
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let document = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), document)
    }

    fn verify(&self, more: &[&str], variables: &[(&str, &str)]) -> (i32, Value) {
        self.run(&[&["verify", "b"][..], &AT, more].concat(), variables)
    }
}

fn request(region: &str, hsm_type: Option<&str>, mode: Option<&str>) -> Value {
    let mut request = json!({
        "format": "hsmboot-request/1", "cluster_id": CLUSTER_ID, "region": region,
        "state": "UNINITIALIZED", "hsms": ["hsm-abcdefghijk"],
        "fetched_at": "2026-01-01T00:00:00Z", "tool": "hsmboot test", "files": {},
    });
    for (name, value) in [("hsm_type", hsm_type), ("mode", mode)] {
        if let Some(value) = value {
            request[name] = json!(value);
        }
    }
    request
}

/// The commands of a hint.
fn hinted(hint: &str) -> Vec<&str> {
    hint.split('`').skip(1).step_by(2).collect()
}

/// A hinted command, run as a shell runs it, in the place's directory.
fn run_hinted(place: &Place, command: &str) -> std::process::Output {
    let program = Path::new(env!("CARGO_BIN_EXE_hsmboot")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .env("PATH", path)
        .env_remove("HSMBOOT_AWS_ROOT")
        .env_remove("HSMBOOT_MANUFACTURER_ROOT");
    shell.current_dir(place.0.path()).output().unwrap()
}

#[test]
fn non_fips_hardware_is_noted_and_an_alarm_where_the_cluster_says_fips() {
    let mut chain = ls2::usual();
    let [card, partition] = [
        "LS2:card 1, for non-FIPS mode",
        "LS2:card 1:PARTN:2, for non-FIPS mode",
    ]
    .map(hardware_name);
    for cert in [&mut chain.aws_hardware, &mut chain.manufacturer_hardware] {
        cert.subject = card.clone();
    }
    (chain.hsm.issuer, chain.hsm.subject, chain.csr.subject) = (card, partition.clone(), partition);
    let bundle = chain.bundle();
    for (mode, alarmed) in [
        (Some("FIPS"), true),
        (Some("NON_FIPS"), false),
        (None, false),
    ] {
        let place = Place::new(
            &bundle,
            Some(request("eu-central-1", Some("hsm2m.medium"), mode)),
        );
        fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
        let (code, document) = place.verify(
            &["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE],
            &[],
        );
        assert_eq!(code, 0, "{document}");
        let check = document["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["id"] == "fips-mode.hsm")
            .unwrap();
        assert_eq!(check["status"], "note");
        assert_eq!(
            document.get("alarms").is_some(),
            alarmed,
            "{mode:?}: {document}"
        );
        let page = [
            "report",
            "b",
            "-o",
            "page.html",
            "--aws-root",
            "aws.crt",
            "--manufacturer-root",
            ROOT_FILE,
        ];
        assert_eq!(place.run(&page, &[]).0, 0);
        let page = fs::read_to_string(place.path("page.html")).unwrap();
        assert!(page.contains("the HSM is for non-FIPS mode"), "{mode:?}");
        assert_eq!(
            page.contains("<strong>NOT FIPS</strong>"),
            alarmed,
            "{mode:?}"
        );
    }
}

/// Green, and "genuine", is said of built-in roots alone: in text, JSON and report alike.
#[test]
fn a_verdict_by_given_roots_is_amber_and_does_not_say_genuine() {
    const WORD: &str = "verified against roots you gave";
    let bundle = ls2::usual().bundle();
    let place = Place::new(&bundle, None);
    fs::write(place.path(ROOT_FILE), &bundle.manufacturer_root).unwrap();
    let roots = ["--aws-root", "aws.crt", "--manufacturer-root", ROOT_FILE];
    let shown = |command: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
            .args([command, &roots, &AT].concat())
            .env("CLICOLOR_FORCE", "1")
            .current_dir(place.0.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for said in [
        shown(&["verify", "b", "--quiet"]),
        shown(&["verify", "b", "--quiet", "--chains-only"]),
        shown(&["report", "b", "-o", "page.html"]),
    ] {
        assert!(
            said.contains(&format!("\u{1b}[33m{WORD}")) && !said.contains("genuine"),
            "{said:?}"
        );
        // What was written may stand in green; a verdict may not.
        for line in said.lines().filter(|line| line.contains("verified")) {
            assert!(!line.contains("\u{1b}[32m"), "{said:?}");
        }
    }
    let (code, document) = place.verify(&roots, &[]);
    assert_eq!((code, &document["roots"]), (0, &json!("given")));
    assert!(document["summary"].as_str().unwrap().contains(WORD));
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("<div class=\"verdict warn\">") && !page.contains("verdict good"));
    assert!(
        page.contains("Verified against roots you gave") && !page.contains("is a genuine HSM’s")
    );

    // What was accepted beside it makes it no better.
    let late = ["--at", "2090-01-01T00:00:00Z", "--reason", "test"];
    let accept: Vec<&str> = [
        "validity.hsm",
        "validity.aws-hardware",
        "validity.manufacturer-hardware",
    ]
    .into_iter()
    .flat_map(|check| ["--accept", check])
    .collect();
    let report = ["report", "b", "-o", "late.html"];
    let (code, document) = place.run(&[&report, &late[..], &accept, &roots].concat(), &[]);
    assert_eq!(
        (code, &document["verdict"]),
        (0, &json!("verified")),
        "{document}"
    );
    let page = fs::read_to_string(place.path("late.html")).unwrap();
    assert!(page.contains("gainst roots you gave") && !page.contains("is a genuine HSM’s"));
}
