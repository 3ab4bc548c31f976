//! The forms of the extensions of RFC 5280 of which nothing is used here. What is taken for a
//! certificate is one, in all that its standard defines: clients read these.

use super::sequence_reader;
use crate::x509::Malformed;
use crate::x509::der::{Reader, Tlv, tag};
use crate::x509::general_name::{self, Role};

// RFC 5280 4.2.1 and 4.2.2.
const DIRECTORY_ATTRIBUTES: &str = "2.5.29.9";
const ISSUER_ALT_NAME: &str = "2.5.29.18";
const DISTRIBUTION_POINTS: &str = "2.5.29.31";
const FRESHEST_CRL: &str = "2.5.29.46";
const POLICY_MAPPINGS: &str = "2.5.29.33";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
const SUBJECT_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.11";
const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";

/// The check of a value's form.
pub(super) type FormCheck = fn(&Tlv<'_>, &'static str) -> Result<(), Malformed>;

/// Returns the check for one of these extensions. Of another one there is nothing to say.
pub(super) fn form_of(oid: &str) -> Option<FormCheck> {
    let check: FormCheck = match oid {
        DIRECTORY_ATTRIBUTES => {
            |value, what| list(value, "subjectDirectoryAttributes", what, attribute)
        }
        ISSUER_ALT_NAME => |value, what| {
            sequence_reader(value, "issuerAltName", what)?;
            general_name::parse_names(value.content, "issuerAltName", what).map(drop)
        },
        DISTRIBUTION_POINTS => {
            |value, what| list(value, "cRLDistributionPoints", what, distribution_point)
        }
        FRESHEST_CRL => |value, what| list(value, "freshestCRL", what, distribution_point),
        POLICY_MAPPINGS => |value, what| list(value, "policyMappings", what, mapping),
        POLICY_CONSTRAINTS => policy_constraints,
        INHIBIT_ANY_POLICY => |value, what| count(value, tag::INTEGER, "inhibitAnyPolicy", what),
        AUTHORITY_INFO_ACCESS => |value, what| list(value, "authorityInfoAccess", what, access),
        SUBJECT_INFO_ACCESS => |value, what| list(value, "subjectInfoAccess", what, access),
        _ => return None,
    };
    Some(check)
}

fn wrong(what: &'static str, name: &str, fault: &str) -> Malformed {
    Malformed::new(format!("{what}: {name} {fault} (RFC 5280 4.2)"))
}

/// `SEQUENCE SIZE (1..MAX) OF` SEQUENCEs.
fn list(
    inner: &Tlv<'_>,
    name: &str,
    what: &'static str,
    check: impl Fn(Reader<'_>, &str, &'static str) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut reader = sequence_reader(inner, name, what)?;
    if reader.is_empty() {
        return Err(wrong(what, name, "with nothing in it"));
    }
    while !reader.is_empty() {
        let element = reader.read_required(tag::SEQUENCE, name)?;
        check(Reader::new(element.content, what), name, what)?;
    }
    Ok(())
}

/// AccessDescription (RFC 5280 4.2.2.1).
fn access(mut parts: Reader<'_>, name: &str, what: &'static str) -> Result<(), Malformed> {
    parts.read_required(tag::OID, "an access method")?;
    general_name::parse_name(&parts.read_any()?, Role::Name, name, what)?;
    parts.finish()
}

/// Two policies (RFC 5280 4.2.1.5).
fn mapping(mut parts: Reader<'_>, _: &str, _: &'static str) -> Result<(), Malformed> {
    parts.read_required(tag::OID, "issuerDomainPolicy")?;
    parts.read_required(tag::OID, "subjectDomainPolicy")?;
    parts.finish()
}

/// Attribute (RFC 5280 4.1.2.4): a type, and a SET of at least one value.
fn attribute(mut parts: Reader<'_>, name: &str, what: &'static str) -> Result<(), Malformed> {
    parts.read_required(tag::OID, "an attribute's type")?;
    let values = parts.read_required(tag::SET, "an attribute's values")?;
    parts.finish()?;
    match values.content {
        [] => Err(wrong(what, name, "with an attribute that has no value")),
        _ => Ok(()),
    }
}

/// DistributionPoint: not of reasons alone (RFC 5280 4.2.1.13).
fn distribution_point(
    mut parts: Reader<'_>,
    name: &str,
    what: &'static str,
) -> Result<(), Malformed> {
    let point = parts.read_optional(tag::context_constructed(0))?;
    parts.read_optional(tag::context_primitive(1))?;
    let issuer = parts.read_optional(tag::context_constructed(2))?;
    parts.finish()?;
    if point.is_none() && issuer.is_none() {
        return Err(wrong(
            what,
            name,
            "with a point that names neither a place nor an issuer",
        ));
    }
    if let Some(point) = point {
        let mut choice = Reader::new(point.content, what);
        let names = choice.read_any()?;
        choice.finish()?;
        match names.tag {
            FULL_NAME => general_name::parse_names(names.content, name, what).map(drop)?,
            RELATIVE_NAME if !names.content.is_empty() => {}
            _ => return Err(wrong(what, name, "with a point of an unknown form")),
        }
    }
    match issuer {
        Some(issuer) => general_name::parse_names(issuer.content, name, what).map(drop),
        None => Ok(()),
    }
}

const FULL_NAME: u8 = tag::context_constructed(0);
const RELATIVE_NAME: u8 = tag::context_constructed(1);

/// At least one of two numbers (RFC 5280 4.2.1.11).
fn policy_constraints(inner: &Tlv<'_>, what: &'static str) -> Result<(), Malformed> {
    const NAME: &str = "policyConstraints";
    let mut parts = sequence_reader(inner, NAME, what)?;
    if parts.is_empty() {
        return Err(wrong(what, NAME, "with nothing in it"));
    }
    for number in 0..=1 {
        let tag = tag::context_primitive(number);
        if let Some(found) = parts.read_optional(tag)? {
            count(&found, tag, NAME, what)?;
        }
    }
    parts.finish()
}

/// `SkipCerts ::= INTEGER (0..MAX)`, in DER (X.690 8.3.2).
fn count(number: &Tlv<'_>, expected: u8, name: &str, what: &'static str) -> Result<(), Malformed> {
    let fits = match number.content {
        [0, second, ..] => second & 0x80 != 0,
        [first, ..] => first & 0x80 == 0,
        [] => false,
    };
    match fits && number.tag == expected {
        true => Ok(()),
        false => Err(wrong(
            what,
            name,
            "with something else than a number from 0 on",
        )),
    }
}
