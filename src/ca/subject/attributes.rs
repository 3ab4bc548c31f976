//! The attribute types of a subject: how each is called, what its values are, and how they are
//! written in DER.

use const_oid::ObjectIdentifier;

use super::is_hidden;
use crate::x509::der::{self, tag};

/// The way in which a value of an attribute is written, and what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueForm {
    /// UTF8String (RFC 5280 4.1.2.4)
    Utf8,
    /// PrintableString of two capital letters (X.520 6.3.1: ISO 3166)
    Country,
    /// PrintableString (X.680 41.4)
    Printable,
    /// IA5String (RFC 4519 2.4, RFC 5280 appendix A.1)
    Ia5,
}

/// An attribute type: its names, its OID, its form, and its upper bound in characters (RFC 5280
/// appendix A.1).
pub(super) struct Attribute {
    /// The names that RFC 4514 3, RFC 4519 2 or openssl have for it first; others come after.
    pub(super) names: &'static [&'static str],
    oid: &'static str,
    form: ValueForm,
    pub(super) bound: usize,
}

pub(super) const ATTRIBUTES: [Attribute; 14] = [
    Attribute {
        names: &["CN", "commonName"],
        oid: "2.5.4.3",
        form: ValueForm::Utf8,
        bound: 64,
    },
    Attribute {
        names: &["O", "organizationName"],
        oid: "2.5.4.10",
        form: ValueForm::Utf8,
        bound: 64,
    },
    Attribute {
        names: &["OU", "organizationalUnitName"],
        oid: "2.5.4.11",
        form: ValueForm::Utf8,
        bound: 64,
    },
    Attribute {
        names: &["L", "localityName"],
        oid: "2.5.4.7",
        form: ValueForm::Utf8,
        bound: 128,
    },
    Attribute {
        names: &["ST", "S", "stateOrProvinceName"],
        oid: "2.5.4.8",
        form: ValueForm::Utf8,
        bound: 128,
    },
    Attribute {
        names: &["C", "countryName"],
        oid: "2.5.4.6",
        form: ValueForm::Country,
        bound: 2,
    },
    // X.520 annex C: ub-street-address; RFC 5280 has no bound for these three.
    Attribute {
        names: &["STREET", "streetAddress"],
        oid: "2.5.4.9",
        form: ValueForm::Utf8,
        bound: 128,
    },
    Attribute {
        names: &["DC", "domainComponent"],
        oid: "0.9.2342.19200300.100.1.25",
        form: ValueForm::Ia5,
        bound: 63,
    },
    Attribute {
        names: &["UID", "userId"],
        oid: "0.9.2342.19200300.100.1.1",
        form: ValueForm::Utf8,
        bound: 256,
    },
    Attribute {
        names: &["emailAddress", "E", "email"],
        oid: "1.2.840.113549.1.9.1",
        form: ValueForm::Ia5,
        bound: 255,
    },
    Attribute {
        names: &["serialNumber"],
        oid: "2.5.4.5",
        form: ValueForm::Printable,
        bound: 64,
    },
    Attribute {
        names: &["title"],
        oid: "2.5.4.12",
        form: ValueForm::Utf8,
        bound: 64,
    },
    // ub-name is 32768: the subject's own bound comes first.
    Attribute {
        names: &["SN", "surname"],
        oid: "2.5.4.4",
        form: ValueForm::Utf8,
        bound: 256,
    },
    Attribute {
        names: &["GN", "givenName"],
        oid: "2.5.4.42",
        form: ValueForm::Utf8,
        bound: 256,
    },
];

/// The type of an attribute, as it was named.
pub(super) enum AttributeKind {
    Known(&'static Attribute),
    /// Its OID, dotted.
    Other(String),
}

impl AttributeKind {
    /// Finds the type by its name, in any case, or its OID.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let known = |attribute: &&Attribute| {
            attribute
                .names
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
                || attribute.oid == name
        };
        match ATTRIBUTES.iter().find(known) {
            Some(attribute) => Some(AttributeKind::Known(attribute)),
            // Two arcs at least; the first is 0, 1 or 2 (X.660 7.6).
            None => ObjectIdentifier::new(name)
                .ok()
                .map(|oid| AttributeKind::Other(oid.to_string())),
        }
    }

    pub(super) fn oid(&self) -> &str {
        match self {
            AttributeKind::Known(attribute) => attribute.oid,
            AttributeKind::Other(oid) => oid,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            AttributeKind::Known(attribute) => {
                attribute.names.first().copied().unwrap_or(attribute.oid)
            }
            AttributeKind::Other(oid) => oid,
        }
    }

    /// AttributeTypeAndValue of a text.
    pub(super) fn with_text(&self, value: &str) -> Result<Vec<u8>, String> {
        let AttributeKind::Known(attribute) = self else {
            return Err(format!(
                "a text as {}, whose syntax is not known here: its value is written in hex, \
                 `{}=#0c…`",
                self.name(),
                self.name()
            ));
        };
        let value = der::encode_tlv(attribute.value_tag(value)?, &[value.as_bytes()]);
        Ok(der::encode_sequence(&[
            &der::encode_oid(self.oid()),
            &value,
        ]))
    }

    /// AttributeTypeAndValue of a value in DER (RFC 4514 2.4, `#hex`).
    pub(super) fn with_der(&self, value: &[u8]) -> Result<Vec<u8>, String> {
        const WHAT: &str = "a value";
        let bad = |why: String| format!("{} with a value that is not DER: {why}", self.name());
        der::check_strict(value, WHAT).map_err(|fault| bad(fault.to_string()))?;
        let mut reader = der::Reader::new(value, WHAT);
        let element = reader
            .read_any()
            .and_then(|element| reader.finish().map(|()| element))
            .map_err(|fault| bad(fault.to_string()))?;
        let text = || {
            std::str::from_utf8(element.content)
                .map_err(|_| bad("its text is not UTF-8".to_owned()))
        };
        match element.tag {
            tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
                let text = text()?;
                if text.chars().any(is_hidden) {
                    return Err("a control or invisible character".to_owned());
                }
                if let AttributeKind::Known(attribute) = self {
                    attribute.value_tag(text)?;
                }
            }
            _ if matches!(self, AttributeKind::Known(_)) => {
                return Err(format!(
                    "{} with a value that is no UTF8String, PrintableString or IA5String",
                    self.name()
                ));
            }
            _ => {}
        }
        Ok(der::encode_sequence(&[&der::encode_oid(self.oid()), value]))
    }
}

impl Attribute {
    /// The tag that this text is written with.
    fn value_tag(&self, value: &str) -> Result<u8, String> {
        let name = self.names.first().copied().unwrap_or(self.oid);
        let length = value.chars().count();
        match self.form {
            ValueForm::Country if length != 2 || !value.chars().all(|c| c.is_ascii_uppercase()) => {
                Err(format!(
                    "{name} is two capital letters, as ISO 3166 has them (`US`)"
                ))
            }
            ValueForm::Ia5 if !value.is_ascii() => Err(format!("{name} is ASCII only")),
            ValueForm::Printable if !value.chars().all(is_printable) => Err(format!(
                "{name} is letters, digits, blanks and `'()+,-./:=?` only (PrintableString, X.680 \
                 41.4)"
            )),
            _ if length > self.bound => Err(format!(
                "{name} of {length} characters, at most {} are allowed (RFC 5280 appendix A.1)",
                self.bound
            )),
            ValueForm::Country | ValueForm::Printable => Ok(tag::PRINTABLE_STRING),
            ValueForm::Ia5 => Ok(tag::IA5_STRING),
            ValueForm::Utf8 => Ok(tag::UTF8_STRING),
        }
    }
}

/// X.680 41.4, table 10.
fn is_printable(c: char) -> bool {
    c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c)
}
