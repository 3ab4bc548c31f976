//! What a claimed cluster's client machines are given, and what comes after the claim. Pure.
//!
//! A client takes for an HSM of the cluster whoever shows a certificate that leads to the trust
//! anchor it was given. One that was exchanged on the way lets its maker stand between client and
//! cluster. So nothing is handed over without the [`Owner`](crate::owner::Owner)'s proof, and there
//! is no way round it.

mod files;
mod receipt;
mod steps;

pub use files::{DOCUMENT, Facts, Handover, README, SUMS, TRUST_ANCHOR};
pub use receipt::{is_of_this_claim, not_claimed};
pub use steps::{
    Claimed, LINUX_PLACE, Lead, NextStep, Stage, WINDOWS_PLACE, addresses, next_steps, sources,
    text,
};

use crate::bundle::{Site, SiteHsm};
use crate::cloudhsm::{Cluster, HsmState, HsmSummary};

/// What the cluster's clients need to know of it, as DescribeClusters shows it: its HSMs without
/// those that are gone, going or broken.
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
    let addresses = hsm
        .eni_ip
        .iter()
        .chain(&hsm.eni_ipv6)
        .filter(|_| answers)
        .cloned()
        .collect();
    Some(SiteHsm {
        hsm_id: Some(hsm.hsm_id.clone()),
        availability_zone: hsm.availability_zone.clone(),
        addresses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudhsm::ClusterState;

    #[test]
    fn an_ipv6_address_is_given_where_there_is_no_other() {
        let hsm = |id: &str, state, ip: Option<&str>, ipv6: Option<&str>| HsmSummary {
            eni_ip: ip.map(Into::into),
            eni_ipv6: ipv6.map(Into::into),
            ..HsmSummary::new(id, state)
        };
        let mut cluster = Cluster::new("cluster-abc234defgh", ClusterState::Active);
        cluster.hsms = vec![
            hsm("hsm-1", HsmState::Active, Some("10.0.1.4"), Some("fd00::1")),
            hsm("hsm-2", HsmState::Active, None, Some("fd00::2")),
            hsm("hsm-3", HsmState::CreateInProgress, Some("10.0.1.5"), None),
            hsm("hsm-4", HsmState::Degraded, Some("10.0.1.6"), None),
        ];
        let site = site(&cluster);
        assert_eq!(addresses(&site), ["10.0.1.4", "fd00::2"]);
        assert_eq!(
            site.hsms.len(),
            3,
            "one that is being made is there, and answers nobody yet"
        );
    }
}
