//! Password-based encryption before PBES2: PBES1 (RFC 8018 6.1) and PKCS#12's own schemes (RFC 7292
//! B and C). Established CAs' keys are in them: `openssl pkcs8` wrote PBES1 with MD5 and DES until
//! 1.1.0, and every PKCS#12 store of OpenSSL 1 and Windows has PKCS#12's with 3DES. Read, and never
//! written.

use ring::digest;
use zeroize::Zeroizing;

use super::cipher::{Cipher, whole_blocks};
use super::fields::{KdfLimits, inside, parse_number};
use crate::ca::fault::{KeyFault, malformed};
use crate::ca::secret::Secret;
use crate::x509::der::{Tlv, tag};

/// A scheme with its parameters, which are within bounds.
pub(super) struct LegacyScheme<'a> {
    derivation: Derivation,
    cipher: Cipher,
    salt: &'a [u8],
    rounds: u32,
}

/// The way in which a passphrase becomes a key and an IV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Derivation {
    /// PBKDF1 with MD5 (RFC 8018 5.1)
    Md5,
    /// PBKDF1 with SHA-1
    Sha1,
    /// RFC 7292 B.2, with SHA-1
    Pkcs12,
}

impl<'a> LegacyScheme<'a> {
    /// The scheme of this object identifier; nothing where it is none of those that are read.
    pub(super) fn from_oid(
        oid: &str,
        parameters: Option<Tlv<'a>>,
        limits: KdfLimits,
    ) -> Option<Result<Self, KeyFault>> {
        let (derivation, cipher) = match oid {
            "1.2.840.113549.1.5.3" => (Derivation::Md5, Cipher::Des),
            "1.2.840.113549.1.5.10" => (Derivation::Sha1, Cipher::Des),
            "1.2.840.113549.1.12.1.3" => (Derivation::Pkcs12, Cipher::DesEde3),
            "1.2.840.113549.1.12.1.4" => (Derivation::Pkcs12, Cipher::DesEde2),
            _ => return None,
        };
        Some(
            parameters
                .and_then(salt_and_rounds)
                .ok_or(malformed("the parameters of its encryption are damaged"))
                .and_then(|(salt, rounds)| {
                    let rounds = limits.check_rounds(rounds)?;
                    Ok(LegacyScheme {
                        derivation,
                        cipher,
                        salt,
                        rounds,
                    })
                }),
        )
    }

    pub(super) const fn cipher(&self) -> Cipher {
        self.cipher
    }

    pub(super) const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Tells whether OpenSSL 3 has what it takes in its legacy provider (OSSL_PROVIDER-legacy(7)):
    /// DES, and PBKDF1.
    pub(super) fn is_legacy(&self) -> bool {
        self.derivation != Derivation::Pkcs12
    }

    /// The plaintext under this passphrase.
    pub(super) fn decrypt(&self, passphrase: &[u8], ciphertext: &[u8]) -> Result<Secret, KeyFault> {
        whole_blocks(self.cipher, ciphertext)?;
        let (key, iv) = match self.derivation {
            Derivation::Md5 => self.derive_pbkdf1(&super::legacy_pem::hash_md5, passphrase),
            Derivation::Sha1 => self.derive_pbkdf1(&|parts| hash(SHA1, parts), passphrase),
            Derivation::Pkcs12 => {
                let wide = to_bmp_string(passphrase).ok_or(KeyFault::WrongPassphrase)?;
                let derive = |purpose, length| {
                    derive_pkcs12(SHA1, purpose, &wide, self.salt, self.rounds, length)
                };
                (
                    derive(DerivationPurpose::Key, self.cipher.key_length()),
                    derive(DerivationPurpose::Iv, self.cipher.block_length()),
                )
            }
        };
        self.cipher
            .decrypt(&key, &iv, ciphertext)
            .ok_or(KeyFault::WrongPassphrase)
    }

    /// PBKDF1: the hash of passphrase and salt, hashed again and again; eight octets of it are the
    /// key, and the next eight the IV (RFC 8018 6.1.1).
    fn derive_pbkdf1(
        &self,
        hash: &dyn Fn(&[&[u8]]) -> Secret,
        passphrase: &[u8],
    ) -> (Secret, Secret) {
        let mut all = hash(&[passphrase, self.salt]);
        for _ in 1..self.rounds {
            all = hash(&[&all]);
        }
        let part = |range: std::ops::Range<usize>| {
            Zeroizing::new(all.get(range).unwrap_or_default().to_vec())
        };
        (part(0..8), part(8..16))
    }
}

/// PBEParameter (RFC 8018 A.3), pkcs-12PbeParams (RFC 7292 C): salt and rounds.
fn salt_and_rounds(parameters: Tlv<'_>) -> Option<(&[u8], u64)> {
    let mut reader = inside(parameters.raw)?;
    let salt = reader
        .read_required(tag::OCTET_STRING, "salt")
        .ok()?
        .content;
    let rounds = parse_number(reader.read_required(tag::INTEGER, "rounds").ok()?.content)?;
    reader.finish().ok()?;
    Some((salt, rounds))
}

/// The secret that RFC 7292 B.3 derives from a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DerivationPurpose {
    Key,
    Iv,
    Mac,
}

/// The passphrase as RFC 7292 B.1 has it: UTF-16, big-endian, with two zero octets behind it.
/// Nothing where it is not UTF-8: no other passphrase takes its place.
pub(super) fn to_bmp_string(passphrase: &[u8]) -> Option<Secret> {
    let text = std::str::from_utf8(passphrase).ok()?;
    let mut wide = Zeroizing::new(Vec::with_capacity(passphrase.len() * 2 + 2));
    text.encode_utf16()
        .chain([0])
        .for_each(|unit| wide.extend_from_slice(&unit.to_be_bytes()));
    Some(wide)
}

/// PKCS#12's derivation (RFC 7292 B.2): `length` octets.
pub(super) fn derive_pkcs12(
    algorithm: &'static digest::Algorithm,
    purpose: DerivationPurpose,
    wide: &[u8],
    salt: &[u8],
    rounds: u32,
    length: usize,
) -> Secret {
    let block = algorithm.block_len();
    let filled = |text: &[u8]| -> Secret {
        let blocks = text.len().div_ceil(block) * block;
        Zeroizing::new(text.iter().copied().cycle().take(blocks).collect())
    };
    let id: u8 = match purpose {
        DerivationPurpose::Key => 1,
        DerivationPurpose::Iv => 2,
        DerivationPurpose::Mac => 3,
    };
    let diversifier = vec![id; block];
    let mut input: Secret =
        Zeroizing::new([filled(salt).as_slice(), filled(wide).as_slice()].concat());
    let mut out: Secret = Zeroizing::new(Vec::with_capacity(length + block));
    while out.len() < length {
        let mut a = hash(algorithm, &[&diversifier, &input]);
        for _ in 1..rounds {
            a = hash(algorithm, &[&a]);
        }
        let b: Secret = Zeroizing::new(a.iter().copied().cycle().take(block).collect());
        for part in input.chunks_mut(block) {
            add_one_more(part, &b);
        }
        out.extend_from_slice(&a);
    }
    out.truncate(length);
    out
}

/// `part + added + 1`, modulo two to the power of their length, both big-endian (RFC 7292 B.2, step
/// 6 C).
fn add_one_more(part: &mut [u8], added: &[u8]) {
    let mut carry = 1_u16;
    for (octet, more) in part.iter_mut().zip(added).rev() {
        // Two octets and a carry of 1.
        let sum = u16::from(*octet) + u16::from(*more) + carry;
        let [high, low] = sum.to_be_bytes();
        *octet = low;
        carry = u16::from(high);
    }
}

/// SHA-1, for what was encrypted with it long ago.
static SHA1: &digest::Algorithm = &digest::SHA1_FOR_LEGACY_USE_ONLY;

fn hash(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> Secret {
    let mut context = digest::Context::new(algorithm);
    parts.iter().for_each(|part| context.update(part));
    Zeroizing::new(context.finish().as_ref().to_vec())
}
