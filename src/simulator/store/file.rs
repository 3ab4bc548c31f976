//! The state file on the disk: locking, reading, replacing, appending.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::SimError;
use super::frames::{self, UnusableFile};
use super::records::LoadedState;
use crate::fsio::{self, Dir};

/// A state file that no other simulator uses. It holds the lock.
pub(super) struct StateFile {
    path: PathBuf,
    /// The directory that it is in, opened once. Later changes of the path do not matter.
    dir: Dir,
    name: OsString,
    /// The file that is appended to; `None` before [`StateFile::replace`].
    open: Option<File>,
    /// The lock's file. It is not the state file, which is replaced by another.
    lock: File,
}

impl Drop for StateFile {
    /// Unlocks the file. Closing it is not enough: a program that this process is just starting
    /// shares its open files, and their locks, until it runs (flock(2)).
    fn drop(&mut self) {
        // The lock ends with the process at the latest.
        self.lock.unlock().unwrap_or_default();
    }
}

impl StateFile {
    /// Locks the file and reads it, if there is one. A file that cannot be used is left as it is.
    pub(super) fn open(named: &Path) -> Result<(Self, Option<LoadedState>), SimError> {
        let unusable = |reason: String| SimError::BadState {
            path: named.to_owned(),
            reason,
        };
        // Through links to the file that is meant: it is that one which has to be locked and
        // replaced.
        let path = match fsio::resolve_path(named) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !fsio::is_there(named) => {
                named.to_owned()
            }
            Err(error) => return Err(unusable(format!("it cannot be read: {error}"))),
        };
        let no_name = || unusable(String::from("it is a directory"));
        let (name, lock_path) = (
            path.file_name().ok_or_else(no_name)?.to_owned(),
            with_ending(path.as_os_str(), ".lock"),
        );
        let keep = |source| SimError::KeepState {
            path: PathBuf::from(&lock_path),
            source,
        };
        let dir = Dir::open(path.parent().unwrap_or(Path::new(""))).map_err(keep)?;
        let open = || match dir.open_file(&name) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(_) if fsio::metadata_of(&path).is_some_and(|facts| facts.is_dir()) => {
                Err(no_name())
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Err(unusable(error.to_string()))
            }
            Err(error) => Err(unusable(format!("it cannot be read: {error}"))),
        };
        // Nothing is locked for what is no state, nor for one that its owner may not write to.
        if let Some(content) = open()? {
            check_writable(&content).map_err(|source| SimError::KeepState {
                path: path.clone(),
                source,
            })?;
        }
        let lock = match lock_file(&dir, &with_ending(&name, ".lock")) {
            Ok(lock) => lock,
            Err(TryLockError::WouldBlock) => return Err(SimError::StateInUse { path }),
            Err(TryLockError::Error(source)) => return Err(keep(source)),
        };
        // Looked for again: another simulator may have made it before the lock was had.
        let loaded = open()?.map(|content| {
            load_frames(content).map_err(|fault| match fault {
                UnusableFile::Read(error) => unusable(format!("it cannot be read: {error}")),
                UnusableFile::Damaged(reason) => unusable(reason),
            })
        });
        let loaded = loaded.transpose()?;
        Ok((
            Self {
                path,
                dir,
                name,
                open: None,
                lock,
            },
            loaded,
        ))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file's whole content. At every moment either the old or the new content is
    /// there. The new content is on the disk when this returns.
    pub(super) fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        // One of that name was left by an interrupted simulator. The lock is had: nobody else is
        // writing it.
        let new = with_ending(&self.name, ".new");
        self.open =
            Some(
                self.dir
                    .replace_file(Path::new(&new), Path::new(&self.name), content, 0o600)?,
            );
        Ok(())
    }

    /// Appends to the file. The content is on the disk when this returns.
    pub(super) fn append(&mut self, content: &[u8]) -> io::Result<()> {
        let file = self.open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.write_all(content)?;
        file.sync_data()
    }
}

/// Checks that the file's owner may write to it, whoever runs this: it is replaced by another of
/// its name, so nothing else would refuse one that somebody has made read-only.
fn check_writable(content: &File) -> io::Result<()> {
    const OWNER_WRITES: u32 = 0o200;
    match content.metadata()?.permissions().mode() & OWNER_WRITES {
        0 => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is read-only",
        )),
        _ => Ok(()),
    }
}

fn load_frames(content: File) -> Result<LoadedState, UnusableFile> {
    let mut loaded = LoadedState::default();
    frames::read(BufReader::new(content), |frame| loaded.apply_frame(frame))?;
    Ok(loaded)
}

/// Takes the lock. It is the system's and ends with the process, however that ends. The lock's file
/// stays: removing it could remove one that another simulator has just locked.
fn lock_file(dir: &Dir, name: &OsString) -> Result<File, TryLockError> {
    let file = dir.open_or_make(name, 0o600).map_err(TryLockError::Error)?;
    file.try_lock().map(|()| file)
}

fn with_ending(name: &OsStr, ending: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(ending);
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_ends_with_its_owner_whoever_else_has_the_file_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let (file, _) = StateFile::open(&path).unwrap();
        // As a program has it that is just being started.
        let inherited = file.lock.try_clone().unwrap();
        assert!(matches!(
            StateFile::open(&path),
            Err(SimError::StateInUse { .. })
        ));
        drop(file);
        assert!(StateFile::open(&path).is_ok());
        drop(inherited);
    }
}
