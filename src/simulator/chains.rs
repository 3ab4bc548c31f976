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

use serde::{Deserialize, Serialize};
use x509_cert::ext::Extension;

use super::certificate::{decode_blocks, read_certificate};
use super::clock::{DAY, Millis, YEAR};
use super::ids::random_bytes;
use super::issue::{
    ENCIPHERS, MadeCertificate, SIGNS, authority_key_identifier, basic_constraints, key_usage,
    long_serial, make_csr, subject_key_identifier,
};
use super::issued_names::{aws_name, hardware_name, root_name};
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
            Self::Ls1 => root_name([
                "US",
                "California",
                "San Jose",
                "hsmboot simulator, not Cavium",
                "LiquidSecurity",
                "localca.liquidsecurity.simulator.invalid",
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
