//! What comes after a claim, as the online commands say it.

use serde_json::Value;

use super::ui::{BOLD, Text, styled};
use crate::bundle::{Bundle, RECEIPT};
use crate::cloudhsm::Cluster;
use crate::handover::{self, Claimed, Lead, NextStep, Stage};
use crate::outside::OutsideText;
use crate::owner::Owner;

/// The steps for a cluster as it is; none where it is not claimed, or about to be gone.
pub(crate) fn of_cluster(
    cluster: &Cluster,
    region: Option<&OutsideText>,
    lead: Lead<'_>,
) -> Vec<NextStep> {
    let Some(stage) = Stage::of(&cluster.state) else {
        return Vec::new();
    };
    let site = handover::site(cluster);
    handover::next_steps(&Claimed {
        cluster_id: &cluster.cluster_id,
        region,
        stage,
        site: &site,
        lead,
    })
}

/// What comes first where a bundle is at hand: what the clients get is written from it, where it
/// holds the receipt. A CA that nothing proved is not passed off as proven.
pub(crate) fn from_bundle<'a>(bundle: &'a Bundle, owner: &'a Owner) -> Lead<'a> {
    let proven = owner
        .basis()
        .waiver()
        .is_none()
        .then(|| owner.trust_anchor());
    if bundle.anew().has_file(RECEIPT) {
        Lead::Handover {
            bundle: bundle.path(),
            proven,
        }
    } else {
        Lead::Nothing
    }
}

/// Adds them to what a command says.
pub(crate) fn add(steps: &[NextStep], document: &mut Value, text: &mut Text) {
    if let Some(object) = document.as_object_mut() {
        object.insert(
            "next_steps".to_owned(),
            serde_json::to_value(steps).unwrap_or_default(),
        );
    }
    if !steps.is_empty() {
        text.push([
            styled(BOLD, "next:"),
            Text::from("\n"),
            Text::from(handover::text(steps)),
        ]);
    }
}
