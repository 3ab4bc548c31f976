//! How far the claim of a cluster has come.

use crate::bundle::SurveyedDocument;
use crate::report::PageFacts;
use crate::report::aspects::Aspect;
use crate::report::icons::Icon;
use crate::report::view::PageView;
use crate::verify::Verdict;

/// How far a claim has come, as far as the bundle tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimStage {
    /// There is no bundle yet.
    NoBundle,
    /// The bundle cannot be read.
    Unread,
    /// The cluster's CSR and certificates are there, and do not verify.
    Fetched,
    /// They verify.
    Verified,
    /// There is a signed certificate.
    Signed,
    /// InitializeCluster was about to be sent, or the receipt cannot be read.
    PerhapsSent,
    /// The receipt records that the cluster is claimed.
    Claimed,
    /// The receipt records something that this version does not know.
    Submitted,
}

impl ClaimStage {
    /// Returns its word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClaimStage::NoBundle => "no-bundle",
            ClaimStage::Unread => "unread",
            ClaimStage::Fetched => "fetched",
            ClaimStage::Verified => "verified",
            ClaimStage::Signed => "signed",
            ClaimStage::PerhapsSent => "perhaps-sent",
            ClaimStage::Claimed => "claimed",
            ClaimStage::Submitted => "submitted",
        }
    }

    /// Returns the words that follow a number of clusters.
    pub(super) const fn counted_words(self) -> &'static str {
        match self {
            ClaimStage::NoBundle => "without a bundle",
            ClaimStage::Unread => "cannot be read",
            ClaimStage::Fetched => "fetched",
            ClaimStage::Verified => "fetched and verified",
            ClaimStage::Signed => "signed",
            ClaimStage::PerhapsSent => "perhaps sent",
            ClaimStage::Claimed => "recorded as claimed",
            ClaimStage::Submitted => "recorded as submitted",
        }
    }

    /// Returns the stage of a bundle's claim.
    pub fn of_bundle(facts: &PageFacts) -> ClaimStage {
        stage_of(&PageView::from_facts(facts))
    }
}

pub(super) fn stage_of(view: &PageView<'_>) -> ClaimStage {
    let facts = view.facts;
    match &facts.survey.receipt {
        SurveyedDocument::Read(receipt) if receipt.outcome.is_known() => ClaimStage::Claimed,
        SurveyedDocument::Read(_) => ClaimStage::Submitted,
        SurveyedDocument::Damaged(_) => ClaimStage::PerhapsSent,
        SurveyedDocument::Absent if Aspect::of_submission(view).icon != Icon::Absent => {
            ClaimStage::PerhapsSent
        }
        SurveyedDocument::Absent if facts.pair.is_some() => ClaimStage::Signed,
        SurveyedDocument::Absent => match facts.verification.verdict {
            Verdict::Verified => ClaimStage::Verified,
            Verdict::Rejected => ClaimStage::Fetched,
        },
    }
}
