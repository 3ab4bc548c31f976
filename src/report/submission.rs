//! The page's sections on people's decisions, the texts sent to InitializeCluster, and its answer.

use super::certificates::write_absence;
use super::chain::last_announced_send;
use super::differences::{describe_ownership, judge_receipt_claim};
use super::html::Html;
use super::icons::{Icon, write_icon};
use super::transcript::step_name;
use super::view::PageView;
use super::write_unproven_mark;
use crate::bundle::{
    OwnerProof, Part, RECEIPT, RESPONSE, Receipt, SurveyedDocument, TRANSCRIPT, VERIFICATION,
    Waiver,
};
use crate::outside::{OutsideText, join_shown};
use crate::verify::{Status, Verdict};
use crate::x509::to_hex;

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
enum DecisionKind {
    /// The proof that the key is an HSM's.
    Unverified,
    /// The proof that the CA is the owner's.
    OwnerNotProven,
    /// Less than a proof.
    Minor,
}

impl DecisionKind {
    /// Returns the label above the decision, in capitals.
    const fn heading(self) -> Option<&'static str> {
        match self {
            DecisionKind::Unverified => Some("UNVERIFIED"),
            DecisionKind::OwnerNotProven => Some("OWNER NOT PROVEN"),
            DecisionKind::Minor => None,
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
            kind: DecisionKind::Minor,
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
                kind: DecisionKind::Minor,
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
                DecisionKind::Minor
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
                kind: DecisionKind::Minor,
                what,
                reason: None,
            });
        }
    }
    all
}

/// Returns the first reason for signing or submitting without proof, as far as the bundle records
/// one.
pub(super) fn unverified_reason(view: &PageView<'_>) -> Option<OutsideText> {
    first_reason(view, DecisionKind::Unverified)
}

/// Returns the first reason for taking the CA from the bundle without proof of the owner, as far as
/// the bundle records one.
pub(super) fn from_bundle_reason(view: &PageView<'_>) -> Option<OutsideText> {
    first_reason(view, DecisionKind::OwnerNotProven)
}

fn first_reason(view: &PageView<'_>, kind: DecisionKind) -> Option<OutsideText> {
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

pub(super) fn write_submission(html: &mut Html, view: &PageView<'_>) {
    let receipt = match &view.facts.survey.receipt {
        SurveyedDocument::Absent => {
            match last_announced_send(view) {
                Some(step) => html.write_text_element(
                    "p",
                    format!(
                        "There is no receipt. Step {step} of the \
                                                     transcript was about to send \
                                                     InitializeCluster: whether it was sent, and \
                                                     what came of it, only the cluster can tell."
                    ),
                ),
                None => html.write_raw(
                    "<p>There is no receipt: the bundle does not say that it was \
                                  submitted.</p>",
                ),
            }
            None
        }
        SurveyedDocument::Damaged(why) => {
            html.write_element_of("p", "alarm", |html| {
                write_icon(html, Icon::Fail);
                html.write_text("The receipt cannot be read: ");
                html.write_quote(why);
            });
            None
        }
        SurveyedDocument::Read(receipt) => Some(receipt),
    };
    if let Some(receipt) = receipt {
        write_unproven_mark(html, RECEIPT);
        write_outcome(html, view, receipt);
    }
    let fit = view
        .pair
        .as_ref()
        .is_some_and(|pair| pair.verdict == Verdict::Verified);
    let title = match (receipt.and_then(|receipt| receipt.submitted_at), fit) {
        (Some(_), _) => "What was sent",
        (None, true) => "What InitializeCluster would be sent",
        (None, false) => "What the bundle holds",
    };
    html.write_text_element("h3", title);
    html.write_element_of("dl", "facts", |html| {
        html.write_fact("ClusterId", |html| {
            html.write_code(view.facts.survey.cluster_id.as_str())
        })
    });
    let signed_cert = Part::SignedCert.file_name(&view.facts.survey.cluster_id);
    let pem = view
        .signed_cert
        .as_ref()
        .map(|found| (found.to_pem(), vec![to_hex(&found.fingerprint())]));
    write_sent_text(
        html,
        view,
        ("SignedCert", &signed_cert),
        pem,
        receipt.map(|receipt| vec![receipt.signed_cert_sha256.as_raw()]),
    );
    let pem = view.facts.trust_anchor.as_ref().map(|found| {
        (
            found.to_pem(),
            found
                .fingerprints()
                .iter()
                .map(|digest| to_hex(digest))
                .collect(),
        )
    });
    let recorded = receipt.map(|receipt| {
        std::iter::once(&receipt.trust_anchor_sha256)
            .chain(&receipt.chain_sha256)
            .map(OutsideText::as_raw)
            .collect()
    });
    write_sent_text(
        html,
        view,
        ("TrustAnchor", view.facts.survey.trust_anchor_file()),
        pem,
        recorded,
    );
}

/// Writes the very text that is sent: the program's own PEM of the bundle's certificates, with
/// their SHA-256 beside it, and the recorded ones.
fn write_sent_text(
    html: &mut Html,
    view: &PageView<'_>,
    (name, file): (&str, &str),
    found: Option<(String, Vec<String>)>,
    recorded: Option<Vec<&str>>,
) {
    html.write_text_element("h4", name);
    let Some((pem, digests)) = found else {
        write_absence(html, view, file);
        return;
    };
    if let Some(recorded) = recorded {
        let same = digests.iter().map(String::as_str).eq(recorded);
        html.write_element(
            "p",
            &[("class", if same { "standing" } else { "alarm" })],
            |html| {
                write_icon(html, if same { Icon::Pass } else { Icon::Fail });
                html.write_text(if same {
                "The bundle’s certificate is the one that the receipt names."
            } else {
                "The bundle’s certificate is not the one that the receipt names: what was sent is \
                 not below."
            });
            },
        );
    }
    html.write_element("pre", &[("class", "pem")], |html| {
        for line in pem.lines() {
            html.write_text(line);
            html.write_raw("\n");
        }
    });
}

fn write_outcome(html: &mut Html, view: &PageView<'_>, receipt: &Receipt) {
    html.write_element_of("dl", "facts", |html| {
        html.write_fact("Outcome", |html| html.write_quote(&receipt.outcome));
        html.write_fact("Region", |html| html.write_quote(&receipt.region));
        html.write_fact("Sent at", |html| match receipt.submitted_at {
            Some(at) => html.write_text(at.to_string()),
            None => html.write_text("not sent in that run: the cluster was claimed already"),
        });
        html.write_fact("Answer", |html| write_answer(html, receipt));
        html.write_fact("Confirmed at", |html| {
            html.write_text(receipt.confirmed_at.to_string())
        });
        html.write_fact("State then", |html| html.write_quote(&receipt.state));
        html.write_fact("The cluster’s certificate", |html| {
            html.write_text(
                if receipt.cluster_certificate_sha256 == receipt.signed_cert_sha256 {
                    "the very certificate that was signed, SHA-256 "
                } else {
                    "another certificate than the one that was signed, SHA-256 "
                },
            );
            html.write_digest(&receipt.cluster_certificate_sha256);
        });
        if let Some(claim) = judge_receipt_claim(view, receipt) {
            html.write_fact("Judged for this report", |html| {
                html.write_quote(describe_ownership(&claim.ownership))
            });
        }
        if let Some(owner) = &receipt.owner {
            html.write_fact("Owner", |html| html.write_quote(owner));
        }
        html.write_fact("Signed certificate, SHA-256", |html| {
            html.write_digest(&receipt.signed_cert_sha256)
        });
        html.write_fact("Trust anchor, SHA-256", |html| {
            html.write_digest(&receipt.trust_anchor_sha256)
        });
        for above in &receipt.chain_sha256 {
            html.write_fact("above it in its chain, SHA-256", |html| {
                html.write_digest(above)
            });
        }
        if let Some(digest) = &receipt.csr_sha256 {
            html.write_fact("CSR, SHA-256", |html| html.write_digest(digest));
        }
        html.write_fact("Verdict then", |html| {
            html.write_quote(receipt.verdict.as_ref().map_or_else(
                || "nothing was judged in that run".to_owned(),
                ToString::to_string,
            ))
        });
        html.write_fact("Program", |html| html.write_quote(&receipt.tool));
    });
}

/// Writes the answer of InitializeCluster: two texts as hsmboot writes them, or anything else
/// unchanged.
fn write_answer(html: &mut Html, receipt: &Receipt) {
    match &receipt.answer {
        None => html.write_text("none arrived; what DescribeClusters showed afterwards decided"),
        Some(answer) => {
            let part = |name: &str| answer.get(name).and_then(serde_json::Value::as_str);
            match (part("state"), part("state_message")) {
                (None, None) => html.write_code(answer.to_string()),
                (state, message) => html.write_quote(
                    [state, message]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(": "),
                ),
            }
        }
    }
}
