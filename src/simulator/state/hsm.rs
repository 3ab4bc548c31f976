//! HSMs and their states.

use std::sync::{Arc, OnceLock};

use super::super::chains::Identity;
use super::super::clock::Millis;
use super::super::keys::OrderedKey;

/// The states of an HSM that this simulator shows. One that is deleted is no longer listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum HsmState {
    CreateInProgress,
    Active,
    DeleteInProgress,
}

impl HsmState {
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::Active => "ACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

pub(in super::super) struct Hsm {
    pub(in super::super) id: String,
    pub(in super::super) zone: String,
    pub(in super::super) subnet: String,
    pub(in super::super) eni: String,
    pub(in super::super) ip: String,
    pub(in super::super) state: HsmState,
    /// When the state of transition is over.
    pub(in super::super) due: Millis,
    /// Which of the simulator's cards it is a partition of, and its number there.
    pub(in super::super) card: usize,
    pub(in super::super) partition: u64,
    pub(in super::super) key: OrderedKey,
    pub(in super::super) identity: Arc<OnceLock<Result<Identity, String>>>,
}

impl Hsm {
    pub(in super::super) fn identity(&self) -> Option<&Identity> {
        self.identity.get().and_then(|made| made.as_ref().ok())
    }
}
