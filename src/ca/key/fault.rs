//! What can be wrong with a key file. Facts only, and never a byte of the key.

use std::path::Path;

use crate::error::{Class, Error};
use crate::outside::shown;

/// Why a key file does not yield a key that can sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// More than [`MAX_KEY_FILE`](super::MAX_KEY_FILE).
    #[error("is larger than {limit} bytes, which no private key is")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Neither PEM nor DER.
    #[error("holds no private key, neither in PEM nor in DER")]
    NoKey,
    /// Something else that is well known.
    #[error("holds {found} where a private key belongs")]
    NotAKey {
        /// What it is, with its article.
        found: &'static str,
    },
    /// More than one private key.
    #[error("holds {count} private keys: which one is the CA's cannot be told")]
    SeveralKeys {
        /// How many.
        count: usize,
    },
    /// A private key that breaks its format.
    #[error("holds a private key that is malformed: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// A sound key of a kind that the CA cannot use.
    #[error("holds {found}, which cannot be the CA's key here")]
    UnsupportedKey {
        /// What it is, with its article.
        found: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A key in an encryption that this program does not read.
    #[error("is encrypted with {found}, which this program does not read")]
    UnsupportedEncryption {
        /// The scheme.
        found: String,
    },
    /// An encryption made so costly that reading it could stop the machine.
    #[error("asks for {found} to turn the passphrase into a key; the limit is {limit}")]
    TooCostly {
        /// What the file asks for.
        found: String,
        /// The limit.
        limit: &'static str,
    },
    /// The passphrase does not open it, or the encrypted part is damaged: the formats cannot tell the two apart.
    #[error("cannot be decrypted: wrong passphrase, or the file is damaged")]
    WrongPassphrase,
    /// The parts of the key contradict each other.
    #[error("holds a private key whose parts do not fit together")]
    Inconsistent,
}

impl KeyFault {
    /// The error that a command ends with. Malformed is class `Input`; what the CA cannot sign with is class `Ca`.
    pub fn at(&self, path: &Path) -> Error {
        let path = shown(path);
        let convert = format!("convert it with `openssl pkcs8 -topk8 -v2 aes256 -in {path} -out customerCA.key`");
        let (class, kind, hint) = match self {
            KeyFault::Empty | KeyFault::NoKey | KeyFault::Malformed { .. } => {
                (Class::Input, "ca-key-malformed", format!("look at it with `openssl pkey -in {path} -noout -check`"))
            }
            KeyFault::TooLarge { .. } => (Class::Input, "ca-key-too-large", "give the CA's key file with --ca-key".to_owned()),
            KeyFault::NotAKey { .. } => {
                (Class::Input, "ca-key-not-a-key", "--ca-key takes the CA's private key, --ca its certificate: are the two files swapped?".to_owned())
            }
            KeyFault::SeveralKeys { .. } => (Class::Input, "ca-key-several", "leave the CA's key alone in a file".to_owned()),
            KeyFault::UnsupportedKey { instead, .. } => (Class::Ca, "ca-key-unsupported", (*instead).to_owned()),
            KeyFault::UnsupportedEncryption { .. } | KeyFault::TooCostly { .. } => (Class::Ca, "ca-key-encryption-unsupported", convert),
            KeyFault::WrongPassphrase => (Class::Ca, "wrong-passphrase", format!("try the passphrase with `openssl pkey -in {path} -noout`")),
            KeyFault::Inconsistent => (Class::Ca, "ca-key-inconsistent", format!("look at it with `openssl pkey -in {path} -noout -check`")),
        };
        Error::new(class, kind, format!("the CA's key file {path} {self}"), hint)
    }
}

/// A format error, without the bytes at fault.
pub(super) const fn malformed(what: &'static str) -> KeyFault {
    KeyFault::Malformed { what }
}
