//! A fixture: a bundle, how to judge it, and the findings that must come out.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chain::{AT, Bundle, CLUSTER_ID, Input};

/// `expect.json`. A check that no list names must have passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What is wrong with the bundle, or what is special about it.
    pub what: String,
    pub at: String,
    pub policy: String,
    pub accept: Vec<String>,
    pub reason: Option<String>,
    pub chains_only: bool,
    pub verdict: String,
    /// The command's exit code.
    pub exit: i32,
    pub fail: Vec<String>,
    pub accepted: Vec<String>,
    pub note: Vec<String>,
    pub skipped: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Fixture {
    pub name: String,
    pub bundle: Bundle,
    pub expect: Expect,
    /// Whether it stands in `fixtures/verify/`; the same defect on yet another input is made in
    /// memory alone.
    pub kept: bool,
}

/// The notes on the good bundle, whose manufacturer root has expired.
const NOTES: [&str; 4] = [
    "anchors.source",
    "anchor-validity.manufacturer",
    "ca-profile.aws-hardware",
    "ca-profile.manufacturer-hardware",
];

impl Fixture {
    /// A bundle that verifies.
    pub fn new(name: impl Into<String>, what: &str, bundle: Bundle) -> Fixture {
        let expect = Expect {
            what: what.into(),
            at: AT.into(),
            policy: "attestation".into(),
            accept: Vec::new(),
            reason: None,
            chains_only: false,
            verdict: "verified".into(),
            exit: 0,
            fail: Vec::new(),
            accepted: Vec::new(),
            note: NOTES.map(String::from).to_vec(),
            skipped: Vec::new(),
        };
        Fixture {
            name: name.into(),
            bundle,
            expect,
            kept: true,
        }
    }

    /// These checks fail: exit code 4 when one of them is `pem.*`, else 3.
    pub fn fails(mut self, ids: &[&str]) -> Fixture {
        self.expect
            .fail
            .extend(ids.iter().map(|id| String::from(*id)));
        self.expect.verdict = "rejected".into();
        let malformed = self.expect.fail.iter().any(|id| id.starts_with("pem."));
        self.expect.exit = if malformed { 4 } else { 3 };
        self.without_notes(ids)
    }

    /// These cannot be judged, because what they would compare is not there or not to be relied on.
    pub fn skips<S: AsRef<str>>(mut self, ids: &[S]) -> Fixture {
        self.expect
            .skipped
            .extend(ids.iter().map(|id| id.as_ref().to_string()));
        self.without_notes(ids)
    }

    pub fn notes(mut self, ids: &[&str]) -> Fixture {
        self.expect
            .note
            .extend(ids.iter().map(|id| String::from(*id)));
        self
    }

    pub fn without_notes<S: AsRef<str>>(mut self, ids: &[S]) -> Fixture {
        self.expect
            .note
            .retain(|note| !ids.iter().any(|id| id.as_ref() == note));
        self
    }

    pub fn accepts(mut self, ids: &[&str]) -> Fixture {
        let ids: Vec<String> = ids.iter().map(|id| String::from(*id)).collect();
        self.expect.accept.extend(ids.clone());
        self.expect.accepted.extend(ids);
        self.expect.reason = Some("a test".into());
        self
    }

    pub fn at(mut self, moment: &str) -> Fixture {
        self.expect.at = moment.into();
        self
    }

    /// Judged by RFC 5280's rules for CA certificates, which no genuine hardware certificate meets.
    pub fn rfc5280(mut self) -> Fixture {
        self.expect.policy = "rfc5280".into();
        self.without_notes(&[
            "ca-profile.aws-hardware",
            "ca-profile.manufacturer-hardware",
        ])
    }

    pub fn chains_only(mut self) -> Fixture {
        self.expect.chains_only = true;
        self.skips(&["pem.csr"]).skips(&of_csr())
    }

    pub fn in_memory(mut self) -> Fixture {
        self.kept = false;
        self
    }

    pub fn kept_if(mut self, kept: bool) -> Fixture {
        self.kept = kept;
        self
    }

    /// Where the fixture stands.
    pub fn directory(&self) -> PathBuf {
        directory().join(&self.name)
    }

    /// The files of the fixture.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut expect = serde_json::to_vec_pretty(&self.expect).unwrap();
        expect.push(b'\n');
        let bundle = self.bundle.clone();
        vec![
            (format!("{CLUSTER_ID}_ClusterCsr.csr"), bundle.csr),
            (format!("{CLUSTER_ID}_HsmCertificate.crt"), bundle.hsm),
            (
                format!("{CLUSTER_ID}_AwsHardwareCertificate.crt"),
                bundle.aws_hardware,
            ),
            (
                format!("{CLUSTER_ID}_ManufacturerHardwareCertificate.crt"),
                bundle.manufacturer_hardware,
            ),
            ("aws-root.crt".into(), bundle.aws_root),
            ("manufacturer-root.crt".into(), bundle.manufacturer_root),
            ("expect.json".into(), expect),
        ]
    }

    /// The fixture as it stands in a directory.
    pub fn read(directory: &Path) -> Fixture {
        let file = |name: &str| {
            let path = directory.join(name);
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let of_cluster = |name: &str| file(&format!("{CLUSTER_ID}_{name}"));
        Fixture {
            name: directory.file_name().unwrap().to_str().unwrap().into(),
            bundle: Bundle {
                csr: of_cluster("ClusterCsr.csr"),
                hsm: of_cluster("HsmCertificate.crt"),
                aws_hardware: of_cluster("AwsHardwareCertificate.crt"),
                manufacturer_hardware: of_cluster("ManufacturerHardwareCertificate.crt"),
                aws_root: file("aws-root.crt"),
                manufacturer_root: file("manufacturer-root.crt"),
            },
            expect: serde_json::from_slice(&file("expect.json")).unwrap(),
            kept: true,
        }
    }
}

/// `fixtures/verify/`.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/verify")
}

/// The checks that need the CSR besides `pem.csr`.
pub fn of_csr() -> Vec<String> {
    ["algorithm.csr", "csr.signature", "csr.key", "csr.subject"]
        .map(String::from)
        .to_vec()
}

/// The checks that cannot be judged when an input cannot be read.
pub fn unread(input: Input) -> Vec<String> {
    let id = input.id();
    let side = match input {
        Input::Csr => return of_csr(),
        Input::Hsm => {
            return [
                "algorithm.hsm",
                "aws.hsm-signature",
                "aws.hsm-issuer",
                "manufacturer.hsm-signature",
                "manufacturer.hsm-issuer",
                "csr.key",
                "csr.subject",
                "validity.hsm",
                "extensions.hsm",
                "fips-mode.hsm",
            ]
            .map(String::from)
            .to_vec();
        }
        Input::AwsHardware => "aws",
        Input::ManufacturerHardware => "manufacturer",
    };
    vec![
        format!("algorithm.{id}"),
        format!("{side}.signature"),
        format!("{side}.issuer"),
        format!("{side}.hsm-signature"),
        format!("{side}.hsm-issuer"),
        "hardware.same-key".into(),
        format!("validity.{id}"),
        format!("role.{id}"),
        format!("extensions.{id}"),
        format!("ca-profile.{id}"),
    ]
}
