//! Signatures of certificates that exist already, with the algorithms of their time: SHA-1, SHA-224
//! and short RSA keys included.
//!
//! They say whose a claimed cluster is, and nothing else. What an attestation, a CSR or a
//! certificate to be sent is judged by is [`crate::x509::SignatureAlgorithm`]; nothing here is
//! reachable from there, nor from [`crate::verify`] or [`crate::check`].

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss};
use sha1::Sha1;

use super::lenient::LenientReader;
use crate::x509::der::tag;
use crate::x509::name::oid_text;
use crate::x509::{algorithm, pad_number};

/// The shortest modulus that still tells one holder from another, and the longest that is computed
/// with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=16384;

/// The verdict on whether a key made a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignatureVerdict {
    /// It did.
    Made,
    /// It did not: the algorithm can be verified, and the signature is not this key's.
    NotMade,
    /// Nobody can tell here: why.
    Unknown(String),
}

/// A public key, as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LegacyKey {
    Rsa(rsa::PublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

/// A hash function, the old ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LegacyHash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// A signature algorithm, the old ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LegacyAlgorithm {
    Pkcs1(LegacyHash),
    Pss(LegacyHash, usize),
    Ecdsa(LegacyHash),
}

use LegacyHash::{Sha1 as S1, Sha224 as S224, Sha256 as S256, Sha384 as S384, Sha512 as S512};

impl LegacyHash {
    /// Reads the hash's OBJECT IDENTIFIER (RFC 4055 2.1).
    fn from_oid(oid: &[u8]) -> Option<Self> {
        Some(match oid {
            [0x2B, 14, 3, 2, 26] => S1,
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4] => S224,
            algorithm::SHA256 => S256,
            algorithm::SHA384 => S384,
            algorithm::SHA512 => S512,
            _ => return None,
        })
    }

    fn digest_message(self, message: &[u8]) -> Vec<u8> {
        match self {
            S1 => Sha1::digest(message).to_vec(),
            S224 => Sha224::digest(message).to_vec(),
            S256 => Sha256::digest(message).to_vec(),
            S384 => Sha384::digest(message).to_vec(),
            S512 => Sha512::digest(message).to_vec(),
        }
    }

    /// The DER that stands before the digest in a PKCS#1 v1.5 signature, with NULL parameters and
    /// without (RFC 8017 9.2, notes 1 and 2).
    const fn digest_prefixes(self) -> [&'static [u8]; 2] {
        match self {
            S1 => [
                b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
                b"\x30\x1f\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x14",
            ],
            S224 => [
                b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c",
                b"\x30\x2b\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x04\x1c",
            ],
            S256 => [
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
                b"\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20",
            ],
            S384 => [
                b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
                b"\x30\x3f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x04\x30",
            ],
            S512 => [
                b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
                b"\x30\x4f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x04\x40",
            ],
        }
    }

    /// Whether a key made this PSS signature over the message.
    fn verify_pss(
        self,
        key: &rsa::PublicKey,
        salt: usize,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let digest = self.digest_message(message);
        match self {
            S1 => key.verify(Pss::<Sha1>::new_with_salt(salt), &digest, signature),
            S224 => key.verify(Pss::<Sha224>::new_with_salt(salt), &digest, signature),
            S256 => key.verify(Pss::<Sha256>::new_with_salt(salt), &digest, signature),
            S384 => key.verify(Pss::<Sha384>::new_with_salt(salt), &digest, signature),
            S512 => key.verify(Pss::<Sha512>::new_with_salt(salt), &digest, signature),
        }
        .is_ok()
    }
}

/// An AlgorithmIdentifier's OID and parameter.
fn split_identifier(
    identifier: &[u8],
) -> Option<(&[u8], Option<super::lenient::LenientElement<'_>>)> {
    let mut inside = LenientReader(LenientReader(identifier).next()?.content);
    let oid = inside.next().filter(|element| element.tag == tag::OID)?;
    Some((oid.content, inside.next()))
}

impl LegacyAlgorithm {
    /// Reads an AlgorithmIdentifier; parameters are looked at for PSS only.
    fn from_der(identifier: &[u8]) -> Result<Self, String> {
        use LegacyAlgorithm::{Ecdsa, Pkcs1};
        let (oid, parameter) =
            split_identifier(identifier).ok_or("its signature algorithm cannot be read")?;
        Ok(match oid {
            // RFC 3279 2.2.1; the second is OIW's, which old tools write.
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 5] | [0x2B, 14, 3, 2, 29] => Pkcs1(S1),
            // RFC 4055 5
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 14] => Pkcs1(S224),
            algorithm::SHA256_WITH_RSA => Pkcs1(S256),
            algorithm::SHA384_WITH_RSA => Pkcs1(S384),
            algorithm::SHA512_WITH_RSA => Pkcs1(S512),
            algorithm::RSASSA_PSS => parse_pss(
                parameter
                    .map(|parameter| parameter.content)
                    .unwrap_or_default(),
            )?,
            // RFC 3279 2.2.3
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 1] => Ecdsa(S1),
            // RFC 5758 3.2
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 1] => Ecdsa(S224),
            algorithm::ECDSA_SHA256 => Ecdsa(S256),
            algorithm::ECDSA_SHA384 => Ecdsa(S384),
            algorithm::ECDSA_SHA512 => Ecdsa(S512),
            other => {
                return Err(format!(
                    "it is signed with the algorithm {}, which hsmboot cannot verify",
                    oid_text(other)
                ));
            }
        })
    }
}

/// RSASSA-PSS-params: `[0]` hash, `[1]` mask generation, `[2]` salt length; where one is absent
/// SHA-1, MGF1 with SHA-1 and 20 (RFC 4055 3.1).
fn parse_pss(parameters: &[u8]) -> Result<LegacyAlgorithm, String> {
    let unknown =
        || "it is signed with RSA PSS, with parameters that hsmboot cannot verify".to_owned();
    let (mut hash, mut mask, mut salt) = (S1, S1, 20);
    let mut fields = LenientReader(parameters);
    while let Some(field) = fields.next() {
        let named = |identifier| {
            split_identifier(identifier)
                .and_then(|(oid, _)| LegacyHash::from_oid(oid))
                .ok_or_else(unknown)
        };
        if field.tag == tag::context_constructed(0) {
            hash = named(field.content)?;
        } else if field.tag == tag::context_constructed(1) {
            let (_, inner) = split_identifier(field.content).ok_or_else(unknown)?;
            mask = named(inner.ok_or_else(unknown)?.raw)?;
        } else if field.tag == tag::context_constructed(2) {
            let octets = LenientReader(field.content)
                .read_required(tag::INTEGER, "the salt's length")
                .map_err(|_| unknown())?
                .content;
            salt = octets
                .iter()
                .try_fold(0usize, |n, octet| {
                    n.checked_mul(256)?.checked_add(usize::from(*octet))
                })
                .ok_or_else(unknown)?;
        }
    }
    // No key is so long that a salt of more octets fits.
    if hash == mask && salt <= 2048 {
        Ok(LegacyAlgorithm::Pss(hash, salt))
    } else {
        Err(unknown())
    }
}

impl LegacyKey {
    /// Reads a SubjectPublicKeyInfo, whatever its parameters and however its point is written.
    pub(super) fn from_spki(spki: &[u8]) -> Result<Self, String> {
        let unread = || "its public key cannot be read".to_owned();
        let mut inside = LenientReader(LenientReader(spki).next().ok_or_else(unread)?.content);
        let identifier = inside.next().ok_or_else(unread)?;
        let (_, bits) = inside
            .next()
            .and_then(|bits| bits.content.split_first())
            .ok_or_else(unread)?;
        let (oid, parameter) = split_identifier(identifier.raw).ok_or_else(unread)?;
        match oid {
            algorithm::RSA_ENCRYPTION | algorithm::RSASSA_PSS => Self::parse_rsa(bits),
            algorithm::EC_PUBLIC_KEY => match parameter
                .filter(|curve| curve.tag == tag::OID)
                .map(|curve| curve.content)
            {
                Some(algorithm::P256) => p256::ecdsa::VerifyingKey::from_sec1_bytes(bits)
                    .map(LegacyKey::P256)
                    .map_err(|_| unread()),
                Some(algorithm::P384) => p384::ecdsa::VerifyingKey::from_sec1_bytes(bits)
                    .map(LegacyKey::P384)
                    .map_err(|_| unread()),
                Some(algorithm::P521) => p521::ecdsa::VerifyingKey::from_sec1_bytes(bits)
                    .map(LegacyKey::P521)
                    .map_err(|_| unread()),
                Some(other) => Err(format!(
                    "its key is on the curve {}, which hsmboot does not know",
                    oid_text(other)
                )),
                None => Err("its key is on a curve that no OID names".to_owned()),
            },
            other => Err(format!(
                "its key is of the algorithm {}, which hsmboot does not know",
                oid_text(other)
            )),
        }
    }

    /// RSAPublicKey (RFC 8017 A.1.1), numbers as they are meant: never negative.
    fn parse_rsa(bits: &[u8]) -> Result<Self, String> {
        let unread = || "its RSA key cannot be read".to_owned();
        let mut numbers = LenientReader(LenientReader(bits).next().ok_or_else(unread)?.content);
        let mut number = || {
            numbers
                .next()
                .filter(|n| n.tag == tag::INTEGER)
                .map(|n| BoxedUint::from_be_slice_vartime(n.content))
                .ok_or_else(unread)
        };
        let (modulus, exponent) = (number()?, number()?);
        let length = usize::try_from(modulus.bit_width()).unwrap_or(usize::MAX);
        if !RSA_BITS.contains(&length) {
            return Err(format!(
                "its RSA key has {length} bits; hsmboot computes with {} to {}",
                RSA_BITS.start(),
                RSA_BITS.end()
            ));
        }
        rsa::PublicKey::new_with_size_limits(modulus, exponent, RSA_BITS)
            .map(LegacyKey::Rsa)
            .map_err(|_| "its RSA key cannot be a key".to_owned())
    }

    /// Judges whether this key made `signature` over `message`, with the algorithm of this
    /// AlgorithmIdentifier.
    pub(super) fn judge_signature(
        &self,
        algorithm: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> SignatureVerdict {
        let algorithm = match LegacyAlgorithm::from_der(algorithm) {
            Ok(algorithm) => algorithm,
            Err(why) => return SignatureVerdict::Unknown(why),
        };
        let made = match (self, algorithm) {
            (LegacyKey::Rsa(key), LegacyAlgorithm::Pkcs1(hash)) => {
                let digest = hash.digest_message(message);
                let scheme = |prefix: &[u8]| Pkcs1v15Sign {
                    hash_len: Some(digest.len()),
                    prefix: prefix.into(),
                };
                hash.digest_prefixes()
                    .into_iter()
                    .any(|prefix| key.verify(scheme(prefix), &digest, signature).is_ok())
            }
            (LegacyKey::Rsa(key), LegacyAlgorithm::Pss(hash, salt)) => {
                hash.verify_pss(key, salt, message, signature)
            }
            (LegacyKey::P256(key), LegacyAlgorithm::Ecdsa(hash)) => {
                let Some(numbers) = ecdsa_numbers(signature, 32) else {
                    return garbled_ecdsa();
                };
                let signature = p256::ecdsa::Signature::from_slice(&numbers);
                signature.is_ok_and(|signature| {
                    key.verify_prehash(&pad_number(&hash.digest_message(message), 32), &signature)
                        .is_ok()
                })
            }
            (LegacyKey::P384(key), LegacyAlgorithm::Ecdsa(hash)) => {
                let Some(numbers) = ecdsa_numbers(signature, 48) else {
                    return garbled_ecdsa();
                };
                let signature = p384::ecdsa::Signature::from_slice(&numbers);
                signature.is_ok_and(|signature| {
                    key.verify_prehash(&pad_number(&hash.digest_message(message), 48), &signature)
                        .is_ok()
                })
            }
            (LegacyKey::P521(key), LegacyAlgorithm::Ecdsa(hash)) => {
                let Some(numbers) = ecdsa_numbers(signature, 66) else {
                    return garbled_ecdsa();
                };
                let signature = p521::ecdsa::Signature::from_slice(&numbers);
                signature.is_ok_and(|signature| {
                    key.verify_prehash(&pad_number(&hash.digest_message(message), 66), &signature)
                        .is_ok()
                })
            }
            // An RSA key makes no ECDSA signature, nor the other way round.
            _ => false,
        };
        if made {
            SignatureVerdict::Made
        } else {
            SignatureVerdict::NotMade
        }
    }
}

fn garbled_ecdsa() -> SignatureVerdict {
    SignatureVerdict::Unknown(
        "its ECDSA signature is not encoded as one (RFC 3279 2.2.3)".to_owned(),
    )
}

/// Ecdsa-Sig-Value's two numbers (RFC 3279 2.2.3), each of so many octets; longer where one is too
/// large for the curve, as another curve's are.
fn ecdsa_numbers(signature: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut inside = LenientReader(LenientReader(signature).next()?.content);
    let mut number = || {
        let octets = inside
            .next()
            .filter(|number| number.tag == tag::INTEGER)?
            .content;
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        Some(pad_number(octets.get(zeros..)?, length))
    };
    Some([number()?, number()?].concat())
}
