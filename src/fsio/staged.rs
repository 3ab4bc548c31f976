//! Temporary files that wait to be put in their places.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dir::Dir;
use super::new_file::{NewFile, mode_if_same};

/// What the names of temporary files begin with, and of a group's notes.
pub(super) const PREFIX: &str = ".hsmboot-";
/// What they end with.
const SUFFIX: &str = ".tmp";

/// Whether a name is one that this program gives to temporary files.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX) && !name.contains('/')
}

/// Returns a name for a temporary file that no other has.
pub(super) fn temporary_name() -> String {
    format!(
        "{PREFIX}{:016x}{SUFFIX}",
        RandomState::new().hash_one(std::process::id())
    )
}

/// Temporary files that exist now, by their names: an interrupted program removes them. A lock on
/// this set also keeps a group of renames together. Nothing that may wait for somebody else is done
/// under it, since a signal waits for it ([`abandon_pending`]).
static PENDING: Mutex<Pending> = Mutex::new(BTreeMap::new());

pub(super) type Pending = BTreeMap<String, Dir>;

pub(super) fn lock_pending() -> MutexGuard<'static, Pending> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a group of files that is being put in place, and removes temporary files that are not:
/// for a program that is about to end on a signal. Nothing is written after it, since it never
/// gives the lock back.
pub fn abandon_pending() {
    let guard = lock_pending();
    remove_all(guard);
}

/// Does the same as [`abandon_pending`], from a program that is about to end on a bug of its own:
/// if the bug holds the lock, its temporary files are left.
pub fn abandon_on_bug() {
    if let Ok(guard) = PENDING.try_lock() {
        remove_all(guard);
    }
}

fn remove_all(mut guard: MutexGuard<'static, Pending>) {
    for (name, dir) in std::mem::take(&mut *guard) {
        // It may be gone already, which is what is wanted.
        drop(dir.remove_wiped(name));
    }
    std::mem::forget(guard);
}

/// A temporary file that waits to be put in its place. It has no name until then, so that nothing
/// is left of it by whatever kills the program; where the file system cannot do that, it has one
/// from the start. Dropped, it is removed.
pub(super) struct Staged {
    dir: Dir,
    /// The temporary name that it has, or will have.
    pub(super) name: String,
    pub(super) file: File,
    named: bool,
    /// It is in its place, or removed.
    settled: bool,
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        if self.named {
            drop(self.dir.remove_wiped(&self.name));
        }
        // Where a group fails, the set is locked here already: what stays in it names a file that
        // is gone.
        if let Ok(mut pending) = PENDING.try_lock() {
            pending.remove(&self.name);
        }
    }
}

impl Staged {
    pub(super) fn new(dir: &Dir, content: &[u8], mode: u32) -> io::Result<Self> {
        let mut guard = lock_pending();
        let mut staged = Self::new_unlisted(dir, mode)?;
        guard.insert(staged.name.clone(), dir.clone());
        drop(guard);
        staged.file.write_all(content)?;
        Ok(staged)
    }

    /// Makes an empty temporary file, for a caller that has the set locked.
    pub(super) fn new_unlisted(dir: &Dir, mode: u32) -> io::Result<Self> {
        if let Ok(file) = dir.make_unnamed(mode) {
            return Ok(Staged {
                dir: dir.clone(),
                name: temporary_name(),
                file,
                named: false,
                settled: false,
            });
        }
        loop {
            let name = temporary_name();
            match dir.create_new(&name, mode) {
                Ok(file) => {
                    return Ok(Staged {
                        dir: dir.clone(),
                        name,
                        file,
                        named: true,
                        settled: false,
                    });
                }
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(cause),
            }
        }
    }

    /// Gives it the temporary name. From here on a SIGKILL leaves it: the caller has the set locked
    /// until it is in its place.
    pub(super) fn give_name(&mut self) -> io::Result<()> {
        if self.named {
            return Ok(());
        }
        match self.dir.give_name(&self.file, &self.name) {
            // Without /proc there is no way to name it: written again, under the name.
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                let mut copy = self
                    .dir
                    .create_new(&self.name, self.file.metadata()?.mode() & 0o7777)?;
                self.named = true;
                self.file.seek(io::SeekFrom::Start(0))?;
                io::copy(&mut self.file, &mut copy)?;
                copy.sync_all()?;
                self.file = copy;
            }
            named => named?,
        }
        self.named = true;
        Ok(())
    }

    pub(super) fn discard(mut self) -> io::Result<()> {
        lock_pending().remove(&self.name);
        self.settled = true;
        if !self.named {
            return Ok(());
        }
        match self.dir.remove_wiped(&self.name) {
            // Somebody who mends took it for a dead program's.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Leaves the file under its temporary name, for whoever completes the group or takes it back.
    pub(super) fn leave(mut self, pending: &mut Pending) {
        self.settle(pending);
    }

    /// From here on nobody removes it.
    fn settle(&mut self, pending: &mut Pending) {
        pending.remove(&self.name);
        self.settled = true;
    }

    /// Puts the file in place, where nothing has that name.
    pub(super) fn put_where_free(&mut self, pending: &mut Pending, target: &str) -> io::Result<()> {
        self.give_name()?;
        self.dir.rename_if_free(&self.name, target)?;
        self.settle(pending);
        Ok(())
    }

    /// Puts the file in place, over whatever has that name.
    pub(super) fn put_over(&mut self, pending: &mut Pending, target: &str) -> io::Result<()> {
        self.give_name()?;
        self.dir.rename(&self.name, target)?;
        self.settle(pending);
        Ok(())
    }

    /// Puts the file in place. If that fails, it still has its temporary name, if it had one.
    pub(super) fn put_in_place(
        &mut self,
        pending: &mut Pending,
        file: &NewFile<'_>,
    ) -> io::Result<()> {
        // What has come since the look before, and holds something else, stays: only a file of this
        // content is replaced, for its mode.
        if file.replace || mode_if_same(&self.dir, &file.name, file.content).is_some() {
            return self.put_over(pending, &file.name);
        }
        if !self.named {
            match self.dir.give_name(&self.file, &file.name) {
                // by a temporary name, then
                Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {}
                placed => {
                    placed?;
                    self.settle(pending);
                    // What was synced without a name is not everywhere kept with it (btrfs before
                    // Linux 6.16 passes such files over).
                    return self.file.sync_all();
                }
            }
        }
        self.give_name()?;
        self.dir.rename_if_free(&self.name, &file.name)?;
        self.settle(pending);
        Ok(())
    }
}
