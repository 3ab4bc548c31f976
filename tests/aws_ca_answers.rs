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

#[path = "aws_ca_answers/authorities.rs"]
mod authorities;
#[path = "aws_ca_answers/issued.rs"]
mod issued;
#[path = "aws_ca_answers/kms.rs"]
mod kms;
#[path = "support/kms.rs"]
mod kms_key;
#[path = "aws_ca_answers/options.rs"]
mod options;
#[path = "aws_ca_answers/private_ca.rs"]
mod private_ca;
#[path = "support/schemas.rs"]
mod schemas;
mod support;

use kms_key::{ALIAS, KEY, kms, public_key, signature};
use private_ca::{PrivateCa, by_pca};
use rsa::sha2::{Digest, Sha256};
use schemas::is_by;
use serde_json::{Value, json};
use support::aws::{self, Call, StandIn, base64, refusal, unbase64};
use support::{Bench, CLUSTER, Run, TRUST, openssl, run};

const CA: &str = "arn:aws-us-gov:acm-pca:us-gov-west-1:111122223333:certificate-authority/1234abcd-\
                  12ab-34cd-56ef-1234567890ab";

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
