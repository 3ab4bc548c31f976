//! Which algorithms count, and whether a signature holds. Everything not named here is refused.

use ring::signature as rs;

use super::Malformed;
use super::der::{Reader, Tlv, bit_string_rules, integer_rules, single, strict, tag, whole_octets};
use super::ecdsa::{self, Curve};
use super::name::oid_text;

// Contents of the OBJECT IDENTIFIERs, as encoded.
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]; // RFC 8017 A.1
const RSASSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 10]; // RFC 8017 A.2.3
const MGF1: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 8]; // RFC 8017 B.2.1
const SHA256_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11]; // RFC 4055 5
const SHA384_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 12];
const SHA512_WITH_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 13];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]; // RFC 4055 2.1
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]; // RFC 5480 2.1.1
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]; // RFC 5480 2.1.1.1
const P384: &[u8] = &[0x2B, 0x81, 4, 0, 34];
const P521: &[u8] = &[0x2B, 0x81, 4, 0, 35];
const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2]; // RFC 5758 3.2
const ECDSA_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3];
const ECDSA_SHA512: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 4];

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
    const fn bits(self) -> u16 {
        match self {
            Hash::Sha256 => 256,
            Hash::Sha384 => 384,
            Hash::Sha512 => 512,
        }
    }
}

/// The parameters of RSASSA-PSS (RFC 4055 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pss {
    /// Of the message and of MGF1.
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
                write!(f, "RSA PKCS#1 v1.5 with SHA-{}", hash.bits())
            }
            SignatureAlgorithm::RsaPss(Pss { hash, salt }) => write!(
                f,
                "RSA PSS with SHA-{} and a salt of {salt} octets",
                hash.bits()
            ),
            SignatureAlgorithm::Ecdsa(hash) => write!(f, "ECDSA with SHA-{}", hash.bits()),
        }
    }
}

/// AlgorithmIdentifier: an OID and at most one parameter (RFC 5280 4.1.1.2).
fn parts<'a>(
    identifier: &Tlv<'a>,
    what: &'static str,
) -> Result<(&'a [u8], Option<Tlv<'a>>), Malformed> {
    let mut reader = Reader::new(identifier.content, what);
    let oid = reader.required(tag::OID, "an algorithm's OID")?;
    let parameter = if reader.is_empty() {
        None
    } else {
        Some(reader.any()?)
    };
    reader.finish()?;
    Ok((oid.content, parameter))
}

/// That `identifier` has the form of an AlgorithmIdentifier, whichever algorithm it names.
pub(crate) fn well_formed(identifier: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    let (oid, parameter) = parts(identifier, what)?;
    // The types of these parameters are defined: what they do not define is malformed, not merely
    // unknown.
    match (oid, parameter) {
        (RSASSA_PSS, Some(parameter)) => pss_form(&parameter, what),
        _ => Ok(()),
    }
}

impl SignatureAlgorithm {
    /// From an AlgorithmIdentifier as it came.
    ///
    /// # Errors
    /// A sentence that names the algorithm found, where it does not count: anything but RSA PKCS#1
    /// v1.5, RSA PSS and ECDSA with SHA-256, SHA-384 or SHA-512; parameters other than RFC 4055 and
    /// RFC 5758 prescribe.
    pub fn from_der(identifier: &[u8]) -> Result<Self, Malformed> {
        const WHAT: &str = "the signature algorithm";
        strict(identifier, WHAT)?;
        let outer = single(identifier, tag::SEQUENCE, WHAT)?;
        let (oid, parameter) = parts(&outer, WHAT)?;
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
                describe(other)
            ))),
        }
    }
}

/// Whether CloudHSM's guide lists an AlgorithmIdentifier's algorithm, however its parameters are
/// written: RSA of PKCS#1 v1.5 and PSS, and ECDSA, with SHA-224, SHA-256, SHA-384 and SHA-512 (AWS
/// CloudHSM User Guide, Initialize the cluster, September 2026). What is listed and does not count
/// here, this program declines.
pub(crate) fn is_listed(identifier: &[u8]) -> bool {
    const WHAT: &str = "an algorithm";
    let Ok((oid, parameter)) =
        single(identifier, tag::SEQUENCE, WHAT).and_then(|outer| parts(&outer, WHAT))
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

/// Whether both hashes of PSS parameters are listed; those that are not named are SHA-1.
fn is_listed_pss(parameter: &Tlv<'_>) -> Result<bool, Malformed> {
    const WHAT: &str = "the RSA PSS parameters";
    let is_listed_hash = |identifier: &[u8]| {
        let oid = single(identifier, tag::SEQUENCE, WHAT)
            .and_then(|outer| parts(&outer, WHAT))
            .map(|(oid, _)| oid);
        matches!(oid, Ok([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1..=4]))
    };
    let mut fields = Reader::new(parameter.content, WHAT);
    let (Some(hash), Some(mask)) = (
        fields.optional(tag::context(0))?,
        fields.optional(tag::context(1))?,
    ) else {
        return Ok(false);
    };
    let (mask_oid, mask_hash) = parts(&single(mask.content, tag::SEQUENCE, WHAT)?, WHAT)?;
    Ok(is_listed_hash(hash.content)
        && mask_oid == MGF1
        && mask_hash.is_some_and(|hash| is_listed_hash(hash.raw)))
}

/// Whether a SubjectPublicKeyInfo's key is of a kind that the same guide lists, however it is
/// written: a point on a listed curve, a key for a listed PSS.
pub(crate) fn is_listed_key(spki: &[u8]) -> bool {
    const WHAT: &str = "a key";
    let identifier = || {
        let outer = single(spki, tag::SEQUENCE, WHAT)?;
        Reader::new(outer.content, WHAT).required(tag::SEQUENCE, "its algorithm")
    };
    let Ok(identifier) = identifier() else {
        return false;
    };
    match parts(&identifier, WHAT) {
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

/// Names for what people meet; the rest by its OID.
fn describe(oid: &[u8]) -> String {
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
        if let Some(field) = fields.optional(tag::context(number))? {
            let mut inner = Reader::new(field.content, what);
            let value = inner.required(
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
                let (oid, nested) = parts(&value, what)?;
                if let (MGF1, Some(hash)) = (oid, nested) {
                    if hash.tag != tag::SEQUENCE {
                        return Err(Malformed::new(format!(
                            "{what}: an MGF1 parameter that is no SEQUENCE (RFC 4055 2.2)"
                        )));
                    }
                    parts(&hash, what)?;
                }
            }
        }
    }
    fields.finish()
}

/// PSS parameters that count: one hash for both, a salt of any length, the default trailer.
fn pss_parameters(parameter: &Tlv<'_>) -> Result<Pss, Malformed> {
    const WHAT: &str = "the RSA PSS parameters";
    let weak = |text: &str| Malformed::new(format!("RSA PSS {text} (RFC 4055 3.1)"));
    pss_form(parameter, WHAT)?;
    let mut fields = Reader::new(parameter.content, WHAT);
    let hash = fields
        .optional(tag::context(0))?
        .ok_or_else(|| weak("with the default hash, SHA-1"))?;
    let hash = hash_of(hash.content)?;
    let mask = fields
        .optional(tag::context(1))?
        .ok_or_else(|| weak("with the default mask generation, MGF1 with SHA-1"))?;
    let (mask_oid, mask_hash) = parts(&single(mask.content, tag::SEQUENCE, WHAT)?, WHAT)?;
    let mask_hash = mask_hash
        .filter(|_| mask_oid == MGF1)
        .ok_or_else(|| weak("with a mask generation other than MGF1"))?;
    if hash_of(mask_hash.raw)? != hash {
        return Err(weak("with different hashes for the message and for MGF1"));
    }
    let salt = match fields.optional(tag::context(2))? {
        None => DEFAULT_SALT,
        Some(field) => match single(field.content, tag::INTEGER, WHAT)?.content {
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
    let (oid, parameter) = parts(&single(identifier, tag::SEQUENCE, WHAT)?, WHAT)?;
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
            describe(other)
        ))),
    }
}

/// What a SubjectPublicKeyInfo holds.
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
        /// For PSS signatures only (RFC 4055 1.2), and with which hash and at least how long a
        /// salt, if the key says.
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
    /// From a SubjectPublicKeyInfo as it came.
    ///
    /// # Errors
    /// Where it is not one (RFC 5280 4.1.2.7), or not what its own algorithm defines. A well-formed
    /// key that does not count is [`PublicKey::Other`], or fails [`PublicKey::usable`].
    pub fn from_der(spki: &[u8], what: &'static str) -> Result<Self, Malformed> {
        let outer = single(spki, tag::SEQUENCE, what)?;
        let mut reader = Reader::new(outer.content, what);
        let identifier = reader.required(tag::SEQUENCE, "the public key's algorithm")?;
        let bits = reader.required(tag::BIT_STRING, "the public key")?;
        reader.finish()?;
        well_formed(&identifier, what)?;
        bit_string_rules(bits.content, what)?;
        let (oid, parameter) = parts(&identifier, what)?;
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
                Ok(Self::ec(parameter.as_ref(), point))
            }
            other => Ok(PublicKey::Other(format!(
                "a key of the algorithm {}",
                describe(other)
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
        strict(octets, what)?;
        let key = single(octets, tag::SEQUENCE, what)?;
        let mut reader = Reader::new(key.content, what);
        let mut number = |name| {
            let integer = reader.required(tag::INTEGER, name)?;
            integer_rules(integer.content, what)?;
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

    fn ec(parameter: Option<&Tlv<'_>>, point: &[u8]) -> Self {
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
        let (length, make): (usize, fn(Vec<u8>) -> Self) = match *curve {
            P256 => (65, PublicKey::P256),
            P384 => (97, PublicKey::P384),
            P521 => (133, PublicKey::P521),
            other => {
                return PublicKey::Other(format!("an EC key on the curve {}", describe(other)));
            }
        };
        if point.len() == length && point.first() == Some(&4) {
            make(point.to_vec())
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

    /// That the key is of a kind and size that counts: RSA of 2048 to 8192 bits with an odd
    /// exponent of at least 3, P-256, P-384 or P-521 (docs/verification.md; FIPS 186-5 5.1 for the
    /// lower bound).
    ///
    /// # Errors
    /// A sentence that says what it is instead.
    pub fn usable(&self) -> Result<(), Malformed> {
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
            PublicKey::P256(_) => "P-256".to_owned(),
            PublicKey::P384(_) => "P-384".to_owned(),
            PublicKey::P521(_) => "P-521".to_owned(),
            PublicKey::Other(text) => text.clone(),
        }
    }

    /// Whether both are the same key *as numbers*: modulus and exponent, or the point, however
    /// their SubjectPublicKeyInfo is written.
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

    /// Whether whoever holds the one private key holds the other: the same numbers, or one RSA
    /// modulus under two exponents.
    pub fn same_secret(&self, other: &Self) -> bool {
        match (self, other) {
            (PublicKey::Rsa { modulus: n1, .. }, PublicKey::Rsa { modulus: n2, .. }) => n1 == n2,
            _ => self.same_numbers(other),
        }
    }

    /// Whether this key made `signature` over `message`. A key that is not [`usable`](Self::usable)
    /// never did.
    pub fn verify(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if self.usable().is_err() {
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
            if pss.salt != pss.hash.bits() / 8 {
                return any_salt(modulus, exponent, pss, message, signature);
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
fn any_salt(modulus: &[u8], exponent: &[u8], pss: Pss, message: &[u8], signature: &[u8]) -> bool {
    use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
    let (n, e) = (
        rsa::BigUint::from_bytes_be(modulus),
        rsa::BigUint::from_bytes_be(exponent),
    );
    // RFC 8017 5.2.2 and 8.1.2: as many octets as the modulus, and a number below it. The `rsa`
    // crate takes s + n for s.
    if signature.len() != modulus.len() || rsa::BigUint::from_bytes_be(signature) >= n {
        return false;
    }
    let salt = usize::from(pss.salt);
    // A modulus of at most 8192 bits: `usable` has said so.
    rsa::RsaPublicKey::new_with_max_size(n, e, 8192).is_ok_and(|key| match pss.hash {
        Hash::Sha256 => key
            .verify(
                rsa::Pss::new_with_salt::<Sha256>(salt),
                &Sha256::digest(message),
                signature,
            )
            .is_ok(),
        Hash::Sha384 => key
            .verify(
                rsa::Pss::new_with_salt::<Sha384>(salt),
                &Sha384::digest(message),
                signature,
            )
            .is_ok(),
        Hash::Sha512 => key
            .verify(
                rsa::Pss::new_with_salt::<Sha512>(salt),
                &Sha512::digest(message),
                signature,
            )
            .is_ok(),
    })
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
