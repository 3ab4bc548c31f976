//! What the page has seen of the state.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Millis;

/// A counter that tells a changed state from an unchanged one without looking at it.
#[derive(Default)]
pub(super) struct Watch {
    /// The number of times that the state was locked for work on it.
    pub(super) touched: AtomicU64,
    pub(super) seen: Mutex<Seen>,
}

/// The state when it was last put into JSON.
#[derive(Default)]
pub(super) struct Seen {
    /// The id of this simulator: a new one starts counting again.
    pub(super) instance: String,
    /// The number of changes that the page would show.
    pub(super) revision: u64,
    pub(super) digest: u64,
    pub(super) touched: u64,
    pub(super) advanced: Millis,
    /// The time up to which the state counts as quiet, where nothing was under way.
    pub(super) quiet_until: Option<Millis>,
}

impl Watch {
    /// Counts an access. Every caller that locks the state to work on it calls this.
    pub(super) fn touch(&self) {
        self.touched.fetch_add(1, Ordering::Relaxed);
    }
}
