//! Makes a CA key, and writes it as PKCS#8.

use std::fmt;

use base64ct::{Base64, Encoding};
use ring::rand::{SecureRandom, SystemRandom};
use rsa::pkcs8::EncodePrivateKey;
use zeroize::Zeroizing;

use super::key::FileKey;
use super::key::pbes2;
use super::key::plain;
use super::key_type::KeyType;
use super::passphrase::Passphrase;
use crate::error::{Error, ErrorKind, Result};
use crate::x509::algorithm::{Curve, ec_key_identifier};
use crate::x509::der;

/// A private key that has just been made, as PrivateKeyInfo (RFC 5208 5). Wiped when it goes.
pub struct NewKey {
    pkcs8: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(..)")
    }
}

impl NewKey {
    /// Makes a key from the system's randomness. RSA-4096 takes seconds.
    ///
    /// # Errors
    /// Class [`Class::Machine`](crate::error::Class::Machine), `no-randomness`, where the system
    /// yields none.
    pub fn generate(kind: KeyType) -> Result<Self> {
        let pkcs8 = match kind {
            KeyType::Rsa4096 => rsa(4096),
            KeyType::Rsa3072 => rsa(3072),
            KeyType::Rsa2048 => rsa(2048),
            KeyType::P256 => ec(Curve::P256),
            KeyType::P384 => ec(Curve::P384),
        };
        pkcs8
            .map(|pkcs8| NewKey { pkcs8 })
            .ok_or_else(no_randomness)
    }

    /// The key, ready to sign.
    ///
    /// # Errors
    /// Class [`Class::Machine`](crate::error::Class::Machine), `ca-key-unusable`, where what was
    /// made does not read again: a bug.
    pub fn signer(&self) -> Result<FileKey> {
        plain::pkcs8(&self.pkcs8)
            .and_then(|material| FileKey::new(&material, None))
            .map_err(|fault| {
                Error::new(
                    ErrorKind::CaKeyUnusable,
                    format!("the new CA key {fault}"),
                    "this is a bug: please report it; nothing has been written",
                )
            })
    }

    /// The key in PEM: encrypted PKCS#8 under the passphrase (scrypt, AES-256-CBC), or plain PKCS#8
    /// without one.
    ///
    /// # Errors
    /// Class [`Class::Machine`](crate::error::Class::Machine), `no-randomness`, where the system
    /// yields none for salt and IV.
    pub fn to_pem(&self, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>> {
        match passphrase {
            None => Ok(pem("PRIVATE KEY", &self.pkcs8)),
            Some(passphrase) => {
                let encrypted =
                    pbes2::encrypt(&self.pkcs8, passphrase.bytes()).ok_or_else(no_randomness)?;
                Ok(pem("ENCRYPTED PRIVATE KEY", &encrypted))
            }
        }
    }
}

fn no_randomness() -> Error {
    Error::new(
        ErrorKind::NoRandomness,
        "the system yields no randomness to make a key with",
        "",
    )
}

/// An RSA key with the exponent 65537, which the crate `rsa` always takes.
fn rsa(bits: usize) -> Option<Zeroizing<Vec<u8>>> {
    let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, bits).ok()?;
    Some(key.to_pkcs8_der().ok()?.to_bytes())
}

/// A scalar in range, with its public point, in ECPrivateKey (RFC 5915 3). Drawn anew until it is
/// in range, so that none is likelier than another.
fn ec(curve: Curve) -> Option<Zeroizing<Vec<u8>>> {
    let random = SystemRandom::new();
    let mut scalar = Zeroizing::new(vec![0u8; curve.octets()]);
    for _ in 0..64 {
        random.fill(&mut scalar).ok()?;
        let point = match curve {
            Curve::P256 => p256::SecretKey::from_slice(&scalar)
                .ok()
                .map(|key| key.public_key().to_sec1_bytes()),
            Curve::P384 => p384::SecretKey::from_slice(&scalar)
                .ok()
                .map(|key| key.public_key().to_sec1_bytes()),
            Curve::P521 => p521::SecretKey::from_slice(&scalar)
                .ok()
                .map(|key| key.public_key().to_sec1_bytes()),
        };
        let Some(point) = point else { continue };
        let public = der::tlv(der::tag::context(1), &[&der::bit_string(&point)]);
        let private = Zeroizing::new(der::octet_string(&scalar));
        let inner = Zeroizing::new(der::sequence(&[&der::integer(&[1]), &private, &public]));
        let wrapped = Zeroizing::new(der::octet_string(&inner));
        let algorithm = ec_key_identifier(curve);
        return Some(Zeroizing::new(der::sequence(&[
            &der::integer(&[0]),
            &algorithm,
            &wrapped,
        ])));
    }
    None
}

/// PEM of 64 columns (RFC 7468 2), in memory that is wiped.
fn pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let encoded = Zeroizing::new(Base64::encode_string(der));
    let lines = encoded.len().div_ceil(64);
    let mut out = Zeroizing::new(String::with_capacity(
        encoded.len().saturating_add(lines).saturating_add(128),
    ));
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    for (at, character) in encoded.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            out.push('\n');
        }
        out.push(character);
    }
    out.push_str("\n-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ca::CaKey;
    use crate::x509::PublicKey;

    #[test]
    fn a_new_key_signs_and_is_never_the_same_twice() {
        for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa2048] {
            let (one, two) = (
                NewKey::generate(kind).unwrap().signer().unwrap(),
                NewKey::generate(kind).unwrap().signer().unwrap(),
            );
            assert_ne!(one.spki(), two.spki());
            assert_eq!(
                KeyType::of(&PublicKey::from_der(one.spki(), "test").unwrap()),
                Some(kind)
            );
            assert!(!one.sign(b"tbs").unwrap().is_empty());
        }
    }

    #[test]
    fn pem_has_lines_of_64_columns() {
        let text = pem("PRIVATE KEY", &[7; 96]);
        assert_eq!(
            text.lines().map(str::len).collect::<Vec<_>>(),
            [27, 64, 64, 25]
        );
        assert!(text.ends_with("-----END PRIVATE KEY-----\n"));
    }
}
