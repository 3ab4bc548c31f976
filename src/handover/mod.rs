//! The files for the client machines of a claimed cluster, and the steps after the claim. The
//! module is pure.
//!
//! A client accepts any peer as an HSM of the cluster that shows a certificate under its trust
//! anchor. Somebody who replaces the trust anchor on the way can stand between client and cluster.
//! So nothing is handed over without the [`Owner`](crate::owner::Owner)'s proof, and there is no
//! way round it.

mod files;
mod receipt;
mod steps;

pub use files::{DOCUMENT, Handover, HandoverFacts, README, SIMULATED_MARK, SUMS, TRUST_ANCHOR};
pub use receipt::{check_same_claim, not_claimed};
pub use steps::{
    ClaimedCluster, ClientStep, FactsSource, HandoverStage, LINUX_PATH, Lead, StepSource,
    WINDOWS_PATH, client_addresses, next_steps, source_pages, to_numbered_text,
};

use crate::bundle::{Site, SiteHsm};
use crate::cloudhsm::{Cluster, HsmState, HsmSummary};

/// Returns the facts that the cluster's clients need, as DescribeClusters shows them. It leaves out
/// HSMs that are gone, going or broken.
pub fn client_site(cluster: &Cluster) -> Site {
    Site {
        hsm_type: cluster.hsm_type.clone(),
        security_group: cluster.security_group.clone(),
        availability_zones: cluster.subnets.keys().cloned().collect(),
        hsms: cluster.hsms.iter().filter_map(site_hsm).collect(),
    }
}

/// Returns the facts of an HSM that clients can reach. There is no catch-all arm: a new state needs
/// its own answer.
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
        let site = client_site(&cluster);
        assert_eq!(client_addresses(&site), ["10.0.1.4", "fd00::2"]);
        assert_eq!(
            site.hsms.len(),
            3,
            "one that is being made is there, and answers nobody yet"
        );
    }
}
