//! Files: read within bounds, written whole or not at all.

mod descriptor;
mod dir;
mod free;
mod group;
mod lock;
mod new_file;
mod paths;
mod read;
#[cfg(feature = "lambda")]
mod scratch;
mod staged;
mod write;

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;

pub use descriptor::{DescriptorUse, descriptor_path, open_descriptor, wait_to_read};
pub use dir::Dir;
pub use free::check_free;
pub(crate) use free::{ChosenPlace, key_in_place, occupied_place};
pub use new_file::NewFile;
pub use paths::{
    are_same, is_missing, is_same, is_there, lies_in, look_at, metadata_of, resolve_path,
};
pub(crate) use paths::{leads_nowhere, link_target};
pub use read::{cannot_look, read, read_with_facts};
#[cfg(feature = "lambda")]
pub(crate) use scratch::ScratchDir;
pub use staged::{abandon_on_bug, abandon_pending};
pub use write::{
    HeldDir, check_writable, hold_dir, hold_path, is_interrupted, mend_dir, mend_leftovers,
    write_all, write_named,
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
    // Nobody waits for a file (open(2), O_NONBLOCK).
    if !facts.is_file() {
        rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    }
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

/// Makes the directory if need be, and puts its name, and those of the directories that were made
/// above it, on the disk: what is written into it later is not to go with it when the power does
/// (fsync(2): a directory's sync says nothing of its own name). One that is there and empty may be
/// of a run that was killed before it came to that, and so may one above it that holds nothing
/// else.
///
/// # Errors
/// Class `Machine`, or `Input` where the path is a file.
pub fn make_dir(dir: &Path) -> Result<()> {
    let missing: Vec<&Path> = dir
        .ancestors()
        .take_while(|path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err())
        .collect();
    let made = if missing.is_empty() {
        bare_directories(dir)
    } else {
        missing
    };
    match fs::create_dir_all(dir) {
        Ok(()) => made
            .into_iter()
            .filter_map(Path::parent)
            // One that may be written to and not read cannot be opened for that.
            .filter_map(|above| Dir::open(above).ok())
            .try_for_each(|above| above.sync())
            .map_err(|cause| machine_error(dir, &cause)),
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

/// Returns the directory if it is empty, and those above it that hold nothing but the one below.
fn bare_directories(dir: &Path) -> Vec<&Path> {
    let holds =
        |path: &Path| fs::read_dir(path).map_or(usize::MAX, |entries| entries.take(2).count());
    dir.ancestors()
        .take_while(|path| !path.as_os_str().is_empty())
        .enumerate()
        .take_while(|(above, path)| holds(path) == usize::from(*above > 0))
        .map(|(_, path)| path)
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_may_have_made_is_empty_or_holds_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        fs::create_dir_all(at("new/below/ca")).unwrap();
        fs::write(at("file"), "").unwrap();
        assert_eq!(
            bare_directories(&at("new/below/ca")),
            [at("new/below/ca"), at("new/below"), at("new")]
        );
        fs::write(at("new/below/ca/key"), "").unwrap();
        assert!(bare_directories(&at("new/below/ca")).is_empty());
    }
}
