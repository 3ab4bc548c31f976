//! The CA's private key: where it may live, and the two things that are asked of it.
//!
//! A new kind of key is one file here that implements [`CaKey`], and one arm in [`KeySource`].

mod container;
mod fault;
mod file;
mod legacy_pem;
pub(super) mod pbes2;
pub(super) mod plain;
mod signer;
mod warning;

use std::path::{Path, PathBuf};

pub use self::fault::KeyFault;
pub use self::file::{FileKey, MAX_KEY_FILE};
pub use self::warning::KeyWarning;
pub(super) use self::warning::open_to_others;
use super::passphrase::PassphraseSource;
use crate::error::{Class, Error, Result};

/// A key that can sign as the CA, wherever it lives.
pub trait CaKey: Send + Sync {
    /// The public key: SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7).
    fn spki(&self) -> &[u8];

    /// What the key signs with: AlgorithmIdentifier in DER, as it goes into `signature` and `signatureAlgorithm` (RFC 5280 4.1.1.2).
    fn signature_algorithm(&self) -> &[u8];

    /// Signs the to-be-signed bytes (the key hashes them itself): the content of the certificate's BIT STRING.
    ///
    /// # Errors
    /// Class [`Class::Ca`] where the key cannot sign.
    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>>;
}

/// A `--ca-key`: told apart by its prefix alone, so no path is ever taken for a URI, nor a URI for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A key file.
    File(PathBuf),
}

impl KeySource {
    /// Reads what `--ca-key` was given.
    ///
    /// `pkcs11:` (RFC 7512) and `awskms:` are schemes, in any case (RFC 3986 3.1); everything else is a path.
    /// A file whose name begins so can be given as `./pkcs11:...`.
    ///
    /// # Errors
    /// Class [`Class::Usage`]: `key-kind-unsupported` for the two schemes, which this build does not have; `bad-key-source` where it is empty.
    pub fn parse(text: &Path) -> Result<KeySource> {
        let bytes = text.as_os_str().as_encoded_bytes();
        for (scheme, what) in [("pkcs11:", "a PKCS#11 token"), ("awskms:", "an AWS KMS key")] {
            if bytes.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes())) {
                return Err(Error::new(
                    Class::Usage,
                    "key-kind-unsupported",
                    format!("--ca-key names {what} (`{scheme}`): this version reads key files only"),
                    format!("give the path of a key file; a file whose name begins with `{scheme}` is given as `./{scheme}...`"),
                ));
            }
        }
        if bytes.is_empty() {
            return Err(Error::new(Class::Usage, "bad-key-source", "--ca-key is empty", "give the path of the CA's key file"));
        }
        Ok(KeySource::File(text.to_path_buf()))
    }

    /// The key, ready to sign, and what the user should know about how it is kept.
    ///
    /// `passphrase` is asked only where the key is encrypted.
    ///
    /// # Errors
    /// As [`FileKey::read`].
    pub fn load(&self, passphrase: &PassphraseSource) -> Result<LoadedKey> {
        match self {
            KeySource::File(path) => {
                let (key, warnings) = FileKey::read(path, passphrase)?;
                Ok(LoadedKey { key: Box::new(key), warnings })
            }
        }
    }
}

/// A key that has been found, decrypted and is ready to sign.
pub struct LoadedKey {
    /// The key.
    pub key: Box<dyn CaKey>,
    /// How it is kept, where that could be better. For standard error; none of them stops a command.
    pub warnings: Vec<KeyWarning>,
}

impl std::fmt::Debug for LoadedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedKey").field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_key_are_told_apart_by_prefix_alone() {
        for uri in ["pkcs11:token=ca;object=key", "PKCS11:x", "awskms:arn:aws:kms:eu-central-1:111122223333:key/1", "awskms:"] {
            let error = KeySource::parse(Path::new(uri)).unwrap_err();
            assert_eq!((error.code(), error.kind), (2, "key-kind-unsupported"), "{uri}");
        }
        for path in ["customerCA.key", "./pkcs11:x", "/keys/awskms:x", "pkcs11", "pkcs1", "C:\\ca.key", "file:ca.key"] {
            assert_eq!(KeySource::parse(Path::new(path)).unwrap(), KeySource::File(path.into()));
        }
        assert_eq!(KeySource::parse(Path::new("")).unwrap_err().kind, "bad-key-source");
    }
}
