//! A file that is to be written, and whether it stands there already.

use super::dir::Dir;

/// A file to be written.
#[derive(Clone)]
pub struct NewFile<'a> {
    /// Its name within the directory.
    pub name: String,
    /// Its content.
    pub content: &'a [u8],
    /// Its mode: 0o600 for keys.
    pub mode: u32,
    /// It may replace another content: the program's own records may.
    pub replace: bool,
}

impl<'a> NewFile<'a> {
    /// Returns a file that everybody may read.
    pub fn readable(name: impl Into<String>, content: &'a [u8], replace: bool) -> Self {
        NewFile {
            name: name.into(),
            content,
            mode: 0o644,
            replace,
        }
    }
}

/// Returns the mode of the file that has this name and holds this content; `None`: something else
/// has it, or nothing.
pub(super) fn mode_if_same(dir: &Dir, name: &str, content: &[u8]) -> Option<u32> {
    let max = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let (there, mode) = dir.read_with_mode(name, max).ok()?;
    (there == content).then_some(mode)
}
