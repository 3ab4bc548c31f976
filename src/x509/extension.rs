//! Extensions: the list, and the few whose content matters here. A value that is not what its type
//! defines makes the certificate malformed, whether or not anything asks for it.

mod constraints;
mod others;
mod policies;
mod usage;

pub use constraints::{BasicConstraints, NameConstraints};
use constraints::{basic_constraints, name_constraints};
use others::form_of;
use policies::check_policies;
pub use usage::KeyUsage;
use usage::{key_usage, parse_purposes};

use super::Malformed;
use super::der::{Reader, Tlv, check_integer, check_strict_except, parse_single, tag};
use super::fault::{Fault, Faults};
use super::general_name::{self, GeneralName};
use super::name::oid_text;

/// `subjectKeyIdentifier` (RFC 5280 4.2.1.2)
pub const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
/// `keyUsage` (RFC 5280 4.2.1.3)
pub const KEY_USAGE: &str = "2.5.29.15";
/// `subjectAltName` (RFC 5280 4.2.1.6)
pub const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// `basicConstraints` (RFC 5280 4.2.1.9)
pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
/// `nameConstraints` (RFC 5280 4.2.1.10)
pub const NAME_CONSTRAINTS: &str = "2.5.29.30";
/// `certificatePolicies` (RFC 5280 4.2.1.4)
pub const CERTIFICATE_POLICIES: &str = "2.5.29.32";
/// `authorityKeyIdentifier` (RFC 5280 4.2.1.1)
pub const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
/// `extKeyUsage` (RFC 5280 4.2.1.12)
pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

/// The purpose of a TLS server (RFC 5280 4.2.1.12).
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// No purpose in particular (RFC 5280 4.2.1.12).
pub const ANY_PURPOSE: &str = "2.5.29.37.0";

/// The extensions that are understood where they are critical (docs/verification.md,
/// `extensions.<certificate>`).
const UNDERSTOOD: [&str; 6] = [
    BASIC_CONSTRAINTS,
    KEY_USAGE,
    EXTENDED_KEY_USAGE,
    SUBJECT_KEY_IDENTIFIER,
    AUTHORITY_KEY_IDENTIFIER,
    SUBJECT_ALT_NAME,
];

/// The content of a certificate's extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Every extension's OID, in order.
    pub all: Vec<String>,
    /// Critical extensions that are not among those understood, by OID.
    pub unknown_critical: Vec<String>,
    /// basicConstraints, where present.
    pub basic_constraints: Option<BasicConstraints>,
    /// keyUsage, where present.
    pub key_usage: Option<KeyUsage>,
    /// The subject key identifier, where present.
    pub subject_key_identifier: Option<Vec<u8>>,
    /// The authority key identifier, where present.
    pub authority_key_identifier: Option<AuthorityKeyIdentifier>,
    /// The purposes of extKeyUsage by OID, where present.
    pub extended_key_usage: Option<Vec<String>>,
    /// The names of subjectAltName; empty where it is absent.
    pub subject_alt_names: Vec<GeneralName>,
    /// nameConstraints, where present.
    pub name_constraints: Option<NameConstraints>,
    /// Every extension that is marked critical, by OID.
    pub critical: Vec<String>,
    /// Extensions that are not critical and that nothing here reads, and whose value is no DER, by
    /// OID.
    pub opaque: Vec<String>,
}

/// authorityKeyIdentifier (RFC 5280 4.2.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier {
    /// keyIdentifier, where present.
    pub key: Option<Vec<u8>>,
    /// authorityCertIssuer and authorityCertSerialNumber (its content octets): both or neither.
    pub certificate: Option<(Vec<GeneralName>, Vec<u8>)>,
}

/// The kind of object whose extensions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtensionHolder {
    /// A certificate: what is not critical and not read here may hold anything.
    Certificate,
    /// A CSR, in which they are requests.
    Request,
}

/// Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension` (RFC 5280 4.1).
pub(crate) fn parse(
    list: &Tlv<'_>,
    holder: ExtensionHolder,
    faults: &mut Faults,
    what: &'static str,
) -> Result<Extensions, Malformed> {
    let mut found = Extensions::default();
    let mut reader = Reader::new(list.content, what);
    if reader.is_empty() {
        return faults
            .note_tolerated(Fault::NoExtension, what)
            .map(|()| found);
    }
    while !reader.is_empty() {
        let extension = reader.read_required(tag::SEQUENCE, "an extension")?;
        parse_extension(&extension, holder, &mut found, faults, what)?;
    }
    Ok(found)
}

/// The one element that an extension's value is (RFC 5280 4.2: the DER of an ASN.1 value).
fn value_of<'a>(
    value: &'a [u8],
    faults: &mut Faults,
    what: &'static str,
) -> Result<Tlv<'a>, Malformed> {
    check_strict_except(value, what, faults)?;
    let mut whole = Reader::new(value, what);
    let inner = whole.read_any()?;
    whole.finish().map(|()| inner)
}

fn parse_extension(
    extension: &Tlv<'_>,
    holder: ExtensionHolder,
    found: &mut Extensions,
    faults: &mut Faults,
    what: &'static str,
) -> Result<(), Malformed> {
    let mut parts = Reader::new(extension.content, what);
    let oid = oid_text(parts.read_required(tag::OID, "an extension's OID")?.content);
    let critical = read_boolean(&mut parts, Fault::CriticalFalse, faults, what)?;
    let value = parts
        .read_required(tag::OCTET_STRING, "an extension's value")?
        .content;
    parts.finish()?;
    if found.all.contains(&oid) {
        return Err(Malformed::new(format!(
            "{what}: extension {oid} twice (RFC 5280 4.2)"
        )));
    }
    // What is borne with in a value counts only where the value is read.
    let mut borne = faults.clone();
    let inner = value_of(value, &mut borne, what);
    if inner.is_ok() {
        *faults = borne;
    }
    match oid.as_str() {
        BASIC_CONSTRAINTS => {
            found.basic_constraints = Some(basic_constraints(&inner?, critical, faults, what)?)
        }
        KEY_USAGE => found.key_usage = Some(key_usage(&inner?, critical, faults, what)?),
        SUBJECT_KEY_IDENTIFIER => {
            inner?;
            found.subject_key_identifier = Some(
                parse_single(value, tag::OCTET_STRING, what)?
                    .content
                    .to_vec(),
            );
        }
        AUTHORITY_KEY_IDENTIFIER => {
            found.authority_key_identifier = Some(parse_authority_identifier(&inner?, what)?)
        }
        EXTENDED_KEY_USAGE => found.extended_key_usage = Some(parse_purposes(&inner?, what)?),
        SUBJECT_ALT_NAME => {
            sequence_reader(&inner?, "subjectAltName", what)?;
            let names = parse_single(value, tag::SEQUENCE, what)?.content;
            found.subject_alt_names = match (
                general_name::parse_names(names, "subjectAltName", what),
                names,
            ) {
                (Err(_), []) => faults
                    .note_tolerated(Fault::NoAlternativeName, what)
                    .map(|()| Vec::new())?,
                (names, _) => names?,
            };
        }
        NAME_CONSTRAINTS => found.name_constraints = Some(name_constraints(&inner?, what)?),
        CERTIFICATE_POLICIES => check_policies(&inner?, what)?,
        other => match form_of(other) {
            // An owner's CA that is established is as it is.
            Some(check) => {
                if let Err(fault) = inner.and_then(|value| check(&value, what)) {
                    faults.note_tolerated_as(Fault::OtherForm, fault)?;
                }
            }
            // A maker's own extension, which whoever reads it may read as he likes.
            None if inner.is_err() && !critical && holder == ExtensionHolder::Certificate => {
                found.opaque.push(oid.clone())
            }
            None => drop(inner?),
        },
    }
    if critical {
        found.critical.push(oid.clone());
        if !UNDERSTOOD.contains(&oid.as_str()) {
            found.unknown_critical.push(oid.clone());
        }
    }
    found.all.push(oid);
    Ok(())
}

/// AuthorityKeyIdentifier: `[0]` key identifier, `[1]` issuer, `[2]` serial, each at most once.
fn parse_authority_identifier(
    inner: &Tlv<'_>,
    what: &'static str,
) -> Result<AuthorityKeyIdentifier, Malformed> {
    const NAME: &str = "authorityKeyIdentifier";
    let mut parts = sequence_reader(inner, NAME, what)?;
    let key = parts
        .read_optional(tag::context_primitive(0))?
        .map(|key| key.content.to_vec());
    let issuer = parts.read_optional(tag::context_constructed(1))?;
    let serial = parts.read_optional(tag::context_primitive(2))?;
    parts.finish()?;
    let certificate = match (issuer, serial) {
        (None, None) => None,
        (Some(issuer), Some(serial)) => {
            check_integer(serial.content, what)?;
            Some((
                general_name::parse_names(issuer.content, NAME, what)?,
                serial.content.to_vec(),
            ))
        }
        // RFC 5280 A.2: issuer and serial are both there or neither.
        _ => {
            return Err(Malformed::new(format!(
                "{what}: {NAME} with issuer or serial alone (RFC 5280 A.2)"
            )));
        }
    };
    Ok(AuthorityKeyIdentifier { key, certificate })
}

/// Reads a BOOLEAN whose default is FALSE (X.690 8.2, 11.1, 11.5). `written_false` is the fault of
/// one that writes the default.
fn read_boolean(
    parts: &mut Reader<'_>,
    written_false: Fault,
    faults: &mut Faults,
    what: &'static str,
) -> Result<bool, Malformed> {
    let Some(found) = parts.read_optional(tag::BOOLEAN)? else {
        return Ok(false);
    };
    match found.content {
        [0xFF] => Ok(true),
        [0x00] => {
            faults.note_tolerated(written_false, what)?;
            Ok(false)
        }
        _ => {
            faults.note_tolerated(Fault::OtherTrue, what)?;
            Ok(true)
        }
    }
}

fn sequence_reader<'a>(
    inner: &Tlv<'a>,
    name: &str,
    what: &'static str,
) -> Result<Reader<'a>, Malformed> {
    if inner.tag != tag::SEQUENCE {
        return Err(Malformed::new(format!(
            "{what}: {name} is no SEQUENCE (RFC 5280 4.2.1)"
        )));
    }
    Ok(Reader::new(inner.content, what))
}
