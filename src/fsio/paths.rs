//! Paths: where they lead, and whether two are of one file. Nothing is opened.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::dir::without_trailing_slash;

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
