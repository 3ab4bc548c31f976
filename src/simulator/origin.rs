//! The check that a request cannot come from a foreign web page in a browser on this machine.
//!
//! The simulator listens on loopback, and every page that a developer opens can send requests
//! there. The page cannot forge the browser's own headers: the origin of the request (`Origin`, RFC
//! 6454 7; `Sec-Fetch-Site`, W3C Fetch Metadata 2.4) and the name by which the page reached this
//! address (`Host`). A program that is not a browser sends neither of the first two, and is let in.
//!
//! | request | `Host` | `Origin`, `Sec-Fetch-Site` | content |
//! | --- | --- | --- | --- |
//! | the page's document | own | any: it may be linked to | - |
//! | the page's data, control commands | own | own, or none | control: `application/json` |
//! | the API | any; own with `Origin` or `Sec-Fetch-Site` | own, or none | the protocol's headers |
//!
//! A page may not send `application/json` or the protocols' headers to another origin without
//! asking it first (Fetch, "CORS-safelisted request-header"), and the simulator answers no such
//! question.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

use super::{json_protocol, page};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The reason why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
}

impl Foreign {
    /// Returns the answer to the client. "You do not have sufficient access to perform this action"
    /// (API Reference, "Common Errors").
    pub(super) fn to_response(&self) -> Response<Body> {
        json_protocol::json_response(
            self.status,
            &json!({ "__type": "AccessDeniedException", "Message": self.message }),
        )
    }
}

/// The names by which the page and control commands are reached. It depends on where the simulator
/// listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnNames {
    /// Of a simulator that listens on loopback: an IP address, and what every system looks up by
    /// itself, `localhost` and what is below it (RFC 6761 6.3). Other names a network answers for,
    /// and the one that this machine is in may be anybody's.
    Loopback,
    /// Of one that a network reaches, such as a container: besides those a name without a dot, or
    /// one that no public DNS can hold. That network can use the simulator anyway.
    Network,
}

impl OwnNames {
    /// Returns the names of a simulator that listens on the address.
    pub(super) fn of_address(address: IpAddr) -> Self {
        match address.to_canonical().is_loopback() {
            true => Self::Loopback,
            false => Self::Network,
        }
    }

    const fn refusal(self) -> Foreign {
        Foreign {
            status: StatusCode::MISDIRECTED_REQUEST,
            message: match self {
                Self::Loopback => {
                    "this simulator listens on loopback, and is shown under an IP address or \
                     localhost alone"
                }
                Self::Network => {
                    "the simulator is shown under an IP address, localhost, or a name that no \
                     public DNS can hold"
                }
            },
        }
    }
}

const FOREIGN_PAGE: Foreign = Foreign {
    status: StatusCode::FORBIDDEN,
    message: "the request comes from a page of another origin (Origin, Sec-Fetch-Site); no such \
              page may use the simulator",
};
const NOT_JSON: Foreign = Foreign {
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    message: "the Content-Type of a control command is application/json",
};

/// Checks a request before anything else does. Its method and path decide which rules hold.
pub(super) fn check_request(
    names: OwnNames,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<(), Foreign> {
    match path {
        "/" if page::is_read_method(method) => check_document(names, headers),
        path if path.starts_with("/_") => check_data(names, headers),
        _ => check_api(names, headers),
    }
}

/// Checks a request for the page's document. It must use one of the simulator's own names, and may
/// be linked to from anywhere.
fn check_document(names: OwnNames, headers: &HeaderMap) -> Result<(), Foreign> {
    if is_own_host(names, headers) {
        Ok(())
    } else {
        Err(names.refusal())
    }
}

/// Checks a request for the page's data, or a control command, whatever its method.
fn check_data(names: OwnNames, headers: &HeaderMap) -> Result<(), Foreign> {
    check_document(names, headers)?;
    if is_own_origin(headers) {
        Ok(())
    } else {
        Err(FOREIGN_PAGE)
    }
}

/// Checks the content type of a control command. A page may send this type to another origin only
/// after asking; a form has other types.
pub(super) fn check_json(headers: &HeaderMap) -> Result<(), Foreign> {
    if is_json(headers) {
        Ok(())
    } else {
        Err(NOT_JSON)
    }
}

/// Checks a call of the API. SDKs may use any name for the simulator; a browser may not.
fn check_api(names: OwnNames, headers: &HeaderMap) -> Result<(), Foreign> {
    if headers.contains_key(header::ORIGIN) || headers.contains_key(SEC_FETCH_SITE) {
        check_data(names, headers)
    } else {
        Ok(())
    }
}

/// Tells whether `Host` is a name that a foreign page cannot have pointed at this address (DNS
/// rebinding): an address or localhost; in a network also a name without a dot, or one under a name
/// that is never delegated (RFC 6761, RFC 6762, RFC 8375, and ICANN's reservation of `internal`).
fn is_own_host(names: OwnNames, headers: &HeaderMap) -> bool {
    const PRIVATE: [&str; 5] = [".local", ".internal", ".test", ".invalid", ".home.arpa"];
    let Some(host) = single_header(headers, &header::HOST).and_then(|value| value.to_str().ok())
    else {
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
    let private = || !lower.contains('.') || PRIVATE.iter().any(|suffix| lower.ends_with(suffix));
    bare.parse::<IpAddr>().is_ok()
        || lower == "localhost"
        || lower.ends_with(".localhost")
        || (names == OwnNames::Network && private())
}

/// Tells whether the browser says that the request comes from the simulator's own page or from its
/// user (`none`), or whether no browser says anything.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let site = match headers.contains_key(SEC_FETCH_SITE) {
        true => single_header(headers, &SEC_FETCH_SITE)
            .is_some_and(|site| site == "same-origin" || site == "none"),
        false => true,
    };
    // There is no TLS here: an own page's origin is `http://` and the very name that the request is
    // for.
    let origin = match (
        headers.contains_key(header::ORIGIN),
        single_header(headers, &header::ORIGIN),
        single_header(headers, &header::HOST),
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

/// Tells whether the content type is JSON, with or without parameters (RFC 9110 8.3).
fn is_json(headers: &HeaderMap) -> bool {
    let said = single_header(headers, &header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    said.and_then(|said| said.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Returns a header that comes once. One that comes twice says nothing reliable.
fn single_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut all = headers.get_all(name).iter();
    let first = all.next();
    if all.next().is_some() { None } else { first }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::OwnNames::{Loopback, Network};
    use super::*;

    fn headers_of(lines: &[(&'static str, &'static str)]) -> HeaderMap {
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
            "localhost.",
            "a.LOCALHOST",
        ] {
            for names in [Loopback, Network] {
                assert!(is_own_host(names, &headers_of(&[("host", host)])), "{host}");
            }
        }
        // A network that the machine has joined may answer for these.
        for host in ["x", "cloudhsm:8080", "host.docker.internal", "a.local:1"] {
            let headers = headers_of(&[("host", host)]);
            assert!(is_own_host(Network, &headers), "{host}");
            assert!(!is_own_host(Loopback, &headers), "{host}");
        }
        for host in [
            "example.com",
            "example.com:8080",
            "127.0.0.1.example.com",
            "rebind.example.com.",
            "localhost.example.com:1",
            "notlocalhost.com",
            "1.2.3",
        ] {
            for names in [Loopback, Network] {
                assert!(
                    !is_own_host(names, &headers_of(&[("host", host)])),
                    "{host}"
                );
            }
        }
        let twice = headers_of(&[("host", "localhost"), ("host", "example.com")]);
        for names in [Loopback, Network] {
            assert!(
                !is_own_host(names, &HeaderMap::new()),
                "HTTP/1.1 demands it"
            );
            assert!(!is_own_host(names, &twice), "which of the two?");
        }
    }

    #[test]
    fn a_simulator_on_loopback_has_fewer_names_than_one_in_a_network() {
        for (address, names) in [
            ("127.0.0.1", Loopback),
            ("127.9.9.9", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("0.0.0.0", Network),
            ("::", Network),
            ("192.0.2.1", Network),
        ] {
            assert_eq!(OwnNames::of_address(address.parse().unwrap()), names);
        }
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
            assert_eq!(
                (
                    check_data(Loopback, &headers_of(own)),
                    check_api(Loopback, &headers_of(own))
                ),
                (Ok(()), Ok(())),
                "{own:?}"
            );
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
            let headers = headers_of(&[host, foreign, ("content-type", "application/json")]);
            for judged in [
                check_data(Loopback, &headers),
                check_api(Loopback, &headers),
            ] {
                assert_eq!(judged, Err(FOREIGN_PAGE), "{foreign:?}");
            }
            assert_eq!(
                check_document(Loopback, &headers),
                Ok(()),
                "it may be linked to"
            );
        }
        let twice = headers_of(&[
            host,
            ("origin", "http://127.0.0.1:8080"),
            ("origin", "https://example.com"),
        ]);
        assert_eq!(check_data(Loopback, &twice), Err(FOREIGN_PAGE));
    }

    #[test]
    fn a_rebound_page_is_refused_the_api_and_an_sdk_is_not() {
        let rebound = headers_of(&[
            ("host", "rebind.example.com:8080"),
            ("origin", "http://rebind.example.com:8080"),
            ("content-type", "application/json"),
        ]);
        for judged in [
            check_document(Loopback, &rebound),
            check_data(Loopback, &rebound),
            check_api(Loopback, &rebound),
        ] {
            assert_eq!(judged, Err(Loopback.refusal()));
        }
        assert_eq!(
            check_api(Loopback, &headers_of(&[("host", "simulator.example.com")])),
            Ok(())
        );
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
            assert_eq!(
                check_json(&headers_of(&[("content-type", kind)])),
                judged,
                "{kind}"
            );
        }
        assert_eq!(check_json(&HeaderMap::new()), Err(NOT_JSON));
    }
}
