//! What the page has seen of the state.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Millis;

/// Tells an unchanged state from a changed one without looking at it.
#[derive(Default)]
pub(super) struct Watch {
    /// How often the state has been in somebody's hands.
    pub(super) touched: AtomicU64,
    pub(super) seen: Mutex<Seen>,
}

/// The state when it was last put into JSON.
#[derive(Default)]
pub(super) struct Seen {
    /// Which simulator this is: a new one begins to count anew.
    pub(super) instance: String,
    /// Counts the changes that the page would show.
    pub(super) revision: u64,
    pub(super) digest: u64,
    pub(super) touched: u64,
    pub(super) advanced: Millis,
    /// Nothing was under way then: up to when that is taken for granted.
    pub(super) quiet_until: Option<Millis>,
}

impl Watch {
    /// To be called by whoever holds the state's lock to work on it.
    pub(super) fn touch(&self) {
        self.touched.fetch_add(1, Ordering::Relaxed);
    }
}
