//! A private directory for one piece of work, which is gone afterwards.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::machine_error;
use crate::error::Result;

/// A new directory that nobody else can look into. It is removed with all that is in it when this
/// is dropped.
#[derive(Debug)]
pub(crate) struct ScratchDir(PathBuf);

impl ScratchDir {
    /// Makes the directory of this name among the system's temporary files (`TMPDIR`, or `/tmp`).
    ///
    /// # Errors
    /// Class `Machine`: the name is taken, or whatever the disk says.
    pub(crate) fn create(name: impl AsRef<OsStr>) -> Result<Self> {
        let path = std::env::temp_dir().join(name.as_ref());
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|cause| machine_error(&path, &cause))?;
        Ok(ScratchDir(path))
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it, and says what stands in the way.
    ///
    /// # Errors
    /// Class `Machine`.
    pub(crate) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.0).map_err(|cause| machine_error(&self.0, &cause))
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // `remove` has been here before, or an error is on its way that says more.
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_scratch_directory_is_private_new_and_gone_afterwards() {
        let name = format!("hsmboot-scratch-test-{}", std::process::id());
        let scratch = ScratchDir::create(&name).unwrap();
        let path = scratch.path().to_owned();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::write(path.join("file"), "x").unwrap();
        assert!(ScratchDir::create(&name).is_err(), "the name is taken");
        scratch.remove().unwrap();
        assert!(!path.exists());
    }
}
