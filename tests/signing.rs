//! The signed certificate: the genuine CSR under every kind of CA key, judged by readers that are
//! not ours (x509-parser, openssl), and what `sign` does to a bundle.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "signing/genuine.rs"]
mod genuine;
#[path = "signing/refusals.rs"]
mod refusals;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use genuine::judge;
use hsmboot::x509::{sha256, to_hex};
use serde_json::Value;
use support::{Bench, CLUSTER, TRUST, openssl, private, sign};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Makes a CA as the AWS guide does, with openssl; its key unencrypted.
fn openssl_ca(bench: &Bench, key: &str, days: u32) {
    openssl(
        &bench.path(""),
        &format!(
            "req -x509 -newkey {key} -nodes -days {days} -subj /C=DE/CN=Test -addext \
             keyUsage=critical,keyCertSign,cRLSign -keyout customerCA.key -out customerCA.crt"
        ),
    );
    private(bench, "customerCA.key");
}

fn der(pem: &[u8]) -> Vec<u8> {
    pem::parse(pem).unwrap().into_contents()
}

#[test]
fn a_signed_bundle_holds_what_the_documents_say() {
    let bench = Bench::new();
    let run = bench.run(&sign(&["--output", "json"])).expect(0);
    judge(
        &bench,
        &format!("bundle/{CLUSTER}_ClusterCsr.csr"),
        &format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"),
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    for (name, digest) in response["files"].as_object().unwrap() {
        assert_eq!(
            digest,
            &to_hex(&sha256(&bench.read(&format!("bundle/{name}")))),
            "{name}"
        );
    }
    assert_eq!(response["files"].as_object().unwrap().len(), 3);
    assert_eq!(
        response["ca_fingerprint"],
        to_hex(&sha256(&der(&bench.read("customerCA.crt"))))
    );
    assert_eq!(
        run.json()["signed_cert_sha256"],
        response["signed_cert_sha256"]
    );
    for name in ["customerCA.crt", "response.json", "verification.json"] {
        assert_eq!(
            fs::metadata(bench.path("bundle").join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o644 & bench.plain_mode(),
            "{name}"
        );
    }
    assert_eq!(
        fs::read_dir(bench.path("bundle")).unwrap().count(),
        9,
        "five files came, and no temporary one stayed"
    );
}

#[test]
fn the_certificate_lasts_as_long_as_asked_and_no_longer_than_the_ca() {
    let validity = |bench: &Bench| {
        let der = der(&fs::read(bench.part("CustomerHsmCertificate.crt")).unwrap());
        let validity = X509Certificate::from_der(&der)
            .unwrap()
            .1
            .validity()
            .clone();
        (
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        )
    };
    let bench = Bench::new();
    for (days, expected) in [("5", 5), ("36525", 36525)] {
        let more: Vec<&'static str> = vec!["--force", "--days", days];
        bench.run(&sign(&more)).expect(0);
        let (from, to) = validity(&bench);
        assert_eq!(
            to - from,
            expected * 86400 + 300,
            "notBefore lies five minutes back"
        );
    }
    openssl_ca(&bench, "ec -pkeyopt ec_paramgen_curve:P-256", 30);
    bench.run(&sign(&["--force"])).expect(0);
    let ca = der(&bench.read("customerCA.crt"));
    assert_eq!(
        validity(&bench).1,
        X509Certificate::from_der(&ca)
            .unwrap()
            .1
            .validity()
            .not_after
            .timestamp()
    );
}

/// Every form of key file that openssl writes and has written (tests/ca_keys.rs reads more of
/// them).
#[test]
fn every_form_of_key_signs() {
    let bench = Bench::new();
    bench.write("pass", "correct horse");
    private(&bench, "pass");
    let rsa = "rsa:2048";
    let ec = "ec -pkeyopt ec_paramgen_curve:P-384";
    for (key, form) in [
        (rsa, "pkcs8 -topk8 -nocrypt"),
        (rsa, "pkcs8 -topk8 -passout file:pass -iter 2048"),
        (
            rsa,
            "pkcs8 -topk8 -passout file:pass -v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 2048",
        ),
        (rsa, "pkcs8 -topk8 -passout file:pass -scrypt"),
        (rsa, "pkcs8 -topk8 -nocrypt -outform DER"),
        (
            rsa,
            "pkcs8 -topk8 -passout file:pass -iter 2048 -outform DER",
        ),
        (rsa, "rsa -traditional"),
        (rsa, "rsa -traditional -aes256 -passout file:pass"),
        (rsa, "rsa -traditional -des3 -passout file:pass"),
        (rsa, "rsa -traditional -outform DER"),
        (ec, "pkcs8 -topk8 -nocrypt"),
        (ec, "pkcs8 -topk8 -passout file:pass -iter 2048"),
        (ec, "ec"),
        (ec, "ec -aes256 -passout file:pass"),
        (ec, "ec -outform DER"),
    ] {
        openssl_ca(&bench, key, 3652);
        openssl(
            &bench.path(""),
            &format!("{form} -in customerCA.key -out other"),
        );
        fs::rename(bench.path("other"), bench.path("customerCA.key")).unwrap();
        private(&bench, "customerCA.key");
        let run = bench.run(&sign(&["--force", "--passphrase-file", "pass"]));
        assert_eq!(run.code, 0, "{form}: {}", run.stderr);
        assert!(!run.stderr.contains("correct horse"));
        judge(
            &bench,
            &format!("bundle/{CLUSTER}_ClusterCsr.csr"),
            &format!("bundle/{CLUSTER}_CustomerHsmCertificate.crt"),
        );
    }
}

/// An accepted failure is recorded with its reason, in the record and in what travels with the
/// certificate.
#[test]
fn an_acceptance_travels_in_the_record() {
    let bench = Bench::new();
    let late = ["--at", "1999-12-31T23:59:59Z"];
    let every = [
        "validity.hsm",
        "validity.aws-hardware",
        "validity.manufacturer-hardware",
    ];
    let mut args = [
        &["verify", "bundle"],
        &TRUST[..],
        &late,
        &["--record", "--reason", "an exercise"],
    ]
    .concat();
    bench.refused(
        &[&["verify", "bundle"], &TRUST[..], &late].concat(),
        3,
        "rejected",
        &every,
    );
    for id in every {
        args.extend(["--accept", id]);
    }
    let run = bench.run(&args).expect(0);
    assert!(
        run.stdout
            .contains("verified against roots you gave, with 3 accepted"),
        "{}",
        run.stdout
    );
    let record: Value = serde_json::from_slice(&bench.read("bundle/verification.json")).unwrap();
    assert_eq!(
        (record["verdict"].as_str(), record["reason"].as_str()),
        (Some("verified"), Some("an exercise"))
    );
    // And in the transcript, which an auditor reads.
    let shown = bench
        .run(&["transcript", "show", "bundle"])
        .expect(0)
        .stdout;
    assert!(
        shown.contains("  accepted: ") && shown.contains("  because: an exercise\n"),
        "{shown}"
    );
    let steps = bench
        .run(&["transcript", "show", "bundle", "--output", "json"])
        .expect(0)
        .json();
    let step = &steps["steps"][0];
    let mut accepted: Vec<&str> = step["accepted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    accepted.sort_unstable();
    assert_eq!(
        accepted,
        [
            "validity.aws-hardware",
            "validity.hsm",
            "validity.manufacturer-hardware"
        ]
    );
    assert_eq!(
        (&step["reason"], &step["verdict"]),
        (&"an exercise".into(), &"verified".into())
    );
}

/// What `check` notes is seen before anything is sent: by `sign`, by `import` and by `check`
/// itself, none of which it keeps from ending with 0.
#[test]
fn what_is_noted_is_shown() {
    const NOTE: &str = "check.trust-anchor.extended-key-usage";
    let bench = Bench::new();
    bench.put_ca(&support::ca(|params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::Any]
    }));
    let run = bench.run(&sign(&[])).expect(0);
    assert!(
        run.stderr.contains(NOTE) && run.stderr.contains("anyExtendedKeyUsage"),
        "{}",
        run.stderr
    );
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    fs::rename(
        bench.part("CustomerHsmCertificate.crt"),
        bench.path("signed.crt"),
    )
    .unwrap();
    let run = bench
        .run(&[
            "check",
            "--csr",
            &csr,
            "--signed-cert",
            "signed.crt",
            "--trust-anchor",
            "customerCA.crt",
        ])
        .expect(0);
    assert!(
        run.stdout.contains(&format!("note     {NOTE}")) && run.stdout.contains("fit: "),
        "{}",
        run.stdout
    );
    let import = [
        &[
            "import",
            "bundle",
            "--signed-cert",
            "signed.crt",
            "--trust-anchor",
            "customerCA.crt",
        ],
        &TRUST[..],
    ]
    .concat();
    let run = bench.run(&import).expect(0);
    assert!(run.stderr.contains(NOTE), "{}", run.stderr);
}
