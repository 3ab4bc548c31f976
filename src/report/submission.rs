//! What people decided, what InitializeCluster was sent, and what came back.

use super::certificates::nothing;
use super::chain::about_to_send;
use super::differences::{claim_in, says};
use super::html::Html;
use super::icons::icon;
use super::told_by;
use super::transcript::called;
use super::view::View;
use crate::bundle::{Part, RECEIPT, RESPONSE, Receipt, TRANSCRIPT, Told, VERIFICATION, Waiver};
use crate::outside::{OutsideText, joined};
use crate::owner::FROM_BUNDLE;
use crate::verify::{Status, Verdict};
use crate::x509::hex;

/// What is said of a CA that nothing proved.
const TAKEN: &str = "the CA in the bundle was taken although nothing proved that it is the owner’s";

/// A decision to go on all the same, or to leave something out.
struct Decision {
    /// The document that records it; `None` where it was made for this very report.
    by: Option<&'static str>,
    kind: Kind,
    what: String,
    /// `None` where none was asked for.
    reason: Option<OutsideText>,
}

/// What a decision went without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The proof that the key is an HSM's.
    Unverified,
    /// The proof that the CA is the owner's.
    OwnerNotProven,
    /// Less than a proof.
    Minor,
}

impl Kind {
    /// What stands above it, in capitals.
    const fn label(self) -> Option<&'static str> {
        match self {
            Kind::Unverified => Some("UNVERIFIED"),
            Kind::OwnerNotProven => Some("OWNER NOT PROVEN"),
            Kind::Minor => None,
        }
    }
}

fn all(view: &View<'_>) -> Vec<Decision> {
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
            kind: Kind::Minor,
            what: format!("accepted for this report: {}", accepted.join(", ")),
            reason,
        });
    }
    if let Some(noted) = survey.verification.told() {
        let accepted: Vec<&OutsideText> = noted
            .checks
            .iter()
            .filter(|check| check.status == "accepted")
            .map(|check| &check.id)
            .collect();
        if !accepted.is_empty() {
            let reason = Some(noted.reason.clone().unwrap_or_default());
            all.push(Decision {
                by: Some(VERIFICATION),
                kind: Kind::Minor,
                what: format!("accepted: {}", joined(accepted, ", ")),
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
    if let Some(response) = survey.response.told() {
        all.extend(waiver(
            RESPONSE,
            Kind::Unverified,
            &response.unverified,
            "signed although the bundle did not verify",
        ));
    }
    if let Some(receipt) = survey.receipt.told() {
        all.extend(waiver(
            RECEIPT,
            Kind::Unverified,
            &receipt.unverified,
            "submitted although the bundle did not verify",
        ));
        all.extend(waiver(
            RECEIPT,
            Kind::OwnerNotProven,
            &receipt.ca_from_bundle,
            TAKEN,
        ));
    }
    for step in survey
        .transcript
        .told()
        .map(|trail| trail.holds.entries())
        .unwrap_or_default()
    {
        if step
            .owner
            .as_ref()
            .is_some_and(|owner| *owner == FROM_BUNDLE)
        {
            let what = format!("step {}, {}: {TAKEN}", called(step), step.time);
            all.push(Decision {
                by: Some(TRANSCRIPT),
                kind: Kind::OwnerNotProven,
                what,
                reason: Some(step.reason.clone().unwrap_or_default()),
            });
        }
        if step.unverified || !step.accepted.is_empty() {
            let accepted = if step.accepted.is_empty() {
                String::new()
            } else {
                format!("accepted: {}", joined(&step.accepted, ", "))
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
            let what = format!("step {}, {}: {what}", called(step), step.time);
            let kind = if step.unverified {
                Kind::Unverified
            } else {
                Kind::Minor
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
                called(step),
                step.time
            );
            all.push(Decision {
                by: Some(TRANSCRIPT),
                kind: Kind::Minor,
                what,
                reason: None,
            });
        }
    }
    all
}

/// Whether anything was signed or submitted without proof, as far as the bundle records, and the
/// first reason for it.
pub(super) fn unverified(view: &View<'_>) -> Option<OutsideText> {
    first(view, Kind::Unverified)
}

/// Whether the CA was taken from the bundle without proof of the owner, as far as the bundle
/// records, and the first reason for it.
pub(super) fn from_bundle(view: &View<'_>) -> Option<OutsideText> {
    first(view, Kind::OwnerNotProven)
}

fn first(view: &View<'_>, kind: Kind) -> Option<OutsideText> {
    all(view)
        .into_iter()
        .find(|decision| decision.kind == kind)
        .map(|decision| decision.reason.unwrap_or_default())
}

pub(super) fn decisions(html: &mut Html, view: &View<'_>) {
    let all = all(view);
    if all.is_empty() {
        html.raw(
            "<p>None: no failure was accepted, nothing was done unverified, and no \
                  fingerprint was left uncompared, as far as the bundle records.</p>",
        );
        return;
    }
    html.raw(
        "<p>Where somebody went on although a check failed, or without the other side’s \
              fingerprint. What the bundle’s documents record is no proof; what was accepted for \
              this report was judged for it.</p>",
    );
    html.of("ul", "decisions", |html| {
        for decision in &all {
            html.el(
                "li",
                &[(
                    "class",
                    if decision.kind.label().is_some() {
                        "alarm"
                    } else {
                        ""
                    },
                )],
                |html| {
                    icon(html, "accepted");
                    html.el("div", &[], |html| {
                        html.el("p", &[], |html| {
                            if let Some(label) = decision.kind.label() {
                                html.say("strong", label);
                                html.raw(": ");
                            }
                            html.quote(&decision.what);
                            if let Some(by) = decision.by {
                                html.raw(" (recorded by ");
                                html.code(by);
                                html.raw(")");
                            }
                        });
                        if let Some(reason) = &decision.reason {
                            html.el("p", &[], |html| {
                                html.raw("Reason: ");
                                html.quote(if reason.is_empty() {
                                    "none was recorded"
                                } else {
                                    reason.raw()
                                });
                            });
                        }
                    });
                },
            );
        }
    });
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let receipt = match &view.facts.survey.receipt {
        Told::Absent => {
            match about_to_send(view) {
                Some(step) => html.say(
                    "p",
                    format!(
                        "There is no receipt. Step {step} of the \
                                                     transcript was about to send \
                                                     InitializeCluster: whether it was sent, and \
                                                     what came of it, only the cluster can tell."
                    ),
                ),
                None => html.raw(
                    "<p>There is no receipt: the bundle does not say that it was \
                                  submitted.</p>",
                ),
            }
            None
        }
        Told::Damaged(why) => {
            html.of("p", "alarm", |html| {
                icon(html, "fail");
                html.text("The receipt cannot be read: ");
                html.quote(why);
            });
            None
        }
        Told::Tells(receipt) => Some(receipt),
    };
    if let Some(receipt) = receipt {
        told_by(html, RECEIPT);
        came_back(html, view, receipt);
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
    html.say("h3", title);
    html.of("dl", "facts", |html| {
        html.fact("ClusterId", |html| {
            html.code(view.facts.survey.cluster_id.as_str())
        })
    });
    let signed_cert = Part::SignedCert.file_name(&view.facts.survey.cluster_id);
    let pem = view
        .signed_cert
        .as_ref()
        .map(|found| (found.to_pem(), vec![hex(&found.fingerprint())]));
    text(
        html,
        view,
        ("SignedCert", &signed_cert),
        pem,
        receipt.map(|receipt| vec![receipt.signed_cert_sha256.raw()]),
    );
    let pem = view.trust_anchor.as_ref().map(|found| {
        (
            found.to_pem(),
            found
                .fingerprints()
                .iter()
                .map(|digest| hex(digest))
                .collect(),
        )
    });
    let recorded = receipt.map(|receipt| {
        std::iter::once(&receipt.trust_anchor_sha256)
            .chain(&receipt.chain_sha256)
            .map(OutsideText::raw)
            .collect()
    });
    text(
        html,
        view,
        ("TrustAnchor", view.facts.survey.trust_anchor_file()),
        pem,
        recorded,
    );
}

/// The very text that is sent: the program's own PEM of what is in the bundle, with the SHA-256 of
/// its certificates beside it; and those that are recorded.
fn text(
    html: &mut Html,
    view: &View<'_>,
    (name, file): (&str, &str),
    found: Option<(String, Vec<String>)>,
    recorded: Option<Vec<&str>>,
) {
    html.say("h4", name);
    let Some((pem, digests)) = found else {
        nothing(html, view, file);
        return;
    };
    if let Some(recorded) = recorded {
        let same = digests.iter().map(String::as_str).eq(recorded);
        html.el(
            "p",
            &[("class", if same { "standing" } else { "alarm" })],
            |html| {
                icon(html, if same { "pass" } else { "fail" });
                html.text(if same {
                "The bundle’s certificate is the one that the receipt names."
            } else {
                "The bundle’s certificate is not the one that the receipt names: what was sent is \
                 not below."
            });
            },
        );
    }
    html.el("pre", &[("class", "pem")], |html| {
        for line in pem.lines() {
            html.text(line);
            html.raw("\n");
        }
    });
}

fn came_back(html: &mut Html, view: &View<'_>, receipt: &Receipt) {
    html.of("dl", "facts", |html| {
        html.fact("Outcome", |html| html.quote(&receipt.outcome));
        html.fact("Region", |html| html.quote(&receipt.region));
        html.fact("Sent at", |html| match receipt.submitted_at {
            Some(at) => html.text(at.to_string()),
            None => html.text("not sent in that run: the cluster was claimed already"),
        });
        html.fact("Answer", |html| answer(html, receipt));
        html.fact("Confirmed at", |html| {
            html.text(receipt.confirmed_at.to_string())
        });
        html.fact("State then", |html| html.quote(&receipt.state));
        html.fact("The cluster’s certificate", |html| {
            html.text(
                if receipt.cluster_certificate_sha256 == receipt.signed_cert_sha256 {
                    "the very certificate that was signed, SHA-256 "
                } else {
                    "another certificate than the one that was signed, SHA-256 "
                },
            );
            html.digest(&receipt.cluster_certificate_sha256);
        });
        if let Some(claim) = claim_in(view, receipt) {
            html.fact("Judged for this report", |html| {
                html.quote(says(&claim.ownership))
            });
        }
        if let Some(owner) = &receipt.owner {
            html.fact("Owner", |html| html.quote(owner));
        }
        html.fact("Signed certificate, SHA-256", |html| {
            html.digest(&receipt.signed_cert_sha256)
        });
        html.fact("Trust anchor, SHA-256", |html| {
            html.digest(&receipt.trust_anchor_sha256)
        });
        for above in &receipt.chain_sha256 {
            html.fact("above it in its chain, SHA-256", |html| html.digest(above));
        }
        if let Some(digest) = &receipt.csr_sha256 {
            html.fact("CSR, SHA-256", |html| html.digest(digest));
        }
        html.fact("Verdict then", |html| {
            html.quote(
                receipt
                    .verdict
                    .clone()
                    .unwrap_or_else(|| "nothing was judged in that run".into()),
            )
        });
        html.fact("Program", |html| html.quote(&receipt.tool));
    });
}

/// What InitializeCluster answered: two texts as hsmboot writes them, anything else as it stands.
fn answer(html: &mut Html, receipt: &Receipt) {
    match &receipt.answer {
        None => html.text("none arrived; what DescribeClusters showed afterwards decided"),
        Some(answer) => {
            let part = |name: &str| answer.get(name).and_then(serde_json::Value::as_str);
            match (part("state"), part("state_message")) {
                (None, None) => html.code(answer.to_string()),
                (state, message) => html.quote(
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
