//! A certificate (RFC 5280 4.1), every byte accounted for.

use std::ops::Range;

use super::algorithm;
use super::der::{
    Reader, Tlv, check_integer, check_strict_except, parse_single, tag, whole_octets,
};
use super::extension::{self, ExtensionHolder, Extensions};
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

/// Returns where `part` lies within `whole`, of which it is a slice.
pub(crate) fn range_within(whole: &[u8], part: &[u8]) -> Range<usize> {
    // Saturating: of what is no slice of it there is a range outside, which no slicing takes.
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

    /// Reads one certificate with the strictness that its holder asks for: see [`Fault`].
    ///
    /// # Errors
    /// The first rule that is broken, and not tolerated.
    pub fn read(der: &[u8], strictness: Strictness) -> Result<Self, Malformed> {
        let mut faults = Faults::with_strictness(strictness);
        // What is not one whole element is no certificate, or is damaged.
        let outer = parse_single(der, tag::SEQUENCE, WHAT).map_err(Malformed::by_its_file)?;
        check_strict_except(der, WHAT, &mut faults)?;
        let mut reader = Reader::new(outer.content, WHAT);
        let tbs = reader.read_required(tag::SEQUENCE, "tbsCertificate")?;
        let outer_algorithm = reader.read_required(tag::SEQUENCE, "signatureAlgorithm")?;
        let signature = reader.read_required(tag::BIT_STRING, "signatureValue")?;
        reader.finish()?;
        algorithm::well_formed(&outer_algorithm, WHAT)?;
        let signature = whole_octets(signature.content, WHAT)?;

        let mut fields = Reader::new(tbs.content, WHAT);
        let version = parse_version(
            fields.read_optional(tag::context_constructed(0))?,
            &mut faults,
        )?;
        let serial = fields.read_required(tag::INTEGER, "serialNumber")?;
        check_integer(serial.content, WHAT)?;
        let inner_algorithm = fields.read_required(tag::SEQUENCE, "signature")?;
        algorithm::well_formed(&inner_algorithm, WHAT)?;
        let issuer = fields.read_required(tag::SEQUENCE, "issuer")?;
        name::check_name(&issuer, WHAT)?;
        if issuer.content.is_empty() {
            return Err(Malformed::new(format!(
                "{WHAT}: an empty issuer (RFC 5280 4.1.2.4)"
            )));
        }
        let ((not_before, not_after), generalized_times) =
            parse_validity(&fields.read_required(tag::SEQUENCE, "validity")?)?;
        let subject = fields.read_required(tag::SEQUENCE, "subject")?;
        name::check_name(&subject, WHAT)?;
        let spki = fields.read_required(tag::SEQUENCE, "subjectPublicKeyInfo")?;
        let key = PublicKey::from_der(spki.raw, WHAT)?;
        if strictness != Strictness::Owner {
            check_serial_length(&serial)?;
            let [from, to] = generalized_times;
            check_time_form(not_before, from)?;
            check_time_form(not_after, to)?;
        }
        let extensions = parse_optional_fields(&mut fields, version, &mut faults)?;
        fields.finish()?;

        Ok(Certificate {
            tbs: range_within(der, tbs.raw),
            serial: range_within(der, serial.content),
            inner_algorithm: range_within(der, inner_algorithm.raw),
            issuer: range_within(der, issuer.raw),
            subject: range_within(der, subject.raw),
            spki: range_within(der, spki.raw),
            outer_algorithm: range_within(der, outer_algorithm.raw),
            signature: range_within(der, signature),
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
    /// file holds: [`pem::decode_certificates`] says what may stand around it, and
    /// [`Strictness::Owner`] what is tolerated.
    ///
    /// # Errors
    /// What [`pem::decode_certificates`] and [`read`](Self::read) refuse, and more than one
    /// certificate.
    pub fn from_owner_file(content: &[u8]) -> Result<Self, Malformed> {
        match pem::decode_certificates(content)?.as_slice() {
            [one] => Self::read(one, Strictness::Owner),
            more => Err(pem::PemError::Blocks { found: more.len() }.into()),
        }
    }

    /// Reads a hardware certificate's text: the certificate, and those in further blocks:
    /// [`Strictness::Hardware`].
    ///
    /// # Errors
    /// What [`pem::decode_several`] and [`read`](Self::read) refuse, of any block.
    pub fn from_hardware_text(text: &[u8]) -> Result<(Self, Vec<Self>), Malformed> {
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

    fn slice_at(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// The whole certificate, as it came.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part, with tag and length.
    pub fn tbs(&self) -> &[u8] {
        self.slice_at(&self.tbs)
    }

    /// The serial number's content octets.
    pub fn serial(&self) -> &[u8] {
        self.slice_at(&self.serial)
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

    /// The algorithm inside the signed part.
    pub fn inner_algorithm(&self) -> &[u8] {
        self.slice_at(&self.inner_algorithm)
    }

    /// The algorithm beside the signature.
    pub fn outer_algorithm(&self) -> &[u8] {
        self.slice_at(&self.outer_algorithm)
    }

    /// The signature's octets.
    pub fn signature(&self) -> &[u8] {
        self.slice_at(&self.signature)
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

    /// Tells whether notBefore is written as a GeneralizedTime, and whether notAfter is.
    pub const fn generalized_times(&self) -> [bool; 2] {
        self.generalized_times
    }

    /// The public key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The extensions; empty in version 1.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The faults that were tolerated when it was read, each once.
    pub fn tolerated_faults(&self) -> &[Fault] {
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

    /// Tells whether `key` made this certificate's signature, by the algorithm that it names
    /// outside.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        super::SignatureAlgorithm::from_der(self.outer_algorithm())
            .is_ok_and(|algorithm| key.verify(algorithm, self.tbs(), self.signature()))
    }
}

/// `[0] EXPLICIT Version DEFAULT v1`: v1 is never written out (X.690 11.5).
fn parse_version(field: Option<Tlv<'_>>, faults: &mut Faults) -> Result<u8, Malformed> {
    let Some(field) = field else { return Ok(1) };
    match parse_single(field.content, tag::INTEGER, WHAT)?.content {
        [1] => Ok(2),
        [2] => Ok(3),
        [0] => faults.note_tolerated(Fault::VersionOne, WHAT).map(|()| 1),
        _ => Err(Malformed::new(format!(
            "{WHAT}: a version other than 1, 2 and 3 (RFC 5280 4.1.2.1)"
        ))),
    }
}

/// 2050-01-01T00:00:00Z: dates before it are UTCTimes (RFC 5280 4.1.2.5).
pub(crate) const GENERALIZED_FROM: Moment = Moment::from_constant(2_524_608_000);

/// The greatest number of a serial number's octets (RFC 5280 4.1.2.2).
pub(crate) const MAX_SERIAL_OCTETS: usize = 20;

/// Of an owner's certificate `check` says the same, as a finding of its own.
fn check_serial_length(serial: &Tlv<'_>) -> Result<(), Malformed> {
    match serial.content.len() {
        ..=MAX_SERIAL_OCTETS => Ok(()),
        found => Err(Malformed::new(format!(
            "{WHAT}: a serial number of {found} octets, expected {MAX_SERIAL_OCTETS} at most (RFC \
             5280 4.1.2.2)"
        ))),
    }
}

fn check_time_form(time: Moment, generalized: bool) -> Result<(), Malformed> {
    if generalized && time < GENERALIZED_FROM {
        return Err(Malformed::new(format!(
            "{WHAT}: {time} as GeneralizedTime, expected UTCTime before 2050 (RFC 5280 4.1.2.5)"
        )));
    }
    Ok(())
}

/// The two times, and whether each is a GeneralizedTime.
fn parse_validity(validity: &Tlv<'_>) -> Result<((Moment, Moment), [bool; 2]), Malformed> {
    let mut times = Reader::new(validity.content, WHAT);
    let (not_before, not_after) = (times.read_any()?, times.read_any()?);
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
fn parse_optional_fields(
    fields: &mut Reader<'_>,
    version: u8,
    faults: &mut Faults,
) -> Result<Extensions, Malformed> {
    for number in [1, 2] {
        if let Some(identifier) = fields.read_optional(tag::context_primitive(number))? {
            super::der::check_bit_string(identifier.content, WHAT)?;
            if version < 2 {
                return Err(Malformed::new(format!(
                    "{WHAT}: a unique identifier in a version 1 certificate (RFC 5280 4.1.2.8)"
                )));
            }
        }
    }
    let Some(wrapper) = fields.read_optional(tag::context_constructed(3))? else {
        return Ok(Extensions::default());
    };
    if version < 3 {
        return Err(Malformed::new(format!(
            "{WHAT}: extensions in a version {version} certificate (RFC 5280 4.1.2.9)"
        )));
    }
    extension::parse(
        &parse_single(wrapper.content, tag::SEQUENCE, WHAT)?,
        ExtensionHolder::Certificate,
        faults,
        WHAT,
    )
}
