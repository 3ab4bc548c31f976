//! DeleteHsm and DeleteCluster.

use serde_json::{Value, json};

use super::super::checked_members::CheckedMembers;
use super::super::json_protocol::ApiError;
use super::super::state::{DELETION, NextState, SimulatedClusterState, SimulatedHsmState};
use super::ActionContext;
use super::create_hsm::back_up;
use super::forms::cluster_json;

/// Deletes an HSM. "To specify an HSM, you can use its identifier (ID), the IP address of the HSM's
/// elastic network interface (ENI), or the ID of the HSM's ENI. You need to specify only one of
/// these values." Several have to mean the same HSM.
pub(crate) fn delete_hsm(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required_text("ClusterId")?;
    let hsm_id = members.text("HsmId");
    let eni_id = members.text("EniId");
    let eni_ip = members.text("EniIp");
    if hsm_id.is_none() && eni_id.is_none() && eni_ip.is_none() {
        return Err(ApiError::invalid_request(
            "One of HsmId, EniId and EniIp is required; the request has none of them.",
        ));
    }

    let clock = context.clock;
    let cluster = context.find_cluster(cluster_id)?;
    let busy = [
        SimulatedClusterState::InitializeInProgress,
        SimulatedClusterState::ModifyInProgress,
        SimulatedClusterState::RollbackInProgress,
        SimulatedClusterState::PendingRollback,
    ];
    if busy.contains(&cluster.state) {
        return Err(ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' is in state {}, in which no HSM can be deleted.",
            cluster.state.name()
        )));
    }
    let backup = back_up(cluster, clock)?;
    let hsm = cluster.hsms.iter_mut().find(|hsm| {
        let has_interface = !hsm.is_deleted();
        hsm_id.is_none_or(|id| id == hsm.id)
            && eni_id.is_none_or(|id| has_interface && id == hsm.eni)
            && eni_ip.is_none_or(|ip| has_interface && ip == hsm.ip)
    });
    let hsm = hsm.ok_or_else(|| {
        let named: Vec<&str> = [hsm_id, eni_id, eni_ip].into_iter().flatten().collect();
        ApiError::not_found(format!(
            "HSM '{}' was not found in cluster '{cluster_id}'.",
            named.join("', '")
        ))
    })?;
    if matches!(
        hsm.state,
        SimulatedHsmState::DeleteInProgress | SimulatedHsmState::Deleted
    ) {
        return Err(ApiError::invalid_request(format!(
            "HSM '{}' is in state {}: it is being deleted, or is, already.",
            hsm.id,
            hsm.state.name()
        )));
    }
    hsm.state = SimulatedHsmState::DeleteInProgress;
    hsm.due = clock.time_after(DELETION);
    let answer = json!({ "HsmId": hsm.id });
    if let Some(backup) = backup {
        context.region().add_backup(backup);
    }
    Ok(answer)
}

/// Deletes a cluster. "Before you can delete a cluster, you must delete all HSMs in the cluster."
pub(crate) fn delete_cluster(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required_text("ClusterId")?;

    let (now, due) = (context.clock.now(), context.clock.time_after(DELETION));
    let reference = context.reference;
    let cluster = context.find_cluster(cluster_id)?;
    if cluster.state.is_in_transition() || cluster.state == SimulatedClusterState::Deleted {
        return Err(ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' is in state {}, in which it cannot be deleted.",
            cluster.state.name()
        )));
    }
    if cluster.hsm_count() > 0 {
        return Err(ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' contains {} HSM(s). Delete all HSMs in the cluster first.",
            cluster.hsm_count()
        )));
    }
    cluster.enter_state(SimulatedClusterState::DeleteInProgress, now);
    cluster.next = Some(NextState::new(SimulatedClusterState::Deleted, due));
    Ok(json!({ "Cluster": cluster_json(cluster, reference) }))
}
