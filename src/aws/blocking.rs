//! Work that may block a thread, run on a thread of its own.
//!
//! The AWS SDK opens its files on the thread that asks, and a file may be a pipe that nobody
//! writes. A deadline cannot end what holds the thread that it is waited for on.

use std::future::Future;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::oneshot;

/// Runs the work on a thread of its own. A caller that stops waiting leaves the thread behind; it
/// ends with the program at the latest.
///
/// Returns `None` where the system gives no thread or no timers.
pub(super) async fn run_on_own_thread<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Option<T>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let (done, waiting) = oneshot::channel();
    let body = move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            // Nobody may be waiting any more.
            drop(done.send(runtime.block_on(work())));
        }
    };
    std::thread::Builder::new()
        .name("aws-files".to_owned())
        .spawn(body)
        .ok()?;
    waiting.await.ok()
}

/// A source of credentials that is asked on a thread of its own.
#[derive(Debug)]
pub(super) struct ThreadedCredentials(pub(super) SharedCredentialsProvider);

impl ThreadedCredentials {
    async fn find_credentials(&self) -> provider::Result {
        let provider = self.0.clone();
        let found =
            run_on_own_thread(move || async move { provider.provide_credentials().await }).await;
        found.unwrap_or_else(|| {
            Err(CredentialsError::provider_error(
                "the system gives no thread to look for credentials on",
            ))
        })
    }
}

impl ProvideCredentials for ThreadedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.find_credentials())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::aws::deadline::{Deadline, run_within};

    #[test]
    fn what_blocks_its_thread_is_not_waited_for_beyond_the_deadline() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        // Nobody sends: the thread never goes on.
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let blocked = run_on_own_thread(move || async move { never.recv().is_ok() });
        assert!(
            runtime
                .block_on(run_within(
                    Some(Deadline::after(Duration::from_millis(1))),
                    blocked
                ))
                .is_err()
        );
        assert_eq!(runtime.block_on(run_on_own_thread(|| async { 7 })), Some(7));
    }
}
