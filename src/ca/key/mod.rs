//! The CA's private key: where it may live, and the two things that are asked of it.
//!
//! A new kind of key is one file here that implements [`CaKey`], and one arm in [`KeySource`].

mod container;
mod fault;
mod file;
#[cfg(feature = "awskms")]
mod kms;
mod legacy_pem;
mod pbes1;
pub(super) mod pbes2;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod pkcs12;
pub(super) mod plain;
mod rsa_key;
#[cfg(any(feature = "awskms", feature = "pkcs11"))]
mod scheme;
mod signer;
mod tidy;
mod unlock;
mod warning;

use std::path::{Path, PathBuf};

pub use self::fault::{Anew, Cost, Instead, KeyFault, Scheme};
pub use self::file::{FileKey, MAX_KEY_FILE};
#[cfg(feature = "awskms")]
pub use self::kms::{KmsKey, KmsKeyName};
#[cfg(feature = "pkcs11")]
pub use self::pkcs11::Pkcs11Uri;
pub use self::unlock::{TokenOptions, Unlock};
pub use self::warning::KeyWarning;
pub(super) use self::warning::open_to_others;
use super::KeyType;
use crate::error::{Error, ErrorKind, Result};
use crate::outside::shown;
use crate::x509::PublicKey;

/// A key that can sign as the CA, wherever it lives.
pub trait CaKey: Send + Sync {
    /// The public key: SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7).
    fn spki(&self) -> &[u8];

    /// What the key signs with: AlgorithmIdentifier in DER, as it goes into `signature` and
    /// `signatureAlgorithm` (RFC 5280 4.1.1.2).
    fn signature_algorithm(&self) -> &[u8];

    /// Signs the to-be-signed bytes (the key hashes them itself): the content of the certificate's
    /// BIT STRING.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca) where the key cannot sign.
    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>>;
}

/// A `--ca-key`: told apart by its prefix alone, so no path is ever taken for a URI, nor a URI for
/// a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A key file.
    File(PathBuf),
    /// A key file that nobody named: it lies in a bundle, where others may have put it. No link is
    /// followed, and no pipe waited for.
    InBundle(PathBuf),
    /// A key on a PKCS#11 token.
    #[cfg(feature = "pkcs11")]
    Pkcs11(Box<Pkcs11Uri>),
    /// A key in AWS KMS.
    #[cfg(feature = "awskms")]
    Kms(KmsKeyName),
}

impl KeySource {
    /// Reads what `--ca-key` was given.
    ///
    /// `pkcs11:` (RFC 7512) and `awskms:` are schemes, in any case (RFC 3986 3.1); everything else
    /// is a path. A file whose name begins so can be given as `./pkcs11:...`.
    ///
    /// # Errors
    /// Class [`Class::Usage`](crate::error::Class::Usage): `key-kind-unsupported` for a scheme that
    /// this build does not have; `bad-key-uri`; `bad-key-source` where it is empty.
    pub fn parse(text: &Path) -> Result<KeySource> {
        let bytes = text.as_os_str().as_encoded_bytes();
        let begins = |scheme: &str| {
            bytes
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
        };
        #[cfg(feature = "pkcs11")]
        if begins(pkcs11::SCHEME) {
            return pkcs11::parse(text).map(|uri| KeySource::Pkcs11(Box::new(uri)));
        }
        #[cfg(feature = "awskms")]
        if begins(kms::SCHEME) {
            return KmsKeyName::parse(&String::from_utf8_lossy(
                bytes.get(kms::SCHEME.len()..).unwrap_or_default(),
            ))
            .map(KeySource::Kms);
        }
        for (scheme, what, feature) in [
            ("pkcs11:", "a PKCS#11 token", "pkcs11"),
            ("awskms:", "an AWS KMS key", "awskms"),
        ] {
            if begins(scheme) {
                return Err(Error::new(
                    ErrorKind::KeyKindUnsupported,
                    format!(
                        "--ca-key names {what} (`{scheme}`), which this build of hsmboot has no \
                         part for"
                    ),
                    format!(
                        "use a build with the feature `{feature}` (the usual one has it, an \
                         air-gapped one only if it was asked for); a file whose name begins with \
                         `{scheme}` is given as `./{scheme}...`"
                    ),
                ));
            }
        }
        if bytes.is_empty() {
            return Err(Error::new(
                ErrorKind::BadKeySource,
                "--ca-key is empty",
                "give the path of the CA's key file",
            ));
        }
        Ok(KeySource::File(text.to_path_buf()))
    }

    /// The key, ready to sign, and what the user should know about how it is kept.
    ///
    /// The passphrase, or PIN, is asked for only where it is needed. A
    /// [`PassphraseSource`](super::PassphraseSource) alone opens a file.
    ///
    /// # Errors
    /// As [`FileKey::read`]; for a token class [`Class::Ca`](crate::error::Class::Ca) of many
    /// kinds, and class [`Class::Usage`](crate::error::Class::Usage), `token-module-missing`. For
    /// AWS KMS class [`Class::Ca`](crate::error::Class::Ca): `ca-key-missing`,
    /// `ca-key-unavailable`, `ca-key-unsupported`; class
    /// [`Class::Service`](crate::error::Class::Service) for whatever stands between this program
    /// and the key; class [`Class::Usage`](crate::error::Class::Usage): `contradicting-region`.
    pub fn load<'a>(&self, unlock: impl Into<Unlock<'a>>) -> Result<LoadedKey> {
        let unlock = unlock.into();
        let from_file = |read: Result<(FileKey, Vec<KeyWarning>)>| {
            read.map(|(key, warnings)| LoadedKey {
                key: Box::new(key),
                warnings,
                notes: Vec::new(),
                name: None,
            })
        };
        match self {
            KeySource::File(path) => from_file(FileKey::read(path, unlock.passphrase)),
            KeySource::InBundle(path) => from_file(FileKey::read_itself(path, unlock.passphrase)),
            #[cfg(feature = "awskms")]
            KeySource::Kms(name) => {
                let options = unlock.aws.cloned().unwrap_or_default();
                let (key, notes) = KmsKey::open(name, &options, unlock.say)?;
                let name = format!("awskms:{}", key.key_id());
                Ok(LoadedKey {
                    key: Box::new(key),
                    warnings: Vec::new(),
                    notes,
                    name: Some(name),
                })
            }
            #[cfg(feature = "pkcs11")]
            KeySource::Pkcs11(uri) => pkcs11::load(uri, &unlock),
        }
    }

    /// The key for a new CA certificate: the one that is there, or, on a token, a new one of this
    /// type (without one: the default type).
    ///
    /// # Errors
    /// As [`KeySource::load`]; class [`Class::Usage`](crate::error::Class::Usage),
    /// `key-type-differs`, where the key that is there is of another type than the one asked for.
    pub fn provide<'a>(
        &self,
        kind: Option<KeyType>,
        unlock: impl Into<Unlock<'a>>,
    ) -> Result<Provided> {
        let unlock = unlock.into();
        let provided = match self {
            KeySource::File(path) | KeySource::InBundle(path) => Provided {
                loaded: self.load(unlock)?,
                made: false,
                name: shown(path),
            },
            #[cfg(feature = "awskms")]
            KeySource::Kms(name) => {
                let loaded = self.load(unlock)?;
                Provided {
                    name: loaded.name.clone().unwrap_or_else(|| name.to_string()),
                    loaded,
                    made: false,
                }
            }
            #[cfg(feature = "pkcs11")]
            KeySource::Pkcs11(uri) => pkcs11::provide(uri, kind.unwrap_or_default(), &unlock)?,
        };
        let public = PublicKey::from_der(provided.loaded.key.spki(), "the CA key").ok();
        match (kind, &public) {
            (Some(wanted), Some(public)) if KeyType::of(public) != Some(wanted) => Err(Error::new(
                ErrorKind::KeyTypeDiffers,
                [
                    "the key is there already, and of another type than --key-type says".to_owned(),
                    format!("  wanted  {wanted}"),
                    format!("  found   {}  {}", public.describe(), provided.name),
                ],
                "leave --key-type out to use that key, or name another key",
            )),
            _ => Ok(provided),
        }
    }
}

/// A key for a new CA certificate.
#[derive(Debug)]
pub struct Provided {
    /// The key, ready to sign.
    pub loaded: LoadedKey,
    /// Whether it was made just now.
    pub made: bool,
    /// What `--ca-key` has to say to mean it: a path, or a URI with everything that tells it apart.
    pub name: String,
}

/// A key that has been found, decrypted and is ready to sign.
pub struct LoadedKey {
    /// The key.
    pub key: Box<dyn CaKey>,
    /// How it is kept, where that could be better. For standard error; none of them stops a
    /// command.
    pub warnings: Vec<KeyWarning>,
    /// What was decided on the way to it, one sentence each.
    pub notes: Vec<String>,
    /// What the key is called where it lives, for records; `None` for a file.
    pub name: Option<String>,
}

impl std::fmt::Debug for LoadedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedKey")
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[cfg(not(all(feature = "awskms", feature = "pkcs11")))]
    fn unsupported(uri: &str) {
        let error = KeySource::parse(Path::new(uri)).unwrap_err();
        assert_eq!(
            (error.code(), error.kind),
            (2, ErrorKind::KeyKindUnsupported),
            "{uri}"
        );
        assert!(error.hint.contains("feature"), "{}", error.hint);
    }

    #[test]
    fn kinds_of_key_are_told_apart_by_prefix_alone() {
        for uri in ["pkcs11:token=ca;object=key", "PKCS11:type=private"] {
            #[cfg(feature = "pkcs11")]
            assert!(
                matches!(
                    KeySource::parse(Path::new(uri)).unwrap(),
                    KeySource::Pkcs11(_)
                ),
                "{uri}"
            );
            #[cfg(not(feature = "pkcs11"))]
            unsupported(uri);
        }
        for uri in ["awskms:alias/ca", "AWSKMS:alias/ca"] {
            #[cfg(feature = "awskms")]
            assert!(
                matches!(KeySource::parse(Path::new(uri)).unwrap(), KeySource::Kms(_)),
                "{uri}"
            );
            #[cfg(not(feature = "awskms"))]
            unsupported(uri);
        }
        #[cfg(feature = "awskms")]
        assert_eq!(
            KeySource::parse(Path::new("awskms:")).unwrap_err().kind,
            ErrorKind::BadKeyUri
        );
        for path in [
            "customerCA.key",
            "./pkcs11:x",
            "/keys/awskms:x",
            "pkcs11",
            "pkcs1",
            "C:\\ca.key",
            "file:ca.key",
        ] {
            assert_eq!(
                KeySource::parse(Path::new(path)).unwrap(),
                KeySource::File(path.into())
            );
        }
        assert_eq!(
            KeySource::parse(Path::new("")).unwrap_err().kind,
            ErrorKind::BadKeySource
        );
    }
}
