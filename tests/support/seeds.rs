//! What the fuzz targets begin with, as fuzz/seeds gathers it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// Returns the seeds of a target, with their names.
pub(crate) fn of_target(target: &str) -> Vec<(String, Vec<u8>)> {
    static GATHERED: OnceLock<TempDir> = OnceLock::new();
    let gathered = GATHERED.get_or_init(|| {
        let place = TempDir::new().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
        let status = Command::new(script).arg(place.path()).status().unwrap();
        assert!(status.success(), "fuzz/seeds: {status}");
        place
    });
    let files = std::fs::read_dir(gathered.path().join(target)).unwrap();
    let mut seeds: Vec<(String, Vec<u8>)> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read(file.path()).unwrap())
        })
        .collect();
    seeds.sort_unstable();
    assert!(!seeds.is_empty(), "{target}");
    // A longer one would be cut.
    let most = max_length();
    assert!(seeds.iter().all(|(_, seed)| seed.len() <= most), "{target}");
    seeds
}

/// Returns the length of the longest input that fuzz/run lets a target have.
fn max_length() -> usize {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/run");
    let script = std::fs::read_to_string(script).unwrap();
    let (_, after) = script.split_once("-max_len=").unwrap();
    after.split(' ').next().unwrap().parse().unwrap()
}

/// Tries the seeds of a target, each cut short and with an octet changed, at three places.
pub(crate) fn try_changed(target: &str, body: impl Fn(&[u8])) {
    for (_, seed) in of_target(target) {
        for part in [2, 5, 7] {
            let at = seed.len() * part / 8;
            body(&seed[..at]);
            let mut changed = seed.clone();
            if let Some(octet) = changed.get_mut(at) {
                *octet ^= 1 << part;
                body(&changed);
            }
        }
    }
}
