//! The rules of DER, for every element at every depth.

use super::{Reader, Tlv};
use crate::x509::Malformed;
use crate::x509::fault::{Fault, Faults};

/// The greatest depth to which elements may nest. Certificates reach about 9; the bound keeps
/// hostile input from exhausting the stack.
const MAX_DEPTH: usize = 24;

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
