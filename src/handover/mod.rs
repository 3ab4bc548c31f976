//! What a claimed cluster's client machines are given, and what comes after the claim. Pure.
//!
//! A client takes for an HSM of the cluster whoever shows a certificate that leads to the trust anchor it was given. One that was exchanged on the way lets its maker
//! stand between client and cluster. So nothing is handed over without the [`Owner`]'s proof, and there is no way round it.

mod files;
mod receipt;
mod steps;

pub use files::{DOCUMENT, Facts, Handover, README, SUMS, TRUST_ANCHOR};
pub use receipt::{is_of_this_claim, not_claimed};
pub use steps::{Claimed, LINUX_PLACE, Lead, NextStep, Stage, WINDOWS_PLACE, addresses, next_steps, sources, text};

use crate::bundle::{Site, SiteHsm};
use crate::cloudhsm::{Cluster, HsmState, HsmSummary};

/// What the cluster's clients need to know of it, as DescribeClusters shows it: its HSMs without those that are gone, going or broken.
pub fn site(cluster: &Cluster) -> Site {
    Site {
        hsm_type: cluster.hsm_type.clone(),
        security_group: cluster.security_group.clone(),
        availability_zones: cluster.subnets.keys().cloned().collect(),
        hsms: cluster.hsms.iter().filter_map(site_hsm).collect(),
    }
}

/// No catch-all arm: a state that is added needs its answer.
fn site_hsm(hsm: &HsmSummary) -> Option<SiteHsm> {
    let answers = match &hsm.state {
        HsmState::Active => true,
        HsmState::CreateInProgress | HsmState::Other(_) => false,
        HsmState::Degraded | HsmState::DeleteInProgress | HsmState::Deleted => return None,
    };
    let addresses = hsm.eni_ip.iter().filter(|_| answers).cloned().collect();
    Some(SiteHsm { hsm_id: Some(hsm.hsm_id.clone()), availability_zone: hsm.availability_zone.clone(), addresses })
}
