//! Algorithms and keys that CloudHSM lists or clients decline.

use super::*;

/// Parameters that are not as the RFCs have them: in the CSR, where nothing signs them, and in the
/// certificates.
#[test]
fn a_signature_algorithm_without_its_null_is_refused() {
    let bare = der::seq(&[&der::oid("1.2.840.113549.1.1.11")]);
    let fit = |csr: &forge::cert::Request, pair: &Pair| {
        let [leaf, anchor] = [&pair.leaf, &pair.anchor].map(|cert| pem("CERTIFICATE", &cert.der()));
        let record = check(
            &pem("CERTIFICATE REQUEST", &csr.der()),
            &leaf,
            &anchor,
            AT.parse().unwrap(),
        )
        .record;
        ids(&record, Status::Fail)
    };
    let mut csr = Chain::good().csr;
    csr.outer = Some(bare.clone());
    assert_eq!(
        fit(&csr, &Pair::good()),
        BTreeSet::from(["check.algorithm.csr"])
    );
    // Signed by an RSA key, well, under an algorithm without its NULL inside and out.
    let mut pair = Pair::good();
    pair.anchor.spki = keys::STRANGER.spki();
    pair.anchor.extensions = Some(vec![basic_constraints(true, true)]);
    drop_extension(&mut pair.leaf, AUTHORITY_KEY_ID);
    for cert in [&mut pair.anchor, &mut pair.leaf] {
        cert.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    }
    assert_eq!(fit(&Chain::good().csr, &pair), BTreeSet::new());
    pair.leaf.inner = Some(bare.clone());
    pair.leaf.outer = Some(bare);
    assert_eq!(
        fit(&Chain::good().csr, &pair),
        BTreeSet::from(["check.algorithm.signed-cert"])
    );
}

/// A size of RSA key that CloudHSM's guide does not list is noted.
#[test]
fn an_rsa_key_of_an_unusual_size_is_noted() {
    let mut pair = Pair::good();
    pair.anchor.spki = keys::RSA_8192.spki();
    pair.anchor.extensions = Some(vec![basic_constraints(true, true)]);
    drop_extension(&mut pair.leaf, AUTHORITY_KEY_ID);
    for cert in [&mut pair.anchor, &mut pair.leaf] {
        cert.signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
    }
    let record = pair.record();
    assert_eq!(
        (ids(&record, Status::Fail), ids(&record, Status::Note)),
        (
            BTreeSet::new(),
            BTreeSet::from(["check.algorithm.trust-anchor"])
        )
    );
}

/// What CloudHSM's guide lists and this program does not take, CloudHSM is not said to refuse:
/// whose refusal it is, is said.
#[test]
fn what_is_listed_by_cloudhsm_is_said_to_be_declined_by_this_program() {
    let sha_224 = |oid: &str| {
        Signer::Given(
            der::seq(&[&der::oid(oid)]),
            keys::P256.sign(Hash::Sha256, b"anything"),
        )
    };
    let two_hashes = || Signer::PssAs(&keys::STRANGER, Hash::Sha256, Hash::Sha384, 32);
    let cases: [(&str, Signer, Vec<u8>); 4] = [
        (
            "ECDSA with SHA-224",
            sha_224("1.2.840.10045.4.3.1"),
            keys::P256.spki(),
        ),
        (
            "RSA with SHA-224",
            sha_224("1.2.840.113549.1.1.14"),
            keys::P256.spki(),
        ),
        ("PSS with two hashes", two_hashes(), keys::STRANGER.spki()),
        (
            "a compressed point",
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
            keys::P256.spki_compressed(),
        ),
    ];
    for (what, signer, spki) in cases {
        let mut pair = Pair::good();
        pair.anchor.signer = signer.clone();
        pair.anchor.spki.clone_from(&spki);
        if spki == keys::STRANGER.spki() {
            pair.leaf.signer = Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
            drop_extension(&mut pair.leaf, AUTHORITY_KEY_ID);
        }
        let record = pair.record();
        assert_eq!(
            ids(&record, Status::Fail),
            BTreeSet::from(["check.algorithm.trust-anchor"]),
            "{what}"
        );
        let error = record.error().unwrap();
        assert!(
            error.exit_code() == 5
                && error
                    .message
                    .to_string()
                    .starts_with("hsmboot declines the trust anchor"),
            "{what}: {}",
            error.message
        );
        assert!(
            !error.message.to_string().contains("CloudHSM would refuse"),
            "{what}: {}",
            error.message
        );
        if spki == keys::P256.spki() {
            let mut pair = Pair::good();
            pair.leaf.signer = signer;
            let error = pair.record().error().unwrap();
            assert!(
                error.exit_code() == 3
                    && error
                        .message
                        .to_string()
                        .starts_with("hsmboot declines the signed certificate"),
                "{what}: {}",
                error.message
            );
            assert!(
                error
                    .message
                    .to_string()
                    .contains("but hsmboot declines it"),
                "{}",
                error.message
            );
        }
    }
    // What is on nobody's list is CloudHSM's refusal.
    for signer in [
        Signer::Ecdsa(&keys::P256, Hash::Sha1),
        Signer::Ed25519,
        Signer::PssAs(&keys::STRANGER, Hash::Sha1, Hash::Sha256, 32),
    ] {
        let mut pair = Pair::good();
        pair.anchor.signer = signer;
        let error = pair.record().error().unwrap();
        assert!(
            error
                .message
                .to_string()
                .starts_with("CloudHSM would refuse the trust anchor"),
            "{}",
            error.message
        );
    }
}
