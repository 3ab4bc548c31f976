//! The state file on the disk: locked, read, replaced whole, added to.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::super::SimError;
use super::frames::{self, Unusable};
use super::records::Loaded;

/// A state file that no other simulator uses: the lock goes with this.
pub(super) struct StateFile {
    path: PathBuf,
    /// What is appended to; `None` before [`StateFile::replace`].
    open: Option<File>,
    /// Not the state file itself: that one is replaced by another.
    lock: File,
}

impl Drop for StateFile {
    /// Closing is not enough: a program that this process is just starting has its open files until it runs, and their locks with them (flock(2)).
    fn drop(&mut self) {
        // The lock ends with the process at the latest.
        self.lock.unlock().unwrap_or_default();
    }
}

impl StateFile {
    /// Locks the file and reads it, if there is one. What cannot be used is left as it is.
    pub(super) fn open(named: &Path) -> Result<(Self, Option<Loaded>), SimError> {
        let unusable = |reason: String| SimError::BadState { path: named.to_owned(), reason };
        // Through links to the file that is meant: it is that one which has to be locked and replaced.
        let (path, there) = match fs::canonicalize(named) {
            Ok(path) => (path, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(named).is_err() => (named.to_owned(), false),
            Err(error) => return Err(unusable(format!("it cannot be read: {error}"))),
        };
        if there {
            let facts = fs::metadata(&path).map_err(|error| unusable(format!("it cannot be read: {error}")))?;
            if !facts.is_file() {
                return Err(unusable(String::from(if facts.is_dir() { "it is a directory" } else { "it is not a regular file" })));
            }
        }
        let lock = lock(&path)?;
        let file = Self { path, open: None, lock };
        // Looked for again: another simulator may have made it before the lock was had.
        let loaded = match File::open(&file.path) {
            Ok(content) => Some(load(content).map_err(|fault| match fault {
                Unusable::Read(error) => unusable(format!("it cannot be read: {error}")),
                Unusable::Damaged(reason) => unusable(reason),
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unusable(format!("it cannot be read: {error}"))),
        };
        Ok((file, loaded))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a whole new content in the file's place: at every moment there is the old one or the new one. On the disk when
    /// this returns.
    pub(super) fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        let new = beside(&self.path, ".new");
        // One that an interrupted simulator has left. The lock is had: nobody else is writing it.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, &self.path));
        if let Err(error) = written {
            // It takes up room that may be what is missing. If it stays, the next start removes it.
            fs::remove_file(&new).unwrap_or_default();
            return Err(error);
        }
        // The name is on the disk once its directory is.
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()?;
        self.open = Some(file);
        Ok(())
    }

    /// Adds to the file. On the disk when this returns.
    pub(super) fn append(&mut self, content: &[u8]) -> io::Result<()> {
        let file = self.open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.write_all(content)?;
        file.sync_data()
    }
}

fn load(content: File) -> Result<Loaded, Unusable> {
    let mut loaded = Loaded::default();
    frames::read(BufReader::new(content), |frame| loaded.take(frame))?;
    Ok(loaded)
}

/// The lock is the system's and ends with the process, however that ends; the lock's file stays, for whoever removed it
/// could remove one that another simulator has just locked.
fn lock(path: &Path) -> Result<File, SimError> {
    let lock = beside(path, ".lock");
    let fault = |source| SimError::KeepState { path: lock.clone(), source };
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SimError::StateInUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(fault(error)),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
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
        assert!(matches!(StateFile::open(&path), Err(SimError::StateInUse { .. })));
        drop(file);
        assert!(StateFile::open(&path).is_ok());
        drop(inherited);
    }
}
