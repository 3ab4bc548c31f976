//! A certification request (PKCS#10, RFC 2986 4), every byte accounted for.

use std::ops::Range;

use super::algorithm;
use super::certificate::range;
use super::der::{Reader, Tlv, single, sorted_set, strict, tag, whole_octets};
use super::extension::{self, Holder};
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
        let outer = single(der, tag::SEQUENCE, WHAT)?;
        strict(der, WHAT)?;
        let mut reader = Reader::new(outer.content, WHAT);
        let info = reader.required(tag::SEQUENCE, "certificationRequestInfo")?;
        let algorithm = reader.required(tag::SEQUENCE, "signatureAlgorithm")?;
        let signature = reader.required(tag::BIT_STRING, "signature")?;
        reader.finish()?;
        algorithm::well_formed(&algorithm, WHAT)?;
        let signature = whole_octets(signature.content, WHAT)?;

        let mut fields = Reader::new(info.content, WHAT);
        if fields.required(tag::INTEGER, "version")?.content != [0] {
            return Err(Malformed::new(format!(
                "{WHAT}: a version other than 1 (RFC 2986 4.1)"
            )));
        }
        let subject = fields.required(tag::SEQUENCE, "subject")?;
        name::check(&subject, WHAT)?;
        let spki = fields.required(tag::SEQUENCE, "subjectPKInfo")?;
        let key = PublicKey::from_der(spki.raw, WHAT)?;
        attributes(&fields.required(tag::context(0), "attributes")?)?;
        fields.finish()?;

        Ok(Csr {
            info: range(der, info.raw),
            subject: range(der, subject.raw),
            spki: range(der, spki.raw),
            algorithm: range(der, algorithm.raw),
            signature: range(der, signature),
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

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// The whole CSR, as it came.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part, with tag and length.
    pub fn info(&self) -> &[u8] {
        self.slice(&self.info)
    }

    /// The subject's name, with tag and length.
    pub fn subject(&self) -> &[u8] {
        self.slice(&self.subject)
    }

    /// The SubjectPublicKeyInfo, with tag and length.
    pub fn spki(&self) -> &[u8] {
        self.slice(&self.spki)
    }

    /// The signature's AlgorithmIdentifier.
    pub fn algorithm(&self) -> &[u8] {
        self.slice(&self.algorithm)
    }

    /// The public key that a certificate is asked for.
    pub const fn key(&self) -> &PublicKey {
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

    /// Proof of possession: whether the key that it asks a certificate for made its signature (RFC
    /// 2986 4.2).
    pub fn is_self_signed(&self) -> bool {
        super::SignatureAlgorithm::from_der(self.algorithm()).is_ok_and(|algorithm| {
            self.key
                .verify(algorithm, self.info(), self.slice(&self.signature))
        })
    }
}

/// `[0] IMPLICIT SET OF Attribute`, no type twice, requested extensions as strict as a
/// certificate's.
fn attributes(set: &Tlv<'_>) -> Result<(), Malformed> {
    sorted_set(set.content, WHAT)?;
    let mut reader = Reader::new(set.content, WHAT);
    let mut seen: Vec<&[u8]> = Vec::new();
    while !reader.is_empty() {
        let attribute = reader.required(tag::SEQUENCE, "an attribute")?;
        let mut parts = Reader::new(attribute.content, WHAT);
        let kind = parts.required(tag::OID, "an attribute's type")?.content;
        let values = parts.required(tag::SET, "an attribute's values")?;
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
                &single(values.content, tag::SEQUENCE, WHAT)?,
                Holder::Request,
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
    let value = reader.any()?;
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
