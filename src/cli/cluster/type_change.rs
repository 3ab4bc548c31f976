//! The change of a cluster's HSM type, for a cluster as it is now.
//!
//! Sources: AWS CloudHSM User Guide, "Migrating from hsm1.medium to hsm2m.medium" (September 2026),
//! and HsmTypeRollbackExpiration in the API Reference. A change is refused before the call only
//! where these forbid it. In all other cases the service decides.

use crate::cloudhsm::{Cluster, ClusterState, HsmState, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::generation::Generation;
use crate::outside::{Lines, OutsideText, shown_text};
use crate::x509::Moment;

/// The type that a change leads from, and back to.
const HSM1: &str = Generation::Ls1.hsm_type();
/// The type that a change leads to.
const HSM2: &str = Generation::Ls2.hsm_type();

/// The result of asking for a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeChange {
    /// Cluster and HSMs are already of that type.
    Already,
    /// The change to it is in progress: nothing has to be sent.
    UnderWay,
    /// The type is changed.
    Migrate,
    /// An earlier change is taken back.
    RollBack,
}

/// Tells whether a cluster's type is being changed, or changed back.
pub(super) fn is_under_way(state: &ClusterState) -> bool {
    matches!(
        state,
        ClusterState::ModifyInProgress | ClusterState::RollbackInProgress
    ) || state.is_pending_rollback()
}

/// Tells whether cluster and HSMs are of this type, as far as they say.
pub(super) fn has_type(cluster: &Cluster, wanted: &str) -> bool {
    let is = |found: &OutsideText| found == wanted;
    let hsms = cluster
        .hsms
        .iter()
        .filter(|hsm| hsm.state != HsmState::Deleted);
    cluster.hsm_type.as_ref().is_some_and(is)
        && hsms.filter_map(|hsm| hsm.hsm_type.as_ref()).all(is)
}

/// Decides what asking for the type `wanted` means now.
///
/// # Errors
/// Class `Conflict`, `type-change-forbidden`.
pub(super) fn plan_type_change(cluster: &Cluster, wanted: &str, now: Moment) -> Result<TypeChange> {
    match &cluster.state {
        // The only change that there is goes to hsm2m.medium; asked for the other one, it is taken
        // back.
        ClusterState::ModifyInProgress if wanted == HSM2 => Ok(TypeChange::UnderWay),
        ClusterState::ModifyInProgress if wanted == HSM1 => plan_rollback(cluster, now),
        ClusterState::RollbackInProgress if wanted == HSM1 => Ok(TypeChange::UnderWay),
        // Whether it waits for AWS or for its owner is not said: what is asked for is sent, and the
        // service has the last word.
        state if state.is_pending_rollback() && wanted == HSM1 => Ok(TypeChange::RollBack),
        state if is_under_way(state) => Err(not_active_error(cluster)),
        _ if has_type(cluster, wanted) => Ok(TypeChange::Already),
        // One that this version does not know may allow it.
        ClusterState::Active | ClusterState::Other(_) if wanted == HSM1 => {
            plan_rollback(cluster, now)
        }
        ClusterState::Active | ClusterState::Other(_) => plan_migration(cluster),
        _ => Err(not_active_error(cluster)),
    }
}

fn plan_migration(cluster: &Cluster) -> Result<TypeChange> {
    let hsms = cluster
        .hsms
        .iter()
        .filter(|hsm| hsm.state != HsmState::Deleted)
        .count();
    if hsms > limits::MOST_HSMS_TO_MIGRATE {
        let what = format!(
            "it has {hsms} HSMs, and the type of at most {} can be changed",
            limits::MOST_HSMS_TO_MIGRATE
        );
        return Err(type_change_forbidden(
            cluster,
            &what,
            "delete some of its HSMs first with hsmboot's hsm delete, and create them again \
             afterwards",
        ));
    }
    Ok(TypeChange::Migrate)
}

fn plan_rollback(cluster: &Cluster, now: Moment) -> Result<TypeChange> {
    match cluster.rollback_until {
        Some(until) if now.unix_seconds() < until => Ok(TypeChange::RollBack),
        Some(until) => {
            let what = format!(
                "a change can be taken back for 24 hours, and that time ended at {}",
                Moment::from_unix(until)
            );
            Err(type_change_forbidden(
                cluster,
                &what,
                "restore a cluster from a backup of before the change, where AWS still allows one",
            ))
        }
        None => Err(type_change_forbidden(
            cluster,
            "no change is to be taken back, and no other way leads to hsm1.medium",
            "`hsmboot cluster show` shows until when, where there is one",
        )),
    }
}

fn not_active_error(cluster: &Cluster) -> Error {
    let id = &cluster.cluster_id;
    let hint = match &cluster.state {
        state if is_under_way(state) => format!(
            "wait until it is ACTIVE again: `hsmboot wait --cluster-id {id} --for active --timeout \
             14h`"
        ),
        ClusterState::Initialized => {
            "activate it first: set the first password with the CloudHSM CLI, `cluster activate`"
                .to_owned()
        }
        _ => format!("`hsmboot cluster show --cluster-id {id}` shows the cluster"),
    };
    type_change_forbidden(
        cluster,
        "only the type of an ACTIVE cluster can be changed",
        &hint,
    )
}

fn type_change_forbidden(cluster: &Cluster, why: &str, hint: &str) -> Error {
    let kind = cluster
        .hsm_type
        .as_ref()
        .map_or_else(|| "none given".to_owned(), ToString::to_string);
    let message = [
        format!(
            "the type of {} cannot be changed: {why}",
            cluster.cluster_id
        ),
        format!("  state  {}", cluster.state),
        format!("  type   {kind}"),
    ];
    Error::new(ErrorKind::TypeChangeForbidden, message, hint)
        .with_fact(FactName::ClusterId, &cluster.cluster_id)
        .with_fact(FactName::State, cluster.state.to_string())
        .with_fact(FactName::Found, cluster.hsm_type.as_ref())
}

/// Returns the error for a change that the service took back.
pub(super) fn type_change_undone(cluster: &Cluster, wanted: &str) -> Error {
    let kind = cluster
        .hsm_type
        .as_ref()
        .map_or_else(|| "none given".to_owned(), ToString::to_string);
    let said = cluster
        .state_message
        .as_ref()
        .map(|text| format!("  service  {text}"));
    Error::new(
        ErrorKind::TypeChangeUndone,
        Lines::from([
            format!(
                "{} was being changed to {}, and is not of it",
                cluster.cluster_id,
                shown_text(wanted)
            ),
            format!("  type     {kind}"),
            format!("  state    {}", cluster.state),
        ])
        .followed_by(said),
        "AWS takes a change back where errors mount: look into the cluster's clients and AWS's \
         messages before you ask for it again",
    )
    .with_fact(FactName::ClusterId, &cluster.cluster_id)
    .with_fact(FactName::State, cluster.state.to_string())
    .with_fact(FactName::Expected, shown_text(wanted))
    .with_fact(FactName::Found, cluster.hsm_type.as_ref())
    .with_fact(FactName::ServiceMessage, cluster.state_message.as_ref())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cloudhsm::HsmSummary;

    const NOW: i64 = 1_790_000_000;

    fn make_cluster(state: &str, hsm_type: &str, hsms: usize) -> Cluster {
        let mut cluster = Cluster::new("cluster-abc234defgh", ClusterState::from(state));
        cluster.hsm_type = Some(hsm_type.into());
        cluster.hsms = (0..hsms)
            .map(|n| HsmSummary::new(format!("hsm-{n}"), HsmState::Active))
            .collect();
        cluster
    }

    fn plan_or_message(cluster: &Cluster, wanted: &str) -> std::result::Result<TypeChange, Lines> {
        plan_type_change(cluster, wanted, Moment::from_unix(NOW)).map_err(|error| {
            assert_eq!(
                (error.kind, error.exit_code()),
                (ErrorKind::TypeChangeForbidden, 8)
            );
            error.message
        })
    }

    #[test]
    fn only_an_active_cluster_of_at_most_27_hsms_is_migrated() {
        let (old, new) = (HSM1, HSM2);
        assert_eq!(
            plan_or_message(&make_cluster("ACTIVE", old, 27), new),
            Ok(TypeChange::Migrate)
        );
        assert!(
            plan_or_message(&make_cluster("ACTIVE", old, 28), new)
                .unwrap_err()
                .contains("28")
        );
        let mut one_gone = make_cluster("ACTIVE", old, 28);
        one_gone.hsms.first_mut().unwrap().state = HsmState::Deleted;
        assert_eq!(plan_or_message(&one_gone, new), Ok(TypeChange::Migrate));
        for state in [
            "CREATE_IN_PROGRESS",
            "UNINITIALIZED",
            "INITIALIZE_IN_PROGRESS",
            "INITIALIZED",
            "UPDATE_IN_PROGRESS",
            "DEGRADED",
        ] {
            assert!(
                plan_or_message(&make_cluster(state, old, 1), new)
                    .unwrap_err()
                    .contains("ACTIVE"),
                "{state}"
            );
            assert_eq!(
                plan_or_message(&make_cluster(state, new, 1), new),
                Ok(TypeChange::Already),
                "{state}"
            );
        }
        // Neither a type nor a state of tomorrow is in the way.
        assert_eq!(
            plan_or_message(&make_cluster("ACTIVE", new, 1), "hsm3.large"),
            Ok(TypeChange::Migrate)
        );
        assert_eq!(
            plan_or_message(&make_cluster("PONDERING", old, 1), new),
            Ok(TypeChange::Migrate)
        );
    }

    #[test]
    fn a_change_is_taken_back_within_its_time_alone() {
        let (old, new) = (HSM1, HSM2);
        let migrated = |state: &str, until: Option<i64>| Cluster {
            rollback_until: until,
            ..make_cluster(state, new, 2)
        };
        assert_eq!(
            plan_or_message(&migrated("ACTIVE", Some(NOW + 1)), old),
            Ok(TypeChange::RollBack)
        );
        assert_eq!(
            plan_or_message(&migrated("MODIFY_IN_PROGRESS", Some(NOW + 1)), old),
            Ok(TypeChange::RollBack)
        );
        for until in [Some(NOW), Some(NOW - 1), None] {
            assert!(
                plan_or_message(&migrated("ACTIVE", until), old).is_err(),
                "{until:?}"
            );
        }
    }

    #[test]
    fn what_is_under_way_is_not_asked_for_again() {
        let (old, new) = (HSM1, HSM2);
        // The cluster's own type may be the old or the new one by then.
        for shown in [old, new] {
            assert_eq!(
                plan_or_message(&make_cluster("MODIFY_IN_PROGRESS", shown, 2), new),
                Ok(TypeChange::UnderWay)
            );
            for (state, course) in [
                ("ROLLBACK_IN_PROGRESS", TypeChange::UnderWay),
                ("PENDING_ROLLBACK", TypeChange::RollBack),
            ] {
                assert_eq!(
                    plan_or_message(&make_cluster(state, shown, 2), old),
                    Ok(course),
                    "{state}"
                );
                assert!(
                    plan_or_message(&make_cluster(state, shown, 2), new).is_err(),
                    "{state}"
                );
            }
        }
        let mut half = make_cluster("ACTIVE", new, 2);
        half.hsms.first_mut().unwrap().hsm_type = Some(old.into());
        assert_eq!(
            plan_or_message(&half, new),
            Ok(TypeChange::Migrate),
            "an HSM of the old type is left"
        );
    }
}
