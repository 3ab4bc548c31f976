//! A certification request (PKCS#10, RFC 2986 4), every byte accounted for.

use std::ops::Range;

use super::algorithm;
use super::certificate::range_within;
use super::der::{Reader, Tlv, check_sorted_set, check_strict, parse_single, tag, whole_octets};
use super::extension::{self, ExtensionHolder};
use super::fault::Faults;
use super::general_name::is_directory_string;
use super::pem::{self, Label};
use super::public_key::PublicKey;
use super::{Malformed, name, sha256};

const WHAT: &str = "the CSR";

/// `extensionRequest` (RFC 2985 5.4.2): the content of its OID.
const EXTENSION_REQUEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 14];

/// `challengePassword` (RFC 2985 5.4.1): the content of its OID.
const CHALLENGE_PASSWORD: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 7];

/// A well-formed CSR. Holds its DER and hands out slices of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csr {
    der: Vec<u8>,
    info: Range<usize>,
    subject: Range<usize>,
    spki: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    key: PublicKey,
    spki_sha256: [u8; 32],
}

impl Csr {
    /// Reads one CSR, strictly. Does not check its signature: [`Csr::is_self_signed`].
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let outer = parse_single(der, tag::SEQUENCE, WHAT)?;
        check_strict(der, WHAT)?;
        let mut reader = Reader::new(outer.content, WHAT);
        let info = reader.read_required(tag::SEQUENCE, "certificationRequestInfo")?;
        let algorithm = reader.read_required(tag::SEQUENCE, "signatureAlgorithm")?;
        let signature = reader.read_required(tag::BIT_STRING, "signature")?;
        reader.finish()?;
        algorithm::well_formed(&algorithm, WHAT)?;
        let signature = whole_octets(signature.content, WHAT)?;

        let mut fields = Reader::new(info.content, WHAT);
        if fields.read_required(tag::INTEGER, "version")?.content != [0] {
            return Err(Malformed::new(format!(
                "{WHAT}: a version other than 1 (RFC 2986 4.1)"
            )));
        }
        let subject = fields.read_required(tag::SEQUENCE, "subject")?;
        name::check_name(&subject, WHAT)?;
        let spki = fields.read_required(tag::SEQUENCE, "subjectPKInfo")?;
        let key = PublicKey::from_der(spki.raw, WHAT)?;
        check_attributes(&fields.read_required(tag::context_constructed(0), "attributes")?)?;
        fields.finish()?;

        Ok(Csr {
            info: range_within(der, info.raw),
            subject: range_within(der, subject.raw),
            spki: range_within(der, spki.raw),
            algorithm: range_within(der, algorithm.raw),
            signature: range_within(der, signature),
            der: der.to_vec(),
            spki_sha256: sha256(spki.raw),
            key,
        })
    }

    /// Reads one PEM block with nothing around it, and the CSR in it.
    ///
    /// # Errors
    /// What [`pem::decode`] and [`from_der`](Self::from_der) refuse.
    pub fn from_pem(text: &[u8]) -> Result<Self, Malformed> {
        Self::from_der(&super::pem::decode(
            text,
            super::pem::Label::CertificateRequest,
        )?)
    }

    fn slice_at(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// The whole CSR, as it came.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part, with tag and length.
    pub fn request_info(&self) -> &[u8] {
        self.slice_at(&self.info)
    }

    /// The subject's name, with tag and length.
    pub fn subject(&self) -> &[u8] {
        self.slice_at(&self.subject)
    }

    /// The SubjectPublicKeyInfo, with tag and length.
    pub fn spki(&self) -> &[u8] {
        self.slice_at(&self.spki)
    }

    /// The signature's AlgorithmIdentifier.
    pub fn signature_algorithm(&self) -> &[u8] {
        self.slice_at(&self.algorithm)
    }

    /// The public key that a certificate is asked for.
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// SHA-256 over the SubjectPublicKeyInfo.
    pub const fn spki_sha256(&self) -> &[u8; 32] {
        &self.spki_sha256
    }

    /// SHA-256 over the whole CSR.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.der)
    }

    /// The canonical PEM text.
    pub fn to_pem(&self) -> String {
        pem::encode(Label::CertificateRequest, &self.der)
    }

    /// Tells whether the key that it asks a certificate for made its signature: the proof of
    /// possession (RFC 2986 4.2).
    pub fn is_self_signed(&self) -> bool {
        super::SignatureAlgorithm::from_der(self.signature_algorithm()).is_ok_and(|algorithm| {
            self.key.verify(
                algorithm,
                self.request_info(),
                self.slice_at(&self.signature),
            )
        })
    }
}

/// `[0] IMPLICIT SET OF Attribute`, no type twice, requested extensions as strict as a
/// certificate's.
fn check_attributes(set: &Tlv<'_>) -> Result<(), Malformed> {
    check_sorted_set(set.content, WHAT)?;
    let mut reader = Reader::new(set.content, WHAT);
    let mut seen: Vec<&[u8]> = Vec::new();
    while !reader.is_empty() {
        let attribute = reader.read_required(tag::SEQUENCE, "an attribute")?;
        let mut parts = Reader::new(attribute.content, WHAT);
        let kind = parts
            .read_required(tag::OID, "an attribute's type")?
            .content;
        let values = parts.read_required(tag::SET, "an attribute's values")?;
        parts.finish()?;
        if seen.contains(&kind) {
            return Err(Malformed::new(format!("{WHAT}: an attribute twice")));
        }
        seen.push(kind);
        if values.content.is_empty() {
            return Err(Malformed::new(format!(
                "{WHAT}: an attribute without a value (RFC 2986 4.1)"
            )));
        }
        if kind == CHALLENGE_PASSWORD {
            challenge_password(values.content)?;
        }
        if kind == EXTENSION_REQUEST {
            extension::parse(
                &parse_single(values.content, tag::SEQUENCE, WHAT)?,
                ExtensionHolder::Request,
                &mut Faults::default(),
                WHAT,
            )?;
        }
    }
    Ok(())
}

/// One DirectoryString (RFC 2985 5.4.1), or the IA5String that OpenSSL makes of some passwords.
fn challenge_password(values: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(values, WHAT);
    let value = reader.read_any()?;
    reader.finish()?;
    match is_directory_string(&value) || (value.tag == tag::IA5_STRING && !value.content.is_empty())
    {
        true => Ok(()),
        false => Err(Malformed::new(format!(
            "{WHAT}: a challengePassword that is no text (tag {:02x}; RFC 2985 5.4.1)",
            value.tag
        ))),
    }
}
