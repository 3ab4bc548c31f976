//! The fields that the formats of encrypted keys share, and the bound on what a passphrase is
//! stretched by.

use crate::ca::fault::{Cost, KeyFault, malformed};
use crate::x509::der::{self, Reader, Tlv, tag};

/// PBKDF2 rounds taken from a file, at most: the count that RFC 8018 4.2 names for especially
/// critical keys. About ten seconds.
pub(super) const MAX_ROUNDS: u32 = if cfg!(fuzzing) { 2048 } else { 10_000_000 };

/// The content of the one SEQUENCE that `bytes` is.
pub(super) fn inside(bytes: &[u8]) -> Option<Reader<'_>> {
    Some(Reader::new(
        der::parse_single(bytes, tag::SEQUENCE, "key").ok()?.content,
        "key",
    ))
}

/// AlgorithmIdentifier: the identifier, dotted, and the parameters.
pub(super) fn parse_algorithm(tlv: Tlv<'_>) -> Option<(String, Option<Tlv<'_>>)> {
    let mut reader = inside(tlv.raw)?;
    let oid = dotted_oid(reader.read_required(tag::OID, "algorithm").ok()?.content)?;
    let parameters = if reader.is_empty() {
        None
    } else {
        Some(reader.read_any().ok()?)
    };
    reader.finish().ok()?;
    Some((oid, parameters))
}

/// An object identifier's content in its dotted form.
pub(super) fn dotted_oid(content: &[u8]) -> Option<String> {
    const_oid::ObjectIdentifier::from_bytes(content)
        .ok()
        .map(|oid| oid.to_string())
}

/// A positive INTEGER of at most eight octets.
pub(super) fn parse_number(content: &[u8]) -> Option<u64> {
    if content.is_empty() || content.first().is_some_and(|byte| byte & 0x80 != 0) {
        return None;
    }
    let significant = content
        .iter()
        .position(|byte| *byte != 0)
        .and_then(|at| content.get(at..))
        .unwrap_or_default();
    (significant.len() <= 8).then(|| {
        significant
            .iter()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte))
    })
}

/// The rounds, where there are any, and not too many.
pub(super) fn check_rounds(rounds: u64) -> Result<u32, KeyFault> {
    match u32::try_from(rounds) {
        Ok(rounds @ 1..=MAX_ROUNDS) => Ok(rounds),
        _ if rounds == 0 => Err(malformed("the parameters of its encryption are damaged")),
        _ => Err(KeyFault::TooCostly {
            found: Cost::Rounds(rounds),
            store: false,
        }),
    }
}
