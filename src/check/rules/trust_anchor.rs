//! The rules of the trust anchor itself: one certificate, or a chain (AWS CloudHSM User Guide,
//! Initialize the cluster, September 2026).

mod order;

pub(crate) use order::ordered;
pub(super) use order::{chain_order, is_in_order};

use super::{Parts, Rule, SIGNED_CERT, clients, judgeable};
use crate::checks::{Judged, Remark, fail, join_answers, note};
use crate::x509::general_name::GeneralName;
use crate::x509::{Certificate, TrustAnchor, name_text};

/// Names a certificate of the trust anchor, by its place.
pub(super) fn noun_at(anchor: &TrustAnchor, at: usize) -> String {
    if anchor.is_chain() {
        numbered_noun(at)
    } else {
        "the trust anchor".to_owned()
    }
}

fn numbered_noun(at: usize) -> String {
    format!("certificate {} of the chain", at + 1)
}

/// Every certificate of the trust anchor, with what it is called.
pub(super) fn certificates_with_nouns(
    anchor: &TrustAnchor,
) -> impl Iterator<Item = (String, &Certificate)> {
    anchor
        .certificates()
        .enumerate()
        .map(|(at, certificate)| (noun_at(anchor, at), certificate))
}

/// The signed certificate and the trust anchor, where that one is in order.
pub(super) fn signed_and_anchor(parts: &Parts) -> Result<(&Certificate, &TrustAnchor), Remark> {
    Ok((parts.signed_cert()?, ordered(parts)?))
}

/// `check.trust-anchor.chain-signatures`: the next one's key signed each, but the last.
pub(super) fn chain_signatures(anchor: &TrustAnchor) -> Vec<Judged> {
    if !anchor.is_chain() {
        return vec![Ok("the trust anchor is one certificate".to_owned())];
    }
    let links = anchor
        .certificates()
        .zip(anchor.certificates_above())
        .enumerate();
    links
        .map(|(at, (below, above))| chain_signature(at, below, above))
        .collect()
}

fn chain_signature(at: usize, below: &Certificate, above: &Certificate) -> Judged {
    judgeable(
        below.outer_algorithm(),
        above.public_key(),
        [Rule::AlgorithmTrustAnchor; 2],
    )?;
    let (below_noun, above_noun) = (numbered_noun(at), numbered_noun(at + 1));
    match below.is_signed_by(above.public_key()) {
        true => Ok(format!("the key of {above_noun} signed {below_noun}")),
        false => fail(format!(
            "the key of {above_noun} did not sign {below_noun}, though it has the name of its \
             issuer, {}",
            name_text(above.subject())
        )),
    }
}

/// `check.trust-anchor.path-length`, of each certificate.
pub(super) fn path_lengths(anchor: &TrustAnchor) -> Vec<Judged> {
    certificates_with_nouns(anchor)
        .enumerate()
        .map(|(below, (noun, certificate))| path_length(&noun, certificate, below))
        .collect()
}

/// `check.trust-anchor.path-length`: how many CAs stand below each (RFC 5280 6.1.4 (l), (m)). None
/// of them is self-issued: [`chain_order`] sees to it.
fn path_length(noun: &str, certificate: &Certificate, below: usize) -> Judged {
    let allowed = certificate
        .extensions()
        .basic_constraints
        .and_then(|constraints| constraints.path_len);
    let below = u64::try_from(below).unwrap_or(u64::MAX);
    match allowed {
        None => Ok(format!("{noun} sets no path length")),
        Some(allowed) if below <= allowed => Ok(format!(
            "{noun} allows {allowed} CAs below it, and there are {below}"
        )),
        Some(allowed) => fail(format!(
            "{noun} allows {allowed} CAs below it (pathLen), and there are {below}"
        )),
    }
}

/// `check.trust-anchor.self-issued`
pub(super) fn self_issued(anchor: &TrustAnchor) -> Judged {
    let last = anchor.last_certificate();
    let (issuer, subject) = (name_text(last.issuer()), name_text(last.subject()));
    match (last.issuer() == last.subject(), anchor.is_chain()) {
        (true, false) => Ok(format!("the trust anchor is issued by itself, {subject}")),
        (true, true) => Ok(format!(
            "the chain's last certificate is issued by itself, {subject}"
        )),
        (false, false) => fail(format!(
            "the trust anchor {subject} is issued by {issuer}, expected by itself: an intermediate \
             cannot be a trust anchor alone; give the chain up to its root"
        )),
        (false, true) => fail(format!(
            "the chain's last certificate, {subject}, is issued by {issuer}, expected by itself: \
             the root, {issuer}, is missing"
        )),
    }
}

/// `check.trust-anchor.self-signed`
pub(super) fn self_signed(anchor: &TrustAnchor) -> Judged {
    let last = anchor.last_certificate();
    if anchor.is_chain() && last.issuer() != last.subject() {
        return Err(Remark::skipped(format!(
            "the chain has no root: see {}",
            Rule::SelfIssued
        )));
    }
    judgeable(
        last.outer_algorithm(),
        last.public_key(),
        [Rule::AlgorithmTrustAnchor; 2],
    )?;
    let which = if anchor.is_chain() {
        "the chain's last certificate"
    } else {
        "the trust anchor"
    };
    match last.is_signed_by(last.public_key()) {
        true => Ok(format!("{which} is signed by its own key")),
        false => fail(format!(
            "{which} is not signed by its own key, expected a self-signed certificate"
        )),
    }
}

/// `check.trust-anchor.basic-constraints`. One certificate alone may be of version 1, as the
/// guide's refusals name extensions only; what is below another CA, or above one, must say that it
/// is a CA (RFC 5280 6.1.4 (k)).
pub(super) fn basic_constraints(noun: &str, certificate: &Certificate, in_chain: bool) -> Judged {
    let extensions = certificate.extensions();
    match extensions.basic_constraints {
        _ if extensions.all.is_empty() && !in_chain => Ok(format!(
            "{noun} (version {}) has no extensions",
            certificate.version()
        )),
        Some(constraints) if constraints.ca => Ok(format!("{noun} has basicConstraints CA:TRUE")),
        Some(_) => fail(format!(
            "{noun} has basicConstraints CA:FALSE, expected CA:TRUE"
        )),
        None if extensions.all.is_empty() => fail(format!(
            "{noun} (version {}) has no basicConstraints, expected CA:TRUE in each certificate of \
             a chain",
            certificate.version()
        )),
        None => fail(format!(
            "{noun} has extensions but no basicConstraints, expected CA:TRUE among them"
        )),
    }
}

/// `check.trust-anchor.key-usage`
pub(super) fn key_usage(noun: &str, certificate: &Certificate) -> Judged {
    match certificate.extensions().key_usage {
        None => Ok(format!(
            "{noun} has no keyUsage, which leaves its key free to sign certificates"
        )),
        Some(usage) if usage.key_cert_sign() => Ok(format!(
            "{noun} has keyUsage {}",
            usage.bit_names().join("+")
        )),
        Some(usage) => fail(format!(
            "{noun} has keyUsage {}, expected keyCertSign among them",
            usage.bit_names().join("+")
        )),
    }
}

/// `check.trust-anchor.key-identifiers`: each one's of the next one, the last one's of itself.
pub(super) fn key_identifiers(anchor: &TrustAnchor) -> Vec<Judged> {
    // Without its root, nothing is known of the last one's authority.
    let root = Some(anchor.last_certificate())
        .filter(|last| !anchor.is_chain() || last.issuer() == last.subject());
    let authorities = anchor.certificates_above().iter().chain(root).enumerate();
    let judged = certificates_with_nouns(anchor).zip(authorities).map(
        |((of, certificate), (at, authority))| {
            let authority_at = (at + 1).min(anchor.certificates_above().len());
            clients::key_identifiers(&of, certificate, &noun_at(anchor, authority_at), authority)
        },
    );
    judged.collect()
}

/// `check.key-identifiers`: the signed certificate's, of the CA that signs.
pub(super) fn signed_cert_key_identifiers(parts: &Parts) -> Judged {
    let (signed, anchor) = signed_and_anchor(parts)?;
    clients::key_identifiers(
        SIGNED_CERT,
        signed,
        &noun_at(anchor, 0),
        anchor.signing_ca(),
    )
}

/// [`name_constraints`], with the signed certificate.
pub(super) fn signed_cert_name_constraints(parts: &Parts) -> Judged {
    let (signed, anchor) = signed_and_anchor(parts)?;
    let others = &signed.extensions().subject_alt_names;
    name_constraints(anchor, Some((signed.subject(), others)))
}

/// `check.trust-anchor.name-constraints`: of the certificates below each, and of the signed
/// certificate's subject and alternative names. Without that one, constraints that might exclude it
/// are noted.
pub(crate) fn name_constraints(
    anchor: &TrustAnchor,
    signed: Option<(&[u8], &[GeneralName])>,
) -> Judged {
    join_answers(
        certificates_with_nouns(anchor)
            .enumerate()
            .map(|(at, (noun, certificate))| {
                let Some(constraints) = &certificate.extensions().name_constraints else {
                    return Ok(format!("{noun} has no nameConstraints"));
                };
                let below = anchor.certificates().take(at).enumerate();
                let below = below.map(|(at, below)| {
                    (
                        numbered_noun(at),
                        below.subject(),
                        below.extensions().subject_alt_names.as_slice(),
                    )
                });
                let signed_cert = signed.map(|(subject, others)| {
                    ("the signed certificate".to_owned(), subject, others)
                });
                for (what, subject, others) in below.chain(signed_cert) {
                    if let Some(text) = super::names::excluded(constraints, subject, others) {
                        return fail(format!(
                            "the nameConstraints of {noun} do not allow {what}: {text}"
                        ));
                    }
                }
                match signed {
                    Some((subject, _)) => Ok(format!(
                        "the nameConstraints of {noun} leave room for {}",
                        name_text(subject)
                    )),
                    None => note(format!(
                        "{noun} has nameConstraints: whether they allow the HSM's \
                                  certificate shows only with the cluster's CSR"
                    )),
                }
            }),
    )
}

/// Names the certificate of the chain that signed, where it is another than the first.
pub(super) fn signer_elsewhere(anchor: &TrustAnchor, signed: &Certificate) -> String {
    let signer = anchor.certificates_above().iter().position(|above| {
        signed.issuer() == above.subject() && signed.is_signed_by(above.public_key())
    });
    signer.map_or_else(String::new, |at| {
        format!(
            ": the key of {} did; the CA that signs comes first, and those below it do not belong \
             into the trust anchor",
            numbered_noun(at + 1)
        )
    })
}
