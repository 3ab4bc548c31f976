//! Files, read within bounds.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::dir::Dir;
use super::paths::leads_nowhere;
use super::{io_text, open_named};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_path;

/// The flags with which a file is opened for reading: without following a link, without waiting for
/// who writes to a pipe, and not for a started program (open(2)).
const READ_ITSELF: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Reads a file that the user named, `what` it should be, of at most `max` bytes: opened as
/// [`open_named`] does, judged by its descriptor. A larger one is refused before it is read.
///
/// # Errors
/// Missing, a directory, or too large: class `Input`. Not readable: class `Machine`.
pub fn read(path: &Path, what: &str, max: u64) -> Result<Vec<u8>> {
    read_with_facts(path, what, max).map(|(content, _)| content)
}

/// Does the same as [`read`], and returns the file's metadata too.
///
/// # Errors
/// As [`read`].
pub fn read_with_facts(path: &Path, what: &str, max: u64) -> Result<(Vec<u8>, Metadata)> {
    let place = ReadPlace { path, what };
    let file = open_named(path).map_err(|cause| place.read_error(&cause))?;
    let facts = file.metadata().map_err(|cause| place.read_error(&cause))?;
    read_bounded(&file, &facts, &place, max).map(|content| (content, facts))
}

/// Returns the error of a path at which `what` should be, and which cannot be looked at.
pub fn cannot_look(path: &Path, what: &str, cause: &io::Error) -> Error {
    ReadPlace { path, what }.read_error(cause)
}

/// The place where something is read, and what it should be.
struct ReadPlace<'a> {
    path: &'a Path,
    what: &'a str,
}

impl ReadPlace<'_> {
    fn read_error(&self, cause: &io::Error) -> Error {
        self.error_of(cause)
            .with_fact(FactName::File, self.path)
            .with_fact(FactName::Cause, io_text(cause))
    }

    fn error_of(&self, cause: &io::Error) -> Error {
        let ReadPlace { path, what } = self;
        let name = shown_path(path);
        match cause.kind() {
            io::ErrorKind::NotFound => input_error(
                ErrorKind::FileMissing,
                format!("{what} is missing: there is no file {name}"),
                "check the path",
            ),
            _ if leads_nowhere(cause) => input_error(
                ErrorKind::FileMissing,
                format!(
                    "{what} is missing: {name} is no path to a file: {}",
                    io_text(cause)
                ),
                "check the path",
            ),
            io::ErrorKind::IsADirectory => self.is_a_directory(),
            io::ErrorKind::NotADirectory => input_error(
                ErrorKind::FileMissing,
                format!("{what} is missing: {name} runs through something that is no directory"),
                "check the path",
            ),
            _ => Error::new(
                ErrorKind::Unreadable,
                format!("{name} cannot be read ({what}): {}", io_text(cause)),
                "check the file's permissions",
            ),
        }
    }

    fn is_a_directory(&self) -> Error {
        input_error(
            ErrorKind::IsADirectory,
            format!(
                "{} is a directory, expected {}",
                shown_path(self.path),
                self.what
            ),
            "name the file itself",
        )
        .with_fact(FactName::File, self.path)
    }

    fn is_a_link(&self) -> Error {
        self.not_a_file(format!(
            "{} is a symbolic link, expected a file with {}",
            shown_path(self.path),
            self.what
        ))
    }

    fn is_no_file(&self) -> Error {
        self.not_a_file(format!(
            "{} is a pipe, a socket or a device, expected a file with {}",
            shown_path(self.path),
            self.what
        ))
    }

    fn not_a_file(&self, message: String) -> Error {
        input_error(
            ErrorKind::NotAFile,
            message,
            "a bundle holds files only: fetch or copy it again",
        )
        .with_fact(FactName::File, self.path)
    }

    fn has_another_name(&self, names: u64) -> Error {
        input_error(
            ErrorKind::HasAnotherName,
            format!(
                "{} has {names} names (hard links), and a file of a bundle that travels has one: \
                 whoever made the link may have put another file's text here",
                shown_path(self.path)
            ),
            "look at what the file holds; if it belongs to the bundle, copy the bundle into a new \
             directory, where its files are their own, and do this with the copy",
        )
        .with_fact(FactName::File, self.path)
        .with_fact(FactName::Limit, 1_u32)
        .with_fact(FactName::Size, names)
    }

    fn too_large(&self, found: u64, max: u64) -> Error {
        let message = format!(
            "{} is too large for {}: {found} bytes or more, expected at most {max}",
            shown_path(self.path),
            self.what
        );
        input_error(
            ErrorKind::FileTooLarge,
            message,
            "check that this is the right file",
        )
        .with_fact(FactName::File, self.path)
        .with_fact(FactName::Size, found)
        .with_fact(FactName::Limit, max)
    }
}

fn input_error(kind: ErrorKind, message: String, hint: &str) -> Error {
    Error::new(kind, message, hint)
}

/// Returns the room for what is read, so that one call reads it and another one finds its end: the
/// length of a file, which the caller has bounded. What has no length says 0 (inode(7)).
fn room_for(facts: &Metadata) -> usize {
    // What `Read::read_to_end` wants to find free, to look for the end without growing.
    const SPARE: usize = 64;
    // Saturating: a length beyond the address space is refused where memory is asked for.
    usize::try_from(facts.len())
        .unwrap_or_default()
        .saturating_add(SPARE)
}

/// Reads what was opened.
fn read_bounded(file: &File, facts: &Metadata, place: &ReadPlace<'_>, max: u64) -> Result<Vec<u8>> {
    if facts.is_dir() {
        return Err(place.is_a_directory());
    }
    if facts.is_file() && facts.len() > max {
        return Err(place.too_large(facts.len(), max));
    }
    let mut content = Vec::with_capacity(room_for(facts));
    // Saturating: the limit is the caller's, and one beyond all files is no limit.
    let beyond = max.saturating_add(1);
    file.take(beyond)
        .read_to_end(&mut content)
        .map_err(|cause| place.read_error(&cause))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= max => Ok(content),
        _ => Err(place.too_large(beyond, max)),
    }
}

impl Dir {
    /// Opens what has this name, to read it: at once, and no link.
    fn open_to_read(&self, name: &Path) -> io::Result<File> {
        Ok(File::from(rustix::fs::openat(
            &*self.handle,
            name,
            READ_ITSELF,
            Mode::empty(),
        )?))
    }

    /// Opens a file: nothing else that has this name.
    ///
    /// # Errors
    /// As openat(2) has them; `InvalidInput` for what is no file.
    pub fn open_file(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let file = self.open_to_read(name.as_ref())?;
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(no_file())
        }
    }

    /// Opens a file to lock it, and makes it first where there is none.
    ///
    /// # Errors
    /// As [`Dir::open_file`].
    pub fn open_or_make(&self, name: impl AsRef<Path>, mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(
            &*self.handle,
            name.as_ref(),
            flags,
            Mode::from_bits_truncate(mode),
        )?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(no_file())
        }
    }

    /// Reads a file of at most `max` bytes, `what` it should be.
    ///
    /// # Errors
    /// Missing, something else than a file, too large: class `Input`. Not readable: class
    /// `Machine`.
    pub fn read(&self, name: impl AsRef<Path>, what: &str, max: u64) -> Result<Vec<u8>> {
        self.read_if(name, what, max, |_, _| Ok(()))
    }

    /// Does the same as [`Dir::read`] with a file that has this name alone: one that has another,
    /// elsewhere, may be anybody's (link(2)).
    ///
    /// # Errors
    /// As [`Dir::read`]; class `Input`, `has-another-name`.
    pub fn read_sole(&self, name: impl AsRef<Path>, what: &str, max: u64) -> Result<Vec<u8>> {
        self.read_if(name, what, max, |place, facts| {
            if facts.nlink() > 1 {
                Err(place.has_another_name(facts.nlink()))
            } else {
                Ok(())
            }
        })
    }

    fn read_if(
        &self,
        name: impl AsRef<Path>,
        what: &str,
        max: u64,
        may: impl FnOnce(&ReadPlace<'_>, &std::fs::Metadata) -> Result<()>,
    ) -> Result<Vec<u8>> {
        let path = self.path().join(name.as_ref());
        let place = ReadPlace { path: &path, what };
        let file = self
            .open_to_read(name.as_ref())
            .map_err(|cause| match Errno::from_io_error(&cause) {
                // O_NOFOLLOW says it so of a link, and no other can be met on a name without a
                // slash (open(2)).
                Some(Errno::LOOP) => place.is_a_link(),
                // A socket, or a device without a driver.
                Some(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP) => place.is_no_file(),
                _ => place.read_error(&cause),
            })?;
        let facts = file.metadata().map_err(|cause| place.read_error(&cause))?;
        if !facts.is_file() && !facts.is_dir() {
            return Err(place.is_no_file());
        }
        if facts.is_file() {
            may(&place, &facts)?;
        }
        read_bounded(&file, &facts, &place, max)
    }

    /// Reads a file that holds at most `max` bytes: with its mode.
    ///
    /// # Errors
    /// As [`Dir::open_file`]; `FileTooLarge`.
    pub fn read_with_mode(&self, name: &str, max: u64) -> io::Result<(Vec<u8>, u32)> {
        let file = self.open_file(name)?;
        let facts = file.metadata()?;
        if facts.len() > max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut content = Vec::with_capacity(room_for(&facts));
        // Saturating: as above.
        file.take(max.saturating_add(1)).read_to_end(&mut content)?;
        match u64::try_from(content.len()) {
            Ok(length) if length <= max => Ok((content, facts.mode() & 0o777)),
            _ => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}
