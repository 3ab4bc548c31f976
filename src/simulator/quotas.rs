//! How many clusters and HSMs an account has in a region at most: AWS's default quotas (User Guide,
//! "AWS CloudHSM quotas"). Those that AWS raises on request hold only where
//! [`super::Options::quotas`] says so.
//!
//! Those at the end are the simulator's own, always hold, and keep what anybody can have it
//! remember within the memory of a developer's machine. They are far above what tests need.
//!
//! Neither CreateCluster nor CreateHsm documents an error of its own for them: it is
//! CloudHsmInvalidRequestException.

use super::json_protocol::ApiError;
use super::state::{BACKUPS_IN_ALL, Cluster, ClusterState, Hsm, HsmState, Place, Region, World};

/// Clusters, by account and region.
const CLUSTERS: usize = 4;
/// HSMs, by account and region.
const HSMS: usize = 6;
/// HSMs in one cluster. AWS raises this for nobody, so it always holds.
const HSMS_PER_CLUSTER: usize = 28;

/// Whether one more cluster may be. Deleted ones do not count.
pub(super) fn one_more_cluster(region: &Region) -> Result<(), ApiError> {
    let there = region
        .all()
        .filter(|cluster| cluster.state != ClusterState::Deleted)
        .count();
    within(
        there,
        CLUSTERS,
        "clusters",
        "this account has in this region",
    )
}

/// Whether one more HSM may be in any cluster. Those that are being deleted count until they are
/// gone.
pub(super) fn one_more_hsm(region: &Region) -> Result<(), ApiError> {
    within(
        region.all().map(Cluster::hsm_count).sum(),
        HSMS,
        "HSMs",
        "this account has in this region",
    )
}

/// Whether one more HSM may be in this cluster.
pub(super) fn one_more_hsm_in(cluster: &Cluster) -> Result<(), ApiError> {
    within(
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

/// Whether the simulator can hold one more cluster, in this account and region. Deleted ones count
/// until they are no longer listed.
pub(super) fn room_for_a_cluster(world: &World, place: &Place) -> Result<(), ApiError> {
    room_for_a_place(world, place)?;
    room(
        world
            .regions_held()
            .map(|region| region.all().count())
            .sum(),
        CLUSTERS_IN_ALL,
        "clusters",
    )
}

/// Whether it can hold one more HSM.
pub(super) fn room_for_an_hsm(world: &World) -> Result<(), ApiError> {
    room(
        world
            .regions_held()
            .flat_map(Region::all)
            .map(Cluster::hsm_count)
            .sum(),
        HSMS_IN_ALL,
        "HSMs",
    )
}

/// Whether it can hold one more backup, in this account and region.
pub(super) fn room_for_a_backup(world: &World, place: &Place) -> Result<(), ApiError> {
    room_for_a_place(world, place)?;
    room(world.backup_count(), BACKUPS_IN_ALL, "backups")
}

fn room_for_a_place(world: &World, place: &Place) -> Result<(), ApiError> {
    if world.holds(place) {
        Ok(())
    } else {
        room(
            world.regions_held().count(),
            PLACES,
            "accounts and regions with clusters or backups",
        )
    }
}

/// HSMs that a control command has put into DELETED stay to be seen, so many of them: the oldest
/// makes room.
pub(super) fn forget_a_deleted_hsm(cluster: &mut Cluster) {
    let deleted = |hsm: &Hsm| hsm.state == HsmState::Deleted;
    if cluster.hsms.iter().filter(|hsm| deleted(hsm)).count() >= HSMS_PER_CLUSTER
        && let Some(oldest) = cluster.hsms.iter().position(deleted)
    {
        cluster.hsms.remove(oldest);
    }
}

fn room(there: usize, most: usize, what: &str) -> Result<(), ApiError> {
    if there < most {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "The simulator is full: it holds {there} {what}, and {most} is the most. Delete some, or \
         start another simulator."
    )))
}

fn within(there: usize, most: usize, what: &str, whose: &str) -> Result<(), ApiError> {
    if there < most {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "The quota is reached: {there} {what} are there, and {most} is the most that {whose}."
    )))
}
