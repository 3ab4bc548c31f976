//! The chain as data: what is in it, what ties it together, and how each check bears on that. The
//! picture draws it, the list tells it.

use super::rank::Rank;
use super::view::{View, algorithm, day, first_digits, short_name};
use crate::bundle::{Part, Receipt, Told};
use crate::check::{self, Rule};
use crate::checks::{CheckName, Input, Place, Side, Status};
use crate::outside::OutsideText;
use crate::verify::Source;
use crate::x509::name::same_name;
use crate::x509::{Certificate, PublicKey, TrustAnchor, hex};

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

/// What ties two of them, or one to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// The two anchors are different keys.
    Roots,
    /// The anchor's key signed the hardware certificate.
    Certified(Side),
    /// Both hardware certificates carry one key.
    OneKey,
    /// The hardware key signed the HSM certificate.
    Vouched(Side),
    /// The CSR carries the HSM certificate's key.
    SameKey,
    /// The CSR is signed by the key it carries.
    Possession,
    /// The trust anchor, or its root, is signed by its own key.
    Own(Rank),
    /// A certificate's key signed the one below it in the trust anchor's chain.
    Above(Rank, Rank),
    /// The signed certificate carries the CSR's key.
    Asked,
    /// The trust anchor's key signed the signed certificate.
    Issued(Rank),
    /// The pair was sent to the cluster.
    Sent,
}

impl Tie {
    /// All of them, in the order in which they are told.
    pub(super) fn all(view: &View<'_>) -> Vec<Tie> {
        let ranks = view.ranks();
        let links = ranks
            .iter()
            .skip(1)
            .zip(&ranks)
            .map(|(above, below)| Tie::Above(*above, *below))
            .rev();
        let sides = [
            Tie::Roots,
            Tie::Certified(Side::Aws),
            Tie::Certified(Side::Manufacturer),
            Tie::OneKey,
        ];
        let hsm = [
            Tie::Vouched(Side::Aws),
            Tie::Vouched(Side::Manufacturer),
            Tie::SameKey,
            Tie::Possession,
        ];
        let mut all = [sides, hsm].concat();
        all.extend(ranks.last().map(|root| Tie::Own(*root)));
        all.extend(links);
        all.extend([
            Tie::Asked,
            Tie::Issued(ranks.first().copied().unwrap_or(Rank::Alone)),
            Tie::Sent,
        ]);
        all
    }

    /// What a tie is known by.
    pub(super) fn name(self) -> String {
        let side = |side| {
            if side == Side::Aws {
                "aws"
            } else {
                "manufacturer"
            }
        };
        match self {
            Tie::Roots => "roots".to_owned(),
            Tie::Certified(of) => format!("certified-{}", side(of)),
            Tie::OneKey => "hardware".to_owned(),
            Tie::Vouched(of) => format!("vouched-{}", side(of)),
            Tie::SameKey => "key".to_owned(),
            Tie::Possession => "possession".to_owned(),
            Tie::Own(_) => "own".to_owned(),
            Tie::Above(_, below) => format!("above-{}", below.place() + 1),
            Tie::Asked => "asked".to_owned(),
            Tie::Issued(_) => "issued".to_owned(),
            Tie::Sent => "sent".to_owned(),
        }
    }

    /// From which place to which.
    pub(super) const fn ends(self) -> (Spot, Spot) {
        match self {
            Tie::Roots => (Spot::Anchor(Side::Aws), Spot::Anchor(Side::Manufacturer)),
            Tie::Certified(side) => (Spot::Anchor(side), Spot::Hardware(side)),
            Tie::OneKey => (
                Spot::Hardware(Side::Aws),
                Spot::Hardware(Side::Manufacturer),
            ),
            Tie::Vouched(side) => (Spot::Hardware(side), Spot::Hsm),
            Tie::SameKey => (Spot::Hsm, Spot::Csr),
            Tie::Possession => (Spot::Csr, Spot::Csr),
            Tie::Own(root) => (Spot::Ca(root), Spot::Ca(root)),
            Tie::Above(above, below) => (Spot::Ca(above), Spot::Ca(below)),
            Tie::Asked => (Spot::Csr, Spot::SignedCert),
            Tie::Issued(by) => (Spot::Ca(by), Spot::SignedCert),
            Tie::Sent => (Spot::SignedCert, Spot::Cluster),
        }
    }

    /// Whether it says that a key signed something: an arrow. Otherwise two things carry the same
    /// key, or different ones.
    pub(super) const fn is_signature(self) -> bool {
        !matches!(self, Tie::Roots | Tie::OneKey | Tie::SameKey | Tie::Asked)
    }

    /// What it says when it holds, and when it is broken; the second where the signature itself
    /// holds, too.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Tie::Roots => ["different keys", "one and the same key", ""],
            Tie::Above(..) => ["signed", "did not sign", "is not its issuer"],
            Tie::Certified(_) | Tie::Vouched(_) | Tie::Issued(_) => [
                "signed",
                "did not sign",
                "signed, but the issuer’s name is another",
            ],
            Tie::OneKey => ["one key", "two keys", ""],
            Tie::SameKey | Tie::Asked => ["same key", "another key", ""],
            Tie::Possession => ["signed by itself", "not signed by itself", ""],
            Tie::Own(_) => [
                "signed by itself",
                "not signed by itself",
                "signed by itself, but issued by another name",
            ],
            Tie::Sent => ["sent by InitializeCluster", "something else was sent", ""],
        }
    }
}

impl Spot {
    /// All of them.
    pub(super) fn all(view: &View<'_>) -> Vec<Spot> {
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

    const fn part(self) -> Option<Part> {
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
pub(super) enum Where {
    At(Spot),
    On(Tie),
    AtEachCa,
    BetweenCas,
    OnOwn,
    OnIssued,
}

impl Where {
    /// Where the picture has the place that a check declares.
    const fn of_place(place: Place) -> Self {
        match place {
            Place::At(Input::Csr) => Where::At(Spot::Csr),
            Place::At(Input::Hsm) => Where::At(Spot::Hsm),
            Place::At(Input::AwsHardware) => Where::At(Spot::Hardware(Side::Aws)),
            Place::At(Input::ManufacturerHardware) => Where::At(Spot::Hardware(Side::Manufacturer)),
            Place::Anchor(side) => Where::At(Spot::Anchor(side)),
            Place::SignedCert => Where::At(Spot::SignedCert),
            Place::EachCa => Where::AtEachCa,
            Place::AnchorsApart => Where::On(Tie::Roots),
            Place::Certified(side) => Where::On(Tie::Certified(side)),
            Place::OneHardwareKey => Where::On(Tie::OneKey),
            Place::Vouched(side) => Where::On(Tie::Vouched(side)),
            Place::CsrKey => Where::On(Tie::SameKey),
            Place::Possession => Where::On(Tie::Possession),
            Place::SignedKey => Where::On(Tie::Asked),
            Place::Issued => Where::OnIssued,
            Place::SelfSigned => Where::OnOwn,
            Place::BetweenCas => Where::BetweenCas,
        }
    }
}

/// A finding of `verify` or of `check`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding<'a> {
    pub(super) id: &'a str,
    pub(super) status: Status,
    pub(super) detail: &'a str,
}

/// Those that show at a place or tie.
pub(super) fn findings<'a>(view: &'a View<'_>, place: Where) -> Vec<Finding<'a>> {
    let checks = view
        .verification
        .checks
        .iter()
        .filter(|found| Where::of_place(found.id.facts().place) == place);
    let checks = checks.map(|found| Finding {
        id: found.id.as_str(),
        status: found.status,
        detail: &found.detail,
    });
    let rules = view
        .pair
        .iter()
        .flat_map(|pair| &pair.checks)
        .flat_map(|found| of_ca(view, found, place));
    checks
        .chain(rules.map(|found| Finding {
            id: found.id.as_str(),
            status: found.status,
            detail: &found.detail,
        }))
        .collect()
}

/// What a rule found at this place: of a chain, what it found of this very certificate.
fn of_ca<'a>(
    view: &'a View<'_>,
    found: &'a check::Finding,
    place: Where,
) -> Option<&'a check::Finding> {
    let apart = |at: usize| {
        view.of_each_ca
            .iter()
            .find(|(of, one)| *of == at && one.id == found.id)
            .map_or(found, |(_, one)| one)
    };
    match (Where::of_place(found.id.facts().place), place) {
        (Where::AtEachCa, Where::At(Spot::Ca(rank))) => Some(if rank == Rank::Alone {
            found
        } else {
            apart(rank.place())
        }),
        (Where::BetweenCas, Where::On(Tie::Above(above, _))) if found.id == Rule::ChainOrder => {
            order_shows(view, found, above).then_some(found)
        }
        (Where::BetweenCas, Where::On(Tie::Above(_, below))) => Some(apart(below.place())),
        // Of one certificate they say just that.
        (Where::BetweenCas, Where::On(Tie::Own(Rank::Alone))) => Some(found),
        (Where::OnOwn, Where::On(Tie::Own(_))) | (Where::OnIssued, Where::On(Tie::Issued(_))) => {
            Some(found)
        }
        (here, place) => (here == place).then_some(found),
    }
}

/// Whether the tie up to `above` shows what is found of the chain's order: what is wrong shows
/// where the first link does not hold, or else at the root; what is right everywhere.
fn order_shows(view: &View<'_>, found: &check::Finding, above: Rank) -> bool {
    let Some(anchor) = view.trust_anchor.as_ref() else {
        return false;
    };
    let links = anchor.certificates().zip(anchor.above());
    let broken = links
        .clone()
        .position(|(below, above)| !same_name(below.issuer(), above.subject()));
    let shows = broken.unwrap_or_else(|| links.count().saturating_sub(1));
    found.status != Status::Fail || shows + 1 == above.place()
}

/// How a place or a tie stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Every check passes.
    Holds,
    /// A failure was accepted.
    Accepted,
    /// A check fails.
    Broken,
    /// It could not be judged.
    Unjudged,
    /// A document of the bundle says so; nothing was judged.
    Told,
    /// It is not there.
    Absent,
}

impl State {
    fn of(findings: &[Finding<'_>]) -> Self {
        let any = |status| findings.iter().any(|found| found.status == status);
        match () {
            () if any(Status::Fail) => State::Broken,
            () if any(Status::Accepted) => State::Accepted,
            () if any(Status::Skipped) => State::Unjudged,
            () => State::Holds,
        }
    }

    /// The symbol that stands for it, and the word.
    pub(super) const fn symbol(self) -> (&'static str, &'static str) {
        match self {
            State::Holds => ("pass", "holds"),
            State::Accepted => ("accepted", "accepted"),
            State::Broken => ("fail", "broken"),
            State::Unjudged => ("skipped", "not judged"),
            State::Told => ("told", "recorded"),
            State::Absent => ("absent", "not there"),
        }
    }
}

/// A tie as it was found.
pub(super) struct Relation<'a> {
    pub(super) tie: Tie,
    pub(super) state: State,
    /// What is to be said of it in a word or two.
    pub(super) says: &'static str,
    /// By which algorithm, for a signature that was judged.
    pub(super) algorithm: Option<String>,
    pub(super) findings: Vec<Finding<'a>>,
    /// More, where no check says it.
    pub(super) note: Option<String>,
}

/// A place as it was found.
pub(super) struct Node<'a> {
    pub(super) spot: Spot,
    pub(super) state: State,
    pub(super) lines: Vec<String>,
    /// The key's letter, and what it is.
    pub(super) key: Option<(String, String)>,
    pub(super) findings: Vec<Finding<'a>>,
}

pub(super) fn relation<'a>(view: &'a View<'_>, tie: Tie) -> Relation<'a> {
    if tie == Tie::Sent {
        return sent(view);
    }
    let findings = findings(view, Where::On(tie));
    let state = if findings.is_empty() {
        State::Absent
    } else {
        State::of(&findings)
    };
    let [holds, broken, renamed] = tie.words();
    // Of a signature and the names beside it, either may fail alone.
    let signature = |status| {
        findings
            .iter()
            .any(|found| found.status == status && found.id.contains("sign"))
    };
    let says = match state {
        State::Holds | State::Accepted | State::Told => holds,
        State::Broken if renamed.is_empty() || signature(Status::Fail) => broken,
        State::Broken if signature(Status::Pass) => renamed,
        State::Broken if matches!(tie, Tie::Above(..)) => renamed,
        State::Broken => "not judged, and the issuer’s name is another",
        State::Unjudged => "not judged",
        State::Absent => "not signed yet",
    };
    let algorithm = match state {
        State::Holds => signed_with(view, tie),
        _ => None,
    };
    Relation {
        tie,
        state,
        says,
        algorithm,
        findings,
        note: None,
    }
}

fn signed_with(view: &View<'_>, tie: Tie) -> Option<String> {
    let signed = match tie {
        Tie::Certified(side) => view.hardware(side)?,
        Tie::Vouched(_) => view.hsm.as_ref()?,
        Tie::Own(_) => view.trust_anchor.as_ref()?.last(),
        Tie::Above(_, below) => view.ca(below)?,
        Tie::Issued(_) => view.signed_cert.as_ref()?,
        Tie::Possession => return view.csr.as_ref().map(|csr| algorithm(csr.algorithm())),
        Tie::Roots | Tie::OneKey | Tie::SameKey | Tie::Asked | Tie::Sent => return None,
    };
    Some(algorithm(signed.outer_algorithm()))
}

/// The one tie that no certificate shows: what the receipt says, held against the bundle's pair.
fn sent<'a>(view: &'a View<'_>) -> Relation<'a> {
    let (state, says, note) = match &view.facts.survey.receipt {
        Told::Absent => match about_to_send(view) {
            Some(step) => (
                State::Unjudged,
                "perhaps sent",
                Some(format!(
                    "step {step} of the transcript was about to send it, and there is no receipt \
                     of what came of that"
                )),
            ),
            None => (
                State::Absent,
                "not sent",
                Some("no receipt: the bundle does not say that it was submitted".to_owned()),
            ),
        },
        Told::Damaged(why) => (
            State::Unjudged,
            "not known",
            Some(format!("the receipt cannot be read: {why}")),
        ),
        Told::Tells(receipt) => match another(view, receipt) {
            Some(what) => (State::Broken, Tie::Sent.words()[1], Some(what)),
            None if receipt.submitted_at.is_none() => {
                (State::Told, "claimed before", Some(receipt_note(receipt)))
            }
            None => (
                State::Told,
                Tie::Sent.words()[0],
                Some(receipt_note(receipt)),
            ),
        },
    };
    Relation {
        tie: Tie::Sent,
        state,
        says,
        algorithm: None,
        findings: Vec::new(),
        note,
    }
}

/// The last step that wrote down that it would send InitializeCluster.
pub(super) fn about_to_send(view: &View<'_>) -> Option<u64> {
    let steps = view
        .facts
        .survey
        .transcript
        .told()
        .map(|trail| trail.holds.entries())
        .unwrap_or_default();
    steps
        .iter()
        .rev()
        .find(|step| step.sends.as_ref().map(OutsideText::raw) == Some("InitializeCluster"))
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

/// Where the receipt names other certificates than the bundle holds, or the cluster showed another
/// than was sent.
pub(super) fn another(view: &View<'_>, receipt: &Receipt) -> Option<String> {
    let differs = |certificate: &Option<Certificate>, told: &str| {
        certificate
            .as_ref()
            .is_some_and(|found| hex(&found.fingerprint()) != told)
    };
    if differs(&view.signed_cert, receipt.signed_cert_sha256.raw()) {
        return Some(
            "the receipt names another signed certificate than the bundle holds".to_owned(),
        );
    }
    let print = |certificate: &Certificate| hex(&certificate.fingerprint());
    let chain_differs = |found: &TrustAnchor| {
        print(found.first()) != receipt.trust_anchor_sha256.raw()
            || !found.above().iter().map(print).eq(receipt
                .chain_sha256
                .iter()
                .map(|above| above.raw().to_owned()))
    };
    if view.trust_anchor.as_ref().is_some_and(chain_differs) {
        return Some("the receipt names another trust anchor than the bundle holds".to_owned());
    }
    // A cluster that this CA had claimed before may show a certificate from then.
    let shown_another = receipt.cluster_certificate_sha256 != receipt.signed_cert_sha256
        && receipt.outcome != "already-claimed";
    shown_another.then(|| {
        "by the receipt, the cluster showed another certificate than the one that was sent"
            .to_owned()
    })
}

pub(super) fn node<'a>(view: &'a View<'_>, spot: Spot) -> Node<'a> {
    let findings = findings(view, Where::At(spot));
    let (lines, key) = contents(view, spot);
    let without = |state, text: &str| (state, vec![text.to_owned()], None);
    let judged = State::of(&findings);
    let (state, lines, key) = match spot {
        Spot::Cluster => (cluster_state(view), lines, None),
        Spot::Anchor(_) if key.is_none() => {
            without(State::Absent, "no anchor of this side was given")
        }
        Spot::Ca(_) if view.facts.survey.trust_anchor().is_none() => match view.pair {
            Some(_) => without(judged, "missing"),
            None => without(State::Absent, "nothing is signed yet"),
        },
        // No check knows whose CA it should be.
        Spot::Ca(rank) if rank.place() == 0 && view.another_ca().is_some() => (
            State::Broken,
            lines
                .into_iter()
                .chain(["not your CA".to_owned()])
                .collect(),
            key,
        ),
        Spot::Ca(_) if view.pair.is_none() => (State::Unjudged, lines, key),
        Spot::SignedCert if view.pair.is_none() => without(State::Absent, "nothing is signed yet"),
        _ if spot.part().is_some_and(|part| !view.holds(part)) => without(judged, "missing"),
        _ => (judged, lines, key),
    };
    Node {
        spot,
        state,
        lines,
        key,
        findings,
    }
}

const fn cluster_state(view: &View<'_>) -> State {
    match view.facts.survey.receipt {
        Told::Tells(_) => State::Told,
        Told::Absent | Told::Damaged(_) => State::Absent,
    }
}

fn contents(view: &View<'_>, spot: Spot) -> (Vec<String>, Option<(String, String)>) {
    let key = |key: &PublicKey, digest: &[u8]| {
        Some((
            view.letter(key),
            format!("{}, SHA-256 {}", key.describe(), first_digits(digest)),
        ))
    };
    let certificate = |found: Option<&Certificate>| {
        found.map_or_else(
            || (vec!["cannot be read".to_owned()], None),
            |found| {
                let dates = format!("{} to {}", day(found.not_before()), day(found.not_after()));
                (
                    vec![short_name(found.subject()), dates],
                    key(found.key(), found.spki_sha256()),
                )
            },
        )
    };
    match spot {
        Spot::Anchor(side) => view.anchor(side).map_or((Vec::new(), None), |anchor| {
            let source = match anchor.source() {
                Source::BuiltIn => "built in".to_owned(),
                Source::Given(file) => {
                    format!("given in {}", file.rsplit('/').next().unwrap_or(file))
                }
            };
            (
                vec![short_name(anchor.subject()), source],
                key(anchor.key(), anchor.spki_sha256()),
            )
        }),
        Spot::Hardware(side) => certificate(view.hardware(side)),
        Spot::Hsm => certificate(view.hsm.as_ref()),
        Spot::SignedCert => certificate(view.signed_cert.as_ref()),
        Spot::Ca(rank) => certificate(view.ca(rank)),
        Spot::Csr => view.csr.as_ref().map_or_else(
            || (vec!["cannot be read".to_owned()], None),
            |csr| {
                (
                    vec![short_name(csr.subject())],
                    key(csr.key(), csr.spki_sha256()),
                )
            },
        ),
        Spot::Cluster => {
            let survey = &view.facts.survey;
            let region = survey
                .receipt
                .told()
                .map(|receipt| receipt.region.clone())
                .or_else(|| survey.request.told().map(|request| request.region.clone()));
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
