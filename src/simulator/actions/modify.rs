//! ModifyCluster.

use serde_json::{Value, json};

use super::super::clock::DAY;
use super::super::limits::{CLUSTER_ID, HSM_TYPE};
use super::super::members::Members;
use super::super::state::{Cluster, ClusterState, MODIFICATION, Next};
use super::super::wire::ApiError;
use super::create::retention_days;
use super::forms::cluster_json;
use super::{Context, no_such_cluster};

/// BackupRetentionPolicy is required in the reference of 2022. Later models add HsmType and let either be absent: without
/// both there would be nothing to do.
pub(super) fn modify_cluster(members: &Members<'_>, context: &mut Context<'_>) -> Result<Value, ApiError> {
    let cluster_id = members.required("ClusterId", &CLUSTER_ID)?;
    let hsm_type = members.text("HsmType", &HSM_TYPE)?;
    let days = retention_days(members)?;
    if days.is_none() && hsm_type.is_none() {
        return Err(members.missing("BackupRetentionPolicy"));
    }

    let identify = context.identify();
    let (now, due) = (context.clock.now(), context.clock.after(MODIFICATION));
    let region = context.world.region(context.place);
    let cluster = region.cluster(cluster_id, context.clock, &identify).ok_or_else(|| no_such_cluster(cluster_id))?;
    if cluster.state.in_transition() || cluster.state == ClusterState::Deleted {
        return Err(ApiError::invalid(format!("Cluster '{cluster_id}' is in state {}, in which it cannot be modified.", cluster.state.name())));
    }
    let migration = hsm_type.filter(|wanted| *wanted != cluster.hsm_type).map(|wanted| migration(cluster, wanted, now)).transpose()?;

    if let Some(days) = days {
        cluster.retention_days = days;
    }
    if let Some((state, hsm_type)) = migration {
        cluster.rollback_until = (state == ClusterState::ModifyInProgress).then(|| now.saturating_add(DAY));
        cluster.hsm_type = hsm_type.to_owned();
        cluster.enter(state, now);
        cluster.next = Some(Next { state: ClusterState::Active, at: due });
    }
    Ok(json!({ "Cluster": cluster_json(cluster) }))
}

/// hsm1.medium becomes hsm2m.medium, and goes back for 24 hours from then on (User Guide, "Migrating from hsm1.medium to
/// hsm2m.medium"); nothing else.
fn migration<'a>(cluster: &Cluster, wanted: &'a str, now: i64) -> Result<(ClusterState, &'a str), ApiError> {
    let refused = |why: &str| {
        let (id, found) = (&cluster.id, &cluster.hsm_type);
        Err(ApiError::invalid(format!("Cluster '{id}' of HsmType {found} cannot be given HsmType {wanted}: {why}.")))
    };
    if cluster.state != ClusterState::Active {
        return refused(&format!("it is in state {}, not ACTIVE", cluster.state.name()));
    }
    match cluster.rollback_until {
        _ if cluster.hsm_type == "hsm1.medium" => Ok((ClusterState::ModifyInProgress, wanted)),
        Some(until) if now < until => Ok((ClusterState::RollbackInProgress, wanted)),
        Some(_) => refused("24 hours have passed since its type was changed"),
        None => refused("only hsm1.medium can be changed to another type"),
    }
}
