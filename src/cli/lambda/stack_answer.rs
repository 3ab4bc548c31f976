//! The answer to a stack: what it says, and how it gets there.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::child::CommandEnd;
use super::stack::StackRequest;
use crate::aws::{WebRequest, WebRoute, send_web_request};
use crate::cli::online::block_on;
use crate::error::{Error, ErrorKind, FactName, Result};

/// The most octets of an answer (AWS CloudFormation User Guide, "Custom resource request and
/// response reference").
const MOST_ANSWER: usize = 4096;

/// The time that one attempt to send the answer may take.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// The answer to a request of a stack.
#[derive(Clone, Debug)]
pub(super) struct StackAnswer {
    succeeded: bool,
    reason: String,
    physical_id: String,
    data: Option<Value>,
}

impl StackAnswer {
    /// The answer to a deletion: it succeeds, for there is nothing to be done.
    pub(super) fn to_deletion(request: &StackRequest) -> Self {
        StackAnswer {
            succeeded: true,
            reason: "a claim cannot be taken back: nothing was done".to_owned(),
            physical_id: request
                .physical_id
                .clone()
                .unwrap_or(request.unclaimed_id()),
            data: None,
        }
    }

    /// The answer to a claim. A failed update leaves the resource the id that it had.
    pub(super) fn to_claim(request: &StackRequest, end: &CommandEnd) -> Self {
        let text = |name: &str| {
            let value = end.document.get(name).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        match end.failure {
            None => StackAnswer {
                succeeded: true,
                reason: text("summary"),
                physical_id: format!("{}/{}", text("cluster_id"), text("trust_anchor_sha256")),
                data: Some(json!({
                    "ClusterId": text("cluster_id"),
                    "State": text("state"),
                    "Outcome": text("outcome"),
                    "TrustAnchorSha256": text("trust_anchor_sha256"),
                })),
            },
            Some(class) => StackAnswer {
                succeeded: false,
                reason: failure_reason(class.lambda_error_type(), &end.document),
                physical_id: request
                    .physical_id
                    .clone()
                    .unwrap_or(request.unclaimed_id()),
                data: None,
            },
        }
    }

    /// Returns the status, for the log.
    pub(super) const fn status(&self) -> &'static str {
        match self.succeeded {
            true => "SUCCESS",
            false => "FAILED",
        }
    }

    /// Returns the document that the stack is sent. A reason that does not fit is shortened.
    pub(super) fn to_document(&self, request: &StackRequest) -> String {
        let mut reason = self.reason.as_str();
        loop {
            let mut document = json!({
                "Status": self.status(),
                "Reason": reason,
                "PhysicalResourceId": self.physical_id,
                "StackId": request.stack_id,
                "RequestId": request.request_id,
                "LogicalResourceId": request.logical_id,
                "NoEcho": false,
            });
            if let (Some(data), Some(object)) = (&self.data, document.as_object_mut()) {
                object.insert("Data".to_owned(), data.clone());
            }
            let text = document.to_string();
            let over = text.len().saturating_sub(MOST_ANSWER);
            if over == 0 || reason.is_empty() {
                return text;
            }
            let end = reason.floor_char_boundary(reason.len().saturating_sub(over));
            reason = reason.get(..end).unwrap_or_default();
        }
    }
}

/// Returns what went wrong on one line: what a stack's events show.
fn failure_reason(error_type: &str, document: &Value) -> String {
    let text = |name: &str| {
        let text = document.pointer(name).and_then(Value::as_str);
        let lines = text.unwrap_or_default().lines().map(str::trim);
        lines.collect::<Vec<_>>().join("; ")
    };
    let log = std::env::var("AWS_LAMBDA_LOG_STREAM_NAME")
        .map(|name| format!(" (log stream {name})"))
        .unwrap_or_default();
    format!(
        "{error_type}, {}: {}. Hint: {}{log}",
        text("/error/kind"),
        text("/error/message"),
        text("/error/hint"),
    )
}

/// Sends the answer, again and again until it is taken, for as long as there is time.
///
/// # Errors
/// Class `Service`: nobody took it. No message shows the URL, which is signed.
pub(super) fn send_answer(url: &str, document: &str, end: Instant) -> Result<()> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let request = WebRequest {
            method: "PUT",
            url,
            // The URL is signed for this type.
            headers: &[("Content-Type", "")],
            body: document.as_bytes(),
            route: WebRoute::to(url),
            limit: Some(ATTEMPT_LIMIT.min(left)),
            most_octets: 64 * 1024,
        };
        let sent = block_on(async { Ok(send_web_request(&request).await) })?;
        let trouble = match sent {
            Ok(answer) if answer.is_success() => return Ok(()),
            // The signature has expired, or is none: that passes by no repetition.
            Ok(answer) if (400..500).contains(&answer.status) => {
                return Err(unanswered_error(&format!("HTTP {}", answer.status)));
            }
            Ok(answer) => format!("HTTP {}", answer.status),
            Err(fault) => fault.to_string(),
        };
        if end.saturating_duration_since(Instant::now()) <= PAUSE * 2 {
            return Err(unanswered_error(&trouble));
        }
        std::thread::sleep(PAUSE);
    }
}

fn unanswered_error(trouble: &str) -> Error {
    Error::new(
        ErrorKind::ServiceUnreachable,
        format!("the stack's answer was not taken at its response URL: {trouble}"),
        "a function in a VPC reaches Amazon S3 by a gateway endpoint or a NAT gateway",
    )
    .with_fact(FactName::Cause, trouble)
}
