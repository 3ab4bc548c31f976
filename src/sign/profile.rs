//! What goes into the signed certificate. Pure: CSR, CA, serial and dates in; to-be-signed bytes out.

use super::Terms;
use crate::x509::der::{integer, octet_string, oid, sequence, tag, tlv};
use crate::x509::extension::{AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, KEY_USAGE, SUBJECT_KEY_IDENTIFIER};
use crate::x509::{Certificate, Csr, Moment};

/// How far notBefore lies back, in seconds: clocks differ.
const BACKDATED: i64 = 5 * 60;
const DAY: i64 = 24 * 60 * 60;

/// The to-be-signed part of the signed certificate (RFC 5280 4.1.2): subject and public key are the CSR's bytes, the issuer is the CA's
/// subject's bytes. notBefore is five minutes back, notAfter no later than the CA's.
pub fn signed_cert_tbs(csr: &Csr, ca: &Certificate, algorithm: &[u8], terms: &Terms) -> Vec<u8> {
    let not_before = terms.now.plus(BACKDATED.saturating_neg());
    let not_after = terms.now.plus(i64::from(terms.days).saturating_mul(DAY)).min(ca.not_after());
    let extensions = [
        extension(BASIC_CONSTRAINTS, true, &sequence(&[])),
        // digitalSignature and keyEncipherment: bits 0 and 2 (RFC 5280 4.2.1.3).
        extension(KEY_USAGE, true, &[tag::BIT_STRING, 2, 5, 0xA0]),
        extension(SUBJECT_KEY_IDENTIFIER, false, &octet_string(&key_identifier(csr.spki()))),
        extension(AUTHORITY_KEY_IDENTIFIER, false, &sequence(&[&tlv(tag::context_primitive(0), &[&ca_key_identifier(ca)])])),
    ];
    let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
    sequence(&[
        &tlv(tag::context(0), &[&integer(&[2])]),
        &serial(terms.serial),
        algorithm,
        ca.subject(),
        &validity(not_before, not_after),
        csr.subject(),
        csr.spki(),
        &tlv(tag::context(3), &[&sequence(&extensions)]),
    ])
}

/// A positive INTEGER of exactly 20 octets (RFC 5280 4.1.2.2) with 158 of the given bits.
pub(crate) fn serial(mut octets: [u8; 20]) -> Vec<u8> {
    if let Some(first) = octets.first_mut() {
        *first = (*first & 0x7F) | 0x40;
    }
    integer(&octets)
}

/// Validity (RFC 5280 4.1.2.5).
pub(crate) fn validity(not_before: Moment, not_after: Moment) -> Vec<u8> {
    sequence(&[&not_before.to_der(), &not_after.to_der()])
}

/// One extension; critical is written only where it is TRUE (X.690 11.5).
pub(crate) fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[tag::BOOLEAN, 1, 0xFF] } else { &[] };
    sequence(&[&oid(id), flag, &octet_string(value)])
}

/// A key identifier by RFC 5280 4.2.1.2 method 1: SHA-1 over the public key's bits. SHA-1 is a name here, no protection.
pub(crate) fn key_identifier(spki: &[u8]) -> Vec<u8> {
    use crate::x509::der::Reader;
    let bits = Reader::new(spki, "a key").any().and_then(|outer| {
        let mut parts = Reader::new(outer.content, "a key");
        parts.any()?;
        parts.any()
    });
    let octets = bits.ok().and_then(|bits| bits.content.split_first()).map_or(&[][..], |(_, octets)| octets);
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec()
}

/// The identifier that the CA gives its own key, or else method 1's (RFC 5280 4.2.1.1).
fn ca_key_identifier(ca: &Certificate) -> Vec<u8> {
    ca.extensions().subject_key_identifier.clone().unwrap_or_else(|| key_identifier(ca.spki()))
}
