//! Strict DER (X.690, 2021, clause 10 and 11): a reader that takes nothing else, and the few lines
//! that write it.
//!
//! A library's reader alone is not enough: the checks promise that *no* byte of an input goes
//! unaccounted for, also inside elements that they have no interest in. [`check_strict`] walks
//! everything; the typed readers then account for each element of each SEQUENCE.

use super::Malformed;
use super::fault::{Fault, Faults};

/// Universal tags, with the constructed bit where DER demands it.
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER
    pub const OID: u8 = 0x06;
    /// ENUMERATED
    pub const ENUMERATED: u8 = 0x0A;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0C;
    /// NumericString
    pub const NUMERIC_STRING: u8 = 0x12;
    /// PrintableString
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// TeletexString (T61String)
    pub const TELETEX_STRING: u8 = 0x14;
    /// IA5String
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// GraphicString
    pub const GRAPHIC_STRING: u8 = 0x19;
    /// VisibleString
    pub const VISIBLE_STRING: u8 = 0x1A;
    /// GeneralString
    pub const GENERAL_STRING: u8 = 0x1B;
    /// UniversalString
    pub const UNIVERSAL_STRING: u8 = 0x1C;
    /// BMPString
    pub const BMP_STRING: u8 = 0x1E;
    /// SEQUENCE, SEQUENCE OF
    pub const SEQUENCE: u8 = 0x30;
    /// SET, SET OF
    pub const SET: u8 = 0x31;
    /// `[n]`, constructed
    pub const fn context_constructed(n: u8) -> u8 {
        0xA0 | (n & 0x1F)
    }
    /// `[n]`, primitive
    pub const fn context_primitive(n: u8) -> u8 {
        0x80 | (n & 0x1F)
    }
}

/// The greatest depth to which elements may nest. Certificates reach about 9; the bound keeps
/// hostile input from exhausting the stack.
const MAX_DEPTH: usize = 24;

/// One element: tag, content, and the whole of it as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// Identifier, length and content octets.
    pub raw: &'a [u8],
}

/// Reads elements off the front of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// A reader over the content of `what`, which names it in errors.
    pub const fn new(rest: &'a [u8], what: &'static str) -> Self {
        Reader { rest, what }
    }

    /// Tells whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element, if there is one.
    pub fn peek_tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    ///
    /// # Errors
    /// Where the next bytes are not one definite, minimal-length, low-tag-number element (X.690
    /// 10.1, 8.1.2.2).
    pub fn read_any(&mut self) -> Result<Tlv<'a>, Malformed> {
        let truncated =
            || Malformed::new(format!("{}: ends in the middle of an element", self.what));
        let (&tag, after_tag) = self
            .rest
            .split_first()
            .ok_or_else(|| Malformed::new(format!("{}: an element is missing", self.what)))?;
        if tag & 0x1F == 0x1F {
            return Err(Malformed::new(format!(
                "{}: a tag number over 30, which no certificate has",
                self.what
            )));
        }
        let (&first, after_first) = after_tag.split_first().ok_or_else(truncated)?;
        let (length, body) = match first {
            0..=0x7F => (usize::from(first), after_first),
            0x80 => {
                return Err(Malformed::new(format!(
                    "{}: an indefinite length, which DER does not allow (X.690 10.1)",
                    self.what
                )));
            }
            _ => {
                let count = usize::from(first & 0x7F);
                let octets = after_first.get(..count).ok_or_else(truncated)?;
                let body = after_first.get(count..).ok_or_else(truncated)?;
                if count > 4
                    || octets.first() == Some(&0)
                    || (count == 1 && octets.first().is_some_and(|b| *b < 0x80))
                {
                    return Err(Malformed::new(format!(
                        "{}: a length that is not in its shortest form (X.690 10.1)",
                        self.what
                    )));
                }
                (
                    octets
                        .iter()
                        .fold(0usize, |n, b| (n << 8) | usize::from(*b)),
                    body,
                )
            }
        };
        let content = body.get(..length).ok_or_else(truncated)?;
        let rest = body.get(length..).ok_or_else(truncated)?;
        let raw = self
            .rest
            .get(..self.rest.len() - rest.len())
            .ok_or_else(truncated)?;
        self.rest = rest;
        Ok(Tlv { tag, content, raw })
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// Where it has another, or is no element.
    pub fn read_required(&mut self, tag: u8, name: &str) -> Result<Tlv<'a>, Malformed> {
        match self.peek_tag() {
            None => Err(Malformed::new(format!("{}: {name} is missing", self.what))),
            Some(found) if found != tag => Err(Malformed::new(format!(
                "{}: {name} has tag {found:02x}, expected {tag:02x}",
                self.what
            ))),
            Some(_) => self.read_any(),
        }
    }

    /// The next element if it has this tag.
    ///
    /// # Errors
    /// Where it has the tag but is no element.
    pub fn read_optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, Malformed> {
        if self.peek_tag() == Some(tag) {
            self.read_any().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// Where something is.
    pub fn finish(self) -> Result<(), Malformed> {
        match self.peek_tag() {
            None => Ok(()),
            Some(tag) => Err(Malformed::new(format!(
                "{}: an element (tag {tag:02x}) that its type does not define",
                self.what
            ))),
        }
    }
}

/// The one element that `der` is, with nothing after it.
///
/// # Errors
/// Where it is no element of that tag, or has a tail.
pub fn parse_single<'a>(der: &'a [u8], tag: u8, what: &'static str) -> Result<Tlv<'a>, Malformed> {
    let mut reader = Reader::new(der, what);
    let tlv = reader.read_required(tag, "the outermost element")?;
    if !reader.is_empty() {
        return Err(Malformed::new(format!(
            "{what}: {} bytes after its end",
            reader.rest.len()
        )));
    }
    Ok(tlv)
}

/// Holds all of `der` to the rules of DER: every element, at every depth.
///
/// # Errors
/// The first element that breaks one, with the rule.
pub fn check_strict(der: &[u8], what: &'static str) -> Result<(), Malformed> {
    check_strict_except(der, what, &mut Faults::default())
}

/// Does the same as [`check_strict`], but for the faults that are tolerated.
///
/// # Errors
/// As [`check_strict`].
pub(crate) fn check_strict_except(
    der: &[u8],
    what: &'static str,
    faults: &mut Faults,
) -> Result<(), Malformed> {
    walk_elements(der, what, 0, faults)
}

fn walk_elements(
    der: &[u8],
    what: &'static str,
    depth: usize,
    faults: &mut Faults,
) -> Result<(), Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed::new(format!(
            "{what}: elements nested deeper than {MAX_DEPTH}"
        )));
    }
    let mut reader = Reader::new(der, what);
    while !reader.is_empty() {
        let tlv = reader.read_any()?;
        let constructed = tlv.tag & 0x20 != 0;
        if tlv.tag & 0xC0 == 0 {
            check_universal(&tlv, constructed, what, faults)?;
        }
        if constructed {
            walk_elements(tlv.content, what, depth + 1, faults)?;
        }
    }
    Ok(())
}

/// Holds an element of a universal type to the rules of X.690.
fn check_universal(
    tlv: &Tlv<'_>,
    constructed: bool,
    what: &'static str,
    faults: &mut Faults,
) -> Result<(), Malformed> {
    let fault = |text: &str| Err(Malformed::new(format!("{what}: {text}")));
    let c = tlv.content;
    match tlv.tag & 0x1F {
        16 | 17 if !constructed => return fault("a SEQUENCE or SET in primitive form"),
        16 => {}
        17 if !elements_ascend(c, what)? => faults.note_tolerated(Fault::UnsortedSet, what)?,
        17 => {}
        _ if constructed => {
            return fault("a string in constructed form, which DER does not allow (X.690 10.2)");
        }
        1 if c.len() != 1 => return fault("a BOOLEAN of other than one octet (X.690 8.2.1)"),
        1 if !matches!(c, [0x00 | 0xFF]) => faults.note_tolerated(Fault::OtherTrue, what)?,
        2 | 10 => check_integer(c, what)?,
        3 => check_bit_string(c, what)?,
        5 if !c.is_empty() => return fault("a NULL with content (X.690 8.8.2)"),
        6 => check_oid(c, what)?,
        12 if std::str::from_utf8(c).is_err() => return fault("a UTF8String that is not UTF-8"),
        18 if !c.iter().all(|b| b.is_ascii_digit() || *b == b' ') => {
            return fault("a NumericString with other characters");
        }
        19 if !c.iter().all(|b| matches!(b, 0x20..=0x7E | 0x80..)) => {
            return fault("a PrintableString with other characters (X.680 41.4)");
        }
        19 if !c.iter().all(|b| is_printable(*b)) => {
            faults.note_tolerated(Fault::PrintableString, what)?
        }
        22 if !c.is_ascii() => faults.note_tolerated(Fault::Ia5String, what)?,
        26 if !c.is_ascii() => return fault("a VisibleString beyond ASCII"),
        23 if !is_time(c, 12) => return fault("a UTCTime that is not YYMMDDHHMMSSZ (X.690 11.8)"),
        24 if !is_time(c, 14) => {
            return fault("a GeneralizedTime that is not YYYYMMDDHHMMSSZ (RFC 5280 4.1.2.5.2)");
        }
        30 if !c.len().is_multiple_of(2) => return fault("a BMPString of an odd number of bytes"),
        28 if !c.len().is_multiple_of(4) => {
            return fault("a UniversalString whose bytes are not whole characters");
        }
        0 | 14 | 15 | 29 => return fault("a universal tag that no certificate has"),
        _ => {}
    }
    Ok(())
}

/// Tells whether the elements of a SET OF ascend (X.690 11.6).
fn elements_ascend(content: &[u8], what: &'static str) -> Result<bool, Malformed> {
    let mut reader = Reader::new(content, what);
    let mut last: &[u8] = &[];
    while !reader.is_empty() {
        let tlv = reader.read_any()?;
        if last > tlv.raw {
            return Ok(false);
        }
        last = tlv.raw;
    }
    Ok(true)
}

/// Checks a SET OF under an implicit tag, which [`check_strict`] cannot recognise by itself.
///
/// # Errors
/// Where the elements do not ascend.
pub(crate) fn check_sorted_set(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    if elements_ascend(content, what)? {
        Ok(())
    } else {
        Err(Malformed::new(format!("{what}: {}", Fault::UnsortedSet)))
    }
}

/// INTEGER: at least one octet, the shortest form (X.690 8.3.2).
pub(crate) fn check_integer(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    match content {
        [] => Err(Malformed::new(format!(
            "{what}: an INTEGER without content"
        ))),
        [0x00, next, ..] if next & 0x80 == 0 => Err(Malformed::new(format!(
            "{what}: an INTEGER not in its shortest form (X.690 8.3.2)"
        ))),
        [0xFF, next, ..] if next & 0x80 != 0 => Err(Malformed::new(format!(
            "{what}: an INTEGER not in its shortest form (X.690 8.3.2)"
        ))),
        _ => Ok(()),
    }
}

/// BIT STRING: the count of unused bits is in range and those bits are zero (X.690 11.2.1).
pub(crate) fn check_bit_string(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    let fault = || {
        Err(Malformed::new(format!(
            "{what}: a BIT STRING with a wrong count of unused bits, or with those bits set (X.690 \
             11.2.1)"
        )))
    };
    match content.split_first() {
        None => fault(),
        Some((0, _)) => Ok(()),
        Some((unused @ 1..=7, bits)) => match bits.last() {
            Some(last) if last.trailing_zeros() >= u32::from(*unused) => Ok(()),
            _ => fault(),
        },
        Some(_) => fault(),
    }
}

/// OBJECT IDENTIFIER: whole arcs, each in its shortest form (X.690 8.19.2).
pub(crate) fn check_oid(content: &[u8], what: &'static str) -> Result<(), Malformed> {
    let mut start = true;
    for byte in content {
        if start && *byte == 0x80 {
            return Err(Malformed::new(format!(
                "{what}: an OBJECT IDENTIFIER not in its shortest form (X.690 8.19.2)"
            )));
        }
        start = byte & 0x80 == 0;
    }
    if content.is_empty() || !start {
        return Err(Malformed::new(format!(
            "{what}: an OBJECT IDENTIFIER that ends in the middle of an arc"
        )));
    }
    Ok(())
}

const fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?'
        )
}

fn is_time(content: &[u8], digits: usize) -> bool {
    content.split_last().is_some_and(|(last, rest)| {
        *last == b'Z' && rest.len() == digits && rest.iter().all(u8::is_ascii_digit)
    })
}

/// The content of a BIT STRING of whole octets (signatures and keys).
///
/// # Errors
/// Where bits are unused.
pub fn whole_octets<'a>(content: &'a [u8], what: &'static str) -> Result<&'a [u8], Malformed> {
    match content.split_first() {
        Some((0, octets)) => Ok(octets),
        _ => Err(Malformed::new(format!(
            "{what}: a BIT STRING that is not whole octets"
        ))),
    }
}

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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_their_shortest_form() {
        assert_eq!(encode_octet_string(&[7; 127])[..2], [4, 127]);
        assert_eq!(encode_octet_string(&[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(encode_octet_string(&[7; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(encode_integer(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(encode_integer(&[]), [2, 1, 0]);
        assert_eq!(
            encode_oid("1.2.840.113549.1.1.11"),
            [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]
        );
    }

    #[test]
    fn what_is_not_der_is_refused() {
        for (bytes, why) in [
            (&[0x30u8, 0x80, 0, 0][..], "indefinite"),
            (&[0x30, 0x81, 0x00], "shortest"),
            (&[0x04, 0x82, 0x00, 0x01, 7], "shortest"),
            (&[0x30, 3, 2, 1], "middle"),
            (&[0x1F, 0x21, 0], "over 30"),
            (&[1, 1, 1], "BOOLEAN"),
            (&[2, 2, 0, 1], "INTEGER"),
            (&[2, 2, 0xFF, 0x80], "INTEGER"),
            (&[2, 0], "INTEGER"),
            (&[3, 2, 1, 1], "BIT STRING"),
            (&[3, 1, 1], "BIT STRING"),
            (&[3, 2, 8, 0], "BIT STRING"),
            (&[3, 0], "BIT STRING"),
            (&[5, 1, 0], "NULL"),
            (&[6, 2, 0x80, 1], "OBJECT"),
            (&[6, 1, 0x81], "OBJECT"),
            (&[0x24, 0], "constructed"),
            (&[0x10, 0], "primitive"),
            (&[0x31, 6, 2, 1, 2, 2, 1, 1], "order"),
            (&[0x0C, 1, 0xFF], "UTF-8"),
            (&[0x13, 1, b'*'], "Printable"),
            (&[0x17, 3, b'1', b'2', b'Z'], "UTCTime"),
        ] {
            let text = check_strict(bytes, "test").unwrap_err().to_string();
            assert!(text.contains(why), "{bytes:02x?}: {text}");
        }
        let deep = (0..40).fold(vec![5u8, 0], |inner, _| encode_sequence(&[&inner]));
        assert!(
            check_strict(&deep, "test")
                .unwrap_err()
                .to_string()
                .contains("deeper")
        );
    }
}
