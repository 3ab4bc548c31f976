//! What it means to ask for a type of HSM, of a cluster as it is.
//!
//! Sources: AWS CloudHSM User Guide, "Migrating from hsm1.medium to hsm2m.medium" (September 2026),
//! and HsmTypeRollbackExpiration in the API Reference. Only what they say forbids a change before
//! the call; of all else the service has the last word.

use crate::cloudhsm::{Cluster, ClusterState, HsmState, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText, shown_text};
use crate::x509::Moment;

/// What asking for a type comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Cluster and HSMs are of that type.
    Already,
    /// They are on their way to it: nothing is to be sent.
    UnderWay,
    /// The type is changed.
    Migrate,
    /// An earlier change is taken back.
    RollBack,
}

/// Whether a cluster's type is being changed, or changed back.
pub(super) fn is_under_way(state: &ClusterState) -> bool {
    matches!(
        state,
        ClusterState::ModifyInProgress | ClusterState::RollbackInProgress
    ) || state.is_pending_rollback()
}

/// Whether cluster and HSMs are of this type, as far as they say.
pub(super) fn has_type(cluster: &Cluster, wanted: &str) -> bool {
    let is = |found: &OutsideText| found == wanted;
    let hsms = cluster
        .hsms
        .iter()
        .filter(|hsm| hsm.state != HsmState::Deleted);
    cluster.hsm_type.as_ref().is_some_and(is)
        && hsms.filter_map(|hsm| hsm.hsm_type.as_ref()).all(is)
}

/// What it means that `wanted` is asked for now.
///
/// # Errors
/// Class `Conflict`, `type-change-forbidden`.
pub(super) fn course(cluster: &Cluster, wanted: &str, now: Moment) -> Result<Course> {
    match &cluster.state {
        // The only change that there is goes to hsm2m.medium; asked for the other one, it is taken
        // back.
        ClusterState::ModifyInProgress if wanted == limits::HSM2 => Ok(Course::UnderWay),
        ClusterState::ModifyInProgress if wanted == limits::HSM1 => back(cluster, now),
        ClusterState::RollbackInProgress if wanted == limits::HSM1 => Ok(Course::UnderWay),
        // Whether it waits for AWS or for its owner is not said: what is asked for is sent, and the
        // service has the last word.
        state if state.is_pending_rollback() && wanted == limits::HSM1 => Ok(Course::RollBack),
        state if is_under_way(state) => Err(not_active(cluster)),
        _ if has_type(cluster, wanted) => Ok(Course::Already),
        // One that this version does not know may allow it.
        ClusterState::Active | ClusterState::Other(_) if wanted == limits::HSM1 => {
            back(cluster, now)
        }
        ClusterState::Active | ClusterState::Other(_) => migrate(cluster),
        _ => Err(not_active(cluster)),
    }
}

fn migrate(cluster: &Cluster) -> Result<Course> {
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
        return Err(forbidden(
            cluster,
            &what,
            "delete some of its HSMs first with hsmboot's hsm delete, and create them again \
             afterwards",
        ));
    }
    Ok(Course::Migrate)
}

fn back(cluster: &Cluster, now: Moment) -> Result<Course> {
    match cluster.rollback_until {
        Some(until) if now.unix() < until => Ok(Course::RollBack),
        Some(until) => {
            let what = format!(
                "a change can be taken back for 24 hours, and that time ended at {}",
                Moment::from_unix(until)
            );
            Err(forbidden(
                cluster,
                &what,
                "restore a cluster from a backup of before the change, where AWS still allows one",
            ))
        }
        None => Err(forbidden(
            cluster,
            "no change is to be taken back, and no other way leads to hsm1.medium",
            "`hsmboot cluster show` shows until when, where there is one",
        )),
    }
}

fn not_active(cluster: &Cluster) -> Error {
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
    forbidden(
        cluster,
        "only the type of an ACTIVE cluster can be changed",
        &hint,
    )
}

fn forbidden(cluster: &Cluster, why: &str, hint: &str) -> Error {
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

/// The error of a change that the service took back.
pub(super) fn not_kept(cluster: &Cluster, wanted: &str) -> Error {
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
        .and(said),
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

    fn cluster(state: &str, hsm_type: &str, hsms: usize) -> Cluster {
        let mut cluster = Cluster::new("cluster-abc234defgh", ClusterState::from(state));
        cluster.hsm_type = Some(hsm_type.into());
        cluster.hsms = (0..hsms)
            .map(|n| HsmSummary::new(format!("hsm-{n}"), HsmState::Active))
            .collect();
        cluster
    }

    fn of(cluster: &Cluster, wanted: &str) -> std::result::Result<Course, Lines> {
        course(cluster, wanted, Moment::from_unix(NOW)).map_err(|error| {
            assert_eq!(
                (error.kind, error.code()),
                (ErrorKind::TypeChangeForbidden, 8)
            );
            error.message
        })
    }

    #[test]
    fn only_an_active_cluster_of_at_most_27_hsms_is_migrated() {
        let (old, new) = (limits::HSM1, limits::HSM2);
        assert_eq!(of(&cluster("ACTIVE", old, 27), new), Ok(Course::Migrate));
        assert!(
            of(&cluster("ACTIVE", old, 28), new)
                .unwrap_err()
                .contains("28")
        );
        let mut one_gone = cluster("ACTIVE", old, 28);
        one_gone.hsms.first_mut().unwrap().state = HsmState::Deleted;
        assert_eq!(of(&one_gone, new), Ok(Course::Migrate));
        for state in [
            "CREATE_IN_PROGRESS",
            "UNINITIALIZED",
            "INITIALIZE_IN_PROGRESS",
            "INITIALIZED",
            "UPDATE_IN_PROGRESS",
            "DEGRADED",
        ] {
            assert!(
                of(&cluster(state, old, 1), new)
                    .unwrap_err()
                    .contains("ACTIVE"),
                "{state}"
            );
            assert_eq!(
                of(&cluster(state, new, 1), new),
                Ok(Course::Already),
                "{state}"
            );
        }
        // Neither a type nor a state of tomorrow is in the way.
        assert_eq!(
            of(&cluster("ACTIVE", new, 1), "hsm3.large"),
            Ok(Course::Migrate)
        );
        assert_eq!(of(&cluster("PONDERING", old, 1), new), Ok(Course::Migrate));
    }

    #[test]
    fn a_change_is_taken_back_within_its_time_alone() {
        let (old, new) = (limits::HSM1, limits::HSM2);
        let migrated = |state: &str, until: Option<i64>| Cluster {
            rollback_until: until,
            ..cluster(state, new, 2)
        };
        assert_eq!(
            of(&migrated("ACTIVE", Some(NOW + 1)), old),
            Ok(Course::RollBack)
        );
        assert_eq!(
            of(&migrated("MODIFY_IN_PROGRESS", Some(NOW + 1)), old),
            Ok(Course::RollBack)
        );
        for until in [Some(NOW), Some(NOW - 1), None] {
            assert!(of(&migrated("ACTIVE", until), old).is_err(), "{until:?}");
        }
    }

    #[test]
    fn what_is_under_way_is_not_asked_for_again() {
        let (old, new) = (limits::HSM1, limits::HSM2);
        // The cluster's own type may be the old or the new one by then.
        for shown in [old, new] {
            assert_eq!(
                of(&cluster("MODIFY_IN_PROGRESS", shown, 2), new),
                Ok(Course::UnderWay)
            );
            for (state, course) in [
                ("ROLLBACK_IN_PROGRESS", Course::UnderWay),
                ("PENDING_ROLLBACK", Course::RollBack),
            ] {
                assert_eq!(of(&cluster(state, shown, 2), old), Ok(course), "{state}");
                assert!(of(&cluster(state, shown, 2), new).is_err(), "{state}");
            }
        }
        let mut half = cluster("ACTIVE", new, 2);
        half.hsms.first_mut().unwrap().hsm_type = Some(old.into());
        assert_eq!(
            of(&half, new),
            Ok(Course::Migrate),
            "an HSM of the old type is left"
        );
    }
}
