//! What fuzz targets try of CA keys: `crate::fuzzing`.

#![allow(
    clippy::expect_used,
    reason = "a target may end with a panic: that is what it finds"
)]

use std::path::Path;

use zeroize::Zeroizing;

use super::fields::KdfLimits;
use super::plain::KeyMaterial;
use super::{CaKey, FileKey};
use crate::ca::PassphraseSource;
use crate::x509::algorithm::ec_key_identifier;
use crate::x509::{PublicKey, der};

/// What is opened, so that thousands are in a second: none takes more rounds than those in
/// fuzz/keys.
const CHEAP: KdfLimits = KdfLimits {
    rounds: 10,
    scrypt_memory: 1 << 16,
    scrypt_work: 1 << 11,
};

fn read(bytes: &[u8]) -> Option<(KeyMaterial, FileKey)> {
    let passphrase = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/keys/passphrase");
    let read = FileKey::from_bytes(
        Path::new("ca.key"),
        &Zeroizing::new(bytes.to_vec()),
        None,
        &PassphraseSource::File(passphrase),
        CHEAP,
    );
    let (material, key, _) = read.ok()?;
    Some((material, key))
}

/// Reads a key file from its bytes, encrypted ones with the passphrase in fuzz/keys where that
/// costs little. Returns the public key of what opens: it is the same where the key is written
/// without encryption, and what it signs, if it signs, bears its signature.
pub fn key_file(data: &[u8]) -> Option<Vec<u8>> {
    let (material, key) = read(data)?;
    let (_, again) = read(&unencrypted(&material)).expect("what was opened");
    assert_eq!(again.spki(), key.spki());
    assert_eq!(again.signature_algorithm(), key.signature_algorithm());
    let public = PublicKey::from_der(key.spki(), "the key").expect("a public key");
    if let Ok(signature) = key.sign(b"message") {
        let algorithm = key.signer.signature_algorithm();
        assert!(public.verify(algorithm, b"message", &signature));
    }
    Some(key.spki().to_vec())
}

/// The key in PKCS#8 (RFC 5208 5), or in PKCS#1, in DER.
fn unencrypted(material: &KeyMaterial) -> Vec<u8> {
    let pkcs8 = |identifier: &[u8], key: &[u8]| {
        der::encode_sequence(&[
            &der::encode_integer(&[0]),
            identifier,
            &der::encode_octet_string(key),
        ])
    };
    match material {
        KeyMaterial::Rsa(key) => key.to_vec(),
        KeyMaterial::PssOnly { key, identifier } => pkcs8(identifier, key),
        KeyMaterial::Ec { curve, scalar, .. } => {
            let private = der::encode_octet_string(scalar);
            let key = der::encode_sequence(&[&der::encode_integer(&[1]), &private]);
            pkcs8(&ec_key_identifier(*curve), &key)
        }
    }
}

/// Reads what follows `awskms:`.
#[cfg(all(fuzzing, not(feature = "awskms")))]
pub fn awskms_uri(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(super::kms_uri::KmsKeyName::parse(text));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::seeds;

    #[test]
    #[cfg_attr(not(fuzz_seeds), ignore = "there is no fuzz/ here")]
    fn every_cheap_seed_of_a_key_opens() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
        let plain = std::fs::read(fixtures.join("ec-p-256.pem")).unwrap();
        let public = key_file(&plain).unwrap();
        // They are all of one key.
        let cheap = std::fs::read_dir(fixtures.join("../../fuzz/keys")).unwrap();
        let cheap: BTreeSet<String> = cheap
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains('.'))
            .map(|name| format!("keys-{name}"))
            .collect();
        assert!(cheap.len() >= 20, "{cheap:?}");
        let mut opened = BTreeSet::new();
        for (name, seed) in seeds::of_target("key_file") {
            let found = key_file(&seed);
            if cheap.contains(&name) {
                assert_eq!(found.as_ref(), Some(&public), "{name}");
            }
            opened.extend(found);
        }
        assert!(opened.len() >= 8, "{}", opened.len());
        seeds::try_changed("key_file", |seed| drop(key_file(seed)));
    }
}
