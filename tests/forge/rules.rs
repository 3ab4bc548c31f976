//! Well-formed bundles of allowed algorithms that break one rule each: signatures, names, keys,
//! dates, roles, extensions.

use rsa::BigUint;

use super::cert::*;
use super::chain::{self, Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::keys::{self, Hash, RsaKey};

pub fn fixtures() -> Vec<Fixture> {
    [
        signatures(),
        hsm_signatures(),
        issuers(),
        same_key(),
        anchors(),
        csr(),
        validity_dates(),
        roles(),
        extensions(),
        ca_profiles(),
        swapped(),
    ]
    .concat()
}

fn stranger() -> Signer {
    Signer::Pkcs1(&keys::STRANGER, Hash::Sha256)
}

/// The good chain, changed.
fn changed(change: impl FnOnce(&mut Chain)) -> super::chain::Bundle {
    let mut chain = Chain::good();
    change(&mut chain);
    chain.bundle()
}

/// A good signature over the part that is signed, with its last bit changed.
fn last_bit_changed(signer: &Signer, message: &[u8]) -> Signer {
    let mut signature = signer.sign(message);
    *signature.last_mut().unwrap() ^= 1;
    Signer::Given(signer.algorithm(), signature)
}

fn signatures() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (input, id) in [
        (Input::AwsHardware, "aws.signature"),
        (Input::ManufacturerHardware, "manufacturer.signature"),
    ] {
        let by_stranger = changed(|chain| chain.cert_mut(input).signer = stranger());
        fixtures.push(
            Fixture::new(
                format!("{id}--by-a-stranger"),
                "signed by another key under the anchor's name",
                by_stranger,
            )
            .fails(&[id]),
        );
        let by_other_root = changed(|chain| {
            let other = if input == Input::AwsHardware {
                &keys::MANUFACTURER_ROOT
            } else {
                &keys::AWS_ROOT
            };
            chain.cert_mut(input).signer = Signer::Pkcs1(other, Hash::Sha256);
        });
        let what = "signed by the other side's anchor";
        fixtures.push(
            Fixture::new(format!("{id}--by-the-other-anchor"), what, by_other_root).fails(&[id]),
        );
        let one_bit = changed(|chain| {
            let cert = chain.cert_mut(input);
            cert.signer = last_bit_changed(&cert.signer, &cert.tbs());
        });
        fixtures.push(
            Fixture::new(
                format!("{id}--one-bit"),
                "one bit of the signature changed",
                one_bit,
            )
            .fails(&[id]),
        );
        let wrong_hash = changed(|chain| {
            let cert = chain.cert_mut(input);
            let key = if input == Input::AwsHardware {
                &keys::AWS_ROOT
            } else {
                &keys::MANUFACTURER_ROOT
            };
            cert.signer = Signer::Given(
                cert.signer.algorithm(),
                key.pkcs1(Hash::Sha512, &cert.tbs()),
            );
        });
        let what = "names SHA-256 and is signed with SHA-512";
        fixtures.push(Fixture::new(format!("{id}--another-hash"), what, wrong_hash).fails(&[id]));
        let short = changed(|chain| {
            let cert = chain.cert_mut(input);
            cert.signer = Signer::Given(
                cert.signer.algorithm(),
                cert.signer.sign(&cert.tbs())[..255].to_vec(),
            );
        });
        fixtures.push(
            Fixture::new(
                format!("{id}--short"),
                "a signature with its last octet missing",
                short,
            )
            .fails(&[id]),
        );
        let empty = changed(|chain| {
            let cert = chain.cert_mut(input);
            cert.signer = Signer::Given(cert.signer.algorithm(), Vec::new());
        });
        fixtures.push(
            Fixture::new(format!("{id}--empty"), "a signature of no octets", empty).fails(&[id]),
        );
        let ecdsa = changed(|chain| {
            let cert = chain.cert_mut(input);
            cert.signer = Signer::Ecdsa(&keys::P256, Hash::Sha256);
        });
        let what = "an ECDSA signature, and the anchor has an RSA key";
        fixtures.push(Fixture::new(format!("{id}--of-another-kind"), what, ecdsa).fails(&[id]));
    }
    fixtures
}

fn hsm_signatures() -> Vec<Fixture> {
    const BOTH: [&str; 2] = ["aws.hsm-signature", "manufacturer.hsm-signature"];
    let mut fixtures = vec![
        Fixture::new(
            "aws.hsm-signature--by-a-stranger",
            "an HSM certificate signed by another key under the card's name",
            changed(|chain| chain.hsm.signer = stranger()),
        )
        .fails(&BOTH),
        Fixture::new(
            "aws.hsm-signature--by-itself",
            "an HSM certificate signed by the HSM's own key",
            changed(|chain| chain.hsm.signer = Signer::Pkcs1(&keys::HSM, Hash::Sha256)),
        )
        .fails(&BOTH),
        Fixture::new(
            "aws.hsm-signature--one-bit",
            "one bit of the HSM certificate's signature changed",
            changed(|chain| {
                chain.hsm.signer = last_bit_changed(&chain.hsm.signer, &chain.hsm.tbs())
            }),
        )
        .fails(&BOTH),
    ];
    // One side alone: the same numbers, but as a key for PSS alone, under which the HSM
    // certificate's PKCS#1 v1.5 signature does not count.
    for (input, id) in [
        (Input::AwsHardware, BOTH[0]),
        (Input::ManufacturerHardware, BOTH[1]),
    ] {
        let what =
            "the card's key as one for PSS alone (RFC 4055 1.2), and a PKCS#1 v1.5 signature by it";
        let pss_only = changed(|chain| chain.cert_mut(input).spki = keys::HARDWARE.pss_spki(&[]));
        fixtures.push(Fixture::new(format!("{id}--pss-only"), what, pss_only).fails(&[id]));
        let what = "the card's key as one for PSS with SHA-384 alone (RFC 4055 3.3), and a PSS \
                    signature with SHA-256 by it";
        let other_hash = changed(|chain| {
            chain.cert_mut(input).spki = keys::HARDWARE.pss_spki(&pss_parameters(Hash::Sha384));
            chain.hsm.signer = Signer::Pss(&keys::HARDWARE, Hash::Sha256);
        });
        fixtures
            .push(Fixture::new(format!("{id}--pss-another-hash"), what, other_hash).fails(&[id]));
    }
    fixtures
}

fn issuers() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (input, id) in [
        (Input::AwsHardware, "aws.issuer"),
        (Input::ManufacturerHardware, "manufacturer.issuer"),
    ] {
        let other = |issuer: Vec<u8>| changed(|chain| chain.cert_mut(input).issuer = issuer);
        let swapped = if input == Input::AwsHardware {
            chain::manufacturer_root_name()
        } else {
            chain::aws_root_name()
        };
        let what = "signed by the anchor's key, issued in another's name";
        fixtures.push(
            Fixture::new(
                format!("{id}--another-name"),
                what,
                other(name(&[&[(COMMON_NAME, "somebody else")]])),
            )
            .fails(&[id]),
        );
        let what = "signed by the anchor's key, issued in the other anchor's name";
        fixtures.push(
            Fixture::new(format!("{id}--the-other-anchor"), what, other(swapped)).fails(&[id]),
        );
        let own = if input == Input::AwsHardware {
            chain::aws_root_name()
        } else {
            chain::manufacturer_root_name()
        };
        let mut longer = der::Node::parse(&own);
        longer
            .children_mut()
            .push(der::Node::parse(&der::set_of(&[attribute(
                UNIT, "hsmboot",
            )])));
        let what = "the anchor's name with one RDN more";
        fixtures.push(
            Fixture::new(format!("{id}--one-more-rdn"), what, other(longer.encode())).fails(&[id]),
        );
    }
    fixtures.extend(alike());
    for (input, id) in [
        (Input::AwsHardware, "aws.hsm-issuer"),
        (Input::ManufacturerHardware, "manufacturer.hsm-issuer"),
    ] {
        let other = changed(|chain| {
            chain.cert_mut(input).subject =
                chain::hardware_name("HSM:5.2G1804-ICM000001, for FIPS mode")
        });
        let what = "a hardware certificate of the same key for another card's name";
        fixtures.push(Fixture::new(format!("{id}--another-card"), what, other).fails(&[id]));
        // The same attributes, but each in an RDN of its own: what a tool makes that takes names
        // apart and builds them anew.
        let rebuilt = changed(|chain| {
            let rdns: Vec<[(&str, &str); 1]> = chain::FIRST_RDN
                .iter()
                .map(|&attribute| [attribute])
                .collect();
            let mut rdns: Vec<&[(&str, &str)]> = rdns.iter().map(|rdn| &rdn[..]).collect();
            rdns.push(&[(COMMON_NAME, "HSM:5.2G1804-ICM000000, for FIPS mode")]);
            chain.cert_mut(input).subject = name(&rdns);
        });
        let what = "the card's name rebuilt with one RDN for each attribute";
        fixtures.push(Fixture::new(format!("{id}--rebuilt"), what, rebuilt).fails(&[id]));
    }
    fixtures
}

/// The name with every string retyped, in other letter case, with more blanks: the same attributes
/// in the same structure (RFC 5280 7.1).
fn retyped(name: &[u8]) -> Vec<u8> {
    rewritten(name, |tag, text| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let (tag, text) = if tag == der::UTF8_STRING {
            (0x14, text.to_uppercase())
        } else {
            (der::UTF8_STRING, text.to_lowercase())
        };
        der::tlv(tag, format!(" {} ", text.replace(' ', "  ")).as_bytes())
    })
}

/// The name with each value written anew; within an RDN DER's order follows.
fn rewritten(name: &[u8], value: impl Fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let rdns: Vec<Vec<u8>> = der::Node::parse(name)
        .children()
        .iter()
        .map(|rdn| {
            let attributes = rdn.children().iter().map(|attribute| {
                let [kind, text] = attribute.children() else {
                    panic!("an attribute")
                };
                der::seq(&[&kind.encode(), &value(text.tag, text.content())])
            });
            der::set_of(&attributes.collect::<Vec<_>>())
        })
        .collect();
    der::tlv(der::SEQUENCE, &rdns.concat())
}

/// Names that are the same and not byte for byte: a note. And those that only look so.
fn alike() -> Vec<Fixture> {
    let card = chain::card_name();
    let mut fixtures = Vec::new();
    for (input, id, root) in [
        (Input::AwsHardware, "aws.issuer", chain::aws_root_name()),
        (
            Input::ManufacturerHardware,
            "manufacturer.issuer",
            chain::manufacturer_root_name(),
        ),
    ] {
        let of = |issuer: Vec<u8>| changed(|chain| chain.cert_mut(input).issuer = issuer);
        let what = "the anchor's name in other string types, letter case and blanks (RFC 5280 \
                    7.1): a note";
        fixtures
            .push(Fixture::new(format!("{id}--retyped"), what, of(retyped(&root))).notes(&[id]));
        let mut swapped = der::Node::parse(&root);
        swapped.children_mut().swap(4, 5);
        fixtures.push(
            Fixture::new(
                format!("{id}--rdns-swapped"),
                "the anchor's name with its last RDNs swapped",
                of(swapped.encode()),
            )
            .fails(&[id]),
        );
        let what = "the anchor's name with a blank too few";
        let blank = rewritten(&root, |tag, text| {
            der::tlv(
                tag,
                String::from_utf8(text.to_vec())
                    .unwrap()
                    .replace(' ', "")
                    .as_bytes(),
            )
        });
        fixtures.push(
            Fixture::new(format!("{id}--no-blanks"), what, of(blank))
                .fails(&[id])
                .in_memory(),
        );
        let what = "the anchor's name with values that are no strings";
        let numbers = rewritten(&root, |_, _| der::int(&[7]));
        fixtures.push(
            Fixture::new(format!("{id}--no-strings"), what, of(numbers))
                .fails(&[id])
                .in_memory(),
        );
    }
    for (input, id) in [
        (Input::AwsHardware, "aws.hsm-issuer"),
        (Input::ManufacturerHardware, "manufacturer.hsm-issuer"),
    ] {
        let bundle = changed(|chain| chain.cert_mut(input).subject = retyped(&card));
        let what =
            "the card's name in other string types, letter case and blanks (RFC 5280 7.1): a note";
        fixtures.push(Fixture::new(format!("{id}--retyped"), what, bundle).notes(&[id]));
    }
    let what = "a partition's name in another string type, letter case and blanks";
    let posing = retyped(&chain::hardware_name(
        "HSM:5.2G1804-ICM000000:PARTN:1, for FIPS mode",
    ));
    let bundle = changed(|chain| {
        chain.aws_hardware.subject = posing.clone();
        chain.manufacturer_hardware.subject = posing.clone();
        chain.hsm.issuer = chain::hardware_name("HSM:5.2G1804-ICM000000:PARTN:1, for FIPS mode");
    });
    let fixture = Fixture::new("role.aws-hardware--retyped", what, bundle);
    fixtures.push(
        fixture
            .fails(&["role.aws-hardware", "role.manufacturer-hardware"])
            .notes(&["aws.hsm-issuer", "manufacturer.hsm-issuer"])
            .in_memory(),
    );
    fixtures
}

fn same_key() -> Vec<Fixture> {
    let mut chain = Chain::good();
    let [one, two, signature] = two_keys_for_one_signature(&chain.hsm.tbs());
    chain.hsm.signer = Signer::Given(chain.hsm.signer.algorithm(), signature);
    chain.aws_hardware.spki = one;
    chain.manufacturer_hardware.spki = two;
    let what = "two keys made so that one signature holds under both: the card's certificates \
                agree on everything but the key";
    vec![
        Fixture::new(
            "hardware.same-key--two-keys-for-one-signature",
            what,
            chain.bundle(),
        )
        .fails(&["hardware.same-key"]),
        Fixture::new(
            "hardware.same-key--another-card",
            "an AWS hardware certificate of another key in the same name",
            changed(|chain| chain.aws_hardware.spki = keys::STRANGER.spki()),
        )
        .fails(&["aws.hsm-signature", "hardware.same-key"]),
        Fixture::new(
            "hardware.same-key--another-exponent",
            "an AWS hardware certificate with the card's modulus and another exponent",
            changed(|chain| {
                chain.aws_hardware.spki = RsaKey::public(keys::HARDWARE.n.clone(), 3).spki()
            }),
        )
        .fails(&["aws.hsm-signature", "hardware.same-key"]),
        Fixture::new(
            "hardware.same-key--swapped",
            "a manufacturer hardware certificate of the HSM's own key",
            changed(|chain| chain.manufacturer_hardware.spki = keys::HSM.spki()),
        )
        .fails(&["manufacturer.hsm-signature", "hardware.same-key"]),
    ]
}

/// Two RSA public keys of exponent 3, and one PKCS#1 v1.5 signature over `message` that holds under
/// both.
///
/// s³ - EM is a multiple of both moduli, so s³ = EM modulo either: take s so that s³ - EM is odd,
/// divisible by 3 and by 5, and of such a size that a third and a fifth of it both have 2048 bits.
/// ("Duplicate signature key selection"; nobody knows or needs the private keys.)
fn two_keys_for_one_signature(message: &[u8]) -> [Vec<u8>; 3] {
    let encoded = BigUint::from_bytes_be(&keys::pkcs1_encode(Hash::Sha256, message, 256));
    let number = |n: u32| BigUint::from(n);
    let target = number(11) << 2046; // 5.5 times 2^2047
    let mut s = (0..700).rev().fold(number(0), |s, bit| {
        let higher = &s + (number(1) << bit);
        if &higher * &higher * &higher <= target {
            higher
        } else {
            s
        }
    });
    let multiple = loop {
        s += number(1);
        let multiple = &s * &s * &s - &encoded;
        if &multiple % number(15) == number(0) && &multiple % number(2) == number(1) {
            break multiple;
        }
    };
    let key = |divisor: u32| RsaKey::public(&multiple / number(divisor), 3);
    let (one, two) = (key(3), key(5));
    assert_eq!((one.n.bits(), two.n.bits()), (2048, 2048));
    [
        one.spki(),
        two.spki(),
        keys::left_pad(&s.to_bytes_be(), 256),
    ]
}

fn anchors() -> Vec<Fixture> {
    let one_key = |pss: bool| {
        changed(|chain| {
            chain.aws_root.spki = if pss {
                keys::MANUFACTURER_ROOT.pss_spki(&[])
            } else {
                keys::MANUFACTURER_ROOT.spki()
            };
            let signer = if pss {
                Signer::Pss(&keys::MANUFACTURER_ROOT, Hash::Sha256)
            } else {
                Signer::Pkcs1(&keys::MANUFACTURER_ROOT, Hash::Sha256)
            };
            chain.aws_root.signer = signer.clone();
            chain.aws_hardware.signer = signer;
        })
    };
    vec![
        Fixture::new(
            "anchors.distinct--one-key-two-names",
            "both anchors are one key under two names",
            one_key(false),
        )
        .fails(&["anchors.distinct"]),
        Fixture::new(
            "anchors.distinct--one-key-two-algorithms",
            "both anchors are one key, written for PKCS#1 v1.5 and for PSS: the same numbers",
            one_key(true),
        )
        .fails(&["anchors.distinct"]),
        Fixture::new(
            "anchors.distinct--one-root",
            "the manufacturer's root in both places, and both hardware certificates issued by it",
            changed(|chain| {
                chain.aws_root = chain.manufacturer_root.clone();
                chain.aws_hardware.issuer = chain.manufacturer_root.subject.clone();
                chain.aws_hardware.signer = chain.manufacturer_root.signer.clone();
            }),
        )
        .fails(&["anchors.distinct"])
        .notes(&["anchor-validity.aws"]),
        Fixture::new(
            "anchor-validity.aws--expired",
            "an AWS root that has expired: an anchor is a name and a key, so this is a note",
            changed(|chain| chain.aws_root.validity = validity("170428083747Z", "260428083747Z")),
        )
        .notes(&["anchor-validity.aws"]),
        Fixture::new(
            "anchor-validity.manufacturer--not-yet-valid",
            "a manufacturer root that is not yet valid: an anchor is a name and a key, so this is \
             a note",
            changed(|chain| {
                chain.manufacturer_root.validity = validity("300101000000Z", "400101000000Z")
            }),
        ),
    ]
}

fn csr() -> Vec<Fixture> {
    vec![
        Fixture::new(
            "csr.signature--one-bit",
            "one bit of the CSR's signature changed",
            changed(|chain| {
                chain.csr.signer = last_bit_changed(&chain.csr.signer, &chain.csr.info())
            }),
        )
        .fails(&["csr.signature"]),
        Fixture::new(
            "csr.signature--by-a-stranger",
            "a CSR with the HSM's key, signed by somebody who does not have it",
            changed(|chain| chain.csr.signer = stranger()),
        )
        .fails(&["csr.signature"]),
        Fixture::new(
            "csr.signature--by-the-card",
            "a CSR with the HSM's key, signed by the card's key",
            changed(|chain| chain.csr.signer = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha256)),
        )
        .fails(&["csr.signature"]),
        Fixture::new(
            "csr.key--of-a-stranger",
            "a CSR of another key in the HSM's name, well signed by that key",
            changed(|chain| {
                chain.csr.spki = keys::STRANGER.spki();
                chain.csr.signer = stranger();
            }),
        )
        .fails(&["csr.key"]),
        Fixture::new(
            "csr.key--written-differently",
            "a CSR with the HSM's key written as one for PSS: the same numbers, but not byte for \
             byte",
            changed(|chain| {
                chain.csr.spki = keys::HSM.pss_spki(&[]);
                chain.csr.signer = Signer::Pss(&keys::HSM, Hash::Sha256);
            }),
        )
        .fails(&["csr.key"]),
        Fixture::new(
            "csr.key--of-the-card",
            "a CSR of the card's key",
            changed(|chain| {
                chain.csr.spki = keys::HARDWARE.spki();
                chain.csr.signer = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha256);
            }),
        )
        .fails(&["csr.key"]),
        Fixture::new(
            "csr.subject--another-partition",
            "a CSR in another partition's name: a note, the key is what counts",
            changed(|chain| {
                chain.csr.subject =
                    chain::hardware_name("HSM:5.2G1804-ICM000000:PARTN:14, for FIPS mode")
            }),
        )
        .notes(&["csr.subject"]),
        Fixture::new(
            "csr.subject--empty",
            "a CSR without a subject",
            changed(|chain| chain.csr.subject = der::seq(&[])),
        )
        .notes(&["csr.subject"]),
    ]
}

fn validity_dates() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (input, not_before, not_after) in [
        (Input::Hsm, "180921212136Z", "260531235959Z"),
        (Input::AwsHardware, "180921212232Z", "260531235959Z"),
        (
            Input::ManufacturerHardware,
            "180419200517Z",
            "260531235959Z",
        ),
    ] {
        let id = format!("validity.{}", input.id());
        let dates = |from: &str, to: &str| {
            changed(|chain| chain.cert_mut(input).validity = validity(from, to))
        };
        let expired = dates(not_before, not_after);
        let what = "expired one second before the moment judged at";
        fixtures.push(Fixture::new(format!("{id}--expired"), what, expired.clone()).fails(&[&id]));
        let what = "expired, and accepted";
        let accepted =
            Fixture::new(format!("{id}--expired-accepted"), what, expired).accepts(&[&id]);
        fixtures.push(accepted.kept_if(input == Input::Hsm));
        let what = "valid from one second after the moment judged at";
        fixtures.push(
            Fixture::new(
                format!("{id}--not-yet-valid"),
                what,
                dates("260601000001Z", "300101000000Z"),
            )
            .fails(&[&id]),
        );
        let what = "valid to the very second judged at: notAfter is the last moment";
        fixtures.push(
            Fixture::new(
                format!("{id}--last-second"),
                what,
                dates(not_before, "260601000000Z"),
            )
            .in_memory(),
        );
        let what = "valid from the very second judged at: notBefore is the first moment";
        fixtures.push(
            Fixture::new(
                format!("{id}--first-second"),
                what,
                dates("260601000000Z", "300101000000Z"),
            )
            .in_memory(),
        );
        let what = "dates the wrong way round";
        fixtures.push(
            Fixture::new(
                format!("{id}--reversed"),
                what,
                dates("300101000000Z", "180101000000Z"),
            )
            .fails(&[&id])
            .in_memory(),
        );
    }
    let what = "the good bundle before any of its certificates was issued";
    let all = [
        "validity.hsm",
        "validity.aws-hardware",
        "validity.manufacturer-hardware",
    ];
    fixtures.push(
        Fixture::new("validity.hsm--before-all", what, Chain::good().bundle())
            .at("2018-01-01T00:00:00Z")
            .fails(&all)
            .without_notes(&["anchor-validity.manufacturer"]),
    );
    let what = "the good bundle long after all of its certificates have expired";
    fixtures.push(
        Fixture::new("validity.hsm--after-all", what, Chain::good().bundle())
            .at("2070-01-01T00:00:00Z")
            .fails(&all)
            .notes(&["anchor-validity.aws"]),
    );
    fixtures
}

/// A partition that poses as a card: both hardware certificates, and the HSM certificate's issuer,
/// are in a partition's name. The rule fails in a pair, since the names of all three must be one.
fn roles() -> Vec<Fixture> {
    let utf16: Vec<u8> = "HSM:1:PARTN:2"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let utf32: Vec<u8> = "HSM:1:PARTN:2"
        .chars()
        .flat_map(|c| u32::from(c).to_be_bytes())
        .collect();
    let two_names = [
        attribute(COMMON_NAME, "HSM:5.2G1804-ICM000000, for FIPS mode"),
        attribute(COMMON_NAME, "HSM:5.2G1804-ICM000000:PARTN:1, for FIPS mode"),
    ];
    [
        (
            "partition",
            "hardware certificates in a partition's name",
            chain::hardware_name("HSM:5.2G1804-ICM000000:PARTN:1, for FIPS mode"),
        ),
        (
            "bmp-string",
            "a partition's name as a BMPString, two octets to the character",
            chain::hardware_name_as(der::BMP_STRING, &utf16),
        ),
        (
            "universal-string",
            "a partition's name as a UniversalString, four octets to the character",
            chain::hardware_name_as(0x1c, &utf32),
        ),
        (
            "teletex-string",
            "a partition's name as a TeletexString",
            chain::hardware_name_as(0x14, b"HSM:1:PARTN:2"),
        ),
        (
            "printable-string",
            "a partition's name as a PrintableString",
            chain::hardware_name_as(der::PRINTABLE_STRING, b"HSM:1:PARTN:2"),
        ),
        (
            "second-common-name",
            "a second CN that is a partition's",
            der::seq(&[&der::set_of(&two_names)]),
        ),
        (
            "common-name-in-the-first-rdn",
            "a partition's CN among the first RDN's attributes, a card's in the second",
            name(&[
                &[(COUNTRY, "US"), (COMMON_NAME, "HSM:1:PARTN:2")],
                &[(COMMON_NAME, "HSM:5.2G1804-ICM000000, for FIPS mode")],
            ]),
        ),
    ]
    .into_iter()
    .map(|(defect, what, subject)| {
        let bundle = changed(|chain| {
            chain.aws_hardware.subject = subject.clone();
            chain.manufacturer_hardware.subject = subject.clone();
            chain.hsm.issuer = subject;
        });
        Fixture::new(format!("role.aws-hardware--{defect}"), what, bundle)
            .fails(&["role.aws-hardware", "role.manufacturer-hardware"])
    })
    .collect()
}

fn extensions() -> Vec<Fixture> {
    let unknown = |critical| extension("1.3.6.1.4.1.99999.1", critical, &der::null());
    let name_constraints = || {
        extension(
            "2.5.29.30",
            true,
            &der::seq(&[&der::tlv(
                0xa0,
                &der::seq(&[&der::tlv(0x82, b"example.com")]),
            )]),
        )
    };
    let mut fixtures = Vec::new();
    for input in Input::CERTIFICATES {
        let id = format!("extensions.{}", input.id());
        let with = |added: Vec<Vec<u8>>| {
            changed(|chain| {
                let cert = chain.cert_mut(input);
                cert.version = V3.to_vec();
                cert.extensions.get_or_insert_default().extend(added);
            })
        };
        let critical = with(vec![unknown(true)]);
        let what = "a critical extension that nobody knows (RFC 5280 4.2)";
        fixtures.push(Fixture::new(format!("{id}--unknown"), what, critical.clone()).fails(&[&id]));
        let what = "a critical extension that nobody knows, and accepted";
        fixtures.push(
            Fixture::new(format!("{id}--unknown-accepted"), what, critical)
                .accepts(&[&id])
                .kept_if(input == Input::AwsHardware),
        );
        let what = "critical name constraints, which are not in the list";
        let fixture = Fixture::new(
            format!("{id}--name-constraints"),
            what,
            with(vec![name_constraints()]),
        )
        .fails(&[&id]);
        fixtures.push(fixture.kept_if(input == Input::Hsm));
        let what = "an unknown extension that is not critical";
        fixtures.push(
            Fixture::new(
                format!("{id}--unknown-not-critical"),
                what,
                with(vec![unknown(false)]),
            )
            .kept_if(input == Input::Hsm),
        );
    }
    fixtures
}

/// basicConstraints and keyUsage as RFC 5280 wants them of a CA: only under the policy `rfc5280`,
/// which no genuine hardware certificate meets.
fn ca_profiles() -> Vec<Fixture> {
    let ca = || vec![basic_constraints(true, true), key_usage(0x04, 2)];
    let both = move |change: &dyn Fn(&mut Chain)| {
        changed(|chain| {
            for input in [Input::AwsHardware, Input::ManufacturerHardware] {
                let cert = chain.cert_mut(input);
                cert.version = V3.to_vec();
                cert.extensions = Some(ca());
            }
            change(chain);
        })
    };
    let mut fixtures = vec![
        Fixture::new(
            "verified--ca-profile",
            "hardware certificates as RFC 5280 wants them of a CA",
            both(&|_| {}),
        )
        .rfc5280(),
        Fixture::new(
            "ca-profile.aws-hardware--genuine-shape",
            "the good bundle by RFC 5280's rules",
            Chain::good().bundle(),
        )
        .rfc5280()
        .fails(&[
            "ca-profile.aws-hardware",
            "ca-profile.manufacturer-hardware",
        ]),
    ];
    for input in [Input::AwsHardware, Input::ManufacturerHardware] {
        let id = format!("ca-profile.{}", input.id());
        let of = |extensions: Option<Vec<Vec<u8>>>| {
            both(&|chain| chain.cert_mut(input).extensions = extensions.clone())
        };
        for (defect, what, extensions) in [
            (
                "ca-false",
                "CA:FALSE",
                Some(vec![basic_constraints(true, false), key_usage(0x04, 2)]),
            ),
            (
                "no-basic-constraints",
                "version 3 without basicConstraints",
                Some(vec![key_usage(0x04, 2)]),
            ),
            ("no-extensions", "version 3 without extensions", None),
            (
                "no-cert-sign",
                "CA:TRUE with a keyUsage without keyCertSign",
                Some(vec![basic_constraints(true, true), key_usage(0xa0, 5)]),
            ),
        ] {
            fixtures.push(
                Fixture::new(format!("{id}--{defect}"), what, of(extensions))
                    .rfc5280()
                    .fails(&[&id]),
            );
        }
        let what =
            "CA:TRUE without a keyUsage: the rule asks for keyCertSign where keyUsage is present";
        let no_usage = of(Some(vec![basic_constraints(true, true)]));
        fixtures.push(
            Fixture::new(format!("{id}--no-key-usage"), what, no_usage)
                .rfc5280()
                .in_memory(),
        );
    }
    let what = "a version 1 hardware certificate by RFC 5280's rules";
    let version_1 = both(&|chain| {
        chain.manufacturer_hardware.version = Vec::new();
        chain.manufacturer_hardware.extensions = None;
    });
    fixtures.push(
        Fixture::new(
            "ca-profile.manufacturer-hardware--version-1",
            what,
            version_1,
        )
        .rfc5280()
        .fails(&["ca-profile.manufacturer-hardware"]),
    );
    fixtures
}

/// Files in each other's place.
fn swapped() -> Vec<Fixture> {
    let mut hardware = Chain::good().bundle();
    std::mem::swap(
        &mut hardware.aws_hardware,
        &mut hardware.manufacturer_hardware,
    );
    let mut roots = Chain::good().bundle();
    std::mem::swap(&mut roots.aws_root, &mut roots.manufacturer_root);
    let fails = [
        "aws.signature",
        "aws.issuer",
        "manufacturer.signature",
        "manufacturer.issuer",
    ];
    let mut hsm = Chain::good().bundle();
    std::mem::swap(&mut hsm.hsm, &mut hsm.aws_hardware);
    vec![
        Fixture::new(
            "aws.signature--hardware-swapped",
            "the two hardware certificates in each other's place",
            hardware,
        )
        .fails(&fails),
        Fixture::new(
            "aws.signature--roots-swapped",
            "the two roots in each other's place",
            roots,
        )
        .fails(&fails)
        .without_notes(&["anchor-validity.manufacturer"])
        .notes(&["anchor-validity.aws"]),
        Fixture::new(
            "hardware.same-key--hsm-swapped",
            "the HSM certificate and the AWS hardware certificate in each other's place",
            hsm,
        )
        .fails(&[
            "aws.signature",
            "aws.issuer",
            "aws.hsm-signature",
            "aws.hsm-issuer",
            "manufacturer.hsm-signature",
            "manufacturer.hsm-issuer",
            "hardware.same-key",
            "csr.key",
            "role.aws-hardware",
        ])
        .notes(&["csr.subject"]),
    ]
}
