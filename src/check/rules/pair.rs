//! The rules of the texts, their algorithms and signatures: of the CSR, the signed certificate and
//! of each certificate of the trust anchor.

use super::trust_anchor::{self, signed_and_anchor};
use super::{Parsed, Parts, Rule, judgeable};
use crate::checks::{Judged, fail, note};
use crate::x509::algorithm::{KEYS, SIGNATURES, is_listed};
use crate::x509::{
    Certificate, Malformed, Moment, PublicKey, SignatureAlgorithm, name_text, sha256, to_hex,
};

pub(super) fn pem_rule(noun: &str, parsed: Result<&[u8], &Malformed>) -> Judged {
    match parsed {
        Ok(der) => Ok(format!(
            "{noun}: one PEM block of DER, within the documented limits, SHA-256 {}",
            to_hex(&sha256(der))
        )),
        Err(fault) => fail(format!("{noun}: {fault}")),
    }
}

pub(super) fn certificate_rule(noun: &str, parsed: &Parsed<Certificate>) -> Judged {
    match parsed {
        Ok(certificate) => found_in(noun, certificate),
        Err(fault) => fail(format!("{noun}: {fault}")),
    }
}

pub(super) fn found_in(noun: &str, certificate: &Certificate) -> Judged {
    let detail = format!(
        "{noun}: a certificate in DER, within the documented limits as it is sent, SHA-256 {}",
        to_hex(&certificate.fingerprint())
    );
    let mut faults: Vec<String> = certificate
        .tolerated_faults()
        .iter()
        .map(ToString::to_string)
        .collect();
    if !faults.is_empty() {
        faults.push(
            "the bytes are sent as they are, and what CloudHSM says of that nobody has told"
                .to_owned(),
        );
    }
    if !certificate.extensions().opaque.is_empty() {
        faults.push(
            "the value of an extension that is not critical and that nothing here reads is \
                     no DER (RFC 5280 4.2)"
                .to_owned(),
        );
    }
    if faults.is_empty() {
        Ok(detail)
    } else {
        note(format!("{detail}; but {}", faults.join("; ")))
    }
}

fn algorithm(noun: &str, outer: &[u8], inner: &[u8], key: &PublicKey) -> Judged {
    let algorithm = match SignatureAlgorithm::from_der(outer) {
        Ok(algorithm) => algorithm,
        Err(fault) if is_listed(outer) => {
            return fail(format!(
                "{noun} is signed with {fault}: CloudHSM's guide does not exclude it, but hsmboot \
                 declines it, expected {SIGNATURES}, written as RFC 4055 and RFC 5758 say"
            ));
        }
        Err(fault) => {
            return fail(format!(
                "{noun} is signed with {fault}, expected RSA or ECDSA with SHA-256 or better"
            ));
        }
    };
    if inner != outer {
        return fail(format!(
            "{noun} names {algorithm} beside its signature and another algorithm inside (RFC 5280 \
             4.1.1.2)"
        ));
    }
    match key.check_usable() {
        // User Guide, Initialize the cluster (September 2026): RSA of 2048, 3072 and 4096 bits.
        Ok(())
            if key
                .modulus_bits()
                .is_some_and(|bits| ![2048, 3072, 4096].contains(&bits)) =>
        {
            note(format!(
                "{noun}: signed with {algorithm}; its key is {}, which is not among those that \
                 CloudHSM's guide lists (RSA 2048, 3072 and 4096): whether CloudHSM takes it is \
                 not known",
                key.describe()
            ))
        }
        Ok(()) => Ok(format!(
            "{noun}: signed with {algorithm}; its key is {}",
            key.describe()
        )),
        Err(fault) => fail(format!("{noun} holds {fault}, expected {KEYS}")),
    }
}

/// The algorithm and the key of the CSR.
pub(super) fn csr_algorithm(parts: &Parts) -> Judged {
    let csr = parts.csr()?;
    algorithm(
        "the CSR",
        csr.signature_algorithm(),
        csr.signature_algorithm(),
        csr.public_key(),
    )
}

/// The algorithm and the key of a certificate.
pub(super) fn certificate_algorithm(noun: &str, certificate: &Certificate) -> Judged {
    algorithm(
        noun,
        certificate.outer_algorithm(),
        certificate.inner_algorithm(),
        certificate.public_key(),
    )
}

pub(super) fn csr_signature(parts: &Parts) -> Judged {
    let csr = parts.csr()?;
    judgeable(
        csr.signature_algorithm(),
        csr.public_key(),
        [Rule::AlgorithmCsr; 2],
    )?;
    match csr.is_self_signed() {
        true => Ok("the CSR is signed by the key it carries".to_owned()),
        false => fail(
            "the CSR's signature is not by the key it carries: it was changed after signing, or \
             damaged",
        ),
    }
}

pub(super) fn key(parts: &Parts) -> Judged {
    let (csr, signed) = (parts.csr()?, parts.signed_cert()?);
    let (asked, given) = (to_hex(&sha256(csr.spki())), to_hex(&sha256(signed.spki())));
    match csr.spki() == signed.spki() {
        true => Ok(format!(
            "the signed certificate's key is the CSR's (SHA-256 {asked})"
        )),
        false => fail(format!(
            "the signed certificate's key (SHA-256 {given}) is not the CSR's ({asked}): it was \
             made for another CSR"
        )),
    }
}

pub(super) fn signature(parts: &Parts) -> Judged {
    let (signed, anchor) = signed_and_anchor(parts)?;
    judgeable(
        signed.outer_algorithm(),
        anchor.signing_ca().public_key(),
        [Rule::AlgorithmSignedCert, Rule::AlgorithmTrustAnchor],
    )?;
    let key = if anchor.is_chain() {
        "the key of the trust anchor's first certificate"
    } else {
        "the trust anchor's key"
    };
    match signed.is_signed_by(anchor.signing_ca().public_key()) {
        true => Ok(format!("{key} signed the signed certificate")),
        false => fail(format!(
            "{key} did not sign the signed certificate{}",
            trust_anchor::signer_elsewhere(anchor, signed)
        )),
    }
}

pub(super) fn issuer(parts: &Parts) -> Judged {
    let (signed, anchor) = signed_and_anchor(parts)?;
    let (issuer, subject) = (
        name_text(signed.issuer()),
        name_text(anchor.signing_ca().subject()),
    );
    let subject_of = if anchor.is_chain() {
        "the subject of the trust anchor's first certificate"
    } else {
        "the trust anchor's subject"
    };
    match signed.issuer() == anchor.signing_ca().subject() {
        true => Ok(format!(
            "the signed certificate's issuer is {subject_of}, {subject}"
        )),
        false => fail(format!(
            "the signed certificate's issuer is {issuer}, but {subject_of} is {subject}"
        )),
    }
}

pub(super) fn validity(noun: &str, certificate: &Certificate, at: Moment) -> Judged {
    let (from, to) = (certificate.not_before(), certificate.not_after());
    if at < from {
        fail(format!("{noun} is valid from {from}, which is after {at}"))
    } else if at > to {
        fail(format!("{noun} was valid until {to}, which is before {at}"))
    } else {
        Ok(format!(
            "{noun} is valid from {from} to {to}, which holds {at}"
        ))
    }
}
