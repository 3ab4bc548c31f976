//! What a `wait` waits for.

use std::fmt;
use std::str::FromStr;

use crate::cloudhsm::{Cluster, ClusterState, is_spelt_as_state, next_step};
use crate::outside::OutsideText;

/// What to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitTarget {
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

impl WaitTarget {
    /// Every target that has a name here, in the order of a cluster's life.
    pub const ALL: [WaitTarget; 12] = [
        WaitTarget::CreateInProgress,
        WaitTarget::Uninitialized,
        WaitTarget::Csr,
        WaitTarget::InitializeInProgress,
        WaitTarget::Initialized,
        WaitTarget::Active,
        WaitTarget::UpdateInProgress,
        WaitTarget::ModifyInProgress,
        WaitTarget::RollbackInProgress,
        WaitTarget::Degraded,
        WaitTarget::DeleteInProgress,
        WaitTarget::Deleted,
    ];

    /// Returns the name that the command line has for it. It is meant for comparisons, never for
    /// display.
    pub fn as_str(&self) -> &str {
        match self {
            WaitTarget::Uninitialized => "uninitialized",
            WaitTarget::Csr => "csr",
            WaitTarget::Initialized => "initialized",
            WaitTarget::Active => "active",
            WaitTarget::CreateInProgress => "create_in_progress",
            WaitTarget::InitializeInProgress => "initialize_in_progress",
            WaitTarget::UpdateInProgress => "update_in_progress",
            WaitTarget::ModifyInProgress => "modify_in_progress",
            WaitTarget::RollbackInProgress => "rollback_in_progress",
            WaitTarget::Degraded => "degraded",
            WaitTarget::DeleteInProgress => "delete_in_progress",
            WaitTarget::Deleted => "deleted",
            WaitTarget::Other(name) => name.as_raw(),
        }
    }

    /// Tells whether a cluster is there.
    pub(super) fn is_met(&self, cluster: &Cluster) -> bool {
        let state = &cluster.state;
        match self {
            WaitTarget::Uninitialized => *state == ClusterState::Uninitialized,
            WaitTarget::Csr => {
                *state == ClusterState::Uninitialized && cluster.certificates.cluster_csr.is_some()
            }
            WaitTarget::Initialized => {
                matches!(state, ClusterState::Initialized | ClusterState::Active)
            }
            WaitTarget::Active => *state == ClusterState::Active,
            WaitTarget::CreateInProgress => *state == ClusterState::CreateInProgress,
            WaitTarget::InitializeInProgress => *state == ClusterState::InitializeInProgress,
            WaitTarget::UpdateInProgress => *state == ClusterState::UpdateInProgress,
            WaitTarget::ModifyInProgress => *state == ClusterState::ModifyInProgress,
            WaitTarget::RollbackInProgress => *state == ClusterState::RollbackInProgress,
            WaitTarget::Degraded => *state == ClusterState::Degraded,
            WaitTarget::DeleteInProgress => *state == ClusterState::DeleteInProgress,
            WaitTarget::Deleted => *state == ClusterState::Deleted,
            WaitTarget::Other(name) => state.as_str() == name.as_raw(),
        }
    }

    /// Tells whether a cluster in this state can never get there. A degraded or unknown state may
    /// still change.
    pub(super) fn is_lost(&self, state: &ClusterState) -> bool {
        match state {
            ClusterState::DeleteInProgress => {
                !matches!(self, WaitTarget::Deleted | WaitTarget::DeleteInProgress)
            }
            ClusterState::Deleted => *self != WaitTarget::Deleted,
            ClusterState::InitializeInProgress
            | ClusterState::Initialized
            | ClusterState::Active => {
                // An InitializeCluster that fails may fall back to UNINITIALIZED, but no owner
                // waits for that.
                matches!(
                    self,
                    WaitTarget::Uninitialized | WaitTarget::Csr | WaitTarget::CreateInProgress
                )
            }
            ClusterState::Uninitialized => *self == WaitTarget::CreateInProgress,
            ClusterState::CreateInProgress
            | ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
            | ClusterState::Degraded
            | ClusterState::Other(_) => false,
        }
    }
}

impl WaitTarget {
    /// Tells whether nothing that is under way brings a cluster there: what is waited for takes an
    /// HSM, and none works or is being made. A cluster with a CSR may be claimed by somebody at any
    /// moment.
    pub(super) fn is_hopeless(&self, cluster: &Cluster) -> bool {
        let stuck = next_step(cluster).needs_action();
        match self {
            WaitTarget::Csr => stuck && !matches!(cluster.state, ClusterState::Other(_)),
            WaitTarget::Initialized | WaitTarget::Active | WaitTarget::InitializeInProgress => {
                stuck && cluster.state == ClusterState::Uninitialized
            }
            WaitTarget::Uninitialized
            | WaitTarget::CreateInProgress
            | WaitTarget::UpdateInProgress
            | WaitTarget::ModifyInProgress
            | WaitTarget::RollbackInProgress
            | WaitTarget::Degraded
            | WaitTarget::DeleteInProgress
            | WaitTarget::Deleted
            | WaitTarget::Other(_) => false,
        }
    }
}

impl fmt::Display for WaitTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitTarget::Other(name) => name.fmt(f),
            known => f.write_str(known.as_str()),
        }
    }
}

impl FromStr for WaitTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(known) = WaitTarget::ALL
            .into_iter()
            .find(|target| target.as_str().eq_ignore_ascii_case(text))
        {
            return Ok(known);
        }
        if is_spelt_as_state(text) {
            return Ok(WaitTarget::Other(text.into()));
        }
        let known: Vec<String> = WaitTarget::ALL.iter().map(ToString::to_string).collect();
        Err(format!(
            "expected one of {}, or another state's name in capitals, as the service spells it",
            known.join(", ")
        ))
    }
}
