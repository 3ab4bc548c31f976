//! Where a bundle's files are: a directory, or one file whose name ends in `.hsmboot`. The same rules hold in both: a file is new, or equal, or may be
//! replaced; what is written is written whole or not at all.

mod held;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use held::HeldStore;

use super::archive::{self, Fault, MAX_ARCHIVE, Members};
use super::{CA_FILE, Part, REQUEST, RESPONSE};
use crate::error::{Class, Error, Result};
use crate::fsio::{self, Chosen, NewFile};
use crate::x509::sha256;

/// What the name of a bundle in one file ends in.
pub const SUFFIX: &str = ".hsmboot";

/// A place for a bundle. It knows no cluster. Each file is read once: whatever is asked of it later is answered from what was read, so that the bytes that
/// were judged are those that are compared, signed, submitted and recorded. Before anything is written, they are held against what stands there then.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    form: Form,
    known: Known,
}

/// What was read. Copies of a place share it.
#[derive(Clone, Debug, Default)]
struct Known(Arc<Mutex<Read>>);

#[derive(Clone, Debug, Default)]
struct Read {
    /// By name; `None`: it was looked for, and not there.
    files: BTreeMap<String, Option<Vec<u8>>>,
    /// What the one file holds, once it was read; `None` in there: there was none.
    archive: Option<Option<Members>>,
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, name: &str) -> Option<Option<Vec<u8>>> {
        self.lock().files.get(name).cloned()
    }

    fn set(&self, name: &str, content: Option<&[u8]>) {
        self.lock().files.insert(name.to_owned(), content.map(<[u8]>::to_vec));
    }
}

#[derive(Clone, Debug)]
enum Form {
    Directory,
    Archive,
    /// What has just come in some other way, and is nowhere yet.
    Memory(Members),
}

/// A file's place, for messages: `dir/name`, or `x.hsmboot: name`.
pub struct Place<'a>(&'a Store, &'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place(store, name) = self;
        match store.form {
            Form::Directory => write!(f, "{}", store.path.join(name).display()),
            Form::Archive | Form::Memory(_) => write!(f, "{}: {name}", store.path.display()),
        }
    }
}

fn input(kind: &'static str, message: String, hint: impl Into<String>) -> Error {
    Error::new(Class::Input, kind, message, hint)
}

impl Store {
    /// The bundle at a path, which need not exist.
    pub fn at(path: &Path) -> Self {
        let is_one =
            |path: &Path| path.file_name().is_some_and(|name| name.len() > SUFFIX.len() && name.as_encoded_bytes().ends_with(SUFFIX.as_bytes()));
        // Written through, a link would become a file: what it leads to is meant. Either name may say what that is.
        let linked = fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink()) && path.is_file();
        let place = if linked { fs::canonicalize(path).unwrap_or(path.to_owned()) } else { path.to_owned() };
        let form = if is_one(path) || is_one(&place) { Form::Archive } else { Form::Directory };
        Store { path: place, form, known: Known::default() }
    }

    /// The same place, of which nothing is known yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Store { known: Known::default(), ..self.clone() }
    }

    /// Completes what a killed hsmboot has left half-written there, as far as that can be done: for who is about to look.
    pub fn mend(&self) {
        if self.is_directory() {
            fsio::mend(&self.path);
        }
    }

    /// Files that have just come; messages call their place `source`. Nothing can be written there.
    pub fn received(members: Members, source: &str) -> Self {
        Store { path: PathBuf::from(source), form: Form::Memory(members), known: Known::default() }
    }

    /// The directory, or the one file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is one file.
    pub const fn is_archive(&self) -> bool {
        matches!(self.form, Form::Archive)
    }

    const fn is_directory(&self) -> bool {
        matches!(self.form, Form::Directory)
    }

    /// A file's place, for people.
    pub const fn place<'a>(&'a self, name: &'a str) -> Place<'a> {
        Place(self, name)
    }

    /// What the one file holds; `None`: there is none.
    fn members(&self) -> Result<Option<Members>> {
        if let Form::Memory(members) = &self.form {
            return Ok(Some(members.clone()));
        }
        if let Some(members) = &self.known.lock().archive {
            return Ok(members.clone());
        }
        let members = self.members_now()?;
        self.known.lock().archive = Some(members.clone());
        Ok(members)
    }

    fn members_now(&self) -> Result<Option<Members>> {
        match fs::symlink_metadata(&self.path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound || fsio::leads_nowhere(&cause) => Ok(None),
            _ => self.parse(&fsio::read_file(&self.path, "a bundle in one file", MAX_ARCHIVE)?).map(Some),
        }
    }

    fn parse(&self, content: &[u8]) -> Result<Members> {
        archive::read(content).map_err(|fault| self.refused(&fault))
    }

    fn refused(&self, fault: &Fault) -> Error {
        let name = self.path.display();
        match fault {
            Fault::PrivateKey(_) => input(
                "private-key",
                format!("{name}: {fault}"),
                "keep the CA's key where it is to stay. If this file has left that place with the key in it, consider the key lost",
            ),
            Fault::TooLarge(_) => input("file-too-large", format!("{name} is too large for a bundle: {fault}"), "check that this is the right file"),
            Fault::Malformed(_) => input(
                "bad-archive",
                format!("{name} is not a bundle in one file: {fault}"),
                "make it with `hsmboot pack DIR -o x.hsmboot`, or in the bundle's directory with `tar --format=ustar -cf ../x.hsmboot *`",
            ),
        }
    }

    /// The names of the files, but for hidden ones: Macs leave a `._` beside each file on the stick that it travels on.
    ///
    /// # Errors
    /// Class `Input`, `no-bundle`: nothing is there.
    pub fn names(&self) -> Result<Vec<String>> {
        if self.is_directory() {
            return list(&self.path);
        }
        let nothing =
            || input("no-bundle", format!("there is no bundle {}", self.path.display()), "check the path, or make one with `hsmboot fetch`");
        Ok(self.members()?.ok_or_else(nothing)?.into_keys().collect())
    }

    /// Whether something of this name is there.
    pub fn has(&self, name: &str) -> bool {
        if !self.is_directory() {
            return self.members().ok().flatten().is_some_and(|members| members.contains_key(name));
        }
        if let Some(content) = self.known.file(name) {
            return content.is_some();
        }
        let found = fs::symlink_metadata(self.path.join(name));
        if found.as_ref().is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound) {
            self.known.set(name, None);
        }
        found.is_ok()
    }

    /// Whether a file of this name is there: no link, and nothing else.
    pub fn has_file(&self, name: &str) -> bool {
        self.has(name) && (!self.is_directory() || fs::symlink_metadata(self.path.join(name)).is_ok_and(|facts| facts.is_file()))
    }

    /// Reads a file of at most `max` bytes, `what` it should be.
    ///
    /// # Errors
    /// Missing, something else than a file, too large: class `Input`. Not readable: class `Machine`.
    pub fn read(&self, name: &str, what: &str, max: u64) -> Result<Vec<u8>> {
        let known = if self.is_directory() { self.known.file(name) } else { Some(self.members()?.and_then(|mut members| members.remove(name))) };
        let Some(known) = known else {
            let content = fsio::read_regular(&self.path.join(name), what, max).map_err(|mut error| {
                if error.kind == "file-missing" {
                    again(name).clone_into(&mut error.hint);
                }
                error
            })?;
            self.known.set(name, Some(&content));
            return Ok(content);
        };
        let missing = || input("file-missing", format!("{what} is missing: there is no file {}", self.place(name)), again(name));
        let content = known.ok_or_else(missing)?;
        if u64::try_from(content.len()).is_ok_and(|length| length > max) {
            let found = content.len();
            return Err(input(
                "file-too-large",
                format!("{} is too large for {what}: {found} bytes, expected at most {max}", self.place(name)),
                "check that this is the right file",
            ));
        }
        Ok(content)
    }

    /// That each of the files is new, or equal to what is there, or may replace it.
    ///
    /// # Errors
    /// The first one that is not, class `Conflict`.
    pub fn check_free(&self, files: &[NewFile<'_>]) -> Result<()> {
        if self.is_directory() {
            return fsio::check_free(&self.path, files);
        }
        self.merge(self.members()?.unwrap_or_default(), files).map(drop)
    }

    /// The files with the new ones among them; `None`: they were all there already.
    fn merge(&self, mut members: Members, files: &[NewFile<'_>]) -> Result<Option<Members>> {
        let mut changed = false;
        for file in files {
            match members.get(&file.name) {
                Some(there) if there == file.content => continue,
                Some(_) if !file.replace => return Err(fsio::occupied(&self.place(&file.name), Chosen::Directory)),
                _ => changed = true,
            }
            members.insert(file.name.clone(), file.content.to_vec());
        }
        Ok(changed.then_some(members))
    }

    /// Waits until no other hsmboot writes here: for who reads something, and writes what follows from it.
    ///
    /// # Errors
    /// As [`fsio::hold`].
    pub fn hold(&self) -> Result<HeldStore<'_>> {
        if matches!(self.form, Form::Memory(_)) {
            return Err(Error::new(Class::Machine, "bug", "nothing can be written where a bundle has just come from", "please report it"));
        }
        // A name alone lies in the directory that the program runs in.
        let parent = self.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if self.is_directory() && !self.path.is_dir() && self.known.lock().files.values().any(Option::is_some) {
            return Err(Error::new(
                Class::Conflict,
                "changed-meanwhile",
                format!("{} was taken away after it had been read; nothing was written", self.path.display()),
                "find out who else works on this bundle; then run the same command again, which reads everything anew",
            ));
        }
        let held = HeldStore { store: self, held: fsio::hold(if self.is_directory() { &self.path } else { parent })? };
        held.is_as_known()?;
        Ok(held)
    }

    /// That a few files more can be written here, tried before anything is done that cannot be done twice.
    ///
    /// # Errors
    /// As [`fsio::check_writable`].
    pub fn check_writable(&self) -> Result<()> {
        // What a step adds: a certificate, a trust anchor, three documents, and the transcript anew.
        const ROOM: usize = 64 * 1024;
        let parent = self.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let dir = if self.is_directory() { &self.path } else { parent };
        fsio::check_writable(dir, ROOM.saturating_add(if self.is_directory() { 0 } else { self.size() }))
    }

    fn size(&self) -> usize {
        let members = self.members().ok().flatten().unwrap_or_default();
        members.values().map(|content| content.len().saturating_add(1024)).sum()
    }

    /// Writes the files, all or none: see [`HeldStore::write`].
    ///
    /// # Errors
    /// As [`HeldStore::write`].
    pub fn write(&self, files: &[NewFile<'_>]) -> Result<()> {
        self.hold()?.write(files)
    }

    /// Makes the one file hold these files and no others; gives its SHA-256, and whether it was so already.
    ///
    /// # Errors
    /// Class `Conflict` where something else is there, unless with `force`; `Machine` for the disk; `Input` for files that do not travel.
    pub fn pack(&self, members: &Members, force: bool) -> Result<([u8; 32], bool)> {
        let packed = archive::write(members).map_err(|fault| self.refused(&fault))?;
        let digest = sha256(&packed);
        let mut unchanged = false;
        self.hold()?.anew(|current| {
            unchanged = current == Some(&packed[..]);
            if current.is_some() && !unchanged && !force {
                return Err(fsio::occupied(&self.path.display(), Chosen::Name));
            }
            Ok((!unchanged).then_some(packed))
        })?;
        Ok((digest, unchanged))
    }

    /// A file that stays the same as long as `name` does: to be locked by whoever must be alone.
    pub fn lockable(&self, name: &str) -> PathBuf {
        if self.is_directory() { self.path.join(name) } else { self.path.clone() }
    }
}

/// How a file of a bundle that is missing is come by.
fn again(name: &str) -> &'static str {
    let is = |part: Part| name.ends_with(part.suffix());
    if name == REQUEST || Part::REQUEST.into_iter().any(is) {
        "fetch it again with `hsmboot fetch`, or copy the bundle again from where it was fetched"
    } else if name == CA_FILE || name == RESPONSE || is(Part::SignedCert) {
        "copy the bundle again from where it was signed, or sign it again with `hsmboot sign`"
    } else {
        "check the path"
    }
}

/// The names in a directory that may be a bundle's: text, and not hidden.
fn list(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).map_err(|cause| match cause.kind() {
        _ if cause.kind() == std::io::ErrorKind::NotFound || fsio::leads_nowhere(&cause) => {
            input("no-bundle", format!("there is no bundle {}", dir.display()), "check the path, or make one with `hsmboot fetch`")
        }
        std::io::ErrorKind::NotADirectory => input(
            "not-a-directory",
            format!("{} is a file, expected a bundle (a directory)", dir.display()),
            format!("name the directory that holds the files; a bundle in one file has a name that ends in {SUFFIX}"),
        ),
        _ => {
            Error::new(Class::Machine, "unreadable", format!("{} cannot be read: {}", dir.display(), fsio::io_text(&cause)), "check its permissions")
        }
    })?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| !name.starts_with('.')).collect();
    names.sort_unstable();
    Ok(names)
}
