//! Values of extensions that a strict reader refuses, and some that it bears with.

use super::*;

const NAME_CONSTRAINTS: &str = "2.5.29.30";
const POLICIES: &str = "2.5.29.32";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

/// Values of extensions that are DER and not what their types define: extension, name, what, value.
fn values() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let issuer = || der::tlv(0xa1, &der::tlv(0xa4, &super::super::chain::aws_root_name()));
    let (key, serial) = (|| der::tlv(0x80, &[7; 20]), || der::tlv(0x82, &[7]));
    let of = |parts: &[Vec<u8>]| der::tlv(der::SEQUENCE, &parts.concat());
    let subtree = |parts: &[Vec<u8>]| of(&[der::tlv(0xa0, &of(parts))]);
    let policy = || der::seq(&[&der::oid("1.3.6.1.4.1.99999.1")]);
    let (a, s, n, p, x) = (
        AUTHORITY_KEY_ID,
        SUBJECT_ALT_NAME,
        NAME_CONSTRAINTS,
        POLICIES,
        EXTENDED_KEY_USAGE,
    );
    vec![
        (
            a,
            "issuer-alone",
            "an issuer without a serial number",
            of(&[key(), issuer()]),
        ),
        (
            a,
            "serial-alone",
            "a serial number without an issuer",
            of(&[key(), serial()]),
        ),
        (
            a,
            "serial-empty",
            "a serial number without octets",
            of(&[issuer(), vec![0x82, 0]]),
        ),
        (
            a,
            "serial-padded",
            "a serial number with a zero octet too many",
            of(&[issuer(), vec![0x82, 2, 0, 1]]),
        ),
        (
            a,
            "serial-constructed",
            "a serial number in constructed form",
            of(&[issuer(), der::tlv(0xa2, &der::int(&[1]))]),
        ),
        (
            a,
            "issuer-empty",
            "an issuer without a name",
            of(&[vec![0xa1, 0], serial()]),
        ),
        (
            a,
            "issuer-primitive",
            "an issuer in primitive form",
            of(&[vec![0x81, 1, 7], serial()]),
        ),
        (
            a,
            "issuer-null",
            "a NULL for an issuer's name",
            of(&[der::tlv(0xa1, &der::null()), serial()]),
        ),
        (
            a,
            "key-constructed",
            "a key identifier in constructed form",
            of(&[der::tlv(0xa0, &der::octets(&[7; 20]))]),
        ),
        (
            a,
            "order",
            "the serial number before the issuer",
            of(&[serial(), issuer()]),
        ),
        (
            a,
            "key-last",
            "the key identifier last",
            of(&[issuer(), serial(), key()]),
        ),
        (a, "second-key", "two key identifiers", of(&[key(), key()])),
        (
            a,
            "octets",
            "an OCTET STRING where the SEQUENCE belongs",
            der::octets(&[7; 20]),
        ),
        (s, "empty", "no name", of(&[])),
        (s, "null", "a NULL for a name", of(&[der::null()])),
        (
            s,
            "universal",
            "a string without its context tag",
            of(&[der::tlv(0x16, b"example.com")]),
        ),
        (
            s,
            "tag-9",
            "a form that there is not",
            of(&[vec![0x89, 1, 7]]),
        ),
        (
            s,
            "x400-address",
            "an x400Address, which nobody can read",
            of(&[der::tlv(0xa3, &der::seq(&[&der::seq(&[])]))]),
        ),
        (
            s,
            "dns-constructed",
            "a dNSName in constructed form",
            of(&[der::tlv(0xa2, &der::tlv(0x16, b"example.com"))]),
        ),
        (
            s,
            "dns-octets",
            "a dNSName of ff 1b 00",
            of(&[der::tlv(0x82, &[0xff, 0x1b, 0])]),
        ),
        (
            s,
            "dns-nul",
            "a dNSName with a NUL in it",
            of(&[der::tlv(0x82, b"example.com\0.example.net")]),
        ),
        (s, "dns-empty", "an empty dNSName", of(&[vec![0x82, 0]])),
        (
            s,
            "email-empty",
            "an empty rfc822Name",
            of(&[vec![0x81, 0]]),
        ),
        (
            s,
            "uri-escape",
            "an escape in a URI",
            of(&[der::tlv(0x86, b"http://\x1b[8m/")]),
        ),
        (
            s,
            "ip-of-three",
            "an iPAddress of three octets",
            of(&[vec![0x87, 3, 10, 0, 0]]),
        ),
        (
            s,
            "ip-with-mask",
            "an iPAddress with a mask, which is for name constraints",
            of(&[vec![0x87, 8, 10, 0, 0, 0, 255, 0, 0, 0]]),
        ),
        (
            s,
            "directory-garbage",
            "a directoryName that is a NULL",
            of(&[der::tlv(0xa4, &der::null())]),
        ),
        (
            s,
            "directory-primitive",
            "a directoryName in primitive form",
            of(&[vec![0x84, 2, 0x30, 0]]),
        ),
        (
            s,
            "directory-empty",
            "an empty directoryName",
            of(&[der::tlv(0xa4, &der::seq(&[]))]),
        ),
        (
            s,
            "directory-twice",
            "two Names in one directoryName",
            of(&[der::tlv(0xa4, &super::super::chain::card_name().repeat(2))]),
        ),
        (
            s,
            "directory-no-name",
            "a directoryName whose RDN has no attribute",
            of(&[der::tlv(0xa4, &der::seq(&[&der::tlv(der::SET, &[])]))]),
        ),
        (
            s,
            "registered-id-empty",
            "a registeredID without an arc",
            of(&[vec![0x88, 0]]),
        ),
        (
            s,
            "registered-id-padded",
            "a registeredID not in its shortest form",
            of(&[vec![0x88, 2, 0x80, 1]]),
        ),
        (
            s,
            "other-name-bare",
            "an otherName without a value",
            of(&[der::tlv(0xa0, &der::oid("1.2.3.4"))]),
        ),
        (s, "other-name-two", "an otherName with two values", {
            of(&[der::tlv(
                0xa0,
                &[der::oid("1.2.3.4"), der::tlv(0xa0, &der::null().repeat(2))].concat(),
            )])
        }),
        (
            s,
            "edi-party-bare",
            "an ediPartyName without a party",
            of(&[vec![0xa5, 0]]),
        ),
        (
            s,
            "after",
            "a NULL after a name",
            of(&[der::tlv(0x82, b"example.com"), der::null()]),
        ),
        (x, "empty", "no purpose", of(&[])),
        (
            x,
            "integer",
            "an INTEGER for a purpose",
            of(&[der::int(&[7])]),
        ),
        (SUBJECT_KEY_ID, "integer", "an INTEGER", der::int(&[7])),
        (n, "integer", "an INTEGER", der::int(&[7])),
        (n, "empty", "no constraint", of(&[])),
        (
            n,
            "no-subtree",
            "a list without a subtree",
            of(&[vec![0xa0, 0]]),
        ),
        (n, "order", "excluded before permitted", {
            let list = |tag| der::tlv(tag, &of(&[der::tlv(0x82, b"example.com")]));
            of(&[list(0xa1), list(0xa0)])
        }),
        (
            n,
            "minimum",
            "a subtree with a minimum, which RFC 5280 does not use",
            subtree(&[der::tlv(0x82, b"example.com"), vec![0x80, 1, 1]]),
        ),
        (
            n,
            "ip-without-mask",
            "an iPAddress without its mask",
            subtree(&[vec![0x87, 4, 10, 0, 0, 0]]),
        ),
        (p, "empty", "no policy", of(&[])),
        (
            p,
            "integer",
            "an INTEGER for a policy",
            of(&[der::int(&[7])]),
        ),
        (p, "twice", "one policy twice", of(&[policy(), policy()])),
        (
            p,
            "uri-integer",
            "an INTEGER for a CPSuri",
            of(&[der::seq(&[
                &der::oid("1.2.3.4"),
                &of(&[of(&[der::oid("1.3.6.1.5.5.7.2.1"), der::int(&[7])])]),
            ])]),
        ),
        (
            p,
            "no-qualifier",
            "a list of qualifiers without one",
            of(&[der::seq(&[&der::oid("1.2.3.4"), &der::seq(&[])])]),
        ),
    ]
}

/// The other extensions of RFC 5280 4.2: OID and name.
const OTHERS: [(&str, &str); 9] = [
    ("2.5.29.9", "subjectDirectoryAttributes"),
    ("2.5.29.18", "issuerAltName"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.46", "freshestCRL"),
    ("2.5.29.33", "policyMappings"),
    ("2.5.29.36", "policyConstraints"),
    ("2.5.29.54", "inhibitAnyPolicy"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
    ("1.3.6.1.5.5.7.1.11", "subjectInfoAccess"),
];

/// Values of those that are DER and not what their types define.
fn other_values() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>)> {
    let of = |parts: &[Vec<u8>]| der::tlv(der::SEQUENCE, &parts.concat());
    let uri = || der::tlv(0x86, b"http://example.com/");
    let short_ip = || vec![0x87, 3, 10, 0, 0];
    let point = |names: Vec<u8>| of(&[of(&[der::tlv(0xa0, &der::tlv(0xa0, &names))])]);
    let access = |parts: &[Vec<u8>]| of(&[of(parts)]);
    let ocsp = || der::oid("1.3.6.1.5.5.7.48.1");
    let mut all = Vec::new();
    for (oid, _) in OTHERS {
        if oid != "2.5.29.54" {
            all.push((oid, "integer", "an INTEGER in its place", der::int(&[7])));
            all.push((oid, "nothing", "nothing in it", of(&[])));
        }
    }
    all.extend([
        ("2.5.29.9", "no-value", "an attribute without a value", {
            of(&[of(&[der::oid("1.2.3"), der::tlv(0x31, &[])])])
        }),
        (
            "2.5.29.18",
            "ip",
            "an iPAddress of three octets",
            of(&[short_ip()]),
        ),
        (
            "2.5.29.18",
            "constructed",
            "a dNSName in constructed form",
            { of(&[der::tlv(0xa2, &der::tlv(0x16, b"example.com"))]) },
        ),
        ("2.5.29.31", "reasons", "a point of reasons alone", {
            of(&[of(&[vec![0x81, 2, 1, 6]])])
        }),
        (
            "2.5.29.31",
            "ip",
            "an iPAddress of three octets",
            point(short_ip()),
        ),
        (
            "2.5.29.31",
            "no-name",
            "a point without a name",
            point(Vec::new()),
        ),
        ("2.5.29.31", "order", "the issuer before the point", {
            of(&[of(&[
                der::tlv(0xa2, &uri()),
                der::tlv(0xa0, &der::tlv(0xa0, &uri())),
            ])])
        }),
        ("2.5.29.46", "form", "a point of an unknown form", {
            of(&[of(&[der::tlv(0xa0, &der::tlv(0xa2, &uri()))])])
        }),
        (
            "2.5.29.33",
            "one",
            "one policy for two",
            of(&[of(&[ocsp()])]),
        ),
        (
            "2.5.29.36",
            "padded",
            "a number with a zero octet too many",
            { of(&[vec![0x80, 2, 0, 1]]) },
        ),
        (
            "2.5.29.36",
            "negative",
            "a negative number",
            of(&[vec![0x81, 1, 0xff]]),
        ),
        (
            "2.5.29.54",
            "negative",
            "a negative number",
            vec![2, 1, 0xff],
        ),
        ("2.5.29.54", "sequence", "a SEQUENCE in its place", of(&[])),
        (
            "1.3.6.1.5.5.7.1.1",
            "no-place",
            "a method without a place",
            access(&[ocsp()]),
        ),
        ("1.3.6.1.5.5.7.1.1", "ip", "an iPAddress of three octets", {
            access(&[ocsp(), short_ip()])
        }),
        (
            "1.3.6.1.5.5.7.1.11",
            "no-method",
            "a place without a method",
            access(&[uri()]),
        ),
    ]);
    all
}

/// Each of them in the AWS hardware certificate, in place of an extension of the same kind where
/// there is one.
pub(super) fn of_extensions() -> Vec<Fixture> {
    let kept = [
        "authority-key-id-value-serial-padded",
        "subject-alt-name-value-dns-octets",
        "subject-alt-name-value-directory-garbage",
    ];
    let all = values().into_iter().chain(other_values());
    let fixtures = all.map(|(kind, name, what, value)| {
        let (short, long) = match kind {
            AUTHORITY_KEY_ID => ("authority-key-id", "authorityKeyIdentifier"),
            SUBJECT_ALT_NAME => ("subject-alt-name", "subjectAltName"),
            NAME_CONSTRAINTS => ("name-constraints", "nameConstraints"),
            POLICIES => ("certificate-policies", "certificatePolicies"),
            EXTENDED_KEY_USAGE => ("extended-key-usage", "extKeyUsage"),
            SUBJECT_KEY_ID => ("subject-key-id", "subjectKeyIdentifier"),
            _ => {
                let (_, long) = OTHERS.into_iter().find(|(oid, _)| *oid == kind).unwrap();
                (long, long)
            }
        };
        let mut chain = Chain::good();
        let list = chain.aws_hardware.extensions.as_mut().unwrap();
        list.retain(|extension| Node::parse(extension).children()[0].encode() != der::oid(kind));
        list.push(extension(kind, false, &value));
        let name = format!("{short}-value-{name}");
        fixture(
            AWS,
            &name,
            &format!("{long} with {what}"),
            &der_of(&chain, AWS),
        )
        .kept_if(kept.contains(&name.as_str()))
    });
    let mut fixtures: Vec<Fixture> = fixtures.collect();
    let mut chain = Chain::good();
    chain
        .aws_hardware
        .extensions
        .as_mut()
        .unwrap()
        .push(extension("1.3.6.1.4.1.99999.1", true, b"\xff\x01"));
    let what = "a critical extension whose value is no DER";
    fixtures.push(fixture(
        AWS,
        "extension-critical-opaque",
        what,
        &der_of(&chain, AWS),
    ));
    fixtures
}

pub(super) fn name_of_ampersand() -> Vec<u8> {
    der::seq(&[&der::set_of(&[attribute_as(
        ORGANIZATION,
        der::PRINTABLE_STRING,
        b"R&D",
    )])])
}

/// Faults that are borne with in hardware certificates, where they say nothing that another way of
/// writing does not: a note of `pem.*`.
pub(super) fn borne() -> Vec<Fixture> {
    let with = |defect: &str, what: &str, number: usize, written: Vec<u8>| {
        let mut chain = Chain::good();
        chain.aws_hardware.extensions.as_mut().unwrap()[number] = written;
        Fixture::new(format!("pem.aws-hardware--{defect}"), what, chain.bundle())
            .notes(&["pem.aws-hardware"])
    };
    let usage = |bits: &[u8]| extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, bits));
    vec![
        with(
            "ca-false-written-out",
            "a hardware certificate that writes out cA FALSE (X.690 11.5): a note",
            0,
            extension(BASIC_CONSTRAINTS, false, &der::seq(&[&der::boolean(false)])),
        ),
        with(
            "padded-key-usage",
            "a hardware certificate's keyUsage with zero bits at its end (X.690 11.2.2): a note",
            1,
            usage(&[0, 0xa0]),
        ),
        with(
            "padded-key-usage-two-octets",
            "the same with a second octet of zeros",
            1,
            usage(&[7, 0xa0, 0]),
        )
        .in_memory(),
        with(
            "padded-key-usage-three-octets",
            "the same with two more octets of zeros",
            1,
            usage(&[0, 0xa0, 0, 0]),
        )
        .in_memory(),
    ]
}
