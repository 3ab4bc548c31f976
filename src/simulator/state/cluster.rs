//! Clusters, their states, and the way from one state to the next as time passes.

use serde::{Deserialize, Serialize};

use super::super::chains::SimulatedIdentity;
use super::super::choices::KeptChoices;
use super::super::clock::Millis;
use super::{Hsm, SimulatedHsmState};

states! {
    /// The states of a cluster (API Reference, `Cluster`). MODIFY_IN_PROGRESS,
    /// ROLLBACK_IN_PROGRESS and PENDING_ROLLBACK are later than 2022; the last is in the reference
    /// and in no model, and comes by control commands only.
    pub enum SimulatedClusterState {
        CreateInProgress = "CREATE_IN_PROGRESS",
        Uninitialized = "UNINITIALIZED",
        InitializeInProgress = "INITIALIZE_IN_PROGRESS",
        Initialized = "INITIALIZED",
        Active = "ACTIVE",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        ModifyInProgress = "MODIFY_IN_PROGRESS",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        PendingRollback = "PENDING_ROLLBACK",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        Deleted = "DELETED",
        Degraded = "DEGRADED",
    }
}

impl SimulatedClusterState {
    /// Tells whether it is a state on the way to another.
    pub(crate) fn is_in_transition(self) -> bool {
        match self {
            Self::CreateInProgress
            | Self::InitializeInProgress
            | Self::UpdateInProgress
            | Self::ModifyInProgress
            | Self::RollbackInProgress
            | Self::PendingRollback
            | Self::DeleteInProgress => true,
            Self::Uninitialized
            | Self::Initialized
            | Self::Active
            | Self::Deleted
            | Self::Degraded => false,
        }
    }
}

/// The certificates that the owner has sent with InitializeCluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerCertificates {
    pub(crate) signed_cert: String,
    pub(crate) trust_anchor: String,
}

/// A state that a cluster will enter, and the time at which it does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NextState {
    pub(crate) state: SimulatedClusterState,
    pub(crate) at: Millis,
    /// The HsmType that it has from then on, if that changes.
    pub(crate) hsm_type: Option<String>,
    /// The state that follows.
    pub(crate) then: Option<Box<NextState>>,
}

impl NextState {
    pub(crate) fn new(state: SimulatedClusterState, at: Millis) -> Self {
        Self {
            state,
            at,
            hsm_type: None,
            then: None,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SimulatedCluster {
    pub(crate) id: String,
    pub(crate) hsm_type: String,
    /// What was chosen for good. A cluster of hsm1.medium has none of it. Every name that no other
    /// field has is read as one of these, so that an unknown one is refused.
    #[serde(flatten)]
    pub(crate) choices: KeptChoices,
    /// Availability Zone and subnet, in the order of the request.
    pub(crate) subnets: Vec<(String, String)>,
    pub(crate) vpc: String,
    pub(crate) security_group: String,
    pub(crate) retention_days: u16,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) created: Millis,
    pub(crate) state: SimulatedClusterState,
    pub(crate) state_message: Option<String>,
    /// The next state. `None` in a state that lasts.
    pub(crate) next: Option<NextState>,
    pub(crate) since: Millis,
    pub(crate) hsms: Vec<Hsm>,
    pub(crate) claim: Option<OwnerCertificates>,
    /// HsmTypeRollbackExpiration (later than 2022): the end of the time in which a changed type can
    /// be changed back.
    pub(crate) rollback_until: Option<Millis>,
    /// The backup that it was created from.
    pub(crate) source_backup: Option<String>,
    /// The time at which its next daily backup is due. `None` while none is made.
    pub(crate) backup_due: Option<Millis>,
    /// The time up to which it and its backups have been settled.
    pub(crate) settled: Millis,
}

impl SimulatedCluster {
    pub(crate) fn enter_state(&mut self, state: SimulatedClusterState, at: Millis) {
        self.state = state;
        self.since = at;
        self.state_message = None;
        self.next = None;
    }

    /// Returns the number of its HSMs. A DELETED one, still shown, does not count.
    pub(crate) fn hsm_count(&self) -> usize {
        self.hsms.iter().filter(|hsm| !hsm.is_deleted()).count()
    }

    /// Returns the HSM whose CSR the cluster shows: the first ACTIVE one, and only before
    /// initialization.
    pub(crate) fn csr_hsm(&self) -> Option<&Hsm> {
        if self.state != SimulatedClusterState::Uninitialized {
            return None;
        }
        self.hsms
            .iter()
            .find(|hsm| hsm.state == SimulatedHsmState::Active)
    }

    /// Returns the certificates of that HSM.
    pub(crate) fn csr_identity(&self) -> Option<&SimulatedIdentity> {
        self.csr_hsm().and_then(Hsm::identity)
    }

    /// Tells whether [`SimulatedCluster::settle`] has anything to do.
    pub(super) fn needs_settling(&self, now: Millis) -> bool {
        let waits = |hsm: &Hsm| {
            matches!(
                hsm.state,
                SimulatedHsmState::CreateInProgress | SimulatedHsmState::DeleteInProgress
            )
        };
        let backup_due = if self.is_backed_up() {
            self.backup_due.is_none_or(|due| due <= now)
        } else {
            self.backup_due.is_some()
        };
        backup_due
            || self.next.as_ref().is_some_and(|next| next.at <= now)
            || self
                .hsms
                .iter()
                .any(|hsm| (waits(hsm) && hsm.due <= now) || hsm.is_type_change_due(now))
    }

    /// Lets the time that has passed take effect, and returns the moments in it at which a backup
    /// was made. `identify` makes an HSM's certificates, once its key is there.
    pub(super) fn settle(&mut self, now: Millis, identify: &dyn Fn(&Hsm)) -> Vec<Millis> {
        let mut backups = Vec::new();
        while let Some(NextState {
            state,
            at,
            hsm_type,
            then,
        }) = self.next.take_if(|next| next.at <= now)
        {
            if self.state == SimulatedClusterState::InitializeInProgress
                && state == SimulatedClusterState::Uninitialized
            {
                self.claim = None;
            }
            if self.state == SimulatedClusterState::InitializeInProgress
                && state == SimulatedClusterState::Initialized
            {
                backups.push(at);
            }
            self.enter_state(state, at);
            self.hsm_type = hsm_type.unwrap_or_else(|| std::mem::take(&mut self.hsm_type));
            self.next = then.map(|next| *next);
        }
        for hsm in &mut self.hsms {
            hsm.settle_type(now);
        }
        let had_active = self.has_active_hsm();
        for hsm in &mut self.hsms {
            if hsm.state == SimulatedHsmState::CreateInProgress && hsm.due <= now {
                identify(hsm);
                if hsm.identity().is_some() {
                    hsm.state = SimulatedHsmState::Active;
                }
            }
        }
        if !had_active && self.is_backed_up() {
            // Until now there was nothing to make a backup of.
            backups.extend(self.active_since().map(|at| at.max(self.settled)));
        }
        backups.extend(self.daily_backups(now));
        self.hsms
            .retain(|hsm| hsm.state != SimulatedHsmState::DeleteInProgress || hsm.due > now);
        backups
    }
}
