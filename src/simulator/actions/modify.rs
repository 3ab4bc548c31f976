//! ModifyCluster.

use serde_json::{Value, json};

use super::super::checked_members::CheckedMembers;
use super::super::choices::KeptChoices;
use super::super::clock::{DAY, Millis};
use super::super::faults::InjectedFault;
use super::super::json_protocol::ApiError;
use super::super::members::missing_error;
use super::super::reference::{HSM1, HSM2M};
use super::super::state::{MODIFICATION, NextState, SimulatedCluster, SimulatedClusterState};
use super::ActionContext;
use super::forms::cluster_json;

/// The most HSMs that a cluster can have for a migration (User Guide, "Migrating from hsm1.medium
/// to hsm2m.medium").
const MOST_TO_MIGRATE: usize = 27;

/// Changes a cluster. BackupRetentionPolicy is required in the reference of 2022. Today HsmType can
/// stand in its place: without both there would be nothing to do.
pub(crate) fn modify_cluster(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required_text("ClusterId")?;
    let hsm_type = members.text("HsmType");
    let days = members.retention_days("BackupRetentionPolicy");
    if days.is_none() && hsm_type.is_none() {
        return Err(missing_error("BackupRetentionPolicy"));
    }

    let (now, each) = (
        context.clock.now(),
        context.clock.scaled_duration(MODIFICATION),
    );
    let (reference, fault) = (context.reference, context.fault);
    let cluster = context.find_cluster(cluster_id)?;
    let rolls_back = hsm_type.is_some() && cluster.state == SimulatedClusterState::PendingRollback;
    if !rolls_back
        && (cluster.state.is_in_transition() || cluster.state == SimulatedClusterState::Deleted)
    {
        return Err(ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' is in state {}, in which it cannot be modified.",
            cluster.state.name()
        )));
    }
    let migration = hsm_type
        .filter(|wanted| *wanted != cluster.hsm_type)
        .map(|wanted| Migration::from_request(cluster, wanted, now))
        .transpose()?;

    if let Some(days) = days {
        cluster.retention_days = days;
    }
    if let Some(migration) = migration {
        let fails = fault == Some(InjectedFault::MigrationFails);
        migration.begin_on(cluster, now, each, fails);
    }
    Ok(json!({ "Cluster": cluster_json(cluster, reference) }))
}

/// A change of HsmType (User Guide, "Migrating from hsm1.medium to hsm2m.medium").
enum Migration {
    Forward,
    Back,
}

impl Migration {
    /// Checks the change that was asked for. hsm1.medium becomes hsm2m.medium, and can go back
    /// within 24 hours; nothing else is possible.
    fn from_request(
        cluster: &SimulatedCluster,
        wanted: &str,
        now: Millis,
    ) -> Result<Self, ApiError> {
        let refused = |why: &str| {
            let (id, found) = (&cluster.id, &cluster.hsm_type);
            Err(ApiError::invalid_request(format!(
                "Cluster '{id}' of HsmType {found} cannot be given HsmType {wanted}: {why}."
            )))
        };
        if ![HSM1, HSM2M].contains(&wanted) {
            return refused(&format!("{wanted} is not available"));
        }
        if ![
            SimulatedClusterState::Active,
            SimulatedClusterState::PendingRollback,
        ]
        .contains(&cluster.state)
        {
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

    /// Begins the migration. One HSM is replaced after the other, each in the time `each`. A
    /// cluster without HSMs takes as long as one with a single HSM.
    fn begin_on(self, cluster: &mut SimulatedCluster, now: Millis, each: Millis, fails: bool) {
        let (state, old, new) = match self {
            Self::Forward => (SimulatedClusterState::ModifyInProgress, HSM1, HSM2M),
            Self::Back => (SimulatedClusterState::RollbackInProgress, HSM2M, HSM1),
        };
        cluster.enter_state(state, now);
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
            let active = Some(Box::new(NextState::new(
                SimulatedClusterState::Active,
                back,
            )));
            cluster.next = Some(NextState {
                hsm_type: Some(old.to_owned()),
                then: active,
                ..NextState::new(SimulatedClusterState::RollbackInProgress, failed)
            });
            return;
        }
        for hsm in cluster.hsms.iter_mut().filter(|hsm| !hsm.is_deleted()) {
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
        cluster.choices = match self {
            Self::Forward => KeptChoices::with_defaults(|_| None),
            Self::Back => KeptChoices::default(),
        };
        cluster.next = Some(NextState::new(
            SimulatedClusterState::Active,
            at.max(now.saturating_add(each)),
        ));
    }
}
