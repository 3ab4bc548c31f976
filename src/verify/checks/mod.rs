//! One function per check, named like its id. A line of a record leads here in one search.

mod algorithm;
mod chain;
mod csr;
mod intermediate;
mod pem;
mod profile;
mod validity;

use super::{CheckId, Finding, Input, Parts, Profile, Side, Status};
use crate::x509::{Certificate, Moment, PublicKey, hex};

/// A check's outcome, before its id is put to it.
pub(super) struct Outcome(Status, String);

impl Outcome {
    fn pass(detail: impl Into<String>) -> Self {
        Outcome(Status::Pass, detail.into())
    }

    fn note(detail: impl Into<String>) -> Self {
        Outcome(Status::Note, detail.into())
    }

    fn fail(detail: impl Into<String>) -> Self {
        Outcome(Status::Fail, detail.into())
    }

    fn skipped(detail: impl Into<String>) -> Self {
        Outcome(Status::Skipped, detail.into())
    }
}

/// What a check gives where one of its inputs is missing: the outcome is the error.
type Judged = Result<Outcome, Outcome>;

pub(super) fn judge(
    id: CheckId,
    parts: &Parts<'_>,
    at: Moment,
    profile: Profile,
    csr_ignored: bool,
) -> Finding {
    let judged = match id {
        CheckId::Pem(input) => pem::pem(parts, input, csr_ignored),
        CheckId::Algorithm(input) => algorithm::algorithm(parts, input),
        CheckId::Signature(side) => chain::signature(parts, side),
        CheckId::Issuer(side) => chain::issuer(parts, side),
        CheckId::HsmSignature(side) => chain::hsm_signature(parts, side),
        CheckId::HsmIssuer(side) => chain::hsm_issuer(parts, side),
        CheckId::HardwareSameKey => chain::hardware_same_key(parts),
        CheckId::AnchorsDistinct => chain::anchors_distinct(parts),
        CheckId::AnchorsSource => chain::anchors_source(parts),
        CheckId::AnchorValidity(side) => validity::anchor_validity(parts, side, at),
        CheckId::CsrSignature => csr::csr_signature(parts),
        CheckId::CsrKey => csr::csr_key(parts),
        CheckId::CsrSubject => csr::csr_subject(parts),
        CheckId::Validity(input) => validity::validity(parts, input, at),
        CheckId::Role(side) => profile::role(parts, side),
        CheckId::Extensions(input) => profile::extensions(parts, input),
        CheckId::CaProfile(side) => profile::ca_profile(parts, side, profile),
        CheckId::Intermediate(side, height) => intermediate::intermediate(parts, side, height, at),
        CheckId::FipsMode => profile::fips_mode(parts),
    };
    let Outcome(status, detail) = judged.unwrap_or_else(|outcome| outcome);
    Finding {
        id,
        status,
        detail: detail.into(),
    }
}

/// The certificate, or why a check that needs it is skipped.
fn need<'a>(parts: &'a Parts<'_>, input: Input) -> Result<&'a Certificate, Outcome> {
    parts.certificate(input).ok_or_else(|| {
        Outcome::skipped(format!(
            "{} could not be read: see {}",
            input.noun(),
            CheckId::Pem(input)
        ))
    })
}

/// A key's SHA-256 for eyes: the first sixteen digits are enough to compare two at a glance; the
/// inputs hold the rest.
fn print(digest: &[u8; 32]) -> String {
    let mut text = hex(digest.get(..8).unwrap_or_default());
    text.push('…');
    text
}

/// That a signature can be judged at all: otherwise `algorithm.*` has failed already, and this
/// check is skipped.
fn judgeable(
    algorithm: &[u8],
    by: &PublicKey,
    see: CheckId,
    key_of: &str,
) -> Result<crate::x509::SignatureAlgorithm, Outcome> {
    let algorithm = crate::x509::SignatureAlgorithm::from_der(algorithm).map_err(|fault| {
        Outcome::skipped(format!(
            "cannot be judged: {fault} does not count; see {see}"
        ))
    })?;
    by.usable()
        .map_err(|fault| Outcome::skipped(format!("cannot be judged: {key_of} is {fault}")))?;
    Ok(algorithm)
}

/// The anchor of a side, or why there is nothing to compare with.
fn need_anchor<'a>(parts: &Parts<'a>, side: Side) -> Result<&'a super::Anchor, Outcome> {
    parts.anchor(side).ok_or_else(|| {
        Outcome::fail(format!(
            "no anchor was given for the {} side",
            if side == Side::Aws {
                "AWS"
            } else {
                "manufacturer"
            }
        ))
    })
}
