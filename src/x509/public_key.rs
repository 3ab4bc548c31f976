//! Public keys: what a SubjectPublicKeyInfo holds, whether it counts, and whether it made a
//! signature.

use ring::signature as rs;

use super::Malformed;
use super::algorithm::{
    Curve, EC_PUBLIC_KEY, Hash, Pss, RSA_ENCRYPTION, RSASSA_PSS, SignatureAlgorithm, describe_oid,
    pss_parameters, split_identifier, well_formed,
};
use super::der::{
    Reader, Tlv, check_bit_string, check_integer, check_strict, parse_single, tag, whole_octets,
};
use super::ecdsa;

/// A public key, as a SubjectPublicKeyInfo holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA, under `rsaEncryption` or `id-RSASSA-PSS`.
    Rsa {
        /// Big-endian, without leading zeros.
        modulus: Vec<u8>,
        /// Big-endian, without leading zeros.
        exponent: Vec<u8>,
        /// The RSAPublicKey as it came.
        der: Vec<u8>,
        /// Present where the key is for PSS signatures only (RFC 4055 1.2), with the hash and the
        /// least length of the salt, if the key names them.
        pss_only: Option<Option<Pss>>,
    },
    /// P-256, an uncompressed point.
    P256(Vec<u8>),
    /// P-384, an uncompressed point.
    P384(Vec<u8>),
    /// P-521, an uncompressed point.
    P521(Vec<u8>),
    /// Anything else, named; it verifies nothing.
    Other(String),
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo as it came.
    ///
    /// # Errors
    /// Where it is not one (RFC 5280 4.1.2.7), or not what its own algorithm defines. A well-formed
    /// key that does not count is [`PublicKey::Other`], or fails [`PublicKey::check_usable`].
    pub fn from_der(spki: &[u8], what: &'static str) -> Result<Self, Malformed> {
        let outer = parse_single(spki, tag::SEQUENCE, what)?;
        let mut reader = Reader::new(outer.content, what);
        let identifier = reader.read_required(tag::SEQUENCE, "the public key's algorithm")?;
        let bits = reader.read_required(tag::BIT_STRING, "the public key")?;
        reader.finish()?;
        well_formed(&identifier, what)?;
        check_bit_string(bits.content, what)?;
        let (oid, parameter) = split_identifier(&identifier, what)?;
        match oid {
            RSA_ENCRYPTION => {
                if !matches!(
                    parameter,
                    Some(Tlv {
                        tag: tag::NULL,
                        content: [],
                        ..
                    })
                ) {
                    return Err(Malformed::new(format!(
                        "{what}: an RSA key whose parameters are not NULL (RFC 3279 2.3.1)"
                    )));
                }
                Self::rsa(bits.content, None, what)
            }
            RSASSA_PSS => match parameter.as_ref().map(pss_parameters).transpose() {
                Ok(only) => Self::rsa(bits.content, Some(only), what),
                Err(reason) => Ok(PublicKey::Other(reason.to_string())),
            },
            EC_PUBLIC_KEY => {
                let point = whole_octets(bits.content, what)?;
                Ok(Self::from_ec_point(parameter.as_ref(), point))
            }
            other => Ok(PublicKey::Other(format!(
                "a key of the algorithm {}",
                describe_oid(other)
            ))),
        }
    }

    /// RSAPublicKey: two positive INTEGERs and no more (RFC 8017 A.1.1).
    fn rsa(
        bits: &[u8],
        pss_only: Option<Option<Pss>>,
        what: &'static str,
    ) -> Result<Self, Malformed> {
        let octets = whole_octets(bits, what)?;
        check_strict(octets, what)?;
        let key = parse_single(octets, tag::SEQUENCE, what)?;
        let mut reader = Reader::new(key.content, what);
        let mut number = |name| {
            let integer = reader.read_required(tag::INTEGER, name)?;
            check_integer(integer.content, what)?;
            match integer.content {
                [first, ..] if first & 0x80 != 0 => Err(Malformed::new(format!(
                    "{what}: {name} is negative (RFC 8017 A.1.1)"
                ))),
                [0, rest @ ..] => Ok(rest.to_vec()),
                all => Ok(all.to_vec()),
            }
        };
        let modulus = number("the RSA modulus")?;
        let exponent = number("the RSA exponent")?;
        reader.finish()?;
        Ok(PublicKey::Rsa {
            modulus,
            exponent,
            der: octets.to_vec(),
            pss_only,
        })
    }

    fn from_ec_point(parameter: Option<&Tlv<'_>>, point: &[u8]) -> Self {
        let Some(Tlv {
            tag: tag::OID,
            content: curve,
            ..
        }) = parameter
        else {
            return PublicKey::Other(
                "an EC key whose curve is not named by an OID (RFC 5480 2.1.1)".to_owned(),
            );
        };
        let Some(curve) = Curve::from_oid(curve) else {
            return PublicKey::Other(format!("an EC key on the curve {}", describe_oid(curve)));
        };
        if point.len() == curve.point_octets() && point.first() == Some(&4) {
            let point = point.to_vec();
            match curve {
                Curve::P256 => PublicKey::P256(point),
                Curve::P384 => PublicKey::P384(point),
                Curve::P521 => PublicKey::P521(point),
            }
        } else {
            PublicKey::Other(
                "an EC key whose point is not in uncompressed form (RFC 5480 2.2)".to_owned(),
            )
        }
    }

    /// RSA's modulus length, in bits.
    pub fn modulus_bits(&self) -> Option<usize> {
        match self {
            PublicKey::Rsa { modulus, .. } => {
                let zeros = modulus.first().map_or(0, |b| b.leading_zeros());
                modulus
                    .len()
                    .checked_mul(8)?
                    .checked_sub(usize::try_from(zeros).ok()?)
            }
            _ => None,
        }
    }

    /// Checks that the key is of a kind and size that counts: RSA of 2048 to 8192 bits with an odd
    /// exponent of at least 3, P-256, P-384 or P-521 (docs/verification.md; FIPS 186-5 5.1 for the
    /// lower bound).
    ///
    /// # Errors
    /// A sentence that says what it is instead.
    pub fn check_usable(&self) -> Result<(), Malformed> {
        match self {
            PublicKey::Rsa { exponent, .. } => {
                let bits = self.modulus_bits().unwrap_or(0);
                if !(2048..=8192).contains(&bits) {
                    return Err(Malformed::new(format!(
                        "an RSA key of {bits} bits, expected 2048 to 8192"
                    )));
                }
                let odd = exponent.last().is_some_and(|b| b & 1 == 1);
                if !odd || exponent.as_slice() == [1] {
                    return Err(Malformed::new(
                        "an RSA key whose exponent is not an odd number of at least 3",
                    ));
                }
                Ok(())
            }
            PublicKey::P256(_) | PublicKey::P384(_) | PublicKey::P521(_) => Ok(()),
            PublicKey::Other(text) => Err(Malformed::new(text.clone())),
        }
    }

    /// `RSA 2048`, `P-256`: for eyes.
    pub fn describe(&self) -> String {
        match self {
            PublicKey::Rsa { pss_only, .. } => {
                format!(
                    "RSA {}{}",
                    self.modulus_bits().unwrap_or(0),
                    if pss_only.is_some() {
                        " (PSS only)"
                    } else {
                        ""
                    }
                )
            }
            PublicKey::P256(_) => Curve::P256.name().to_owned(),
            PublicKey::P384(_) => Curve::P384.name().to_owned(),
            PublicKey::P521(_) => Curve::P521.name().to_owned(),
            PublicKey::Other(text) => text.clone(),
        }
    }

    /// Tells whether both are the same key *as numbers*: modulus and exponent, or the point,
    /// however their SubjectPublicKeyInfo is written.
    pub fn same_numbers(&self, other: &Self) -> bool {
        match (self, other) {
            (
                PublicKey::Rsa {
                    modulus: n1,
                    exponent: e1,
                    ..
                },
                PublicKey::Rsa {
                    modulus: n2,
                    exponent: e2,
                    ..
                },
            ) => n1 == n2 && e1 == e2,
            (PublicKey::P256(a), PublicKey::P256(b))
            | (PublicKey::P384(a), PublicKey::P384(b))
            | (PublicKey::P521(a), PublicKey::P521(b)) => a == b,
            _ => false,
        }
    }

    /// Tells whether whoever holds the one private key holds the other: the same numbers, or one
    /// RSA modulus under two exponents.
    pub fn same_secret(&self, other: &Self) -> bool {
        match (self, other) {
            (PublicKey::Rsa { modulus: n1, .. }, PublicKey::Rsa { modulus: n2, .. }) => n1 == n2,
            _ => self.same_numbers(other),
        }
    }

    /// Tells whether this key made `signature` over `message`. A key that
    /// [`check_usable`](Self::check_usable) refuses never did.
    pub fn verify(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if self.check_usable().is_err() {
            return false;
        }
        if let (
            PublicKey::Rsa {
                modulus,
                exponent,
                pss_only,
                ..
            },
            SignatureAlgorithm::RsaPss(pss),
        ) = (self, algorithm)
        {
            // A key that names its hash signs with no other, and with no shorter salt (RFC 4055
            // 3.3).
            if pss_only
                .flatten()
                .is_some_and(|only| only.hash != pss.hash || pss.salt < only.salt)
            {
                return false;
            }
            if pss.salt != pss.hash.octets() {
                return verify_any_salt(modulus, exponent, pss, message, signature);
            }
        }
        // Where ring has no verifier.
        match (self, algorithm) {
            (PublicKey::P256(point), SignatureAlgorithm::Ecdsa(hash @ Hash::Sha512)) => {
                return ecdsa::verify(Curve::P256, point, hash, message, signature);
            }
            (PublicKey::P384(point), SignatureAlgorithm::Ecdsa(hash @ Hash::Sha512)) => {
                return ecdsa::verify(Curve::P384, point, hash, message, signature);
            }
            (PublicKey::P521(point), SignatureAlgorithm::Ecdsa(hash)) => {
                return ecdsa::verify(Curve::P521, point, hash, message, signature);
            }
            _ => {}
        }
        let Some((verifier, key)) = self.verifier(algorithm) else {
            return false;
        };
        rs::UnparsedPublicKey::new(verifier, key)
            .verify(message, signature)
            .is_ok()
    }

    fn verifier(
        &self,
        algorithm: SignatureAlgorithm,
    ) -> Option<(&'static dyn rs::VerificationAlgorithm, &[u8])> {
        use SignatureAlgorithm::{Ecdsa, RsaPkcs1, RsaPss};
        match (self, algorithm) {
            (
                PublicKey::Rsa {
                    der,
                    pss_only: None,
                    ..
                },
                RsaPkcs1(hash),
            ) => Some(match hash {
                Hash::Sha256 => (&rs::RSA_PKCS1_2048_8192_SHA256, der),
                Hash::Sha384 => (&rs::RSA_PKCS1_2048_8192_SHA384, der),
                Hash::Sha512 => (&rs::RSA_PKCS1_2048_8192_SHA512, der),
            }),
            (PublicKey::Rsa { der, .. }, RsaPss(pss)) => Some(match pss.hash {
                Hash::Sha256 => (&rs::RSA_PSS_2048_8192_SHA256, der),
                Hash::Sha384 => (&rs::RSA_PSS_2048_8192_SHA384, der),
                Hash::Sha512 => (&rs::RSA_PSS_2048_8192_SHA512, der),
            }),
            (PublicKey::P256(point), Ecdsa(Hash::Sha256)) => {
                Some((&rs::ECDSA_P256_SHA256_ASN1, point))
            }
            (PublicKey::P256(point), Ecdsa(Hash::Sha384)) => {
                Some((&rs::ECDSA_P256_SHA384_ASN1, point))
            }
            (PublicKey::P384(point), Ecdsa(Hash::Sha256)) => {
                Some((&rs::ECDSA_P384_SHA256_ASN1, point))
            }
            (PublicKey::P384(point), Ecdsa(Hash::Sha384)) => {
                Some((&rs::ECDSA_P384_SHA384_ASN1, point))
            }
            _ => None,
        }
    }
}

/// RSASSA-PSS with a salt that is not as long as its hash, which ring does not take and `openssl`
/// makes unless told otherwise. A public operation: nothing here is secret.
fn verify_any_salt(
    modulus: &[u8],
    exponent: &[u8],
    pss: Pss,
    message: &[u8],
    signature: &[u8],
) -> bool {
    use rsa::BoxedUint;
    use rsa::sha2::{Sha256, Sha384, Sha512};
    // RFC 8017 5.2.2 and 8.1.2: as many octets as the modulus, and a number below it.
    if signature.len() != modulus.len() || signature >= modulus {
        return false;
    }
    let salt = usize::from(pss.salt);
    let digest = pss.hash.digest(message);
    // A modulus of at most 8192 bits: `usable` has said so.
    rsa::PublicKey::new_with_size_limits(
        BoxedUint::from_be_slice_vartime(modulus),
        BoxedUint::from_be_slice_vartime(exponent),
        2048..=8192,
    )
    .and_then(|key| match pss.hash {
        Hash::Sha256 => key.verify(
            rsa::Pss::<Sha256>::new_with_salt(salt),
            digest.as_ref(),
            signature,
        ),
        Hash::Sha384 => key.verify(
            rsa::Pss::<Sha384>::new_with_salt(salt),
            digest.as_ref(),
            signature,
        ),
        Hash::Sha512 => key.verify(
            rsa::Pss::<Sha512>::new_with_salt(salt),
            digest.as_ref(),
            signature,
        ),
    })
    .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_modulus_under_two_exponents_is_one_secret() {
        let rsa = |n: u8, e: &[u8]| PublicKey::Rsa {
            modulus: vec![n; 256],
            exponent: e.to_vec(),
            der: Vec::new(),
            pss_only: None,
        };
        assert!(rsa(7, &[3]).same_secret(&rsa(7, &[1, 0, 1])));
        assert!(!rsa(7, &[3]).same_numbers(&rsa(7, &[1, 0, 1])));
        assert!(!rsa(7, &[3]).same_secret(&rsa(9, &[3])));
        assert!(PublicKey::P256(vec![4; 65]).same_secret(&PublicKey::P256(vec![4; 65])));
        assert!(!PublicKey::P256(vec![4; 65]).same_secret(&rsa(7, &[3])));
    }
}
