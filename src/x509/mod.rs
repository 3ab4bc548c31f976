//! The parts of certificates and CSRs: strict PEM, strict DER, names, keys, signatures, times.
//!
//! Pure: no file, network, clock or randomness. A type keeps the DER it came from and hands out
//! slices of it; those are compared and copied, never a value rebuilt from parts. What parses is
//! known to be well formed, and nobody checks that again.

pub mod algorithm;
pub mod certificate;
pub mod csr;
pub mod der;
mod ecdsa;
pub mod extension;
pub(crate) mod fault;
pub mod general_name;
pub mod name;
pub mod pem;
mod public_key;
pub mod time;
mod trust_anchor;
pub(crate) mod write;

pub use algorithm::SignatureAlgorithm;
pub use certificate::Certificate;
pub use csr::Csr;
pub(crate) use ecdsa::pad_number;
pub use fault::{Fault, Strictness};
pub use name::{NameText, name_text};
pub use public_key::PublicKey;
pub use time::Moment;
pub use trust_anchor::{MAX_CERTIFICATES, MAX_CHAIN_CHARS, TrustAnchor};

use crate::outside::shown_on_a_line;

/// Bytes that are not what they should be: a sentence that says which rule they break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Malformed {
    sentence: String,
    by_its_file: bool,
}

impl Malformed {
    /// Makes it from the sentence, on one line whatever is in it.
    pub fn new(what: impl AsRef<str>) -> Self {
        Malformed {
            sentence: shown_on_a_line(what.as_ref()),
            by_its_file: false,
        }
    }

    /// Marks the fault as one of the file that was to hold the bytes: cut off, of another kind, or
    /// with something else around.
    pub(crate) fn by_its_file(self) -> Self {
        Malformed {
            by_its_file: true,
            ..self
        }
    }

    /// Tells whether the file was read and its content is at fault. The same content, taken again,
    /// has the same fault.
    pub const fn is_of_content(&self) -> bool {
        !self.by_its_file
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    out
}

/// Lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS.get(usize::from(n & 0xF)).copied().unwrap_or(b'?'));
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(*byte));
    }
    out
}
