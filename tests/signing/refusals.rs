//! What is not signed or not signed again, and which CA does not sign.

use std::path::Path;

use super::*;

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
