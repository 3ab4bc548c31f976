//! Signs: RSA PKCS#1 v1.5 with SHA-256, ECDSA P-256 with SHA-256, P-384 with SHA-384, all with
//! ring; and what else RSA keys can be, see [`super::rsa_key`].

use p256::elliptic_curve;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair};

use super::plain::KeyMaterial;
use super::rsa_key::{Numbers, Padding};
use crate::ca::fault::{CannotSign, KeyFault, malformed, wrong_kind};
use crate::x509::algorithm::{Curve, ec_spki, rsa_spki};
use crate::x509::{PublicKey, SignatureAlgorithm, der};

/// A private key that is ready to sign.
pub(super) enum Signer {
    Rsa(Box<RsaKeyPair>),
    /// An RSA key that ring does not sign with.
    OtherRsa {
        key: Box<rsa::PrivateKey>,
        padding: Padding,
        spki: Vec<u8>,
    },
    Ec(Curve, Box<EcdsaKeyPair>),
}

impl Signer {
    /// Takes the key into ring, which holds it to SP 800-56B: the public part fits the private one.
    ///
    /// ring reads no primality and uses no `d`; whether `dP` and `dQ` fit is seen when it signs,
    /// since it checks each RSA signature.
    pub(super) fn new(material: &KeyMaterial) -> Result<Self, KeyFault> {
        match material {
            KeyMaterial::Rsa(pkcs1) => {
                let numbers = Numbers::parse(pkcs1)?;
                if !numbers.fit_ring() {
                    let spki = rsa_spki(&numbers.public_key());
                    return Ok(Signer::OtherRsa {
                        key: Box::new(numbers.to_key()?),
                        padding: Padding::Pkcs1,
                        spki,
                    });
                }
                let pair = RsaKeyPair::from_der(pkcs1).map_err(|_| KeyFault::Inconsistent)?;
                Ok(Signer::Rsa(Box::new(pair)))
            }
            KeyMaterial::PssOnly { key, identifier } => {
                let numbers = Numbers::parse(key)?;
                let spki = der::encode_sequence(&[
                    identifier,
                    &der::encode_bit_string(&numbers.public_key()),
                ]);
                match PublicKey::from_der(&spki, "key") {
                    Ok(PublicKey::Rsa {
                        pss_only: Some(asked),
                        ..
                    }) => Ok(Signer::OtherRsa {
                        key: Box::new(numbers.to_key()?),
                        padding: Padding::from_pss_key(asked),
                        spki,
                    }),
                    _ => Err(wrong_kind(
                        "an RSA key for PSS signatures with other hashes than SHA-256, SHA-384 or \
                         SHA-512",
                    )),
                }
            }
            KeyMaterial::Ec {
                curve,
                scalar,
                public,
            } => {
                let public = public.as_deref();
                let (point, algorithm) = match curve {
                    Curve::P256 => (
                        public_point::<p256::NistP256>(scalar, public)?,
                        &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                    ),
                    Curve::P384 => (
                        public_point::<p384::NistP384>(scalar, public)?,
                        &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
                    ),
                    Curve::P521 => return Err(wrong_kind("an elliptic-curve key on P-521")),
                };
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm,
                    scalar,
                    &point,
                    &SystemRandom::new(),
                )
                .map_err(|_| KeyFault::Inconsistent)?;
                Ok(Signer::Ec(*curve, Box::new(pair)))
            }
        }
    }

    /// SubjectPublicKeyInfo (RFC 3279 2.3.1, RFC 5480 2).
    pub(super) fn spki(&self) -> Vec<u8> {
        match self {
            Signer::Rsa(pair) => rsa_spki(pair.public_key().as_ref()),
            Signer::OtherRsa { spki, .. } => spki.clone(),
            Signer::Ec(curve, pair) => ec_spki(*curve, pair.public_key().as_ref()),
        }
    }

    /// The signature algorithm: the curve's own size says which hash goes with it (RFC 5480 4).
    pub(super) fn signature_algorithm(&self) -> SignatureAlgorithm {
        match self {
            Signer::Rsa(_) => Padding::Pkcs1.signature_algorithm(),
            Signer::OtherRsa { padding, .. } => padding.signature_algorithm(),
            Signer::Ec(curve, _) => SignatureAlgorithm::Ecdsa(curve.hash()),
        }
    }

    /// The signature over `tbs`, which is hashed here.
    pub(super) fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>, CannotSign> {
        let random = SystemRandom::new();
        match self {
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, tbs, &mut signature)
                    .map_err(|_| CannotSign)?;
                Ok(signature)
            }
            Signer::OtherRsa { key, padding, .. } => padding.sign(key, tbs),
            Signer::Ec(_, pair) => Ok(pair
                .sign(&random, tbs)
                .map_err(|_| CannotSign)?
                .as_ref()
                .to_vec()),
        }
    }
}

/// The public point of a scalar, uncompressed. It must be the one that the file gives, where it
/// gives one.
fn public_point<C>(scalar: &[u8], stated: Option<&[u8]>) -> Result<Box<[u8]>, KeyFault>
where
    C: elliptic_curve::CurveArithmetic + elliptic_curve::point::PointCompression,
    elliptic_curve::AffinePoint<C>:
        elliptic_curve::sec1::FromSec1Point<C> + elliptic_curve::sec1::ToSec1Point<C>,
    elliptic_curve::FieldBytesSize<C>: elliptic_curve::sec1::ModulusSize,
{
    let secret = elliptic_curve::SecretKey::<C>::from_slice(scalar)
        .map_err(|_| malformed("its EC private value is out of range"))?;
    let public = secret.public_key();
    if let Some(stated) = stated {
        let stated = elliptic_curve::PublicKey::<C>::from_sec1_bytes(stated)
            .map_err(|_| malformed("its EC public point is not on the curve"))?;
        if stated != public {
            return Err(KeyFault::Inconsistent);
        }
    }
    Ok(public.to_sec1_bytes())
}
