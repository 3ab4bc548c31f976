//! All that the simulator holds: clusters, HSMs and backups, by account and region.

mod backup;
mod cluster;
mod hsm;
mod retention;
mod schedule;
mod tracked;

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use super::place::Place;
pub(super) use backup::{Backup, BackupState};
pub use cluster::ClusterState;
pub(super) use cluster::{Claim, Cluster, Next};
pub(super) use hsm::Hsm;
pub use hsm::HsmState;
pub(super) use tracked::{Kept, Shelf};

use super::clock::{Clock, DAY, Millis};

/// How long each state of transition lasts at the default speed: about a second for a whole claim.
pub(super) const CLUSTER_CREATION: Duration = Duration::from_millis(200);
pub(super) const HSM_CREATION: Duration = Duration::from_millis(300);
pub(super) const INITIALIZATION: Duration = Duration::from_millis(300);
pub(super) const DELETION: Duration = Duration::from_millis(200);
pub(super) const MODIFICATION: Duration = Duration::from_millis(300);

pub(super) const BACKUP_CREATION: Duration = Duration::from_millis(200);

/// A deleted cluster or backup stays listed this long, by the simulator's clock.
const DELETED_STAY: Millis = DAY / 24;

/// The clusters and backups of one account in one region, in the order of their creation.
///
/// What serde skips here, the state file has item by item; all else is written with the region.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    #[serde(skip)]
    clusters: Shelf<Cluster>,
    #[serde(skip)]
    numbers: HashMap<String, u64>,
    /// By the order of their creation, too.
    #[serde(skip)]
    backups: Shelf<Backup>,
    created: u64,
    /// How many backups all other regions hold.
    #[serde(skip)]
    backups_elsewhere: usize,
    /// When time last took effect on everything; `None` when something has been handed out to be
    /// changed since.
    #[serde(skip)]
    settled_at: Option<Millis>,
}

impl Region {
    pub(super) fn add(&mut self, cluster: Cluster) -> &Cluster {
        self.settled_at = None;
        self.created = self.created.saturating_add(1);
        self.numbers.insert(cluster.id.clone(), self.created);
        self.clusters
            .entry(self.created)
            .or_insert(Kept::new(cluster))
    }

    /// The cluster as it is now.
    pub(super) fn cluster(
        &mut self,
        id: &str,
        clock: &Clock,
        identify: &dyn Fn(&Hsm),
    ) -> Option<&mut Cluster> {
        let number = *self.numbers.get(id)?;
        self.settle(number..=number, clock, identify);
        self.settled_at = None;
        let cluster = self.clusters.get_mut(&number)?;
        (!gone(cluster, clock.now())).then_some(&mut **cluster)
    }

    /// All clusters as they are now, each with the number that orders them.
    pub(super) fn clusters(
        &mut self,
        clock: &Clock,
        identify: &dyn Fn(&Hsm),
    ) -> impl Iterator<Item = (u64, &Cluster)> {
        self.clusters_after(0, clock, identify)
    }

    /// Those after that number: the next page need not go through the ones before it.
    pub(super) fn clusters_after(
        &mut self,
        after: u64,
        clock: &Clock,
        identify: &dyn Fn(&Hsm),
    ) -> impl Iterator<Item = (u64, &Cluster)> {
        self.settle_all(clock, identify);
        self.clusters
            .range(after.saturating_add(1)..)
            .map(|(number, cluster)| (*number, &**cluster))
    }

    /// Lets time take effect on everything, once in a millisecond: in the same one only what has
    /// been handed out to be changed can differ.
    fn settle_all(&mut self, clock: &Clock, identify: &dyn Fn(&Hsm)) {
        let now = clock.now();
        if self.settled_at == Some(now) {
            return;
        }
        self.settle(retention::ALL, clock, identify);
        let numbers = &mut self.numbers;
        self.clusters.retain(|_, cluster| {
            let keep = !gone(cluster, now);
            if !keep {
                numbers.remove(&cluster.id);
            }
            keep
        });
        self.settled_at = Some(now);
    }

    /// What the state file has item by item: clusters and backups.
    pub(super) fn shelves_mut(&mut self) -> (&mut Shelf<Cluster>, &mut Shelf<Backup>) {
        (&mut self.clusters, &mut self.backups)
    }

    /// Takes over all else.
    pub(super) fn resume(&mut self, kept: Self) {
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

    /// Puts a cluster in its place, or takes away the one that is there.
    pub(super) fn put_cluster(&mut self, number: u64, cluster: Option<Cluster>) {
        self.settled_at = None;
        if let Some(gone) = self.clusters.remove(&number) {
            self.numbers.remove(&gone.id);
        }
        if let Some(cluster) = cluster {
            self.numbers.insert(cluster.id.clone(), number);
            self.clusters.insert(number, Kept::new(cluster));
        }
    }

    /// Puts a backup in its place, or takes away the one that is there.
    pub(super) fn put_backup(&mut self, number: u64, backup: Option<Backup>) {
        self.settled_at = None;
        match backup {
            Some(backup) => self.backups.insert(number, Kept::new(backup)),
            None => self.backups.remove(&number),
        };
    }

    /// The region with all clusters as they are now.
    pub(super) fn settled(&mut self, clock: &Clock, identify: &dyn Fn(&Hsm)) -> &mut Self {
        self.settle_all(clock, identify);
        self
    }

    /// Whether there is anything to be remembered.
    pub(super) fn holds_anything(&self) -> bool {
        !self.clusters.is_empty() || !self.backups.is_empty()
    }

    /// How many backups more the simulator can hold.
    fn room_for_backups(&self) -> usize {
        BACKUPS_IN_ALL
            .saturating_sub(self.backups_elsewhere)
            .saturating_sub(self.backups.len())
    }

    /// All clusters as they were when they were last looked at.
    pub(super) fn all(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values().map(|cluster| &**cluster)
    }

    /// Whether an HSM in that subnet has the address.
    pub(super) fn address_taken(&self, subnet: &str, ip: &str) -> bool {
        self.clusters
            .values()
            .flat_map(|cluster| &cluster.hsms)
            .any(|hsm| hsm.state != HsmState::Deleted && hsm.subnet == subnet && hsm.ip == ip)
    }
}

fn gone(cluster: &Cluster, now: Millis) -> bool {
    cluster.state == ClusterState::Deleted && cluster.since.saturating_add(DELETED_STAY) <= now
}

/// Backups in all places. A cluster that keeps its daily ones for 379 days has 387.
pub(super) const BACKUPS_IN_ALL: usize = 20_000;

/// All there is, place by place.
#[derive(Default)]
pub(super) struct World {
    regions: BTreeMap<Place, Region>,
    /// The highest number that was given in a region which has been forgotten: a NextToken of then
    /// fits nothing that comes later.
    numbered: u64,
}

impl World {
    /// The region of that place. Whoever only looks leaves nothing behind: a place that holds
    /// nothing is forgotten when the next one is named.
    pub(super) fn region(&mut self, place: &Place) -> &mut Region {
        if !self.regions.contains_key(place) {
            let numbered = &mut self.numbered;
            self.regions.retain(|_, region| {
                *numbered = region.created.max(*numbered);
                region.holds_anything()
            });
        }
        let backups = self.backup_count();
        let region = self.regions.entry(place.clone()).or_insert_with(|| Region {
            created: self.numbered,
            ..Region::default()
        });
        region.backups_elsewhere = backups.saturating_sub(region.backups.len());
        region
    }

    /// Every place with what it holds.
    pub(super) fn regions(&mut self) -> impl Iterator<Item = (&Place, &mut Region)> {
        let backups = self.backup_count();
        self.regions.iter_mut().map(move |(place, region)| {
            region.backups_elsewhere = backups.saturating_sub(region.backups.len());
            (place, region)
        })
    }

    /// Those that hold anything.
    pub(super) fn regions_held(&self) -> impl Iterator<Item = &Region> {
        self.regions
            .values()
            .filter(|region| region.holds_anything())
    }

    /// Whether that place is remembered, with or without anything in it.
    pub(super) fn knows(&self, place: &Place) -> bool {
        self.regions.contains_key(place)
    }

    /// Whether that place holds anything.
    pub(super) fn holds(&self, place: &Place) -> bool {
        self.regions.get(place).is_some_and(Region::holds_anything)
    }

    /// How many backups there are.
    pub(super) fn backup_count(&self) -> usize {
        self.regions
            .values()
            .map(|region| region.backups.len())
            .sum()
    }

    /// Marks all that the state file has item by item.
    pub(super) fn mark(&mut self) {
        for region in self.regions.values_mut() {
            region.clusters.values_mut().for_each(Kept::mark);
            region.backups.values_mut().for_each(Kept::mark);
        }
    }

    /// The HSMs whose certificates are still to be made.
    pub(super) fn unidentified_hsms(&mut self) -> impl Iterator<Item = &mut Hsm> {
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

    /// The region that holds the cluster: control commands name no region.
    pub(super) fn region_of(&mut self, cluster_id: &str) -> Option<&mut Region> {
        let backups = self.backup_count();
        let region = self
            .regions
            .values_mut()
            .find(|region| region.numbers.contains_key(cluster_id))?;
        region.backups_elsewhere = backups.saturating_sub(region.backups.len());
        Some(region)
    }
}
