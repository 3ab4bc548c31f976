//! The checks of SignedCert and TrustAnchor by InitializeCluster, beyond their form.
//!
//! Sources: the API Reference's text of the two parameters; the AWS CloudHSM User Guide,
//! "Initialize the cluster": its list of trust anchors that are refused, its chains and its
//! algorithms. The service's own words for its refusals are not documented; these name the fault.
//! Certificates that neither source calls refused are not refused here: those with unknown critical
//! extensions or name constraints.

use x509_parser::certificate::X509Certificate;

use super::certificate::{
    basic_constraints, decode_blocks, may_sign_certificates, read_certificate,
};
use super::clock::Millis;
use super::json_protocol::ApiError;
use super::limits::{MOST_IN_A_CHAIN, TRUST_ANCHOR_CHARS};
use super::reference::Reference;
use super::signature::{self, SignatureFault};

const SIGNED_CERT: &str = "SignedCert";
const TRUST_ANCHOR: &str = "TrustAnchor";

/// Checks the pair for a cluster whose CSR has the key `csr_spki`.
pub(super) fn judge(
    signed_cert: &str,
    trust_anchor: &str,
    csr_spki: &[u8],
    now: Millis,
    reference: Reference,
) -> Result<(), ApiError> {
    let signed = one_block(signed_cert).map_err(|reason| refusal_error(SIGNED_CERT, &reason))?;
    let signed = read_certificate(&signed).map_err(|reason| refusal_error(SIGNED_CERT, &reason))?;
    let chain = trust_anchor_blocks(trust_anchor, reference)
        .map_err(|reason| refusal_error(TRUST_ANCHOR, &reason))?;
    let chain: Vec<X509Certificate<'_>> = chain
        .iter()
        .map(|octets| read_certificate(octets))
        .collect::<Result<_, _>>()
        .map_err(|reason| refusal_error(TRUST_ANCHOR, &reason))?;
    usable(&chain).map_err(|reason| refusal_error(TRUST_ANCHOR, &reason))?;
    let signer = chain
        .first()
        .ok_or_else(|| refusal_error(TRUST_ANCHOR, "holds no certificate"))?;
    if signed.subject_pki.raw != csr_spki {
        return Err(refusal_error(
            SIGNED_CERT,
            "carries another public key than the cluster's certificate signing request",
        ));
    }
    let whose = if chain.len() == 1 {
        "the trust anchor"
    } else {
        "the first certificate of the trust anchor"
    };
    if signed.issuer.as_raw() != signer.subject.as_raw() {
        return Err(refusal_error(
            SIGNED_CERT,
            &format!("was not issued by {whose}: its issuer is not the subject of {whose}"),
        ));
    }
    signature::verify(&signed, &signer.subject_pki).map_err(|fault| match fault {
        SignatureFault::Algorithm(found) => refusal_error(SIGNED_CERT, &found),
        SignatureFault::Key(found) => {
            refusal_error(TRUST_ANCHOR, &format!("has a key that {found}"))
        }
        SignatureFault::Signature => refusal_error(
            SIGNED_CERT,
            &format!("was not signed by the key of {whose}"),
        ),
    })?;
    let dated = chain
        .iter()
        .enumerate()
        .map(|(at, certificate)| (TRUST_ANCHOR, position_text(at, chain.len()), certificate));
    for (parameter, place, certificate) in [(SIGNED_CERT, String::new(), &signed)]
        .into_iter()
        .chain(dated)
    {
        let seconds = now.div_euclid(1000);
        if seconds < certificate.validity.not_before.timestamp() {
            return Err(refusal_error(
                parameter,
                &format!("{place}is not valid yet"),
            ));
        }
        if seconds > certificate.validity.not_after.timestamp() {
            return Err(refusal_error(parameter, &format!("{place}has expired")));
        }
    }
    Ok(())
}

fn refusal_error(parameter: &str, reason: &str) -> ApiError {
    ApiError::invalid_request(format!("Invalid {parameter}: the value {reason}."))
}

/// Exactly one certificate.
fn one_block(text: &str) -> Result<Vec<u8>, String> {
    let mut blocks = decode_blocks(text)?;
    match (blocks.pop(), blocks.len()) {
        (Some(octets), 0) => Ok(octets),
        (_, more) => Err(format!(
            "holds {} certificates; exactly one is allowed",
            more + 1
        )),
    }
}

/// Reads one certificate, or in today's service a chain: "at most 4 certificates", "at most 16 kb".
/// The unit of the second limit is not documented; characters are counted here.
fn trust_anchor_blocks(text: &str, reference: Reference) -> Result<Vec<Vec<u8>>, String> {
    if !reference.is_later() {
        return one_block(text).map(|octets| vec![octets]);
    }
    let length = text.chars().count();
    if length > TRUST_ANCHOR_CHARS {
        return Err(format!(
            "has {length} characters; a trust anchor has at most {TRUST_ANCHOR_CHARS} in all"
        ));
    }
    let chain = decode_blocks(text)?;
    if chain.len() > MOST_IN_A_CHAIN {
        return Err(format!(
            "holds {} certificates; a chain has at most {MOST_IN_A_CHAIN}, its root included",
            chain.len()
        ));
    }
    Ok(chain)
}

/// Returns the words that name the certificate of the chain that a reason is about.
fn position_text(at: usize, length: usize) -> String {
    if length == 1 {
        String::new()
    } else {
        format!("has a certificate, number {} of {length}, that ", at + 1)
    }
}

/// Checks the chain. The CA that signs comes first, each certificate's issuer is the next one's
/// subject, and the last one alone is self-signed, as the root. All are CAs.
fn usable(chain: &[X509Certificate<'_>]) -> Result<(), String> {
    let length = chain.len();
    // Of those before it: how many CAs a certificate has below it (RFC 5280 4.2.1.9).
    let mut below = 0_u32;
    for (at, certificate) in chain.iter().enumerate() {
        let (place, next) = (position_text(at, length), chain.get(at + 1));
        ca(certificate, length, below).map_err(|reason| format!("{place}{reason}"))?;
        let self_issued = certificate.issuer.as_raw() == certificate.subject.as_raw();
        if !self_issued {
            // At most the length of a chain.
            below += 1;
        }
        let issuer = match next {
            None if !self_issued => {
                return Err(format!(
                    "{place}is not self-signed: its issuer is not its subject"
                ));
            }
            None => certificate,
            Some(_)
                if self_issued
                    && signature::verify(certificate, &certificate.subject_pki).is_ok() =>
            {
                return Err(format!(
                    "{place}is self-signed; of a chain only the last is, and it is the root"
                ));
            }
            Some(next) if certificate.issuer.as_raw() != next.subject.as_raw() => {
                return Err(format!(
                    "{place}was not issued by the next one: its issuer is not that one's subject"
                ));
            }
            Some(next) => next,
        };
        signature::verify(certificate, &issuer.subject_pki).map_err(|fault| {
            match (fault, next) {
                (SignatureFault::Algorithm(found), _) => format!("{place}{found}"),
                (SignatureFault::Key(found), None) => format!("{place}has a key that {found}"),
                (SignatureFault::Key(found), Some(_)) => format!(
                    "{}has a key that {found}",
                    self::position_text(at + 1, length)
                ),
                (SignatureFault::Signature, None) => {
                    format!("{place}is not self-signed: its own key did not sign it")
                }
                (SignatureFault::Signature, Some(_)) => {
                    format!("{place}was not signed by the key of the next one")
                }
            }
        })?;
    }
    Ok(())
}

/// Checks that a certificate can be a CA. If it has extensions, basicConstraints must be among
/// them, and none may forbid signing certificates. In a chain basicConstraints must be there in any
/// case, as RFC 5280 4.2.1.9 demands of CAs.
fn ca(certificate: &X509Certificate<'_>, length: usize, below: u32) -> Result<(), String> {
    if certificate.extensions().is_empty() {
        return if length == 1 {
            Ok(())
        } else {
            Err(String::from(
                "has no extensions, so it does not say that it is a CA",
            ))
        };
    }
    let constraints = match basic_constraints(certificate) {
        None => {
            return Err(String::from(
                "has X.509v3 extensions but no basicConstraints among them",
            ));
        }
        Some(read) => read?,
    };
    if !constraints.ca {
        return Err(String::from(
            "is not a CA certificate: its basicConstraints says CA:FALSE",
        ));
    }
    if constraints
        .path_len_constraint
        .is_some_and(|most| below > most)
    {
        let most = constraints.path_len_constraint.unwrap_or(0);
        return Err(format!(
            "allows a path length of {most} in its basicConstraints, and has {below} CAs below it"
        ));
    }
    if may_sign_certificates(certificate) == Some(false) {
        return Err(String::from("has a keyUsage without keyCertSign"));
    }
    Ok(())
}
