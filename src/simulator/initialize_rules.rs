//! What InitializeCluster demands of SignedCert and TrustAnchor beyond their form.
//!
//! Sources: the API Reference's text of the two parameters; the AWS CloudHSM User Guide,
//! "Initialize the cluster": its list of trust anchors that are refused, its chains and its
//! algorithms. How the service words its refusals is not documented; these say what is wrong. What
//! neither says the service refuses is not refused here: unknown critical extensions, name
//! constraints.

use x509_parser::certificate::X509Certificate;

use super::certificate::{
    basic_constraints, decode_blocks, may_sign_certificates, read_certificate,
};
use super::clock::Millis;
use super::json_protocol::ApiError;
use super::limits::{MOST_IN_A_CHAIN, TRUST_ANCHOR_CHARS};
use super::reference::Reference;
use super::signature::{self, Fault};

const SIGNED_CERT: &str = "SignedCert";
const TRUST_ANCHOR: &str = "TrustAnchor";

/// Judges the pair for a cluster whose CSR has the key `csr_spki`.
pub(super) fn judge(
    signed_cert: &str,
    trust_anchor: &str,
    csr_spki: &[u8],
    now: Millis,
    reference: Reference,
) -> Result<(), ApiError> {
    let signed = one_block(signed_cert).map_err(|reason| refused(SIGNED_CERT, &reason))?;
    let signed = read_certificate(&signed).map_err(|reason| refused(SIGNED_CERT, &reason))?;
    let chain = trust_anchor_blocks(trust_anchor, reference)
        .map_err(|reason| refused(TRUST_ANCHOR, &reason))?;
    let chain: Vec<X509Certificate<'_>> = chain
        .iter()
        .map(|octets| read_certificate(octets))
        .collect::<Result<_, _>>()
        .map_err(|reason| refused(TRUST_ANCHOR, &reason))?;
    usable(&chain).map_err(|reason| refused(TRUST_ANCHOR, &reason))?;
    let signer = chain
        .first()
        .ok_or_else(|| refused(TRUST_ANCHOR, "holds no certificate"))?;
    if signed.subject_pki.raw != csr_spki {
        return Err(refused(
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
        return Err(refused(
            SIGNED_CERT,
            &format!("was not issued by {whose}: its issuer is not the subject of {whose}"),
        ));
    }
    signature::verify(&signed, &signer.subject_pki).map_err(|fault| match fault {
        Fault::Algorithm(found) => refused(SIGNED_CERT, &found),
        Fault::Key(found) => refused(TRUST_ANCHOR, &format!("has a key that {found}")),
        Fault::Signature => refused(
            SIGNED_CERT,
            &format!("was not signed by the key of {whose}"),
        ),
    })?;
    let dated = chain
        .iter()
        .enumerate()
        .map(|(at, certificate)| (TRUST_ANCHOR, place(at, chain.len()), certificate));
    for (parameter, place, certificate) in [(SIGNED_CERT, String::new(), &signed)]
        .into_iter()
        .chain(dated)
    {
        let seconds = now.div_euclid(1000);
        if seconds < certificate.validity.not_before.timestamp() {
            return Err(refused(parameter, &format!("{place}is not valid yet")));
        }
        if seconds > certificate.validity.not_after.timestamp() {
            return Err(refused(parameter, &format!("{place}has expired")));
        }
    }
    Ok(())
}

fn refused(parameter: &str, reason: &str) -> ApiError {
    ApiError::invalid(format!("Invalid {parameter}: the value {reason}."))
}

/// Exactly one certificate.
fn one_block(text: &str) -> Result<Vec<u8>, String> {
    let mut blocks = decode_blocks(text)?;
    match (blocks.pop(), blocks.len()) {
        (Some(octets), 0) => Ok(octets),
        (_, more) => Err(format!(
            "holds {} certificates; exactly one is allowed",
            more.saturating_add(1)
        )),
    }
}

/// One certificate, or in the service of today a chain: "at most 4 certificates", "at most 16 kb".
/// Of what the second is said to be is not written; it is held to characters.
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

/// Which certificate of the chain a reason is about.
fn place(at: usize, length: usize) -> String {
    if length == 1 {
        String::new()
    } else {
        format!(
            "has a certificate, number {} of {length}, that ",
            at.saturating_add(1)
        )
    }
}

/// The CA that signs first, each one's issuer the next one's subject, the self-signed root last and
/// alone self-signed; CAs all.
fn usable(chain: &[X509Certificate<'_>]) -> Result<(), String> {
    let length = chain.len();
    // Of those before it: how many CAs a certificate has below it (RFC 5280 4.2.1.9).
    let mut below = 0_u32;
    for (at, certificate) in chain.iter().enumerate() {
        let (place, next) = (place(at, length), chain.get(at.saturating_add(1)));
        ca(certificate, length, below).map_err(|reason| format!("{place}{reason}"))?;
        let self_issued = certificate.issuer.as_raw() == certificate.subject.as_raw();
        if !self_issued {
            below = below.saturating_add(1);
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
                (Fault::Algorithm(found), _) => format!("{place}{found}"),
                (Fault::Key(found), None) => format!("{place}has a key that {found}"),
                (Fault::Key(found), Some(_)) => format!(
                    "{}has a key that {found}",
                    self::place(at.saturating_add(1), length)
                ),
                (Fault::Signature, None) => {
                    format!("{place}is not self-signed: its own key did not sign it")
                }
                (Fault::Signature, Some(_)) => {
                    format!("{place}was not signed by the key of the next one")
                }
            }
        })?;
    }
    Ok(())
}

/// If it has extensions, basicConstraints among them, and none that forbids signing certificates;
/// in a chain basicConstraints in any case, as RFC 5280 4.2.1.9 has it of CAs.
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
