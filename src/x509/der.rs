//! Strict DER (X.690, 2021, clause 10 and 11): a reader that takes nothing else, and the few lines
//! that write it.
//!
//! A library's reader alone is not enough: the checks promise that *no* byte of an input goes
//! unaccounted for, also inside elements that they have no interest in. [`check_strict`] walks
//! everything; the typed readers then account for each element of each SEQUENCE.

mod rules;
mod write;

pub use rules::check_strict;
pub(crate) use rules::{
    check_bit_string, check_integer, check_oid, check_sorted_set, check_strict_except,
};
pub use write::{
    encode_bit_string, encode_integer, encode_octet_string, encode_oid, encode_sequence,
    encode_set, encode_tlv,
};

use super::Malformed;

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
