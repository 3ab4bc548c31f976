//! ModifyCluster.

use serde_json::{Value, json};

use super::super::clock::{DAY, Millis};
use super::super::faults::Fault;
use super::super::json_protocol::ApiError;
use super::super::limits::CLUSTER_ID;
use super::super::members::Members;
use super::super::reference::{HSM1, HSM2M};
use super::super::state::{Cluster, ClusterState, HsmState, MODIFICATION, Next};
use super::create::retention_days;
use super::forms::cluster_json;
use super::{Context, no_such_cluster};

/// A cluster with more HSMs cannot be migrated (User Guide, "Migrating from hsm1.medium to
/// hsm2m.medium").
const MOST_TO_MIGRATE: usize = 27;

/// BackupRetentionPolicy is required in the reference of 2022. Today HsmType can stand in its
/// place: without both there would be nothing to do.
pub(super) fn modify_cluster(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required("ClusterId", &CLUSTER_ID)?;
    let hsm_type = if context.reference.is_later() {
        members.text("HsmType", context.reference.hsm_type())?
    } else {
        None
    };
    let days = retention_days(members)?;
    if days.is_none() && hsm_type.is_none() {
        return Err(members.missing("BackupRetentionPolicy"));
    }

    let identify = context.identify();
    let (now, due) = (context.clock.now(), context.clock.after(MODIFICATION));
    let region = context.world.region(context.place);
    let cluster = region
        .cluster(cluster_id, context.clock, &identify)
        .ok_or_else(|| no_such_cluster(cluster_id))?;
    let rolls_back = hsm_type.is_some() && cluster.state == ClusterState::PendingRollback;
    if !rolls_back && (cluster.state.in_transition() || cluster.state == ClusterState::Deleted) {
        return Err(ApiError::invalid(format!(
            "Cluster '{cluster_id}' is in state {}, in which it cannot be modified.",
            cluster.state.name()
        )));
    }
    let migration = hsm_type
        .filter(|wanted| *wanted != cluster.hsm_type)
        .map(|wanted| Migration::judge(cluster, wanted, now))
        .transpose()?;

    if let Some(days) = days {
        cluster.retention_days = days;
    }
    if let Some(migration) = migration {
        migration.begin(
            cluster,
            now,
            due.saturating_sub(now),
            context.fault == Some(Fault::MigrationFails),
        );
    }
    Ok(json!({ "Cluster": cluster_json(cluster, context.reference) }))
}

/// A change of HsmType (User Guide, "Migrating from hsm1.medium to hsm2m.medium").
enum Migration {
    Forward,
    Back,
}

impl Migration {
    /// hsm1.medium becomes hsm2m.medium, and goes back for 24 hours from then on; nothing else.
    fn judge(cluster: &Cluster, wanted: &str, now: Millis) -> Result<Self, ApiError> {
        let refused = |why: &str| {
            let (id, found) = (&cluster.id, &cluster.hsm_type);
            Err(ApiError::invalid(format!(
                "Cluster '{id}' of HsmType {found} cannot be given HsmType {wanted}: {why}."
            )))
        };
        if ![HSM1, HSM2M].contains(&wanted) {
            return refused(&format!("{wanted} is not available"));
        }
        if ![ClusterState::Active, ClusterState::PendingRollback].contains(&cluster.state) {
            return refused(&format!(
                "it is in state {}, not ACTIVE",
                cluster.state.name()
            ));
        }
        if cluster.hsm_count() > MOST_TO_MIGRATE {
            return refused(&format!(
                "it has {} HSMs, and at most {MOST_TO_MIGRATE} can be migrated",
                cluster.hsm_count()
            ));
        }
        match cluster.rollback_until {
            _ if cluster.hsm_type == HSM1 => Ok(Self::Forward),
            Some(until) if now < until => Ok(Self::Back),
            Some(_) => refused("24 hours have passed since its type was changed"),
            None => refused(&format!("only {HSM1} can be changed to another type")),
        }
    }

    /// One HSM is replaced after the other; `each` takes that long. A cluster without any takes as
    /// long as one.
    fn begin(self, cluster: &mut Cluster, now: Millis, each: Millis, fails: bool) {
        let (state, old, new) = match self {
            Self::Forward => (ClusterState::ModifyInProgress, HSM1, HSM2M),
            Self::Back => (ClusterState::RollbackInProgress, HSM2M, HSM1),
        };
        cluster.enter(state, now);
        cluster.hsm_type = new.to_owned();
        let mut at = now;
        if fails {
            // The first HSM fails in its new form: the service goes back by itself.
            let (failed, back) = (
                now.saturating_add(each),
                now.saturating_add(each.saturating_mul(2)),
            );
            if let Some(hsm) = cluster.hsms.first_mut() {
                hsm.next_types = vec![(failed, new.to_owned()), (back, old.to_owned())];
            }
            let active = Some(Box::new(Next::new(ClusterState::Active, back)));
            cluster.next = Some(Next {
                hsm_type: Some(old.to_owned()),
                then: active,
                ..Next::new(ClusterState::RollbackInProgress, failed)
            });
            return;
        }
        for hsm in cluster
            .hsms
            .iter_mut()
            .filter(|hsm| hsm.state != HsmState::Deleted)
        {
            // What was under way when the cluster was made to wait for its rollback does not happen
            // any more.
            hsm.next_types.clear();
            if hsm.hsm_type != new {
                at = at.saturating_add(each);
                hsm.next_types.push((at, new.to_owned()));
            }
        }
        cluster.rollback_until = matches!(self, Self::Forward).then(|| now.saturating_add(DAY));
        // hsm1.medium has neither Mode nor NetworkType: it is FIPS and IPV4.
        (cluster.mode, cluster.network_type) = match self {
            Self::Forward => (Some(String::from("FIPS")), Some(String::from("IPV4"))),
            Self::Back => (None, None),
        };
        cluster.next = Some(Next::new(
            ClusterState::Active,
            at.max(now.saturating_add(each)),
        ));
    }
}
