//! The steps after a claim, as the online commands show them.

use serde_json::{Value, json};

use super::run_options::{complete_line, complete_words};
use super::ui::{BOLD, StyledText, insert_member, styled};
use crate::bundle::{Bundle, Receipt};
use crate::cloudhsm::Cluster;
use crate::handover::{self, ClaimedCluster, ClientStep, FactsSource, HandoverStage, Lead};
use crate::outside::OutsideText;
use crate::owner::Owner;

/// Returns the steps for a cluster as it is now; none where it is not claimed, or about to be gone.
pub(crate) fn steps_of_cluster(
    cluster: &Cluster,
    region: Option<&OutsideText>,
    lead: Lead<'_>,
) -> Vec<ClientStep> {
    let Some(stage) = HandoverStage::from_state(&cluster.state) else {
        return Vec::new();
    };
    let site = handover::client_site(cluster);
    handover::next_steps(&ClaimedCluster {
        cluster_id: &cluster.cluster_id,
        region,
        stage,
        site: &site,
        source: FactsSource::Service,
        lead,
    })
}

/// Returns the first step where a bundle is at hand: the clients' files are written from it, where
/// it holds the receipt. A CA that nothing proved is not passed off as proven.
pub(crate) fn lead_from_bundle<'a>(bundle: &'a Bundle, owner: &'a Owner) -> Lead<'a> {
    let proven = owner
        .basis()
        .waiver_reason()
        .is_none()
        .then(|| owner.trust_anchor());
    let receipt = Receipt::read(bundle.without_cache().store());
    if receipt.is_ok_and(|receipt| receipt.cluster_id == *bundle.id()) {
        Lead::Handover {
            bundle: bundle.path(),
            proven,
        }
    } else {
        Lead::Nothing
    }
}

/// Adds the steps to a command's result, with the options of this run.
pub(crate) fn add_steps(steps: &[ClientStep], document: &mut Value, text: &mut StyledText) {
    add_titled_steps("next:", steps, document, text);
}

/// Does the same after a rehearsal, whose cluster is gone: nobody can take these steps with it.
pub(crate) fn add_rehearsed_steps(
    steps: &[ClientStep],
    document: &mut Value,
    text: &mut StyledText,
) {
    add_titled_steps("next, if it were a real cluster:", steps, document, text);
}

fn add_titled_steps(
    title: &str,
    steps: &[ClientStep],
    document: &mut Value,
    text: &mut StyledText,
) {
    let complete = |step: &ClientStep| ClientStep {
        command: step.command.as_deref().map(complete_line),
        argv: step.argv.as_deref().map(complete_words),
        ..step.clone()
    };
    let steps: Vec<ClientStep> = steps.iter().map(complete).collect();
    insert_member(document, "next_steps", json!(steps));
    if !steps.is_empty() {
        text.push([
            styled(BOLD, title),
            StyledText::from("\n"),
            StyledText::from(handover::to_numbered_text(&steps)),
        ]);
    }
}
