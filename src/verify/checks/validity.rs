//! Dates, at the moment that the caller names.

use super::{Judged, Parts, Remark, need, need_anchor};
use crate::verify::{Input, Side};

/// `validity.<certificate>` (RFC 5280 6.1.3 a 2): both ends belong to the period (4.1.2.5).
pub(super) fn validity(parts: &Parts<'_>, input: Input) -> Judged {
    let (certificate, at) = (need(parts, input)?, parts.at);
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
pub(super) fn anchor_validity(parts: &Parts<'_>, side: Side) -> Judged {
    let anchor = parts
        .anchor(side)
        .ok_or_else(|| match need_anchor(parts, side) {
            Err(remark) => Remark::skipped(remark.detail),
            Ok(_) => Remark::skipped(""),
        })?;
    let (within, detail) = anchor.validity(side, parts.at);
    if within {
        Ok(detail)
    } else {
        Err(Remark::note(detail))
    }
}
