//! No changed bit of a genuine chain is verified, and no inserted element is read.

use super::forge::mutate::{flip, insertions, survivors};
use super::*;

/// The DERs of the three certificates, and how to put one back.
type Take = fn(&Evidence) -> &[u8];
type PutBack = fn(&mut Evidence, Vec<u8>);
const CERTIFICATES: [(&str, Take, PutBack); 3] = [
    (
        "hsm",
        |evidence| &evidence.hsm,
        |evidence, text| evidence.hsm = text,
    ),
    (
        "aws-hardware",
        |evidence| &evidence.aws_hardware,
        |evidence, text| evidence.aws_hardware = text,
    ),
    (
        "manufacturer-hardware",
        |evidence| &evidence.manufacturer_hardware,
        |evidence, text| evidence.manufacturer_hardware = text,
    ),
];

/// Judges the chain with each of `count` changed versions of one certificate; gives those that the
/// predicate picks.
fn picked(
    put_back: PutBack,
    count: usize,
    change: impl Fn(usize) -> Vec<u8> + Sync,
    pick: impl Fn(&Record) -> bool + Sync,
) -> Vec<usize> {
    let (evidence, (_, anchors)) = (hardware_1(), fitting().swap_remove(0));
    let policy = chains_only(Profile::Attestation);
    survivors(count, |number| {
        let mut changed = evidence.clone();
        put_back(&mut changed, pem("CERTIFICATE", &change(number)));
        pick(&verify(&changed, &anchors, at(AT), &policy).record)
    })
}

pub(super) fn no_changed_bit_of_a_genuine_chain_is_verified() {
    for (name, text, put_back) in CERTIFICATES {
        let der = unpem(text(&hardware_1()));
        let survivors = picked(
            put_back,
            der.len() * 8,
            |bit| flip(&der, bit),
            |record| record.verdict == Verdict::Verified,
        );
        assert!(
            survivors.is_empty(),
            "{name}: verified in spite of a change in bits {survivors:?}"
        );
    }
}

pub(super) fn no_inserted_element_in_a_genuine_chain_is_read() {
    let mut taken = Vec::new();
    for (name, text, put_back) in CERTIFICATES {
        let insertions = insertions(&unpem(text(&hardware_1())));
        let change = |number: usize| insertions[number].der.clone();
        let survivors = picked(put_back, insertions.len(), change, |record| {
            record.verdict == Verdict::Verified
        });
        assert!(survivors.is_empty(), "{name}: {survivors:?}");
        let read = picked(put_back, insertions.len(), change, |record| {
            !record.malformed()
        });
        taken.extend(
            read.into_iter()
                .map(|number| format!("{name}: {}", insertions[number].place)),
        );
    }
    // An INTEGER in the empty basicConstraints is a path length (RFC 5280 4.2.1.9): well-formed,
    // and stopped by the signature.
    assert_eq!(taken, ["aws-hardware: INTEGER as child 0 of /0/7/0/0/1/0/"]);
}
