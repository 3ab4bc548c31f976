//! Faults that befall a cluster rather than a call: which cluster a call is about, and what then
//! happens to it.

use serde_json::{Map, Value};

use super::control;
use super::faults::{Fault, Target};
use super::inside::Inside;
use super::state::{ClusterState, Hsm, Place};

/// The cluster that `ClusterId` or the filter `clusterIds` names first; of a DescribeClusters that
/// names none, the oldest that has an HSM.
pub(super) fn target(
    inside: &Inside,
    action: &str,
    place: &Place,
    members: &Map<String, Value>,
) -> Option<Target> {
    let filtered = || members.get("Filters")?.get("clusterIds")?.get(0);
    let named = members
        .get("ClusterId")
        .or_else(filtered)
        .and_then(Value::as_str);
    let now = inside.clock.now();
    let identify = |hsm: &Hsm| inside.hardware.identify(hsm, now);
    let mut world = inside.world();
    let region = world.region(place);
    let id = match named {
        Some(id) => id.to_owned(),
        None if action == "DescribeClusters" => region
            .clusters(&inside.clock, &identify)
            .find(|(_, cluster)| !cluster.hsms.is_empty())
            .map(|(_, cluster)| cluster.id.clone())?,
        None => return None,
    };
    let cluster = region.cluster(&id, &inside.clock, &identify)?;
    let gone = matches!(
        cluster.state,
        ClusterState::DeleteInProgress | ClusterState::Deleted
    );
    Some(Target {
        cluster_id: id,
        has_hsm: !gone && !cluster.hsms.is_empty(),
        can_degrade: !gone && cluster.state != ClusterState::Degraded,
    })
}

/// Lets the fault take effect. A cluster that has gone meanwhile is past all faults.
pub(super) fn strike(inside: &Inside, fault: Fault, target: &Target) {
    match fault {
        Fault::HsmFails => drop(control::begin_replacement(inside, &target.cluster_id)),
        Fault::ClusterDegrades => {
            control::set_state(inside, &target.cluster_id, ClusterState::Degraded, None)
                .unwrap_or_default()
        }
        _ => {}
    }
}
