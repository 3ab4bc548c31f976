//! The sources of a passphrase: the terminal, a file, a descriptor, a variable, or what a command
//! prints. Never the command line itself, which every user of the machine can read.

mod command;
mod new;
mod strength;
mod terminal;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use self::command::{PassphraseCommand, end_passphrase_command};
pub use self::new::WeakPassphrase;
use self::new::{ask_new_passphrase, check_strong};
pub use self::strength::MIN_CHARACTERS;
pub(crate) use self::terminal::is_asking;
pub use self::terminal::{EchoHold, restore_terminal};
use super::warning::{KeyWarning, open_to_others};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, DescriptorUse};
use crate::outside::{shown_path, shown_text};

/// The longest passphrase, in bytes: what openssl's `-passin file:` takes (`APP_PASS_LEN` is 1024,
/// with the final NUL).
pub const MAX_PASSPHRASE: usize = 1023;

/// A passphrase. It wipes itself and prints nothing of itself.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// A passphrase from bytes that the caller already holds.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Passphrase(bytes)
    }

    /// The bytes, as they were typed or read: OpenSSL takes them as they are, too.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// The source of a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// The terminal, with the echo off.
    Ask,
    /// The first line of a file.
    File(PathBuf),
    /// The first line of what an open descriptor yields.
    Fd(u32),
    /// The value of an environment variable, named here.
    Env(String),
    /// The first line that a command prints on standard output.
    Command(PassphraseCommand),
}

impl PassphraseSource {
    /// No source: whatever wants a passphrase of it ends with `no-passphrase`. A variable without a
    /// name is never set (environ(7)).
    pub const fn nowhere() -> Self {
        PassphraseSource::Env(String::new())
    }

    /// The passphrase of an existing key. `again` says that the one before was wrong: the terminal
    /// is told so.
    ///
    /// # Errors
    /// Class [`Class::Ca`](crate::error::Class::Ca): `no-passphrase` where there is no terminal,
    /// the variable is not set, or the passphrase is empty; `passphrase-unreadable`;
    /// `prompt-cancelled`. Class [`Class::Unfinished`](crate::error::Class::Unfinished): a command
    /// that did not end in time.
    pub fn for_key(&self, key: &Path, again: bool) -> Result<Passphrase> {
        let wrong = if again {
            "wrong passphrase, once more\n"
        } else {
            ""
        };
        let prompt =
            || terminal::ask_passphrase(&format!("{wrong}passphrase for {}: ", shown_path(key)));
        self.read_passphrase(
            prompt,
            &format!("the CA's key {} is encrypted", shown_path(key)),
        )
        .map_err(|error| about_file(error, key))
    }

    /// The PIN of a token. `why` says what wants it. An empty line is no PIN: it is not worth one
    /// of the few tries.
    ///
    /// # Errors
    /// As [`for_key`](Self::for_key).
    #[cfg(feature = "pkcs11")]
    pub(crate) fn for_pin(&self, prompt: &str, why: &str) -> Result<Passphrase> {
        let not_given = || {
            Error::new(
                ErrorKind::PromptCancelled,
                "the PIN was not given: the prompt was cancelled; nothing was tried",
                "run the command again",
            )
        };
        let pin = self
            .read_passphrase(|| terminal::ask_passphrase(prompt), why)
            .map_err(|error| {
                if error.kind == ErrorKind::PromptCancelled {
                    not_given()
                } else {
                    error
                }
            })?;
        if pin.as_bytes().is_empty() {
            Err(not_given())
        } else {
            Ok(pin)
        }
    }

    /// The passphrase for a key that is about to be written. The terminal is asked for it twice; an
    /// empty line there has one made, which is shown there and nowhere else. One that is easily
    /// guessed is refused unless `weak` allows it.
    ///
    /// # Errors
    /// As [`for_key`](Self::for_key); also `passphrase-unfit` for one that openssl could not be
    /// given, `passphrase-weak`, and `passphrases-differ`.
    pub fn for_new_key(&self, key: &Path, weak: WeakPassphrase) -> Result<Passphrase> {
        let name = shown_path(key);
        let passphrase = self
            .read_passphrase(
                || ask_new_passphrase(&name, weak),
                &format!("the new CA key {name} is to be encrypted"),
            )
            .map_err(|error| about_file(error, key))?;
        check_fit(&passphrase.0)?;
        check_strong(&passphrase.0, weak)?;
        Ok(passphrase)
    }

    /// Returns what the user should know about how the passphrase is kept.
    pub fn storage_warning(&self) -> Option<KeyWarning> {
        let PassphraseSource::File(path) = self else {
            return None;
        };
        let mode = open_to_others(&fsio::metadata_of(path)?)?;
        Some(KeyWarning::PassphraseOpenToOthers {
            path: path.clone(),
            mode,
        })
    }

    fn read_passphrase(
        &self,
        prompt: impl FnOnce() -> Result<Zeroizing<Vec<u8>>>,
        why: &str,
    ) -> Result<Passphrase> {
        let name = self.source_name();
        let bytes = match self {
            // An empty line at the prompt is an answer like any other; the key will say whether it
            // fits.
            PassphraseSource::Ask => {
                return prompt()
                    .map(Passphrase)
                    .map_err(|error| no_terminal(error, why));
            }
            PassphraseSource::File(path) => first_line(fsio::open_named(path), path, &name)?,
            PassphraseSource::Fd(number) => {
                let file = fsio::open_descriptor(*number, DescriptorUse::Read);
                first_line(file, &fsio::descriptor_path(*number), &name)?
            }
            PassphraseSource::Env(variable) => {
                let value = std::env::var_os(variable).ok_or_else(|| {
                    no_passphrase(
                        format!("{why}, and {name} is not set"),
                        "export the variable that --passphrase-env names",
                    )
                    .with_fact(FactName::Variable, self.source_variable())
                })?;
                Zeroizing::new(value.into_vec())
            }
            PassphraseSource::Command(command) => command.printed_line(&name)?,
        };
        if bytes.is_empty() {
            return Err(no_passphrase(
                format!("{why}, and {name} is empty"),
                "put the passphrase into its first line",
            )
            .with_fact(
                FactName::File,
                self.source_file().map(|path| shown_file(&path)),
            )
            .with_fact(FactName::Variable, self.source_variable()));
        }
        Ok(Passphrase(bytes))
    }

    /// The file that it is read from, by name or by descriptor, where it is one.
    pub fn source_file(&self) -> Option<PathBuf> {
        match self {
            PassphraseSource::File(path) => Some(path.clone()),
            PassphraseSource::Fd(number) => Some(fsio::descriptor_path(*number)),
            PassphraseSource::Ask | PassphraseSource::Env(_) | PassphraseSource::Command(_) => None,
        }
    }

    /// The variable that it is read from, where it is one.
    fn source_variable(&self) -> Option<String> {
        match self {
            PassphraseSource::Env(variable) => Some(shown_variable(variable)),
            _ => None,
        }
    }

    /// The source in words, for messages.
    fn source_name(&self) -> String {
        match self {
            PassphraseSource::Ask => "the terminal".to_owned(),
            PassphraseSource::File(path) => format!("the passphrase file {}", shown_file(path)),
            PassphraseSource::Fd(number) => format!("the descriptor {number}"),
            PassphraseSource::Env(variable) => format!("the variable {}", shown_variable(variable)),
            PassphraseSource::Command(_) => "the passphrase command".to_owned(),
        }
    }
}

/// What stands in the place of a name that names nothing: people paste the passphrase itself.
const WITHHELD_NAME: &str = "(not shown: it may be the passphrase)";

/// Returns the name of a variable for people: of one that is there, or that is named as most are
/// (POSIX.1-2024, 8.1).
fn shown_variable(name: &str) -> String {
    let usual = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match std::env::var_os(name).is_some() || name.chars().all(usual) {
        true => shown_text(name),
        false => WITHHELD_NAME.to_owned(),
    }
}

/// Returns the path of a passphrase's file for people: of one that is there, or whose directory is
/// there and was named.
fn shown_file(path: &Path) -> String {
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty() && *dir != Path::new("/"));
    match fsio::is_there(path) || dir.is_some_and(fsio::is_there) {
        true => shown_path(path),
        false => WITHHELD_NAME.to_owned(),
    }
}

/// A passphrase that a key may be encrypted with.
fn check_fit(bytes: &[u8]) -> Result<()> {
    let unfit = |what: &str| {
        Error::new(
            ErrorKind::PassphraseUnfit,
            format!("the new passphrase {what}"),
            "choose another one; nothing has been written",
        )
    };
    match bytes {
        [] => Err(unfit("is empty")),
        // Of a text editor's; nobody who types it later types that.
        [0xEF, 0xBB, 0xBF, ..] | [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => {
            Err(unfit("begins with the mark of a Unicode file (BOM)"))
        }
        _ if bytes.contains(&0) => Err(unfit("has a NUL in it, where openssl would end it")),
        _ if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) => {
            Err(unfit("has a line break in it"))
        }
        _ if bytes.len() > MAX_PASSPHRASE => {
            Err(unfit(&format!("is longer than {MAX_PASSPHRASE} bytes"))
                .with_fact(FactName::Limit, MAX_PASSPHRASE))
        }
        _ => Ok(()),
    }
}

fn no_passphrase(message: String, hint: &str) -> Error {
    Error::new(ErrorKind::NoPassphrase, message, hint)
}

/// Names the key file, unless the passphrase's own file is what the message is about.
fn about_file(error: Error, key: &Path) -> Error {
    if error.kind == ErrorKind::NoPassphrase && !error.facts.contains_key(&FactName::File) {
        error.with_fact(FactName::File, key)
    } else {
        error
    }
}

/// Says for which file the terminal was wanted.
fn no_terminal(error: Error, why: &str) -> Error {
    if error.kind == ErrorKind::NoPassphrase {
        Error {
            message: error.message.clone().prefixed_with(format!("{why}, and ")),
            ..error
        }
    } else {
        error
    }
}

/// The first line of a file, without its line end. Not a byte more is read than that line has, so
/// that a writer may keep its pipe open, and the next passphrase be the next line.
fn first_line(file: io::Result<File>, path: &Path, name: &str) -> Result<Zeroizing<Vec<u8>>> {
    let unreadable = |what: String| {
        Error::new(
            ErrorKind::PassphraseUnreadable,
            format!("{name} {what}"),
            "give a readable source of the passphrase",
        )
        .with_fact(FactName::File, shown_file(path))
    };
    let describe = |error: std::io::Error| match error.kind() {
        io::ErrorKind::NotFound => unreadable("does not exist, or is not open".to_owned()),
        io::ErrorKind::IsADirectory => unreadable("is a directory".to_owned()),
        io::ErrorKind::PermissionDenied => unreadable("may not be read by this user".to_owned()),
        _ => unreadable(format!("cannot be read: {error}")),
    };
    let file = file.map_err(describe)?;
    match read_line(Patient(&file)).map_err(describe)? {
        PassphraseLine::Whole(line) | PassphraseLine::Ended(line) => Ok(line),
        PassphraseLine::TooLong => Err(unreadable(format!(
            "has a first line of more than {MAX_PASSPHRASE} bytes"
        ))),
    }
}

/// The result of reading one line.
enum PassphraseLine {
    /// A line with its end.
    Whole(Zeroizing<Vec<u8>>),
    /// The bytes that there were before the input ended.
    Ended(Zeroizing<Vec<u8>>),
    /// More than a passphrase may have.
    TooLong,
}

/// A file that is waited for where it does not wait itself.
struct Patient<'a>(&'a File);

impl Read for Patient<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut file = self.0;
            match file.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    fsio::wait_to_read(self.0)?;
                }
                read => return read,
            }
        }
    }
}

/// Reads up to the first LF, byte by byte, and drops a CR before it.
fn read_line(mut from: impl Read) -> std::io::Result<PassphraseLine> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE + 2));
    let mut byte = Zeroizing::new([0u8; 1]);
    let ended = loop {
        match from.read(byte.as_mut_slice()) {
            Ok(0) => break true,
            Ok(_) if byte.as_slice() == b"\n" => break false,
            Ok(_) => line.extend_from_slice(byte.as_slice()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if line.len() > MAX_PASSPHRASE + 1 {
            return Ok(PassphraseLine::TooLong);
        }
    };
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(match line.len() {
        length if length > MAX_PASSPHRASE => PassphraseLine::TooLong,
        _ if ended => PassphraseLine::Ended(line),
        _ => PassphraseLine::Whole(line),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    fn first_line_of(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        PassphraseSource::File(file.path().to_path_buf())
            .for_key(Path::new("k"), false)
            .map(|p| p.as_bytes().to_vec())
    }

    #[test]
    fn the_first_line_is_the_passphrase() {
        for text in [
            &b"pass word\n"[..],
            b"pass word",
            b"pass word\r\n",
            b"pass word\nsecond line\n",
        ] {
            assert_eq!(first_line_of(text).unwrap(), b"pass word");
        }
        assert_eq!(
            first_line_of("Schlüssel \n".as_bytes()).unwrap(),
            "Schlüssel ".as_bytes()
        );
        assert_eq!(first_line_of(&[b'x'; 1023]).unwrap().len(), 1023);
        assert_eq!(
            first_line_of(&[b'x'; 1024]).unwrap_err().kind,
            ErrorKind::PassphraseUnreadable
        );
        assert_eq!(
            first_line_of(b"").unwrap_err().kind,
            ErrorKind::NoPassphrase
        );
        assert_eq!(
            first_line_of(b"\nsecond").unwrap_err().kind,
            ErrorKind::NoPassphrase
        );
    }

    #[test]
    fn sources_that_yield_nothing_say_which_they_are() {
        for (source, kind, name) in [
            (
                PassphraseSource::File("/usr/nonexistent".into()),
                ErrorKind::PassphraseUnreadable,
                "/usr/nonexistent",
            ),
            (
                PassphraseSource::File("/".into()),
                ErrorKind::PassphraseUnreadable,
                "directory",
            ),
            (
                PassphraseSource::File("/dev/zero".into()),
                ErrorKind::PassphraseUnreadable,
                "1023",
            ),
            (
                PassphraseSource::Fd(987_654),
                ErrorKind::PassphraseUnreadable,
                "descriptor 987654",
            ),
            (
                PassphraseSource::Env("HSMBOOT_TEST_UNSET".into()),
                ErrorKind::NoPassphrase,
                "HSMBOOT_TEST_UNSET",
            ),
        ] {
            let error = source.for_key(Path::new("k"), false).unwrap_err();
            assert_eq!(
                (error.kind, error.class()),
                (kind, crate::error::Class::Ca),
                "{}",
                error.message
            );
            assert!(error.message.contains(name), "{}", error.message);
        }
    }

    #[test]
    fn a_descriptor_is_read_up_to_its_first_line_only() {
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"secret\nrest").unwrap(); // and the writer stays open
        // As one that a shell passes on.
        rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty()).unwrap();
        let number = u32::try_from(reader.as_raw_fd()).unwrap();
        assert_eq!(
            PassphraseSource::Fd(number)
                .for_key(Path::new("k"), false)
                .unwrap()
                .as_bytes(),
            b"secret"
        );
    }

    #[test]
    fn a_new_key_takes_no_unfit_passphrase() {
        for unfit in [&b"\n"[..], b"a\0b\n", b"a\rb\n"] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(unfit).unwrap();
            let error = PassphraseSource::File(file.path().to_path_buf())
                .for_new_key(Path::new("k"), WeakPassphrase::Allowed)
                .unwrap_err();
            assert!([ErrorKind::PassphraseUnfit, ErrorKind::NoPassphrase].contains(&error.kind));
        }
    }

    #[test]
    fn a_passphrase_prints_nothing_of_itself() {
        let passphrase = Passphrase::new(Zeroizing::new(b"hunter2".to_vec()));
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
    }
}
