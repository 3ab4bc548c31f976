//! The algorithms that count, and the check of signatures. Everything not named here is refused.

mod curve;
mod hash;
mod listed;
mod pss;

pub use curve::Curve;
pub use hash::Hash;
pub(crate) use listed::{is_listed, is_listed_key};
pub use pss::Pss;
use pss::pss_form;
pub(super) use pss::pss_parameters;

use super::Malformed;
use super::der::{self, Reader, Tlv, check_strict, parse_single, tag};
use super::name::oid_text;

// Contents of the OBJECT IDENTIFIERs, as encoded.
// RFC 8017 A.1
pub(crate) const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
// RFC 8017 A.2.3
pub(crate) const RSASSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 10];
const MGF1: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 8]; // RFC 8017 B.2.1
// RFC 4055 5
pub(crate) const SHA256_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11];
pub(crate) const SHA384_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 12];
pub(crate) const SHA512_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 13];
pub(crate) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]; // RFC 4055 2.1
pub(crate) const SHA384: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
pub(crate) const SHA512: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
// RFC 5480 2.1.1
pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
pub(crate) const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]; // RFC 5480 2.1.1.1
pub(crate) const P384: &[u8] = &[0x2B, 0x81, 4, 0, 34];
pub(crate) const P521: &[u8] = &[0x2B, 0x81, 4, 0, 35];
pub(crate) const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2]; // RFC 5758 3.2
pub(crate) const ECDSA_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3];
pub(crate) const ECDSA_SHA512: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 4];

/// The signature algorithms that count, for sentences.
pub const SIGNATURES: &str = "RSA (PKCS#1 v1.5 or PSS) or ECDSA, with SHA-256/384/512";

/// The keys that count, for sentences.
pub const KEYS: &str = "RSA of 2048 to 8192 bits, P-256, P-384 or P-521";

/// A signature algorithm that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5
    RsaPkcs1(Hash),
    /// RSASSA-PSS with MGF1 of the same hash
    RsaPss(Pss),
    /// ECDSA
    Ecdsa(Hash),
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SignatureAlgorithm::RsaPkcs1(hash) => {
                write!(f, "RSA PKCS#1 v1.5 with SHA-{}", hash.digest_bits())
            }
            SignatureAlgorithm::RsaPss(Pss { hash, salt }) => write!(
                f,
                "RSA PSS with SHA-{} and a salt of {salt} octets",
                hash.digest_bits()
            ),
            SignatureAlgorithm::Ecdsa(hash) => write!(f, "ECDSA with SHA-{}", hash.digest_bits()),
        }
    }
}

/// AlgorithmIdentifier of an OBJECT IDENTIFIER's content and its parameters.
fn identifier(oid: &[u8], parameters: &[&[u8]]) -> Vec<u8> {
    let oid = der::encode_tlv(tag::OID, &[oid]);
    der::encode_sequence(&[&[oid.as_slice()], parameters].concat())
}

fn null() -> Vec<u8> {
    der::encode_tlv(tag::NULL, &[])
}

/// AlgorithmIdentifier of an RSA key, which signs with any padding (RFC 3279 2.3.1).
pub(crate) fn rsa_key_identifier() -> Vec<u8> {
    identifier(RSA_ENCRYPTION, &[&null()])
}

/// AlgorithmIdentifier of a key on a curve (RFC 5480 2.1.1).
pub(crate) fn ec_key_identifier(curve: Curve) -> Vec<u8> {
    identifier(EC_PUBLIC_KEY, &[&curve.to_der()])
}

/// SubjectPublicKeyInfo of an RSAPublicKey (RFC 3279 2.3.1).
pub(crate) fn rsa_spki(public_key: &[u8]) -> Vec<u8> {
    der::encode_sequence(&[&rsa_key_identifier(), &der::encode_bit_string(public_key)])
}

/// SubjectPublicKeyInfo of a point on a curve (RFC 5480 2).
pub(crate) fn ec_spki(curve: Curve, point: &[u8]) -> Vec<u8> {
    der::encode_sequence(&[&ec_key_identifier(curve), &der::encode_bit_string(point)])
}

/// AlgorithmIdentifier: an OID and at most one parameter (RFC 5280 4.1.1.2).
pub(super) fn split_identifier<'a>(
    identifier: &Tlv<'a>,
    what: &'static str,
) -> Result<(&'a [u8], Option<Tlv<'a>>), Malformed> {
    let mut reader = Reader::new(identifier.content, what);
    let oid = reader.read_required(tag::OID, "an algorithm's OID")?;
    let parameter = if reader.is_empty() {
        None
    } else {
        Some(reader.read_any()?)
    };
    reader.finish()?;
    Ok((oid.content, parameter))
}

/// Checks that `identifier` has the form of an AlgorithmIdentifier, whichever algorithm it names.
pub(crate) fn well_formed(identifier: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    let (oid, parameter) = split_identifier(identifier, what)?;
    // The types of these parameters are defined: what they do not define is malformed, not merely
    // unknown.
    match (oid, parameter) {
        (RSASSA_PSS, Some(parameter)) => pss_form(&parameter, what),
        _ => Ok(()),
    }
}

impl SignatureAlgorithm {
    /// Reads an AlgorithmIdentifier as it came.
    ///
    /// # Errors
    /// A sentence that names the algorithm found, where it does not count: anything but RSA PKCS#1
    /// v1.5, RSA PSS and ECDSA with SHA-256, SHA-384 or SHA-512; parameters other than RFC 4055 and
    /// RFC 5758 prescribe.
    pub fn from_der(identifier: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "the signature algorithm";
        check_strict(identifier, WHAT)?;
        let outer = parse_single(identifier, tag::SEQUENCE, WHAT)?;
        let (oid, parameter) = split_identifier(&outer, WHAT)?;
        let pkcs1 = |hash| match parameter {
            Some(Tlv {
                tag: tag::NULL,
                content: [],
                ..
            }) => Ok(SignatureAlgorithm::RsaPkcs1(hash)),
            // RFC 4055 5: the parameters are NULL, and readers are to take them absent as well. Not
            // here: a CSR's signature does not cover its algorithm (RFC 2986 4.2), so anybody could
            // take the NULL out, and the CSR would be another one, well signed.
            None => Err(Malformed::new(
                "an RSA signature algorithm without its parameters, which are NULL (RFC 4055 5)",
            )),
            Some(_) => Err(Malformed::new(
                "an RSA signature algorithm with parameters other than NULL (RFC 4055 5)",
            )),
        };
        let ecdsa = |hash| match parameter {
            None => Ok(SignatureAlgorithm::Ecdsa(hash)),
            Some(_) => Err(Malformed::new(
                "an ECDSA signature algorithm with parameters (RFC 5758 3.2)",
            )),
        };
        match oid {
            SHA256_WITH_RSA => pkcs1(Hash::Sha256),
            SHA384_WITH_RSA => pkcs1(Hash::Sha384),
            SHA512_WITH_RSA => pkcs1(Hash::Sha512),
            ECDSA_SHA256 => ecdsa(Hash::Sha256),
            ECDSA_SHA384 => ecdsa(Hash::Sha384),
            ECDSA_SHA512 => ecdsa(Hash::Sha512),
            RSASSA_PSS => {
                let parameter = parameter.ok_or_else(|| {
                    Malformed::new("RSA PSS without parameters, which means SHA-1 (RFC 4055 3.1)")
                })?;
                pss_parameters(&parameter).map(SignatureAlgorithm::RsaPss)
            }
            other => Err(Malformed::new(format!(
                "the signature algorithm {}",
                describe_oid(other)
            ))),
        }
    }
}

impl SignatureAlgorithm {
    /// The AlgorithmIdentifier: NULL parameters for RSA PKCS#1 v1.5 (RFC 4055 5), none for ECDSA
    /// (RFC 5758 3.2), all but the trailer for PSS (RFC 4055 3.1).
    pub(crate) fn to_der(self) -> Vec<u8> {
        match self {
            SignatureAlgorithm::RsaPkcs1(hash) => {
                let oid = match hash {
                    Hash::Sha256 => SHA256_WITH_RSA,
                    Hash::Sha384 => SHA384_WITH_RSA,
                    Hash::Sha512 => SHA512_WITH_RSA,
                };
                identifier(oid, &[&null()])
            }
            SignatureAlgorithm::RsaPss(Pss { hash, salt }) => {
                let mask = identifier(MGF1, &[&hash.to_der()]);
                let salt = der::encode_integer(&salt.to_be_bytes());
                let fields = [(0, hash.to_der()), (1, mask), (2, salt)].map(|(number, field)| {
                    der::encode_tlv(tag::context_constructed(number), &[&field])
                });
                identifier(
                    RSASSA_PSS,
                    &[&der::encode_sequence(&fields.each_ref().map(Vec::as_slice))],
                )
            }
            SignatureAlgorithm::Ecdsa(hash) => {
                let oid = match hash {
                    Hash::Sha256 => ECDSA_SHA256,
                    Hash::Sha384 => ECDSA_SHA384,
                    Hash::Sha512 => ECDSA_SHA512,
                };
                identifier(oid, &[])
            }
        }
    }
}

/// Names the algorithms that people meet, and the rest by their OID.
pub(super) fn describe_oid(oid: &[u8]) -> String {
    let known = match oid {
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 2] => "MD2 with RSA",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 4] => "MD5 with RSA",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 5] | [0x2B, 14, 3, 2, 29] => "SHA-1 with RSA",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 14] => "SHA-224 with RSA",
        [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 1] => "ECDSA with SHA-1",
        [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 1] => "ECDSA with SHA-224",
        [0x2B, 0x65, 112] => "Ed25519",
        [0x2B, 0x65, 113] => "Ed448",
        [0x2A, 0x86, 0x48, 0xCE, 0x38, 4, 1 | 3] => "DSA",
        [0x2B, 0x81, 4, 0, 10] => "secp256k1",
        _ => return oid_text(oid),
    };
    format!("{known} ({})", oid_text(oid))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same_algorithm() {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            for algorithm in [
                SignatureAlgorithm::RsaPkcs1(hash),
                SignatureAlgorithm::Ecdsa(hash),
                SignatureAlgorithm::RsaPss(Pss {
                    hash,
                    salt: hash.octets(),
                }),
            ] {
                assert_eq!(
                    SignatureAlgorithm::from_der(&algorithm.to_der()).unwrap(),
                    algorithm
                );
                assert!(is_listed(&algorithm.to_der()), "{algorithm}");
            }
        }
        for curve in Curve::ALL {
            assert_eq!(Curve::from_oid(curve.oid()), Some(curve));
            assert!(is_listed_key(&ec_spki(curve, &[4])), "{}", curve.name());
        }
    }
}
