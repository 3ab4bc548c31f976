//! The chain as data: its parts, the ties between them, and the effect of each check on both. The
//! picture and the list below it show the same data.

use super::finding::{CheckLocation, DrawnFinding, DrawnState, findings_at};
use super::tie::{Spot, Tie};
use super::view::{PageView, algorithm_text, day_text, first_digits, short_name};
use crate::bundle::{AnnouncedCall, Receipt, ReceiptOutcome, SurveyedDocument};
use crate::checks::Status;
use crate::verify::Source;
use crate::x509::{Certificate, PublicKey, TrustAnchor, to_hex};

/// A tie with its state and findings.
pub(super) struct DrawnRelation<'a> {
    pub(super) tie: Tie,
    pub(super) state: DrawnState,
    /// The text of a word or two that names the state.
    pub(super) says: &'static str,
    /// By which algorithm, for a signature that was judged.
    pub(super) algorithm: Option<String>,
    pub(super) findings: Vec<DrawnFinding<'a>>,
    /// A further remark that no check makes.
    pub(super) note: Option<String>,
}

/// A place with its state and findings.
pub(super) struct DrawnNode<'a> {
    pub(super) spot: Spot,
    pub(super) state: DrawnState,
    pub(super) lines: Vec<String>,
    /// The key's letter and its description.
    pub(super) key: Option<(String, String)>,
    pub(super) findings: Vec<DrawnFinding<'a>>,
}

pub(super) fn find_relation<'a>(view: &'a PageView<'_>, tie: Tie) -> DrawnRelation<'a> {
    if tie == Tie::Sent {
        return sent_relation(view);
    }
    let findings = findings_at(view, CheckLocation::On(tie));
    let state = if findings.is_empty() {
        DrawnState::Absent
    } else {
        DrawnState::from_findings(&findings)
    };
    let [holds, broken, renamed] = tie.statements();
    // Of a signature and the names beside it, either may fail alone.
    let signature = |status| {
        findings
            .iter()
            .any(|found| found.status == status && found.is_of_signature)
    };
    let says = match state {
        DrawnState::Holds | DrawnState::Accepted | DrawnState::Recorded => holds,
        DrawnState::Broken if renamed.is_empty() || signature(Status::Fail) => broken,
        DrawnState::Broken if signature(Status::Pass) => renamed,
        DrawnState::Broken if matches!(tie, Tie::ChainLink(..)) => renamed,
        DrawnState::Broken => "not judged, and the issuer’s name is another",
        DrawnState::Unjudged => "not judged",
        DrawnState::Absent => "not signed yet",
    };
    let algorithm = match state {
        DrawnState::Holds => signed_with(view, tie),
        _ => None,
    };
    DrawnRelation {
        tie,
        state,
        says,
        algorithm,
        findings,
        note: None,
    }
}

fn signed_with(view: &PageView<'_>, tie: Tie) -> Option<String> {
    let signed = match tie {
        Tie::Certified(side) => view.hardware_of(side)?,
        Tie::Vouched(_) => view.hsm.as_ref()?,
        Tie::SelfSigned(_) => view.facts.trust_anchor.as_ref()?.last_certificate(),
        Tie::ChainLink(_, below) => view.ca_at(below)?,
        Tie::Issued(_) => view.signed_cert.as_ref()?,
        Tie::Possession => {
            return view
                .csr
                .as_ref()
                .map(|csr| algorithm_text(csr.signature_algorithm()));
        }
        Tie::Roots | Tie::SameHardwareKey | Tie::SameKey | Tie::RequestedKey | Tie::Sent => {
            return None;
        }
    };
    Some(algorithm_text(signed.outer_algorithm()))
}

/// Builds the one tie that no certificate shows. It compares the receipt with the bundle's pair.
fn sent_relation<'a>(view: &'a PageView<'_>) -> DrawnRelation<'a> {
    let (state, says, note) = match &view.facts.survey.receipt {
        SurveyedDocument::Absent => match last_announced_send(view) {
            Some(step) => (
                DrawnState::Unjudged,
                "perhaps sent",
                Some(format!(
                    "step {step} of the transcript was about to send it, and there is no receipt \
                     of what came of that"
                )),
            ),
            None => (
                DrawnState::Absent,
                "not sent",
                Some("no receipt: the bundle does not say that it was submitted".to_owned()),
            ),
        },
        SurveyedDocument::Damaged(why) => (
            DrawnState::Unjudged,
            "not known",
            Some(format!("the receipt cannot be read: {why}")),
        ),
        SurveyedDocument::Read(receipt) => match describe_mismatch(view, receipt) {
            Some(what) => (DrawnState::Broken, Tie::Sent.statements()[1], Some(what)),
            None if receipt.submitted_at.is_none() => (
                DrawnState::Recorded,
                "claimed before",
                Some(receipt_note(receipt)),
            ),
            None => (
                DrawnState::Recorded,
                Tie::Sent.statements()[0],
                Some(receipt_note(receipt)),
            ),
        },
    };
    DrawnRelation {
        tie: Tie::Sent,
        state,
        says,
        algorithm: None,
        findings: Vec::new(),
        note,
    }
}

/// Returns the last step that recorded its intention to send InitializeCluster.
pub(super) fn last_announced_send(view: &PageView<'_>) -> Option<u64> {
    let steps = view
        .facts
        .survey
        .transcript
        .content()
        .map(|trail| trail.holds.entries())
        .unwrap_or_default();
    steps
        .iter()
        .rev()
        .find(|step| {
            step.sends
                .as_ref()
                .is_some_and(|call| call.is_word_for(AnnouncedCall::InitializeCluster))
        })
        .map(|step| step.step)
}

fn receipt_note(receipt: &Receipt) -> String {
    let sent = receipt
        .submitted_at
        .map(|at| format!("sent at {at}, "))
        .unwrap_or_default();
    format!(
        "recorded by receipt.json: {sent}confirmed at {}, state {}",
        receipt.confirmed_at, receipt.state
    )
}

/// Describes a mismatch: the receipt names other certificates than the bundle holds, or the cluster
/// showed another than was sent.
pub(super) fn describe_mismatch(view: &PageView<'_>, receipt: &Receipt) -> Option<String> {
    let differs = |certificate: &Option<Certificate>, told: &str| {
        certificate
            .as_ref()
            .is_some_and(|found| to_hex(&found.fingerprint()) != told)
    };
    if differs(&view.signed_cert, receipt.signed_cert_sha256.as_raw()) {
        return Some(
            "the receipt names another signed certificate than the bundle holds".to_owned(),
        );
    }
    let print = |certificate: &Certificate| to_hex(&certificate.fingerprint());
    let chain_differs = |found: &TrustAnchor| {
        print(found.signing_ca()) != receipt.trust_anchor_sha256.as_raw()
            || !found.certificates_above().iter().map(print).eq(receipt
                .chain_sha256
                .iter()
                .map(|above| above.as_raw().to_owned()))
    };
    if view.facts.trust_anchor.as_ref().is_some_and(chain_differs) {
        return Some("the receipt names another trust anchor than the bundle holds".to_owned());
    }
    // A cluster that this CA had claimed before may show a certificate from then.
    let shown_another = receipt.cluster_certificate_sha256 != receipt.signed_cert_sha256
        && !receipt.outcome.is_word_for(ReceiptOutcome::AlreadyClaimed);
    shown_another.then(|| {
        "by the receipt, the cluster showed another certificate than the one that was sent"
            .to_owned()
    })
}

pub(super) fn build_node<'a>(view: &'a PageView<'_>, spot: Spot) -> DrawnNode<'a> {
    let findings = findings_at(view, CheckLocation::At(spot));
    let (lines, key) = node_contents(view, spot);
    let without = |state, text: &str| (state, vec![text.to_owned()], None);
    let judged = DrawnState::from_findings(&findings);
    let (state, lines, key) = match spot {
        Spot::Cluster => (cluster_state(view), lines, None),
        Spot::Anchor(_) if key.is_none() => {
            without(DrawnState::Absent, "no anchor of this side was given")
        }
        Spot::Ca(_) if view.facts.survey.trust_anchor().is_none() => match view.pair {
            Some(_) => without(judged, "missing"),
            None => without(DrawnState::Absent, "nothing is signed yet"),
        },
        // No check knows whose CA it should be.
        Spot::Ca(rank) if rank.place() == 0 && view.another_ca().is_some() => (
            DrawnState::Broken,
            lines
                .into_iter()
                .chain(["not your CA".to_owned()])
                .collect(),
            key,
        ),
        Spot::Ca(_) if view.pair.is_none() => (DrawnState::Unjudged, lines, key),
        Spot::SignedCert if view.pair.is_none() => {
            without(DrawnState::Absent, "nothing is signed yet")
        }
        _ if spot.bundle_part().is_some_and(|part| !view.has_part(part)) => {
            without(judged, "missing")
        }
        _ => (judged, lines, key),
    };
    DrawnNode {
        spot,
        state,
        lines,
        key,
        findings,
    }
}

const fn cluster_state(view: &PageView<'_>) -> DrawnState {
    match view.facts.survey.receipt {
        SurveyedDocument::Read(_) => DrawnState::Recorded,
        SurveyedDocument::Absent | SurveyedDocument::Damaged(_) => DrawnState::Absent,
    }
}

fn node_contents(view: &PageView<'_>, spot: Spot) -> (Vec<String>, Option<(String, String)>) {
    let key = |key: &PublicKey, digest: &[u8]| {
        Some((
            view.key_letter(key),
            format!("{}, SHA-256 {}", key.describe(), first_digits(digest)),
        ))
    };
    let certificate = |found: Option<&Certificate>| {
        found.map_or_else(
            || (vec!["cannot be read".to_owned()], None),
            |found| {
                let dates = format!(
                    "{} to {}",
                    day_text(found.not_before()),
                    day_text(found.not_after())
                );
                (
                    vec![short_name(found.subject()), dates],
                    key(found.public_key(), found.spki_sha256()),
                )
            },
        )
    };
    match spot {
        Spot::Anchor(side) => view.anchor_of(side).map_or((Vec::new(), None), |anchor| {
            let source = match anchor.source() {
                Source::BuiltIn => "built in".to_owned(),
                Source::Given(file) => {
                    format!("given in {}", file.rsplit('/').next().unwrap_or(file))
                }
            };
            (
                vec![short_name(anchor.subject()), source],
                key(anchor.public_key(), anchor.spki_sha256()),
            )
        }),
        Spot::Hardware(side) => certificate(view.hardware_of(side)),
        Spot::Hsm => certificate(view.hsm.as_ref()),
        Spot::SignedCert => certificate(view.signed_cert.as_ref()),
        Spot::Ca(rank) => certificate(view.ca_at(rank)),
        Spot::Csr => view.csr.as_ref().map_or_else(
            || (vec!["cannot be read".to_owned()], None),
            |csr| {
                (
                    vec![short_name(csr.subject())],
                    key(csr.public_key(), csr.spki_sha256()),
                )
            },
        ),
        Spot::Cluster => {
            let survey = &view.facts.survey;
            let region = survey
                .receipt
                .content()
                .map(|receipt| receipt.region.clone())
                .or_else(|| {
                    survey
                        .request
                        .content()
                        .map(|request| request.region.clone())
                });
            let mut lines = vec![survey.cluster_id.to_string()];
            lines.extend(
                region
                    .filter(|region| !region.is_empty())
                    .map(|region| format!("region {region}")),
            );
            (lines, None)
        }
    }
}
