//! Weak, unlisted and unusual keys, each at its place in the chain.

use num_bigint::BigUint;

use super::*;

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

/// A key of the HSM's that does not count: in the CSR and in the HSM certificate, the same in both.
pub(super) fn of_the_hsm() -> Vec<Fixture> {
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
pub(super) fn of_the_hardware() -> Vec<Fixture> {
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
pub(super) fn of_the_anchors() -> Vec<Fixture> {
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
