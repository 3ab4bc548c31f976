//! The simulator's own time. It starts at the wall clock's time, runs at the same speed, and can be
//! moved forward. It never runs back, and never stays behind the wall clock, which is set forward
//! or goes on while the machine sleeps.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch. Sums of them are saturating throughout: a clock may stand
/// anywhere, as may a moment in a state file, and the last moment is as late as it gets.
pub(super) type Millis = i64;

pub(super) const DAY: Millis = 86_400_000;
pub(super) const YEAR: Millis = 365 * DAY;

/// The speed of states of transition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(f64);

impl Default for Speed {
    /// Returns the speed at which a whole claim, from CreateCluster to INITIALIZED, takes about a
    /// second.
    fn default() -> Self {
        Self(1.0)
    }
}

impl Speed {
    /// The speed at which no state of transition outlasts the answer that announces it. (An HSM
    /// still waits for its key.)
    pub const INSTANT: Self = Self(f64::INFINITY);

    /// Makes a speed `factor` times the default; below 1 is slower. Returns `None` unless the
    /// factor is positive.
    pub fn from_factor(factor: f64) -> Option<Self> {
        (factor > 0.0).then_some(Self(factor))
    }

    pub(super) fn factor(self) -> f64 {
        self.0
    }

    fn scale_duration(self, duration: Duration) -> Millis {
        let scaled =
            Duration::try_from_secs_f64(duration.as_secs_f64() / self.0).unwrap_or(Duration::MAX);
        Millis::try_from(scaled.as_millis()).unwrap_or(Millis::MAX)
    }
}

/// The time that a clock shows, and the time by which it has been moved ahead of the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockReading {
    pub(super) now: Millis,
    pub(super) advanced: Millis,
}

impl ClockReading {
    /// Checks that it is the reading of a clock as this one, which begins at the wall clock's time
    /// and is only moved forward, and not beyond the year 9999.
    ///
    /// # Errors
    /// Where it is none: a state file's content that nothing here has written.
    pub(super) fn check_range(self) -> Result<(), String> {
        let possible = 0..=jiff::Timestamp::MAX.as_millisecond();
        if possible.contains(&self.now) && possible.contains(&self.advanced) {
            return Ok(());
        }
        Err(format!(
            "its clock shows {} ms after 1970 and was moved ahead by {} ms, expected a time in the \
             years 1970 to 9999",
            self.now, self.advanced
        ))
    }
}

/// Shows the time of the machine's wall clock.
type WallClock = Box<dyn Fn() -> Millis + Send + Sync>;

/// The clock for every state.
pub(super) struct Clock {
    /// `None`: it stands still.
    started: Option<Instant>,
    started_at: Millis,
    wall: WallClock,
    /// The most by which the wall clock has been ahead of the time since the start. That time
    /// stands still while the machine sleeps (`CLOCK_MONOTONIC`, clock_gettime(2)).
    gained: AtomicI64,
    advanced: AtomicI64,
    speed: Speed,
}

impl Clock {
    #[cfg(test)]
    pub(super) fn start(speed: Speed) -> Self {
        Self::resume_from(speed, ClockReading::default())
    }

    /// Continues from the reading of an earlier clock, as far ahead of the wall clock as that one
    /// was. Where the wall clock has been set back meanwhile, it continues at that reading: time
    /// never runs backwards.
    pub(super) fn resume_from(speed: Speed, earlier: ClockReading) -> Self {
        let system = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            Millis::try_from(since.unwrap_or_default().as_millis()).unwrap_or(Millis::MAX)
        };
        Self::resume_by(Box::new(system), speed, earlier)
    }

    fn resume_by(wall: WallClock, speed: Speed, earlier: ClockReading) -> Self {
        let started_at = wall();
        let advanced = earlier.advanced.max(earlier.now.saturating_sub(started_at));
        Self {
            started: Some(Instant::now()),
            started_at,
            wall,
            gained: AtomicI64::new(0),
            advanced: AtomicI64::new(advanced),
            speed,
        }
    }

    /// Makes a clock that stands still, so that what a fuzz target finds is found again.
    #[cfg(any(fuzzing, test))]
    pub(super) fn standing_at(now: Millis) -> Self {
        Self {
            started: None,
            started_at: now,
            wall: Box::new(move || now),
            gained: AtomicI64::new(0),
            advanced: AtomicI64::new(0),
            speed: Speed::INSTANT,
        }
    }

    pub(super) fn read(&self) -> ClockReading {
        ClockReading {
            now: self.now(),
            advanced: self.advanced.load(Ordering::Relaxed),
        }
    }

    pub(super) fn now(&self) -> Millis {
        let elapsed = self.started.map(|started| started.elapsed().as_millis());
        let elapsed = Millis::try_from(elapsed.unwrap_or_default()).unwrap_or(Millis::MAX);
        let counted = self.started_at.saturating_add(elapsed);
        let ahead = (self.wall)().saturating_sub(counted);
        let gained = self.gained.fetch_max(ahead, Ordering::Relaxed).max(ahead);
        counted
            .saturating_add(gained)
            .saturating_add(self.advanced.load(Ordering::Relaxed))
    }

    /// Returns the time for what clients hold against their own clocks: the dates of certificates.
    /// Nobody has moved those clocks forward; and where the wall clock has been set back, so have
    /// they.
    pub(super) fn client_time(&self) -> Millis {
        self.now()
            .saturating_sub(self.total_advance())
            .min((self.wall)())
    }

    /// Returns the end of something that begins now and takes `duration` at the default speed.
    pub(super) fn time_after(&self, duration: Duration) -> Millis {
        self.now().saturating_add(self.scaled_duration(duration))
    }

    /// Returns the time that something takes here if it takes `duration` at the default speed.
    pub(super) fn scaled_duration(&self, duration: Duration) -> Millis {
        self.speed.scale_duration(duration)
    }

    /// Returns the whole time by which it has been moved forward.
    pub(super) fn total_advance(&self) -> Millis {
        self.advanced.load(Ordering::Relaxed)
    }

    pub(super) fn speed(&self) -> Speed {
        self.speed
    }

    /// Tells whether the moved clock would still show a time that a certificate can name: years
    /// have four digits (RFC 5280 4.1.2.5.2).
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
    use std::sync::Arc;

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
        let ahead = Clock::resume_from(
            Speed::default(),
            ClockReading {
                now: wall + DAY,
                advanced: DAY,
            },
        );
        assert!((wall + DAY..wall + DAY + DAY / 24).contains(&ahead.now()));
        // Stopped for a year: the wall clock has gone on.
        let long_ago = Clock::resume_from(
            Speed::default(),
            ClockReading {
                now: wall - YEAR + DAY,
                advanced: DAY,
            },
        );
        assert!((wall + DAY..wall + DAY + DAY / 24).contains(&long_ago.now()));
        // The wall clock was set back by a year.
        let set_back = Clock::resume_from(
            Speed::default(),
            ClockReading {
                now: wall + YEAR,
                advanced: 0,
            },
        );
        assert!(set_back.now() >= wall + YEAR);
    }

    /// The machine slept, or its clock was set: by either the clients' clocks go.
    #[test]
    fn the_clock_never_stays_behind_the_wall_clock_and_never_runs_back() {
        let shown = Arc::new(AtomicI64::new(20_000 * DAY));
        let wall = Arc::clone(&shown);
        let clock = Clock::resume_by(
            Box::new(move || wall.load(Ordering::Relaxed)),
            Speed::default(),
            ClockReading::default(),
        );
        let begin = shown.load(Ordering::Relaxed);
        assert!(clock.now() >= begin);
        shown.store(begin + DAY, Ordering::Relaxed);
        let slept = clock.now();
        assert!(slept >= begin + DAY, "it is a day later");
        assert_eq!(clock.total_advance(), 0, "nobody has moved it");
        // Set back: it goes on from where it was.
        shown.store(begin, Ordering::Relaxed);
        assert!(clock.now() >= slept);
        assert_eq!(clock.client_time(), begin, "clients went back");
        clock.advance(Duration::from_secs(86_400));
        assert!(clock.now() >= slept + DAY);
        shown.store(begin + 3 * DAY, Ordering::Relaxed);
        assert!(clock.now() >= begin + 4 * DAY, "it keeps its lead");
        assert_eq!(clock.client_time(), begin + 3 * DAY, "clients have none");
    }

    #[test]
    fn instant_takes_no_time_and_nonsense_is_no_speed() {
        assert_eq!(Speed::INSTANT.scale_duration(Duration::from_secs(3600)), 0);
        assert_eq!(
            Speed::from_factor(2.0)
                .unwrap()
                .scale_duration(Duration::from_secs(1)),
            500
        );
        assert!(
            Speed::from_factor(0.0).is_none()
                && Speed::from_factor(-1.0).is_none()
                && Speed::from_factor(f64::NAN).is_none()
        );
    }
}
