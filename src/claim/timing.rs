//! The time to wait between two looks, and in all.

use std::time::Duration;

/// The time that a claim, or a `wait`, may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The time for the cluster, its first HSM and the CSR to be there. An HSM takes some minutes.
    pub creation: Duration,
    /// The time for InitializeCluster to be confirmed, from the moment it was sent.
    pub initialization: Duration,
    /// The first pause between two descriptions; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            creation: Duration::from_secs(30 * 60),
            initialization: Duration::from_secs(15 * 60),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// The pauses of one stretch of waiting.
#[derive(Debug, Default)]
pub(super) struct PauseSchedule {
    now: Duration,
    since: Option<Duration>,
    last: Option<Duration>,
}

impl PauseSchedule {
    /// Takes the time since the beginning of everything.
    pub(super) fn set_elapsed(&mut self, elapsed: Duration) {
        self.now = self.now.max(elapsed);
        self.since.get_or_insert(self.now);
    }

    /// Begins another stretch: with short pauses, and all its time.
    pub(super) fn restart_stretch(&mut self) {
        self.since = None;
        self.last = None;
    }

    /// The next pause; `None` when `limit` is used up.
    pub(super) fn next_pause(&mut self, patience: &Patience, limit: Duration) -> Option<Duration> {
        let waited = self.now.saturating_sub(self.since.unwrap_or(self.now));
        let left = limit.checked_sub(waited).filter(|left| !left.is_zero())?;
        // Never none: a loop that waits must let time pass.
        let first = patience.first_pause.max(Duration::from_millis(1));
        let length = self
            .last
            .map_or(first, |last| last.saturating_mul(2))
            .min(patience.longest_pause.max(first));
        self.last = Some(length);
        Some(length.min(left))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_end_with_the_limit() {
        let patience = Patience {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(5),
            ..Patience::default()
        };
        let (mut pace, mut now, mut pauses) =
            (PauseSchedule::default(), Duration::ZERO, Vec::new());
        pace.set_elapsed(now);
        while let Some(length) = pace.next_pause(&patience, Duration::from_secs(14)) {
            pauses.push(length.as_secs());
            now += length;
            pace.set_elapsed(now);
        }
        assert_eq!(pauses, [1, 2, 4, 5, 2]);
    }
}
