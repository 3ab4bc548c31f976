//! The one key of both chains and of the CSR, and roots that are not the known ones.

use num_bigint::BigUint;

use super::*;

pub(super) fn stranger() -> Signer {
    Signer::Pkcs1(&keys::STRANGER, Hash::Sha256)
}

/// Names that are the same and not byte for byte: a note. And those that only look so.
pub(super) fn alike() -> Vec<Fixture> {
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

pub(super) fn same_key() -> Vec<Fixture> {
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

pub(super) fn anchors() -> Vec<Fixture> {
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

pub(super) fn csr() -> Vec<Fixture> {
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
