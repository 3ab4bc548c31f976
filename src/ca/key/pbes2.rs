//! Encrypted PKCS#8 (RFC 5208 6) under PBES2 (RFC 8018 6.2): read in every form that openssl
//! writes, written in one. [`super::pbes1`] reads what is older.
//!
//! The crate `pkcs5` would do most of it; this is done here because a key file comes from outside.
//! `pkcs5` 0.8.1 panics on a scrypt cost of zero and on a short 3DES IV, does not read PBKDF2 with
//! HMAC-SHA1 (OpenSSL 1.0's default) unless told so for writing too, and has no bound on scrypt's
//! memory.

use std::num::NonZeroU32;

use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use ring::pbkdf2;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::cipher::{Cipher, whole_blocks};
use super::fields::{KdfLimits, inside, parse_algorithm, parse_number};
use super::oid_names::{CIPHERS, FUNCTIONS, PBES1};
use super::pbes1::LegacyScheme;
use crate::ca::fault::{Cost, KeyFault, Scheme, malformed};
use crate::ca::secret::Secret;
use crate::x509::der::{self, Reader, Tlv, tag};

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
/// id-scrypt (RFC 7914 7.1)
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";
const AES_256_CBC: &str = "2.16.840.1.101.3.4.1.42";

/// The parameters that are written: scrypt with N = 2^13, r = 8, p = 10, one of the equal settings
/// of OWASP's password storage cheat sheet. It takes 8 MiB: `sign` stays within its 15, and
/// openssl's `pkcs8`, `rsa` and `pkey` read it within theirs of 32 (N = 2^15 they refuse).
const LOG_N: u8 = 13;
const N: u16 = 1 << LOG_N;
const R: u8 = 8;
const P: u8 = 10;

/// An encrypted key whose parameters are read and within bounds.
pub(super) struct Encrypted<'a> {
    scheme: EncryptionMethod<'a>,
    ciphertext: &'a [u8],
}

enum EncryptionMethod<'a> {
    Pbes2 {
        kdf: Kdf<'a>,
        cipher: Cipher,
        iv: &'a [u8],
    },
    Old(LegacyScheme<'a>),
}

enum Kdf<'a> {
    Pbkdf2 {
        prf: pbkdf2::Algorithm,
        salt: &'a [u8],
        rounds: NonZeroU32,
    },
    Scrypt {
        salt: &'a [u8],
        params: scrypt::Params,
    },
}

impl<'a> Encrypted<'a> {
    /// Reads EncryptedPrivateKeyInfo. No passphrase is needed yet: what cannot be read, or would
    /// cost too much, ends here.
    pub(super) fn parse(bytes: &'a [u8], limits: KdfLimits) -> Result<Self, KeyFault> {
        let bad = || malformed("its encrypted PKCS#8 structure is damaged");
        let mut outer = inside(bytes).ok_or_else(bad)?;
        let scheme = outer
            .read_required(tag::SEQUENCE, "scheme")
            .map_err(|_| bad())?;
        let ciphertext = outer
            .read_required(tag::OCTET_STRING, "data")
            .map_err(|_| bad())?
            .content;
        outer.finish().map_err(|_| bad())?;
        Self::from_scheme(scheme, ciphertext, limits)
    }

    /// Does the same with a scheme (an AlgorithmIdentifier) and what is encrypted with it.
    pub(super) fn from_scheme(
        scheme: Tlv<'a>,
        ciphertext: &'a [u8],
        limits: KdfLimits,
    ) -> Result<Self, KeyFault> {
        let bad = || malformed("its encryption scheme is damaged");
        let (oid, parameters) = parse_algorithm(scheme).ok_or_else(bad)?;
        if let Some(old) = LegacyScheme::from_oid(&oid, parameters, limits) {
            let old = old?;
            whole_blocks(old.cipher(), ciphertext)?;
            return Ok(Encrypted {
                scheme: EncryptionMethod::Old(old),
                ciphertext,
            });
        }
        if oid != PBES2 {
            return Err(KeyFault::UnsupportedEncryption {
                scheme: Scheme::of(&oid, &PBES1, "a scheme that it does not know"),
            });
        }
        let mut reader = parameters
            .filter(|tlv| tlv.tag == tag::SEQUENCE)
            .map(|tlv| Reader::new(tlv.content, "key"))
            .ok_or_else(bad)?;
        let (kdf, kdf_parameters) = reader
            .read_any()
            .ok()
            .and_then(parse_algorithm)
            .ok_or_else(bad)?;
        let (encryption, iv) = reader
            .read_any()
            .ok()
            .and_then(parse_algorithm)
            .ok_or_else(bad)?;
        reader.finish().map_err(|_| bad())?;

        let cipher = match encryption.as_str() {
            "2.16.840.1.101.3.4.1.2" => Cipher::Aes128,
            "2.16.840.1.101.3.4.1.22" => Cipher::Aes192,
            AES_256_CBC => Cipher::Aes256,
            "1.2.840.113549.3.7" => Cipher::DesEde3,
            "1.3.14.3.2.7" => Cipher::Des,
            other => {
                return Err(KeyFault::UnsupportedEncryption {
                    scheme: Scheme::of(other, &CIPHERS, "a cipher that it does not know"),
                });
            }
        };
        let iv = iv
            .filter(|tlv| {
                tlv.tag == tag::OCTET_STRING && tlv.content.len() == cipher.block_length()
            })
            .ok_or_else(bad)?
            .content;
        whole_blocks(cipher, ciphertext)?;
        let kdf_parameters = kdf_parameters
            .filter(|tlv| tlv.tag == tag::SEQUENCE)
            .ok_or_else(bad)?;
        let (kdf, key_length) = match kdf.as_str() {
            PBKDF2 => pbkdf2_parameters(kdf_parameters, limits)?,
            SCRYPT => scrypt_parameters(kdf_parameters, limits)?,
            _ => {
                return Err(KeyFault::UnsupportedEncryption {
                    scheme: Scheme {
                        name: "a key derivation that it does not know",
                        legacy: false,
                    },
                });
            }
        };
        if key_length.is_some_and(|length| usize::try_from(length) != Ok(cipher.key_length())) {
            return Err(malformed(
                "its key derivation gives a key of another length than its cipher's",
            ));
        }
        Ok(Encrypted {
            scheme: EncryptionMethod::Pbes2 { kdf, cipher, iv },
            ciphertext,
        })
    }

    /// The scheme, where it is one from before PBES2.
    pub(super) const fn legacy_scheme(&self) -> Option<&LegacyScheme<'a>> {
        match &self.scheme {
            EncryptionMethod::Old(old) => Some(old),
            EncryptionMethod::Pbes2 { .. } => None,
        }
    }

    /// The rounds of hashing that it takes; scrypt has a bound of its own.
    pub(super) const fn rounds(&self) -> u32 {
        match &self.scheme {
            EncryptionMethod::Old(old) => old.rounds(),
            EncryptionMethod::Pbes2 {
                kdf: Kdf::Pbkdf2 { rounds, .. },
                ..
            } => rounds.get(),
            EncryptionMethod::Pbes2 {
                kdf: Kdf::Scrypt { .. },
                ..
            } => 0,
        }
    }

    /// Returns what is encrypted, if this is the passphrase. The result is not looked at here.
    pub(super) fn decrypt(&self, passphrase: &[u8]) -> Result<Secret, KeyFault> {
        let (kdf, cipher, iv) = match &self.scheme {
            EncryptionMethod::Old(old) => return old.decrypt(passphrase, self.ciphertext),
            EncryptionMethod::Pbes2 { kdf, cipher, iv } => (kdf, cipher, iv),
        };
        let mut key: Secret = Zeroizing::new(vec![0; cipher.key_length()]);
        match kdf {
            Kdf::Pbkdf2 { prf, salt, rounds } => {
                pbkdf2::derive(*prf, *rounds, salt, passphrase, &mut key)
            }
            Kdf::Scrypt { salt, params } => {
                scrypt::scrypt(passphrase, salt, params, &mut key)
                    .map_err(|_| malformed("its scrypt parameters are out of range"))?;
            }
        }
        cipher
            .decrypt(&key, iv, self.ciphertext)
            .ok_or(KeyFault::WrongPassphrase)
    }
}

/// PBKDF2-params (RFC 8018 A.2), and the key length if it is stated.
fn pbkdf2_parameters(tlv: Tlv<'_>, limits: KdfLimits) -> Result<(Kdf<'_>, Option<u64>), KeyFault> {
    let bad = || malformed("its PBKDF2 parameters are damaged");
    let mut reader = inside(tlv.raw).ok_or_else(bad)?;
    let salt = reader
        .read_required(tag::OCTET_STRING, "salt")
        .map_err(|_| bad())?
        .content;
    let rounds = reader
        .read_required(tag::INTEGER, "rounds")
        .ok()
        .and_then(|tlv| parse_number(tlv.content))
        .ok_or_else(bad)?;
    let key_length = optional_number(&mut reader).ok_or_else(bad)?;
    let prf = if reader.is_empty() {
        None
    } else {
        Some(
            reader
                .read_any()
                .ok()
                .and_then(parse_algorithm)
                .ok_or_else(bad)?,
        )
    };
    reader.finish().map_err(|_| bad())?;
    let prf = match prf.as_ref().map(|(oid, _)| oid.as_str()) {
        None | Some("1.2.840.113549.2.7") => pbkdf2::PBKDF2_HMAC_SHA1,
        Some("1.2.840.113549.2.9") => pbkdf2::PBKDF2_HMAC_SHA256,
        Some("1.2.840.113549.2.10") => pbkdf2::PBKDF2_HMAC_SHA384,
        Some("1.2.840.113549.2.11") => pbkdf2::PBKDF2_HMAC_SHA512,
        Some(other) => {
            return Err(KeyFault::UnsupportedEncryption {
                scheme: Scheme::of(
                    other,
                    &FUNCTIONS,
                    "PBKDF2 with a function that it does not know",
                ),
            });
        }
    };
    if rounds > u64::from(limits.rounds) {
        return Err(KeyFault::TooCostly {
            found: Cost::Rounds(rounds),
            store: false,
        });
    }
    let rounds = u32::try_from(rounds)
        .ok()
        .and_then(NonZeroU32::new)
        .ok_or_else(bad)?;
    Ok((Kdf::Pbkdf2 { prf, salt, rounds }, key_length))
}

/// scrypt-params (RFC 7914 7.1), and the key length if it is stated.
fn scrypt_parameters(tlv: Tlv<'_>, limits: KdfLimits) -> Result<(Kdf<'_>, Option<u64>), KeyFault> {
    let bad = || malformed("its scrypt parameters are damaged");
    let mut reader = inside(tlv.raw).ok_or_else(bad)?;
    let salt = reader
        .read_required(tag::OCTET_STRING, "salt")
        .map_err(|_| bad())?
        .content;
    let mut next = || {
        reader
            .read_required(tag::INTEGER, "cost")
            .ok()
            .and_then(|tlv| parse_number(tlv.content))
            .ok_or_else(bad)
    };
    let (n, r, p) = (next()?, next()?, next()?);
    let key_length = optional_number(&mut reader).ok_or_else(bad)?;
    reader.finish().map_err(|_| bad())?;
    if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
        return Err(malformed("its scrypt parameters are out of range"));
    }
    if scrypt_memory(n, r, p).is_none_or(|memory| memory > limits.scrypt_memory)
        || scrypt_work(n, r, p).is_none_or(|work| work > limits.scrypt_work)
    {
        return Err(KeyFault::TooCostly {
            found: Cost::Scrypt(n, r, p),
            store: false,
        });
    }
    let small = |value: u64| u32::try_from(value).map_err(|_| bad());
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| bad())?;
    let params = scrypt::Params::new(log_n, small(r)?, small(p)?)
        .map_err(|_| malformed("its scrypt parameters are out of range"))?;
    Ok((Kdf::Scrypt { salt, params }, key_length))
}

/// The octets that scrypt takes (RFC 7914 5 and 6): V has N blocks of 128 * r, B has p of them, and
/// two more are mixed in.
fn scrypt_memory(n: u64, r: u64, p: u64) -> Option<u64> {
    n.checked_add(p)?
        .checked_add(2)?
        .checked_mul(r)?
        .checked_mul(128)
}

/// The time that scrypt takes, in units of N = r = p = 1. What PBKDF2-HMAC-SHA256 takes to make B
/// and to read it (RFC 7914 6) has no N in it: it is as much as eight units of each of B's blocks,
/// without the processor's instructions for SHA-256; with a small N that is most of the time.
fn scrypt_work(n: u64, r: u64, p: u64) -> Option<u64> {
    n.checked_add(8)?.checked_mul(r)?.checked_mul(p)
}

/// `Some(None)` where the next element is no INTEGER.
fn optional_number(reader: &mut Reader<'_>) -> Option<Option<u64>> {
    match reader.read_optional(tag::INTEGER).ok()? {
        Some(tlv) => parse_number(tlv.content).map(Some),
        None => Some(None),
    }
}

/// EncryptedPrivateKeyInfo of a PrivateKeyInfo: scrypt and AES-256-CBC, salt and IV from the
/// system. Nothing where there is no randomness.
pub(crate) fn encrypt_pkcs8(pkcs8: &[u8], passphrase: &[u8]) -> Option<Vec<u8>> {
    let (mut salt, mut iv) = ([0u8; 16], [0u8; 16]);
    let random = SystemRandom::new();
    random.fill(&mut salt).ok()?;
    random.fill(&mut iv).ok()?;
    let mut key = Zeroizing::new([0u8; 32]);
    let params = scrypt::Params::new(LOG_N, u32::from(R), u32::from(P)).ok()?;
    scrypt::scrypt(passphrase, &salt, &params, key.as_mut_slice()).ok()?;
    let ciphertext = cbc::Encryptor::<aes::Aes256>::new_from_slices(key.as_slice(), &iv)
        .ok()?
        .encrypt_padded_vec::<Pkcs7>(pkcs8);

    let costs = [
        der::encode_integer(&N.to_be_bytes()),
        der::encode_integer(&[R]),
        der::encode_integer(&[P]),
    ];
    let [n, r, p] = &costs;
    let kdf = der::encode_sequence(&[
        &der::encode_oid(SCRYPT),
        &der::encode_sequence(&[&der::encode_octet_string(&salt), n, r, p]),
    ]);
    let cipher = der::encode_sequence(&[
        &der::encode_oid(AES_256_CBC),
        &der::encode_octet_string(&iv),
    ]);
    let scheme = der::encode_sequence(&[
        &der::encode_oid(PBES2),
        &der::encode_sequence(&[&kdf, &cipher]),
    ]);
    Some(der::encode_sequence(&[
        &scheme,
        &der::encode_octet_string(&ciphertext),
    ]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::super::fields::{MAX_MEMORY, MAX_ROUNDS, MAX_WORK};
    use super::*;

    const LIMITS: KdfLimits = KdfLimits::OF_AN_OPERATOR;

    /// An encrypted key of nothing, with these parameters.
    fn encrypted_with(kdf: &[u8], cipher: &[u8]) -> Vec<u8> {
        let scheme = der::encode_sequence(&[
            &der::encode_oid(PBES2),
            &der::encode_sequence(&[kdf, cipher]),
        ]);
        der::encode_sequence(&[&scheme, &der::encode_octet_string(&[0; 32])])
    }

    fn aes_cipher() -> Vec<u8> {
        der::encode_sequence(&[
            &der::encode_oid(AES_256_CBC),
            &der::encode_octet_string(&[0; 16]),
        ])
    }

    fn scrypt_of(n: u64, r: u64, p: u64) -> Vec<u8> {
        let numbers = [n, r, p].map(|number| der::encode_integer(&number.to_be_bytes()));
        der::encode_sequence(&[
            &der::encode_oid(SCRYPT),
            &der::encode_sequence(&[
                &der::encode_octet_string(b"salt"),
                &numbers[0],
                &numbers[1],
                &numbers[2],
            ]),
        ])
    }

    fn parse_fault(bytes: &[u8]) -> KeyFault {
        Encrypted::parse(bytes, LIMITS)
            .err()
            .unwrap_or_else(|| panic!("was taken"))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = encrypt_pkcs8(b"anything", b"secret").unwrap();
        let encrypted = Encrypted::parse(&written, LIMITS).unwrap();
        assert_eq!(
            encrypted.decrypt(b"secret").unwrap().as_slice(),
            b"anything"
        );
        assert!(
            encrypted
                .decrypt(b"Secret")
                .map_or(true, |bytes| bytes.as_slice() != b"anything")
        );
    }

    #[test]
    fn scrypt_keeps_to_its_bounds() {
        let taken = |(n, r, p): (u64, u64, u64)| match Encrypted::parse(
            &encrypted_with(&scrypt_of(n, r, p), &aes_cipher()),
            LIMITS,
        ) {
            Ok(_) => true,
            Err(KeyFault::TooCostly { .. }) => false,
            Err(other) => panic!("{n} {r} {p}: {other:?}"),
        };
        for cost in [
            (1 << 20, 8, 1),
            (1 << 20, 8, 4),
            (1 << 14, 8, 255),
            (2, 1 << 20, 1),
            (1 << 13, 8, 10),
        ] {
            assert!(taken(cost), "{cost:?}");
        }
        for cost in [
            (1 << 21, 8, 1),
            (1 << 20, 16, 1),
            (1 << 20, 8, 5),
            (2, 1 << 23, 1),
            (2, 1, 1 << 24),
            (1 << 63, 1 << 62, 1 << 62),
        ] {
            assert!(!taken(cost), "{cost:?}");
        }
        // 2.6 GiB and 26 seconds, within what N * r * p and the larger of N and p alone would
        // allow.
        assert!(!taken((2, 1 << 22, 2)));
        // Time alone: next to no memory.
        assert!(taken((2, 1, 3_355_545)) && !taken((2, 1, 3_355_546)));
        assert!(taken((1 << 13, 1, 4092)) && !taken((1 << 13, 1, 4093)));
        assert!(taken((1 << 18, 2, 64)) && !taken((1 << 18, 2, 65)));
        // Memory alone: next to no time.
        assert!(taken((1 << 15, 255, 1)) && !taken((1 << 15, 257, 1)));
        assert!(taken((2, 1_679_360, 1)) && !taken((2, 1_679_361, 1)));
        for (n, r, p) in [
            (0, 8, 1),
            (1, 8, 1),
            (3, 8, 1),
            (16384, 0, 1),
            (16384, 8, 0),
        ] {
            assert!(
                matches!(
                    parse_fault(&encrypted_with(&scrypt_of(n, r, p), &aes_cipher())),
                    KeyFault::Malformed { .. }
                ),
                "{n} {r} {p}"
            );
        }
    }

    /// The limits count what is allocated and what takes time: the crate is asked to allocate
    /// nothing else.
    #[test]
    fn what_scrypt_may_take_is_what_is_said() {
        assert_eq!(
            scrypt_memory(2, 1 << 22, 2),
            Some(3 << 30),
            "V, B and two blocks"
        );
        assert_eq!(
            scrypt_memory(u64::from(N), u64::from(R), u64::from(P)),
            Some(8_400_896),
            "8 MiB, as is said of what is written"
        );
        assert!(
            scrypt_memory(1 << 20, 8, 4)
                .is_some_and(|memory| memory <= MAX_MEMORY && memory > 1 << 30)
        );
        assert_eq!(
            (
                scrypt_memory(u64::MAX, 1, 1),
                scrypt_memory(1, u64::MAX, 1),
                scrypt_work(u64::MAX, 1, 1)
            ),
            (None, None, None)
        );
        let said =
            parse_fault(&encrypted_with(&scrypt_of(1 << 21, 8, 1), &aes_cipher())).to_string();
        assert!(
            said.contains(&format!("{} MiB", MAX_MEMORY >> 20))
                && said.contains(&format!("= {MAX_WORK}")),
            "{said}"
        );
    }

    #[test]
    fn parameters_that_do_not_fit_are_refused() {
        let pbkdf2 = |parts: &[&[u8]]| {
            der::encode_sequence(&[&der::encode_oid(PBKDF2), &der::encode_sequence(parts)])
        };
        let (salt, rounds) = (
            der::encode_octet_string(b"salt"),
            der::encode_integer(&[8, 0]),
        );
        let length = |bytes: u8| pbkdf2(&[&salt, &rounds, &der::encode_integer(&[bytes])]);
        assert!(Encrypted::parse(&encrypted_with(&length(32), &aes_cipher()), LIMITS).is_ok());
        assert!(matches!(
            parse_fault(&encrypted_with(&length(16), &aes_cipher())),
            KeyFault::Malformed { .. }
        ));
        let short_iv = der::encode_sequence(&[
            &der::encode_oid("1.2.840.113549.3.7"),
            &der::encode_octet_string(&[0; 4]),
        ]);
        assert!(matches!(
            parse_fault(&encrypted_with(&length(24), &short_iv)),
            KeyFault::Malformed { .. }
        ));
        let rc2 = der::encode_sequence(&[
            &der::encode_oid("1.2.840.113549.3.2"),
            &der::encode_octet_string(&[0; 8]),
        ]);
        assert!(matches!(
            parse_fault(&encrypted_with(&length(16), &rc2)),
            KeyFault::UnsupportedEncryption { .. }
        ));
        let sha224 = der::encode_sequence(&[
            &der::encode_oid("1.2.840.113549.2.8"),
            &der::encode_tlv(tag::NULL, &[]),
        ]);
        assert!(matches!(
            parse_fault(&encrypted_with(
                &pbkdf2(&[&salt, &rounds, &sha224]),
                &aes_cipher()
            )),
            KeyFault::UnsupportedEncryption { .. }
        ));
        let eager = pbkdf2(&[&salt, &der::encode_integer(&(MAX_ROUNDS + 1).to_be_bytes())]);
        assert!(matches!(
            parse_fault(&encrypted_with(&eager, &aes_cipher())),
            KeyFault::TooCostly { .. }
        ));
    }

    #[test]
    fn no_single_bit_makes_the_reader_panic() {
        let good = encrypt_pkcs8(b"anything", b"secret").unwrap();
        for bit in 0..good.len() * 8 {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            drop(Encrypted::parse(&changed, LIMITS));
            drop(Encrypted::parse(&good[..bit / 8], LIMITS));
        }
    }
}
