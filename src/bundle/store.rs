//! The place of a bundle's files: a directory, or one file whose name ends in `.hsmboot`. The same
//! rules hold in both: a file is new, or equal, or may be replaced; what is written is written
//! whole or not at all.

mod held_store;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use held_store::HeldStore;

use serde::Serialize;
use zeroize::Zeroizing;

use super::archive::{self, ArchiveFault, MAX_ARCHIVE, Members};
use super::{CA_FILE, CA_KEY_FILE, ClusterId, Part, REQUEST, RESPONSE, TRANSCRIPT, names_of};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, ChosenPlace, Dir, NewFile};
use crate::hint;
use crate::outside::{Lines, OutsideText, shown_path, stored_path};
use crate::x509::pem::{is_key_file, may_be_key};
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

fn input_error(kind: ErrorKind, message: String, hint: impl Into<Lines>) -> Error {
    Error::new(kind, message, hint)
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

    /// Returns the path of the directory that [`Store::open_dir`] opens.
    fn dir_path(&self) -> &Path {
        // A name alone lies in the directory that the program runs in.
        let parent = || {
            self.path
                .parent()
                .filter(|dir| !dir.as_os_str().is_empty())
                .unwrap_or(Path::new("."))
        };
        if self.is_directory() {
            &self.path
        } else {
            parent()
        }
    }

    /// Returns the directory that holds the files, or the one file: opened at the first call.
    /// `None`: there is none yet.
    fn open_dir(&self) -> Result<Option<Dir>> {
        let mut opened = self.dir.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none() {
            *opened = self.open_dir_now()?;
        }
        Ok(opened.clone())
    }

    fn open_dir_now(&self) -> Result<Option<Dir>> {
        if matches!(self.form, StoreForm::Memory(_)) {
            return Ok(None);
        }
        let path = self.dir_path();
        // The directory that one file lies in may be a link, as on the way to any file.
        let opened = if self.is_directory() {
            Dir::open_itself(path)
        } else {
            Dir::open(path)
        };
        match (opened, fsio::link_target(&self.path)) {
            (Ok(dir), _) if self.is_directory() => Ok(Some(dir)),
            (_, Some(target)) => Err(self.is_a_link(&target)),
            (opened, None) => self.accept_opened(opened),
        }
    }

    fn accept_opened(&self, opened: std::io::Result<Dir>) -> Result<Option<Dir>> {
        let path = self.dir_path();
        match opened {
            Ok(dir) => Ok(Some(dir)),
            Err(cause)
                if cause.kind() == io::ErrorKind::NotFound || fsio::leads_nowhere(&cause) =>
            {
                Ok(None)
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => Err(input_error(
                ErrorKind::NotADirectory,
                format!(
                    "{} is a file, expected a bundle (a directory)",
                    shown_path(path)
                ),
                format!(
                    "name the directory that holds the files; a bundle in one file has a name that \
                     ends in {SUFFIX}"
                ),
            )
            .with_fact(FactName::File, path)),
            Err(cause) => Err(Error::new(
                ErrorKind::Unreadable,
                format!(
                    "{} cannot be read: {}",
                    shown_path(path),
                    fsio::io_text(&cause)
                ),
                "check its permissions",
            )
            .with_fact(FactName::File, path)
            .with_fact(FactName::Cause, fsio::io_text(&cause))),
        }
    }

    fn is_a_link(&self, target: &Path) -> Error {
        let hint = match target.as_os_str().is_empty() {
            true => "it leads to nothing: name the bundle itself".to_owned(),
            false => format!(
                "name what it leads to, if that is the bundle: {}",
                shown_path(target)
            ),
        };
        let message = format!(
            "{} is a symbolic link, and a bundle is none: whoever can change the link says what is \
             read and written",
            shown_path(&self.path)
        );
        input_error(ErrorKind::IsALink, message, hint)
            .with_fact(FactName::File, self.path.as_path())
    }

    /// Opens the same directory, made if need be, for a caller that is about to write.
    fn dir_to_write(&self) -> Result<Dir> {
        let path = self.dir_path();
        match self.open_dir()? {
            Some(dir) if dir.is_at(path) => return Ok(dir),
            // What was judged stood in another directory than the one that the path leads to now.
            Some(_) if self.has_been_read() => {
                return Err(Error::new(
                    ErrorKind::ChangedMeanwhile,
                    format!(
                        "{} was taken away after it had been read; nothing was written",
                        shown_path(&self.path)
                    ),
                    "find out who else works on this bundle; then run the same command again, \
                     which reads everything anew",
                )
                .with_fact(FactName::File, self.path.as_path()));
            }
            _ => {}
        }
        *self.dir.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if !self.is_directory() || fsio::link_target(path).is_none() {
            fsio::make_dir(path)?;
        }
        let gone = || {
            Error::new(
                ErrorKind::ChangedMeanwhile,
                format!("{} was taken away", shown_path(path)),
                "run the same command again",
            )
        };
        self.open_dir()?.ok_or_else(gone)
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

    /// Reads the members of the one file; `None`: there is none.
    fn read_members(&self) -> Result<Option<Members>> {
        if let StoreForm::Memory(members) = &self.form {
            return Ok(Some(members.clone()));
        }
        if let Some(members) = &self.known.lock_cache().archive {
            return Ok(members.clone());
        }
        let members = self.members_now()?;
        self.known.lock_cache().archive = Some(members.clone());
        Ok(members)
    }

    fn members_now(&self) -> Result<Option<Members>> {
        let name = self.path.file_name().unwrap_or_default();
        match self.open_dir()? {
            Some(dir)
                if !dir
                    .is_absent(name)
                    .unwrap_or_else(|cause| fsio::leads_nowhere(&cause)) =>
            {
                self.parse(&dir.read(name, "a bundle in one file", MAX_ARCHIVE)?)
                    .map(Some)
            }
            _ => Ok(None),
        }
    }

    fn parse(&self, content: &[u8]) -> Result<Members> {
        archive::read(content).map_err(|fault| self.explain_fault(&fault))
    }

    fn explain_fault(&self, fault: &ArchiveFault) -> Error {
        let name = shown_path(&self.path);
        let error = match fault {
            ArchiveFault::PrivateKey(_) => input_error(
                ErrorKind::PrivateKey,
                format!("{name}: {fault}"),
                "keep the CA's key where it is to stay. If this file has left that place with the \
                 key in it, consider the key lost",
            ),
            ArchiveFault::TooLarge(_) => input_error(
                ErrorKind::FileTooLarge,
                format!("{name} is too large for a bundle: {fault}"),
                "check that this is the right file",
            ),
            ArchiveFault::Malformed(_) => input_error(
                ErrorKind::BadArchive,
                format!("{name} is not a bundle in one file: {fault}"),
                "copy it again, or make it anew with `hsmboot pack DIR -o NEWNAME.hsmboot`",
            ),
        };
        error.with_fact(FactName::File, self.path.as_path())
    }

    /// Returns the names of the files, but for hidden ones: Macs leave a `._` beside each file on
    /// the stick that it travels on.
    ///
    /// # Errors
    /// Class `Input`, `no-bundle`: nothing is there.
    pub fn names(&self) -> Result<Vec<String>> {
        let nothing = || {
            input_error(
                ErrorKind::NoBundle,
                format!("there is no bundle {}", shown_path(&self.path)),
                "check the path, or make one with `hsmboot fetch`",
            )
            .with_fact(FactName::File, self.path.as_path())
        };
        if self.is_directory() {
            return list_names(&self.open_dir()?.ok_or_else(nothing)?);
        }
        Ok(self
            .read_members()?
            .ok_or_else(nothing)?
            .into_keys()
            .collect())
    }

    /// Tells whether something of this name is there.
    pub fn has(&self, name: &str) -> bool {
        if !self.is_directory() {
            return self
                .read_members()
                .ok()
                .flatten()
                .is_some_and(|members| members.contains_key(name));
        }
        if let Some(content) = self.known.cached_file(name) {
            return content.is_some();
        }
        match self.open_dir() {
            Ok(Some(dir)) => {
                let absent = dir.is_absent(name);
                if matches!(absent, Ok(true)) {
                    self.known.cache_file(name, None);
                }
                absent.is_ok_and(|absent| !absent)
            }
            Ok(None) => {
                self.known.cache_file(name, None);
                false
            }
            // Whoever reads there is told.
            Err(_) => false,
        }
    }

    /// Tells whether a file of this name is there: no link, and nothing else.
    pub fn has_file(&self, name: &str) -> bool {
        self.has(name)
            && (!self.is_directory()
                || self
                    .open_dir()
                    .ok()
                    .flatten()
                    .is_some_and(|dir| dir.has_file(name)))
    }

    /// Reads a file of at most `max` bytes, `what` it should be.
    ///
    /// # Errors
    /// Missing, something else than a file, too large: class `Input`. Not readable: class
    /// `Machine`.
    pub fn read(&self, name: &str, what: &str, max: u64) -> Result<Vec<u8>> {
        let known = if self.is_directory() {
            self.known.cached_file(name)
        } else {
            Some(
                self.read_members()?
                    .and_then(|mut members| members.remove(name)),
            )
        };
        let missing = || {
            input_error(
                ErrorKind::FileMissing,
                format!("{what} is missing: there is no file {}", self.place(name)),
                self.how_to_get(name),
            )
            .with_fact(FactName::File, self.place(name).to_string())
        };
        let Some(known) = known else {
            let content = self
                .open_dir()?
                .ok_or_else(missing)?
                .read(name, what, max)
                .map_err(|mut error| {
                    if error.kind == ErrorKind::FileMissing {
                        error.hint = self.how_to_get(name).into();
                    }
                    error
                })?;
            self.known.cache_file(name, Some(&content));
            return Ok(content);
        };
        let content = known.ok_or_else(missing)?;
        if u64::try_from(content.len()).is_ok_and(|length| length > max) {
            let found = content.len();
            return Err(input_error(
                ErrorKind::FileTooLarge,
                format!(
                    "{} is too large for {what}: {found} bytes, expected at most {max}",
                    self.place(name)
                ),
                "check that this is the right file",
            )
            .with_fact(FactName::File, self.place(name).to_string())
            .with_fact(FactName::Size, found)
            .with_fact(FactName::Limit, max));
        }
        Ok(content)
    }

    /// Does the same as [`Store::read`] with a file that is about to travel, which must have this
    /// name alone: see [`Dir::read_sole`].
    ///
    /// # Errors
    /// As [`Store::read`]; class `Input`, `has-another-name`; class `Conflict`,
    /// `changed-meanwhile`.
    pub fn read_to_carry(&self, name: &str, what: &str, max: u64) -> Result<Vec<u8>> {
        let content = self.read(name, what, max)?;
        if let (true, Some(dir)) = (self.is_directory(), self.open_dir()?) {
            // What was judged by its descriptor is what travels.
            if dir.read_sole(name, what, max)? != content {
                return Err(Error::new(
                    ErrorKind::ChangedMeanwhile,
                    format!(
                        "{} was changed after it had been read; nothing was written",
                        self.place(name)
                    ),
                    "find out who else works on this bundle; then run the same command again, \
                     which reads everything anew",
                )
                .with_fact(FactName::File, self.place(name).to_string()));
            }
        }
        Ok(content)
    }

    /// Lists what lies there and belongs to no bundle of this cluster, by its name alone; hidden
    /// files are left out, as [`Store::names`] does.
    ///
    /// # Errors
    /// As [`Store::names`].
    pub fn list_strangers(&self, cluster: Option<&ClusterId>) -> Result<Vec<Stranger>> {
        let own = names_of(cluster);
        let is_own = |name: &OsStr| {
            name.to_str()
                .is_some_and(|name| name == TRANSCRIPT || own.iter().any(|own| own == name))
        };
        // What is no part of any bundle is in no archive.
        let (true, Some(dir)) = (self.is_directory(), self.open_dir()?) else {
            let names = self
                .names()?
                .into_iter()
                .filter(|name| !is_own(OsStr::new(name)));
            return Ok(names
                .map(|name| Stranger {
                    name: name.into(),
                    is_key: false,
                })
                .collect());
        };
        let mut names = dir
            .all_names()
            .map_err(|cause| unreadable_dir(&dir, &cause))?;
        names.retain(|name| !name.as_encoded_bytes().starts_with(b".") && !is_own(name));
        names.sort_unstable();
        // `customerCA.key`, readable or not, and whatever a private key begins in. What is larger
        // than any key is not looked at.
        let holds_key = |name: &OsStr| {
            dir.read(name, "a file beside the bundle", fsio::MAX_INPUT)
                .map(Zeroizing::new)
                .is_ok_and(|content| may_be_key(&content))
        };
        Ok(names
            .into_iter()
            .map(|name| Stranger {
                is_key: name == CA_KEY_FILE || holds_key(&name),
                name: stored_path(&name).into(),
            })
            .collect())
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
        let room = ROOM.saturating_add(if self.is_directory() {
            0
        } else {
            self.archive_size()
        });
        match self.open_dir()? {
            Some(dir) => dir.check_writable(room),
            None => fsio::check_writable(self.dir_path(), room),
        }
    }

    fn archive_size(&self) -> usize {
        let members = self.read_members().ok().flatten().unwrap_or_default();
        members
            .values()
            .map(|content| content.len().saturating_add(1024))
            .sum()
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

    /// Advises how to get a file that is missing.
    fn how_to_get(&self, name: &str) -> String {
        let names = self.names().unwrap_or_default();
        match names
            .iter()
            .find(|other| other.eq_ignore_ascii_case(name))
            .filter(|_| self.is_directory())
        {
            Some(other) => self.rename_advice(other, name),
            None => refetch_advice(name).to_owned(),
        }
    }

    /// Returns the advice that gives a file its name, where one of the same letters is there in
    /// another case. Nothing is written over.
    pub(super) fn rename_advice(&self, other: &str, name: &str) -> String {
        let at = |name: &str| hint::path_word(&self.path.join(name), "FILE");
        format!(
            "its name is there in other letters: rename it with {}",
            hint::quote_command(&["mv", "-n", &at(other), &at(name)])
        )
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

/// Advises how a file of a bundle that is missing is fetched or signed again.
fn refetch_advice(name: &str) -> &'static str {
    let is = |part: Part| name.ends_with(part.file_suffix());
    if name == REQUEST || Part::REQUEST.into_iter().any(is) {
        "fetch it again with `hsmboot fetch`, or copy the bundle again from where it was fetched"
    } else if super::TRUST_ANCHOR_FILES.contains(&name) || name == RESPONSE || is(Part::SignedCert)
    {
        "copy the bundle again from where it was signed, or sign it again with `hsmboot sign`"
    } else {
        "check the path"
    }
}

fn unreadable_dir(dir: &Dir, cause: &std::io::Error) -> Error {
    let path = shown_path(dir.path());
    Error::new(
        ErrorKind::Unreadable,
        format!("{path} cannot be read: {}", fsio::io_text(cause)),
        "check its permissions",
    )
    .with_fact(FactName::File, dir.path())
    .with_fact(FactName::Cause, fsio::io_text(cause))
}

/// Something that lies beside a bundle's files and is none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stranger {
    /// Its name; what of it is no text is shown as such.
    pub name: OutsideText,
    /// It holds a private key, or is called as one: whoever gets a copy of the directory gets that.
    #[serde(rename = "private_key")]
    pub is_key: bool,
}

/// Lists the names in a directory that may be a bundle's: text, and not hidden.
fn list_names(dir: &Dir) -> Result<Vec<String>> {
    let names = dir.names().map_err(|cause| unreadable_dir(dir, &cause))?;
    let mut names: Vec<String> = names
        .into_iter()
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    Ok(names)
}
