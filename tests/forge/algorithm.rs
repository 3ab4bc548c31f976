//! Algorithms and keys that do not count: `algorithm.<input>`. The signatures are good ones
//! wherever the defect leaves that possible, so that only the rule can refuse them.

use rsa::BigUint;

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

/// Keys that do not count, each with the way it signs.
fn weak_keys() -> Vec<(&'static str, &'static str, Vec<u8>, Signer)> {
    let n = &keys::HSM.n;
    let exponent_1: &'static RsaKey = Box::leak(Box::new(RsaKey::public(n.clone(), 1)));
    let even = RsaKey::public(n.clone(), 65536);
    let wide = RsaKey::public(
        (BigUint::from(1u8) << 8199) + BigUint::from(0x1_0001u32),
        65537,
    );
    let nothing = |size| {
        Signer::Given(
            Signer::Pkcs1(&keys::HSM, Hash::Sha256).algorithm(),
            vec![1; size],
        )
    };
    vec![
        (
            "rsa-1024",
            "an RSA key of 1024 bits",
            keys::RSA_1024.spki(),
            Signer::Pkcs1(&keys::RSA_1024, Hash::Sha256),
        ),
        (
            "rsa-2047",
            "an RSA key of 2047 bits, as many octets as one of 2048",
            keys::RSA_2047.spki(),
            Signer::Pkcs1(&keys::RSA_2047, Hash::Sha256),
        ),
        (
            "rsa-8200",
            "an RSA key of 8200 bits",
            wide.spki(),
            nothing(1025),
        ),
        (
            "exponent-1",
            "an RSA key with exponent 1: everyone can sign for it",
            exponent_1.spki(),
            Signer::Pkcs1(exponent_1, Hash::Sha256),
        ),
        (
            "exponent-even",
            "an RSA key with an even exponent",
            even.spki(),
            nothing(256),
        ),
        (
            "exponent-0",
            "an RSA key with exponent 0",
            RsaKey::public(n.clone(), 0).spki(),
            nothing(256),
        ),
        (
            "p-256-compressed",
            "a P-256 key whose point is compressed",
            keys::P256.spki_compressed(),
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
        ),
        (
            "p-256-explicit",
            "a P-256 key whose curve is spelt out in numbers",
            keys::P256.spki_explicit(),
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
        ),
    ]
}

/// Keys whose signatures do not count either.
fn unlisted_keys() -> Vec<(&'static str, &'static str, Vec<u8>, Signer)> {
    vec![
        (
            "secp256k1",
            "a key on secp256k1: not in the list",
            keys::P256.spki_on("1.3.132.0.10"),
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
        ),
        (
            "ed25519",
            "an Ed25519 key: not in the list",
            ed25519_spki(),
            Signer::Ed25519,
        ),
        (
            "p-256-sha1",
            "a P-256 key that signs with SHA-1",
            keys::P256.spki(),
            Signer::Ecdsa(&keys::P256, Hash::Sha1),
        ),
        (
            "p-521-sha1",
            "a P-521 key that signs with SHA-1",
            keys::P521.spki(),
            Signer::Ecdsa(&keys::P521, Hash::Sha1),
        ),
        (
            "p-521-compressed",
            "a P-521 key whose point is compressed",
            keys::P521.spki_compressed(),
            Signer::Ecdsa(&keys::P521, Hash::Sha512),
        ),
    ]
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

/// A key of the HSM's that does not count: in the CSR and in the HSM certificate, the same in both.
fn of_the_hsm() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (name, what, spki, signer) in weak_keys().into_iter().chain(unlisted_keys()) {
        let mut chain = Chain::good();
        chain.hsm.spki = spki.clone();
        chain.csr.spki = spki;
        chain.csr.signer = signer;
        let fixture = Fixture::new(format!("algorithm.csr--hsm-{name}"), what, chain.bundle());
        // A key that is in the list, and a signature by it that is not, are the CSR's fault alone.
        let fails: &[&str] = if name.ends_with("-sha1") {
            &["algorithm.csr"]
        } else {
            &["algorithm.csr", "algorithm.hsm"]
        };
        fixtures.push(fixture.fails(fails).skips(&["csr.signature"]));
    }
    fixtures
}

/// A key of the card's that does not count: in both hardware certificates.
fn of_the_hardware() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (name, what, spki, signer) in weak_keys().into_iter().chain(unlisted_keys()) {
        let mut chain = Chain::good();
        chain.aws_hardware.spki = spki.clone();
        chain.manufacturer_hardware.spki = spki;
        chain.hsm.signer = signer;
        let fails: &[&str] = match name {
            "ed25519" => &[
                "algorithm.hsm",
                "algorithm.aws-hardware",
                "algorithm.manufacturer-hardware",
            ],
            "p-521-sha1" | "p-256-sha1" => &["algorithm.hsm"],
            _ => &["algorithm.aws-hardware", "algorithm.manufacturer-hardware"],
        };
        let fixture = Fixture::new(
            format!("{}--hardware-{name}", fails[0]),
            what,
            chain.bundle(),
        );
        let kept = ["rsa-1024", "exponent-1", "ed25519", "p-256-explicit"].contains(&name);
        // Of a key that is not in the list nobody knows which numbers it consists of.
        let unknown = [
            "secp256k1",
            "ed25519",
            "p-256-compressed",
            "p-521-compressed",
            "p-256-explicit",
        ]
        .contains(&name);
        let incomparable: &[&str] = if unknown { &["hardware.same-key"] } else { &[] };
        fixtures.push(
            fixture
                .fails(fails)
                .skips(signatures_of(Input::Hsm))
                .skips(incomparable)
                .kept_if(kept),
        );
    }
    fixtures
}

/// A key of an anchor's that does not count: asked where the anchor is relied on.
fn of_the_anchors() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (name, what, spki, signer) in weak_keys().into_iter().chain(unlisted_keys()) {
        for input in [Input::AwsHardware, Input::ManufacturerHardware] {
            let mut chain = Chain::good();
            let root = if input == Input::AwsHardware {
                &mut chain.aws_root
            } else {
                &mut chain.manufacturer_root
            };
            root.spki = spki.clone();
            root.signer = signer.clone();
            chain.cert_mut(input).signer = signer.clone();
            let id = format!("algorithm.{}", input.id());
            let fixture = Fixture::new(format!("{id}--anchor-{name}"), what, chain.bundle());
            let kept = match input {
                Input::AwsHardware => ["rsa-1024", "p-521-sha1", "ed25519"].contains(&name),
                _ => ["rsa-2047", "exponent-1"].contains(&name),
            };
            fixtures.push(
                fixture
                    .fails(&[&id])
                    .skips(signatures_of(input))
                    .kept_if(kept),
            );
        }
    }
    fixtures
}
