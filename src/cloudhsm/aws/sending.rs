//! Calls as they are sent: a change once, or again after throttling; a list with all its pages.

use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_cloudhsmv2::config;
use aws_sdk_cloudhsmv2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::pages::Pages;
use super::raw_answer::{AnswerRecorder, RawAnswer};
use super::{AwsCloudHsm, unknown_if_sent};
use crate::aws::{failure, run_within};
use crate::cloudhsm::{Call, CallEffect, ServiceError, Trouble};

/// The number of attempts of a call that is throttled each time, and the length of the first pause.
/// Each further pause is twice as long.
const MOST_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Returns the configuration for a call: with one attempt, whatever the environment says
/// (AWS_MAX_ATTEMPTS), where a second request would change something again.
pub(super) fn retries_of(effect: CallEffect) -> config::Builder {
    let config = config::Builder::new();
    match effect {
        CallEffect::Reads | CallEffect::Repeatable => config,
        CallEffect::Once | CallEffect::Makes(_) => config.retry_config(RetryConfig::disabled()),
    }
}

/// Sends a request of the SDK that changes something, as [`AwsCloudHsm::send_change`] does, and
/// returns the answer with its JSON. The effect is the call's own unless it is given. A macro, as
/// the SDK's requests have no trait in common.
macro_rules! send_change {
    ($service:expr, $call:expr, $request:expr) => {
        send_change!($service, $call, $call.effect(), $request)
    };
    ($service:expr, $call:expr, $effect:expr, $request:expr) => {{
        let (request, recorder) = ($request, AnswerRecorder::default());
        let attempt = || {
            request
                .clone()
                .customize()
                .interceptor(recorder.clone())
                .config_override(retries_of($effect))
                .send()
        };
        let answer = $service.send_change($call, attempt).await;
        answer.map(|answer| (answer, recorder.take_answer()))
    }};
}
pub(super) use send_change;

impl AwsCloudHsm {
    /// Makes a call that changes something. It is tried again only after throttling, where the
    /// service has done nothing.
    pub(super) async fn send_change<T, E, F>(
        &self,
        call: Call,
        attempt: impl Fn() -> F + Send,
    ) -> Result<T, ServiceError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        T: Send,
    {
        let (mut pause, mut tries) = (FIRST_PAUSE, 1);
        loop {
            let error = match run_within(self.deadline, attempt()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => failure::classify_error(&error, false),
                // The same command makes nothing twice but what is made: then it must not simply be
                // run again.
                Err(trouble) if call.repetition_hint().is_some() => unknown_if_sent(trouble),
                Err(trouble) => trouble,
            };
            if !matches!(error, Trouble::Throttled { .. }) || tries >= MOST_TRIES {
                return Err(self.service_error(call, error));
            }
            run_within(self.deadline, tokio::time::sleep(pause))
                .await
                .map_err(|trouble| self.service_error(call, trouble))?;
            // At most `MOST_TRIES` times.
            pause *= 2;
            tries += 1;
        }
    }

    /// Reads a list, page by page. `send` sends the request with the token of a page; `take` takes
    /// what an answer holds, and returns the token of the next page, where that is wanted.
    pub(super) async fn read_pages<A, E, F>(
        &self,
        call: Call,
        send: impl Fn(Option<String>, AnswerRecorder) -> F,
        mut take: impl FnMut(A, &RawAnswer) -> Option<String>,
    ) -> Result<(), ServiceError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<A, SdkError<E, HttpResponse>>>,
    {
        let failed = |trouble| self.service_error(call, trouble);
        self.read_in_time(call, async {
            let (mut pages, recorder) = (Pages::new(&self.received), AnswerRecorder::default());
            loop {
                let answer = send(pages.next_token(), recorder.clone())
                    .await
                    .map_err(|error| failed(failure::classify_error(&error, true)))?;
                let next = take(answer, &recorder.take_answer());
                if !pages.move_on(next.as_deref()).map_err(failed)? {
                    return Ok(());
                }
            }
        })
        .await
    }
}
