//! Dates, at the moment that the caller names.

use super::{Judged, ParsedEvidence, Remark, need_anchor, need_certificate};
use crate::verify::{Input, Side};

/// `validity.<certificate>` (RFC 5280 6.1.3 a 2): both ends belong to the period (4.1.2.5).
pub(super) fn validity(parts: &ParsedEvidence<'_>, input: Input) -> Judged {
    let (certificate, at) = (need_certificate(parts, input)?, parts.at);
    let (from, to, noun) = (
        certificate.not_before(),
        certificate.not_after(),
        input.noun(),
    );
    if at < from {
        Err(Remark::fail(format!(
            "{noun} is valid from {from}, which is after {at}"
        )))
    } else if at > to {
        Err(Remark::fail(format!(
            "{noun} was valid until {to}, which is before {at}"
        )))
    } else {
        Ok(format!(
            "{noun} is valid from {from} to {to}, which holds {at}"
        ))
    }
}

/// `anchor-validity.<side>`: never a failure, since a trust anchor is a name and a key (RFC 5280
/// 6.1.1 d).
pub(super) fn anchor_validity(parts: &ParsedEvidence<'_>, side: Side) -> Judged {
    let anchor = parts
        .anchor_of(side)
        .ok_or_else(|| match need_anchor(parts, side) {
            Err(remark) => Remark::skipped(remark.detail),
            Ok(_) => Remark::skipped(""),
        })?;
    let (within, detail) = anchor.judge_validity(side, parts.at);
    if within {
        Ok(detail)
    } else {
        Err(Remark::note(detail))
    }
}
