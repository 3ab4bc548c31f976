//! The directory of a bundle's place: opened once, and no link.

use std::io;
use std::path::Path;
use std::sync::PoisonError;

use super::{SUFFIX, Store, StoreForm, changed_meanwhile};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, Dir};
use crate::outside::shown_path;

impl Store {
    /// Returns the path of the directory that [`Store::open_dir`] opens.
    pub(super) fn dir_path(&self) -> &Path {
        if self.is_directory() {
            return &self.path;
        }
        // A name alone lies in the directory that the program runs in.
        let parent = self.path.parent().filter(|dir| !dir.as_os_str().is_empty());
        parent.unwrap_or(Path::new("."))
    }

    /// Returns the directory that holds the files, or the one file: opened at the first call.
    /// `None`: there is none yet.
    pub(super) fn open_dir(&self) -> Result<Option<Dir>> {
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

    fn accept_opened(&self, opened: io::Result<Dir>) -> Result<Option<Dir>> {
        let path = self.dir_path();
        match opened {
            Ok(dir) => Ok(Some(dir)),
            Err(cause)
                if cause.kind() == io::ErrorKind::NotFound || fsio::leads_nowhere(&cause) =>
            {
                Ok(None)
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => Err(Error::new(
                ErrorKind::NotADirectory,
                format!(
                    "{} is a file, expected a bundle (a directory, or a file whose name ends in \
                     {SUFFIX})",
                    shown_path(path)
                ),
                format!(
                    "name the directory that holds the files; a bundle in one file has a name that \
                     ends in {SUFFIX}"
                ),
            )
            .with_fact(FactName::File, path)),
            Err(cause) => Err(unreadable_dir(path, &cause)),
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
        Error::new(ErrorKind::IsALink, message, hint).with_fact(FactName::File, self.path.as_path())
    }

    /// Opens the same directory, made if need be, for a caller that is about to write.
    pub(super) fn dir_to_write(&self) -> Result<Dir> {
        let path = self.dir_path();
        match self.open_dir()? {
            Some(dir) if dir.is_at(path) => return Ok(dir),
            // What was judged stood in another directory than the one that the path leads to now.
            Some(_) if self.has_been_read() => {
                let place = shown_path(&self.path);
                return Err(
                    changed_meanwhile(&place, "was taken away after it had been read")
                        .with_fact(FactName::File, self.path.as_path()),
                );
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
            .with_fact(FactName::File, path)
        };
        self.open_dir()?.ok_or_else(gone)
    }
}

pub(super) fn unreadable_dir(dir: &Path, cause: &io::Error) -> Error {
    Error::new(
        ErrorKind::Unreadable,
        format!(
            "{} cannot be read: {}",
            shown_path(dir),
            fsio::io_text(cause)
        ),
        "check its permissions",
    )
    .with_fact(FactName::File, dir)
    .with_fact(FactName::Cause, fsio::io_text(cause))
}
