//! How many clusters and HSMs an account has in a region at most: AWS's default quotas (User Guide, "AWS CloudHSM
//! quotas"). Those that AWS raises on request hold only where [`super::Options::quotas`] says so.
//!
//! Neither CreateCluster nor CreateHsm documents an error of its own for them: it is CloudHsmInvalidRequestException.

use super::state::{Cluster, ClusterState, Region};
use super::wire::ApiError;

/// Clusters, by account and region.
const CLUSTERS: usize = 4;
/// HSMs, by account and region.
const HSMS: usize = 6;
/// HSMs in one cluster. AWS raises this for nobody, so it always holds.
const HSMS_PER_CLUSTER: usize = 28;

/// Whether one more cluster may be. Deleted ones do not count.
pub(super) fn one_more_cluster(region: &Region) -> Result<(), ApiError> {
    let there = region.all().filter(|cluster| cluster.state != ClusterState::Deleted).count();
    within(there, CLUSTERS, "clusters", "this account has in this region")
}

/// Whether one more HSM may be in any cluster. Those that are being deleted count until they are gone.
pub(super) fn one_more_hsm(region: &Region) -> Result<(), ApiError> {
    within(region.all().map(Cluster::hsm_count).sum(), HSMS, "HSMs", "this account has in this region")
}

/// Whether one more HSM may be in this cluster.
pub(super) fn one_more_hsm_in(cluster: &Cluster) -> Result<(), ApiError> {
    within(cluster.hsm_count(), HSMS_PER_CLUSTER, "HSMs", "a cluster has")
}

fn within(there: usize, most: usize, what: &str, whose: &str) -> Result<(), ApiError> {
    if there < most {
        return Ok(());
    }
    Err(ApiError::invalid(format!("The quota is reached: {there} {what} are there, and {most} is the most that {whose}.")))
}
