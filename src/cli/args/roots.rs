//! Roots that an option or a variable names: where they come from, and how they are read.

use std::path::{Path, PathBuf};

use crate::bundle::{Digests, SIMULATED_ROOTS, Store};
use crate::cli::args::TrustArgs;
use crate::cli::in_bundle::lies_in;
use crate::cli::step::given_file_digest;
use crate::error::{Class, Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::shown_path;
use crate::verify::{Anchor, Anchors, MAX_ANCHOR_FILE, Side};

/// The variable that names the files of AWS's roots, where no option does.
pub(crate) const AWS_ROOT_VARIABLE: &str = "HSMBOOT_AWS_ROOT";

/// The variable that names the files of the manufacturer's roots, where no option does.
pub(crate) const MANUFACTURER_ROOT_VARIABLE: &str = "HSMBOOT_MANUFACTURER_ROOT";

/// Returns the files that a variable names, separated by `:`. There are none where it is unset or
/// empty.
pub(crate) fn root_files_from_env(variable: &str) -> Vec<PathBuf> {
    std::env::var_os(variable)
        .map(|names| {
            std::env::split_paths(&names)
                .filter(|name| !name.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default()
}

/// The roots of one side that were given.
pub(super) struct GivenRoots {
    /// The option that names them.
    pub(super) option: &'static str,
    /// The option or the variable that names these files.
    pub(super) named_by: &'static str,
    pub(super) files: Vec<PathBuf>,
}

/// Reads a root to judge a bundle by. One that lies in that bundle proves nothing: whoever could
/// write to it made the chains and the root.
pub(super) fn read_root_outside_bundle(
    file: &Path,
    named_by: &str,
    bundle: &Store,
) -> Result<Vec<u8>> {
    let (content, facts) = read_root_with_facts(file)?;
    if lies_in(bundle, file, Some(&facts))? {
        return Err(Error::new(
            ErrorKind::RootInBundle,
            [
                format!(
                    "{named_by} names a file of the bundle itself, which proves nothing: whoever \
                     could write to the bundle chose it"
                ),
                format!("  root    {}", shown_path(file)),
                format!("  bundle  {}", shown_path(bundle.path())),
            ],
            format!(
                "give {named_by} a root that did not come with the bundle: the maker's own, \
                 compared with what the maker publishes (`hsmboot roots show FILE`)"
            ),
        )
        .with_fact(FactName::File, file));
    }
    Ok(content)
}

pub(crate) fn read_root(file: &Path) -> Result<Vec<u8>> {
    read_root_with_facts(file).map(|(content, _)| content)
}

fn read_root_with_facts(file: &Path) -> Result<(Vec<u8>, std::fs::Metadata)> {
    let max = u64::try_from(MAX_ANCHOR_FILE).unwrap_or(u64::MAX);
    let unread = |error: Error| {
        // Contract: an anchor file that can't be read ends the command with 4, whatever the
        // machine's reason.
        if error.class() == Class::Machine {
            Error {
                kind: ErrorKind::BadAnchor,
                ..error
            }
        } else {
            error
        }
    };
    fsio::read_with_facts(file, "a root certificate", max).map_err(unread)
}

pub(super) fn parse_root(file: &Path, content: &[u8]) -> Result<Vec<Anchor>> {
    Anchor::from_file(content, &shown_path(file))
        .map_err(|fault| unreadable_root_error(&fault).with_fact(FactName::File, file))
}

/// Returns the error for a file that cannot be read as a root.
pub(crate) fn unreadable_root_error(fault: &crate::x509::Malformed) -> Error {
    Error::new(
        ErrorKind::BadAnchor,
        fault.to_string(),
        "give a root certificate in PEM or DER; the built-in roots are not used in its place",
    )
    .with_fact(FactName::Cause, fault.to_string())
}

/// `--simulated`, for the commands that judge and neither sign nor send.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SimulatedArgs {
    /// Judge a rehearsal by the simulator's roots that lie in its bundle: whoever could write to it
    /// chose them, and nothing of it is real
    #[arg(long, conflicts_with_all = ["aws_root", "manufacturer_root"])]
    pub(crate) simulated: bool,
}

impl SimulatedArgs {
    /// Returns the anchors that a bundle is judged by, and the SHA-256 of the files that gave them:
    /// the bundle's own simulated roots where the option says so, and none of its files otherwise.
    ///
    /// # Errors
    /// Class `Input`, `bad-anchor`: it holds none, or one that no simulator's root is called like.
    /// Otherwise as [`TrustArgs::read_anchors_and_files`].
    pub(crate) fn read_anchors_and_files(
        &self,
        trust: &TrustArgs,
        bundle: &Store,
    ) -> Result<(Anchors, Digests)> {
        match self.simulated {
            true => read_simulated_anchors(bundle),
            false => trust.read_anchors_and_files(bundle),
        }
    }
}

fn read_simulated_anchors(bundle: &Store) -> Result<(Anchors, Digests)> {
    let place = bundle.place(SIMULATED_ROOTS).to_string();
    let refused = |fault: String, hint: &str| {
        Error::new(ErrorKind::BadAnchor, fault, hint).with_fact(FactName::File, place.as_str())
    };
    if !bundle.has(SIMULATED_ROOTS) {
        return Err(refused(
            format!("there is no {place}: `hsmboot bootstrap --simulate` writes it"),
            "leave --simulated out, or name the simulator's roots with --aws-root and \
             --manufacturer-root",
        ));
    }
    let max = u64::try_from(MAX_ANCHOR_FILE).unwrap_or(u64::MAX);
    let content = bundle.read(SIMULATED_ROOTS, "a simulator's roots", max)?;
    let mut anchors = Anchors {
        aws: Vec::new(),
        manufacturer: Vec::new(),
    };
    for anchor in parse_root(Path::new(&place), &content)? {
        match anchor.simulated_side() {
            Some(Side::Aws) => anchors.aws.push(anchor.brought_by_simulator()),
            Some(Side::Manufacturer) => {
                anchors.manufacturer.push(anchor.brought_by_simulator());
            }
            None => {
                return Err(refused(
                    format!("{place} holds a root that is no simulator's"),
                    "somebody put it there: do not trust this bundle",
                ));
            }
        }
    }
    Ok((anchors, given_file_digest(Path::new(&place), &content)))
}
