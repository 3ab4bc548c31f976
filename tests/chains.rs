//! An offline root with an intermediate under it: made by `ca init --issuer`, as trust anchor of a
//! claim, and under attack by somebody who can write to the bundle and exchanges what stands above
//! the CA that signs.
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

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hsmboot::simulator::Simulator;
use hsmboot::x509::{TrustAnchor, to_hex};
use serde_json::Value;

/// What a command did.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Done {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn refused(&self, code: i32, kind: &str, words: &[&str]) {
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
struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
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

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    fn run(&self, words: &[&str]) -> Done {
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
    fn init(&self, words: &[&str]) -> Done {
        self.run(
            &[
                &["ca", "init", "--key-type", "p256", "--no-passphrase"],
                words,
            ]
            .concat(),
        )
    }

    fn openssl(&self, args: &str) -> String {
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
    fn certify(&self, out: &str, subject: &str, public: &str, issuer: &str, extensions: &str) {
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

    fn digests(&self, file: &str) -> Vec<String> {
        TrustAnchor::from_file(self.read(file).as_bytes())
            .unwrap()
            .fingerprints()
            .iter()
            .map(|digest| to_hex(digest))
            .collect()
    }
}

const CA_EXTENSIONS: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSi\
                             gn,digitalSignature\nsubjectKeyIdentifier=hash\n";

/// The offline root, the chain, and a cluster that is ready.
struct Claim {
    stage: Stage,
    simulator: Simulator,
    id: String,
}

impl Claim {
    fn new() -> Self {
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

    const TRUST: [&'static str; 4] = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];

    fn online(&self, words: &[&str]) -> Done {
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

    fn fetch(&self) {
        self.online(&["fetch", "--cluster-id", &self.id, "--bundle", "bundle"])
            .expect(0);
    }

    fn sign(&self) -> Value {
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

    fn signed(&self) -> String {
        format!("bundle/{}_CustomerHsmCertificate.crt", self.id)
    }

    fn claims(&self) -> u64 {
        self.simulator
            .call_counts()
            .get("InitializeCluster")
            .copied()
            .unwrap_or_default()
    }

    /// What OpenSSL, and so the cluster's clients, say of what the cluster shows.
    fn is_taken_by_openssl(&self, chain: &str) {
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
    fn exchange_root(&self) {
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

#[test]
fn openssl_takes_the_chain_that_is_made_and_what_is_signed_under_it() {
    let claim = Claim::new();
    let stage = &claim.stage;
    let text = stage.openssl("x509 -in ca/chainCA.crt -noout -text");
    for part in [
        "CA:TRUE, pathlen:0",
        "Digital Signature, Certificate Sign, CRL Sign",
        "Issuer: ",
        "Subject Key Identifier",
        "Authority Key Identifier",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    assert_eq!(text.matches("critical").count(), 2, "{text}");
    stage.openssl("verify -x509_strict -CAfile root/customerCA.crt ca/chainCA.crt");
    let shown = stage
        .run(&["ca", "show", "ca/chainCA.crt"])
        .expect(0)
        .json();
    assert_eq!(
        (
            shown["fit_as_trust_anchor"].as_bool(),
            shown["chain"].as_array().unwrap().len(),
            shown["self_signed"].as_bool()
        ),
        (Some(true), 1, Some(false))
    );
    claim.fetch();
    let answer = claim.sign();
    assert_eq!(
        stage.read("bundle/customerCA.crt"),
        stage.read("ca/chainCA.crt")
    );
    let digests = stage.digests("ca/chainCA.crt");
    assert_eq!(
        (answer["ca_fingerprint"].as_str(), &answer["chain_sha256"]),
        (Some(digests[0].as_str()), &serde_json::json!(&digests[1..]))
    );
    stage.openssl(&format!(
        "verify -x509_strict -purpose sslserver -CAfile ca/chainCA.crt {}",
        claim.signed()
    ));
}

#[test]
fn an_intermediate_is_made_under_what_allows_one_and_nothing_is_overwritten() {
    let stage = Stage::new();
    let under = |out: &str, issuer: &str, key: &str| {
        stage.init(&[
            "--out",
            out,
            "--subject",
            "CN=More",
            "--issuer",
            issuer,
            "--issuer-key",
            key,
        ])
    };
    // The intermediate that was made allows none below it.
    under("more", "ca/chainCA.crt", "ca/customerCA.key").refused(
        5,
        "trust-anchor-refused",
        &["CN=Signing CA allows 0 CAs below it (pathLen), and there would be 1"],
    );
    under("more", "root/customerCA.crt", "ca/customerCA.key").refused(
        5,
        "ca-key-mismatch",
        &["key"],
    );
    under("more", "ca/customerCA.key", "ca/customerCA.key").refused(
        4,
        "malformed",
        &["private key"],
    );
    assert!(!stage.path("more").exists());
    under("ca", "root/customerCA.crt", "root/customerCA.key").refused(
        8,
        "file-exists",
        &["there is a CA already"],
    );
    under("root", "root/customerCA.crt", "root/customerCA.key").refused(
        8,
        "file-exists",
        &["there is a CA already"],
    );
    stage
        .init(&[
            "--out",
            "same",
            "--subject",
            "CN=Root,O=Owner",
            "--issuer",
            "root/customerCA.crt",
            "--issuer-key",
            "root/customerCA.key",
        ])
        .refused(2, "bad-subject", &["second root"]);
    assert_eq!(
        stage
            .init(&[
                "--out",
                "x",
                "--subject",
                "CN=X",
                "--issuer",
                "root/customerCA.crt"
            ])
            .code,
        2
    );

    // A root that has expired; one that allows no CA; one of version 1.
    let (key, mut old) = (
        rcgen::KeyPair::generate().unwrap(),
        rcgen::CertificateParams::default(),
    );
    old.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    old.not_after = rcgen::date_time_ymd(2021, 1, 1);
    stage.write("old.crt", &old.self_signed(&key).unwrap().pem());
    stage.write("old.key", &key.serialize_pem());
    under("more", "old.crt", "old.key").refused(5, "trust-anchor-refused", &["this is about time"]);
    stage.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout none.key \
                   -out none.crt -subj /CN=None -addext \
                   basicConstraints=critical,CA:TRUE,pathlen:0",
    );
    under("more", "none.crt", "none.key").refused(
        5,
        "trust-anchor-refused",
        &["CN=None allows 0 CAs below it"],
    );
    assert!(!stage.path("more").exists());

    // Four levels are the most: a root, two of openssl's, and ours. It ends no later than what is
    // above it.
    stage.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout top.key \
                   -out top.crt -subj /CN=Top -days 3652",
    );
    for (name, issuer) in [("second", "top"), ("third", "second"), ("fourth", "third")] {
        stage.openssl(&format!(
            "ecparam -genkey -name prime256v1 -noout -out {name}.key"
        ));
        fs::write(
            stage.path(&format!("{name}.pub")),
            stage.openssl(&format!("pkey -in {name}.key -pubout")),
        )
        .unwrap();
        stage.certify(
            &format!("{name}.crt"),
            &format!("/CN={name}"),
            &format!("{name}.pub"),
            issuer,
            CA_EXTENSIONS,
        );
    }
    let chain = |names: &[&str]| {
        names
            .iter()
            .map(|name| stage.read(&format!("{name}.crt")))
            .collect::<String>()
    };
    stage.write("three.crt", &chain(&["third", "second", "top"]));
    stage.write("four.crt", &chain(&["fourth", "third", "second", "top"]));
    under("more", "four.crt", "fourth.key").refused(
        5,
        "trust-anchor-refused",
        &["more than 4 certificates"],
    );
    let made = under("more", "three.crt", "third.key").expect(0).json();
    assert_eq!(made["chain"].as_array().unwrap().len(), 3);
    assert!(
        made["ca"]["not_after"].as_str().unwrap()
            <= made["chain"][0]["not_after"].as_str().unwrap(),
        "{made:#}"
    );
    stage.openssl("verify -CAfile three.crt more/chainCA.crt");
}

#[test]
fn the_issuers_key_and_the_new_one_each_have_their_passphrase() {
    let stage = Stage::new();
    stage.write("root.pass", "of the root\n");
    stage.write("ca.pass", "of the new one\n");
    let root = [
        "ca",
        "init",
        "--out",
        "vault",
        "--key-type",
        "p256",
        "--subject",
        "CN=Vault",
        "--passphrase-file",
        "root.pass",
    ];
    stage.run(&root).expect(0);
    let init = |pass: &str| {
        let words = [
            "ca",
            "init",
            "--out",
            "online",
            "--key-type",
            "p256",
            "--subject",
            "CN=Online",
            "--issuer",
            "vault/customerCA.crt",
            "--issuer-key",
            "vault/customerCA.key",
        ];
        stage.run(
            &[
                &words[..],
                &[
                    "--issuer-passphrase-file",
                    pass,
                    "--passphrase-file",
                    "ca.pass",
                ],
            ]
            .concat(),
        )
    };
    init("ca.pass").refused(5, "wrong-passphrase", &[]);
    let made = init("root.pass").expect(0).json();
    assert_eq!(made["key_encrypted"], true);
    stage.openssl("pkey -in online/customerCA.key -passin file:ca.pass -noout");
    stage.openssl("verify -CAfile vault/customerCA.crt online/chainCA.crt");
}

#[test]
fn bootstrap_claims_a_cluster_under_a_chain() {
    let claim = Claim::new();
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "bundle",
        "--ca",
        "ca/chainCA.crt",
        "--ca-key",
        "ca/customerCA.key",
    ];
    let receipt = claim.online(&bootstrap).expect(0).json();
    let digests = claim.stage.digests("ca/chainCA.crt");
    assert_eq!(
        (receipt["outcome"].as_str(), receipt["owner"].as_str()),
        (Some("claimed"), Some("ca"))
    );
    assert_eq!(
        (
            receipt["trust_anchor_sha256"].as_str(),
            &receipt["chain_sha256"]
        ),
        (Some(digests[0].as_str()), &serde_json::json!(&digests[1..]))
    );
    claim.is_taken_by_openssl("ca/chainCA.crt");
    // Again: it is theirs already, and nothing is sent.
    assert_eq!(
        claim.online(&bootstrap).expect(0).json()["outcome"],
        "already-claimed"
    );
    assert_eq!(claim.claims(), 1);
    let status = |ca: &str| claim.online(&["status", "--cluster-id", &claim.id, "--ca", ca]);
    status("ca/chainCA.crt").expect(0);
    // Of the root alone nobody can say so: the cluster shows one certificate.
    assert_eq!(status("root/customerCA.crt").code, 8);
    // Another CA under the same root is another CA.
    claim
        .stage
        .init(&[
            "--out",
            "sister",
            "--subject",
            "CN=Sister",
            "--issuer",
            "root/customerCA.crt",
            "--issuer-key",
            "root/customerCA.key",
        ])
        .expect(0);
    let sister = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "other",
        "--ca",
        "sister/chainCA.crt",
        "--ca-key",
        "sister/customerCA.key",
    ];
    claim
        .online(&sister)
        .refused(8, "claimed-by-another-ca", &["issued by"]);
    let page = claim.stage.run(&[
        "report",
        "bundle",
        "--ca",
        "ca/chainCA.crt",
        "-o",
        "report.html",
        Claim::TRUST[0],
        Claim::TRUST[1],
        Claim::TRUST[2],
        Claim::TRUST[3],
    ]);
    let page = page.expect(0).json();
    assert_eq!(
        (page["pair"].as_str(), &page["differences"]),
        (Some("fit"), &serde_json::json!([])),
        "{page:#}"
    );
    let html = claim.stage.read("report.html");
    for part in [
        "Trust anchor 1: the CA that signs",
        "Trust anchor 2: the root",
        "Trust anchor, certificate 2 of its chain",
    ] {
        assert!(html.contains(part), "{part:?} is not in the page");
    }
}

#[test]
fn the_air_gapped_way_with_a_chain_and_each_way_to_name_it() {
    type More = fn(&Claim, &Value) -> Vec<String>;
    let ways: [(&str, More); 4] = [
        ("ca", |_, _| {
            vec!["--ca".to_owned(), "ca/chainCA.crt".to_owned()]
        }),
        ("ca-fingerprint", |claim, _| {
            vec![
                "--ca-fingerprint".to_owned(),
                claim.stage.digests("ca/chainCA.crt")[0].clone(),
            ]
        }),
        ("ca-fingerprint", |claim, _| {
            claim
                .stage
                .digests("ca/chainCA.crt")
                .into_iter()
                .flat_map(|digest| ["--ca-fingerprint".to_owned(), digest])
                .collect()
        }),
        ("response-fingerprint", |_, answer| {
            vec![
                "--expect".to_owned(),
                answer["response_fingerprint"].as_str().unwrap().to_owned(),
            ]
        }),
    ];
    for (owner, more) in ways {
        let claim = Claim::new();
        claim.fetch();
        let more = more(&claim, &claim.sign());
        let submit = [
            &["submit", "bundle"][..],
            &more.iter().map(String::as_str).collect::<Vec<_>>(),
        ]
        .concat();
        let receipt = claim.online(&submit).expect(0).json();
        assert_eq!(
            (receipt["outcome"].as_str(), receipt["owner"].as_str()),
            (Some("claimed"), Some(owner)),
            "{more:?}"
        );
        claim.is_taken_by_openssl("bundle/customerCA.crt");
        assert_eq!(
            claim.online(&submit).expect(0).json()["outcome"],
            "already-claimed"
        );
    }
}

#[test]
fn a_root_that_was_exchanged_above_the_owners_ca_is_never_sent() {
    let claim = Claim::new();
    claim.fetch();
    let answer = claim.sign();
    let digests = claim.stage.digests("ca/chainCA.crt");
    claim.exchange_root();
    let submit = |more: &[&str]| claim.online(&[&["submit", "bundle"], more].concat());
    submit(&["--ca", "ca/chainCA.crt"]).refused(
        3,
        "another-trust-anchor",
        &[
            "begins with your CA, but has another chain",
            "CN=Their root",
        ],
    );
    submit(&["--ca-fingerprint", &digests[0]]).refused(
        3,
        "owner-not-proven",
        &[
            "not the root of its chain",
            "CN=Their root",
            "nothing was sent",
        ],
    );
    submit(&[
        "--ca-fingerprint",
        &digests[0],
        "--ca-fingerprint",
        &digests[1],
    ])
    .refused(3, "another-trust-anchor", &[]);
    // The root alone, or the intermediate in the middle, is not the CA that signs.
    let theirs = claim.stage.digests("bundle/customerCA.crt");
    submit(&["--ca-fingerprint", &theirs[2]]).refused(3, "another-trust-anchor", &[]);
    submit(&["--expect", answer["response_fingerprint"].as_str().unwrap()]).refused(
        3,
        "another-fingerprint",
        &[],
    );
    submit(&[]).refused(3, "owner-not-proven", &[]);
    // Nor does the key of the CA that signs prove the others, in hand or by the bundle.
    let bootstrap = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "bundle",
        "--ca-key",
        "ca/customerCA.key",
    ];
    claim
        .online(&bootstrap)
        .refused(3, "owner-not-proven", &["proves none of those above it"]);
    let named = [
        "bootstrap",
        "--cluster-id",
        &claim.id,
        "--bundle",
        "bundle",
        "--ca",
        "ca/chainCA.crt",
        "--ca-key",
        "ca/customerCA.key",
    ];
    assert_ne!(
        claim.online(&named).code,
        0,
        "what stands in the bundle is of another chain, and is not written over"
    );
    assert_eq!(claim.claims(), 0);
    // The very bytes that the owner's CA made go through.
    fs::copy(
        claim.stage.path("ca/chainCA.crt"),
        claim.stage.path("bundle/customerCA.crt"),
    )
    .unwrap();
    submit(&["--ca", "ca/chainCA.crt"]).expect(0);
    claim.is_taken_by_openssl("ca/chainCA.crt");
}

#[test]
fn a_bundle_put_together_by_hand_names_its_trust_anchor_as_the_guide_does() {
    // The guide's chain, and what lies beside it there; or its self-signed certificate alone.
    for (with_chain, ca, key) in [
        (true, "ca/chainCA.crt", "ca/customerCA"),
        (false, "root/customerCA.crt", "root/customerCA"),
    ] {
        let claim = Claim::new();
        let stage = &claim.stage;
        claim.fetch();
        fs::copy(
            stage.path("root/customerCA.crt"),
            stage.path("bundle/customerRootCA.crt"),
        )
        .unwrap();
        if with_chain {
            fs::copy(
                stage.path("ca/chainCA.crt"),
                stage.path("bundle/chainCA.crt"),
            )
            .unwrap();
        }
        fs::copy(stage.path(ca), stage.path("signer.crt")).unwrap();
        let csr = format!("bundle/{}_ClusterCsr.csr", claim.id);
        // With the text that openssl puts above it: what is sent is the program's own.
        let signed = stage.openssl(&format!(
            "x509 -req -in {csr} -CA signer.crt -CAkey {key}.key \
                                             -CAcreateserial -days 300 -sha256 -text"
        ));
        assert!(signed.contains("Certificate:"));
        stage.write(&claim.signed(), &signed);
        claim.online(&["submit", "bundle"]).refused(
            3,
            "owner-not-proven",
            &[if with_chain {
                "chainCA.crt"
            } else {
                "customerRootCA.crt"
            }],
        );
        assert_eq!(
            claim
                .online(&["submit", "bundle", "--ca", ca])
                .expect(0)
                .json()["outcome"],
            "claimed"
        );
        claim.is_taken_by_openssl(ca);
    }
}

#[test]
fn an_owners_certificate_is_read_with_text_around_it_or_in_der() {
    let claim = Claim::new();
    let stage = &claim.stage;
    claim.fetch();
    fs::write(
        stage.path("text.crt"),
        stage.openssl("x509 -in root/customerCA.crt -text"),
    )
    .unwrap();
    stage.openssl("x509 -in root/customerCA.crt -outform DER -out der.crt");
    stage.openssl("pkcs12 -export -nokeys -in root/customerCA.crt -passout pass:x -out bag.p12");
    stage.openssl("pkcs12 -in bag.p12 -nokeys -passin pass:x -out bag.crt");
    assert!(
        stage.read("bag.crt").contains("Bag Attributes")
            || stage.read("bag.crt").contains("subject="),
        "{}",
        stage.read("bag.crt")
    );
    for (at, file) in ["text.crt", "der.crt", "bag.crt"].into_iter().enumerate() {
        let sign = [
            "sign",
            "bundle",
            "--ca",
            file,
            "--ca-key",
            "root/customerCA.key",
            "--force",
        ];
        stage.run(&[&sign[..], &Claim::TRUST].concat()).expect(0);
        assert_eq!(
            stage.read("bundle/customerCA.crt"),
            stage.read("root/customerCA.crt"),
            "{file}: what is sent is the program's own text"
        );
        // What a CA elsewhere made, in each form.
        let form = ["-text", "-outform DER", "-text -nameopt multiline"][at];
        let csr = format!("bundle/{}_ClusterCsr.csr", claim.id);
        stage.openssl(&format!(
            "x509 -req -in {csr} -CA root/customerCA.crt -CAkey root/customerCA.key \
             -CAcreateserial -days 300 {form} -out signed.any"
        ));
        let import = [
            "import",
            "bundle",
            "--signed-cert",
            "signed.any",
            "--trust-anchor",
            file,
            "--force",
        ];
        stage.run(&[&import[..], &Claim::TRUST].concat()).expect(0);
        assert!(
            stage
                .read(&claim.signed())
                .starts_with("-----BEGIN CERTIFICATE-----\n")
        );
        assert_eq!(
            stage.run(&["ca", "show", file]).expect(0).json()["fit_as_trust_anchor"],
            true
        );
    }
    claim
        .online(&["submit", "bundle", "--ca", "der.crt"])
        .expect(0);
}

/// The clock is said first, and nobody is sent to another CA.
#[test]
fn what_is_not_valid_now_is_told_as_a_matter_of_time() {
    let claim = Claim::new();
    let stage = &claim.stage;
    claim.fetch();
    claim.sign();
    let (csr, signed) = (
        format!("bundle/{}_ClusterCsr.csr", claim.id),
        claim.signed(),
    );
    let check = |at: &str| {
        let done = stage.run(&[
            "check",
            "--csr",
            &csr,
            "--signed-cert",
            &signed,
            "--trust-anchor",
            "ca/chainCA.crt",
            "--at",
            at,
        ]);
        let error = done.json()["error"].clone();
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        assert!(
            text("message").contains("this is about time")
                && !text("message").contains("belong together"),
            "{error:#}"
        );
        assert!(text("hint").contains("`date -u`"), "{error:#}");
        (done.code, text("kind"))
    };
    assert_eq!(
        check("2001-01-01T00:00:00Z"),
        (5, "trust-anchor-refused".to_owned())
    );
    assert_eq!(
        check("2090-01-01T00:00:00Z"),
        (5, "trust-anchor-refused".to_owned())
    );
    // The signed certificate alone: one that its CA made for thirty days.
    stage.openssl(&format!(
        "x509 -req -in {csr} -CA ca/chainCA.crt -CAkey ca/customerCA.key \
                            -CAcreateserial -days 30 -out {signed}"
    ));
    assert_eq!(check(&day_from_now(40)), (3, "pair-unfit".to_owned()));
}

/// The moment so many days from now.
fn day_from_now(days: i64) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    hsmboot::x509::Moment::from_unix(i64::try_from(now).unwrap() + days * 86_400).to_string()
}
