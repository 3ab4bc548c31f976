//! The facts that are known of a cluster's hardware, and the published root that its chains need
//! and that is not built in. For hints and headlines: no verdict depends on anything here.

use super::anchors::Anchors;
use super::checks::CheckId;
use super::{Anchor, Record, Source};
use crate::checks::{Side, Status};
use crate::generation::{GOVCLOUD_AWS_ROOT, Generation, PublishedRoot};
use crate::outside::Lines;

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
                let generation = self.hsm_type.and_then(Generation::of_hsm_type)?;
                generation.facts().published_root
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
        PublishedRoot::all()
            .find(|root| root.side == side && issuer.is_some() && root.common_name == issuer)
            .or_else(|| self.published_root(side))
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
