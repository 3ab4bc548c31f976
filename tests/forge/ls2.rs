//! Chains in likely shapes of hsm2m.medium's (LiquidSecurity 2). **Inferred**: nobody here has seen
//! a genuine one. What is known of it: another customer's root (RSA 4096, five attributes in the
//! first RDN, keyUsage critical and basicConstraints not, no key identifiers); the CN of the root
//! that AWS's chains end in; that `openssl verify` finds the cards good, so they are CAs. Key
//! types, names of cards and partitions, intermediates and extensions are guesses, one of each kind
//! that nothing rules out.

use super::cert::*;
use super::chain::{Bundle, Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::intermediate::ca;
use super::keys::{self, Hash};
use super::pem::pem;

const MANUFACTURER: &str = "hsmboot test, worthless";

/// The CN of the root that AWS's chains of hsm2m.medium end in; the rest of its name is not known.
pub const ROOT_CN: &str = "mrvl-ls2-root-AR-v1";

pub fn root_name() -> Vec<u8> {
    name(&[
        &[
            (COUNTRY, "US"),
            (STATE, "CA"),
            (ORGANIZATION, MANUFACTURER),
            (UNIT, "SSBU"),
            (LOCALITY, "SanJose"),
        ],
        &[(COMMON_NAME, ROOT_CN)],
    ])
}

fn name_in_the_family(common_name: &str) -> Vec<u8> {
    name(&[
        &[
            (COUNTRY, "US"),
            (STATE, "CA"),
            (ORGANIZATION, MANUFACTURER),
            (UNIT, "LS2"),
            (LOCALITY, "SanJose"),
        ],
        &[(COMMON_NAME, common_name)],
    ])
}

/// As the other customer's root: serial 0, keyUsage digitalSignature and keyCertSign critical,
/// CA:TRUE not.
fn root() -> Cert {
    Cert {
        version: V3.to_vec(),
        serial: der::int(&[0]),
        inner: None,
        outer: None,
        issuer: root_name(),
        validity: validity("240722000000Z", "340720000000Z"),
        subject: root_name(),
        spki: keys::LS2_ROOT.spki(),
        extensions: Some(vec![key_usage(0x84, 2), basic_constraints(false, true)]),
        unique_ids: Vec::new(),
        tail: Vec::new(),
        signer: Signer::Pkcs1(&keys::LS2_ROOT, Hash::Sha256),
    }
}

/// A chain whose card has this key, signing so, and whose partition an RSA 2048 one.
pub fn chain(card: Vec<u8>, signer: Signer) -> Chain {
    let mut chain = Chain::good();
    let (card_name, partition_name) = (
        name_in_the_family("LS2:card 1, for FIPS mode"),
        name_in_the_family("LS2:card 1:PARTN:2, for FIPS mode"),
    );
    chain.manufacturer_root = root();
    for input in [Input::AwsHardware, Input::ManufacturerHardware] {
        let cert = chain.cert_mut(input);
        cert.version = V3.to_vec();
        cert.validity = validity("250301000000Z", "350227000000Z");
        cert.subject = card_name.clone();
        cert.spki = card.clone();
        cert.extensions = Some(vec![
            key_usage(0x84, 2),
            basic_constraints(false, true),
            subject_key_id(&card),
        ]);
    }
    chain.manufacturer_hardware.issuer = root_name();
    chain.manufacturer_hardware.signer = Signer::Pkcs1(&keys::LS2_ROOT, Hash::Sha256);
    chain.hsm.issuer = card_name;
    chain.hsm.subject = partition_name.clone();
    chain.hsm.validity = validity("250601000000Z", "350530000000Z");
    chain.hsm.signer = signer;
    chain.csr.subject = partition_name;
    chain
}

/// With an RSA 2048 card.
pub fn usual() -> Chain {
    chain(
        keys::HARDWARE.spki(),
        Signer::Pkcs1(&keys::HARDWARE, Hash::Sha256),
    )
}

/// Nothing to note but the roots.
fn fixture(name: &str, what: &str, bundle: Bundle) -> Fixture {
    Fixture::new(
        format!("verified--ls2-{name}"),
        &format!("hsm2m.medium's likely shape (inferred): {what}"),
        bundle,
    )
    .without_notes(&[
        "anchor-validity.manufacturer",
        "ca-profile.aws-hardware",
        "ca-profile.manufacturer-hardware",
    ])
}

pub fn fixtures() -> Vec<Fixture> {
    let mut fixtures = vec![
        fixture("rsa-2048", "a card of RSA 2048", usual().bundle()),
        fixture(
            "rsa-4096",
            "a card of RSA 4096",
            chain(
                keys::HARDWARE_4096.spki(),
                Signer::Pkcs1(&keys::HARDWARE_4096, Hash::Sha384),
            )
            .bundle(),
        ),
        fixture(
            "p-384",
            "a card on P-384",
            chain(keys::P384.spki(), Signer::Ecdsa(&keys::P384, Hash::Sha384)).bundle(),
        ),
        fixture(
            "p-521",
            "a card on P-521",
            chain(keys::P521.spki(), Signer::Ecdsa(&keys::P521, Hash::Sha512)).bundle(),
        ),
        {
            let mut chain = usual();
            chain.hsm.spki = keys::P384.spki();
            chain.csr.spki = keys::P384.spki();
            chain.csr.signer = Signer::Ecdsa(&keys::P384, Hash::Sha512);
            fixture(
                "p-384-partition",
                "a partition on P-384, which signs with SHA-512",
                chain.bundle(),
            )
        },
        fixture(
            "rfc5280",
            "a card that RFC 5280's rules find good as well",
            usual().bundle(),
        )
        .rfc5280(),
    ];
    fixtures.push({
        let mut bundle = usual().bundle();
        bundle
            .manufacturer_hardware
            .extend(bundle.manufacturer_root.clone());
        fixture(
            "two-blocks",
            "the root in the hardware certificate's text",
            bundle,
        )
        .notes(&["pem.manufacturer-hardware"])
    });
    fixtures.push({
        let mut chain = usual();
        let intermediate = Cert {
            subject: name_in_the_family("hsmboot test LS2 intermediate"),
            spki: keys::INTERMEDIATE.spki(),
            extensions: Some(ca(Some(1))),
            ..root()
        };
        chain.manufacturer_hardware.issuer = intermediate.subject.clone();
        chain.manufacturer_hardware.signer = Signer::Pkcs1(&keys::INTERMEDIATE, Hash::Sha256);
        let mut bundle = chain.bundle();
        bundle
            .manufacturer_hardware
            .extend(pem("CERTIFICATE", &intermediate.der()));
        fixture("intermediate", "an intermediate above the card", bundle)
            .notes(&["pem.manufacturer-hardware"])
    });
    fixtures.push({
        let mut chain = usual();
        let odd = |cert: &mut Cert| {
            cert.extensions.get_or_insert_default().extend([
                extension("1.3.6.1.4.1.99999.1", false, b"firmware 2.09-07"),
                extension("1.3.6.1.4.1.99999.2", false, b"\x30\x80\x00\x00"),
                extension("1.3.6.1.4.1.99999.3", false, b""),
            ]);
        };
        odd(&mut chain.aws_hardware);
        odd(&mut chain.manufacturer_hardware);
        odd(&mut chain.hsm);
        fixture(
            "odd-extensions",
            "a maker's extensions whose values are no DER",
            chain.bundle(),
        )
        .notes(&["pem.hsm", "pem.aws-hardware", "pem.manufacturer-hardware"])
    });
    fixtures.push({
        let mut chain = usual();
        // Written by another tool: other string types in the issuer's name, a padded keyUsage.
        let retyped =
            |kind: &str, text: &str| attribute_as(kind, der::PRINTABLE_STRING, text.as_bytes());
        let first = [
            (COUNTRY, "US"),
            (STATE, "CA"),
            (ORGANIZATION, MANUFACTURER),
            (UNIT, "SSBU"),
            (LOCALITY, "SanJose"),
        ];
        let first = der::set_of(&first.map(|(kind, text)| retyped(kind, text)));
        chain.manufacturer_hardware.issuer =
            der::seq(&[&first, &der::set_of(&[retyped(COMMON_NAME, ROOT_CN)])]);
        chain.manufacturer_hardware.extensions.as_mut().unwrap()[0] = key_usage(0x84, 0);
        fixture(
            "another-tools-writing",
            "the root's name in other string types, a padded keyUsage",
            chain.bundle(),
        )
        .notes(&["pem.manufacturer-hardware", "manufacturer.issuer"])
    });
    fixtures
}
