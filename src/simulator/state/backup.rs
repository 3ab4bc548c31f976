//! Backups and their states.

use serde::{Deserialize, Serialize};

use super::super::clock::{DAY, Millis};
use super::super::ids::resource_id;
use super::{DELETED_STAY_TIME, OwnerCertificates, SimulatedCluster};

/// "A backup can be restored up to 7 days after the DeleteBackup request is made."
const RESTORABLE_TIME: Millis = 7 * DAY;

/// The states of a backup (API Reference, `Backup`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SimulatedBackupState {
    CreateInProgress,
    Ready,
    Deleted,
    PendingDeletion,
}

impl SimulatedBackupState {
    /// Returns the state as the API spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Ready => "READY",
            Self::Deleted => "DELETED",
            Self::PendingDeletion => "PENDING_DELETION",
        }
    }
}

/// The source of a copied backup (`Backup` of the API: SourceBackup, SourceCluster,
/// SourceRegion).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupOrigin {
    pub(crate) backup: String,
    pub(crate) cluster: String,
    pub(crate) region: String,
}

/// A backup. It outlives its cluster, and holds the values that a cluster made from it begins with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulatedBackup {
    pub(crate) id: String,
    pub(crate) cluster_id: String,
    pub(crate) state: SimulatedBackupState,
    pub(crate) created: Millis,
    /// The time at which a copy was made, and the source of the copy.
    pub(crate) copied: Option<Millis>,
    pub(crate) origin: Option<BackupOrigin>,
    /// The time at which a backup in PENDING_DELETION will be gone.
    pub(crate) delete_at: Option<Millis>,
    pub(crate) never_expires: bool,
    /// The time at which RestoreBackup last brought it back.
    pub(crate) restored: Option<Millis>,
    pub(crate) tags: Vec<(String, String)>,
    /// The policy of the resource-policy actions, later than 2022.
    pub(crate) policy: Option<String>,
    /// The type of a cluster that is created from it. No such cluster needs initialization.
    pub(crate) hsm_type: String,
    pub(crate) mode: Option<String>,
    /// The certificate and trust anchor that the cluster was initialized with. `None`: a control
    /// command made it INITIALIZED.
    pub(crate) claim: Option<OwnerCertificates>,
    /// The time at which the state of transition ends.
    pub(crate) due: Option<Millis>,
}

impl SimulatedBackup {
    /// Makes a backup of the cluster as it is, created at `created` and READY at `due`. Fails if
    /// the system gives no randomness.
    pub(crate) fn from_cluster(
        cluster: &SimulatedCluster,
        created: Millis,
        due: Millis,
    ) -> Result<Self, String> {
        Ok(Self {
            id: resource_id("backup")?,
            cluster_id: cluster.id.clone(),
            state: SimulatedBackupState::CreateInProgress,
            created,
            copied: None,
            origin: None,
            delete_at: None,
            never_expires: false,
            restored: None,
            tags: Vec::new(),
            hsm_type: cluster.hsm_type.clone(),
            mode: cluster.choices.get("Mode").map(str::to_owned),
            policy: None,
            claim: cluster.claim.clone(),
            due: Some(due),
        })
    }

    /// Makes a copy for another region, copied at `copied` and READY at `due`. It has the same time
    /// and cluster, and tags of its own. Fails like [`SimulatedBackup::from_cluster`].
    pub(crate) fn copy_to_region(
        &self,
        region: &str,
        tags: Vec<(String, String)>,
        copied: Millis,
        due: Millis,
    ) -> Result<Self, String> {
        let origin = BackupOrigin {
            backup: self.id.clone(),
            cluster: self.cluster_id.clone(),
            region: region.to_owned(),
        };
        Ok(Self {
            id: resource_id("backup")?,
            state: SimulatedBackupState::CreateInProgress,
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

    /// Starts its deletion at `at`. From then on it can only be restored, for seven days.
    pub(crate) fn schedule_deletion(&mut self, at: Millis) {
        self.state = SimulatedBackupState::PendingDeletion;
        self.delete_at = Some(at.saturating_add(RESTORABLE_TIME));
    }

    pub(crate) fn restore(&mut self, at: Millis) {
        self.state = SimulatedBackupState::Ready;
        self.delete_at = None;
        self.restored = Some(at);
    }

    /// Tells whether [`SimulatedBackup::settle`] has anything to do.
    pub(super) fn needs_settling(&self, now: Millis) -> bool {
        let over = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        over(self.due)
            || (self.state == SimulatedBackupState::PendingDeletion && over(self.delete_at))
    }

    /// Lets the time that has passed take effect.
    pub(super) fn settle(&mut self, now: Millis) {
        if self.due.take_if(|due| *due <= now).is_some()
            && self.state == SimulatedBackupState::CreateInProgress
        {
            self.state = SimulatedBackupState::Ready;
        }
        if self.state == SimulatedBackupState::PendingDeletion
            && self.delete_at.is_some_and(|at| at <= now)
        {
            self.state = SimulatedBackupState::Deleted;
        }
    }

    /// Tells whether it is no longer listed either.
    pub(super) fn is_gone(&self, now: Millis) -> bool {
        self.state == SimulatedBackupState::Deleted
            && self
                .delete_at
                .is_none_or(|at| at.saturating_add(DELETED_STAY_TIME) <= now)
    }

    /// Returns the time at which the retention policy of its cluster deletes it, if `retention` is
    /// that policy's.
    ///
    /// A backup that was restored is spared for a day: time to exempt it or to change the policy,
    /// which the guide asks for.
    pub(super) fn expires_at(&self, retention: Millis) -> Millis {
        let spared = self
            .restored
            .map_or(Millis::MIN, |at| at.saturating_add(DAY));
        self.created.saturating_add(retention).max(spared)
    }

    /// Returns the longest time for which a backup can exist that nobody exempts or restores.
    pub(super) fn longest_life(retention: Millis) -> Millis {
        retention
            .saturating_add(RESTORABLE_TIME)
            .saturating_add(DELETED_STAY_TIME)
    }
}
