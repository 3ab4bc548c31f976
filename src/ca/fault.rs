//! The faults of a key file. Facts only, and never a byte of the key: no fault has room for one,
//! since words are this program's own (`&'static str`) and the rest are numbers.

mod conversion;

use std::fmt;
use std::path::Path;

use crate::error::{Error, ErrorKind, FactName};
use crate::hint;
use crate::outside::shown_path;
pub use conversion::Anew;
pub(crate) use conversion::beside;
use conversion::conversion_hint;

/// The reason why a key file does not yield a key that can sign.
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
        /// The description of it, with its article.
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
        /// The description of it, with its article.
        found: &'static str,
        /// What to do instead.
        instead: Instead,
    },
    /// An RSA key of a size that the CA cannot use.
    #[error("holds an RSA key of {bits} bits, which cannot be the CA's key here")]
    UnsupportedSize {
        /// The modulus's length.
        bits: usize,
    },
    /// A key in an encryption that this program does not read.
    #[error("is encrypted with {}, which this program does not read", scheme.name)]
    UnsupportedEncryption {
        /// The scheme.
        scheme: Scheme,
    },
    /// An encryption made so costly that reading it could stop the machine.
    #[error("asks for {found} to turn the passphrase into a key; the limit is \
             {}", found.limit_text())]
    TooCostly {
        /// What the file asks for.
        found: Cost,
        /// It is a PKCS#12 store.
        store: bool,
    },
    /// The passphrase does not open it, or the encrypted part is damaged: the formats cannot tell
    /// the two apart.
    #[error("cannot be decrypted: wrong passphrase, or the file is damaged")]
    WrongPassphrase,
    /// The parts of the key contradict each other.
    #[error("holds a private key whose parts do not fit together")]
    Inconsistent,
}

/// An encryption of keys, or a part of one: a row of this program's own tables, never what a file
/// says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name.
    pub name: &'static str,
    /// OpenSSL 3 keeps it in its legacy provider (OSSL_PROVIDER-legacy(7)).
    pub legacy: bool,
}

impl Scheme {
    /// The row of the name, or object identifier, that was found; `otherwise` where there is none.
    pub(crate) fn of(
        found: &str,
        table: &[(&str, &'static str, bool)],
        otherwise: &'static str,
    ) -> Self {
        let row = table.iter().find(|(key, ..)| *key == found);
        row.map_or(
            Scheme {
                name: otherwise,
                legacy: false,
            },
            |(_, name, legacy)| Scheme {
                name,
                legacy: *legacy,
            },
        )
    }
}

/// The cost of a key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Rounds of PBKDF2.
    Rounds(u64),
    /// scrypt's N, r and p.
    Scrypt(u64, u64, u64),
}

impl Cost {
    const fn limit_text(self) -> &'static str {
        match self {
            Cost::Rounds(_) => "10000000",
            Cost::Scrypt(..) => {
                "1025 MiB of memory, (N + p + 2) * 128 * r, and (N + 8) * r * p = 33555456"
            }
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cost::Rounds(rounds) => write!(f, "{rounds} rounds of hashing"),
            Cost::Scrypt(n, r, p) => write!(f, "scrypt with N = {n}, r = {r}, p = {p}"),
        }
    }
}

/// The remedy for a key that cannot be the CA's as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Make another.
    Another,
    /// Name the curve that its parameters describe.
    NamedCurve,
    /// Convert it from OpenSSH's format.
    OpenSsh,
    /// Take it out of its PKCS#12 store, whose encryption OpenSSL 3 may keep in its legacy
    /// provider.
    Pkcs12 {
        /// It does.
        legacy: bool,
    },
    /// Export it from its Java keystore as PKCS#12.
    Keystore,
    /// Convert it from Microsoft's PVK.
    Pvk {
        /// It is encrypted, with RC4: OpenSSL 3 has that in its legacy provider.
        encrypted: bool,
    },
    /// Convert it from Microsoft's key blob.
    Blob,
}

impl KeyFault {
    /// The error that a command ends with. Malformed is class `Input`; what the CA cannot sign with
    /// is class `Ca`.
    pub fn to_error(&self, path: &Path) -> Error {
        let file = hint::path_word(path, "FILE");
        let look = |more: &[&str]| {
            hint::quote_command(&[&["openssl", "pkey", "-in", &file, "-noout"], more].concat())
        };
        let (kind, hint) = match self {
            KeyFault::Empty | KeyFault::NoKey | KeyFault::Malformed { .. } => (
                ErrorKind::CaKeyMalformed,
                format!("look at it with {}", look(&["-check"])),
            ),
            KeyFault::TooLarge { .. } => (
                ErrorKind::CaKeyTooLarge,
                "give the CA's key file with --ca-key".to_owned(),
            ),
            KeyFault::NotAKey { .. } => (
                ErrorKind::CaKeyNotAKey,
                "--ca-key takes the CA's private key, --ca its \
                                           certificate: are the two files swapped?"
                    .to_owned(),
            ),
            KeyFault::SeveralKeys { .. } => (
                ErrorKind::CaKeySeveral,
                "leave the CA's key alone in a file".to_owned(),
            ),
            KeyFault::UnsupportedKey { instead, .. } => {
                (ErrorKind::CaKeyUnsupported, instead.to_hint(path))
            }
            KeyFault::UnsupportedSize { .. } => {
                (ErrorKind::CaKeyUnsupported, Instead::Another.to_hint(path))
            }
            KeyFault::UnsupportedEncryption { scheme } => (
                ErrorKind::CaKeyEncryptionUnsupported,
                conversion_hint(
                    path,
                    Anew::Pkcs8 {
                        legacy: scheme.legacy,
                    },
                ),
            ),
            KeyFault::TooCostly { store, .. } => {
                let anew = if *store {
                    Anew::Pkcs12 { legacy: false }
                } else {
                    Anew::Pkcs8 { legacy: false }
                };
                (
                    ErrorKind::CaKeyEncryptionUnsupported,
                    conversion_hint(path, anew),
                )
            }
            KeyFault::WrongPassphrase => (
                ErrorKind::WrongPassphrase,
                format!("try the passphrase with {}", look(&[])),
            ),
            KeyFault::Inconsistent => (
                ErrorKind::CaKeyInconsistent,
                format!("look at it with {}", look(&["-check"])),
            ),
        };
        Error::new(
            kind,
            format!("the CA's key file {} {self}", shown_path(path)),
            hint,
        )
        .with_fact(FactName::File, path)
    }
}

impl KeyFault {
    /// Tells whether the hint is a command of openssl's on the file.
    const fn is_seen_to_by_openssl(&self) -> bool {
        match self {
            KeyFault::Empty
            | KeyFault::NoKey
            | KeyFault::Malformed { .. }
            | KeyFault::UnsupportedEncryption { .. }
            | KeyFault::TooCostly { .. }
            | KeyFault::WrongPassphrase
            | KeyFault::Inconsistent => true,
            KeyFault::UnsupportedKey { instead, .. } => match instead {
                Instead::NamedCurve
                | Instead::Pkcs12 { .. }
                | Instead::Pvk { .. }
                | Instead::Blob => true,
                Instead::Another | Instead::OpenSsh | Instead::Keystore => false,
            },
            KeyFault::TooLarge { .. }
            | KeyFault::NotAKey { .. }
            | KeyFault::SeveralKeys { .. }
            | KeyFault::UnsupportedSize { .. } => false,
        }
    }

    /// The same error for a file that openssl does not read as it is: a command of openssl's comes
    /// second.
    pub(crate) fn as_openssl_does_not_read_it(&self, path: &Path) -> Error {
        let error = self.to_error(path);
        if !self.is_seen_to_by_openssl() {
            return error;
        }
        let first = "openssl does not read the file as it is: save it as plain text first, with a \
                     BEGIN line that says what it is, and without blanks";
        Error {
            hint: error.hint.clone().prefixed_with(format!("{first}; then ")),
            ..error
        }
    }
}

/// A sound key that is of no use here.
pub(crate) const fn wrong_kind(found: &'static str) -> KeyFault {
    KeyFault::UnsupportedKey {
        found,
        instead: Instead::Another,
    }
}

/// ring's own error says nothing, and it must not: the caller names the file.
pub(crate) struct CannotSign;

/// A format error, without the bytes at fault.
pub(crate) const fn malformed(what: &'static str) -> KeyFault {
    KeyFault::Malformed { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_of_openssl_waits_until_openssl_reads_the_file() {
        let unsupported = [
            Instead::Another,
            Instead::NamedCurve,
            Instead::OpenSsh,
            Instead::Pkcs12 { legacy: true },
            Instead::Keystore,
            Instead::Pvk { encrypted: true },
            Instead::Blob,
        ]
        .map(|instead| KeyFault::UnsupportedKey {
            found: "a key",
            instead,
        });
        let scheme = Scheme {
            name: "RC2",
            legacy: true,
        };
        let others = [
            KeyFault::Empty,
            KeyFault::TooLarge { limit: 1 },
            KeyFault::NoKey,
            KeyFault::NotAKey { found: "a CSR" },
            KeyFault::SeveralKeys { count: 2 },
            malformed("cut short"),
            KeyFault::UnsupportedSize { bits: 1024 },
            KeyFault::UnsupportedEncryption { scheme },
            KeyFault::TooCostly {
                found: Cost::Rounds(1),
                store: true,
            },
            KeyFault::WrongPassphrase,
            KeyFault::Inconsistent,
        ];
        for fault in unsupported.into_iter().chain(others) {
            let path = Path::new("ca.key");
            assert_eq!(
                fault.is_seen_to_by_openssl(),
                fault.to_error(path).hint.contains("`openssl"),
                "{fault}"
            );
            let later = fault.as_openssl_does_not_read_it(path);
            assert_eq!(
                later.hint.contains("does not read the file as it is"),
                fault.is_seen_to_by_openssl(),
                "{fault}"
            );
        }
    }
}
