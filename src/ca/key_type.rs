//! The types of key that a CA can have made for it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;
use crate::x509::PublicKey;

/// The kinds of key that a CA can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KeyType {
    /// RSA, 4096 bits
    #[default]
    Rsa4096,
    /// RSA, 3072 bits
    Rsa3072,
    /// RSA, 2048 bits
    Rsa2048,
    /// ECDSA on P-256
    P256,
    /// ECDSA on P-384
    P384,
}

impl KeyType {
    /// All of them, the default first.
    pub const ALL: [KeyType; 5] = [
        KeyType::Rsa4096,
        KeyType::Rsa3072,
        KeyType::Rsa2048,
        KeyType::P256,
        KeyType::P384,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            KeyType::Rsa4096 => "rsa-4096",
            KeyType::Rsa3072 => "rsa-3072",
            KeyType::Rsa2048 => "rsa-2048",
            KeyType::P256 => "p256",
            KeyType::P384 => "p384",
        }
    }

    /// The type of a key, where it is one of these.
    pub fn of(key: &PublicKey) -> Option<Self> {
        match (key, key.modulus_bits()) {
            (PublicKey::Rsa { pss_only: None, .. }, Some(4096)) => Some(KeyType::Rsa4096),
            (PublicKey::Rsa { pss_only: None, .. }, Some(3072)) => Some(KeyType::Rsa3072),
            (PublicKey::Rsa { pss_only: None, .. }, Some(2048)) => Some(KeyType::Rsa2048),
            (PublicKey::P256(_), _) => Some(KeyType::P256),
            (PublicKey::P384(_), _) => Some(KeyType::P384),
            _ => None,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        KeyType::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::BadKeyType,
                    format!("`{}` is not a key type", shown_text(text)),
                    "one of rsa-4096, rsa-3072, rsa-2048, p256, p384",
                )
                .with_fact(FactName::Option, "--key-type")
                .with_fact(FactName::Found, text)
            })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_of_key_types_go_both_ways() {
        for kind in KeyType::ALL {
            assert_eq!(kind.name().parse::<KeyType>().unwrap(), kind);
        }
        assert_eq!("rsa-1024".parse::<KeyType>().unwrap_err().exit_code(), 2);
        assert_eq!(KeyType::default(), KeyType::Rsa4096);
    }
}
