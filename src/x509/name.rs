//! Names: strictly read, compared byte for byte, and written out for eyes only.

use std::fmt;

use serde::{Serialize, Serializer};

use super::der::{Reader, Tlv, tag};
use super::{Malformed, to_hex};
use crate::outside::push_shown;

mod comparison;

pub(crate) use comparison::is_within;
pub use comparison::{Likeness, compare_names, same_name};

/// The attribute types that RFC 4514 section 3 names, and those that certificates of this field
/// carry besides.
const fn short_name(kind: &[u8]) -> Option<&'static str> {
    Some(match kind {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "STREET",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x55, 4, 12] => "title",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25] => "DC",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1] => "UID",
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1] => "emailAddress",
        _ => return None,
    })
}

/// `commonName` (X.520; RFC 5280 appendix A.1).
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// A Name is a SEQUENCE of RDNs, an RDN a SET of at least one AttributeTypeAndValue of exactly two
/// elements (RFC 5280 4.1.2.4).
pub(crate) fn check_name(name: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    walk_attributes(name.content, what, |_, _, _| {})
}

/// Calls `see` with each attribute: whether it begins an RDN, its type (OID content), its value.
fn walk_attributes<'a>(
    content: &'a [u8],
    what: &'static str,
    mut see: impl FnMut(bool, &'a [u8], Tlv<'a>),
) -> Result<(), Malformed> {
    let mut rdns = Reader::new(content, what);
    while !rdns.is_empty() {
        let rdn = rdns.read_required(tag::SET, "a name's RDN")?;
        let mut attributes = Reader::new(rdn.content, what);
        let mut first = true;
        loop {
            let attribute = attributes.read_required(tag::SEQUENCE, "an RDN's attribute")?;
            let mut parts = Reader::new(attribute.content, what);
            let kind = parts.read_required(tag::OID, "an attribute's type")?;
            let value = parts.read_any()?;
            parts.finish()?;
            see(first, kind.content, value);
            first = false;
            if attributes.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

/// Tells whether a common name of `name` holds `part`, letter case aside, in whichever string type.
/// One that is no string may hold anything, so it counts as if it did. `name` is the element as it
/// came.
pub fn common_name_contains(name: &[u8], part: &str) -> bool {
    let mut found = false;
    let Ok(outer) = Reader::new(name, "a name").read_any() else {
        return true;
    };
    let part = part.to_lowercase();
    let walked = walk_attributes(outer.content, "a name", |_, kind, value| {
        found |= kind == COMMON_NAME
            && decode_string(&value).is_none_or(|text| text.to_lowercase().contains(&part));
    });
    walked.is_err() || found
}

/// Tells whether a common name of `name` begins with `start`, letter case aside. One that is no
/// string counts as if it did.
pub(crate) fn common_name_begins(name: &[u8], start: &str) -> bool {
    let mut found = false;
    let Ok(outer) = Reader::new(name, "a name").read_any() else {
        return true;
    };
    let start = start.to_lowercase();
    let walked = walk_attributes(outer.content, "a name", |_, kind, value| {
        found |= kind == COMMON_NAME
            && decode_string(&value)
                .is_none_or(|text| text.trim_start().to_lowercase().starts_with(&start));
    });
    walked.is_err() || found
}

/// A name as text, in two spellings: [`Display`](fmt::Display) is for eyes, and in a document it is
/// in the order of its encoding. Never to be compared, parsed or encoded again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameText {
    shown: String,
    encoded: String,
}

impl NameText {
    /// The name in the order of its encoding, as documents have it:
    /// `C=US + ST=CA + O=Cavium, CN=HSM:…\, for FIPS mode`. Commas, plus signs and the like within
    /// values are escaped (RFC 4514 2.4).
    pub fn as_encoded(&self) -> &str {
        &self.encoded
    }

    /// Returns a sentence in a name's place, where the name cannot be read.
    pub fn without_name(sentence: &str) -> Self {
        NameText {
            shown: sentence.to_owned(),
            encoded: sentence.to_owned(),
        }
    }
}

impl fmt::Display for NameText {
    /// Writes the name from its last RDN to its first, as RFC 4514 2.1 has it and `--subject` takes
    /// it: `CN="HSM:…, for FIPS mode", C=US + ST=CA + O=Cavium`. Values that would need backslashes
    /// stand in quotation marks (RFC 2253 4).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl Serialize for NameText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded)
    }
}

/// Returns a name as text.
pub fn name_text(name: &[u8]) -> NameText {
    let Ok(outer) = Reader::new(name, "a name").read_any() else {
        return NameText::without_name("(not a name)");
    };
    let mut encoded = String::with_capacity(name.len());
    let mut rdns: Vec<String> = Vec::new();
    let walked = walk_attributes(outer.content, "a name", |first, kind, value| {
        let word = short_name(kind).map_or_else(|| oid_text(kind), str::to_owned);
        let shown_word = match kind {
            [0x55, 4, 4] => "SN",
            [0x55, 4, 42] => "GN",
            _ => word.as_str(),
        };
        let (escaped, quoted) = match decode_string(&value) {
            Some(text) if is_plain(&text) => (text.clone(), text),
            Some(text) => (escape_value(&text), quote_value(&text)),
            None => (value_text(&value), value_text(&value)),
        };
        if !encoded.is_empty() {
            encoded.push_str(if first { ", " } else { " + " });
        }
        encoded.extend([word.as_str(), "=", &escaped]);
        match rdns.last_mut() {
            Some(rdn) if !first => rdn.extend([" + ", shown_word, "=", &quoted]),
            _ => rdns.push([shown_word, "=", &quoted].concat()),
        }
    });
    match walked {
        Ok(()) if rdns.is_empty() => NameText::without_name("(empty)"),
        Ok(()) => {
            rdns.reverse();
            NameText {
                shown: rdns.join(", "),
                encoded,
            }
        }
        Err(_) => NameText::without_name("(not a name)"),
    }
}

/// Tells whether a character ends or steers a value in RFC 4514's spelling.
const fn is_special(c: char) -> bool {
    matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
}

/// Tells whether a value is shown as it is in both spellings: printable ASCII that neither needs a
/// backslash nor quotation marks.
fn is_plain(value: &str) -> bool {
    let is_plain = |b: &u8| matches!(b, b' '..=b'~') && !is_special(char::from(*b));
    value.as_bytes().iter().all(is_plain) && needs_no_quotes(value)
}

/// Returns a value with a backslash before each special character.
fn escape_value(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            c if is_special(c) => out.extend(['\\', c]),
            c => push_shown(&mut out, c),
        }
    }
    out
}

/// Tells whether a value needs no quotation marks for how it begins and ends.
fn needs_no_quotes(value: &str) -> bool {
    value.trim_matches(' ') == value && !value.starts_with('#') && !value.is_empty()
}

/// Returns a value in quotation marks where it would else need a backslash.
fn quote_value(value: &str) -> String {
    let plain = !value.chars().any(is_special) && needs_no_quotes(value);
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c => push_shown(&mut out, c),
        }
    }
    if plain { out } else { format!("\"{out}\"") }
}

/// A name's one common name for eyes, without the rest of the name; `None` where it has none, or
/// several. Never to be compared.
pub(crate) fn common_name_text(name: &[u8]) -> Option<String> {
    let outer = Reader::new(name, "a name").read_any().ok()?;
    let mut found: Vec<String> = Vec::new();
    let walked = walk_attributes(outer.content, "a name", |_, kind, value| {
        if kind == COMMON_NAME {
            let mut text = String::new();
            value_text(&value)
                .chars()
                .for_each(|c| push_shown(&mut text, c));
            found.push(text);
        }
    });
    walked.ok()?;
    if found.len() == 1 { found.pop() } else { None }
}

fn value_text(value: &Tlv<'_>) -> String {
    decode_string(value).unwrap_or_else(|| format!("#{}", to_hex(value.raw)))
}

/// The value of a string type; `None` where it is none.
fn decode_string(value: &Tlv<'_>) -> Option<String> {
    let wide = |width: usize| {
        value
            .content
            .chunks(width)
            .map(|unit| unit.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b)))
    };
    Some(match value.tag {
        tag::UTF8_STRING => String::from_utf8_lossy(value.content).into_owned(),
        // Latin-1 is what TeletexString and its relatives hold in practice, and ASCII is part of
        // it.
        tag::NUMERIC_STRING
        | tag::PRINTABLE_STRING
        | tag::TELETEX_STRING
        | tag::IA5_STRING
        | tag::GRAPHIC_STRING
        | tag::VISIBLE_STRING
        | tag::GENERAL_STRING => match str::from_utf8(value.content) {
            Ok(text) if text.is_ascii() => text.to_owned(),
            _ => value.content.iter().map(|b| char::from(*b)).collect(),
        },
        tag::BMP_STRING => {
            char::decode_utf16(wide(2).map(|unit| u16::try_from(unit).unwrap_or(0xFFFD)))
                .map(|c| c.unwrap_or('\u{fffd}'))
                .collect()
        }
        tag::UNIVERSAL_STRING => wide(4)
            .map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}'))
            .collect(),
        _ => return None,
    })
}

/// The types of text that the clients' library reads in a name, for sentences.
pub(crate) const READ_BY_CLIENTS: &str = "UTF8String, PrintableString, IA5String, NumericString, \
                                          TeletexString, BMPString or UniversalString, of whole \
                                          Unicode characters";

/// The first value of a name, if any, that OpenSSL does not read, and then not the certificate
/// either: another type than the DirectoryString's and those that attributes of their own have (RFC
/// 5280 appendix A.1; x500UniqueIdentifier's is BIT STRING, X.520 6.2.8), or a character that none
/// is.
pub(crate) fn unread_by_clients(name: &[u8]) -> Option<&'static str> {
    let outer = Reader::new(name, "a name").read_any().ok()?;
    let mut found = None;
    let walked = walk_attributes(outer.content, "a name", |_, _, value| {
        found = found.or_else(|| unread_kind(&value))
    });
    if walked.is_err() {
        Some("what is no attribute")
    } else {
        found
    }
}

fn unread_kind(value: &Tlv<'_>) -> Option<&'static str> {
    let units = |width: usize| {
        value
            .content
            .chunks(width)
            .map(|unit| unit.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b)))
    };
    match value.tag {
        tag::UTF8_STRING
        | tag::PRINTABLE_STRING
        | tag::IA5_STRING
        | tag::NUMERIC_STRING
        | tag::TELETEX_STRING
        | tag::BIT_STRING => None,
        tag::BMP_STRING if units(2).all(|unit| char::from_u32(unit).is_some()) => None,
        tag::UNIVERSAL_STRING if units(4).all(|unit| char::from_u32(unit).is_some()) => None,
        tag::BMP_STRING | tag::UNIVERSAL_STRING => {
            Some("a half of a UTF-16 pair, or another number that is no character,")
        }
        tag::VISIBLE_STRING => Some("a VisibleString"),
        tag::GRAPHIC_STRING => Some("a GraphicString"),
        tag::GENERAL_STRING => Some("a GeneralString"),
        _ => Some("a value that is no text"),
    }
}

/// An OID's content as dotted text.
pub fn oid_text(content: &[u8]) -> String {
    const_oid::ObjectIdentifier::from_bytes(content).map_or_else(
        |_| format!("OID {}", to_hex(content)),
        |oid| oid.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::der::{encode_oid, encode_sequence, encode_set, encode_tlv};
    use super::*;

    fn attribute(kind: &str, value: &str) -> Vec<u8> {
        encode_sequence(&[
            &encode_oid(kind),
            &encode_tlv(tag::UTF8_STRING, &[value.as_bytes()]),
        ])
    }

    #[test]
    fn a_name_is_shown_with_its_rdns_and_without_its_tricks() {
        let rdn = encode_set(&[
            &attribute("2.5.4.8", "CA"),
            &attribute("2.5.4.10", "Cavium"),
        ]);
        let name = encode_sequence(&[
            &rdn,
            &encode_set(&[&attribute(
                "2.5.4.3",
                "HSM:1:PARTN:2, for FIPS mode\u{1b}[0m\u{202e}",
            )]),
        ]);
        assert_eq!(
            name_text(&name).as_encoded(),
            "ST=CA + O=Cavium, CN=HSM:1:PARTN:2\\, for FIPS mode\\u{1b}[0m\\u{202e}"
        );
        assert_eq!(
            name_text(&name).to_string(),
            "CN=\"HSM:1:PARTN:2, for FIPS mode\\u{1b}[0m\\u{202e}\", ST=CA + O=Cavium"
        );
        assert!(common_name_contains(&name, ":partn:"));
        assert!(!common_name_contains(&name, "Cavium"));
        assert_eq!(name_text(&encode_sequence(&[])).to_string(), "(empty)");
        assert_eq!(name_text(&[1, 2, 3]).to_string(), "(not a name)");
    }

    /// RFC 4514 section 3, and what OpenSSL calls the others.
    #[test]
    fn an_attribute_goes_by_its_known_name_or_else_by_its_number() {
        for (kind, shown) in [
            ("2.5.4.3", "CN"),
            ("2.5.4.5", "serialNumber"),
            ("2.5.4.6", "C"),
            ("2.5.4.7", "L"),
            ("2.5.4.8", "ST"),
            ("2.5.4.9", "STREET"),
            ("2.5.4.10", "O"),
            ("2.5.4.11", "OU"),
            ("2.5.4.12", "title"),
            ("0.9.2342.19200300.100.1.25", "DC"),
            ("0.9.2342.19200300.100.1.1", "UID"),
            ("1.2.840.113549.1.9.1", "emailAddress"),
            ("2.5.4.4", "2.5.4.4"),
        ] {
            let name = encode_sequence(&[&encode_set(&[&attribute(kind, "x")])]);
            assert_eq!(name_text(&name).as_encoded(), format!("{shown}=x"));
        }
    }

    #[test]
    fn of_a_value_that_no_client_reads_its_type_is_said() {
        for (kind, value, expected) in [
            (tag::UTF8_STRING, &b"x"[..], None),
            (tag::PRINTABLE_STRING, b"x", None),
            (tag::IA5_STRING, b"x", None),
            (tag::NUMERIC_STRING, b"1", None),
            (tag::TELETEX_STRING, b"x", None),
            (tag::BIT_STRING, b"\0x", None),
            (tag::BMP_STRING, b"\x20\xac", None),
            (tag::UNIVERSAL_STRING, b"\0\x01\xf6\0", None),
            (
                tag::BMP_STRING,
                b"\xd8\0",
                Some("a half of a UTF-16 pair, or another number that is no character,"),
            ),
            (
                tag::UNIVERSAL_STRING,
                b"\0\x11\0\0",
                Some("a half of a UTF-16 pair, or another number that is no character,"),
            ),
            (tag::VISIBLE_STRING, b"x", Some("a VisibleString")),
            (tag::GRAPHIC_STRING, b"x", Some("a GraphicString")),
            (tag::GENERAL_STRING, b"x", Some("a GeneralString")),
            (tag::INTEGER, b"\x01", Some("a value that is no text")),
        ] {
            let attribute = encode_sequence(&[&encode_oid("2.5.4.3"), &encode_tlv(kind, &[value])]);
            let name = encode_sequence(&[&encode_set(&[&attribute])]);
            assert_eq!(unread_by_clients(&name), expected, "{kind:#x} {value:x?}");
        }
    }
}
