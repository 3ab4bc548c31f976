//! Somebody who can write to a bundle tries to become the owner of its cluster. Whatever they put
//! there, the cluster never carries their CA's certificate, and a command that ends with 0 has
//! claimed it for the operator.
#![cfg(all(feature = "online", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "takeover/asking.rs"]
mod asking;
#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub)]
mod aws;
#[path = "takeover/bundles.rs"]
mod bundles;
#[path = "takeover/claimed.rs"]
mod claimed;
#[path = "takeover/named.rs"]
mod named;
#[path = "takeover/planted.rs"]
mod planted;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;
#[path = "support/terminal.rs"]
#[allow(dead_code)]
mod terminal;

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use bundles::{Case, Made, Planted, Says};
use hsmboot::simulator::Simulator;
use serde_json::{Value, json};

/// The operator's passphrase, and the attacker's.
const PASSPHRASE: &str = "operator's passphrase";
const ANOTHER: &str = "attacker's passphrase";

const CAS: [&str; 3] = ["own", "own-plain", "theirs"];

/// The files of the CAs, made once: a passphrase is stretched for long.
static CA_FILES: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let made = tempfile::tempdir().unwrap();
    fs::write(made.path().join("passphrase"), PASSPHRASE).unwrap();
    for name in CAS {
        let subject = format!("CN={name}");
        let how = match name {
            "own" => &["--passphrase-file", "passphrase"][..],
            _ => &["--no-passphrase"],
        };
        let output = Command::new(assert_cmd::cargo::cargo_bin!("hsmboot"))
            .current_dir(made.path())
            .args(["ca", "init", "--out", name, "--key-type", "p256"])
            .args(["--subject", &subject])
            .args(how)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    made
});

/// What a command did.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Done {
    fn kind(&self) -> String {
        let document: Value = serde_json::from_str(&self.stdout).unwrap_or_default();
        document["error"]["kind"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// The operator's machine, with the operator's CA and the attacker's.
struct Stage {
    simulator: Simulator,
    id: String,
    dir: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let simulator = support::instant();
        let (id, _) = support::ready_cluster(&simulator);
        let stage = Stage {
            simulator,
            id,
            dir: tempfile::tempdir().unwrap(),
        };
        stage.simulator.write_roots(&stage.path("roots")).unwrap();
        fs::write(stage.path("passphrase"), PASSPHRASE).unwrap();
        fs::write(stage.path("another"), ANOTHER).unwrap();
        for name in CAS {
            fs::create_dir(stage.path(name)).unwrap();
            for file in ["customerCA.crt", "customerCA.key"] {
                fs::copy(
                    CA_FILES.path().join(name).join(file),
                    stage.path(name).join(file),
                )
                .unwrap();
            }
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Done {
        self.run_with(words, &[])
    }

    fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Done {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("hsmboot"));
        for name in [
            "AWS_PROFILE",
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_CLOUDHSM_V2",
            "AWS_SESSION_TOKEN",
        ] {
            command.env_remove(name);
        }
        command
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(variables.iter().copied());
        let output = command
            .current_dir(self.dir.path())
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Done {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn trusting(&self, words: &[&str]) -> Done {
        self.run(
            &[
                words,
                &[
                    "--aws-root",
                    "roots/aws-root.crt",
                    "--manufacturer-root",
                    "roots/manufacturer-root.crt",
                ],
            ]
            .concat(),
        )
    }

    fn online(&self, words: &[&str]) -> Done {
        let url = self.simulator.url();
        let words = [
            words,
            &[
                "--endpoint-url",
                &url,
                "--region",
                "us-east-1",
                "--output",
                "json",
            ],
        ]
        .concat();
        // `fetch` judges nothing.
        if words[0] == "fetch" {
            self.run(&words)
        } else {
            self.trusting(&words)
        }
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    /// The cluster's certificate and the subject of who issued it, where it is claimed.
    fn issuer(&self, id: &str) -> Option<String> {
        let cluster = support::describe(&self.simulator, id);
        let der = support::der(cluster["Certificates"]["ClusterCertificate"].as_str()?);
        let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
        Some(certificate.issuer().to_string())
    }

    fn claims(&self) -> u64 {
        self.simulator
            .call_counts()
            .get("InitializeCluster")
            .copied()
            .unwrap_or_default()
    }
}

/// A bundle that the operator's CA signed, and the attacker's pair in `work`.
fn signed() -> Stage {
    let stage = Stage::new();
    let fetched = stage.online(&["fetch", "--cluster-id", &stage.id, "--bundle", "bundle"]);
    assert_eq!(fetched.code, 0, "{}", fetched.stderr);
    let signed = stage.trusting(&[
        "sign",
        "bundle",
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ]);
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    stage
}

#[track_caller]
fn sends_nothing(stage: &Stage, words: &[&str], code: i32, kind: &str) -> Done {
    let done = stage.online(words);
    assert_eq!(
        (done.code, done.kind().as_str()),
        (code, kind),
        "{words:?}: {}\n{}",
        done.stdout,
        done.stderr
    );
    assert_eq!(stage.claims(), 0, "{words:?}");
    done
}

/// The fingerprint of the response, as `sign` prints it.
fn fingerprint(stage: &Stage) -> String {
    let again = [
        "sign",
        "bundle",
        "--force",
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    let done = stage.trusting(&[&again[..], &["--output", "json"]].concat());
    let document: Value = serde_json::from_str(&done.stdout).unwrap();
    document["response_fingerprint"]
        .as_str()
        .unwrap()
        .to_owned()
}
