//! The page at `/` for people: what the simulator holds, live. It shows and changes nothing.
//!
//! One HTML document with its style and its script inside; the browser asks for nothing else but `/_page/data`, every
//! second, and `/_page/certificates`. The policy that goes with it allows these two digests and this origin alone, and
//! no text can become markup (Trusted Types).

mod chain;
mod data;
mod document;
mod read;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};

use super::server::Inside;

pub(super) use data::Watch;

/// The answer to a request of the page or its data; `None` for every other request.
pub(super) fn answer(inside: &Inside, request: &Request) -> Option<Response<Body>> {
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    if !read || !matches!(path, "/" | "/_page/data" | "/_page/certificates") {
        return None;
    }
    if !own_host(request.headers()) {
        let message = "the page is shown under an IP address, localhost, or a name that no public DNS can hold";
        return Some(json_response(StatusCode::MISDIRECTED_REQUEST, &json!({ "Message": message })));
    }
    let query = request.uri().query().unwrap_or_default();
    Some(match path {
        "/" => document::response(),
        "/_page/data" => match data::since(inside, parameter(query, "since")) {
            Some(changed) => json_response(StatusCode::OK, &changed),
            None => guarded(StatusCode::NO_CONTENT, Body::empty(), None),
        },
        _ => match chain::of_cluster(inside, parameter(query, "cluster")) {
            Some(chain) => json_response(StatusCode::OK, &chain),
            None => json_response(StatusCode::NOT_FOUND, &json!({ "Message": "there is no such cluster" })),
        },
    })
}

/// A parameter as it stands: tokens and ids need no percent-encoding.
fn parameter<'a>(query: &'a str, name: &str) -> &'a str {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

/// Whether a page of somebody else cannot have got here by a name of its own that it has pointed at this address (DNS
/// rebinding): `Host` is an address, a name without a dot, or one under a name that is never delegated (RFC 6761,
/// RFC 6762, RFC 8375, and ICANN's reservation of `internal`).
fn own_host(headers: &HeaderMap) -> bool {
    const PRIVATE: [&str; 6] = [".localhost", ".local", ".internal", ".test", ".invalid", ".home.arpa"];
    let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    let lower = bare.trim_end_matches('.').to_ascii_lowercase();
    bare.parse::<std::net::IpAddr>().is_ok() || !lower.contains('.') || PRIVATE.iter().any(|suffix| lower.ends_with(suffix))
}

fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    guarded(status, Body::from(value.to_string()), Some("application/json"))
}

/// Every answer of the page: of this moment, of the type it says, and for this origin only. Nothing allows another one.
fn guarded(status: StatusCode, body: Body, kind: Option<&'static str>) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        own_host(&headers)
    }

    #[test]
    fn a_name_that_anybody_could_point_here_is_refused() {
        for host in
            ["127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "[::1]", "localhost:80", "x", "cloudhsm:8080", "host.docker.internal", "a.LOCALHOST"]
        {
            assert!(own(host), "{host}");
        }
        for host in ["example.com", "example.com:8080", "127.0.0.1.example.com", "rebind.example.com.", "localhost.example.com:1", "1.2.3"] {
            assert!(!own(host), "{host}");
        }
        assert!(!own_host(&HeaderMap::new()), "HTTP/1.1 demands it");
    }

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        assert_eq!(parameter("a=1&since=x-2", "since"), "x-2");
        assert_eq!(parameter("sincere=1", "since"), "");
    }
}
