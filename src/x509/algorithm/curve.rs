//! The curves that count.

use super::hash::Hash;
use super::{P256, P384, P521};
use crate::x509::der::{self, tag};

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256r1
    P256,
    /// secp384r1
    P384,
    /// secp521r1
    P521,
}

impl Curve {
    /// All of them.
    pub(crate) const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    /// The content of its OBJECT IDENTIFIER (RFC 5480 2.1.1.1).
    pub(crate) const fn oid(self) -> &'static [u8] {
        match self {
            Curve::P256 => P256,
            Curve::P384 => P384,
            Curve::P521 => P521,
        }
    }

    /// The curve of this OBJECT IDENTIFIER's content.
    pub(crate) fn from_oid(content: &[u8]) -> Option<Self> {
        Curve::ALL.into_iter().find(|curve| curve.oid() == content)
    }

    /// The name of it (FIPS 186-5).
    pub const fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    /// The length of one of its numbers, in octets: scalars, coordinates, r and s.
    pub const fn octets(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The hash that signatures on it are made with (RFC 5480 4).
    pub(crate) const fn hash(self) -> Hash {
        match self {
            Curve::P256 => Hash::Sha256,
            Curve::P384 => Hash::Sha384,
            Curve::P521 => Hash::Sha512,
        }
    }

    /// The length of an uncompressed point, in octets (SEC1 2.3.3).
    pub const fn point_octets(self) -> usize {
        1 + 2 * self.octets()
    }

    /// The named curve as ECParameters (RFC 5480 2.1.1).
    pub(crate) fn to_der(self) -> Vec<u8> {
        der::encode_tlv(tag::OID, &[self.oid()])
    }
}
