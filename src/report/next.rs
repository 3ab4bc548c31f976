//! The steps after the claim, as far as the bundle tells its progress.

use std::path::Path;

use super::PageFacts;
use super::differences::is_anothers_claim;
use super::html::Html;
use super::view::PageView;
use super::write_unproven_mark;
use crate::bundle::{CA_FILE, RECEIPT, SurveyedDocument};
use crate::cloudhsm::ClusterState;
use crate::handover::{self, ClaimedCluster, ClientStep, FactsSource, HandoverStage, Lead};
use crate::outside::OutsideText;

/// Returns the next steps. There are none where the bundle records no claim, or the trust anchor is
/// not the CA that was given, or the claim another's: then nobody should go on. `place` is the
/// bundle's path in their commands.
pub(super) fn client_steps(view: &PageView<'_>, place: &str) -> Vec<ClientStep> {
    let PageFacts { survey, own_ca, .. } = view.facts;
    let Some(receipt) = survey
        .receipt
        .content()
        .filter(|receipt| view.another_ca().is_none() && !is_anothers_claim(view, receipt))
    else {
        return Vec::new();
    };
    let Some(stage) = HandoverStage::from_state(&ClusterState::from(receipt.state.as_raw())) else {
        return Vec::new();
    };
    // Of the bundle's own cluster, whatever the receipt calls it.
    let cluster_id = OutsideText::from(survey.cluster_id.as_str());
    let region = Some(&receipt.region).filter(|region| !region.is_empty());
    let site = receipt.site.clone().unwrap_or_default();
    let proven = own_ca.as_ref().map(|(owner, _)| owner.trust_anchor());
    let lead = Lead::Handover {
        bundle: Path::new(place),
        proven,
    };
    handover::next_steps(&ClaimedCluster {
        cluster_id: &cluster_id,
        region,
        stage,
        site: &site,
        source: FactsSource::Receipt,
        lead,
    })
}

pub(super) fn write_next_steps(html: &mut Html, view: &PageView<'_>) {
    // Not where the bundle lies now: another reader's copy lies elsewhere, and gives the same page.
    let place = format!("./{}", view.facts.survey.cluster_id);
    let steps = client_steps(view, &place);
    if steps.is_empty() {
        html.write_raw(match (&view.facts.survey.receipt, view.another_ca()) {
            (SurveyedDocument::Read(_), Some(_)) => {
                "<p>None: the trust anchor is not your CA. A client that is given it talks to \
                 whoever holds that other CA’s key.</p>"
            }
            (SurveyedDocument::Read(receipt), None) if is_anothers_claim(view, receipt) => {
                "<p>None: the receipt is of a claim that is not your CA’s, or not with this \
                 CSR’s key. Find out whose the cluster is.</p>"
            }
            (SurveyedDocument::Read(_), None) => "<p>None that the recorded state tells.</p>",
            (SurveyedDocument::Absent | SurveyedDocument::Damaged(_), _) => {
                "<p>To claim the cluster: there is no receipt that says it is.</p>"
            }
        });
        return;
    }
    write_unproven_mark(html, RECEIPT);
    html.write_raw(
        "<p>What is left to do from the state that the receipt records, with the addresses that it \
         has. <code>hsmboot status</code> has the same for the cluster as it is now. The bundle’s \
         path in the commands is ",
    );
    html.write_code(&place);
    html.write_raw(".");
    if view.facts.own_ca.is_none() {
        html.write_raw(" No CA was given to this report: whether ");
        html.write_code(CA_FILE);
        html.write_raw(" is yours, it does not say.");
    }
    html.write_raw("</p>");
    html.write_element_of("ol", "next", |html| {
        for step in &steps {
            html.write_element("li", &[], |html| {
                html.write_element("p", &[], |html| html.write_quote(&step.what));
                if let Some(command) = &step.command {
                    html.write_element_of("pre", "pem", |html| html.write_text(command));
                }
            });
        }
    });
    html.write_text_element(
        "p",
        format!(
            "Described in: {}.",
            handover::source_pages(&steps).join("; ")
        ),
    );
}
