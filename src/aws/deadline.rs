//! An end for all that is asked of AWS, whatever the other side does.

use std::future::Future;
use std::time::{Duration, Instant};

use super::Trouble;

/// How much later than asked for the end comes: whoever waits for a state with the same limit has
/// the first word, and knows more to say.
const GRACE: Duration = Duration::from_secs(1);

/// A limit of nothing means one look, without waiting: what the look may take.
const ONE_LOOK: Duration = Duration::from_secs(5);

/// When a command that was given so long ends: names looked up, connections, TLS, answers,
/// repetitions, pages and sources of credentials included.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    limit: Duration,
    end: Option<Instant>,
}

impl Deadline {
    /// So long from now. A limit beyond the clock's end is none.
    pub fn after(limit: Duration) -> Self {
        let length = if limit.is_zero() {
            ONE_LOOK
        } else {
            limit.saturating_add(GRACE)
        };
        Deadline {
            limit,
            end: Instant::now().checked_add(length),
        }
    }

    /// What was asked for.
    pub const fn limit(&self) -> Duration {
        self.limit
    }

    /// How much of it is left.
    pub fn left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| {
            end.saturating_duration_since(Instant::now())
        })
    }

    /// That it has come.
    pub(crate) const fn passed(&self, sent: bool) -> Trouble {
        Trouble::OutOfTime {
            limit: self.limit,
            sent,
        }
    }
}

/// Does the work, but not beyond the deadline, where there is one. What has not even begun by then
/// is not begun.
///
/// # Errors
/// [`Trouble::OutOfTime`]. The work was dropped where it stood.
pub(crate) async fn within<T>(
    deadline: Option<Deadline>,
    work: impl Future<Output = T>,
) -> Result<T, Trouble> {
    let Some(deadline) = deadline else {
        return Ok(work.await);
    };
    let left = deadline.left();
    if left.is_zero() {
        return Err(deadline.passed(false));
    }
    tokio::time::timeout(left, work)
        .await
        .map_err(|_| deadline.passed(true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
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
        let endless = run(within(Some(deadline), std::future::pending::<()>()));
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
            run(within(Some(over), async { 7 })),
            Err(Trouble::OutOfTime {
                limit: Duration::ZERO,
                sent: false
            })
        );
    }

    #[test]
    fn without_a_deadline_and_long_before_it_work_is_done() {
        assert_eq!(run(within(None, async { 7 })), Ok(7));
        assert_eq!(
            run(within(
                Some(Deadline::after(Duration::from_secs(600))),
                async { 7 }
            )),
            Ok(7)
        );
        assert_eq!(
            run(within(Some(Deadline::after(Duration::MAX)), async { 7 })),
            Ok(7)
        );
    }
}
