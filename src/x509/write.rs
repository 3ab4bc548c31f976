//! Writes what the two certificates that the program makes, trust anchor and signed certificate,
//! have in common. Pure: a serial and dates come in.

use super::der::{
    self, Reader, encode_bit_string, encode_integer, encode_octet_string, encode_oid,
    encode_sequence, encode_tlv, tag,
};
use super::{Certificate, Moment};

/// A day, in seconds.
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// The seconds by which notBefore lies back: clocks differ.
pub(crate) const BACKDATING: i64 = 5 * 60;

/// Returns the period from five minutes before `now` until `days` after it.
pub(crate) fn validity_period(now: Moment, days: u32) -> (Moment, Moment) {
    (
        now.plus_seconds(-BACKDATING),
        now.plus_seconds(i64::from(days) * DAY),
    )
}

/// A positive serial number of exactly 20 octets (RFC 5280 4.1.2.2) with 158 of the given bits.
pub(crate) fn positive_serial(mut octets: [u8; 20]) -> [u8; 20] {
    if let Some(first) = octets.first_mut() {
        *first = (*first & 0x7F) | 0x40;
    }
    octets
}

/// The part of a certificate that the CA signs.
pub(crate) struct Tbs<'a> {
    /// Positive, at most 20 octets.
    pub(crate) serial: &'a [u8],
    /// AlgorithmIdentifier, as are the names and the key with tag and length.
    pub(crate) algorithm: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: Moment,
    pub(crate) not_after: Moment,
    pub(crate) subject: &'a [u8],
    pub(crate) spki: &'a [u8],
    pub(crate) extensions: &'a [Vec<u8>],
}

impl Tbs<'_> {
    /// TBSCertificate, version 3 (RFC 5280 4.1).
    pub(crate) fn to_der(&self) -> Vec<u8> {
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        encode_sequence(&[
            &encode_tlv(tag::context_constructed(0), &[&encode_integer(&[2])]),
            &encode_integer(self.serial),
            self.algorithm,
            self.issuer,
            &encode_sequence(&[&self.not_before.to_der(), &self.not_after.to_der()]),
            self.subject,
            self.spki,
            &encode_tlv(
                tag::context_constructed(3),
                &[&encode_sequence(&extensions)],
            ),
        ])
    }
}

/// The certificate: what was signed, by which algorithm, and the signature (RFC 5280 4.1).
pub(crate) fn encode_certificate(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    encode_sequence(&[tbs, algorithm, &encode_bit_string(signature)])
}

/// One extension; critical is written only where it is TRUE (X.690 11.5).
pub(crate) fn encode_extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical {
        &[tag::BOOLEAN, 1, 0xFF]
    } else {
        &[]
    };
    encode_sequence(&[&encode_oid(id), flag, &encode_octet_string(value)])
}

/// keyUsage, always critical here; bit 0 is digitalSignature (RFC 5280 4.2.1.3).
pub(crate) fn key_usage(bits: &[u32]) -> Vec<u8> {
    let octet = bits.iter().fold(0u8, |octet, bit| {
        octet | 0x80u8.checked_shr(*bit).unwrap_or(0)
    });
    let unused = u8::try_from(octet.trailing_zeros()).unwrap_or(0);
    encode_extension(
        super::extension::KEY_USAGE,
        true,
        &encode_tlv(tag::BIT_STRING, &[&[unused, octet]]),
    )
}

/// subjectKeyIdentifier, by method 1.
pub(crate) fn subject_key_identifier(spki: &[u8]) -> Vec<u8> {
    encode_extension(
        super::extension::SUBJECT_KEY_IDENTIFIER,
        false,
        &encode_octet_string(&key_identifier(spki)),
    )
}

/// authorityKeyIdentifier: the identifier that the CA gives its own key, or else method 1's (RFC
/// 5280 4.2.1.1).
pub(crate) fn authority_key_identifier(ca: &Certificate) -> Vec<u8> {
    let identifier = ca
        .extensions()
        .subject_key_identifier
        .clone()
        .unwrap_or_else(|| key_identifier(ca.spki()));
    encode_extension(
        super::extension::AUTHORITY_KEY_IDENTIFIER,
        false,
        &encode_sequence(&[&encode_tlv(tag::context_primitive(0), &[&identifier])]),
    )
}

/// RFC 5280 4.2.1.2 method 1: SHA-1 over the public key's bits. SHA-1 is a name here, no
/// protection.
pub(crate) fn key_identifier(spki: &[u8]) -> Vec<u8> {
    let bits = der::parse_single(spki, tag::SEQUENCE, "a key").and_then(|outer| {
        let mut parts = Reader::new(outer.content, "a key");
        parts.read_any()?;
        der::whole_octets(
            parts.read_required(tag::BIT_STRING, "the key")?.content,
            "a key",
        )
    });
    // Of a key that does not read there is nothing to name; `Certificate::from_der` refuses it when
    // the certificate is read again.
    ring::digest::digest(
        &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        bits.unwrap_or_default(),
    )
    .as_ref()
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5280 4.1.2.2: positive, and of at most 20 octets.
    #[test]
    fn a_serial_number_is_positive_and_begins_with_no_zero() {
        for (random, first) in [(0x00, 0x40), (0x3F, 0x7F), (0x80, 0x40), (0xFF, 0x7F)] {
            let expected = std::array::from_fn(|at| if at == 0 { first } else { random });
            assert_eq!(positive_serial([random; 20]), expected);
        }
    }
}
