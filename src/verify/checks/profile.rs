//! The uses that a certificate says it has.

use super::{Judged, ParsedEvidence, Remark, need_certificate};
use crate::generation::{Generation, NameMarks};
use crate::verify::{Input, Profile, Side};
use crate::x509::{Certificate, name, name_text};

/// `fips-mode.hsm`: non-FIPS hardware says so in its names (docs/verification.md); never a failure,
/// since what mode a cluster is meant to have is its owner's to know.
pub(super) fn fips_mode(parts: &ParsedEvidence<'_>) -> Judged {
    let hsm = need_certificate(parts, Input::Hsm)?;
    let csr = parts
        .parsed_csr()
        .map(|csr| (Input::Csr.noun(), csr.subject()));
    let hardware = Side::ALL.into_iter().filter_map(|side| {
        Some((
            side.hardware().noun(),
            parts.certificate_of(side.hardware())?.subject(),
        ))
    });
    let names = std::iter::once((Input::Hsm.noun(), hsm.subject()))
        .chain(hardware)
        .chain(csr);
    let says: Vec<String> = names
        .filter(|(_, name)| is_non_fips(name))
        .map(|(noun, name)| format!("{noun} ({})", name_text(name)))
        .collect();
    if says.is_empty() {
        return Ok("no name says that the HSM is for non-FIPS mode".to_owned());
    }
    Err(Remark::note(format!(
        "the HSM is for non-FIPS mode, by the name of {}",
        says.join(", ")
    )))
}

/// Tells whether a name's CN says so, as `HSM:..., for non-FIPS mode` does.
fn is_non_fips(name: &[u8]) -> bool {
    name::common_name_text(name).is_some_and(|text| {
        let text = text.to_lowercase();
        all_name_marks().any(|marks| text.contains(marks.non_fips))
    })
}

/// The marks of every generation: a certificate is held to all, whatever its cluster is said to be.
fn all_name_marks() -> impl Iterator<Item = &'static NameMarks> {
    Generation::all_facts().filter_map(|facts| facts.name_marks.as_ref())
}

/// `role.<hardware>`: a hardware certificate is a card's, not a partition's (docs/verification.md):
/// otherwise a partition could pose as a card.
pub(super) fn role(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let input = side.hardware();
    let hardware = need_certificate(parts, input)?;
    let (noun, subject) = (input.noun(), name_text(hardware.subject()));
    let marks: Vec<&str> = all_name_marks().map(|marks| marks.partition).collect();
    match marks
        .iter()
        .find(|mark| name::common_name_contains(hardware.subject(), mark))
    {
        Some(mark) => Err(Remark::fail(format!(
            "{noun} is a partition's: its subject {subject} has {mark} in its CN, expected a card's"
        ))),
        None => Ok(format!(
            "{noun} is not a partition's: no {} in the CN of {subject}",
            marks.join(" and no ")
        )),
    }
}

/// `extensions.<certificate>`: no critical extension that is not understood (RFC 5280 4.2).
pub(super) fn extensions(parts: &ParsedEvidence<'_>, input: Input) -> Judged {
    let certificate = need_certificate(parts, input)?;
    let (noun, unknown) = (input.noun(), &certificate.extensions().unknown_critical);
    match (unknown.is_empty(), certificate.extensions().all.len()) {
        (false, _) => Err(Remark::fail(format!(
            "{noun} has critical extensions that are not understood: {} (RFC 5280 4.2)",
            unknown.join(", ")
        ))),
        (true, 0) => Ok(format!(
            "{noun} (version {}) has no extensions",
            certificate.version()
        )),
        (true, count) => Ok(format!(
            "{noun} has {count} extensions, none of them critical and unknown"
        )),
    }
}

/// `ca-profile.<hardware>`: what RFC 5280 6.1.4 (k) and (n) ask of an issuer. Genuine hardware
/// certificates do not have it (docs/verification.md).
pub(super) fn ca_profile(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let input = side.hardware();
    let hardware = need_certificate(parts, input)?;
    let noun = input.noun();
    match (issuer_shortfall(hardware), parts.profile) {
        (None, _) => Ok(format!(
            "{noun} says that it is a CA's: basicConstraints CA:TRUE"
        )),
        (Some(text), Profile::Rfc5280) => {
            Err(Remark::fail(format!("{noun} {text} (RFC 5280 6.1.4)")))
        }
        (Some(text), Profile::Attestation) => Err(Remark::note(format!(
            "{noun} {text}; genuine hardware certificates are like this, RFC 5280 6.1.4 would \
             refuse it"
        ))),
    }
}

/// Returns what RFC 5280 6.1.4 (k) and (n) miss in a certificate that issues others.
pub(super) fn issuer_shortfall(hardware: &Certificate) -> Option<String> {
    let extensions = hardware.extensions();
    let mut texts = Vec::new();
    match extensions.basic_constraints {
        None if hardware.version() < 3 => texts.push(format!(
            "is a version {} certificate, which cannot say that it is a CA's",
            hardware.version()
        )),
        None => texts.push("has no basicConstraints, expected CA:TRUE".to_owned()),
        Some(constraints) if !constraints.ca => {
            texts.push("has basicConstraints CA:FALSE, expected CA:TRUE".to_owned())
        }
        Some(_) => {}
    }
    match extensions.key_usage {
        Some(usage) if !usage.key_cert_sign() => texts.push(format!(
            "has keyUsage {} without keyCertSign",
            usage.bit_names().join("+")
        )),
        _ => {}
    }
    if texts.is_empty() {
        None
    } else {
        Some(texts.join(" and "))
    }
}
