//! The time that requests are signed with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_types::sdk_config::TimeSource;

/// The last day of the year 9999, in seconds since 1970.
const LAST: Duration = Duration::from_secs(253_402_214_400);

/// The machine's clock, as far as a signature can say its time: it has four digits for the year
/// (AWS IAM User Guide, "Elements of an AWS API request signature"), and the SDK ends the program
/// over a later one.
#[derive(Debug)]
pub(super) struct SigningClock;

impl TimeSource for SigningClock {
    fn now(&self) -> SystemTime {
        bound(SystemTime::now())
    }
}

fn bound(now: SystemTime) -> SystemTime {
    match UNIX_EPOCH.checked_add(LAST) {
        Some(last) => now.min(last),
        None => now,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_five_digits_is_that_of_the_last_day_of_four() {
        let at = |seconds| {
            UNIX_EPOCH
                .checked_add(Duration::from_secs(seconds))
                .unwrap()
        };
        assert_eq!(bound(at(1_780_315_200)), at(1_780_315_200));
        assert_eq!(bound(at(284_018_400_000)), at(253_402_214_400));
    }
}
