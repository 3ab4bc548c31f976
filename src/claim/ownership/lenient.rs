//! Reads certificates that exist already, however they were made. All that is wanted is who signed
//! which bytes.
//!
//! Nothing that is read here is sent, signed or believed of an HSM. [`crate::x509::Certificate`],
//! which is strict, serves for that.

use std::ops::Range;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::x509::certificate::range_within;
use crate::x509::der::tag;

/// The number of blocks of a text that are looked at: a leaf and a chain of four (AWS guide,
/// Initialize the cluster), and as many again.
const MAX_BLOCKS: usize = 10;

/// A certificate of which issuer, subject, key and signature could be read. Nothing else of it was
/// looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LenientCertificate {
    der: Vec<u8>,
    tbs: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    spki: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
}

impl LenientCertificate {
    /// Reads the certificate that `der` begins with (RFC 5280 4.1). Lengths may be longer than
    /// needed, elements may follow that no type defines, and versions, dates and extensions are not
    /// looked at.
    ///
    /// # Errors
    /// The part that could not be read.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        let outer = LenientReader(der).read_required(tag::SEQUENCE, "the certificate")?;
        let mut certificate = LenientReader(outer.content);
        let tbs = certificate.read_required(tag::SEQUENCE, "its signed part")?;
        let algorithm = certificate.read_required(tag::SEQUENCE, "its signature algorithm")?;
        let signature = certificate.read_required(tag::BIT_STRING, "its signature")?;
        let mut fields = LenientReader(tbs.content);
        if fields.0.first() == Some(&tag::context_constructed(0)) {
            fields.read_required(tag::context_constructed(0), "its version")?;
        }
        fields.read_required(tag::INTEGER, "its serial number")?;
        fields.read_required(tag::SEQUENCE, "the algorithm in its signed part")?;
        let issuer = fields.read_required(tag::SEQUENCE, "its issuer")?;
        fields.read_required(tag::SEQUENCE, "its validity")?;
        let subject = fields.read_required(tag::SEQUENCE, "its subject")?;
        let spki = fields.read_required(tag::SEQUENCE, "its public key")?;
        let signature = signature
            .content
            .split_first()
            .map_or(&[][..], |(_, octets)| octets);
        Ok(LenientCertificate {
            tbs: range_within(der, tbs.raw),
            issuer: range_within(der, issuer.raw),
            subject: range_within(der, subject.raw),
            spki: range_within(der, spki.raw),
            algorithm: range_within(der, algorithm.raw),
            signature: range_within(der, signature),
            der: outer.raw.to_vec(),
        })
    }

    /// Reads every certificate of a text: PEM blocks with whatever stands around them, or else DER.
    ///
    /// # Errors
    /// Where there is none, or one of them cannot be read.
    pub fn all_from_text(text: &[u8]) -> Result<Vec<Self>, String> {
        let blocks = decode_blocks(text)?;
        match (blocks.is_empty(), text.first()) {
            (false, _) => blocks.iter().map(|der| Self::from_der(der)).collect(),
            (true, Some(&tag::SEQUENCE)) => Ok(vec![Self::from_der(text)?]),
            (true, _) => Err("there is no certificate in it".to_owned()),
        }
    }

    /// Reads the first certificate of a text, and those of the others that can be read.
    ///
    /// # Errors
    /// Where there is none, or the first cannot be read.
    pub(super) fn first_from_text(text: &[u8]) -> Result<(Self, Vec<Self>), String> {
        let blocks = decode_blocks(text)?;
        let (first, others) = blocks
            .split_first()
            .ok_or("there is no certificate in it")?;
        Ok((
            Self::from_der(first)?,
            others
                .iter()
                .filter_map(|der| Self::from_der(der).ok())
                .collect(),
        ))
    }

    fn slice_at(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// The certificate, as it came.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The issuer's name, with tag and length.
    pub fn issuer(&self) -> &[u8] {
        self.slice_at(&self.issuer)
    }

    /// The subject's name, with tag and length.
    pub fn subject(&self) -> &[u8] {
        self.slice_at(&self.subject)
    }

    /// The SubjectPublicKeyInfo, with tag and length.
    pub fn spki(&self) -> &[u8] {
        self.slice_at(&self.spki)
    }

    /// The signed part, with tag and length.
    pub(super) fn tbs(&self) -> &[u8] {
        self.slice_at(&self.tbs)
    }

    /// The algorithm beside the signature, with tag and length.
    pub(super) fn signature_algorithm(&self) -> &[u8] {
        self.slice_at(&self.algorithm)
    }

    /// The signature's octets.
    pub(super) fn signature(&self) -> &[u8] {
        self.slice_at(&self.signature)
    }
}

/// Decodes what stands between BEGIN and END of each certificate block (RFC 7468 5.1; `X509` and
/// `TRUSTED` as OpenSSL has written them).
fn decode_blocks(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN ";
    // Blanks, line ends and what else may have slipped into the base64 say nothing; nor does
    // padding.
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let base64 = GeneralPurpose::new(&STANDARD, lenient);
    let text = String::from_utf8_lossy(text);
    let mut found = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let Some((label, body)) = block.split_once("-----") else {
            continue;
        };
        if !matches!(
            label,
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
        ) {
            continue;
        }
        let (body, _) = body
            .split_once("-----END")
            .ok_or("a certificate's END line is missing")?;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        found.push(
            base64
                .decode(body)
                .map_err(|_| "a certificate is not base64 (RFC 4648 section 4)")?,
        );
        if found.len() > MAX_BLOCKS {
            return Err(format!("it holds more than {MAX_BLOCKS} certificates"));
        }
    }
    Ok(found)
}

/// One element of BER with a definite length (X.690 8.1.3).
#[derive(Clone, Copy)]
pub(super) struct LenientElement<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) raw: &'a [u8],
}

/// Reads elements off the front of a slice, however their lengths are written.
#[derive(Clone, Copy)]
pub(super) struct LenientReader<'a>(pub(super) &'a [u8]);

impl<'a> LenientReader<'a> {
    /// The next element; `None`: there is none, or it cannot be read.
    pub(super) fn next(&mut self) -> Option<LenientElement<'a>> {
        let (&tag, after_tag) = self.0.split_first()?;
        let (&first, after_first) = after_tag.split_first()?;
        let (length, body) = match first {
            0..=0x7F => (usize::from(first), after_first),
            // Eight octets of length, leading zeros counted, are more than any input has.
            0x81..=0x88 => {
                let count = usize::from(first & 0x7F);
                let octets = after_first.get(..count)?;
                let length = octets.iter().try_fold(0usize, |n, octet| {
                    n.checked_mul(256)?.checked_add(usize::from(*octet))
                })?;
                (length, after_first.get(count..)?)
            }
            _ => return None,
        };
        let content = body.get(..length)?;
        let rest = body.get(length..)?;
        let raw = self.0.get(..self.0.len().checked_sub(rest.len())?)?;
        self.0 = rest;
        Some(LenientElement { tag, content, raw })
    }

    /// The next element, which must have this tag.
    pub(super) fn read_required(
        &mut self,
        tag: u8,
        name: &str,
    ) -> Result<LenientElement<'a>, String> {
        self.next()
            .filter(|element| element.tag == tag)
            .ok_or_else(|| format!("{name} cannot be read"))
    }
}
