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

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use forge::cert::*;
use forge::chain::{AT, CLUSTER_ID, Chain, partition_name};
use forge::der::{self, Node};
use forge::keys::{self, Hash};
use forge::pem::{pem, unpem};
use hsmboot::check::{PairJudgement, Record, check};
use hsmboot::verify::Status;
use hsmboot::x509::{Certificate, Csr, Fault, Strictness};

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

fn status(record: &Record, id: &str) -> Status {
    record
        .checks
        .iter()
        .find(|finding| finding.id.as_str() == id)
        .unwrap()
        .status
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

/// Faults beside those, and those that say something else than they seem to.
const REFUSED: [(&str, Change); 20] = [
    ("a control character", |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"Ow\x1bner"))
    }),
    ("DEL", |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"Owner\x7f"))
    }),
    ("a NumericString with a letter", |cert| {
        renamed(cert, &organisation(0x12, b"1a"))
    }),
    ("a control character beside octets beyond ASCII", |cert| {
        renamed(cert, &organisation(der::PRINTABLE_STRING, b"M\xfc\x1b"))
    }),
    ("a VisibleString beyond ASCII", |cert| {
        renamed(cert, &organisation(0x1a, b"\xd6wner"))
    }),
    ("a UTF8String that is not UTF-8", |cert| {
        renamed(cert, &organisation(der::UTF8_STRING, b"\xd6wner"))
    }),
    ("a BOOLEAN of two octets", |cert| {
        put(
            cert,
            BASIC_CONSTRAINTS,
            extension(
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&[der::BOOLEAN, 2, 1, 1]]),
            ),
        );
    }),
    ("a BOOLEAN of none", |cert| {
        put(
            cert,
            BASIC_CONSTRAINTS,
            extension(BASIC_CONSTRAINTS, true, &der::seq(&[&[der::BOOLEAN, 0]])),
        )
    }),
    ("version 1, written out, with extensions", |cert| {
        cert.version = vec![0xa0, 3, 2, 1, 0]
    }),
    ("version 1 in two octets", |cert| {
        (cert.version, cert.extensions) = (vec![0xa0, 4, 2, 2, 0, 0], None)
    }),
    ("extensions of version 1, though none", |cert| {
        (cert.version, cert.extensions) = (Vec::new(), Some(Vec::new()))
    }),
    ("an alternative name that is empty", |cert| {
        cert.extensions.as_mut().unwrap().push(extension(
            "2.5.29.17",
            false,
            &der::seq(&[&[0x82, 0]]),
        ));
    }),
    ("an alternative name that is no SEQUENCE", |cert| {
        cert.extensions.as_mut().unwrap().push(extension(
            "2.5.29.17",
            false,
            &der::tlv(der::SET, &[]),
        ));
    }),
    ("a key without its NULL", |cert| {
        cert.spki = der::seq(&[
            &der::seq(&[&der::oid("1.2.840.113549.1.1.1")]),
            &Node::parse(&keys::STRANGER.spki()).children()[1].encode(),
        ])
    }),
    ("a tenth bit in keyUsage", |cert| {
        usage(cert, &[6, 0xa6, 0x40])
    }),
    ("a bit in keyUsage's third octet", |cert| {
        usage(cert, &[0, 0xa6, 0, 1])
    }),
    ("bits that are said to be unused and are set", |cert| {
        usage(cert, &[2, 0xa6])
    }),
    ("eight unused bits in keyUsage", |cert| {
        usage(cert, &[8, 0xa6, 0])
    }),
    ("a keyUsage of zeros", |cert| usage(cert, &[0, 0, 0])),
    ("an extension twice", |cert| {
        let list = cert.extensions.as_mut().unwrap();
        list.push(list[2].clone());
    }),
];

#[test]
fn no_other_fault_of_the_owners_is_borne_with() {
    for (what, change) in REFUSED {
        for (in_anchor, id) in [
            (true, "check.pem.trust-anchor"),
            (false, "check.pem.signed-cert"),
        ] {
            let nothing: &dyn Fn(&mut Cert) = &|_| {};
            let (anchor, leaf) = if in_anchor {
                pair(&change, nothing)
            } else {
                pair(nothing, &change)
            };
            let checked = checked(&anchor, &leaf);
            assert_eq!(status(&checked.record, id), Status::Fail, "{what}: {id}");
            let error = checked.into_pair().unwrap_err();
            assert_eq!(error.exit_code(), 4, "{what}");
            // The file was read: another copy of it would not help.
            assert!(
                error.hint.to_string().contains("have its CA issue it anew"),
                "{what}: {}",
                error.hint
            );
        }
    }
}

/// What is borne with says what it says: TRUE in another octet is TRUE, and what clients refuse
/// they refuse.
#[test]
fn a_fault_that_is_borne_with_hides_nothing() {
    let nothing: &dyn Fn(&mut Cert) = &|_| {};
    let fails = |of_anchor: &dyn Fn(&mut Cert), of_leaf: &dyn Fn(&mut Cert), id: &str| {
        let (anchor, leaf) = pair(of_anchor, of_leaf);
        assert_eq!(
            status(&checked(&anchor, &leaf).record, id),
            Status::Fail,
            "{id}"
        );
    };
    let ca_as_other = |cert: &mut Cert| {
        put(
            cert,
            BASIC_CONSTRAINTS,
            extension(BASIC_CONSTRAINTS, true, &der::seq(&[&[der::BOOLEAN, 1, 1]])),
        )
    };
    fails(nothing, &ca_as_other, "check.signed-cert.not-ca");
    let critical_as_other = |cert: &mut Cert| {
        cert.extensions.as_mut().unwrap().push(raw_extension(
            "1.3.6.1.4.1.99999.1",
            1,
            &der::null(),
        ))
    };
    fails(nothing, &critical_as_other, "check.signed-cert.extensions");
    fails(&critical_as_other, nothing, "check.trust-anchor.extensions");
    fails(
        &|cert| cert.extensions = Some(Vec::new()),
        nothing,
        "check.trust-anchor.extensions",
    );
    // A name is compared as it is written.
    fails(
        &|cert| renamed(cert, &organisation(der::PRINTABLE_STRING, b"M\xfcller")),
        nothing,
        "check.issuer",
    );
}

/// The hardware's certificates have two of these faults at most, and a CSR none.
#[test]
fn whose_certificate_it_is_decides_what_is_borne_with() {
    for (number, (_, fault, change)) in BORNE.into_iter().enumerate() {
        let (anchor, leaf) = pair(&change, &change);
        let der = if matches!(fault, Fault::CaFalse | Fault::NoExtension) {
            leaf
        } else {
            anchor
        };
        assert!(Certificate::from_der(&der).is_err(), "{number}");
        let in_hardware = Certificate::read(&der, Strictness::Hardware);
        assert_eq!(
            in_hardware.is_ok(),
            matches!(fault, Fault::CaFalse | Fault::PaddedKeyUsage),
            "{number}"
        );
    }
    let mut csr = Chain::good().csr;
    csr.subject = organisation(der::PRINTABLE_STRING, b"R&D");
    assert!(Csr::from_der(&csr.der()).is_err());
}

/// The issuer of what is signed is the CA's subject, byte for byte, with the fault in it; `check`
/// takes the pair, and says so.
#[test]
fn such_a_ca_signs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        dir.path()
            .join(name)
            .into_os_string()
            .into_string()
            .unwrap()
    };
    let (anchor, _) = pair(
        &|cert| renamed(cert, &organisation(der::PRINTABLE_STRING, b"R&D_*")),
        &|_| {},
    );
    fs::write(at("ca.crt"), pem("CERTIFICATE", &anchor)).unwrap();
    fs::write(at("ca.key"), keys::key_text("ec-p-256")).unwrap();
    fs::set_permissions(at("ca.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let bundle = Chain::good().bundle();
    fs::create_dir(at("b")).unwrap();
    for (name, text) in [
        ("ClusterCsr.csr", &bundle.csr),
        ("HsmCertificate.crt", &bundle.hsm),
        ("AwsHardwareCertificate.crt", &bundle.aws_hardware),
        (
            "ManufacturerHardwareCertificate.crt",
            &bundle.manufacturer_hardware,
        ),
    ] {
        fs::write(at(&format!("b/{CLUSTER_ID}_{name}")), text).unwrap();
    }
    fs::write(at("aws.crt"), &bundle.aws_root).unwrap();
    fs::write(at("manufacturer.crt"), &bundle.manufacturer_root).unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_hsmboot"))
            .args(args)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let roots = [
        "--aws-root",
        &at("aws.crt"),
        "--manufacturer-root",
        &at("manufacturer.crt"),
    ];
    // The dates of the fixture's certificates may be past.
    let validity = [
        "validity.hsm",
        "validity.aws-hardware",
        "validity.manufacturer-hardware",
    ]
    .map(|id| ["--accept", id])
    .concat();
    let said = run(&[
        &[
            "sign",
            &at("b"),
            "--ca",
            &at("ca.crt"),
            "--ca-key",
            &at("ca.key"),
            "--reason",
            "a test",
        ][..],
        &roots,
        &validity,
    ]
    .concat());
    assert!(said.contains("PrintableString"), "{said}");
    let signed = fs::read(at(&format!("b/{CLUSTER_ID}_CustomerHsmCertificate.crt"))).unwrap();
    let signed = Certificate::read(&unpem(&signed), Strictness::Owner).unwrap();
    assert_eq!(
        signed.issuer(),
        Certificate::read(&anchor, Strictness::Owner)
            .unwrap()
            .subject()
    );
    assert_eq!(unpem(&fs::read(at("b/customerCA.crt")).unwrap()), anchor);
    let shown = run(&["ca", "show", &at("ca.crt"), "--output", "json"]);
    assert!(
        shown.contains("\"fit_as_trust_anchor\": true")
            || shown.contains("\"fit_as_trust_anchor\":true"),
        "{shown}"
    );
}
