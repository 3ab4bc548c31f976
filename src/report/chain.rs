//! The chain as data: what is in it, what ties it together, and how each check bears on that. The picture draws it, the list tells it.

use super::summary::another_ca;
use super::view::{View, algorithm, day, first_digits, short_name};
use crate::bundle::{Part, Receipt, Told};
use crate::check::Rule;
use crate::outside::OutsideText;
use crate::verify::{CheckId, Input, Side, Source, Status};
use crate::x509::{Certificate, PublicKey, TrustAnchor, hex};

/// A place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Anchor(Side),
    Hardware(Side),
    Hsm,
    Csr,
    TrustAnchor,
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
    /// The trust anchor is signed by its own key, or its chain leads to a root that is.
    Own,
    /// The signed certificate carries the CSR's key.
    Asked,
    /// The trust anchor's key signed the signed certificate.
    Issued,
    /// The pair was sent to the cluster.
    Sent,
}

impl Tie {
    /// All of them, in the order in which they are told.
    pub(super) const ALL: [Tie; 12] = [
        Tie::Roots,
        Tie::Certified(Side::Aws),
        Tie::Certified(Side::Manufacturer),
        Tie::OneKey,
        Tie::Vouched(Side::Aws),
        Tie::Vouched(Side::Manufacturer),
        Tie::SameKey,
        Tie::Possession,
        Tie::Own,
        Tie::Asked,
        Tie::Issued,
        Tie::Sent,
    ];

    /// From which place to which.
    pub(super) const fn ends(self) -> (Spot, Spot) {
        match self {
            Tie::Roots => (Spot::Anchor(Side::Aws), Spot::Anchor(Side::Manufacturer)),
            Tie::Certified(side) => (Spot::Anchor(side), Spot::Hardware(side)),
            Tie::OneKey => (Spot::Hardware(Side::Aws), Spot::Hardware(Side::Manufacturer)),
            Tie::Vouched(side) => (Spot::Hardware(side), Spot::Hsm),
            Tie::SameKey => (Spot::Hsm, Spot::Csr),
            Tie::Possession => (Spot::Csr, Spot::Csr),
            Tie::Own => (Spot::TrustAnchor, Spot::TrustAnchor),
            Tie::Asked => (Spot::Csr, Spot::SignedCert),
            Tie::Issued => (Spot::TrustAnchor, Spot::SignedCert),
            Tie::Sent => (Spot::SignedCert, Spot::Cluster),
        }
    }

    /// Whether it says that a key signed something: an arrow. Otherwise two things carry the same key, or different ones.
    pub(super) const fn is_signature(self) -> bool {
        !matches!(self, Tie::Roots | Tie::OneKey | Tie::SameKey | Tie::Asked)
    }

    /// What it says when it holds, and when it is broken; the second where the signature itself holds, too.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Tie::Roots => ["different keys", "one and the same key", ""],
            Tie::Certified(_) | Tie::Vouched(_) | Tie::Issued => ["signed", "did not sign", "signed, but the issuer’s name is another"],
            Tie::OneKey => ["one key", "two keys", ""],
            Tie::SameKey | Tie::Asked => ["same key", "another key", ""],
            Tie::Possession => ["signed by itself", "not signed by itself", ""],
            Tie::Own => ["signed by itself", "not signed by itself", "signed by itself, but issued by another name"],
            Tie::Sent => ["sent by InitializeCluster", "something else was sent", ""],
        }
    }
}

impl Spot {
    pub(super) const ALL: [Spot; 9] = [
        Spot::Anchor(Side::Aws),
        Spot::Anchor(Side::Manufacturer),
        Spot::Hardware(Side::Aws),
        Spot::Hardware(Side::Manufacturer),
        Spot::Hsm,
        Spot::Csr,
        Spot::TrustAnchor,
        Spot::SignedCert,
        Spot::Cluster,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Spot::Anchor(Side::Aws) => "AWS anchor",
            Spot::Anchor(Side::Manufacturer) => "Manufacturer anchor",
            Spot::Hardware(Side::Aws) => "AWS hardware certificate",
            Spot::Hardware(Side::Manufacturer) => "Manufacturer hardware certificate",
            Spot::Hsm => "HSM certificate",
            Spot::Csr => "Cluster CSR",
            Spot::TrustAnchor => "Trust anchor (the owner’s CA)",
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
            Spot::Anchor(_) | Spot::TrustAnchor | Spot::Cluster => None,
        }
    }
}

/// Where a check shows: at one place, or at one tie. No catch-all arm: a new check does not compile until it shows somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    At(Spot),
    On(Tie),
}

pub(super) const fn of_check(id: CheckId) -> Where {
    match id {
        CheckId::Pem(input) | CheckId::Algorithm(input) | CheckId::Validity(input) | CheckId::Extensions(input) => Where::At(match input {
            Input::Csr => Spot::Csr,
            Input::Hsm => Spot::Hsm,
            Input::AwsHardware => Spot::Hardware(Side::Aws),
            Input::ManufacturerHardware => Spot::Hardware(Side::Manufacturer),
        }),
        CheckId::FipsMode => Where::At(Spot::Hsm),
        CheckId::Role(side) | CheckId::CaProfile(side) => Where::At(Spot::Hardware(side)),
        CheckId::AnchorValidity(side) => Where::At(Spot::Anchor(side)),
        CheckId::AnchorsSource | CheckId::AnchorsDistinct => Where::On(Tie::Roots),
        CheckId::Signature(side) | CheckId::Issuer(side) | CheckId::Intermediate(side, _) => Where::On(Tie::Certified(side)),
        CheckId::HardwareSameKey => Where::On(Tie::OneKey),
        CheckId::HsmSignature(side) | CheckId::HsmIssuer(side) => Where::On(Tie::Vouched(side)),
        CheckId::CsrSignature => Where::On(Tie::Possession),
        CheckId::CsrKey | CheckId::CsrSubject => Where::On(Tie::SameKey),
    }
}

pub(super) const fn of_rule(rule: Rule) -> Where {
    match rule {
        Rule::PemCsr | Rule::AlgorithmCsr => Where::At(Spot::Csr),
        Rule::PemSignedCert
        | Rule::AlgorithmSignedCert
        | Rule::ValiditySignedCert
        | Rule::NotCa
        | Rule::SignedCertKeyUsage
        | Rule::SignedCertExtendedKeyUsage
        | Rule::SignedCertExtensions
        | Rule::FormSignedCert => Where::At(Spot::SignedCert),
        Rule::PemTrustAnchor
        | Rule::AlgorithmTrustAnchor
        | Rule::BasicConstraints
        | Rule::KeyUsage
        | Rule::ValidityTrustAnchor
        | Rule::TrustAnchorExtendedKeyUsage
        | Rule::TrustAnchorExtensions
        | Rule::TrustAnchorKeyIdentifiers
        | Rule::FormTrustAnchor => Where::At(Spot::TrustAnchor),
        Rule::CsrSignature => Where::On(Tie::Possession),
        Rule::Key => Where::On(Tie::Asked),
        Rule::Signature | Rule::Issuer | Rule::KeyIdentifiers | Rule::NameConstraints | Rule::ValidityWithinTrustAnchor => Where::On(Tie::Issued),
        Rule::SelfIssued | Rule::SelfSigned | Rule::ChainOrder | Rule::ChainSignatures | Rule::PathLength => Where::On(Tie::Own),
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
    let checks = view.verification.checks.iter().filter(|found| of_check(found.id) == place);
    let rules = view.pair.iter().flat_map(|pair| &pair.checks).filter(|found| of_rule(found.id) == place);
    let checks = checks.map(|found| Finding { id: found.id.as_str(), status: found.status, detail: &found.detail });
    checks.chain(rules.map(|found| Finding { id: found.id.as_str(), status: found.status, detail: &found.detail })).collect()
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
    let state = if findings.is_empty() { State::Absent } else { State::of(&findings) };
    let [holds, broken, renamed] = match tie {
        Tie::Own if view.trust_anchor.as_ref().is_some_and(TrustAnchor::is_chain) => {
            ["its chain leads to its root", "its chain does not lead to a root", ""]
        }
        _ => tie.words(),
    };
    // Of a signature and the names beside it, either may fail alone.
    let signature = |status| findings.iter().any(|found| found.status == status && found.id.contains("sign"));
    let says = match state {
        State::Holds | State::Accepted | State::Told => holds,
        State::Broken if renamed.is_empty() || signature(Status::Fail) => broken,
        State::Broken if signature(Status::Pass) => renamed,
        State::Broken => "not judged, and the issuer’s name is another",
        State::Unjudged => "not judged",
        State::Absent => "not signed yet",
    };
    let algorithm = match state {
        State::Holds => signed_with(view, tie),
        _ => None,
    };
    Relation { tie, state, says, algorithm, findings, note: None }
}

fn signed_with(view: &View<'_>, tie: Tie) -> Option<String> {
    let signed = match tie {
        Tie::Certified(side) => view.hardware(side)?,
        Tie::Vouched(_) => view.hsm.as_ref()?,
        Tie::Own => view.trust_anchor.as_ref()?.first(),
        Tie::Issued => view.signed_cert.as_ref()?,
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
                Some(format!("step {step} of the transcript was about to send it, and there is no receipt of what came of that")),
            ),
            None => (State::Absent, "not sent", Some("no receipt: the bundle does not say that it was submitted".to_owned())),
        },
        Told::Damaged(why) => (State::Unjudged, "not known", Some(format!("the receipt cannot be read: {why}"))),
        Told::Tells(receipt) => match another(view, receipt) {
            Some(what) => (State::Broken, Tie::Sent.words()[1], Some(what)),
            None if receipt.submitted_at.is_none() => (State::Told, "claimed before", Some(receipt_note(receipt))),
            None => (State::Told, Tie::Sent.words()[0], Some(receipt_note(receipt))),
        },
    };
    Relation { tie: Tie::Sent, state, says, algorithm: None, findings: Vec::new(), note }
}

/// The last step that wrote down that it would send InitializeCluster.
pub(super) fn about_to_send(view: &View<'_>) -> Option<u64> {
    let steps = view.facts.survey.transcript.told().map(|trail| trail.holds.entries()).unwrap_or_default();
    steps.iter().rev().find(|step| step.sends.as_ref().map(OutsideText::raw) == Some("InitializeCluster")).map(|step| step.step)
}

fn receipt_note(receipt: &Receipt) -> String {
    let sent = receipt.submitted_at.map(|at| format!("sent at {at}, ")).unwrap_or_default();
    format!("recorded by receipt.json: {sent}confirmed at {}, state {}", receipt.confirmed_at, receipt.state)
}

/// Where the receipt names other certificates than the bundle holds, or the cluster showed another than was sent.
pub(super) fn another(view: &View<'_>, receipt: &Receipt) -> Option<String> {
    let differs = |certificate: &Option<Certificate>, told: &str| certificate.as_ref().is_some_and(|found| hex(&found.fingerprint()) != told);
    if differs(&view.signed_cert, receipt.signed_cert_sha256.raw()) {
        return Some("the receipt names another signed certificate than the bundle holds".to_owned());
    }
    let print = |certificate: &Certificate| hex(&certificate.fingerprint());
    let chain_differs = |found: &TrustAnchor| {
        print(found.first()) != receipt.trust_anchor_sha256.raw()
            || !found.above().iter().map(print).eq(receipt.chain_sha256.iter().map(|above| above.raw().to_owned()))
    };
    if view.trust_anchor.as_ref().is_some_and(chain_differs) {
        return Some("the receipt names another trust anchor than the bundle holds".to_owned());
    }
    // A cluster that this CA had claimed before may show a certificate from then.
    let shown_another = receipt.cluster_certificate_sha256 != receipt.signed_cert_sha256 && receipt.outcome != "already-claimed";
    shown_another.then(|| "by the receipt, the cluster showed another certificate than the one that was sent".to_owned())
}

pub(super) fn node<'a>(view: &'a View<'_>, spot: Spot) -> Node<'a> {
    let findings = findings(view, Where::At(spot));
    let (lines, key) = contents(view, spot);
    let without = |state, text: &str| (state, vec![text.to_owned()], None);
    let judged = State::of(&findings);
    let (state, lines, key) = match spot {
        Spot::Cluster => (cluster_state(view), lines, None),
        Spot::Anchor(_) if key.is_none() => without(State::Absent, "no anchor of this side was given"),
        Spot::TrustAnchor if view.facts.survey.trust_anchor().is_none() => match view.pair {
            Some(_) => without(judged, "missing"),
            None => without(State::Absent, "nothing is signed yet"),
        },
        // No check knows whose CA it should be.
        Spot::TrustAnchor if another_ca(view).is_some() => (State::Broken, lines.into_iter().chain(["not your CA".to_owned()]).collect(), key),
        Spot::TrustAnchor if view.pair.is_none() => (State::Unjudged, lines, key),
        Spot::SignedCert if view.pair.is_none() => without(State::Absent, "nothing is signed yet"),
        _ if spot.part().is_some_and(|part| !view.holds(part)) => without(judged, "missing"),
        _ => (judged, lines, key),
    };
    Node { spot, state, lines, key, findings }
}

const fn cluster_state(view: &View<'_>) -> State {
    match view.facts.survey.receipt {
        Told::Tells(_) => State::Told,
        Told::Absent | Told::Damaged(_) => State::Absent,
    }
}

fn contents(view: &View<'_>, spot: Spot) -> (Vec<String>, Option<(String, String)>) {
    let key = |key: &PublicKey, digest: &[u8]| Some((view.letter(key), format!("{}, SHA-256 {}", key.describe(), first_digits(digest))));
    let certificate = |found: Option<&Certificate>| {
        found.map_or_else(
            || (vec!["cannot be read".to_owned()], None),
            |found| {
                let dates = format!("{} to {}", day(found.not_before()), day(found.not_after()));
                (vec![short_name(found.subject()), dates], key(found.key(), found.spki_sha256()))
            },
        )
    };
    match spot {
        Spot::Anchor(side) => view.anchor(side).map_or((Vec::new(), None), |anchor| {
            let source = match anchor.source() {
                Source::BuiltIn => "built in".to_owned(),
                Source::Given(file) => format!("given in {}", file.rsplit('/').next().unwrap_or(file)),
            };
            (vec![short_name(anchor.subject()), source], key(anchor.key(), anchor.spki_sha256()))
        }),
        Spot::Hardware(side) => certificate(view.hardware(side)),
        Spot::Hsm => certificate(view.hsm.as_ref()),
        Spot::SignedCert => certificate(view.signed_cert.as_ref()),
        Spot::TrustAnchor => {
            let (mut lines, key) = certificate(view.trust_anchor.as_ref().map(TrustAnchor::first));
            for above in view.trust_anchor.iter().flat_map(TrustAnchor::above) {
                let dates = format!("{} to {}", day(above.not_before()), day(above.not_after()));
                lines.push(format!("under {}, {dates}, key {}", short_name(above.subject()), view.letter(above.key())));
            }
            (lines, key)
        }
        Spot::Csr => view
            .csr
            .as_ref()
            .map_or_else(|| (vec!["cannot be read".to_owned()], None), |csr| (vec![short_name(csr.subject())], key(csr.key(), csr.spki_sha256()))),
        Spot::Cluster => {
            let survey = &view.facts.survey;
            let region =
                survey.receipt.told().map(|receipt| receipt.region.clone()).or_else(|| survey.request.told().map(|request| request.region.clone()));
            let mut lines = vec![survey.cluster_id.to_string()];
            lines.extend(region.filter(|region| !region.is_empty()).map(|region| format!("region {region}")));
            (lines, None)
        }
    }
}
