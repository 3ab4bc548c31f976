//! The Runtime API of AWS Lambda: the next event, and the answer to it (AWS Lambda Developer Guide,
//! "Using the Lambda runtime API for custom runtimes", version 2018-06-01).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::answer::FunctionAnswer;
use crate::aws::{WebAnswer, WebFault, WebRequest, WebRoute, send_web_request};
use crate::cli::online::block_on;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;

/// The variable with host and port of the Runtime API.
const API_VARIABLE: &str = "AWS_LAMBDA_RUNTIME_API";

/// The most octets of an event: Lambda's 6 MB, and some more for the service's own arithmetic.
const MOST_EVENT: usize = 7 * 1024 * 1024;

/// The time that the Runtime API has to take an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The time of an event that comes without an end.
const DEFAULT_TIME: Duration = Duration::from_secs(60);

/// The Runtime API of this function.
#[derive(Clone, Debug)]
pub(super) struct RuntimeApi {
    base: String,
}

/// An event, and what came with it.
#[derive(Clone, Debug)]
pub(super) struct FunctionEvent {
    /// Lambda's id of the request: letters, digits and `-`.
    pub(super) request_id: String,
    /// The moment at which Lambda gives up.
    pub(super) end: Instant,
    /// The header of AWS X-Ray, for the calls that follow.
    pub(super) trace: Option<String>,
    /// The event itself: JSON, if whoever sent it kept to that.
    pub(super) body: Vec<u8>,
}

impl RuntimeApi {
    /// Finds the Runtime API of the environment.
    ///
    /// # Errors
    /// Class `Usage`: the variable is not set, or names no host and port.
    pub(super) fn from_env() -> Result<Self> {
        let place = std::env::var(API_VARIABLE).unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte);
        if place.is_empty() || !place.bytes().all(fits) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("the variable {API_VARIABLE} names no host and port"),
                "`hsmboot lambda` is started by AWS Lambda, which sets it: as the `bootstrap` of a \
                 function on provided.al2023",
            )
            .with_fact(FactName::Variable, API_VARIABLE));
        }
        Ok(RuntimeApi {
            base: format!("http://{place}/2018-06-01/runtime"),
        })
    }

    /// Waits for the next event, however long it takes.
    ///
    /// # Errors
    /// Class `Service`: the Runtime API does not answer, or not as it should.
    pub(super) fn next_event(&self) -> Result<FunctionEvent> {
        let answer = self.send("GET", "invocation/next", &[], b"", None)?;
        let header = |name: &str| answer.header(name);
        let request_id = header("Lambda-Runtime-Aws-Request-Id")
            .filter(|id| is_request_id(id))
            .ok_or_else(|| api_error("an event came without the id of its request"))?;
        let end = header("Lambda-Runtime-Deadline-Ms").and_then(|text| text.parse().ok());
        Ok(FunctionEvent {
            request_id: request_id.to_owned(),
            end: Instant::now() + end.map_or(DEFAULT_TIME, time_left),
            trace: header("Lambda-Runtime-Trace-Id").map(str::to_owned),
            body: answer.body.clone(),
        })
    }

    /// Answers an event.
    ///
    /// # Errors
    /// Class `Service`: the Runtime API does not take the answer.
    pub(super) fn answer_event(&self, request_id: &str, answer: &FunctionAnswer) -> Result<()> {
        let sent = match answer {
            FunctionAnswer::Result(body) => {
                let path = format!("invocation/{request_id}/response");
                self.send("POST", &path, &[], body.as_bytes(), Some(ANSWER_LIMIT))
            }
            FunctionAnswer::Failure { error_type, body } => {
                let path = format!("invocation/{request_id}/error");
                self.send_error(&path, error_type, body)
            }
        };
        sent.map(drop)
    }

    /// Says that the function cannot work at all.
    pub(super) fn refuse_start(&self, error: &Error) {
        if let FunctionAnswer::Failure { error_type, body } = error.clone().into() {
            // The error itself ends the program; Lambda sees that too.
            drop(self.send_error("init/error", error_type, &body));
        }
    }

    fn send_error(&self, path: &str, error_type: &str, body: &str) -> Result<WebAnswer> {
        let header = [("Lambda-Runtime-Function-Error-Type", error_type)];
        self.send("POST", path, &header, body.as_bytes(), Some(ANSWER_LIMIT))
    }

    fn send(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
        limit: Option<Duration>,
    ) -> Result<WebAnswer> {
        let url = format!("{}/{path}", self.base);
        let headers = [headers, &[("Content-Type", "application/json")]].concat();
        let request = WebRequest {
            method,
            url: &url,
            headers: &headers,
            body,
            route: WebRoute::Local,
            limit,
            most_octets: MOST_EVENT,
        };
        let answer = block_on(async {
            send_web_request(&request)
                .await
                .map_err(|fault: WebFault| api_error(&shown_text(&fault.to_string())))
        })?;
        match answer.is_success() {
            true => Ok(answer),
            false => Err(api_error(&format!("{path}: HTTP {}", answer.status))),
        }
    }
}

/// Returns the time until a moment in milliseconds since 1970.
fn time_left(end: u64) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    // Lambda's own limit is a quarter of an hour: more is some other clock.
    Duration::from_millis(end)
        .saturating_sub(now)
        .min(Duration::from_secs(3600))
}

/// Tells whether a text can be the id of a request: it becomes part of a path.
fn is_request_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn api_error(message: &str) -> Error {
    Error::new(
        ErrorKind::ServiceUnreachable,
        format!("the Runtime API of Lambda: {message}"),
        "Lambda starts the function anew",
    )
    .with_fact(FactName::Cause, message)
}
