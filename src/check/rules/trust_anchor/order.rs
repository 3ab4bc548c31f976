//! The order of a chain's certificates.

use super::numbered_noun;
use crate::check::rules::{Parts, Rule};
use crate::checks::{Judged, Remark, Status, fail, note};
use crate::x509::name::same_name;
use crate::x509::{Certificate, TrustAnchor, name_text};

/// `check.trust-anchor.chain-order`: each one's issuer is the next one's subject, the root is last
/// and alone, and none stands there twice.
pub(crate) fn chain_order(anchor: &TrustAnchor) -> Judged {
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
        .map(|certificate| name_text(certificate.subject()).to_string())
        .collect();
    Ok(format!(
        "{} certificates, each one's issuer the next one's subject: {}",
        all.len(),
        names.join("; ")
    ))
}

/// Whether [`chain_order`] does not fail.
pub(crate) fn is_in_order(anchor: &TrustAnchor) -> bool {
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
