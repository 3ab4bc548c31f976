//! The places of files that are to be written: free, or held by something that may go.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::dir::{Dir, DirEntryStat};
use super::new_file::{NewFile, mode_if_same};
use super::{MAX_INPUT, machine_error};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_path;
use crate::x509::pem::is_key_file;

/// The mode of a file that holds a key. Only such a one is written over a key.
const KEY_MODE: u32 = 0o600;

/// Checks which of `files` stand in `dir` with another content and may not be replaced. A directory
/// in a file's place never may: found in the middle of a group, it would leave the group half in
/// place.
///
/// # Errors
/// The first one, class `Conflict`; or that an existing file can't be read.
pub fn check_free(dir: &Path, files: &[NewFile<'_>]) -> Result<()> {
    match Dir::open(dir) {
        // What is no directory is found when one is to be made of it.
        Err(cause)
            if matches!(
                cause.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(())
        }
        dir_there => dir_there
            .map_err(|cause| machine_error(dir, &cause))?
            .check_free(files),
    }
}

impl Dir {
    /// Does the same as the function [`check_free`], in this directory.
    ///
    /// # Errors
    /// As [`check_free`].
    pub fn check_free(&self, files: &[NewFile<'_>]) -> Result<()> {
        self.check_free_as(files, ChosenPlace::Directory)
    }

    pub(super) fn check_free_as(&self, files: &[NewFile<'_>], chosen: ChosenPlace) -> Result<()> {
        for file in files {
            let target = self.path().join(&file.name);
            let seen = self
                .stat_name(&file.name)
                .map_err(|cause| machine_error(&target, &cause))?;
            if seen.as_ref().is_some_and(DirEntryStat::is_dir) {
                return Err(Error::new(
                    ErrorKind::FileExists,
                    format!(
                        "{} is a directory, and a file is to be written there; nothing was changed",
                        shown_path(&target)
                    ),
                    "choose another place, or move that directory away",
                )
                .with_fact(FactName::File, target.as_path()));
            }
            if seen.is_none() || mode_if_same(self, &file.name, file.content).is_some() {
                continue;
            }
            if file.mode != KEY_MODE && self.may_hold_key(&file.name) {
                return Err(key_in_place(&shown_path(&target)));
            }
            if !file.replace {
                return Err(occupied_place(&shown_path(&target), chosen));
            }
        }
        Ok(())
    }

    /// Tells whether a private key would go, were this file put over it, which is none.
    pub(super) fn would_lose_key(&self, name: &str, file: &str) -> bool {
        self.may_hold_key(name) && !self.may_hold_key(file)
    }

    /// Tells whether what has this name may be a private key. A file larger than any key is none.
    fn may_hold_key(&self, name: &str) -> bool {
        self.read_with_mode(name, MAX_INPUT)
            .is_ok_and(|(content, _)| is_key_file(&Zeroizing::new(content)))
    }
}

/// Returns the error that something stands in a file's place, and may not go. `chosen`: what the
/// user chose, and can choose otherwise.
pub(crate) fn occupied_place(place: &dyn std::fmt::Display, chosen: ChosenPlace) -> Error {
    Error::new(
        ErrorKind::FileExists,
        format!("{place} exists and holds something else; it was left as it is"),
        chosen.hint(),
    )
    .with_fact(FactName::File, place.to_string())
}

/// Returns the error that a private key has the place of something that is none. There may be no
/// other copy of it: only a key goes over a key, which is `ca init --force`.
pub(crate) fn key_in_place(place: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::FileExists,
        format!(
            "{place} exists and holds a private key, or what looks like one; it was left as it is"
        ),
        "choose another place: nothing but a new key is ever written over a key",
    )
    .with_fact(FactName::File, place.to_string())
}

/// The part of a file's place that the user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChosenPlace {
    /// The directory: the file's name is the program's.
    Directory,
    /// The file's own name.
    Name,
}

impl ChosenPlace {
    const fn hint(self) -> &'static str {
        match self {
            ChosenPlace::Directory => "choose another directory, or replace it with --force",
            ChosenPlace::Name => "choose another name, or replace it with --force",
        }
    }
}
