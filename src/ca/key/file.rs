//! A private key in a file, in any form that openssl has written.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::container::{self, Container, FoundKey};
use super::fields::KdfLimits;
use super::pbes1::LegacyScheme;
use super::pbes2::Encrypted;
use super::pkcs12::Pkcs12Store;
use super::place::{CaKey, KeyLibrary, KeyPlace, LoadedKey};
use super::plain::{self, KeyMaterial, Plain};
use super::signer::Signer;
use super::unlock::{TokenOptions, Unlock};
use super::wiped;
use crate::ca::fault::{self, Anew, CannotSign, KeyFault};
use crate::ca::passphrase::{EchoHold, Passphrase, PassphraseSource};
use crate::ca::secret::Secret;
use crate::ca::warning::KeyWarning;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::shown_path;

/// The largest key file that is read, in bytes. An RSA-4096 key with everything openssl may write
/// around it has about 10,000.
pub const MAX_KEY_FILE: u64 = 64 * 1024;

/// The number of times that the terminal is asked before a wrong passphrase ends the command.
const ATTEMPTS: u32 = 3;

/// The names of weak encryption.
const MD5: &str = "OpenSSL's old encryption (one round of MD5)";
const PBES1: &str = "an encryption of the time before PBES2 (DES or 3DES, few rounds)";

/// A private key from a file, ready to sign.
///
/// This crate wipes its own memory of the key when it goes; ring keeps the key in its working form,
/// which it does not wipe.
pub struct FileKey {
    path: Option<PathBuf>,
    spki: Vec<u8>,
    algorithm: Vec<u8>,
    pub(super) signer: Signer,
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKey")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl FileKey {
    /// Reads the key file: PEM with anything around it, or DER; PKCS#8, encrypted PKCS#8, PKCS#1,
    /// SEC1, OpenSSL's old encrypted PEM, or a PKCS#12 store.
    ///
    /// The passphrase is asked only where the key is encrypted, after everything that can be judged
    /// without it; a terminal is asked up to three times.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca): `ca-key-missing`, `ca-key-unreadable`,
    /// `ca-key-unsupported`, `ca-key-encryption-unsupported`, `ca-key-inconsistent`,
    /// `wrong-passphrase`, and those of [`PassphraseSource::for_key`]. Class
    /// [`Class::Input`](crate::error::Class::Input): `ca-key-malformed`, `ca-key-not-a-key`,
    /// `ca-key-several`, `ca-key-too-large`.
    pub fn read(path: &Path, passphrase: &PassphraseSource) -> Result<(FileKey, Vec<KeyWarning>)> {
        Self::read_opened(path, fsio::open_named(path), passphrase)
    }

    /// Does the same for a file that lies where others may write: a link, a pipe or a device in its
    /// place is no key.
    ///
    /// # Errors
    /// As [`FileKey::read`].
    pub fn read_itself(
        path: &Path,
        passphrase: &PassphraseSource,
    ) -> Result<(FileKey, Vec<KeyWarning>)> {
        Self::read_opened(path, fsio::open_itself(path), passphrase)
    }

    fn read_opened(
        path: &Path,
        opened: std::io::Result<File>,
        passphrase: &PassphraseSource,
    ) -> Result<(FileKey, Vec<KeyWarning>)> {
        let (bytes, warning) = read_bounded(path, opened)?;
        let limits = KdfLimits::OF_AN_OPERATOR;
        let (_, key, warnings) = Self::from_bytes(path, &bytes, warning, passphrase, limits)?;
        Ok((key, warnings))
    }

    /// Reads the key from what its file holds, and what it was made from, where opening it costs no
    /// more than `limits`. `path` is what messages call it.
    pub(super) fn from_bytes(
        path: &Path,
        bytes: &[u8],
        warning: Option<KeyWarning>,
        passphrase: &PassphraseSource,
        limits: KdfLimits,
    ) -> Result<(KeyMaterial, FileKey, Vec<KeyWarning>)> {
        let mut warnings: Vec<KeyWarning> = warning.into_iter().collect();
        let FoundKey {
            container,
            as_written,
        } = container::find_key(bytes);
        let at = |fault: KeyFault| {
            if as_written {
                fault.to_error(path)
            } else {
                fault.as_openssl_does_not_read_it(path)
            }
        };
        let new = || fault::beside(path);
        let command = |anew: Option<Anew>| anew.filter(|_| as_written);
        let weak = |what, anew| KeyWarning::WeakEncryption {
            path: path.to_path_buf(),
            new: new(),
            what,
            anew: command(anew),
        };
        let unencrypted = |anew| KeyWarning::Unencrypted {
            path: path.to_path_buf(),
            new: new(),
            anew: command(Some(anew)),
        };
        let material = match container.map_err(at)? {
            Container::Plain(key) => {
                let material = plain::read(key).map_err(at)?;
                warnings.push(unencrypted(Anew::Pkcs8 { legacy: false }));
                material
            }
            Container::EncryptedPkcs8(key) => {
                let encrypted = Encrypted::parse(&key, limits).map_err(at)?;
                let anew = Anew::Pkcs8 {
                    legacy: encrypted
                        .legacy_scheme()
                        .is_some_and(LegacyScheme::is_legacy),
                };
                if encrypted.legacy_scheme().is_some() {
                    warnings.push(weak(PBES1, Some(anew)));
                }
                let open = |passphrase: &Passphrase| match container::plain_from_der(
                    encrypted.decrypt(passphrase.as_bytes())?,
                ) {
                    Some(key @ Plain::Pkcs8(_)) => plain::read(key),
                    _ => Err(KeyFault::WrongPassphrase),
                };
                open_with_passphrase(path, passphrase, &mut warnings, command(Some(anew)), open)?
            }
            Container::Legacy { dek, label, key } => {
                dek.check_blocks(&key).map_err(at)?;
                let open = |passphrase: &Passphrase| {
                    let key = container::plain_from_der(dek.decrypt(passphrase.as_bytes(), &key)?)
                        .ok_or(KeyFault::WrongPassphrase)?;
                    // What is in there shows only now.
                    let is_labelled = key.pem_label() == label;
                    plain::read(key).map(|key| (key, is_labelled))
                };
                let (material, is_labelled) =
                    open_with_passphrase(path, passphrase, &mut warnings, None, open)?;
                warnings.push(weak(
                    MD5,
                    is_labelled.then_some(Anew::Pkcs8 {
                        legacy: dek.is_legacy(),
                    }),
                ));
                material
            }
            Container::Pkcs12(pfx) => {
                let store = Pkcs12Store::parse(&pfx, limits).map_err(at)?;
                if store.is_unencrypted() {
                    warnings.push(unencrypted(store.to_rewrite()));
                }
                if store.is_weak() {
                    warnings.push(weak(PBES1, Some(store.to_rewrite())));
                }
                let open = |passphrase: &[u8]| store.open_key(passphrase).and_then(plain::read);
                if store.is_open() {
                    open(&[]).map_err(at)?
                } else {
                    open_with_passphrase(
                        path,
                        passphrase,
                        &mut warnings,
                        command(Some(store.to_rewrite())),
                        |passphrase| open(passphrase.as_bytes()),
                    )?
                }
            }
        };
        let key = FileKey::new(&material, Some(path)).map_err(at)?;
        Ok((material, key, warnings))
    }

    /// A key that has no file yet.
    pub(crate) fn new(
        material: &KeyMaterial,
        path: Option<&Path>,
    ) -> std::result::Result<Self, KeyFault> {
        let signer = Signer::new(material)?;
        Ok(FileKey {
            path: path.map(Path::to_path_buf),
            spki: signer.spki(),
            algorithm: signer.signature_algorithm().to_der(),
            signer,
        })
    }
}

impl CaKey for FileKey {
    fn spki(&self) -> &[u8] {
        &self.spki
    }

    fn signature_algorithm(&self) -> &[u8] {
        &self.algorithm
    }

    fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>> {
        self.signer
            .sign(tbs)
            .map_err(|CannotSign| match &self.path {
                Some(path) => KeyFault::Inconsistent.to_error(path),
                None => Error::new(
                    ErrorKind::CaKeyInconsistent,
                    "the new CA key cannot sign",
                    "run the command again, and report this",
                ),
            })
    }
}

/// A key file, as `--ca-key` names it or as it lies in a bundle.
#[derive(Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    is_of_bundle: bool,
}

impl KeyFile {
    /// One that the user named.
    pub(super) fn named(path: PathBuf) -> Self {
        KeyFile {
            path,
            is_of_bundle: false,
        }
    }

    /// One that nobody named.
    pub(super) fn found_in_bundle(path: PathBuf) -> Self {
        KeyFile {
            path,
            is_of_bundle: true,
        }
    }
}

/// Reads a `--ca-key` that is a path.
pub(super) fn read(path: &Path) -> Result<Box<dyn KeyPlace>> {
    Ok(Box::new(KeyFile::named(path.to_path_buf())))
}

impl KeyPlace for KeyFile {
    fn load_key(&self, unlock: &Unlock<'_>) -> Result<LoadedKey> {
        let read = match self.is_of_bundle {
            true => FileKey::read_itself,
            false => FileKey::read,
        };
        read(&self.path, unlock.passphrase).map(|(key, warnings)| LoadedKey {
            key: Box::new(key),
            warnings,
            notes: Vec::new(),
            name: None,
        })
    }

    fn library<'a>(&'a self, _options: &'a TokenOptions) -> Option<KeyLibrary<'a>> {
        None
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn is_of_bundle(&self) -> bool {
        self.is_of_bundle
    }
}

/// Asks for the passphrase and opens the key with it; asks a terminal again where it was wrong.
fn open_with_passphrase<T>(
    path: &Path,
    source: &PassphraseSource,
    warnings: &mut Vec<KeyWarning>,
    anew: Option<Anew>,
    open: impl Fn(&Passphrase) -> std::result::Result<T, KeyFault>,
) -> Result<T> {
    warnings.extend(source.storage_warning());
    // A wrong one is asked for again: nothing that is typed meanwhile is shown.
    let _hold = EchoHold::start();
    let mut attempt = 1;
    loop {
        let passphrase = source.for_key(path, attempt > 1)?;
        match open(&passphrase) {
            Err(KeyFault::WrongPassphrase)
                if matches!(source, PassphraseSource::Ask) && attempt < ATTEMPTS =>
            {
                attempt += 1
            }
            outcome => {
                if passphrase.as_bytes().is_empty() {
                    warnings.push(KeyWarning::EmptyPassphrase {
                        path: path.to_path_buf(),
                        new: fault::beside(path),
                        anew,
                    });
                }
                return outcome.map_err(|fault| fault.to_error(path));
            }
        }
    }
}

/// The file's bytes, never more than [`MAX_KEY_FILE`], in memory that is wiped.
fn read_bounded(
    path: &Path,
    opened: std::io::Result<File>,
) -> Result<(Secret, Option<KeyWarning>)> {
    let file = opened.map_err(|error| unreadable_file(path, &error))?;
    let metadata = file
        .metadata()
        .map_err(|error| unreadable_file(path, &error))?;
    if metadata.is_file() && metadata.len() > MAX_KEY_FILE {
        return Err(KeyFault::TooLarge {
            limit: MAX_KEY_FILE,
        }
        .to_error(path));
    }
    let expected = if metadata.is_file() {
        metadata.len()
    } else {
        MAX_KEY_FILE
    };
    let bytes = wiped::read_to_end(file, expected, MAX_KEY_FILE)
        .map_err(|error| unreadable_file(path, &error))?
        .ok_or_else(|| {
            KeyFault::TooLarge {
                limit: MAX_KEY_FILE,
            }
            .to_error(path)
        })?;
    Ok((bytes, KeyWarning::of_key_file(path, &metadata)))
}

fn unreadable_file(path: &Path, error: &std::io::Error) -> Error {
    const GIVE: &str = "give the path of the CA's private key with --ca-key";
    let (kind, what) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::CaKeyMissing, "does not exist".to_owned()),
        io::ErrorKind::IsADirectory => (ErrorKind::CaKeyUnreadable, "is a directory".to_owned()),
        io::ErrorKind::InvalidInput => (ErrorKind::CaKeyUnreadable, "is no file".to_owned()),
        _ if fsio::leads_nowhere(error) => (
            ErrorKind::CaKeyUnreadable,
            "is a symbolic link, or leads nowhere".to_owned(),
        ),
        io::ErrorKind::PermissionDenied => (
            ErrorKind::CaKeyUnreadable,
            "may not be read by this user".to_owned(),
        ),
        _ => (
            ErrorKind::CaKeyUnreadable,
            format!("cannot be read: {error}"),
        ),
    };
    Error::new(
        kind,
        format!("the CA's key file {} {what}", shown_path(path)),
        GIVE,
    )
    .with_fact(FactName::File, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_told_by_what_stands_in_the_way() {
        for (cause, kind, what) in [
            (
                io::ErrorKind::NotFound,
                ErrorKind::CaKeyMissing,
                "does not exist",
            ),
            (
                io::ErrorKind::IsADirectory,
                ErrorKind::CaKeyUnreadable,
                "is a directory",
            ),
            (
                io::ErrorKind::PermissionDenied,
                ErrorKind::CaKeyUnreadable,
                "may not be read by this user",
            ),
            (
                io::ErrorKind::TimedOut,
                ErrorKind::CaKeyUnreadable,
                "cannot be read: ",
            ),
        ] {
            let error = unreadable_file(Path::new("ca.key"), &cause.into());
            assert_eq!(error.kind, kind);
            assert!(error.message.contains(&format!("ca.key {what}")), "{what}");
        }
    }
}
