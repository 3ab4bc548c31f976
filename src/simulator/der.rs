//! A DER writer of the few types that certificates need (ITU-T X.690).
//!
//! Written for the simulator alone: it shares no line with the code that later judges these
//! certificates.

/// An object identifier, as the content octets of its DER encoding.
pub(super) type Oid = &'static [u8];

pub(super) const COUNTRY: Oid = &[0x55, 0x04, 0x06];
pub(super) const STATE: Oid = &[0x55, 0x04, 0x08];
pub(super) const LOCALITY: Oid = &[0x55, 0x04, 0x07];
pub(super) const ORGANIZATION: Oid = &[0x55, 0x04, 0x0A];
pub(super) const ORGANIZATIONAL_UNIT: Oid = &[0x55, 0x04, 0x0B];
pub(super) const COMMON_NAME: Oid = &[0x55, 0x04, 0x03];
pub(super) const RSA_ENCRYPTION: Oid = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
pub(super) const SHA256_WITH_RSA: Oid = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
pub(super) const BASIC_CONSTRAINTS: Oid = &[0x55, 0x1D, 0x13];
pub(super) const KEY_USAGE: Oid = &[0x55, 0x1D, 0x0F];
pub(super) const SUBJECT_KEY_IDENTIFIER: Oid = &[0x55, 0x1D, 0x0E];
pub(super) const AUTHORITY_KEY_IDENTIFIER: Oid = &[0x55, 0x1D, 0x23];

/// One element: tag, length (X.690 8.1.3), and the parts one after the other as its content.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    write_length(&mut out, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            // A usize has at most eight octets.
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            out.extend_from_slice(&significant);
        }
    }
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, parts)
}

/// SET OF, its elements in the order that DER wants (X.690 11.6).
pub(super) fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    let parts: Vec<&[u8]> = elements.iter().map(Vec::as_slice).collect();
    element(0x31, &parts)
}

/// A non-negative INTEGER from big-endian octets.
pub(super) fn integer(unsigned: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = unsigned
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(0x02, &[&digits])
}

pub(super) fn oid(oid: Oid) -> Vec<u8> {
    element(0x06, &[oid])
}

pub(super) fn null() -> Vec<u8> {
    element(0x05, &[])
}

pub(super) fn boolean_true() -> Vec<u8> {
    element(0x01, &[&[0xFF]])
}

/// BIT STRING of whole octets.
pub(super) fn bit_string(octets: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], octets])
}

pub(super) fn octet_string(octets: &[u8]) -> Vec<u8> {
    element(0x04, &[octets])
}

pub(super) fn utf8(text: &str) -> Vec<u8> {
    element(0x0C, &[text.as_bytes()])
}

pub(super) fn printable(text: &str) -> Vec<u8> {
    element(0x13, &[text.as_bytes()])
}

/// A constructed context-specific element, `[number]`.
pub(super) fn context(number: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(0xA0 | number, parts)
}

/// PEM as the service returns it: 64 columns, LF (RFC 7468 2).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let text = Base64::encode_string(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(element(0x04, &[&[0; 127]])[..2], [0x04, 0x7F]);
        assert_eq!(element(0x04, &[&[0; 128]])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(element(0x04, &[&[0; 256]])[..4], [0x04, 0x82, 0x01, 0x00]);
    }

    #[test]
    fn integers_are_never_negative_and_never_padded() {
        assert_eq!(integer(&[]), [0x02, 0x01, 0x00]);
        assert_eq!(integer(&[0, 0, 1]), [0x02, 0x01, 0x01]);
        assert_eq!(integer(&[0x80]), [0x02, 0x02, 0x00, 0x80]);
    }

    #[test]
    fn a_set_is_sorted() {
        let sorted = set_of(vec![utf8("b"), printable("x"), utf8("a")]);
        assert_eq!(
            sorted,
            element(0x31, &[&utf8("a"), &utf8("b"), &printable("x")])
        );
    }
}
