//! Certificates and CSRs as they are written, byte for byte what they are told to be: version 1, a
//! serial of any length, names and keys as they are given.

use std::time::Duration;

use der::asn1::{AnyRef, BitStringRef, OctetString, Uint};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{DateTime, Decode as _, Encode, Sequence};
use x509_cert::attr::Attributes;
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::{Time, Validity};

use super::clock::Millis;
use super::ids::random_bytes;
use super::keys::SigningKey;
use super::pem::Pem;

/// CertificationRequestInfo (RFC 2986 4.1).
#[derive(Sequence)]
struct RequestInfo<'a> {
    version: u8,
    subject: AnyRef<'a>,
    spki: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: Attributes,
}

/// Makes a PKCS#10 request, version 1 (the INTEGER is 0), with the empty attributes `[0]` (RFC 2986
/// 4.1).
pub(super) fn make_csr(subject: &[u8], key: &SigningKey) -> Result<Pem, String> {
    let info = RequestInfo {
        version: 0,
        subject: raw(subject)?,
        spki: raw(key.spki())?,
        attributes: Attributes::new(),
    };
    sign_tbs("CERTIFICATE REQUEST", &encoded(&info)?, key)
}

/// A certificate that is to be signed.
pub(super) struct MadeCertificate<'a> {
    pub(super) version_1: bool,
    /// Big-endian.
    pub(super) serial: Vec<u8>,
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    pub(super) not_before: Millis,
    pub(super) not_after: Millis,
    pub(super) spki: &'a [u8],
    pub(super) extensions: Vec<Extension>,
}

/// TBSCertificate (RFC 5280 4.1), its names and its key as they are given. Version 1 is the default
/// and so is not written.
#[derive(Sequence)]
struct CertificateBody<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial: Uint,
    algorithm: AlgorithmIdentifierRef<'a>,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    spki: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

impl MadeCertificate<'_> {
    pub(super) fn signed_by(self, issuer_key: &SigningKey) -> Result<Pem, String> {
        let tbs = CertificateBody {
            version: if self.version_1 {
                Version::V1
            } else {
                Version::V3
            },
            serial: Uint::new(&self.serial).map_err(words)?,
            algorithm: SHA256_WITH_RSA,
            issuer: raw(self.issuer)?,
            validity: Validity::new(time(self.not_before)?, time(self.not_after)?),
            subject: raw(self.subject)?,
            spki: raw(self.spki)?,
            extensions: Some(self.extensions).filter(|extensions| !extensions.is_empty()),
        };
        sign_tbs("CERTIFICATE", &encoded(&tbs)?, issuer_key)
    }
}

/// What certificates and CSRs are alike: a part, the algorithm, and the signature over the part.
#[derive(Sequence)]
struct Signed<'a> {
    part: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

fn sign_tbs(label: &'static str, part: &[u8], key: &SigningKey) -> Result<Pem, String> {
    let signature = key.sign(part)?;
    let signed = Signed {
        part: raw(part)?,
        algorithm: SHA256_WITH_RSA,
        signature: BitStringRef::from_bytes(&signature).map_err(words)?,
    };
    Pem::encode(label, &encoded(&signed)?)
}

const SHA256_WITH_RSA: AlgorithmIdentifierRef<'_> = AlgorithmIdentifierRef {
    oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    parameters: Some(AnyRef::NULL),
};

pub(super) fn words(fault: der::Error) -> String {
    format!("writing a certificate: {fault}")
}

pub(super) fn encoded(value: &impl Encode) -> Result<Vec<u8>, String> {
    value.to_der().map_err(words)
}

/// DER that goes into other DER as it is.
fn raw(der: &[u8]) -> Result<AnyRef<'_>, String> {
    AnyRef::from_der(der).map_err(words)
}

/// Encodes a time: UTCTime to 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5).
fn time(at: Millis) -> Result<Time, String> {
    let last = jiff::Timestamp::MAX.as_millisecond();
    let since = Duration::from_millis(at.clamp(0, last).unsigned_abs());
    let whole_seconds = Duration::from_secs(since.as_secs());
    let moment = DateTime::from_unix_duration(whole_seconds).map_err(words)?;
    Ok(Time::from(moment))
}

fn encode_extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> Result<Extension, String> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(encoded(value)?).map_err(words)?,
    })
}

/// Encodes basicConstraints, not critical, as in genuine roots and hardware certificates.
pub(super) fn basic_constraints(ca: bool) -> Result<Extension, String> {
    let path_len_constraint = None;
    encode_extension(
        false,
        &BasicConstraints {
            ca,
            path_len_constraint,
        },
    )
}

/// What the keys of CAs are for, and the key of a card by AWS's certificate.
pub(super) const SIGNS: [KeyUsages; 2] = [KeyUsages::DigitalSignature, KeyUsages::KeyCertSign];
pub(super) const ENCIPHERS: [KeyUsages; 2] =
    [KeyUsages::DigitalSignature, KeyUsages::KeyEncipherment];

pub(super) fn key_usage(usages: [KeyUsages; 2]) -> Result<Extension, String> {
    let [one, other] = usages;
    encode_extension(true, &KeyUsage::from(one | other))
}

pub(super) fn subject_key_identifier(identifier: &[u8]) -> Result<Extension, String> {
    let identifier = OctetString::new(identifier).map_err(words)?;
    encode_extension(false, &SubjectKeyIdentifier::from(identifier))
}

pub(super) fn authority_key_identifier(identifier: &[u8]) -> Result<Extension, String> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(identifier).map_err(words)?),
        ..AuthorityKeyIdentifier::default()
    };
    encode_extension(false, &value)
}

/// Makes a random serial of `length` octets. Its first bit is set only where the genuine ones have
/// it set (8 octets).
pub(super) fn long_serial(length: usize) -> Result<Vec<u8>, String> {
    let bytes = random_bytes::<20>()?;
    let mut serial: Vec<u8> = bytes.into_iter().take(length).collect();
    if let Some(first) = serial.first_mut() {
        *first = if length == 8 {
            *first | 0x80
        } else {
            (*first & 0x7F) | 0x10
        };
    }
    Ok(serial)
}

#[cfg(test)]
mod tests {
    use der::Tag;
    use der::asn1::Any;

    use super::*;

    #[test]
    fn times_of_certificates_change_their_form_in_2050() {
        for (at, tag, text) in [
            (0, Tag::UtcTime, &b"700101000000Z"[..]),
            (2_524_607_999_000, Tag::UtcTime, b"491231235959Z"),
            (2_524_608_000_000, Tag::GeneralizedTime, b"20500101000000Z"),
        ] {
            let expected = Any::new(tag, text).unwrap().to_der().unwrap();
            assert_eq!(time(at).unwrap().to_der().unwrap(), expected);
        }
    }
}
