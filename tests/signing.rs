//! The signed certificate: the genuine CSR under every kind of CA key, judged by readers that are
//! not ours (x509-parser, openssl), and what `sign` does to a bundle.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hsmboot::check::check;
use hsmboot::x509::{sha256, to_hex};
use serde_json::Value;
use support::{Bench, CLUSTER, TRUST, openssl, sign, vectors};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};

const GENUINE: &str = "cluster-clusteronea";
const SIGNED: &str = "bundle/cluster-clusteronea_CustomerHsmCertificate.crt";
const CSR: &str = "bundle/cluster-clusteronea_ClusterCsr.csr";
const REASON: &str = "a test: no hardware certificate of this cluster is published";

/// Signs the genuine CSR: its hardware certificates are nowhere to be had, so nothing can verify
/// it.
const SIGN: [&str; 9] = [
    "sign",
    "bundle",
    "--ca",
    "customerCA.crt",
    "--ca-key",
    "customerCA.key",
    "--unverified",
    "--reason",
    REASON,
];

/// A bench with the genuine CSR alone.
fn genuine() -> Bench {
    let bench = Bench::empty();
    bench.write(
        CSR,
        vectors::read(&format!("cluster-1/{GENUINE}_ClusterCsr.csr")),
    );
    bench
}

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

fn private(bench: &Bench, name: &str) {
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o600)).unwrap();
}

fn der(pem: &[u8]) -> Vec<u8> {
    pem::parse(pem).unwrap().into_contents()
}

fn text(bench: &Bench, args: &str) -> String {
    String::from_utf8(openssl(&bench.path(""), args)).unwrap()
}

/// Holds the signed certificate against docs/verification.md, with other readers than ours.
fn judge(bench: &Bench, csr: &str, signed: &str) {
    let [csr_der, signed_der, ca_der] =
        [csr, signed, "customerCA.crt"].map(|name| der(&bench.read(name)));
    let (_, request) = X509CertificationRequest::from_der(&csr_der).unwrap();
    let (rest, cert) = X509Certificate::from_der(&signed_der).unwrap();
    let (_, ca) = X509Certificate::from_der(&ca_der).unwrap();
    assert!(rest.is_empty());
    let asked = &request.certification_request_info;

    assert_eq!(
        cert.subject.as_raw(),
        asked.subject.as_raw(),
        "the subject is the CSR's bytes"
    );
    assert_eq!(
        cert.public_key().raw,
        asked.subject_pki.raw,
        "the public key is the CSR's bytes"
    );
    assert_eq!(
        cert.issuer.as_raw(),
        ca.subject.as_raw(),
        "the issuer is the CA's subject's bytes"
    );
    assert_eq!(cert.version(), x509_parser::x509::X509Version::V3);
    assert!(
        (16..=20).contains(&cert.raw_serial().len()) && cert.raw_serial()[0] < 0x80,
        "{:02x?}",
        cert.raw_serial()
    );
    assert!(cert.validity().not_after <= ca.validity().not_after);
    cert.verify_signature(Some(ca.public_key())).unwrap();

    let extensions: Vec<(String, bool)> = cert
        .extensions()
        .iter()
        .map(|e| (e.oid.to_id_string(), e.critical))
        .collect();
    let expected = [
        ("2.5.29.19", true),
        ("2.5.29.15", true),
        ("2.5.29.14", false),
        ("2.5.29.35", false),
    ];
    assert_eq!(
        extensions,
        expected.map(|(oid, critical)| (oid.to_owned(), critical))
    );
    assert!(!cert.basic_constraints().unwrap().unwrap().value.ca);
    assert_eq!(
        cert.key_usage().unwrap().unwrap().value.flags,
        0b101,
        "digitalSignature and keyEncipherment"
    );

    let bytes = bench.read(signed);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        text(bench, &format!("x509 -in {signed}")),
        "openssl writes the same text"
    );
    for strict in ["", "-x509_strict "] {
        let said = text(
            bench,
            &format!("verify {strict}-CAfile customerCA.crt {signed}"),
        );
        assert_eq!(said.trim(), format!("{signed}: OK"));
    }
    let subject = text(bench, &format!("x509 -noout -subject -in {signed}"));
    assert_eq!(
        subject,
        text(bench, &format!("req -noout -subject -in {csr}"))
    );
    assert_eq!(
        subject.matches(" + ").count(),
        4,
        "one RDN of five attributes: {subject}"
    );
    assert!(
        text(bench, &format!("x509 -noout -text -in {signed}"))
            .contains(" C = US + ST = CA + O = Cavium + OU = N3FIPS + L = SanJose, CN = ")
    );
    // The key identifiers are the ones that openssl would have written.
    let authority = text(
        bench,
        &format!("x509 -noout -ext authorityKeyIdentifier -in {signed}"),
    );
    let ca_identifier = text(
        bench,
        "x509 -noout -ext subjectKeyIdentifier -in customerCA.crt",
    );
    assert_eq!(
        authority
            .lines()
            .nth(1)
            .unwrap()
            .trim()
            .trim_start_matches("keyid:"),
        ca_identifier.lines().nth(1).unwrap().trim()
    );
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_genuine_csr_is_signed_by_each_key_type() {
    for key in [
        "rsa:4096",
        "rsa:3072",
        "rsa:2048",
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "ec -pkeyopt ec_paramgen_curve:P-384",
    ] {
        let bench = genuine();
        openssl_ca(&bench, key, 3652);
        bench.run(&SIGN).expect(0);
        judge(&bench, CSR, SIGNED);
    }
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_genuine_csr_is_signed_by_a_ca_of_our_own() {
    for key_type in ["rsa-2048", "p256", "p384"] {
        let bench = genuine();
        bench.write("passphrase", "correct horse\n");
        private(&bench, "passphrase");
        let init = [
            "ca",
            "init",
            "--out",
            ".",
            "--subject",
            "CN=Our\\, CA+OU=x,O=Örg",
            "--passphrase-file",
            "passphrase",
            "--key-type",
            key_type,
        ];
        bench.run(&init).expect(0);
        bench
            .run(&[&SIGN[..], &["--passphrase-file", "passphrase"]].concat())
            .expect(0);
        judge(&bench, CSR, SIGNED);
    }
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn going_on_without_proof_is_said_and_recorded() {
    let bench = genuine();
    openssl_ca(&bench, "ec -pkeyopt ec_paramgen_curve:P-256", 3652);
    let refused = bench.refused(&SIGN[..6], 4, "file-missing", &["HsmCertificate.crt"]);
    assert!(!refused.contains("unverified"));
    let run = bench
        .run(&[&SIGN[..], &["--output", "json", "--quiet"]].concat())
        .expect(0);
    assert!(
        run.stderr.contains("UNVERIFIED") && run.stderr.contains(REASON),
        "{}",
        run.stderr
    );
    let response: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    for document in [run.json(), response] {
        assert_eq!(document["unverified"]["reason"], REASON);
        assert_eq!(document["verdict"], "rejected");
    }
    let record: Value = serde_json::from_slice(&bench.read("bundle/verification.json")).unwrap();
    assert_eq!(record["verdict"], "rejected");
}

const AT: &str = "2025-01-01T00:00:00Z";

fn genuine_pair() -> [Vec<u8>; 3] {
    [
        format!("{GENUINE}_ClusterCsr.csr"),
        format!("{GENUINE}_CustomerHsmCertificate.crt"),
        "customerCA.crt".to_owned(),
    ]
    .map(|name| der(&vectors::read(&format!("cluster-1/{name}"))))
}

fn pair_text(ders: &[Vec<u8>; 3]) -> [String; 3] {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    [0, 1, 2].map(|i| {
        pem::encode_config(
            &pem::Pem::new(
                ["CERTIFICATE REQUEST", "CERTIFICATE", "CERTIFICATE"][i],
                ders[i].clone(),
            ),
            config,
        )
    })
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_genuine_pair_is_fit_and_unfit_with_any_byte_changed() {
    let genuine = genuine_pair();
    let at = AT.parse().unwrap();
    let fit = |[csr, signed, anchor]: [String; 3]| {
        check(csr.as_bytes(), signed.as_bytes(), anchor.as_bytes(), at)
            .into_pair()
            .is_ok()
    };
    assert!(fit(pair_text(&genuine)));
    for which in 0..3 {
        for at in 0..genuine[which].len() {
            let mut changed = genuine.clone();
            changed[which][at] ^= 1 << (at % 8);
            assert!(!fit(pair_text(&changed)), "byte {at} of file {which}");
        }
    }
}

#[test]
#[cfg_attr(
    not(vectors),
    ignore = "needs the genuine certificates: set HSMBOOT_VECTORS"
)]
fn the_program_says_the_same_of_the_genuine_pair() {
    let (bench, genuine) = (Bench::empty(), genuine_pair());
    let args = [
        "check",
        "--csr",
        "0",
        "--signed-cert",
        "1",
        "--trust-anchor",
        "2",
        "--at",
        AT,
    ];
    let put = |ders: &[Vec<u8>; 3]| {
        (0..)
            .zip(pair_text(ders))
            .for_each(|(name, text): (usize, String)| drop(bench.write(&name.to_string(), text)))
    };
    put(&genuine);
    let run = bench
        .run(&[&args[..], &["--output", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(run["verdict"], "fit");
    // The last byte belongs to the signature of each.
    for (which, code, kind) in [
        (0, 3, "pair-unfit"),
        (1, 3, "pair-unfit"),
        (2, 5, "trust-anchor-refused"),
    ] {
        let mut changed = genuine.clone();
        *changed[which].last_mut().unwrap() ^= 1;
        put(&changed);
        bench.refused(&args, code, kind, &[]);
    }
    // The first is the outermost tag.
    for which in 0..3 {
        let mut changed = genuine.clone();
        changed[which][0] ^= 1;
        put(&changed);
        bench.refused(
            &args,
            4,
            "malformed",
            &[[
                "check.pem.csr",
                "check.pem.signed-cert",
                "check.pem.trust-anchor",
            ][which]],
        );
    }
}

/// What `check` compares, one relation at a time: of two claims by two CAs, each file is put in the
/// other's place.
#[test]
fn files_of_two_claims_do_not_hold_together() {
    let benches = [Bench::new(), Bench::new()];
    for bench in &benches {
        bench.run(&sign(&[])).expect(0);
    }
    let files = ["ClusterCsr.csr", "CustomerHsmCertificate.crt"]
        .map(|suffix| format!("bundle/{CLUSTER}_{suffix}"));
    let bench = &benches[0];
    for (swapped, ids) in [
        (&files[0], &["check.key"][..]),
        (&files[1], &["check.key", "check.signature"]),
        (&"bundle/customerCA.crt".to_owned(), &["check.signature"]),
    ] {
        let own = bench.read(swapped);
        bench.write(swapped, benches[1].read(swapped));
        let args = [
            "check",
            "--csr",
            &files[0],
            "--signed-cert",
            &files[1],
            "--trust-anchor",
            "bundle/customerCA.crt",
        ];
        bench.refused(&args, 3, "pair-unfit", ids);
        bench.write(swapped, own);
        bench.run(&args).expect(0);
    }
}

#[test]
fn a_bundle_that_does_not_verify_is_not_signed() {
    let bench = Bench::new();
    // The built-in anchors know nothing of test roots.
    bench.refused(
        &sign(&[])[..6],
        3,
        "rejected",
        &[
            "do not sign, do not submit",
            "aws.signature",
            "manufacturer.signature",
        ],
    );
    bench.refused(
        &sign(&["--policy", "rfc5280"]),
        3,
        "rejected",
        &["ca-profile.aws-hardware"],
    );
    // An acceptance of what does not fail is no way round either.
    bench.refused(
        &[
            &sign(&[])[..6],
            &["--accept", "validity.hsm", "--reason", "x"],
        ]
        .concat(),
        3,
        "rejected",
        &["aws.signature"],
    );
}

#[test]
fn unverified_is_not_recorded_where_the_bundle_verifies() {
    let bench = Bench::new();
    let run = bench
        .run(&sign(&["--unverified", "--reason", "to be sure"]))
        .expect(0);
    assert!(run.stderr.contains("--unverified was not needed"));
    let response = String::from_utf8(bench.read("bundle/response.json")).unwrap();
    assert!(!response.contains("to be sure") && response.contains("\"verdict\": \"verified\""));
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

fn serial(path: &Path) -> Vec<u8> {
    let der = der(&fs::read(path).unwrap());
    X509Certificate::from_der(&der)
        .unwrap()
        .1
        .raw_serial()
        .to_vec()
}

#[test]
fn signing_again_is_refused_and_with_force_gives_another_serial() {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    let path = bench.part("CustomerHsmCertificate.crt");
    let first = serial(&path);
    // By this very CA, for this very CSR, and it fits: nothing is asked for, and nothing is
    // changed.
    let before = bench.listing();
    let told = bench.run(&sign(&["--output", "json"])).expect(0).json();
    let recorded: Value = serde_json::from_slice(&bench.read("bundle/response.json")).unwrap();
    assert_eq!(
        (&told["changed"], &told["signed_at"]),
        (&false.into(), &recorded["signed_at"])
    );
    assert!(
        bench
            .run(&sign(&[]))
            .expect(0)
            .stdout
            .contains("nothing changed: ")
    );
    assert_eq!(before, bench.listing());
    bench.refused(
        &sign(&["--expect", "00000 00000 00000 00000 00000 00000"]),
        3,
        "another-fingerprint",
        &[],
    );
    bench.refused(
        &sign(&["--seal"]),
        8,
        "already-signed",
        &["no step of the transcript is sealed"],
    );
    assert_eq!(
        bench
            .run(&sign(&["--force", "--output", "json"]))
            .expect(0)
            .json()["changed"],
        true
    );
    assert_ne!(first, serial(&path));
    // With another CA, too: its certificate replaces the one before.
    let sha256 = |file: &str| {
        bench
            .run(&["ca", "show", file, "--output", "json"])
            .expect(0)
            .json()["sha256"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    bench.put_ca(&support::ca(|_| {}));
    let (there, wanted) = (sha256("bundle/customerCA.crt"), sha256("customerCA.crt"));
    bench.refused(
        &sign(&[]),
        8,
        "already-signed",
        &["is another CA's than that of --ca", &there, &wanted],
    );
    assert!(
        !bench.hint(&sign(&[])).contains("hsmboot submit"),
        "nobody is advised to submit what another CA has signed"
    );
    // Nor is a certificate that another CA made under this one's trust anchor this one's.
    fs::copy(
        bench.path("customerCA.crt"),
        bench.path("bundle/customerCA.crt"),
    )
    .unwrap();
    bench.refused(
        &sign(&[]),
        8,
        "already-signed",
        &["the signed certificate is another CA's than that of --ca"],
    );
    bench.run(&sign(&["--force"])).expect(0);
    assert_eq!(
        bench.read("bundle/customerCA.crt"),
        bench.read("customerCA.crt")
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
        run.stdout.contains("verified, with 3 accepted"),
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

/// A CA whose name constraints exclude the HSM is refused before its key signs anything: with a key
/// that cannot be read, the refusal is the same.
#[test]
fn a_ca_that_may_not_issue_for_the_hsm_signs_nothing() {
    let bench = Bench::new();
    bench.put_ca(&support::ca(|params| {
        let mut name = rcgen::DistinguishedName::new();
        name.push(rcgen::DnType::CountryName, "DE");
        let permitted_subtrees = vec![rcgen::GeneralSubtree::DirectoryName(name)];
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees,
            excluded_subtrees: Vec::new(),
        });
    }));
    let message = bench.refused(
        &sign(&[]),
        5,
        "trust-anchor-refused",
        &[
            "check.trust-anchor.name-constraints",
            "C=DE",
            "clients would refuse",
        ],
    );
    assert!(
        !message.contains("not lost"),
        "something was signed: {message}"
    );
}

/// The CA's key purposes, or an extension that nobody knows: refused before a passphrase is asked
/// for.
#[test]
fn a_ca_that_clients_would_refuse_is_refused_first() {
    let bench = Bench::new();
    bench.write("customerCA.key", "no key at all");
    type Change = fn(&mut rcgen::CertificateParams);
    let for_clients: Change =
        |params| params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let unknown: Change = |params| {
        let mut unknown =
            rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions = vec![unknown];
    };
    for (change, id) in [
        (for_clients, "check.trust-anchor.extended-key-usage"),
        (unknown, "check.trust-anchor.extensions"),
    ] {
        bench.write("customerCA.crt", support::ca(change).cert);
        bench.refused(&sign(&[]), 5, "trust-anchor-refused", &[id]);
    }
}

/// ECDSA lets anybody write a signature in a second way. The transcript knows which the CA
/// returned, whatever became of response.json.
#[cfg(feature = "qr")]
#[test]
fn a_signature_that_was_rewritten_is_not_the_certificate_that_was_signed() {
    let bench = Bench::new();
    bench.run(&sign(&[])).expect(0);
    let signed = bench.part("CustomerHsmCertificate.crt");
    let rewritten = support::negated(&fs::read(&signed).unwrap());
    fs::write(&signed, &rewritten).unwrap();
    // It is as good a certificate as the other.
    let csr = format!("bundle/{CLUSTER}_ClusterCsr.csr");
    let args = [
        "check",
        "--csr",
        &csr,
        "--signed-cert",
        signed.to_str().unwrap(),
        "--trust-anchor",
        "customerCA.crt",
    ];
    bench.run(&args).expect(0);
    let show = ["qr", "show", "bundle", "--response"];
    bench.refused(
        &show,
        4,
        "digest-mismatch",
        &["response.json", "CustomerHsmCertificate"],
    );
    fs::remove_file(bench.path("bundle/response.json")).unwrap();
    bench.refused(
        &show,
        4,
        "digest-mismatch",
        &["transcript.jsonl, step 1", "CustomerHsmCertificate"],
    );
}
