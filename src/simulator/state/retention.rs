//! The making and the deletion of backups as time passes.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::super::clock::Millis;
use super::{
    BACKUP_CREATION, Region, Shelf, SimulatedBackup, SimulatedBackupState, SimulatedCluster,
    SimulatedClusterState, TimePassage, Tracked,
};

/// Every cluster of a region, by the numbers that order them.
pub(super) const ALL_NUMBERS: RangeInclusive<u64> = 0..=u64::MAX;

impl Region {
    /// Adds a backup, if the simulator can hold one more. Otherwise it is dropped, and the change
    /// that it belongs to does not fail.
    pub(crate) fn add_backup(&mut self, backup: SimulatedBackup) {
        if self.room_for_backups() == 0 {
            return;
        }
        self.created = self.created.saturating_add(1);
        self.backups.insert(self.created, Tracked::new(backup));
        self.settled_at = None;
    }

    /// Returns the backup of that id as it is now. One that is gone is not found.
    pub(crate) fn find_backup(
        &mut self,
        id: &str,
        time: &TimePassage<'_>,
    ) -> Option<&mut SimulatedBackup> {
        self.settle_all(time);
        self.settled_at = None;
        self.backups
            .values_mut()
            .find(|backup| backup.id == id)
            .map(|backup| &mut **backup)
    }

    /// Returns all backups as they are now, each with a number that orders those of one moment.
    pub(crate) fn all_backups(
        &mut self,
        time: &TimePassage<'_>,
    ) -> impl Iterator<Item = (u64, &SimulatedBackup)> {
        self.settle_all(time);
        self.backups
            .iter()
            .map(|(number, backup)| (*number, &**backup))
    }

    /// Lets the time that has passed take effect on these clusters, and on the backups.
    pub(super) fn settle_range(&mut self, numbers: RangeInclusive<u64>, time: &TimePassage<'_>) {
        let now = time.clock.now();
        let creation = time.clock.scaled_duration(BACKUP_CREATION);
        let room = self.room_for_backups();
        let mut made = Vec::new();
        for cluster in self
            .clusters
            .range_mut(numbers.clone())
            .map(|(_, cluster)| cluster)
        {
            let moments = cluster.settle(now, &*time.identify);
            // Without randomness there is no id and no backup; the next answer that needs an id
            // says so.
            // No more than the room are ever made.
            let room = room - made.len();
            made.extend(moments.into_iter().take(room).filter_map(|at| {
                SimulatedBackup::from_cluster(cluster, at, at.saturating_add(creation)).ok()
            }));
        }
        made.sort_by_key(|backup| backup.created);
        for backup in made {
            self.add_backup(backup);
        }
        if !self.backups.is_empty() {
            for backup in self.backups.values_mut() {
                backup.settle(now);
            }
            let policies = self
                .clusters
                .range(numbers.clone())
                .filter_map(|(_, cluster)| {
                    Some((cluster.id.as_str(), RetentionPolicy::of_cluster(cluster)?))
                });
            apply_policies(&policies.collect(), &mut self.backups, now);
            self.backups.retain(|_, backup| !backup.is_gone(now));
        }
        for (_, cluster) in self.clusters.range_mut(numbers) {
            cluster.get_unmarked().settled = now;
        }
    }
}

/// The policy that decides how long a cluster's backups are kept.
struct RetentionPolicy {
    retention: Millis,
    /// The time up to which it has been applied. For a change made since, it deletes nothing
    /// earlier than that.
    applied: Millis,
}

impl RetentionPolicy {
    /// "You must manually delete any backups not associated with a cluster" (User Guide,
    /// "Configuring backup retention"): the policy ends with the cluster. Returns `None` for a
    /// cluster that is being deleted.
    fn of_cluster(cluster: &SimulatedCluster) -> Option<Self> {
        let there = !matches!(
            cluster.state,
            SimulatedClusterState::DeleteInProgress | SimulatedClusterState::Deleted
        );
        there.then(|| Self {
            retention: cluster.retention_time(),
            applied: cluster.settled,
        })
    }
}

/// Deletes backups that are older than their cluster's policy allows, except exempted ones and the
/// cluster's last one. Copies belong to no cluster (User Guide, "Configuring backup retention").
fn apply_policies(
    policies: &HashMap<&str, RetentionPolicy>,
    backups: &mut Shelf<SimulatedBackup>,
    now: Millis,
) {
    let mut of_cluster: HashMap<&str, Vec<(Millis, u64)>> = HashMap::new();
    for (number, backup) in &*backups {
        if backup.state == SimulatedBackupState::Ready && backup.copied.is_none() {
            of_cluster
                .entry(&backup.cluster_id)
                .or_default()
                .push((backup.created, *number));
        }
    }
    let mut over = Vec::new();
    for (cluster, mut ready) in of_cluster {
        let Some(policy) = policies.get(cluster) else {
            continue;
        };
        ready.sort_unstable();
        // Each with the one made after it, so the last stays.
        for ((_, number), (next_made, _)) in ready.iter().zip(ready.iter().skip(1)) {
            let over_at = backups
                .get(number)
                .filter(|backup| !backup.never_expires)
                .map(|backup| backup.expires_at(policy.retention));
            let over_at = over_at
                .map(|at| at.max(policy.applied).max(*next_made))
                .filter(|at| *at <= now);
            over.extend(over_at.map(|at| (*number, at)));
        }
    }
    for (number, at) in over {
        if let Some(backup) = backups.get_mut(&number) {
            backup.schedule_deletion(at);
            backup.settle(now);
        }
    }
}
