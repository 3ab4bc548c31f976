//! A CA's own established certificate may have a small fault of DER: its bytes are kept as they
//! are, and the fault is told. No other fault is borne with, nor any of these in a CSR.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;
#[path = "owner_faults/refused.rs"]
mod refused;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use forge::cert::*;
use forge::chain::{AT, CLUSTER_ID, Chain, partition_name};
use forge::der::{self, Node};
use forge::keys::{self, Hash};
use forge::pem::{pem, unpem};
use hsmboot::check::{PairJudgement, check, trust_anchor};
use hsmboot::verify::Status;
use hsmboot::x509::{Certificate, Fault, Strictness};

type Change = fn(&mut Cert);

fn organisation(tag: u8, text: &[u8]) -> Vec<u8> {
    der::seq(&[
        &der::set_of(&[attribute_as(ORGANIZATION, tag, text)]),
        &der::set_of(&[attribute(COMMON_NAME, "CA")]),
    ])
}

fn plain() -> Vec<u8> {
    organisation(der::PRINTABLE_STRING, b"Owner")
}

/// Renames the CA: the anchor in both its names, the signed certificate in its issuer's.
fn renamed(cert: &mut Cert, to: &[u8]) {
    for part in [&mut cert.issuer, &mut cert.subject] {
        if *part == plain() {
            *part = to.to_vec();
        }
    }
}

fn put(cert: &mut Cert, kind: &str, extension: Vec<u8>) {
    let list = cert.extensions.as_mut().unwrap();
    let at = list
        .iter()
        .position(|found| Node::parse(found).children()[0].encode() == der::oid(kind))
        .unwrap();
    list[at] = extension;
}

fn usage(cert: &mut Cert, bits: &[u8]) {
    put(
        cert,
        KEY_USAGE,
        extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, bits)),
    );
}

fn raw_extension(kind: &str, critical: u8, value: &[u8]) -> Vec<u8> {
    der::seq(&[
        &der::oid(kind),
        &[der::BOOLEAN, 1, critical],
        &der::octets(value),
    ])
}

/// A trust anchor and what it signs, each changed and then signed.
fn pair(of_anchor: &dyn Fn(&mut Cert), of_leaf: &dyn Fn(&mut Cert)) -> (Vec<u8>, Vec<u8>) {
    let cert = |subject, spki, extensions| Cert {
        version: V3.to_vec(),
        serial: der::int(&[7; 16]),
        inner: None,
        outer: None,
        issuer: plain(),
        validity: validity("200101000000Z", "400101000000Z"),
        subject,
        spki,
        extensions: Some(extensions),
        unique_ids: Vec::new(),
        tail: Vec::new(),
        signer: Signer::Ecdsa(&keys::P256, Hash::Sha256),
    };
    let (ca, hsm) = (keys::P256.spki(), keys::HSM.spki());
    let mut anchor = cert(
        plain(),
        ca.clone(),
        vec![
            basic_constraints(true, true),
            key_usage(0x06, 1),
            subject_key_id(&ca),
        ],
    );
    let mut leaf = cert(
        partition_name(),
        hsm.clone(),
        vec![
            basic_constraints(true, false),
            key_usage(0xa0, 5),
            subject_key_id(&hsm),
        ],
    );
    of_anchor(&mut anchor);
    of_leaf(&mut leaf);
    (anchor.der(), leaf.der())
}

fn checked(anchor: &[u8], leaf: &[u8]) -> PairJudgement {
    let csr = pem("CERTIFICATE REQUEST", &Chain::good().csr.der());
    check(
        &csr,
        &pem("CERTIFICATE", leaf),
        &pem("CERTIFICATE", anchor),
        AT.parse().unwrap(),
    )
}

/// What OpenSSL says of the signed certificate as a TLS server's, under the trust anchor.
fn openssl(anchor: &[u8], leaf: &[u8]) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    for (file, der) in [("anchor", anchor), ("leaf", leaf)] {
        fs::write(dir.path().join(file), pem("CERTIFICATE", der)).unwrap();
    }
    // 2026-06-01, as AT.
    let args = [
        "verify",
        "-purpose",
        "sslserver",
        "-attime",
        "1780272000",
        "-CAfile",
        "anchor",
        "leaf",
    ];
    let output = Command::new("openssl")
        .args(args)
        .current_dir(dir.path())
        .output()
        .expect("these tests need the program openssl");
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What is borne with in the owner's certificates: what the note says of it, and the change.
const BORNE: [(&str, Fault, Change); 17] = [
    ("critical FALSE", Fault::CriticalFalse, |cert| {
        let id = der::octets(&[7; 20]);
        put(cert, SUBJECT_KEY_ID, raw_extension(SUBJECT_KEY_ID, 0, &id));
    }),
    (
        "keyUsage is not the shortest",
        Fault::PaddedKeyUsage,
        |cert| {
            usage(
                cert,
                if cert.subject == plain() {
                    &[0, 0x06]
                } else {
                    &[0, 0xa0]
                },
            )
        },
    ),
    (
        "keyUsage is not the shortest",
        Fault::PaddedKeyUsage,
        |cert| {
            usage(
                cert,
                if cert.subject == plain() {
                    &[0, 0x06, 0]
                } else {
                    &[7, 0xa0, 0]
                },
            )
        },
    ),
    (
        "keyUsage is not the shortest",
        Fault::PaddedKeyUsage,
        |cert| {
            usage(
                cert,
                if cert.subject == plain() {
                    &[0, 0x06, 0, 0]
                } else {
                    &[0, 0xa0, 0, 0]
                },
            )
        },
    ),
    ("PrintableString", Fault::PrintableString, |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"R&D"))
    }),
    ("PrintableString", Fault::PrintableString, |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"my_ca"))
    }),
    ("PrintableString", Fault::PrintableString, |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"*.example.com"))
    }),
    ("PrintableString", Fault::PrintableString, |cert| {
        renamed(
            cert,
            &organisation(der::PRINTABLE_STRING, b"ca@example.com"),
        )
    }),
    ("PrintableString", Fault::PrintableString, |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"M\xfcller"))
    }),
    ("PrintableString", Fault::PrintableString, |cert| {
        renamed(
            cert,
            &organisation(der::PRINTABLE_STRING, "Müller".as_bytes()),
        )
    }),
    ("IA5String", Fault::Ia5String, |cert| {
        renamed(cert, &organisation(0x16, b"M\xfcller"))
    }),
    (
        "a SET whose elements are not in order",
        Fault::UnsortedSet,
        |cert| {
            let parts = [attribute(ORGANIZATION, "zz"), attribute(COMMON_NAME, "CA")];
            renamed(cert, &der::seq(&[&der::tlv(der::SET, &parts.concat())]));
        },
    ),
    ("neither 00 nor FF", Fault::OtherTrue, |cert| {
        let ca = if cert.subject == plain() {
            der::seq(&[&[der::BOOLEAN, 1, 1]])
        } else {
            der::seq(&[])
        };
        put(
            cert,
            BASIC_CONSTRAINTS,
            raw_extension(BASIC_CONSTRAINTS, 1, &ca),
        );
    }),
    ("version 1 is written out", Fault::VersionOne, |cert| {
        (cert.version, cert.extensions) = (vec![0xa0, 3, 2, 1, 0], None)
    }),
    ("subjectAltName without", Fault::NoAlternativeName, |cert| {
        cert.extensions
            .as_mut()
            .unwrap()
            .push(extension("2.5.29.17", false, &der::seq(&[])));
    }),
    ("an empty list of extensions", Fault::NoExtension, |cert| {
        if cert.subject != plain() {
            cert.extensions = Some(Vec::new());
        }
    }),
    ("cA FALSE", Fault::CaFalse, |cert| {
        if cert.subject != plain() {
            put(
                cert,
                BASIC_CONSTRAINTS,
                extension(BASIC_CONSTRAINTS, true, &der::seq(&[&der::boolean(false)])),
            );
        }
    }),
];

#[test]
fn a_small_fault_of_the_owners_is_told_and_its_bytes_are_sent_as_they_are() {
    for (number, (words, fault, change)) in BORNE.into_iter().enumerate() {
        let (anchor, leaf) = pair(&change, &change);
        let checked = checked(&anchor, &leaf);
        assert_eq!(
            checked.record.verdict_word(),
            "fit",
            "{number}: {:#?}",
            checked.record
        );
        for (id, der) in [
            ("check.pem.trust-anchor", &anchor),
            ("check.pem.signed-cert", &leaf),
        ] {
            if !Certificate::read(der, Strictness::Owner)
                .unwrap()
                .tolerated_faults()
                .contains(&fault)
            {
                // A trust anchor says CA:TRUE, and so has an extension.
                assert!(
                    matches!(fault, Fault::CaFalse | Fault::NoExtension) && id.ends_with("anchor"),
                    "{number}: {id}"
                );
                continue;
            }
            let finding = checked
                .record
                .checks
                .iter()
                .find(|finding| finding.id.as_str() == id)
                .unwrap();
            assert_eq!(finding.status, Status::Note, "{number}: {finding:?}");
            assert!(
                finding.detail.contains(words),
                "{number}: {}",
                finding.detail
            );
        }
        assert_eq!(openssl(&anchor, &leaf), Ok(()), "{number}");
        let sent = checked.into_pair().unwrap();
        assert_eq!(
            (
                unpem(sent.trust_anchor_pem().as_bytes()),
                unpem(sent.signed_cert_pem().as_bytes())
            ),
            (anchor, leaf),
            "{number}"
        );
    }
}

/// The same is told before anything is signed with the CA's key.
#[test]
fn a_small_fault_of_the_ca_is_told_before_it_signs() {
    let (plain, _) = pair(&|_| {}, &|_| {});
    let notes_of = |anchor: &[u8]| {
        trust_anchor(&pem("CERTIFICATE", anchor), AT.parse().unwrap())
            .unwrap()
            .1
    };
    assert_eq!(notes_of(&plain), []);
    for (number, (words, _, change)) in BORNE.into_iter().enumerate() {
        let (anchor, _) = pair(&change, &|_| {});
        if anchor == plain {
            continue;
        }
        let notes = notes_of(&anchor);
        assert!(
            notes
                .iter()
                .any(|note| note.id.as_str() == "check.pem.trust-anchor"
                    && note.detail.contains(words)),
            "{number}: {notes:?}"
        );
    }
}
