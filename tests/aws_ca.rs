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

#[path = "aws_ca/kms.rs"]
mod kms;
#[path = "aws_ca/private_ca.rs"]
mod private_ca;
#[path = "aws_ca/secrets.rs"]
mod secrets;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "simulator/support.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod simulated;
mod support;

use std::process::ExitCode;
use std::sync::OnceLock;

use kms::signs_the_bundle;
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
const TESTS: [(&str, fn()); 14] = [
    (
        "a_key_is_found_by_its_id_its_arn_and_its_aliases",
        kms::a_key_is_found_by_its_id_its_arn_and_its_aliases,
    ),
    (
        "an_arn_says_the_region_and_another_name_takes_it_from_the_command_line",
        kms::an_arn_says_the_region_and_another_name_takes_it_from_the_command_line,
    ),
    (
        "a_key_that_cannot_sign_certificates_is_refused",
        kms::a_key_that_cannot_sign_certificates_is_refused,
    ),
    (
        "a_key_that_is_not_the_ca_certificates_signs_nothing",
        kms::a_key_that_is_not_the_ca_certificates_signs_nothing,
    ),
    (
        "a_key_in_kms_seals_the_transcript",
        kms::a_key_in_kms_seals_the_transcript,
    ),
    (
        "a_root_in_kms_makes_an_intermediate",
        kms::a_root_in_kms_makes_an_intermediate,
    ),
    (
        "an_intermediate_in_kms_is_made_under_a_root_elsewhere",
        kms::an_intermediate_in_kms_is_made_under_a_root_elsewhere,
    ),
    (
        "a_private_ca_signs_the_bundle",
        private_ca::a_private_ca_signs_the_bundle,
    ),
    (
        "a_private_ca_with_another_root_than_expected_signs_nothing",
        private_ca::a_private_ca_with_another_root_than_expected_signs_nothing,
    ),
    (
        "a_private_ca_that_is_not_there_or_not_active_signs_nothing",
        private_ca::a_private_ca_that_is_not_there_or_not_active_signs_nothing,
    ),
    (
        "a_passphrase_comes_from_secrets_manager",
        secrets::a_passphrase_comes_from_secrets_manager,
    ),
    (
        "a_cluster_is_reached_in_a_role_that_is_assumed",
        secrets::a_cluster_is_reached_in_a_role_that_is_assumed,
    ),
    (
        "a_cluster_is_claimed_with_a_private_ca",
        private_ca::a_cluster_is_claimed_with_a_private_ca,
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
