//! Files: read within bounds, written whole or not at all.

mod dir;
mod group;
mod lock;
mod new_file;
#[cfg(feature = "lambda")]
mod scratch;
mod staged;
mod write;

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;

pub use dir::Dir;
pub use new_file::NewFile;
#[cfg(feature = "lambda")]
pub(crate) use scratch::ScratchDir;
pub use staged::{abandon_on_bug, abandon_pending};
pub(crate) use write::{ChosenPlace, key_in_place, occupied_place};
pub use write::{
    HeldDir, check_free, check_writable, hold_dir, hold_path, mend_dir, mend_leftovers, write_all,
    write_named,
};

use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_path;

/// The largest PEM input that is read at all. What lies between this and the documented 5000
/// characters is read, to be refused by name.
pub const MAX_INPUT: u64 = 64 * 1024;

/// Opens what the user named, to read it. It may be a link, and a pipe or a terminal as well:
/// `<(...)` of a shell is one. It is opened without waiting, and then waited for until there is
/// something to read, which a signal ends as it ends everything else (`cli::signals`).
///
/// # Errors
/// As open(2) and poll(2) have them.
pub fn open_named(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty())?);
    let facts = file.metadata()?;
    if !facts.is_file() && !facts.is_dir() {
        // A pipe that nobody has opened to write to yet is not at its end (poll(2)): whoever is to
        // write may come later.
        rustix::io::retry_on_intr(|| {
            rustix::event::poll(&mut [PollFd::new(&file, PollFlags::IN)], None)
        })?;
    }
    rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Opens what the user named, to append to it; a file that is not there is made, and a pipe is
/// waited for. A link is not followed: where others can write, it is theirs, and leads to what they
/// like. Those of the system, to open descriptors, are.
///
/// # Errors
/// As open(2) has them; ELOOP for a link.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    let of_the_system = path.starts_with("/dev/fd")
        || path.starts_with("/proc")
        || ["/dev/stdout", "/dev/stderr"]
            .map(Path::new)
            .contains(&path);
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    let links = if of_the_system && !goes_up {
        OFlags::empty()
    } else {
        OFlags::NOFOLLOW
    };
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    Ok(File::from(rustix::fs::open(path, flags | links, mode)?))
}

/// Tells whether a path was not opened because it is a link.
pub fn is_link_error(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Opens a file that lies where others may write: no link, and nothing but a file, so that nothing
/// is waited for. Links on the way to it are followed.
///
/// # Errors
/// As [`Dir::open_file`].
pub fn open_itself(path: &Path) -> io::Result<File> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    Dir::open(path.parent().unwrap_or(Path::new("")))?.open_file(name)
}

/// Opens the terminal that the process belongs to, to ask there.
///
/// # Errors
/// As open(2) has them: there is none.
pub fn open_terminal() -> io::Result<File> {
    Ok(File::from(rustix::fs::open(
        "/dev/tty",
        OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?))
}

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

/// Reads what was opened.
fn read_bounded(file: &File, facts: &Metadata, place: &ReadPlace<'_>, max: u64) -> Result<Vec<u8>> {
    if facts.is_dir() {
        return Err(place.is_a_directory());
    }
    if facts.is_file() && facts.len() > max {
        return Err(place.too_large(facts.len(), max));
    }
    let mut content = Vec::new();
    file.take(max.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|cause| place.read_error(&cause))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= max => Ok(content),
        _ => Err(place.too_large(max.saturating_add(1), max)),
    }
}

/// Tells whether something has this path, be it a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Tells whether a path leads to nothing.
pub fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

/// Returns the metadata of what a path leads to, as the system says without opening it: for
/// warnings, which decide nothing.
pub fn metadata_of(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok()
}

/// Tells whether two paths lead to one file or one directory, by whatever names.
pub fn is_same(one: &Path, other: &Path) -> bool {
    metadata_of(one).is_some_and(|facts| is_file_of(other, &facts))
}

/// Tells whether a path leads to the file that has this metadata.
pub fn is_file_of(path: &Path, of: &Metadata) -> bool {
    metadata_of(path).is_some_and(|facts| are_same(&facts, of))
}

fn are_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Tells whether a file that was opened at a path lies in a directory: because the way to it goes
/// through a name there, in whatever depth, or because it has another name there.
pub fn lies_in(dir: &Path, path: &Path, of: &Metadata) -> bool {
    goes_through(dir, path)
        || is_file_of(dir, of)
        || fs::read_dir(dir).is_ok_and(|entries| {
            entries
                .flatten()
                .filter_map(|entry| entry.metadata().ok())
                .any(|entry| are_same(&entry, of))
        })
}

/// The most links that a path may go through (path_resolution(7)).
const MAX_LINKS: u32 = 40;

/// Tells whether a path, or a link on its way, goes through a name in a directory. Whoever can
/// write to the directory chooses what that name leads to, now and a moment later: it does not
/// matter where it leads.
fn goes_through(dir: &Path, path: &Path) -> bool {
    let Some(dir) = metadata_of(dir) else {
        return false;
    };
    let parts = |path: &Path| {
        path.components()
            .map(|part| PathBuf::from(part.as_os_str()))
            .rev()
            .collect::<Vec<_>>()
    };
    let (mut ahead, mut at, mut links) = (parts(path), PathBuf::from("."), 0_u32);
    while let Some(part) = ahead.pop() {
        if !matches!(part.components().next(), Some(Component::Normal(_))) {
            at.push(part); // the root, which replaces what was before; or up
            continue;
        }
        if is_file_of(&at, &dir) {
            return true;
        }
        at.push(part);
        let Ok(target) = fs::read_link(&at) else {
            continue;
        };
        at.pop();
        links += 1;
        if links > MAX_LINKS {
            return true;
        }
        ahead.extend(parts(&target));
    }
    false
}

/// Returns where a path leads, through all links.
///
/// # Errors
/// As realpath(3) has them.
pub fn resolve_path(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// Returns where a path leads that is a link itself: a slash or a dot at its end changes nothing.
/// `None`: it is no link, or nothing; an empty path: the link leads nowhere.
pub(crate) fn link_target(path: &Path) -> Option<PathBuf> {
    let path = dir::without_trailing_slash(path);
    fs::symlink_metadata(&path)
        .ok()
        .filter(|facts| facts.is_symlink())?;
    Some(fs::canonicalize(&path).unwrap_or_default())
}

/// Tells whether something has this name, a link that leads nowhere included.
pub(crate) fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Tells whether the error is of a path that no file can have: a name too long, or links in a
/// circle.
pub(crate) fn leads_nowhere(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::InvalidFilename
        || cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Says an I/O error in words, without the error number.
pub fn io_text(cause: &io::Error) -> String {
    let text = cause.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

fn machine_error(path: &Path, cause: &io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space and run the same command again; nothing was left half-written"
        }
        _ => "check the directory and its permissions; nothing was left half-written",
    };
    Error::new(
        ErrorKind::CannotWrite,
        format!("{} cannot be written: {}", shown_path(path), io_text(cause)),
        hint,
    )
    .with_fact(FactName::File, path)
    .with_fact(FactName::Cause, io_text(cause))
}

/// Checks that `dir` is a directory, or can become one as far as the paths say, before any work is
/// done for what goes into it.
///
/// # Errors
/// Class `Input` where something else stands there, or on the way.
pub fn check_dir(dir: &Path) -> Result<()> {
    // The nearest that exists; an empty path is the directory that the program runs in.
    let nearest = dir
        .ancestors()
        .filter(|path| !path.as_os_str().is_empty())
        .find_map(|path| fs::metadata(path).ok());
    if nearest.is_none_or(|facts| facts.is_dir()) {
        Ok(())
    } else {
        Err(no_directory(dir))
    }
}

fn no_directory(dir: &Path) -> Error {
    Error::new(
        ErrorKind::NotADirectory,
        format!(
            "{} is not a directory, and a directory is expected",
            shown_path(dir)
        ),
        "name a directory, or a path where one can be made",
    )
    .with_fact(FactName::File, dir)
}

/// Makes the directory if need be.
///
/// # Errors
/// Class `Machine`, or `Input` where the path is a file.
pub fn make_dir(dir: &Path) -> Result<()> {
    match fs::create_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory
            ) =>
        {
            Err(no_directory(dir))
        }
        Err(cause) => Err(machine_error(dir, &cause)),
    }
}
