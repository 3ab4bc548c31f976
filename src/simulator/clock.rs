//! The simulator's own time: it starts at the wall clock's, runs at its pace, and can be moved
//! forward.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
pub(super) type Millis = i64;

pub(super) const DAY: Millis = 86_400_000;
pub(super) const YEAR: Millis = 365 * DAY;

/// How long states of transition last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(f64);

impl Default for Speed {
    /// About a second for a whole claim, from CreateCluster to INITIALIZED.
    fn default() -> Self {
        Self(1.0)
    }
}

impl Speed {
    /// No state of transition outlasts the answer that announces it. (An HSM still waits for its
    /// key to be made.)
    pub const INSTANT: Self = Self(f64::INFINITY);

    /// `factor` times as fast as the default; below 1 is slower. `None` unless the factor is
    /// positive.
    pub fn times(factor: f64) -> Option<Self> {
        (factor > 0.0).then_some(Self(factor))
    }

    pub(super) fn factor(self) -> f64 {
        self.0
    }

    fn stretch(self, duration: Duration) -> Millis {
        let scaled =
            Duration::try_from_secs_f64(duration.as_secs_f64() / self.0).unwrap_or(Duration::MAX);
        Millis::try_from(scaled.as_millis()).unwrap_or(Millis::MAX)
    }
}

/// What a clock says: the time, and how far it has been moved ahead of the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reading {
    pub(super) now: Millis,
    pub(super) advanced: Millis,
}

/// The clock that every state and every validity period is held against.
pub(super) struct Clock {
    started: Instant,
    started_at: Millis,
    advanced: AtomicI64,
    speed: Speed,
}

impl Clock {
    #[cfg(test)]
    pub(super) fn start(speed: Speed) -> Self {
        Self::resume(speed, Reading::default())
    }

    /// Goes on from where an earlier clock was read: at the wall clock, as far ahead of it as that
    /// one was. Where the wall clock has been set back meanwhile, at that reading: time never runs
    /// backwards.
    pub(super) fn resume(speed: Speed, earlier: Reading) -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let started_at = Millis::try_from(wall.as_millis()).unwrap_or(Millis::MAX);
        let advanced = earlier.advanced.max(earlier.now.saturating_sub(started_at));
        Self {
            started: Instant::now(),
            started_at,
            advanced: AtomicI64::new(advanced),
            speed,
        }
    }

    pub(super) fn read(&self) -> Reading {
        Reading {
            now: self.now(),
            advanced: self.advanced.load(Ordering::Relaxed),
        }
    }

    pub(super) fn now(&self) -> Millis {
        let elapsed = Millis::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX);
        self.started_at
            .saturating_add(elapsed)
            .saturating_add(self.advanced.load(Ordering::Relaxed))
    }

    /// When something that begins now and takes `duration` at the default speed is over.
    pub(super) fn after(&self, duration: Duration) -> Millis {
        self.now().saturating_add(self.takes(duration))
    }

    /// How long something takes here that takes `duration` at the default speed.
    pub(super) fn takes(&self, duration: Duration) -> Millis {
        self.speed.stretch(duration)
    }

    /// How far it has been moved forward in all.
    pub(super) fn advanced(&self) -> Millis {
        self.advanced.load(Ordering::Relaxed)
    }

    pub(super) fn speed(&self) -> Speed {
        self.speed
    }

    /// Whether it would still show a time that a certificate can name: years have four digits (RFC
    /// 5280 4.1.2.5.2).
    pub(super) fn can_advance(&self, by: Duration) -> bool {
        let then = Millis::try_from(by.as_millis())
            .ok()
            .and_then(|by| self.now().checked_add(by));
        then.is_some_and(|then| then <= jiff::Timestamp::MAX.as_millisecond())
    }

    pub(super) fn advance(&self, by: Duration) {
        let by = Millis::try_from(by.as_millis()).unwrap_or(Millis::MAX);
        let moved = self.advanced.load(Ordering::Relaxed).saturating_add(by);
        self.advanced.store(moved, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_forward_on_demand() {
        let clock = Clock::start(Speed::default());
        let before = clock.now();
        clock.advance(Duration::from_secs(86_400));
        assert!(clock.now() >= before + DAY);
    }

    #[test]
    fn the_clock_is_not_moved_past_the_last_year_of_four_digits() {
        let clock = Clock::start(Speed::default());
        let years = |years: u64| Duration::from_secs(years * 365 * 86_400);
        assert!(
            clock.can_advance(years(7900))
                && !clock.can_advance(years(8000))
                && !clock.can_advance(Duration::from_secs(u64::MAX))
        );
        clock.advance(years(7900));
        assert!(clock.can_advance(Duration::ZERO) && !clock.can_advance(years(100)));
    }

    #[test]
    fn a_resumed_clock_keeps_its_lead_and_never_runs_backwards() {
        let wall = Clock::start(Speed::default()).now();
        let ahead = Clock::resume(
            Speed::default(),
            Reading {
                now: wall + DAY,
                advanced: DAY,
            },
        );
        assert!((wall + DAY..wall + DAY + DAY / 24).contains(&ahead.now()));
        // Stopped for a year: the wall clock has gone on.
        let long_ago = Clock::resume(
            Speed::default(),
            Reading {
                now: wall - YEAR + DAY,
                advanced: DAY,
            },
        );
        assert!((wall + DAY..wall + DAY + DAY / 24).contains(&long_ago.now()));
        // The wall clock was set back by a year.
        let set_back = Clock::resume(
            Speed::default(),
            Reading {
                now: wall + YEAR,
                advanced: 0,
            },
        );
        assert!(set_back.now() >= wall + YEAR);
    }

    #[test]
    fn instant_takes_no_time_and_nonsense_is_no_speed() {
        assert_eq!(Speed::INSTANT.stretch(Duration::from_secs(3600)), 0);
        assert_eq!(
            Speed::times(2.0).unwrap().stretch(Duration::from_secs(1)),
            500
        );
        assert!(
            Speed::times(0.0).is_none()
                && Speed::times(-1.0).is_none()
                && Speed::times(f64::NAN).is_none()
        );
    }
}
