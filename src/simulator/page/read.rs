//! Certificates and CSRs as text for eyes. Nothing is judged by what is read here.

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

/// What is seen of a certificate (RFC 5280 4.1) or a CSR (RFC 2986 4).
pub(super) struct Seen {
    der: Vec<u8>,
    version: u32,
    /// `None` of a CSR, which has none; the same for `issuer` and `validity`.
    serial: Option<String>,
    pub(super) issuer: Option<Vec<u8>>,
    pub(super) subject: Vec<u8>,
    /// Seconds since the Unix epoch.
    pub(super) validity: Option<(i64, i64)>,
    pub(super) spki: Vec<u8>,
    signature_algorithm: String,
    extensions: Vec<String>,
}

/// Reads one PEM block; `None` if it is no certificate and no CSR.
pub(super) fn read(pem: &str) -> Option<Seen> {
    let body: String = pem
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = Base64::decode_vec(&body).ok()?;
    let seen = if pem.contains("CERTIFICATE REQUEST-----") {
        request(whole(&der)?)
    } else {
        certificate(&whole(&der)?)
    };
    Some(Seen { der, ..seen })
}

/// Reads what the octets are, with nothing after it.
fn whole<'a, T: FromDer<'a, E>, E>(octets: &'a [u8]) -> Option<T> {
    let (rest, read) = T::from_der(octets).ok()?;
    rest.is_empty().then_some(read)
}

fn certificate(read: &X509Certificate<'_>) -> Seen {
    let validity = read.validity();
    Seen {
        der: Vec::new(),
        version: read.version.0.saturating_add(1),
        serial: Some(number(read.raw_serial())),
        issuer: Some(read.issuer.as_raw().to_vec()),
        subject: read.subject.as_raw().to_vec(),
        validity: Some((
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        )),
        spki: read.subject_pki.raw.to_vec(),
        signature_algorithm: algorithm(&read.signature_algorithm),
        extensions: read.extensions().iter().map(extension_name).collect(),
    }
}

fn request(read: X509CertificationRequest<'_>) -> Seen {
    let info = read.certification_request_info;
    let X509Version(version) = info.version;
    Seen {
        der: Vec::new(),
        version: version.saturating_add(1),
        serial: None,
        issuer: None,
        subject: info.subject.as_raw().to_vec(),
        validity: None,
        spki: info.subject_pki.raw.to_vec(),
        signature_algorithm: algorithm(&read.signature_algorithm),
        extensions: Vec::new(),
    }
}

impl Seen {
    /// Name and value, in the order in which they are shown.
    pub(super) fn fields(&self) -> Value {
        let mut fields = vec![("Subject", name(&self.subject))];
        fields.extend(self.issuer.as_ref().map(|issuer| ("Issuer", name(issuer))));
        fields.extend(
            self.serial
                .as_ref()
                .map(|serial| ("Serial", serial.clone())),
        );
        fields.push(("Version", format!("{}", self.version)));
        if let Some((from, to)) = self.validity {
            fields.push(("Not before", moment(from)));
            fields.push(("Not after", moment(to)));
        }
        fields.push((
            "Public key",
            key(&self.spki).unwrap_or_else(|| String::from("unknown")),
        ));
        fields.push(("Key SHA-256", digest(&self.spki)));
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
        fields.push(("SHA-256", digest(&self.der)));
        Value::from(
            fields
                .into_iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect::<Vec<_>>(),
        )
    }
}

fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|moment| moment.to_string())
        .unwrap_or_default()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn digest(octets: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, octets).as_ref())
}

/// An INTEGER as openssl prints serial numbers; zero is a digit.
fn number(content: &[u8]) -> String {
    let digits = hex(content
        .strip_prefix(&[0])
        .filter(|rest| !rest.is_empty())
        .unwrap_or(content));
    if digits == "00" {
        String::from("0")
    } else {
        digits
    }
}

/// A name as RFC 4514 writes its parts, but in the order of the encoding; ` + ` joins the
/// attributes of one RDN.
pub(super) fn name(raw: &[u8]) -> String {
    let Some(read) = whole::<X509Name<'_>, _>(raw) else {
        return format!("#{}", hex(raw));
    };
    let parts = read.iter_rdn().map(|rdn| {
        let attributes = rdn.iter().map(|attribute| {
            let value = escaped(&text(attribute.attr_value()));
            format!("{}={value}", oid(attribute.attr_type()))
        });
        attributes.collect::<Vec<_>>().join(" + ")
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The value of an attribute: UTF-8 and its subsets as they are, BMPString by its code units,
/// anything else as digits.
fn text(value: &Any<'_>) -> String {
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
        _ => format!("#{}", hex(&value.to_der_vec().unwrap_or_default())),
    }
}

/// RFC 4514 2.4, and what would be obeyed or not be seen in its shown form.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            out.push('\\');
        }
        push_shown(&mut out, c);
    }
    out
}

fn algorithm(identifier: &AlgorithmIdentifier<'_>) -> String {
    oid(&identifier.algorithm)
}

/// An object identifier's usual name, or its numbers.
fn oid(oid: &Oid<'_>) -> String {
    let numbers = oid.to_id_string();
    let known = KNOWN.iter().find(|(dotted, _)| *dotted == numbers);
    known.map_or(numbers, |(_, name)| (*name).to_owned())
}

const KNOWN: [(&str, &str); 28] = [
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

/// `RSA 2048, exponent 65537`, or `EC P-256`.
fn key(spki: &[u8]) -> Option<String> {
    let spki: SubjectPublicKeyInfo<'_> = whole(spki)?;
    let kind = oid(&spki.algorithm.algorithm);
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
            Some(format!("{kind} {}", oid(&curve)))
        }
        _ => Some(kind),
    }
}

fn extension_name(extension: &X509Extension<'_>) -> String {
    let name = oid(&extension.oid);
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
        assert_eq!(name(&read), r"C=US + ST=CA, CN=HSM:1\, for FIPS mode");
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_digits_and_nothing_invisible_gets_through() {
        assert_eq!(name(&[0x30, 0x01]), "#3001");
        assert_eq!(escaped("a\u{1b}\u{202e}<b>"), "a\\u{1b}\\u{202e}\\<b\\>");
        assert!(read("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").is_none());
    }

    #[test]
    fn numbers_are_written_as_usual() {
        assert_eq!(
            (number(&[0]), number(&[0, 0xC0]), number(&[1])),
            (String::from("0"), String::from("C0"), String::from("01"))
        );
    }
}
