//! ECDSA signatures that ring does not verify: on P-521, and with SHA-512 on every curve (FIPS
//! 186-5 6.4.2).

use p256::ecdsa::signature::hazmat::PrehashVerifier;

use super::algorithm::{Curve, Hash};
use super::der::{Reader, check_integer, parse_single, tag};

/// Tells whether the key of this uncompressed point made `signature` over `message`. A public
/// operation: nothing here is secret.
pub(super) fn verify(
    curve: Curve,
    point: &[u8],
    hash: Hash,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let length = curve.octets();
    // A digest that is shorter than the curve's numbers is that very number (FIPS 186-5 6.4.2, step
    // 2); the crates cut off what is longer.
    let digest = pad_number(hash.digest(message).as_ref(), length);
    let Some(numbers) = parse_numbers(signature, length) else {
        return false;
    };
    // Each crate refuses a point that is not on its curve, and an r or s that is zero or not below
    // the order.
    match curve {
        Curve::P256 => match (
            p256::ecdsa::VerifyingKey::from_sec1_bytes(point),
            p256::ecdsa::Signature::from_slice(&numbers),
        ) {
            (Ok(key), Ok(signature)) => key.verify_prehash(&digest, &signature).is_ok(),
            _ => false,
        },
        Curve::P384 => match (
            p384::ecdsa::VerifyingKey::from_sec1_bytes(point),
            p384::ecdsa::Signature::from_slice(&numbers),
        ) {
            (Ok(key), Ok(signature)) => key.verify_prehash(&digest, &signature).is_ok(),
            _ => false,
        },
        Curve::P521 => match (
            p521::ecdsa::VerifyingKey::from_sec1_bytes(point),
            p521::ecdsa::Signature::from_slice(&numbers),
        ) {
            (Ok(key), Ok(signature)) => key.verify_prehash(&digest, &signature).is_ok(),
            _ => false,
        },
    }
}

/// `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 2.2.3), strict DER, as r and s
/// of `length` octets each.
fn parse_numbers(signature: &[u8], length: usize) -> Option<Vec<u8>> {
    const WHAT: &str = "an ECDSA signature";
    let mut reader = Reader::new(
        parse_single(signature, tag::SEQUENCE, WHAT).ok()?.content,
        WHAT,
    );
    let mut number = || {
        let content = reader.read_required(tag::INTEGER, "r or s").ok()?.content;
        check_integer(content, WHAT).ok()?;
        match content {
            [first, ..] if first & 0x80 != 0 => None,
            [0, rest @ ..] => fit_number(rest, length),
            all => fit_number(all, length),
        }
    };
    let both = [number()?, number()?].concat();
    reader.finish().ok().map(|()| both)
}

/// A number of at most `length` octets as one of exactly so many.
fn fit_number(number: &[u8], length: usize) -> Option<Vec<u8>> {
    (number.len() <= length).then(|| pad_number(number, length))
}

/// Puts zeros before a number that is shorter than a curve's numbers; a longer one stays as it is.
/// A digest that is shorter is that same number (FIPS 186-5 6.4.2, step 2), and the crates take
/// none that is much shorter.
pub(crate) fn pad_number(number: &[u8], length: usize) -> Vec<u8> {
    // Saturating: a longer one gets no zeros.
    let mut out = vec![0; length.saturating_sub(number.len())];
    out.extend_from_slice(number);
    out
}
