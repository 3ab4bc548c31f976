//! Reads the certificates that InitializeCluster is sent.
//!
//! x509-parser reads them, not the reader that the client checks with: a misreading that both
//! share would never be seen. It leaves over what follows in an element, and takes lengths and
//! dates in more forms than DER has, so the elements are counted and the dates looked at here.

use base64ct::{Base64, Encoding};
use x509_parser::asn1_rs::{Any, FromDer as _};
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::error::X509Error;
use x509_parser::extensions::{BasicConstraints, KeyUsage};
use x509_parser::nom::{Err as NomErr, Parser as _};
use x509_parser::oid_registry::{OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_KEY_USAGE, Oid};
use x509_parser::x509::{X509Name, X509Version};

/// One element of a DER text: its identifier octet and its content.
#[derive(Clone, Copy)]
pub(super) struct DerElement<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
}

/// Splits octets into the elements that they are, one after the other.
///
/// `None` where they are none, or where a length is not of the shortest form (X.690 10.1).
pub(super) fn split_elements(mut octets: &[u8]) -> Option<Vec<DerElement<'_>>> {
    let mut found = Vec::new();
    while let Some(&tag) = octets.first() {
        let (rest, any) = Any::from_der(octets).ok()?;
        let header = octets
            .len()
            .checked_sub(rest.len())?
            .checked_sub(any.data.len())?;
        let shortest = match any.data.len() {
            0..0x80 => 2,
            0x80..0x100 => 3,
            0x100..0x1_0000 => 4,
            0x1_0000..0x100_0000 => 5,
            _ => 6,
        };
        // A tag of several octets makes a longer header too.
        (header == shortest).then_some(())?;
        let content = any.data;
        found.push(DerElement { tag, content });
        octets = rest;
    }
    Some(found)
}

/// Splits octets into exactly so many elements.
pub(super) fn split_exactly<const N: usize>(octets: &[u8]) -> Option<[DerElement<'_>; N]> {
    split_elements(octets)?.try_into().ok()
}

/// Splits octets into exactly the elements of these tags: x509-parser takes `10` for `30`.
pub(super) fn split_tagged<const N: usize>(
    octets: &[u8],
    expected: [u8; N],
) -> Option<[DerElement<'_>; N]> {
    split_exactly(octets).filter(|found| tags(found) == expected)
}

pub(super) fn tags(elements: &[DerElement<'_>]) -> Vec<u8> {
    elements.iter().map(|element| element.tag).collect()
}

/// Decodes PEM blocks `CERTIFICATE`, one or more, with nothing but white space around them.
///
/// An error ends a sentence that begins with "the value".
pub(super) fn decode_blocks(text: &str) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let (mut rest, mut found) = (text.trim(), Vec::new());
    while !rest.is_empty() || found.is_empty() {
        let (body, after) = rest
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.split_once(END))
            .ok_or_else(|| wrong_block_reason(rest))?;
        let digits: String = body.split_ascii_whitespace().collect();
        found.push(
            Base64::decode_vec(&digits).map_err(|_| "is not valid base64 inside its PEM block")?,
        );
        rest = after.trim_start();
    }
    Ok(found)
}

/// Reads one certificate (RFC 5280 4.1) of these octets and nothing after it. The error is like
/// that of [`decode_blocks`].
pub(super) fn read_certificate(octets: &[u8]) -> Result<X509Certificate<'_>, String> {
    let read = X509CertificateParser::new()
        .with_deep_parse_extensions(false)
        .parse(octets)
        .map_err(|fault| match fault {
            NomErr::Error(fault) | NomErr::Failure(fault) => fault_words(&fault),
            NomErr::Incomplete(_) => CUT,
        });
    read.and_then(|(_, certificate)| count(octets, &certificate).map(|()| certificate))
        .map_err(|fault| format!("is not a well-formed X.509 certificate: {fault}"))
}

const CUT: &str = "it is no DER, or has more or fewer parts than a certificate";
const NOT_A_DATE: &str = "a date is not in the form of RFC 5280 4.1.2.5";
const NOT_A_VERSION: &str = "its version is none of 1, 2 and 3";
const NOT_AN_EXTENSION: &str = "an extension is not well-formed";

fn fault_words(fault: &X509Error) -> &'static str {
    match fault {
        X509Error::InvalidVersion => NOT_A_VERSION,
        X509Error::InvalidSerial => "it has no serial number",
        X509Error::InvalidDate => NOT_A_DATE,
        X509Error::InvalidExtensions => NOT_AN_EXTENSION,
        _ => CUT,
    }
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;

/// Counts the elements of a certificate that has been read, so that nothing was left over, and
/// demands what x509-parser does not.
fn count(octets: &[u8], certificate: &X509Certificate<'_>) -> Result<(), &'static str> {
    let [whole] = split_tagged(octets, [SEQUENCE]).ok_or(CUT)?;
    let [tbs, outer, _signature] =
        split_tagged(whole.content, [SEQUENCE, SEQUENCE, BIT_STRING]).ok_or(CUT)?;
    let mut fields = split_elements(tbs.content).ok_or(CUT)?;
    let explicit_version = fields.first().copied().filter(|first| first.tag == 0xA0);
    if let Some(version) = explicit_version {
        split_tagged(version.content, [INTEGER]).ok_or(CUT)?;
        fields.remove(0);
    }
    let (required, optional) = fields.split_first_chunk().ok_or(CUT)?;
    let [serial, inner, issuer, validity, subject, spki] = required;
    if !tags(optional).is_sorted_by(|a, b| a < b)
        || !tags(optional)
            .iter()
            .all(|tag| [0x81, 0x82, 0xA3].contains(tag))
    {
        return Err(CUT);
    }

    match certificate.version {
        // The default is not written (X.690 11.5).
        X509Version::V1 if explicit_version.is_none() => {}
        X509Version::V2 | X509Version::V3 => {}
        _ => return Err(NOT_A_VERSION),
    }
    if serial.tag != INTEGER {
        return Err("it has no serial number");
    }
    let [key_algorithm, _key] = split_tagged(spki.content, [SEQUENCE, BIT_STRING]).ok_or(CUT)?;
    for identifier in [outer, *inner, key_algorithm] {
        count_algorithm(identifier).ok_or(CUT)?;
    }
    if certificate.signature != certificate.signature_algorithm {
        return Err(
            "the algorithm inside its signed part is not the one outside (RFC 5280 4.1.1.2)",
        );
    }
    let dates = split_exactly::<2>(validity.content).ok_or(NOT_A_DATE)?;
    if !dates.into_iter().all(is_a_date) {
        return Err(NOT_A_DATE);
    }
    // Of a name x509-parser reads as much as it understands.
    let names = [
        (issuer, &certificate.issuer),
        (subject, &certificate.subject),
    ];
    let is_whole = |(element, name): &(&DerElement<'_>, &X509Name<'_>)| {
        element.tag == SEQUENCE && name.as_raw().ends_with(element.content)
    };
    if !names.iter().all(is_whole) || [validity, spki].iter().any(|one| one.tag != SEQUENCE) {
        return Err(CUT);
    }
    if certificate.signature_value.unused_bits != 0 {
        return Err("its signature is not of whole octets");
    }
    match optional.last().filter(|last| last.tag == 0xA3) {
        None => Ok(()),
        Some(_) if certificate.version != X509Version::V3 => Err("only version 3 has extensions"),
        Some(explicit) => count_extensions(explicit.content, certificate),
    }
}

/// An AlgorithmIdentifier has one or two elements (RFC 5280 4.1.1.2).
fn count_algorithm(identifier: DerElement<'_>) -> Option<()> {
    let parts = split_elements(identifier.content)?;
    let fits = identifier.tag == SEQUENCE && matches!(*tags(&parts), [OID] | [OID, _]);
    fits.then_some(())
}

fn count_extensions(content: &[u8], certificate: &X509Certificate<'_>) -> Result<(), &'static str> {
    let [list] = split_tagged(content, [SEQUENCE]).ok_or(CUT)?;
    for extension in split_elements(list.content).ok_or(NOT_AN_EXTENSION)? {
        let parts = split_elements(extension.content).ok_or(NOT_AN_EXTENSION)?;
        let fits = matches!(*tags(&parts), [OID, 0x04] | [OID, 0x01, 0x04]);
        if extension.tag != SEQUENCE || !fits {
            return Err(NOT_AN_EXTENSION);
        }
    }
    if certificate.extensions_map().is_err() {
        return Err("it has an extension twice (RFC 5280 4.2)");
    }
    if certificate.extensions().is_empty() {
        return Err("its list of extensions is empty");
    }
    Ok(())
}

/// Parses a UTCTime or GeneralizedTime in the one form that RFC 5280 4.1.2.5 allows.
fn is_a_date(element: DerElement<'_>) -> bool {
    let digits = match (element.tag, element.content) {
        (0x17, [digits @ .., b'Z']) if digits.len() == 12 => digits,
        (0x18, [digits @ .., b'Z']) if digits.len() == 14 => digits,
        _ => return false,
    };
    digits.iter().all(u8::is_ascii_digit)
}

/// Reads basicConstraints (RFC 5280 4.2.1.9), where the extension is there.
pub(super) fn basic_constraints(
    certificate: &X509Certificate<'_>,
) -> Option<Result<BasicConstraints, String>> {
    let value = find_extension(certificate, &OID_X509_EXT_BASIC_CONSTRAINTS)?;
    let read = || {
        let [whole] = split_tagged(value, [SEQUENCE])?;
        let parts = split_elements(whole.content)?;
        let (_, read) = BasicConstraints::from_der(value).ok()?;
        // FALSE, the default, is written out by some tools; TRUE is FF (X.690 11.1).
        let flag = parts.iter().find(|part| part.tag == 0x01);
        let fits = matches!(*tags(&parts), [] | [0x01] | [0x02] | [0x01, 0x02])
            && flag.is_none_or(|flag| matches!(flag.content, [0x00 | 0xFF]))
            // A path length without cA is a contradiction (RFC 5280 4.2.1.9).
            && (read.ca || read.path_len_constraint.is_none());
        fits.then_some(read)
    };
    Some(read().ok_or_else(|| String::from("has a malformed basicConstraints extension")))
}

/// Tells whether keyCertSign is among keyUsage, where the extension is there and can be read.
pub(super) fn may_sign_certificates(certificate: &X509Certificate<'_>) -> Option<bool> {
    let value = find_extension(certificate, &OID_X509_EXT_KEY_USAGE)?;
    split_tagged(value, [BIT_STRING])?;
    let (_, usage) = KeyUsage::from_der(value).ok()?;
    Some(usage.key_cert_sign())
}

fn find_extension<'a>(certificate: &'a X509Certificate<'_>, oid: &Oid<'_>) -> Option<&'a [u8]> {
    let found = certificate.extensions().iter();
    found
        .into_iter()
        .find(|one| one.oid == *oid)
        .map(|one| one.value)
}

/// Returns a description of the text in place of a PEM certificate.
fn wrong_block_reason(text: &str) -> String {
    let label = text
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .map(|(label, _)| label);
    match label {
        Some("CERTIFICATE") => String::from("has a PEM block CERTIFICATE without its end"),
        Some("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") => {
            String::from("is a certificate signing request, not a certificate")
        }
        Some(label) if label.ends_with("PRIVATE KEY") => {
            String::from("is a private key, not a certificate")
        }
        Some("TRUSTED CERTIFICATE") => String::from(
            "is in openssl's own form TRUSTED CERTIFICATE, not a certificate in PEM format",
        ),
        _ => String::from("is not one certificate in PEM format, or has text around it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_element(octets: &[u8], tag: u8) -> Option<DerElement<'_>> {
        split_tagged(octets, [tag]).map(|[one]| one)
    }

    #[test]
    fn lengths_have_one_form_only() {
        assert!(only_element(&[0x04, 0x01, 0x00], 0x04).is_some());
        assert!(
            only_element(&[0x04, 0x81, 0x01, 0x00], 0x04).is_none(),
            "long form of a short length"
        );
        assert!(
            only_element(&[0x04, 0x80, 0x00, 0x00], 0x04).is_none(),
            "indefinite length"
        );
        assert!(
            only_element(&[0x04, 0x02, 0x00], 0x04).is_none(),
            "cut short"
        );
        assert!(only_element(&[0x04, 0x00, 0x00], 0x04).is_none(), "a tail");
        assert!(only_element(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], 0x04).is_none());
        assert!(only_element(&[], 0x04).is_none());
        assert!(
            only_element(&[0x1F, 0x04, 0x00], 0x1F).is_none(),
            "a long tag"
        );
    }

    #[test]
    fn times_are_taken_in_both_forms() {
        let taken = |tag, content: &[u8]| is_a_date(DerElement { tag, content });
        assert!(taken(0x17, b"700101000000Z"));
        assert!(taken(0x18, b"20500101000000Z"));
        assert!(taken(0x18, b"99991231235959Z"));
        for bad in [
            &b"700101000000"[..],
            b"7001010000Z",
            b"+00101000000Z",
            b"490101000000+0000",
            b"",
        ] {
            assert!(!taken(0x17, bad));
        }
    }

    #[test]
    fn a_pem_text_is_one_block() {
        let reason = |text: &str| match decode_blocks(text) {
            Ok(blocks) => read_certificate(&blocks[0]).err().unwrap(),
            Err(reason) => reason,
        };
        assert!(reason("").contains("PEM"));
        assert!(reason("x-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----").contains("PEM"));
        let two = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert!(reason("-----BEGIN CERTIFICATE-----\nAA==").contains("without its end"));
        assert!(reason("-----BEGIN TRUSTED CERTIFICATE-----").contains("openssl"));
        assert!(reason("-----BEGIN EC PRIVATE KEY-----").contains("private key"));
        assert!(reason(&two.replace("AA==", "A*==")).contains("base64"));
        assert!(reason(two).contains("X.509"));
    }
}
