//! Requests that are no calls of an AWS service: to the Lambda Runtime API, and to a URL that an
//! event names.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::TrustStore;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::causes::join_causes;
use super::endpoint::{check_endpoint, is_loopback};
use super::settings::build_connector;

/// The way that a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebRoute {
    /// Plain HTTP that does not leave the machine: no proxy, no roots.
    Local,
    /// Through the environment's proxy, if it names one, and with the system's roots.
    Outside,
}

impl WebRoute {
    /// Returns the way to a URL: plain HTTP to this machine does not leave it.
    pub(crate) fn to(url: &str) -> Self {
        match is_loopback(url) {
            true => WebRoute::Local,
            false => WebRoute::Outside,
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct WebRequest<'a> {
    /// Its method.
    pub(crate) method: &'static str,
    /// Its URL, which may hold a signature: no message shows it.
    pub(crate) url: &'a str,
    /// Its headers.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    /// Its body.
    pub(crate) body: &'a [u8],
    /// The way that it takes.
    pub(crate) route: WebRoute,
    /// The time limit of request and answer; `None`: the answer may take any time.
    pub(crate) limit: Option<Duration>,
    /// The most octets that are read of the answer.
    pub(crate) most_octets: usize,
}

/// The answer to a [`WebRequest`].
#[derive(Clone, Debug)]
pub(crate) struct WebAnswer {
    /// Its status.
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl WebAnswer {
    /// Returns a header's value. Names differ in nothing by their case (RFC 9110 5.1).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    /// Tells whether the status is 2xx.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The reason why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebFault {
    /// The URL or a header is none.
    #[error("it is no URL that a request can be sent to")]
    NoRequest,
    /// No answer, or half of one.
    #[error("{cause}")]
    NoAnswer {
        /// The HTTP library's message.
        cause: String,
    },
    /// It took longer than the limit.
    #[error("no answer within {} s", .limit.as_secs())]
    OutOfTime {
        /// The limit.
        limit: Duration,
    },
    /// The answer is longer than any that is expected.
    #[error("an answer of more than {most_octets} octets (HTTP {status})")]
    TooLong {
        /// Its status.
        status: u16,
        /// The limit.
        most_octets: usize,
    },
}

/// Sends a request on a connection of its own, and reads the answer, whatever its status is.
///
/// # Errors
/// [`WebFault`]; whether the request arrived is then not known.
pub(crate) async fn send_web_request(request: &WebRequest<'_>) -> Result<WebAnswer, WebFault> {
    let Some(limit) = request.limit else {
        return exchange(request).await;
    };
    tokio::time::timeout(limit, exchange(request))
        .await
        .unwrap_or(Err(WebFault::OutOfTime { limit }))
}

async fn exchange(request: &WebRequest<'_>) -> Result<WebAnswer, WebFault> {
    let outside = request.route == WebRoute::Outside;
    let store = TrustStore::empty().with_native_roots(outside);
    let connector = build_connector(Connector::builder(), outside, store);
    let outgoing = to_http_request(request).ok_or(WebFault::NoRequest)?;
    let no_answer = |cause| WebFault::NoAnswer { cause };
    let mut response = connector
        .call(outgoing)
        .await
        .map_err(|cause| no_answer(join_causes(&cause)))?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut stream = ByteStream::new(response.take_body());
    let mut body = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|cause| no_answer(join_causes(&cause)))?;
        body.extend_from_slice(&part);
        if body.len() > request.most_octets {
            let most_octets = request.most_octets;
            return Err(WebFault::TooLong {
                status,
                most_octets,
            });
        }
    }
    Ok(WebAnswer {
        status,
        headers,
        body,
    })
}

fn to_http_request(request: &WebRequest<'_>) -> Option<HttpRequest> {
    let mut outgoing = HttpRequest::new(SdkBody::from(request.body.to_vec()));
    outgoing.set_method(request.method).ok()?;
    outgoing.set_uri(request.url).ok()?;
    for (name, value) in request.headers {
        outgoing
            .headers_mut()
            .try_insert(*name, (*value).to_owned())
            .ok()?;
    }
    Some(outgoing)
}

/// Tells whether a URL means this machine over plain HTTP.
pub(crate) fn is_plain_loopback(url: &str) -> bool {
    is_loopback(url)
}

/// Tells whether a URL means a host over HTTPS, without a user name or a password.
pub(crate) fn is_https(url: &str) -> bool {
    let scheme = url.get(..8).unwrap_or_default();
    scheme.eq_ignore_ascii_case("https://") && check_endpoint(url).is_ok()
}
