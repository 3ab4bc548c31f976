//! Extensions: the list, and the few whose content matters here. A value that is not what its type defines makes the certificate
//! malformed, whether or not anything asks for it.

use super::Malformed;
use super::der::{Reader, Tlv, bit_string_rules, single, strict, tag};
use super::name::oid_text;

/// `subjectKeyIdentifier` (RFC 5280 4.2.1.2)
pub const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
/// `keyUsage` (RFC 5280 4.2.1.3)
pub const KEY_USAGE: &str = "2.5.29.15";
/// `subjectAltName` (RFC 5280 4.2.1.6)
pub const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// `basicConstraints` (RFC 5280 4.2.1.9)
pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
/// `authorityKeyIdentifier` (RFC 5280 4.2.1.1)
pub const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
/// `extKeyUsage` (RFC 5280 4.2.1.12)
pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

/// The extensions whose being critical we understand (design.md, `extensions.<certificate>`).
const UNDERSTOOD: [&str; 6] = [BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, SUBJECT_KEY_IDENTIFIER, AUTHORITY_KEY_IDENTIFIER, SUBJECT_ALT_NAME];

/// What a certificate's extensions say.
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
    /// The authority key identifier's keyIdentifier, where present.
    pub authority_key_identifier: Option<Vec<u8>>,
}

/// basicConstraints (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The certificate is a CA's.
    pub ca: bool,
    /// How many intermediate certificates may follow.
    pub path_len: Option<u64>,
    /// Marked critical.
    pub critical: bool,
}

/// keyUsage's bits, the first the most significant (RFC 5280 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    bits: u16,
    /// Marked critical.
    pub critical: bool,
}

impl KeyUsage {
    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// `keyCertSign` (bit 5).
    pub const fn key_cert_sign(self) -> bool {
        self.bits & (0x8000 >> 5) != 0
    }

    /// The names of the bits that are set.
    pub fn names(self) -> Vec<&'static str> {
        (0u32..).zip(Self::NAMES).filter(|(n, _)| self.bits & (0x8000 >> n) != 0).map(|(_, name)| name).collect()
    }
}

/// Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension` (RFC 5280 4.1).
pub(crate) fn parse(list: &Tlv<'_>, what: &'static str) -> Result<Extensions, Malformed> {
    let mut found = Extensions::default();
    let mut reader = Reader::new(list.content, what);
    if reader.is_empty() {
        return Err(Malformed::new(format!("{what}: an empty list of extensions (RFC 5280 4.1)")));
    }
    while !reader.is_empty() {
        let extension = reader.required(tag::SEQUENCE, "an extension")?;
        one(&extension, &mut found, what)?;
    }
    Ok(found)
}

fn one(extension: &Tlv<'_>, found: &mut Extensions, what: &'static str) -> Result<(), Malformed> {
    let mut parts = Reader::new(extension.content, what);
    let oid = oid_text(parts.required(tag::OID, "an extension's OID")?.content);
    let critical = match parts.optional(tag::BOOLEAN)? {
        None => false,
        Some(Tlv { content: [0xFF], .. }) => true,
        // DER leaves a DEFAULT out (X.690 11.5).
        Some(_) => return Err(Malformed::new(format!("{what}: extension {oid} writes out critical FALSE, the default (X.690 11.5)"))),
    };
    let value = parts.required(tag::OCTET_STRING, "an extension's value")?.content;
    parts.finish()?;
    // RFC 5280 4.2: the value is the DER of one ASN.1 value, known to us or not.
    strict(value, what)?;
    let mut whole = Reader::new(value, what);
    let inner = whole.any()?;
    whole.finish()?;
    if found.all.contains(&oid) {
        return Err(Malformed::new(format!("{what}: extension {oid} twice (RFC 5280 4.2)")));
    }
    match oid.as_str() {
        BASIC_CONSTRAINTS => found.basic_constraints = Some(basic_constraints(&inner, critical, what)?),
        KEY_USAGE => found.key_usage = Some(key_usage(&inner, critical, what)?),
        SUBJECT_KEY_IDENTIFIER => {
            found.subject_key_identifier = Some(single(value, tag::OCTET_STRING, what)?.content.to_vec());
        }
        AUTHORITY_KEY_IDENTIFIER => found.authority_key_identifier = authority(&inner, what)?,
        EXTENDED_KEY_USAGE => list_of(&inner, Some(tag::OID), "extKeyUsage", what)?,
        SUBJECT_ALT_NAME => list_of(&inner, None, "subjectAltName", what)?,
        _ => {}
    }
    if critical && !UNDERSTOOD.contains(&oid.as_str()) {
        found.unknown_critical.push(oid.clone());
    }
    found.all.push(oid);
    Ok(())
}

fn basic_constraints(inner: &Tlv<'_>, critical: bool, what: &'static str) -> Result<BasicConstraints, Malformed> {
    let mut parts = sequence(inner, "basicConstraints", what)?;
    let ca = match parts.optional(tag::BOOLEAN)? {
        None => false,
        Some(Tlv { content: [0xFF], .. }) => true,
        Some(_) => return Err(Malformed::new(format!("{what}: basicConstraints writes out cA FALSE, the default (X.690 11.5)"))),
    };
    let path_len = match parts.optional(tag::INTEGER)? {
        None => None,
        Some(number) if number.content.len() <= 8 && number.content.first().is_some_and(|b| b & 0x80 == 0) => {
            Some(number.content.iter().fold(0u64, |n, b| (n << 8) | u64::from(*b)))
        }
        Some(_) => return Err(Malformed::new(format!("{what}: basicConstraints with a path length out of range"))),
    };
    parts.finish()?;
    Ok(BasicConstraints { ca, path_len, critical })
}

fn key_usage(inner: &Tlv<'_>, critical: bool, what: &'static str) -> Result<KeyUsage, Malformed> {
    let fault = |text: &str| Malformed::new(format!("{what}: keyUsage {text}"));
    if inner.tag != tag::BIT_STRING {
        return Err(fault("is no BIT STRING (RFC 5280 4.2.1.3)"));
    }
    bit_string_rules(inner.content, what)?;
    let (unused, octets) = inner.content.split_first().ok_or_else(|| fault("is empty"))?;
    // Named bits: no trailing zero bits (X.690 11.2.2); nine are defined.
    let tight = octets.last().is_none_or(|last| last.trailing_zeros() == u32::from(*unused));
    if !tight || octets.len() > 2 || (octets.len() == 2 && octets.last().is_some_and(|b| *b != 0x80)) {
        return Err(fault("is not the shortest form of its nine bits (X.690 11.2.2)"));
    }
    let high = octets.first().copied().unwrap_or(0);
    let low = octets.get(1).copied().unwrap_or(0);
    let bits = u16::from_be_bytes([high, low]);
    if bits == 0 {
        return Err(fault("with no bit set (RFC 5280 4.2.1.3)"));
    }
    Ok(KeyUsage { bits, critical })
}

/// AuthorityKeyIdentifier: `[0]` key identifier, `[1]` issuer, `[2]` serial, each at most once.
fn authority(inner: &Tlv<'_>, what: &'static str) -> Result<Option<Vec<u8>>, Malformed> {
    let mut parts = sequence(inner, "authorityKeyIdentifier", what)?;
    let key = parts.optional(tag::context_primitive(0))?;
    let issuer = parts.optional(tag::context(1))?;
    let serial = parts.optional(tag::context_primitive(2))?;
    parts.finish()?;
    // RFC 5280 A.2: issuer and serial are both there or neither.
    if issuer.is_some() != serial.is_some() {
        return Err(Malformed::new(format!("{what}: authorityKeyIdentifier with issuer or serial alone (RFC 5280 A.2)")));
    }
    Ok(key.map(|key| key.content.to_vec()))
}

fn list_of(inner: &Tlv<'_>, element: Option<u8>, name: &str, what: &'static str) -> Result<(), Malformed> {
    let mut parts = sequence(inner, name, what)?;
    if parts.is_empty() {
        return Err(Malformed::new(format!("{what}: an empty {name} (RFC 5280 4.2.1)")));
    }
    while !parts.is_empty() {
        let part = parts.any()?;
        let fits = match element {
            Some(tag) => part.tag == tag,
            // GeneralName: context tags 0 to 8 (RFC 5280 4.2.1.6).
            None => part.tag & 0xC0 == 0x80 && part.tag & 0x1F <= 8,
        };
        if !fits {
            return Err(Malformed::new(format!("{what}: {name} holds an element (tag {:02x}) that its type does not define", part.tag)));
        }
    }
    Ok(())
}

fn sequence<'a>(inner: &Tlv<'a>, name: &str, what: &'static str) -> Result<Reader<'a>, Malformed> {
    if inner.tag != tag::SEQUENCE {
        return Err(Malformed::new(format!("{what}: {name} is no SEQUENCE (RFC 5280 4.2.1)")));
    }
    Ok(Reader::new(inner.content, what))
}
