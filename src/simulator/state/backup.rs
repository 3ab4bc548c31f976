//! Backups and their states.

use super::super::clock::Millis;

/// The states of a backup (API Reference, `Backup`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum BackupState {
    CreateInProgress,
    Ready,
    Deleted,
    PendingDeletion,
}

impl BackupState {
    /// As the API spells it.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Ready => "READY",
            Self::Deleted => "DELETED",
            Self::PendingDeletion => "PENDING_DELETION",
        }
    }
}

/// Where a copied backup comes from (`Backup`: SourceBackup, SourceCluster, SourceRegion).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Origin {
    pub(in super::super) backup: String,
    pub(in super::super) cluster: String,
    pub(in super::super) region: String,
}

/// A backup. It outlives its cluster, and holds what a cluster made from it begins with.
#[derive(Clone, Debug)]
pub(in super::super) struct Backup {
    pub(in super::super) id: String,
    pub(in super::super) cluster_id: String,
    pub(in super::super) state: BackupState,
    pub(in super::super) created: Millis,
    /// Of a copy: when it was made, and of what.
    pub(in super::super) copied: Option<Millis>,
    pub(in super::super) origin: Option<Origin>,
    /// PENDING_DELETION: when it will be gone.
    pub(in super::super) delete_at: Option<Millis>,
    pub(in super::super) never_expires: bool,
    pub(in super::super) tags: Vec<(String, String)>,
    /// Of the resource-policy actions, later than 2022.
    pub(in super::super) policy: Option<String>,
    /// What a cluster that is created from it has: no such cluster needs initialization.
    pub(in super::super) hsm_type: String,
    pub(in super::super) mode: Option<String>,
    /// The certificate and trust anchor that the cluster was initialized with.
    pub(in super::super) claim: super::Claim,
    /// When the state of transition is over.
    pub(in super::super) due: Option<Millis>,
}
