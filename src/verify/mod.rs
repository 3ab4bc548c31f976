//! Is the CSR a genuine HSM's? Certificates, anchors, a time and a policy go in; a [`Record`] comes
//! out.
//!
//! ```text
//!   AWS anchor ──signs──▶ AWS hardware certificate ──┐
//!                          (one hardware key)        ├──signs──▶ HSM certificate ══same key══▶ CSR
//!   manufacturer anchor ─▶ manufacturer hardware ────┘
//! ```
//!
//! Between an anchor and its hardware certificate may stand one or two intermediates, which come in
//! the hardware certificate's own text.
//!
//! Pure: no file, network, clock or randomness. Every check is judged and recorded; a failing one
//! never stops the next. What cannot be judged is `skipped` and says why, and that never happens in
//! a verified record but for `chains_only`.
//!
//! This is not an RFC 5280 path validation, on purpose: the genuine hardware certificates would
//! fail one (docs/verification.md). It checks signatures, names, keys and dates of exactly this
//! shape, and says in notes where the certificates fall short of RFC 5280.

mod anchors;
mod cause;
mod checks;
mod hardware;
mod path;
mod record;
mod simulated;

pub use anchors::{
    Anchor, AnchorFacts, Anchors, IssuedCertificate, MAX_ANCHOR_FILE, Source, roots_in,
};
pub use cause::Cause;
pub use checks::CheckId;
pub use hardware::{Hardware, fips_alarm, hardware_notes, is_for_non_fips_mode};
pub use record::{HsmIdentity, HsmTerms, Roots};
pub use simulated::is_issued_by_simulator;

pub use crate::checks::{Height, Input, Side, Status, Verdict};
/// What is found by one check of the HSM.
pub type Finding = crate::checks::Finding<CheckId>;
/// The verification record: `verification.json`, and the answer of `verify --output json`.
pub type Record = crate::checks::Record<HsmIdentity>;

use path::ChainPath;
use serde::Serialize;

use crate::outside::OutsideText;
use crate::x509::name::common_name_text;
use crate::x509::{Certificate, Csr, Malformed, Moment};

/// The strictness with which the hardware certificates' CA profile is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The genuine hardware's shape: `ca-profile.*` is a note.
    #[default]
    Attestation,
    /// RFC 5280 6.1.4: `ca-profile.*` fails.
    Rfc5280,
}

/// The policy to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The profile for hardware certificates.
    pub profile: Profile,
    /// Waivable checks whose failure is accepted.
    pub accept: Vec<CheckId>,
    /// The reason.
    pub reason: Option<OutsideText>,
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
type ParsedInput<T> = Result<T, Malformed>;

/// The inputs after parsing, which is all that the checks look at.
struct ParsedEvidence<'a> {
    csr: Option<ParsedInput<Csr>>,
    hsm: ParsedInput<Certificate>,
    aws_hardware: ParsedInput<Certificate>,
    manufacturer_hardware: ParsedInput<Certificate>,
    /// Each side's certificates in further blocks of the hardware certificate's text.
    further: [Vec<Certificate>; 2],
    /// Each side's way from its hardware certificate to an anchor.
    paths: [ChainPath<'a>; 2],
    /// For each side, true where its hardware key signed the HSM certificate.
    vouched: [bool; 2],
    anchors: &'a Anchors,
    /// The moment to judge validity at.
    at: Moment,
    profile: Profile,
    /// Whether there is a CSR that is not to be judged.
    csr_ignored: bool,
}

impl<'a> ParsedEvidence<'a> {
    fn certificate_of(&self, input: Input) -> Option<&Certificate> {
        match input {
            Input::Csr => None,
            Input::Hsm => self.hsm.as_ref().ok(),
            Input::AwsHardware => self.aws_hardware.as_ref().ok(),
            Input::ManufacturerHardware => self.manufacturer_hardware.as_ref().ok(),
        }
    }

    fn parsed_csr(&self) -> Option<&Csr> {
        self.csr.as_ref().and_then(|csr| csr.as_ref().ok())
    }

    fn anchor_of(&self, side: Side) -> Option<&'a Anchor> {
        self.path_of(side).anchor
    }

    const fn path_of(&self, side: Side) -> &ChainPath<'a> {
        let [aws, manufacturer] = &self.paths;
        match side {
            Side::Aws => aws,
            Side::Manufacturer => manufacturer,
        }
    }

    fn further_of(&self, side: Side) -> &[Certificate] {
        let [aws, manufacturer] = &self.further;
        match side {
            Side::Aws => aws,
            Side::Manufacturer => manufacturer,
        }
    }

    /// The certificate at this height of a side's path, where one is followed.
    fn intermediate_at(&self, side: Side, height: Height) -> Option<&Certificate> {
        self.path_of(side)
            .intermediates
            .get(height.below())
            .and_then(|at| self.further_of(side).get(*at))
    }

    /// The uppermost certificate of a side's path, which the anchor is to have signed.
    fn top_certificate(&self, side: Side) -> (Option<&Certificate>, Option<Height>) {
        match Height::ALL.into_iter().rev().find_map(|height| {
            self.intermediate_at(side, height)
                .map(|certificate| (certificate, height))
        }) {
            Some((certificate, height)) => (Some(certificate), Some(height)),
            None => (self.certificate_of(side.hardware()), None),
        }
    }

    /// Tells whether a record has a line for the check.
    fn has_check(&self, id: CheckId) -> bool {
        match id {
            CheckId::Intermediate(side, height) => self.intermediate_at(side, height).is_some(),
            _ => true,
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
    /// The proof that the CSR is a genuine HSM's: only where the verdict is `verified` and a CSR
    /// was judged.
    pub fn verified(&self) -> Option<Verified<'_>> {
        let csr = self.csr.as_ref()?;
        // A skipped check always comes with a failed one, or with `chains_only`. Should that ever
        // not be so, there is no proof either.
        let complete =
            !self.record.terms.chains_only && self.record.with(Status::Skipped).next().is_none();
        (self.record.verdict == Verdict::Verified && complete).then_some(Verified {
            csr,
            record: &self.record,
        })
    }

    /// The CSR that was judged, verified or not; `None` where it could not be read, or none was
    /// judged.
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

/// Tells whether the keys of the AWS and of the manufacturer hardware certificate signed the HSM
/// certificate. Genuine hardware has one key under both certificates: then one signature check
/// answers for both.
fn signed_by_hardware(
    hsm: &ParsedInput<Certificate>,
    aws: &ParsedInput<Certificate>,
    manufacturer: &ParsedInput<Certificate>,
) -> [bool; 2] {
    let Ok(hsm) = hsm else { return [false; 2] };
    let [aws, manufacturer] =
        [aws, manufacturer].map(|hardware| hardware.as_ref().ok().map(Certificate::public_key));
    let by_aws = aws.is_some_and(|key| hsm.is_signed_by(key));
    let by_manufacturer = if manufacturer == aws {
        by_aws
    } else {
        manufacturer.is_some_and(|key| hsm.is_signed_by(key))
    };
    [by_aws, by_manufacturer]
}

/// Judges the evidence.
///
/// Holds afterwards, where the verdict is `verified` and not `chains_only`: the key in the CSR is
/// that of an HSM certificate signed by one hardware key which both an AWS anchor and a
/// manufacturer anchor, two different keys, certified; the CSR was signed with that key; whatever
/// was accepted is in the record with its reason. Not checked here: revocation (neither root
/// publishes any), which cluster the HSM serves (only `submit` can know that), firmware or FIPS
/// state.
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
    let csr = if policy.chains_only {
        None
    } else {
        Some(
            evidence
                .csr
                .as_deref()
                .map_or_else(|| Err(Malformed::new("there is no CSR")), Csr::from_pem),
        )
    };
    let (aws_hardware, aws_further) =
        split_hardware_text(Certificate::from_hardware_text(&evidence.aws_hardware));
    let (manufacturer_hardware, manufacturer_further) = split_hardware_text(
        Certificate::from_hardware_text(&evidence.manufacturer_hardware),
    );
    let hsm = Certificate::from_pem(&evidence.hsm);
    let paths = [
        ChainPath::find_best(&anchors.aws, aws_hardware.as_ref().ok(), &aws_further),
        ChainPath::find_best(
            &anchors.manufacturer,
            manufacturer_hardware.as_ref().ok(),
            &manufacturer_further,
        ),
    ];
    let parts = ParsedEvidence {
        csr,
        vouched: signed_by_hardware(&hsm, &aws_hardware, &manufacturer_hardware),
        hsm,
        aws_hardware,
        manufacturer_hardware,
        further: [aws_further, manufacturer_further],
        paths,
        anchors,
        at,
        profile: policy.profile,
        csr_ignored: policy.chains_only && evidence.csr.is_some(),
    };
    let judged = CheckId::ALL
        .into_iter()
        .filter(|id| parts.has_check(*id))
        .map(|id| checks::judge_check(id, &parts));
    let checks: Vec<Finding> = judged
        .map(|finding| accept_failure(finding, policy))
        .collect();
    let accepted = checks
        .iter()
        .any(|finding| finding.status == Status::Accepted);
    let both = |wanted: fn(&Anchor) -> bool| {
        Side::ALL
            .into_iter()
            .all(|side| parts.anchor_of(side).is_some_and(wanted))
    };
    let roots = if both(|anchor| *anchor.source() == Source::BuiltIn) {
        Roots::BuiltIn
    } else if both(Anchor::is_of_simulator) {
        Roots::Simulated
    } else {
        Roots::Given
    };
    let used = Side::ALL
        .into_iter()
        .filter_map(|side| parts.anchor_of(side).map(|anchor| anchor.to_facts(side)))
        .collect();
    let terms = HsmTerms {
        policy: policy.profile,
        chains_only: policy.chains_only,
        anchors: used,
        ends: Side::ALL.map(|side| {
            parts
                .top_certificate(side)
                .0
                .and_then(|certificate| common_name_text(certificate.issuer()))
        }),
        roots,
        reason: policy.reason.clone().filter(|_| accepted),
    };
    Judgement {
        record: Record::new(at, checks, terms),
        csr: parts.csr.and_then(Result::ok),
    }
}

/// The hardware certificate, and what stands in further blocks.
fn split_hardware_text(
    read: ParsedInput<(Certificate, Vec<Certificate>)>,
) -> (ParsedInput<Certificate>, Vec<Certificate>) {
    match read {
        Ok((certificate, further)) => (Ok(certificate), further),
        Err(fault) => (Err(fault), Vec::new()),
    }
}

fn accept_failure(mut finding: Finding, policy: &Policy) -> Finding {
    if finding.status == Status::Fail
        && finding.id.waivable()
        && policy.accept.contains(&finding.id)
    {
        finding.status = Status::Accepted;
        if let Some(reason) = &policy.reason {
            finding.detail = format!("{}; accepted: {reason}", finding.detail).into();
        }
    }
    finding
}

#[cfg(test)]
mod tests;
