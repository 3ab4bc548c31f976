//! What lies in a bundle's place: its names, and the files, each read once.

use std::ffi::OsStr;

use serde::Serialize;
use zeroize::Zeroizing;

use super::directory::unreadable_dir;
use super::{Store, StoreForm, changed_meanwhile};
use crate::bundle::archive::{self, ArchiveFault, MAX_ARCHIVE, Members};
use crate::bundle::{
    CA_KEY_FILE, ClusterId, Part, REQUEST, RESPONSE, TRANSCRIPT, TRUST_ANCHOR_FILES, names_of,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, Dir};
use crate::hint;
use crate::outside::{OutsideText, shown_path, stored_path};
use crate::x509::pem::is_key_file;

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
    let names = dir
        .names()
        .map_err(|cause| unreadable_dir(dir.path(), &cause))?;
    let mut names: Vec<String> = names
        .into_iter()
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    Ok(names)
}

impl Store {
    /// Reads the members of the one file; `None`: there is none.
    pub(super) fn read_members(&self) -> Result<Option<Members>> {
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

    pub(super) fn members_now(&self) -> Result<Option<Members>> {
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

    pub(super) fn parse(&self, content: &[u8]) -> Result<Members> {
        archive::read(content).map_err(|fault| self.explain_fault(&fault))
    }

    pub(super) fn explain_fault(&self, fault: &ArchiveFault) -> Error {
        let name = shown_path(&self.path);
        let error = match fault {
            ArchiveFault::PrivateKey(_) => Error::new(
                ErrorKind::PrivateKey,
                format!("{name}: {fault}"),
                "keep the CA's key where it is to stay. If this file has left that place with the \
                 key in it, consider the key lost",
            ),
            ArchiveFault::TooLarge(_) => Error::new(
                ErrorKind::FileTooLarge,
                format!("{name} is too large for a bundle: {fault}"),
                "check that this is the right file",
            ),
            ArchiveFault::Malformed(_) => Error::new(
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
            Error::new(
                ErrorKind::NoBundle,
                format!("there is no bundle at {}", shown_path(&self.path)),
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

    /// Tells whether something of this name is there. So is what a failing disk does not show: to
    /// leave out a file that is there would be silent, and whoever reads it is told.
    pub fn has(&self, name: &str) -> bool {
        if !self.is_directory() {
            return self.read_members().map_or_else(
                |_| true,
                |members| members.is_some_and(|members| members.contains_key(name)),
            );
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
                absent.map_or_else(|_| true, |absent| !absent)
            }
            Ok(None) => {
                self.known.cache_file(name, None);
                false
            }
            Err(_) => true,
        }
    }

    /// Tells whether a file of this name is there: no link, and nothing else.
    pub fn has_file(&self, name: &str) -> bool {
        self.has(name)
            && (!self.is_directory()
                || self
                    .open_dir()
                    .map_or_else(|_| true, |dir| dir.is_some_and(|dir| dir.has_file(name))))
    }

    /// Reads a file of at most `max` bytes; `None`: none of this name is there.
    pub(crate) fn read_if_there(&self, name: &str, max: u64) -> Option<Result<Vec<u8>>> {
        self.has(name)
            .then(|| self.read(name, "a file of the bundle", max))
            .filter(
                |content| !matches!(content, Err(error) if error.kind == ErrorKind::FileMissing),
            )
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
            Error::new(
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
            return Err(Error::new(
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
                let place = self.place(name).to_string();
                return Err(
                    changed_meanwhile(&place, "was changed after it had been read")
                        .with_fact(FactName::File, place),
                );
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
            .map_err(|cause| unreadable_dir(dir.path(), &cause))?;
        names.retain(|name| !name.as_encoded_bytes().starts_with(b".") && !is_own(name));
        names.sort_unstable();
        // `customerCA.key`, readable or not, and whatever a private key begins in. What is larger
        // than any key is not looked at.
        let holds_key = |name: &OsStr| {
            dir.read(name, "a file beside the bundle", fsio::MAX_INPUT)
                .map(Zeroizing::new)
                .is_ok_and(|content| is_key_file(&content))
        };
        Ok(names
            .into_iter()
            .map(|name| Stranger {
                is_key: name == CA_KEY_FILE || holds_key(&name),
                name: stored_path(&name).into(),
            })
            .collect())
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
    pub(crate) fn rename_advice(&self, other: &str, name: &str) -> String {
        let at = |name: &str| hint::path_word(&self.path.join(name), "FILE");
        format!(
            "its name is there in other letters: rename it with {}",
            hint::quote_command(&["mv", "-n", &at(other), &at(name)])
        )
    }
}

/// Advises how a file of a bundle that is missing is fetched or signed again.
pub(super) fn refetch_advice(name: &str) -> &'static str {
    let is = |part: Part| name.ends_with(part.file_suffix());
    if name == REQUEST || Part::REQUEST.into_iter().any(is) {
        "fetch it again with `hsmboot fetch`, or copy the bundle again from where it was fetched"
    } else if TRUST_ANCHOR_FILES.contains(&name) || name == RESPONSE || is(Part::SignedCert) {
        "copy the bundle again from where it was signed, or sign it again with `hsmboot sign`"
    } else {
        "check the path"
    }
}
