//! What a running simulator is made of, and the lock on its state.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::actions::TokenKey;
use super::admission::Door;
use super::clock::Clock;
use super::extra_members::Extra;
use super::faults::Faults;
use super::hardware::Hardware;
use super::reference::Reference;
use super::requests::Requests;
use super::state::World;
use super::store::{Everything, Store};
use super::watch::Watch;

/// All that a running simulator is made of.
pub(super) struct Inside {
    pub(super) world: Mutex<World>,
    pub(super) faults: Mutex<Faults>,
    pub(super) extra: Mutex<Extra>,
    pub(super) door: Door,
    pub(super) clock: Clock,
    pub(super) hardware: Arc<Hardware>,
    pub(super) tokens: TokenKey,
    pub(super) quotas: bool,
    pub(super) reference: Reference,
    pub(super) requests: Arc<Requests>,
    pub(super) watch: Watch,
    /// `None`: what is changed is forgotten at the end.
    pub(super) store: Option<Store>,
}

impl Inside {
    /// The state. What is changed in it is recorded once this is dropped.
    pub(super) fn world(&self) -> Changes<'_> {
        let world = self.look();
        self.watch.touch();
        world
    }

    /// For the page: what is only looked at has not changed, but by time.
    pub(super) fn look(&self) -> Changes<'_> {
        Changes {
            inside: self,
            world: self.world.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Waits until everything that an answer can tell of is kept; needed before it is given.
    pub(super) fn kept(&self) -> Result<(), String> {
        drop(self.look());
        self.store.as_ref().map_or(Ok(()), Store::wait)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn extra(&self) -> MutexGuard<'_, Extra> {
        self.extra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state, locked. What was changed by it is recorded when this is dropped.
pub(super) struct Changes<'a> {
    pub(super) inside: &'a Inside,
    pub(super) world: MutexGuard<'a, World>,
}

impl Deref for Changes<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Changes<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        if let Some(store) = &self.inside.store {
            let Inside {
                clock,
                hardware,
                tokens,
                ..
            } = self.inside;
            store.record(Everything {
                world: &mut self.world,
                clock,
                hardware,
                tokens,
            });
        }
    }
}
