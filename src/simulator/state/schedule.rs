//! The times at which backups of a cluster are made.

use super::super::clock::{DAY, Millis};
use super::backup::SimulatedBackup;
use super::{SimulatedCluster, SimulatedClusterState, SimulatedHsmState};

impl SimulatedCluster {
    /// Tells whether backups are made of it. Only an initialized cluster has them.
    pub(crate) fn is_backed_up(&self) -> bool {
        matches!(
            self.state,
            SimulatedClusterState::Initialized | SimulatedClusterState::Active
        )
    }

    pub(crate) fn has_active_hsm(&self) -> bool {
        self.hsms
            .iter()
            .any(|hsm| hsm.state == SimulatedHsmState::Active)
    }

    /// Returns the time for which its backups are kept.
    pub(super) fn retention_time(&self) -> Millis {
        DAY.saturating_mul(self.retention_days.into())
    }

    /// Returns the time since which there has been an ACTIVE HSM.
    pub(super) fn active_since(&self) -> Option<Millis> {
        self.hsms
            .iter()
            .filter(|hsm| hsm.state == SimulatedHsmState::Active)
            .map(|hsm| hsm.due)
            .min()
    }

    /// Returns the moments until `now` at which a daily backup was due and the cluster had an
    /// ACTIVE HSM: every 24 hours after its initialization. Backups that would be gone again are
    /// left out, however far the clock was moved.
    pub(super) fn daily_backups(&mut self, now: Millis) -> Vec<Millis> {
        let mut made = Vec::new();
        if !self.is_backed_up() {
            self.backup_due = None;
            return made;
        }
        let next = self.backup_due.unwrap_or(self.since.saturating_add(DAY));
        let oldest = now.saturating_sub(SimulatedBackup::longest_life(self.retention_time()));
        let mut due = first_due(next, oldest);
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

/// Returns the last moment not after `oldest` of those that are whole days after `next`, or `next`
/// where that is later: at most a day of those that are left out is left to be gone through.
fn first_due(next: Millis, oldest: Millis) -> Millis {
    // Two moments of a damaged state file can be further apart than a moment can be from 1970.
    let behind = i128::from(oldest).saturating_sub(next.into()).max(0);
    let passed = behind.saturating_sub(behind.checked_rem(DAY.into()).unwrap_or(0));
    Millis::try_from(i128::from(next).saturating_add(passed)).unwrap_or(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_is_no_more_than_a_day_before_what_counts() {
        for (next, oldest, first) in [
            (10, 5, 10),
            (0, 3 * DAY + 7, 3 * DAY),
            (DAY, DAY, DAY),
            (Millis::MAX, 0, Millis::MAX),
        ] {
            assert_eq!(first_due(next, oldest), first, "{next} {oldest}");
        }
        // From the first moment there is to the last: none of the days between is gone through.
        let first = first_due(Millis::MIN, Millis::MAX);
        assert!(first > Millis::MAX - DAY, "{first}");
    }
}
