//! Reads a decrypted private key: PKCS#8, PKCS#1 and SEC1 in DER, down to what signing needs.

use zeroize::Zeroizing;

use super::fields::{self, dotted_oid, inside};
use crate::ca::fault::{Instead, KeyFault, malformed, wrong_kind};
use crate::ca::secret::Secret;
use crate::x509::algorithm::{Curve, EC_PUBLIC_KEY, RSA_ENCRYPTION, RSASSA_PSS};
use crate::x509::der::{self, Reader, Tlv, tag};

/// The curve of this object identifier, where the CA can sign on it.
fn curve_of(oid: &[u8]) -> Result<Curve, KeyFault> {
    let named = |found| Err(wrong_kind(found));
    match (Curve::from_oid(oid), dotted_oid(oid).as_deref()) {
        (Some(curve @ (Curve::P256 | Curve::P384)), _) => Ok(curve),
        (Some(Curve::P521), _) => named("an elliptic-curve key on P-521"),
        (None, Some("1.3.132.0.33")) => named("an elliptic-curve key on P-224"),
        (None, Some("1.2.840.10045.3.1.1")) => named("an elliptic-curve key on P-192"),
        (None, Some("1.3.132.0.10")) => named("an elliptic-curve key on secp256k1"),
        (None, Some(_)) => {
            named("an elliptic-curve key on a curve that this program does not know")
        }
        (None, None) => Err(malformed("its curve is not an object identifier")),
    }
}

/// A key without encryption, by its structure.
pub(super) enum Plain {
    /// PrivateKeyInfo (RFC 5208 5, RFC 5958 2).
    Pkcs8(Secret),
    /// RSAPrivateKey (RFC 8017 A.1.2).
    Pkcs1(Secret),
    /// ECPrivateKey (RFC 5915 3).
    Sec1(Secret),
}

impl Plain {
    /// The label that its PEM block has.
    pub(super) const fn pem_label(&self) -> &'static [u8] {
        match self {
            Plain::Pkcs8(_) => b"PRIVATE KEY",
            Plain::Pkcs1(_) => b"RSA PRIVATE KEY",
            Plain::Sec1(_) => b"EC PRIVATE KEY",
        }
    }
}

/// The parts of a private key that signing needs.
pub(crate) enum KeyMaterial {
    /// RSAPrivateKey in DER.
    Rsa(Secret),
    /// RSAPrivateKey in DER, for PSS signatures only (RFC 4055 1.2).
    PssOnly {
        /// The key.
        key: Secret,
        /// Its AlgorithmIdentifier, which the public key has as well.
        identifier: Vec<u8>,
    },
    /// A scalar, padded to the curve's length, and the public point if the file gives it.
    Ec {
        /// The curve.
        curve: Curve,
        /// Big-endian, of the curve's length; not yet known to be in range.
        scalar: Secret,
        /// The point as the file has it (SEC1 2.3.3), compressed or not.
        public: Option<Vec<u8>>,
    },
}

/// Reads a key without encryption.
pub(super) fn read(key: Plain) -> Result<KeyMaterial, KeyFault> {
    match key {
        Plain::Pkcs8(key) => parse_pkcs8(&key),
        Plain::Pkcs1(key) => Ok(KeyMaterial::Rsa(key)),
        Plain::Sec1(key) => parse_sec1(&key, None),
    }
}

/// PrivateKeyInfo (RFC 5208 5) or OneAsymmetricKey (RFC 5958 2).
pub(crate) fn parse_pkcs8(bytes: &[u8]) -> Result<KeyMaterial, KeyFault> {
    let bad = malformed("its PKCS#8 structure is damaged");
    let Pkcs8 {
        algorithm,
        name,
        parameters,
        identifier,
        key,
    } = split_pkcs8(bytes).ok_or_else(|| bad.clone())?;
    match algorithm {
        RSA_ENCRYPTION => match parameters {
            // RFC 8017 A.1: the parameters MUST be NULL; some writers leave them out.
            None | Some(Tlv { tag: tag::NULL, .. }) => {
                Ok(KeyMaterial::Rsa(Zeroizing::new(key.to_vec())))
            }
            Some(_) => Err(bad),
        },
        EC_PUBLIC_KEY => parse_sec1(key, Some(named_curve(parameters.ok_or(bad)?)?)),
        RSASSA_PSS => Ok(KeyMaterial::PssOnly {
            key: Zeroizing::new(key.to_vec()),
            identifier: identifier.to_vec(),
        }),
        _ => Err(wrong_kind(match name.as_str() {
            "1.3.101.112" => "an Ed25519 key",
            "1.3.101.113" => "an Ed448 key",
            "1.3.101.110" | "1.3.101.111" => "a key for key agreement (X25519 or X448)",
            "1.2.840.10040.4.1" => "a DSA key",
            _ => "a key of an algorithm that this program does not know",
        })),
    }
}

struct Pkcs8<'a> {
    /// The content of the algorithm's object identifier.
    algorithm: &'a [u8],
    /// The same, dotted.
    name: String,
    parameters: Option<Tlv<'a>>,
    /// Both, as they came.
    identifier: &'a [u8],
    key: &'a [u8],
}

fn split_pkcs8(bytes: &[u8]) -> Option<Pkcs8<'_>> {
    let mut reader = inside(bytes)?;
    let version = reader.read_required(tag::INTEGER, "version").ok()?.content;
    let algorithm = reader.read_required(tag::SEQUENCE, "algorithm").ok()?;
    let key = reader.read_required(tag::OCTET_STRING, "key").ok()?.content;
    reader.read_optional(tag::context_constructed(0)).ok()?; // attributes: of no use here
    if version == [1] {
        reader.read_optional(tag::context_primitive(1)).ok()?; // the public key (RFC 5958 2)
    } else if version != [0] {
        return None;
    }
    reader.finish().ok()?;
    let (name, parameters) = fields::parse_algorithm(algorithm)?;
    Some(Pkcs8 {
        algorithm: Reader::new(algorithm.content, "key")
            .read_any()
            .ok()?
            .content,
        name,
        parameters,
        identifier: algorithm.raw,
        key,
    })
}

/// ECPrivateKey (RFC 5915 3). `known` is the curve of the PKCS#8 wrapper, where there is one.
fn parse_sec1(bytes: &[u8], known: Option<Curve>) -> Result<KeyMaterial, KeyFault> {
    let bad = || malformed("its EC key structure is damaged");
    let outer = der::parse_single(bytes, tag::SEQUENCE, "key").map_err(|_| bad())?;
    let mut reader = Reader::new(outer.content, "key");
    if reader
        .read_required(tag::INTEGER, "version")
        .map_err(|_| bad())?
        .content
        != [1]
    {
        return Err(bad());
    }
    let scalar = reader
        .read_required(tag::OCTET_STRING, "key")
        .map_err(|_| bad())?
        .content;
    let parameters = reader
        .read_optional(tag::context_constructed(0))
        .map_err(|_| bad())?;
    let public = reader
        .read_optional(tag::context_constructed(1))
        .map_err(|_| bad())?;
    reader.finish().map_err(|_| bad())?;

    let stated = match parameters {
        Some(tlv) => Some(named_curve(
            Reader::new(tlv.content, "key")
                .read_any()
                .map_err(|_| bad())?,
        )?),
        None => None,
    };
    let curve = match (known, stated) {
        (Some(known), Some(stated)) if known != stated => {
            return Err(malformed("it names two different curves"));
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(malformed("its EC key does not say on which curve it is")),
    };
    let public = match public {
        Some(tlv) => Some(bit_string(tlv.content).ok_or_else(bad)?.to_vec()),
        None => None,
    };
    Ok(KeyMaterial::Ec {
        curve,
        scalar: pad_scalar(scalar, curve.octets()).ok_or_else(bad)?,
        public,
    })
}

/// ECParameters: a named curve, or nothing that a certificate may have (RFC 5480 2.1.1).
fn named_curve(parameters: Tlv<'_>) -> Result<Curve, KeyFault> {
    match parameters.tag {
        tag::OID => curve_of(parameters.content),
        tag::SEQUENCE => Err(KeyFault::UnsupportedKey {
            found: "an elliptic-curve key with explicit curve parameters",
            instead: Instead::NamedCurve,
        }),
        _ => Err(malformed("its curve is not an object identifier")),
    }
}

fn bit_string(content: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(content, "key");
    let bits = reader
        .read_required(tag::BIT_STRING, "public key")
        .ok()?
        .content;
    reader.finish().ok()?;
    der::whole_octets(bits, "public key").ok()
}

/// The scalar at its full length: OpenSSL before 1.0.2 wrote it without its leading zeros, other
/// writers with too many.
fn pad_scalar(scalar: &[u8], length: usize) -> Option<Secret> {
    let start = scalar.iter().position(|byte| *byte != 0)?;
    let significant = scalar.get(start..)?;
    let mut out: Secret = Zeroizing::new(vec![0; length]);
    let from = length.checked_sub(significant.len())?;
    out.get_mut(from..)?.copy_from_slice(significant);
    Some(out)
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    /// ECPrivateKey (RFC 5915 3) that names this curve itself.
    fn sec1(curve: &str) -> Vec<u8> {
        der::encode_sequence(&[
            &der::encode_integer(&[1]),
            &der::encode_octet_string(&[1; 32]),
            &der::encode_tlv(tag::context_constructed(0), &[&der::encode_oid(curve)]),
        ])
    }

    #[test]
    fn a_curve_that_is_named_twice_is_the_same_one() {
        const P256: &str = "1.2.840.10045.3.1.7";
        for known in [None, Some(Curve::P256)] {
            match parse_sec1(&sec1(P256), known) {
                Ok(KeyMaterial::Ec { curve, scalar, .. }) => {
                    assert_eq!((curve, scalar.as_slice()), (Curve::P256, &[1; 32][..]));
                }
                _ => panic!("it is not read: {known:?}"),
            }
        }
        let fault = parse_sec1(&sec1(P256), Some(Curve::P384)).err();
        assert_eq!(fault, Some(malformed("it names two different curves")));
    }
}
