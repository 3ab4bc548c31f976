//! Paths: where they lead, and whether two are of one file. Nothing is opened.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::dir::without_trailing_slash;

/// Tells whether something has this path, be it a link that leads nowhere.
///
/// What a failing disk does not show is taken for there: whoever reads or writes it is told.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or_else(|cause| !opens_nothing(&cause), |_| true)
}

/// Tells whether the error is of a path by which nothing can be opened: nothing is there, or this
/// user may not go there. Any other says nothing of what is there.
fn opens_nothing(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
    ) || leads_nowhere(cause)
}

/// Returns the metadata of what a path leads to; `None`: nothing can be opened by it.
///
/// # Errors
/// What is there cannot be told.
pub fn look_at(path: &Path) -> io::Result<Option<Metadata>> {
    unless(opens_nothing, fs::metadata(path))
}

/// Returns what was found; `None`: the error says that nothing is there.
///
/// # Errors
/// Any other.
fn unless<T>(is_nothing: fn(&io::Error) -> bool, found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(cause) if is_nothing(&cause) => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn is_gone(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::NotFound
}

/// Tells whether the error is of what is no directory, or is gone. One that may be gone through and
/// not listed says nothing of the names in it.
fn is_no_directory(cause: &io::Error) -> bool {
    is_gone(cause) || cause.kind() == io::ErrorKind::NotADirectory
}

/// Tells whether the error is of what is no link (readlink(2)), or of what opens nothing.
fn is_no_link(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::InvalidInput || opens_nothing(cause)
}

/// Tells whether a path leads to nothing.
pub fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|cause| is_gone(&cause))
}

/// Returns the metadata of what a path leads to, as the system says without opening it: for
/// warnings, which decide nothing.
pub fn metadata_of(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok()
}

/// Tells whether two paths lead to one file or one directory, by whatever names.
pub fn is_same(one: &Path, other: &Path) -> bool {
    metadata_of(one)
        .is_some_and(|one| metadata_of(other).is_some_and(|other| are_same(&one, &other)))
}

/// Tells whether both are of one file or one directory.
pub fn are_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Tells whether a file that was opened at a path lies in a directory: because the way to it goes
/// through a name there, in whatever depth, or because it has another name there.
///
/// # Errors
/// That cannot be told: nobody is to take a file of that directory for one that is not.
pub fn lies_in(dir: &Path, path: &Path, of: &Metadata) -> io::Result<bool> {
    let Some(facts) = look_at(dir)? else {
        return Ok(false);
    };
    Ok(goes_through(&facts, path)? || are_same(&facts, of) || has_name_in(dir, of)?)
}

fn has_name_in(dir: &Path, of: &Metadata) -> io::Result<bool> {
    let Some(entries) = unless(is_no_directory, fs::read_dir(dir))? else {
        return Ok(false);
    };
    for entry in entries {
        // One may be taken away since it was listed.
        let facts = unless(is_gone, entry?.metadata())?;
        if facts.is_some_and(|facts| are_same(&facts, of)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The most links that a path may go through (path_resolution(7)).
const MAX_LINKS: u32 = 40;

/// Tells whether a path, or a link on its way, goes through a name in a directory. Whoever can
/// write to the directory chooses what that name leads to, now and a moment later: it does not
/// matter where it leads.
fn goes_through(dir: &Metadata, path: &Path) -> io::Result<bool> {
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
        if look_at(&at)?.is_some_and(|facts| are_same(&facts, dir)) {
            return Ok(true);
        }
        at.push(part);
        let Some(target) = unless(is_no_link, fs::read_link(&at))? else {
            continue;
        };
        at.pop();
        links += 1;
        if links > MAX_LINKS {
            return Ok(true);
        }
        ahead.extend(parts(&target));
    }
    Ok(false)
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
    let path = without_trailing_slash(path);
    fs::symlink_metadata(&path)
        .ok()
        .filter(|facts| facts.is_symlink())?;
    Some(fs::canonicalize(&path).unwrap_or_default())
}

/// Tells whether the error is of a path that no file can have: a name too long, or links in a
/// circle.
pub(crate) fn leads_nowhere(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::InvalidFilename
        || cause.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::io::Errno;

    use super::*;

    fn of(error: Errno) -> io::Error {
        io::Error::from_raw_os_error(error.raw_os_error())
    }

    /// Which errors say that nothing is there: any other is told, and decides nothing.
    #[test]
    fn a_disk_that_fails_does_not_say_that_nothing_is_there() {
        // By which nothing opens, that is gone, that is no directory, that is no link.
        for (error, expected) in [
            (Errno::NOENT, [true, true, true, true]),
            (Errno::NOTDIR, [true, false, true, true]),
            (Errno::ACCESS, [true, false, false, true]),
            (Errno::LOOP, [true, false, false, true]),
            (Errno::NAMETOOLONG, [true, false, false, true]),
            (Errno::INVAL, [false, false, false, true]),
            (Errno::IO, [false; 4]),
            (Errno::MFILE, [false; 4]),
        ] {
            let rules = [opens_nothing, is_gone, is_no_directory, is_no_link];
            for (rule, expected) in rules.into_iter().zip(expected) {
                let found = unless(rule, Err::<(), _>(of(error)));
                assert_eq!(found.is_ok(), expected, "{error}");
                assert!(!matches!(found, Ok(Some(()))), "{error}");
            }
        }
        assert_eq!(unless(is_gone, Ok(7)).unwrap(), Some(7));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("file"), "").unwrap();
        symlink("nothing", path("link")).unwrap();
        let missing = ["file", "link", "nothing", "file/below"].map(|name| is_missing(&path(name)));
        assert_eq!(missing, [false, true, true, false]);
        // What no file can be called is an error of its own.
        assert!(look_at(Path::new("a\0b")).is_err());
        assert!(look_at(&path("link")).unwrap().is_none());
    }

    #[test]
    fn as_many_links_are_followed_as_the_system_follows() {
        let dir = tempfile::tempdir().unwrap();
        let path = |at: u32| dir.path().join(at.to_string());
        fs::write(path(0), "").unwrap();
        for at in 1..=MAX_LINKS + 1 {
            symlink((at - 1).to_string(), path(at)).unwrap();
        }
        let elsewhere = tempfile::tempdir().unwrap();
        let elsewhere = fs::metadata(elsewhere.path()).unwrap();
        // Where nobody can tell, it is taken to lie there.
        let goes = [0, MAX_LINKS, MAX_LINKS + 1].map(|at| goes_through(&elsewhere, &path(at)));
        assert_eq!(goes.map(Result::unwrap), [false, false, true]);
    }
}
