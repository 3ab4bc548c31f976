//! The last layer before the network. Every request of the AWS SDK, to a service or to a source of
//! credentials, goes out here, and every answer comes in here. Nothing goes out in plain text to
//! another machine, no answer is read beyond a bound, and an answer must be a document.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::causes::join_causes;
use super::document;
use super::endpoint::{is_metadata, is_plain_elsewhere};

/// The most octets that are read of an answer. The largest answer that the service can have reason
/// to give is a page of 25 clusters (API Reference 2022-06-06, DescribeClusters, MaxResults) with
/// five certificates of 20,000 characters each (the same, Certificates): 2.5 MB, and tags.
pub(crate) const MOST_OCTETS: u64 = 4 * 1024 * 1024;

/// The number of octets that a connection's client has read from answers so far.
#[derive(Clone, Debug, Default)]
pub struct ReceivedOctets(Arc<AtomicU64>);

impl ReceivedOctets {
    /// Returns the number of octets.
    pub fn octet_count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, octets: u64) {
        self.0.fetch_add(octets, Ordering::Relaxed);
    }
}

/// The reason why a request was not sent, or its answer not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GuardFault {
    /// It would have gone to another machine in plain text.
    #[error(
        "{url} is another machine, and plain HTTP would show the request to everybody on the way"
    )]
    Insecure {
        /// The URL that it would have gone to.
        url: String,
    },
    /// The answer has no end in sight.
    #[error("an answer of more than {} MiB (HTTP {status})", MOST_OCTETS / 1024 / 1024)]
    TooLong {
        /// Its status.
        status: u16,
    },
    /// The answer breaks off.
    #[error("an answer that breaks off after {octets} octets (HTTP {status}): {cause}")]
    Cut {
        /// Its status.
        status: u16,
        /// The number of octets that came.
        octets: usize,
        /// The HTTP library's message.
        cause: String,
    },
    /// The answer is not the document that was asked for.
    #[error("an answer that is no such document (HTTP {status}): {reason}")]
    NoDocument {
        /// Its status.
        status: u16,
        /// A description of what the answer is instead.
        reason: String,
    },
}

/// A connector that applies these rules.
#[derive(Debug)]
pub(super) struct GuardedConnector {
    pub(super) inner: SharedHttpConnector,
    /// `--insecure-http`.
    pub(super) insecure_http: bool,
    pub(super) received: ReceivedOctets,
}

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.insecure_http && is_plain_elsewhere(request.uri()) && !is_metadata(request.uri()) {
            let fault = GuardFault::Insecure {
                url: request.uri().to_owned(),
            };
            return HttpConnectorFuture::ready(Err(ConnectorError::user(Box::new(fault))));
        }
        // The name of the call in the protocols AWS JSON 1.0 and 1.1; sources of credentials speak
        // others.
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let (inner, received) = (self.inner.clone(), self.received.clone());
        HttpConnectorFuture::new(async move {
            let mut response = inner.call(request).await?;
            let status = response.status().as_u16();
            let body = read_body(response.take_body(), status, &received).await?;
            if let Some(target) = target.filter(|_| response.status().is_success()) {
                let header = |name| response.headers().get(name);
                document::check_body(
                    &target,
                    header("content-type"),
                    header("content-encoding"),
                    &body,
                )
                .map_err(|reason| {
                    ConnectorError::other(Box::new(GuardFault::NoDocument { status, reason }), None)
                })?;
            }
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

/// Reads an answer's body to its end, but not beyond [`MOST_OCTETS`].
async fn read_body(
    body: SdkBody,
    status: u16,
    received: &ReceivedOctets,
) -> Result<Vec<u8>, ConnectorError> {
    let mut stream = ByteStream::new(body);
    let too_long = || ConnectorError::other(Box::new(GuardFault::TooLong { status }), None);
    if stream.size_hint().0 > MOST_OCTETS {
        return Err(too_long());
    }
    let mut all = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|cause| {
            let cause = join_causes(&cause);
            // As a lost connection, which it is as a rule: what only reads may be asked again.
            ConnectorError::io(Box::new(GuardFault::Cut {
                status,
                octets: all.len(),
                cause,
            }))
        })?;
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        received.add(length);
        // Both are lengths of what is in memory.
        if u64::try_from(all.len() + part.len()).unwrap_or(u64::MAX) > MOST_OCTETS {
            return Err(too_long());
        }
        all.extend_from_slice(&part);
    }
    Ok(all)
}
