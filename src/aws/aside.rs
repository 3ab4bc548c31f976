//! What may block a thread: done on one of its own.
//!
//! The AWS SDK opens its files on the thread that asks, and a file may be a pipe that nobody
//! writes. A deadline cannot end what holds the thread that it is waited for on.

use std::future::Future;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::oneshot;

/// Does the work on a thread of its own. Whoever is no longer waiting leaves it there; it ends with
/// the program at the latest.
///
/// `None` where the system gives no thread or no timers.
pub(super) async fn aside<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Option<T>
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

/// The same credentials, looked for aside.
#[derive(Debug)]
pub(super) struct CredentialsAside(pub(super) SharedCredentialsProvider);

impl CredentialsAside {
    async fn credentials(&self) -> provider::Result {
        let provider = self.0.clone();
        let found = aside(move || async move { provider.provide_credentials().await }).await;
        found.unwrap_or_else(|| {
            Err(CredentialsError::provider_error(
                "the system gives no thread to look for credentials on",
            ))
        })
    }
}

impl ProvideCredentials for CredentialsAside {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::aws::deadline::{Deadline, within};

    #[test]
    fn what_blocks_its_thread_is_not_waited_for_beyond_the_deadline() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        // Nobody sends: the thread never goes on.
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let blocked = aside(move || async move { never.recv().is_ok() });
        assert!(
            runtime
                .block_on(within(
                    Some(Deadline::after(Duration::from_millis(1))),
                    blocked
                ))
                .is_err()
        );
        assert_eq!(runtime.block_on(aside(|| async { 7 })), Some(7));
    }
}
