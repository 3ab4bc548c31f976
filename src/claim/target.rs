//! What a `wait` waits for.

use std::fmt;
use std::str::FromStr;

use crate::cloudhsm::{Cluster, ClusterState, is_spelt_as_state, next_step};
use crate::outside::OutsideText;

/// What to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Created.
    Uninitialized,
    /// UNINITIALIZED, with a CSR to fetch. The state alone comes before the first HSM, and so
    /// before the CSR.
    Csr,
    /// Claimed: INITIALIZED, or ACTIVE, which comes after it.
    Initialized,
    /// Activated by its owner.
    Active,
    /// CREATE_IN_PROGRESS.
    CreateInProgress,
    /// INITIALIZE_IN_PROGRESS.
    InitializeInProgress,
    /// UPDATE_IN_PROGRESS.
    UpdateInProgress,
    /// MODIFY_IN_PROGRESS.
    ModifyInProgress,
    /// ROLLBACK_IN_PROGRESS.
    RollbackInProgress,
    /// DEGRADED.
    Degraded,
    /// DELETE_IN_PROGRESS.
    DeleteInProgress,
    /// Gone.
    Deleted,
    /// A state that this version does not know, such as PENDING_ROLLBACK, which the API Reference
    /// names and no model has.
    Other(OutsideText),
}

impl Target {
    /// Every target that has a name here, in the order of a cluster's life.
    pub const ALL: [Target; 12] = [
        Target::CreateInProgress,
        Target::Uninitialized,
        Target::Csr,
        Target::InitializeInProgress,
        Target::Initialized,
        Target::Active,
        Target::UpdateInProgress,
        Target::ModifyInProgress,
        Target::RollbackInProgress,
        Target::Degraded,
        Target::DeleteInProgress,
        Target::Deleted,
    ];

    /// Returns the name that the command line has for it. It is meant for comparisons, never for
    /// display.
    pub fn as_str(&self) -> &str {
        match self {
            Target::Uninitialized => "uninitialized",
            Target::Csr => "csr",
            Target::Initialized => "initialized",
            Target::Active => "active",
            Target::CreateInProgress => "create_in_progress",
            Target::InitializeInProgress => "initialize_in_progress",
            Target::UpdateInProgress => "update_in_progress",
            Target::ModifyInProgress => "modify_in_progress",
            Target::RollbackInProgress => "rollback_in_progress",
            Target::Degraded => "degraded",
            Target::DeleteInProgress => "delete_in_progress",
            Target::Deleted => "deleted",
            Target::Other(name) => name.as_raw(),
        }
    }

    /// Tells whether a cluster is there.
    pub(super) fn is_met(&self, cluster: &Cluster) -> bool {
        let state = &cluster.state;
        match self {
            Target::Uninitialized => *state == ClusterState::Uninitialized,
            Target::Csr => {
                *state == ClusterState::Uninitialized && cluster.certificates.cluster_csr.is_some()
            }
            Target::Initialized => {
                matches!(state, ClusterState::Initialized | ClusterState::Active)
            }
            Target::Active => *state == ClusterState::Active,
            Target::CreateInProgress => *state == ClusterState::CreateInProgress,
            Target::InitializeInProgress => *state == ClusterState::InitializeInProgress,
            Target::UpdateInProgress => *state == ClusterState::UpdateInProgress,
            Target::ModifyInProgress => *state == ClusterState::ModifyInProgress,
            Target::RollbackInProgress => *state == ClusterState::RollbackInProgress,
            Target::Degraded => *state == ClusterState::Degraded,
            Target::DeleteInProgress => *state == ClusterState::DeleteInProgress,
            Target::Deleted => *state == ClusterState::Deleted,
            Target::Other(name) => state.as_str() == name.as_raw(),
        }
    }

    /// Tells whether a cluster in this state can never get there. A degraded or unknown state may
    /// still change.
    pub(super) fn is_lost(&self, state: &ClusterState) -> bool {
        match state {
            ClusterState::DeleteInProgress => {
                !matches!(self, Target::Deleted | Target::DeleteInProgress)
            }
            ClusterState::Deleted => *self != Target::Deleted,
            ClusterState::InitializeInProgress
            | ClusterState::Initialized
            | ClusterState::Active => {
                // An InitializeCluster that fails may fall back to UNINITIALIZED, but no owner
                // waits for that.
                matches!(
                    self,
                    Target::Uninitialized | Target::Csr | Target::CreateInProgress
                )
            }
            ClusterState::Uninitialized => *self == Target::CreateInProgress,
            ClusterState::CreateInProgress
            | ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
            | ClusterState::Degraded
            | ClusterState::Other(_) => false,
        }
    }
}

impl Target {
    /// Tells whether nothing that is under way brings a cluster there: what is waited for takes an
    /// HSM, and none works or is being made. A cluster with a CSR may be claimed by somebody at any
    /// moment.
    pub(super) fn is_hopeless(&self, cluster: &Cluster) -> bool {
        let stuck = next_step(cluster).needs_action();
        match self {
            Target::Csr => stuck && !matches!(cluster.state, ClusterState::Other(_)),
            Target::Initialized | Target::Active | Target::InitializeInProgress => {
                stuck && cluster.state == ClusterState::Uninitialized
            }
            Target::Uninitialized
            | Target::CreateInProgress
            | Target::UpdateInProgress
            | Target::ModifyInProgress
            | Target::RollbackInProgress
            | Target::Degraded
            | Target::DeleteInProgress
            | Target::Deleted
            | Target::Other(_) => false,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Other(name) => name.fmt(f),
            known => f.write_str(known.as_str()),
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(known) = Target::ALL
            .into_iter()
            .find(|target| target.as_str().eq_ignore_ascii_case(text))
        {
            return Ok(known);
        }
        if is_spelt_as_state(text) {
            return Ok(Target::Other(text.into()));
        }
        let known: Vec<String> = Target::ALL.iter().map(ToString::to_string).collect();
        Err(format!(
            "expected one of {}, or another state's name in capitals, as the service spells it",
            known.join(", ")
        ))
    }
}
