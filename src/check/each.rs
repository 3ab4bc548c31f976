//! The rules that are judged of each certificate of the trust anchor: their outcomes apart, and as
//! one.

use super::{Finding, Judged, Rule, algorithm, clients, found, found_in, trust_anchor, validity};
use crate::verify::Status;
use crate::x509::{Certificate, Moment, TrustAnchor};

/// How each certificate fares by the rule, in their order; [`Rule::ChainSignatures`]: each but the
/// last. Nothing for a rule of another kind.
pub(super) fn of(rule: Rule, anchor: &TrustAnchor, at: Moment) -> Vec<Judged> {
    let each = |judge: &dyn Fn(&str, &Certificate) -> Judged| {
        trust_anchor::named(anchor)
            .map(|(noun, certificate)| judge(&noun, certificate))
            .collect()
    };
    match rule {
        Rule::PemTrustAnchor => each(&found_in),
        Rule::AlgorithmTrustAnchor => {
            each(&|noun, c| algorithm(noun, c.outer_algorithm(), c.inner_algorithm(), c.key()))
        }
        Rule::ChainSignatures => trust_anchor::chain_signatures(anchor),
        Rule::PathLength => trust_anchor::named(anchor)
            .enumerate()
            .map(|(below, (noun, certificate))| {
                trust_anchor::path_length(&noun, certificate, below)
            })
            .collect(),
        Rule::BasicConstraints => {
            each(&|noun, c| trust_anchor::basic_constraints(noun, c, anchor.is_chain()))
        }
        Rule::KeyUsage => each(&trust_anchor::key_usage),
        Rule::ValidityTrustAnchor => each(&|noun, c| validity(noun, c, at)),
        Rule::TrustAnchorExtendedKeyUsage => each(&clients::purposes),
        Rule::TrustAnchorExtensions => {
            each(&|noun, c| clients::ca_extensions(noun, c, anchor.is_chain()))
        }
        Rule::TrustAnchorKeyIdentifiers => trust_anchor::key_identifiers(anchor),
        Rule::FormTrustAnchor => each(&clients::form),
        _ => Vec::new(),
    }
}

/// Whether the rule asks which certificate stands where: nothing is said of it where they make no
/// chain.
const fn needs_order(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::ChainSignatures | Rule::PathLength | Rule::TrustAnchorKeyIdentifiers
    )
}

/// One outcome of many: those that fail are told, or else what was skipped, or else those to be
/// noted, or else all.
pub(super) fn together(judged: impl IntoIterator<Item = Judged>) -> Judged {
    let judged: Vec<(Status, String)> = judged
        .into_iter()
        .map(|judged| judged.map_or_else(|other| other, |detail| (Status::Pass, detail)))
        .collect();
    let all = |status| {
        let details: Vec<&str> = judged
            .iter()
            .filter(|(found, _)| *found == status)
            .map(|(_, detail)| detail.as_str())
            .collect();
        (!details.is_empty()).then(|| details.join("; "))
    };
    for status in [Status::Fail, Status::Skipped, Status::Note] {
        if let Some(details) = all(status) {
            return Err((status, details));
        }
    }
    Ok(all(Status::Pass).unwrap_or_default())
}

/// What [`check`](super::check) finds of each certificate of a trust anchor alone, with the
/// certificate's place. Of a signature of the chain, the place is that of the certificate that
/// bears it.
pub fn of_each_certificate(anchor: &TrustAnchor, at: Moment) -> Vec<(usize, Finding)> {
    let in_order = !matches!(trust_anchor::chain_order(anchor), Err((Status::Fail, _)));
    let rules = Rule::ALL
        .into_iter()
        .filter(|rule| in_order || !needs_order(*rule));
    rules
        .flat_map(|rule| {
            of(rule, anchor, at)
                .into_iter()
                .enumerate()
                .map(move |(place, judged)| (place, found(rule, judged)))
        })
        .collect()
}
