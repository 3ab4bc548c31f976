//! What may stand between an anchor and a hardware certificate, and what may not:
//! `<side>.intermediate-<n>`. No genuine chain with an intermediate is known; the shapes are RFC
//! 5280's.

mod defects;
mod poses;

use defects::broken;
use poses::poses;

use super::cert::*;
use super::chain::{self, Bundle, Chain, Input};
use super::der;
use super::fixture::Fixture;
use super::keys::{self, Hash};
use super::pem::pem;

/// A chain whose cards say that they are CAs', and what stands above them.
#[derive(Clone)]
pub struct Tower {
    pub chain: Chain,
    /// Of each side, AWS's first: what issued the hardware certificate, what issued that, and so
    /// on.
    pub above: [Vec<Cert>; 2],
}

const SIDES: [&str; 2] = ["aws", "manufacturer"];
const HARDWARE: [Input; 2] = [Input::AwsHardware, Input::ManufacturerHardware];
const PEM: [&str; 2] = ["pem.aws-hardware", "pem.manufacturer-hardware"];
const CARDS: [&str; 2] = [
    "ca-profile.aws-hardware",
    "ca-profile.manufacturer-hardware",
];

/// CA:TRUE with a path length or without, and keyCertSign.
pub fn ca(path_length: Option<u8>) -> Vec<Vec<u8>> {
    let length = path_length
        .map(|length| der::int(&[length]))
        .unwrap_or_default();
    vec![
        extension(
            BASIC_CONSTRAINTS,
            true,
            &der::seq(&[&der::boolean(true), &length]),
        ),
        key_usage(0x04, 2),
    ]
}

fn name_of(side: usize, number: usize) -> Vec<u8> {
    let text = format!("hsmboot test {} intermediate {number}", SIDES[side]);
    name(&[
        &[(ORGANIZATION, "hsmboot test, worthless")],
        &[(COMMON_NAME, &text)],
    ])
}

/// The keys of a side's intermediates, from below: each is its own.
fn keys_of(side: usize) -> Vec<(Signer, Vec<u8>)> {
    match side {
        0 => vec![
            (Signer::Ecdsa(&keys::P256, Hash::Sha256), keys::P256.spki()),
            (
                Signer::Pkcs1(&keys::RSA_3072, Hash::Sha384),
                keys::RSA_3072.spki(),
            ),
            (
                Signer::Pkcs1(&keys::HARDWARE_4096, Hash::Sha256),
                keys::HARDWARE_4096.spki(),
            ),
        ],
        _ => vec![
            (
                Signer::Pkcs1(&keys::INTERMEDIATE, Hash::Sha256),
                keys::INTERMEDIATE.spki(),
            ),
            (Signer::Ecdsa(&keys::P384, Hash::Sha384), keys::P384.spki()),
            (Signer::Ecdsa(&keys::P521, Hash::Sha512), keys::P521.spki()),
        ],
    }
}

impl Tower {
    /// Cards that are CAs', under so many intermediates on AWS's side and the manufacturer's.
    pub fn new(heights: [usize; 2]) -> Tower {
        let mut chain = Chain::good();
        for input in HARDWARE {
            let cert = chain.cert_mut(input);
            cert.version = V3.to_vec();
            cert.extensions = Some(ca(None));
        }
        let above = [0, 1].map(|side| {
            let keys = keys_of(side);
            let height = heights[side];
            let root = if side == 0 {
                chain.aws_root.clone()
            } else {
                chain.manufacturer_root.clone()
            };
            let mut above = Vec::new();
            for number in 0..height {
                let (issuer, signer) = match number + 1 < height {
                    true => (name_of(side, number + 2), keys[number + 1].0.clone()),
                    false => (root.subject.clone(), root.signer.clone()),
                };
                above.push(Cert {
                    version: V3.to_vec(),
                    serial: der::int(&[7]),
                    inner: None,
                    outer: None,
                    issuer,
                    validity: validity("180101000000Z", "400101000000Z"),
                    subject: name_of(side, number + 1),
                    spki: keys[number].1.clone(),
                    extensions: Some(ca(None)),
                    unique_ids: Vec::new(),
                    tail: Vec::new(),
                    signer,
                });
            }
            if height > 0 {
                let hardware = chain.cert_mut(HARDWARE[side]);
                hardware.issuer = name_of(side, 1);
                hardware.signer = keys[0].0.clone();
            }
            above
        });
        Tower { chain, above }
    }

    pub fn bundle(&self) -> Bundle {
        let mut bundle = self.chain.bundle();
        for (side, input) in HARDWARE.into_iter().enumerate() {
            for cert in &self.above[side] {
                bundle
                    .text_mut(input)
                    .extend(pem("CERTIFICATE", &cert.der()));
            }
        }
        bundle
    }

    fn fixture(&self, name: impl Into<String>, what: &str) -> Fixture {
        let noted: Vec<&str> = [0, 1]
            .into_iter()
            .filter(|&side| !self.above[side].is_empty())
            .map(|side| PEM[side])
            .collect();
        Fixture::new(name, what, self.bundle())
            .without_notes(&CARDS)
            .notes(&noted)
    }
}

fn changed(heights: [usize; 2], change: impl FnOnce(&mut Tower)) -> Tower {
    let mut tower = Tower::new(heights);
    change(&mut tower);
    tower
}

pub fn fixtures() -> Vec<Fixture> {
    [good(), blocks(), broken(), links(), poses()].concat()
}

fn good() -> Vec<Fixture> {
    let mut fixtures = vec![
        Tower::new([0, 1]).fixture(
            "verified--intermediate",
            "an intermediate between the manufacturer's root and the card",
        ),
        Tower::new([2, 2]).fixture(
            "verified--two-intermediates",
            "two intermediates on each side",
        ),
        Tower::new([1, 0])
            .fixture(
                "verified--intermediate-of-aws",
                "an intermediate on AWS's side alone",
            )
            .in_memory(),
    ];
    let with_lengths = changed([2, 2], |tower| {
        for side in &mut tower.above {
            side[0].extensions = Some(ca(Some(1)));
            side[1].extensions = Some(ca(Some(2)));
        }
    });
    fixtures.push(
        with_lengths
            .fixture(
                "verified--path-lengths",
                "path lengths that leave just room enough",
            )
            .in_memory(),
    );
    let reversed = changed([2, 2], |tower| {
        tower.above.iter_mut().for_each(|side| side.reverse())
    });
    fixtures.push(
        reversed
            .fixture(
                "verified--blocks-in-another-order",
                "the uppermost intermediate first",
            )
            .in_memory(),
    );
    let retyped = changed([0, 1], |tower| {
        let subject = name_of(1, 1);
        let printable = |kind: &str, text: &[u8]| {
            der::set_of(&[attribute_as(kind, der::PRINTABLE_STRING, text)])
        };
        let other = der::seq(&[
            &printable(ORGANIZATION, b"hsmboot test, worthless"),
            &printable(COMMON_NAME, b"HSMBOOT test manufacturer intermediate 1"),
        ]);
        assert_ne!(subject, other);
        tower.chain.manufacturer_hardware.issuer = other;
    });
    let what =
        "the intermediate's name in another string type and letter case (RFC 5280 7.1): a note";
    fixtures.push(
        retyped
            .fixture("manufacturer.intermediate-1--retyped", what)
            .notes(&["manufacturer.intermediate-1"]),
    );
    fixtures
}

/// Further blocks that lead nowhere, or need not be there.
fn blocks() -> Vec<Fixture> {
    let good = Chain::good();
    let with = |name: &str, what: &str, more: &[&Cert]| {
        let mut bundle = good.bundle();
        more.iter().for_each(|cert| {
            bundle
                .manufacturer_hardware
                .extend(pem("CERTIFICATE", &cert.der()))
        });
        Fixture::new(name, what, bundle).notes(&["pem.manufacturer-hardware"])
    };
    vec![
        with(
            "pem.manufacturer-hardware--root-in-the-text",
            "the root below the hardware certificate: noted, and not needed",
            &[&good.manufacturer_root],
        ),
        with(
            "pem.manufacturer-hardware--block-twice",
            "the hardware certificate twice",
            &[&good.manufacturer_hardware],
        )
        .in_memory(),
        with(
            "pem.manufacturer-hardware--other-blocks",
            "every other certificate of the bundle below it",
            &[
                &good.hsm,
                &good.aws_hardware,
                &good.aws_root,
                &good.manufacturer_root,
            ],
        )
        .in_memory(),
        Fixture::new(
            "pem.aws-hardware--wrong-order",
            "the root first, and the hardware certificate below it",
            {
                let mut bundle = good.bundle();
                bundle.aws_hardware = [bundle.aws_root.clone(), bundle.aws_hardware].concat();
                bundle
            },
        )
        .fails(&["aws.hsm-signature", "aws.hsm-issuer", "hardware.same-key"])
        .without_notes(&["ca-profile.aws-hardware"])
        .notes(&["pem.aws-hardware"]),
    ]
}

/// Links that do not hold.
fn links() -> Vec<Fixture> {
    let stranger = || Signer::Pkcs1(&keys::STRANGER, Hash::Sha256);
    let id = "manufacturer.intermediate-1";
    let end = ["manufacturer.signature", "manufacturer.issuer"];
    let of = |name: &str, what: &str, heights, change: &dyn Fn(&mut Tower)| {
        changed(heights, change).fixture(name, what)
    };
    vec![
        of(
            &format!("{id}--of-a-stranger"),
            "a card issued in the intermediate's name, signed by a stranger",
            [0, 1],
            &|tower| {
                tower.chain.manufacturer_hardware.signer = stranger();
            },
        )
        .fails(&[id]),
        of(
            "manufacturer.signature--intermediate-by-a-stranger",
            "an intermediate issued in the root's name, signed by a stranger",
            [0, 1],
            &|tower| {
                tower.above[1][0].signer = stranger();
            },
        )
        .fails(&["manufacturer.signature"]),
        of(
            "manufacturer.issuer--intermediate-of-another-name",
            "an intermediate that the root's key signed in another name",
            [0, 1],
            &|tower| {
                tower.above[1][0].issuer = name_of(1, 9);
            },
        )
        .fails(&["manufacturer.issuer"]),
        of(
            "manufacturer.signature--another-chain",
            "a stranger's intermediate and root, the root in the text",
            [0, 1],
            &|tower| {
                let mut root = tower.chain.manufacturer_root.clone();
                root.subject = name_of(1, 9);
                root.issuer = name_of(1, 9);
                root.spki = keys::STRANGER.spki();
                root.signer = stranger();
                tower.above[1][0].issuer = name_of(1, 9);
                tower.above[1][0].signer = stranger();
                tower.above[1].push(root);
            },
        )
        .fails(&end),
        of(
            "manufacturer.signature--root-in-the-text",
            "a stranger's root in the text, and a card right below it",
            [0, 1],
            &|tower| {
                let root = &mut tower.above[1][0];
                root.issuer = root.subject.clone();
                root.signer = keys_of(1)[0].0.clone();
            },
        )
        .fails(&end),
        of(
            "manufacturer.signature--three-intermediates",
            "three intermediates: two are followed",
            [0, 3],
            &|_| {},
        )
        .fails(&end),
        of(
            "manufacturer.signature--in-a-circle",
            "two intermediates that issued each other",
            [0, 2],
            &|tower| {
                tower.above[1][1].issuer = name_of(1, 1);
                tower.above[1][1].signer = keys_of(1)[0].0.clone();
            },
        )
        .fails(&end),
        of(
            "manufacturer.signature--without-the-intermediate",
            "a card whose intermediate is not there",
            [0, 1],
            &|tower| tower.above[1].clear(),
        )
        .fails(&end),
        of(
            "aws.signature--intermediate-on-the-other-side",
            "an intermediate in the other hardware certificate's text",
            [1, 0],
            &|tower| {
                tower.above.swap(0, 1);
            },
        )
        .fails(&["aws.signature", "aws.issuer"]),
        of(
            &format!("{id}--card-is-no-ca"),
            "an intermediate above a card that does not say that it is a CA's",
            [0, 1],
            &|tower| {
                tower.chain.manufacturer_hardware.extensions =
                    Some(vec![basic_constraints(true, false)]);
            },
        )
        .fails(&[id])
        .notes(&["ca-profile.manufacturer-hardware"]),
    ]
}
