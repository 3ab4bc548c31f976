//! Backups as time passes: those that are made, those whose time is over.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::super::clock::{Clock, Millis};
use super::{
    BACKUP_CREATION, Backup, BackupState, Cluster, ClusterState, Hsm, Kept, Region, Shelf,
};

/// Every cluster of a region, by the numbers that order them.
pub(super) const ALL: RangeInclusive<u64> = 0..=u64::MAX;

impl Region {
    /// Adds a backup, if the simulator can hold one more: what it is made beside does not fail for
    /// it.
    pub(crate) fn keep(&mut self, backup: Backup) {
        if self.room_for_backups() == 0 {
            return;
        }
        self.created = self.created.saturating_add(1);
        self.backups.insert(self.created, Kept::new(backup));
        self.settled_at = None;
    }

    /// The backup of that id as it is now. One that is gone is no longer there.
    pub(crate) fn backup(
        &mut self,
        id: &str,
        clock: &Clock,
        identify: &dyn Fn(&Hsm),
    ) -> Option<&mut Backup> {
        self.settle_all(clock, identify);
        self.settled_at = None;
        self.backups
            .values_mut()
            .find(|backup| backup.id == id)
            .map(|backup| &mut **backup)
    }

    /// All backups as they are now, each with the number that tells those of one moment apart.
    pub(crate) fn backups(
        &mut self,
        clock: &Clock,
        identify: &dyn Fn(&Hsm),
    ) -> impl Iterator<Item = (u64, &Backup)> {
        self.settle_all(clock, identify);
        self.backups
            .iter()
            .map(|(number, backup)| (*number, &**backup))
    }

    /// Lets the time that has passed take effect on these clusters, and on the backups.
    pub(super) fn settle(
        &mut self,
        numbers: RangeInclusive<u64>,
        clock: &Clock,
        identify: &dyn Fn(&Hsm),
    ) {
        let now = clock.now();
        let creation = clock.takes(BACKUP_CREATION);
        let room = self.room_for_backups();
        let mut made = Vec::new();
        for cluster in self
            .clusters
            .range_mut(numbers.clone())
            .map(|(_, cluster)| cluster)
        {
            let moments = cluster.settle(now, identify);
            // Without randomness there is no id and no backup; the next answer that needs an id
            // says so.
            let room = room.saturating_sub(made.len());
            made.extend(
                moments
                    .into_iter()
                    .take(room)
                    .filter_map(|at| Backup::of(cluster, at, at.saturating_add(creation)).ok()),
            );
        }
        made.sort_by_key(|backup| backup.created);
        for backup in made {
            self.keep(backup);
        }
        if !self.backups.is_empty() {
            for backup in self.backups.values_mut() {
                backup.settle(now);
            }
            let policies = self
                .clusters
                .range(numbers.clone())
                .filter_map(|(_, cluster)| Some((cluster.id.as_str(), Policy::of(cluster)?)));
            apply(&policies.collect(), &mut self.backups, now);
            self.backups.retain(|_, backup| !backup.gone(now));
        }
        for (_, cluster) in self.clusters.range_mut(numbers) {
            cluster.quietly().settled = now;
        }
    }
}

/// What decides how long a cluster's backups are kept.
struct Policy {
    retention: Millis,
    /// Up to when it has been applied: what it deletes for a change made since, it deletes no
    /// earlier.
    applied: Millis,
}

impl Policy {
    /// "You must manually delete any backups not associated with a cluster" (User Guide,
    /// "Configuring backup retention"): the policy ends with the cluster.
    fn of(cluster: &Cluster) -> Option<Self> {
        let there = !matches!(
            cluster.state,
            ClusterState::DeleteInProgress | ClusterState::Deleted
        );
        there.then(|| Self {
            retention: cluster.retention(),
            applied: cluster.settled,
        })
    }
}

/// Deletes what is older than its cluster's policy allows, but for exempted backups and the
/// cluster's last one. Copies belong to no cluster (User Guide, "Configuring backup retention").
fn apply(policies: &HashMap<&str, Policy>, backups: &mut Shelf<Backup>, now: Millis) {
    let mut of_cluster: HashMap<&str, Vec<(Millis, u64)>> = HashMap::new();
    for (number, backup) in &*backups {
        if backup.state == BackupState::Ready && backup.copied.is_none() {
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
                .map(|backup| backup.expires(policy.retention));
            let over_at = over_at
                .map(|at| at.max(policy.applied).max(*next_made))
                .filter(|at| *at <= now);
            over.extend(over_at.map(|at| (*number, at)));
        }
    }
    for (number, at) in over {
        if let Some(backup) = backups.get_mut(&number) {
            backup.delete(at);
            backup.settle(now);
        }
    }
}
