//! Pairs whose versions, roles, purposes and critical extensions clients would refuse.

use super::*;

const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

fn purposes(cert: &mut Cert, purposes: &[&str]) {
    let list: Vec<Vec<u8>> = purposes.iter().map(|purpose| der::oid(purpose)).collect();
    put(
        cert,
        EXTENDED_KEY_USAGE,
        false,
        &der::tlv(der::SEQUENCE, &list.concat()),
    );
}

fn usage(cert: &mut Cert, bits: u8) {
    put(
        cert,
        KEY_USAGE,
        true,
        &der::tlv(der::BIT_STRING, &[bits.trailing_zeros() as u8, bits]),
    );
}

pub(super) const CASES: &[Case] = &[
    ("nothing", |_| {}, &[], &[], Takes::Yes),
    (
        "a certificate of version 1, as OpenSSL 1.x makes it",
        |pair| {
            pair.leaf.version = Vec::new();
            pair.leaf.extensions = None;
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "AWS Private CA's EndEntityCertificate/V1",
        |pair| purposes(&mut pair.leaf, &[SERVER_AUTH, CLIENT_AUTH]),
        &[],
        &[],
        Takes::Yes,
    ),
    // The signed certificate is no CA's.
    (
        "a leaf with CA:TRUE",
        |pair| {
            put(
                &mut pair.leaf,
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::boolean(true)]),
            )
        },
        &["check.signed-cert.not-ca"],
        &[],
        Takes::Unasked,
    ),
    (
        "a leaf with a path length",
        |pair| {
            put(
                &mut pair.leaf,
                BASIC_CONSTRAINTS,
                true,
                &der::seq(&[&der::int(&[0])]),
            )
        },
        &["check.signed-cert.not-ca"],
        &[],
        Takes::Unasked,
    ),
    (
        "a leaf with keyCertSign",
        |pair| usage(&mut pair.leaf, 0xa4),
        &["check.signed-cert.not-ca"],
        &[],
        Takes::Unasked,
    ),
    // keyUsage.
    (
        "a leaf with nonRepudiation alone",
        |pair| usage(&mut pair.leaf, 0x40),
        &["check.signed-cert.key-usage"],
        &[],
        Takes::No,
    ),
    (
        "a leaf with keyEncipherment alone",
        |pair| usage(&mut pair.leaf, 0x20),
        &[],
        &["check.signed-cert.key-usage"],
        Takes::Yes,
    ),
    (
        "a leaf with digitalSignature alone",
        |pair| usage(&mut pair.leaf, 0x80),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a leaf without keyUsage",
        |pair| drop_extension(&mut pair.leaf, KEY_USAGE),
        &[],
        &[],
        Takes::Yes,
    ),
    // Purposes.
    (
        "a leaf for clients",
        |pair| purposes(&mut pair.leaf, &[CLIENT_AUTH]),
        &["check.signed-cert.extended-key-usage"],
        &[],
        Takes::No,
    ),
    (
        "a leaf for any purpose",
        |pair| purposes(&mut pair.leaf, &["2.5.29.37.0"]),
        &[],
        &["check.signed-cert.extended-key-usage"],
        Takes::No,
    ),
    (
        "an anchor for clients",
        |pair| purposes(&mut pair.anchor, &[CLIENT_AUTH]),
        &["check.trust-anchor.extended-key-usage"],
        &[],
        Takes::No,
    ),
    (
        "an anchor for any purpose",
        |pair| purposes(&mut pair.anchor, &["2.5.29.37.0"]),
        &[],
        &["check.trust-anchor.extended-key-usage"],
        Takes::No,
    ),
    (
        "an anchor for servers",
        |pair| purposes(&mut pair.anchor, &[CLIENT_AUTH, SERVER_AUTH]),
        &[],
        &[],
        Takes::Yes,
    ),
    // Critical extensions.
    (
        "an unknown critical extension of the leaf",
        |pair| put(&mut pair.leaf, "1.3.6.1.4.1.99999.1", true, &der::null()),
        &["check.signed-cert.extensions"],
        &[],
        Takes::No,
    ),
    (
        "an unknown critical extension of the anchor",
        |pair| put(&mut pair.anchor, "1.3.6.1.4.1.99999.1", true, &der::null()),
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "a critical subject key identifier of the anchor",
        |pair| {
            let id = der::octets(&key_id(&keys::P256.spki()));
            put(&mut pair.anchor, SUBJECT_KEY_ID, true, &id);
        },
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "Netscape's certificate type of a client in the leaf",
        |pair| {
            put(
                &mut pair.leaf,
                "2.16.840.1.113730.1.1",
                false,
                &[3, 2, 7, 0x80],
            )
        },
        &[],
        &["check.signed-cert.extensions"],
        Takes::No,
    ),
    (
        "proxyCertInfo in the leaf",
        |pair| {
            let policy = der::seq(&[&der::oid("1.3.6.1.5.5.7.21.1")]);
            put(
                &mut pair.leaf,
                "1.3.6.1.5.5.7.1.14",
                false,
                &der::seq(&[&policy]),
            );
        },
        &[],
        &["check.signed-cert.extensions"],
        Takes::No,
    ),
    (
        "critical policies of the leaf",
        |pair| {
            put(
                &mut pair.leaf,
                "2.5.29.32",
                true,
                &der::seq(&[&der::seq(&[&der::oid("1.3.6.1.4.1.99999.1")])]),
            );
        },
        &[],
        &["check.signed-cert.extensions"],
        Takes::Yes,
    ),
    (
        "critical policy constraints of the anchor",
        |pair| {
            put(
                &mut pair.anchor,
                "2.5.29.36",
                true,
                &der::seq(&[&[0x80, 1, 0]]),
            );
        },
        &[],
        &["check.trust-anchor.extensions"],
        Takes::Yes,
    ),
    (
        "an unknown extension that is not critical",
        |pair| put(&mut pair.anchor, "1.3.6.1.4.1.99999.1", false, &der::null()),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "one that is no DER",
        |pair| put(&mut pair.leaf, "1.3.6.1.4.1.99999.1", false, b"\xff\x01"),
        &[],
        &["check.pem.signed-cert"],
        Takes::Yes,
    ),
    // A CA that does not say it is one.
    (
        "an anchor of version 3 without extensions",
        |pair| pair.anchor.extensions = None,
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "an anchor of version 2 without extensions",
        |pair| (pair.anchor.version, pair.anchor.extensions) = (vec![0xa0, 3, 2, 1, 1], None),
        &["check.trust-anchor.extensions"],
        &[],
        Takes::No,
    ),
    (
        "an anchor of version 1",
        |pair| (pair.anchor.version, pair.anchor.extensions) = (Vec::new(), None),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a leaf of version 3 without extensions",
        |pair| pair.leaf.extensions = None,
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a leaf of version 2 without extensions",
        |pair| (pair.leaf.version, pair.leaf.extensions) = (vec![0xa0, 3, 2, 1, 1], None),
        &[],
        &[],
        Takes::Yes,
    ),
];
