//! The certificates of the simulated hardware, in the shape of the genuine ones.
//!
//! Chains of hsm1.medium are as genuine ones of that hardware were read. The version 1 manufacturer
//! certificate, the expired root with its reissue, the owner's `CA:FALSE`, the HSM certificate
//! without any extension and the five attributes in one RDN are all deliberate: a client that gets
//! by without them has not met the real thing. Of hsm2m.medium no genuine chain has been at hand:
//! its root is shaped as one of another customer of the maker, its cards are CAs because
//! `openssl verify` takes genuine ones on both sides, and the rest is inferred. So are the names of
//! NON_FIPS mode. The roots' own names differ from genuine ones: they say whose they are, so that
//! nobody takes a simulator's chain for a genuine one.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::certificate::Certificate as Read;
use super::clock::{DAY, Millis, YEAR, der_time};
use super::der;
use super::ids::random_bytes;
use super::keys::{BITS, LS2_ROOT_BITS, SigningKey};
use super::pem::Pem;
use super::store::octets;

/// Whose root it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    Aws,
    /// "AWS GovCloud (US)" has a root of its own.
    AwsUsGov,
    /// LiquidSecurity, the hardware under hsm1.medium.
    Ls1,
    /// LiquidSecurity 2, the hardware under hsm2m.medium.
    Ls2,
}

impl Authority {
    pub(super) const ALL: [Self; 4] = [Self::Aws, Self::AwsUsGov, Self::Ls1, Self::Ls2];

    /// The root's subject. It says that it is a simulator's.
    fn name(self) -> Vec<u8> {
        match self {
            Self::Aws => aws_name("Simulated CloudHSM Root G1"),
            Self::AwsUsGov => aws_name("Simulated US GOV CloudHSM Root G1"),
            Self::Ls1 => plain_name(&[
                attribute(der::COUNTRY, &der::printable("US")),
                attribute(der::STATE, &der::utf8("California")),
                attribute(der::LOCALITY, &der::utf8("San Jose")),
                attribute(
                    der::ORGANIZATION,
                    &der::utf8("hsmboot simulator, not Cavium"),
                ),
                attribute(der::ORGANIZATIONAL_UNIT, &der::utf8("LiquidSecurity")),
                attribute(
                    der::COMMON_NAME,
                    &der::utf8("localca.liquidsecurity.simulator.invalid"),
                ),
            ]),
            // Five attributes in the first RDN, as another customer's root of this hardware has
            // them.
            Self::Ls2 => five_and_one(
                "hsmboot simulator, not Marvell",
                "SSBU",
                "mrvl-ls2-root-AR-v1.simulator.invalid",
            ),
        }
    }

    pub(super) const fn key_bits(self) -> usize {
        match self {
            Self::Ls2 => LS2_ROOT_BITS,
            Self::Aws | Self::AwsUsGov | Self::Ls1 => BITS,
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
    pub(super) fn pem(&self) -> String {
        self.first.to_string()
    }

    /// The second issue of LiquidSecurity's root.
    pub(super) fn reissue_pem(&self) -> Option<String> {
        self.reissue.as_ref().map(|pem| pem.to_string())
    }

    pub(super) fn make(
        authority: Authority,
        key: &SigningKey,
        now: Millis,
    ) -> Result<Self, String> {
        let name = authority.name();
        let issue = |version_1: bool,
                     serial: Vec<u8>,
                     (from, to): (Millis, Millis),
                     extensions: Vec<Vec<u8>>| {
            let (not_before, not_after) = (now.saturating_add(from), now.saturating_add(to));
            let certificate = Certificate {
                version_1,
                serial,
                issuer: &name,
                subject: &name,
                not_before,
                not_after,
                spki: key.spki(),
                extensions,
            };
            certificate
                .signed_by(key)
                .map(|octets| Pem::new(der::pem("CERTIFICATE", &octets)))
        };
        // The genuine ones have serial 0, against RFC 5280 4.1.2.2; these extensions, and dates
        // about these.
        let signs = || vec![key_usage(0x84, 2), basic_constraints(true)];
        let later = |_: ()| issue(false, Vec::new(), (-2 * YEAR, 8 * YEAR), signs());
        match authority {
            Authority::Aws | Authority::AwsUsGov => {
                let identifier = key.identifier();
                let extensions = vec![
                    subject_key_identifier(&identifier),
                    authority_key_identifier(&identifier),
                    basic_constraints(true),
                ];
                Ok(Self {
                    first: issue(false, long_serial(8)?, (-5 * YEAR, 5 * YEAR), extensions)?,
                    reissue: None,
                })
            }
            // The first issue is of version 1 and expired for a year.
            Authority::Ls1 => Ok(Self {
                first: issue(true, long_serial(8)?, (-11 * YEAR, -YEAR), Vec::new())?,
                reissue: Some(later(())?),
            }),
            Authority::Ls2 => Ok(Self {
                first: later(())?,
                reissue: None,
            }),
        }
    }
}

/// What hardware an HSM is a partition of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Make {
    /// Of LiquidSecurity 2.
    pub(super) ls2: bool,
    pub(super) fips: bool,
    /// In AWS GovCloud (US).
    pub(super) us_gov: bool,
}

impl Make {
    /// Every make.
    pub(super) const ALL: [Self; 8] = {
        let (ls1, ls2) = (
            Self {
                ls2: false,
                fips: true,
                us_gov: false,
            },
            Self {
                ls2: true,
                fips: true,
                us_gov: false,
            },
        );
        [
            ls1,
            ls2,
            Self { fips: false, ..ls1 },
            Self { fips: false, ..ls2 },
            Self {
                us_gov: true,
                ..ls1
            },
            Self {
                us_gov: true,
                ..ls2
            },
            Self {
                fips: false,
                us_gov: true,
                ..ls1
            },
            Self {
                fips: false,
                us_gov: true,
                ..ls2
            },
        ]
    };

    pub(super) fn aws(self) -> Authority {
        if self.us_gov {
            Authority::AwsUsGov
        } else {
            Authority::Aws
        }
    }

    pub(super) fn manufacturer(self) -> Authority {
        if self.ls2 {
            Authority::Ls2
        } else {
            Authority::Ls1
        }
    }

    /// The subject of a card, or of a partition of it.
    ///
    /// Read from genuine certificates for hsm1.medium in FIPS mode; inferred for the rest.
    fn name(self, device: &str) -> Vec<u8> {
        let common = format!(
            "HSM:{device}, for {} mode",
            if self.fips { "FIPS" } else { "non-FIPS" }
        );
        if self.ls2 {
            five_and_one("Marvell", "LS2", &common)
        } else {
            five_and_one("Cavium", "N3FIPS", &common)
        }
    }
}

/// Whether a file holds a root certificate as a simulator has written it: by a name that no other
/// root has, to the last character.
pub(super) fn is_a_root(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else {
        return false;
    };
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let written =
        Base64::decode_vec(&body).is_ok_and(|octets| der::pem("CERTIFICATE", &octets) == text);
    let named = |read: Read| {
        read.issuer == read.subject
            && Authority::ALL
                .iter()
                .any(|authority| authority.name() == read.subject)
    };
    written
        && Read::all_from_pem(text)
            .is_ok_and(|mut found| found.len() == 1 && found.pop().is_some_and(named))
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
    pub(super) fn make(
        make: Make,
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
        let subject = make.name(&name);
        let made = now.saturating_sub(3 * YEAR);
        let by_manufacturer = Certificate {
            version_1: !make.ls2,
            serial: long_serial(8)?,
            issuer: &make.manufacturer().name(),
            subject: &subject,
            not_before: made,
            not_after: made.saturating_add(10 * YEAR),
            spki: key.spki(),
            // A card of LiquidSecurity 2 is a CA on both sides: `openssl verify` has been seen to
            // take both.
            extensions: if make.ls2 {
                vec![key_usage(0x84, 2), basic_constraints(true)]
            } else {
                Vec::new()
            },
        };
        let bought = made.saturating_add(150 * DAY);
        let by_owner = Certificate {
            version_1: false,
            serial: long_serial(20)?,
            issuer: &make.aws().name(),
            subject: &subject,
            not_before: bought,
            not_after: bought.saturating_add(7 * YEAR),
            spki: key.spki(),
            extensions: vec![
                basic_constraints(make.ls2),
                if make.ls2 {
                    key_usage(0x84, 2)
                } else {
                    key_usage(0xA0, 5)
                },
                subject_key_identifier(&key.identifier()),
                authority_key_identifier(&aws.identifier()),
            ],
        };
        Ok(Self {
            manufacturer_certificate: Pem::new(der::pem(
                "CERTIFICATE",
                &by_manufacturer.signed_by(manufacturer)?,
            )),
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
    pub(super) fn make(
        make: Make,
        card: &Card,
        card_key: &SigningKey,
        key: &SigningKey,
        partition: u64,
        now: Millis,
    ) -> Result<Self, String> {
        let issuer = make.name(&card.name);
        let subject = make.name(&format!("{}:PARTN:{partition}", card.name));
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
    let info = der::sequence(&[
        &der::integer(&[]),
        subject,
        &key.spki(),
        &der::context(0, &[]),
    ]);
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
        let version = if self.version_1 {
            Vec::new()
        } else {
            der::context(0, &[&der::integer(&[2])])
        };
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
    Ok(der::sequence(&[
        to_be_signed,
        &sha256_with_rsa(),
        &der::bit_string(&key.sign(to_be_signed)?),
    ]))
}

fn sha256_with_rsa() -> Vec<u8> {
    der::sequence(&[&der::oid(der::SHA256_WITH_RSA), &der::null()])
}

fn attribute(kind: der::Oid, value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), value])
}

/// A name of single-attribute RDNs, as the roots have.
fn plain_name(attributes: &[Vec<u8>]) -> Vec<u8> {
    let rdns: Vec<Vec<u8>> = attributes
        .iter()
        .map(|one| der::set_of(vec![one.clone()]))
        .collect();
    let parts: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
    der::sequence(&parts)
}

fn aws_name(common_name: &str) -> Vec<u8> {
    plain_name(&[
        attribute(der::COUNTRY, &der::printable("US")),
        attribute(der::STATE, &der::utf8("Virginia")),
        attribute(der::LOCALITY, &der::utf8("Herndon")),
        attribute(der::ORGANIZATION, &der::utf8("hsmboot simulator, not AWS")),
        attribute(der::ORGANIZATIONAL_UNIT, &der::utf8("CloudHSM")),
        attribute(der::COMMON_NAME, &der::utf8(common_name)),
    ])
}

/// `C=US + ST=CA + O=… + OU=… + L=SanJose, CN=…`: five attributes in ONE RDN, as the hardware
/// writes it.
fn five_and_one(organization: &str, unit: &str, common_name: &str) -> Vec<u8> {
    let first = der::set_of(vec![
        attribute(der::COUNTRY, &der::printable("US")),
        attribute(der::STATE, &der::utf8("CA")),
        attribute(der::ORGANIZATION, &der::utf8(organization)),
        attribute(der::ORGANIZATIONAL_UNIT, &der::utf8(unit)),
        attribute(der::LOCALITY, &der::utf8("SanJose")),
    ]);
    let second = der::set_of(vec![attribute(der::COMMON_NAME, &der::utf8(common_name))]);
    der::sequence(&[&first, &second])
}

fn extension(kind: der::Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        der::boolean_true()
    } else {
        Vec::new()
    };
    der::sequence(&[&der::oid(kind), &critical, &der::octet_string(value)])
}

/// Not critical, in the genuine roots and hardware certificates alike.
fn basic_constraints(ca: bool) -> Vec<u8> {
    let content = if ca { der::boolean_true() } else { Vec::new() };
    extension(der::BASIC_CONSTRAINTS, false, &der::sequence(&[&content]))
}

/// `bits` as the first octet of the BIT STRING, of which the last `unused` are not there (RFC 5280
/// 4.2.1.3).
fn key_usage(bits: u8, unused: u8) -> Vec<u8> {
    extension(
        der::KEY_USAGE,
        true,
        &der::element(0x03, &[&[unused, bits]]),
    )
}

fn subject_key_identifier(identifier: &[u8]) -> Vec<u8> {
    extension(
        der::SUBJECT_KEY_IDENTIFIER,
        false,
        &der::octet_string(identifier),
    )
}

fn authority_key_identifier(identifier: &[u8]) -> Vec<u8> {
    let value = der::sequence(&[&der::element(0x80, &[identifier])]);
    extension(der::AUTHORITY_KEY_IDENTIFIER, false, &value)
}

/// A random serial of `length` octets whose first bit is set where the genuine ones have it (8
/// octets), else not.
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
