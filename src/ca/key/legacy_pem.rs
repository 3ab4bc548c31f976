//! OpenSSL's old PEM encryption: `Proc-Type: 4,ENCRYPTED` and `DEK-Info` (the header lines are RFC
//! 1421's, 4.6.1.1 and 4.6.1.3).
//!
//! `openssl genrsa -aes256` of OpenSSL 1.x wrote it, the AWS guide's own command. The key is one
//! round of MD5 over passphrase and salt (EVP_BytesToKey): good enough to read, never written here.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::cipher::{Cipher, whole_blocks};
use crate::ca::fault::{KeyFault, Scheme, malformed};
use crate::ca::secret::Secret;

/// The other ciphers that OpenSSL has written into a `DEK-Info` line, and whether OpenSSL 3 has
/// them in its legacy provider.
const OTHERS: [(&str, &str, bool); 19] = [
    ("ARIA-128-CBC", "ARIA-128-CBC", false),
    ("ARIA-192-CBC", "ARIA-192-CBC", false),
    ("ARIA-256-CBC", "ARIA-256-CBC", false),
    ("BF-CBC", "BF-CBC", true),
    ("CAMELLIA-128-CBC", "CAMELLIA-128-CBC", false),
    ("CAMELLIA-192-CBC", "CAMELLIA-192-CBC", false),
    ("CAMELLIA-256-CBC", "CAMELLIA-256-CBC", false),
    ("CAST5-CBC", "CAST5-CBC", true),
    ("DES-CFB", "DES-CFB", true),
    ("DES-OFB", "DES-OFB", true),
    ("DESX-CBC", "DESX-CBC", true),
    ("IDEA-CBC", "IDEA-CBC", true),
    ("RC2-40-CBC", "RC2-40-CBC", true),
    ("RC2-64-CBC", "RC2-64-CBC", true),
    ("RC2-CBC", "RC2-CBC", true),
    ("RC4", "RC4", true),
    ("RC5-CBC", "RC5-CBC", true),
    ("SEED-CBC", "SEED-CBC", true),
    ("SM4-CBC", "SM4-CBC", false),
];

/// The cipher and salt that the block was encrypted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DekInfo {
    cipher: Cipher,
    iv: Vec<u8>,
}

impl DekInfo {
    /// Reads the header lines of a PEM block; nothing where they do not speak of encryption.
    pub(super) fn from_headers(headers: &[&[u8]]) -> Result<Option<Self>, KeyFault> {
        let value = |name: &[u8]| {
            headers
                .iter()
                .find_map(|line| line.strip_prefix(name))
                .map(<[u8]>::trim_ascii)
        };
        let encrypted = value(b"Proc-Type:").is_some_and(|text| text.ends_with(b"ENCRYPTED"));
        match (encrypted, value(b"DEK-Info:")) {
            (false, None) => Ok(None),
            (true, Some(text)) => Self::parse(text).map(Some),
            (true, None) => Err(malformed(
                "its PEM block says ENCRYPTED but has no DEK-Info line",
            )),
            (false, Some(_)) => Err(malformed(
                "its PEM block has a DEK-Info line but does not say ENCRYPTED",
            )),
        }
    }

    fn parse(text: &[u8]) -> Result<Self, KeyFault> {
        let text =
            std::str::from_utf8(text).map_err(|_| malformed("its DEK-Info line is not text"))?;
        let (name, iv) = text
            .split_once(',')
            .ok_or(malformed("its DEK-Info line has no IV"))?;
        let cipher = match name.trim().to_ascii_uppercase().as_str() {
            "AES-128-CBC" => Cipher::Aes128,
            "AES-192-CBC" => Cipher::Aes192,
            "AES-256-CBC" => Cipher::Aes256,
            "DES-CBC" => Cipher::Des,
            "DES-EDE-CBC" => Cipher::DesEde2,
            "DES-EDE3-CBC" => Cipher::DesEde3,
            other => {
                return Err(KeyFault::UnsupportedEncryption {
                    scheme: Scheme::of(other, &OTHERS, "a cipher that it does not know"),
                });
            }
        };
        let iv = decode_hex(iv.trim()).filter(|iv| iv.len() == cipher.block_length());
        Ok(DekInfo {
            cipher,
            iv: iv.ok_or(malformed(
                "the IV in its DEK-Info line is not of the cipher's length",
            ))?,
        })
    }

    /// Tells whether OpenSSL 3 has the cipher in its legacy provider (OSSL_PROVIDER-legacy(7)).
    pub(super) fn is_legacy(&self) -> bool {
        self.cipher == Cipher::Des
    }

    /// Checks that the ciphertext is whole blocks, before the passphrase is asked for.
    pub(super) fn check_blocks(&self, ciphertext: &[u8]) -> Result<(), KeyFault> {
        whole_blocks(self.cipher, ciphertext)
    }

    /// The plaintext under this passphrase.
    pub(super) fn decrypt(&self, passphrase: &[u8], ciphertext: &[u8]) -> Result<Secret, KeyFault> {
        let salt = self
            .iv
            .get(..8)
            .ok_or(malformed("the IV in its DEK-Info line is too short"))?;
        let key = bytes_to_key(passphrase, salt, self.cipher.key_length());
        self.cipher
            .decrypt(&key, &self.iv, ciphertext)
            .ok_or(KeyFault::WrongPassphrase)
    }
}

/// MD5 of these, one after the other.
pub(super) fn hash_md5(parts: &[&[u8]]) -> Secret {
    let mut md5 = Md5::new();
    parts.iter().for_each(|part| md5.update(part));
    Zeroizing::new(md5.finalize().to_vec())
}

/// EVP_BytesToKey with MD5 and a count of one: D_i = MD5(D_{i-1} || passphrase || salt), one after
/// the other until there is enough.
fn bytes_to_key(passphrase: &[u8], salt: &[u8], length: usize) -> Secret {
    let mut key: Secret = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut last = Zeroizing::new([0u8; 16]);
    while key.len() < length {
        let mut md5 = Md5::new();
        if !key.is_empty() {
            md5.update(last.as_slice());
        }
        md5.update(passphrase);
        md5.update(salt);
        last.copy_from_slice(&md5.finalize());
        key.extend_from_slice(last.as_slice());
    }
    key.truncate(length);
    key
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect();
    let pairs = digits.as_deref()?.chunks(2);
    pairs
        .map(|pair| {
            if let [high, low] = pair {
                Some((high << 4) | low)
            } else {
                None
            }
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_derived_as_openssl_does() {
        // openssl enc -aes-256-cbc -md md5 -S 0001020304050607 -pass pass:secret -P
        let key = bytes_to_key(b"secret", &[0, 1, 2, 3, 4, 5, 6, 7], 32);
        assert_eq!(key.len(), 32);
        assert_eq!(
            key.as_slice().get(..16).unwrap(),
            Md5::digest(b"secret\x00\x01\x02\x03\x04\x05\x06\x07").as_slice()
        );
    }

    #[test]
    fn header_lines_that_contradict_each_other_are_refused() {
        let dek = |lines: &[&[u8]]| DekInfo::from_headers(lines);
        assert_eq!(dek(&[b"Comment: x"]), Ok(None));
        assert!(dek(&[b"Proc-Type: 4,ENCRYPTED"]).is_err());
        assert!(dek(&[b"DEK-Info: AES-128-CBC,00"]).is_err());
        let full = |info: &'static [u8]| dek(&[b"Proc-Type: 4,ENCRYPTED", info]);
        assert!(
            full(b"DEK-Info: DES-CBC,0011223344556677")
                .unwrap()
                .is_some()
        );
        for short in [
            &b"DEK-Info: AES-128-CBC,0011"[..],
            b"DEK-Info: AES-128-CBC",
            b"DEK-Info: DES-CBC,001122334455667",
            b"DEK-Info: DES-CBC,zz",
        ] {
            assert!(matches!(full(short), Err(KeyFault::Malformed { .. })));
        }
        assert!(matches!(
            full(b"DEK-Info: CAMELLIA-256-CBC,00"),
            Err(KeyFault::UnsupportedEncryption { .. })
        ));
    }
}
