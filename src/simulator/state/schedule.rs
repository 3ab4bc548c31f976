//! When backups of a cluster are made.

use super::super::clock::{DAY, Millis};
use super::backup::Backup;
use super::{Cluster, ClusterState, HsmState};

impl Cluster {
    /// Whether backups are made of it: only of what has been initialized.
    pub(crate) fn is_backed_up(&self) -> bool {
        matches!(self.state, ClusterState::Initialized | ClusterState::Active)
    }

    pub(crate) fn has_active_hsm(&self) -> bool {
        self.hsms.iter().any(|hsm| hsm.state == HsmState::Active)
    }

    /// How long its backups are kept.
    pub(super) fn retention(&self) -> Millis {
        DAY.saturating_mul(self.retention_days.into())
    }

    /// Since when there has been an ACTIVE HSM.
    pub(super) fn active_since(&self) -> Option<Millis> {
        self.hsms
            .iter()
            .filter(|hsm| hsm.state == HsmState::Active)
            .map(|hsm| hsm.due)
            .min()
    }

    /// The moments until `now` at which a daily backup was due and there was an ACTIVE HSM to make
    /// it of: every 24 hours from when the cluster was initialized. However far the clock was
    /// moved, those that would be gone again are left out.
    pub(super) fn daily_backups(&mut self, now: Millis) -> Vec<Millis> {
        let mut made = Vec::new();
        if !self.is_backed_up() {
            self.backup_due = None;
            return made;
        }
        let next = self.backup_due.unwrap_or(self.since.saturating_add(DAY));
        let oldest = now.saturating_sub(Backup::longest_life(self.retention()));
        let skipped = oldest
            .saturating_sub(next)
            .max(0)
            .checked_div(DAY)
            .unwrap_or(0);
        let mut due = next.saturating_add(skipped.saturating_mul(DAY));
        let active_since = self.active_since().unwrap_or(Millis::MAX);
        while due <= now {
            if due >= active_since {
                made.push(due);
            }
            let Some(after) = due.checked_add(DAY) else {
                break;
            };
            due = after;
        }
        self.backup_due = Some(due);
        made
    }
}
