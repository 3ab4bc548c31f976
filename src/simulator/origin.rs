//! Whether a request can have come from a web page of somebody else, in a browser on this machine.
//!
//! The simulator listens on loopback, and every page that a developer opens can send requests
//! there. What a browser says of a request cannot be forged by the page: where it comes from
//! (`Origin`, RFC 6454 7; `Sec-Fetch-Site`, W3C Fetch Metadata 2.4) and by which name the page
//! thinks that this is (`Host`). A program that is no browser says nothing of the first two, and is
//! let in.
//!
//! | request | `Host` | `Origin`, `Sec-Fetch-Site` | content |
//! | --- | --- | --- | --- |
//! | the page's document | own | any: it may be linked to | - |
//! | the page's data, control commands | own | own, or none | control: `application/json` |
//! | the API | any; own with `Origin` or `Sec-Fetch-Site` | own, or none | the protocol's headers |
//!
//! `application/json` and the protocols' headers are not among what a page may send to another
//! origin without asking it first (Fetch, "CORS-safelisted request-header"), and the simulator
//! answers no such question.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

use super::{json_protocol, page};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
}

impl Foreign {
    /// What the client is told. "You do not have sufficient access to perform this action" (API
    /// Reference, "Common Errors").
    pub(super) fn response(&self) -> Response<Body> {
        json_protocol::response(
            self.status,
            &json!({ "__type": "AccessDeniedException", "Message": self.message }),
        )
    }
}

const OTHER_NAME: Foreign = Foreign {
    status: StatusCode::MISDIRECTED_REQUEST,
    message: "the simulator is shown under an IP address, localhost, or a name that no public DNS \
              can hold",
};
const OTHER_PAGE: Foreign = Foreign {
    status: StatusCode::FORBIDDEN,
    message: "the request comes from a page of another origin (Origin, Sec-Fetch-Site); no such \
              page may use the simulator",
};
const NOT_JSON: Foreign = Foreign {
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    message: "the Content-Type of a control command is application/json",
};

/// Judges a request before anything else does: by its method and path, which rules hold for it.
pub(super) fn judge(method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Foreign> {
    match path {
        "/" if page::reads(method) => document(headers),
        path if path.starts_with("/_") => data(headers),
        _ => api(headers),
    }
}

/// The document of the page: it has an own name, and may be linked to from anywhere.
fn document(headers: &HeaderMap) -> Result<(), Foreign> {
    if own_host(headers) {
        Ok(())
    } else {
        Err(OTHER_NAME)
    }
}

/// What the page asks for, and a control command, whatever its method.
fn data(headers: &HeaderMap) -> Result<(), Foreign> {
    document(headers)?;
    if own_origin(headers) {
        Ok(())
    } else {
        Err(OTHER_PAGE)
    }
}

/// A control command's content, which a page may send to another origin only after it has asked: a
/// form has other types.
pub(super) fn json(headers: &HeaderMap) -> Result<(), Foreign> {
    if is_json(headers) {
        Ok(())
    } else {
        Err(NOT_JSON)
    }
}

/// A call of the API. SDKs may know the simulator by any name; a browser may not.
fn api(headers: &HeaderMap) -> Result<(), Foreign> {
    if headers.contains_key(header::ORIGIN) || headers.contains_key(SEC_FETCH_SITE) {
        data(headers)
    } else {
        Ok(())
    }
}

/// Whether a page of somebody else cannot have got here by a name of its own that it has pointed at
/// this address (DNS rebinding): `Host` is an address, a name without a dot, or one under a name
/// that is never delegated (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of `internal`).
fn own_host(headers: &HeaderMap) -> bool {
    const PRIVATE: [&str; 6] = [
        ".localhost",
        ".local",
        ".internal",
        ".test",
        ".invalid",
        ".home.arpa",
    ];
    let Some(host) = only(headers, &header::HOST).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(name);
    let lower = bare.trim_end_matches('.').to_ascii_lowercase();
    bare.parse::<std::net::IpAddr>().is_ok()
        || !lower.contains('.')
        || PRIVATE.iter().any(|suffix| lower.ends_with(suffix))
}

/// Whether the browser says that the request is the simulator's own page's or its user's (`none`),
/// or no browser says anything.
fn own_origin(headers: &HeaderMap) -> bool {
    let site = match headers.contains_key(SEC_FETCH_SITE) {
        true => only(headers, &SEC_FETCH_SITE)
            .is_some_and(|site| site == "same-origin" || site == "none"),
        false => true,
    };
    // There is no TLS here: an own page's origin is `http://` and the very name that the request is
    // for.
    let origin = match (
        headers.contains_key(header::ORIGIN),
        only(headers, &header::ORIGIN),
        only(headers, &header::HOST),
    ) {
        (false, ..) => true,
        (true, Some(origin), Some(host)) => origin
            .as_bytes()
            .strip_prefix(b"http://")
            .is_some_and(|name| name.eq_ignore_ascii_case(host.as_bytes())),
        _ => false,
    };
    site && origin
}

/// Whether the content is said to be JSON, with or without parameters (RFC 9110 8.3).
fn is_json(headers: &HeaderMap) -> bool {
    let said = only(headers, &header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    said.and_then(|said| said.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A header that comes once. One that comes twice says nothing that could be relied on.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut all = headers.get_all(name).iter();
    let first = all.next();
    if all.next().is_some() { None } else { first }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            })
    }

    #[test]
    fn a_name_that_anybody_could_point_here_is_refused() {
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "[::1]:8080",
            "[::1]",
            "localhost:80",
            "x",
            "cloudhsm:8080",
            "host.docker.internal",
            "a.LOCALHOST",
        ] {
            assert!(own_host(&of(&[("host", host)])), "{host}");
        }
        for host in [
            "example.com",
            "example.com:8080",
            "127.0.0.1.example.com",
            "rebind.example.com.",
            "localhost.example.com:1",
            "1.2.3",
        ] {
            assert!(!own_host(&of(&[("host", host)])), "{host}");
        }
        assert!(!own_host(&HeaderMap::new()), "HTTP/1.1 demands it");
        assert!(
            !own_host(&of(&[("host", "localhost"), ("host", "example.com")])),
            "which of the two?"
        );
    }

    #[test]
    fn a_page_of_another_origin_is_refused_whatever_it_is() {
        let host = ("host", "127.0.0.1:8080");
        for own in [
            &[host][..],
            &[host, ("origin", "http://127.0.0.1:8080")],
            &[
                host,
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://127.0.0.1:8080"),
            ],
            &[host, ("sec-fetch-site", "none")],
            &[("host", "LOCALHOST:1"), ("origin", "http://localhost:1")],
        ] {
            assert_eq!((data(&of(own)), api(&of(own))), (Ok(()), Ok(())), "{own:?}");
        }
        for foreign in [
            ("origin", "https://example.com"),
            ("origin", "null"),
            ("origin", ""),
            ("origin", "http://127.0.0.1:8081"),
            ("origin", "http://127.0.0.1"),
            ("origin", "https://127.0.0.1:8080"),
            ("origin", "http://localhost:8080"),
            ("origin", "http://127.0.0.1:8080/"),
            ("origin", "chrome-extension://abcdefghijklmnop"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", ""),
        ] {
            let headers = of(&[host, foreign, ("content-type", "application/json")]);
            for judged in [data(&headers), api(&headers)] {
                assert_eq!(judged, Err(OTHER_PAGE), "{foreign:?}");
            }
            assert_eq!(document(&headers), Ok(()), "it may be linked to");
        }
        let twice = of(&[
            host,
            ("origin", "http://127.0.0.1:8080"),
            ("origin", "https://example.com"),
        ]);
        assert_eq!(data(&twice), Err(OTHER_PAGE));
    }

    #[test]
    fn a_rebound_page_is_refused_the_api_and_an_sdk_is_not() {
        let rebound = of(&[
            ("host", "rebind.example.com:8080"),
            ("origin", "http://rebind.example.com:8080"),
            ("content-type", "application/json"),
        ]);
        for judged in [document(&rebound), data(&rebound), api(&rebound)] {
            assert_eq!(judged, Err(OTHER_NAME));
        }
        assert_eq!(api(&of(&[("host", "simulator.example.com")])), Ok(()));
    }

    #[test]
    fn control_commands_are_json_and_say_so() {
        for (kind, judged) in [
            ("application/json", Ok(())),
            ("Application/JSON; charset=utf-8", Ok(())),
            ("text/plain", Err(NOT_JSON)),
            ("text/plain; a=application/json", Err(NOT_JSON)),
            ("application/x-www-form-urlencoded", Err(NOT_JSON)),
            ("application/jsonx", Err(NOT_JSON)),
            ("", Err(NOT_JSON)),
        ] {
            assert_eq!(json(&of(&[("content-type", kind)])), judged, "{kind}");
        }
        assert_eq!(json(&HeaderMap::new()), Err(NOT_JSON));
    }
}
