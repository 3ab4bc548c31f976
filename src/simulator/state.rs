//! Clusters and HSMs, their states, and how time moves them from one to the next.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::chains::Identity;
use super::clock::{Clock, DAY, Millis};
use super::keys::OrderedKey;

/// How long each state of transition lasts at the default speed: about a second for a whole claim.
pub(super) const CLUSTER_CREATION: Duration = Duration::from_millis(200);
pub(super) const HSM_CREATION: Duration = Duration::from_millis(300);
pub(super) const INITIALIZATION: Duration = Duration::from_millis(300);
pub(super) const DELETION: Duration = Duration::from_millis(200);

/// A deleted cluster stays listed this long, by the simulator's clock.
const DELETED_STAY: Millis = DAY / 24;

/// The states of a cluster (API Reference, `Cluster`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum ClusterState {
    CreateInProgress,
    Uninitialized,
    InitializeInProgress,
    Initialized,
    Active,
    UpdateInProgress,
    DeleteInProgress,
    Deleted,
    Degraded,
}

impl ClusterState {
    /// Every state, in the order of the reference.
    pub const ALL: [Self; 9] = [
        Self::CreateInProgress,
        Self::Uninitialized,
        Self::InitializeInProgress,
        Self::Initialized,
        Self::Active,
        Self::UpdateInProgress,
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
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::Deleted => "DELETED",
            Self::Degraded => "DEGRADED",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// The states of an HSM that this simulator shows. One that is deleted is no longer listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HsmState {
    CreateInProgress,
    Active,
    DeleteInProgress,
}

impl HsmState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Active => "ACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

pub(super) struct Hsm {
    pub(super) id: String,
    pub(super) zone: String,
    pub(super) subnet: String,
    pub(super) eni: String,
    pub(super) ip: String,
    pub(super) state: HsmState,
    /// When the state of transition is over.
    pub(super) due: Millis,
    /// Which of the simulator's cards it is a partition of, and its number there.
    pub(super) card: usize,
    pub(super) partition: u64,
    pub(super) key: OrderedKey,
    pub(super) identity: Arc<OnceLock<Result<Identity, String>>>,
}

impl Hsm {
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.get().and_then(|made| made.as_ref().ok())
    }
}

/// What the owner has sent with InitializeCluster.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) signed_cert: String,
}

/// A state that a cluster will be in, and from when.
pub(super) struct Next {
    pub(super) state: ClusterState,
    pub(super) at: Millis,
}

pub(super) struct Cluster {
    pub(super) id: String,
    pub(super) hsm_type: String,
    /// Named only if the request named them: the reference of 2022 has neither.
    pub(super) mode: Option<String>,
    pub(super) network_type: Option<String>,
    /// Availability Zone and subnet, in the order of the request.
    pub(super) subnets: Vec<(String, String)>,
    pub(super) vpc: String,
    pub(super) security_group: String,
    pub(super) retention_days: u16,
    pub(super) tags: Vec<(String, String)>,
    pub(super) pre_co_password: String,
    pub(super) created: Millis,
    pub(super) state: ClusterState,
    pub(super) state_message: Option<String>,
    /// `None` in a state that lasts.
    pub(super) next: Option<Next>,
    pub(super) since: Millis,
    pub(super) hsms: Vec<Hsm>,
    pub(super) claim: Option<Claim>,
}

impl Cluster {
    pub(super) fn enter(&mut self, state: ClusterState, at: Millis) {
        self.state = state;
        self.since = at;
        self.state_message = None;
        self.next = None;
    }

    /// The HSM whose CSR the cluster shows: the first ACTIVE one, and only before initialization.
    pub(super) fn csr_identity(&self) -> Option<&Identity> {
        if self.state != ClusterState::Uninitialized {
            return None;
        }
        self.hsms.iter().find(|hsm| hsm.state == HsmState::Active).and_then(Hsm::identity)
    }

    /// Lets the time that has passed take effect. `identify` makes an HSM's certificates, once its key is there.
    fn settle(&mut self, now: Millis, identify: &dyn Fn(&Hsm)) {
        for hsm in &mut self.hsms {
            if hsm.state == HsmState::CreateInProgress && hsm.due <= now {
                identify(hsm);
                if hsm.identity().is_some() {
                    hsm.state = HsmState::Active;
                }
            }
        }
        self.hsms.retain(|hsm| hsm.state != HsmState::DeleteInProgress || hsm.due > now);
        if let Some(next) = self.next.take_if(|next| next.at <= now) {
            if self.state == ClusterState::InitializeInProgress && next.state == ClusterState::Uninitialized {
                self.claim = None;
            }
            self.enter(next.state, next.at);
        }
    }
}

/// The clusters of one region, in the order of their creation.
#[derive(Default)]
pub(super) struct Region {
    clusters: BTreeMap<u64, Cluster>,
    numbers: HashMap<String, u64>,
    created: u64,
}

impl Region {
    pub(super) fn add(&mut self, cluster: Cluster) -> &Cluster {
        self.created = self.created.saturating_add(1);
        self.numbers.insert(cluster.id.clone(), self.created);
        self.clusters.entry(self.created).or_insert(cluster)
    }

    /// The cluster as it is now.
    pub(super) fn cluster(&mut self, id: &str, clock: &Clock, identify: &dyn Fn(&Hsm)) -> Option<&mut Cluster> {
        let cluster = self.clusters.get_mut(self.numbers.get(id)?)?;
        cluster.settle(clock.now(), identify);
        (!gone(cluster, clock.now())).then_some(cluster)
    }

    /// All clusters as they are now, each with the number that orders them.
    pub(super) fn clusters(&mut self, clock: &Clock, identify: &dyn Fn(&Hsm)) -> impl Iterator<Item = (u64, &Cluster)> {
        let now = clock.now();
        for cluster in self.clusters.values_mut() {
            cluster.settle(now, identify);
        }
        let numbers = &mut self.numbers;
        self.clusters.retain(|_, cluster| {
            let keep = !gone(cluster, now);
            if !keep {
                numbers.remove(&cluster.id);
            }
            keep
        });
        self.clusters.iter().map(|(number, cluster)| (*number, cluster))
    }

    /// Whether an HSM in that subnet has the address.
    pub(super) fn address_taken(&self, subnet: &str, ip: &str) -> bool {
        self.clusters.values().flat_map(|cluster| &cluster.hsms).any(|hsm| hsm.subnet == subnet && hsm.ip == ip)
    }
}

fn gone(cluster: &Cluster, now: Millis) -> bool {
    cluster.state == ClusterState::Deleted && cluster.since.saturating_add(DELETED_STAY) <= now
}

/// All there is, region by region.
#[derive(Default)]
pub(super) struct World {
    regions: BTreeMap<String, Region>,
}

impl World {
    pub(super) fn region(&mut self, name: &str) -> &mut Region {
        self.regions.entry(name.to_owned()).or_default()
    }

    /// The region that holds the cluster: control commands name no region.
    pub(super) fn region_of(&mut self, cluster_id: &str) -> Option<&mut Region> {
        self.regions.values_mut().find(|region| region.numbers.contains_key(cluster_id))
    }
}
