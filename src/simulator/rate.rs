//! The rate limit of an account: a bucket of tokens that fills with the wall clock's time.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::json_protocol::ApiError;

/// The time whose tokens the bucket of an account holds.
const FULL_BUCKET: Duration = Duration::from_secs(1);

/// A limit of requests per second for each account, and of requests at once.
pub(super) struct RateLimit {
    /// The time that one request takes up.
    each: Duration,
    /// The time at which the bucket of an account is full again. Accounts are those of the
    /// credentials, so they are few.
    full_at: Mutex<HashMap<String, Instant>>,
}

impl RateLimit {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self {
            each: FULL_BUCKET
                .checked_div(per_second.get())
                .unwrap_or(FULL_BUCKET),
            full_at: Mutex::default(),
        }
    }

    /// Takes a token of the account, or refuses where there is none.
    pub(super) fn take_token(&self, account: &str, now: Instant) -> Result<(), ApiError> {
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = all
            .get(account)
            .copied()
            .filter(|at| *at > now)
            .unwrap_or(now);
        match full_at.checked_add(self.each) {
            Some(later) if later.duration_since(now) <= FULL_BUCKET => {
                all.insert(account.to_owned(), later);
                Ok(())
            }
            _ => Err(ApiError::throttled()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_as_many_requests_as_the_rate_says() {
        let rate = RateLimit::new(NonZeroU32::new(3).unwrap());
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        for _ in 0..3 {
            rate.take_token("a", at(0)).unwrap();
        }
        assert_eq!(
            rate.take_token("a", at(0)).unwrap_err().kind,
            "ThrottlingException"
        );
        rate.take_token("b", at(0)).unwrap();
        assert!(rate.take_token("a", at(333)).is_err());
        rate.take_token("a", at(334)).unwrap();
        assert!(
            rate.take_token("a", at(335)).is_err(),
            "one third of a second gives one token"
        );
        for _ in 0..3 {
            rate.take_token("a", at(10_000)).unwrap();
        }
        assert!(
            rate.take_token("a", at(10_000)).is_err(),
            "an idle time gives no more than a full bucket"
        );
    }
}
