//! The few lines that write DER.

use super::tag;

/// Writes one element: tag, length, and the parts one after the other.
pub fn encode_tlv(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    let octets = length.to_be_bytes();
    let significant = octets
        .iter()
        .position(|b| *b != 0)
        .and_then(|at| octets.get(at..))
        .unwrap_or(&[0]);
    match significant {
        [short @ 0..=0x7F] => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            out.extend_from_slice(long);
        }
    }
    for part in content {
        out.extend_from_slice(part);
    }
    out
}

/// A SEQUENCE of the parts.
pub fn encode_sequence(parts: &[&[u8]]) -> Vec<u8> {
    encode_tlv(tag::SEQUENCE, parts)
}

/// A SET OF the parts, in DER's order (X.690 11.6).
pub fn encode_set(parts: &[&[u8]]) -> Vec<u8> {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    encode_tlv(tag::SET, &sorted)
}

/// A non-negative INTEGER from its big-endian octets, in its shortest form.
pub fn encode_integer(unsigned: &[u8]) -> Vec<u8> {
    let significant = unsigned
        .iter()
        .position(|b| *b != 0)
        .and_then(|at| unsigned.get(at..))
        .unwrap_or(&[0]);
    let pad: &[u8] = if significant.first().is_some_and(|b| b & 0x80 != 0) {
        &[0]
    } else {
        &[]
    };
    encode_tlv(tag::INTEGER, &[pad, significant])
}

/// An OBJECT IDENTIFIER from its dotted form. Text that is none gives an element that no reader
/// takes.
pub fn encode_oid(dotted: &str) -> Vec<u8> {
    match const_oid::ObjectIdentifier::new(dotted) {
        Ok(oid) => encode_tlv(tag::OID, &[oid.as_bytes()]),
        Err(_) => encode_tlv(tag::OID, &[]),
    }
}

/// A BIT STRING of whole octets.
pub fn encode_bit_string(octets: &[u8]) -> Vec<u8> {
    encode_tlv(tag::BIT_STRING, &[&[0], octets])
}

/// An OCTET STRING.
pub fn encode_octet_string(octets: &[u8]) -> Vec<u8> {
    encode_tlv(tag::OCTET_STRING, &[octets])
}
