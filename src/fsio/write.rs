//! Written whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::dir::Dir;
use super::free::{ChosenPlace, occupied_place};
use super::group::{self, GroupMember, GroupNote};
use super::lock::{Lock, PATIENCE, directory_taken, lock_dir, unlock_dir};
use super::new_file::{NewFile, mode_if_same};
use super::staged::{Pending, Staged, lock_pending};
use super::{check_dir, machine_error, make_dir};
use crate::error::Result;
use crate::outside::shown_path;

/// The largest file that is kept in memory while it is replaced: larger than all that the program
/// writes.
const MAX_KEPT: u64 = 1024 * 1024;

/// Checks that a file of `room` bytes can be written in `dir`, or in the nearest directory above it
/// that exists: tried with a temporary one, before anything is done that cannot be done twice. It
/// is no promise: the disk may be full a moment later.
///
/// # Errors
/// Class `Machine` for everything that the disk says; as [`check_dir`].
pub fn check_writable(dir: &Path, room: usize) -> Result<()> {
    check_dir(dir)?;
    let nearest = dir
        .ancestors()
        .find(|path| path.is_dir())
        .unwrap_or(Path::new("."));
    Dir::open(nearest)
        .and_then(|opened| try_writing(&opened, room))
        .map_err(|cause| machine_error(dir, &cause))
}

/// Writes and removes a temporary file.
fn try_writing(dir: &Dir, room: usize) -> io::Result<()> {
    Staged::new(dir, &vec![0; room], 0o600).and_then(Staged::discard)
}

impl Dir {
    /// Does the same as the function [`check_writable`], in this directory.
    ///
    /// # Errors
    /// As [`check_writable`].
    pub fn check_writable(&self, room: usize) -> Result<()> {
        try_writing(self, room).map_err(|cause| machine_error(self.path(), &cause))
    }
}

/// Writes a group of files into `dir`: each first to a temporary file beside its place, synced;
/// then all are renamed. A file that stands there already with the same content stays untouched,
/// one of another content is never replaced unless `replace` says so.
///
/// # Errors
/// Class `Conflict` for a file of other content, `Machine` for everything that the disk says; then
/// nothing has changed.
pub fn write_all(dir: &Path, files: &[NewFile<'_>]) -> Result<()> {
    hold_path(dir)?.write(files)
}

/// Does the same as [`write_all`] with files whose names follow from the user's choice.
///
/// # Errors
/// Does the same as [`write_all`], in the directory that is held.
pub fn write_named(dir: &Path, files: &[NewFile<'_>]) -> Result<()> {
    hold_path(dir)?.write_named(files)
}

/// A directory, made if need be, that no other hsmboot writes to while it is held.
pub struct HeldDir {
    dir: Dir,
    /// A descriptor of its own: the lock is its.
    handle: File,
}

/// Waits for the directory, for a caller that reads something there, and writes what follows from
/// it. What a killed hsmboot has left there is cleaned up first.
///
/// # Errors
/// As [`make_dir`].
pub fn hold_path(dir: &Path) -> Result<HeldDir> {
    make_dir(dir)?;
    hold_dir(&Dir::open(dir).map_err(|cause| machine_error(dir, &cause))?)
}

/// Does the same as [`hold_path`] with a directory that was opened before.
///
/// # Errors
/// Class `Machine`; `Conflict` where another program keeps it.
pub fn hold_dir(dir: &Dir) -> Result<HeldDir> {
    let fault = |cause: io::Error| machine_error(dir.path(), &cause);
    let handle = dir.reopen().map_err(fault)?;
    match lock_dir(&handle, PATIENCE).map_err(fault)? {
        Lock::Taken => Err(directory_taken(dir.path())),
        Lock::None => Ok(HeldDir {
            dir: dir.clone(),
            handle,
        }),
        Lock::Ours => {
            let held = HeldDir {
                dir: dir.clone(),
                handle,
            };
            held.clean_leftovers();
            Ok(held)
        }
    }
}

/// Completes what a killed hsmboot has left half-written in a directory, and removes its temporary
/// files, as far as that can be done: before anybody reads there. Where another one is at work, it
/// is left to that one.
pub fn mend_leftovers(dir: &Path) {
    if let Ok(dir) = Dir::open(dir) {
        mend_dir(&dir);
    }
}

/// Does the same as [`mend_leftovers`] with a directory that was opened before.
pub fn mend_dir(dir: &Dir) {
    if !group::is_interrupted(dir) {
        return;
    }
    let Ok(handle) = dir.reopen() else { return };
    // Without a lock nothing tells whether they are still somebody's.
    if matches!(lock_dir(&handle, Duration::ZERO), Ok(Lock::Ours)) {
        HeldDir {
            dir: dir.clone(),
            handle,
        }
        .clean_leftovers();
    }
}

impl Drop for HeldDir {
    /// Gives the lock back. Closing is not enough: a program that this one has just started, or a
    /// token's module that forks, has its open files too, and their locks (flock(2)).
    fn drop(&mut self) {
        unlock_dir(&self.handle);
    }
}

impl HeldDir {
    /// Returns the directory that is held.
    pub const fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Completes what a killed program has left here, or wipes and removes it. Only under a lock:
    /// without one nothing tells whether it is still somebody's.
    fn clean_leftovers(&self) {
        if group::is_interrupted(&self.dir) && group::complete_group(&self.dir).is_ok() {
            group::remove_temporaries(&self.dir);
        }
    }

    /// As [`write_all`].
    ///
    /// # Errors
    /// As [`write_all`].
    pub fn write(&self, files: &[NewFile<'_>]) -> Result<()> {
        write_held(&self.dir, files, ChosenPlace::Directory)
    }

    /// As [`write_named`].
    ///
    /// # Errors
    /// As [`write_all`].
    pub fn write_named(&self, files: &[NewFile<'_>]) -> Result<()> {
        write_held(&self.dir, files, ChosenPlace::Name)
    }

    /// Reads a file, makes its new content from what it holds, and writes that: whole or not at
    /// all. `make` gets what is there, at most `max` bytes of `what` it should be, and gives what
    /// is to be there; `None`: it stays as it is.
    ///
    /// # Errors
    /// As [`Dir::read`] and [`write_all`], and whatever `make` says; then nothing has changed.
    pub fn rewrite_file(
        &self,
        name: &str,
        what: &str,
        max: u64,
        make: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>>,
    ) -> Result<()> {
        let absent = self.dir.is_absent(name).unwrap_or_default();
        let current = if absent {
            None
        } else {
            Some(self.dir.read(name, what, max)?)
        };
        match make(current.as_deref())? {
            None => Ok(()),
            Some(content) => self.write(&[NewFile::readable(name, &content, true)]),
        }
    }
}

fn write_held(dir: &Dir, files: &[NewFile<'_>], chosen: ChosenPlace) -> Result<()> {
    dir.check_free_as(files, chosen)?;
    let target = |file: &NewFile<'_>| dir.path().join(&file.name);
    let mut staged: Vec<(Staged, &NewFile<'_>)> = Vec::new();
    for file in files {
        if mode_if_same(dir, &file.name, file.content).is_some_and(|mode| mode & !file.mode == 0) {
            continue;
        }
        staged.push((
            Staged::new(dir, file.content, file.mode)
                .map_err(|cause| machine_error(&target(file), &cause))?,
            file,
        ));
    }
    if staged.is_empty() {
        return Ok(());
    }
    let note = stage_note(dir, &staged)?;
    sync_together(dir, &staged, note.as_ref())?;
    // From here to the end no signal comes between: `abandon` waits for the lock. What is done
    // under it waits for the disk alone.
    let mut pending = lock_pending();
    let noted = note.is_some();
    if let Some(note) = note {
        for (temporary, file) in &mut staged {
            temporary
                .give_name()
                .map_err(|cause| machine_error(&target(file), &cause))?;
        }
        note.put_in_place(&mut pending)
            .map_err(|cause| machine_error(&dir.path().join(group::NOTE), &cause))?;
    }
    let mut done: Vec<FileUndo<'_>> = Vec::new();
    for (temporary, file) in staged {
        let undo = FileUndo::for_name(dir, &file.name);
        match temporary.put_in_place(&mut pending, file) {
            Ok(()) => done.push(undo),
            Err(cause) => {
                // What is taken back is not to be completed.
                group::remove_note(dir);
                done.into_iter()
                    .rev()
                    .for_each(|undo| undo.restore(&mut pending));
                return Err(if cause.kind() == io::ErrorKind::AlreadyExists {
                    occupied_place(&shown_path(target(file)), chosen)
                } else {
                    machine_error(&target(file), &cause)
                });
            }
        }
    }
    let synced = dir.sync();
    if noted {
        group::remove_note(dir);
    }
    synced.map_err(|cause| machine_error(dir.path(), &cause))
}

/// The means to take one file of a group back, should a later one fail.
struct FileUndo<'a> {
    dir: &'a Dir,
    name: &'a str,
    before: PriorContent,
}

/// The content that stood in a file's place.
enum PriorContent {
    Nothing,
    /// Content and mode. It may be a key.
    File(Zeroizing<Vec<u8>>, u32),
    /// Something that cannot be put back: a link, a pipe, a file too large or not to be read. The
    /// new file stays rather than nothing.
    Other,
}

impl<'a> FileUndo<'a> {
    fn for_name(dir: &'a Dir, name: &'a str) -> Self {
        let before = match dir.read_with_mode(name, MAX_KEPT) {
            Ok((content, mode)) => PriorContent::File(Zeroizing::new(content), mode),
            Err(_) if dir.is_absent(name).unwrap_or_default() => PriorContent::Nothing,
            Err(_) => PriorContent::Other,
        };
        FileUndo { dir, name, before }
    }

    /// Restores what stood there, as well as the disk lets us: the error that led here is the one
    /// to tell.
    fn restore(self, pending: &mut Pending) {
        match self.before {
            PriorContent::Other => {}
            PriorContent::Nothing => drop(self.dir.remove_wiped(self.name)),
            PriorContent::File(content, mode) => {
                let restored = Staged::new_unlisted(self.dir, mode)
                    .and_then(|mut staged| staged.file.write_all(&content).map(|()| staged));
                drop(restored.and_then(|staged| staged.put_over(pending, self.name)));
            }
        }
    }
}

/// Stages a note of what is about to be done, where that is more than one rename.
fn stage_note(dir: &Dir, staged: &[(Staged, &NewFile<'_>)]) -> Result<Option<GroupNote>> {
    if staged.len() < 2 {
        return Ok(None);
    }
    let member = |(staged, file): &(Staged, &NewFile<'_>)| GroupMember {
        temporary: staged.name.clone(),
        name: file.name.clone(),
        replace: file.replace,
    };
    let members: Vec<GroupMember> = staged.iter().map(member).collect();
    GroupNote::new(dir, &members, &mut lock_pending())
        .map(Some)
        .map_err(|cause| machine_error(dir.path(), &cause))
}

/// Syncs the files. The disk is first told of all of them, and then each is waited for in a thread
/// of its own: a journal commits once for all that wait together, and a flush of the disk answers
/// all of them.
fn sync_together(
    dir: &Dir,
    staged: &[(Staged, &NewFile<'_>)],
    note: Option<&GroupNote>,
) -> Result<()> {
    let mut files: Vec<(&File, PathBuf)> = staged
        .iter()
        .map(|(staged, file)| (&staged.file, dir.path().join(&file.name)))
        .collect();
    files.extend(note.map(|note| (note.file(), dir.path().to_owned())));
    for (file, _) in &files {
        // It starts writing what is not written yet (posix_fadvise(2)), and where it does not,
        // nothing is lost.
        rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).ok();
    }
    std::thread::scope(|scope| {
        let waiting: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(at, (file, target))| {
                let spawn = || std::thread::Builder::new().spawn_scoped(scope, || file.sync_all());
                // The first is waited for here, and so is one for which no thread can be had.
                let thread = (at > 0).then(spawn).and_then(io::Result::ok);
                (thread, file, target)
            })
            .collect();
        waiting.into_iter().try_for_each(|(thread, file, target)| {
            match thread {
                Some(thread) => thread
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("the wait for the disk broke off"))),
                None => file.sync_all(),
            }
            .map_err(|cause| machine_error(target, &cause))
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::read;
    use super::*;
    use crate::error::ErrorKind;

    fn new_file<'a>(name: &str, content: &'a [u8]) -> NewFile<'a> {
        NewFile {
            name: name.to_owned(),
            content,
            mode: 0o600,
            replace: false,
        }
    }

    #[test]
    fn a_group_is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("b"), "other").unwrap();
        let error =
            write_all(dir.path(), &[new_file("a", b"new"), new_file("b", b"new")]).unwrap_err();
        assert_eq!(error.exit_code(), 8);
        assert!(!dir.path().join("a").exists());
        assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"other");
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn a_directory_is_tried_before_it_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        check_writable(&dir.path().join("new/below"), 1000).unwrap();
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            0,
            "nothing is left, nothing is made"
        );
        let error = check_writable(Path::new("/proc/none"), 1000).unwrap_err();
        assert_eq!((error.kind, error.exit_code()), (ErrorKind::CannotWrite, 1));
        assert_eq!(
            check_writable(Path::new("/proc/version"), 1000)
                .unwrap_err()
                .kind,
            ErrorKind::NotADirectory
        );
        check_writable(Path::new("new"), 10).unwrap();
    }

    #[test]
    fn a_directory_is_given_back_whoever_else_has_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let held = hold_path(dir.path()).unwrap();
        // As a program has it that is just being started.
        let inherited = held.handle.try_clone().unwrap();
        drop(held);
        assert!(lock_dir(&File::open(dir.path()).unwrap(), Duration::ZERO).unwrap() == Lock::Ours);
        drop(inherited);
    }

    #[test]
    fn a_file_of_a_group_is_taken_back_when_a_later_one_fails() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("old"), "before").unwrap();
        for name in ["old", "new"] {
            let opened = Dir::open(dir.path()).unwrap();
            let undo = FileUndo::for_name(&opened, name);
            fs::write(dir.path().join(name), "after").unwrap();
            undo.restore(&mut Pending::new());
        }
        assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"before");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_is_replaced_unopened() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("zero")).unwrap();
        let replacing = |name| NewFile {
            replace: true,
            ..new_file(name, b"new")
        };
        write_all(dir.path(), &[replacing("pipe"), replacing("zero")]).unwrap();
        for name in ["pipe", "zero"] {
            assert!(
                fs::symlink_metadata(dir.path().join(name))
                    .unwrap()
                    .is_file()
            );
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), b"new");
        }
        // What cannot be put back is not taken away either.
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("link")).unwrap();
        let opened = Dir::open(dir.path()).unwrap();
        FileUndo::for_name(&opened, "link").restore(&mut Pending::new());
        assert!(fs::symlink_metadata(dir.path().join("link")).is_ok());
    }

    #[test]
    fn a_key_is_for_its_owner_alone_and_written_again_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            write_all(dir.path(), &[new_file("key", b"k")]).unwrap();
        }
        assert_eq!(
            fs::metadata(dir.path().join("key"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
    }

    #[test]
    fn too_large_missing_and_directory_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("big"), [0; 11]).unwrap();
        let kind = |name: &str| read(&dir.path().join(name), "a test", 10).unwrap_err();
        assert_eq!(
            (kind("big").kind, kind("big").exit_code()),
            (ErrorKind::FileTooLarge, 4)
        );
        assert_eq!(
            (kind("none").kind, kind("none").exit_code()),
            (ErrorKind::FileMissing, 4)
        );
        assert_eq!(
            (kind(".").kind, kind(".").exit_code()),
            (ErrorKind::IsADirectory, 4)
        );
    }
}
