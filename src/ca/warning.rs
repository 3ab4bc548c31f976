//! Warnings on how a key is kept, where that could be better. Data: the command line says it, no
//! command stops for it.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::fault::Anew;
use crate::hint;
use crate::outside::shown_path;

/// Something the user should know about a key or passphrase file that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyWarning {
    /// The key file is open to others than its owner.
    KeyOpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The passphrase file is open to others than its owner.
    PassphraseOpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key lies on disk unencrypted.
    Unencrypted {
        /// The file.
        path: PathBuf,
        /// A name that is free, for the key in a better form.
        new: PathBuf,
        /// The way in which openssl writes it there; `None`: it does not read the file as it is.
        anew: Option<Anew>,
    },
    /// The key is encrypted, with an empty passphrase.
    EmptyPassphrase {
        /// The file.
        path: PathBuf,
        /// A name that is free, for the key in a better form.
        new: PathBuf,
        /// The way in which openssl writes it there; `None`: it does not read the file as it is.
        anew: Option<Anew>,
    },
    /// The key is encrypted in an old form, which a fast guesser opens.
    WeakEncryption {
        /// The file.
        path: PathBuf,
        /// A name that is free, for the key in a better form.
        new: PathBuf,
        /// The encryption of the key.
        what: &'static str,
        /// The way in which openssl writes it there; `None`: it does not read the file as it is.
        anew: Option<Anew>,
    },
    /// What the module of another kind of place says of a key there.
    Elsewhere {
        /// A stable name for programs.
        id: &'static str,
        /// The sentence.
        text: String,
    },
}

impl KeyWarning {
    /// A stable name for programs.
    pub const fn id(&self) -> &'static str {
        match self {
            KeyWarning::KeyOpenToOthers { .. } => "key-open-to-others",
            KeyWarning::PassphraseOpenToOthers { .. } => "passphrase-open-to-others",
            KeyWarning::Unencrypted { .. } => "key-unencrypted",
            KeyWarning::EmptyPassphrase { .. } => "key-passphrase-empty",
            KeyWarning::WeakEncryption { .. } => "key-weakly-encrypted",
            KeyWarning::Elsewhere { id, .. } => id,
        }
    }
}

impl fmt::Display for KeyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyWarning::KeyOpenToOthers { path, mode } => {
                write!(
                    f,
                    "the CA's key file {} is open to others (mode {mode:04o}): {}",
                    shown_path(path),
                    chmod_command("600", path)
                )
            }
            KeyWarning::PassphraseOpenToOthers { path, mode } => {
                write!(
                    f,
                    "the passphrase file {} is open to others (mode {mode:04o}): {}",
                    shown_path(path),
                    chmod_command("600", path)
                )
            }
            KeyWarning::Unencrypted { path, new, anew } => {
                write!(
                    f,
                    "the CA's key file {} is not encrypted{}",
                    shown_path(path),
                    rewrite_hint(*anew, path, new, "encrypted")
                )
            }
            KeyWarning::WeakEncryption {
                path,
                new,
                what,
                anew,
            } => {
                write!(
                    f,
                    "the CA's key file {} has {what}{}",
                    shown_path(path),
                    rewrite_hint(*anew, path, new, "in a better one")
                )
            }
            KeyWarning::EmptyPassphrase { path, new, anew } => {
                let how = rewrite_hint(*anew, path, new, "with another one");
                write!(
                    f,
                    "the CA's key file {} is encrypted with an empty passphrase, which everybody \
                     knows{how}",
                    shown_path(path)
                )
            }
            KeyWarning::Elsewhere { text, .. } => f.write_str(text),
        }
    }
}

/// Says what to do about it, where openssl can help.
fn rewrite_hint(anew: Option<Anew>, path: &Path, new: &Path, how: &str) -> String {
    anew.map_or_else(String::new, |anew| {
        format!(": {} writes it anew, {how}", anew.command(path, new))
    })
}

/// The command that closes a file to others.
pub(super) fn chmod_command(mode: &str, path: &Path) -> String {
    hint::quote_command(&["chmod", mode, &hint::path_word(path, "FILE")])
}

/// The permission bits of a regular file, if they let anyone but the owner at it.
pub(crate) fn open_to_others(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.permissions().mode() & 0o7777;
    (metadata.is_file() && metadata.nlink() > 0 && mode & 0o066 != 0).then_some(mode)
}

impl KeyWarning {
    pub(crate) fn of_key_file(path: &Path, metadata: &Metadata) -> Option<Self> {
        open_to_others(metadata).map(|mode| KeyWarning::KeyOpenToOthers {
            path: path.to_path_buf(),
            mode,
        })
    }
}
