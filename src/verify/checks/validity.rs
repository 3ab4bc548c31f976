//! Dates, at the moment that the caller names.

use super::{Judged, Outcome, Parts, need, need_anchor};
use crate::verify::{Input, Side};
use crate::x509::Moment;

/// `validity.<certificate>` (RFC 5280 6.1.3 a 2): both ends belong to the period (4.1.2.5).
pub(super) fn validity(parts: &Parts<'_>, input: Input, at: Moment) -> Judged {
    let certificate = need(parts, input)?;
    let (from, to, noun) = (
        certificate.not_before(),
        certificate.not_after(),
        input.noun(),
    );
    if at < from {
        Err(Outcome::fail(format!(
            "{noun} is valid from {from}, which is after {at}"
        )))
    } else if at > to {
        Err(Outcome::fail(format!(
            "{noun} was valid until {to}, which is before {at}"
        )))
    } else {
        Ok(Outcome::pass(format!(
            "{noun} is valid from {from} to {to}, which holds {at}"
        )))
    }
}

/// `anchor-validity.<side>`: never a failure, since a trust anchor is a name and a key (RFC 5280
/// 6.1.1 d).
pub(super) fn anchor_validity(parts: &Parts<'_>, side: Side, at: Moment) -> Judged {
    let anchor = parts
        .anchor(side)
        .ok_or_else(|| match need_anchor(parts, side) {
            Err(Outcome(_, detail)) => Outcome::skipped(detail),
            Ok(_) => Outcome::skipped(""),
        })?;
    let (within, detail) = anchor.validity(side, at);
    Ok(if within {
        Outcome::pass(detail)
    } else {
        Outcome::note(detail)
    })
}
