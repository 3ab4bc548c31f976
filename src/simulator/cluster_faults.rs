//! Faults that affect a cluster rather than a call: the search for the cluster of a call, and the
//! effect on it.

use serde_json::{Map, Value};

use super::control;
use super::faults::{AddressedCluster, InjectedFault};
use super::inside::Inside;
use super::state::{AccountRegion, SimulatedClusterState};

/// Finds the cluster that `ClusterId` or the filter `clusterIds` names first. For a
/// DescribeClusters that names none it is the oldest that has an HSM.
pub(super) fn target(
    inside: &Inside,
    action: &str,
    place: &AccountRegion,
    members: &Map<String, Value>,
) -> Option<AddressedCluster> {
    let filtered = || members.get("Filters")?.get("clusterIds")?.get(0);
    let named = members
        .get("ClusterId")
        .or_else(filtered)
        .and_then(Value::as_str);
    let time = inside.time();
    let mut world = inside.world();
    let region = world.region_at(place);
    let id = match named {
        Some(id) => id.to_owned(),
        None if action == "DescribeClusters" => region
            .all_clusters(&time)
            .find(|(_, cluster)| !cluster.hsms.is_empty())
            .map(|(_, cluster)| cluster.id.clone())?,
        None => return None,
    };
    let cluster = region.find_cluster(&id, &time)?;
    let gone = matches!(
        cluster.state,
        SimulatedClusterState::DeleteInProgress | SimulatedClusterState::Deleted
    );
    Some(AddressedCluster {
        cluster_id: id,
        has_hsm: !gone && !cluster.hsms.is_empty(),
        can_degrade: !gone && cluster.state != SimulatedClusterState::Degraded,
    })
}

/// Lets the fault take effect. Nothing happens to a cluster that has gone meanwhile.
pub(super) fn apply_fault(inside: &Inside, fault: InjectedFault, target: &AddressedCluster) {
    match fault {
        InjectedFault::HsmFails => drop(control::begin_replacement(inside, &target.cluster_id)),
        InjectedFault::ClusterDegrades => control::set_state(
            inside,
            &target.cluster_id,
            SimulatedClusterState::Degraded,
            None,
        )
        .unwrap_or_default(),
        _ => {}
    }
}
