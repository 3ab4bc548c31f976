//! Whether a key signed a certificate, with the algorithms that the service lists: RSA of PKCS#1
//! v1.5 and PSS, ECDSA on P-256, P-384 and P-521, each with SHA-224 to SHA-512 (User Guide,
//! "Initialize the cluster").

use ring::digest::{self, digest};
use rsa::sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};

use super::certificate::{Certificate, Element, Reader, only};
use super::der;

const RSASSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A]; // RFC 4055 3.1
const MGF1: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]; // RFC 5480 2.1.1
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x23];

/// Sizes of RSA keys. The guide lists 2048, 3072 and 4096; what the service does with those between
/// and above is not known.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a signature does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The algorithm that the certificate is signed with is none that the service lists.
    Algorithm(String),
    /// The signer's key is none that the service lists.
    Key(String),
    /// The key is of another kind than the algorithm, or it did not sign these octets.
    Signature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            // ring has no SHA-224.
            Self::Sha224 => Sha224::digest(message).to_vec(),
            Self::Sha256 => digest(&digest::SHA256, message).as_ref().to_vec(),
            Self::Sha384 => digest(&digest::SHA384, message).as_ref().to_vec(),
            Self::Sha512 => digest(&digest::SHA512, message).as_ref().to_vec(),
        }
    }

    fn pkcs1(self) -> Pkcs1v15Sign {
        match self {
            Self::Sha224 => Pkcs1v15Sign::new::<Sha224>(),
            Self::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Self::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Self::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        }
    }

    fn pss(self, salt: usize) -> Pss {
        match self {
            Self::Sha224 => Pss::new_with_salt::<Sha224>(salt),
            Self::Sha256 => Pss::new_with_salt::<Sha256>(salt),
            Self::Sha384 => Pss::new_with_salt::<Sha384>(salt),
            Self::Sha512 => Pss::new_with_salt::<Sha512>(salt),
        }
    }

    /// The hash of an AlgorithmIdentifier, its parameters NULL or absent (RFC 4055 2.1).
    fn of(identifier: &[u8]) -> Option<Self> {
        let mut parts = Reader::new(only(identifier, 0x30)?.content);
        let oid = parts.required(0x06)?.content;
        let null = parts.next();
        (parts.is_empty() && null.is_none_or(|null| null.raw == [0x05, 0x00])).then_some(())?;
        // 2.16.840.1.101.3.4.2.1 to .4
        match oid.strip_prefix(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02])? {
            [1] => Some(Self::Sha256),
            [2] => Some(Self::Sha384),
            [3] => Some(Self::Sha512),
            [4] => Some(Self::Sha224),
            _ => None,
        }
    }
}

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Pkcs1(Hash),
    Pss(Hash, usize),
    Ecdsa(Hash),
}

impl Scheme {
    fn of(identifier: &[u8]) -> Result<Self, Fault> {
        let read = || {
            let mut parts = Reader::new(only(identifier, 0x30)?.content);
            let oid = parts.required(0x06)?.content;
            let parameters = parts.next();
            parts.is_empty().then_some((oid, parameters))
        };
        let (oid, parameters) = read().ok_or_else(|| {
            Fault::Algorithm(String::from(
                "is signed with an algorithm that is not well-formed",
            ))
        })?;
        let known = match oid {
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, last] => match last {
                0x0A => {
                    return pss(parameters).ok_or_else(|| {
                        Fault::Algorithm(String::from(
                            "is signed with an RSA-PSS \
                                                                      whose parameters the service \
                                                                      does not list",
                        ))
                    });
                }
                0x0B => Some(Self::Pkcs1(Hash::Sha256)),
                0x0C => Some(Self::Pkcs1(Hash::Sha384)),
                0x0D => Some(Self::Pkcs1(Hash::Sha512)),
                0x0E => Some(Self::Pkcs1(Hash::Sha224)),
                _ => None,
            },
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, last] => match last {
                1 => Some(Self::Ecdsa(Hash::Sha224)),
                2 => Some(Self::Ecdsa(Hash::Sha256)),
                3 => Some(Self::Ecdsa(Hash::Sha384)),
                4 => Some(Self::Ecdsa(Hash::Sha512)),
                _ => None,
            },
            _ => None,
        };
        known.ok_or_else(|| {
            Fault::Algorithm(format!(
                "is signed with {}, which is none of the algorithms that the service lists",
                name(oid)
            ))
        })
    }
}

/// RSASSA-PSS-params (RFC 4055 3.1): one hash for the message and for MGF1. The defaults are
/// SHA-1's, which is not listed.
fn pss(parameters: Option<Element<'_>>) -> Option<Scheme> {
    let mut fields = Reader::new(only(parameters?.raw, 0x30)?.content);
    let hash = Hash::of(fields.required(0xA0)?.content)?;
    let mut mask = Reader::new(only(fields.required(0xA1)?.content, 0x30)?.content);
    (mask.required(0x06)?.content == MGF1 && Hash::of(mask.next()?.raw)? == hash).then_some(())?;
    let mut salt = 20;
    if let Some(field) = fields.next() {
        (field.tag == 0xA2).then_some(())?;
        let digits = only(field.content, 0x02)?.content;
        (digits.len() <= 2 && digits.first().is_some_and(|first| *first < 0x80)).then_some(())?;
        salt = digits
            .iter()
            .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
    }
    // A trailerField says 1, its default.
    fields.is_empty().then_some(Scheme::Pss(hash, salt))
}

/// An algorithm as people call it, else its identifier.
fn name(oid: &[u8]) -> String {
    let known = match oid {
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x02] => "MD2 with RSA",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x04] => "MD5 with RSA",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05] => "SHA-1 with RSA",
        [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01] => "ECDSA with SHA-1",
        [0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04, 0x03] => "DSA with SHA-1",
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, _] => "DSA",
        [0x2B, 0x65, 0x70] => "Ed25519",
        [0x2B, 0x65, 0x71] => "Ed448",
        _ => return format!("the algorithm {}", dotted(oid)),
    };
    known.to_owned()
}

/// An object identifier in figures (X.690 8.19).
fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for octet in oid {
        arc = arc
            .saturating_mul(128)
            .saturating_add(u64::from(octet & 0x7F));
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let first = arc.checked_div(40).unwrap_or(0).min(2);
                arcs.push(first);
                arc = arc.saturating_sub(first.saturating_mul(40));
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    arcs.iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(".")
}

/// A signer's key.
enum Key<'a> {
    Rsa { key: RsaPublicKey, pss_only: bool },
    Ec(Curve, &'a [u8]),
}

#[derive(Clone, Copy)]
enum Curve {
    P256,
    P384,
    P521,
}

impl<'a> Key<'a> {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
    fn of(spki: &'a [u8]) -> Result<Self, Fault> {
        let malformed = || Fault::Key(String::from("is not well-formed"));
        let read = || {
            let mut outer = Reader::new(only(spki, 0x30)?.content);
            let mut algorithm = Reader::new(outer.required(0x30)?.content);
            let (kind, parameters) = (algorithm.required(0x06)?.content, algorithm.next());
            let bits = outer.required(0x03)?.content.strip_prefix(&[0])?;
            (algorithm.is_empty() && outer.is_empty()).then_some((kind, parameters, bits))
        };
        let (kind, parameters, bits) = read().ok_or_else(malformed)?;
        match (kind, parameters.map(|parameters| parameters.content)) {
            (der::RSA_ENCRYPTION | RSASSA_PSS, _) => {
                Self::rsa(bits, kind == RSASSA_PSS).ok_or_else(malformed)?
            }
            (EC_PUBLIC_KEY, Some(P256)) => Ok(Self::Ec(Curve::P256, bits)),
            (EC_PUBLIC_KEY, Some(P384)) => Ok(Self::Ec(Curve::P384, bits)),
            (EC_PUBLIC_KEY, Some(P521)) => Ok(Self::Ec(Curve::P521, bits)),
            (EC_PUBLIC_KEY, _) => Err(Fault::Key(String::from(
                "is on another curve than P-256, P-384 and P-521",
            ))),
            (other, _) => Err(Fault::Key(format!(
                "is of another kind than RSA and ECDSA: {}",
                name(other)
            ))),
        }
    }

    /// RSAPublicKey (RFC 8017 A.1.1).
    fn rsa(bits: &[u8], pss_only: bool) -> Option<Result<Self, Fault>> {
        let mut numbers = Reader::new(only(bits, 0x30)?.content);
        let mut number = || {
            let digits = numbers.required(0x02)?.content;
            digits
                .first()
                .is_some_and(|first| *first < 0x80)
                .then(|| BigUint::from_bytes_be(digits))
        };
        let (modulus, exponent) = (number()?, number()?);
        numbers.is_empty().then_some(())?;
        let size = modulus.bits();
        if !RSA_BITS.contains(&size) {
            return Some(Err(Fault::Key(format!(
                "is RSA of {size} bits, not of {} to {}",
                RSA_BITS.start(),
                RSA_BITS.end()
            ))));
        }
        let key = RsaPublicKey::new_with_max_size(modulus, exponent, *RSA_BITS.end());
        Some(
            key.map(|key| Self::Rsa { key, pss_only })
                .map_err(|_| Fault::Key(String::from("has an RSA exponent that cannot be used"))),
        )
    }
}

/// Whether the key of `spki` signed the certificate.
pub(super) fn verify(certificate: &Certificate, spki: &[u8]) -> Result<(), Fault> {
    let scheme = Scheme::of(&certificate.algorithm)?;
    let key = Key::of(spki)?;
    let (message, signature) = (&certificate.tbs, &certificate.signature);
    let held = match (key, scheme) {
        (
            Key::Rsa {
                key,
                pss_only: false,
            },
            Scheme::Pkcs1(hash),
        ) => key
            .verify(hash.pkcs1(), &hash.digest(message), signature)
            .is_ok(),
        (Key::Rsa { key, .. }, Scheme::Pss(hash, salt)) => key
            .verify(hash.pss(salt), &hash.digest(message), signature)
            .is_ok(),
        (Key::Ec(curve, point), Scheme::Ecdsa(hash)) => {
            ecdsa(curve, point, &hash.digest(message), signature).is_some()
        }
        _ => false,
    };
    if held { Ok(()) } else { Err(Fault::Signature) }
}

/// Ecdsa-Sig-Value (RFC 3279 2.2.3) over a digest.
fn ecdsa(curve: Curve, point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    let mut numbers = Reader::new(only(signature, 0x30)?.content);
    let mut number = |width: usize| padded(numbers.required(0x02)?.content, width);
    match curve {
        Curve::P256 => {
            let signature =
                p256::ecdsa::Signature::from_slice(&[number(32)?, number(32)?].concat()).ok()?;
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(&prehash(digest, 32), &signature).ok()?;
        }
        Curve::P384 => {
            let signature =
                p384::ecdsa::Signature::from_slice(&[number(48)?, number(48)?].concat()).ok()?;
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(&prehash(digest, 48), &signature).ok()?;
        }
        Curve::P521 => {
            let signature =
                p521::ecdsa::Signature::from_slice(&[number(66)?, number(66)?].concat()).ok()?;
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(&prehash(digest, 66), &signature).ok()?;
        }
    }
    numbers.is_empty().then_some(())
}

/// A digest that is shorter than the curve's order counts as the number that it is (FIPS 186-5
/// 6.4.2): zeros go before it.
fn prehash(digest: &[u8], width: usize) -> Vec<u8> {
    let zeros = width.saturating_sub(digest.len());
    std::iter::repeat_n(0, zeros)
        .chain(digest.iter().copied())
        .collect()
}

/// A non-negative INTEGER of the shortest form (X.690 8.3.2) as that many octets.
fn padded(content: &[u8], width: usize) -> Option<Vec<u8>> {
    let digits = match content {
        [0, next, ..] if *next < 0x80 => return None,
        [0, digits @ ..] => digits,
        [first, ..] if *first < 0x80 => content,
        _ => return None,
    };
    let zeros = width.checked_sub(digits.len())?;
    Some(
        std::iter::repeat_n(0, zeros)
            .chain(digits.iter().copied())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_that_is_not_listed_is_named() {
        let identifier = |oid: &[u8]| der::element(0x30, &[&der::element(0x06, &[oid])]);
        for (oid, words) in [
            (
                &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 5][..],
                "SHA-1 with RSA",
            ),
            (&[0x2B, 0x65, 0x70], "Ed25519"),
            (&[0x2A, 0x03, 0x88, 0x37], "1.2.3.1079"),
        ] {
            let Err(Fault::Algorithm(found)) = Scheme::of(&identifier(oid)) else {
                panic!("{words}")
            };
            assert!(found.contains(words), "{found}");
        }
        assert_eq!(
            Scheme::of(&identifier(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 4])),
            Ok(Scheme::Ecdsa(Hash::Sha512))
        );
    }

    #[test]
    fn numbers_of_a_signature_have_one_form() {
        assert_eq!(padded(&[1], 3), Some(vec![0, 0, 1]));
        assert_eq!(padded(&[0, 0x80], 2), Some(vec![0, 0x80]));
        for bad in [&[][..], &[0x80], &[0, 1], &[1, 2, 3, 4]] {
            assert_eq!(padded(bad, 3), None, "{bad:?}");
        }
    }
}
