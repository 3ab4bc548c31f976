//! Properties of a good bundle: no changed bit or byte of a DER, and no inserted element, leaves
//! the verdict `verified`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[allow(dead_code, unreachable_pub)]
mod forge;

use std::sync::LazyLock;

use forge::cert::Signer;
use forge::chain::{AT, Bundle, Chain, Input};
use forge::der::Node;
use forge::keys::{self, Hash};
use forge::mutate::{flip, insertions, survivors};
use forge::pem::{pem, unpem};
use hsmboot::verify::{
    Anchor, Anchors, CheckId, Evidence, Policy, Record, Status, Verdict, verify,
};
use hsmboot::x509::{Certificate, Csr, Moment};
use proptest::prelude::*;
use proptest::sample::Index;
use rsa::BigUint;

/// A good bundle, ready to be judged with one of its inputs replaced.
struct Subject {
    name: String,
    bundle: Bundle,
    anchors: Anchors,
    at: Moment,
}

impl Subject {
    fn new(name: &str, bundle: Bundle) -> Subject {
        let anchors = Anchors {
            aws: Anchor::from_file(&bundle.aws_root, "aws-root.crt").unwrap(),
            manufacturer: Anchor::from_file(&bundle.manufacturer_root, "manufacturer-root.crt")
                .unwrap(),
        };
        let subject = Subject {
            name: name.into(),
            bundle,
            anchors,
            at: AT.parse().unwrap(),
        };
        let unchanged = subject.record(Input::Csr, &subject.der(Input::Csr));
        assert_eq!(
            unchanged.verdict,
            Verdict::Verified,
            "{name} is not good to begin with"
        );
        subject
    }

    fn der(&self, input: Input) -> Vec<u8> {
        unpem(self.bundle.clone().text_mut(input))
    }

    /// The judgement with one input's DER replaced.
    fn record(&self, input: Input, der: &[u8]) -> Record {
        let mut bundle = self.bundle.clone();
        *bundle.text_mut(input) = pem(input.label(), der);
        let evidence = Evidence {
            csr: Some(bundle.csr),
            hsm: bundle.hsm,
            aws_hardware: bundle.aws_hardware,
            manufacturer_hardware: bundle.manufacturer_hardware,
        };
        verify(&evidence, &self.anchors, self.at, &Policy::default()).record
    }

    fn survives(&self, input: Input, der: &[u8]) -> bool {
        self.record(input, der).verdict == Verdict::Verified
    }
}

/// The bundle of the genuine shape.
static GOOD: LazyLock<Subject> = LazyLock::new(|| Subject::new("good", Chain::good().bundle()));

/// Bundles with what the good one does not have: other algorithms, extensions, attributes, times.
fn others() -> Vec<Subject> {
    const NAMES: [&str; 10] = [
        "ecdsa-p-521",
        "ls2-odd-extensions",
        "pss",
        "pss-keys",
        "ecdsa",
        "generalized-time",
        "all-known-extensions",
        "names-of-every-form",
        "path-length",
        "csr-attributes",
    ];
    let fixtures = forge::all();
    let named = |name: &str| {
        fixtures
            .iter()
            .find(|fixture| fixture.name == format!("verified--{name}"))
            .unwrap()
            .bundle
            .clone()
    };
    NAMES
        .iter()
        .map(|name| Subject::new(name, named(name)))
        .collect()
}

/// Some 30,000 judgements.
#[test]
fn every_single_bit_change_is_rejected() {
    for input in Input::ALL {
        let der = GOOD.der(input);
        let survivors = survivors(der.len() * 8, |bit| GOOD.survives(input, &flip(&der, bit)));
        assert!(
            survivors.is_empty(),
            "{}: verified in spite of a change in bits {survivors:?}",
            input.id()
        );
    }
}

/// The certificates in further blocks are judged like the others.
#[test]
fn every_change_of_an_intermediate_is_rejected() {
    let tower = forge::intermediate::Tower::new([2, 2]);
    let subject = Subject::new("two intermediates", tower.bundle());
    let evidence = |side: usize, at: usize, der: &[u8]| {
        let mut bundle = tower.chain.bundle();
        for (here, input) in [Input::AwsHardware, Input::ManufacturerHardware]
            .into_iter()
            .enumerate()
        {
            for (number, cert) in tower.above[here].iter().enumerate() {
                let block = if (here, number) == (side, at) {
                    der.to_vec()
                } else {
                    cert.der()
                };
                bundle.text_mut(input).extend(pem(input.label(), &block));
            }
        }
        let Bundle {
            csr,
            hsm,
            aws_hardware,
            manufacturer_hardware,
            ..
        } = bundle;
        Evidence {
            csr: Some(csr),
            hsm,
            aws_hardware,
            manufacturer_hardware,
        }
    };
    let verified = |side, at, der: &[u8]| {
        verify(
            &evidence(side, at, der),
            &subject.anchors,
            subject.at,
            &Policy::default(),
        )
        .record
        .verdict
            == Verdict::Verified
    };
    for (side, at) in [(0, 0), (1, 1)] {
        let der = tower.above[side][at].der();
        assert!(verified(side, at, &der));
        let taken = survivors(der.len(), |octet| {
            verified(side, at, &flip(&der, 8 * octet + octet % 8))
        });
        assert!(
            taken.is_empty(),
            "{side} {at}: verified in spite of a change in octets {taken:?}"
        );
        let insertions = insertions(&der);
        let taken = survivors(insertions.len(), |number| {
            verified(side, at, &insertions[number].der)
        });
        let taken: Vec<&str> = taken
            .into_iter()
            .map(|number| insertions[number].place.as_str())
            .collect();
        assert!(taken.is_empty(), "{side} {at}: {taken:?}");
    }
}

/// The insertions into one input that leave the verdict `verified`, or that only a signature or the
/// list of algorithms stops.
fn taken_by_the_reader(subject: &Subject, input: Input) -> Vec<String> {
    let pem: CheckId = format!("pem.{}", input.id()).parse().unwrap();
    let insertions = insertions(&subject.der(input));
    assert!(
        insertions.len() > 100,
        "{}: only {} insertions",
        input.id(),
        insertions.len()
    );
    let taken = survivors(insertions.len(), |number| {
        let record = subject.record(input, &insertions[number].der);
        assert_eq!(
            record.verdict,
            Verdict::Rejected,
            "{}, {}: {}",
            subject.name,
            input.id(),
            insertions[number].place
        );
        record.finding(pem).unwrap().status != Status::Fail
    });
    taken
        .iter()
        .map(|&number| format!("{}: {}", input.id(), insertions[number].place))
        .collect()
}

/// An inserted element is not merely caught by a signature: the reader itself refuses it, so it
/// would under a good signature too.
#[test]
fn every_inserted_element_is_refused_by_the_reader() {
    let taken: Vec<String> = Input::ALL
        .into_iter()
        .flat_map(|input| taken_by_the_reader(&GOOD, input))
        .collect();
    // The one that its type defines: an INTEGER in the empty basicConstraints is a path length (RFC
    // 5280 4.2.1.9).
    assert_eq!(taken, ["aws-hardware: INTEGER as child 0 of /0/7/0/0/1/0/"]);
}

/// In other bundles as well, but for what the types define there and a later check refuses.
#[test]
fn every_inserted_element_is_refused_in_other_bundles_too() {
    let defined = |place: &str| {
        // A path length, as above, in basicConstraints with critical and without.
        ["/0/7/0/0/1/0/", "/0/7/0/0/2/0/"]
            .iter()
            .any(|at| place.ends_with(&format!("INTEGER as child 0 of {at}")))
            || place.ends_with("INTEGER as child 1 of /0/7/0/1/1/0/")
            // AlgorithmIdentifier's parameters are ANY: ECDSA and PSS keys have none, and
            // `algorithm.*` says so.
            || ["/1/", "/0/1/", "/0/2/", "/0/2/0/", "/0/5/0/", "/0/6/0/"]
                .iter()
                .any(|at| place.ends_with(&format!("as child 1 of {at}")))
            // Inside the signature's BIT STRING, which is an ECDSA-Sig-Value: not a signature any
            // more.
            || place.ends_with("of /2/")
            || place.ends_with("of /2/0/")
    };
    for subject in others() {
        for input in Input::ALL {
            let taken: Vec<_> = taken_by_the_reader(&subject, input)
                .into_iter()
                .filter(|place| !defined(place))
                .collect();
            assert!(taken.is_empty(), "{}: {taken:#?}", subject.name);
        }
    }
}

/// A certificate or a request by each kind of signature, signed by the key that it carries.
struct Signed {
    name: &'static str,
    signer: Signer,
    is_request: bool,
    der: Vec<u8>,
}

fn signed() -> Vec<Signed> {
    let kinds: [(&str, Signer, Vec<u8>); 10] = [
        (
            "RSA PKCS#1 v1.5",
            Signer::Pkcs1(&keys::HSM, Hash::Sha256),
            keys::HSM.spki(),
        ),
        (
            "RSA PSS",
            Signer::Pss(&keys::HSM, Hash::Sha256),
            keys::HSM.spki(),
        ),
        (
            "RSA PSS, the default salt",
            Signer::PssAs(&keys::HSM, Hash::Sha256, Hash::Sha256, 20),
            keys::HSM.spki(),
        ),
        (
            "RSA PSS, a PSS key",
            Signer::Pss(&keys::HSM, Hash::Sha384),
            keys::HSM.pss_spki(&[]),
        ),
        (
            "P-256",
            Signer::Ecdsa(&keys::P256, Hash::Sha256),
            keys::P256.spki(),
        ),
        (
            "P-384",
            Signer::Ecdsa(&keys::P384, Hash::Sha384),
            keys::P384.spki(),
        ),
        // Those that ring does not verify.
        (
            "P-256, SHA-512",
            Signer::Ecdsa(&keys::P256, Hash::Sha512),
            keys::P256.spki(),
        ),
        (
            "P-384, SHA-512",
            Signer::Ecdsa(&keys::P384, Hash::Sha512),
            keys::P384.spki(),
        ),
        (
            "P-521, SHA-512",
            Signer::Ecdsa(&keys::P521, Hash::Sha512),
            keys::P521.spki(),
        ),
        (
            "P-521, SHA-256",
            Signer::Ecdsa(&keys::P521, Hash::Sha256),
            keys::P521.spki(),
        ),
    ];
    let make = |(name, signer, spki): (&'static str, Signer, Vec<u8>)| {
        let mut chain = Chain::good();
        (chain.csr.signer, chain.csr.spki) = (signer.clone(), spki.clone());
        (chain.hsm.signer, chain.hsm.spki) = (signer.clone(), spki);
        [(true, chain.csr.der()), (false, chain.hsm.der())].map(|(is_request, der)| Signed {
            name,
            signer: signer.clone(),
            is_request,
            der,
        })
    };
    kinds.into_iter().flat_map(make).collect()
}

impl Signed {
    /// Whether a reader takes it for well signed, by the rules of `pem.*`, `algorithm.*` and
    /// `*.signature`.
    fn holds(&self, der: &[u8]) -> bool {
        if self.is_request {
            return Csr::from_der(der).is_ok_and(|csr| csr.is_self_signed());
        }
        Certificate::from_der(der).is_ok_and(|cert| {
            cert.outer_algorithm() == cert.inner_algorithm() && cert.is_signed_by(cert.public_key())
        })
    }

    /// The three parts: what is signed, the algorithm, the BIT STRING.
    fn parts(&self) -> [Vec<u8>; 3] {
        let whole = Node::parse(&self.der);
        [0, 1, 2].map(|child| whole.children()[child].encode())
    }

    fn with(&self, algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
        forge::der::seq(&[&self.parts()[0], algorithm, &forge::der::bits(signature)])
    }

    fn signature(&self) -> Vec<u8> {
        let [_, _, bits] = self.parts();
        let header = match bits[1] {
            0x81 => 3,
            0x82 => 4,
            _ => 2,
        };
        bits[header + 1..].to_vec()
    }

    /// Other ways to write the same, each with its name.
    fn rewritten(&self) -> Vec<(String, Vec<u8>)> {
        let [signed, algorithm, bits] = self.parts();
        let signature = self.signature();
        let mut all = Vec::new();
        let mut add = |name: String, der: Vec<u8>| all.push((name, der));
        // Elements: one more, one less, one twice, two swapped, at every place but in the signed
        // part.
        for insertion in insertions(&self.der)
            .into_iter()
            .filter(|insertion| !insertion.place.contains("of /0/"))
        {
            add(insertion.place, insertion.der);
        }
        let whole = Node::parse(&self.der);
        for path in whole
            .parents()
            .into_iter()
            .filter(|path| path.first() != Some(&0))
        {
            let count = whole.clone().at_mut(&path).children().len();
            let changed = |change: &dyn Fn(&mut Vec<Node>)| {
                let mut changed = whole.clone();
                change(changed.at_mut(&path).children_mut());
                changed.encode()
            };
            for child in 0..count {
                add(
                    format!("{path:?} without {child}"),
                    changed(&|children| drop(children.remove(child))),
                );
                add(
                    format!("{path:?} with {child} twice"),
                    changed(&|children| children.insert(child, children[child].clone())),
                );
                add(
                    format!("{path:?} with {child} last"),
                    changed(&|children| children.rotate_left(child + 1)),
                );
            }
        }
        // Lengths with an octet too many, and after the end.
        for (name, at) in [("whole", 0), ("algorithm", 1), ("signature", 2)] {
            let long = |element: &[u8]| forge::encoding::long_length(element);
            let der = match at {
                0 => long(&self.der),
                1 => forge::der::seq(&[&signed, &long(&algorithm), &bits]),
                _ => forge::der::seq(&[&signed, &algorithm, &long(&bits)]),
            };
            add(format!("a long length of the {name}"), der);
        }
        add(
            "an octet after the end".into(),
            [self.der.as_slice(), &[0]].concat(),
        );
        for unused in 1..8 {
            let bits = forge::der::tlv(
                forge::der::BIT_STRING,
                &[&[unused], signature.as_slice()].concat(),
            );
            add(
                format!("{unused} unused bits"),
                forge::der::seq(&[&signed, &algorithm, &bits]),
            );
        }
        // Every other algorithm, and every other way to write this one.
        let bare = |oid: &str| forge::der::seq(&[&forge::der::oid(oid)]);
        let null = |oid: &str| forge::der::seq(&[&forge::der::oid(oid), &forge::der::null()]);
        let hashes = [
            Hash::Sha256.algorithm(),
            bare("2.16.840.1.101.3.4.2.1"),
            Hash::Sha384.algorithm(),
            bare("2.16.840.1.101.3.4.2.2"),
        ];
        for oid in [
            "1.2.840.113549.1.1.10",
            "1.2.840.113549.1.1.11",
            "1.2.840.113549.1.1.12",
            "1.2.840.10045.4.3.2",
            "1.2.840.10045.4.3.3",
            "1.2.840.10045.4.3.4",
        ] {
            add(
                format!("{oid} without parameters"),
                self.with(&bare(oid), &signature),
            );
            add(
                format!("{oid} with NULL"),
                self.with(&null(oid), &signature),
            );
        }
        for (hash, mask) in hashes
            .iter()
            .flat_map(|hash| hashes.iter().map(move |mask| (hash, mask)))
        {
            for salt in [None, Some(20), Some(32), Some(48)] {
                for trailer in [false, true] {
                    let mask = forge::der::tlv(
                        0xa1,
                        &forge::der::seq(&[&forge::der::oid("1.2.840.113549.1.1.8"), mask]),
                    );
                    let salt = salt
                        .map(|salt| forge::der::tlv(0xa2, &forge::der::int(&[salt])))
                        .unwrap_or_default();
                    let trailer = if trailer {
                        forge::der::tlv(0xa3, &forge::der::int(&[1]))
                    } else {
                        Vec::new()
                    };
                    let parameters =
                        forge::der::seq(&[&forge::der::tlv(0xa0, hash), &mask, &salt, &trailer]);
                    let other =
                        forge::der::seq(&[&forge::der::oid("1.2.840.113549.1.1.10"), &parameters]);
                    add(
                        format!("PSS as {other:02x?}"),
                        self.with(&other, &signature),
                    );
                }
            }
        }
        let numbers = match &self.signer {
            Signer::Ecdsa(key, _) => of_ecdsa(&signature, &key.order()),
            _ => of_rsa(&signature, &keys::HSM.n),
        };
        for (name, signature) in numbers {
            add(name.into(), self.with(&algorithm, &signature));
        }
        all.retain(|(_, der)| *der != self.der);
        all
    }
}

/// The same signature in other octets, or as another number of the same residue.
fn of_rsa(signature: &[u8], n: &BigUint) -> Vec<(&'static str, Vec<u8>)> {
    let s = BigUint::from_bytes_be(signature);
    vec![
        ("a zero octet before it", [&[0], signature].concat()),
        (
            "its last octet missing",
            signature[..signature.len() - 1].to_vec(),
        ),
        ("s + n", (&s + n).to_bytes_be()),
        ("n - s", (n - &s).to_bytes_be()),
        ("an octet after it", [signature, &[0]].concat()),
    ]
}

const NEGATED: &str = "n - s";

fn of_ecdsa(signature: &[u8], n: &BigUint) -> Vec<(&'static str, Vec<u8>)> {
    let node = Node::parse(signature);
    let [r, s] = [0, 1].map(|child: usize| node.children()[child].encode());
    let [r_number, s_number] =
        [0, 1].map(|child: usize| BigUint::from_bytes_be(node.children()[child].content()));
    let int = |number: &BigUint| forge::der::int(&number.to_bytes_be());
    let pad = |element: &[u8]| {
        forge::der::tlv(
            forge::der::INTEGER,
            &[&[0], Node::parse(element).content()].concat(),
        )
    };
    let raw = |element: &[u8]| {
        forge::der::tlv(
            forge::der::INTEGER,
            &BigUint::from_bytes_be(Node::parse(element).content()).to_bytes_be(),
        )
    };
    let pair = |r: &[u8], s: &[u8]| forge::der::seq(&[r, s]);
    let long = forge::encoding::long_length;
    vec![
        (NEGATED, pair(&r, &int(&(n - &s_number)))),
        ("s + n", pair(&r, &int(&(&s_number + n)))),
        ("r + n", pair(&int(&(&r_number + n)), &s)),
        ("n - r", pair(&int(&(n - &r_number)), &s)),
        ("r and s swapped", pair(&s, &r)),
        ("r padded", pair(&pad(&r), &s)),
        ("s padded", pair(&r, &pad(&s))),
        // Where the highest bit is set the number is negative so; where it is not, nothing changes.
        ("r without its sign", pair(&raw(&r), &s)),
        ("s without its sign", pair(&r, &raw(&s))),
        ("s of 0", pair(&r, &forge::der::int(&[0]))),
        ("r of 0", pair(&forge::der::int(&[0]), &s)),
        (
            "a third number",
            forge::der::seq(&[&r, &s, &forge::der::int(&[1])]),
        ),
        (
            "a NULL after them",
            [signature, &forge::der::null()].concat(),
        ),
        ("an octet after them", [signature, &[0]].concat()),
        ("a long length", long(signature)),
        ("a long length of r", pair(&long(&r), &s)),
        ("a long length of s", pair(&r, &long(&s))),
        (
            "an indefinite length",
            [&[forge::der::SEQUENCE, 0x80], &signature[2..], &[0, 0]].concat(),
        ),
        (
            "two octet strings",
            pair(&forge::der::octets(&r[2..]), &forge::der::octets(&s[2..])),
        ),
        (
            "r and s alone",
            [r_number.to_bytes_be(), s_number.to_bytes_be()].concat(),
        ),
    ]
}

/// Bytes that nothing signs: whatever stands outside the signed part of a CSR or a certificate can
/// be written in one way alone. The one exception is in ECDSA itself: with (r, s), (r, n - s) is a
/// signature too. docs/threat-model.md says what catches that.
#[test]
fn what_nothing_signs_can_be_written_in_one_way() {
    for signed in signed() {
        assert!(
            signed.holds(&signed.der),
            "{} is not good to begin with",
            signed.name
        );
        let rewritten = signed.rewritten();
        assert!(
            rewritten.len() > 150,
            "{}: {}",
            signed.name,
            rewritten.len()
        );
        let taken = survivors(rewritten.len(), |number| signed.holds(&rewritten[number].1));
        let taken: Vec<&str> = taken
            .into_iter()
            .map(|number| rewritten[number].0.as_str())
            .collect();
        let expected: &[&str] = if matches!(signed.signer, Signer::Ecdsa(..)) {
            &[NEGATED]
        } else {
            &[]
        };
        assert_eq!(
            taken,
            expected,
            "{}, a {}",
            signed.name,
            if signed.is_request {
                "CSR"
            } else {
                "certificate"
            }
        );
    }
}

/// Every value of every octet before the signature's own, and every bit of the signature.
#[test]
fn no_octet_that_nothing_signs_can_change() {
    for signed in signed() {
        let [part, _, bits] = signed.parts();
        let length = signed.der.len();
        let (begin, after) = (
            length - part.len() - signed.parts()[1].len() - bits.len(),
            length - signed.signature().len(),
        );
        let outside: Vec<usize> = (0..begin).chain(begin + part.len()..after).collect();
        let octets = outside
            .iter()
            .flat_map(|&at| (1..=255u8).map(move |change| (at, change)));
        // A bit an octet: the property tests above change them at random.
        let signature = (after..length).map(|at| (at, 1 << (at % 8)));
        let changes: Vec<(usize, u8)> = octets.chain(signature).collect();
        let taken = survivors(changes.len(), |number| {
            let mut der = signed.der.clone();
            der[changes[number].0] ^= changes[number].1;
            signed.holds(&der)
        });
        let taken: Vec<_> = taken.into_iter().map(|number| changes[number]).collect();
        assert!(taken.is_empty(), "{}: {taken:?}", signed.name);
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    prop::sample::select(Input::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_changed_byte_is_rejected(input in any_input(), at in any::<Index>(), change in 1u8..) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len());
        der[at] ^= change;
        prop_assert!(!GOOD.survives(input, &der), "octet {at} of {}", input.id());
    }

    #[test]
    fn inserted_bytes_are_rejected(
        input in any_input(),
        at in any::<Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..9)
    ) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len() + 1);
        der.splice(at..at, bytes);
        prop_assert!(!GOOD.survives(input, &der), "at octet {at} of {}", input.id());
    }

    #[test]
    fn removed_bytes_are_rejected(input in any_input(), at in any::<Index>(), count in 1usize..9) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len());
        der.drain(at..(at + count).min(der.len()));
        prop_assert!(!GOOD.survives(input, &der), "at octet {at} of {}", input.id());
    }

    #[test]
    fn swapped_stretches_are_rejected(
        input in any_input(), from in any::<Index>(), other in any_input(), length in 1usize..300
    ) {
        // A stretch of another input's DER in place of one's own.
        let mut der = GOOD.der(input);
        let donor = GOOD.der(other);
        let from = from.index(der.len().min(donor.len()));
        let to = (from + length).min(der.len()).min(donor.len());
        der[from..to].copy_from_slice(&donor[from..to]);
        prop_assume!(der != GOOD.der(input));
        prop_assert!(!GOOD.survives(input, &der), "octets {from} to {to} of {}", input.id());
    }
}
