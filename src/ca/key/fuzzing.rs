//! What fuzz targets try of CA keys: `crate::fuzzing`.

use std::path::Path;

use super::FileKey;
use super::fields::KdfLimits;
use crate::ca::PassphraseSource;

/// Reads a key file from its bytes. Encrypted ones are opened with the passphrase in
/// `HSMBOOT_FUZZ_PASSPHRASE`, where that costs little.
pub fn key_file(data: &[u8]) {
    let passphrase = PassphraseSource::Env("HSMBOOT_FUZZ_PASSPHRASE".to_owned());
    let bytes = zeroize::Zeroizing::new(data.to_vec());
    drop(FileKey::from_bytes(
        Path::new("ca.key"),
        &bytes,
        None,
        &passphrase,
        KdfLimits {
            rounds: 2048,
            scrypt_memory: 1 << 20,
            scrypt_work: 1 << 11,
        },
    ));
}

/// Reads what follows `awskms:`.
#[cfg(all(fuzzing, not(feature = "awskms")))]
pub fn awskms_uri(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(super::kms_uri::KmsKeyName::parse(text));
    }
}
