//! The ciphers that keys are encrypted with, in CBC mode. Read, all of them; what is written has
//! AES-256.

use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::Pkcs7};
use zeroize::Zeroizing;

use crate::ca::fault::{KeyFault, malformed};
use crate::ca::secret::Secret;

/// A block cipher in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    DesEde2,
    DesEde3,
}

impl Cipher {
    pub(super) const fn key_length(self) -> usize {
        match self {
            Cipher::Des => 8,
            Cipher::Aes128 | Cipher::DesEde2 => 16,
            Cipher::Aes192 | Cipher::DesEde3 => 24,
            Cipher::Aes256 => 32,
        }
    }

    pub(super) const fn block_length(self) -> usize {
        match self {
            Cipher::Des | Cipher::DesEde2 | Cipher::DesEde3 => 8,
            Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => 16,
        }
    }

    /// The plaintext without its padding; nothing where the padding is not PKCS#7's.
    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Secret> {
        match self {
            Cipher::Aes128 => cbc_decrypt::<aes::Aes128>(key, iv, ciphertext),
            Cipher::Aes192 => cbc_decrypt::<aes::Aes192>(key, iv, ciphertext),
            Cipher::Aes256 => cbc_decrypt::<aes::Aes256>(key, iv, ciphertext),
            Cipher::Des => cbc_decrypt::<des::Des>(key, iv, ciphertext),
            Cipher::DesEde2 => cbc_decrypt::<des::TdesEde2>(key, iv, ciphertext),
            Cipher::DesEde3 => cbc_decrypt::<des::TdesEde3>(key, iv, ciphertext),
        }
    }
}

fn cbc_decrypt<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> Option<Secret> {
    let mut buffer: Secret = Zeroizing::new(ciphertext.to_vec());
    let length = cbc::Decryptor::<C>::new_from_slices(key, iv)
        .ok()?
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .ok()?
        .len();
    buffer.truncate(length);
    Some(buffer)
}

/// CBC's ciphertext is at least one block, and whole ones.
pub(super) fn whole_blocks(cipher: Cipher, ciphertext: &[u8]) -> Result<(), KeyFault> {
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(cipher.block_length()) {
        return Err(malformed(
            "its encrypted part is not whole blocks of the cipher: is the file cut off?",
        ));
    }
    Ok(())
}
