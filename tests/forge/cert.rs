//! Certificates and requests put together from parts, each of which a fixture may replace by
//! something wrong before the whole is signed.

use super::der::{self, Node};
use super::keys::{Hash, RsaKey};
use super::{ec::EcKey, keys};

/// How the signed part is signed.
#[derive(Clone)]
pub enum Signer {
    Pkcs1(&'static RsaKey, Hash),
    /// MGF1 of the same hash, a salt of its length.
    Pss(&'static RsaKey, Hash),
    /// The hash, MGF1's hash, the salt's length.
    PssAs(&'static RsaKey, Hash, Hash, u8),
    Ecdsa(&'static EcKey, Hash),
    Ed25519,
    /// An algorithm, and a signature from elsewhere.
    Given(Vec<u8>, Vec<u8>),
}

impl Signer {
    /// The AlgorithmIdentifier (RFC 4055 for RSA, RFC 5758 for ECDSA, RFC 8410 for Ed25519).
    pub fn algorithm(&self) -> Vec<u8> {
        let rsa = |arc: &str| {
            der::seq(&[
                &der::oid(&format!("1.2.840.113549.1.1.{arc}")),
                &der::null(),
            ])
        };
        match self {
            Signer::Pkcs1(_, Hash::Md5) => rsa("4"),
            Signer::Pkcs1(_, Hash::Sha1) => rsa("5"),
            Signer::Pkcs1(_, Hash::Sha256) => rsa("11"),
            Signer::Pkcs1(_, Hash::Sha384) => rsa("12"),
            Signer::Pkcs1(_, Hash::Sha512) => rsa("13"),
            Signer::Pss(_, hash) => {
                der::seq(&[&der::oid("1.2.840.113549.1.1.10"), &pss_parameters(*hash)])
            }
            Signer::PssAs(_, hash, mask_hash, salt) => der::seq(&[
                &der::oid("1.2.840.113549.1.1.10"),
                &pss_parameters_of(*hash, *mask_hash, *salt),
            ]),
            Signer::Ecdsa(_, hash) => der::seq(&[&der::oid(match hash {
                Hash::Sha1 => "1.2.840.10045.4.1",
                Hash::Sha256 => "1.2.840.10045.4.3.2",
                Hash::Sha384 => "1.2.840.10045.4.3.3",
                Hash::Sha512 => "1.2.840.10045.4.3.4",
                Hash::Md5 => panic!("there is no ECDSA with MD5"),
            })]),
            Signer::Ed25519 => der::seq(&[&der::oid("1.3.101.112")]),
            Signer::Given(algorithm, _) => algorithm.clone(),
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Signer::Pkcs1(key, hash) => key.pkcs1(*hash, message),
            Signer::Pss(key, hash) => key.pss(*hash, message),
            Signer::PssAs(key, hash, mask_hash, salt) => {
                key.pss_as(*hash, *mask_hash, usize::from(*salt), message)
            }
            Signer::Ecdsa(key, hash) => key.sign(*hash, message),
            Signer::Ed25519 => ed25519().sign(message).as_ref().to_vec(),
            Signer::Given(_, signature) => signature.clone(),
        }
    }
}

fn ed25519() -> ring::signature::Ed25519KeyPair {
    ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&keys::key_file("ed25519")).unwrap()
}

pub fn ed25519_spki() -> Vec<u8> {
    use ring::signature::KeyPair;
    der::seq(&[
        &der::seq(&[&der::oid("1.3.101.112")]),
        &der::bits(ed25519().public_key().as_ref()),
    ])
}

/// RSASSA-PSS-params (RFC 4055 3.1): DER leaves defaults out, so SHA-1 has none at all.
pub fn pss_parameters(hash: Hash) -> Vec<u8> {
    if hash == Hash::Sha1 {
        return der::seq(&[]);
    }
    pss_parameters_of(hash, hash, hash.of(b"").len() as u8)
}

pub fn pss_parameters_of(hash: Hash, mask_hash: Hash, salt: u8) -> Vec<u8> {
    let mask = der::seq(&[&der::oid("1.2.840.113549.1.1.8"), &mask_hash.algorithm()]);
    // A salt of 20 octets is the default, which DER leaves out.
    let salt = if salt == 20 {
        Vec::new()
    } else {
        der::tlv(0xa2, &der::int(&[salt]))
    };
    der::seq(&[
        &der::tlv(0xa0, &hash.algorithm()),
        &der::tlv(0xa1, &mask),
        &salt,
    ])
}

/// A certificate in parts, each an encoded element or several in a row.
#[derive(Clone)]
pub struct Cert {
    /// `[0] { INTEGER 2 }`, or nothing for version 1.
    pub version: Vec<u8>,
    pub serial: Vec<u8>,
    /// The algorithm in the signed part; the signer's if not set.
    pub inner: Option<Vec<u8>>,
    /// The algorithm beside the signature; the signer's if not set.
    pub outer: Option<Vec<u8>>,
    pub issuer: Vec<u8>,
    pub validity: Vec<u8>,
    pub subject: Vec<u8>,
    pub spki: Vec<u8>,
    /// None: the field is absent, not empty.
    pub extensions: Option<Vec<Vec<u8>>>,
    /// What stands in the signed part after all the rest, or before the extensions.
    pub unique_ids: Vec<u8>,
    pub tail: Vec<u8>,
    pub signer: Signer,
}

impl Cert {
    /// The to-be-signed part.
    pub fn tbs(&self) -> Vec<u8> {
        let algorithm = self
            .inner
            .clone()
            .unwrap_or_else(|| self.signer.algorithm());
        let extensions = match &self.extensions {
            Some(list) => der::tlv(0xa3, &der::tlv(der::SEQUENCE, &list.concat())),
            None => Vec::new(),
        };
        der::seq(&[
            &self.version,
            &self.serial,
            &algorithm,
            &self.issuer,
            &self.validity,
            &self.subject,
            &self.spki,
            &self.unique_ids,
            &extensions,
            &self.tail,
        ])
    }

    pub fn der(&self) -> Vec<u8> {
        self.der_of(&self.tbs())
    }

    /// The certificate around another signed part, well signed.
    pub fn der_of(&self, tbs: &[u8]) -> Vec<u8> {
        let algorithm = self
            .outer
            .clone()
            .unwrap_or_else(|| self.signer.algorithm());
        der::seq(&[tbs, &algorithm, &der::bits(&self.signer.sign(tbs))])
    }

    /// The certificate with its signed part rearranged, well signed all the same.
    pub fn der_rearranged(&self, change: impl FnOnce(&mut Node)) -> Vec<u8> {
        let mut tbs = Node::parse(&self.tbs());
        change(&mut tbs);
        self.der_of(&tbs.encode())
    }
}

/// A certification request (RFC 2986 4) in parts.
#[derive(Clone)]
pub struct Request {
    pub version: Vec<u8>,
    pub subject: Vec<u8>,
    pub spki: Vec<u8>,
    /// `[0]` and what is in it.
    pub attributes: Vec<u8>,
    pub outer: Option<Vec<u8>>,
    pub signer: Signer,
}

impl Request {
    pub fn info(&self) -> Vec<u8> {
        der::seq(&[&self.version, &self.subject, &self.spki, &self.attributes])
    }

    pub fn der(&self) -> Vec<u8> {
        self.der_of(&self.info())
    }

    pub fn der_of(&self, info: &[u8]) -> Vec<u8> {
        let algorithm = self
            .outer
            .clone()
            .unwrap_or_else(|| self.signer.algorithm());
        der::seq(&[info, &algorithm, &der::bits(&self.signer.sign(info))])
    }
}

pub const V3: [u8; 5] = [0xa0, 3, der::INTEGER, 1, 2];

pub const COUNTRY: &str = "2.5.4.6";
pub const STATE: &str = "2.5.4.8";
pub const LOCALITY: &str = "2.5.4.7";
pub const ORGANIZATION: &str = "2.5.4.10";
pub const UNIT: &str = "2.5.4.11";
pub const COMMON_NAME: &str = "2.5.4.3";

/// AttributeTypeAndValue; countries are PrintableStrings, all else UTF8Strings, as in the genuine
/// certificates.
pub fn attribute(kind: &str, text: &str) -> Vec<u8> {
    let tag = if kind == COUNTRY {
        der::PRINTABLE_STRING
    } else {
        der::UTF8_STRING
    };
    attribute_as(kind, tag, text.as_bytes())
}

pub fn attribute_as(kind: &str, tag: u8, value: &[u8]) -> Vec<u8> {
    der::seq(&[&der::oid(kind), &der::tlv(tag, value)])
}

/// A Name: one SET for each group of attributes.
pub fn name(rdns: &[&[(&str, &str)]]) -> Vec<u8> {
    let rdns: Vec<Vec<u8>> = rdns
        .iter()
        .map(|rdn| {
            der::set_of(
                &rdn.iter()
                    .map(|(kind, text)| attribute(kind, text))
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    der::tlv(der::SEQUENCE, &rdns.concat())
}

/// Validity of two UTCTimes, `YYMMDDHHMMSSZ`.
pub fn validity(not_before: &str, not_after: &str) -> Vec<u8> {
    der::seq(&[
        &der::tlv(der::UTC_TIME, not_before.as_bytes()),
        &der::tlv(der::UTC_TIME, not_after.as_bytes()),
    ])
}

pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub const KEY_USAGE: &str = "2.5.29.15";
pub const SUBJECT_KEY_ID: &str = "2.5.29.14";
pub const AUTHORITY_KEY_ID: &str = "2.5.29.35";

/// An Extension; critical FALSE is the default and left out.
pub fn extension(kind: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        der::boolean(true)
    } else {
        Vec::new()
    };
    der::seq(&[&der::oid(kind), &critical, &der::octets(value)])
}

/// basicConstraints with CA:TRUE; CA:FALSE is the default, an empty SEQUENCE.
pub fn basic_constraints(critical: bool, ca: bool) -> Vec<u8> {
    let ca = if ca { der::boolean(true) } else { Vec::new() };
    extension(BASIC_CONSTRAINTS, critical, &der::seq(&[&ca]))
}

/// keyUsage, critical: the octet of its bits, and how many of them are unused.
pub fn key_usage(bits: u8, unused: u8) -> Vec<u8> {
    extension(KEY_USAGE, true, &der::tlv(der::BIT_STRING, &[unused, bits]))
}

/// A key identifier by RFC 5280 4.2.1.2 (1): SHA-1 of the key's BIT STRING.
pub fn key_id(spki: &[u8]) -> Vec<u8> {
    let (_, content) = split_spki(spki);
    Hash::Sha1.of(&content)
}

fn split_spki(spki: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let node = Node::parse(spki);
    let key = node.children()[1].encode();
    let header = key.len() - payload(&key);
    (node.children()[0].encode(), key[header + 1..].to_vec())
}

/// How many octets of an element are its content.
fn payload(element: &[u8]) -> usize {
    match element[1] {
        0x81 => usize::from(element[2]),
        0x82 => usize::from(element[2]) << 8 | usize::from(element[3]),
        short => usize::from(short),
    }
}

pub fn subject_key_id(spki: &[u8]) -> Vec<u8> {
    extension(SUBJECT_KEY_ID, false, &der::octets(&key_id(spki)))
}

pub fn authority_key_id(spki: &[u8]) -> Vec<u8> {
    extension(
        AUTHORITY_KEY_ID,
        false,
        &der::seq(&[&der::tlv(0x80, &key_id(spki))]),
    )
}
