//! What a judgement of the HSM leaves beside its findings: what was judged by.

use serde::Serialize;

use super::anchors::AnchorFacts;
use super::checks::CheckId;
use crate::checks::{Engine, Finding, Record, Side};
use crate::outside::OutsideText;
use crate::x509::Moment;

/// The roots that a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Roots {
    /// Those of this program's table alone.
    #[serde(rename = "built-in")]
    BuiltIn,
    /// On one side at least, a root that somebody gave.
    #[serde(rename = "given")]
    Given,
    /// Those of a simulator that this program ran or runs: in records `given`, as nothing built in
    /// trusts them.
    #[serde(rename = "given")]
    Simulated,
}

impl Roots {
    /// Returns the word that records have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Roots::BuiltIn => "built-in",
            Roots::Given | Roots::Simulated => "given",
        }
    }

    /// Returns the word for a verdict that rests on them, for eyes.
    pub const fn verified_word(self) -> &'static str {
        match self {
            Roots::BuiltIn => "verified",
            Roots::Given => "verified against roots you gave",
            Roots::Simulated => "verified against the simulator's own roots",
        }
    }
}

/// The judgement of the HSM: its record is `verification.json`, and the answer of `verify --output
/// json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HsmIdentity {}

impl HsmIdentity {
    /// The words that documents have for the two verdicts.
    pub(crate) const VERDICT_WORDS: [&'static str; 2] = ["verified", "rejected"];
}

/// What the HSM was judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsmTerms {
    /// The policy judged under.
    pub policy: super::Profile,
    /// Judged without a CSR: says nothing of the cluster's key.
    pub chains_only: bool,
    /// The anchors used, one a side.
    pub anchors: Vec<AnchorFacts>,
    /// The roots that were used: all of them built in, or any of them given. A genuine HSM is said
    /// only of built-in ones.
    pub roots: Roots,
    /// The CN of the name that each side's chain ends in, AWS's first, for eyes and hints.
    pub(super) ends: [Option<String>; 2],
    /// The reason why failures were accepted, where any were.
    pub reason: Option<OutsideText>,
}

impl HsmTerms {
    /// Tells whether a side was judged by a root that somebody gave.
    pub fn has_given_root(&self, side: Side) -> bool {
        self.anchors
            .iter()
            .any(|anchor| anchor.side == side && !anchor.is_built_in())
    }
}

impl Engine for HsmIdentity {
    type Check = CheckId;
    type Terms = HsmTerms;
    const WORDS: [&'static str; 2] = Self::VERDICT_WORDS;

    fn document(record: &Record<Self>) -> impl Serialize + '_ {
        let terms = &record.terms;
        VerificationDocument {
            format: "hsmboot-verification/1",
            verdict: record.verdict_word(),
            policy: terms.policy,
            chains_only: terms.chains_only,
            at: record.at,
            anchors: &terms.anchors,
            roots: terms.roots,
            reason: terms.reason.as_ref(),
            checks: &record.checks,
        }
    }
}

/// The record as it is written.
#[derive(Serialize)]
struct VerificationDocument<'a> {
    format: &'static str,
    verdict: &'static str,
    policy: super::Profile,
    chains_only: bool,
    at: Moment,
    anchors: &'a [AnchorFacts],
    roots: Roots,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a OutsideText>,
    checks: &'a [Finding<CheckId>],
}
