//! The algorithms that CloudHSM's guide lists, whether or not they count here.

use super::{EC_PUBLIC_KEY, MGF1, P256, P384, P521, RSASSA_PSS, split_identifier};
use crate::x509::Malformed;
use crate::x509::der::{Reader, Tlv, parse_single, tag};

/// Tells whether CloudHSM's guide lists an AlgorithmIdentifier's algorithm, however its parameters
/// are written: RSA of PKCS#1 v1.5 and PSS, and ECDSA, with SHA-224, SHA-256, SHA-384 and SHA-512
/// (AWS CloudHSM User Guide, Initialize the cluster, September 2026). This program declines what is
/// listed but does not count here.
pub(crate) fn is_listed(identifier: &[u8]) -> bool {
    const WHAT: &str = "an algorithm";
    let Ok((oid, parameter)) = parse_single(identifier, tag::SEQUENCE, WHAT)
        .and_then(|outer| split_identifier(&outer, WHAT))
    else {
        return false;
    };
    match (oid, parameter) {
        (
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11..=14]
            | [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 1..=4],
            _,
        ) => true,
        (RSASSA_PSS, Some(parameter)) => is_listed_pss(&parameter).unwrap_or(false),
        _ => false,
    }
}

/// Tells whether both hashes of PSS parameters are listed. Those that are not named are SHA-1.
fn is_listed_pss(parameter: &Tlv<'_>) -> Result<bool, Malformed> {
    const WHAT: &str = "the RSA PSS parameters";
    let is_listed_hash = |identifier: &[u8]| {
        let oid = parse_single(identifier, tag::SEQUENCE, WHAT)
            .and_then(|outer| split_identifier(&outer, WHAT))
            .map(|(oid, _)| oid);
        matches!(oid, Ok([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1..=4]))
    };
    let mut fields = Reader::new(parameter.content, WHAT);
    let (Some(hash), Some(mask)) = (
        fields.read_optional(tag::context_constructed(0))?,
        fields.read_optional(tag::context_constructed(1))?,
    ) else {
        return Ok(false);
    };
    let (mask_oid, mask_hash) =
        split_identifier(&parse_single(mask.content, tag::SEQUENCE, WHAT)?, WHAT)?;
    Ok(is_listed_hash(hash.content)
        && mask_oid == MGF1
        && mask_hash.is_some_and(|hash| is_listed_hash(hash.raw)))
}

/// Tells whether a SubjectPublicKeyInfo's key is of a kind that the same guide lists, however it is
/// written: a point on a listed curve, a key for a listed PSS.
pub(crate) fn is_listed_key(spki: &[u8]) -> bool {
    const WHAT: &str = "a key";
    let identifier = || {
        let outer = parse_single(spki, tag::SEQUENCE, WHAT)?;
        Reader::new(outer.content, WHAT).read_required(tag::SEQUENCE, "its algorithm")
    };
    let Ok(identifier) = identifier() else {
        return false;
    };
    match split_identifier(&identifier, WHAT) {
        Ok((
            EC_PUBLIC_KEY,
            Some(Tlv {
                tag: tag::OID,
                content: P256 | P384 | P521,
                ..
            }),
        )) => true,
        Ok((RSASSA_PSS, Some(_))) => is_listed(identifier.raw),
        _ => false,
    }
}
