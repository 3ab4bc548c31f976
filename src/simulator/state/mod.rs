//! The simulator's state: clusters, HSMs and backups, by account and region.

/// Defines a type of states: the names that the API documents.
macro_rules! states {
    ($(#[$doc:meta])* pub enum $type:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the names are the API's")]
        pub enum $type {
            $($variant,)*
        }

        impl $type {
            /// Every state, in the order of the reference.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant,)*];

            /// Returns the state as the API spells it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the state of that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|state| state.name() == name)
            }
        }
    };
}

mod backup;
mod cluster;
mod hsm;
mod retention;
mod schedule;
mod tracked;

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::ops::Bound;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use super::place::AccountRegion;
pub(super) use backup::{SimulatedBackup, SimulatedBackupState};
pub use cluster::SimulatedClusterState;
pub(super) use cluster::{NextState, OwnerCertificates, SimulatedCluster};
pub(super) use hsm::Hsm;
pub use hsm::SimulatedHsmState;
pub(super) use tracked::{Shelf, Tracked};

use super::clock::{Clock, DAY, Millis};

/// The duration of each state of transition at the default speed. A whole claim takes about a
/// second.
pub(super) const CLUSTER_CREATION: Duration = Duration::from_millis(200);
pub(super) const HSM_CREATION: Duration = Duration::from_millis(300);
pub(super) const INITIALIZATION: Duration = Duration::from_millis(300);
pub(super) const DELETION: Duration = Duration::from_millis(200);
pub(super) const MODIFICATION: Duration = Duration::from_millis(300);

pub(super) const BACKUP_CREATION: Duration = Duration::from_millis(200);

/// The time for which a deleted cluster or backup stays listed, by the simulator's clock.
const DELETED_STAY_TIME: Millis = DAY / 24;

/// The passing of time: the clock, and the function that makes an HSM's certificates, once its key
/// is there.
pub(super) struct TimePassage<'a> {
    pub(super) clock: &'a Clock,
    pub(super) identify: Box<dyn Fn(&Hsm) + 'a>,
}

/// The clusters and backups of one account in one region, in the order of their creation.
///
/// The state file has the members that serde skips here item by item. All others are written with
/// the region.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    #[serde(skip)]
    clusters: Shelf<SimulatedCluster>,
    #[serde(skip)]
    numbers: HashMap<String, u64>,
    /// The backups, in the order of their creation too.
    #[serde(skip)]
    backups: Shelf<SimulatedBackup>,
    created: u64,
    /// The number of backups in all other regions.
    #[serde(skip)]
    backups_elsewhere: usize,
    /// The time at which everything was last settled; `None` where something has been handed out
    /// for changing since.
    #[serde(skip)]
    settled_at: Option<Millis>,
}

impl Region {
    pub(super) fn add(&mut self, cluster: SimulatedCluster) -> &SimulatedCluster {
        self.settled_at = None;
        // Saturating, here and where a backup is made: the number may be a state file's.
        self.created = self.created.saturating_add(1);
        self.numbers.insert(cluster.id.clone(), self.created);
        self.clusters
            .entry(self.created)
            .or_insert(Tracked::new(cluster))
    }

    /// Returns the cluster as it is now.
    pub(super) fn find_cluster(
        &mut self,
        id: &str,
        time: &TimePassage<'_>,
    ) -> Option<&mut SimulatedCluster> {
        let number = *self.numbers.get(id)?;
        self.settle_range(number..=number, time);
        self.settled_at = None;
        let cluster = self.clusters.get_mut(&number)?;
        (!is_gone(cluster, time.clock.now())).then_some(&mut **cluster)
    }

    /// Returns all clusters as they are now, each with the number that orders them.
    pub(super) fn all_clusters(
        &mut self,
        time: &TimePassage<'_>,
    ) -> impl Iterator<Item = (u64, &SimulatedCluster)> {
        self.clusters_after(0, time)
    }

    /// Returns the clusters after that number, so that the next page need not go through the ones
    /// before it.
    pub(super) fn clusters_after(
        &mut self,
        after: u64,
        time: &TimePassage<'_>,
    ) -> impl Iterator<Item = (u64, &SimulatedCluster)> {
        self.settle_all(time);
        self.clusters
            .range((Bound::Excluded(after), Bound::Unbounded))
            .map(|(number, cluster)| (*number, &**cluster))
    }

    /// Lets time take effect on everything, once in a millisecond. Within the same millisecond only
    /// things that were handed out for changing can differ.
    fn settle_all(&mut self, time: &TimePassage<'_>) {
        let now = time.clock.now();
        if self.settled_at == Some(now) {
            return;
        }
        self.settle_range(retention::ALL_NUMBERS, time);
        let numbers = &mut self.numbers;
        self.clusters.retain(|_, cluster| {
            let keep = !is_gone(cluster, now);
            if !keep {
                numbers.remove(&cluster.id);
            }
            keep
        });
        self.settled_at = Some(now);
    }

    /// Returns the clusters and backups, which the state file has item by item.
    pub(super) fn tracked_items_mut(
        &mut self,
    ) -> (&mut Shelf<SimulatedCluster>, &mut Shelf<SimulatedBackup>) {
        (&mut self.clusters, &mut self.backups)
    }

    /// Takes over everything except clusters and backups from `kept`.
    pub(super) fn resume_from(&mut self, kept: Self) {
        let (clusters, numbers, backups) = (
            mem::take(&mut self.clusters),
            mem::take(&mut self.numbers),
            mem::take(&mut self.backups),
        );
        *self = Self {
            clusters,
            numbers,
            backups,
            ..kept
        };
    }

    /// Puts a cluster at that number, or removes the one that is there.
    pub(super) fn put_cluster(&mut self, number: u64, cluster: Option<SimulatedCluster>) {
        self.settled_at = None;
        if let Some(gone) = self.clusters.remove(&number) {
            self.numbers.remove(&gone.id);
        }
        if let Some(cluster) = cluster {
            self.numbers.insert(cluster.id.clone(), number);
            self.clusters.insert(number, Tracked::new(cluster));
        }
    }

    /// Puts a backup at that number, or removes the one that is there.
    pub(super) fn put_backup(&mut self, number: u64, backup: Option<SimulatedBackup>) {
        self.settled_at = None;
        match backup {
            Some(backup) => self.backups.insert(number, Tracked::new(backup)),
            None => self.backups.remove(&number),
        };
    }

    /// Removes all clusters and backups. The numbers go on: an old NextToken fits nothing that
    /// comes later.
    pub(super) fn empty(&mut self) {
        self.clusters.clear();
        self.numbers.clear();
        self.backups.clear();
        self.settled_at = None;
    }

    /// Settles all clusters and returns the region.
    pub(super) fn bring_up_to_date(&mut self, time: &TimePassage<'_>) -> &mut Self {
        self.settle_all(time);
        self
    }

    /// Tells whether the region holds anything that has to be remembered.
    pub(super) fn has_content(&self) -> bool {
        !self.clusters.is_empty() || !self.backups.is_empty()
    }

    /// Returns the number of backups that the simulator can still take.
    fn room_for_backups(&self) -> usize {
        // Saturating: a state file may hold more.
        BACKUPS_IN_ALL
            .saturating_sub(self.backups_elsewhere)
            .saturating_sub(self.backups.len())
    }

    /// Returns all clusters as they were when they were last looked at.
    pub(super) fn last_seen_clusters(&self) -> impl Iterator<Item = &SimulatedCluster> {
        self.clusters.values().map(|cluster| &**cluster)
    }

    /// Tells whether an HSM in that subnet has the address.
    pub(super) fn is_address_taken(&self, subnet: &str, ip: &str) -> bool {
        self.clusters
            .values()
            .flat_map(|cluster| &cluster.hsms)
            .any(|hsm| !hsm.is_deleted() && hsm.subnet == subnet && hsm.ip == ip)
    }
}

fn is_gone(cluster: &SimulatedCluster, now: Millis) -> bool {
    cluster.state == SimulatedClusterState::Deleted
        && cluster.since.saturating_add(DELETED_STAY_TIME) <= now
}

/// Backups in all places. A cluster that keeps its daily ones for 379 days has 387.
pub(super) const BACKUPS_IN_ALL: usize = 20_000;

/// The whole state, by account and region.
#[derive(Default)]
#[cfg_attr(any(fuzzing, test), derive(Clone))]
pub(super) struct World {
    regions: BTreeMap<AccountRegion, Region>,
    /// The highest number that was given in a region that has been forgotten. An old NextToken then
    /// fits nothing that comes later.
    numbered: u64,
}

impl World {
    /// Returns the region of that place. Reading leaves nothing behind: a place that holds nothing
    /// is forgotten when the next one is named.
    pub(super) fn region_at(&mut self, place: &AccountRegion) -> &mut Region {
        if !self.regions.contains_key(place) {
            let numbered = &mut self.numbered;
            self.regions.retain(|_, region| {
                *numbered = region.created.max(*numbered);
                region.has_content()
            });
        }
        let backups = self.backup_count();
        let region = self.regions.entry(place.clone()).or_insert_with(|| Region {
            created: self.numbered,
            ..Region::default()
        });
        region.backups_elsewhere = backups - region.backups.len();
        region
    }

    /// Returns every place with its region.
    pub(super) fn regions_mut(&mut self) -> impl Iterator<Item = (&AccountRegion, &mut Region)> {
        let backups = self.backup_count();
        self.regions.iter_mut().map(move |(place, region)| {
            region.backups_elsewhere = backups - region.backups.len();
            (place, region)
        })
    }

    /// Returns the regions that hold anything.
    pub(super) fn occupied_regions(&self) -> impl Iterator<Item = &Region> {
        self.regions.values().filter(|region| region.has_content())
    }

    /// Tells whether that place is remembered, with or without anything in it.
    pub(super) fn remembers_place(&self, place: &AccountRegion) -> bool {
        self.regions.contains_key(place)
    }

    /// Tells whether that place holds anything.
    pub(super) fn has_content_at(&self, place: &AccountRegion) -> bool {
        self.regions.get(place).is_some_and(Region::has_content)
    }

    /// Returns the number of backups.
    pub(super) fn backup_count(&self) -> usize {
        self.regions
            .values()
            .map(|region| region.backups.len())
            .sum()
    }

    /// Marks all clusters and backups, which the state file has item by item.
    pub(super) fn mark_all(&mut self) {
        for region in self.regions.values_mut() {
            region.clusters.values_mut().for_each(Tracked::mark);
            region.backups.values_mut().for_each(Tracked::mark);
        }
    }

    /// Returns the HSMs that have no certificates yet.
    pub(super) fn hsms_without_identity(&mut self) -> impl Iterator<Item = &mut Hsm> {
        let clusters = self
            .regions
            .values_mut()
            .flat_map(|region| region.clusters.values_mut());
        let waiting =
            clusters.filter(|cluster| cluster.hsms.iter().any(|hsm| hsm.identity().is_none()));
        waiting
            .flat_map(|cluster| cluster.hsms.iter_mut())
            .filter(|hsm| hsm.identity().is_none())
    }

    /// Returns the region that holds the cluster. Control commands name no region.
    pub(super) fn region_of(&mut self, cluster_id: &str) -> Option<&mut Region> {
        let backups = self.backup_count();
        let region = self
            .regions
            .values_mut()
            .find(|region| region.numbers.contains_key(cluster_id))?;
        region.backups_elsewhere = backups - region.backups.len();
        Some(region)
    }
}
