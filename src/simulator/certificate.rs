//! Reading the certificates that InitializeCluster is sent: as much as judging them needs, and strictly.
//!
//! The simulator's own reader. It must not be the one that the client checks with: a misreading that both share would
//! never be seen.

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
            let length = digits.iter().fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
            (length >= 0x80).then_some(length)?
        };
        let (content, tail) = rest.split_at_checked(length)?;
        let (raw, _) = self.0.split_at_checked(self.0.len().checked_sub(tail.len())?)?;
        self.0 = tail;
        Some(Element { tag, content, raw })
    }

    /// The next element, which must have this tag.
    pub(super) fn required(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }

    fn optional(&mut self, tag: u8) -> Option<Option<Element<'a>>> {
        if self.peek() == Some(tag) { self.next().map(Some) } else { Some(None) }
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
    /// Exactly one PEM block `CERTIFICATE` with nothing but white space around it.
    pub(super) fn from_pem(text: &str) -> Result<Self, String> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let body = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let body = body.ok_or("is not one certificate in PEM format")?;
        if body.contains("-----") {
            return Err(String::from("holds more than one PEM block; exactly one certificate is allowed"));
        }
        let digits: String = body.split_ascii_whitespace().collect();
        let octets = Base64::decode_vec(&digits).map_err(|_| "is not valid base64 inside its PEM block")?;
        Self::from_der(&octets).ok_or_else(|| String::from("is not a well-formed X.509 certificate"))
    }

    fn from_der(octets: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(only(octets, 0x30)?.content);
        let tbs = outer.required(0x30)?;
        let algorithm = outer.required(0x30)?;
        let signature = outer.required(0x03)?;
        if !outer.is_empty() {
            return None;
        }

        let mut inner = Reader::new(tbs.content);
        let version = match inner.optional(0xA0)? {
            None => 1,
            Some(explicit) => match only(explicit.content, 0x02)?.content {
                [1] => 2,
                [2] => 3,
                _ => return None,
            },
        };
        inner.required(0x02)?;
        // RFC 5280 4.1.1.2: the algorithm inside the signed part is the one outside.
        (inner.required(0x30)?.raw == algorithm.raw).then_some(())?;
        let issuer = inner.required(0x30)?;
        let mut validity = Reader::new(inner.required(0x30)?.content);
        let not_before = time(validity.next()?)?;
        let not_after = time(validity.next()?)?;
        validity.is_empty().then_some(())?;
        let subject = inner.required(0x30)?;
        let spki = inner.required(0x30)?;
        inner.optional(0x81)?;
        inner.optional(0x82)?;
        let extensions = match inner.optional(0xA3)? {
            None => Vec::new(),
            Some(_) if version != 3 => return None,
            Some(explicit) => extensions(only(explicit.content, 0x30)?.content)?,
        };
        inner.is_empty().then_some(())?;

        Some(Self {
            tbs: tbs.raw.to_vec(),
            algorithm: algorithm.raw.to_vec(),
            signature: signature.content.strip_prefix(&[0])?.to_vec(),
            issuer: issuer.raw.to_vec(),
            subject: subject.raw.to_vec(),
            spki: spki.raw.to_vec(),
            not_before,
            not_after,
            extensions,
        })
    }

    /// basicConstraints: `Some(cA)` where the extension is there.
    pub(super) fn basic_constraints(&self) -> Option<Result<bool, String>> {
        let value = self.extension(der::BASIC_CONSTRAINTS)?;
        let read = || {
            let mut reader = Reader::new(only(value, 0x30)?.content);
            let ca = reader.optional(0x01)?.map(|element| element.content == [0xFF]);
            let path_length = reader.optional(0x02)?;
            reader.is_empty().then_some(())?;
            // A path length without cA is a contradiction (RFC 5280 4.2.1.9).
            (ca == Some(true) || path_length.is_none()).then_some(ca == Some(true))
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
        self.extensions.iter().find(|extension| extension.oid == oid).map(|extension| extension.value.as_slice())
    }
}

fn extensions(content: &[u8]) -> Option<Vec<Extension>> {
    let mut reader = Reader::new(content);
    let mut found: Vec<Extension> = Vec::new();
    while !reader.is_empty() {
        let mut parts = Reader::new(reader.required(0x30)?.content);
        let oid = parts.required(0x06)?.content.to_vec();
        parts.optional(0x01)?;
        let value = parts.required(0x04)?.content.to_vec();
        // RFC 5280 4.2: none twice.
        if !parts.is_empty() || found.iter().any(|extension| extension.oid == oid) {
            return None;
        }
        found.push(Extension { oid, value });
    }
    (!found.is_empty()).then_some(found)
}

/// UTCTime or GeneralizedTime in the one form that RFC 5280 4.1.2.5 allows.
pub(super) fn time(element: Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
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
    let civil = jiff::civil::DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(civil).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_form_only() {
        assert!(only(&[0x04, 0x01, 0x00], 0x04).is_some());
        assert!(only(&[0x04, 0x81, 0x01, 0x00], 0x04).is_none(), "long form of a short length");
        assert!(only(&[0x04, 0x80, 0x00, 0x00], 0x04).is_none(), "indefinite length");
        assert!(only(&[0x04, 0x02, 0x00], 0x04).is_none(), "cut short");
        assert!(only(&[0x04, 0x00, 0x00], 0x04).is_none(), "a tail");
        assert!(only(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], 0x04).is_none());
        assert!(only(&[], 0x04).is_none());
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let read = |tag, text: &[u8]| time(Element { tag, content: text, raw: &[] });
        assert_eq!(read(0x17, b"700101000000Z"), Some(0));
        assert_eq!(read(0x18, b"20500101000000Z"), Some(2_524_608_000));
        for bad in [&b"700101000000"[..], b"7001010000Z", b"701301000000Z", b"+00101000000Z", b""] {
            assert_eq!(read(0x17, bad), None);
        }
    }

    #[test]
    fn a_pem_text_is_one_block() {
        let reason = |text: &str| Certificate::from_pem(text).err().unwrap();
        assert!(reason("").contains("PEM"));
        assert!(reason("x-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----").contains("PEM"));
        let two = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert!(reason(&two.repeat(2)).contains("more than one"));
        assert!(reason(&two.replace("AA==", "A*==")).contains("base64"));
        assert!(reason(two).contains("X.509"));
    }
}
