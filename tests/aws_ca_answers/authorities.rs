//! Which private CA is asked at all: its state, its chain, its root, its terms.

use super::*;

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
