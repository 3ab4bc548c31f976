//! The place of a bundle's files: a directory, or one file whose name ends in `.hsmboot`. The same
//! rules hold in both: a file is new, or equal, or may be replaced; what is written is written
//! whole or not at all.

mod directory;
mod held_store;
mod reading;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use held_store::HeldStore;
pub use reading::Stranger;

use super::CA_FILE;
use super::Transcript;
use super::archive::{self, Members};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::{self, ChosenPlace, Dir, NewFile};
use crate::outside::shown_path;
use crate::x509::pem::is_key_file;
use crate::x509::sha256;

/// The end of the name of a bundle in one file.
pub const SUFFIX: &str = ".hsmboot";

/// A place for a bundle. It knows no cluster. Each file is read once: whatever is asked of it later
/// is answered from what was read, so that the bytes that were judged are those that are compared,
/// signed, submitted and recorded. Before anything is written, they are held against what stands
/// there then.
///
/// The directory is opened once too, and no link: what is read and written is read and written in
/// it, whatever its path leads to meanwhile.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    form: StoreForm,
    /// The directory that holds the files, or the one file, once it was opened. Copies of a place
    /// share it.
    dir: Arc<Mutex<Option<Dir>>>,
    known: CachedFiles,
}

/// The files that were read. Copies of a place share it.
#[derive(Clone, Debug, Default)]
struct CachedFiles(Arc<Mutex<ReadFiles>>);

#[derive(Clone, Debug, Default)]
struct ReadFiles {
    /// The contents by name; `None`: the file was looked for, and not there.
    files: BTreeMap<String, Option<Vec<u8>>>,
    /// The members of the one file, once it was read; `None` in there: there was none.
    archive: Option<Option<Members>>,
    /// The transcript, as it was last parsed.
    transcript: Option<Transcript>,
}

impl CachedFiles {
    fn lock_cache(&self) -> MutexGuard<'_, ReadFiles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached_file(&self, name: &str) -> Option<Option<Vec<u8>>> {
        self.lock_cache().files.get(name).cloned()
    }

    fn cache_file(&self, name: &str, content: Option<&[u8]>) {
        self.lock_cache()
            .files
            .insert(name.to_owned(), content.map(<[u8]>::to_vec));
    }
}

#[derive(Clone, Debug)]
enum StoreForm {
    Directory,
    Archive,
    /// Files that have just come in some other way, and are nowhere yet.
    Memory(Members),
}

/// A file's place, for messages: `dir/name`, or `x.hsmboot: name`.
pub struct FilePlace<'a>(&'a Store, &'a str);

impl fmt::Display for FilePlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FilePlace(store, name) = self;
        match store.form {
            StoreForm::Directory => write!(f, "{}", shown_path(store.path.join(name))),
            StoreForm::Archive | StoreForm::Memory(_) => {
                write!(f, "{}: {}", shown_path(&store.path), shown_path(name))
            }
        }
    }
}

impl Store {
    /// Returns the bundle at a path, which need not exist.
    pub fn at_path(path: &Path) -> Self {
        let is_one = |path: &Path| {
            path.file_name().is_some_and(|name| {
                name.len() > SUFFIX.len() && name.as_encoded_bytes().ends_with(SUFFIX.as_bytes())
            })
        };
        let form = if is_one(path) {
            StoreForm::Archive
        } else {
            StoreForm::Directory
        };
        Store {
            path: path.to_owned(),
            form,
            dir: Arc::default(),
            known: CachedFiles::default(),
        }
    }

    /// Returns the name of the file that holds the trust anchor: of the names that it may have, the
    /// first that is there. `customerCA.crt` where none is.
    pub fn trust_anchor_file(&self) -> &'static str {
        super::TRUST_ANCHOR_FILES
            .into_iter()
            .find(|name| self.has(name))
            .unwrap_or(CA_FILE)
    }

    /// Returns the transcript, if it was parsed already and has this content.
    pub(super) fn cached_transcript(&self, content: &[u8]) -> Option<Transcript> {
        let known = self.known.lock_cache().transcript.clone();
        known.filter(|known| known.content() == content)
    }

    /// Keeps a transcript that was parsed.
    pub(super) fn cache_transcript(&self, transcript: &Transcript) {
        self.known.lock_cache().transcript = Some(transcript.clone());
    }

    /// Returns the same place, of which nothing is known yet.
    #[must_use]
    pub fn without_cache(&self) -> Self {
        Store {
            known: CachedFiles::default(),
            ..self.clone()
        }
    }

    /// Completes what a killed hsmboot has left half-written there, as far as that can be done,
    /// before somebody looks.
    ///
    /// # Errors
    /// Class `Input`, `is-a-link`; as [`fsio::Dir::open_itself`] has them.
    pub fn mend_leftovers(&self) -> Result<()> {
        if self.is_directory() {
            self.open_dir()?.iter().for_each(fsio::mend_dir);
        }
        Ok(())
    }

    /// Tells whether files are being put in place there, or were left so and could not be
    /// completed: after [`Store::mend_leftovers`].
    pub fn is_interrupted(&self) -> bool {
        let dir = self.is_directory().then(|| self.open_dir().ok().flatten());
        dir.flatten().is_some_and(|dir| fsio::is_interrupted(&dir))
    }

    fn has_been_read(&self) -> bool {
        let known = self.known.lock_cache();
        known.files.values().any(Option::is_some)
            || known.archive.as_ref().is_some_and(Option::is_some)
    }

    /// Makes a place of files that have just come; messages call their place `source`. Nothing can
    /// be written there.
    pub fn from_members(members: Members, source: &str) -> Self {
        Store {
            path: PathBuf::from(source),
            form: StoreForm::Memory(members),
            dir: Arc::default(),
            known: CachedFiles::default(),
        }
    }

    /// Returns the directory, or the one file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether it is one file.
    pub const fn is_archive(&self) -> bool {
        matches!(self.form, StoreForm::Archive)
    }

    pub(crate) const fn is_directory(&self) -> bool {
        matches!(self.form, StoreForm::Directory)
    }

    /// Returns a file's place, for people.
    pub const fn place<'a>(&'a self, name: &'a str) -> FilePlace<'a> {
        FilePlace(self, name)
    }

    /// Checks that each of the files is new, or equal to what is there, or may replace it.
    ///
    /// # Errors
    /// The first one that is not, class `Conflict`.
    pub fn check_free(&self, files: &[NewFile<'_>]) -> Result<()> {
        if self.is_directory() {
            return self.open_dir()?.map_or(Ok(()), |dir| dir.check_free(files));
        }
        self.merge_files(self.read_members()?.unwrap_or_default(), files)
            .map(drop)
    }

    /// Returns the files with the new ones among them; `None`: they were all there already.
    fn merge_files(&self, mut members: Members, files: &[NewFile<'_>]) -> Result<Option<Members>> {
        let mut changed = false;
        for file in files {
            match members.get(&file.name) {
                Some(there) if there == file.content => continue,
                Some(_) if !file.replace => {
                    return Err(fsio::occupied_place(
                        &self.place(&file.name),
                        ChosenPlace::Directory,
                    ));
                }
                _ => changed = true,
            }
            members.insert(file.name.clone(), file.content.to_vec());
        }
        Ok(changed.then_some(members))
    }

    /// Waits until no other hsmboot writes here: for a caller that reads something, and writes what
    /// follows from it.
    ///
    /// # Errors
    /// As [`fsio::hold_path`].
    pub fn hold(&self) -> Result<HeldStore<'_>> {
        // A type of its own for such a place would double `Bundle`, which reads it like any other.
        // What came is written to a place with a path, never here.
        if matches!(self.form, StoreForm::Memory(_)) {
            return Err(Error::new(
                ErrorKind::Bug,
                "nothing can be written where a bundle has just come from",
                "please report it",
            ));
        }
        let held = HeldStore {
            store: self,
            held: fsio::hold_dir(&self.dir_to_write()?)?,
        };
        held.is_as_known()?;
        Ok(held)
    }

    /// Checks that a few files more can be written here, before anything is done that cannot be
    /// done twice.
    ///
    /// # Errors
    /// As [`fsio::check_writable`].
    pub fn check_writable(&self) -> Result<()> {
        // What a step adds: a certificate, a trust anchor, three documents, and the transcript
        // anew.
        const ROOM: usize = 64 * 1024;
        let room = if self.is_directory() {
            ROOM
        } else {
            ROOM + self.archive_size()
        };
        match self.open_dir()? {
            Some(dir) => dir.check_writable(room),
            None => fsio::check_writable(self.dir_path(), room),
        }
    }

    fn archive_size(&self) -> usize {
        let members = self.read_members().ok().flatten().unwrap_or_default();
        members.values().map(|content| content.len() + 1024).sum()
    }

    /// Writes the files, all or none: see [`HeldStore::write`].
    ///
    /// # Errors
    /// As [`HeldStore::write`].
    pub fn write(&self, files: &[NewFile<'_>]) -> Result<()> {
        self.hold()?.write(files)
    }

    /// Writes a CA and its key. The key lies beside the bundle's files and never travels with them:
    /// nothing of it is kept in memory.
    ///
    /// # Errors
    /// As [`fsio::HeldDir::write`].
    pub fn write_beside(&self, files: &[NewFile<'_>]) -> Result<()> {
        fsio::hold_dir(&self.dir_to_write()?)?.write(files)?;
        files
            .iter()
            .filter(|file| super::is_own(&file.name))
            .for_each(|file| self.known.cache_file(&file.name, Some(file.content)));
        Ok(())
    }

    /// Makes the one file hold these files and no others; gives its SHA-256, and whether it was so
    /// already.
    ///
    /// # Errors
    /// Class `Conflict` where something else is there, unless with `force`; `Machine` for the disk;
    /// `Input` for files that do not travel.
    pub fn pack_members(&self, members: &Members, force: bool) -> Result<([u8; 32], bool)> {
        let packed = archive::write(members).map_err(|fault| self.explain_fault(&fault))?;
        let digest = sha256(&packed);
        let mut unchanged = false;
        self.hold()?.rewrite_content(|current| {
            unchanged = current == Some(&packed[..]);
            if current.is_some_and(is_key_file) {
                return Err(fsio::key_in_place(&shown_path(&self.path)));
            }
            if current.is_some() && !unchanged && !force {
                return Err(fsio::occupied_place(
                    &shown_path(&self.path),
                    ChosenPlace::Name,
                ));
            }
            Ok((!unchanged).then_some(packed))
        })?;
        Ok((digest, unchanged))
    }

    /// Locks a file that stays the same as long as `name` does, for a caller that must be alone;
    /// `None`: it is not there, or somebody else has it.
    pub fn lock_file(&self, name: &str) -> Option<File> {
        let name = if self.is_directory() {
            Path::new(name)
        } else {
            Path::new(self.path.file_name()?)
        };
        self.open_dir()
            .ok()??
            .open_file(name)
            .ok()
            .filter(|file| file.try_lock().is_ok())
    }
}

/// Returns the error of a file that another command wrote while this one was at work: one that was
/// not there, or a record, on which nothing rests. What was judged has not changed.
fn written_meanwhile(place: &str, how: &str) -> Error {
    Error::new(
        ErrorKind::WrittenMeanwhile,
        format!("{place} {how}; nothing was written"),
        "another command works on this bundle: run the same command again when that one is done; \
         it reads everything anew, and goes on from there",
    )
}

/// Returns the error of a place that is not as it was when it was read.
fn changed_meanwhile(place: &str, how: &str) -> Error {
    Error::new(
        ErrorKind::ChangedMeanwhile,
        format!("{place} {how}; nothing was written"),
        "find out who else works on this bundle; then run the same command again, which reads \
         everything anew",
    )
}

#[cfg(test)]
mod tests;
