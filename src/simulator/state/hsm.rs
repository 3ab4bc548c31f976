//! HSMs and their states.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::chains::SimulatedIdentity;
use super::super::clock::Millis;
use super::super::keys::OrderedKey;

/// A value that is made once its keys exist.
pub(crate) type LazyResult<T> = Arc<OnceLock<Result<T, String>>>;

states! {
    /// The states of an HSM (API Reference, `Hsm`). By itself the simulator shows the first two and
    /// DELETE_IN_PROGRESS: a deleted HSM is no longer listed.
    pub enum SimulatedHsmState {
        CreateInProgress = "CREATE_IN_PROGRESS",
        Active = "ACTIVE",
        Degraded = "DEGRADED",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        Deleted = "DELETED",
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hsm {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) subnet: String,
    pub(crate) eni: String,
    pub(crate) ip: String,
    /// EniIpV6: in a cluster of NetworkType DUALSTACK.
    pub(crate) ip_v6: Option<String>,
    pub(crate) hsm_type: String,
    /// The types that it will have during a migration, with the times at which they begin.
    pub(crate) next_types: Vec<(Millis, String)>,
    pub(crate) state: SimulatedHsmState,
    /// The time at which the state of transition ends.
    pub(crate) due: Millis,
    /// The number of the simulator's card that it is a partition of, and its number there.
    pub(crate) card: usize,
    pub(crate) partition: u64,
    /// The key. It is not in a state file: nothing uses it once the certificates are made, and
    /// until then nobody has seen anything of it.
    #[serde(skip)]
    pub(crate) key: OrderedKey,
    #[serde(serialize_with = "write_identity", deserialize_with = "read_identity")]
    pub(crate) identity: LazyResult<SimulatedIdentity>,
}

impl Hsm {
    /// Tells whether it is DELETED. Then it is only shown still: its seat, its network interface
    /// and its address may be another's.
    pub(crate) fn is_deleted(&self) -> bool {
        self.state == SimulatedHsmState::Deleted
    }

    /// Tells whether its type has still to change by then.
    pub(super) fn is_type_change_due(&self, now: Millis) -> bool {
        self.next_types.first().is_some_and(|(at, _)| *at <= now)
    }

    /// Lets its type change.
    pub(super) fn settle_type(&mut self, now: Millis) {
        while self.is_type_change_due(now) {
            (_, self.hsm_type) = self.next_types.remove(0);
        }
    }

    pub(crate) fn identity(&self) -> Option<&SimulatedIdentity> {
        self.identity.get().and_then(|made| made.as_ref().ok())
    }
}

fn write_identity<S: Serializer>(
    identity: &LazyResult<SimulatedIdentity>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    identity
        .get()
        .and_then(|made| made.as_ref().ok())
        .serialize(serializer)
}

fn read_identity<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<LazyResult<SimulatedIdentity>, D::Error> {
    let identity: Option<SimulatedIdentity> = Deserialize::deserialize(deserializer)?;
    Ok(Arc::new(identity.map_or_else(OnceLock::new, |identity| {
        OnceLock::from(Ok(identity))
    })))
}
