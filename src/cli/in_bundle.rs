//! Files that lie in a bundle: nothing in a bundle names an owner, a root or a program.

use std::fs::Metadata;
use std::path::Path;

use crate::bundle::Store;
use crate::error::Result;
use crate::fsio;
use crate::outside::shown_path;

/// Tells whether a path leads to a file of the bundle, or through it, by path, link or inode.
/// `facts` are of what was opened there.
///
/// # Errors
/// Class `Machine`, `unreadable`: the disk does not say.
pub(crate) fn lies_in(bundle: &Store, file: &Path, facts: Option<&Metadata>) -> Result<bool> {
    // What cannot be looked at cannot be told apart from the bundle's own.
    let Some(facts) = facts else { return Ok(true) };
    let told = if bundle.is_archive() {
        fsio::look_at(bundle.path())
            .map(|archive| archive.is_some_and(|archive| fsio::are_same(&archive, facts)))
    } else {
        fsio::lies_in(bundle.path(), file, facts)
    };
    told.map_err(|cause| {
        let what = format!("to tell whether {} lies in it", shown_path(file));
        fsio::cannot_look(bundle.path(), &what, &cause)
    })
}
