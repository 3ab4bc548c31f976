//! The certificates of the simulated hardware, in the shape of the genuine ones.
//!
//! Chains of hsm1.medium copy genuine ones of that hardware. The version 1 manufacturer
//! certificate, the expired root with its reissue, the owner's `CA:FALSE`, the HSM certificate
//! without any extension and the five attributes in one RDN are all deliberate: a client that never
//! meets them has not been tested against the real thing. For hsm2m.medium no genuine chain was
//! available: its root is shaped like one of another customer of the maker, its cards are CAs
//! because `openssl verify` takes genuine ones on both sides, and the rest is inferred. So are the
//! names of NON_FIPS mode. The roots' own names differ from genuine ones and name the simulator, so
//! that nobody takes a simulator's chain for a genuine one.

use std::time::Duration;

use der::asn1::{Any, AnyRef, BitStringRef, OctetString, Uint};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::{DateTime, Decode as _, Encode, Sequence, Tag};
use serde::{Deserialize, Serialize};
use x509_cert::attr::{AttributeTypeAndValue, Attributes};
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::{Time, Validity};

use super::certificate::{decode_blocks, read_certificate};
use super::clock::{DAY, Millis, YEAR};
use super::ids::random_bytes;
use super::keys::{KEY_BITS, LS2_ROOT_BITS, SigningKey};
use super::octets;
use super::pem::Pem;

/// The owner of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RootAuthority {
    Aws,
    /// AWS in "AWS GovCloud (US)", which has a root of its own.
    AwsUsGov,
    /// LiquidSecurity, the hardware under hsm1.medium.
    Ls1,
    /// LiquidSecurity 2, the hardware under hsm2m.medium.
    Ls2,
}

impl RootAuthority {
    pub(super) const ALL: [Self; 4] = [Self::Aws, Self::AwsUsGov, Self::Ls1, Self::Ls2];

    /// Returns the root's subject. It says that the root is a simulator's.
    fn name(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Aws => aws_name("Simulated CloudHSM Root G1"),
            Self::AwsUsGov => aws_name("Simulated US GOV CloudHSM Root G1"),
            Self::Ls1 => plain_name([
                (COUNTRY, "US"),
                (STATE, "California"),
                (LOCALITY, "San Jose"),
                (ORGANIZATION, "hsmboot simulator, not Cavium"),
                (ORGANIZATIONAL_UNIT, "LiquidSecurity"),
                (COMMON_NAME, "localca.liquidsecurity.simulator.invalid"),
            ]),
            // Five attributes in the first RDN, as another customer's root of this hardware has
            // them.
            Self::Ls2 => hardware_name(
                "hsmboot simulator, not Marvell",
                "SSBU",
                "mrvl-ls2-root-AR-v1.simulator.invalid",
            ),
        }
    }

    pub(super) const fn key_bits(self) -> usize {
        match self {
            Self::Ls2 => LS2_ROOT_BITS,
            Self::Aws | Self::AwsUsGov | Self::Ls1 => KEY_BITS,
        }
    }
}

/// A root: one name and one key, under one certificate or two.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    first: Pem,
    reissue: Option<Pem>,
}

impl Root {
    pub(super) fn to_pem(&self) -> String {
        self.first.to_string()
    }

    /// Returns the second issue of LiquidSecurity's root.
    pub(super) fn reissue_pem(&self) -> Option<String> {
        self.reissue.as_ref().map(|pem| pem.to_string())
    }

    pub(super) fn make_root(
        authority: RootAuthority,
        key: &SigningKey,
        now: Millis,
    ) -> Result<Self, String> {
        let name = authority.name()?;
        let issue = |version_1: bool,
                     serial: Vec<u8>,
                     (from, to): (Millis, Millis),
                     extensions: Vec<Extension>| {
            let (not_before, not_after) = (now.saturating_add(from), now.saturating_add(to));
            let certificate = MadeCertificate {
                version_1,
                serial,
                issuer: &name,
                subject: &name,
                not_before,
                not_after,
                spki: key.spki(),
                extensions,
            };
            certificate.signed_by(key)
        };
        // The genuine ones have serial 0, against RFC 5280 4.1.2.2; these extensions, and dates
        // about these.
        let later = || {
            let extensions = vec![key_usage(SIGNS)?, basic_constraints(true)?];
            issue(false, vec![0], (-2 * YEAR, 8 * YEAR), extensions)
        };
        match authority {
            RootAuthority::Aws | RootAuthority::AwsUsGov => {
                let identifier = key.key_identifier();
                let extensions = vec![
                    subject_key_identifier(&identifier)?,
                    authority_key_identifier(&identifier)?,
                    basic_constraints(true)?,
                ];
                Ok(Self {
                    first: issue(false, long_serial(8)?, (-5 * YEAR, 5 * YEAR), extensions)?,
                    reissue: None,
                })
            }
            // The first issue is of version 1 and expired for a year.
            RootAuthority::Ls1 => Ok(Self {
                first: issue(true, long_serial(8)?, (-11 * YEAR, -YEAR), Vec::new())?,
                reissue: Some(later()?),
            }),
            RootAuthority::Ls2 => Ok(Self {
                first: later()?,
                reissue: None,
            }),
        }
    }
}

/// The kind of hardware that an HSM is a partition of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HardwareMake {
    /// True for LiquidSecurity 2.
    pub(super) ls2: bool,
    pub(super) fips: bool,
    /// True in AWS GovCloud (US).
    pub(super) us_gov: bool,
}

impl HardwareMake {
    /// Every make.
    pub(super) const ALL: [Self; 8] = [
        Self::from_flags(false, true, false),
        Self::from_flags(true, true, false),
        Self::from_flags(false, false, false),
        Self::from_flags(true, false, false),
        Self::from_flags(false, true, true),
        Self::from_flags(true, true, true),
        Self::from_flags(false, false, true),
        Self::from_flags(true, false, true),
    ];

    const fn from_flags(ls2: bool, fips: bool, us_gov: bool) -> Self {
        Self { ls2, fips, us_gov }
    }

    pub(super) fn aws_authority(self) -> RootAuthority {
        if self.us_gov {
            RootAuthority::AwsUsGov
        } else {
            RootAuthority::Aws
        }
    }

    pub(super) fn manufacturer_authority(self) -> RootAuthority {
        if self.ls2 {
            RootAuthority::Ls2
        } else {
            RootAuthority::Ls1
        }
    }

    /// Returns the subject of a card, or of a partition of it.
    ///
    /// Read from genuine certificates for hsm1.medium in FIPS mode; inferred for the rest.
    fn name(self, device: &str) -> Result<Vec<u8>, String> {
        let common = format!(
            "HSM:{device}, for {} mode",
            if self.fips { "FIPS" } else { "non-FIPS" }
        );
        if self.ls2 {
            hardware_name("Marvell", "LS2", &common)
        } else {
            hardware_name("Cavium", "N3FIPS", &common)
        }
    }
}

/// Tells whether a file holds exactly a root certificate that a simulator has written. Its name is
/// one that no other root has.
pub(super) fn is_simulated_root(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else {
        return false;
    };
    let Ok([octets]) = decode_blocks(text).map(<[_; 1]>::try_from).and_then(|one| {
        // Several are none that a simulator has written.
        one.map_err(|_| String::new())
    }) else {
        return false;
    };
    Pem::encode("CERTIFICATE", &octets).is_ok_and(|written| *written == *text)
        && read_certificate(&octets).is_ok_and(|read| {
            let named = |authority: &RootAuthority| {
                authority
                    .name()
                    .is_ok_and(|name| name == read.subject.as_raw())
            };
            read.issuer.as_raw() == read.subject.as_raw() && RootAuthority::ALL.iter().any(named)
        })
}

/// A card: the piece of hardware whose partitions are HSMs. It has one key and two certificates.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    name: String,
    aws_certificate: Pem,
    manufacturer_certificate: Pem,
}

impl Card {
    pub(super) fn make_card(
        make: HardwareMake,
        manufacturer: &SigningKey,
        aws: &SigningKey,
        key: &SigningKey,
        now: Millis,
    ) -> Result<Self, String> {
        // A genuine cluster's CSR names its card by 30 hexadecimal digits.
        let name: String = random_bytes::<15>()?
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let subject = make.name(&name)?;
        let made = now.saturating_sub(3 * YEAR);
        let by_manufacturer = MadeCertificate {
            version_1: !make.ls2,
            serial: long_serial(8)?,
            issuer: &make.manufacturer_authority().name()?,
            subject: &subject,
            not_before: made,
            not_after: made.saturating_add(10 * YEAR),
            spki: key.spki(),
            // A card of LiquidSecurity 2 is a CA on both sides: `openssl verify` has been seen to
            // take both.
            extensions: if make.ls2 {
                vec![key_usage(SIGNS)?, basic_constraints(true)?]
            } else {
                Vec::new()
            },
        };
        let bought = made.saturating_add(150 * DAY);
        let by_owner = MadeCertificate {
            version_1: false,
            serial: long_serial(20)?,
            issuer: &make.aws_authority().name()?,
            subject: &subject,
            not_before: bought,
            not_after: bought.saturating_add(7 * YEAR),
            spki: key.spki(),
            extensions: vec![
                basic_constraints(make.ls2)?,
                key_usage(if make.ls2 { SIGNS } else { ENCIPHERS })?,
                subject_key_identifier(&key.key_identifier())?,
                authority_key_identifier(&aws.key_identifier())?,
            ],
        };
        Ok(Self {
            manufacturer_certificate: by_manufacturer.signed_by(manufacturer)?,
            aws_certificate: by_owner.signed_by(aws)?,
            name,
        })
    }
}

/// The certificates and the CSR that an HSM shows before its cluster is initialized, as PEM.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulatedIdentity {
    pub(super) csr: Pem,
    pub(super) hsm: Pem,
    pub(super) aws_hardware: Pem,
    pub(super) manufacturer_hardware: Pem,
    /// The key that the signed certificate must carry.
    #[serde(with = "octets")]
    pub(super) spki: Vec<u8>,
}

impl SimulatedIdentity {
    pub(super) fn make_identity(
        make: HardwareMake,
        card: &Card,
        card_key: &SigningKey,
        key: &SigningKey,
        partition: u64,
        now: Millis,
    ) -> Result<Self, String> {
        let issuer = make.name(&card.name)?;
        let subject = make.name(&format!("{}:PARTN:{partition}", card.name))?;
        // A few minutes back, so that a client whose clock is slow does not find it in the future.
        let made = now.saturating_sub(300_000);
        let hsm = MadeCertificate {
            version_1: false,
            serial: vec![1],
            issuer: &issuer,
            subject: &subject,
            not_before: made,
            not_after: made.saturating_add(10 * YEAR),
            spki: key.spki(),
            extensions: Vec::new(),
        };
        Ok(Self {
            csr: make_csr(&subject, key)?,
            hsm: hsm.signed_by(card_key)?,
            aws_hardware: card.aws_certificate.clone(),
            manufacturer_hardware: card.manufacturer_certificate.clone(),
            spki: key.spki().to_vec(),
        })
    }
}

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
fn make_csr(subject: &[u8], key: &SigningKey) -> Result<Pem, String> {
    let info = RequestInfo {
        version: 0,
        subject: raw(subject)?,
        spki: raw(key.spki())?,
        attributes: Attributes::new(),
    };
    sign_tbs("CERTIFICATE REQUEST", &encoded(&info)?, key)
}

struct MadeCertificate<'a> {
    version_1: bool,
    /// Big-endian.
    serial: Vec<u8>,
    issuer: &'a [u8],
    subject: &'a [u8],
    not_before: Millis,
    not_after: Millis,
    spki: &'a [u8],
    extensions: Vec<Extension>,
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
    fn signed_by(self, issuer_key: &SigningKey) -> Result<Pem, String> {
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

fn words(fault: der::Error) -> String {
    format!("writing a certificate: {fault}")
}

fn encoded(value: &impl Encode) -> Result<Vec<u8>, String> {
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

const COUNTRY: &str = "2.5.4.6";
const STATE: &str = "2.5.4.8";
const LOCALITY: &str = "2.5.4.7";
const ORGANIZATION: &str = "2.5.4.10";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";
const COMMON_NAME: &str = "2.5.4.3";

/// An attribute's type and its text.
type Attribute<'a> = (&'static str, &'a str);

/// A RelativeDistinguishedName of these attributes, in the order that DER wants (X.690 11.6).
fn rdn(attributes: &[Attribute<'_>]) -> Result<RelativeDistinguishedName, String> {
    let attributes = attributes.iter().map(|(kind, text)| {
        // A country is a PrintableString (X.520 6.3.1).
        let tag = if *kind == COUNTRY {
            Tag::PrintableString
        } else {
            Tag::Utf8String
        };
        Ok(AttributeTypeAndValue {
            oid: ObjectIdentifier::new(kind).map_err(|fault| format!("naming: {fault}"))?,
            value: Any::new(tag, text.as_bytes()).map_err(words)?,
        })
    });
    let attributes = attributes.collect::<Result<Vec<_>, String>>()?;
    RelativeDistinguishedName::try_from(attributes).map_err(words)
}

/// Encodes a name of single-attribute RDNs, as the roots have.
fn plain_name(attributes: [Attribute<'_>; 6]) -> Result<Vec<u8>, String> {
    let rdns = attributes.map(|attribute| rdn(&[attribute]));
    encoded(&RdnSequence::from(
        rdns.into_iter().collect::<Result<Vec<_>, _>>()?,
    ))
}

fn aws_name(common_name: &str) -> Result<Vec<u8>, String> {
    plain_name([
        (COUNTRY, "US"),
        (STATE, "Virginia"),
        (LOCALITY, "Herndon"),
        (ORGANIZATION, "hsmboot simulator, not AWS"),
        (ORGANIZATIONAL_UNIT, "CloudHSM"),
        (COMMON_NAME, common_name),
    ])
}

/// Encodes `C=US + ST=CA + O=… + OU=… + L=SanJose, CN=…`: five attributes in ONE RDN, as the
/// hardware writes it.
fn hardware_name(organization: &str, unit: &str, common_name: &str) -> Result<Vec<u8>, String> {
    let first = rdn(&[
        (COUNTRY, "US"),
        (STATE, "CA"),
        (ORGANIZATION, organization),
        (ORGANIZATIONAL_UNIT, unit),
        (LOCALITY, "SanJose"),
    ])?;
    let second = rdn(&[(COMMON_NAME, common_name)])?;
    encoded(&RdnSequence::from(vec![first, second]))
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
fn basic_constraints(ca: bool) -> Result<Extension, String> {
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
const SIGNS: [KeyUsages; 2] = [KeyUsages::DigitalSignature, KeyUsages::KeyCertSign];
const ENCIPHERS: [KeyUsages; 2] = [KeyUsages::DigitalSignature, KeyUsages::KeyEncipherment];

fn key_usage(usages: [KeyUsages; 2]) -> Result<Extension, String> {
    let [one, other] = usages;
    encode_extension(true, &KeyUsage::from(one | other))
}

fn subject_key_identifier(identifier: &[u8]) -> Result<Extension, String> {
    let identifier = OctetString::new(identifier).map_err(words)?;
    encode_extension(false, &SubjectKeyIdentifier::from(identifier))
}

fn authority_key_identifier(identifier: &[u8]) -> Result<Extension, String> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(identifier).map_err(words)?),
        ..AuthorityKeyIdentifier::default()
    };
    encode_extension(false, &value)
}

/// Makes a random serial of `length` octets. Its first bit is set only where the genuine ones have
/// it set (8 octets).
fn long_serial(length: usize) -> Result<Vec<u8>, String> {
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
