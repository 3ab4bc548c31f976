//! A bundle that somebody else wrote claims no cluster for them, however it was made and whatever
//! the operator says.

use hsmboot::simulator::InjectedFault;

use super::*;

/// Where the bundle came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Fetched,
    DryRun,
    Packed,
    Created,
}

/// What the operator's command line says of the CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    PassphraseFile,
    CaKey,
    CaAndKey,
}

/// What the attacker puts into the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planted {
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

/// One cell of the matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) made: Made,
    pub(super) says: Says,
    pub(super) planted: Planted,
    pub(super) records_kept: bool,
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
    pub(super) fn attack(self, stage: &Stage) {
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
