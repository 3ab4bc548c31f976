//! The files of a CSR that the cluster has no more: kept aside, whole, before a new ceremony
//! replaces them.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::transcript::MAX_TRANSCRIPT;
use super::{Bundle, Part, Request, Store, TRANSCRIPT};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::outside::shown_path;
use crate::x509::pem::is_key_file;
use crate::x509::{Csr, sha256, to_hex};

/// The beginning of the name of a directory that keeps such files.
const KEPT: &str = "replaced-";

/// The number of hexadecimal digits of the CSR's digest in that name.
const DIGITS: usize = 16;

/// The number of names that are tried: others may stand there, with something else in them.
const NAMES: u32 = 20;

impl Bundle {
    /// Tells whether the bundle is of another CSR than `live`, which the cluster has now: both are
    /// read, and they differ. A file that is damaged is no other CSR.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn has_another_csr(&self, live: &str) -> Result<bool> {
        if !self.has_part(Part::Csr) {
            return Ok(false);
        }
        let there = Csr::from_pem(&self.read(Part::Csr)?);
        let live = Csr::from_pem(live.as_bytes());
        Ok(matches!((there, live), (Ok(there), Ok(live)) if there.as_der() != live.as_der()))
    }

    /// Tells whether the bundle was fetched in another region, by its `request.json`.
    pub fn is_of_another_region(&self, region: &str) -> bool {
        Request::read(self.store()).is_ok_and(|request| request.region != region)
    }

    /// Copies every file of the bundle, as it stands, into a directory of their own, and returns
    /// that: in the bundle's directory, or beside a bundle in one file. It is a bundle too. What
    /// stands there is never written over, and nothing is ever read from there. The copies are the
    /// user's alone to read: they are never more widely readable than what was copied.
    ///
    /// # Errors
    /// That a file holds a private key, which is never copied; that a file cannot be read, or the
    /// copies cannot be written. Then nothing has changed.
    pub fn keep_files_aside(&self) -> Result<PathBuf> {
        let mut names = self.possible_names();
        names.push(TRANSCRIPT.to_owned());
        let mut contents = Vec::new();
        for name in names.into_iter().filter(|name| self.has_file(name)) {
            let content = self
                .store()
                .read(&name, "a file of the bundle", MAX_TRANSCRIPT)?;
            if is_key_file(&content) {
                drop(Zeroizing::new(content));
                return Err(fsio::key_in_place(&self.store().place(&name)));
            }
            contents.push((name, content));
        }
        let files: Vec<NewFile<'_>> = contents
            .iter()
            .map(|(name, content)| NewFile {
                name: name.clone(),
                content,
                mode: 0o600,
                replace: false,
            })
            .collect();
        let csr = to_hex(&sha256(&self.read(Part::Csr)?));
        let digits = csr.get(..DIGITS).unwrap_or_default();
        let mut occupied = None;
        for number in 1..=NAMES {
            let place = self.kept_place(digits, number);
            match Store::at_path(&place).write(&files) {
                Ok(()) => return Ok(place),
                // Somebody else's, or of an earlier state: it stays as it is.
                Err(error) if is_occupied(&error) => occupied = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(occupied.unwrap_or_else(|| {
            Error::new(
                ErrorKind::FileExists,
                format!(
                    "there is no free place for the files of {}",
                    shown_path(self.path())
                ),
                "choose another directory with --bundle",
            )
            .with_fact(FactName::File, self.path())
        }))
    }

    fn kept_place(&self, digits: &str, number: u32) -> PathBuf {
        let name = match number {
            1 => format!("{KEPT}{digits}"),
            more => format!("{KEPT}{digits}-{more}"),
        };
        if self.store().is_directory() {
            return self.path().join(name);
        }
        let mut beside = self.path().as_os_str().to_owned();
        beside.push(format!(".{name}"));
        PathBuf::from(beside)
    }
}

/// Tells whether a place has something else in it.
const fn is_occupied(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::FileExists
            | ErrorKind::IsALink
            | ErrorKind::NotADirectory
            | ErrorKind::DirectoryTaken
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const ID: &str = "cluster-abc234defgh";

    fn bundle_at(path: &std::path::Path) -> Bundle {
        let bundle = Bundle::at_path(path, ID.parse().unwrap());
        let files = [
            (Part::Csr.file_name(bundle.id()), &b"csr"[..]),
            (Part::SignedCert.file_name(bundle.id()), b"signed"),
        ];
        let files = files.map(|(name, content)| NewFile {
            name,
            content,
            mode: 0o644,
            replace: false,
        });
        bundle.store().write(&files).unwrap();
        bundle
    }

    #[test]
    fn all_files_are_kept_once_in_a_directory_and_beside_one_file() {
        let dir = tempfile::tempdir().unwrap();
        for form in ["b", "b.hsmboot"] {
            let bundle = bundle_at(&dir.path().join(form));
            if form == "b" {
                fs::write(dir.path().join("b/customerCA.key"), "a key").unwrap();
            }
            let kept = bundle.without_cache().keep_files_aside().unwrap();
            let mut names: Vec<_> = fs::read_dir(&kept)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            let expected = [Part::Csr, Part::SignedCert].map(|part| part.file_name(bundle.id()));
            assert_eq!(names, expected);
            assert_eq!(bundle.without_cache().keep_files_aside().unwrap(), kept);
        }
    }

    #[test]
    fn no_key_is_ever_copied_and_no_copy_is_for_others_to_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let bundle = bundle_at(&dir.path().join("b"));
        let kept = bundle.without_cache().keep_files_aside().unwrap();
        for entry in fs::read_dir(kept).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let ca = dir.path().join("b/customerCA.crt");
        fs::write(ca, "-----BEGIN PRIVATE KEY-----\nMIIB\n").unwrap();
        fs::write(
            dir.path().join("b").join(Part::Csr.file_name(bundle.id())),
            "another",
        )
        .unwrap();
        let before = fs::read_dir(dir.path().join("b")).unwrap().count();
        let error = bundle.without_cache().keep_files_aside().unwrap_err();
        assert_eq!(error.kind, ErrorKind::FileExists);
        assert_eq!(fs::read_dir(dir.path().join("b")).unwrap().count(), before);
    }

    #[test]
    fn what_stands_in_the_place_is_never_written_over_nor_followed() {
        let dir = tempfile::tempdir().unwrap();
        let bundle = bundle_at(&dir.path().join("b"));
        let digits = &to_hex(&sha256(b"csr"))[..DIGITS];
        let planted = dir.path().join("b").join(format!("{KEPT}{digits}"));
        fs::create_dir(&planted).unwrap();
        let csr = planted.join(Part::Csr.file_name(bundle.id()));
        fs::write(&csr, "planted").unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        symlink(
            &elsewhere,
            dir.path().join("b").join(format!("{KEPT}{digits}-2")),
        )
        .unwrap();
        fs::write(
            dir.path().join("b").join(format!("{KEPT}{digits}-3")),
            "a file",
        )
        .unwrap();
        let kept = bundle.without_cache().keep_files_aside().unwrap();
        assert!(kept.ends_with(format!("{KEPT}{digits}-4")), "{kept:?}");
        assert_eq!(fs::read(csr).unwrap(), b"planted");
        assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 0);
    }
}
