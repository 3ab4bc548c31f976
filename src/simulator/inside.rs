//! What a running simulator is made of, and the lock on its state.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::actions::NextTokenKey;
use super::admission::Admission;
use super::clock::Clock;
use super::extra_members::ExtraMembers;
use super::fault_rules::FaultQueue;
use super::hardware::SimulatedHardware;
use super::reference::Reference;
use super::requests::Requests;
use super::state::{TimePassage, World};
use super::store::{LoadedState, OpenedState, StateStore, WholeState};
use super::watch::Watch;
use super::{Options, SimError};

/// The most delayed calls that outlast their connections. Each holds a request, of 1 MiB at most.
const MOST_DELAYED: usize = 256;

/// The parts of a running simulator.
pub(super) struct Inside {
    pub(super) world: Mutex<World>,
    pub(super) faults: Mutex<FaultQueue>,
    pub(super) extra: Mutex<ExtraMembers>,
    pub(super) door: Admission,
    pub(super) clock: Clock,
    pub(super) hardware: Arc<SimulatedHardware>,
    pub(super) tokens: NextTokenKey,
    pub(super) quotas: bool,
    pub(super) reference: Reference,
    pub(super) requests: Arc<Requests>,
    pub(super) watch: Watch,
    /// The places for calls that a fault delays and that are carried out although their client may
    /// have left.
    pub(super) delayed: Arc<Semaphore>,
    /// The store. Without one, changes are forgotten at the end.
    pub(super) store: Option<StateStore>,
}

impl Inside {
    /// Builds the parts of a simulator: empty, or from its state file.
    pub(super) fn from_options(options: Options) -> Result<Self, SimError> {
        let (opened, loaded) = match &options.state {
            Some(path) => OpenedState::open(path).map(|(opened, loaded)| (Some(opened), loaded))?,
            None => (None, None),
        };
        let LoadedState {
            mut world,
            reading,
            tokens,
            hardware,
            partitions,
        } = loaded.unwrap_or_default();
        let clock = Clock::resume_from(options.speed, reading);
        if let Some(path) = options
            .state
            .as_ref()
            .filter(|_| !clock.can_advance(Duration::ZERO))
        {
            return Err(SimError::BadState {
                path: path.clone(),
                reason: String::from(
                    "its clock was moved ahead so far that it is past the year 9999 by now",
                ),
            });
        }
        let mut roots_and_cards =
            SimulatedHardware::start(clock.now(), options.keys).map_err(SimError::Start)?;
        if let (Some(kept), Some(path)) = (hardware, &options.state) {
            let unusable = |reason| SimError::BadState {
                path: path.clone(),
                reason,
            };
            roots_and_cards = roots_and_cards
                .resume_from(kept, partitions)
                .map_err(unusable)?;
        }
        let hardware = roots_and_cards;
        for hsm in world.hsms_without_identity() {
            hsm.key = hardware.order_again(hsm.card);
        }
        let tokens = match tokens {
            None => NextTokenKey::new().map_err(SimError::Hardware)?,
            Some(secret) => NextTokenKey::from_secret(secret),
        };
        let everything = &mut WholeState {
            world: &mut world,
            clock: &clock,
            hardware: &hardware,
            tokens: &tokens,
        };
        let store = opened
            .map(|opened| opened.begin_file(everything))
            .transpose()?;
        Ok(Self {
            world: Mutex::new(world),
            faults: Mutex::new(FaultQueue::new(options.seed, options.faults)),
            extra: Mutex::default(),
            door: Admission::new(options.credentials, options.rate),
            clock,
            hardware: Arc::new(hardware),
            quotas: options.quotas,
            reference: options.reference,
            tokens,
            requests: Arc::default(),
            watch: Watch::default(),
            delayed: Arc::new(Semaphore::new(MOST_DELAYED)),
            store,
        })
    }

    /// Locks the state. Changes in it are recorded when the guard is dropped.
    pub(super) fn world(&self) -> Changes<'_> {
        let world = self.look();
        self.watch.touch();
        world
    }

    /// Locks the state for the page. Reading changes nothing but the effect of time.
    pub(super) fn look(&self) -> Changes<'_> {
        Changes {
            inside: self,
            world: self.world.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Returns the passing of time, as the state sees it now.
    pub(super) fn time(&self) -> TimePassage<'_> {
        let now = self.clock.client_time();
        TimePassage {
            clock: &self.clock,
            identify: Box::new(move |hsm| self.hardware.identify_hsm(hsm, now)),
        }
    }

    /// Waits until everything that an answer can show is kept. This comes before the answer is
    /// given.
    pub(super) fn wait_until_kept(&self) -> Result<(), String> {
        drop(self.look());
        self.store
            .as_ref()
            .map_or(Ok(()), StateStore::block_until_written)
    }

    pub(super) fn lock_faults(&self) -> MutexGuard<'_, FaultQueue> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock_extra(&self) -> MutexGuard<'_, ExtraMembers> {
        self.extra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The locked state. Changes made through it are recorded when it is dropped.
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
            store.record_changes(WholeState {
                world: &mut self.world,
                clock,
                hardware,
                tokens,
            });
        }
    }
}
