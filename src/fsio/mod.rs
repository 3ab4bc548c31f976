//! Files: read within bounds, written whole or not at all.

mod dir;
mod group;
mod lock;
mod new_file;
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
pub use staged::{abandon, abandon_on_bug};
pub(crate) use write::{Chosen, key_in_place, occupied};
pub use write::{
    Held, check_free, check_writable, hold, hold_dir, mend, mend_dir, write_all, write_named,
};

use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown;

/// The largest PEM input that is read at all. What lies between this and the documented 5000
/// characters is read, to be refused by name.
pub const MAX_INPUT: u64 = 64 * 1024;

/// Opens what the user named, to read it. It may be a link, and a pipe or a terminal as well:
/// `<(...)` of a shell is one. It is opened without waiting, and then waited for until there is
/// something to read, which a signal ends as it ends everything else (`cli::signals`).
///
/// # Errors
/// As open(2) and poll(2) have them.
pub fn open(path: &Path) -> io::Result<File> {
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
pub fn terminal() -> io::Result<File> {
    Ok(File::from(rustix::fs::open(
        "/dev/tty",
        OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?))
}

/// Reads a file that the user named, `what` it should be, of at most `max` bytes: opened as
/// [`open`] does, judged by its descriptor. A larger one is refused before it is read.
///
/// # Errors
/// Missing, a directory, or too large: class `Input`. Not readable: class `Machine`.
pub fn read(path: &Path, what: &str, max: u64) -> Result<Vec<u8>> {
    read_with_facts(path, what, max).map(|(content, _)| content)
}

/// The same, with what the system says of it.
///
/// # Errors
/// As [`read`].
pub fn read_with_facts(path: &Path, what: &str, max: u64) -> Result<(Vec<u8>, Metadata)> {
    let place = Place { path, what };
    let file = open(path).map_err(|cause| place.fault(&cause))?;
    let facts = file.metadata().map_err(|cause| place.fault(&cause))?;
    read_bounded(&file, &facts, &place, max).map(|content| (content, facts))
}

/// Where something is read, and what it should be.
struct Place<'a> {
    path: &'a Path,
    what: &'a str,
}

impl Place<'_> {
    fn fault(&self, cause: &io::Error) -> Error {
        self.error_of(cause)
            .with_fact(FactName::File, self.path)
            .with_fact(FactName::Cause, io_text(cause))
    }

    fn error_of(&self, cause: &io::Error) -> Error {
        let Place { path, what } = self;
        let name = shown(path);
        match cause.kind() {
            io::ErrorKind::NotFound => input(
                ErrorKind::FileMissing,
                format!("{what} is missing: there is no file {name}"),
                "check the path",
            ),
            _ if leads_nowhere(cause) => input(
                ErrorKind::FileMissing,
                format!(
                    "{what} is missing: {name} is no path to a file: {}",
                    io_text(cause)
                ),
                "check the path",
            ),
            io::ErrorKind::IsADirectory => self.is_a_directory(),
            io::ErrorKind::NotADirectory => input(
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
        input(
            ErrorKind::IsADirectory,
            format!(
                "{} is a directory, expected {}",
                shown(self.path),
                self.what
            ),
            "name the file itself",
        )
        .with_fact(FactName::File, self.path)
    }

    fn is_a_link(&self) -> Error {
        self.not_a_file(format!(
            "{} is a symbolic link, expected a file with {}",
            shown(self.path),
            self.what
        ))
    }

    fn is_no_file(&self) -> Error {
        self.not_a_file(format!(
            "{} is a pipe, a socket or a device, expected a file with {}",
            shown(self.path),
            self.what
        ))
    }

    fn not_a_file(&self, message: String) -> Error {
        input(
            ErrorKind::NotAFile,
            message,
            "a bundle holds files only: fetch or copy it again",
        )
        .with_fact(FactName::File, self.path)
    }

    fn has_another_name(&self, names: u64) -> Error {
        input(
            ErrorKind::HasAnotherName,
            format!(
                "{} has {names} names (hard links), and a file of a bundle that travels has one: \
                 whoever made the link may have put another file's text here",
                shown(self.path)
            ),
            "look at what the file holds; if it belongs to the bundle, copy the bundle into a new \
             directory, where its files are their own, and do this with the copy",
        )
        .with_fact(FactName::File, self.path)
    }

    fn too_large(&self, found: u64, max: u64) -> Error {
        let message = format!(
            "{} is too large for {}: {found} bytes or more, expected at most {max}",
            shown(self.path),
            self.what
        );
        input(
            ErrorKind::FileTooLarge,
            message,
            "check that this is the right file",
        )
        .with_fact(FactName::File, self.path)
        .with_fact(FactName::Size, found)
        .with_fact(FactName::Limit, max)
    }
}

fn input(kind: ErrorKind, message: String, hint: &str) -> Error {
    Error::new(kind, message, hint)
}

/// Reads what was opened.
fn read_bounded(file: &File, facts: &Metadata, place: &Place<'_>, max: u64) -> Result<Vec<u8>> {
    if facts.is_dir() {
        return Err(place.is_a_directory());
    }
    if facts.is_file() && facts.len() > max {
        return Err(place.too_large(facts.len(), max));
    }
    let mut content = Vec::new();
    file.take(max.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|cause| place.fault(&cause))?;
    match u64::try_from(content.len()) {
        Ok(length) if length <= max => Ok(content),
        _ => Err(place.too_large(max.saturating_add(1), max)),
    }
}

/// Whether something has this path, be it a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether a path leads to nothing.
pub fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

/// What a path leads to, as the system says without opening it: for warnings, which decide nothing.
pub fn facts(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok()
}

/// Whether two paths lead to one file or one directory, by whatever names.
pub fn is_same(one: &Path, other: &Path) -> bool {
    facts(one).is_some_and(|facts| is(other, &facts))
}

/// Whether a path leads to what these are the facts of.
pub fn is(path: &Path, of: &Metadata) -> bool {
    facts(path).is_some_and(|facts| are_same(&facts, of))
}

fn are_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether a file that was opened at a path lies in a directory: because the way to it goes through
/// a name there, in whatever depth, or because it has another name there.
pub fn lies_in(dir: &Path, path: &Path, of: &Metadata) -> bool {
    goes_through(dir, path)
        || is(dir, of)
        || fs::read_dir(dir).is_ok_and(|entries| {
            entries
                .flatten()
                .filter_map(|entry| entry.metadata().ok())
                .any(|entry| are_same(&entry, of))
        })
}

/// The most links that a path may go through (path_resolution(7)).
const MAX_LINKS: u32 = 40;

/// Whether a path, or a link on its way, goes through a name in a directory. Whoever can write to
/// the directory chooses what that name leads to, now and a moment later: it does not matter where
/// it leads.
fn goes_through(dir: &Path, path: &Path) -> bool {
    let Some(dir) = facts(dir) else { return false };
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
        if is(&at, &dir) {
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

/// Where a path leads, through all links.
///
/// # Errors
/// As realpath(3) has them.
pub fn leads_to(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// Where a path leads that is a link itself: a slash or a dot at its end changes nothing. `None`:
/// it is no link, or nothing; an empty path: the link leads nowhere.
pub(crate) fn link_target(path: &Path) -> Option<PathBuf> {
    let path = dir::itself(path);
    fs::symlink_metadata(&path)
        .ok()
        .filter(|facts| facts.is_symlink())?;
    Some(fs::canonicalize(&path).unwrap_or_default())
}

/// Whether something has this name, a link that leads nowhere included.
pub(crate) fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A path that no file can have: a name too long, or links in a circle.
pub(crate) fn leads_nowhere(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::InvalidFilename
        || cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
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
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space and run the same command again; nothing was left half-written"
        }
        _ => "check the directory and its permissions; nothing was left half-written",
    };
    Error::new(
        ErrorKind::CannotWrite,
        format!("{} cannot be written: {}", shown(path), io_text(cause)),
        hint,
    )
    .with_fact(FactName::File, path)
    .with_fact(FactName::Cause, io_text(cause))
}

/// That `dir` is a directory, or can become one as far as the paths say, before any work is done
/// for what goes into it.
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
            shown(dir)
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
        Err(cause) => Err(machine(dir, &cause)),
    }
}
