//! The page at `/` for people: a live view of the simulator's state. It changes nothing.
//!
//! One HTML document with its style and its script inside; the browser asks for nothing else but
//! `/_page/data`, every second, and `/_page/certificates`. The policy that goes with it allows
//! these two digests and this origin alone, and no text can become markup (Trusted Types).

mod chain;
mod data;
mod document;
mod read;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};

use super::inside::Inside;
use crate::outside::{shown_lines, shown_text};

/// Answers a request for the page or its data. Returns `None` for every other request.
pub(super) fn answer_page_request(inside: &Inside, request: &Request) -> Option<Response<Body>> {
    let path = request.uri().path();
    if !is_read_method(request.method())
        || !matches!(path, "/" | "/_page/data" | "/_page/certificates")
    {
        return None;
    }
    let query = request.uri().query().unwrap_or_default();
    Some(match path {
        "/" => document::document_response(),
        "/_page/data" => match data::changes_since(inside, query_parameter(query, "since")) {
            Some(changed) => json_response(StatusCode::OK, &changed),
            None => guarded_response(StatusCode::NO_CONTENT, Body::empty(), None),
        },
        _ => match chain::chain_of_cluster(inside, query_parameter(query, "cluster")) {
            Some(chain) => json_response(StatusCode::OK, &chain),
            None => json_response(
                StatusCode::NOT_FOUND,
                &json!({ "Message": "there is no such cluster" }),
            ),
        },
    })
}

/// Tells whether the method is one that reads the page.
pub(super) fn is_read_method(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Returns a parameter as it stands: tokens and ids need no percent-encoding.
fn query_parameter<'a>(query: &'a str, name: &str) -> &'a str {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_default()
}

fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    guarded_response(
        status,
        Body::from(shown_json(value).to_string()),
        Some("application/json"),
    )
}

/// Returns the same JSON with every text in its shown form. The lines of a certificate's PEM stay
/// lines.
fn shown_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(shown_text(text)),
        Value::Array(items) => items.iter().map(shown_json).collect(),
        Value::Object(members) => {
            let shown = |(name, value): (&String, &Value)| match value {
                Value::String(text) if name == "pem" => {
                    (name.clone(), Value::String(shown_lines(text)))
                }
                value => (name.clone(), shown_json(value)),
            };
            Value::Object(members.iter().map(shown).collect())
        }
        value => value.clone(),
    }
}

/// Makes an answer of the page: not cached, of exactly the type it says, and for this origin only.
/// No header allows another origin.
fn guarded_response(status: StatusCode, body: Body, kind: Option<&'static str>) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("same-origin"),
    );
    if let Some(kind) = kind {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        assert_eq!(query_parameter("a=1&since=x-2", "since"), "x-2");
        assert_eq!(query_parameter("sincere=1", "since"), "");
    }

    #[test]
    fn the_page_is_given_nothing_that_a_reader_would_obey() {
        let hostile = "a\u{202e}b\u{200b}\nc";
        let shown = "a\\u{202e}b\\u{200b}\\u{a}c";
        let document = json!({
            "region": hostile, "tags": [{ "key": hostile, "value": hostile }], "count": 1,
            "none": null,
        });
        let expected = json!({
            "region": shown, "tags": [{ "key": shown, "value": shown }], "count": 1, "none": null,
        });
        assert_eq!(shown_json(&document), expected);
        assert_eq!(
            shown_json(&json!({ "pem": "-----\nMA==\n-----\u{202e}" })),
            json!({ "pem": "-----\nMA==\n-----\\u{202e}" })
        );
    }
}
