//! The CSR, held against the HSM certificate.

use super::{Judged, ParsedEvidence, Remark, need_certificate, need_judgeable, short_fingerprint};
use crate::checks::ReadSubject;
use crate::verify::{CheckId, Input};
use crate::x509::{Csr, name_text};

/// The CSR, or why a check that needs it is skipped.
pub(super) fn need_csr<'a>(parts: &'a ParsedEvidence<'_>) -> Result<&'a Csr, Remark> {
    match &parts.csr {
        None => Err(Remark::skipped(
            "only the chains were judged, without a CSR (--chains-only)",
        )),
        Some(_) => parts.parsed_csr().ok_or_else(|| {
            Remark::unread(ReadSubject::Input(Input::Csr), CheckId::Pem(Input::Csr))
        }),
    }
}

/// `csr.signature`: the CSR's own signature holds, proof of possession (RFC 2986 4.2).
pub(super) fn csr_signature(parts: &ParsedEvidence<'_>) -> Judged {
    let csr = need_csr(parts)?;
    let algorithm = need_judgeable(
        csr.signature_algorithm(),
        csr.public_key(),
        CheckId::Algorithm(Input::Csr),
        "the CSR's key",
    )?;
    let key = short_fingerprint(csr.spki_sha256());
    if csr.is_self_signed() {
        Ok(format!(
            "the CSR is signed by the key it carries (SHA-256 {key}), {algorithm}"
        ))
    } else {
        Err(Remark::fail(format!(
            "the CSR's signature is not by the key it carries (SHA-256 {key}): it was changed \
             after signing, or damaged"
        )))
    }
}

/// `csr.key`: the CSR asks for the very key that the hardware vouched for, both
/// SubjectPublicKeyInfo byte for byte (RFC 5280 4.1.2.7). Not possession: that is `csr.signature`.
pub(super) fn csr_key(parts: &ParsedEvidence<'_>) -> Judged {
    let csr = need_csr(parts)?;
    let hsm = need_certificate(parts, Input::Hsm)?;
    let (asked, vouched) = (
        short_fingerprint(csr.spki_sha256()),
        short_fingerprint(hsm.spki_sha256()),
    );
    if csr.spki() == hsm.spki() {
        Ok(format!(
            "the CSR's key is the HSM certificate's, byte for byte (SHA-256 {asked})"
        ))
    } else {
        Err(Remark::fail(format!(
            "the CSR's key (SHA-256 {asked}) is not the HSM certificate's ({vouched}): no HSM \
             vouches for this CSR"
        )))
    }
}

/// `csr.subject`: the CSR's subject is the HSM certificate's; a note otherwise, since the key
/// decides (RFC 5280 7.1, byte for byte).
pub(super) fn csr_subject(parts: &ParsedEvidence<'_>) -> Judged {
    let csr = need_csr(parts)?;
    let hsm = need_certificate(parts, Input::Hsm)?;
    let asked = name_text(csr.subject());
    if csr.subject() == hsm.subject() {
        Ok(format!(
            "the CSR's subject is the HSM certificate's, {asked}"
        ))
    } else {
        Err(Remark::note(format!(
            "the CSR's subject is {asked}, the HSM certificate's is {}",
            name_text(hsm.subject())
        )))
    }
}
