//! The attribute types of a subject: how each is called, what its values are, and how they are
//! written in DER.

use const_oid::ObjectIdentifier;

use super::hidden;
use crate::x509::der::{self, tag};

/// How a value of an attribute is written, and what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
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
    /// As RFC 4514 3, RFC 4519 2 or openssl have it; others come after.
    pub(super) names: &'static [&'static str],
    oid: &'static str,
    form: Form,
    pub(super) bound: usize,
}

pub(super) const ATTRIBUTES: [Attribute; 14] = [
    Attribute {
        names: &["CN", "commonName"],
        oid: "2.5.4.3",
        form: Form::Utf8,
        bound: 64,
    },
    Attribute {
        names: &["O", "organizationName"],
        oid: "2.5.4.10",
        form: Form::Utf8,
        bound: 64,
    },
    Attribute {
        names: &["OU", "organizationalUnitName"],
        oid: "2.5.4.11",
        form: Form::Utf8,
        bound: 64,
    },
    Attribute {
        names: &["L", "localityName"],
        oid: "2.5.4.7",
        form: Form::Utf8,
        bound: 128,
    },
    Attribute {
        names: &["ST", "S", "stateOrProvinceName"],
        oid: "2.5.4.8",
        form: Form::Utf8,
        bound: 128,
    },
    Attribute {
        names: &["C", "countryName"],
        oid: "2.5.4.6",
        form: Form::Country,
        bound: 2,
    },
    // X.520 annex C: ub-street-address; RFC 5280 has no bound for these three.
    Attribute {
        names: &["STREET", "streetAddress"],
        oid: "2.5.4.9",
        form: Form::Utf8,
        bound: 128,
    },
    Attribute {
        names: &["DC", "domainComponent"],
        oid: "0.9.2342.19200300.100.1.25",
        form: Form::Ia5,
        bound: 63,
    },
    Attribute {
        names: &["UID", "userId"],
        oid: "0.9.2342.19200300.100.1.1",
        form: Form::Utf8,
        bound: 256,
    },
    Attribute {
        names: &["emailAddress", "E", "email"],
        oid: "1.2.840.113549.1.9.1",
        form: Form::Ia5,
        bound: 255,
    },
    Attribute {
        names: &["serialNumber"],
        oid: "2.5.4.5",
        form: Form::Printable,
        bound: 64,
    },
    Attribute {
        names: &["title"],
        oid: "2.5.4.12",
        form: Form::Utf8,
        bound: 64,
    },
    // ub-name is 32768: the subject's own bound comes first.
    Attribute {
        names: &["SN", "surname"],
        oid: "2.5.4.4",
        form: Form::Utf8,
        bound: 256,
    },
    Attribute {
        names: &["GN", "givenName"],
        oid: "2.5.4.42",
        form: Form::Utf8,
        bound: 256,
    },
];

/// The type of an attribute, as it was named.
pub(super) enum Kind {
    Known(&'static Attribute),
    /// Its OID, dotted.
    Other(String),
}

impl Kind {
    /// By its name, in any case, or its OID.
    pub(super) fn of(name: &str) -> Option<Self> {
        let known = |attribute: &&Attribute| {
            attribute
                .names
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
                || attribute.oid == name
        };
        match ATTRIBUTES.iter().find(known) {
            Some(attribute) => Some(Kind::Known(attribute)),
            // Two arcs at least; the first is 0, 1 or 2 (X.660 7.6).
            None => ObjectIdentifier::new(name)
                .ok()
                .map(|oid| Kind::Other(oid.to_string())),
        }
    }

    pub(super) fn oid(&self) -> &str {
        match self {
            Kind::Known(attribute) => attribute.oid,
            Kind::Other(oid) => oid,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Kind::Known(attribute) => attribute.names.first().copied().unwrap_or(attribute.oid),
            Kind::Other(oid) => oid,
        }
    }

    /// AttributeTypeAndValue of a text.
    pub(super) fn with_text(&self, value: &str) -> Result<Vec<u8>, String> {
        let Kind::Known(attribute) = self else {
            return Err(format!(
                "a text as {}, whose syntax is not known here: its value is written in hex, \
                 `{}=#0c…`",
                self.name(),
                self.name()
            ));
        };
        let value = der::tlv(attribute.tag(value)?, &[value.as_bytes()]);
        Ok(der::sequence(&[&der::oid(self.oid()), &value]))
    }

    /// AttributeTypeAndValue of a value in DER (RFC 4514 2.4, `#hex`).
    pub(super) fn with_der(&self, value: &[u8]) -> Result<Vec<u8>, String> {
        const WHAT: &str = "a value";
        let bad = |why: String| format!("{} with a value that is not DER: {why}", self.name());
        der::strict(value, WHAT).map_err(|fault| bad(fault.to_string()))?;
        let mut reader = der::Reader::new(value, WHAT);
        let element = reader
            .any()
            .and_then(|element| reader.finish().map(|()| element))
            .map_err(|fault| bad(fault.to_string()))?;
        let text = || {
            std::str::from_utf8(element.content)
                .map_err(|_| bad("its text is not UTF-8".to_owned()))
        };
        match element.tag {
            tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
                let text = text()?;
                if text.chars().any(hidden) {
                    return Err("a control or invisible character".to_owned());
                }
                if let Kind::Known(attribute) = self {
                    attribute.tag(text)?;
                }
            }
            _ if matches!(self, Kind::Known(_)) => {
                return Err(format!(
                    "{} with a value that is no UTF8String, PrintableString or IA5String",
                    self.name()
                ));
            }
            _ => {}
        }
        Ok(der::sequence(&[&der::oid(self.oid()), value]))
    }
}

impl Attribute {
    /// The tag that this text is written with.
    fn tag(&self, value: &str) -> Result<u8, String> {
        let name = self.names.first().copied().unwrap_or(self.oid);
        let length = value.chars().count();
        match self.form {
            Form::Country if length != 2 || !value.chars().all(|c| c.is_ascii_uppercase()) => Err(
                format!("{name} is two capital letters, as ISO 3166 has them (`US`)"),
            ),
            Form::Ia5 if !value.is_ascii() => Err(format!("{name} is ASCII only")),
            Form::Printable if !value.chars().all(is_printable) => Err(format!(
                "{name} is letters, digits, blanks and `'()+,-./:=?` only (PrintableString, X.680 \
                 41.4)"
            )),
            _ if length > self.bound => Err(format!(
                "{name} of {length} characters, at most {} are allowed (RFC 5280 appendix A.1)",
                self.bound
            )),
            Form::Country | Form::Printable => Ok(tag::PRINTABLE_STRING),
            Form::Ia5 => Ok(tag::IA5_STRING),
            Form::Utf8 => Ok(tag::UTF8_STRING),
        }
    }
}

/// X.680 41.4, table 10.
fn is_printable(c: char) -> bool {
    c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c)
}
