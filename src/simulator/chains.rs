//! The certificates of the simulated hardware, in the shape of the genuine ones.
//!
//! Source of every oddity: `facts.md`, "Certificates of real HSMs", read from genuine chains. The version 1 manufacturer
//! certificate, the expired root with its reissue, the owner's `CA:FALSE`, the HSM certificate without any extension and
//! the five attributes in one RDN are all deliberate: a client that gets by without them has not met the real thing.
//! Only the roots' names differ: they say whose they are, so that nobody takes a simulator's chain for a genuine one.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::certificate::Certificate as Read;
use super::clock::{DAY, Millis, YEAR, der_time};
use super::der;
use super::ids::random_bytes;
use super::keys::SigningKey;
use super::pem::Pem;
use super::store::octets;

/// The two roots. The manufacturer's is one name and one key under two certificates.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    #[serde(with = "octets")]
    aws: Vec<u8>,
    #[serde(with = "octets")]
    aws_key_identifier: Vec<u8>,
    #[serde(with = "octets")]
    manufacturer_first: Vec<u8>,
    #[serde(with = "octets")]
    manufacturer_reissue: Vec<u8>,
}

impl Roots {
    /// The root of the AwsHardwareCertificate: version 3, SKI, AKI and basicConstraints, like AWS CloudHSM Root G1. PEM.
    pub fn aws_pem(&self) -> String {
        der::pem("CERTIFICATE", &self.aws)
    }

    /// The manufacturer root's first issue: version 1 and expired for a year, as the genuine one of 2015 is. PEM.
    pub fn manufacturer_pem(&self) -> String {
        der::pem("CERTIFICATE", &self.manufacturer_first)
    }

    /// The manufacturer root's second issue: version 3 and valid, the same name and key as the first. PEM.
    pub fn manufacturer_reissue_pem(&self) -> String {
        der::pem("CERTIFICATE", &self.manufacturer_reissue)
    }

    pub(super) fn make(manufacturer: &SigningKey, aws: &SigningKey, now: Millis) -> Result<Self, String> {
        let name = manufacturer_name();
        let first = Certificate {
            version_1: true,
            serial: long_serial(8)?,
            issuer: &name,
            subject: &name,
            not_before: now.saturating_sub(11 * YEAR),
            not_after: now.saturating_sub(YEAR),
            spki: manufacturer.spki(),
            extensions: Vec::new(),
        };
        let reissue = Certificate {
            version_1: false,
            // The genuine reissue has serial 0, against RFC 5280 4.1.2.2.
            serial: Vec::new(),
            issuer: &name,
            subject: &name,
            not_before: now.saturating_sub(2 * YEAR),
            not_after: now.saturating_add(8 * YEAR),
            spki: manufacturer.spki(),
            extensions: vec![key_usage(0x84, 2), basic_constraints(true)],
        };
        let aws_identifier = aws.identifier();
        let aws_name = aws_name();
        let aws_root = Certificate {
            version_1: false,
            serial: long_serial(8)?,
            issuer: &aws_name,
            subject: &aws_name,
            not_before: now.saturating_sub(5 * YEAR),
            not_after: now.saturating_add(5 * YEAR),
            spki: aws.spki(),
            extensions: vec![subject_key_identifier(&aws_identifier), authority_key_identifier(&aws_identifier), basic_constraints(true)],
        };
        Ok(Self {
            aws: aws_root.signed_by(aws)?,
            manufacturer_first: first.signed_by(manufacturer)?,
            manufacturer_reissue: reissue.signed_by(manufacturer)?,
            aws_key_identifier: aws_identifier,
        })
    }
}

/// Whether a file holds a root certificate as a simulator has written it: by one of the two names that no other root has, to the last character.
pub(super) fn is_a_root(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let written = Base64::decode_vec(&body).is_ok_and(|octets| der::pem("CERTIFICATE", &octets) == text);
    let named = |read: Read| read.issuer == read.subject && [aws_name(), manufacturer_name()].contains(&read.subject);
    written && Read::all_from_pem(text).is_ok_and(|mut found| found.len() == 1 && found.pop().is_some_and(named))
}

/// One card: the piece of hardware whose partitions are HSMs. One key, two certificates.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    name: String,
    aws_certificate: Pem,
    manufacturer_certificate: Pem,
}

impl Card {
    pub(super) fn make(roots: &Roots, manufacturer: &SigningKey, aws: &SigningKey, key: &SigningKey, now: Millis) -> Result<Self, String> {
        // A genuine cluster's CSR names its card by 30 hexadecimal digits.
        let name: String = random_bytes::<15>()?.iter().map(|byte| format!("{byte:02X}")).collect();
        let subject = hardware_name(&format!("HSM:{name}, for FIPS mode"));
        let made = now.saturating_sub(3 * YEAR);
        let by_manufacturer = Certificate {
            version_1: true,
            serial: long_serial(8)?,
            issuer: &manufacturer_name(),
            subject: &subject,
            not_before: made,
            not_after: made.saturating_add(10 * YEAR),
            spki: key.spki(),
            extensions: Vec::new(),
        };
        let bought = made.saturating_add(150 * DAY);
        let by_owner = Certificate {
            version_1: false,
            serial: long_serial(20)?,
            issuer: &aws_name(),
            subject: &subject,
            not_before: bought,
            not_after: bought.saturating_add(7 * YEAR),
            spki: key.spki(),
            extensions: vec![
                basic_constraints(false),
                key_usage(0xA0, 5),
                subject_key_identifier(&key.identifier()),
                authority_key_identifier(&roots.aws_key_identifier),
            ],
        };
        Ok(Self {
            manufacturer_certificate: Pem::new(der::pem("CERTIFICATE", &by_manufacturer.signed_by(manufacturer)?)),
            aws_certificate: Pem::new(der::pem("CERTIFICATE", &by_owner.signed_by(aws)?)),
            name,
        })
    }
}

/// What an HSM can show before its cluster is initialized, as PEM.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) csr: Pem,
    pub(super) hsm: Pem,
    pub(super) aws_hardware: Pem,
    pub(super) manufacturer_hardware: Pem,
    /// The key that the signed certificate must carry.
    #[serde(with = "octets")]
    pub(super) spki: Vec<u8>,
}

impl Identity {
    pub(super) fn make(card: &Card, card_key: &SigningKey, key: &SigningKey, partition: u64, now: Millis) -> Result<Self, String> {
        let issuer = hardware_name(&format!("HSM:{}, for FIPS mode", card.name));
        let subject = hardware_name(&format!("HSM:{}:PARTN:{partition}, for FIPS mode", card.name));
        // A few minutes back, so that a client whose clock is slow does not find it in the future.
        let made = now.saturating_sub(300_000);
        let hsm = Certificate {
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
            csr: Pem::new(der::pem("CERTIFICATE REQUEST", &request(&subject, key)?)),
            hsm: Pem::new(der::pem("CERTIFICATE", &hsm.signed_by(card_key)?)),
            aws_hardware: card.aws_certificate.clone(),
            manufacturer_hardware: card.manufacturer_certificate.clone(),
            spki: key.spki(),
        })
    }
}

/// PKCS#10, version 1 (the INTEGER is 0), with the empty attributes `[0]` (RFC 2986 4.1).
fn request(subject: &[u8], key: &SigningKey) -> Result<Vec<u8>, String> {
    let info = der::sequence(&[&der::integer(&[]), subject, &key.spki(), &der::context(0, &[])]);
    sign(&info, key)
}

struct Certificate<'a> {
    version_1: bool,
    /// Big-endian; empty is zero.
    serial: Vec<u8>,
    issuer: &'a [u8],
    subject: &'a [u8],
    not_before: Millis,
    not_after: Millis,
    spki: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

impl Certificate<'_> {
    /// RFC 5280 4.1. Version 1 is the default and so is not written.
    fn signed_by(&self, issuer_key: &SigningKey) -> Result<Vec<u8>, String> {
        let version = if self.version_1 { Vec::new() } else { der::context(0, &[&der::integer(&[2])]) };
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            let each: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
            der::context(3, &[&der::sequence(&each)])
        };
        let tbs = der::sequence(&[
            &version,
            &der::integer(&self.serial),
            &sha256_with_rsa(),
            self.issuer,
            &der::sequence(&[&der_time(self.not_before), &der_time(self.not_after)]),
            self.subject,
            &self.spki,
            &extensions,
        ]);
        sign(&tbs, issuer_key)
    }
}

fn sign(to_be_signed: &[u8], key: &SigningKey) -> Result<Vec<u8>, String> {
    Ok(der::sequence(&[to_be_signed, &sha256_with_rsa(), &der::bit_string(&key.sign(to_be_signed)?)]))
}

fn sha256_with_rsa() -> Vec<u8> {
    der::sequence(&[&der::oid(der::SHA256_WITH_RSA), &der::null()])
}

fn attribute(kind: der::Oid, value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), value])
}

/// A name of single-attribute RDNs, as the roots have.
fn plain_name(attributes: &[Vec<u8>]) -> Vec<u8> {
    let rdns: Vec<Vec<u8>> = attributes.iter().map(|one| der::set_of(vec![one.clone()])).collect();
    let parts: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
    der::sequence(&parts)
}

fn manufacturer_name() -> Vec<u8> {
    plain_name(&[
        attribute(der::COUNTRY, &der::printable("US")),
        attribute(der::STATE, &der::utf8("California")),
        attribute(der::LOCALITY, &der::utf8("San Jose")),
        attribute(der::ORGANIZATION, &der::utf8("hsmboot simulator, not Cavium")),
        attribute(der::ORGANIZATIONAL_UNIT, &der::utf8("LiquidSecurity")),
        attribute(der::COMMON_NAME, &der::utf8("localca.liquidsecurity.simulator.invalid")),
    ])
}

fn aws_name() -> Vec<u8> {
    plain_name(&[
        attribute(der::COUNTRY, &der::printable("US")),
        attribute(der::STATE, &der::utf8("Virginia")),
        attribute(der::LOCALITY, &der::utf8("Herndon")),
        attribute(der::ORGANIZATION, &der::utf8("hsmboot simulator, not AWS")),
        attribute(der::ORGANIZATIONAL_UNIT, &der::utf8("CloudHSM")),
        attribute(der::COMMON_NAME, &der::utf8("Simulated CloudHSM Root G1")),
    ])
}

/// `C=US + ST=CA + O=Cavium + OU=N3FIPS + L=SanJose, CN=…`: five attributes in ONE RDN, as the hardware writes it.
fn hardware_name(common_name: &str) -> Vec<u8> {
    let first = der::set_of(vec![
        attribute(der::COUNTRY, &der::printable("US")),
        attribute(der::STATE, &der::utf8("CA")),
        attribute(der::ORGANIZATION, &der::utf8("Cavium")),
        attribute(der::ORGANIZATIONAL_UNIT, &der::utf8("N3FIPS")),
        attribute(der::LOCALITY, &der::utf8("SanJose")),
    ]);
    let second = der::set_of(vec![attribute(der::COMMON_NAME, &der::utf8(common_name))]);
    der::sequence(&[&first, &second])
}

fn extension(kind: der::Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::boolean_true() } else { Vec::new() };
    der::sequence(&[&der::oid(kind), &critical, &der::octet_string(value)])
}

/// Not critical, in the genuine roots and hardware certificates alike.
fn basic_constraints(ca: bool) -> Vec<u8> {
    let content = if ca { der::boolean_true() } else { Vec::new() };
    extension(der::BASIC_CONSTRAINTS, false, &der::sequence(&[&content]))
}

/// `bits` as the first octet of the BIT STRING, of which the last `unused` are not there (RFC 5280 4.2.1.3).
fn key_usage(bits: u8, unused: u8) -> Vec<u8> {
    extension(der::KEY_USAGE, true, &der::element(0x03, &[&[unused, bits]]))
}

fn subject_key_identifier(identifier: &[u8]) -> Vec<u8> {
    extension(der::SUBJECT_KEY_IDENTIFIER, false, &der::octet_string(identifier))
}

fn authority_key_identifier(identifier: &[u8]) -> Vec<u8> {
    let value = der::sequence(&[&der::element(0x80, &[identifier])]);
    extension(der::AUTHORITY_KEY_IDENTIFIER, false, &value)
}

/// A random serial of `length` octets whose first bit is set where the genuine ones have it (8 octets), else not.
fn long_serial(length: usize) -> Result<Vec<u8>, String> {
    let bytes = random_bytes::<20>()?;
    let mut serial: Vec<u8> = bytes.into_iter().take(length).collect();
    if let Some(first) = serial.first_mut() {
        *first = if length == 8 { *first | 0x80 } else { (*first & 0x7F) | 0x10 };
    }
    Ok(serial)
}
