//! Reading the certificates that InitializeCluster is sent: as much as judging them needs, and
//! strictly.
//!
//! The simulator's own reader. It must not be the one that the client checks with: a misreading
//! that both share would never be seen.

use base64ct::{Base64, Encoding};

use super::der;

/// One element: its tag, its content, and all of its octets.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) raw: &'a [u8],
}

/// Elements one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    fn peek(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element. Lengths must be definite and of the shortest form (X.690 10.1).
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let (digits, tail) = rest.split_at_checked(usize::from(first & 0x7F))?;
            rest = tail;
            if digits.is_empty() || digits.len() > 4 || digits.first() == Some(&0) {
                return None;
            }
            let length = digits
                .iter()
                .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
            (length >= 0x80).then_some(length)?
        };
        let (content, tail) = rest.split_at_checked(length)?;
        let (raw, _) = self
            .0
            .split_at_checked(self.0.len().checked_sub(tail.len())?)?;
        self.0 = tail;
        Some(Element { tag, content, raw })
    }

    /// The next element, which must have this tag.
    pub(super) fn required(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }

    fn optional(&mut self, tag: u8) -> Option<Option<Element<'a>>> {
        if self.peek() == Some(tag) {
            self.next().map(Some)
        } else {
            Some(None)
        }
    }
}

/// The one element that the octets are, nothing after it.
pub(super) fn only(octets: &[u8], tag: u8) -> Option<Element<'_>> {
    let mut reader = Reader::new(octets);
    let element = reader.required(tag)?;
    reader.is_empty().then_some(element)
}

pub(super) struct Extension {
    pub(super) oid: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// basicConstraints (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    pub(super) path_length: Option<u64>,
}

/// A certificate (RFC 5280 4.1), its parts as they came.
pub(super) struct Certificate {
    pub(super) tbs: Vec<u8>,
    pub(super) algorithm: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) spki: Vec<u8>,
    /// Seconds since the Unix epoch.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) extensions: Vec<Extension>,
}

impl Certificate {
    /// PEM blocks `CERTIFICATE`, one or more, with nothing but white space around them. An error
    /// ends a sentence that begins with "the value".
    pub(super) fn all_from_pem(text: &str) -> Result<Vec<Self>, String> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let (mut rest, mut found) = (text.trim(), Vec::new());
        while !rest.is_empty() || found.is_empty() {
            let (body, after) = rest
                .strip_prefix(BEGIN)
                .and_then(|rest| rest.split_once(END))
                .ok_or_else(|| not_a_certificate(rest))?;
            let digits: String = body.split_ascii_whitespace().collect();
            let octets = Base64::decode_vec(&digits)
                .map_err(|_| "is not valid base64 inside its PEM block")?;
            found.push(
                Self::from_der(&octets)
                    .map_err(|fault| format!("is not a well-formed X.509 certificate: {fault}"))?,
            );
            rest = after.trim_start();
        }
        Ok(found)
    }

    fn from_der(octets: &[u8]) -> Result<Self, &'static str> {
        const CUT: &str = "it is no DER, or has more or fewer parts than a certificate";
        let mut outer = Reader::new(only(octets, 0x30).ok_or(CUT)?.content);
        let tbs = outer.required(0x30).ok_or(CUT)?;
        let algorithm = outer.required(0x30).ok_or(CUT)?;
        let signature = outer
            .required(0x03)
            .filter(|_| outer.is_empty())
            .ok_or(CUT)?;

        let mut inner = Reader::new(tbs.content);
        let version = match inner.optional(0xA0).ok_or(CUT)? {
            None => 1,
            Some(explicit) => match only(explicit.content, 0x02).ok_or(CUT)?.content {
                [1] => 2,
                [2] => 3,
                _ => return Err("its version is none of 1, 2 and 3"),
            },
        };
        inner.required(0x02).ok_or("it has no serial number")?;
        if inner.required(0x30).ok_or(CUT)?.raw != algorithm.raw {
            return Err(
                "the algorithm inside its signed part is not the one outside (RFC 5280 4.1.1.2)",
            );
        }
        let issuer = inner.required(0x30).ok_or(CUT)?;
        let mut validity = Reader::new(inner.required(0x30).ok_or(CUT)?.content);
        let mut moment = || time(validity.next()?);
        let (not_before, not_after) = moment()
            .zip(moment())
            .filter(|_| validity.is_empty())
            .ok_or("a date is not in the form of RFC 5280 4.1.2.5")?;
        let subject = inner.required(0x30).ok_or(CUT)?;
        let spki = inner.required(0x30).ok_or(CUT)?;
        inner.optional(0x81).ok_or(CUT)?;
        inner.optional(0x82).ok_or(CUT)?;
        let extensions = match inner.optional(0xA3).ok_or(CUT)? {
            None => Vec::new(),
            Some(_) if version != 3 => return Err("only version 3 has extensions"),
            Some(explicit) => extensions(only(explicit.content, 0x30).ok_or(CUT)?.content)?,
        };
        if !inner.is_empty() {
            return Err(CUT);
        }

        Ok(Self {
            tbs: tbs.raw.to_vec(),
            algorithm: algorithm.raw.to_vec(),
            signature: signature
                .content
                .strip_prefix(&[0])
                .ok_or("its signature is not of whole octets")?
                .to_vec(),
            issuer: issuer.raw.to_vec(),
            subject: subject.raw.to_vec(),
            spki: spki.raw.to_vec(),
            not_before,
            not_after,
            extensions,
        })
    }

    /// basicConstraints, where the extension is there.
    pub(super) fn basic_constraints(&self) -> Option<Result<BasicConstraints, String>> {
        let value = self.extension(der::BASIC_CONSTRAINTS)?;
        let read = || {
            let mut reader = Reader::new(only(value, 0x30)?.content);
            // FALSE, the default, is written out by some tools.
            let ca = match reader.optional(0x01)?.map(|element| element.content) {
                Some([0xFF]) => true,
                None | Some([0x00]) => false,
                Some(_) => return None,
            };
            let path_length = match reader.optional(0x02)?.map(|element| element.content) {
                None => None,
                Some(&[single]) if single < 0x80 => Some(u64::from(single)),
                // More than a chain can have.
                Some([first, ..]) if *first < 0x80 => Some(u64::MAX),
                Some(_) => return None,
            };
            reader.is_empty().then_some(())?;
            // A path length without cA is a contradiction (RFC 5280 4.2.1.9).
            (ca || path_length.is_none()).then_some(BasicConstraints { ca, path_length })
        };
        Some(read().ok_or_else(|| String::from("has a malformed basicConstraints extension")))
    }

    /// keyUsage: whether keyCertSign is among it, where the extension is there.
    pub(super) fn may_sign_certificates(&self) -> Option<bool> {
        let bits = only(self.extension(der::KEY_USAGE)?, 0x03)?.content;
        // The first octet counts the unused bits; keyCertSign is bit 5 (RFC 5280 4.2.1.3).
        Some(bits.get(1).is_some_and(|octet| octet & 0x04 != 0))
    }

    fn extension(&self, oid: &[u8]) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == oid)
            .map(|extension| extension.value.as_slice())
    }
}

/// What stands in a PEM certificate's place.
fn not_a_certificate(text: &str) -> String {
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

fn extensions(content: &[u8]) -> Result<Vec<Extension>, &'static str> {
    const CUT: &str = "an extension is not well-formed";
    let mut reader = Reader::new(content);
    let mut found: Vec<Extension> = Vec::new();
    while !reader.is_empty() {
        let mut parts = Reader::new(reader.required(0x30).ok_or(CUT)?.content);
        let oid = parts.required(0x06).ok_or(CUT)?.content.to_vec();
        parts.optional(0x01).ok_or(CUT)?;
        let value = parts
            .required(0x04)
            .filter(|_| parts.is_empty())
            .ok_or(CUT)?
            .content
            .to_vec();
        if found.iter().any(|extension| extension.oid == oid) {
            return Err("it has an extension twice (RFC 5280 4.2)");
        }
        found.push(Extension { oid, value });
    }
    if found.is_empty() {
        Err("its list of extensions is empty")
    } else {
        Ok(found)
    }
}

/// UTCTime or GeneralizedTime in the one form that RFC 5280 4.1.2.5 allows.
pub(super) fn time(element: Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content)
        .ok()?
        .strip_suffix('Z')?;
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (element.tag, text.len()) {
        (0x17, 12) => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (year.checked_add(if year < 50 { 2000 } else { 1900 })?, rest)
        }
        (0x18, 14) => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at.checked_add(2)?)?.parse::<i8>().ok();
    let civil =
        jiff::civil::DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0).ok()?;
    // Not by way of a timestamp: none of jiff's reaches the end of the year 9999, which stands for
    // no end (RFC 5280 4.1.2.5).
    Some(
        civil
            .duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0))
            .as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_form_only() {
        assert!(only(&[0x04, 0x01, 0x00], 0x04).is_some());
        assert!(
            only(&[0x04, 0x81, 0x01, 0x00], 0x04).is_none(),
            "long form of a short length"
        );
        assert!(
            only(&[0x04, 0x80, 0x00, 0x00], 0x04).is_none(),
            "indefinite length"
        );
        assert!(only(&[0x04, 0x02, 0x00], 0x04).is_none(), "cut short");
        assert!(only(&[0x04, 0x00, 0x00], 0x04).is_none(), "a tail");
        assert!(only(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], 0x04).is_none());
        assert!(only(&[], 0x04).is_none());
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let read = |tag, text: &[u8]| {
            time(Element {
                tag,
                content: text,
                raw: &[],
            })
        };
        assert_eq!(read(0x17, b"700101000000Z"), Some(0));
        assert_eq!(read(0x18, b"20500101000000Z"), Some(2_524_608_000));
        assert_eq!(read(0x18, b"99991231235959Z"), Some(253_402_300_799));
        for bad in [
            &b"700101000000"[..],
            b"7001010000Z",
            b"701301000000Z",
            b"+00101000000Z",
            b"",
        ] {
            assert_eq!(read(0x17, bad), None);
        }
    }

    #[test]
    fn a_pem_text_is_one_block() {
        let reason = |text: &str| Certificate::all_from_pem(text).err().unwrap();
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
