//! The simulated data centre's hardware: roots, cards, and the HSMs that are their partitions.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::chains::{Authority, Card, Identity, Make, Root};
use super::clock::Millis;
use super::keys::{BITS, KeyWorks, OrderedKey, SigningKey, wait_for};
use super::octets;
use super::state::Hsm;

/// Cards of each make: an HSM that replaces another is on another card, so its hardware
/// certificates are others too.
const CARDS_OF_A_MAKE: usize = 2;
const CARDS: usize = CARDS_OF_A_MAKE * Make::ALL.len();

pub(super) struct Hardware {
    works: KeyWorks,
    /// In the order of [`Authority::ALL`].
    authorities: [AuthoritySlot; Authority::ALL.len()],
    /// The cards of the first make in the order of [`Make::ALL`], then those of the second, and so
    /// on.
    cards: [CardSlot; CARDS],
    partitions: AtomicU64,
    started: Millis,
}

/// What has been made of the hardware, to go on from: what was ordered and is not there yet is
/// ordered again when it is needed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptHardware {
    started: Millis,
    authorities: [KeptAuthority; Authority::ALL.len()],
    cards: [KeptCard; CARDS],
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptAuthority {
    key: Option<KeptKey>,
    root: Option<Root>,
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

/// A root whose key is ordered when something is foreseen that it will vouch for.
#[derive(Default)]
struct AuthoritySlot {
    key: OnceLock<OrderedKey>,
    root: OnceLock<Result<Root, String>>,
}

/// A card whose key is ordered when its first HSM is foreseen.
#[derive(Default)]
struct CardSlot {
    key: OnceLock<OrderedKey>,
    card: OnceLock<Result<Card, String>>,
}

/// The make of a card.
fn make_of(card: usize) -> Make {
    let [first, ..] = Make::ALL;
    card.checked_div(CARDS_OF_A_MAKE)
        .and_then(|at| Make::ALL.get(at))
        .copied()
        .unwrap_or(first)
}

impl Hardware {
    /// Nothing is made before it is needed: a simulator that is only asked what it refuses makes no
    /// key at all.
    pub(super) fn start(now: Millis) -> std::io::Result<Self> {
        Ok(Self {
            works: KeyWorks::start()?,
            authorities: Default::default(),
            cards: Default::default(),
            partitions: AtomicU64::new(0),
            started: now,
        })
    }

    /// Goes on from what an earlier simulator had: the same roots, the same cards.
    pub(super) fn resume(mut self, kept: KeptHardware, partitions: u64) -> Result<Self, String> {
        self.started = kept.started;
        for (slot, KeptAuthority { key, root }) in self.authorities.iter().zip(kept.authorities) {
            load(&slot.key, key)?;
            if let Some(root) = root {
                slot.root.get_or_init(|| Ok(root));
            }
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
            authorities: self.authorities.each_ref().map(|slot| KeptAuthority {
                key: unload(&slot.key),
                root: made(&slot.root).cloned(),
            }),
            cards: self.cards.each_ref().map(|slot| KeptCard {
                key: unload(&slot.key),
                card: made(&slot.card).cloned(),
            }),
        }
    }

    /// How much of it has been made: it grows with everything that [`Hardware::keep`] has more to
    /// say.
    pub(super) fn progress(&self) -> usize {
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
        keys.saturating_add(cards).saturating_add(roots)
    }

    /// How many HSMs have been given a place.
    pub(super) fn partitions(&self) -> u64 {
        self.partitions.load(Ordering::Relaxed)
    }

    /// The key for an HSM that has its place since an earlier start, and no certificates yet.
    pub(super) fn order_again(&self, card: usize) -> OrderedKey {
        self.order_above(card);
        self.works.order(BITS)
    }

    /// Orders the keys that a cluster's first HSM will need; returns before they are made.
    pub(super) fn foresee_hsm(&self, make: Make) {
        self.order_above(first_card(make));
        self.works.stock();
    }

    /// The root; waits for its key, about a second where it is the largest.
    pub(super) fn root(&self, authority: Authority) -> Result<&Root, String> {
        let slot = self.slot(authority)?;
        let root = slot.root.get_or_init(|| {
            Root::make(
                authority,
                wait_for(self.key(slot, authority))?,
                self.started,
            )
        });
        root.as_ref().map_err(Clone::clone)
    }

    /// The roots of a card, AWS's first, if their keys are there.
    pub(super) fn made_roots(&self, card: usize) -> Option<(&Root, &Root)> {
        let make = make_of(card);
        let root = |authority| {
            let there = self.slot(authority).ok()?.key.get()?.get().is_some();
            there.then(|| self.root(authority).ok()).flatten()
        };
        Some((root(make.aws())?, root(make.manufacturer())?))
    }

    fn slot(&self, authority: Authority) -> Result<&AuthoritySlot, String> {
        let at = Authority::ALL.iter().position(|one| *one == authority);
        at.and_then(|at| self.authorities.get(at))
            .ok_or_else(|| String::from("there is no such root"))
    }

    fn key<'a>(&self, slot: &'a AuthoritySlot, authority: Authority) -> &'a OrderedKey {
        slot.key
            .get_or_init(|| self.works.order(authority.key_bits()))
    }

    fn authority_key(&self, authority: Authority) -> Option<&OrderedKey> {
        self.slot(authority)
            .ok()
            .map(|slot| self.key(slot, authority))
    }

    fn card_key(&self, number: usize) -> Option<&OrderedKey> {
        Some(
            self.cards
                .get(number)?
                .key
                .get_or_init(|| self.works.order(BITS)),
        )
    }

    /// The keys of a card and of its roots, ordered now unless they have been. The manufacturer's,
    /// which takes longest, comes first.
    fn order_above(&self, card: usize) -> [Option<&OrderedKey>; 3] {
        let make = make_of(card);
        [
            self.authority_key(make.manufacturer()),
            self.authority_key(make.aws()),
            self.card_key(card),
        ]
    }

    /// A place for a new HSM: card, partition, and its key, ordered now.
    pub(super) fn place(&self, make: Make) -> (usize, u64, OrderedKey) {
        let count = self.partitions.fetch_add(1, Ordering::Relaxed);
        let which = usize::try_from(count)
            .unwrap_or(0)
            .checked_rem(CARDS_OF_A_MAKE)
            .unwrap_or(0);
        let card = first_card(make).saturating_add(which);
        self.order_above(card);
        // A partition's number counts from 1 on its card.
        let partition = count.checked_div(2).unwrap_or(0).saturating_add(1);
        (card, partition, self.works.take())
    }

    /// Makes the HSM's certificates, unless a key is still missing: never waits.
    pub(super) fn identify(&self, hsm: &Hsm, now: Millis) {
        let [manufacturer, aws, card] = self.order_above(hsm.card);
        let there = |key: Option<&OrderedKey>| key.is_some_and(|key| key.get().is_some());
        if [manufacturer, aws, card, Some(&hsm.key)]
            .into_iter()
            .all(there)
        {
            hsm.identity.get_or_init(|| self.make_identity(hsm, now));
        }
    }

    fn make_identity(&self, hsm: &Hsm, now: Millis) -> Result<Identity, String> {
        let (make, none) = (make_of(hsm.card), || String::from("there is no such card"));
        let slot = self.cards.get(hsm.card).ok_or_else(none)?;
        let [Some(manufacturer), Some(aws), Some(card_key)] = self.order_above(hsm.card) else {
            return Err(none());
        };
        let card_key = wait_for(card_key)?;
        let card = slot.card.get_or_init(|| {
            Card::make(
                make,
                wait_for(manufacturer)?,
                wait_for(aws)?,
                card_key,
                self.started,
            )
        });
        let card = card.as_ref().map_err(Clone::clone)?;
        Identity::make(
            make,
            card,
            card_key,
            wait_for(&hsm.key)?,
            hsm.partition,
            now,
        )
    }

    /// Waits for all that the HSM's certificates need.
    pub(super) fn wait_for_keys(&self, card: usize, key: &OrderedKey) {
        for key in self.order_above(card).into_iter().flatten() {
            key.wait();
        }
        key.wait();
    }
}

fn first_card(make: Make) -> usize {
    let at = Make::ALL.iter().position(|one| *one == make).unwrap_or(0);
    at.saturating_mul(CARDS_OF_A_MAKE)
}

fn made<T>(cell: &OnceLock<Result<T, String>>) -> Option<&T> {
    cell.get().and_then(|made| made.as_ref().ok())
}

fn unload(key: &OnceLock<OrderedKey>) -> Option<KeptKey> {
    key.get()
        .and_then(|key| made(key))
        .map(|key| KeptKey(key.pkcs1().to_vec()))
}

fn load(slot: &OnceLock<OrderedKey>, kept: Option<KeptKey>) -> Result<(), String> {
    if let Some(KeptKey(pkcs1)) = kept {
        let key = SigningKey::from_pkcs1(pkcs1)?;
        slot.get_or_init(|| OrderedKey::new(Ok(key).into()));
    }
    Ok(())
}
