//! A place with an issuer's CA, an intermediate CA and a claim under them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use hsmboot::simulator::Simulator;
use hsmboot::x509::{TrustAnchor, to_hex};

use super::*;

/// What a command did.
pub(super) struct Done {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Done {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    #[track_caller]
    pub(super) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(super) fn refused(&self, code: i32, kind: &str, words: &[&str]) {
        let error = self.json()["error"].clone();
        assert_eq!(
            (self.code, error["kind"].as_str().unwrap()),
            (code, kind),
            "{error:#}"
        );
        for word in words {
            assert!(
                error["message"].as_str().unwrap().contains(word),
                "{word:?} is not in {error:#}"
            );
        }
        assert!(!error["hint"].as_str().unwrap().is_empty());
    }
}

/// A machine with an offline root in `root`, and an intermediate under it in `ca`.
pub(super) struct Stage {
    pub(super) dir: tempfile::TempDir,
}

impl Stage {
    pub(super) fn new() -> Self {
        let stage = Stage {
            dir: tempfile::tempdir().unwrap(),
        };
        stage
            .init(&["--out", "root", "--subject", "CN=Root,O=Owner"])
            .expect(0);
        stage
            .init(&[
                "--out",
                "ca",
                "--subject",
                "CN=Signing CA,O=Owner",
                "--issuer",
                "root/customerCA.crt",
                "--issuer-key",
                "root/customerCA.key",
            ])
            .expect(0);
        stage
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(super) fn run(&self, words: &[&str]) -> Done {
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
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        let output = command
            .current_dir(self.dir.path())
            .args(words)
            .args(["--output", "json"])
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

    /// `ca init` with a P-256 key in plain.
    pub(super) fn init(&self, words: &[&str]) -> Done {
        self.run(
            &[
                &["ca", "init", "--key-type", "p256", "--no-passphrase"],
                words,
            ]
            .concat(),
        )
    }

    pub(super) fn openssl(&self, args: &str) -> String {
        let output = Command::new("openssl")
            .args(args.split(' '))
            .current_dir(self.dir.path())
            .output()
            .expect("these tests need the program openssl");
        assert!(
            output.status.success(),
            "openssl {args}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// A certificate of openssl's: the subject, the key's name, the issuer's name and its
    /// extensions.
    pub(super) fn certify(
        &self,
        out: &str,
        subject: &str,
        public: &str,
        issuer: &str,
        extensions: &str,
    ) {
        self.write("ext", extensions);
        self.openssl("ecparam -genkey -name prime256v1 -noout -out any.key");
        self.openssl(&format!(
            "req -new -key any.key -subj {subject} -out any.csr"
        ));
        self.openssl(&format!(
            "x509 -req -in any.csr -force_pubkey {public} -CA {issuer}.crt -CAkey {issuer}.key \
             -CAcreateserial -days 3000 -sha256 -extfile ext -out {out}"
        ));
    }

    pub(super) fn digests(&self, file: &str) -> Vec<String> {
        TrustAnchor::from_file(self.read(file).as_bytes())
            .unwrap()
            .fingerprints()
            .iter()
            .map(|digest| to_hex(digest))
            .collect()
    }
}

/// The offline root, the chain, and a cluster that is ready.
pub(super) struct Claim {
    pub(super) stage: Stage,
    pub(super) simulator: Simulator,
    pub(super) id: String,
}

impl Claim {
    pub(super) fn new() -> Self {
        let simulator = support::instant();
        let (id, _) = support::ready_cluster(&simulator);
        let stage = Stage::new();
        simulator.write_roots(&stage.path("roots")).unwrap();
        Claim {
            stage,
            simulator,
            id,
        }
    }

    pub(super) const TRUST: [&'static str; 4] = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];

    pub(super) fn online(&self, words: &[&str]) -> Done {
        let url = self.simulator.url();
        let trust = if ["fetch", "status"].contains(&words[0]) {
            &[][..]
        } else {
            &Self::TRUST[..]
        };
        self.stage.run(
            &[
                words,
                trust,
                &["--endpoint-url", &url, "--region", "us-east-1"],
            ]
            .concat(),
        )
    }

    pub(super) fn fetch(&self) {
        self.online(&["fetch", "--cluster-id", &self.id, "--bundle", "bundle"])
            .expect(0);
    }

    pub(super) fn sign(&self) -> Value {
        let sign = [
            "sign",
            "bundle",
            "--ca",
            "ca/chainCA.crt",
            "--ca-key",
            "ca/customerCA.key",
        ];
        self.stage
            .run(&[&sign[..], &Self::TRUST].concat())
            .expect(0)
            .json()
    }

    pub(super) fn signed(&self) -> String {
        format!("bundle/{}_CustomerHsmCertificate.crt", self.id)
    }

    pub(super) fn claims(&self) -> u64 {
        self.simulator
            .call_counts()
            .get("InitializeCluster")
            .copied()
            .unwrap_or_default()
    }

    /// What OpenSSL, and so the cluster's clients, say of what the cluster shows.
    pub(super) fn is_taken_by_openssl(&self, chain: &str) {
        let cluster = support::describe(&self.simulator, &self.id);
        self.stage.write(
            "cluster.crt",
            cluster["Certificates"]["ClusterCertificate"]
                .as_str()
                .unwrap(),
        );
        self.stage.openssl(&format!(
            "verify -purpose sslserver -CAfile {chain} cluster.crt"
        ));
    }

    /// Somebody who can write to the bundle puts the root's name and key, certified by a root of
    /// their own, and that root, above the CA that signed. Both certificates are sound, and the
    /// first is the owner's very own.
    pub(super) fn exchange_root(&self) {
        let stage = &self.stage;
        stage
            .init(&["--out", "theirs", "--subject", "CN=Their root"])
            .expect(0);
        for end in ["crt", "key"] {
            fs::copy(
                stage.path(&format!("theirs/customerCA.{end}")),
                stage.path(&format!("theirs.{end}")),
            )
            .unwrap();
        }
        fs::write(
            stage.path("root.pub"),
            stage.openssl("pkey -in root/customerCA.key -pubout"),
        )
        .unwrap();
        stage.certify(
            "cross.crt",
            "/O=Owner/CN=Root",
            "root.pub",
            "theirs",
            CA_EXTENSIONS,
        );
        let first = stage
            .read("ca/chainCA.crt")
            .split_inclusive("-----END CERTIFICATE-----\n")
            .next()
            .unwrap()
            .to_owned();
        stage.write(
            "bundle/customerCA.crt",
            &(first + &stage.read("cross.crt") + &stage.read("theirs.crt")),
        );
        for record in ["response.json", "transcript.jsonl", "verification.json"] {
            drop(fs::remove_file(stage.path("bundle").join(record)));
        }
        let csr = format!("bundle/{}_ClusterCsr.csr", self.id);
        let check = [
            "check",
            "--csr",
            &csr,
            "--signed-cert",
            &self.signed(),
            "--trust-anchor",
            "bundle/customerCA.crt",
        ];
        stage.run(&check).expect(0);
    }
}
