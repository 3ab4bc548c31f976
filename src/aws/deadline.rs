//! A deadline for all calls to AWS, whatever the other side does.

use std::future::Future;
use std::time::{Duration, Instant};

use super::Trouble;

/// The time that a deadline adds to the limit. Code that waits for a state with the same limit then
/// fails first, with the better message.
const GRACE: Duration = Duration::from_secs(1);

/// The time for one look. A limit of zero means one look without waiting.
const ONE_LOOK_LIMIT: Duration = Duration::from_secs(5);

/// The moment at which a command with a time limit ends. The limit covers name lookups,
/// connections, TLS, answers, retries, pages and sources of credentials.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    limit: Duration,
    end: Option<Instant>,
}

impl Deadline {
    /// Returns the deadline that lies `limit` after now. A limit beyond the clock's end counts as
    /// no limit.
    pub fn after(limit: Duration) -> Self {
        let length = if limit.is_zero() {
            ONE_LOOK_LIMIT
        } else {
            limit.saturating_add(GRACE)
        };
        Deadline {
            limit,
            end: Instant::now().checked_add(length),
        }
    }

    /// Returns the limit that was asked for.
    pub const fn limit(&self) -> Duration {
        self.limit
    }

    /// Returns the time that is left.
    pub fn time_left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| {
            end.saturating_duration_since(Instant::now())
        })
    }

    /// Returns the failure of a call that this deadline ended.
    pub(crate) const fn out_of_time(&self, sent: bool) -> Trouble {
        Trouble::OutOfTime {
            limit: self.limit,
            sent,
        }
    }
}

/// Runs the work, at most until the deadline, where there is one. Work that would begin after the
/// deadline is not begun.
///
/// # Errors
/// [`Trouble::OutOfTime`]. The work was dropped where it stood.
pub(crate) async fn run_within<T>(
    deadline: Option<Deadline>,
    work: impl Future<Output = T>,
) -> Result<T, Trouble> {
    let Some(deadline) = deadline else {
        return Ok(work.await);
    };
    let left = deadline.time_left();
    if left.is_zero() {
        return Err(deadline.out_of_time(false));
    }
    tokio::time::timeout(left, work)
        .await
        .map_err(|_| deadline.out_of_time(true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(work)
    }

    #[test]
    fn work_without_end_is_ended_and_nothing_begins_after_the_end() {
        let deadline = Deadline {
            limit: Duration::ZERO,
            end: Some(Instant::now() + Duration::from_millis(20)),
        };
        let endless = block_on(run_within(Some(deadline), std::future::pending::<()>()));
        assert_eq!(
            endless,
            Err(Trouble::OutOfTime {
                limit: Duration::ZERO,
                sent: true
            })
        );
        let over = Deadline {
            limit: Duration::ZERO,
            end: Some(Instant::now()),
        };
        assert_eq!(
            block_on(run_within(Some(over), async { 7 })),
            Err(Trouble::OutOfTime {
                limit: Duration::ZERO,
                sent: false
            })
        );
    }

    #[test]
    fn without_a_deadline_and_long_before_it_work_is_done() {
        assert_eq!(block_on(run_within(None, async { 7 })), Ok(7));
        assert_eq!(
            block_on(run_within(
                Some(Deadline::after(Duration::from_secs(600))),
                async { 7 }
            )),
            Ok(7)
        );
        assert_eq!(
            block_on(run_within(Some(Deadline::after(Duration::MAX)), async {
                7
            })),
            Ok(7)
        );
    }
}
