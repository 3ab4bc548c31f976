//! Changed signatures, and names of issuers that lead nowhere.

use super::*;

/// A good signature over the part that is signed, with its last bit changed.
pub(super) fn last_bit_changed(signer: &Signer, message: &[u8]) -> Signer {
    let mut signature = signer.sign(message);
    *signature.last_mut().unwrap() ^= 1;
    Signer::Given(signer.algorithm(), signature)
}

pub(super) fn signatures() -> Vec<Fixture> {
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

pub(super) fn hsm_signatures() -> Vec<Fixture> {
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

pub(super) fn issuers() -> Vec<Fixture> {
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
pub(super) fn retyped(name: &[u8]) -> Vec<u8> {
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
pub(super) fn rewritten(name: &[u8], value: impl Fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
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
