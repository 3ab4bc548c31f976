//! Certificates and CSRs as text for people. No check uses what is read here.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag, ToDer as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::X509Extension;
use x509_parser::num_bigint::BigUint;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name, X509Version};

use crate::outside::push_shown;

/// The shown parts of a certificate (RFC 5280 4.1) or a CSR (RFC 2986 4).
pub(super) struct CertificateView {
    der: Vec<u8>,
    version: u32,
    /// The serial number. `None` for a CSR, which has none; the same holds for `issuer` and
    /// `validity`.
    serial: Option<String>,
    pub(super) issuer: Option<Vec<u8>>,
    pub(super) subject: Vec<u8>,
    /// Seconds since the Unix epoch.
    pub(super) validity: Option<(i64, i64)>,
    pub(super) spki: Vec<u8>,
    signature_algorithm: String,
    extensions: Vec<String>,
}

/// Reads one PEM block. Returns `None` if it is neither a certificate nor a CSR.
pub(super) fn read(pem: &str) -> Option<CertificateView> {
    let body: String = pem
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = Base64::decode_vec(&body).ok()?;
    let seen = if pem.contains("CERTIFICATE REQUEST-----") {
        read_request(whole(&der)?)
    } else {
        read_certificate(&whole(&der)?)
    };
    Some(CertificateView { der, ..seen })
}

/// Reads what the octets are, with nothing after it.
fn whole<'a, T: FromDer<'a, E>, E>(octets: &'a [u8]) -> Option<T> {
    let (rest, read) = T::from_der(octets).ok()?;
    rest.is_empty().then_some(read)
}

fn read_certificate(read: &X509Certificate<'_>) -> CertificateView {
    let validity = read.validity();
    CertificateView {
        der: Vec::new(),
        // Saturating, here and below: the number is what somebody sent.
        version: read.version.0.saturating_add(1),
        serial: Some(format_integer(read.raw_serial())),
        issuer: Some(read.issuer.as_raw().to_vec()),
        subject: read.subject.as_raw().to_vec(),
        validity: Some((
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        )),
        spki: read.subject_pki.raw.to_vec(),
        signature_algorithm: algorithm_name(&read.signature_algorithm),
        extensions: read.extensions().iter().map(extension_name).collect(),
    }
}

fn read_request(read: X509CertificationRequest<'_>) -> CertificateView {
    let info = read.certification_request_info;
    let X509Version(version) = info.version;
    CertificateView {
        der: Vec::new(),
        version: version.saturating_add(1),
        serial: None,
        issuer: None,
        subject: info.subject.as_raw().to_vec(),
        validity: None,
        spki: info.subject_pki.raw.to_vec(),
        signature_algorithm: algorithm_name(&read.signature_algorithm),
        extensions: Vec::new(),
    }
}

impl CertificateView {
    /// Returns names and values in the order in which they are shown.
    pub(super) fn to_fields(&self) -> Value {
        let mut fields = vec![("Subject", format_name(&self.subject))];
        fields.extend(
            self.issuer
                .as_ref()
                .map(|issuer| ("Issuer", format_name(issuer))),
        );
        fields.extend(
            self.serial
                .as_ref()
                .map(|serial| ("Serial", serial.clone())),
        );
        fields.push(("Version", format!("{}", self.version)));
        if let Some((from, to)) = self.validity {
            fields.push(("Not before", format_moment(from)));
            fields.push(("Not after", format_moment(to)));
        }
        fields.push((
            "Public key",
            key_summary(&self.spki).unwrap_or_else(|| String::from("unknown")),
        ));
        fields.push(("Key SHA-256", sha256_hex(&self.spki)));
        fields.push(("Signature", self.signature_algorithm.clone()));
        if self.issuer.is_some() {
            let none = || String::from("none");
            fields.push((
                "Extensions",
                if self.extensions.is_empty() {
                    none()
                } else {
                    self.extensions.join(", ")
                },
            ));
        }
        fields.push(("SHA-256", sha256_hex(&self.der)));
        Value::from(
            fields
                .into_iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect::<Vec<_>>(),
        )
    }
}

fn format_moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|moment| moment.to_string())
        .unwrap_or_default()
}

fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn sha256_hex(octets: &[u8]) -> String {
    to_hex(ring::digest::digest(&ring::digest::SHA256, octets).as_ref())
}

/// Formats an INTEGER as openssl prints serial numbers; zero is one digit.
fn format_integer(content: &[u8]) -> String {
    let digits = to_hex(
        content
            .strip_prefix(&[0])
            .filter(|rest| !rest.is_empty())
            .unwrap_or(content),
    );
    if digits == "00" {
        String::from("0")
    } else {
        digits
    }
}

/// Formats a name with its parts as in RFC 4514, but in the order of the encoding; ` + ` joins the
/// attributes of one RDN.
pub(super) fn format_name(raw: &[u8]) -> String {
    let Some(read) = whole::<X509Name<'_>, _>(raw) else {
        return format!("#{}", to_hex(raw));
    };
    let parts = read.iter_rdn().map(|rdn| {
        let attributes = rdn.iter().map(|attribute| {
            let value = escape_value(&attribute_text(attribute.attr_value()));
            format!("{}={value}", oid_name(attribute.attr_type()))
        });
        attributes.collect::<Vec<_>>().join(" + ")
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns the value of an attribute: UTF-8 and its subsets as they are, BMPString by its code
/// units, anything else as digits.
fn attribute_text(value: &Any<'_>) -> String {
    let utf16 = || {
        let units: Vec<u16> = value
            .data
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| u16::from_be_bytes(*pair))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match value.tag() {
        Tag::Utf8String
        | Tag::NumericString
        | Tag::PrintableString
        | Tag::T61String
        | Tag::Ia5String
        | Tag::VisibleString => String::from_utf8_lossy(value.data).into_owned(),
        Tag::BmpString => utf16(),
        _ => format!("#{}", to_hex(&value.to_der_vec().unwrap_or_default())),
    }
}

/// Escapes a value as in RFC 4514 2.4. Control and invisible characters take their shown form.
fn escape_value(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            out.push('\\');
        }
        push_shown(&mut out, c);
    }
    out
}

fn algorithm_name(identifier: &AlgorithmIdentifier<'_>) -> String {
    oid_name(&identifier.algorithm)
}

/// Returns an object identifier's usual name, or its numbers.
fn oid_name(oid: &Oid<'_>) -> String {
    let numbers = oid.to_id_string();
    let known = KNOWN_OIDS.iter().find(|(dotted, _)| *dotted == numbers);
    known.map_or(numbers, |(_, name)| (*name).to_owned())
}

const KNOWN_OIDS: [(&str, &str); 28] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("2.5.29.14", "subjectKeyIdentifier"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.17", "subjectAltName"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.35", "authorityKeyIdentifier"),
    ("2.5.29.37", "extKeyUsage"),
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.10045.2.1", "EC"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
];

/// Returns a summary of a key: `RSA 2048, exponent 65537`, or `EC P-256`.
fn key_summary(spki: &[u8]) -> Option<String> {
    let spki: SubjectPublicKeyInfo<'_> = whole(spki)?;
    let kind = oid_name(&spki.algorithm.algorithm);
    match spki.parsed().ok()? {
        PublicKey::RSA(key) => {
            let bits = BigUint::from_bytes_be(key.modulus).bits();
            Some(format!(
                "{kind} {bits}, exponent {}",
                key.try_exponent().ok()?
            ))
        }
        PublicKey::EC(_) => {
            let curve = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
            Some(format!("{kind} {}", oid_name(&curve)))
        }
        _ => Some(kind),
    }
}

fn extension_name(extension: &X509Extension<'_>) -> String {
    let name = oid_name(&extension.oid);
    if extension.critical {
        format!("{name} (critical)")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use der::Encode as _;

    use super::*;

    #[test]
    fn attributes_of_one_rdn_are_joined_and_commas_are_escaped() {
        let name_of = x509_cert::name::RdnSequence::from_str;
        // It is written from its end.
        let read = name_of(r"CN=HSM:1\, for FIPS mode,C=US+ST=CA")
            .unwrap()
            .to_der()
            .unwrap();
        assert_eq!(
            format_name(&read),
            r"C=US + ST=CA, CN=HSM:1\, for FIPS mode"
        );
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_digits_and_nothing_invisible_gets_through() {
        assert_eq!(format_name(&[0x30, 0x01]), "#3001");
        assert_eq!(
            escape_value("a\u{1b}\u{202e}<b>"),
            "a\\u{1b}\\u{202e}\\<b\\>"
        );
        assert!(read("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").is_none());
    }

    #[test]
    fn numbers_are_written_as_usual() {
        assert_eq!(
            (
                format_integer(&[0]),
                format_integer(&[0, 0xC0]),
                format_integer(&[1])
            ),
            (String::from("0"), String::from("C0"), String::from("01"))
        );
    }
}
