//! Temporary files that wait to be put in their places.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::group::{PREFIX, SUFFIX};
use super::write::{NewFile, same};

/// Temporary files that exist now: an interrupted program removes them. A lock on this set also keeps a group of renames together.
static PENDING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

pub(super) fn pending() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a group of files that is being put in place, and removes temporary files that are not: for a program that is about to end on a
/// signal. Nothing is written after it, since it never gives the lock back.
pub fn abandon() {
    let mut guard = pending();
    for path in std::mem::take(&mut *guard) {
        // It may be gone already, which is what is wanted.
        drop(fs::remove_file(path));
    }
    std::mem::forget(guard);
}

/// As [`abandon`], from a program that is about to end on a bug of its own: if the bug holds the lock, its temporary files are left.
pub fn abandon_on_bug() {
    if let Ok(mut guard) = PENDING.try_lock() {
        for path in std::mem::take(&mut *guard) {
            drop(fs::remove_file(path));
        }
        std::mem::forget(guard);
    }
}

/// A temporary file that waits for its rename. Dropped, it is removed.
pub(super) struct Staged(pub(super) tempfile::NamedTempFile);

impl Staged {
    pub(super) fn new(dir: &Path, file: &NewFile<'_>) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX).permissions(Permissions::from_mode(file.mode));
        let mut guard = pending();
        let temporary = builder.tempfile_in(dir)?;
        guard.insert(temporary.path().to_owned());
        drop(guard);
        let mut staged = Staged(temporary);
        staged.0.write_all(file.content)?;
        Ok(staged)
    }

    pub(super) fn discard(self) -> io::Result<()> {
        pending().remove(self.0.path());
        match self.0.close() {
            // Somebody who mends took it for a dead program's.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            closed => closed,
        }
    }

    pub(super) fn put(self, pending: &mut BTreeSet<PathBuf>, target: &Path, file: &NewFile<'_>) -> io::Result<()> {
        pending.remove(self.0.path());
        // What has come since the look before, and holds something else, stays: only a file of this content is replaced, for its mode.
        let over = file.replace || (target.exists() && same(target, file.content).is_ok_and(|same| same));
        if over {
            return self.0.persist(target).map(drop).map_err(|fault| fault.error);
        }
        self.0.persist_noclobber(target).map(drop).or_else(|fault| match fault.error.kind() {
            // Neither links nor a rename that does not replace, as on some removable media: the lock, and this look, have to do.
            io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied if fs::symlink_metadata(target).is_err() => {
                fault.file.persist(target).map(drop).map_err(|fault| fault.error)
            }
            _ => Err(fault.error),
        })
    }
}
