//! The simulated data centre's hardware: roots, cards, and the HSMs that are their partitions.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::chains::{Card, HardwareMake, Root, RootAuthority, SimulatedIdentity};
use super::clock::Millis;
use super::keys::{KEY_BITS, KeyFactory, KeySupply, OrderedKey, SigningKey, wait_for};
use super::octets;
use super::state::Hsm;

/// The number of cards of each make. An HSM that replaces another is on another card, so its
/// hardware certificates differ too.
const CARDS_OF_A_MAKE: usize = 2;
const CARDS: usize = CARDS_OF_A_MAKE * HardwareMake::ALL.len();

pub(super) struct SimulatedHardware {
    works: KeyFactory,
    /// The roots, in the order of [`RootAuthority::ALL`].
    authorities: [AuthoritySlot; RootAuthority::ALL.len()],
    /// The cards of the first make in the order of [`HardwareMake::ALL`], then those of the second,
    /// and so on.
    cards: [CardSlot; CARDS],
    partitions: AtomicU64,
    started: Millis,
}

/// The hardware that has been made, for the state file. Keys that were ordered and not made yet are
/// ordered again when they are needed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedHardware {
    started: Millis,
    authorities: [SavedAuthority; RootAuthority::ALL.len()],
    cards: [SavedCard; CARDS],
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedAuthority {
    key: Option<SavedKey>,
    root: Option<Root>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedCard {
    key: Option<SavedKey>,
    card: Option<Card>,
}

/// RSAPrivateKey (RFC 8017 A.1.2).
#[derive(Clone, Serialize, Deserialize)]
struct SavedKey(#[serde(with = "octets")] Vec<u8>);

/// A root. Its key is ordered as soon as a certificate under it can be foreseen.
#[derive(Default)]
struct AuthoritySlot {
    key: OnceLock<OrderedKey>,
    root: OnceLock<Result<Root, String>>,
}

/// A card. Its key is ordered as soon as its first HSM can be foreseen.
#[derive(Default)]
struct CardSlot {
    key: OnceLock<OrderedKey>,
    card: OnceLock<Result<Card, String>>,
}

/// Returns the make of a card.
fn make_of(card: usize) -> HardwareMake {
    let [first, ..] = HardwareMake::ALL;
    HardwareMake::ALL
        .get(card / CARDS_OF_A_MAKE)
        .copied()
        .unwrap_or(first)
}

impl SimulatedHardware {
    /// Starts without any key. Nothing is made before it is needed: a simulator that refuses every
    /// call makes no key at all.
    pub(super) fn start(now: Millis, supply: Option<KeySupply>) -> std::io::Result<Self> {
        Ok(Self::of_works(KeyFactory::start(supply)?, now))
    }

    /// Starts likewise, and makes no key at all: an HSM that is ordered never becomes ACTIVE.
    #[cfg(any(fuzzing, test))]
    pub(super) fn without_keys(now: Millis) -> Self {
        Self::of_works(KeyFactory::idle(), now)
    }

    fn of_works(works: KeyFactory, now: Millis) -> Self {
        Self {
            works,
            authorities: Default::default(),
            cards: Default::default(),
            partitions: AtomicU64::new(0),
            started: now,
        }
    }

    /// Continues with the roots and cards of an earlier simulator.
    pub(super) fn resume_from(
        mut self,
        kept: SavedHardware,
        partitions: u64,
    ) -> Result<Self, String> {
        self.started = kept.started;
        for (slot, SavedAuthority { key, root }) in self.authorities.iter().zip(kept.authorities) {
            restore_key(&slot.key, key)?;
            if let Some(root) = root {
                slot.root.get_or_init(|| Ok(root));
            }
        }
        for (slot, SavedCard { key, card }) in self.cards.iter().zip(kept.cards) {
            restore_key(&slot.key, key)?;
            if let Some(card) = card {
                slot.card.get_or_init(|| Ok(card));
            }
        }
        self.partitions.store(partitions, Ordering::Relaxed);
        Ok(self)
    }

    pub(super) fn to_saved(&self) -> SavedHardware {
        SavedHardware {
            started: self.started,
            authorities: self.authorities.each_ref().map(|slot| SavedAuthority {
                key: save_key(&slot.key),
                root: made_value(&slot.root).cloned(),
            }),
            cards: self.cards.each_ref().map(|slot| SavedCard {
                key: save_key(&slot.key),
                card: made_value(&slot.card).cloned(),
            }),
        }
    }

    /// Returns the number of things made. It grows with everything that
    /// [`SimulatedHardware::to_saved`] adds.
    pub(super) fn made_count(&self) -> usize {
        let keys = self
            .authorities
            .iter()
            .map(|slot| &slot.key)
            .chain(self.cards.iter().map(|slot| &slot.key));
        let keys = keys
            .filter(|key| key.get().is_some_and(|key| key.get().is_some()))
            .count();
        let cards = self
            .cards
            .iter()
            .filter(|slot| slot.card.get().is_some())
            .count();
        let roots = self
            .authorities
            .iter()
            .filter(|slot| slot.root.get().is_some())
            .count();
        keys + cards + roots
    }

    /// Returns the number of HSMs that have been given a place.
    pub(super) fn partitions(&self) -> u64 {
        self.partitions.load(Ordering::Relaxed)
    }

    /// Orders the key for an HSM that has had its place since an earlier start, and no certificates
    /// yet.
    pub(super) fn order_again(&self, card: usize) -> OrderedKey {
        self.order_keys_for(card);
        self.works.order_key(KEY_BITS)
    }

    /// Orders the keys that a cluster's first HSM will need, and returns before they are made.
    pub(super) fn order_hsm_keys(&self, make: HardwareMake) {
        self.order_keys_for(first_card(make));
        self.works.stock_spare();
    }

    /// Returns the root. Waits for its key, about a second for the largest.
    pub(super) fn wait_for_root(&self, authority: RootAuthority) -> Result<&Root, String> {
        let slot = self.authority_slot(authority)?;
        let root = slot.root.get_or_init(|| {
            Root::make_root(
                authority,
                wait_for(self.ordered_key(slot, authority))?,
                self.started,
            )
        });
        root.as_ref().map_err(Clone::clone)
    }

    /// Returns the roots of a card, AWS's first, if their keys are there.
    pub(super) fn finished_roots(&self, card: usize) -> Option<(&Root, &Root)> {
        let make = make_of(card);
        let root = |authority| {
            let there = self
                .authority_slot(authority)
                .ok()?
                .key
                .get()?
                .get()
                .is_some();
            there.then(|| self.wait_for_root(authority).ok()).flatten()
        };
        Some((
            root(make.aws_authority())?,
            root(make.manufacturer_authority())?,
        ))
    }

    fn authority_slot(&self, authority: RootAuthority) -> Result<&AuthoritySlot, String> {
        let at = RootAuthority::ALL.iter().position(|one| *one == authority);
        at.and_then(|at| self.authorities.get(at))
            .ok_or_else(|| String::from("there is no such root"))
    }

    fn ordered_key<'a>(&self, slot: &'a AuthoritySlot, authority: RootAuthority) -> &'a OrderedKey {
        slot.key
            .get_or_init(|| self.works.order_key(authority.key_bits()))
    }

    fn authority_key(&self, authority: RootAuthority) -> Option<&OrderedKey> {
        self.authority_slot(authority)
            .ok()
            .map(|slot| self.ordered_key(slot, authority))
    }

    fn card_key(&self, number: usize) -> Option<&OrderedKey> {
        Some(
            self.cards
                .get(number)?
                .key
                .get_or_init(|| self.works.order_key(KEY_BITS)),
        )
    }

    /// Returns the keys of a card and of its roots, and orders those that have not been ordered.
    /// The manufacturer's, which takes longest, comes first.
    fn order_keys_for(&self, card: usize) -> [Option<&OrderedKey>; 3] {
        let make = make_of(card);
        [
            self.authority_key(make.manufacturer_authority()),
            self.authority_key(make.aws_authority()),
            self.card_key(card),
        ]
    }

    /// Assigns a place to a new HSM: card, partition, and its key, ordered now.
    pub(super) fn assign_place(&self, make: HardwareMake) -> (usize, u64, OrderedKey) {
        let count = self.partitions.fetch_add(1, Ordering::Relaxed);
        let which = usize::try_from(count).unwrap_or(0) % CARDS_OF_A_MAKE;
        let card = first_card(make) + which;
        self.order_keys_for(card);
        // A partition's number counts from 1 on its card.
        let partition = count / 2 + 1;
        (card, partition, self.works.take_spare())
    }

    /// Makes the HSM's certificates, unless a key is still missing. Never waits.
    pub(super) fn identify_hsm(&self, hsm: &Hsm, now: Millis) {
        let [manufacturer, aws, card] = self.order_keys_for(hsm.card);
        let there = |key: Option<&OrderedKey>| key.is_some_and(|key| key.get().is_some());
        if [manufacturer, aws, card, Some(&hsm.key)]
            .into_iter()
            .all(there)
        {
            hsm.identity.get_or_init(|| self.make_identity(hsm, now));
        }
    }

    fn make_identity(&self, hsm: &Hsm, now: Millis) -> Result<SimulatedIdentity, String> {
        let (make, none) = (make_of(hsm.card), || String::from("there is no such card"));
        let slot = self.cards.get(hsm.card).ok_or_else(none)?;
        let [Some(manufacturer), Some(aws), Some(card_key)] = self.order_keys_for(hsm.card) else {
            return Err(none());
        };
        let card_key = wait_for(card_key)?;
        let card = slot.card.get_or_init(|| {
            Card::make_card(
                make,
                wait_for(manufacturer)?,
                wait_for(aws)?,
                card_key,
                self.started,
            )
        });
        let card = card.as_ref().map_err(Clone::clone)?;
        SimulatedIdentity::make_identity(
            make,
            card,
            card_key,
            wait_for(&hsm.key)?,
            hsm.partition,
            now,
        )
    }

    /// Waits for all keys that the HSM's certificates need.
    pub(super) fn wait_for_keys(&self, card: usize, key: &OrderedKey) {
        for key in self.order_keys_for(card).into_iter().flatten() {
            key.wait();
        }
        key.wait();
    }
}

fn first_card(make: HardwareMake) -> usize {
    let at = HardwareMake::ALL
        .iter()
        .position(|one| *one == make)
        .unwrap_or(0);
    at * CARDS_OF_A_MAKE
}

fn made_value<T>(cell: &OnceLock<Result<T, String>>) -> Option<&T> {
    cell.get().and_then(|made| made.as_ref().ok())
}

fn save_key(key: &OnceLock<OrderedKey>) -> Option<SavedKey> {
    key.get()
        .and_then(|key| made_value(key))
        .map(|key| SavedKey(key.pkcs1().to_vec()))
}

fn restore_key(slot: &OnceLock<OrderedKey>, kept: Option<SavedKey>) -> Result<(), String> {
    if let Some(SavedKey(pkcs1)) = kept {
        let key = SigningKey::from_pkcs1(pkcs1)?;
        slot.get_or_init(|| OrderedKey::new(Ok(key).into()));
    }
    Ok(())
}
