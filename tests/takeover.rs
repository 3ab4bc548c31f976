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

#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub)]
mod aws;
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc)]
mod support;
#[path = "support/terminal.rs"]
#[allow(dead_code)]
mod terminal;

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hsmboot::simulator::{InjectedFault, Simulator};
use serde_json::{Value, json};

/// The operator's passphrase, and the attacker's.
const PASSPHRASE: &str = "operator's passphrase";
const ANOTHER: &str = "attacker's passphrase";

/// Where the bundle came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Fetched,
    DryRun,
    Packed,
    Created,
}

/// What the operator's command line says of the CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    PassphraseFile,
    CaKey,
    CaAndKey,
}

/// What the attacker puts into the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planted {
    Certificate,
    Pair,
    PairAndPlainKey,
    PairAndEncryptedKey,
    Creation,
}

const MADE: [Made; 4] = [Made::Fetched, Made::DryRun, Made::Packed, Made::Created];
const SAYS: [Says; 4] = [
    Says::Nothing,
    Says::PassphraseFile,
    Says::CaKey,
    Says::CaAndKey,
];
const PLANTED: [Planted; 5] = [
    Planted::Certificate,
    Planted::Pair,
    Planted::PairAndPlainKey,
    Planted::PairAndEncryptedKey,
    Planted::Creation,
];

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
        stage.make_ca("own", &["--passphrase-file", "passphrase"]);
        stage.make_ca("own-plain", &["--no-passphrase"]);
        stage.make_ca("theirs", &["--no-passphrase"]);
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn make_ca(&self, name: &str, more: &[&str]) {
        let subject = format!("CN={name}");
        let done = self.run(
            &[
                &[
                    "ca",
                    "init",
                    "--out",
                    name,
                    "--key-type",
                    "p256",
                    "--subject",
                    &subject,
                ],
                more,
            ]
            .concat(),
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
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

/// One cell of the matrix.
#[derive(Clone, Copy, Debug)]
struct Case {
    made: Made,
    says: Says,
    planted: Planted,
    records_kept: bool,
}

impl Case {
    /// The bundle as the operator's earlier run left it, in the directory `bundle`. The operator's
    /// own CA lies in it where a later run is to take it from there.
    fn prepare(self, stage: &mut Stage) {
        let own = if self.says == Says::CaKey {
            "own-plain"
        } else {
            "own"
        };
        match self.made {
            Made::Created => {
                stage.simulator.inject_fault(
                    Some("InitializeCluster"),
                    InjectedFault::AccessDenied,
                    1,
                );
                let done = stage.online(&self.command(stage));
                assert_ne!(done.code, 0, "{self:?}: {}", done.stdout);
                let creation: Value =
                    serde_json::from_slice(&fs::read(stage.path("bundle/creation.json")).unwrap())
                        .unwrap();
                creation["cluster_id"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut stage.id);
            }
            Made::Fetched | Made::Packed => {
                let done =
                    stage.online(&["fetch", "--cluster-id", &stage.id, "--bundle", "bundle"]);
                assert_eq!(done.code, 0, "{}", done.stderr);
            }
            Made::DryRun => {
                let done = stage.online(&[
                    "bootstrap",
                    "--cluster-id",
                    &stage.id,
                    "--bundle",
                    "bundle",
                    "--dry-run",
                ]);
                assert_eq!(done.code, 0, "{}", done.stderr);
                assert!(
                    !stage.path("bundle/customerCA.key").exists(),
                    "a dry run makes no key"
                );
            }
        }
        if self.says != Says::CaAndKey && !stage.path("bundle/customerCA.crt").exists() {
            stage.copy(&format!("{own}/customerCA.crt"), "bundle/customerCA.crt");
            if self.says == Says::PassphraseFile && self.made != Made::Packed {
                stage.copy(&format!("{own}/customerCA.key"), "bundle/customerCA.key");
            }
        }
    }

    /// The attacker has the bundle for a while.
    fn attack(self, stage: &Stage) {
        let in_bundle = |name: &str| stage.path("bundle").join(name);
        let replace = |name: &str, content: Vec<u8>| {
            drop(fs::remove_file(in_bundle(name)));
            fs::write(in_bundle(name), content).unwrap();
        };
        if !self.records_kept {
            for name in [
                "verification.json",
                "response.json",
                "receipt.json",
                "transcript.jsonl",
            ] {
                drop(fs::remove_file(in_bundle(name)));
            }
        }
        if self.planted == Planted::Creation {
            let mut planted = fs::read(in_bundle("creation.json")).ok().map_or_else(
                || {
                    json!({
                        "format": "hsmboot-creation/1", "token": "00", "region": "us-east-1",
                        "endpoint": stage.simulator.url(), "hsm_type": "hsm2m.medium",
                        "mode": "FIPS", "subnet_ids": ["subnet-0a1b2c3d"], "tags": {},
                        "asked_at": "2026-01-01T00:00:00Z", "tool": "hsmboot",
                    })
                },
                |content| serde_json::from_slice(&content).unwrap(),
            );
            // A cluster of the attacker's choice, in the same account.
            planted["cluster_id"] = support::ready_cluster(&stage.simulator).0.into();
            replace("creation.json", planted.to_string().into_bytes());
            return;
        }
        let certificate = fs::read(stage.path("theirs/customerCA.crt")).unwrap();
        // The pair: what the attacker's CA signs for the very CSR of the cluster.
        let pair = format!("{}_CustomerHsmCertificate.crt", stage.id);
        let work = stage.path("work");
        fs::create_dir(&work).unwrap();
        let csr = format!("{}_ClusterCsr.csr", stage.id);
        let cluster = support::describe(&stage.simulator, &stage.id);
        fs::write(work.join(&csr), support::csr(&cluster).unwrap()).unwrap();
        let sign = [
            "--ca",
            "theirs/customerCA.crt",
            "--ca-key",
            "theirs/customerCA.key",
            "--unverified",
            "--reason",
            "theirs",
        ];
        let done = stage.run(&[&["sign", "work"], &sign[..]].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        replace("customerCA.crt", certificate);
        if self.planted == Planted::Certificate {
            return;
        }
        replace(&pair, fs::read(work.join(&pair)).unwrap());
        match self.planted {
            Planted::PairAndPlainKey => replace(
                "customerCA.key",
                fs::read(stage.path("theirs/customerCA.key")).unwrap(),
            ),
            Planted::PairAndEncryptedKey => {
                let words = [
                    "pkcs8",
                    "-topk8",
                    "-v2",
                    "aes256",
                    "-in",
                    "theirs/customerCA.key",
                    "-out",
                    "bundle/customerCA.key",
                    "-passout",
                    "file:another",
                ];
                drop(fs::remove_file(in_bundle("customerCA.key")));
                let output = Command::new("openssl")
                    .current_dir(stage.dir.path())
                    .args(words)
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{output:?}");
            }
            _ => {}
        }
    }

    /// The operator's command.
    fn command(self, stage: &Stage) -> Vec<&str> {
        let bundle = if self.made == Made::Packed {
            "bundle.hsmboot"
        } else {
            "bundle"
        };
        let mut words = vec!["bootstrap", "--bundle", bundle];
        if self.made == Made::Created {
            words.extend([
                "--create",
                "--subnet-id",
                "subnet-0a1b2c3d",
                "--availability-zone",
                "us-east-1a",
                "--hsm-type",
                "hsm2m.medium",
            ]);
        } else {
            words.extend(["--cluster-id", &stage.id]);
        }
        words.extend(match self.says {
            // Nobody sits at a terminal: the first run, which makes a CA, needs to know how to keep
            // its key.
            Says::Nothing if self.made == Made::Created => {
                &["--no-passphrase", "--key-type", "p256"][..]
            }
            Says::Nothing => &[],
            Says::PassphraseFile if self.made == Made::Created => {
                &["--passphrase-file", "passphrase", "--key-type", "p256"]
            }
            Says::PassphraseFile => &["--passphrase-file", "passphrase"],
            Says::CaKey if self.made == Made::Created => &[
                "--ca",
                "own-plain/customerCA.crt",
                "--ca-key",
                "own-plain/customerCA.key",
            ],
            Says::CaKey => &["--ca-key", "own-plain/customerCA.key"],
            Says::CaAndKey => &[
                "--ca",
                "own/customerCA.crt",
                "--ca-key",
                "own/customerCA.key",
                "--passphrase-file",
                "passphrase",
            ],
        });
        words
    }

    fn play(self) {
        let mut stage = Stage::new();
        self.prepare(&mut stage);
        self.attack(&stage);
        if self.made == Made::Packed {
            // No private key goes into one file: the attacker cannot put one there, and the program
            // would refuse it.
            drop(fs::remove_file(stage.path("bundle/customerCA.key")));
            let done = stage.run(&["pack", "bundle", "-o", "bundle.hsmboot"]);
            if done.code != 0 {
                // The attacker makes the file by other means.
                let tar = "tar --format=ustar -cf bundle.hsmboot -C bundle $(ls bundle)";
                let output = Command::new("sh")
                    .current_dir(stage.dir.path())
                    .args(["-c", tar])
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{output:?}");
            }
        }
        let mut command = self.command(&stage);
        if self.made == Made::Created && self.says == Says::CaKey {
            // Now with the key alone, as the certificate lies in the bundle.
            command.retain(|word| !["--ca", "own-plain/customerCA.crt"].contains(word));
        }
        let done = stage.online(&command);
        let told = format!(
            "{self:?}: ended with {} {}\n{}\n{}",
            done.code,
            done.kind(),
            done.stdout,
            done.stderr
        );
        let issuer = stage.issuer(&stage.id);
        assert!(
            !issuer
                .as_deref()
                .is_some_and(|issuer| issuer.contains("CN=theirs")),
            "the attacker owns the cluster: {told}"
        );
        if done.code == 0 {
            let issuer = issuer.unwrap_or_else(|| panic!("it is not claimed: {told}"));
            assert!(
                issuer.contains("CN=own") || issuer.contains("CN=CA of"),
                "{issuer} owns the cluster: {told}"
            );
        } else {
            assert!([2, 3, 4, 5, 8].contains(&done.code), "{told}");
            assert!(
                !done.kind().is_empty() && !done.stderr.contains("bug"),
                "{told}"
            );
        }
    }
}

/// All of one row, so that the rows run beside each other.
fn row(made: Made, says: Says) {
    for planted in PLANTED {
        for records_kept in [true, false] {
            Case {
                made,
                says,
                planted,
                records_kept,
            }
            .play();
        }
    }
}

macro_rules! rows {
    ($($name:ident: $made:ident, $says:ident;)*) => {
        $(#[test]
        fn $name() {
            row(Made::$made, Says::$says);
        })*

        #[test]
        fn every_row_is_played() {
            let rows = [$((Made::$made, Says::$says)),*];
            for made in MADE {
                for says in SAYS {
                    assert!(rows.contains(&(made, says)), "{made:?} {says:?}");
                }
            }
        }
    };
}

rows! {
    fetched_and_nothing_said: Fetched, Nothing;
    fetched_and_a_passphrase: Fetched, PassphraseFile;
    fetched_and_a_key: Fetched, CaKey;
    fetched_and_a_ca: Fetched, CaAndKey;
    after_a_dry_run_and_nothing_said: DryRun, Nothing;
    after_a_dry_run_and_a_passphrase: DryRun, PassphraseFile;
    after_a_dry_run_and_a_key: DryRun, CaKey;
    after_a_dry_run_and_a_ca: DryRun, CaAndKey;
    packed_and_nothing_said: Packed, Nothing;
    packed_and_a_passphrase: Packed, PassphraseFile;
    packed_and_a_key: Packed, CaKey;
    packed_and_a_ca: Packed, CaAndKey;
    created_and_nothing_said: Created, Nothing;
    created_and_a_passphrase: Created, PassphraseFile;
    created_and_a_key: Created, CaKey;
    created_and_a_ca: Created, CaAndKey;
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

/// The attacker's pair in place of the operator's, with records or without.
fn taken_over(records_kept: bool) -> Stage {
    let stage = signed();
    Case {
        made: Made::Fetched,
        says: Says::CaAndKey,
        planted: Planted::Pair,
        records_kept,
    }
    .attack(&stage);
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

#[test]
fn submit_sends_nothing_for_an_owner_whom_nobody_named() {
    let stage = signed();
    let done = sends_nothing(&stage, &["submit", "bundle"], 3, "owner-not-proven");
    assert!(
        done.stdout.contains("--ca FILE"),
        "the hint names the option: {}",
        done.stdout
    );
    sends_nothing(
        &stage,
        &["submit", "bundle", "--yes"],
        3,
        "owner-not-proven",
    );
    sends_nothing(
        &stage,
        &["submit", "bundle", "--dry-run"],
        3,
        "owner-not-proven",
    );
}

#[test]
fn the_bundles_own_certificate_names_nobody() {
    let stage = signed();
    symlink(stage.path("bundle/customerCA.crt"), stage.path("link.crt")).unwrap();
    fs::hard_link(stage.path("bundle/customerCA.crt"), stage.path("hard.crt")).unwrap();
    symlink(stage.path("bundle"), stage.path("other-way")).unwrap();
    let absolute = stage.path("bundle/customerCA.crt");
    for ca in [
        "bundle/customerCA.crt",
        "./bundle/../bundle/customerCA.crt",
        "link.crt",
        "hard.crt",
        "other-way/customerCA.crt",
        absolute.to_str().unwrap(),
    ] {
        sends_nothing(&stage, &["submit", "bundle", "--ca", ca], 2, "ca-in-bundle");
        sends_nothing(
            &stage,
            &[
                "bootstrap",
                "--cluster-id",
                &stage.id,
                "--bundle",
                "bundle",
                "--ca",
                ca,
            ],
            2,
            "ca-in-bundle",
        );
        for words in [
            &[
                "report",
                "bundle",
                "-o",
                "report.html",
                "--ca",
                ca,
                "--output",
                "json",
            ][..],
            &[
                "transcript",
                "verify",
                "bundle",
                "--ca",
                ca,
                "--output",
                "json",
            ],
            &[
                "import",
                "bundle",
                "--force",
                "--signed-cert",
                ca,
                "--trust-anchor",
                ca,
                "--unverified",
                "--reason",
                "x",
                "--output",
                "json",
            ],
            &[
                "sign",
                "bundle",
                "--force",
                "--ca",
                ca,
                "--ca-key",
                "own/customerCA.key",
                "--unverified",
                "--reason",
                "x",
                "--output",
                "json",
            ],
        ] {
            let done = stage.run(words);
            assert_eq!(
                (done.code, done.kind().as_str()),
                (2, "ca-in-bundle"),
                "{words:?}: {}\n{}",
                done.stdout,
                done.stderr
            );
        }
    }
    // A copy that is kept elsewhere is the operator's.
    let done = stage.online(&["submit", "bundle", "--ca", "own/customerCA.crt"]);
    assert_eq!(done.code, 0, "{}", done.stdout);
}

/// Whoever makes the chains makes the roots that they end in.
#[test]
fn roots_that_lie_in_the_bundle_judge_nothing() {
    let stage = signed();
    for side in ["aws", "manufacturer"] {
        stage.copy(
            &format!("roots/{side}-root.crt"),
            &format!("bundle/{side}-root.crt"),
        );
        symlink(
            stage.path(&format!("bundle/{side}-root.crt")),
            stage.path(&format!("link-{side}-root.crt")),
        )
        .unwrap();
        fs::hard_link(
            stage.path(&format!("bundle/{side}-root.crt")),
            stage.path(&format!("hard-{side}-root.crt")),
        )
        .unwrap();
    }
    symlink(stage.path("bundle"), stage.path("other-way")).unwrap();
    let absolute = format!("{}/", stage.path("bundle").display());
    let url = stage.simulator.url();
    let online = ["--endpoint-url", &url, "--region", "us-east-1"];
    let sign = [
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
    let import = [
        "import",
        "bundle",
        "--force",
        "--signed-cert",
        "own/customerCA.crt",
        "--trust-anchor",
        "own/customerCA.crt",
    ];
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--bundle",
        "bundle",
        "--ca",
        "own/customerCA.crt",
    ];
    let create = [
        "bootstrap",
        "--create",
        "--bundle",
        "bundle",
        "--subnet-id",
        "subnet-0a1b2c3d",
        "--availability-zone",
        "us-east-1a",
    ];
    let commands = [
        vec!["verify", "bundle"],
        sign.to_vec(),
        import.to_vec(),
        vec!["report", "bundle", "-o", "report.html"],
        [
            &["submit", "bundle", "--ca", "own/customerCA.crt"][..],
            &online,
        ]
        .concat(),
        [&bootstrap[..], &online].concat(),
        [&create[..], &online].concat(),
    ];
    for place in [
        "bundle/",
        "./bundle/../bundle/",
        "link-",
        "hard-",
        "other-way/",
        &absolute,
    ] {
        let [aws, manufacturer] = ["aws", "manufacturer"].map(|side| {
            [
                format!("{place}{side}-root.crt"),
                format!("roots/{side}-root.crt"),
            ]
        });
        for command in &commands {
            for (aws, manufacturer) in [(&aws[0], &manufacturer[1]), (&aws[1], &manufacturer[0])] {
                let options = [
                    "--aws-root",
                    aws,
                    "--manufacturer-root",
                    manufacturer,
                    "--output",
                    "json",
                ];
                let by_option = stage.run(&[&command[..], &options].concat());
                let variables = [
                    ("HSMBOOT_AWS_ROOT", aws.as_str()),
                    ("HSMBOOT_MANUFACTURER_ROOT", manufacturer),
                ];
                let by_variable =
                    stage.run_with(&[&command[..], &["--output", "json"]].concat(), &variables);
                for done in [by_option, by_variable] {
                    assert_eq!(
                        (done.code, done.kind().as_str()),
                        (2, "root-in-bundle"),
                        "{command:?} {aws} {manufacturer}: {}",
                        done.stdout
                    );
                }
            }
        }
    }
    assert_eq!(stage.claims(), 0);
    // Roots that are kept elsewhere are the operator's.
    assert_eq!(stage.trusting(&["verify", "bundle"]).code, 0);
}

#[cfg(feature = "pkcs11")]
#[test]
fn no_pkcs11_module_that_lies_in_the_bundle_is_loaded() {
    let stage = signed();
    fs::write(stage.path("bundle/token.so"), "whatever it holds").unwrap();
    symlink("bundle/token.so", stage.path("link.so")).unwrap();
    let inside = format!(
        "pkcs11:token=ca;object=ca?module-path={}",
        stage.path("bundle/token.so").display()
    );
    let url = stage.simulator.url();
    for (key, module) in [
        (inside.as_str(), None),
        ("pkcs11:token=ca;object=ca", Some("bundle/token.so")),
        ("pkcs11:token=ca;object=ca", Some("link.so")),
    ] {
        let module = module
            .map(|module| ["--pkcs11-module", module])
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        let sign = [
            "sign",
            "bundle",
            "--force",
            "--ca",
            "own/customerCA.crt",
            "--ca-key",
            key,
            "--output",
            "json",
        ];
        let bootstrap = [
            "bootstrap",
            "--cluster-id",
            &stage.id,
            "--bundle",
            "bundle",
            "--ca-key",
            key,
            "--endpoint-url",
            &url,
            "--region",
            "us-east-1",
        ];
        for command in [&sign[..], &[&bootstrap[..], &["--output", "json"]].concat()] {
            let done = stage.trusting(&[command, &module].concat());
            assert_eq!(
                (done.code, done.kind().as_str()),
                (2, "module-in-bundle"),
                "{command:?} {module:?}: {}",
                done.stdout
            );
        }
    }
}

/// What a dry run says is what the run would do.
#[test]
fn a_dry_run_finds_a_foreign_certificate_as_the_run_does() {
    for records_kept in [true, false] {
        let stage = taken_over(records_kept);
        fs::remove_file(stage.path("bundle/customerCA.crt")).unwrap();
        let words = [
            "bootstrap",
            "--cluster-id",
            &stage.id,
            "--bundle",
            "bundle",
            "--ca",
            "own-plain/customerCA.crt",
            "--ca-key",
            "own-plain/customerCA.key",
        ];
        sends_nothing(
            &stage,
            &[&words[..], &["--dry-run"]].concat(),
            8,
            "already-signed",
        );
        sends_nothing(&stage, &words, 8, "already-signed");
    }
}

#[test]
fn each_way_of_naming_the_owner_claims_for_them_and_refuses_everybody_else() {
    let sha256 = |stage: &Stage, ca: &str| {
        let shown = stage.run(&[
            "ca",
            "show",
            &format!("{ca}/customerCA.crt"),
            "--output",
            "json",
        ]);
        let document: Value = serde_json::from_str(&shown.stdout).unwrap();
        document["sha256"].as_str().unwrap().to_owned()
    };
    for records_kept in [true, false] {
        let stage = taken_over(records_kept);
        let digest = sha256(&stage, "own");
        // With the records, the digests tell of the exchange before the owner is asked for.
        let (code, kind) = if records_kept {
            (4, "digest-mismatch")
        } else {
            (3, "another-trust-anchor")
        };
        sends_nothing(
            &stage,
            &["submit", "bundle", "--ca", "own/customerCA.crt"],
            code,
            kind,
        );
        sends_nothing(
            &stage,
            &["submit", "bundle", "--ca-fingerprint", &digest],
            code,
            kind,
        );
        if !records_kept {
            sends_nothing(&stage, &["submit", "bundle"], 3, "owner-not-proven");
            let words = [
                "submit",
                "bundle",
                "--expect",
                "00000 00000 00000 00000 00000 00000",
            ];
            sends_nothing(&stage, &words, 3, "another-fingerprint");
        }
    }
    for way in ["ca", "ca-fingerprint", "response-fingerprint"] {
        let stage = signed();
        let digest = sha256(&stage, "own");
        let response: Value = {
            let again = [
                "submit",
                "bundle",
                "--ca",
                "own/customerCA.crt",
                "--dry-run",
            ];
            assert_eq!(stage.online(&again).code, 0);
            let shown = stage.run(&["transcript", "show", "bundle", "--output", "json"]);
            serde_json::from_str(&shown.stdout).unwrap()
        };
        assert_eq!(response["steps"][1]["owner"], "ca");
        let fingerprint = fingerprint(&stage);
        let option = match way {
            "ca" => ["--ca", "own/customerCA.crt"],
            "ca-fingerprint" => ["--ca-fingerprint", digest.as_str()],
            _ => ["--expect", fingerprint.as_str()],
        };
        let done = stage.online(&[&["submit", "bundle"], &option[..]].concat());
        assert_eq!(done.code, 0, "{way}: {}", done.stdout);
        assert!(stage.issuer(&stage.id).unwrap().contains("CN=own"));
        let receipt: Value =
            serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
        assert_eq!(receipt["owner"], way);
    }
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

#[test]
fn the_way_round_needs_a_reason_and_is_recorded_everywhere() {
    let stage = signed();
    sends_nothing(
        &stage,
        &["submit", "bundle", "--ca-from-bundle"],
        2,
        "reason-missing",
    );
    let done = stage.online(&[
        "submit",
        "bundle",
        "--ca-from-bundle",
        "--reason",
        "Ada decided",
    ]);
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(
        done.stderr.contains("NOTHING PROVES THE OWNER") && done.stderr.contains("Ada decided"),
        "{}",
        done.stderr
    );
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
    assert_eq!(
        (&receipt["owner"], &receipt["ca_from_bundle"]["reason"]),
        (&"ca-from-bundle".into(), &"Ada decided".into())
    );
    let shown: Value = serde_json::from_str(
        &stage
            .run(&["transcript", "show", "bundle", "--output", "json"])
            .stdout,
    )
    .unwrap();
    let sends = shown["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["sends"] == "InitializeCluster")
        .unwrap()
        .clone();
    assert_eq!(
        (&sends["owner"], &sends["reason"]),
        (&"ca-from-bundle".into(), &"Ada decided".into())
    );
    assert_eq!(
        stage
            .trusting(&["report", "bundle", "-o", "report.html"])
            .code,
        0
    );
    let page = fs::read_to_string(stage.path("report.html")).unwrap();
    assert!(page.contains("OWNER NOT PROVEN") && page.contains("Ada decided"));
}

#[test]
fn the_way_round_of_a_bootstrap_is_recorded_as_well() {
    let stage = signed();
    let bootstrap = ["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"];
    sends_nothing(&stage, &bootstrap, 3, "owner-not-proven");
    let done = stage.online(
        &[
            &bootstrap[..],
            &["--ca-from-bundle", "--reason", "Ada decided"],
        ]
        .concat(),
    );
    assert_eq!(done.code, 0, "{}", done.stdout);
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
    assert_eq!(
        (&receipt["owner"], &receipt["ca_from_bundle"]["reason"]),
        (&"ca-from-bundle".into(), &"Ada decided".into())
    );
}

#[test]
fn a_bundle_of_our_own_is_gone_on_with_where_the_key_proves_it() {
    let copies: [(&str, &[&str]); 2] = [
        ("own", &["--passphrase-file", "passphrase"]),
        ("own-plain", &["--ca-key", "own-plain/customerCA.key"]),
    ];
    for (ca, option) in copies {
        let stage = Stage::new();
        fs::create_dir(stage.path("bundle")).unwrap();
        stage.copy(&format!("{ca}/customerCA.crt"), "bundle/customerCA.crt");
        stage.copy(&format!("{ca}/customerCA.key"), "bundle/customerCA.key");
        let done = stage.online(
            &[
                &["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"],
                option,
            ]
            .concat(),
        );
        assert_eq!(done.code, 0, "{ca}: {}\n{}", done.stdout, done.stderr);
        assert!(
            stage
                .issuer(&stage.id)
                .unwrap()
                .contains(&format!("CN={ca}"))
        );
        let receipt: Value =
            serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
        assert_eq!(receipt["owner"], "ca-key");
    }
    // In plain it proves nothing by lying there, whichever way it is named.
    let stage = Stage::new();
    fs::create_dir(stage.path("bundle")).unwrap();
    stage.copy("own-plain/customerCA.crt", "bundle/customerCA.crt");
    stage.copy("own-plain/customerCA.key", "bundle/customerCA.key");
    let bootstrap = ["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"];
    for more in [
        &[][..],
        &["--no-passphrase"],
        &["--ca-key", "bundle/customerCA.key"],
    ] {
        sends_nothing(
            &stage,
            &[&bootstrap[..], more].concat(),
            3,
            "owner-not-proven",
        );
    }
}

/// What is there already is judged by the same rule: the owner, and the bundle's CSR.
#[test]
fn a_cluster_that_is_claimed_for_another_csr_is_not_this_bundles() {
    let stage = signed();
    // The first HSM is replaced, and the new CSR claimed from another bundle.
    let hsm = support::describe(&stage.simulator, &stage.id)["Hsms"][0]["HsmId"]
        .as_str()
        .unwrap()
        .to_owned();
    support::ok(
        &stage.simulator,
        "DeleteHsm",
        json!({ "ClusterId": stage.id, "HsmId": hsm }),
    );
    support::until(&stage.simulator, &stage.id, |now| {
        now["Hsms"].as_array().is_none_or(Vec::is_empty)
    });
    support::create_hsm(&stage.simulator, &stage.id);
    support::until(&stage.simulator, &stage.id, |now| {
        support::csr(now).is_some()
    });
    let own = [
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    let elsewhere = stage.online(
        &[
            &[
                "bootstrap",
                "--cluster-id",
                &stage.id,
                "--bundle",
                "elsewhere",
            ],
            &own[..],
        ]
        .concat(),
    );
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.stdout);
    let before = listing(&stage.path("bundle"));
    for words in [
        &[
            &["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"],
            &own[..],
        ]
        .concat()[..],
        &["submit", "bundle", "--ca", "own/customerCA.crt"],
    ] {
        let done = stage.online(words);
        assert_eq!(
            (done.code, done.kind().as_str()),
            (8, "claimed-for-another-csr"),
            "{words:?}: {}",
            done.stdout
        );
    }
    assert_eq!(
        listing(&stage.path("bundle")),
        before,
        "nothing was recorded"
    );
    // From nowhere, there is no CSR to compare with: it is this CA's.
    let done = stage.online(
        &[
            &[
                "bootstrap",
                "--cluster-id",
                &stage.id,
                "--bundle",
                "nowhere",
            ],
            &own[..],
        ]
        .concat(),
    );
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(!stage.path("nowhere").exists(), "nothing was recorded");
}

#[test]
fn a_receipt_that_was_planted_does_not_survive() {
    let stage = signed();
    assert_eq!(
        stage
            .online(&["submit", "bundle", "--ca", "own/customerCA.crt"])
            .code,
        0
    );
    let receipt = stage.path("bundle/receipt.json");
    let ours = fs::read(&receipt).unwrap();
    let planted = String::from_utf8(ours.clone())
        .unwrap()
        .replace("\"claimed\"", "\"claimed, says somebody\"");
    fs::write(&receipt, &planted).unwrap();
    assert_eq!(
        stage
            .online(&["submit", "bundle", "--ca", "own/customerCA.crt"])
            .code,
        0
    );
    let after = fs::read_to_string(&receipt).unwrap();
    assert!(!after.contains("says somebody"), "{after}");
}

fn listing(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    all.sort();
    all
}

/// Runs a command on a terminal, where somebody types this. Its screen and its exit code.
fn on_a_terminal(stage: &Stage, words: &[&str], typed: &str) -> (String, i32) {
    let program = assert_cmd::cargo::cargo_bin!("hsmboot")
        .display()
        .to_string();
    let trust = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    let url = stage.simulator.url();
    let place = [
        "--endpoint-url",
        &url,
        "--region",
        "us-east-1",
        "--no-color",
    ];
    let line = [&[program.as_str()], words, &trust[..], &place[..]]
        .concat()
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    let mut command = terminal::terminal(&format!("stty -echo; {line}"));
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let mut child = command.current_dir(stage.dir.path()).spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(typed.as_bytes()).unwrap();
    keys.flush().unwrap();
    let output = child.wait_with_output().unwrap();
    // Until the end: a closed keyboard would be an answer.
    drop(keys);
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        output.status.code().unwrap(),
    )
}

#[test]
fn one_screen_says_who_what_and_by_which_roots_before_it_asks() {
    let stage = signed();
    let submit = ["submit", "bundle", "--ca", "own/customerCA.crt"];
    let (screen, code) = on_a_terminal(&stage, &submit, "no\n");
    assert_eq!((code, stage.claims()), (130, 0), "{screen}");
    let question = screen
        .find("type the fingerprint of the response")
        .unwrap_or_else(|| panic!("{screen}"));
    let url = stage.simulator.url();
    for said in [
        stage.id.as_str(),
        "account",
        "us-east-1",
        &url,
        "CN=own",
        "roots that you gave",
        "ends ",
        "named by --ca",
    ] {
        assert!(
            screen[..question].contains(said),
            "no `{said}` before the question: {screen}"
        );
    }
    assert!(
        screen.contains("was not claimed: nothing was sent"),
        "{screen}"
    );
    // A wrong fingerprint is no yes.
    let (screen, code) = on_a_terminal(&stage, &submit, "00000 00000 00000 00000 00000 00000\n");
    assert_eq!((code, stage.claims()), (3, 0), "{screen}");
    let (screen, code) = on_a_terminal(&stage, &submit, "yes\n");
    assert_eq!((code, stage.claims()), (0, 1), "{screen}");
}

#[test]
fn what_is_typed_on_the_terminal_names_the_owner() {
    let stage = signed();
    let fingerprint = fingerprint(&stage);
    // Yes is no name.
    for typed in ["yes\n", "no\n"] {
        let (screen, code) = on_a_terminal(&stage, &["submit", "bundle"], typed);
        assert_eq!((code, stage.claims()), (130, 0), "{screen}");
    }
    let (screen, code) = on_a_terminal(&stage, &["submit", "bundle"], "\u{4}");
    assert_eq!((code, stage.claims()), (3, 0), "{screen}");
    assert!(
        screen.contains("nothing proves that the CA in the bundle is yours"),
        "{screen}"
    );
    let (screen, code) = on_a_terminal(&stage, &["submit", "bundle"], &format!("{fingerprint}\n"));
    assert_eq!((code, stage.claims()), (0, 1), "{screen}");
    assert_eq!(
        screen.matches("type the fingerprint").count(),
        1,
        "asked once: {screen}"
    );
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path("bundle/receipt.json")).unwrap()).unwrap();
    assert_eq!(receipt["owner"], "response-fingerprint");
}

#[test]
fn a_bootstrap_asks_on_a_terminal_and_yes_answers_beforehand() {
    let stage = Stage::new();
    let own = [
        "--ca",
        "own/customerCA.crt",
        "--ca-key",
        "own/customerCA.key",
        "--passphrase-file",
        "passphrase",
    ];
    let bootstrap = [
        &["bootstrap", "--cluster-id", &stage.id, "--bundle", "bundle"],
        &own[..],
    ]
    .concat();
    let (screen, code) = on_a_terminal(&stage, &bootstrap, "no\n");
    assert_eq!((code, stage.claims()), (130, 0), "{screen}");
    let question = screen
        .find("type yes to claim it")
        .unwrap_or_else(|| panic!("{screen}"));
    for said in [
        stage.id.as_str(),
        "us-east-1",
        "CN=own",
        "roots that you gave",
        "ends ",
    ] {
        assert!(
            screen[..question].contains(said),
            "no `{said}` before the question: {screen}"
        );
    }
    let (screen, code) = on_a_terminal(&stage, &[&bootstrap[..], &["--yes"]].concat(), "");
    assert_eq!((code, stage.claims()), (0, 1), "{screen}");
    assert!(!screen.contains("type yes"), "{screen}");
}

/// What is claimed is the owner's, whatever the CA's dates are by now; what is not claimed needs a
/// CA that CloudHSM takes today.
#[test]
fn a_claim_of_ones_own_is_known_after_the_ca_has_expired() {
    let stage = Stage::new();
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/verify/verified--never-expires");
    fs::create_dir(stage.path("bundle")).unwrap();
    for name in [
        "ClusterCsr.csr",
        "HsmCertificate.crt",
        "AwsHardwareCertificate.crt",
        "ManufacturerHardwareCertificate.crt",
    ] {
        let name = format!("cluster-hsmboottest_{name}");
        fs::copy(fixture.join(&name), stage.path("bundle").join(&name)).unwrap();
    }
    for root in ["aws-root.crt", "manufacturer-root.crt"] {
        fs::copy(fixture.join(root), stage.path("roots").join(root)).unwrap();
    }
    let csr = fs::read_to_string(fixture.join("cluster-hsmboottest_ClusterCsr.csr")).unwrap();
    let mut owner = support::Owner::new();
    for params in [&mut owner.ca, &mut owner.leaf] {
        (params.not_before, params.not_after) = (
            rcgen::date_time_ymd(2000, 1, 1),
            rcgen::date_time_ymd(2020, 1, 1),
        );
    }
    let signed = owner.sign(&support::CsrKey::of(&csr));
    fs::write(
        stage.path("bundle/cluster-hsmboottest_CustomerHsmCertificate.crt"),
        &signed,
    )
    .unwrap();
    fs::write(stage.path("bundle/customerCA.crt"), owner.trust_anchor()).unwrap();
    fs::write(
        stage.path("expired.crt"),
        fs::read(stage.path("bundle/customerCA.crt")).unwrap(),
    )
    .unwrap();
    let service = |cluster: Value| {
        aws::StandIn::new(move |_| (200, json!({ "Clusters": [cluster.clone()] })))
    };
    let run = |service: &aws::StandIn, words: &[&str]| {
        let place = [
            "--endpoint-url",
            &service.url,
            "--region",
            "us-east-1",
            "--output",
            "json",
        ];
        stage.trusting(&[words, &place[..]].concat())
    };
    let submit = ["submit", "bundle", "--ca", "expired.crt"];
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        "cluster-hsmboottest",
        "--bundle",
        "bundle",
        "--ca",
        "expired.crt",
    ];
    let claimed = service(json!({
        "ClusterId": "cluster-hsmboottest", "State": "ACTIVE",
        "Certificates": { "ClusterCertificate": signed },
    }));
    let open = service(json!({
        "ClusterId": "cluster-hsmboottest", "State": "UNINITIALIZED",
        "Certificates": { "ClusterCsr": csr },
        "Hsms": [{ "HsmId": "hsm-abc234defgh", "State": "ACTIVE" }],
    }));
    for words in [&submit[..], &bootstrap] {
        let done = run(&open, words);
        assert_eq!(
            (done.code, done.kind().as_str()),
            (5, "trust-anchor-refused"),
            "{words:?}: {}",
            done.stdout
        );
        let done = run(&claimed, words);
        assert_eq!(done.code, 0, "{words:?}: {}", done.stdout);
        assert!(done.stdout.contains("already-claimed"), "{}", done.stdout);
    }
    assert_eq!(open.counts().get("InitializeCluster"), None);
    // The CA's own certificate is no claim by that CA.
    let itself = service(json!({
        "ClusterId": "cluster-hsmboottest", "State": "ACTIVE",
        "Certificates": { "ClusterCertificate": owner.trust_anchor() },
    }));
    for words in [&submit[..], &bootstrap] {
        let done = run(&itself, words);
        assert_eq!(
            (done.code, done.kind().as_str()),
            (8, "claimed-by-unknown"),
            "{words:?}: {}",
            done.stdout
        );
    }
}
