//! The cause for which a record is rejected, where one sentence tells it: a root that is missing, a
//! root that is another chain's, dates. For headlines and hints: no verdict depends on anything
//! here, and the checks that failed stand beside it.

use std::fmt;

use super::Record;
use super::checks::CheckId;
use super::hardware::Hardware;
use super::simulated::ends_in_simulator;
use crate::checks::{Side, Status, Verdict};
use crate::generation::PublishedRoot;

/// The cause for which a record is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing but these roots is missing. They are not built in, and on their sides none was
    /// given.
    RootsMissing(Vec<&'static PublishedRoot>),
    /// The chains of these sides do not end in the roots that were given for them: those are the
    /// wrong ones, or the chain is a forgery.
    OtherRoots(Vec<Side>),
    /// The chains end in a simulator's roots, and nothing but those is missing.
    Simulated,
    /// Nothing failed but dates.
    Time,
}

impl Cause {
    /// The cause of a rejection; `None` where the record is not rejected, an input cannot be read,
    /// or no one sentence tells it.
    pub fn from_record(record: &Record, hardware: Hardware<'_>) -> Option<Self> {
        if record.verdict == Verdict::Verified || record.malformed() {
            return None;
        }
        if record
            .with(Status::Fail)
            .all(|finding| matches!(finding.id, CheckId::Validity(_)))
        {
            return Some(Cause::Time);
        }
        let failed = |id| {
            record
                .finding(id)
                .is_some_and(|finding| finding.status == Status::Fail)
        };
        // Of a root that is not this chain's both fail: the name of what issued it, and the
        // signature.
        let sides: Vec<Side> = Side::ALL
            .into_iter()
            .filter(|side| failed(CheckId::Signature(*side)) && failed(CheckId::Issuer(*side)))
            .collect();
        let of_sides = |id| match id {
            CheckId::Signature(side) | CheckId::Issuer(side) => sides.contains(&side),
            _ => false,
        };
        let of_roots_alone = record
            .with(Status::Fail)
            .all(|finding| of_sides(finding.id));
        if of_roots_alone && sides.iter().all(|side| ends_in_simulator(record, *side)) {
            return Some(Cause::Simulated);
        }
        let given: Vec<Side> = sides
            .iter()
            .copied()
            .filter(|side| record.terms.has_given_root(*side))
            .collect();
        if !given.is_empty() {
            return Some(Cause::OtherRoots(given));
        }
        if !of_roots_alone {
            return None;
        }
        // Each of them has to be known: otherwise a stranger's chain would be called one without
        // its root.
        let roots: Option<Vec<_>> = sides
            .iter()
            .map(|side| hardware.root_of(record, *side))
            .collect();
        roots
            .filter(|roots| !roots.is_empty())
            .map(Cause::RootsMissing)
    }
}

/// The meaning of a chain that ends in another root than the one that was given.
const OTHER_ROOT_MEANING: &str = "a wrong root was given, or the chain is not genuine";

/// The sentence, without a stop.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::RootsMissing(roots) => {
                let of = roots
                    .iter()
                    .map(|root| root.of)
                    .collect::<Vec<_>>()
                    .join(" and ");
                write!(f, "the root of {of} is missing, so nothing is proven yet")
            }
            Cause::OtherRoots(sides) => {
                let chains = sides
                    .iter()
                    .map(|side| side.chain_noun())
                    .collect::<Vec<_>>()
                    .join(" and ");
                if sides.len() == 1 {
                    write!(
                        f,
                        "the root that was given for {chains} is not the one that it ends \
                               in: {OTHER_ROOT_MEANING}"
                    )
                } else {
                    write!(
                        f,
                        "the roots that were given for {chains} are not the ones that they \
                               end in: {OTHER_ROOT_MEANING}"
                    )
                }
            }
            Cause::Simulated => {
                f.write_str("these certificates come from hsmboot's simulator, and not from an HSM")
            }
            Cause::Time => f.write_str(
                "a certificate is not valid at the moment judged at: this \
                                        is about time, and nothing else failed",
            ),
        }
    }
}
