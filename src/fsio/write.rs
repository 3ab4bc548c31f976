//! Written whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::group::{self, Member, Note, PREFIX, SUFFIX};
use super::lock::{Lock, PATIENCE, lock, taken, unlock};
use super::staged::{Staged, pending};
use super::{check_dir, machine, make_dir, read, read_regular};
use crate::error::{Class, Error, Result};

/// The largest file that is kept in memory while it is replaced: larger than all that the program writes.
const MAX_KEPT: u64 = 1024 * 1024;

/// A file to be written.
pub struct NewFile<'a> {
    /// Its name within the directory.
    pub name: String,
    /// Its content.
    pub content: &'a [u8],
    /// Its mode: 0o600 for keys.
    pub mode: u32,
    /// It may replace another content: the program's own records may.
    pub replace: bool,
}

/// Which of `files` stand in `dir` with another content and may not be replaced. A directory in a file's place never may: found in the middle
/// of a group, it would leave the group half in place.
///
/// # Errors
/// The first one, class `Conflict`; or that an existing file can't be read.
pub fn check_free(dir: &Path, files: &[NewFile<'_>]) -> Result<()> {
    for file in files {
        let target = dir.join(&file.name);
        if fs::symlink_metadata(&target).is_ok_and(|facts| facts.is_dir()) {
            return Err(Error::new(
                Class::Conflict,
                "file-exists",
                format!("{} is a directory, and a file is to be written there; nothing was changed", target.display()),
                "choose another place, or move that directory away",
            ));
        }
        if !file.replace && !same(&target, file.content)? {
            return Err(occupied(&target.display(), Chosen::Directory));
        }
    }
    Ok(())
}

/// That there is no file, or one of this content.
pub(super) fn same(path: &Path, content: &[u8]) -> Result<bool> {
    let max = u64::try_from(content.len()).unwrap_or(u64::MAX);
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(true),
        Ok(facts) if facts.is_file() && facts.len() == max => Ok(read(path, "an existing file", max)? == content),
        Ok(_) => Ok(false),
        Err(cause) => Err(machine(path, &cause)),
    }
}

/// What stands in a file's place, and may not go. `chosen`: what the user chose, and can choose otherwise.
pub(crate) fn occupied(place: &dyn std::fmt::Display, chosen: Chosen) -> Error {
    Error::new(Class::Conflict, "file-exists", format!("{place} exists and holds something else; it was left as it is"), chosen.hint())
}

/// What of a file's place the user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// The directory: the file's name is the program's.
    Directory,
    /// The file's own name.
    Name,
}

impl Chosen {
    const fn hint(self) -> &'static str {
        match self {
            Chosen::Directory => "choose another directory, or replace it with --force",
            Chosen::Name => "choose another name, or replace it with --force",
        }
    }
}

/// That a file of `room` bytes can be written in `dir`, or in the nearest directory above it that exists: tried with a temporary one, before anything
/// is done that cannot be done twice. It is no promise: the disk may be full a moment later.
///
/// # Errors
/// Class `Machine` for everything that the disk says; as [`check_dir`].
pub fn check_writable(dir: &Path, room: usize) -> Result<()> {
    check_dir(dir)?;
    let nearest = dir.ancestors().find(|path| path.is_dir()).filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let content = vec![0; room];
    let trial = NewFile { name: String::new(), content: &content, mode: 0o600, replace: false };
    Staged::new(nearest, &trial).and_then(Staged::discard).map_err(|cause| machine(dir, &cause))
}

/// Writes a group of files into `dir`: each first to a temporary file beside its place, synced; then all are renamed. A file that stands there
/// already with the same content stays untouched, one of another content is never replaced unless `replace` says so.
///
/// # Errors
/// Class `Conflict` for a file of other content, `Machine` for everything that the disk says; then nothing has changed.
pub fn write_all(dir: &Path, files: &[NewFile<'_>]) -> Result<()> {
    hold(dir)?.write(files)
}

/// The same with files whose names follow from the user's choice.
///
/// # Errors
/// As [`write_all`].
pub fn write_named(dir: &Path, files: &[NewFile<'_>]) -> Result<()> {
    write_all(dir, files).map_err(|mut error| {
        if error.kind == "file-exists" && error.hint == Chosen::Directory.hint() {
            Chosen::Name.hint().clone_into(&mut error.hint);
        }
        error
    })
}

/// A directory, made if need be, that no other hsmboot writes to while it is held.
pub struct Held<'a> {
    dir: &'a Path,
    handle: File,
}

/// Waits for the directory: for who reads something there, and writes what follows from it.
///
/// # Errors
/// As [`make_dir`].
pub fn hold(dir: &Path) -> Result<Held<'_>> {
    make_dir(dir)?;
    let handle = File::open(dir).map_err(|cause| machine(dir, &cause))?;
    match lock(&handle, PATIENCE).map_err(|cause| machine(dir, &cause))? {
        Lock::Taken => Err(taken(dir)),
        Lock::Ours | Lock::None => Ok(Held { dir, handle }),
    }
}

/// Completes what a killed hsmboot has left half-written in a directory, and removes its temporary files, as far as that can be done: before anybody reads
/// there. Where another one is at work, it is left to that one.
pub fn mend(dir: &Path) {
    if !group::is_interrupted(dir) {
        return;
    }
    let Ok(handle) = File::open(dir) else { return };
    // Without a lock nothing tells whether they are still somebody's.
    if matches!(lock(&handle, Duration::ZERO), Ok(Lock::Ours)) {
        let _held = Held { dir, handle };
        if group::complete(dir).is_ok() {
            group::sweep(dir);
        }
    }
}

impl Drop for Held<'_> {
    /// Closing is not enough: a program that this one has just started, or a token's module that forks, has its open files too, and their locks (flock(2)).
    fn drop(&mut self) {
        unlock(&self.handle);
    }
}

impl Held<'_> {
    /// As [`write_all`].
    ///
    /// # Errors
    /// As [`write_all`].
    pub fn write(&self, files: &[NewFile<'_>]) -> Result<()> {
        write_held(self.dir, &self.handle, files)
    }

    /// Reads a file that is to be written anew from what it holds, and writes it: whole or not at all. `make` gets what is there, at most `max` bytes of
    /// `what` it should be, and gives what is to be there; `None`: it stays as it is.
    ///
    /// # Errors
    /// As [`read_regular`] and [`write_all`], and whatever `make` says; then nothing has changed.
    pub fn rewrite(&self, name: &str, what: &str, max: u64, make: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>>) -> Result<()> {
        let path = self.dir.join(name);
        let absent = fs::symlink_metadata(&path).is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound);
        let current = if absent { None } else { Some(read_regular(&path, what, max)?) };
        match make(current.as_deref())? {
            None => Ok(()),
            Some(content) => self.write(&[NewFile { name: name.to_owned(), content: &content, mode: 0o644, replace: true }]),
        }
    }
}

fn write_held(dir: &Path, handle: &File, files: &[NewFile<'_>]) -> Result<()> {
    check_free(dir, files)?;
    let mut staged: Vec<(Staged, &NewFile<'_>, PathBuf)> = Vec::new();
    for file in files {
        let target = dir.join(&file.name);
        let mode_fits = fs::symlink_metadata(&target).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o777 & !file.mode == 0);
        if mode_fits && same(&target, file.content)? {
            continue;
        }
        staged.push((Staged::new(dir, file).map_err(|cause| machine(&target, &cause))?, file, target));
    }
    if staged.is_empty() {
        return Ok(());
    }
    let note = note(dir, &staged)?;
    sync_together(dir, &staged, note.as_ref())?;
    // From here to the end no signal comes between: `abandon` waits for the lock.
    let mut pending = pending();
    let noted = note.is_some();
    if let Some(note) = note {
        pending.remove(note.path());
        note.put(dir).map_err(|cause| machine(dir, &cause))?;
    }
    let mut done: Vec<Undo> = Vec::new();
    for (temporary, file, target) in staged {
        let undo = Undo::before(&target);
        match temporary.put(&mut pending, &target, file) {
            Ok(()) => done.push(undo),
            Err(cause) => {
                // What is taken back is not to be completed.
                group::done(dir);
                done.into_iter().rev().for_each(Undo::undo);
                return Err(if cause.kind() == io::ErrorKind::AlreadyExists {
                    occupied(&target.display(), Chosen::Directory)
                } else {
                    machine(&target, &cause)
                });
            }
        }
    }
    let synced = handle.sync_all();
    if noted {
        group::done(dir);
    }
    match synced {
        // Some file systems of removable media do not sync directories.
        Err(cause) if !matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Err(machine(dir, &cause)),
        _ => Ok(()),
    }
}

/// How to take one file of a group back, should a later one fail.
struct Undo {
    target: PathBuf,
    before: Before,
}

/// What stood in a file's place.
enum Before {
    Nothing,
    /// Content and mode. It may be a key.
    File(Zeroizing<Vec<u8>>, u32),
    /// What cannot be put back: a link, a pipe, a file too large or not to be read. The new file stays rather than nothing.
    Other,
}

impl Undo {
    fn before(target: &Path) -> Self {
        let before = match fs::symlink_metadata(target) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Before::Nothing,
            // Nothing but a file is opened: a pipe in its place would wait for ever, and `abandon` with it.
            Ok(facts) if facts.is_file() => match read(target, "an existing file", MAX_KEPT) {
                Ok(content) => Before::File(Zeroizing::new(content), facts.permissions().mode() & 0o777),
                Err(_) => Before::Other,
            },
            _ => Before::Other,
        };
        Undo { target: target.to_owned(), before }
    }

    /// As well as the disk lets us: the error that led here is the one to tell.
    fn undo(self) {
        match self.before {
            Before::Other => {}
            Before::Nothing => drop(fs::remove_file(&self.target)),
            Before::File(content, mode) => {
                let dir = self.target.parent().unwrap_or(Path::new("."));
                let restored = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(Permissions::from_mode(mode)).tempfile_in(dir);
                let restored = restored.and_then(|mut file| file.write_all(&content).map(|()| file));
                drop(restored.map(|file| file.persist(&self.target)));
            }
        }
    }
}

/// What is about to be done, where that is more than one rename.
fn note(dir: &Path, staged: &[(Staged, &NewFile<'_>, PathBuf)]) -> Result<Option<Note>> {
    if staged.len() < 2 {
        return Ok(None);
    }
    let members = staged.iter().map(|(staged, file, _)| {
        let temporary = staged.0.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Member { temporary, name: file.name.clone(), replace: file.replace }
    });
    let members: Vec<Member> = members.collect();
    let mut guard = pending();
    let note = Note::new(dir, &members).map_err(|cause| machine(dir, &cause))?;
    guard.insert(note.path().to_owned());
    Ok(Some(note))
}

/// Syncs the files. The disk is first told of all of them: a journal then commits once, with the first that is waited for.
fn sync_together(dir: &Path, staged: &[(Staged, &NewFile<'_>, PathBuf)], note: Option<&Note>) -> Result<()> {
    let mut files: Vec<(&File, &Path)> = staged.iter().map(|(file, _, target)| (file.0.as_file(), target.as_path())).collect();
    files.extend(note.map(|note| (note.file(), dir)));
    for (file, _) in &files {
        // It starts writing what is not written yet (posix_fadvise(2)), and where it does not, nothing is lost.
        rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).ok();
    }
    files.into_iter().try_for_each(|(file, target)| file.sync_all().map_err(|cause| machine(target, &cause)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file<'a>(name: &str, content: &'a [u8]) -> NewFile<'a> {
        NewFile { name: name.to_owned(), content, mode: 0o600, replace: false }
    }

    #[test]
    fn a_group_is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("b"), "other").unwrap();
        let error = write_all(dir.path(), &[file("a", b"new"), file("b", b"new")]).unwrap_err();
        assert_eq!(error.code(), 8);
        assert!(!dir.path().join("a").exists());
        assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"other");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_directory_is_tried_before_it_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        check_writable(&dir.path().join("new/below"), 1000).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left, nothing is made");
        let error = check_writable(Path::new("/proc/none"), 1000).unwrap_err();
        assert_eq!((error.kind, error.code()), ("cannot-write", 1));
        assert_eq!(check_writable(Path::new("/proc/version"), 1000).unwrap_err().kind, "not-a-directory");
        check_writable(Path::new("new"), 10).unwrap();
    }

    #[test]
    fn a_directory_is_given_back_whoever_else_has_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let held = hold(dir.path()).unwrap();
        // As a program has it that is just being started.
        let inherited = held.handle.try_clone().unwrap();
        drop(held);
        assert!(lock(&File::open(dir.path()).unwrap(), Duration::ZERO).unwrap() == Lock::Ours);
        drop(inherited);
    }

    #[test]
    fn a_file_of_a_group_is_taken_back_when_a_later_one_fails() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("old"), "before").unwrap();
        for name in ["old", "new"] {
            let target = dir.path().join(name);
            let undo = Undo::before(&target);
            fs::write(&target, "after").unwrap();
            undo.undo();
        }
        assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"before");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_is_replaced_unopened() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR, 0).unwrap();
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("zero")).unwrap();
        let replacing = |name| NewFile { replace: true, ..file(name, b"new") };
        write_all(dir.path(), &[replacing("pipe"), replacing("zero")]).unwrap();
        for name in ["pipe", "zero"] {
            assert!(fs::symlink_metadata(dir.path().join(name)).unwrap().is_file());
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), b"new");
        }
        // What cannot be put back is not taken away either.
        std::os::unix::fs::symlink("/dev/zero", dir.path().join("link")).unwrap();
        let undo = Undo::before(&dir.path().join("link"));
        undo.undo();
        assert!(fs::symlink_metadata(dir.path().join("link")).is_ok());
    }

    #[test]
    fn a_key_is_for_its_owner_alone_and_written_again_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            write_all(dir.path(), &[file("key", b"k")]).unwrap();
        }
        assert_eq!(fs::metadata(dir.path().join("key")).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn too_large_missing_and_directory_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("big"), [0; 11]).unwrap();
        let kind = |name: &str| read(&dir.path().join(name), "a test", 10).unwrap_err();
        assert_eq!((kind("big").kind, kind("big").code()), ("file-too-large", 4));
        assert_eq!((kind("none").kind, kind("none").code()), ("file-missing", 4));
        assert_eq!((kind(".").kind, kind(".").code()), ("is-a-directory", 4));
    }
}
