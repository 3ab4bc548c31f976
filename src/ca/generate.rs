//! Makes a CA key, and writes it as PKCS#8.

use std::fmt;

use base64ct::{Base64, Encoding};
use ring::rand::{SecureRandom, SystemRandom};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use zeroize::Zeroizing;

use super::key::FileKey;
use super::key::pbes2;
use super::key::plain;
use super::key_type::KeyType;
use super::passphrase::Passphrase;
use super::random::SystemRng;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::algorithm::{Curve, ec_key_identifier, rsa_key_identifier};
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
            KeyType::Rsa4096 => generate_rsa(4096),
            KeyType::Rsa3072 => generate_rsa(3072),
            KeyType::Rsa2048 => generate_rsa(2048),
            KeyType::P256 => generate_ec(Curve::P256),
            KeyType::P384 => generate_ec(Curve::P384),
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
    pub fn to_file_key(&self) -> Result<FileKey> {
        plain::parse_pkcs8(&self.pkcs8)
            .and_then(|material| FileKey::new(&material, None))
            .map_err(|fault| {
                Error::new(
                    ErrorKind::CaKeyUnusable,
                    format!("the new CA key {fault}"),
                    "this is a bug: please report it; nothing has been written",
                )
                .with_fact(FactName::Cause, fault.to_string())
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
            None => Ok(encode_pem("PRIVATE KEY", &self.pkcs8)),
            Some(passphrase) => {
                let encrypted = pbes2::encrypt_pkcs8(&self.pkcs8, passphrase.as_bytes())
                    .ok_or_else(no_randomness)?;
                Ok(encode_pem("ENCRYPTED PRIVATE KEY", &encrypted))
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
fn generate_rsa(bits: usize) -> Option<Zeroizing<Vec<u8>>> {
    encode_rsa_key(&rsa::PrivateKey::new(&mut SystemRng::new(), bits).ok()?)
}

/// An RSA key of two primes, with RSAPrivateKey (RFC 8017 A.1.2) inside. The greater prime comes
/// first: ring signs with no other.
fn encode_rsa_key(key: &rsa::PrivateKey) -> Option<Zeroizing<Vec<u8>>> {
    let [one, other] = key.primes() else {
        return None;
    };
    let (p, q, dp, dq) = if one > other {
        (one, other, key.dp()?, key.dq()?)
    } else {
        (other, one, key.dq()?, key.dp()?)
    };
    let q_inverse = Zeroizing::new(q.invert_odd_mod(p).into_option()?);
    let numbers = [key.n(), key.e(), key.d(), p, q, dp, dq, &q_inverse].map(|number| {
        let octets = Zeroizing::new(number.to_be_bytes());
        Zeroizing::new(der::encode_integer(&octets))
    });
    let [n, e, d, p, q, dp, dq, q_inverse] = numbers.each_ref().map(|number| number.as_slice());
    let version = der::encode_integer(&[0]);
    let pkcs1 = Zeroizing::new(der::encode_sequence(&[
        &version, n, e, d, p, q, dp, dq, q_inverse,
    ]));
    Some(encode_private_key_info(&rsa_key_identifier(), &pkcs1))
}

/// PrivateKeyInfo (RFC 5208 5).
fn encode_private_key_info(algorithm: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let wrapped = Zeroizing::new(der::encode_octet_string(key));
    Zeroizing::new(der::encode_sequence(&[
        &der::encode_integer(&[0]),
        algorithm,
        &wrapped,
    ]))
}

/// A scalar in range, with its public point, in ECPrivateKey (RFC 5915 3). Drawn anew until it is
/// in range, so that none is likelier than another.
fn generate_ec(curve: Curve) -> Option<Zeroizing<Vec<u8>>> {
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
        let public = der::encode_tlv(
            der::tag::context_constructed(1),
            &[&der::encode_bit_string(&point)],
        );
        let private = Zeroizing::new(der::encode_octet_string(&scalar));
        let inner = Zeroizing::new(der::encode_sequence(&[
            &der::encode_integer(&[1]),
            &private,
            &public,
        ]));
        return Some(encode_private_key_info(&ec_key_identifier(curve), &inner));
    }
    None
}

/// PEM of 64 columns (RFC 7468 2), in memory that is wiped.
fn encode_pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let encoded = Zeroizing::new(Base64::encode_string(der));
    let lines = encoded.len().div_ceil(64);
    let mut out = Zeroizing::new(String::with_capacity(encoded.len() + lines + 128));
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
                NewKey::generate(kind).unwrap().to_file_key().unwrap(),
                NewKey::generate(kind).unwrap().to_file_key().unwrap(),
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
    fn the_greater_prime_comes_first_in_a_new_rsa_key() {
        let made = rsa::PrivateKey::new(&mut SystemRng::new(), 2048).unwrap();
        let written = [[0, 1], [1, 0]].map(|order| {
            let primes = order.map(|at: usize| made.primes()[at].as_ref().clone());
            let key = rsa::PrivateKey::from_components(
                made.n().as_ref().clone(),
                made.e().clone(),
                made.d().clone(),
                primes.to_vec(),
            )
            .unwrap();
            encode_rsa_key(&key).unwrap().to_vec()
        });
        assert_eq!(written[0], written[1]);
        let pair = ring::signature::RsaKeyPair::from_pkcs8(&written[0]).unwrap();
        assert_eq!(pair.public().modulus_len(), 256);
    }

    #[test]
    fn pem_has_lines_of_64_columns() {
        let text = encode_pem("PRIVATE KEY", &[7; 96]);
        assert_eq!(
            text.lines().map(str::len).collect::<Vec<_>>(),
            [27, 64, 64, 25]
        );
        assert!(text.ends_with("-----END PRIVATE KEY-----\n"));
    }
}
