//! Defects of a request's own parts.

use super::*;

/// A defect of a request's own.
pub(super) type RequestDefect = fn(&mut Request);

pub(super) const IN_REQUESTS: &[(&str, &str, RequestDefect)] = &[
    (
        "version-2",
        "a version that RFC 2986 does not have",
        |csr| csr.version = der::int(&[1]),
    ),
    (
        "no-attributes",
        "no attributes field: RFC 2986 has it even when empty",
        |csr| csr.attributes = Vec::new(),
    ),
    (
        "attributes-element",
        "an INTEGER among the attributes",
        |csr| csr.attributes = der::tlv(0xa0, &der::int(&[7])),
    ),
    (
        "attribute-without-values",
        "an attribute without values (RFC 2986: SET SIZE (1..MAX))",
        |csr| {
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &der::tlv(der::SET, &[])]),
            );
        },
    ),
    (
        "attribute-element",
        "a third element in an attribute",
        |csr| {
            let values = der::set_of(&[der::tlv(der::UTF8_STRING, b"hsmboot")]);
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &values, &der::null()]),
            );
        },
    ),
    (
        "challenge-password-integer",
        "a challengePassword that is a number (RFC 2985 5.4.1)",
        |csr| {
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[
                    &der::oid("1.2.840.113549.1.9.7"),
                    &der::set_of(&[der::int(&[7])]),
                ]),
            );
        },
    ),
    (
        "challenge-password-twice",
        "two challengePasswords (RFC 2985 5.4.1: one value)",
        |csr| {
            let values = der::set_of(&[
                der::tlv(der::UTF8_STRING, b"one"),
                der::tlv(der::UTF8_STRING, b"two"),
            ]);
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &values]),
            );
        },
    ),
    (
        "requested-extension-opaque",
        "a requested extension whose value is no DER",
        |csr| {
            let list = der::seq(&[&extension("1.3.6.1.4.1.99999.1", false, b"\xff\x01")]);
            csr.attributes = der::tlv(
                0xa0,
                &der::seq(&[
                    &der::oid("1.2.840.113549.1.9.14"),
                    &der::tlv(der::SET, &list),
                ]),
            );
        },
    ),
    ("info-element", "a NULL after the attributes", |csr| {
        csr.attributes.extend(der::null())
    }),
];
