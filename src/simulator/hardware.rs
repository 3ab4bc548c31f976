//! The simulated data centre's hardware: roots, cards, and the HSMs that are their partitions.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::chains::{Card, Identity, Roots};
use super::clock::Millis;
use super::keys::{KeyWorks, OrderedKey, SigningKey, wait_for};
use super::state::Hsm;
use super::store::octets;

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

/// What has been made of the hardware, to go on from: what was ordered and is not there yet is ordered again when it is needed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptHardware {
    started: Millis,
    manufacturer_key: Option<KeptKey>,
    aws_key: Option<KeptKey>,
    roots: Option<Roots>,
    cards: [KeptCard; CARDS],
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptCard {
    key: Option<KeptKey>,
    card: Option<Card>,
}

/// RSAPrivateKey (RFC 8017 A.1.2).
#[derive(Clone, Serialize, Deserialize)]
struct KeptKey(#[serde(with = "octets")] Vec<u8>);

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

    /// Goes on from what an earlier simulator had: the same roots, the same cards.
    pub(super) fn resume(mut self, kept: KeptHardware, partitions: u64) -> Result<Self, String> {
        self.started = kept.started;
        load(&self.manufacturer_key, kept.manufacturer_key)?;
        load(&self.aws_key, kept.aws_key)?;
        if let Some(roots) = kept.roots {
            self.roots.get_or_init(|| Ok(roots));
        }
        for (slot, KeptCard { key, card }) in self.cards.iter().zip(kept.cards) {
            load(&slot.key, key)?;
            if let Some(card) = card {
                slot.card.get_or_init(|| Ok(card));
            }
        }
        self.partitions.store(partitions, Ordering::Relaxed);
        Ok(self)
    }

    pub(super) fn keep(&self) -> KeptHardware {
        KeptHardware {
            started: self.started,
            manufacturer_key: unload(&self.manufacturer_key),
            aws_key: unload(&self.aws_key),
            roots: made(&self.roots).cloned(),
            cards: std::array::from_fn(|number| {
                let slot = self.cards.get(number);
                KeptCard { key: slot.and_then(|slot| unload(&slot.key)), card: slot.and_then(|slot| made(&slot.card)).cloned() }
            }),
        }
    }

    /// How much of it has been made: it grows with everything that [`Hardware::keep`] has more to say.
    pub(super) fn progress(&self) -> usize {
        let keys = [&self.manufacturer_key, &self.aws_key].into_iter().chain(self.cards.iter().map(|slot| &slot.key));
        let keys = keys.filter(|key| key.get().is_some_and(|key| key.get().is_some())).count();
        let cards = self.cards.iter().filter(|slot| slot.card.get().is_some()).count();
        keys.saturating_add(cards).saturating_add(usize::from(self.roots.get().is_some()))
    }

    /// How many HSMs have been given a place.
    pub(super) fn partitions(&self) -> u64 {
        self.partitions.load(Ordering::Relaxed)
    }

    /// The key for an HSM that has its place since an earlier start, and no certificates yet.
    pub(super) fn order_again(&self, card: usize) -> OrderedKey {
        self.manufacturer_key();
        self.aws_key();
        self.card_key(card);
        self.works.order()
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

fn made<T>(cell: &OnceLock<Result<T, String>>) -> Option<&T> {
    cell.get().and_then(|made| made.as_ref().ok())
}

fn unload(key: &OnceLock<OrderedKey>) -> Option<KeptKey> {
    key.get().and_then(|key| made(key)).map(|key| KeptKey(key.pkcs1().to_vec()))
}

fn load(slot: &OnceLock<OrderedKey>, kept: Option<KeptKey>) -> Result<(), String> {
    if let Some(KeptKey(pkcs1)) = kept {
        let key = SigningKey::from_pkcs1(pkcs1)?;
        slot.get_or_init(|| OrderedKey::new(Ok(key).into()));
    }
    Ok(())
}
