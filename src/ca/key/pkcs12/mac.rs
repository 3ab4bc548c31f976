//! The integrity of a store.

use ring::{digest, hmac};

use super::of_store;
use crate::ca::fault::KeyFault;
use crate::ca::key::fields::{KdfLimits, parse_algorithm, parse_number};
use crate::ca::key::pbes1::{self, DerivationPurpose};
use crate::x509::algorithm::Hash;
use crate::x509::der::{Reader, Tlv, tag};

/// MacData (RFC 7292 4): HMAC over the safe.
pub(super) struct Mac<'a> {
    pub(super) hash: hmac::Algorithm,
    pub(super) derivation: &'static digest::Algorithm,
    pub(super) digest: &'a [u8],
    pub(super) salt: &'a [u8],
    pub(super) rounds: u32,
}

impl<'a> Mac<'a> {
    pub(super) fn parse(tlv: Tlv<'a>) -> Option<(Self, u64)> {
        let mut reader = Reader::new(tlv.content, "key");
        let mut info = Reader::new(
            reader.read_required(tag::SEQUENCE, "digest").ok()?.content,
            "key",
        );
        let (oid, _) = parse_algorithm(info.read_required(tag::SEQUENCE, "hash").ok()?)?;
        let digest = info
            .read_required(tag::OCTET_STRING, "digest")
            .ok()?
            .content;
        info.finish().ok()?;
        let salt = reader
            .read_required(tag::OCTET_STRING, "salt")
            .ok()?
            .content;
        // DEFAULT 1
        let rounds = reader
            .read_optional(tag::INTEGER)
            .ok()?
            .map_or(Some(1), |tlv| parse_number(tlv.content))?;
        reader.finish().ok()?;
        let (hash, derivation) = match Hash::from_dotted_oid(&oid) {
            Some(hash) => (hash.hmac_in_ring(), hash.in_ring()),
            None if oid == "1.3.14.3.2.26" => (
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
            ),
            None => return None,
        };
        Some((
            Mac {
                hash,
                derivation,
                digest,
                salt,
                rounds: 0,
            },
            rounds,
        ))
    }

    pub(super) fn check_bounds(
        (mac, rounds): (Self, u64),
        limits: KdfLimits,
    ) -> Result<Self, KeyFault> {
        limits
            .check_rounds(rounds)
            .map(|rounds| Mac { rounds, ..mac })
            .map_err(|fault| of_store(fault, false))
    }

    /// Checks that it is the safe's under this passphrase (RFC 7292 5.1 and B.4).
    pub(super) fn check_safe(&self, passphrase: &[u8], safe: &[u8]) -> Result<(), KeyFault> {
        let wide = pbes1::to_bmp_string(passphrase).ok_or(KeyFault::WrongPassphrase)?;
        let key = pbes1::derive_pkcs12(
            self.derivation,
            DerivationPurpose::Mac,
            &wide,
            self.salt,
            self.rounds,
            self.derivation.output_len(),
        );
        hmac::verify(&hmac::Key::new(self.hash, &key), safe, self.digest)
            .map_err(|_| KeyFault::WrongPassphrase)
    }
}
