//! CA keys in AWS KMS and AWS Private CA, where moto does not do what the service does: a STAND-IN
//! on loopback plays the answers that the API references document (states of keys, refusals,
//! throttling, idempotency, certificates that take their time), and keeps what it was asked.
#![cfg(feature = "awskms")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::sha2::{Digest, Sha256};
use serde_json::{Value, json};
use support::aws::{Call, StandIn, base64, refusal, unbase64};
use support::{Bench, CLUSTER, Run, TRUST, openssl, run};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ALIAS: &str = "awskms:arn:aws:kms:eu-central-1:111122223333:alias/cloudhsm-ca";
const CA: &str = "arn:aws-us-gov:acm-pca:us-gov-west-1:111122223333:certificate-authority/1234abcd-\
                  12ab-34cd-56ef-1234567890ab";

// The key in KMS.

fn key() -> rsa::RsaPrivateKey {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys/rsa-2048-stranger.pem");
    rsa::RsaPrivateKey::from_pkcs1_der(pem::parse(std::fs::read(file).unwrap()).unwrap().contents())
        .unwrap()
}

fn public_key(change: &[(&str, Value)]) -> (u16, Value) {
    let spki = key().to_public_key().to_public_key_der().unwrap();
    let mut answer = json!({
        "KeyId": KEY, "KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048",
        "CustomerMasterKeySpec": "RSA_2048",
        "PublicKey": base64(spki.as_bytes()),
        "SigningAlgorithms": ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PSS_SHA_256"],
    });
    for (name, value) in change {
        answer[*name] = value.clone();
    }
    (200, answer)
}

/// What KMS makes of a digest.
fn signature(call: &Call) -> (u16, Value) {
    let digest = unbase64(call.body["Message"].as_str().unwrap());
    let signature = key()
        .sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &digest)
        .unwrap();
    (
        200,
        json!({
            "KeyId": KEY, "Signature": base64(&signature),
            "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
        }),
    )
}

fn kms() -> StandIn {
    StandIn::new(|call| match call.target.as_str() {
        "TrentService.GetPublicKey" => public_key(&[]),
        "TrentService.Sign" => signature(call),
        other => panic!("{other}"),
    })
}

/// Runs hsmboot with the stand-in in the place of the service, and nothing else of AWS in sight.
fn hsmboot(bench: &Bench, service: &StandIn, args: &[&str]) -> Run {
    let args = pinned(args);
    let mut command = bench.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
    command
        .env("AWS_ENDPOINT_URL_KMS", &service.url)
        .env("AWS_ENDPOINT_URL_ACM_PCA", &service.url);
    run(command)
}

thread_local! {
    /// The SHA-256 of the root of the private CA that this test has started last: what those who
    /// keep the CA know.
    static PIN: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

/// The command line with the root's SHA-256, where it names a CA by its ARN and no SHA-256.
fn pinned(args: &[&str]) -> Vec<String> {
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    if args.iter().any(|arg| arg == "--ca-arn") && !args.iter().any(|arg| arg == "--ca-fingerprint")
    {
        let pin = PIN
            .with_borrow(Clone::clone)
            .unwrap_or_else(|| "00".repeat(32));
        args.extend(["--ca-fingerprint".to_owned(), pin]);
    }
    args
}

fn refused(
    bench: &Bench,
    service: &StandIn,
    args: &[&str],
    code: i32,
    kind: &str,
    words: &[&str],
) -> String {
    let before = bench.listing();
    let (text, json) = (
        hsmboot(bench, service, args),
        hsmboot(bench, service, &[args, &["--output", "json"]].concat()),
    );
    assert_eq!(before, bench.listing(), "something was written by {args:?}");
    support::refusal(&text, &json, code, kind, words);
    json.json()["error"]["hint"].as_str().unwrap().to_owned()
}

/// Holds a document against its schema in docs/schemas.
fn is_by(schema: &str, document: &Value) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    let read =
        |path: &Path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
    let all: Vec<Value> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".schema.json"))
        .map(|path| read(&path))
        .collect();
    let mut registry = jsonschema::Registry::new();
    for schema in &all {
        registry = registry
            .add(schema["$id"].as_str().unwrap(), schema)
            .unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(&read(&dir.join(schema)))
        .unwrap();
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{schema}: {faults:#?}\n{document:#}");
}

#[test]
fn the_documents_are_as_their_schemas_say() {
    let (bench, kms) = (Bench::new(), kms());
    let json = |service: &StandIn, args: &[&str], code| {
        hsmboot(&bench, service, &[args, &["--output", "json"]].concat())
            .expect(code)
            .json()
    };
    is_by(
        "output-ca-init.schema.json",
        &json(&kms, &ca_init(ALIAS), 0),
    );
    is_by("output-sign.schema.json", &json(&kms, &sign(ALIAS, &[]), 0));
    is_by(
        "response.schema.json",
        &serde_json::from_slice(&bench.read("bundle/response.json")).unwrap(),
    );
    let mut ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
    let service = ca.start();
    is_by(
        "output-sign.schema.json",
        &json(&service, &by_pca(&["--force"]), 0),
    );
    is_by(
        "response.schema.json",
        &serde_json::from_slice(&bench.read("bundle/response.json")).unwrap(),
    );
    ca.slow = usize::MAX;
    let pending = json(&ca.start(), &by_pca(&["--force", "--timeout", "0"]), 7);
    is_by("output-sign.schema.json", &pending);
    assert!(
        pending["certificate_arn"].as_str().unwrap().starts_with(CA),
        "{pending:#}"
    );
    "-CAkey ca.key -sha1".clone_into(&mut ca.issue.lock().unwrap());
    ca.slow = 0;
    is_by(
        "output-sign.schema.json",
        &json(&ca.start(), &by_pca(&["--force"]), 3),
    );
}

fn ca_init(key: &str) -> [&str; 8] {
    [
        "ca",
        "init",
        "--out",
        "ca",
        "--subject",
        "CN=CA in KMS",
        "--ca-key",
        key,
    ]
}

fn sign<'a>(key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "sign",
            "bundle",
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            key,
        ],
        &TRUST[..],
        more,
    ]
    .concat()
}

/// With a CA certificate of the key's.
fn bench() -> Bench {
    let bench = Bench::new();
    hsmboot(&bench, &kms(), &ca_init(ALIAS)).expect(0);
    bench
}

#[test]
fn kms_is_sent_the_digest_of_what_is_signed() {
    let (bench, kms) = (bench(), kms());
    let said = hsmboot(&bench, &kms, &sign(ALIAS, &[])).expect(0).stderr;
    assert!(
        said.contains(&format!("for the CA's key, calls go to {}", kms.url)),
        "{said}"
    );
    let signed = openssl(
        &bench.path(""),
        &format!(
            "asn1parse -in bundle/{CLUSTER}_CustomerHsmCertificate.crt -strparse 4 -noout -out tbs"
        ),
    );
    assert!(signed.is_empty());
    let asked = &kms.bodies("Sign")[0];
    assert_eq!(
        asked["Message"],
        base64(&Sha256::digest(bench.read("tbs"))),
        "the digest of the to-be-signed bytes"
    );
    assert_eq!(
        (
            asked["MessageType"].as_str(),
            asked["SigningAlgorithm"].as_str()
        ),
        (Some("DIGEST"), Some("RSASSA_PKCS1_V1_5_SHA_256"))
    );
}

/// A to-be-signed text may be longer than the 4096 bytes that KMS takes as a message: a
/// transcript's line that names many inputs, say.
#[test]
fn what_is_longer_than_a_message_to_kms_is_signed_all_the_same() {
    let (bench, kms) = (bench(), kms());
    // The paths as they are given stand in the line.
    let long = |path: &str| format!("{}{path}", "./".repeat(800));
    let (ca, aws, manufacturer) = (
        long("ca/customerCA.crt"),
        long("aws-root.crt"),
        long("manufacturer-root.crt"),
    );
    let args = [
        "sign",
        "bundle",
        "--ca",
        &ca,
        "--ca-key",
        ALIAS,
        "--aws-root",
        &aws,
        "--manufacturer-root",
        &manufacturer,
        "--seal",
    ];
    hsmboot(&bench, &kms, &args).expect(0);
    let line = String::from_utf8(bench.read("bundle/transcript.jsonl"))
        .unwrap()
        .lines()
        .last()
        .unwrap()
        .len();
    assert!(
        line > 4096 + 1000,
        "what is sealed has more than {line} bytes but for the seal"
    );
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(kms.counts()["Sign"], 2);
}

#[test]
fn an_alias_that_moves_after_it_was_looked_up_changes_nothing() {
    let (bench, kms) = (bench(), kms());
    hsmboot(&bench, &kms, &sign(ALIAS, &[])).expect(0);
    assert_eq!(
        kms.bodies("GetPublicKey")[0]["KeyId"],
        ALIAS.strip_prefix("awskms:").unwrap()
    );
    assert_eq!(
        kms.bodies("Sign")[0]["KeyId"],
        KEY,
        "what GetPublicKey called it"
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    assert_eq!(response["ca_key"], format!("awskms:{KEY}"));
}

#[test]
fn a_signature_that_does_not_verify_is_not_used() {
    let bench = bench();
    let liar = StandIn::new(|call| match call.target.as_str() {
        "TrentService.GetPublicKey" => public_key(&[]),
        // Over another digest, or nothing at all.
        _ if call.before == 0 => signature(&Call {
            body: json!({ "Message": base64(&[7; 32]) }),
            ..call.clone()
        }),
        _ => (200, json!({ "KeyId": KEY, "Signature": "" })),
    });
    refused(
        &bench,
        &liar,
        &sign(ALIAS, &[]),
        5,
        "bad-signature",
        &["does not verify", KEY],
    );
}

#[test]
fn a_key_that_kms_describes_otherwise_than_it_is_is_refused() {
    let bench = Bench::new();
    for (change, words) in [
        (
            ("KeyUsage", json!("KEY_AGREEMENT")),
            "KeyUsage KEY_AGREEMENT, expected SIGN_VERIFY",
        ),
        (
            ("SigningAlgorithms", json!(["RSASSA_PSS_SHA_256"])),
            "RSASSA_PKCS1_V1_5_SHA_256",
        ),
        (("PublicKey", json!(base64(b"no key"))), "unreadable"),
    ] {
        let kms = StandIn::new(move |_| public_key(&[(change.0, change.1.clone())]));
        refused(
            &bench,
            &kms,
            &ca_init(ALIAS),
            5,
            "ca-key-unsupported",
            &[words, ALIAS],
        );
    }
}

/// KMS API Reference, GetPublicKey and Sign, "Errors".
#[test]
fn each_refusal_of_kms_says_whether_the_key_is_at_fault_or_the_way_to_it() {
    let bench = bench();
    for (status, code, exit, kind, hint) in [
        (400, "NotFoundException", 5, "ca-key-missing", "create-key"),
        (
            400,
            "DisabledException",
            5,
            "ca-key-unavailable",
            "enable-key",
        ),
        (
            400,
            "KMSInvalidStateException",
            5,
            "ca-key-unavailable",
            "cancel-key-deletion",
        ),
        (
            500,
            "KeyUnavailableException",
            5,
            "ca-key-unavailable",
            "key store",
        ),
        (
            400,
            "InvalidKeyUsageException",
            5,
            "ca-key-unsupported",
            "SIGN_VERIFY",
        ),
        (
            400,
            "UnsupportedOperationException",
            5,
            "ca-key-unsupported",
            "SIGN_VERIFY",
        ),
        (
            400,
            "AccessDeniedException",
            6,
            "access-denied",
            "kms:GetPublicKey and kms:Sign",
        ),
        (400, "ThrottlingException", 6, "throttled", "again"),
        (
            400,
            "UnrecognizedClientException",
            6,
            "credentials-refused",
            "get-caller-identity",
        ),
        (
            500,
            "KMSInternalException",
            6,
            "service-failure",
            "nothing has been written",
        ),
        (400, "InvalidGrantTokenException", 6, "service-refused", KEY),
    ] {
        for action in ["GetPublicKey", "Sign"] {
            let kms = StandIn::new(move |call| match call.target.ends_with(action) {
                true => refusal(status, code),
                false => public_key(&[]),
            });
            let said = refused(
                &bench,
                &kms,
                &sign(&format!("awskms:{KEY}"), &[]),
                exit,
                kind,
                &["the service's words"],
            );
            assert!(said.contains(hint), "{code}: {said}");
            assert!(
                kind != "access-denied" || said.contains(&format!("kms:{action} was missing")),
                "{said}"
            );
        }
    }
}

#[test]
fn kms_that_is_throttled_for_a_moment_is_asked_again() {
    let bench = bench();
    let kms = StandIn::new(|call| match call.target.as_str() {
        _ if call.before == 0 => refusal(400, "ThrottlingException"),
        "TrentService.GetPublicKey" => public_key(&[]),
        _ => signature(call),
    });
    hsmboot(&bench, &kms, &sign(ALIAS, &[])).expect(0);
}

#[test]
fn kms_out_of_reach_and_missing_credentials_end_with_6() {
    let bench = bench();
    let closed = support::closed::Closed::new();
    let key = format!("awskms:{KEY}");
    let url = closed.url();
    bench.refused(
        &sign(&key, &["--endpoint-url", &url]),
        6,
        "service-unreachable",
        &[&format!("{url} cannot be reached")],
    );
    let lonely = |args: &[&str]| {
        let mut command = bench.command(args);
        command
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
        run(command)
    };
    for (key, kind) in [
        (key.as_str(), "no-credentials"),
        ("awskms:alias/cloudhsm-ca", "no-region"),
    ] {
        let args = sign(key, &[]);
        support::refusal(
            &lonely(&args),
            &lonely(&[&args[..], &["--output", "json"]].concat()),
            6,
            kind,
            &[],
        );
    }
}

#[test]
fn a_bundle_that_does_not_verify_is_not_shown_to_kms() {
    let (bench, kms) = (bench(), kms());
    refused(
        &bench,
        &kms,
        &[
            "sign",
            "bundle",
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            ALIAS,
        ],
        3,
        "rejected",
        &["aws.signature"],
    );
    assert!(kms.calls().is_empty());
}

#[test]
fn options_for_aws_without_a_ca_there_are_a_wrong_command_line() {
    let bench = Bench::new();
    let file = [
        &[
            "sign",
            "bundle",
            "--ca",
            "customerCA.crt",
            "--ca-key",
            "customerCA.key",
        ],
        &TRUST[..],
    ]
    .concat();
    for option in [
        &["--region", "eu-central-1"][..],
        &["--profile", "p"],
        &["--endpoint-url", "http://127.0.0.1:1"],
        &["--insecure-http"],
    ] {
        bench.refused(
            &[&file[..], option].concat(),
            2,
            "options-for-nothing",
            &[option[0]],
        );
        bench.refused(
            &[
                &[
                    "ca",
                    "init",
                    "--out",
                    "new",
                    "--subject",
                    "CN=x",
                    "--no-passphrase",
                ],
                option,
            ]
            .concat(),
            2,
            "options-for-nothing",
            &[],
        );
    }
    for wrong in [
        "awskms:",
        "awskms:1234",
        "awskms:arn:aws:kms:eu-central-1:1:key/x",
    ] {
        bench.refused(&sign(wrong, &[]), 2, "bad-key-uri", &[wrong]);
    }
}

/// `--endpoint-url` of bootstrap is CloudHSM's. Where nobody names one for KMS, the request goes to
/// KMS's own, through whatever proxy there is.
#[cfg(feature = "online")]
#[test]
fn a_bootstraps_endpoint_is_not_asked_for_the_key() {
    let bench = bench();
    let cloudhsm = StandIn::new(|_| {
        (
            200,
            json!({
                "Clusters": [{
                    "ClusterId": CLUSTER, "State": "UNINITIALIZED",
                    "Hsms": [{ "HsmId": "hsm-abc234defgh", "State": "CREATE_IN_PROGRESS" }],
                }],
            }),
        )
    });
    let claim = [
        "bootstrap",
        "--endpoint-url",
        &cloudhsm.url,
        "--cluster-id",
        CLUSTER,
        "--region",
        "us-east-1",
        "--ca",
        "ca/customerCA.crt",
        "--timeout",
        "0",
    ];
    let only_cloudhsm = |cloudhsm: &StandIn| {
        assert!(
            cloudhsm
                .calls()
                .iter()
                .all(|call| call.target.starts_with("BaldrApiService.")),
            "{:?}",
            cloudhsm.counts()
        )
    };

    let kms = kms();
    let run = hsmboot(&bench, &kms, &[&claim[..], &["--ca-key", ALIAS]].concat());
    assert_eq!(run.code, 7, "{}", run.stderr);
    assert_eq!(kms.counts().keys().collect::<Vec<_>>(), ["GetPublicKey"]);
    only_cloudhsm(&cloudhsm);

    let proxy = StandIn::new(|_| (0, Value::Null));
    let mut command =
        bench.command(&[&claim[..], &["--ca-key", "awskms:alias/cloudhsm-ca"]].concat());
    command
        .env("HTTPS_PROXY", &proxy.url)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    let run = support::run(command);
    assert_eq!(run.code, 6, "{}", run.stderr);
    assert!(
        run.stderr.contains("AWS KMS cannot be reached"),
        "{}",
        run.stderr
    );
    assert!(
        proxy.calls().iter().all(|call| call
            .target
            .starts_with("CONNECT kms.us-east-1.amazonaws.com:443 ")),
        "{:?}",
        proxy.calls()
    );
    only_cloudhsm(&cloudhsm);
}

// AWS Private CA.

/// A private CA: its root, made by openssl, and what it does with a request.
#[derive(Clone)]
struct PrivateCa {
    dir: Arc<tempfile::TempDir>,
    root: String,
    /// What GetCertificateAuthorityCertificate returns beside the certificate.
    chain: Option<String>,
    /// What `x509 -req` is told besides.
    issue: Arc<Mutex<String>>,
    /// How often GetCertificate says that the certificate is not there yet.
    slow: usize,
    describe: Value,
    /// The ARN that IssueCertificate answers with.
    certificate: String,
    /// A file that somebody exchanges while the CA is asked for its root.
    exchanged: Option<PathBuf>,
}

impl PrivateCa {
    fn new(key: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        openssl(
            dir.path(),
            &format!(
                "req -x509 -newkey {key} -nodes -keyout ca.key -out ca.crt -subj /CN=Private -days \
                 3652 -sha384"
            ),
        );
        let root = std::fs::read_to_string(dir.path().join("ca.crt")).unwrap();
        let describe = json!({
            "Arn": CA, "Status": "ACTIVE", "Type": "ROOT", "UsageMode": "GENERAL_PURPOSE",
        });
        PrivateCa {
            dir: Arc::new(dir),
            root,
            chain: None,
            issue: Arc::default(),
            slow: 0,
            describe,
            certificate: format!("{CA}/certificate/0123456789abcdef"),
            exchanged: None,
        }
    }

    /// A subordinate CA, with so many others between it and its root: made by openssl, as AWS
    /// Private CA's templates have them.
    fn subordinate(between: usize) -> Self {
        let mut ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
        let dir = ca.dir.path().to_owned();
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
        let mut chain = String::new();
        for at in (0..=between).rev() {
            for end in ["key", "crt"] {
                std::fs::rename(
                    dir.join(format!("ca.{end}")),
                    dir.join(format!("above.{end}")),
                )
                .unwrap();
            }
            chain = read("above.crt") + &chain;
            std::fs::write(
                dir.join("ext"),
                format!(
                    "basicConstraints=critical,CA:TRUE,pathlen:{at}\nkeyUsage=critical,keyCertS\
                         ign,cRLSign,digitalSignature\n"
                ),
            )
            .unwrap();
            openssl(
                &dir,
                &format!(
                    "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out \
                     ca.csr -subj /CN=Private{at}"
                ),
            );
            openssl(
                &dir,
                "x509 -req -in ca.csr -CA above.crt -CAkey above.key -CAcreateserial -days 3000 \
                 -sha384 -extfile ext -out ca.crt",
            );
        }
        ca.root = read("ca.crt");
        ca.chain = Some(chain);
        ca.describe["Type"] = json!("SUBORDINATE");
        ca
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self) -> StandIn {
        let ca = self.clone();
        let der = x509_parser::pem::parse_x509_pem(self.root.as_bytes())
            .ok()
            .map(|(_, pem)| pem.contents);
        PIN.set(der.map(|der| hsmboot::x509::to_hex(&hsmboot::x509::sha256(&der))));
        StandIn::new(
            move |call| match call.target.strip_prefix("ACMPrivateCA.").unwrap() {
                "DescribeCertificateAuthority" => {
                    (200, json!({ "CertificateAuthority": ca.describe }))
                }
                "GetCertificateAuthorityCertificate" => {
                    if let Some(file) = &ca.exchanged {
                        std::fs::write(file, "exchanged").unwrap();
                    }
                    let answer = json!({ "Certificate": ca.root, "CertificateChain": ca.chain });
                    (
                        200,
                        answer
                            .as_object()
                            .unwrap()
                            .iter()
                            .filter(|(_, value)| !value.is_null())
                            .map(|(name, value)| (name.clone(), value.clone()))
                            .collect(),
                    )
                }
                "IssueCertificate" => {
                    std::fs::write(ca.file("csr"), unbase64(call.body["Csr"].as_str().unwrap()))
                        .unwrap();
                    let more = ca.issue.lock().unwrap().clone();
                    openssl(
                        ca.dir.path(),
                        format!(
                            "x509 -req -in csr -CA ca.crt -CAkey ca.key \
                                                    -CAcreateserial -days 30 -sha384 -out crt \
                                                    {more}"
                        )
                        .trim(),
                    );
                    (200, json!({ "CertificateArn": ca.certificate }))
                }
                "GetCertificate" if call.before < ca.slow => {
                    refusal(400, "RequestInProgressException")
                }
                "GetCertificate" => (
                    200,
                    json!({
                        "Certificate": std::fs::read_to_string(ca.file("crt")).unwrap().trim(),
                        "CertificateChain": ca.root,
                    }),
                ),
                other => panic!("{other}"),
            },
        )
    }
}

fn by_pca<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["sign", "bundle", "--ca-arn", CA], &TRUST[..], more].concat()
}

#[test]
fn each_kind_of_root_is_asked_to_sign_with_its_own_algorithm() {
    for (key, algorithm) in [
        ("rsa:2048", "SHA256WITHRSA"),
        ("ec -pkeyopt ec_paramgen_curve:P-256", "SHA256WITHECDSA"),
        ("ec -pkeyopt ec_paramgen_curve:P-384", "SHA384WITHECDSA"),
        ("ec -pkeyopt ec_paramgen_curve:P-521", "SHA512WITHECDSA"),
    ] {
        let (bench, ca) = (Bench::new(), PrivateCa::new(key));
        let service = ca.start();
        hsmboot(&bench, &service, &by_pca(&["--days", "1826"])).expect(0);
        let order = &service.bodies("IssueCertificate")[0];
        assert_eq!(order["SigningAlgorithm"], algorithm);
        assert_eq!(
            order["TemplateArn"], "arn:aws-us-gov:acm-pca:::template/EndEntityCertificate/V1",
            "in the CA's partition"
        );
        assert_eq!(order["Validity"], json!({ "Type": "DAYS", "Value": 1826 }));
        let sent = pem::parse(unbase64(order["Csr"].as_str().unwrap())).unwrap();
        let csr = pem::parse(bench.read(&format!("bundle/{CLUSTER}_ClusterCsr.csr"))).unwrap();
        assert_eq!(sent.contents(), csr.contents(), "the very CSR");
        let said = openssl(
            &bench.path(""),
            &format!(
                "verify -CAfile bundle/customerCA.crt bundle/{CLUSTER}_CustomerHsmCertificate.crt"
            ),
        );
        assert!(String::from_utf8(said).unwrap().ends_with(": OK\n"));
    }
}

#[test]
fn a_certificate_never_outlasts_its_ca() {
    let (bench, ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    let service = ca.start();
    hsmboot(&bench, &service, &by_pca(&["--days", "36525"])).expect(0);
    let end = openssl(ca.dir.path(), "x509 -in ca.crt -noout -enddate");
    let order = &service.bodies("IssueCertificate")[0]["Validity"];
    assert_eq!(order["Type"], "ABSOLUTE");
    let end = String::from_utf8(end)
        .unwrap()
        .trim()
        .replace("notAfter=", "");
    let seconds = std::process::Command::new("date")
        .args(["-u", "+%s", "-d", &end])
        .output()
        .unwrap()
        .stdout;
    assert_eq!(
        order["Value"].to_string(),
        String::from_utf8(seconds).unwrap().trim(),
        "{end}"
    );
}

#[test]
fn a_certificate_that_takes_its_time_is_waited_for() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    ca.slow = 3;
    let service = ca.start();
    hsmboot(&bench, &service, &by_pca(&[])).expect(0);
    assert_eq!(
        (
            service.counts()["IssueCertificate"],
            service.counts()["GetCertificate"]
        ),
        (1, 4)
    );
}

#[test]
fn an_answer_that_names_no_certificate_of_this_ca_is_not_followed() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    for strange in [
        "",
        CA,
        &format!(
            "{}/certificate/0123456789abcdef",
            CA.replace("1234abcd", "4321abcd")
        ),
    ] {
        strange.clone_into(&mut ca.certificate);
        let service = ca.start();
        refused(
            &bench,
            &service,
            &by_pca(&[]),
            6,
            "service-failure",
            &["without the ARN of a certificate of this CA"],
        );
        assert!(
            !service.counts().contains_key("GetCertificate"),
            "{:?}",
            service.counts()
        );
    }
}

#[test]
fn nothing_is_requested_where_the_bundle_changed_after_it_was_judged() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    ca.exchanged = Some(bench.part("ClusterCsr.csr"));
    let service = ca.start();
    let run = hsmboot(
        &bench,
        &service,
        &[&by_pca(&[])[..], &["--output", "json"]].concat(),
    )
    .expect(8);
    assert_eq!(
        run.json()["error"]["kind"],
        "changed-meanwhile",
        "{}",
        run.stdout
    );
    assert!(
        !service.counts().contains_key("IssueCertificate"),
        "{:?}",
        service.counts()
    );
    assert!(!bench.part("CustomerHsmCertificate.crt").exists());
}

#[test]
fn a_certificate_that_is_not_there_in_time_is_fetched_by_a_later_run_and_not_requested_again() {
    let (bench, mut ca) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256"),
    );
    ca.slow = usize::MAX;
    let never = ca.start();
    let hint = refused(
        &bench,
        &never,
        &by_pca(&["--timeout", "1"]),
        7,
        "certificate-pending",
        &[CA, "after 1 s"],
    );
    // Both runs asked in the same words: to the service that is one request, for five minutes.
    let asked = never.bodies("IssueCertificate");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1]);
    let token = asked[0]["IdempotencyToken"].as_str().unwrap();
    assert!(
        (1..=36).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{token}"
    );

    let arn = hint
        .split("--certificate-arn ")
        .nth(1)
        .unwrap()
        .split('`')
        .next()
        .unwrap();
    ca.slow = 0;
    let later = ca.start();
    hsmboot(&bench, &later, &by_pca(&["--certificate-arn", arn])).expect(0);
    assert!(
        !later.counts().contains_key("IssueCertificate"),
        "{:?}",
        later.counts()
    );
    // Another request is another one.
    let other = Bench::new();
    hsmboot(&other, &later, &by_pca(&[])).expect(0);
    assert_ne!(
        later.bodies("IssueCertificate")[0]["IdempotencyToken"],
        token
    );
    let foreign = arn.replace("1234abcd", "4321abcd");
    bench.refused(
        &by_pca(&["--certificate-arn", &foreign]),
        2,
        "usage",
        &["no certificate of the CA"],
    );
}

#[test]
fn nothing_is_requested_for_a_bundle_that_does_not_verify() {
    let (bench, service) = (
        Bench::new(),
        PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256").start(),
    );
    refused(
        &bench,
        &service,
        &["sign", "bundle", "--ca-arn", CA],
        3,
        "rejected",
        &["aws.signature"],
    );
    refused(
        &bench,
        &service,
        &by_pca(&["--expect", "00000 00000 00000 00000 00000 00000"]),
        3,
        "another-fingerprint",
        &[],
    );
    refused(
        &bench,
        &service,
        &by_pca(&["--ca-fingerprint", &"00".repeat(32)]),
        3,
        "another-trust-anchor",
        &[],
    );
    assert!(
        !service.counts().contains_key("IssueCertificate"),
        "{:?}",
        service.counts()
    );
    let run = hsmboot(
        &bench,
        &service,
        &[
            "sign",
            "bundle",
            "--ca-arn",
            CA,
            "--unverified",
            "--reason",
            "an exercise",
        ],
    )
    .expect(0);
    assert!(run.stderr.contains("UNVERIFIED"), "{}", run.stderr);
}

#[test]
fn a_ca_that_cannot_be_a_trust_anchors_is_asked_for_nothing() {
    let bench = Bench::new();
    let ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
    let mut cas = Vec::new();
    for (name, value, kind, words) in [
        (
            "Status",
            "CREATING",
            "ca-not-active",
            "CREATING, expected ACTIVE",
        ),
        ("Status", "EXPIRED", "ca-not-active", "EXPIRED"),
        ("Type", "SUBORDINATE", "trust-anchor-refused", "no chain"),
        (
            "Type",
            "SIDEWAYS",
            "trust-anchor-refused",
            "SIDEWAYS, expected ROOT or SUBORDINATE",
        ),
    ] {
        let mut other = ca.clone();
        other.describe[name] = json!(value);
        cas.push((other, kind, words));
    }
    // What it says of itself is not believed: the certificate is looked at.
    let mut liar = ca.clone();
    openssl(
        ca.dir.path(),
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout sub.key -out sub.csr -subj \
         /CN=Sub",
    );
    openssl(
        ca.dir.path(),
        "x509 -req -in sub.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out sub.crt",
    );
    liar.root = std::fs::read_to_string(ca.file("sub.crt")).unwrap();
    cas.push((
        liar,
        "trust-anchor-refused",
        "check.trust-anchor.self-issued",
    ));
    cas.push((
        PrivateCa::new("rsa:1024"),
        "trust-anchor-refused",
        "RSA key of 1024 bits",
    ));
    for (ca, kind, words) in cas {
        let service = ca.start();
        refused(&bench, &service, &by_pca(&[]), 5, kind, &[CA, words]);
        assert!(!service.counts().contains_key("IssueCertificate"));
    }
    let mut empty = ca.clone();
    empty.root = String::new();
    refused(&bench, &empty.start(), &by_pca(&[]), 4, "malformed", &[CA]);
}

#[test]
fn a_subordinate_ca_signs_with_the_chain_that_the_service_returns() {
    let (bench, ca) = (Bench::new(), PrivateCa::subordinate(0));
    let service = ca.start();
    let answer = hsmboot(
        &bench,
        &service,
        &[&by_pca(&[])[..], &["--output", "json"]].concat(),
    )
    .expect(0);
    let (answer, chain) = (answer.json(), ca.root.clone() + &ca.chain.clone().unwrap());
    is_by("output-sign.schema.json", &answer);
    assert_eq!(
        String::from_utf8(bench.read("bundle/customerCA.crt")).unwrap(),
        chain
    );
    let above = ca.chain.clone().unwrap();
    let above = x509_parser::pem::parse_x509_pem(above.as_bytes())
        .unwrap()
        .1
        .contents;
    assert_eq!(
        answer["chain_sha256"],
        json!([hsmboot::x509::to_hex(&hsmboot::x509::sha256(&above))])
    );
    assert!(!answer.to_string().contains("SHORT_LIVED"));
    // What OpenSSL says of it.
    let openssl = std::process::Command::new("openssl")
        .args([
            "verify",
            "-purpose",
            "sslserver",
            "-CAfile",
            "customerCA.crt",
            &format!("{}_CustomerHsmCertificate.crt", support::CLUSTER),
        ])
        .current_dir(bench.path("bundle"))
        .output()
        .unwrap();
    assert!(
        openssl.status.success(),
        "{}",
        String::from_utf8_lossy(&openssl.stderr)
    );
}

#[test]
fn a_chain_that_does_not_hold_is_asked_for_nothing() {
    let bench = Bench::new();
    let good = PrivateCa::subordinate(1);
    let blocks: Vec<String> = good
        .chain
        .as_deref()
        .unwrap()
        .split_inclusive("-----END CERTIFICATE-----\n")
        .map(str::to_owned)
        .collect();
    let [between, root] = &blocks[..] else {
        panic!("{blocks:?}")
    };
    let stranger = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256").root;
    for (chain, words) in [
        (format!("{root}{between}"), "check.trust-anchor.chain-order"),
        (root.clone(), "check.trust-anchor.chain-order"),
        (between.clone(), "check.trust-anchor.self-issued"),
        (
            format!("{between}{stranger}"),
            "check.trust-anchor.chain-signatures",
        ),
    ] {
        let ca = PrivateCa {
            chain: Some(chain),
            ..good.clone()
        };
        let service = ca.start();
        refused(
            &bench,
            &service,
            &by_pca(&[]),
            5,
            "trust-anchor-refused",
            &[CA, words],
        );
        assert!(!service.counts().contains_key("IssueCertificate"));
    }
}

/// Anybody can certify the owner's intermediate under a root of their own: the first certificate's
/// SHA-256 alone names no root of three.
#[test]
fn the_root_of_a_chain_of_three_is_named_too() {
    let (bench, ca) = (Bench::new(), PrivateCa::subordinate(1));
    let service = ca.start();
    refused(
        &bench,
        &service,
        &by_pca(&[]),
        3,
        "owner-not-proven",
        &["root of its chain", "anybody can put another root above it"],
    );
    assert!(!service.counts().contains_key("IssueCertificate"));
    let sha256 = |pem: &str| {
        hsmboot::x509::to_hex(&hsmboot::x509::sha256(
            &x509_parser::pem::parse_x509_pem(pem.as_bytes())
                .unwrap()
                .1
                .contents,
        ))
    };
    let root = ca
        .chain
        .as_deref()
        .unwrap()
        .split_inclusive("-----END CERTIFICATE-----\n")
        .nth(1)
        .map(sha256)
        .unwrap();
    refused(
        &bench,
        &service,
        &by_pca(&["--ca-fingerprint", &root]),
        3,
        "another-trust-anchor",
        &[],
    );
    hsmboot(
        &bench,
        &service,
        &by_pca(&[
            "--ca-fingerprint",
            &sha256(&ca.root),
            "--ca-fingerprint",
            &root,
        ]),
    )
    .expect(0);
}

#[test]
fn a_ca_of_short_lived_certificates_is_told_apart() {
    let (bench, mut ca) = (Bench::new(), PrivateCa::subordinate(0));
    ca.describe["UsageMode"] = json!("SHORT_LIVED_CERTIFICATE");
    let service = ca.start();
    refused(
        &bench,
        &service,
        &by_pca(&[]),
        5,
        "ca-short-lived",
        &["at most 7 days", "SHORT_LIVED_CERTIFICATE"],
    );
    let run = hsmboot(&bench, &service, &by_pca(&["--days", "7"])).expect(0);
    assert!(
        run.stderr.contains("SHORT_LIVED_CERTIFICATE")
            && run.stderr.contains("keeps its certificate for good"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_issued_has_to_fit_the_csr_and_the_root() {
    let bench = Bench::new();
    let ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
    let service = ca.start();
    // For another key.
    openssl(
        ca.dir.path(),
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.csr \
         -subj /CN=Other",
    );
    openssl(ca.dir.path(), "pkey -in other.key -pubout -out other.pub");
    "-force_pubkey other.pub".clone_into(&mut ca.issue.lock().unwrap());
    refused(
        &bench,
        &service,
        &by_pca(&[]),
        3,
        "pair-unfit",
        &["check.key", "issued as", "/certificate/0123456789abcdef"],
    );
    // Of another CA.
    openssl(
        ca.dir.path(),
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca2.key -out ca2.crt \
         -subj /CN=Private -days 30",
    );
    "-CA ca2.crt -CAkey ca2.key".clone_into(&mut ca.issue.lock().unwrap());
    refused(
        &bench,
        &service,
        &by_pca(&[]),
        3,
        "pair-unfit",
        &["check.signature"],
    );
    // With another subject: no rule forbids it, and it is said.
    "-subj /CN=rewritten".clone_into(&mut ca.issue.lock().unwrap());
    let run = hsmboot(&bench, &service, &by_pca(&[])).expect(0);
    assert!(
        run.stderr.contains("the CA changed the subject") && run.stderr.contains("CN=rewritten"),
        "{}",
        run.stderr
    );
}

/// AWS Private CA API Reference, "Errors" of the four actions.
#[test]
fn each_refusal_of_aws_private_ca_has_its_code_and_names_the_action() {
    let bench = Bench::new();
    let ca = PrivateCa::new("ec -pkeyopt ec_paramgen_curve:P-256");
    for action in [
        "DescribeCertificateAuthority",
        "GetCertificateAuthorityCertificate",
        "IssueCertificate",
        "GetCertificate",
    ] {
        let not_found = match action {
            "GetCertificate" => (6, "certificate-not-found"),
            _ => (5, "ca-not-found"),
        };
        for (status, code, (exit, kind)) in [
            (400, "ResourceNotFoundException", not_found),
            (400, "AccessDeniedException", (6, "access-denied")),
            (400, "InvalidStateException", (6, "service-refused")),
            (400, "MalformedCSRException", (6, "service-refused")),
            (400, "RequestFailedException", (6, "service-refused")),
            (500, "InternalFailure", (6, "service-failure")),
        ] {
            let inner = ca.start();
            let front =
                StandIn::new(
                    move |call| match call.target.ends_with(&format!(".{action}")) {
                        true => refusal(status, code),
                        false => forward(&inner.url, call),
                    },
                );
            let hint = refused(
                &bench,
                &front,
                &by_pca(&[]),
                exit,
                kind,
                &["the service's words"],
            );
            assert!(
                kind != "access-denied" || hint.contains(&format!("acm-pca:{action} ")),
                "{hint}"
            );
        }
    }
}

/// The same call to another stand-in.
fn forward(url: &str, call: &Call) -> (u16, Value) {
    use std::io::{Read, Write};
    let address = url.strip_prefix("http://").unwrap();
    let body = call.body.to_string();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(
            format!(
                "POST / HTTP/1.1\r\nX-Amz-Target: {}\r\nContent-Length: {}\r\n\r\n{body}",
                call.target,
                body.len()
            )
            .as_bytes(),
        )
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap(),
    )
}

#[test]
fn a_private_ca_goes_with_no_key_of_ones_own() {
    let bench = Bench::new();
    for more in [
        &["--ca", "customerCA.crt", "--ca-key", "customerCA.key"][..],
        &["--seal"],
        &["--passphrase-file", "x"],
        &["--ca-fingerprint", "00"],
    ] {
        assert_eq!(bench.run(&by_pca(more)).code, 2, "{more:?}");
    }
    for wrong in [
        "",
        "x",
        "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ] {
        assert_eq!(
            bench.run(&["sign", "bundle", "--ca-arn", wrong]).code,
            2,
            "{wrong}"
        );
    }
    for lone in [
        ["--ca-fingerprint", &"00".repeat(32)],
        ["--certificate-arn", "x"],
        ["--timeout", "1"],
    ] {
        let args = [
            &[
                "sign",
                "bundle",
                "--ca",
                "customerCA.crt",
                "--ca-key",
                "customerCA.key",
            ],
            &lone[..],
        ]
        .concat();
        assert_eq!(bench.run(&args).code, 2, "{lone:?}");
    }
    assert_eq!(bench.run(&["sign", "bundle"]).code, 2);
    assert_eq!(
        bench
            .run(&["sign", "bundle", "--ca", "customerCA.crt"])
            .code,
        2
    );
    bench.refused(
        &by_pca(&["--region", "eu-central-1"]),
        2,
        "contradicting-region",
        &["us-gov-west-1"],
    );
}
