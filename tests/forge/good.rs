//! Bundles that verify, each with something a stricter or a laxer reader might stumble over.

use super::cert::*;
use super::chain::{Bundle, Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::keys::{self, Hash};
use super::text::padded;

pub fn fixtures() -> Vec<Fixture> {
    [shapes(), texts(), algorithms(), parts()].concat()
}

fn shapes() -> Vec<Fixture> {
    vec![
        Fixture::new(
            "verified--expired-root",
            "the genuine shape, with the manufacturer root's first issue",
            Chain::good().bundle(),
        ),
        Fixture::new(
            "verified--reissued-root",
            "the genuine shape, with the manufacturer root's second issue: the same name and key",
            Chain::with_reissued_root().bundle(),
        )
        .without_notes(&["anchor-validity.manufacturer"]),
        Fixture::new(
            "verified--chains-only",
            "judged without its CSR",
            Chain::good().bundle(),
        )
        .chains_only(),
        Fixture::new(
            "verified--chains-only-bad-csr",
            "judged without its CSR, which is no CSR",
            {
                let mut bundle = Chain::good().bundle();
                bundle.csr = b"nothing\n".to_vec();
                bundle
            },
        )
        .chains_only(),
    ]
}

fn every_text(change: impl Fn(Input, &str) -> Vec<u8>) -> Bundle {
    let mut bundle = Chain::good().bundle();
    for input in Input::ALL {
        let text = String::from_utf8(bundle.text_mut(input).clone()).unwrap();
        *bundle.text_mut(input) = change(input, &text);
    }
    bundle
}

fn texts() -> Vec<Fixture> {
    let new_label = every_text(|_, text| {
        text.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
            .into_bytes()
    });
    vec![
        Fixture::new(
            "verified--crlf",
            "lines that end in CR LF",
            every_text(|_, text| text.replace('\n', "\r\n").into_bytes()),
        ),
        Fixture::new(
            "verified--no-last-newline",
            "no newline at the end",
            every_text(|_, text| text.trim_end().into()),
        ),
        Fixture::new(
            "verified--white-space-around",
            "blanks and empty lines before and after the block",
            every_text(|_, text| format!("\r\n \t\n{text}\n\t \n").into_bytes()),
        ),
        Fixture::new(
            "verified--form-feed-around",
            "a form feed and a vertical tab around the block: white space too (RFC 7468 3, W)",
            every_text(|_, text| format!("\x0c\n{text}\x0b\n").into_bytes()),
        ),
        Fixture::new(
            "verified--new-certificate-request",
            "the older label of a request (RFC 7468 7)",
            new_label,
        ),
        Fixture::new(
            "verified--20000-characters",
            "as many characters as the service may return",
            every_text(|_, text| padded(text, 20000).unwrap()),
        ),
    ]
}

fn algorithms() -> Vec<Fixture> {
    let with = |change: fn(&mut Chain)| {
        let mut chain = Chain::good();
        change(&mut chain);
        chain.bundle()
    };
    vec![
        Fixture::new(
            "verified--pss",
            "PSS with SHA-256, SHA-384 and SHA-512",
            with(|chain| {
                chain.aws_hardware.signer = Signer::Pss(&keys::AWS_ROOT, Hash::Sha256);
                chain.manufacturer_hardware.signer =
                    Signer::Pss(&keys::MANUFACTURER_ROOT, Hash::Sha384);
                chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha512);
                chain.csr.signer = Signer::Pss(&keys::HSM, Hash::Sha256);
            }),
        ),
        Fixture::new(
            "verified--pss-other-salts",
            "PSS with SHA-256 and salts of 20 octets and of 222, the longest that fits (RFC 4055 \
             3.1; openssl's choice)",
            with(|chain| {
                chain.aws_hardware.signer =
                    Signer::PssAs(&keys::AWS_ROOT, Hash::Sha256, Hash::Sha256, 20);
                chain.manufacturer_hardware.signer =
                    Signer::PssAs(&keys::MANUFACTURER_ROOT, Hash::Sha256, Hash::Sha256, 222);
            }),
        ),
        Fixture::new(
            "verified--pss-keys",
            "keys for PSS alone, with and without parameters",
            with(|chain| {
                chain.aws_hardware.spki = keys::HARDWARE.pss_spki(&pss_parameters(Hash::Sha256));
                chain.manufacturer_hardware.spki = keys::HARDWARE.pss_spki(&[]);
                chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha256);
                chain.hsm.spki = keys::HSM.pss_spki(&[]);
                chain.csr.spki = keys::HSM.pss_spki(&[]);
                chain.csr.signer = Signer::Pss(&keys::HSM, Hash::Sha384);
            }),
        ),
        Fixture::new(
            "verified--hardware-key-written-twice",
            "one card's key, written for PKCS#1 v1.5 and for PSS",
            with(|chain| {
                chain.aws_hardware.spki = keys::HARDWARE.pss_spki(&[]);
                chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha256);
            }),
        ),
        Fixture::new(
            "verified--ecdsa",
            "P-256 and P-384, with SHA-256 and SHA-384, each with each",
            with(|chain| {
                chain.aws_root.spki = keys::P384.spki();
                chain.aws_root.signer = Signer::Ecdsa(&keys::P384, Hash::Sha384);
                chain.aws_hardware.signer = Signer::Ecdsa(&keys::P384, Hash::Sha256);
                chain.aws_hardware.spki = keys::P256.spki();
                chain.manufacturer_hardware.spki = keys::P256.spki();
                chain.hsm.signer = Signer::Ecdsa(&keys::P256, Hash::Sha384);
                chain.hsm.spki = keys::P384.spki();
                chain.csr.spki = keys::P384.spki();
                chain.csr.signer = Signer::Ecdsa(&keys::P384, Hash::Sha384);
            }),
        ),
        Fixture::new(
            "verified--ecdsa-p-256-sha-256",
            "P-256 with SHA-256",
            with(|chain| {
                chain.hsm.spki = keys::P256.spki();
                chain.csr.spki = keys::P256.spki();
                chain.csr.signer = Signer::Ecdsa(&keys::P256, Hash::Sha256);
            }),
        )
        .in_memory(),
        Fixture::new(
            "verified--ecdsa-p-521",
            "P-521 with SHA-256, SHA-384 and SHA-512, and P-384 and P-256 with SHA-512",
            with(|chain| {
                chain.aws_root.spki = keys::P384.spki();
                chain.aws_root.signer = Signer::Ecdsa(&keys::P384, Hash::Sha512);
                chain.aws_hardware.signer = Signer::Ecdsa(&keys::P384, Hash::Sha512);
                chain.aws_hardware.spki = keys::P521.spki();
                chain.manufacturer_root.spki = keys::P256.spki();
                chain.manufacturer_root.signer = Signer::Ecdsa(&keys::P256, Hash::Sha512);
                chain.manufacturer_hardware.signer = Signer::Ecdsa(&keys::P256, Hash::Sha512);
                chain.manufacturer_hardware.spki = keys::P521.spki();
                chain.hsm.signer = Signer::Ecdsa(&keys::P521, Hash::Sha256);
                chain.hsm.spki = keys::HSM.spki();
            }),
        ),
        Fixture::new(
            "verified--ecdsa-p-521-csr",
            "a P-521 key in HSM certificate and CSR, which it signs with SHA-384",
            with(|chain| {
                chain.hsm.spki = keys::P521.spki();
                chain.csr.spki = keys::P521.spki();
                chain.csr.signer = Signer::Ecdsa(&keys::P521, Hash::Sha384);
            }),
        )
        .in_memory(),
        Fixture::new(
            "verified--rsa-sha-384-512",
            "RSA 3072 with SHA-384, RSA 2048 with SHA-512",
            with(|chain| {
                chain.aws_root.spki = keys::RSA_3072.spki();
                chain.aws_root.signer = Signer::Pkcs1(&keys::RSA_3072, Hash::Sha384);
                chain.aws_hardware.signer = Signer::Pkcs1(&keys::RSA_3072, Hash::Sha384);
                chain.hsm.signer = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha512);
            }),
        ),
        Fixture::new(
            "verified--rsa-8192",
            "an HSM key of 8192 bits",
            with(|chain| {
                chain.hsm.spki = keys::RSA_8192.spki();
                chain.csr.spki = keys::RSA_8192.spki();
                chain.csr.signer = Signer::Pkcs1(&keys::RSA_8192, Hash::Sha256);
            }),
        ),
        Fixture::new(
            "verified--root-signed-with-sha-1",
            "a root that is signed with SHA-1: an anchor is a name and a key, and its own \
             signature proves nothing",
            with(|chain| {
                chain.manufacturer_root.signer = Signer::Pkcs1(&keys::MANUFACTURER_ROOT, Hash::Sha1)
            }),
        ),
    ]
}

/// Parts that are allowed, though the genuine certificates do not have them.
fn parts() -> Vec<Fixture> {
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
                let issuer = der::tlv(0xa4, &super::chain::aws_root_name());
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
            },
        ),
        Fixture {
            name: "fips-mode.hsm--non-fips".into(),
            ..with(
                "non-fips",
                "hardware in non-FIPS mode, by its names",
                &|chain| {
                    let card =
                        super::chain::hardware_name("HSM:5.2G1804-ICM000000, for non-FIPS mode");
                    let partition = super::chain::hardware_name(
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
        &der::tlv(0xa4, &super::chain::card_name()),
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
