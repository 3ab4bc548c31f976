//! A certificate (RFC 5280 4.1), every byte accounted for.

use std::ops::Range;

use super::algorithm;
use super::der::{Reader, Tlv, integer_rules, single, strict_but, tag, whole_octets};
use super::extension::{self, Extensions, Holder};
use super::fault::{Fault, Faults, Strictness};
use super::pem::{self, Label};
use super::public_key::PublicKey;
use super::{Malformed, Moment, name, sha256};

const WHAT: &str = "the certificate";

/// A well-formed certificate. Holds its DER and hands out slices of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Range<usize>,
    serial: Range<usize>,
    inner_algorithm: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    spki: Range<usize>,
    outer_algorithm: Range<usize>,
    signature: Range<usize>,
    version: u8,
    not_before: Moment,
    not_after: Moment,
    generalized_times: [bool; 2],
    key: PublicKey,
    spki_sha256: [u8; 32],
    extensions: Extensions,
    faults: Vec<Fault>,
}

/// Where `part` lies within `whole`, of which it is a slice.
pub(crate) fn range(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start.saturating_add(part.len())
}

impl Certificate {
    /// Reads one certificate, strictly: DER throughout, no element that its type does not define,
    /// no extension twice, none in a version 1 certificate. Judges nothing else: no signature, no
    /// date, no algorithm.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        Self::read(der, Strictness::Full)
    }

    /// Reads one certificate, as strictly as whose it is asks for: see [`Fault`].
    ///
    /// # Errors
    /// The first rule that is broken, and not borne with.
    pub fn read(der: &[u8], strictness: Strictness) -> Result<Self, Malformed> {
        let mut faults = Faults::within(strictness);
        // What is not one whole element is no certificate, or is damaged.
        let outer = single(der, tag::SEQUENCE, WHAT).map_err(Malformed::by_its_file)?;
        strict_but(der, WHAT, &mut faults)?;
        let mut reader = Reader::new(outer.content, WHAT);
        let tbs = reader.required(tag::SEQUENCE, "tbsCertificate")?;
        let outer_algorithm = reader.required(tag::SEQUENCE, "signatureAlgorithm")?;
        let signature = reader.required(tag::BIT_STRING, "signatureValue")?;
        reader.finish()?;
        algorithm::well_formed(&outer_algorithm, WHAT)?;
        let signature = whole_octets(signature.content, WHAT)?;

        let mut fields = Reader::new(tbs.content, WHAT);
        let version = version(fields.optional(tag::context(0))?, &mut faults)?;
        let serial = fields.required(tag::INTEGER, "serialNumber")?;
        integer_rules(serial.content, WHAT)?;
        let inner_algorithm = fields.required(tag::SEQUENCE, "signature")?;
        algorithm::well_formed(&inner_algorithm, WHAT)?;
        let issuer = fields.required(tag::SEQUENCE, "issuer")?;
        name::check(&issuer, WHAT)?;
        if issuer.content.is_empty() {
            return Err(Malformed::new(format!(
                "{WHAT}: an empty issuer (RFC 5280 4.1.2.4)"
            )));
        }
        let ((not_before, not_after), generalized_times) =
            validity(&fields.required(tag::SEQUENCE, "validity")?)?;
        let subject = fields.required(tag::SEQUENCE, "subject")?;
        name::check(&subject, WHAT)?;
        let spki = fields.required(tag::SEQUENCE, "subjectPublicKeyInfo")?;
        let key = PublicKey::from_der(spki.raw, WHAT)?;
        let extensions = tail(&mut fields, version, &mut faults)?;
        fields.finish()?;

        Ok(Certificate {
            tbs: range(der, tbs.raw),
            serial: range(der, serial.content),
            inner_algorithm: range(der, inner_algorithm.raw),
            issuer: range(der, issuer.raw),
            subject: range(der, subject.raw),
            spki: range(der, spki.raw),
            outer_algorithm: range(der, outer_algorithm.raw),
            signature: range(der, signature),
            der: der.to_vec(),
            spki_sha256: sha256(spki.raw),
            version,
            not_before,
            not_after,
            generalized_times,
            key,
            extensions,
            faults: faults.into_found(),
        })
    }

    /// Reads one PEM block with nothing around it, and the certificate in it.
    ///
    /// # Errors
    /// What [`pem::decode`] and [`from_der`](Self::from_der) refuse.
    pub fn from_pem(text: &[u8]) -> Result<Self, Malformed> {
        Self::from_der(&pem::decode(text, Label::Certificate)?)
    }

    /// Reads the one certificate of the owner's, or of one that the owner's CA has signed, that a
    /// file holds: [`pem::certificates`] says what may stand around it, and [`Strictness::Owner`]
    /// what is borne with.
    ///
    /// # Errors
    /// What [`pem::certificates`] and [`read`](Self::read) refuse, and more than one certificate.
    pub fn of_owner(content: &[u8]) -> Result<Self, Malformed> {
        match pem::certificates(content)?.as_slice() {
            [one] => Self::read(one, Strictness::Owner),
            more => Err(pem::PemError::Blocks { found: more.len() }.into()),
        }
    }

    /// Reads a hardware certificate's text: the certificate, and those in further blocks:
    /// [`Strictness::Hardware`].
    ///
    /// # Errors
    /// What [`pem::decode_several`] and [`read`](Self::read) refuse, of any block.
    pub fn of_hardware(text: &[u8]) -> Result<(Self, Vec<Self>), Malformed> {
        let mut blocks = Vec::new();
        for (number, der) in (1usize..).zip(pem::decode_several(text, Label::Certificate)?) {
            let read = Self::read(&der, Strictness::Hardware);
            blocks.push(if number == 1 {
                read?
            } else {
                read.map_err(|fault| Malformed::new(format!("block {number}: {fault}")))?
            });
        }
        let mut blocks = blocks.into_iter();
        let first = blocks
            .next()
            .ok_or_else(|| Malformed::new("no certificate"))?;
        Ok((first, blocks.collect()))
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// The whole certificate, as it came.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part, with tag and length.
    pub fn tbs(&self) -> &[u8] {
        self.slice(&self.tbs)
    }

    /// The serial number's content octets.
    pub fn serial(&self) -> &[u8] {
        self.slice(&self.serial)
    }

    /// The issuer's name, with tag and length.
    pub fn issuer(&self) -> &[u8] {
        self.slice(&self.issuer)
    }

    /// The subject's name, with tag and length.
    pub fn subject(&self) -> &[u8] {
        self.slice(&self.subject)
    }

    /// The SubjectPublicKeyInfo, with tag and length.
    pub fn spki(&self) -> &[u8] {
        self.slice(&self.spki)
    }

    /// The algorithm inside the signed part.
    pub fn inner_algorithm(&self) -> &[u8] {
        self.slice(&self.inner_algorithm)
    }

    /// The algorithm beside the signature.
    pub fn outer_algorithm(&self) -> &[u8] {
        self.slice(&self.outer_algorithm)
    }

    /// The signature's octets.
    pub fn signature(&self) -> &[u8] {
        self.slice(&self.signature)
    }

    /// 1, 2 or 3.
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// The first moment of its validity.
    pub const fn not_before(&self) -> Moment {
        self.not_before
    }

    /// The last moment of its validity.
    pub const fn not_after(&self) -> Moment {
        self.not_after
    }

    /// Whether notBefore, and whether notAfter, is written as a GeneralizedTime.
    pub const fn generalized_times(&self) -> [bool; 2] {
        self.generalized_times
    }

    /// The public key.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What the extensions say; empty in version 1.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The faults that were borne with when it was read, each once.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// SHA-256 over the SubjectPublicKeyInfo.
    pub const fn spki_sha256(&self) -> &[u8; 32] {
        &self.spki_sha256
    }

    /// SHA-256 over the whole certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.der)
    }

    /// The canonical PEM text.
    pub fn to_pem(&self) -> String {
        pem::encode(Label::Certificate, &self.der)
    }

    /// Whether `key` made this certificate's signature, by the algorithm that it names outside.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        super::SignatureAlgorithm::from_der(self.outer_algorithm())
            .is_ok_and(|algorithm| key.verify(algorithm, self.tbs(), self.signature()))
    }
}

/// `[0] EXPLICIT Version DEFAULT v1`: v1 is never written out (X.690 11.5).
fn version(field: Option<Tlv<'_>>, faults: &mut Faults) -> Result<u8, Malformed> {
    let Some(field) = field else { return Ok(1) };
    match single(field.content, tag::INTEGER, WHAT)?.content {
        [1] => Ok(2),
        [2] => Ok(3),
        [0] => faults.bear(Fault::VersionOne, WHAT).map(|()| 1),
        _ => Err(Malformed::new(format!(
            "{WHAT}: a version other than 1, 2 and 3 (RFC 5280 4.1.2.1)"
        ))),
    }
}

/// The two times, and whether each is a GeneralizedTime.
fn validity(validity: &Tlv<'_>) -> Result<((Moment, Moment), [bool; 2]), Malformed> {
    let mut times = Reader::new(validity.content, WHAT);
    let (not_before, not_after) = (times.any()?, times.any()?);
    times.finish()?;
    let generalized = [&not_before, &not_after].map(|time| time.tag == tag::GENERALIZED_TIME);
    Ok((
        (
            Moment::from_der(&not_before, WHAT)?,
            Moment::from_der(&not_after, WHAT)?,
        ),
        generalized,
    ))
}

/// Unique identifiers (version 2 and 3) and extensions (version 3 only; RFC 5280 4.1.2.8 and
/// 4.1.2.9).
fn tail(
    fields: &mut Reader<'_>,
    version: u8,
    faults: &mut Faults,
) -> Result<Extensions, Malformed> {
    for number in [1, 2] {
        if let Some(identifier) = fields.optional(tag::context_primitive(number))? {
            super::der::bit_string_rules(identifier.content, WHAT)?;
            if version < 2 {
                return Err(Malformed::new(format!(
                    "{WHAT}: a unique identifier in a version 1 certificate (RFC 5280 4.1.2.8)"
                )));
            }
        }
    }
    let Some(wrapper) = fields.optional(tag::context(3))? else {
        return Ok(Extensions::default());
    };
    if version < 3 {
        return Err(Malformed::new(format!(
            "{WHAT}: extensions in a version {version} certificate (RFC 5280 4.1.2.9)"
        )));
    }
    extension::parse(
        &single(wrapper.content, tag::SEQUENCE, WHAT)?,
        Holder::Certificate,
        faults,
        WHAT,
    )
}
