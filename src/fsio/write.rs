//! Written whole or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dir::Dir;
use super::free::{ChosenPlace, occupied_place};
use super::group::{self, GroupMember, GroupNote, Unfinished};
use super::lock::{Lock, PATIENCE, directory_taken, lock_dir, unlock_dir};
use super::new_file::{NewFile, mode_if_same};
use super::staged::{PREFIX, Pending, Staged, lock_pending};
use super::{check_dir, io_text, machine_error, make_dir};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_path;

/// More files of a group than this are not waited for at a time.
const MOST_THREADS: usize = 16;

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
/// nothing has changed, but where the last wait for the disk failed: then all stand there, and the
/// next run waits for it again. Class `Machine` too where a group can be neither put in place nor
/// taken back: the next run goes on with it.
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
/// Class `Machine`, also where what a killed hsmboot has left cannot be completed; `Conflict` where
/// another program keeps it.
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
            held.clean_leftovers()
                .map_err(|cause| unfinished_group(dir, &cause))?;
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
    if !group::is_interrupted(dir).unwrap_or_default() {
        return;
    }
    let Ok(handle) = dir.reopen() else { return };
    // Without a lock nothing tells whether they are still somebody's.
    if matches!(lock_dir(&handle, Duration::ZERO), Ok(Lock::Ours)) {
        let held = HeldDir {
            dir: dir.clone(),
            handle,
        };
        // Who only reads may not be able to, as on a medium that is write-protected. Who writes is
        // told.
        held.clean_leftovers().ok();
    }
}

/// Tells whether a directory still has what a killed hsmboot has left, or what another one that is
/// at work puts there: after [`mend_dir`].
pub fn is_interrupted(dir: &Dir) -> bool {
    group::has_note(dir).unwrap_or_default()
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
    ///
    /// # Errors
    /// See [`Unfinished`]. Then nothing is removed.
    fn clean_leftovers(&self) -> std::result::Result<(), Unfinished> {
        if group::is_interrupted(&self.dir)? {
            group::complete_group(&self.dir)?;
            group::remove_temporaries(&self.dir);
        }
        Ok(())
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
            None => sync_names(&self.dir),
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
        return sync_names(dir);
    }
    let note = stage_note(dir, &staged)?;
    sync_together(dir, &staged, note.as_ref())?;
    // From here to the end no signal comes between: `abandon` waits for the lock. What is done
    // under it waits for the disk alone.
    let mut pending = lock_pending();
    let Some(note) = note else {
        let placed = staged
            .iter_mut()
            .try_for_each(|(temporary, file)| place(temporary, file, &mut pending, dir, chosen));
        return placed.and_then(|()| sync_names(dir));
    };
    for (temporary, file) in &mut staged {
        temporary
            .give_name()
            .map_err(|cause| machine_error(&target(file), &cause))?;
    }
    let members = note
        .put_in_place(dir, &mut pending)
        .map_err(|cause| note_error(dir, &cause))?;
    let placed = staged
        .iter_mut()
        .zip(&members)
        .try_for_each(|((temporary, file), member)| {
            member
                .keep(dir)
                .map_err(|cause| machine_error(&target(file), &cause))?;
            place(temporary, file, &mut pending, dir, chosen)
        });
    if let Err(error) = placed {
        if let Err(cause) = group::take_group_back(dir, &members) {
            staged
                .into_iter()
                .for_each(|(temporary, _)| temporary.leave(&mut pending));
            return Err(unfinished_group(dir, &cause.into()));
        }
        return Err(error);
    }
    // Where this fails, the note stays, and whoever comes next waits for the disk again.
    sync_names(dir)?;
    group::end_group(dir, &members);
    Ok(())
}

fn place(
    temporary: &mut Staged,
    file: &NewFile<'_>,
    pending: &mut Pending,
    dir: &Dir,
    chosen: ChosenPlace,
) -> Result<()> {
    let target = dir.path().join(&file.name);
    temporary
        .put_in_place(pending, file)
        .map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => occupied_place(&shown_path(target), chosen),
            _ => machine_error(&target, &cause),
        })
}

/// Puts the directory's names on the disk. That is waited for where nothing is to be written too:
/// what stands there may be of a run that was killed before it had waited.
fn sync_names(dir: &Dir) -> Result<()> {
    dir.sync()
        .map_err(|cause| machine_error(dir.path(), &cause))
}

/// Says why a note cannot be put in its place.
fn note_error(dir: &Dir, cause: &io::Error) -> Error {
    let place = dir.path().join(group::NOTE);
    if cause.kind() != io::ErrorKind::AlreadyExists {
        return machine_error(&place, cause);
    }
    Error::new(
        ErrorKind::CannotWrite,
        format!(
            "{} stands there: another hsmboot is putting files in place in this directory, or was \
             interrupted, as another user or on a file system without locks",
            shown_path(&place)
        ),
        "if none is at work there, have the user who ran it run the same command again, which \
         completes its files; where that does not help, move that file away; nothing was changed",
    )
    .with_fact(FactName::File, place.as_path())
}

/// Says that a group of files is in the middle.
fn unfinished_group(dir: &Dir, unfinished: &Unfinished) -> Error {
    let shown = shown_path(dir.path());
    let cause = match unfinished {
        Unfinished::Disk(cause) => cause,
        Unfinished::NotAsNoted(note) => {
            let place = dir.path().join(note);
            // Half of a group that failed: what it replaced goes back, and it does not.
            let by_hand = match *note {
                group::UNDO_NOTE => {
                    "says under `kept` which `temporary` file goes back to its `name`; where it \
                     says `nothing`, move the file of the `name` to another directory"
                }
                _ => "says which `name` each `temporary` file is for",
            };
            return Error::new(
                ErrorKind::CannotWrite,
                format!(
                    "{shown} has what an interrupted hsmboot leaves, and its files are not those \
                     that it noted: it came here since then (a copy, a backup, a stick), another \
                     program replaced one, or somebody made that up. It would replace files, and \
                     is not obeyed; nothing was changed"
                ),
                format!(
                    "if the directory that it was copied from is still there, go on in that. If \
                     you know that hsmboot was interrupted, put its files in place yourself: {} \
                     {by_hand}. Otherwise move {}* to another directory. Then run the same command \
                     again",
                    shown_path(&place),
                    shown_path(dir.path().join(PREFIX))
                ),
            )
            .with_fact(FactName::File, place.as_path());
        }
    };
    Error::new(
        ErrorKind::CannotWrite,
        format!(
            "what an interrupted hsmboot left in {shown} cannot be completed: {}",
            io_text(cause)
        ),
        "check the disk, the directory and its permissions, and run the same command again: it \
         goes on with what was left, and nothing of that is lost",
    )
    .with_fact(FactName::File, dir.path())
    .with_fact(FactName::Cause, io_text(cause))
}

/// Stages a note of what is about to be done, where that is more than one rename.
fn stage_note(dir: &Dir, staged: &[(Staged, &NewFile<'_>)]) -> Result<Option<GroupNote>> {
    if staged.len() < 2 {
        return Ok(None);
    }
    let member = |(staged, file): &(Staged, &NewFile<'_>)| {
        GroupMember::new(dir, (&staged.name, &staged.file), &file.name, file.replace)
    };
    let members: io::Result<Vec<GroupMember>> = staged.iter().map(member).collect();
    members
        .and_then(|members| GroupNote::new(dir, members, &mut lock_pending()))
        .map(Some)
        .map_err(|cause| machine_error(dir.path(), &cause))
}

/// Syncs the files. The disk is first told of all of them, and then they are waited for in several
/// threads: a journal commits once for all that wait together, and a flush of the disk answers all
/// of them.
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
    let share = files.len().div_ceil(MOST_THREADS).max(1);
    let sync_all = |files: &[(&File, PathBuf)]| {
        files.iter().try_for_each(|(file, target)| {
            file.sync_all()
                .map_err(|cause| machine_error(target, &cause))
        })
    };
    std::thread::scope(|scope| {
        let waiting: Vec<_> = files
            .chunks(share)
            .enumerate()
            .map(|(at, files)| {
                let spawn =
                    || std::thread::Builder::new().spawn_scoped(scope, move || sync_all(files));
                // The first are waited for here, and so are those for which no thread can be had.
                let thread = (at > 0).then(spawn).and_then(io::Result::ok);
                (thread, files)
            })
            .collect();
        waiting
            .into_iter()
            .try_for_each(|(thread, files)| match thread {
                Some(thread) => thread.join().unwrap_or_else(|_| {
                    let cause = io::Error::other("the wait for the disk broke off");
                    Err(machine_error(dir.path(), &cause))
                }),
                None => sync_all(files),
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
