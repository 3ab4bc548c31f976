//! The way in which a public key's signatures are made: one algorithm for each kind of key that a
//! CA can have.

use super::rsa_key::{self, Unfit};
use crate::x509::algorithm::{Curve, Hash};
use crate::x509::{PublicKey, SignatureAlgorithm};

/// One of the three schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    Rsa,
    /// ECDSA on P-256 with SHA-256
    P256,
    /// ECDSA on P-384 with SHA-384
    P384,
}

impl SignatureScheme {
    /// The scheme of a key that a CA can have.
    ///
    /// # Errors
    /// What the key is, where it is none: the kinds and sizes are those of key files.
    pub(super) fn from_key(key: &PublicKey) -> Result<Self, String> {
        match key {
            PublicKey::Rsa {
                pss_only: Some(_), ..
            } => Err("an RSA key for PSS signatures only".to_owned()),
            PublicKey::Rsa {
                modulus, exponent, ..
            } => match rsa_key::check_limits(modulus, exponent) {
                Ok(()) => Ok(SignatureScheme::Rsa),
                Err(Unfit::Size(bits)) => Err(format!("an RSA key of {bits} bits")),
                Err(Unfit::Exponent) => Err(rsa_key::BAD_EXPONENT.to_owned()),
            },
            PublicKey::P256(_) => Ok(SignatureScheme::P256),
            PublicKey::P384(_) => Ok(SignatureScheme::P384),
            PublicKey::P521(_) => Err("a P-521 key".to_owned()),
            PublicKey::Other(what) => Err(what.clone()),
        }
    }

    /// The signature algorithm.
    pub(super) const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            SignatureScheme::Rsa => SignatureAlgorithm::RsaPkcs1(Hash::Sha256),
            SignatureScheme::P256 => SignatureAlgorithm::Ecdsa(Curve::P256.hash()),
            SignatureScheme::P384 => SignatureAlgorithm::Ecdsa(Curve::P384.hash()),
        }
    }

    /// The hash of it.
    pub(super) const fn hash(self) -> Hash {
        match self {
            SignatureScheme::Rsa => Hash::Sha256,
            SignatureScheme::P256 => Curve::P256.hash(),
            SignatureScheme::P384 => Curve::P384.hash(),
        }
    }

    /// Tells whether `signature` is this key's over `message`.
    pub(super) fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        key.verify(self.signature_algorithm(), message, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_sizes_are_those_of_key_files() {
        let rsa = |bits: usize, exponent: &[u8]| PublicKey::Rsa {
            modulus: vec![0xFF; bits / 8],
            exponent: exponent.to_vec(),
            der: Vec::new(),
            pss_only: None,
        };
        for bits in [2048, 2560, 3072, 4096, 8192] {
            for exponent in [&[3][..], &[17], &[0xFF, 0xFF], &[1, 0, 1], &[1, 0, 0, 0, 1]] {
                assert_eq!(
                    SignatureScheme::from_key(&rsa(bits, exponent)),
                    Ok(SignatureScheme::Rsa),
                    "{bits} {exponent:?}"
                );
            }
        }
        for (bits, exponent) in [
            (1024, &[1, 0, 1][..]),
            (8200, &[1, 0, 1]),
            (2048, &[1]),
            (2048, &[4]),
            (2048, &[1, 0]),
            (2048, &[2, 0, 0, 0, 1]),
        ] {
            assert!(
                SignatureScheme::from_key(&rsa(bits, exponent)).is_err(),
                "{bits} {exponent:?}"
            );
        }
        assert!(
            SignatureScheme::from_key(&PublicKey::Other("P-521".to_owned()))
                .is_err_and(|what| what.contains("P-521"))
        );
    }
}
