//! The most clusters and HSMs of an account in a region: AWS's default quotas (User Guide, "AWS
//! CloudHSM quotas"). Those that AWS raises on request hold only where [`super::Options::quotas`]
//! is set.
//!
//! The limits at the end are the simulator's own and always hold. They keep the state within the
//! memory of a developer's machine, whoever calls. They are far above the needs of tests.
//!
//! Neither CreateCluster nor CreateHsm documents an error of its own for them, so
//! CloudHsmInvalidRequestException is used.

use super::json_protocol::ApiError;
use super::state::{
    AccountRegion, BACKUPS_IN_ALL, Hsm, Region, SimulatedCluster, SimulatedClusterState, World,
};

/// Clusters, by account and region.
const CLUSTERS: usize = 4;
/// HSMs, by account and region.
const HSMS: usize = 6;
/// HSMs in one cluster. AWS raises this quota for nobody, so it always holds.
const HSMS_PER_CLUSTER: usize = 28;

/// Checks the quota for one more cluster. Deleted ones do not count.
pub(super) fn check_cluster_quota(region: &Region) -> Result<(), ApiError> {
    let there = region
        .last_seen_clusters()
        .filter(|cluster| cluster.state != SimulatedClusterState::Deleted)
        .count();
    check_quota(
        there,
        CLUSTERS,
        "clusters",
        "this account has in this region",
    )
}

/// Checks the quota for one more HSM in any cluster. Those that are being deleted count until they
/// are gone.
pub(super) fn check_hsm_quota(region: &Region) -> Result<(), ApiError> {
    check_quota(
        region
            .last_seen_clusters()
            .map(SimulatedCluster::hsm_count)
            .sum(),
        HSMS,
        "HSMs",
        "this account has in this region",
    )
}

/// Checks the quota for one more HSM in this cluster.
pub(super) fn check_hsms_per_cluster(cluster: &SimulatedCluster) -> Result<(), ApiError> {
    check_quota(
        cluster.hsm_count(),
        HSMS_PER_CLUSTER,
        "HSMs",
        "a cluster has",
    )
}

/// Accounts and regions with anything in them. AWS has some forty regions.
const PLACES: usize = 200;
/// Clusters in all of them. Ten thousand take 25 MiB, and 80 kB each with the longest tags.
const CLUSTERS_IN_ALL: usize = 20_000;
/// HSMs in all of them: each with its key pair and certificates.
const HSMS_IN_ALL: usize = 10_000;

/// Checks that the simulator can hold one more cluster, in this account and region. Deleted ones
/// count until they are no longer listed.
pub(super) fn check_room_for_cluster(world: &World, place: &AccountRegion) -> Result<(), ApiError> {
    check_room_for_place(world, place)?;
    check_room(
        world
            .occupied_regions()
            .map(|region| region.last_seen_clusters().count())
            .sum(),
        CLUSTERS_IN_ALL,
        "clusters",
    )
}

/// Checks that the simulator can hold one more HSM.
pub(super) fn check_room_for_hsm(world: &World) -> Result<(), ApiError> {
    check_room(
        world
            .occupied_regions()
            .flat_map(Region::last_seen_clusters)
            .map(SimulatedCluster::hsm_count)
            .sum(),
        HSMS_IN_ALL,
        "HSMs",
    )
}

/// Checks that the simulator can hold one more backup, in this account and region.
pub(super) fn check_room_for_backup(world: &World, place: &AccountRegion) -> Result<(), ApiError> {
    check_room_for_place(world, place)?;
    check_room(world.backup_count(), BACKUPS_IN_ALL, "backups")
}

fn check_room_for_place(world: &World, place: &AccountRegion) -> Result<(), ApiError> {
    if world.has_content_at(place) {
        Ok(())
    } else {
        check_room(
            world.occupied_regions().count(),
            PLACES,
            "accounts and regions with clusters or backups",
        )
    }
}

/// Removes the oldest deleted HSM where there are too many. HSMs that a control command has put
/// into DELETED stay visible up to this number.
pub(super) fn remove_oldest_deleted_hsm(cluster: &mut SimulatedCluster) {
    if cluster.hsms.iter().filter(|hsm| hsm.is_deleted()).count() >= HSMS_PER_CLUSTER
        && let Some(oldest) = cluster.hsms.iter().position(Hsm::is_deleted)
    {
        cluster.hsms.remove(oldest);
    }
}

fn check_room(there: usize, most: usize, what: &str) -> Result<(), ApiError> {
    if there < most {
        return Ok(());
    }
    Err(ApiError::invalid_request(format!(
        "The simulator is full: it holds {there} {what}, and {most} is the most. Delete some, or \
         start another simulator."
    )))
}

fn check_quota(there: usize, most: usize, what: &str, whose: &str) -> Result<(), ApiError> {
    if there < most {
        return Ok(());
    }
    Err(ApiError::invalid_request(format!(
        "The quota is reached: {there} {what} are there, and {most} is the most that {whose}."
    )))
}
