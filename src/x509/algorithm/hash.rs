//! The hash functions that count.

use super::{SHA256, SHA384, SHA512, identifier, null};
#[cfg(feature = "pkcs11")]
use crate::x509::der;
use crate::x509::name::oid_text;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl Hash {
    /// The length of a digest, in bits.
    pub const fn digest_bits(self) -> u16 {
        match self {
            Hash::Sha256 => 256,
            Hash::Sha384 => 384,
            Hash::Sha512 => 512,
        }
    }

    /// The length of a digest, in octets.
    pub const fn octets(self) -> u16 {
        self.digest_bits() / 8
    }

    /// ring's name for it.
    pub(crate) const fn in_ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Hash::Sha256 => &ring::digest::SHA256,
            Hash::Sha384 => &ring::digest::SHA384,
            Hash::Sha512 => &ring::digest::SHA512,
        }
    }

    /// Returns ring's name for the HMAC with it.
    pub(crate) fn hmac_in_ring(self) -> ring::hmac::Algorithm {
        match self {
            Hash::Sha256 => ring::hmac::HMAC_SHA256,
            Hash::Sha384 => ring::hmac::HMAC_SHA384,
            Hash::Sha512 => ring::hmac::HMAC_SHA512,
        }
    }

    /// Finds the hash of an OBJECT IDENTIFIER in dotted form.
    pub(crate) fn from_dotted_oid(oid: &str) -> Option<Self> {
        [Hash::Sha256, Hash::Sha384, Hash::Sha512]
            .into_iter()
            .find(|hash| oid_text(hash.oid()) == oid)
    }

    /// The digest of a message.
    pub(crate) fn digest(self, message: &[u8]) -> ring::digest::Digest {
        ring::digest::digest(self.in_ring(), message)
    }

    const fn oid(self) -> &'static [u8] {
        match self {
            Hash::Sha256 => SHA256,
            Hash::Sha384 => SHA384,
            Hash::Sha512 => SHA512,
        }
    }

    /// The AlgorithmIdentifier (RFC 4055 2.1).
    pub(crate) fn to_der(self) -> Vec<u8> {
        identifier(self.oid(), &[&null()])
    }

    /// Returns the DigestInfo of a message (RFC 8017 9.2): what PKCS#1 v1.5 pads and signs.
    #[cfg(feature = "pkcs11")]
    pub(crate) fn digest_info(self, message: &[u8]) -> Vec<u8> {
        let digest = der::encode_octet_string(self.digest(message).as_ref());
        der::encode_sequence(&[&self.to_der(), &digest])
    }
}
