//! What a place for CA keys has to be able to do, and what is said of it: the trait behind every
//! `--ca-key`, and the facts that its backend registers.

use std::fmt;
use std::path::Path;

use super::unlock::{TokenOptions, Unlock};
use crate::ca::key_type::KeyType;
use crate::ca::warning::KeyWarning;
use crate::error::Result;
use crate::outside::shown_path;

/// A key that can sign as the CA, wherever it lives.
pub trait CaKey: Send + Sync {
    /// The public key: SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7).
    fn spki(&self) -> &[u8];

    /// Returns the AlgorithmIdentifier that the key signs with, in DER, as it goes into `signature`
    /// and `signatureAlgorithm` (RFC 5280 4.1.1.2).
    fn signature_algorithm(&self) -> &[u8];

    /// Signs the to-be-signed bytes (the key hashes them itself): the content of the certificate's
    /// BIT STRING.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca) where the key cannot sign.
    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>>;
}

/// One key, as a `--ca-key` names it: what the module of a backend implements.
pub(super) trait KeyPlace: fmt::Debug + Send + Sync {
    /// The program that is run to reach the key: one that lies in the bundle is refused before.
    /// Each backend says so itself: forgetting it would run what somebody put into the bundle.
    fn library<'a>(&'a self, options: &'a TokenOptions) -> Option<KeyLibrary<'a>>;

    /// Opens the key.
    fn load_key(&self, unlock: &Unlock<'_>) -> Result<LoadedKey>;

    /// Opens the key for a new CA certificate, or makes one of this type where a key can be made
    /// there and none is.
    fn provide_key(&self, _kind: KeyType, unlock: &Unlock<'_>) -> Result<Provided> {
        let loaded = self.load_key(unlock)?;
        let of_file = || self.file().map(shown_path).unwrap_or_default();
        Ok(Provided {
            name: loaded.name.clone().unwrap_or_else(of_file),
            loaded,
            made: false,
        })
    }

    /// The key's file, where it is in one.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// Whether nobody named the key: it was found in the bundle.
    fn is_of_bundle(&self) -> bool {
        false
    }

    /// The region that the name itself says.
    fn region(&self) -> Option<&str> {
        None
    }
}

/// A program of somebody else's that is run to reach a key, and sees what unlocks it.
#[derive(Clone, Copy, Debug)]
pub struct KeyLibrary<'a> {
    /// Its file, or the name that the system's loader looks for.
    pub path: &'a Path,
    /// What is wrong where it lies in a bundle.
    pub in_bundle: &'static str,
    /// What to do where this one may not be loaded.
    pub instead: &'static str,
}

/// The reader of a `--ca-key`: takes all of it, with its scheme.
pub(super) type PlaceReader = fn(&Path) -> Result<Box<dyn KeyPlace>>;

/// A kind of place for CA keys: one row of [`KEY_BACKENDS`](super::KEY_BACKENDS).
pub struct KeyBackend {
    /// What a `--ca-key` of this kind begins with, in any case (RFC 3986 3.1). Of files nothing:
    /// every other `--ca-key` is a path.
    pub scheme: &'static str,
    /// Where such a key is: "on a token".
    pub place: &'static str,
    /// What such a `--ca-key` names: "a PKCS#11 token".
    pub what: &'static str,
    /// The keys that it signs with.
    pub signs_with: &'static str,
    /// What such a key is unlocked by: "a PIN".
    pub unlocked_by: &'static str,
    /// Whether such a key is in AWS: then region, profile and endpoint of the command line are for
    /// it.
    pub in_aws: bool,
    /// What such a `--ca-key` looks like, for help.
    pub form: &'static str,
    /// The same for a CA that is to be made.
    pub form_for_new: &'static str,
    /// What becomes of such a `--ca-key` that leads to no key when a CA is made, in sentences for
    /// help.
    pub absent_key_help: &'static str,
    /// The beginning of such a `--ca-key`, for somebody whose path leads to no file: "one on a
    /// token begins with ...".
    pub beginning: &'static str,
    /// The feature that builds it; `None` where every build has it.
    pub feature: Option<&'static str>,
    /// Its reader, where this build has it.
    pub(super) read: Option<PlaceReader>,
}

impl fmt::Debug for KeyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyBackend").field(&self.what).finish()
    }
}

impl KeyBackend {
    /// Whether `text` begins with this backend's scheme.
    pub(super) fn fits(&self, text: &Path) -> bool {
        text.as_os_str()
            .as_encoded_bytes()
            .get(..self.scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(self.scheme.as_bytes()))
    }
}

/// A key for a new CA certificate.
#[derive(Debug)]
pub struct Provided {
    /// The key, ready to sign.
    pub loaded: LoadedKey,
    /// True where it was made just now.
    pub made: bool,
    /// The value of `--ca-key` that means it: a path, or a URI with everything that tells it apart.
    pub name: String,
}

/// A key that has been found, decrypted and is ready to sign.
pub struct LoadedKey {
    /// The key.
    pub key: Box<dyn CaKey>,
    /// The warnings on how it is kept, where that could be better. For standard error; none of them
    /// stops a command.
    pub warnings: Vec<KeyWarning>,
    /// The decisions on the way to it, one sentence each.
    pub notes: Vec<String>,
    /// The name of the key where it lives, for records; `None` for a file.
    pub name: Option<String>,
}

impl fmt::Debug for LoadedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedKey")
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}
