//! Is the CSR a genuine HSM's? Certificates, anchors, a time and a policy go in; a [`Record`] comes out.
//!
//! ```text
//!   AWS anchor ──signs──▶ AWS hardware certificate ──┐
//!                          (one hardware key)        ├──signs──▶ HSM certificate ══same key══▶ CSR
//!   manufacturer anchor ─▶ manufacturer hardware ────┘
//! ```
//!
//! Pure: no file, network, clock or randomness. Every check is judged and recorded; a failing one never stops the next. What cannot be
//! judged is `skipped` and says why, and that never happens in a verified record but for `chains_only`.
//!
//! This is not an RFC 5280 path validation, on purpose: the genuine hardware certificates would fail one (facts.md). It checks signatures,
//! names, keys and dates of exactly this shape, and says in notes where the certificates fall short of RFC 5280.

mod anchors;
mod checks;
mod record;

pub use anchors::{Anchor, AnchorFacts, Anchors, MAX_ANCHOR_FILE, Source};
pub use record::{CheckId, Finding, Input, Record, Side, Status, Verdict};

use serde::Serialize;

use crate::x509::{Certificate, Csr, Malformed, Moment};

/// How strictly the hardware certificates' CA profile is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The genuine hardware's shape: `ca-profile.*` is a note.
    #[default]
    Attestation,
    /// RFC 5280 6.1.4: `ca-profile.*` fails.
    Rfc5280,
}

/// What to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The profile for hardware certificates.
    pub profile: Profile,
    /// Waivable checks whose failure is accepted.
    pub accept: Vec<CheckId>,
    /// Why.
    pub reason: Option<String>,
    /// Judge the chains without a CSR; one that is there is ignored.
    pub chains_only: bool,
}

/// The texts of the four inputs, as the service returned them or as their files hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The cluster's CSR, PEM.
    pub csr: Option<Vec<u8>>,
    /// The HSM certificate, PEM.
    pub hsm: Vec<u8>,
    /// The AWS hardware certificate, PEM.
    pub aws_hardware: Vec<u8>,
    /// The manufacturer hardware certificate, PEM.
    pub manufacturer_hardware: Vec<u8>,
}

/// An input as read: what parsed, or why it did not.
type Parsed<T> = Result<T, Malformed>;

/// The inputs after parsing, which is all that the checks look at.
struct Parts<'a> {
    csr: Option<Parsed<Csr>>,
    hsm: Parsed<Certificate>,
    aws_hardware: Parsed<Certificate>,
    manufacturer_hardware: Parsed<Certificate>,
    aws_anchor: Option<&'a Anchor>,
    manufacturer_anchor: Option<&'a Anchor>,
    /// Whether each side's anchor signed its hardware certificate, found while choosing it.
    anchored: [bool; 2],
    /// Whether each side's hardware key signed the HSM certificate.
    vouched: [bool; 2],
    given: [usize; 2],
}

impl<'a> Parts<'a> {
    fn certificate(&self, input: Input) -> Option<&Certificate> {
        match input {
            Input::Csr => None,
            Input::Hsm => self.hsm.as_ref().ok(),
            Input::AwsHardware => self.aws_hardware.as_ref().ok(),
            Input::ManufacturerHardware => self.manufacturer_hardware.as_ref().ok(),
        }
    }

    fn request(&self) -> Option<&Csr> {
        self.csr.as_ref().and_then(|csr| csr.as_ref().ok())
    }

    fn anchor(&self, side: Side) -> Option<&'a Anchor> {
        match side {
            Side::Aws => self.aws_anchor,
            Side::Manufacturer => self.manufacturer_anchor,
        }
    }
}

/// A record, and the proof where it is one.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Every check and the verdict.
    pub record: Record,
    csr: Option<Csr>,
}

impl Judgement {
    /// The proof that the CSR is a genuine HSM's: only where the verdict is `verified` and a CSR was judged.
    pub fn verified(&self) -> Option<Verified<'_>> {
        let csr = self.csr.as_ref()?;
        // A skipped check always comes with a failed one, or with `chains_only`. Should that ever not be so, there is no proof either.
        let complete = !self.record.chains_only && self.record.with(Status::Skipped).next().is_none();
        (self.record.verdict == Verdict::Verified && complete).then_some(Verified { csr, record: &self.record })
    }

    /// The CSR that was judged, verified or not; `None` where it could not be read, or none was judged.
    pub const fn csr(&self) -> Option<&Csr> {
        self.csr.as_ref()
    }
}

/// A CSR whose record says `verified`. [`Judgement::verified`] is its only maker.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    csr: &'a Csr,
    record: &'a Record,
}

impl<'a> Verified<'a> {
    /// The CSR that was proven to be the HSM's.
    pub const fn csr(&self) -> &'a Csr {
        self.csr
    }

    /// The record that says so.
    pub const fn record(&self) -> &'a Record {
        self.record
    }
}

/// The anchor whose name and key fit the certificate; failing that, the one that fits best, so that the record names what was compared.
fn choose<'a>(anchors: &'a [Anchor], hardware: Option<&Certificate>) -> (Option<&'a Anchor>, bool) {
    let Some(hardware) = hardware else { return (anchors.first(), false) };
    let fits = anchors.iter().map(|anchor| {
        let named = anchor.subject() == hardware.issuer();
        let signed = hardware.is_signed_by(anchor.key());
        (anchor, named, signed)
    });
    // The first among equals: `max_by_key` would take the last.
    let mut best: Option<(&Anchor, bool, bool)> = None;
    for candidate in fits {
        let rank = |(_, named, signed): &(&Anchor, bool, bool)| (*named && *signed, *signed, *named);
        if best.as_ref().is_none_or(|held| rank(&candidate) > rank(held)) {
            best = Some(candidate);
        }
    }
    (best.map(|(anchor, _, _)| anchor), best.is_some_and(|(_, _, signed)| signed))
}

/// Whether the keys of the AWS and of the manufacturer hardware certificate signed the HSM certificate. Genuine hardware has one key under both
/// certificates: then one signature check answers for both.
fn vouched(hsm: &Parsed<Certificate>, aws: &Parsed<Certificate>, manufacturer: &Parsed<Certificate>) -> [bool; 2] {
    let Ok(hsm) = hsm else { return [false; 2] };
    let [aws, manufacturer] = [aws, manufacturer].map(|hardware| hardware.as_ref().ok().map(Certificate::key));
    let by_aws = aws.is_some_and(|key| hsm.is_signed_by(key));
    let by_manufacturer = if manufacturer == aws { by_aws } else { manufacturer.is_some_and(|key| hsm.is_signed_by(key)) };
    [by_aws, by_manufacturer]
}

/// Judges the evidence.
///
/// Holds afterwards, where the verdict is `verified` and not `chains_only`: the key in the CSR is that of an HSM certificate signed by one hardware key
/// which both an AWS anchor and a manufacturer anchor, two different keys, certified; the CSR was signed with that key; whatever was accepted
/// is in the record with its reason. Not checked here: revocation (neither root publishes any), which cluster the HSM serves (only `submit` can
/// know that), firmware or FIPS state.
///
/// ```
/// use hsmboot::verify::{verify, Anchors, Evidence, Policy, Verdict};
/// let nothing = Evidence::default();
/// let at = "2026-01-01T00:00:00Z".parse().unwrap();
/// let judgement = verify(&nothing, &Anchors::built_in(), at, &Policy::default());
/// assert_eq!(judgement.record.verdict, Verdict::Rejected);
/// assert!(judgement.verified().is_none());
/// ```
pub fn verify(evidence: &Evidence, anchors: &Anchors, at: Moment, policy: &Policy) -> Judgement {
    let csr =
        if policy.chains_only { None } else { Some(evidence.csr.as_deref().map_or_else(|| Err(Malformed::new("there is no CSR")), Csr::from_pem)) };
    let aws_hardware = Certificate::from_pem(&evidence.aws_hardware);
    let manufacturer_hardware = Certificate::from_pem(&evidence.manufacturer_hardware);
    let (aws_anchor, aws_signed) = choose(&anchors.aws, aws_hardware.as_ref().ok());
    let (manufacturer_anchor, manufacturer_signed) = choose(&anchors.manufacturer, manufacturer_hardware.as_ref().ok());
    let hsm = Certificate::from_pem(&evidence.hsm);
    let parts = Parts {
        csr,
        vouched: vouched(&hsm, &aws_hardware, &manufacturer_hardware),
        hsm,
        aws_hardware,
        manufacturer_hardware,
        aws_anchor,
        manufacturer_anchor,
        anchored: [aws_signed, manufacturer_signed],
        given: [anchors.aws.len(), anchors.manufacturer.len()],
    };
    let ignored = policy.chains_only && evidence.csr.is_some();
    let checks: Vec<Finding> = CheckId::ALL.into_iter().map(|id| accept(checks::judge(id, &parts, at, policy.profile, ignored), policy)).collect();
    let failed = checks.iter().any(|finding| finding.status == Status::Fail);
    let accepted = checks.iter().any(|finding| finding.status == Status::Accepted);
    let anchors = Side::ALL.into_iter().filter_map(|side| parts.anchor(side).map(|anchor| anchor.facts(side))).collect();
    let record = Record {
        format: "hsmboot-verification/1",
        verdict: if failed { Verdict::Rejected } else { Verdict::Verified },
        policy: policy.profile,
        chains_only: policy.chains_only,
        at,
        anchors,
        reason: policy.reason.clone().filter(|_| accepted),
        checks,
    };
    Judgement { record, csr: parts.csr.and_then(Result::ok) }
}

fn accept(mut finding: Finding, policy: &Policy) -> Finding {
    if finding.status == Status::Fail && finding.id.waivable() && policy.accept.contains(&finding.id) {
        finding.status = Status::Accepted;
        if let Some(reason) = &policy.reason {
            finding.detail = format!("{}; accepted: {reason}", finding.detail);
        }
    }
    finding
}
