//! The online commands on a bundle in one file, against the simulator.

use std::fs;
use std::process::Command;

use hsmboot::simulator::{Options, Simulator, Speed};

use crate::support::{Bench, Run, run};

const FILE: &str = "x.hsmboot";
const ROOTS: [&str; 4] = [
    "--aws-root",
    "roots/aws-root.crt",
    "--manufacturer-root",
    "roots/manufacturer-root.crt",
];
const CA: [&str; 4] = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
const CREATE: [&str; 8] = [
    "bootstrap",
    "--create",
    "--subnet-id",
    "subnet-0a1b2c3d",
    "--availability-zone",
    "us-east-1a",
    "--bundle",
    FILE,
];

struct Stage {
    simulator: Simulator,
    bench: Bench,
}

impl Stage {
    fn new() -> Self {
        let stage = Stage {
            simulator: Simulator::spawn(Options {
                speed: Speed::INSTANT,
                ..crate::simulated::options()
            })
            .unwrap(),
            bench: Bench::empty(),
        };
        stage
            .simulator
            .write_roots(&stage.bench.path("roots"))
            .unwrap();
        stage
            .bench
            .run(&[
                "ca",
                "init",
                "--out",
                "ca",
                "--subject",
                "CN=A CA",
                "--key-type",
                "p256",
                "--no-passphrase",
            ])
            .expect(0);
        stage
    }

    fn run(&self, words: &[&str]) -> Run {
        let mut command = self.bench.command(words);
        command.args([
            "--endpoint-url",
            &self.simulator.url(),
            "--region",
            "us-east-1",
        ]);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
        run(command)
    }

    /// What stands in the one file, as another program sees it.
    fn member(&self, name: &str) -> serde_json::Value {
        let output = Command::new("tar")
            .args(["xOf", FILE, name])
            .current_dir(self.bench.path(""))
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

#[test]
fn a_claim_from_nothing_is_kept_in_one_file_and_taken_up_from_it() {
    let stage = Stage::new();
    let words = [&CREATE[..], &CA, &ROOTS].concat();
    stage.run(&words).expect(0);
    let id = stage.member("creation.json")["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(stage.member("receipt.json")["outcome"], "claimed");
    let before = stage.bench.read(FILE);
    let again = stage
        .run(&[&words[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(
        (&again["outcome"], &again["cluster_id"], &again["bundle"]),
        (&"already-claimed".into(), &id.clone().into(), &FILE.into())
    );
    assert_eq!(stage.bench.read(FILE), before, "nothing was changed");
    stage.bench.run(&["transcript", "verify", FILE]).expect(0);
    let submitted = stage
        .run(
            &[
                &["submit", FILE, "--ca", CA[1], "--output", "json"][..],
                &ROOTS,
            ]
            .concat(),
        )
        .expect(0)
        .json();
    assert_eq!(submitted["outcome"], "already-claimed");
    assert_eq!(stage.simulator.call_counts().get("CreateCluster"), Some(&1));
    // A cluster that CreateCluster refuses is written down as refused, and a second run asks again.
    fs::remove_file(stage.bench.path(FILE)).unwrap();
    let refused = [&words[..], &["--tag", "aws:reserved=1"]].concat();
    assert_ne!(stage.run(&refused).code, 0);
    assert!(stage.member("creation.json")["refused_at"].is_string());
    stage.run(&words).expect(0);
    assert_eq!(stage.member("receipt.json")["outcome"], "claimed");
}

#[test]
fn the_steps_in_a_row_on_one_file() {
    let stage = Stage::new();
    let made = stage
        .run(&[
            "cluster",
            "create",
            "--subnet-id",
            "subnet-0a1b2c3d",
            "--wait",
            "--output",
            "json",
        ])
        .expect(0)
        .json();
    let id = made["cluster"]["cluster_id"].as_str().unwrap().to_owned();
    stage
        .run(&[
            "hsm",
            "create",
            "--cluster-id",
            &id,
            "--availability-zone",
            "us-east-1a",
        ])
        .expect(0);
    stage
        .run(&["wait", "--cluster-id", &id, "--for", "csr"])
        .expect(0);
    let fetch = [
        "fetch",
        "--cluster-id",
        &id,
        "--bundle",
        FILE,
        "--output",
        "json",
    ];
    assert_eq!(stage.run(&fetch).expect(0).json()["unchanged"], false);
    let before = stage.bench.read(FILE);
    assert_eq!(stage.run(&fetch).expect(0).json()["unchanged"], true);
    assert_eq!(stage.bench.read(FILE), before);
    stage
        .bench
        .run(&[&["sign", FILE][..], &CA, &ROOTS].concat())
        .expect(0);
    let claimed = stage
        .run(
            &[
                &["submit", FILE, "--ca", CA[1], "--output", "json"][..],
                &ROOTS,
            ]
            .concat(),
        )
        .expect(0)
        .json();
    assert_eq!(
        (&claimed["outcome"], &claimed["bundle"]),
        (&"claimed".into(), &FILE.into())
    );
    assert_eq!(stage.member("receipt.json")["cluster_id"], id);
    stage.bench.run(&["transcript", "verify", FILE]).expect(0);
}

#[test]
fn no_ca_is_made_in_one_file() {
    let stage = Stage::new();
    let run = stage
        .bench
        .run(&[
            "bootstrap",
            "--simulate",
            "--bundle",
            FILE,
            "--output",
            "json",
        ])
        .expect(2)
        .json();
    assert_eq!(run["error"]["kind"], "ca-missing");
    assert_eq!(run["error"]["facts"]["file"], FILE);
    assert!(
        run["error"]["message"]
            .as_str()
            .unwrap()
            .contains("a private key never goes into it")
    );
    assert!(!stage.bench.path(FILE).exists());
    stage
        .bench
        .run(&[&["bootstrap", "--simulate", "--bundle", FILE][..], &CA].concat())
        .expect(0);
    assert_eq!(stage.member("receipt.json")["outcome"], "claimed");
}
