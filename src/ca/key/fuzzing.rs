//! What fuzz targets try of CA keys: `crate::fuzzing`.

use std::path::Path;

use super::FileKey;
use crate::ca::PassphraseSource;

/// Reads a key file from its bytes. Encrypted ones are opened with the passphrase in
/// `HSMBOOT_FUZZ_PASSPHRASE`; their costs are capped (`fields::MAX_ROUNDS`, `pbes2::MAX_WORK`).
pub fn key_file(data: &[u8]) {
    let passphrase = PassphraseSource::Env("HSMBOOT_FUZZ_PASSPHRASE".to_owned());
    let bytes = zeroize::Zeroizing::new(data.to_vec());
    drop(FileKey::from_bytes(
        Path::new("ca.key"),
        &bytes,
        None,
        &passphrase,
    ));
}
