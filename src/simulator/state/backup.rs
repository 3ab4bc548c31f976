//! Backups and their states.

use serde::{Deserialize, Serialize};

use super::super::clock::{DAY, Millis};
use super::super::ids::resource_id;
use super::{Claim, Cluster, DELETED_STAY};

/// "A backup can be restored up to 7 days after the DeleteBackup request is made."
const RESTORABLE: Millis = 7 * DAY;

/// The states of a backup (API Reference, `Backup`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BackupState {
    CreateInProgress,
    Ready,
    Deleted,
    PendingDeletion,
}

impl BackupState {
    /// As the API spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Ready => "READY",
            Self::Deleted => "DELETED",
            Self::PendingDeletion => "PENDING_DELETION",
        }
    }
}

/// Where a copied backup comes from (`Backup`: SourceBackup, SourceCluster, SourceRegion).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    pub(crate) backup: String,
    pub(crate) cluster: String,
    pub(crate) region: String,
}

/// A backup. It outlives its cluster, and holds what a cluster made from it begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    pub(crate) id: String,
    pub(crate) cluster_id: String,
    pub(crate) state: BackupState,
    pub(crate) created: Millis,
    /// Of a copy: when it was made, and of what.
    pub(crate) copied: Option<Millis>,
    pub(crate) origin: Option<Origin>,
    /// PENDING_DELETION: when it will be gone.
    pub(crate) delete_at: Option<Millis>,
    pub(crate) never_expires: bool,
    /// When RestoreBackup last brought it back.
    pub(crate) restored: Option<Millis>,
    pub(crate) tags: Vec<(String, String)>,
    /// Of the resource-policy actions, later than 2022.
    pub(crate) policy: Option<String>,
    /// What a cluster that is created from it has: no such cluster needs initialization.
    pub(crate) hsm_type: String,
    pub(crate) mode: Option<String>,
    /// The certificate and trust anchor that the cluster was initialized with. `None`: a control
    /// command made it INITIALIZED.
    pub(crate) claim: Option<Claim>,
    /// When the state of transition is over.
    pub(crate) due: Option<Millis>,
}

impl Backup {
    /// A backup of the cluster as it is, made at `created` and READY at `due`. Fails if the system
    /// gives no randomness.
    pub(crate) fn of(cluster: &Cluster, created: Millis, due: Millis) -> Result<Self, String> {
        Ok(Self {
            id: resource_id("backup")?,
            cluster_id: cluster.id.clone(),
            state: BackupState::CreateInProgress,
            created,
            copied: None,
            origin: None,
            delete_at: None,
            never_expires: false,
            restored: None,
            tags: Vec::new(),
            hsm_type: cluster.hsm_type.clone(),
            mode: cluster.mode.clone(),
            policy: None,
            claim: cluster.claim.clone(),
            due: Some(due),
        })
    }

    /// A copy of it for another region, made at `copied` and READY at `due`: of the same time and
    /// cluster, with tags of its own. Fails like [`Backup::of`].
    pub(crate) fn copy(
        &self,
        region: &str,
        tags: Vec<(String, String)>,
        copied: Millis,
        due: Millis,
    ) -> Result<Self, String> {
        let origin = Origin {
            backup: self.id.clone(),
            cluster: self.cluster_id.clone(),
            region: region.to_owned(),
        };
        Ok(Self {
            id: resource_id("backup")?,
            state: BackupState::CreateInProgress,
            copied: Some(copied),
            origin: Some(origin),
            delete_at: None,
            never_expires: false,
            restored: None,
            tags,
            policy: None,
            due: Some(due),
            ..self.clone()
        })
    }

    /// From `at` on it can only be restored, and that for seven days.
    pub(crate) fn delete(&mut self, at: Millis) {
        self.state = BackupState::PendingDeletion;
        self.delete_at = Some(at.saturating_add(RESTORABLE));
    }

    pub(crate) fn restore(&mut self, at: Millis) {
        self.state = BackupState::Ready;
        self.delete_at = None;
        self.restored = Some(at);
    }

    /// Whether [`Backup::settle`] has anything to do.
    pub(super) fn unsettled(&self, now: Millis) -> bool {
        let over = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        over(self.due) || (self.state == BackupState::PendingDeletion && over(self.delete_at))
    }

    /// Lets the time that has passed take effect.
    pub(super) fn settle(&mut self, now: Millis) {
        if self.due.take_if(|due| *due <= now).is_some()
            && self.state == BackupState::CreateInProgress
        {
            self.state = BackupState::Ready;
        }
        if self.state == BackupState::PendingDeletion && self.delete_at.is_some_and(|at| at <= now)
        {
            self.state = BackupState::Deleted;
        }
    }

    /// Whether it is no longer listed either.
    pub(super) fn gone(&self, now: Millis) -> bool {
        self.state == BackupState::Deleted
            && self
                .delete_at
                .is_none_or(|at| at.saturating_add(DELETED_STAY) <= now)
    }

    /// When the retention policy of its cluster deletes it, if `retention` is that policy's.
    ///
    /// One that was restored is left alone for a day: time to exempt it or to change the policy,
    /// which the guide asks for.
    pub(super) fn expires(&self, retention: Millis) -> Millis {
        let spared = self
            .restored
            .map_or(Millis::MIN, |at| at.saturating_add(DAY));
        self.created.saturating_add(retention).max(spared)
    }

    /// How long after its making a backup can be there at all that nobody exempts or restores.
    pub(super) fn longest_life(retention: Millis) -> Millis {
        retention
            .saturating_add(RESTORABLE)
            .saturating_add(DELETED_STAY)
    }
}
