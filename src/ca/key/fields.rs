//! The fields that the formats of encrypted keys share, and the bounds on what a passphrase is
//! stretched by.

use crate::ca::fault::{Cost, KeyFault, malformed};
use crate::x509::der::{self, Reader, Tlv, tag};

/// PBKDF2 rounds taken from a file, at most: the count that RFC 8018 4.2 names for especially
/// critical keys. About ten seconds.
pub(super) const MAX_ROUNDS: u32 = 10_000_000;
/// scrypt's memory, at most, in bytes. N = 2^20 with r = 8, which takes 1 GiB for V alone, is just
/// within it.
pub(super) const MAX_MEMORY: u64 = 1025 << 20;
/// scrypt's work, at most, in the units of `pbes2::scrypt_work`. N = 2^20 with r = 8 and p = 4 is
/// just within it. About ten seconds.
pub(super) const MAX_WORK: u64 = (1 << 25) + (1 << 10);

/// What a file may ask of whoever opens it, at most.
#[derive(Clone, Copy)]
pub(super) struct KdfLimits {
    pub(super) rounds: u32,
    pub(super) scrypt_memory: u64,
    pub(super) scrypt_work: u64,
}

impl KdfLimits {
    /// What an operator waits for.
    pub(super) const OF_AN_OPERATOR: Self = KdfLimits {
        rounds: MAX_ROUNDS,
        scrypt_memory: MAX_MEMORY,
        scrypt_work: MAX_WORK,
    };

    /// The rounds, where there are any, and not too many.
    pub(super) fn check_rounds(self, rounds: u64) -> Result<u32, KeyFault> {
        match u32::try_from(rounds) {
            Ok(0) => Err(malformed("the parameters of its encryption are damaged")),
            Ok(rounds) if rounds <= self.rounds => Ok(rounds),
            _ => Err(KeyFault::TooCostly {
                found: Cost::Rounds(rounds),
                store: false,
            }),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_taken_from_one_up_to_the_limit() {
        let limits = KdfLimits::OF_AN_OPERATOR;
        let most = u64::from(MAX_ROUNDS);
        for rounds in [1, 2048, most] {
            assert_eq!(
                limits.check_rounds(rounds).map(u64::from).ok(),
                Some(rounds)
            );
        }
        assert!(matches!(
            limits.check_rounds(0),
            Err(KeyFault::Malformed { .. })
        ));
        for rounds in [most + 1, u32::MAX.into(), 1 << 32, u64::MAX] {
            let fault = limits.check_rounds(rounds).err();
            assert!(
                matches!(
                    fault,
                    Some(KeyFault::TooCostly { found: Cost::Rounds(found), .. }) if found == rounds
                ),
                "{rounds}: {fault:?}"
            );
        }
    }
}
