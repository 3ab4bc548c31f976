//! How a public key's signatures are made: one algorithm for each kind of key that a CA can have.

#[cfg(feature = "pkcs11")]
use super::plain::{Curve, EC_PUBLIC_KEY, RSA_ENCRYPTION};
use super::rsa_key::{self, Unfit};
use crate::x509::der::{self, tag};
use crate::x509::{PublicKey, SignatureAlgorithm};

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    Rsa,
    /// ECDSA on P-256 with SHA-256
    P256,
    /// ECDSA on P-384 with SHA-384
    P384,
}

impl Scheme {
    /// The scheme of a key that a CA can have.
    ///
    /// # Errors
    /// What the key is, where it is none: the kinds and sizes are those of key files.
    pub(super) fn of(key: &PublicKey) -> Result<Self, String> {
        match key {
            PublicKey::Rsa {
                pss_only: Some(_), ..
            } => Err("an RSA key for PSS signatures only".to_owned()),
            PublicKey::Rsa {
                modulus, exponent, ..
            } => match rsa_key::limits(modulus, exponent) {
                Ok(()) => Ok(Scheme::Rsa),
                Err(Unfit::Size(bits)) => Err(format!("an RSA key of {bits} bits")),
                Err(Unfit::Exponent) => Err(rsa_key::BAD_EXPONENT.to_owned()),
            },
            PublicKey::P256(_) => Ok(Scheme::P256),
            PublicKey::P384(_) => Ok(Scheme::P384),
            PublicKey::P521(_) => Err("a P-521 key".to_owned()),
            PublicKey::Other(what) => Err(what.clone()),
        }
    }

    /// The AlgorithmIdentifier: NULL parameters for RSA (RFC 4055 5), none for ECDSA (RFC 5758
    /// 3.2).
    pub(super) fn algorithm(self) -> Vec<u8> {
        match self {
            Scheme::Rsa => der::sequence(&[
                &der::oid("1.2.840.113549.1.1.11"),
                &der::tlv(tag::NULL, &[]),
            ]),
            Scheme::P256 => der::sequence(&[&der::oid("1.2.840.10045.4.3.2")]),
            Scheme::P384 => der::sequence(&[&der::oid("1.2.840.10045.4.3.3")]),
        }
    }

    /// Whether `signature` is this key's over `message`.
    pub(super) fn holds(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        SignatureAlgorithm::from_der(&self.algorithm())
            .is_ok_and(|algorithm| key.verify(algorithm, message, signature))
    }
}

/// SubjectPublicKeyInfo of an RSA key (RFC 3279 2.3.1) from its two numbers, big-endian.
#[cfg(feature = "pkcs11")]
pub(super) fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[&der::oid(RSA_ENCRYPTION), &der::tlv(tag::NULL, &[])]);
    der::sequence(&[
        &algorithm,
        &der::bit_string(&der::sequence(&[
            &der::integer(modulus),
            &der::integer(exponent),
        ])),
    ])
}

/// SubjectPublicKeyInfo of a point on a curve (RFC 5480 2).
#[cfg(feature = "pkcs11")]
pub(super) fn ec_spki(curve: Curve, point: &[u8]) -> Vec<u8> {
    der::sequence(&[
        &der::sequence(&[&der::oid(EC_PUBLIC_KEY), &der::oid(curve.oid())]),
        &der::bit_string(point),
    ])
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
                    Scheme::of(&rsa(bits, exponent)),
                    Ok(Scheme::Rsa),
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
                Scheme::of(&rsa(bits, exponent)).is_err(),
                "{bits} {exponent:?}"
            );
        }
        assert!(
            Scheme::of(&PublicKey::Other("P-521".to_owned()))
                .is_err_and(|what| what.contains("P-521"))
        );
    }
}
