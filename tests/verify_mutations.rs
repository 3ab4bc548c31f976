//! Properties of a good bundle: no changed bit or byte of a DER, and no inserted element, leaves the verdict `verified`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::as_conversions)]

#[allow(dead_code, unreachable_pub)]
mod forge;

use std::sync::LazyLock;

use forge::chain::{AT, Bundle, Chain, Input};
use forge::mutate::{flip, insertions, survivors};
use forge::pem::{pem, unpem};
use hsmboot::verify::{Anchor, Anchors, CheckId, Evidence, Policy, Record, Status, Verdict, verify};
use hsmboot::x509::Moment;
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
            manufacturer: Anchor::from_file(&bundle.manufacturer_root, "manufacturer-root.crt").unwrap(),
        };
        let subject = Subject { name: name.into(), bundle, anchors, at: AT.parse().unwrap() };
        let unchanged = subject.record(Input::Csr, &subject.der(Input::Csr));
        assert_eq!(unchanged.verdict, Verdict::Verified, "{name} is not good to begin with");
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
    const NAMES: [&str; 7] = ["pss", "pss-keys", "ecdsa", "generalized-time", "all-known-extensions", "path-length", "csr-attributes"];
    let fixtures = forge::good::fixtures();
    let named = |name: &str| fixtures.iter().find(|fixture| fixture.name == format!("verified--{name}")).unwrap().bundle.clone();
    NAMES.iter().map(|name| Subject::new(name, named(name))).collect()
}

/// Some 30,000 judgements.
#[test]
fn every_single_bit_change_is_rejected() {
    for input in Input::ALL {
        let der = GOOD.der(input);
        let survivors = survivors(der.len() * 8, |bit| GOOD.survives(input, &flip(&der, bit)));
        assert!(survivors.is_empty(), "{}: verified in spite of a change in bits {survivors:?}", input.id());
    }
}

/// The insertions into one input that leave the verdict `verified`, or that only a signature or the list of algorithms stops.
fn taken_by_the_reader(subject: &Subject, input: Input) -> Vec<String> {
    let pem: CheckId = format!("pem.{}", input.id()).parse().unwrap();
    let insertions = insertions(&subject.der(input));
    assert!(insertions.len() > 100, "{}: only {} insertions", input.id(), insertions.len());
    let taken = survivors(insertions.len(), |number| {
        let record = subject.record(input, &insertions[number].der);
        assert_eq!(record.verdict, Verdict::Rejected, "{}, {}: {}", subject.name, input.id(), insertions[number].place);
        record.finding(pem).unwrap().status != Status::Fail
    });
    taken.iter().map(|&number| format!("{}: {}", input.id(), insertions[number].place)).collect()
}

/// An inserted element is not merely caught by a signature: the reader itself refuses it, so it would under a good signature too.
#[test]
fn every_inserted_element_is_refused_by_the_reader() {
    let taken: Vec<String> = Input::ALL.into_iter().flat_map(|input| taken_by_the_reader(&GOOD, input)).collect();
    // The one that its type defines: an INTEGER in the empty basicConstraints is a path length (RFC 5280 4.2.1.9).
    assert_eq!(taken, ["aws-hardware: INTEGER as child 0 of /0/7/0/0/1/0/"]);
}

/// In other bundles as well, but for what the types define there and a later check refuses.
#[test]
fn every_inserted_element_is_refused_in_other_bundles_too() {
    let defined = |place: &str| {
        // A path length, as above, in basicConstraints with critical and without.
        ["/0/7/0/0/1/0/", "/0/7/0/0/2/0/"].iter().any(|at| place.ends_with(&format!("INTEGER as child 0 of {at}")))
            // AlgorithmIdentifier's parameters are ANY: ECDSA and PSS keys have none, and `algorithm.*` says so.
            || ["/1/", "/0/2/", "/0/2/0/", "/0/5/0/", "/0/6/0/"].iter().any(|at| place.ends_with(&format!("as child 1 of {at}")))
            // An attribute's values are a SET OF ANY: one more value, where it sorts (RFC 2986 4.1).
            || place.ends_with("of /0/3/0/1/")
            // Inside the signature's BIT STRING, which is an ECDSA-Sig-Value: not a signature any more.
            || place.ends_with("of /2/")
            || place.ends_with("of /2/0/")
    };
    for subject in others() {
        for input in Input::ALL {
            let taken: Vec<_> = taken_by_the_reader(&subject, input).into_iter().filter(|place| !defined(place)).collect();
            assert!(taken.is_empty(), "{}: {taken:#?}", subject.name);
        }
    }
}

/// The one change of a DER that may stand: RFC 4055 5 makes readers take an RSA signature algorithm with a NULL and without one, and in a CSR that
/// algorithm is not part of what is signed (RFC 2986 4.2). Nothing follows from it. In a certificate the same algorithm stands in the signed part.
#[test]
fn the_null_of_a_csrs_algorithm_is_its_writers_choice() {
    let bare = forge::der::seq(&[&forge::der::oid("1.2.840.113549.1.1.11")]);
    let mut chain = Chain::good();
    chain.csr.outer = Some(bare.clone());
    assert!(GOOD.survives(Input::Csr, &chain.csr.der()));
    for input in Input::CERTIFICATES {
        let mut chain = Chain::good();
        chain.cert_mut(input).outer = Some(bare.clone());
        assert!(!GOOD.survives(input, &chain.cert_mut(input).der()), "{}", input.id());
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    prop::sample::select(Input::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_byte_is_rejected(input in any_input(), at in any::<prop::sample::Index>(), change in 1u8..) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len());
        der[at] ^= change;
        prop_assert!(!GOOD.survives(input, &der), "octet {at} of {}", input.id());
    }

    #[test]
    fn inserted_bytes_are_rejected(input in any_input(), at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 1..9)) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len() + 1);
        der.splice(at..at, bytes);
        prop_assert!(!GOOD.survives(input, &der), "at octet {at} of {}", input.id());
    }

    #[test]
    fn removed_bytes_are_rejected(input in any_input(), at in any::<prop::sample::Index>(), count in 1usize..9) {
        let mut der = GOOD.der(input);
        let at = at.index(der.len());
        der.drain(at..(at + count).min(der.len()));
        prop_assert!(!GOOD.survives(input, &der), "at octet {at} of {}", input.id());
    }

    #[test]
    fn swapped_stretches_are_rejected(input in any_input(), from in any::<prop::sample::Index>(), other in any_input(), length in 1usize..300) {
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
