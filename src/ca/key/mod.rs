//! The CA's private key: where it may live, and the two things that are asked of it.
//!
//! A new kind of place for keys is a module here that implements [`KeyPlace`], and its row in
//! [`KEY_BACKENDS`].

mod cipher;
mod container;
mod fields;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
#[cfg(feature = "awskms")]
mod kms;
// The fuzz targets read such names without the AWS SDK.
#[cfg(all(fuzzing, not(feature = "awskms")))]
#[path = "kms/uri.rs"]
#[allow(dead_code)]
mod kms_uri;
mod legacy_pem;
mod oid_names;
mod pbes1;
pub(super) mod pbes2;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod pkcs12;
mod place;
pub(super) mod plain;
mod rsa_key;
#[cfg(any(feature = "awskms", feature = "pkcs11"))]
mod scheme;
mod signer;
mod tidy;
mod unlock;
mod wiped;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::file::KeyFile;
pub use self::file::{FileKey, MAX_KEY_FILE};
use self::place::KeyPlace;
pub use self::place::{CaKey, KeyBackend, KeyLibrary, LoadedKey, Provided};
pub use self::unlock::{TokenOptions, Unlock};
use crate::ca::key_type::KeyType;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::PublicKey;

/// The reader of a backend, in a build that has it.
macro_rules! built_with {
    ($feature:literal, $read:path) => {{
        #[cfg(feature = $feature)]
        {
            Some($read)
        }
        #[cfg(not(feature = $feature))]
        {
            None
        }
    }};
}

/// The kind of every `--ca-key` that no other kind fits.
static KEY_FILES: KeyBackend = KeyBackend {
    scheme: "",
    place: "in a file",
    what: "a key file",
    signs_with: "RSA, also for PSS only, P-256, P-384",
    unlocked_by: "a passphrase",
    in_aws: false,
    form: "a file",
    form_for_new: "its file",
    absent_key_help: "",
    beginning: "a path",
    feature: None,
    read: Some(file::read),
};

/// Every kind of place that a CA's key can be in; files are the last.
pub static KEY_BACKENDS: &[&KeyBackend] = &[
    &KeyBackend {
        scheme: "pkcs11:",
        place: "on a token",
        what: "a PKCS#11 token",
        signs_with: "RSA, P-256, P-384",
        unlocked_by: "a PIN",
        in_aws: false,
        form: "a pkcs11: URI",
        form_for_new: "a pkcs11: URI with object=NAME",
        absent_key_help: "Where a pkcs11: URI names a key that is not there, it is made on the \
                          token, and never leaves it.",
        beginning: "`pkcs11:`",
        feature: Some("pkcs11"),
        read: built_with!("pkcs11", pkcs11::read),
    },
    &KeyBackend {
        scheme: "awskms:",
        place: "in AWS KMS",
        what: "an AWS KMS key",
        signs_with: "RSA, P-256, P-384",
        unlocked_by: "AWS credentials",
        in_aws: true,
        form: "awskms: and a key's ARN, alias or id",
        form_for_new: "awskms: and the ARN, alias or id of a key that is there",
        absent_key_help: "No key is made in AWS KMS: who may use it is its key policy's to say, \
                          and `aws kms create-key` sets that.",
        beginning: "`awskms:`, before an ARN too",
        feature: Some("awskms"),
        read: built_with!("awskms", kms::read),
    },
    &KEY_FILES,
];

/// Every kind of place but files.
pub(crate) fn backends_elsewhere() -> impl Iterator<Item = &'static KeyBackend> {
    KEY_BACKENDS
        .iter()
        .copied()
        .filter(|backend| !backend.scheme.is_empty())
}

/// A `--ca-key`: told apart by its prefix alone, so no path is ever taken for a URI, nor a URI for
/// a path.
#[derive(Clone, Debug)]
pub struct KeySource {
    backend: &'static KeyBackend,
    place: Arc<dyn KeyPlace>,
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
        if text.as_os_str().is_empty() {
            return Err(Error::new(
                ErrorKind::BadKeySource,
                "--ca-key is empty",
                "give the path of the CA's key file",
            )
            .with_fact(FactName::Option, "--ca-key"));
        }
        let backend = backends_elsewhere()
            .find(|backend| backend.fits(text))
            .unwrap_or(&KEY_FILES);
        let read = backend.read.ok_or_else(|| unsupported_error(backend))?;
        Ok(KeySource {
            backend,
            place: read(text)?.into(),
        })
    }

    /// A key file that nobody named: it lies in a bundle, where others may have put it. No link is
    /// followed, and no pipe waited for.
    pub fn of_file_in_bundle(path: PathBuf) -> KeySource {
        KeySource {
            backend: &KEY_FILES,
            place: Arc::new(KeyFile::found_in_bundle(path)),
        }
    }

    /// Returns the error with the beginnings of the other kinds of `--ca-key`, where a path leads
    /// to no file: a URI whose scheme was left out or misspelt is a path as well.
    fn with_other_places(&self, mut error: Error) -> Error {
        if self.backend.scheme.is_empty() && error.kind == ErrorKind::CaKeyMissing {
            let mut hint = error.hint.to_string();
            for backend in backends_elsewhere() {
                let KeyBackend {
                    place, beginning, ..
                } = backend;
                hint.push_str(&format!("; one {place} begins with {beginning}"));
            }
            error.hint = hint.into();
        }
        error
    }

    /// What kind of place the key is in.
    pub fn backend(&self) -> &'static KeyBackend {
        self.backend
    }

    /// The key's file, where it is in one.
    pub fn file(&self) -> Option<&Path> {
        self.place.file()
    }

    /// Whether nobody named the key: it was found in the bundle.
    pub fn is_of_bundle(&self) -> bool {
        self.place.is_of_bundle()
    }

    /// Whether the key is in AWS, and the options that say how AWS is reached are for it.
    pub fn is_in_aws(&self) -> bool {
        self.backend.in_aws
    }

    /// The region that the name of a key in AWS itself says.
    pub fn region(&self) -> Option<&str> {
        self.place.region()
    }

    /// The program that is loaded to reach the key.
    pub fn library<'a>(&'a self, options: &'a TokenOptions) -> Option<KeyLibrary<'a>> {
        self.place.library(options)
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
        self.place
            .load_key(&unlock.into())
            .map_err(|error| self.with_other_places(error))
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
        let provided = self
            .place
            .provide_key(kind.unwrap_or_default(), &unlock.into())
            .map_err(|error| self.with_other_places(error))?;
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
            )
            .with_fact(FactName::Option, "--key-type")
            .with_fact(FactName::Expected, wanted.to_string())
            .with_fact(FactName::Found, public.describe())),
            _ => Ok(provided),
        }
    }
}

/// The error of a scheme that this build has no part for.
fn unsupported_error(backend: &KeyBackend) -> Error {
    let KeyBackend { scheme, what, .. } = backend;
    let feature = backend.feature.unwrap_or_default();
    Error::new(
        ErrorKind::KeyKindUnsupported,
        format!("--ca-key names {what} (`{scheme}`), which this build of hsmboot has no part for"),
        format!(
            "use a build with the feature `{feature}` (the usual one has it, an air-gapped one \
             only if it was asked for); a file whose name begins with `{scheme}` is given as \
             `./{scheme}...`"
        ),
    )
    .with_fact(FactName::Option, "--ca-key")
    .with_fact(FactName::Found, *scheme)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[cfg(not(all(feature = "awskms", feature = "pkcs11")))]
    fn is_unsupported(uri: &str) {
        let error = KeySource::parse(Path::new(uri)).unwrap_err();
        assert_eq!(
            (error.exit_code(), error.kind),
            (2, ErrorKind::KeyKindUnsupported),
            "{uri}"
        );
        assert!(error.hint.contains("feature"), "{}", error.hint);
    }

    #[cfg(any(feature = "awskms", feature = "pkcs11"))]
    fn scheme(uri: &str) -> &'static str {
        let source = KeySource::parse(Path::new(uri)).unwrap();
        assert_eq!(source.file(), None);
        source.backend().scheme
    }

    #[test]
    fn kinds_of_key_are_told_apart_by_prefix_alone() {
        for uri in ["pkcs11:token=ca;object=key", "PKCS11:type=private"] {
            #[cfg(feature = "pkcs11")]
            assert_eq!(scheme(uri), "pkcs11:", "{uri}");
            #[cfg(not(feature = "pkcs11"))]
            is_unsupported(uri);
        }
        for uri in ["awskms:alias/ca", "AWSKMS:alias/ca"] {
            #[cfg(feature = "awskms")]
            assert_eq!(scheme(uri), "awskms:", "{uri}");
            #[cfg(not(feature = "awskms"))]
            is_unsupported(uri);
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
            let source = KeySource::parse(Path::new(path)).unwrap();
            assert_eq!(source.file(), Some(Path::new(path)));
            assert!(!source.is_of_bundle() && !source.is_in_aws(), "{path}");
        }
        assert_eq!(
            KeySource::parse(Path::new("")).unwrap_err().kind,
            ErrorKind::BadKeySource
        );
    }
}
