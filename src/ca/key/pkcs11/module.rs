//! The vendor's library: found, loaded, initialised, and finalised when it goes.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Cryptoki, RvError};

use super::failure;
use super::uri::Pkcs11Uri;
use crate::ca::warning::{KeyWarning, chmod_command};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::{Lines, shown_path, shown_text};

/// A PKCS#11 module in use.
pub(super) struct Module {
    pub(super) pkcs11: Pkcs11,
    path: PathBuf,
    /// It was initialised here, so it is finalised here.
    ours: bool,
}

impl Drop for Module {
    fn drop(&mut self) {
        if self.ours {
            // What goes wrong here harms nothing any more: sessions and logins end with the
            // process.
            drop(self.pkcs11.clone().finalize());
        }
    }
}

impl Module {
    /// Loads the module that `given` names (`--pkcs11-module`), or else the URI: the operator's own
    /// word goes before that of a URI, which may have been written for another machine.
    ///
    /// # Errors
    /// Class [`Class::Usage`](crate::error::Class::Usage), `token-module-missing`, where neither
    /// names one; class [`Class::Ca`](crate::error::Class::Ca), `token-module-unusable`.
    pub(super) fn load(uri: &Pkcs11Uri, given: Option<&Path>) -> Result<(Self, Vec<KeyWarning>)> {
        let path = locate_library(uri, given)?;
        let mut warnings = Vec::new();
        if let (Some(given), Some(other)) = (given, uri.module_path.as_deref())
            && given != other
        {
            warnings.push(KeyWarning::Elsewhere {
                id: "other-module",
                text: format!(
                    "the PKCS#11 module is {}, as the command line or HSMBOOT_PKCS11_MODULE says, \
                     and not the URI's {}",
                    shown_path(given),
                    shown_path(other)
                ),
            });
        }
        warnings.extend(warn_if_open(&path));
        let pkcs11 = Pkcs11::new(&path).map_err(|error| cannot_load(&path, &error))?;
        // Some modules have threads of their own, and none of them expects to be unloaded under
        // those: it stays until the process ends.
        std::mem::forget(pkcs11.clone());
        let ours = initialize_library(&pkcs11).map_err(|error| {
            failure::module_failure(&path, "does not start (C_Initialize)", &error)
        })?;
        let module = Module { pkcs11, path, ours };
        module.check_library(uri)?;
        Ok((module, warnings))
    }

    /// The file in which it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the URI's `library-...` attributes are the library's own.
    fn check_library(&self, uri: &Pkcs11Uri) -> Result<()> {
        if !uri.names_library() {
            return Ok(());
        }
        let info = self.pkcs11.get_library_info().map_err(|error| {
            failure::module_failure(
                &self.path,
                "does not say which library it is (C_GetInfo)",
                &error,
            )
        })?;
        let version = info.library_version();
        let found = (u64::from(version.major()), u64::from(version.minor()));
        let same = |wanted: &Option<String>, found: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.trim_end_matches(' ') == found)
        };
        if same(&uri.library_manufacturer, info.manufacturer_id())
            && same(&uri.library_description, info.library_description())
            && uri.library_version.is_none_or(|wanted| wanted == found)
        {
            return Ok(());
        }
        Err(unusable_module(
            &self.path,
            [
                "is not the library that the URI names".to_owned(),
                format!(
                    "  found  library-manufacturer `{}`, library-description `{}`, library-version \
                     {}.{}",
                    shown_text(info.manufacturer_id()),
                    shown_text(info.library_description()),
                    found.0,
                    found.1
                ),
            ],
            "correct or leave out the library-... attributes, or name the other module with \
             --pkcs11-module",
        ))
    }
}

/// Initialises the library, and returns true where it had not been initialised before.
fn initialize_library(pkcs11: &Pkcs11) -> std::result::Result<bool, Cryptoki> {
    let with = |flags| match pkcs11.initialize(CInitializeArgs::new(flags)) {
        Ok(()) => Ok(true),
        Err(Cryptoki::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(false),
        Err(error) => Err(error),
    };
    match with(CInitializeFlags::OS_LOCKING_OK) {
        // It is used by one thread at a time: the session is behind a lock.
        Err(Cryptoki::Pkcs11(RvError::CantLock, _)) => with(CInitializeFlags::empty()),
        outcome => outcome,
    }
}

/// Warns where others than its owner can exchange the module, which sees the PIN.
fn warn_if_open(path: &Path) -> Option<KeyWarning> {
    let mode = fsio::metadata_of(path)?.permissions().mode() & 0o7777;
    (mode & 0o022 != 0).then(|| KeyWarning::Elsewhere {
        id: "module-open-to-others",
        text: format!(
            "others can write to the PKCS#11 module {} (mode {mode:04o}), and it sees the PIN: {}",
            shown_path(path),
            chmod_command("go-w", path)
        ),
    })
}

/// The library's file. With a directory, the URI's `module-name` says which file in it (RFC 7512
/// 2.4).
fn locate_library(uri: &Pkcs11Uri, given: Option<&Path>) -> Result<PathBuf> {
    let Some(named) = given.or(uri.module_path.as_deref()) else {
        let alone = if uri.module_name.is_some() {
            ": `module-name` alone does not say where it lies"
        } else {
            ""
        };
        return Err(Error::new(
            ErrorKind::TokenModuleMissing,
            format!(
                "--ca-key names a PKCS#11 token, and nothing says which module leads to it{alone}"
            ),
            "name the vendor's library with --pkcs11-module FILE, with HSMBOOT_PKCS11_MODULE, or \
             in the URI with `?module-path=/FILE`",
        )
        .with_fact(FactName::Option, "--pkcs11-module"));
    };
    // A name without a slash would be looked for in the system's directories and in
    // LD_LIBRARY_PATH: a path is meant.
    let path = std::path::absolute(named).unwrap_or_else(|_| named.to_path_buf());
    match (path.is_dir(), &uri.module_name) {
        (false, _) => Ok(path),
        (true, None) => Err(unusable_module(
            &path,
            "is a directory",
            "name the library in it: --pkcs11-module FILE",
        )),
        (true, Some(name)) => {
            let names = [
                format!("lib{name}.so"),
                format!("{name}.so"),
                format!("lib{name}.dylib"),
                format!("{name}.dylib"),
            ];
            let mut there = names
                .iter()
                .filter(|_| !name.contains('/'))
                .map(|file| path.join(file))
                .filter(|file| file.is_file());
            match (there.next(), there.next()) {
                (Some(one), None) => Ok(one),
                (None, _) => Err(unusable_module(
                    &path,
                    "has no library of the URI's `module-name` in it",
                    "name the library itself: --pkcs11-module FILE",
                )),
                (Some(_), Some(_)) => Err(unusable_module(
                    &path,
                    "has two libraries of the URI's `module-name` in it",
                    "name the one: --pkcs11-module FILE",
                )),
            }
        }
    }
}

/// Explains why the library could not be loaded.
fn cannot_load(path: &Path, error: &Cryptoki) -> Error {
    match (crate::fsio::is_missing(path), error) {
        (true, _) => unusable_module(
            path,
            "does not exist",
            "check the path; the vendor's manual says where the module is installed",
        ),
        (_, Cryptoki::MissingSymbol(_)) => unusable_module(
            path,
            "is a library, but no PKCS#11 module: it has no C_GetFunctionList (PKCS#11 2.40 base, \
             5.4)",
            "name the vendor's PKCS#11 library; the manual says which of its files that is",
        ),
        // The dynamic linker's own words: which other library is missing stands in nothing else.
        (_, Cryptoki::LibraryLoading(loader)) => unusable_module(
            path,
            [
                "cannot be loaded".to_owned(),
                format!("  the loader says: {}", shown_text(&loader.to_string())),
            ],
            "it has to be a shared library for this kind of machine, readable, with all that it \
             needs; a static hsmboot can load none",
        ),
        _ => failure::module_failure(path, "cannot be used", error),
    }
}

fn unusable_module(path: &Path, what: impl Into<Lines>, hint: &str) -> Error {
    Error::new(
        ErrorKind::TokenModuleUnusable,
        what.into()
            .prefixed_with(format!("the PKCS#11 module {} ", shown_path(path))),
        hint,
    )
    .with_fact(FactName::File, path)
}
