//! The two chains: anchors, hardware certificates, HSM certificate.

use super::{
    Judged, ParsedEvidence, Remark, intermediate, need_anchor, need_certificate, need_judgeable,
    short_fingerprint,
};
use crate::verify::{CheckId, Input, Side, Source};
use crate::x509::name::{Likeness, compare_names};
use crate::x509::{Certificate, PublicKey, name_text, to_hex};

fn other_anchors_note(parts: &ParsedEvidence<'_>, side: Side) -> String {
    let count = parts.anchors.of_side(side).len();
    if count > 1 {
        format!(" (nor does any other of the {count} that were given)")
    } else {
        String::new()
    }
}

/// Explains, for people, why a chain under a given or built-in anchor may not hold.
fn other_root_hint(side: Side) -> String {
    format!(
        "; this is another owner's or another generation's hardware, or no genuine one. If you \
         hold its root, give it with {}",
        side.option()
    )
}

/// Returns the certificate that a side's anchor must have issued: the hardware certificate, or the
/// uppermost intermediate above it. Its noun and the check of its algorithm come with it.
fn need_top<'p>(
    parts: &'p ParsedEvidence<'_>,
    side: Side,
) -> Result<(&'p Certificate, String, CheckId), Remark> {
    let input = side.hardware();
    let hardware = need_certificate(parts, input)?;
    Ok(match parts.top_certificate(side) {
        (Some(certificate), Some(height)) => (
            certificate,
            intermediate::intermediate_noun(side, height),
            CheckId::Intermediate(side, height),
        ),
        _ => (hardware, input.noun().to_owned(), CheckId::Algorithm(input)),
    })
}

/// `<side>.signature`: the anchor's key signed the hardware certificate, or the uppermost
/// intermediate above it (RFC 5280 6.1.3 a 1).
pub(super) fn signature(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let (certificate, noun, algorithm) = need_top(parts, side)?;
    let anchor = need_anchor(parts, side)?;
    let algorithm = need_judgeable(
        certificate.outer_algorithm(),
        anchor.public_key(),
        algorithm,
        side.anchor_noun(),
    )?;
    let (who, key) = (side.anchor_noun(), short_fingerprint(anchor.spki_sha256()));
    if parts.path_of(side).signed {
        Ok(format!(
            "{who}'s key (SHA-256 {key}) signed {noun}, {algorithm}"
        ))
    } else {
        Err(Remark::fail(format!(
            "{who}'s key (SHA-256 {key}) did not sign {noun}{}{}",
            other_anchors_note(parts, side),
            other_root_hint(side)
        )))
    }
}

/// `<side>.issuer`: the issuer of what the anchor's key signed is the anchor's subject (RFC 5280
/// 6.1.3 a 4; 7.1).
pub(super) fn issuer(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let (certificate, noun, _) = need_top(parts, side)?;
    let anchor = need_anchor(parts, side)?;
    let who = side.anchor_noun();
    let (issuer, subject) = (name_text(certificate.issuer()), name_text(anchor.subject()));
    match compare_names(certificate.issuer(), anchor.subject()) {
        Likeness::Same => Ok(format!("{noun}'s issuer is {who}'s subject, {subject}")),
        Likeness::Alike => Err(Remark::note(format!(
            "{noun}'s issuer is {who}'s subject, {subject}, {ALIKE_NOTE}"
        ))),
        Likeness::Other => Err(Remark::fail(format!(
            "{noun}'s issuer is {issuer}, but {who}'s subject is {subject}{}",
            other_anchors_note(parts, side)
        ))),
    }
}

/// The note on names that are the same and not byte for byte.
const ALIKE_NOTE: &str =
    "written otherwise: equal attribute by attribute (RFC 5280 7.1), not byte for byte";

/// `<side>.hsm-signature`: the hardware certificate's key signed the HSM certificate (RFC 5280
/// 6.1.3 a 1).
pub(super) fn hsm_signature(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let hsm = need_certificate(parts, Input::Hsm)?;
    let hardware = need_certificate(parts, side.hardware())?;
    let noun = side.hardware().noun();
    let algorithm = need_judgeable(
        hsm.outer_algorithm(),
        hardware.public_key(),
        CheckId::Algorithm(Input::Hsm),
        noun,
    )?;
    let key = short_fingerprint(hardware.spki_sha256());
    if side.select_from(parts.vouched) {
        Ok(format!(
            "the key of {noun} (SHA-256 {key}) signed the HSM certificate, {algorithm}"
        ))
    } else {
        Err(Remark::fail(format!(
            "the key of {noun} (SHA-256 {key}, {}) did not sign the HSM certificate ({algorithm})",
            hardware.public_key().describe()
        )))
    }
}

/// `<side>.hsm-issuer`: the HSM certificate's issuer is the hardware certificate's subject (RFC
/// 5280 6.1.3 a 4; 7.1).
pub(super) fn hsm_issuer(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let hsm = need_certificate(parts, Input::Hsm)?;
    let hardware = need_certificate(parts, side.hardware())?;
    let noun = side.hardware().noun();
    let subject = name_text(hardware.subject());
    match compare_names(hsm.issuer(), hardware.subject()) {
        Likeness::Same => Ok(format!(
            "the HSM certificate's issuer is the subject of {noun}, {subject}"
        )),
        Likeness::Alike => Err(Remark::note(format!(
            "the HSM certificate's issuer is the subject of {noun}, {subject}, {ALIKE_NOTE}"
        ))),
        Likeness::Other => {
            let issuer = name_text(hsm.issuer());
            Err(Remark::fail(format!(
                "the HSM certificate's issuer is {issuer}, but the subject of {noun} is {subject}"
            )))
        }
    }
}

/// `hardware.same-key`: one hardware key under both hardware certificates, compared as numbers: its
/// SubjectPublicKeyInfo may be written in two ways.
pub(super) fn hardware_same_key(parts: &ParsedEvidence<'_>) -> Judged {
    let aws = need_certificate(parts, Input::AwsHardware)?;
    let manufacturer = need_certificate(parts, Input::ManufacturerHardware)?;
    if let Some(other) = [aws, manufacturer]
        .iter()
        .find(|c| matches!(c.public_key(), PublicKey::Other(_)))
    {
        return Err(Remark::skipped(format!(
            "cannot be compared: {}",
            other.public_key().describe()
        )));
    }
    let (a, m) = (
        short_fingerprint(aws.spki_sha256()),
        short_fingerprint(manufacturer.spki_sha256()),
    );
    if aws.public_key().same_numbers(manufacturer.public_key()) {
        Ok(format!(
            "both hardware certificates carry one key, {} (SHA-256 {a})",
            aws.public_key().describe()
        ))
    } else {
        Err(Remark::fail(format!(
            "the AWS hardware certificate's key (SHA-256 {a}) is not the manufacturer hardware \
             certificate's ({m})"
        )))
    }
}

/// `anchors.distinct`: the two anchors are different keys, as numbers: otherwise one root vouches
/// twice. One RSA modulus under two exponents is one root: whoever has the one private key has the
/// other.
pub(super) fn anchors_distinct(parts: &ParsedEvidence<'_>) -> Judged {
    let aws = need_anchor(parts, Side::Aws)?;
    let manufacturer = need_anchor(parts, Side::Manufacturer)?;
    let (a, m) = (
        short_fingerprint(aws.spki_sha256()),
        short_fingerprint(manufacturer.spki_sha256()),
    );
    if aws.public_key().same_secret(manufacturer.public_key()) || aws.spki() == manufacturer.spki()
    {
        Err(Remark::fail(format!(
            "the AWS anchor and the manufacturer anchor are the same key (SHA-256 {a} and {m}), \
             expected two independent roots"
        )))
    } else {
        Ok(format!(
            "the two anchors are different keys (SHA-256 {a} and {m})"
        ))
    }
}

/// `anchors.source`: which anchors were used, and where they come from.
pub(super) fn anchors_source(parts: &ParsedEvidence<'_>) -> Judged {
    let each: Vec<String> = Side::ALL
        .into_iter()
        .map(|side| match parts.anchor_of(side) {
            None => format!("{}: none", side.anchor_noun()),
            Some(anchor) => {
                let facts = anchor.to_facts(side);
                let source = match anchor.source() {
                    Source::BuiltIn => "built in".to_owned(),
                    Source::Given(file) => format!("given in {file}"),
                };
                let certificate = facts
                    .certificate_sha256
                    .map(|print| format!("certificate SHA-256 {print}, "))
                    .unwrap_or_default();
                format!(
                    "{}, {source}: {}, {certificate}key SHA-256 {}",
                    side.anchor_noun(),
                    facts.subject,
                    to_hex(anchor.spki_sha256())
                )
            }
        })
        .collect();
    Err(Remark::note(each.join("; ")))
}
