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
#[path = "verify_mutations/random.rs"]
mod random;
#[path = "verify_mutations/rewritings.rs"]
mod rewritings;

use std::sync::LazyLock;

use forge::chain::{AT, Bundle, Chain, Input};
use forge::der::Node;
use forge::keys::{self, Hash};
use forge::mutate::{flip, insertions, survivors};
use forge::pem::{pem, unpem};
use hsmboot::verify::{
    Anchor, Anchors, CheckId, Evidence, Policy, Record, Status, Verdict, verify,
};
use hsmboot::x509::{Csr, Moment};
use proptest::prelude::*;

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
            // An attribute's values in subjectDirectoryAttributes are ANY (RFC 5280 4.2.1.8).
            || place.ends_with("of /0/7/0/7/1/0/0/1/")
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
