//! The errors where nothing names or proves the owner.

use super::basis::ProofPurpose;
use crate::error::{Error, ErrorKind, FactName};
use crate::outside::Lines;
use crate::x509::{TrustAnchor, name_text, to_hex};

/// The error where nothing names or proves the owner. `place` is where the certificate lies, `why`
/// what is missing.
pub fn not_proven(why: impl Into<Lines>, trust_anchor: &TrustAnchor, place: &str) -> Error {
    unproven_error(
        ProofPurpose::Claim,
        why,
        trust_anchor,
        place,
        "name your CA: --ca FILE, with a copy of its certificate, or chain, that did not come with \
         the bundle. --ca-from-bundle --reason TEXT takes the bundle's word, and records that",
    )
}

/// Returns the same error for a trust anchor that clients would be given. There is no way round:
/// whoever exchanges the trust anchor stands between clients and cluster, unseen.
pub fn not_proven_for_clients(trust_anchor: &TrustAnchor, place: &str) -> Error {
    unproven_error(
        ProofPurpose::Handover,
        "neither --ca nor --ca-fingerprint was given",
        trust_anchor,
        place,
        "name your CA: --ca FILE, with a copy of its certificate, or chain, that did not come with \
         the bundle, or --ca-fingerprint SHA256, as those who keep the CA noted it",
    )
}

fn unproven_error(
    purpose: ProofPurpose,
    why: impl Into<Lines>,
    trust_anchor: &TrustAnchor,
    place: &str,
    hint: &str,
) -> Error {
    Error::new(
        ErrorKind::OwnerNotProven,
        Lines::from(format!(
            "nothing proves that the CA in the bundle is yours; {}",
            purpose.refusal_note()
        ))
        .followed_by(why.into().prefixed_with("  "))
        .followed_by(format!(
            "  the bundle's CA  {}",
            name_text(trust_anchor.signing_ca().subject())
        ))
        .followed_by(format!(
            "  SHA-256          {}",
            to_hex(&trust_anchor.signing_ca().fingerprint())
        ))
        .followed_by(chain_lines(trust_anchor))
        .followed_by(format!("  file             {place}")),
        hint,
    )
    .with_fact(FactName::File, place)
    .with_fact(
        FactName::Found,
        to_hex(&trust_anchor.signing_ca().fingerprint()),
    )
}

/// The certificates above the first, a line each.
pub(super) fn chain_lines(trust_anchor: &TrustAnchor) -> Lines {
    trust_anchor
        .certificates_above()
        .iter()
        .map(|above| {
            format!(
                "    above it   SHA-256 {}  {}",
                to_hex(&above.fingerprint()),
                name_text(above.subject())
            )
        })
        .collect()
}
