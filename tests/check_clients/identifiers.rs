//! Pairs whose key identifiers, name constraints and forms clients would refuse.

use super::forge::chain::{FIRST_RDN, card_name};
use super::*;

/// The first RDN of the HSM's name, in other letters.
fn hardware_in_small_letters() -> Vec<u8> {
    let rdn: Vec<(&str, String)> = FIRST_RDN
        .iter()
        .map(|(kind, text)| (*kind, text.to_lowercase()))
        .collect();
    let rdn: Vec<(&str, &str)> = rdn
        .iter()
        .map(|(kind, text)| (*kind, text.as_str()))
        .collect();
    name(&[&rdn])
}

fn authority(issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    der::seq(&[&der::tlv(0xa1, &directory(issuer)), &der::tlv(0x82, serial)])
}

/// A registeredID.
fn registered() -> Vec<u8> {
    der::tlv(0x88, &[0x2a, 3])
}

fn alternative_name(pair: &mut Pair, name: &[u8]) {
    let names = der::seq(&[name]);
    put(&mut pair.leaf, SUBJECT_ALT_NAME, false, &names);
}

/// A URI of the signed certificate's, under a CA for the hosts below a domain.
fn at_host(pair: &mut Pair, uri: &[u8]) {
    constraints(pair, true, &[der::tlv(0x86, b".example.com")], &[]);
    alternative_name(pair, &der::tlv(0x86, uri));
}

pub(super) const IDENTIFIERS_AND_NAMES: &[Case] = &[
    // Key identifiers.
    (
        "another authority key identifier of the leaf",
        |pair| {
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &der::seq(&[&der::tlv(0x80, &[7; 20])]),
            );
        },
        &["check.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "another serial number of the authority",
        |pair| {
            let name = pair.anchor.subject.clone();
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &authority(&name, &[8]),
            );
        },
        &["check.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "another issuer of the authority",
        |pair| {
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &authority(&card_name(), &[7; 20]),
            );
        },
        &["check.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "the authority's own issuer and serial number",
        |pair| {
            let name = pair.anchor.subject.clone();
            put(
                &mut pair.leaf,
                AUTHORITY_KEY_ID,
                false,
                &authority(&name, &[7; 20]),
            );
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "another authority key identifier of the anchor",
        |pair| {
            put(
                &mut pair.anchor,
                AUTHORITY_KEY_ID,
                false,
                &der::seq(&[&der::tlv(0x80, &[7; 20])]),
            );
        },
        &["check.trust-anchor.key-identifiers"],
        &[],
        Takes::No,
    ),
    (
        "an anchor without identifiers, and a leaf that has one",
        |pair| drop_extension(&mut pair.anchor, SUBJECT_KEY_ID),
        &[],
        &[],
        Takes::Yes,
    ),
    // Name constraints.
    (
        "permitted names that are others'",
        |pair| {
            constraints(pair, true, &[directory(&name(&[&[(COUNTRY, "DE")]]))], &[]);
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "the same, not critical",
        |pair| {
            constraints(pair, false, &[directory(&name(&[&[(COUNTRY, "DE")]]))], &[]);
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "excluded names that are the HSM's",
        |pair| {
            constraints(pair, true, &[], &[directory(&hardware_in_small_letters())]);
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "permitted names that are the HSM's",
        |pair| {
            constraints(
                pair,
                true,
                &[
                    directory(&name(&[&[(COUNTRY, "DE")]])),
                    directory(&hardware_in_small_letters()),
                ],
                &[],
            );
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "constraints of a form that the HSM's name has not",
        |pair| constraints(pair, true, &[der::tlv(0x82, b"example.com")], &[]),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "an alternative name that is not permitted",
        |pair| {
            constraints(pair, true, &[der::tlv(0x82, b"example.com")], &[]);
            put(
                &mut pair.leaf,
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[&der::tlv(0x82, b"hsm.example.net")]),
            );
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "an alternative name that is permitted",
        |pair| {
            constraints(
                pair,
                true,
                &[der::tlv(0x82, b"example.com")],
                &[der::tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])],
            );
            put(
                &mut pair.leaf,
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[
                    &der::tlv(0x82, b"HSM.Example.com"),
                    &der::tlv(0x87, &[11, 0, 0, 1]),
                ]),
            );
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "an alternative address that is excluded",
        |pair| {
            constraints(
                pair,
                true,
                &[],
                &[der::tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])],
            );
            put(
                &mut pair.leaf,
                SUBJECT_ALT_NAME,
                false,
                &der::seq(&[&der::tlv(0x87, &[10, 0, 0, 1])]),
            );
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    // RFC 5280 4.2.1.10: what is constrained and cannot be compared is refused.
    (
        "an alternative name of a permitted form that nothing compares",
        |pair| {
            constraints(pair, true, &[registered()], &[]);
            alternative_name(pair, &registered());
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "an alternative name of an excluded form that nothing compares",
        |pair| {
            constraints(pair, true, &[], &[registered()]);
            alternative_name(pair, &registered());
        },
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "an alternative name of such a form, where another one is constrained",
        |pair| {
            constraints(pair, true, &[der::tlv(0x82, b"example.com")], &[]);
            alternative_name(pair, &registered());
        },
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a URI at a host below the permitted domain",
        |pair| at_host(pair, b"https://hsm.example.com/"),
        &[],
        &[],
        Takes::Yes,
    ),
    (
        "a URI at a longer host of another domain",
        |pair| at_host(pair, b"https://hsm.somewhere.example.net/"),
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    (
        "a URI at the permitted domain itself, with no label before its dot",
        |pair| at_host(pair, b"https://.example.com/"),
        &["check.trust-anchor.name-constraints"],
        &[],
        Takes::No,
    ),
    // Form.
    (
        "a leaf that outlives the anchor",
        |pair| pair.leaf.validity = validity("200101000000Z", "410101000000Z"),
        &[],
        &["check.validity.within-trust-anchor"],
        Takes::Yes,
    ),
    (
        "a serial number of 21 octets",
        |pair| pair.leaf.serial = der::int(&[7; 21]),
        &["check.form.signed-cert"],
        &[],
        Takes::Unasked,
    ),
    (
        "a serial number of 100 octets",
        |pair| pair.anchor.serial = der::int(&[7; 100]),
        &["check.form.trust-anchor"],
        &[],
        Takes::Unasked,
    ),
    (
        "a negative serial number",
        |pair| pair.leaf.serial = vec![2, 1, 0x80],
        &[],
        &["check.form.signed-cert"],
        Takes::Unasked,
    ),
    (
        "a serial number of zero",
        |pair| pair.anchor.serial = der::int(&[0]),
        &[],
        &["check.form.trust-anchor"],
        Takes::Yes,
    ),
    (
        "a GeneralizedTime before 2050",
        |pair| {
            let time = |text: &str| der::tlv(der::GENERALIZED_TIME, text.as_bytes());
            pair.anchor.validity = der::seq(&[
                &der::tlv(der::UTC_TIME, b"200101000000Z"),
                &time("20450101000000Z"),
            ]);
        },
        &[],
        &["check.form.trust-anchor"],
        Takes::Yes,
    ),
    (
        "a GeneralizedTime of the first second of 2050, which has to be one",
        |pair| {
            let from = der::tlv(der::UTC_TIME, b"200101000000Z");
            let to = der::tlv(der::GENERALIZED_TIME, b"20500101000000Z");
            pair.anchor.validity = der::seq(&[&from, &to]);
        },
        &[],
        &[],
        Takes::Yes,
    ),
];
