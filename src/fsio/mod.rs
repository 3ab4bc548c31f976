//! Files: read within bounds, written whole or not at all.

mod group;
mod lock;
mod staged;
mod write;

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub use staged::{abandon, abandon_on_bug};
pub(crate) use write::{Chosen, occupied};
pub use write::{Held, NewFile, check_free, check_writable, hold, mend, write_all, write_named};

use crate::error::{Class, Error, Result};

/// The largest PEM input that is read at all. What lies between this and the documented 5000 characters is read, to be refused by name.
pub const MAX_INPUT: u64 = 64 * 1024;

/// Reads a file that the user named, `what` it should be, of at most `max` bytes. A larger one is refused before it is read.
///
/// # Errors
/// Missing, a directory, or too large: class `Input`. Not readable: class `Machine`.
pub fn read(path: &Path, what: &str, max: u64) -> Result<Vec<u8>> {
    read_as(Kind::Any, path, what, max)
}

/// The same of what has to be a file: a pipe or a device in its place, which could wait for ever, is refused unread.
///
/// # Errors
/// As [`read`]; also what is no file, class `Input`, `not-a-file`.
pub fn read_file(path: &Path, what: &str, max: u64) -> Result<Vec<u8>> {
    read_as(Kind::File, path, what, max)
}

/// The same of a file in a bundle, which comes from outside: a link there could lead to any file of this machine's.
///
/// # Errors
/// As [`read_file`].
pub fn read_regular(path: &Path, what: &str, max: u64) -> Result<Vec<u8>> {
    read_as(Kind::FileItself, path, what, max)
}

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Whatever has that name.
    Any,
    /// A file, be it by a link.
    File,
    /// A file, and no link to one.
    FileItself,
}

impl Kind {
    fn open(self, path: &Path) -> io::Result<File> {
        use rustix::fs::OFlags;
        let flags = match self {
            Kind::Any => OFlags::empty(),
            // Opening a pipe would wait for who writes to it.
            Kind::File => OFlags::NONBLOCK,
            Kind::FileItself => OFlags::NONBLOCK | OFlags::NOFOLLOW,
        };
        File::options().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or_default()).open(path)
    }
}

fn read_as(kind: Kind, path: &Path, what: &str, max: u64) -> Result<Vec<u8>> {
    let name = path.display();
    let input = |kind, message: String, hint: &str| Error::new(Class::Input, kind, message, hint);
    let fault = |cause: &io::Error| match cause.kind() {
        io::ErrorKind::NotFound => input("file-missing", format!("{what} is missing: there is no file {name}"), "check the path"),
        _ if leads_nowhere(cause) => {
            input("file-missing", format!("{what} is missing: {name} is no path to a file: {}", io_text(cause)), "check the path")
        }
        io::ErrorKind::IsADirectory => input("is-a-directory", format!("{name} is a directory, expected {what}"), "name the file itself"),
        io::ErrorKind::NotADirectory => {
            input("file-missing", format!("{what} is missing: {name} runs through something that is no directory"), "check the path")
        }
        _ => Error::new(Class::Machine, "unreadable", format!("{name} cannot be read ({what}): {}", io_text(cause)), "check the file's permissions"),
    };
    let not_a_file = |message| input("not-a-file", message, "a bundle holds files only: fetch or copy it again");
    let special = || not_a_file(format!("{name} is a pipe, a socket or a device, expected a file with {what}"));
    let file = kind.open(path).map_err(|cause| match fs::symlink_metadata(path) {
        Ok(facts) if kind == Kind::FileItself && facts.is_symlink() => not_a_file(format!("{name} is a symbolic link, expected a file with {what}")),
        Ok(facts) if kind != Kind::Any && !facts.is_symlink() && !facts.is_file() && !facts.is_dir() => special(),
        _ => fault(&cause),
    })?;
    let facts = file.metadata().map_err(|cause| fault(&cause))?;
    if facts.is_dir() {
        return Err(input("is-a-directory", format!("{name} is a directory, expected {what}"), "name the file itself"));
    }
    if kind != Kind::Any && !facts.is_file() {
        return Err(special());
    }
    let too_large = |found: u64| {
        input(
            "file-too-large",
            format!("{name} is too large for {what}: {found} bytes or more, expected at most {max}"),
            "check that this is the right file",
        )
    };
    if facts.is_file() && facts.len() > max {
        return Err(too_large(facts.len()));
    }
    let mut content = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut content).map_err(|cause| fault(&cause))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= max => Ok(content),
        _ => Err(too_large(max.saturating_add(1))),
    }
}

/// A path that no file can have: a name too long, or links in a circle.
pub(crate) fn leads_nowhere(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::InvalidFilename || cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// An I/O error in words, without the error number.
pub fn io_text(cause: &io::Error) -> String {
    let text = cause.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

fn machine(path: &Path, cause: &io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space and run the same command again; nothing was left half-written",
        _ => "check the directory and its permissions; nothing was left half-written",
    };
    Error::new(Class::Machine, "cannot-write", format!("{} cannot be written: {}", path.display(), io_text(cause)), hint)
}

/// That `dir` is a directory, or can become one as far as the paths say, before any work is done for what goes into it.
///
/// # Errors
/// Class `Input` where something else stands there, or on the way.
pub fn check_dir(dir: &Path) -> Result<()> {
    // The nearest that exists; an empty path is the directory that the program runs in.
    let nearest = dir.ancestors().filter(|path| !path.as_os_str().is_empty()).find_map(|path| fs::metadata(path).ok());
    if nearest.is_none_or(|facts| facts.is_dir()) { Ok(()) } else { Err(no_directory(dir)) }
}

fn no_directory(dir: &Path) -> Error {
    Error::new(
        Class::Input,
        "not-a-directory",
        format!("{} is not a directory, and a directory is expected", dir.display()),
        "name a directory, or a path where one can be made",
    )
}

/// Makes the directory if need be.
///
/// # Errors
/// Class `Machine`, or `Input` where the path is a file.
pub fn make_dir(dir: &Path) -> Result<()> {
    match fs::create_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(cause) if matches!(cause.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) => Err(no_directory(dir)),
        Err(cause) => Err(machine(dir, &cause)),
    }
}
