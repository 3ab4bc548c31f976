//! Writing to a bundle's place, on the strength of what was read there.

use std::collections::BTreeSet;

use super::{ReadFiles, Store, changed_meanwhile, written_meanwhile};
use crate::bundle::archive::{self, MAX_ARCHIVE, Members};
use crate::bundle::transcript::{MAX_TRANSCRIPT, TRANSCRIPT};
use crate::bundle::{RECEIPT, VERIFICATION};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{HeldDir, NewFile};
use crate::outside::shown_path;

/// A bundle's place that no other hsmboot writes to while it is held.
pub struct HeldStore<'a> {
    pub(super) store: &'a Store,
    pub(super) held: HeldDir,
}

impl<'a> HeldStore<'a> {
    /// Returns the place.
    pub(crate) const fn store(&self) -> &'a Store {
        self.store
    }

    /// Checks that what was read still stands there. A transcript may have gone on: another command
    /// took a step that changed none of it.
    pub(super) fn is_as_known(&self) -> Result<()> {
        let store = self.store;
        let known = store.known.lock_cache().clone();
        let mut now = ReadFiles {
            transcript: known.transcript,
            ..ReadFiles::default()
        };
        if let Some(before) = &known.archive {
            let there = store.members_now()?;
            let (old, new) = (
                before.clone().unwrap_or_default(),
                there.clone().unwrap_or_default(),
            );
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            names.into_iter().try_for_each(|name| {
                self.check_same(
                    name,
                    old.get(name).map(Vec::as_slice),
                    new.get(name).map(Vec::as_slice),
                )
            })?;
            now.archive = Some(there);
        }
        for (name, before) in known.files {
            let dir = self.held.dir();
            let absent = dir.is_absent(&name).unwrap_or_default();
            // What cannot be read any more was changed too.
            let there = if absent {
                None
            } else {
                Some(
                    dir.read(&name, "a file of the bundle", MAX_TRANSCRIPT)
                        .unwrap_or_default(),
                )
            };
            self.check_same(&name, before.as_deref(), there.as_deref())?;
            now.files.insert(name, there);
        }
        *store.known.lock_cache() = now;
        Ok(())
    }

    fn check_same(&self, name: &str, before: Option<&[u8]>, there: Option<&[u8]>) -> Result<()> {
        let goes_on = name == TRANSCRIPT
            && there
                .unwrap_or_default()
                .starts_with(before.unwrap_or_default());
        if before == there || goes_on {
            return Ok(());
        }
        let place = self.store.place(name).to_string();
        let not_the_same = "is not what it was when it was read";
        let error = match (before, there) {
            (None, _) => written_meanwhile(
                &place,
                "was not there when it was looked for, and is there now",
            ),
            (_, None) => changed_meanwhile(&place, "was taken away after it had been read"),
            _ if [VERIFICATION, RECEIPT].contains(&name) => written_meanwhile(&place, not_the_same),
            _ => changed_meanwhile(&place, not_the_same),
        };
        Err(error.with_fact(FactName::File, place))
    }

    /// Writes the files, all or none.
    ///
    /// # Errors
    /// Class `Conflict` for a file of other content, `Machine` for everything that the disk says,
    /// `Input` where the one file is no bundle, or cannot hold these; then nothing has changed.
    pub fn write(&self, files: &[NewFile<'_>]) -> Result<()> {
        if self.store.is_directory() {
            self.held.write(files)?;
            files
                .iter()
                .for_each(|file| self.store.known.cache_file(&file.name, Some(file.content)));
            return Ok(());
        }
        self.rewrite_members(|members| self.store.merge_files(members, files))
    }

    /// Changes the members of the one file; `None`: it stays as it is.
    pub(super) fn rewrite_members(
        &self,
        change: impl FnOnce(Members) -> Result<Option<Members>>,
    ) -> Result<()> {
        let mut written = None;
        self.rewrite_content(|current| {
            let members =
                current.map_or_else(|| Ok(Members::new()), |content| self.store.parse(content))?;
            let Some(members) = change(members)? else {
                return Ok(None);
            };
            let content =
                archive::write(&members).map_err(|fault| self.store.explain_fault(&fault))?;
            written = Some(members);
            Ok(Some(content))
        })?;
        if let Some(members) = written {
            self.store.known.lock_cache().archive = Some(Some(members));
        }
        Ok(())
    }

    /// Writes the one file anew from its content; `None`: it stays as it is.
    pub(super) fn rewrite_content(
        &self,
        make: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>>,
    ) -> Result<()> {
        let name = self
            .store
            .path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::BadArchive,
                    format!(
                        "{}: the name of a bundle in one file has to be text (UTF-8)",
                        shown_path(&self.store.path)
                    ),
                    "choose another name",
                )
                .with_fact(FactName::File, self.store.path.as_path())
            })?;
        self.held
            .rewrite_file(name, "a bundle in one file", MAX_ARCHIVE, make)
    }
}
