//! The check that a key signed a certificate, with the algorithms that the service lists: RSA of
//! PKCS#1 v1.5 and PSS, ECDSA on P-256, P-384 and P-521, each with SHA-224 to SHA-512 (User Guide,
//! "Initialize the cluster").

use ring::digest::{self, digest};
use rsa::sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss};

use x509_parser::asn1_rs::{Any, FromDer as _, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_NIST_HASH_SHA256, OID_NIST_HASH_SHA384, OID_NIST_HASH_SHA512, OID_PKCS1_RSAENCRYPTION,
    OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA224WITHRSA, OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA,
    OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA224, OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, Oid,
};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::certificate::{split_elements, split_tagged, tags};

/// The signature algorithms that are taken, and no others; RSASSA-PSS besides, by its parameters.
const LISTED: [(Oid<'static>, CertificateScheme); 8] = [
    (
        OID_PKCS1_SHA224WITHRSA,
        CertificateScheme::Pkcs1(SignatureHash::Sha224),
    ),
    (
        OID_PKCS1_SHA256WITHRSA,
        CertificateScheme::Pkcs1(SignatureHash::Sha256),
    ),
    (
        OID_PKCS1_SHA384WITHRSA,
        CertificateScheme::Pkcs1(SignatureHash::Sha384),
    ),
    (
        OID_PKCS1_SHA512WITHRSA,
        CertificateScheme::Pkcs1(SignatureHash::Sha512),
    ),
    (
        OID_SIG_ECDSA_WITH_SHA224,
        CertificateScheme::Ecdsa(SignatureHash::Sha224),
    ),
    (
        OID_SIG_ECDSA_WITH_SHA256,
        CertificateScheme::Ecdsa(SignatureHash::Sha256),
    ),
    (
        OID_SIG_ECDSA_WITH_SHA384,
        CertificateScheme::Ecdsa(SignatureHash::Sha384),
    ),
    (
        OID_SIG_ECDSA_WITH_SHA512,
        CertificateScheme::Ecdsa(SignatureHash::Sha512),
    ),
];

/// The sizes of RSA keys. The guide lists 2048, 3072 and 4096; the service's treatment of those
/// between and above is not known.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The reason why a signature does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SignatureFault {
    /// The service does not list the algorithm that the certificate is signed with.
    Algorithm(String),
    /// The service does not list the kind of the signer's key.
    Key(String),
    /// The key is of another kind than the algorithm, or it did not sign these octets.
    Signature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignatureHash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl SignatureHash {
    fn digest_of(self, message: &[u8]) -> Vec<u8> {
        match self {
            // ring has no SHA-224.
            Self::Sha224 => Sha224::digest(message).to_vec(),
            Self::Sha256 => digest(&digest::SHA256, message).as_ref().to_vec(),
            Self::Sha384 => digest(&digest::SHA384, message).as_ref().to_vec(),
            Self::Sha512 => digest(&digest::SHA512, message).as_ref().to_vec(),
        }
    }

    fn pkcs1_padding(self) -> Pkcs1v15Sign {
        match self {
            Self::Sha224 => Pkcs1v15Sign::new::<Sha224>(),
            Self::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Self::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Self::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        }
    }

    /// Whether the key made this PSS signature over the message.
    fn verify_pss(
        self,
        key: &rsa::PublicKey,
        salt: usize,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let digest = self.digest_of(message);
        match self {
            Self::Sha224 => key.verify(Pss::<Sha224>::new_with_salt(salt), &digest, signature),
            Self::Sha256 => key.verify(Pss::<Sha256>::new_with_salt(salt), &digest, signature),
            Self::Sha384 => key.verify(Pss::<Sha384>::new_with_salt(salt), &digest, signature),
            Self::Sha512 => key.verify(Pss::<Sha512>::new_with_salt(salt), &digest, signature),
        }
        .is_ok()
    }

    /// Returns the hash of an AlgorithmIdentifier whose parameters are NULL or absent (RFC 4055
    /// 2.1).
    fn of(identifier: &AlgorithmIdentifier<'_>) -> Option<Self> {
        let null = |any: &Any<'_>| any.as_null().is_ok() && any.data.is_empty();
        identifier
            .parameters
            .as_ref()
            .is_none_or(null)
            .then_some(())?;
        match &identifier.algorithm {
            oid if *oid == OID_NIST_HASH_SHA256 => Some(Self::Sha256),
            oid if *oid == OID_NIST_HASH_SHA384 => Some(Self::Sha384),
            oid if *oid == OID_NIST_HASH_SHA512 => Some(Self::Sha512),
            oid if *oid == oid!(2.16.840.1.101.3.4.2.4) => Some(Self::Sha224),
            _ => None,
        }
    }
}

/// The scheme of a certificate's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CertificateScheme {
    Pkcs1(SignatureHash),
    Pss(SignatureHash, usize),
    Ecdsa(SignatureHash),
}

impl CertificateScheme {
    fn of(identifier: &AlgorithmIdentifier<'_>) -> Result<Self, SignatureFault> {
        let oid = &identifier.algorithm;
        if *oid == OID_PKCS1_RSASSAPSS {
            return pss(identifier.parameters.as_ref()).ok_or_else(|| {
                SignatureFault::Algorithm(String::from(
                    "is signed with an RSA-PSS whose parameters the service does not list",
                ))
            });
        }
        let known = LISTED.into_iter().find(|(listed, _)| listed == oid);
        known.map(|(_, scheme)| scheme).ok_or_else(|| {
            SignatureFault::Algorithm(format!(
                "is signed with {}, which is none of the algorithms that the service lists",
                algorithm_name(oid)
            ))
        })
    }
}

/// Reads RSASSA-PSS-params (RFC 4055 3.1), with one hash for the message and for MGF1. The defaults
/// are SHA-1's, which is not listed.
fn pss(parameters: Option<&Any<'_>>) -> Option<CertificateScheme> {
    let parameters = parameters?;
    let read = RsaSsaPssParams::try_from(parameters).ok()?;
    let fields = split_elements(parameters.data)?;
    // A trailerField says 1, its default.
    matches!(*tags(&fields), [0xA0, 0xA1] | [0xA0, 0xA1, 0xA2]).then_some(())?;
    for (field, elements) in fields.iter().zip([1..=2, 2..=2]) {
        let [whole] = split_tagged(field.content, [0x30])?;
        elements
            .contains(&split_elements(whole.content)?.len())
            .then_some(())?;
    }
    fields.get(2).map_or(Some(()), |salt| {
        split_tagged(salt.content, [0x02]).map(drop)
    })?;
    let hash = SignatureHash::of(read.hash_algorithm()?)?;
    let mask = read.mask_gen_algorithm_raw()?;
    (mask.algorithm == oid!(1.2.840.113549.1.1.8)).then_some(())?;
    let parameters = mask.parameters.as_ref()?;
    (1..=2)
        .contains(&split_elements(parameters.data)?.len())
        .then_some(())?;
    let masked = AlgorithmIdentifier::try_from(parameters.clone()).ok()?;
    (SignatureHash::of(&masked)? == hash).then_some(())?;
    // Two octets at most, as long as no key is longer.
    let salt = usize::from(u16::try_from(read.salt_length()).ok()?);
    Some(CertificateScheme::Pss(hash, salt))
}

/// Returns an algorithm's usual name, else its identifier.
fn algorithm_name(oid: &Oid<'_>) -> String {
    let dotted = oid.to_id_string();
    let known = match dotted.as_str() {
        "1.2.840.113549.1.1.2" => "MD2 with RSA",
        "1.2.840.113549.1.1.4" => "MD5 with RSA",
        "1.2.840.113549.1.1.5" => "SHA-1 with RSA",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10040.4.3" => "DSA with SHA-1",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        dsa if dsa.starts_with("2.16.840.1.101.3.4.3.") => "DSA",
        _ => return format!("the algorithm {dotted}"),
    };
    known.to_owned()
}

/// A signer's key.
enum SignerKey<'a> {
    Rsa { key: rsa::PublicKey, pss_only: bool },
    Ec(SignerCurve, &'a [u8]),
}

#[derive(Clone, Copy)]
enum SignerCurve {
    P256,
    P384,
    P521,
}

impl<'a> SignerKey<'a> {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
    fn of(spki: &'a SubjectPublicKeyInfo<'_>) -> Result<Self, SignatureFault> {
        let malformed = || SignatureFault::Key(String::from("is not well-formed"));
        let (kind, bits) = (&spki.algorithm.algorithm, &spki.subject_public_key);
        (bits.unused_bits == 0)
            .then_some(())
            .ok_or_else(malformed)?;
        if *kind == OID_PKCS1_RSAENCRYPTION || *kind == OID_PKCS1_RSASSAPSS {
            return Self::read_rsa(&bits.data, *kind == OID_PKCS1_RSASSAPSS)
                .ok_or_else(malformed)?;
        }
        if *kind != OID_KEY_TYPE_EC_PUBLIC_KEY {
            return Err(SignatureFault::Key(format!(
                "is of another kind than RSA and ECDSA: {}",
                algorithm_name(kind)
            )));
        }
        let curve = spki
            .algorithm
            .parameters
            .as_ref()
            .and_then(|curve| curve.as_oid().ok());
        let curve = match curve {
            Some(curve) if curve == OID_EC_P256 => SignerCurve::P256,
            Some(curve) if curve == OID_NIST_EC_P384 => SignerCurve::P384,
            Some(curve) if curve == OID_NIST_EC_P521 => SignerCurve::P521,
            _ => {
                return Err(SignatureFault::Key(String::from(
                    "is on another curve than P-256, P-384 and P-521",
                )));
            }
        };
        Ok(Self::Ec(curve, &bits.data))
    }

    /// Reads an RSAPublicKey (RFC 8017 A.1.1).
    fn read_rsa(bits: &[u8], pss_only: bool) -> Option<Result<Self, SignatureFault>> {
        let (_, key) = RSAPublicKey::from_der(bits).ok()?;
        let [whole] = split_tagged(bits, [0x30])?;
        for number in split_tagged(whole.content, [0x02; 2])? {
            // No number is negative.
            number.content.first().filter(|first| **first < 0x80)?;
        }
        let modulus = BoxedUint::from_be_slice_vartime(key.modulus);
        let exponent = BoxedUint::from_be_slice_vartime(key.exponent);
        let size = usize::try_from(modulus.bit_width()).unwrap_or(usize::MAX);
        if !RSA_BITS.contains(&size) {
            return Some(Err(SignatureFault::Key(format!(
                "is RSA of {size} bits, not of {} to {}",
                RSA_BITS.start(),
                RSA_BITS.end()
            ))));
        }
        let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, RSA_BITS);
        Some(key.map(|key| Self::Rsa { key, pss_only }).map_err(|_| {
            SignatureFault::Key(String::from("has an RSA exponent that cannot be used"))
        }))
    }
}

/// Tells whether the key of `spki` signed the certificate.
pub(super) fn verify(
    certificate: &X509Certificate<'_>,
    spki: &SubjectPublicKeyInfo<'_>,
) -> Result<(), SignatureFault> {
    let scheme = CertificateScheme::of(&certificate.signature_algorithm)?;
    let key = SignerKey::of(spki)?;
    let message = certificate.tbs_certificate.as_ref();
    let signature = &certificate.signature_value.data;
    let held = match (key, scheme) {
        (
            SignerKey::Rsa {
                key,
                pss_only: false,
            },
            CertificateScheme::Pkcs1(hash),
        ) => key
            .verify(hash.pkcs1_padding(), &hash.digest_of(message), signature)
            .is_ok(),
        (SignerKey::Rsa { key, .. }, CertificateScheme::Pss(hash, salt)) => {
            hash.verify_pss(&key, salt, message, signature)
        }
        (SignerKey::Ec(curve, point), CertificateScheme::Ecdsa(hash)) => {
            verify_ecdsa(curve, point, &hash.digest_of(message), signature).is_some()
        }
        _ => false,
    };
    if held {
        Ok(())
    } else {
        Err(SignatureFault::Signature)
    }
}

/// Verifies an Verifies an Ecdsa-Sig-Value (RFC 3279 2.2.3) over a digest.
fn verify_ecdsa(curve: SignerCurve, point: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    match curve {
        SignerCurve::P256 => {
            let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(&pad_digest(digest, 32), &signature).ok()
        }
        SignerCurve::P384 => {
            let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(&pad_digest(digest, 48), &signature).ok()
        }
        SignerCurve::P521 => {
            let signature = p521::ecdsa::Signature::from_der(signature).ok()?;
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(&pad_digest(digest, 66), &signature).ok()
        }
    }
}

/// Pads a digest that is shorter than the curve's order with leading zeros (FIPS 186-5 6.4.2),
/// which keeps its value as a number.
fn pad_digest(digest: &[u8], width: usize) -> Vec<u8> {
    // Saturating: a longer one gets no zeros.
    let zeros = width.saturating_sub(digest.len());
    std::iter::repeat_n(0, zeros)
        .chain(digest.iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_that_is_not_listed_is_named() {
        let identifier = |oid: Oid<'static>| AlgorithmIdentifier::new(oid, None);
        for (oid, words) in [
            (oid!(1.2.840.113549.1.1.5), "SHA-1 with RSA"),
            (oid!(1.3.101.112), "Ed25519"),
            (oid!(1.2.3.1079), "1.2.3.1079"),
        ] {
            let Err(SignatureFault::Algorithm(found)) = CertificateScheme::of(&identifier(oid))
            else {
                panic!("{words}")
            };
            assert!(found.contains(words), "{found}");
        }
        assert_eq!(
            CertificateScheme::of(&identifier(OID_SIG_ECDSA_WITH_SHA512)),
            Ok(CertificateScheme::Ecdsa(SignatureHash::Sha512))
        );
    }
}
