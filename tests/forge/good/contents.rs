//! Unusual names, dates, extensions and key identifiers that are well formed and verify.

use super::*;

/// Parts that are allowed, though the genuine certificates do not have them.
pub(super) fn parts() -> Vec<Fixture> {
    let with = |name: &str, what: &str, change: &dyn Fn(&mut Chain)| {
        let mut chain = Chain::good();
        change(&mut chain);
        Fixture::new(format!("verified--{name}"), what, chain.bundle())
    };
    vec![
        with(
            "generalized-time",
            "a card that is valid beyond 2049: GeneralizedTime",
            &|chain| {
                let not_after = der::tlv(der::GENERALIZED_TIME, b"20610101000000Z");
                chain.aws_hardware.validity =
                    der::seq(&[&der::tlv(der::UTC_TIME, b"180921212232Z"), &not_after]);
            },
        ),
        with(
            "never-expires",
            "a card without a set end: 99991231235959Z (RFC 5280 4.1.2.5)",
            &|chain| {
                let not_after = der::tlv(der::GENERALIZED_TIME, b"99991231235959Z");
                chain.aws_hardware.validity =
                    der::seq(&[&der::tlv(der::UTC_TIME, b"180921212232Z"), &not_after]);
            },
        ),
        with(
            "all-known-extensions",
            "every extension of the list, critical",
            &|chain| {
                let spki = keys::HSM.spki();
                let extended = der::seq(&[
                    &der::oid("1.3.6.1.5.5.7.3.1"),
                    &der::oid("1.3.6.1.5.5.7.3.2"),
                ]);
                chain.hsm.extensions = Some(vec![
                    basic_constraints(true, false),
                    key_usage(0xa0, 5),
                    extension("2.5.29.37", true, &extended),
                    extension(SUBJECT_KEY_ID, true, &der::octets(&key_id(&spki))),
                    extension(
                        AUTHORITY_KEY_ID,
                        true,
                        &der::seq(&[&der::tlv(0x80, &key_id(&keys::HARDWARE.spki()))]),
                    ),
                    extension(
                        "2.5.29.17",
                        true,
                        &der::seq(&[&der::tlv(0x82, b"hsm.example.com")]),
                    ),
                ]);
            },
        ),
        with(
            "path-length",
            "basicConstraints with a path length",
            &|chain| {
                let value = der::seq(&[&der::boolean(true), &der::int(&[0])]);
                chain.hsm.extensions = Some(vec![extension(BASIC_CONSTRAINTS, true, &value)]);
            },
        ),
        with(
            "csr-attributes",
            "a CSR with an attribute, as openssl asks for one",
            &|chain| {
                let values = der::set_of(&[der::tlv(der::UTF8_STRING, b"hsmboot")]);
                chain.csr.attributes = der::tlv(
                    0xa0,
                    &der::seq(&[&der::oid("1.2.840.113549.1.9.7"), &values]),
                );
            },
        ),
        with(
            "names-of-every-form",
            "an authority key identifier with issuer and serial, and alternative names of every \
             form",
            &|chain| {
                let issuer = der::tlv(0xa4, &super::super::chain::aws_root_name());
                let authority = der::seq(&[
                    &der::tlv(0x80, &[7; 20]),
                    &der::tlv(0xa1, &issuer),
                    &der::tlv(0x82, &[0, 0xf9, 0x24]),
                ]);
                let list = chain.aws_hardware.extensions.as_mut().unwrap();
                list[3] = extension(AUTHORITY_KEY_ID, false, &authority);
                list.push(extension("2.5.29.17", false, &every_general_name()));
                let constraints = der::seq(&[&der::tlv(
                    0xa0,
                    &der::seq(&[&der::tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])]),
                )]);
                list.push(extension("2.5.29.30", false, &constraints));
                let qualifier = der::seq(&[
                    &der::oid("1.3.6.1.5.5.7.2.1"),
                    &der::tlv(0x16, b"https://example.com/"),
                ]);
                let policies = der::seq(&[
                    &der::seq(&[&der::oid("2.5.29.32.0"), &der::seq(&[&qualifier])]),
                    &der::seq(&[&der::oid("1.3.6.1.4.1.99999.1")]),
                ]);
                list.push(extension("2.5.29.32", false, &policies));
                for (oid, value) in other_extensions() {
                    list.push(extension(oid, false, &value));
                }
            },
        ),
        Fixture {
            name: "fips-mode.hsm--non-fips".into(),
            ..with(
                "non-fips",
                "hardware in non-FIPS mode, by its names",
                &|chain| {
                    let card = super::super::chain::hardware_name(
                        "HSM:5.2G1804-ICM000000, for non-FIPS mode",
                    );
                    let partition = super::super::chain::hardware_name(
                        "HSM:5.2G1804-ICM000000:PARTN:13, for non-FIPS mode",
                    );
                    chain.aws_hardware.subject = card.clone();
                    chain.manufacturer_hardware.subject = card.clone();
                    chain.hsm.issuer = card;
                    chain.hsm.subject = partition.clone();
                    chain.csr.subject = partition;
                },
            )
        }
        .notes(&["fips-mode.hsm"]),
        Fixture {
            name: "pem.hsm--opaque-extension".into(),
            ..with(
                "opaque",
                "a maker's extension that is not critical, and whose value is no DER",
                &|chain| {
                    chain.hsm.extensions = Some(vec![extension(
                        "1.3.6.1.4.1.99999.1",
                        false,
                        b"\xff\x01 no DER",
                    )]);
                },
            )
        }
        .notes(&["pem.hsm"]),
        with(
            "serial-zero",
            "a serial number of zero, as the manufacturer root's second issue has it",
            &|chain| {
                chain.hsm.serial = der::int(&[0]);
            },
        ),
        with(
            "serial-negative",
            "a negative serial number (RFC 5280 4.1.2.2: to be handled gracefully)",
            &|chain| {
                chain.hsm.serial = vec![der::INTEGER, 1, 0x80];
            },
        ),
    ]
}

/// subjectAltName with a name of every form but x400Address, which nothing reads.
fn every_general_name() -> Vec<u8> {
    der::seq(&[
        &der::tlv(
            0xa0,
            &[
                der::oid("1.3.6.1.4.1.99999.2"),
                der::tlv(0xa0, &der::tlv(der::UTF8_STRING, b"hsmboot")),
            ]
            .concat(),
        ),
        &der::tlv(0x81, b"hsm@example.com"),
        &der::tlv(0x82, b"hsm.example.com"),
        &der::tlv(0xa4, &super::super::chain::card_name()),
        &der::tlv(
            0xa5,
            &der::tlv(0xa1, &der::tlv(der::UTF8_STRING, b"hsmboot")),
        ),
        &der::tlv(0x86, b"https://hsm.example.com/"),
        &der::tlv(0x87, &[192, 0, 2, 1]),
        &der::tlv(0x87, &[0; 16]),
        &der::tlv(0x88, &der::oid("1.3.6.1.4.1.99999.3")[2..]),
    ])
}

/// The other extensions of RFC 5280 4.2, each in the form that is defined.
fn other_extensions() -> Vec<(&'static str, Vec<u8>)> {
    let uri = || der::tlv(0x86, b"http://example.com/");
    let points = || {
        der::seq(&[
            &der::seq(&[&der::tlv(0xa0, &der::tlv(0xa0, &uri())), &[0x81, 2, 1, 6]]),
            &der::seq(&[&der::tlv(0xa2, &uri())]),
        ])
    };
    let access = || der::seq(&[&der::seq(&[&der::oid("1.3.6.1.5.5.7.48.1"), &uri()])]);
    let policy = der::oid("1.3.6.1.4.1.99999.1");
    let country = der::set_of(&[der::tlv(0x13, b"US")]);
    vec![
        (
            "2.5.29.9",
            der::seq(&[&der::seq(&[&der::oid("1.3.6.1.5.5.7.9.4"), &country])]),
        ),
        ("2.5.29.18", der::seq(&[&uri()])),
        ("2.5.29.31", points()),
        ("2.5.29.46", points()),
        ("2.5.29.33", der::seq(&[&der::seq(&[&policy, &policy])])),
        ("2.5.29.36", der::seq(&[&[0x80, 2, 0, 0xff], &[0x81, 1, 0]])),
        ("2.5.29.54", der::int(&[0])),
        ("1.3.6.1.5.5.7.1.1", access()),
        ("1.3.6.1.5.5.7.1.11", access()),
    ]
}
