//! `<side>.intermediate-<n>`: what stands between an anchor and a hardware certificate.
//!
//! An intermediate can certify any key, so this is where a card or a partition would have to pose
//! as one: its own maker's certificate is genuine, its key is in some customer's hands, and what
//! hsm2m.medium's cards and partitions are called is not known. So the path is held to RFC 5280
//! here, whatever the policy, and a key that has another part to play in the evidence is no
//! intermediate's: a card's is certified by *both* sides, an intermediate's by its own side alone.

use super::{Judged, ParsedEvidence, Remark, short_fingerprint};
use crate::verify::{Height, Input, Side};
use crate::x509::name::{self, Likeness, compare_names};
use crate::x509::{Certificate, Moment, PublicKey, SignatureAlgorithm, name_text};

/// The noun of a side's intermediate.
pub(super) fn intermediate_noun(side: Side, height: Height) -> String {
    let side = if side == Side::Aws {
        "AWS"
    } else {
        "manufacturer"
    };
    format!("the {side} side's intermediate {}", height.below() + 1)
}

/// The certificate that an intermediate is to have issued, and its noun.
fn lower_certificate<'p>(
    parts: &'p ParsedEvidence<'_>,
    side: Side,
    height: Height,
) -> Option<(&'p Certificate, String)> {
    match height {
        Height::First => parts
            .certificate_of(side.hardware())
            .map(|certificate| (certificate, side.hardware().noun().to_owned())),
        Height::Second => parts
            .intermediate_at(side, Height::First)
            .map(|certificate| (certificate, intermediate_noun(side, Height::First))),
    }
}

/// `<side>.intermediate-<n>` (RFC 5280 4.2.1.3, 4.2.1.9, 6.1.3 a, 6.1.4 k to o).
pub(super) fn intermediate(parts: &ParsedEvidence<'_>, side: Side, height: Height) -> Judged {
    let at = parts.at;
    let who = intermediate_noun(side, height);
    let (Some(certificate), Some((lower, lower_noun))) = (
        parts.intermediate_at(side, height),
        lower_certificate(parts, side, height),
    ) else {
        return Err(Remark::skipped(format!("{who} could not be read")));
    };
    let mut faults: Vec<String> = Vec::new();
    let mut fault = |text: Option<String>| faults.extend(text);
    fault(algorithm_fault(certificate));
    let (issuer, subject) = (lower.issuer(), certificate.subject());
    let like = compare_names(issuer, subject);
    fault((like == Likeness::Other).then(|| {
        format!(
            "its subject is not the issuer of {lower_noun}, {}",
            name_text(issuer)
        )
    }));
    fault((!lower.is_signed_by(certificate.public_key())).then(|| {
        format!(
            "its key (SHA-256 {}) did not sign {lower_noun}",
            short_fingerprint(certificate.spki_sha256())
        )
    }));
    fault(date_fault(certificate, at));
    fault(role_fault(certificate));
    fault(authority_fault(certificate, height));
    fault(
        (height == Height::First)
            .then(|| hardware_is_ca(lower, &lower_noun))
            .flatten(),
    );
    fault(extension_fault(certificate));
    fault(
        other_part(parts, side, height, certificate.public_key())
            .map(|part| format!("its key is that of {part}, expected a key of its own")),
    );
    let text = name_text(subject);
    if !faults.is_empty() {
        return Err(Remark::fail(format!(
            "{who}, {text}: {}",
            faults.join("; ")
        )));
    }
    let key = short_fingerprint(certificate.spki_sha256());
    let held = format!(
        "{who}, {text}: its key (SHA-256 {key}, {}) signed {lower_noun}; a CA's, valid at {at}",
        certificate.public_key().describe()
    );
    match like {
        Likeness::Same => Ok(held),
        _ => Err(Remark::note(format!(
            "{held}; the issuer of {lower_noun} is its subject, written otherwise (RFC 5280 7.1)"
        ))),
    }
}

fn algorithm_fault(certificate: &Certificate) -> Option<String> {
    match SignatureAlgorithm::from_der(certificate.outer_algorithm()) {
        Err(fault) => return Some(format!("it is signed with {fault}")),
        Ok(_) if certificate.inner_algorithm() != certificate.outer_algorithm() => {
            return Some(
                "it names one algorithm beside its signature and another inside (RFC 5280 4.1.1.2)"
                    .to_owned(),
            );
        }
        Ok(_) => {}
    }
    certificate
        .public_key()
        .check_usable()
        .err()
        .map(|fault| format!("it holds {fault}"))
}

fn date_fault(certificate: &Certificate, at: Moment) -> Option<String> {
    let (from, to) = (certificate.not_before(), certificate.not_after());
    (at < from || at > to)
        .then(|| format!("it is valid from {from} to {to}, which does not hold {at}"))
}

/// Neither a card nor a partition: by their names, where those are known.
fn role_fault(certificate: &Certificate) -> Option<String> {
    let posing = name::common_name_contains(certificate.subject(), ":PARTN:")
        || name::common_name_begins(certificate.subject(), "HSM:");
    posing.then(|| "it is a card's or a partition's by its CN, expected a CA's".to_owned())
}

/// RFC 5280 6.1.4 (k), (m), (n): CA:TRUE, a path length that leaves room for all that issue below
/// it, keyCertSign.
fn authority_fault(certificate: &Certificate, height: Height) -> Option<String> {
    let extensions = certificate.extensions();
    // Below the first is the hardware certificate, which issues the HSM certificate; below the
    // second the first as well.
    let issuers_below = u64::try_from(height.below() + 1).unwrap_or(u64::MAX);
    match extensions.basic_constraints {
        Some(constraints) if constraints.ca => match constraints.path_len {
            Some(length) if length < issuers_below => {
                return Some(format!(
                    "its path length is {length}, and {issuers_below} that issue stand below it \
                     (RFC 5280 4.2.1.9)"
                ));
            }
            _ => {}
        },
        _ => {
            return Some(
                "it does not say that it is a CA's: basicConstraints CA:TRUE (RFC 5280 6.1.4 k)"
                    .to_owned(),
            );
        }
    }
    match extensions.key_usage {
        Some(usage) if !usage.key_cert_sign() => Some(format!(
            "its keyUsage is {} without keyCertSign (RFC 5280 6.1.4 n)",
            usage.bit_names().join("+")
        )),
        _ => None,
    }
}

/// Below an intermediate the hardware certificate says that it is a CA's: hsm2m.medium's cards do,
/// by what is known, and a partition would not. Those of the older hardware, which do not, have no
/// intermediate above them.
fn hardware_is_ca(hardware: &Certificate, noun: &str) -> Option<String> {
    super::profile::issuer_shortfall(hardware)
        .map(|text| format!("it issued {noun}, which {text} (RFC 5280 6.1.4 k, n)"))
}

/// Name constraints are not judged here, so none may be there, critical or not.
fn extension_fault(certificate: &Certificate) -> Option<String> {
    let extensions = certificate.extensions();
    if !extensions.unknown_critical.is_empty() {
        return Some(format!(
            "it has critical extensions that are not understood: {} (RFC 5280 4.2)",
            extensions.unknown_critical.join(", ")
        ));
    }
    extensions.name_constraints.is_some().then(|| {
        "it has name constraints, which are not judged here (RFC 5280 4.2.1.10)".to_owned()
    })
}

/// Names the other part of the evidence that has this key, as numbers, or as one secret.
fn other_part(
    parts: &ParsedEvidence<'_>,
    side: Side,
    height: Height,
    key: &PublicKey,
) -> Option<String> {
    let certificates = Input::CERTIFICATES.into_iter().filter_map(|input| {
        Some((
            input.noun().to_owned(),
            parts.certificate_of(input)?.public_key(),
        ))
    });
    let csr = parts
        .parsed_csr()
        .map(|csr| (Input::Csr.noun().to_owned(), csr.public_key()));
    let anchors = Side::ALL.into_iter().flat_map(|side| {
        parts
            .anchors
            .of_side(side)
            .iter()
            .map(move |anchor| (side.anchor_noun().to_owned(), anchor.public_key()))
    });
    let others = Side::ALL
        .into_iter()
        .flat_map(|side| Height::ALL.map(|height| (side, height)))
        .filter(|other| *other != (side, height))
        .filter_map(|(side, height)| {
            Some((
                intermediate_noun(side, height),
                parts.intermediate_at(side, height)?.public_key(),
            ))
        });
    certificates
        .chain(csr)
        .chain(anchors)
        .chain(others)
        .find(|(_, other)| other.same_secret(key))
        .map(|(noun, _)| noun)
}
