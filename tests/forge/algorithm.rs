//! Algorithms and keys that do not count: `algorithm.<input>`. The signatures are good ones
//! wherever the defect leaves that possible, so that only the rule can refuse them.

mod keys_of_cas;

use keys_of_cas::{of_the_anchors, of_the_hardware, of_the_hsm};

use super::cert::*;
use super::chain::{Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::keys::{self, Hash, RsaKey};

/// The key that signs each input of the good chain.
fn signing_key(input: Input) -> &'static RsaKey {
    match input {
        Input::Csr => &keys::HSM,
        Input::Hsm => &keys::HARDWARE,
        Input::AwsHardware => &keys::AWS_ROOT,
        Input::ManufacturerHardware => &keys::MANUFACTURER_ROOT,
    }
}

/// The checks that rest on an input's own signature.
fn signatures_of(input: Input) -> &'static [&'static str] {
    match input {
        Input::Csr => &["csr.signature"],
        Input::Hsm => &["aws.hsm-signature", "manufacturer.hsm-signature"],
        Input::AwsHardware => &["aws.signature"],
        Input::ManufacturerHardware => &["manufacturer.signature"],
    }
}

fn sign_with(chain: &mut Chain, input: Input, signer: Signer) {
    match input {
        Input::Csr => chain.csr.signer = signer,
        _ => chain.cert_mut(input).signer = signer,
    }
}

/// PSS by SHA-256 with parameters that say something else than they should.
fn pss_saying(key: &'static RsaKey, parameters: &[u8], chain: &Chain, input: Input) -> Signer {
    let algorithm = der::seq(&[&der::oid("1.2.840.113549.1.1.10"), parameters]);
    saying(algorithm, chain, input, |message| {
        key.pss(Hash::Sha256, message)
    })
}

/// A good signature over what names this algorithm.
fn saying(
    algorithm: Vec<u8>,
    chain: &Chain,
    input: Input,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Signer {
    // The signature covers the algorithm named inside the signed part.
    let named = Signer::Given(algorithm.clone(), Vec::new());
    let mut chain = chain.clone();
    sign_with(&mut chain, input, named);
    let message = match input {
        Input::Csr => chain.csr.info(),
        _ => chain.cert_mut(input).tbs(),
    };
    Signer::Given(algorithm, sign(&message))
}

/// RSASSA-PSS-params of SHA-256, the hash written with this AlgorithmIdentifier, and MGF1's with
/// that one.
fn pss_of(hash: &[u8], mask_hash: &[u8]) -> Vec<u8> {
    let mask = der::seq(&[&der::oid("1.2.840.113549.1.1.8"), mask_hash]);
    der::seq(&[
        &der::tlv(0xa0, hash),
        &der::tlv(0xa1, &mask),
        &der::tlv(0xa2, &der::int(&[32])),
    ])
}

/// SHA-256's AlgorithmIdentifier without the NULL.
fn bare_sha256() -> Vec<u8> {
    der::seq(&[&der::oid("2.16.840.1.101.3.4.2.1")])
}

type Making = fn(&Chain, Input) -> Signer;

/// Signature algorithms, on any input.
const SIGNATURES: &[(&str, &str, Making)] = &[
    ("sha1", "signed with SHA-1", |_, input| {
        Signer::Pkcs1(signing_key(input), Hash::Sha1)
    }),
    ("md5", "signed with MD5", |_, input| {
        Signer::Pkcs1(signing_key(input), Hash::Md5)
    }),
    (
        "pss-sha1",
        "signed with PSS and its default parameters, which mean SHA-1",
        |_, input| Signer::Pss(signing_key(input), Hash::Sha1),
    ),
    (
        "pss-no-parameters",
        "PSS without parameters (RFC 4055 3.1: a signature has them)",
        |chain, input| pss_saying(signing_key(input), &[], chain, input),
    ),
    (
        "pss-mask-sha1",
        "PSS with SHA-256 for the message and SHA-1 for the mask",
        |_, input| Signer::PssAs(signing_key(input), Hash::Sha256, Hash::Sha1, 32),
    ),
    (
        "pss-mask-md5",
        "PSS with SHA-256 for the message and MD5 for the mask",
        |_, input| Signer::PssAs(signing_key(input), Hash::Sha256, Hash::Md5, 32),
    ),
    (
        "sha224",
        "an RSA signature with SHA-224, which is not in the list",
        |_, _| given("1.2.840.113549.1.1.14"),
    ),
    (
        "bare-rsa",
        "rsaEncryption, a key's algorithm, as a signature's",
        |_, _| given("1.2.840.113549.1.1.1"),
    ),
    ("unknown", "a signature algorithm of nobody's", |_, _| {
        given("1.3.6.1.4.1.99999.7")
    }),
    (
        "parameters",
        "an RSA signature algorithm with an OCTET STRING as its parameters (RFC 4055 5: NULL)",
        |_, _| {
            let algorithm = der::seq(&[&der::oid("1.2.840.113549.1.1.11"), &der::octets(b"x")]);
            Signer::Given(algorithm, vec![1; 256])
        },
    ),
    (
        "pss-no-null",
        "PSS whose hash is written without its NULL (RFC 4055 2.1), well signed",
        |chain, input| {
            pss_saying(
                signing_key(input),
                &pss_of(&bare_sha256(), &Hash::Sha256.algorithm()),
                chain,
                input,
            )
        },
    ),
    (
        "pss-mask-no-null",
        "PSS whose mask's hash is written without its NULL (RFC 4055 2.1), well signed",
        |chain, input| {
            pss_saying(
                signing_key(input),
                &pss_of(&Hash::Sha256.algorithm(), &bare_sha256()),
                chain,
                input,
            )
        },
    ),
    (
        "no-null",
        "an RSA signature algorithm without its NULL (RFC 4055 5), well signed",
        |chain, input| {
            let algorithm = der::seq(&[&der::oid("1.2.840.113549.1.1.11")]);
            saying(algorithm, chain, input, |message| {
                signing_key(input).pkcs1(Hash::Sha256, message)
            })
        },
    ),
];

/// An algorithm by its OID, with a signature that means nothing.
fn given(oid: &str) -> Signer {
    Signer::Given(der::seq(&[&der::oid(oid), &der::null()]), vec![1; 256])
}

pub fn fixtures() -> Vec<Fixture> {
    [
        signatures(),
        mismatches(),
        of_the_hsm(),
        of_the_hardware(),
        of_the_anchors(),
    ]
    .concat()
}

fn signatures() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (number, (name, what, making)) in SIGNATURES.iter().enumerate() {
        for input in Input::ALL {
            let mut chain = Chain::good();
            let signer = making(&chain, input);
            sign_with(&mut chain, input, signer);
            let id = format!("algorithm.{}", input.id());
            let fixture = Fixture::new(format!("{id}--{name}"), what, chain.bundle());
            fixtures.push(
                fixture
                    .fails(&[&id])
                    .skips(signatures_of(input))
                    .kept_if(input == Input::ALL[number % 4]),
            );
        }
    }
    fixtures
}

/// The algorithm inside the signed part is another than the one outside (RFC 5280 4.1.1.2).
fn mismatches() -> Vec<Fixture> {
    let sha256 = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha256).algorithm();
    let sha384 = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha384).algorithm();
    let sha1 = Signer::Pkcs1(&keys::HARDWARE, Hash::Sha1).algorithm();
    let no_null = der::seq(&[&der::oid("1.2.840.113549.1.1.11")]);
    let inner = [
        (
            "inner-sha384",
            "SHA-384 inside the signed part, SHA-256 outside and in truth",
            sha384,
        ),
        (
            "inner-sha1",
            "SHA-1 inside the signed part, SHA-256 outside and in truth",
            sha1,
        ),
        (
            "inner-no-null",
            "SHA-256 without a NULL inside, with it outside",
            no_null,
        ),
    ];
    let mut fixtures = Vec::new();
    for (number, (name, what, algorithm)) in inner.into_iter().enumerate() {
        for input in Input::CERTIFICATES {
            let mut chain = Chain::good();
            let cert = chain.cert_mut(input);
            cert.inner = Some(algorithm.clone());
            cert.outer = Some(sha256.clone());
            let id = format!("algorithm.{}", input.id());
            // The signature is good by the algorithm outside, so it is judged and holds.
            let fixture = Fixture::new(format!("{id}--{name}"), what, chain.bundle()).fails(&[&id]);
            fixtures.push(fixture.kept_if(input == Input::CERTIFICATES[number % 3]));
        }
    }
    fixtures
}
