//! The commands of other programs that write a key anew, in a form that is read here.

use std::path::{Path, PathBuf};

use super::Instead;
use crate::{fsio, hint};

/// A new file for the key in another form. Nothing that is there is written over: openssl empties
/// its output before it reads its input.
pub(crate) fn beside(path: &Path) -> PathBuf {
    hint::free_name(path, "key", fsio::is_there)
}

/// Returns a path as a word of a command; in place of a pipe's or a descriptor's, which is read by
/// now, `otherwise`.
fn file_word(path: &Path, otherwise: &str) -> String {
    match path.starts_with("/dev") || path.starts_with("/proc") {
        true => otherwise.to_owned(),
        false => hint::path_word(path, otherwise),
    }
}

/// The way in which a key is written anew, encrypted, into another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// From a key file, under scrypt.
    Pkcs8 {
        /// OpenSSL 3 has its cipher in the legacy provider (OSSL_PROVIDER-legacy(7)).
        legacy: bool,
    },
    /// From a PKCS#12 store.
    Pkcs12 {
        /// OpenSSL 3 has one of its ciphers in the legacy provider.
        legacy: bool,
    },
}

impl Anew {
    /// The command.
    pub(crate) fn command(self, path: &Path, new: &Path) -> String {
        let (file, new) = (file_word(path, "FILE"), file_word(new, "NEWFILE"));
        match self {
            Anew::Pkcs8 { legacy } => {
                // A provider that is named takes the default one's place (openssl(1), -provider).
                let providers: &[&str] = if legacy { &LEGACY } else { &[] };
                hint::quote_command(
                    &[
                        &["openssl", "pkcs8"],
                        providers,
                        &["-topk8", "-scrypt", "-in", &file, "-out", &new],
                    ]
                    .concat(),
                )
            }
            Anew::Pkcs12 { legacy } => {
                let legacy: &[&str] = if legacy { &["-legacy"] } else { &[] };
                hint::quote_command(
                    &[
                        &["openssl", "pkcs12"],
                        legacy,
                        &["-nocerts", "-aes256", "-in", &file, "-out", &new],
                    ]
                    .concat(),
                )
            }
        }
    }
}

/// The options that give openssl(1) both providers.
const LEGACY: [&str; 4] = ["-provider", "legacy", "-provider", "default"];

/// A path as the word that `--ca-key` has to be given.
fn as_word(path: &Path) -> String {
    hint::command_line(&[&file_word(path, "NEWFILE")])
}

pub(super) fn conversion_hint(path: &Path, anew: Anew) -> String {
    let new = beside(path);
    format!(
        "convert it with {}, and give {} with --ca-key",
        anew.command(path, &new),
        as_word(&new)
    )
}

impl Instead {
    pub(super) fn to_hint(self, path: &Path) -> String {
        let new = beside(path);
        let (file, out) = (file_word(path, "FILE"), file_word(&new, "NEWFILE"));
        let (what, command) = match self {
            Instead::Another => {
                return "a CA for CloudHSM has an RSA key of 2048, 3072 or 4096 bits, or one on \
                        P-256 or P-384: `hsmboot ca init` makes one"
                    .to_owned();
            }
            Instead::NamedCurve => (
                "have the curve named",
                hint::quote_command(&[
                    "openssl",
                    "pkey",
                    "-ec_param_enc",
                    "named_curve",
                    "-aes256",
                    "-in",
                    &file,
                    "-out",
                    &out,
                ]),
            ),
            // ssh-keygen changes the file itself.
            Instead::OpenSsh => (
                "convert a copy",
                format!(
                    "`{} && {}`",
                    hint::command_line(&["cp", "-p", &file, &out]),
                    hint::command_line(&["ssh-keygen", "-p", "-m", "PKCS8", "-f", &out])
                ),
            ),
            Instead::Pkcs12 { legacy } => (
                "take the key out",
                Anew::Pkcs12 { legacy }.command(path, &new),
            ),
            Instead::Keystore => {
                let words = [
                    "keytool",
                    "-importkeystore",
                    "-srckeystore",
                    &file,
                    "-destkeystore",
                    &out,
                    "-deststoretype",
                    "PKCS12",
                ];
                ("export it", hint::quote_command(&words))
            }
            Instead::Pvk { encrypted } => {
                let providers: &[&str] = if encrypted { &LEGACY } else { &[] };
                let words = [
                    &["openssl", "rsa"],
                    providers,
                    &["-inform", "PVK", "-aes256", "-in", &file, "-out", &out],
                ]
                .concat();
                ("convert it", hint::quote_command(&words))
            }
            Instead::Blob => (
                "convert it",
                hint::quote_command(&[
                    "openssl", "rsa", "-inform", "MSBLOB", "-aes256", "-in", &file, "-out", &out,
                ]),
            ),
        };
        format!(
            "{what} with {command}, and give {} with --ca-key",
            as_word(&new)
        )
    }
}
