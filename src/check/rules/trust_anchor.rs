//! The rules of the trust anchor itself: one certificate, or a chain (AWS CloudHSM User Guide,
//! Initialize the cluster, September 2026).

use super::{Parts, Rule, SIGNED_CERT, clients, judgeable};
use crate::checks::{Judged, Remark, Status, fail, join_answers, note};
use crate::x509::general_name::GeneralName;
use crate::x509::name::same_name;
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

/// `check.trust-anchor.chain-order`: each one's issuer is the next one's subject, the root is last
/// and alone, and none stands there twice.
pub(super) fn chain_order(anchor: &TrustAnchor) -> Judged {
    if !anchor.is_chain() {
        return Ok("the trust anchor is one certificate".to_owned());
    }
    let all: Vec<&Certificate> = anchor.certificates().collect();
    for (at, certificate) in all.iter().enumerate() {
        if let Some(before) = all
            .iter()
            .take(at)
            .position(|before| before.as_der() == certificate.as_der())
        {
            return fail(format!(
                "{} is {} once more: leave one of them out",
                numbered_noun(at),
                numbered_noun(before)
            ));
        }
    }
    let roots: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, certificate)| is_self_issued(certificate))
        .map(|(at, _)| at)
        .collect();
    if let [one, other, ..] = roots.as_slice() {
        return fail(format!(
            "{} and {} are each issued by themselves, {} and {}: a chain has one root, its last \
             certificate",
            numbered_noun(*one),
            numbered_noun(*other),
            all.get(*one)
                .map(|root| name_text(root.subject()))
                .unwrap_or_default(),
            all.get(*other)
                .map(|root| name_text(root.subject()))
                .unwrap_or_default(),
        ));
    }
    let broken = all
        .iter()
        .zip(all.iter().skip(1))
        .position(|(below, above)| !same_name(below.issuer(), above.subject()));
    if let Some(at) = broken {
        return fail(explain_broken_order(&all, at));
    }
    // The next rule has it where there is no root.
    let rewritten = all
        .iter()
        .zip(all.iter().skip(1))
        .position(|(below, above)| below.issuer() != above.subject());
    if let Some(at) = rewritten {
        return note(format!(
            "the issuer of {} is the subject of the next one, but written in another way (RFC 5280 \
             7.1): whether CloudHSM takes that is not known",
            numbered_noun(at)
        ));
    }
    let names: Vec<String> = all
        .iter()
        .map(|certificate| name_text(certificate.subject()))
        .collect();
    Ok(format!(
        "{} certificates, each one's issuer the next one's subject: {}",
        all.len(),
        names.join("; ")
    ))
}

/// Whether [`chain_order`] does not fail.
pub(super) fn is_in_order(anchor: &TrustAnchor) -> bool {
    !matches!(chain_order(anchor), Err(remark) if remark.status == Status::Fail)
}

/// Returns the trust anchor, where its certificates stand as a chain does. Nothing else says which
/// of them stands where.
pub(crate) fn ordered(parts: &Parts) -> Result<&TrustAnchor, Remark> {
    let anchor = parts.trust_anchor()?;
    if is_in_order(anchor) {
        Ok(anchor)
    } else {
        Err(Remark::skipped(format!(
            "the certificates of the trust anchor make no chain: see {}",
            Rule::ChainOrder
        )))
    }
}

/// The signed certificate and the trust anchor, where that one is in order.
pub(super) fn signed_and_anchor(parts: &Parts) -> Result<(&Certificate, &TrustAnchor), Remark> {
    Ok((parts.signed_cert()?, ordered(parts)?))
}

fn is_self_issued(certificate: &Certificate) -> bool {
    same_name(certificate.issuer(), certificate.subject())
}

fn has_issued(above: &Certificate, below: &Certificate) -> bool {
    !is_self_issued(below) && same_name(below.issuer(), above.subject())
}

/// The first link, after the certificate `at`, does not hold: they stand in another order, one does
/// not belong here, or one is missing.
fn explain_broken_order(all: &[&Certificate], at: usize) -> String {
    if let Some(order) = right_order(all) {
        let places: Vec<String> = order.iter().map(|at| (at + 1).to_string()).collect();
        return format!(
            "the certificates stand in the wrong order: the CA that signs comes first, the root \
             last; here that is {}",
            places.join(", ")
        );
    }
    let related = |at: usize, certificate: &Certificate| {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at);
        others
            .map(|(_, other)| *other)
            .any(|other| has_issued(other, certificate) || has_issued(certificate, other))
    };
    let text = |at: usize| {
        all.get(at)
            .map(|certificate| name_text(certificate.subject()))
            .unwrap_or_default()
    };
    if all.len() > 2
        && let Some(foreign) = all
            .iter()
            .enumerate()
            .find(|(at, certificate)| !related(*at, certificate))
            .map(|(at, _)| at)
    {
        return format!(
            "{}, {}, neither issued another of them nor was issued by one: it does not belong here",
            numbered_noun(foreign),
            text(foreign)
        );
    }
    let issuer = all
        .get(at)
        .map(|below| name_text(below.issuer()))
        .unwrap_or_default();
    let above = all
        .get(at)
        .and_then(|below| all.iter().position(|above| has_issued(above, below)));
    match above {
        _ if all.get(at).is_some_and(|below| is_self_issued(below)) => {
            let next = at + 1;
            return format!(
                "{} is the root, {issuer}, with which a chain ends: {}, {}, does not belong here",
                numbered_noun(at),
                numbered_noun(next),
                text(next)
            );
        }
        Some(above) => {
            return format!(
                "{} was issued by {issuer}, which is {}: what stands between them does not belong \
                 here",
                numbered_noun(at),
                numbered_noun(above)
            );
        }
        None => {}
    }
    format!(
        "{} was issued by {issuer}, but the next one is {}: the certificate of {issuer} is missing \
         between them",
        numbered_noun(at),
        text(at + 1)
    )
}

/// The order in which the certificates make a chain, where there is one: four at most, so there are
/// few to try.
fn right_order(all: &[&Certificate]) -> Option<Vec<usize>> {
    let root = all
        .iter()
        .position(|certificate| is_self_issued(certificate))?;
    let mut order = vec![root];
    while order.len() < all.len() {
        let above = order.last().and_then(|at| all.get(*at))?;
        let below = all
            .iter()
            .enumerate()
            .find(|(at, certificate)| !order.contains(at) && has_issued(above, certificate));
        order.push(below?.0);
    }
    order.reverse();
    Some(order)
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
