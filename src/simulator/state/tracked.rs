//! A wrapper that remembers that its content may have changed.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use super::super::clock::Millis;
use super::{Hsm, SimulatedBackup, SimulatedCluster};

/// A cluster or a backup. Mutable access leaves a mark, and only marked items are looked at for the
/// state file. Code that changes things need not know that there is one.
#[derive(Clone, Debug)]
pub(crate) struct Tracked<T> {
    thing: T,
    marked: bool,
}

/// Clusters or backups, by the numbers that order them.
pub(crate) type Shelf<T> = BTreeMap<u64, Tracked<T>>;

impl<T> Tracked<T> {
    /// Something new, marked.
    pub(crate) fn new(thing: T) -> Self {
        Self {
            thing,
            marked: true,
        }
    }

    /// Returns the content for a change that is not worth writing for its own sake.
    pub(super) fn get_unmarked(&mut self) -> &mut T {
        &mut self.thing
    }

    pub(crate) fn mark(&mut self) {
        self.marked = true;
    }

    /// Tells whether it is marked, and takes the mark away.
    pub(crate) fn take_mark(&mut self) -> bool {
        std::mem::take(&mut self.marked)
    }
}

impl Tracked<SimulatedCluster> {
    /// Calls [`SimulatedCluster::settle`], without a mark where that has nothing to do.
    pub(super) fn settle(&mut self, now: Millis, identify: &dyn Fn(&Hsm)) -> Vec<Millis> {
        if self.needs_settling(now) {
            SimulatedCluster::settle(self, now, identify)
        } else {
            Vec::new()
        }
    }
}

impl Tracked<SimulatedBackup> {
    /// Calls [`SimulatedBackup::settle`], without a mark where that has nothing to do.
    pub(super) fn settle(&mut self, now: Millis) {
        if self.needs_settling(now) {
            SimulatedBackup::settle(self, now);
        }
    }
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}

impl<T> DerefMut for Tracked<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.marked = true;
        &mut self.thing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_leaves_no_mark_and_changing_does() {
        let mut kept = Tracked::new(String::from("new"));
        assert!(kept.take_mark(), "what is new has to be written");
        assert_eq!(kept.len(), 3);
        assert!(!kept.take_mark());
        kept.push('s');
        assert!(kept.take_mark());
        assert!(!kept.take_mark());
    }
}
