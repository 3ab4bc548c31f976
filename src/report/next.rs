//! What comes after the claim, as far as the bundle tells how far it is.

use std::path::Path;

use super::Facts;
use super::html::Html;
use super::told_by;
use super::view::View;
use crate::bundle::{CA_FILE, RECEIPT, Told};
use crate::cloudhsm::ClusterState;
use crate::handover::{self, Claimed, Lead, NextStep, Stage};
use crate::outside::OutsideText;

/// The steps. None where the bundle tells of no claim, or the trust anchor is not the CA that was
/// given: nothing is gone on with then.
pub(super) fn steps(view: &View<'_>) -> Vec<NextStep> {
    let Facts {
        survey,
        own_ca,
        place,
        ..
    } = view.facts;
    let Some(receipt) = survey
        .receipt
        .told()
        .filter(|_| view.another_ca().is_none())
    else {
        return Vec::new();
    };
    let Some(stage) = Stage::of(&ClusterState::from(receipt.state.raw())) else {
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
    handover::next_steps(&Claimed {
        cluster_id: &cluster_id,
        region,
        stage,
        site: &site,
        lead,
    })
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let steps = steps(view);
    if steps.is_empty() {
        html.raw(match (&view.facts.survey.receipt, view.another_ca()) {
            (Told::Tells(_), Some(_)) => {
                "<p>None: the trust anchor is not your CA. A client that is given it talks to \
                 whoever holds that other CA’s key.</p>"
            }
            (Told::Tells(_), None) => "<p>None that the recorded state tells.</p>",
            (Told::Absent | Told::Damaged(_), _) => {
                "<p>To claim the cluster: there is no receipt \
                                                     that says it is.</p>"
            }
        });
        return;
    }
    told_by(html, RECEIPT);
    html.raw(
        "<p>What is left to do from the state that the receipt records, with the addresses \
              that it has. <code>hsmboot status</code> has the same for the cluster as it is now.",
    );
    if view.facts.own_ca.is_none() {
        html.raw(" No CA was given to this report: whether ");
        html.code(CA_FILE);
        html.raw(" is yours, it does not say.");
    }
    html.raw("</p>");
    html.of("ol", "next", |html| {
        for step in &steps {
            html.el("li", &[], |html| {
                html.el("p", &[], |html| html.quote(&step.what));
                if let Some(command) = &step.command {
                    html.of("pre", "pem", |html| html.text(command));
                }
            });
        }
    });
    html.say(
        "p",
        format!("Described in: {}.", handover::sources(&steps).join("; ")),
    );
}
