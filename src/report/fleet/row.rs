//! What a fleet's page says of one cluster.

use super::stage::{ClaimStage, stage_of};
use crate::bundle::ClusterId;
use crate::outside::{Lines, OutsideText};
use crate::report::PageFacts;
use crate::report::alarms::short_alarms;
use crate::report::aspects::{Aspect, verdict_words};
use crate::report::icons::Icon;
use crate::report::view::{PageView, short_name};
use crate::verify::{Roots, Verdict};
use crate::x509::{Certificate, Moment};

/// A cluster on a fleet's page.
#[derive(Clone, Debug)]
pub struct FleetRow {
    /// The cluster, where it is known.
    pub(super) cluster_id: Option<ClusterId>,
    /// The place of the bundle, as text for the reader.
    pub(super) place: String,
    /// The region, as text for the reader.
    pub(super) region: Option<String>,
    pub(super) content: RowContent,
}

#[derive(Clone, Debug)]
pub(super) enum RowContent {
    Judged(Box<JudgedRow>),
    /// There is no bundle yet.
    NoBundle,
    /// The bundle cannot be read, for this reason.
    Unread(Lines),
}

/// What a row says of a bundle that was judged.
#[derive(Clone, Debug)]
pub(super) struct JudgedRow {
    /// The file of the cluster's own page, beside the fleet's.
    pub(super) page: String,
    pub(super) stage: ClaimStage,
    pub(super) verdict: Verdict,
    pub(super) verdict_icon: Icon,
    pub(super) verdict_word: &'static str,
    pub(super) hsm: String,
    pub(super) roots: Roots,
    pub(super) submission: (Icon, String),
    pub(super) pair: (Icon, String),
    pub(super) owner: Option<RowOwner>,
    /// The end of the signed certificate.
    pub(super) ends: Option<Moment>,
    pub(super) alarms: Vec<String>,
    /// That fingerprints were not compared, where that is so.
    pub(super) not_compared: Option<String>,
}

/// The CA that the bundle holds as its trust anchor.
#[derive(Clone, Debug)]
pub(super) struct RowOwner {
    pub(super) name: String,
    pub(super) fingerprint: [u8; 32],
    pub(super) standing: OwnerStanding,
}

/// Whether that is the operator's own CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnerStanding {
    /// It is the CA that was named.
    Named,
    /// It is another one.
    Another,
    /// None was named.
    NotCompared,
}

impl OwnerStanding {
    pub(super) const fn icon(self) -> Icon {
        match self {
            OwnerStanding::Named => Icon::Pass,
            OwnerStanding::Another => Icon::Fail,
            OwnerStanding::NotCompared => Icon::Told,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            OwnerStanding::Named => "the CA that was given",
            OwnerStanding::Another => "not the CA that was given",
            OwnerStanding::NotCompared => "from the bundle, not compared",
        }
    }
}

impl FleetRow {
    /// Makes the row of a bundle that was judged. `page` is the file of its own page, which lies
    /// beside the fleet's, and `region` the one that the operator named.
    pub fn from_judged(facts: &PageFacts, page: String, region: Option<&str>) -> Self {
        let view = PageView::from_facts(facts);
        let words = verdict_words(facts);
        let aspect = |aspect: Aspect| (aspect.icon, aspect.says);
        let owner = facts.trust_anchor.as_ref().map(|found| RowOwner {
            name: short_name(found.signing_ca().subject()),
            fingerprint: found.signing_ca().fingerprint(),
            standing: match &facts.own_ca {
                None => OwnerStanding::NotCompared,
                Some((own, _)) if own.has_trust_anchor(found) => OwnerStanding::Named,
                Some(_) => OwnerStanding::Another,
            },
        });
        let recorded = facts.survey.request.content().map(|noted| &noted.region);
        FleetRow {
            cluster_id: Some(facts.survey.cluster_id.clone()),
            place: facts.place.clone(),
            region: region_text(region, recorded),
            content: RowContent::Judged(Box::new(JudgedRow {
                page,
                stage: stage_of(&view),
                verdict: facts.verification.verdict,
                verdict_icon: words.icon,
                verdict_word: words.word,
                hsm: Aspect::of_hsm(&view).says,
                roots: facts.verification.terms.roots,
                submission: aspect(Aspect::of_submission(&view)),
                pair: aspect(Aspect::of_pair(&view)),
                owner,
                ends: view.signed_cert.as_ref().map(Certificate::not_after),
                alarms: short_alarms(&view),
                not_compared: Some(Aspect::of_fingerprints(&view))
                    .filter(|aspect| aspect.icon == Icon::Accepted)
                    .map(|aspect| format!("fingerprints {}", aspect.says)),
            })),
        }
    }

    /// Makes the row of a cluster that has no bundle yet.
    pub fn without_bundle(cluster_id: ClusterId, place: String, region: Option<&str>) -> Self {
        FleetRow {
            cluster_id: Some(cluster_id),
            place,
            region: region_text(region, None),
            content: RowContent::NoBundle,
        }
    }

    /// Makes the row of a bundle that cannot be read, for this reason.
    pub fn from_unread(
        cluster_id: Option<ClusterId>,
        place: String,
        region: Option<&str>,
        why: Lines,
    ) -> Self {
        FleetRow {
            cluster_id,
            place,
            region: region_text(region, None),
            content: RowContent::Unread(why),
        }
    }

    pub(super) const fn stage(&self) -> ClaimStage {
        match &self.content {
            RowContent::Judged(row) => row.stage,
            RowContent::NoBundle => ClaimStage::NoBundle,
            RowContent::Unread(_) => ClaimStage::Unread,
        }
    }

    pub(super) const fn judged(&self) -> Option<&JudgedRow> {
        match &self.content {
            RowContent::Judged(row) => Some(row),
            RowContent::NoBundle | RowContent::Unread(_) => None,
        }
    }

    /// Tells whether somebody has to look at it.
    pub(super) fn is_alarming(&self) -> bool {
        match &self.content {
            RowContent::Judged(row) => !row.alarms.is_empty(),
            RowContent::NoBundle => false,
            RowContent::Unread(_) => true,
        }
    }
}

/// Returns the region that `request.json` records, or else the one that the operator named; both
/// where they differ.
fn region_text(named: Option<&str>, recorded: Option<&OutsideText>) -> Option<String> {
    match (named, recorded) {
        (Some(named), Some(recorded)) if *recorded != *named => Some(format!(
            "{recorded} by the bundle, {named} by the fleet file"
        )),
        (_, Some(recorded)) => Some(recorded.to_string()),
        (named, None) => named.map(str::to_owned),
    }
}
