//! The simulated data centre's hardware: roots, cards, and the HSMs that are their partitions.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::chains::{Card, Identity, Roots};
use super::clock::Millis;
use super::keys::{KeyWorks, OrderedKey, wait_for};
use super::state::Hsm;

/// An HSM that replaces another is on another card, so its hardware certificates are others too.
const CARDS: usize = 2;

pub(super) struct Hardware {
    works: KeyWorks,
    manufacturer_key: OnceLock<OrderedKey>,
    aws_key: OnceLock<OrderedKey>,
    roots: OnceLock<Result<Roots, String>>,
    cards: [CardSlot; CARDS],
    partitions: AtomicU64,
    started: Millis,
}

/// A card whose key is ordered when its first HSM is foreseen.
#[derive(Default)]
struct CardSlot {
    key: OnceLock<OrderedKey>,
    card: OnceLock<Result<Card, String>>,
}

impl Hardware {
    /// Nothing is made before it is needed: a simulator that is only asked what it refuses makes no key at all.
    pub(super) fn start(now: Millis) -> std::io::Result<Self> {
        Ok(Self {
            works: KeyWorks::start()?,
            manufacturer_key: OnceLock::new(),
            aws_key: OnceLock::new(),
            roots: OnceLock::new(),
            cards: Default::default(),
            partitions: AtomicU64::new(0),
            started: now,
        })
    }

    /// Orders the keys that a cluster's first HSM will need; returns before they are made.
    pub(super) fn foresee_hsm(&self) {
        self.manufacturer_key();
        self.aws_key();
        self.card_key(0);
        self.works.stock();
    }

    /// The roots; waits for their keys, less than a second.
    pub(super) fn roots(&self) -> Result<&Roots, String> {
        let roots = self.roots.get_or_init(|| {
            let (manufacturer, aws) = (self.manufacturer_key(), self.aws_key());
            Roots::make(wait_for(manufacturer)?, wait_for(aws)?, self.started)
        });
        roots.as_ref().map_err(Clone::clone)
    }

    /// The roots, if they have been made.
    pub(super) fn made_roots(&self) -> Option<&Roots> {
        self.roots.get().and_then(|made| made.as_ref().ok())
    }

    fn manufacturer_key(&self) -> &OrderedKey {
        self.manufacturer_key.get_or_init(|| self.works.order())
    }

    fn aws_key(&self) -> &OrderedKey {
        self.aws_key.get_or_init(|| self.works.order())
    }

    fn card_key(&self, number: usize) -> Option<&OrderedKey> {
        Some(self.cards.get(number)?.key.get_or_init(|| self.works.order()))
    }

    /// A place for a new HSM: card, partition, and its key, ordered now.
    pub(super) fn place(&self) -> (usize, u64, OrderedKey) {
        self.manufacturer_key();
        self.aws_key();
        let count = self.partitions.fetch_add(1, Ordering::Relaxed);
        let card = usize::try_from(count).unwrap_or(0).checked_rem(CARDS).unwrap_or(0);
        self.card_key(card);
        // A partition's number counts from 1 on its card.
        let partition = count.checked_div(2).unwrap_or(0).saturating_add(1);
        (card, partition, self.works.take())
    }

    /// Makes the HSM's certificates, unless a key is still missing: never waits.
    pub(super) fn identify(&self, hsm: &Hsm, now: Millis) {
        let slot = self.cards.get(hsm.card);
        let card_key = slot.and_then(|slot| slot.key.get());
        let keys = [Some(self.manufacturer_key()), Some(self.aws_key()), card_key, Some(&hsm.key)];
        let there = keys.iter().all(|key| key.is_some_and(|key| key.get().is_some()));
        if let (true, Some(slot), Some(card_key)) = (there, slot, card_key) {
            hsm.identity.get_or_init(|| self.make_identity(slot, card_key, hsm, now));
        }
    }

    fn make_identity(&self, slot: &CardSlot, card_key: &OrderedKey, hsm: &Hsm, now: Millis) -> Result<Identity, String> {
        let card_key = wait_for(card_key)?;
        let card = slot.card.get_or_init(|| {
            let (manufacturer, aws) = (wait_for(self.manufacturer_key())?, wait_for(self.aws_key())?);
            Card::make(self.roots()?, manufacturer, aws, card_key, self.started)
        });
        let card = card.as_ref().map_err(Clone::clone)?;
        Identity::make(card, card_key, wait_for(&hsm.key)?, hsm.partition, now)
    }

    /// Waits for all that the HSM's certificates need.
    pub(super) fn wait_for_keys(&self, card: usize, key: &OrderedKey) {
        self.manufacturer_key().wait();
        self.aws_key().wait();
        if let Some(card_key) = self.card_key(card) {
            card_key.wait();
        }
        key.wait();
    }
}
