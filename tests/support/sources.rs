//! The files below a directory.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        fs::read_dir(path)
            .unwrap()
            .flat_map(|entry| sources(&entry.unwrap().path()))
            .collect()
    } else {
        vec![path.to_path_buf()]
    }
}
