//! Genuine certificates, read in their own directory. The project holds no copy.

use std::path::PathBuf;

/// Reads a file of the vectors. Tests that read one carry `#[cfg_attr(not(vectors), ignore =
/// "...")]`: build.rs knows whether they are there.
pub fn read(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("HSMBOOT_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/vectors")),
        PathBuf::from,
    );
    let path = folder.join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
