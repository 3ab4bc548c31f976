//! The chain as data: its parts, the ties between them, and the effect of each check on both. The
//! picture and the list below it show the same data.

use super::icons::Icon;
use super::rank::Rank;
use super::view::{PageView, algorithm_text, day_text, first_digits, short_name};
use crate::bundle::{AnnouncedCall, Part, Receipt, ReceiptOutcome, SurveyedDocument};
use crate::check::{self, Rule};
use crate::checks::{CheckName, Finding, Input, PicturePlace, Side, Status};
use crate::verify::Source;
use crate::x509::name::same_name;
use crate::x509::{Certificate, PublicKey, TrustAnchor, to_hex};

/// A place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Anchor(Side),
    Hardware(Side),
    Hsm,
    Csr,
    /// A certificate of the trust anchor.
    Ca(Rank),
    SignedCert,
    Cluster,
}

/// A tie between two places, or of one place to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// The two anchors are different keys.
    Roots,
    /// The anchor's key signed the hardware certificate.
    Certified(Side),
    /// Both hardware certificates carry one key.
    SameHardwareKey,
    /// The hardware key signed the HSM certificate.
    Vouched(Side),
    /// The CSR carries the HSM certificate's key.
    SameKey,
    /// The CSR is signed by the key it carries.
    Possession,
    /// The trust anchor, or its root, is signed by its own key.
    SelfSigned(Rank),
    /// A certificate's key signed the one below it in the trust anchor's chain.
    ChainLink(Rank, Rank),
    /// The signed certificate carries the CSR's key.
    RequestedKey,
    /// The trust anchor's key signed the signed certificate.
    Issued(Rank),
    /// The pair was sent to the cluster.
    Sent,
}

impl Tie {
    /// Returns all ties, in the order in which the page shows them.
    pub(super) fn all_ties(view: &PageView<'_>) -> Vec<Tie> {
        let ranks = view.ranks();
        let links = ranks
            .iter()
            .skip(1)
            .zip(&ranks)
            .map(|(above, below)| Tie::ChainLink(*above, *below))
            .rev();
        let sides = [
            Tie::Roots,
            Tie::Certified(Side::Aws),
            Tie::Certified(Side::Manufacturer),
            Tie::SameHardwareKey,
        ];
        let hsm = [
            Tie::Vouched(Side::Aws),
            Tie::Vouched(Side::Manufacturer),
            Tie::SameKey,
            Tie::Possession,
        ];
        let mut all = [sides, hsm].concat();
        all.extend(ranks.last().map(|root| Tie::SelfSigned(*root)));
        all.extend(links);
        all.extend([
            Tie::RequestedKey,
            Tie::Issued(ranks.first().copied().unwrap_or(Rank::Alone)),
            Tie::Sent,
        ]);
        all
    }

    /// What a tie is known by.
    pub(super) fn name(self) -> String {
        match self {
            Tie::Roots => "roots".to_owned(),
            Tie::Certified(of) => format!("certified-{}", of.as_str()),
            Tie::SameHardwareKey => "hardware".to_owned(),
            Tie::Vouched(of) => format!("vouched-{}", of.as_str()),
            Tie::SameKey => "key".to_owned(),
            Tie::Possession => "possession".to_owned(),
            Tie::SelfSigned(_) => "own".to_owned(),
            Tie::ChainLink(_, below) => format!("above-{}", below.place() + 1),
            Tie::RequestedKey => "asked".to_owned(),
            Tie::Issued(_) => "issued".to_owned(),
            Tie::Sent => "sent".to_owned(),
        }
    }

    /// Returns the places where the tie begins and ends.
    pub(super) const fn end_spots(self) -> (Spot, Spot) {
        match self {
            Tie::Roots => (Spot::Anchor(Side::Aws), Spot::Anchor(Side::Manufacturer)),
            Tie::Certified(side) => (Spot::Anchor(side), Spot::Hardware(side)),
            Tie::SameHardwareKey => (
                Spot::Hardware(Side::Aws),
                Spot::Hardware(Side::Manufacturer),
            ),
            Tie::Vouched(side) => (Spot::Hardware(side), Spot::Hsm),
            Tie::SameKey => (Spot::Hsm, Spot::Csr),
            Tie::Possession => (Spot::Csr, Spot::Csr),
            Tie::SelfSigned(root) => (Spot::Ca(root), Spot::Ca(root)),
            Tie::ChainLink(above, below) => (Spot::Ca(above), Spot::Ca(below)),
            Tie::RequestedKey => (Spot::Csr, Spot::SignedCert),
            Tie::Issued(by) => (Spot::Ca(by), Spot::SignedCert),
            Tie::Sent => (Spot::SignedCert, Spot::Cluster),
        }
    }

    /// Tells whether the tie says that a key signed something, which is drawn as an arrow.
    /// Otherwise two things carry the same key, or different ones.
    pub(super) const fn is_signature(self) -> bool {
        !matches!(
            self,
            Tie::Roots | Tie::SameHardwareKey | Tie::SameKey | Tie::RequestedKey
        )
    }

    /// Returns the phrases for a tie that holds and for one that is broken. The third is for a tie
    /// of which the signature holds, but not the names.
    const fn statements(self) -> [&'static str; 3] {
        match self {
            Tie::Roots => ["different keys", "one and the same key", ""],
            Tie::ChainLink(..) => ["signed", "did not sign", "is not its issuer"],
            Tie::Certified(_) | Tie::Vouched(_) | Tie::Issued(_) => [
                "signed",
                "did not sign",
                "signed, but the issuer’s name is another",
            ],
            Tie::SameHardwareKey => ["one key", "two keys", ""],
            Tie::SameKey | Tie::RequestedKey => ["same key", "another key", ""],
            Tie::Possession => ["signed by itself", "not signed by itself", ""],
            Tie::SelfSigned(_) => [
                "signed by itself",
                "not signed by itself",
                "signed by itself, but issued by another name",
            ],
            Tie::Sent => ["sent by InitializeCluster", "something else was sent", ""],
        }
    }
}

impl Spot {
    /// Returns all places.
    pub(super) fn all_spots(view: &PageView<'_>) -> Vec<Spot> {
        let hardware = Side::ALL
            .into_iter()
            .flat_map(|side| [Spot::Anchor(side), Spot::Hardware(side)]);
        let owner = view.ranks().into_iter().rev().map(Spot::Ca);
        hardware
            .chain([Spot::Hsm, Spot::Csr])
            .chain(owner)
            .chain([Spot::SignedCert, Spot::Cluster])
            .collect()
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Spot::Anchor(Side::Aws) => "AWS anchor",
            Spot::Anchor(Side::Manufacturer) => "Manufacturer anchor",
            Spot::Hardware(Side::Aws) => "AWS hardware certificate",
            Spot::Hardware(Side::Manufacturer) => "Manufacturer hardware certificate",
            Spot::Hsm => "HSM certificate",
            Spot::Csr => "Cluster CSR",
            Spot::Ca(rank) => rank.title(),
            Spot::SignedCert => "Signed certificate",
            Spot::Cluster => "Cluster",
        }
    }

    const fn bundle_part(self) -> Option<Part> {
        match self {
            Spot::Hardware(Side::Aws) => Some(Part::AwsHardware),
            Spot::Hardware(Side::Manufacturer) => Some(Part::ManufacturerHardware),
            Spot::Hsm => Some(Part::Hsm),
            Spot::Csr => Some(Part::Csr),
            Spot::SignedCert => Some(Part::SignedCert),
            Spot::Anchor(_) | Spot::Ca(_) | Spot::Cluster => None,
        }
    }
}

/// Where a check shows: at a place, or at a tie; of the trust anchor, at each certificate, or at
/// each tie between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckLocation {
    At(Spot),
    On(Tie),
    AtEachCa,
    BetweenCas,
    OnOwn,
    OnIssued,
}

impl CheckLocation {
    /// Where the picture has the place that a check declares.
    const fn of_place(place: PicturePlace) -> Self {
        match place {
            PicturePlace::At(Input::Csr) => CheckLocation::At(Spot::Csr),
            PicturePlace::At(Input::Hsm) => CheckLocation::At(Spot::Hsm),
            PicturePlace::At(Input::AwsHardware) => CheckLocation::At(Spot::Hardware(Side::Aws)),
            PicturePlace::At(Input::ManufacturerHardware) => {
                CheckLocation::At(Spot::Hardware(Side::Manufacturer))
            }
            PicturePlace::Anchor(side) => CheckLocation::At(Spot::Anchor(side)),
            PicturePlace::SignedCert => CheckLocation::At(Spot::SignedCert),
            PicturePlace::EachCa => CheckLocation::AtEachCa,
            PicturePlace::AnchorsApart => CheckLocation::On(Tie::Roots),
            PicturePlace::Certified(side) => CheckLocation::On(Tie::Certified(side)),
            PicturePlace::OneHardwareKey => CheckLocation::On(Tie::SameHardwareKey),
            PicturePlace::Vouched(side) => CheckLocation::On(Tie::Vouched(side)),
            PicturePlace::CsrKey => CheckLocation::On(Tie::SameKey),
            PicturePlace::Possession => CheckLocation::On(Tie::Possession),
            PicturePlace::SignedKey => CheckLocation::On(Tie::RequestedKey),
            PicturePlace::Issued => CheckLocation::OnIssued,
            PicturePlace::SelfSigned => CheckLocation::OnOwn,
            PicturePlace::BetweenCas => CheckLocation::BetweenCas,
        }
    }
}

/// A finding of `verify` or of `check`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawnFinding<'a> {
    pub(super) id: &'a str,
    pub(super) status: Status,
    pub(super) detail: &'a str,
    is_of_signature: bool,
}

impl<'a> DrawnFinding<'a> {
    fn from_finding<I: CheckName>(found: &'a Finding<I>) -> Self {
        DrawnFinding {
            id: found.id.facts().id,
            status: found.status,
            detail: &found.detail,
            is_of_signature: found.id.is_of_signature(),
        }
    }
}

/// Returns the findings that show at a place or tie.
pub(super) fn findings_at<'a>(
    view: &'a PageView<'_>,
    place: CheckLocation,
) -> Vec<DrawnFinding<'a>> {
    let checks = view
        .verification
        .checks
        .iter()
        .filter(|found| CheckLocation::of_place(found.id.facts().place) == place);
    let rules = view
        .pair
        .iter()
        .flat_map(|pair| &pair.checks)
        .flat_map(|found| rule_finding_at(view, found, place));
    checks
        .map(DrawnFinding::from_finding)
        .chain(rules.map(DrawnFinding::from_finding))
        .collect()
}

/// Returns the finding of a rule that shows at this place. For a chain it is the finding about this
/// very certificate.
fn rule_finding_at<'a>(
    view: &'a PageView<'_>,
    found: &'a check::Finding,
    place: CheckLocation,
) -> Option<&'a check::Finding> {
    let apart = |at: usize| {
        view.of_each_ca
            .iter()
            .find(|(of, one)| *of == at && one.id == found.id)
            .map_or(found, |(_, one)| one)
    };
    match (CheckLocation::of_place(found.id.facts().place), place) {
        (CheckLocation::AtEachCa, CheckLocation::At(Spot::Ca(rank))) => {
            Some(if rank == Rank::Alone {
                found
            } else {
                apart(rank.place())
            })
        }
        (CheckLocation::BetweenCas, CheckLocation::On(Tie::ChainLink(above, _)))
            if found.id == Rule::ChainOrder =>
        {
            shows_order(view, found, above).then_some(found)
        }
        (CheckLocation::BetweenCas, CheckLocation::On(Tie::ChainLink(_, below))) => {
            Some(apart(below.place()))
        }
        // Of one certificate they say just that.
        (CheckLocation::BetweenCas, CheckLocation::On(Tie::SelfSigned(Rank::Alone))) => Some(found),
        (CheckLocation::OnOwn, CheckLocation::On(Tie::SelfSigned(_)))
        | (CheckLocation::OnIssued, CheckLocation::On(Tie::Issued(_))) => Some(found),
        (here, place) => (here == place).then_some(found),
    }
}

/// Tells whether the tie up to `above` shows the finding about the chain's order. A failure shows
/// at the first link that does not hold, or else at the root. Any other result shows everywhere.
fn shows_order(view: &PageView<'_>, found: &check::Finding, above: Rank) -> bool {
    let Some(anchor) = view.facts.trust_anchor.as_ref() else {
        return false;
    };
    let links = anchor.certificates().zip(anchor.certificates_above());
    let broken = links
        .clone()
        .position(|(below, above)| !same_name(below.issuer(), above.subject()));
    let shows = broken.unwrap_or_else(|| links.count().saturating_sub(1));
    found.status != Status::Fail || shows + 1 == above.place()
}

/// The state of a place or a tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DrawnState {
    /// Every check passes.
    Holds,
    /// A failure was accepted.
    Accepted,
    /// A check fails.
    Broken,
    /// It could not be judged.
    Unjudged,
    /// A document of the bundle records it; nothing was judged.
    Recorded,
    /// It is not there.
    Absent,
}

impl DrawnState {
    fn from_findings(findings: &[DrawnFinding<'_>]) -> Self {
        let any = |status| findings.iter().any(|found| found.status == status);
        match () {
            () if any(Status::Fail) => DrawnState::Broken,
            () if any(Status::Accepted) => DrawnState::Accepted,
            () if any(Status::Skipped) => DrawnState::Unjudged,
            () => DrawnState::Holds,
        }
    }

    /// Returns the icon and the word for the state.
    pub(super) const fn icon_and_word(self) -> (Icon, &'static str) {
        match self {
            DrawnState::Holds => (Icon::Pass, "holds"),
            DrawnState::Accepted => (Icon::Accepted, "accepted"),
            DrawnState::Broken => (Icon::Fail, "broken"),
            DrawnState::Unjudged => (Icon::Skipped, "not judged"),
            DrawnState::Recorded => (Icon::Told, "recorded"),
            DrawnState::Absent => (Icon::Absent, "not there"),
        }
    }
}

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
