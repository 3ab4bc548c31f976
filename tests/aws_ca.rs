//! CA keys in AWS KMS and AWS Private CA as the issuer, against moto's server (PyPI:
//! `moto[server]`): a CA of each kind of key, and what it signs judged by openssl.
//!
//! Where moto is missing these tests show as ignored, never as passed; where `HSMBOOT_MOTO` is set,
//! as `tests/run` does, it must be there. What moto does not do (states of keys, idempotency,
//! certificates that take their time) is in `aws_ca_answers.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "simulator/support.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod simulated;
mod support;

use std::process::ExitCode;
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use support::aws::Moto;
use support::trial::trial;
use support::{Bench, CLUSTER, Run, TRUST, openssl, run};

const SPECS: [(&str, &str); 5] = [
    ("RSA_2048", "RSA 2048"),
    ("RSA_3072", "RSA 3072"),
    ("RSA_4096", "RSA 4096"),
    ("ECC_NIST_P256", "P-256"),
    ("ECC_NIST_P384", "P-384"),
];

/// The tests that need no other part of the program.
const TESTS: [(&str, fn()); 11] = [
    (
        "a_key_is_found_by_its_id_its_arn_and_its_aliases",
        a_key_is_found_by_its_id_its_arn_and_its_aliases,
    ),
    (
        "an_arn_says_the_region_and_another_name_takes_it_from_the_command_line",
        an_arn_says_the_region_and_another_name_takes_it_from_the_command_line,
    ),
    (
        "a_key_that_cannot_sign_certificates_is_refused",
        a_key_that_cannot_sign_certificates_is_refused,
    ),
    (
        "a_key_that_is_not_the_ca_certificates_signs_nothing",
        a_key_that_is_not_the_ca_certificates_signs_nothing,
    ),
    (
        "a_key_in_kms_seals_the_transcript",
        a_key_in_kms_seals_the_transcript,
    ),
    (
        "a_root_in_kms_makes_an_intermediate",
        a_root_in_kms_makes_an_intermediate,
    ),
    (
        "an_intermediate_in_kms_is_made_under_a_root_elsewhere",
        an_intermediate_in_kms_is_made_under_a_root_elsewhere,
    ),
    (
        "a_private_ca_signs_the_bundle",
        a_private_ca_signs_the_bundle,
    ),
    (
        "a_private_ca_with_another_root_than_expected_signs_nothing",
        a_private_ca_with_another_root_than_expected_signs_nothing,
    ),
    (
        "a_private_ca_that_is_not_there_or_not_active_signs_nothing",
        a_private_ca_that_is_not_there_or_not_active_signs_nothing,
    ),
    (
        "a_cluster_is_claimed_with_a_key_in_kms",
        a_cluster_is_claimed_with_a_key_in_kms,
    ),
];

fn main() -> ExitCode {
    let absent = std::env::var_os("HSMBOOT_MOTO").is_none() && !Moto::is_installed();
    let ignored = absent || !cfg!(feature = "awskms");
    let claims = cfg!(all(feature = "online", feature = "simulator"));
    let mut trials: Vec<Trial> = TESTS
        .iter()
        .map(|&(name, test)| {
            let ignored = ignored || (name.starts_with("a_cluster") && !claims);
            trial(name, test, ignored)
        })
        .collect();
    for (spec, shown) in SPECS {
        let name = format!("a_ca_whose_key_is_in_kms_signs_the_bundle::{spec}");
        trials.push(trial(name, move || signs_the_bundle(spec, shown), ignored));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    // Its server must not outlive us, and `exit` drops no statics.
    if let Some(moto) = MOTO.get() {
        moto.stop();
    }
    conclusion.exit_code()
}

static MOTO: OnceLock<Moto> = OnceLock::new();

/// One server for all tests: each has keys of its own.
fn moto() -> &'static Moto {
    MOTO.get_or_init(Moto::start)
}

/// Runs hsmboot with moto in the place of KMS and AWS Private CA, and nothing else of AWS in sight.
fn hsmboot(bench: &Bench, args: &[&str]) -> Run {
    let mut command = bench.command(args);
    command
        .env("AWS_ENDPOINT_URL_KMS", moto().url())
        .env("AWS_ENDPOINT_URL_ACM_PCA", moto().url())
        .env("AWS_REGION", "us-east-1");
    run(command)
}

fn refused(bench: &Bench, args: &[&str], code: i32, kind: &str, words: &[&str]) {
    let before = bench.listing();
    let (text, json) = (
        hsmboot(bench, args),
        hsmboot(bench, &[args, &["--output", "json"]].concat()),
    );
    assert_eq!(before, bench.listing(), "something was written by {args:?}");
    support::refusal(&text, &json, code, kind, words);
}

fn key(spec: &str) -> Value {
    moto().key(spec, "SIGN_VERIFY", "us-east-1")
}

fn uri(key: &Value) -> String {
    format!("awskms:{}", key["Arn"].as_str().unwrap())
}

fn ca_init<'a>(uri: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "ca",
            "init",
            "--out",
            "ca",
            "--subject",
            "CN=CA in KMS,O=Example",
            "--ca-key",
            uri,
        ],
        more,
    ]
    .concat()
}

fn sign<'a>(uri: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "sign",
            "bundle",
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            uri,
        ],
        &TRUST[..],
        more,
    ]
    .concat()
}

fn openssl_judges(bench: &Bench, anchor: &str) {
    let signed = format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt");
    let said = openssl(
        &bench.path(""),
        &format!("verify -x509_strict -CAfile {anchor} {signed}"),
    );
    assert_eq!(
        String::from_utf8(said).unwrap().trim(),
        format!("{signed}: OK")
    );
    let subject = |command: &str| openssl(&bench.path(""), &format!("{command} -noout -subject"));
    assert_eq!(
        subject(&format!("x509 -in {signed}")),
        subject(&format!("req -in bundle/{CLUSTER}_ClusterCsr.csr"))
    );
}

fn signs_the_bundle(spec: &str, shown: &str) {
    let bench = Bench::new();
    let uri = uri(&key(spec));
    let made = hsmboot(&bench, &ca_init(&uri, &["--output", "json"]))
        .expect(0)
        .json();
    assert_eq!(
        (made["key_made"].as_bool(), made["ca"]["key"].as_str()),
        (Some(false), Some(shown)),
        "{made:#}"
    );
    let files: Vec<_> = std::fs::read_dir(bench.path("ca"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["customerCA.crt"], "the key stays where it is");
    openssl(
        &bench.path(""),
        "verify -x509_strict -CAfile ca/customerCA.crt ca/customerCA.crt",
    );
    let signed = hsmboot(&bench, &sign(&uri, &["--output", "json"]))
        .expect(0)
        .json();
    openssl_judges(&bench, "ca/customerCA.crt");
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    assert_eq!(
        response["ca_key"], made["key"],
        "which key it was is written down"
    );
    assert_eq!(signed["verdict"], "verified");
}

fn a_key_is_found_by_its_id_its_arn_and_its_aliases() {
    let bench = Bench::new();
    let key = key("ECC_NIST_P256");
    let (id, arn) = (key["KeyId"].as_str().unwrap(), key["Arn"].as_str().unwrap());
    let alias = format!("alias/team/ca_{id}");
    moto().kms(
        "CreateAlias",
        "us-east-1",
        &json!({ "AliasName": alias, "TargetKeyId": id }),
    );
    let prefix = arn.split(":key/").next().unwrap();
    hsmboot(&bench, &ca_init(&uri(&key), &[])).expect(0);
    for name in [
        id.to_owned(),
        arn.to_owned(),
        alias.clone(),
        format!("{prefix}:{alias}"),
    ] {
        hsmboot(&bench, &sign(&format!("awskms:{name}"), &["--force"])).expect(0);
        openssl_judges(&bench, "ca/customerCA.crt");
    }
    // The scheme is told in any case; what follows is KMS's.
    hsmboot(&bench, &sign(&format!("AWSKMS:{alias}"), &["--force"])).expect(0);
    refused(
        &bench,
        &sign("awskms:alias/no-such-alias", &["--force"]),
        5,
        "ca-key-missing",
        &["awskms:alias/no-such-alias", "us-east-1"],
    );
}

fn an_arn_says_the_region_and_another_name_takes_it_from_the_command_line() {
    let bench = Bench::new();
    let key = moto().key("ECC_NIST_P256", "SIGN_VERIFY", "eu-central-1");
    let (uri, id) = (
        uri(&key),
        format!("awskms:{}", key["KeyId"].as_str().unwrap()),
    );
    // AWS_REGION is us-east-1.
    hsmboot(&bench, &ca_init(&uri, &[])).expect(0);
    hsmboot(&bench, &sign(&uri, &["--region", "eu-central-1"])).expect(0);
    refused(
        &bench,
        &sign(&uri, &["--force", "--region", "eu-west-1"]),
        2,
        "contradicting-region",
        &["eu-west-1", "eu-central-1"],
    );
    refused(
        &bench,
        &sign(&id, &["--force"]),
        5,
        "ca-key-missing",
        &["us-east-1"],
    );
    hsmboot(&bench, &sign(&id, &["--force", "--region", "eu-central-1"])).expect(0);
}

fn a_key_that_cannot_sign_certificates_is_refused() {
    let bench = Bench::new();
    for (spec, usage, found) in [
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "secp256k1"),
        ("ECC_NIST_P521", "SIGN_VERIFY", "P-521"),
        (
            "RSA_4096",
            "ENCRYPT_DECRYPT",
            "KeyUsage ENCRYPT_DECRYPT, expected SIGN_VERIFY",
        ),
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "KeyUsage ENCRYPT_DECRYPT, expected SIGN_VERIFY",
        ),
    ] {
        let uri = uri(&moto().key(spec, usage, "us-east-1"));
        refused(
            &bench,
            &ca_init(&uri, &[]),
            5,
            "ca-key-unsupported",
            &[found, "awskms:arn:aws:kms:us-east-1:"],
        );
    }
    let uri = uri(&key("ECC_NIST_P384"));
    refused(
        &bench,
        &ca_init(&uri, &["--key-type", "p256"]),
        2,
        "key-type-differs",
        &["wanted  p256", "found   P-384"],
    );
    hsmboot(&bench, &ca_init(&uri, &["--key-type", "p384"])).expect(0);
    refused(
        &bench,
        &ca_init(&uri, &[]),
        8,
        "file-exists",
        &["customerCA.crt"],
    );
}

fn a_key_that_is_not_the_ca_certificates_signs_nothing() {
    let bench = Bench::new();
    hsmboot(&bench, &ca_init(&uri(&key("ECC_NIST_P256")), &[])).expect(0);
    refused(
        &bench,
        &sign(&uri(&key("ECC_NIST_P256")), &[]),
        5,
        "ca-key-mismatch",
        &["certificate SHA-256", "CA key      SHA-256", "P-256"],
    );
}

fn a_key_in_kms_seals_the_transcript() {
    let bench = Bench::new();
    let uri = uri(&key("RSA_2048"));
    hsmboot(&bench, &ca_init(&uri, &[])).expect(0);
    hsmboot(&bench, &sign(&uri, &["--seal", "--operator", "Grace"])).expect(0);
    let verified = bench
        .run(&["transcript", "verify", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert!(verified.to_string().contains("seal"), "{verified:#}");
    let transcript = String::from_utf8(bench.read("bundle/transcript.jsonl")).unwrap();
    assert!(
        transcript.contains(&uri) && transcript.contains("\"seal\":{"),
        "{transcript}"
    );
}

/// `ca init --issuer` into `under`, under the CA in `ca`.
fn intermediate<'a>(issuer_key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words = [
        "ca",
        "init",
        "--out",
        "under",
        "--subject",
        "CN=Signing CA,O=Example",
        "--issuer",
        "ca/customerCA.crt",
        "--issuer-key",
        issuer_key,
    ];
    [&words[..], more].concat()
}

/// That the chain in `under` is sound by openssl, and that what its CA signs passes `check`, and
/// openssl with it.
fn signs_under_the_chain(bench: &Bench, key: &str, more: &[&str]) {
    assert!(
        !bench.path("under/customerCA.crt").exists(),
        "the chain alone is the trust anchor"
    );
    openssl(
        &bench.path(""),
        "verify -x509_strict -CAfile ca/customerCA.crt under/chainCA.crt",
    );
    let sign = [
        &[
            "sign",
            "bundle",
            "--force",
            "--ca",
            "under/chainCA.crt",
            "--ca-key",
            key,
        ],
        &TRUST[..],
        more,
    ]
    .concat();
    hsmboot(bench, &sign).expect(0);
    openssl_judges(bench, "under/chainCA.crt");
    let (csr, signed) = (
        format!("bundle/{CLUSTER}_ClusterCsr.csr"),
        format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"),
    );
    openssl(
        &bench.path(""),
        &format!("verify -purpose sslserver -CAfile under/chainCA.crt {signed}"),
    );
    let check = [
        "check",
        "--csr",
        &csr,
        "--signed-cert",
        &signed,
        "--trust-anchor",
        "under/chainCA.crt",
        "--output",
        "json",
    ];
    let judged = hsmboot(bench, &check).expect(0).json();
    assert_eq!(judged["verdict"], "fit", "{judged:#}");
}

fn a_root_in_kms_makes_an_intermediate() {
    for (spec, new) in [("RSA_2048", "p256"), ("ECC_NIST_P384", "rsa-2048")] {
        let bench = Bench::new();
        let root = uri(&key(spec));
        hsmboot(&bench, &ca_init(&root, &[])).expect(0);
        let words = ["--no-passphrase", "--key-type", new, "--output", "json"];
        let made = hsmboot(&bench, &intermediate(&root, &words))
            .expect(0)
            .json();
        assert_eq!(made["chain"].as_array().map(Vec::len), Some(1), "{made:#}");
        signs_under_the_chain(&bench, "under/customerCA.key", &[]);
    }
    // Another key of KMS is not the root's, and nothing is made with it.
    let bench = Bench::new();
    hsmboot(&bench, &ca_init(&uri(&key("ECC_NIST_P256")), &[])).expect(0);
    let other = uri(&key("ECC_NIST_P256"));
    refused(
        &bench,
        &intermediate(&other, &["--no-passphrase", "--key-type", "p256"]),
        5,
        "ca-key-mismatch",
        &["the issuer's key"],
    );
}

fn an_intermediate_in_kms_is_made_under_a_root_elsewhere() {
    // Both in KMS, each in its own region; the ARNs say which.
    let bench = Bench::new();
    let (root, own) = (
        key("ECC_NIST_P384"),
        moto().key("RSA_2048", "SIGN_VERIFY", "eu-central-1"),
    );
    let (root, own_uri) = (uri(&root), uri(&own));
    hsmboot(&bench, &ca_init(&root, &[])).expect(0);
    let made = hsmboot(
        &bench,
        &intermediate(&root, &["--ca-key", &own_uri, "--output", "json"]),
    )
    .expect(0)
    .json();
    // moto calls the key by its id alone.
    assert!(
        made["key"]
            .as_str()
            .unwrap()
            .ends_with(own["KeyId"].as_str().unwrap())
            && made["key_made"] == false,
        "{made:#}"
    );
    signs_under_the_chain(&bench, &own_uri, &[]);
    // An id alone takes the region of the command line, wherever of the two it stands.
    let bench = Bench::new();
    hsmboot(&bench, &ca_init(&own_uri, &[])).expect(0);
    let id = format!("awskms:{}", own["KeyId"].as_str().unwrap());
    hsmboot(
        &bench,
        &intermediate(
            &id,
            &[
                "--region",
                "eu-central-1",
                "--no-passphrase",
                "--key-type",
                "p256",
            ],
        ),
    )
    .expect(0);
    signs_under_the_chain(&bench, "under/customerCA.key", &[]);
    // The root in a file, the intermediate in KMS.
    let bench = Bench::new();
    let root = [
        "ca",
        "init",
        "--out",
        "ca",
        "--subject",
        "CN=Root,O=Example",
        "--key-type",
        "p256",
        "--no-passphrase",
    ];
    hsmboot(&bench, &root).expect(0);
    hsmboot(
        &bench,
        &intermediate(
            "ca/customerCA.key",
            &["--ca-key", &id, "--region", "eu-central-1"],
        ),
    )
    .expect(0);
    signs_under_the_chain(&bench, &id, &["--region", "eu-central-1"]);
    let files: Vec<_> = std::fs::read_dir(bench.path("under"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["chainCA.crt"], "the key stays where it is");
}

fn a_private_ca_signs_the_bundle() {
    let bench = Bench::new();
    let (arn, root) = moto().root_ca();
    bench.write("root.crt", &root);
    let print = openssl(
        &bench.path(""),
        "x509 -in root.crt -noout -fingerprint -sha256",
    );
    let print = String::from_utf8(print)
        .unwrap()
        .trim()
        .rsplit('=')
        .next()
        .unwrap()
        .to_owned();
    let sign = [
        &[
            "sign",
            "bundle",
            "--ca-arn",
            &arn,
            "--ca-fingerprint",
            &print,
        ],
        &TRUST[..],
    ]
    .concat();
    // moto says of every CA that it is short-lived; the service refuses more than seven days of
    // such a one.
    refused(&bench, &sign, 5, "ca-short-lived", &["7 days", "3652"]);
    let sign = [&sign[..], &["--days", "7"]].concat();
    let run = hsmboot(&bench, &[&sign[..], &["--output", "json"]].concat()).expect(0);
    assert!(
        !run.stderr.contains("nothing pins the CA"),
        "{}",
        run.stderr
    );
    openssl_judges(&bench, "root.crt");
    assert_eq!(
        openssl(
            &bench.path(""),
            "x509 -in bundle/customerCA.crt -outform DER"
        ),
        openssl(&bench.path(""), "x509 -in root.crt -outform DER")
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    let issued = &response["issued_by"];
    assert_eq!(issued["ca_arn"], arn.as_str());
    assert!(
        issued["certificate_arn"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{arn}/certificate/")),
        "{response:#}"
    );
    assert_eq!(run.json()["issued_by"], *issued);
    let steps = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    assert!(
        steps["steps"][0]["inputs"][arn.as_str()].is_string(),
        "the root's digest, under the CA's ARN: {steps:#}"
    );
    bench.run(&["transcript", "verify", "bundle"]).expect(0);
    assert_eq!(
        hsmboot(&bench, &[&sign[..], &["--output", "json"]].concat())
            .expect(0)
            .json()["changed"],
        false
    );
    // What was issued can be fetched once more, with no second one made.
    let again = [
        &sign[..],
        &[
            "--force",
            "--certificate-arn",
            issued["certificate_arn"].as_str().unwrap(),
            "--output",
            "json",
        ],
    ]
    .concat();
    let again = hsmboot(&bench, &again).expect(0).json();
    assert_eq!(again["signed_cert_sha256"], response["signed_cert_sha256"]);
}

fn a_private_ca_with_another_root_than_expected_signs_nothing() {
    let bench = Bench::new();
    let (arn, _) = moto().root_ca();
    let other = "00".repeat(32);
    let sign = [
        &["sign", "bundle", "--ca-arn", &arn, "--days", "7"],
        &TRUST[..],
    ]
    .concat();
    refused(
        &bench,
        &[&sign[..], &["--ca-fingerprint", &other]].concat(),
        3,
        "another-trust-anchor",
        &[&other, "expected", "found"],
    );
    // Nor with none expected: an ARN alone proves nothing.
    refused(
        &bench,
        &sign,
        3,
        "owner-not-proven",
        &["--ca-arn alone names no certificate", &arn],
    );
}

fn a_private_ca_that_is_not_there_or_not_active_signs_nothing() {
    let bench = Bench::new();
    let (arn, root) = moto().root_ca();
    let sign = |arn: &str| {
        let words = [
            &["sign", "bundle", "--days", "7", "--ca-arn", arn],
            &TRUST[..],
        ]
        .concat();
        words
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let refused = |arn: &str, code, kind, words: &[&str]| {
        let args = sign(arn);
        refused(
            &bench,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
            code,
            kind,
            words,
        );
    };
    let missing = format!(
        "{}00000000-0000-0000-0000-000000000000",
        &arn[..arn.len() - 36]
    );
    refused(&missing, 5, "ca-not-found", &[&missing]);
    moto().pca(
        "UpdateCertificateAuthority",
        &json!({ "CertificateAuthorityArn": arn, "Status": "DISABLED" }),
    );
    refused(&arn, 5, "ca-not-active", &["DISABLED, expected ACTIVE"]);
    // A subordinate CA, active: its certificate is another's root here, and no chain came with it.
    let config = json!({
        "KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA",
        "Subject": { "CommonName": "Subordinate" },
    });
    let made = moto().pca(
        "CreateCertificateAuthority",
        &json!({
            "CertificateAuthorityConfiguration": config, "CertificateAuthorityType": "SUBORDINATE",
        }),
    );
    let arn = made["CertificateAuthorityArn"].as_str().unwrap();
    refused(arn, 5, "ca-not-active", &["PENDING_CERTIFICATE"]);
    moto().pca(
        "ImportCertificateAuthorityCertificate",
        &json!({
            "CertificateAuthorityArn": arn, "Certificate": support::aws::base64(root.as_bytes()),
        }),
    );
    refused(arn, 5, "trust-anchor-refused", &["SUBORDINATE", "no chain"]);
}

/// All the way: the cluster on the simulator, the CA's key on moto, and nothing of the one asked of
/// the other.
#[cfg(all(feature = "online", feature = "simulator"))]
fn a_cluster_is_claimed_with_a_key_in_kms() {
    let bench = Bench::new();
    let uri = uri(&key("RSA_2048"));
    hsmboot(&bench, &ca_init(&uri, &[])).expect(0);
    let simulator = simulated::instant();
    let (id, _) = simulated::ready_cluster(&simulator);
    simulator.write_roots(&bench.path("roots")).unwrap();
    let url = simulator.url();
    let claim = [
        &[
            "bootstrap",
            "--endpoint-url",
            &url,
            "--cluster-id",
            &id,
            "--ca",
            "ca/customerCA.crt",
            "--ca-key",
            &uri,
            "--output",
            "json",
        ][..],
        &[
            "--aws-root",
            "roots/aws-root.crt",
            "--manufacturer-root",
            "roots/manufacturer-root.crt",
        ],
    ]
    .concat();
    let receipt = hsmboot(&bench, &claim).expect(0).json();
    assert_eq!(receipt["outcome"], "claimed", "{receipt:#}");
    let response: Value =
        serde_json::from_slice(&bench.read(&format!("{id}/response.json"))).unwrap();
    assert!(
        response["ca_key"].as_str().unwrap().starts_with("awskms:"),
        "{response:#}"
    );
    assert_eq!(
        hsmboot(&bench, &claim).expect(0).json()["outcome"],
        "already-claimed"
    );
}

#[cfg(not(all(feature = "online", feature = "simulator")))]
fn a_cluster_is_claimed_with_a_key_in_kms() {}
