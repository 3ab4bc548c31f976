//! The algorithms that count, and the check of signatures. Everything not named here is refused.

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

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl Hash {
    /// The length of a digest, in bits.
    pub const fn digest_bits(self) -> u16 {
        match self {
            Hash::Sha256 => 256,
            Hash::Sha384 => 384,
            Hash::Sha512 => 512,
        }
    }

    /// The length of a digest, in octets.
    pub const fn octets(self) -> u16 {
        self.digest_bits() / 8
    }

    /// ring's name for it.
    pub(crate) const fn in_ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Hash::Sha256 => &ring::digest::SHA256,
            Hash::Sha384 => &ring::digest::SHA384,
            Hash::Sha512 => &ring::digest::SHA512,
        }
    }

    /// Returns ring's name for the HMAC with it.
    pub(crate) fn hmac_in_ring(self) -> ring::hmac::Algorithm {
        match self {
            Hash::Sha256 => ring::hmac::HMAC_SHA256,
            Hash::Sha384 => ring::hmac::HMAC_SHA384,
            Hash::Sha512 => ring::hmac::HMAC_SHA512,
        }
    }

    /// Finds the hash of an OBJECT IDENTIFIER in dotted form.
    pub(crate) fn from_dotted_oid(oid: &str) -> Option<Self> {
        [Hash::Sha256, Hash::Sha384, Hash::Sha512]
            .into_iter()
            .find(|hash| oid_text(hash.oid()) == oid)
    }

    /// The digest of a message.
    pub(crate) fn digest(self, message: &[u8]) -> ring::digest::Digest {
        ring::digest::digest(self.in_ring(), message)
    }

    const fn oid(self) -> &'static [u8] {
        match self {
            Hash::Sha256 => SHA256,
            Hash::Sha384 => SHA384,
            Hash::Sha512 => SHA512,
        }
    }

    /// The AlgorithmIdentifier (RFC 4055 2.1).
    pub(crate) fn to_der(self) -> Vec<u8> {
        identifier(self.oid(), &[&null()])
    }

    /// Returns the DigestInfo of a message (RFC 8017 9.2): what PKCS#1 v1.5 pads and signs.
    #[cfg(feature = "pkcs11")]
    pub(crate) fn digest_info(self, message: &[u8]) -> Vec<u8> {
        let digest = der::encode_octet_string(self.digest(message).as_ref());
        der::encode_sequence(&[&self.to_der(), &digest])
    }
}

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256r1
    P256,
    /// secp384r1
    P384,
    /// secp521r1
    P521,
}

impl Curve {
    /// All of them.
    pub(crate) const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    /// The content of its OBJECT IDENTIFIER (RFC 5480 2.1.1.1).
    pub(crate) const fn oid(self) -> &'static [u8] {
        match self {
            Curve::P256 => P256,
            Curve::P384 => P384,
            Curve::P521 => P521,
        }
    }

    /// The curve of this OBJECT IDENTIFIER's content.
    pub(crate) fn from_oid(content: &[u8]) -> Option<Self> {
        Curve::ALL.into_iter().find(|curve| curve.oid() == content)
    }

    /// The name of it (FIPS 186-5).
    pub const fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    /// The length of one of its numbers, in octets: scalars, coordinates, r and s.
    pub const fn octets(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The hash that signatures on it are made with (RFC 5480 4).
    pub(crate) const fn hash(self) -> Hash {
        match self {
            Curve::P256 => Hash::Sha256,
            Curve::P384 => Hash::Sha384,
            Curve::P521 => Hash::Sha512,
        }
    }

    /// The length of an uncompressed point, in octets (SEC1 2.3.3).
    pub const fn point_octets(self) -> usize {
        1 + 2 * self.octets()
    }

    /// The named curve as ECParameters (RFC 5480 2.1.1).
    pub(crate) fn to_der(self) -> Vec<u8> {
        der::encode_tlv(tag::OID, &[self.oid()])
    }
}

/// The parameters of RSASSA-PSS (RFC 4055 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pss {
    /// The hash of the message and of MGF1.
    pub hash: Hash,
    /// The salt's length in octets.
    pub salt: u16,
}

/// The salt's length where the parameters do not say it (RFC 4055 3.1).
const DEFAULT_SALT: u16 = 20;

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

/// Tells whether CloudHSM's guide lists an AlgorithmIdentifier's algorithm, however its parameters
/// are written: RSA of PKCS#1 v1.5 and PSS, and ECDSA, with SHA-224, SHA-256, SHA-384 and SHA-512
/// (AWS CloudHSM User Guide, Initialize the cluster, September 2026). This program declines what is
/// listed but does not count here.
pub(crate) fn is_listed(identifier: &[u8]) -> bool {
    const WHAT: &str = "an algorithm";
    let Ok((oid, parameter)) = parse_single(identifier, tag::SEQUENCE, WHAT)
        .and_then(|outer| split_identifier(&outer, WHAT))
    else {
        return false;
    };
    match (oid, parameter) {
        (
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11..=14]
            | [0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 1..=4],
            _,
        ) => true,
        (RSASSA_PSS, Some(parameter)) => is_listed_pss(&parameter).unwrap_or(false),
        _ => false,
    }
}

/// Tells whether both hashes of PSS parameters are listed. Those that are not named are SHA-1.
fn is_listed_pss(parameter: &Tlv<'_>) -> Result<bool, Malformed> {
    const WHAT: &str = "the RSA PSS parameters";
    let is_listed_hash = |identifier: &[u8]| {
        let oid = parse_single(identifier, tag::SEQUENCE, WHAT)
            .and_then(|outer| split_identifier(&outer, WHAT))
            .map(|(oid, _)| oid);
        matches!(oid, Ok([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1..=4]))
    };
    let mut fields = Reader::new(parameter.content, WHAT);
    let (Some(hash), Some(mask)) = (
        fields.read_optional(tag::context_constructed(0))?,
        fields.read_optional(tag::context_constructed(1))?,
    ) else {
        return Ok(false);
    };
    let (mask_oid, mask_hash) =
        split_identifier(&parse_single(mask.content, tag::SEQUENCE, WHAT)?, WHAT)?;
    Ok(is_listed_hash(hash.content)
        && mask_oid == MGF1
        && mask_hash.is_some_and(|hash| is_listed_hash(hash.raw)))
}

/// Tells whether a SubjectPublicKeyInfo's key is of a kind that the same guide lists, however it is
/// written: a point on a listed curve, a key for a listed PSS.
pub(crate) fn is_listed_key(spki: &[u8]) -> bool {
    const WHAT: &str = "a key";
    let identifier = || {
        let outer = parse_single(spki, tag::SEQUENCE, WHAT)?;
        Reader::new(outer.content, WHAT).read_required(tag::SEQUENCE, "its algorithm")
    };
    let Ok(identifier) = identifier() else {
        return false;
    };
    match split_identifier(&identifier, WHAT) {
        Ok((
            EC_PUBLIC_KEY,
            Some(Tlv {
                tag: tag::OID,
                content: P256 | P384 | P521,
                ..
            }),
        )) => true,
        Ok((RSASSA_PSS, Some(_))) => is_listed(identifier.raw),
        _ => false,
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

/// RSASSA-PSS-params (RFC 4055 3.1): `[0]` hash, `[1]` mask generation, `[2]` salt length, `[3]`
/// trailer, in order, each at most once.
fn pss_form(parameter: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    if parameter.tag != tag::SEQUENCE {
        return Err(Malformed::new(format!(
            "{what}: RSA PSS parameters that are no SEQUENCE (RFC 4055 3.1)"
        )));
    }
    let mut fields = Reader::new(parameter.content, what);
    for number in 0..4 {
        if let Some(field) = fields.read_optional(tag::context_constructed(number))? {
            let mut inner = Reader::new(field.content, what);
            let value = inner.read_required(
                if number < 2 {
                    tag::SEQUENCE
                } else {
                    tag::INTEGER
                },
                "an RSA PSS parameter",
            )?;
            inner.finish()?;
            if matches!((number, value.content), (2, [20]) | (3, [1])) {
                return Err(Malformed::new(format!(
                    "{what}: RSA PSS parameters that write out a default (X.690 11.5)"
                )));
            }
            if number < 2 {
                let (oid, nested) = split_identifier(&value, what)?;
                if let (MGF1, Some(hash)) = (oid, nested) {
                    if hash.tag != tag::SEQUENCE {
                        return Err(Malformed::new(format!(
                            "{what}: an MGF1 parameter that is no SEQUENCE (RFC 4055 2.2)"
                        )));
                    }
                    split_identifier(&hash, what)?;
                }
            }
        }
    }
    fields.finish()
}

/// PSS parameters that count: one hash for both, a salt of any length, the default trailer.
pub(super) fn pss_parameters(parameter: &Tlv<'_>) -> Result<Pss, Malformed> {
    const WHAT: &str = "the RSA PSS parameters";
    let weak = |text: &str| Malformed::new(format!("RSA PSS {text} (RFC 4055 3.1)"));
    pss_form(parameter, WHAT)?;
    let mut fields = Reader::new(parameter.content, WHAT);
    let hash = fields
        .read_optional(tag::context_constructed(0))?
        .ok_or_else(|| weak("with the default hash, SHA-1"))?;
    let hash = hash_of(hash.content)?;
    let mask = fields
        .read_optional(tag::context_constructed(1))?
        .ok_or_else(|| weak("with the default mask generation, MGF1 with SHA-1"))?;
    let (mask_oid, mask_hash) =
        split_identifier(&parse_single(mask.content, tag::SEQUENCE, WHAT)?, WHAT)?;
    let mask_hash = mask_hash
        .filter(|_| mask_oid == MGF1)
        .ok_or_else(|| weak("with a mask generation other than MGF1"))?;
    if hash_of(mask_hash.raw)? != hash {
        return Err(weak("with different hashes for the message and for MGF1"));
    }
    let salt = match fields.read_optional(tag::context_constructed(2))? {
        None => DEFAULT_SALT,
        Some(field) => match parse_single(field.content, tag::INTEGER, WHAT)?.content {
            [first, ..] if first & 0x80 != 0 => return Err(weak("with a negative salt length")),
            octets @ ([_] | [_, _]) => octets.iter().fold(0, |n, b| (n << 8) | u16::from(*b)),
            _ => return Err(weak("with a salt longer than any key")),
        },
    };
    match fields.is_empty() {
        true => Ok(Pss { hash, salt }),
        false => Err(weak("with a trailer field other than the default")),
    }
}

fn hash_of(identifier: &[u8]) -> Result<Hash, Malformed> {
    const WHAT: &str = "a hash algorithm";
    let (oid, parameter) = split_identifier(&parse_single(identifier, tag::SEQUENCE, WHAT)?, WHAT)?;
    // RFC 4055 2.1: NULL; readers are to take them absent as well. Not here, as in
    // `SignatureAlgorithm::from_der`.
    if !matches!(
        parameter,
        Some(Tlv {
            tag: tag::NULL,
            content: [],
            ..
        })
    ) {
        return Err(Malformed::new(
            "a hash algorithm whose parameters are not NULL (RFC 4055 2.1)",
        ));
    }
    match oid {
        SHA256 => Ok(Hash::Sha256),
        SHA384 => Ok(Hash::Sha384),
        SHA512 => Ok(Hash::Sha512),
        other => Err(Malformed::new(format!(
            "RSA PSS with the hash {}",
            describe_oid(other)
        ))),
    }
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
