//! Certificates and CSRs as text for eyes. Nothing is judged by what is read here.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::super::certificate::{Element, Reader, only, time};
use crate::outside::push_shown;

/// What is seen of a certificate (RFC 5280 4.1) or a CSR (RFC 2986 4).
pub(super) struct Seen {
    der: Vec<u8>,
    version: u8,
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
    let mut outer = Reader::new(only(&der, 0x30)?.content);
    let mut inner = Reader::new(outer.required(0x30)?.content);
    let signature_algorithm = algorithm(outer.required(0x30)?)?;
    let seen = if pem.contains("CERTIFICATE REQUEST-----") {
        request(&mut inner)?
    } else {
        certificate(&mut inner)?
    };
    Some(Seen {
        signature_algorithm,
        der,
        ..seen
    })
}

fn certificate(inner: &mut Reader<'_>) -> Option<Seen> {
    let mut first = inner.next()?;
    let mut version = 1;
    if first.tag == 0xA0 {
        version = only(first.content, 0x02)?.content.last()?.saturating_add(1);
        first = inner.next()?;
    }
    inner.required(0x30)?;
    let issuer = inner.required(0x30)?.raw.to_vec();
    let mut validity = Reader::new(inner.required(0x30)?.content);
    let validity = Some((time(validity.next()?)?, time(validity.next()?)?));
    let subject = inner.required(0x30)?.raw.to_vec();
    let spki = inner.required(0x30)?.raw.to_vec();
    let mut extensions = Vec::new();
    while let Some(element) = inner.next() {
        if element.tag == 0xA3 {
            extensions = extension_names(only(element.content, 0x30)?.content)?;
        }
    }
    let serial = Some(number(first.content));
    Some(Seen {
        der: Vec::new(),
        version,
        serial,
        issuer: Some(issuer),
        subject,
        validity,
        spki,
        signature_algorithm: String::new(),
        extensions,
    })
}

fn request(inner: &mut Reader<'_>) -> Option<Seen> {
    let version = inner.required(0x02)?.content.last()?.saturating_add(1);
    let subject = inner.required(0x30)?.raw.to_vec();
    let spki = inner.required(0x30)?.raw.to_vec();
    let (der, signature_algorithm, extensions) = (Vec::new(), String::new(), Vec::new());
    Some(Seen {
        der,
        version,
        serial: None,
        issuer: None,
        subject,
        validity: None,
        spki,
        signature_algorithm,
        extensions,
    })
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
    let read = || {
        let mut rdns = Reader::new(only(raw, 0x30)?.content);
        let mut parts = Vec::new();
        while !rdns.is_empty() {
            let mut attributes = Reader::new(rdns.required(0x31)?.content);
            let mut joined = Vec::new();
            while !attributes.is_empty() {
                let mut pair = Reader::new(attributes.required(0x30)?.content);
                let kind = oid(pair.required(0x06)?.content)?;
                joined.push(format!("{kind}={}", escaped(&text(pair.next()?))));
            }
            parts.push(joined.join(" + "));
        }
        Some(parts.join(", "))
    };
    read().unwrap_or_else(|| format!("#{}", hex(raw)))
}

/// The value of an attribute: UTF-8 and its subsets as they are, BMPString by its code units,
/// anything else as digits.
fn text(value: Element<'_>) -> String {
    let utf16 = || {
        let units: Vec<u16> = value
            .content
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| u16::from_be_bytes(*pair))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match value.tag {
        0x0C | 0x12 | 0x13 | 0x14 | 0x16 | 0x1A => {
            String::from_utf8_lossy(value.content).into_owned()
        }
        0x1E => utf16(),
        _ => format!("#{}", hex(value.raw)),
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

fn algorithm(element: Element<'_>) -> Option<String> {
    oid(Reader::new(element.content).required(0x06)?.content)
}

/// An object identifier's usual name, or its numbers.
fn oid(content: &[u8]) -> Option<String> {
    let numbers = numbers(content)?;
    let known = KNOWN
        .iter()
        .find(|(dotted, _)| *dotted == numbers)
        .map(|(_, name)| (*name).to_owned());
    Some(known.unwrap_or(numbers))
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

/// X.690 8.19: the first two numbers share an octet, the rest come seven bits at a time.
fn numbers(content: &[u8]) -> Option<String> {
    let mut all: Vec<u64> = Vec::new();
    let mut value = 0_u64;
    for octet in content {
        value = value
            .checked_mul(128)?
            .checked_add(u64::from(octet & 0x7F))?;
        if octet & 0x80 == 0 {
            all.push(value);
            value = 0;
        }
    }
    let (first, rest) = all.split_first()?;
    let root = first.checked_div(40)?.min(2);
    let mut dotted = format!("{root}.{}", first.checked_sub(root.checked_mul(40)?)?);
    for number in rest {
        dotted.push_str(&format!(".{number}"));
    }
    Some(dotted)
}

/// `RSA 2048, exponent 65537`, or `EC P-256`.
fn key(spki: &[u8]) -> Option<String> {
    let mut parts = Reader::new(only(spki, 0x30)?.content);
    let mut algorithm = Reader::new(parts.required(0x30)?.content);
    let kind = oid(algorithm.required(0x06)?.content)?;
    if kind == "EC" {
        return Some(format!("EC {}", oid(algorithm.required(0x06)?.content)?));
    }
    if kind != "RSA" {
        return Some(kind);
    }
    let mut numbers =
        Reader::new(only(parts.required(0x03)?.content.strip_prefix(&[0])?, 0x30)?.content);
    let modulus = numbers.required(0x02)?.content;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let bits = u32::try_from(modulus.len())
        .ok()?
        .checked_mul(8)?
        .checked_sub(modulus.first()?.leading_zeros())?;
    let exponent = numbers.required(0x02)?.content;
    let exponent = exponent.iter().try_fold(0_u64, |sum, octet| {
        sum.checked_mul(256)?.checked_add(u64::from(*octet))
    })?;
    Some(format!("RSA {bits}, exponent {exponent}"))
}

fn extension_names(content: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader::new(content);
    let mut names = Vec::new();
    while !reader.is_empty() {
        let mut parts = Reader::new(reader.required(0x30)?.content);
        let name = oid(parts.required(0x06)?.content)?;
        let critical = parts.next()?.tag == 0x01;
        names.push(if critical {
            format!("{name} (critical)")
        } else {
            name
        });
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::super::super::der;
    use super::*;

    fn attribute(kind: der::Oid, value: &str) -> Vec<u8> {
        der::sequence(&[&der::oid(kind), &der::utf8(value)])
    }

    #[test]
    fn attributes_of_one_rdn_are_joined_and_commas_are_escaped() {
        let first = der::set_of(vec![
            attribute(der::COUNTRY, "US"),
            attribute(der::STATE, "CA"),
        ]);
        let second = der::set_of(vec![attribute(der::COMMON_NAME, "HSM:1, for FIPS mode")]);
        assert_eq!(
            name(&der::sequence(&[&first, &second])),
            r"C=US + ST=CA, CN=HSM:1\, for FIPS mode"
        );
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_digits_and_nothing_invisible_gets_through() {
        assert_eq!(name(&[0x30, 0x01]), "#3001");
        assert_eq!(escaped("a\u{1b}\u{202e}<b>"), "a\\u{1b}\\u{202e}\\<b\\>");
        assert!(read("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").is_none());
    }

    #[test]
    fn identifiers_and_numbers_are_written_as_usual() {
        assert_eq!(
            numbers(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B]).unwrap(),
            "1.2.840.113549.1.1.11"
        );
        assert_eq!(numbers(&[0x88, 0x37]).unwrap(), "2.999");
        assert_eq!(
            (number(&[0]), number(&[0, 0xC0]), number(&[1])),
            (String::from("0"), String::from("C0"), String::from("01"))
        );
    }
}
