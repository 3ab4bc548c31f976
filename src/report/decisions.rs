//! The page's section on people's decisions to go on all the same.

use super::html::Html;
use super::icons::{Icon, write_icon};
use super::standing::step_name;
use super::view::PageView;
use crate::bundle::{OwnerProof, RECEIPT, RESPONSE, TRANSCRIPT, VERIFICATION, Waiver};
use crate::outside::{OutsideText, join_shown};
use crate::verify::Status;

/// The text about a CA that nothing proved.
const UNPROVEN_CA: &str =
    "the CA in the bundle was taken although nothing proved that it is the owner’s";

/// A decision to go on all the same, or to leave something out.
struct Decision {
    /// The document that records it; `None` where it was made for this very report.
    by: Option<&'static str>,
    kind: DecisionKind,
    what: String,
    /// `None` where none was asked for.
    reason: Option<OutsideText>,
}

/// The kind of safeguard that a decision went without.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DecisionKind {
    /// The proof that the key is an HSM's.
    Unverified,
    /// The proof that the CA is the owner's.
    OwnerNotProven,
    /// A check that would have to pass.
    Accepted,
    /// The comparison of fingerprints.
    NotCompared,
}

impl DecisionKind {
    /// Returns the label above the decision, in capitals.
    const fn heading(self) -> Option<&'static str> {
        match self {
            DecisionKind::Unverified => Some("UNVERIFIED"),
            DecisionKind::OwnerNotProven => Some("OWNER NOT PROVEN"),
            DecisionKind::Accepted | DecisionKind::NotCompared => None,
        }
    }
}

fn all_decisions(view: &PageView<'_>) -> Vec<Decision> {
    let (facts, survey) = (view.facts, &view.facts.survey);
    let mut all = Vec::new();
    let accepted: Vec<&str> = facts
        .verification
        .with(Status::Accepted)
        .map(|found| found.id.as_str())
        .collect();
    if !accepted.is_empty() {
        let reason = Some(facts.verification.terms.reason.clone().unwrap_or_default());
        all.push(Decision {
            by: None,
            kind: DecisionKind::Accepted,
            what: format!("accepted for this report: {}", accepted.join(", ")),
            reason,
        });
    }
    if let Some(noted) = survey.verification.content() {
        let accepted: Vec<String> = noted
            .checks
            .iter()
            .filter(|check| check.status.is_word_for(Status::Accepted))
            .map(|check| check.id.to_string())
            .collect();
        if !accepted.is_empty() {
            let reason = Some(noted.reason.clone().unwrap_or_default());
            all.push(Decision {
                by: Some(VERIFICATION),
                kind: DecisionKind::Accepted,
                what: format!("accepted: {}", accepted.join(", ")),
                reason,
            });
        }
    }
    let waiver = |by, kind, waiver: &Option<Waiver>, what: &str| {
        waiver.as_ref().map(|waiver| Decision {
            by: Some(by),
            kind,
            what: what.to_owned(),
            reason: Some(waiver.reason.clone()),
        })
    };
    if let Some(response) = survey.response.content() {
        all.extend(waiver(
            RESPONSE,
            DecisionKind::Unverified,
            &response.unverified,
            "signed although the bundle did not verify",
        ));
    }
    if let Some(receipt) = survey.receipt.content() {
        all.extend(waiver(
            RECEIPT,
            DecisionKind::Unverified,
            &receipt.unverified,
            "submitted although the bundle did not verify",
        ));
        all.extend(waiver(
            RECEIPT,
            DecisionKind::OwnerNotProven,
            &receipt.ca_from_bundle,
            UNPROVEN_CA,
        ));
    }
    for step in survey
        .transcript
        .content()
        .map(|trail| trail.holds.entries())
        .unwrap_or_default()
    {
        if step
            .owner
            .as_ref()
            .is_some_and(|owner| owner.is_word_for(OwnerProof::Waived))
        {
            let what = format!("step {}, {}: {UNPROVEN_CA}", step_name(step), step.time);
            all.push(Decision {
                by: Some(TRANSCRIPT),
                kind: DecisionKind::OwnerNotProven,
                what,
                reason: Some(step.reason.clone().unwrap_or_default()),
            });
        }
        if step.unverified || !step.accepted.is_empty() {
            let accepted = if step.accepted.is_empty() {
                String::new()
            } else {
                format!("accepted: {}", join_shown(&step.accepted, ", "))
            };
            let unverified = if step.unverified {
                "done although the bundle did not verify"
            } else {
                ""
            };
            let what = [unverified, &accepted]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("; ");
            let reason = Some(step.reason.clone().unwrap_or_default());
            let what = format!("step {}, {}: {what}", step_name(step), step.time);
            let kind = if step.unverified {
                DecisionKind::Unverified
            } else {
                DecisionKind::Accepted
            };
            all.push(Decision {
                by: Some(TRANSCRIPT),
                kind,
                what,
                reason,
            });
        }
        if step.fingerprint_compared == Some(false) {
            let what = format!(
                "step {}, {}: nobody compared the other side’s fingerprint",
                step_name(step),
                step.time
            );
            all.push(Decision {
                by: Some(TRANSCRIPT),
                kind: DecisionKind::NotCompared,
                what,
                reason: None,
            });
        }
    }
    all
}

/// Returns the reason of the first decision of this kind, as far as the bundle records one. It is
/// empty where none was asked for.
pub(super) fn first_reason(view: &PageView<'_>, kind: DecisionKind) -> Option<OutsideText> {
    all_decisions(view)
        .into_iter()
        .find(|decision| decision.kind == kind)
        .map(|decision| decision.reason.unwrap_or_default())
}

pub(super) fn write_decisions(html: &mut Html, view: &PageView<'_>) {
    let all = all_decisions(view);
    if all.is_empty() {
        html.write_raw(
            "<p>None: no failure was accepted, nothing was done unverified, and no \
                  fingerprint was left uncompared, as far as the bundle records.</p>",
        );
        return;
    }
    html.write_raw(
        "<p>Where somebody went on although a check failed, or without the other side’s \
              fingerprint. What the bundle’s documents record is no proof; what was accepted for \
              this report was judged for it.</p>",
    );
    html.write_element_of("ul", "decisions", |html| {
        for decision in &all {
            html.write_element(
                "li",
                &[(
                    "class",
                    if decision.kind.heading().is_some() {
                        "alarm"
                    } else {
                        ""
                    },
                )],
                |html| {
                    write_icon(html, Icon::Accepted);
                    html.write_element("div", &[], |html| {
                        html.write_element("p", &[], |html| {
                            if let Some(label) = decision.kind.heading() {
                                html.write_text_element("strong", label);
                                html.write_raw(": ");
                            }
                            html.write_quote(&decision.what);
                            if let Some(by) = decision.by {
                                html.write_raw(" (recorded by ");
                                html.write_code(by);
                                html.write_raw(")");
                            }
                        });
                        if let Some(reason) = &decision.reason {
                            html.write_element("p", &[], |html| {
                                html.write_raw("Reason: ");
                                html.write_quote(if reason.is_empty() {
                                    "none was recorded"
                                } else {
                                    reason.as_raw()
                                });
                            });
                        }
                    });
                },
            );
        }
    });
}
