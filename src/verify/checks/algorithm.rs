//! `algorithm.<input>`: signature algorithms and keys that count.

use super::csr::need_csr;
use super::{Judged, ParsedEvidence, Remark, need_certificate};
use crate::verify::{Input, Side};
use crate::x509::SignatureAlgorithm;
use crate::x509::algorithm::{KEYS, SIGNATURES};

/// `algorithm.<input>` (RFC 5280 4.1.1.2; RFC 4055; RFC 5480; RFC 5758 3.2).
pub(super) fn algorithm(parts: &ParsedEvidence<'_>, input: Input) -> Judged {
    let (outer, inner, key) = match input {
        Input::Csr => {
            let csr = need_csr(parts)?;
            (csr.signature_algorithm(), None, csr.public_key())
        }
        _ => {
            let certificate = need_certificate(parts, input)?;
            (
                certificate.outer_algorithm(),
                Some(certificate.inner_algorithm()),
                certificate.public_key(),
            )
        }
    };
    let noun = input.noun();
    let algorithm = SignatureAlgorithm::from_der(outer).map_err(|fault| {
        Remark::fail(format!(
            "{noun} is signed with {fault}, expected {SIGNATURES}"
        ))
    })?;
    if inner.is_some_and(|inner| inner != outer) {
        return Err(Remark::fail(format!(
            "{noun} names {algorithm} beside its signature and another algorithm inside (RFC 5280 \
             4.1.1.2)"
        )));
    }
    key.check_usable()
        .map_err(|fault| Remark::fail(format!("{noun} holds {fault}, expected {KEYS}")))?;
    if let Some(side) = Side::ALL.into_iter().find(|side| side.hardware() == input)
        && let Some(anchor) = parts.anchor_of(side)
    {
        anchor.public_key().check_usable().map_err(|fault| {
            Remark::fail(format!(
                "{} is {fault}, expected {KEYS}",
                side.anchor_noun()
            ))
        })?;
    }
    Ok(format!(
        "{noun}: signed with {algorithm}; its key is {}",
        key.describe()
    ))
}
