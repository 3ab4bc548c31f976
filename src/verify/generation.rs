//! The generation of hardware that a cluster has, and the published root that its chains need and
//! that is not built in. For hints and headlines: no verdict depends on anything here.
//!
//! A root named here is *not* an anchor. Nobody here has seen it; whoever downloads it and gives it
//! with an option makes it one.

use serde::Serialize;

use super::anchors::Anchors;
use super::checks::CheckId;
use super::{Anchor, Record, Source};
use crate::checks::{Side, Status};
use crate::outside::Lines;

/// A generation of the manufacturer's hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// LiquidSecurity, under hsm1.medium.
    Ls1,
    /// LiquidSecurity 2, under hsm2m.medium.
    Ls2,
}

impl Generation {
    /// Finds the generation of a cluster's HsmType; `None` for one that is not known.
    pub fn of_hsm_type(hsm_type: &str) -> Option<Self> {
        match hsm_type {
            "hsm1.medium" => Some(Generation::Ls1),
            "hsm2m.medium" => Some(Generation::Ls2),
            _ => None,
        }
    }
}

/// A root that AWS's guide names, and that is not built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedRoot {
    /// The side whose chain ends in it.
    pub side: Side,
    /// The hardware, or the regions, whose root it is.
    pub of: &'static str,
    /// The file, where its name is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'static str>,
    /// Its CN, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<&'static str>,
    /// The page that leads to it.
    pub page: &'static str,
    /// The archive that it lies in.
    pub archive: &'static str,
    /// True where the download needs a browser: scripts are refused.
    pub browser: bool,
    /// The option that gives it.
    pub option: &'static str,
}

/// The manufacturer's root of hsm2m.medium (AWS CloudHSM User Guide, Verify HSM Identity; the CN by
/// a third party's record of a real cluster, 2026).
pub const LS2_MANUFACTURER_ROOT: PublishedRoot = PublishedRoot {
    side: Side::Manufacturer,
    of: "hsm2m.medium (LiquidSecurity 2)",
    file: Some("mrvl-rsa-LS2-AR-v1.crt"),
    common_name: Some("mrvl-ls2-root-AR-v1"),
    page: "https://www.marvell.com/products/security-solutions/nitrox-hs-adapters/liquidsecurity2-c\
           ertificate-ls2-g-axxx-ar-f-bo-v1.html",
    archive: "https://www.marvell.com/content/dam/marvell/en/public-collateral/security-solutions/l\
              iquidsecurity2_ar_v1.zip",
    browser: true,
    option: "--manufacturer-root",
};

/// AWS's root in the GovCloud regions (AWS GovCloud (US) User Guide, AWS CloudHSM: "AWS CloudHSM
/// Root Certificate", which names the archive; the page is the one that it refers to). What the
/// file in the archive is called is said nowhere.
pub const GOVCLOUD_AWS_ROOT: PublishedRoot = PublishedRoot {
    side: Side::Aws,
    of: "the AWS GovCloud (US) regions",
    file: None,
    common_name: None,
    page: "https://docs.aws.amazon.com/cloudhsm/latest/userguide/verify-hsm-identity.html",
    archive: "https://docs.aws.amazon.com/cloudhsm/latest/userguide/samples/AWS_US_GOV_CloudHSM_Roo\
              t-G1.zip",
    browser: false,
    option: "--aws-root",
};

impl PublishedRoot {
    /// Returns the name of what is downloaded: the file, or the archive where no more is known.
    pub fn download_name(&self) -> &'static str {
        self.file
            .unwrap_or_else(|| self.archive.rsplit('/').next().unwrap_or(self.archive))
    }

    /// The file in a command; where its name is not known, what stands for it.
    pub fn file_word(&self) -> &'static str {
        self.file.unwrap_or("FILE")
    }
}

/// The facts that are known of a cluster besides its certificates: data from outside, for hints
/// alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hardware<'a> {
    /// Its HsmType.
    pub hsm_type: Option<&'a str>,
    /// Its region.
    pub region: Option<&'a str>,
}

impl Hardware<'_> {
    /// The root that this cluster's chain of a side is published to end in, where it is not built
    /// in.
    fn published_root(self, side: Side) -> Option<&'static PublishedRoot> {
        match side {
            Side::Manufacturer => {
                let generation = self.hsm_type.and_then(Generation::of_hsm_type);
                (generation == Some(Generation::Ls2)).then_some(&LS2_MANUFACTURER_ROOT)
            }
            Side::Aws => self
                .region
                .is_some_and(|region| region.starts_with("us-gov-"))
                .then_some(&GOVCLOUD_AWS_ROOT),
        }
    }

    /// The roots that have to be given for this cluster, and were not: those of the sides that have
    /// built-in anchors alone.
    pub fn roots_needed(self, anchors: &Anchors) -> Vec<&'static PublishedRoot> {
        let built_in = |anchor: &Anchor| *anchor.source() == Source::BuiltIn;
        Side::ALL
            .into_iter()
            .filter(|side| anchors.of_side(*side).iter().all(built_in))
            .filter_map(|side| self.published_root(side))
            .collect()
    }

    /// The root that the chain of a side of a judged bundle is published to end in: by the name of
    /// what issued it, or by what is known of the cluster.
    pub(super) fn root_of(self, record: &Record, side: Side) -> Option<&'static PublishedRoot> {
        let [aws, manufacturer] = &record.terms.ends;
        let issuer = side.select_from([aws, manufacturer]).as_deref();
        let named = side == Side::Manufacturer
            && issuer.is_some()
            && issuer == LS2_MANUFACTURER_ROOT.common_name;
        if named {
            Some(&LS2_MANUFACTURER_ROOT)
        } else {
            self.published_root(side)
        }
    }
}

/// Returns what a receipt notes of the hardware: that it is for non-FIPS mode, and the alarm where
/// the cluster's Mode says otherwise.
pub fn hardware_notes(record: &Record, mode: Option<&str>) -> Vec<Lines> {
    let note = record
        .finding(CheckId::FipsMode)
        .filter(|finding| finding.status == Status::Note)
        .map(|finding| finding.detail.clone());
    note.into_iter().chain(fips_alarm(record, mode)).collect()
}

/// Tells whether the hardware says that it is for non-FIPS mode.
pub fn is_for_non_fips_mode(record: &Record) -> bool {
    record
        .finding(CheckId::FipsMode)
        .is_some_and(|finding| finding.status == Status::Note)
}

/// Returns what must be told where hardware that says that it is not in FIPS mode is under a
/// cluster whose Mode is FIPS.
pub fn fips_alarm(record: &Record, mode: Option<&str>) -> Option<Lines> {
    let note = record
        .finding(CheckId::FipsMode)
        .filter(|finding| finding.status == Status::Note)?;
    (mode == Some("FIPS"))
        .then(|| format!("the cluster's Mode is FIPS, but {}", note.detail).into())
}
