//! The last thing before the network: every request of the AWS SDK goes out here, a service's as
//! well as a credentials source's, and every answer comes in here. Nothing goes out in plain text
//! to another machine, no answer is read beyond a bound, and what is no document is no answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::causes::chain;
use super::document;
use super::endpoint::{is_metadata, is_plain_elsewhere};

/// The most that is read of an answer, in octets. The largest that the service has cause to give is
/// a page of 25 clusters (API Reference 2022-06-06, DescribeClusters, MaxResults) with five
/// certificates of 20,000 characters each (the same, Certificates): 2.5 MB, and tags.
pub(crate) const MOST_OCTETS: u64 = 4 * 1024 * 1024;

/// How many octets of answers a connection's client has read so far.
#[derive(Clone, Debug, Default)]
pub struct Received(Arc<AtomicU64>);

impl Received {
    /// So many, all in all.
    pub fn octets(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, octets: u64) {
        self.0.fetch_add(octets, Ordering::Relaxed);
    }
}

/// Why a request was not sent, or its answer is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It would have gone to another machine in plain text.
    #[error(
        "{url} is another machine, and plain HTTP would show the request to everybody on the way"
    )]
    Insecure {
        /// Where to.
        url: String,
    },
    /// The answer has no end in sight.
    #[error("an answer of more than {} MiB (HTTP {status})", MOST_OCTETS / 1024 / 1024)]
    TooLong {
        /// Its status.
        status: u16,
    },
    /// The answer ends before its end.
    #[error("an answer that breaks off after {octets} octets (HTTP {status}): {cause}")]
    Cut {
        /// Its status.
        status: u16,
        /// How much there was.
        octets: usize,
        /// What the HTTP library says.
        cause: String,
    },
    /// The answer is not the document that was asked for.
    #[error("an answer that is no such document (HTTP {status}): {reason}")]
    NoDocument {
        /// Its status.
        status: u16,
        /// What it is instead.
        reason: String,
    },
}

/// A connector with these rules.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) inner: SharedHttpConnector,
    /// `--insecure-http`.
    pub(super) insecure_http: bool,
    pub(super) received: Received,
}

impl HttpConnector for Guarded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.insecure_http && is_plain_elsewhere(request.uri()) && !is_metadata(request.uri()) {
            let fault = Fault::Insecure {
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
            let body = read(response.take_body(), status, &received).await?;
            if let Some(target) = target.filter(|_| response.status().is_success()) {
                let header = |name| response.headers().get(name);
                document::check(
                    &target,
                    header("content-type"),
                    header("content-encoding"),
                    &body,
                )
                .map_err(|reason| {
                    ConnectorError::other(Box::new(Fault::NoDocument { status, reason }), None)
                })?;
            }
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

/// An answer's body to its end, however it comes; not beyond [`MOST_OCTETS`].
async fn read(body: SdkBody, status: u16, received: &Received) -> Result<Vec<u8>, ConnectorError> {
    let mut stream = ByteStream::new(body);
    let too_long = || ConnectorError::other(Box::new(Fault::TooLong { status }), None);
    if stream.size_hint().0 > MOST_OCTETS {
        return Err(too_long());
    }
    let mut all = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|cause| {
            let cause = chain(&cause);
            // As a lost connection, which it is as a rule: what only reads may be asked again.
            ConnectorError::io(Box::new(Fault::Cut {
                status,
                octets: all.len(),
                cause,
            }))
        })?;
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        received.add(length);
        if u64::try_from(all.len())
            .unwrap_or(u64::MAX)
            .saturating_add(length)
            > MOST_OCTETS
        {
            return Err(too_long());
        }
        all.extend_from_slice(&part);
    }
    Ok(all)
}
