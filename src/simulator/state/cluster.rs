//! Clusters, their states, and how time moves them from one to the next.

use serde::{Deserialize, Serialize};

use super::super::chains::Identity;
use super::super::clock::Millis;
use super::{Hsm, HsmState};

/// The states of a cluster (API Reference, `Cluster`). MODIFY_IN_PROGRESS, ROLLBACK_IN_PROGRESS and
/// PENDING_ROLLBACK are later than 2022; the last is in the reference, and in no model: it comes by
/// control only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum ClusterState {
    CreateInProgress,
    Uninitialized,
    InitializeInProgress,
    Initialized,
    Active,
    UpdateInProgress,
    ModifyInProgress,
    RollbackInProgress,
    PendingRollback,
    DeleteInProgress,
    Deleted,
    Degraded,
}

impl ClusterState {
    /// Every state, in the order of the reference.
    pub const ALL: [Self; 12] = [
        Self::CreateInProgress,
        Self::Uninitialized,
        Self::InitializeInProgress,
        Self::Initialized,
        Self::Active,
        Self::UpdateInProgress,
        Self::ModifyInProgress,
        Self::RollbackInProgress,
        Self::PendingRollback,
        Self::DeleteInProgress,
        Self::Deleted,
        Self::Degraded,
    ];

    /// The state as the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Uninitialized => "UNINITIALIZED",
            Self::InitializeInProgress => "INITIALIZE_IN_PROGRESS",
            Self::Initialized => "INITIALIZED",
            Self::Active => "ACTIVE",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::ModifyInProgress => "MODIFY_IN_PROGRESS",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::PendingRollback => "PENDING_ROLLBACK",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::Deleted => "DELETED",
            Self::Degraded => "DEGRADED",
        }
    }

    /// Whether it is a state on the way to another.
    pub(crate) fn in_transition(self) -> bool {
        self == Self::PendingRollback || self.name().ends_with("_IN_PROGRESS")
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What the owner has sent with InitializeCluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    pub(crate) signed_cert: String,
    pub(crate) trust_anchor: String,
}

/// A state that a cluster will be in, and from when.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Next {
    pub(crate) state: ClusterState,
    pub(crate) at: Millis,
    /// The HsmType that it has from then on, if that changes.
    pub(crate) hsm_type: Option<String>,
    /// What follows that state.
    pub(crate) then: Option<Box<Next>>,
}

impl Next {
    pub(crate) fn new(state: ClusterState, at: Millis) -> Self {
        Self {
            state,
            at,
            hsm_type: None,
            then: None,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    pub(crate) hsm_type: String,
    /// Neither is in the reference of 2022, nor of a cluster of hsm1.medium.
    pub(crate) mode: Option<String>,
    pub(crate) network_type: Option<String>,
    /// Availability Zone and subnet, in the order of the request.
    pub(crate) subnets: Vec<(String, String)>,
    pub(crate) vpc: String,
    pub(crate) security_group: String,
    pub(crate) retention_days: u16,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) created: Millis,
    pub(crate) state: ClusterState,
    pub(crate) state_message: Option<String>,
    /// `None` in a state that lasts.
    pub(crate) next: Option<Next>,
    pub(crate) since: Millis,
    pub(crate) hsms: Vec<Hsm>,
    pub(crate) claim: Option<Claim>,
    /// HsmTypeRollbackExpiration (later than 2022): until when a changed type can be changed back.
    pub(crate) rollback_until: Option<Millis>,
    /// The backup that it was created from.
    pub(crate) source_backup: Option<String>,
    /// When its next daily backup is due. `None` while none is made.
    pub(crate) backup_due: Option<Millis>,
    /// Up to when time has taken effect on it and its backups.
    pub(crate) settled: Millis,
}

impl Cluster {
    pub(crate) fn enter(&mut self, state: ClusterState, at: Millis) {
        self.state = state;
        self.since = at;
        self.state_message = None;
        self.next = None;
    }

    /// How many HSMs it has: a DELETED one, still shown, is none.
    pub(crate) fn hsm_count(&self) -> usize {
        self.hsms
            .iter()
            .filter(|hsm| hsm.state != HsmState::Deleted)
            .count()
    }

    /// The HSM whose CSR the cluster shows: the first ACTIVE one, and only before initialization.
    pub(crate) fn csr_hsm(&self) -> Option<&Hsm> {
        if self.state != ClusterState::Uninitialized {
            return None;
        }
        self.hsms.iter().find(|hsm| hsm.state == HsmState::Active)
    }

    /// Its certificates.
    pub(crate) fn csr_identity(&self) -> Option<&Identity> {
        self.csr_hsm().and_then(Hsm::identity)
    }

    /// Whether [`Cluster::settle`] has anything to do.
    pub(super) fn unsettled(&self, now: Millis) -> bool {
        let waits = |hsm: &Hsm| {
            matches!(
                hsm.state,
                HsmState::CreateInProgress | HsmState::DeleteInProgress
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
                .any(|hsm| (waits(hsm) && hsm.due <= now) || hsm.changes_type(now))
    }

    /// Lets the time that has passed take effect, and returns the moments in it at which a backup
    /// was made. `identify` makes an HSM's certificates, once its key is there.
    pub(super) fn settle(&mut self, now: Millis, identify: &dyn Fn(&Hsm)) -> Vec<Millis> {
        let mut backups = Vec::new();
        while let Some(Next {
            state,
            at,
            hsm_type,
            then,
        }) = self.next.take_if(|next| next.at <= now)
        {
            if self.state == ClusterState::InitializeInProgress
                && state == ClusterState::Uninitialized
            {
                self.claim = None;
            }
            if self.state == ClusterState::InitializeInProgress
                && state == ClusterState::Initialized
            {
                backups.push(at);
            }
            self.enter(state, at);
            self.hsm_type = hsm_type.unwrap_or_else(|| std::mem::take(&mut self.hsm_type));
            self.next = then.map(|next| *next);
        }
        for hsm in &mut self.hsms {
            hsm.settle_type(now);
        }
        let had_active = self.has_active_hsm();
        for hsm in &mut self.hsms {
            if hsm.state == HsmState::CreateInProgress && hsm.due <= now {
                identify(hsm);
                if hsm.identity().is_some() {
                    hsm.state = HsmState::Active;
                }
            }
        }
        if !had_active && self.is_backed_up() {
            // Until now there was nothing to make a backup of.
            backups.extend(self.active_since().map(|at| at.max(self.settled)));
        }
        backups.extend(self.daily_backups(now));
        self.hsms
            .retain(|hsm| hsm.state != HsmState::DeleteInProgress || hsm.due > now);
        backups
    }
}
