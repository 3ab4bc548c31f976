//! The names in the certificates of the simulated hardware: the roots' plain ones, and the
//! hardware's, with five attributes in one RDN.

use der::Tag;
use der::asn1::Any;
use der::oid::ObjectIdentifier;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

use super::issue::{encoded, words};

const COUNTRY: &str = "2.5.4.6";
const STATE: &str = "2.5.4.8";
const LOCALITY: &str = "2.5.4.7";
const ORGANIZATION: &str = "2.5.4.10";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";
const COMMON_NAME: &str = "2.5.4.3";

/// An attribute's type and its text.
type Attribute<'a> = (&'static str, &'a str);

/// A RelativeDistinguishedName of these attributes, in the order that DER wants (X.690 11.6).
fn rdn(attributes: &[Attribute<'_>]) -> Result<RelativeDistinguishedName, String> {
    let attributes = attributes.iter().map(|(kind, text)| {
        // A country is a PrintableString (X.520 6.3.1).
        let tag = if *kind == COUNTRY {
            Tag::PrintableString
        } else {
            Tag::Utf8String
        };
        Ok(AttributeTypeAndValue {
            oid: ObjectIdentifier::new(kind).map_err(|fault| format!("naming: {fault}"))?,
            value: Any::new(tag, text.as_bytes()).map_err(words)?,
        })
    });
    let attributes = attributes.collect::<Result<Vec<_>, String>>()?;
    RelativeDistinguishedName::try_from(attributes).map_err(words)
}

/// Encodes a name of single-attribute RDNs, as the roots have: country, state, locality,
/// organization, unit and common name.
pub(super) fn root_name(texts: [&str; 6]) -> Result<Vec<u8>, String> {
    let kinds = [
        COUNTRY,
        STATE,
        LOCALITY,
        ORGANIZATION,
        ORGANIZATIONAL_UNIT,
        COMMON_NAME,
    ];
    let rdns = kinds
        .into_iter()
        .zip(texts)
        .map(|attribute| rdn(&[attribute]));
    encoded(&RdnSequence::from(rdns.collect::<Result<Vec<_>, _>>()?))
}

pub(super) fn aws_name(common_name: &str) -> Result<Vec<u8>, String> {
    root_name([
        "US",
        "Virginia",
        "Herndon",
        "hsmboot simulator, not AWS",
        "CloudHSM",
        common_name,
    ])
}

/// Encodes `C=US + ST=CA + O=… + OU=… + L=SanJose, CN=…`: five attributes in ONE RDN, as the
/// hardware writes it.
pub(super) fn hardware_name(
    organization: &str,
    unit: &str,
    common_name: &str,
) -> Result<Vec<u8>, String> {
    let first = rdn(&[
        (COUNTRY, "US"),
        (STATE, "CA"),
        (ORGANIZATION, organization),
        (ORGANIZATIONAL_UNIT, unit),
        (LOCALITY, "SanJose"),
    ])?;
    let second = rdn(&[(COMMON_NAME, common_name)])?;
    encoded(&RdnSequence::from(vec![first, second]))
}
