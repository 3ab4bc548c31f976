//! The wire: JSON 1.1 requests and answers (service model: `protocols`, `targetPrefix`).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ids::request_id;
use super::place::AccountRegion;
use crate::outside::shown_text;

/// The text before the action's name in `X-Amz-Target`.
const TARGET_PREFIX: &str = "BaldrApiService.";

/// The most octets of a request. Two texts of 20,000 characters and fifty tags fit many times over.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// The region of a request that is not signed.
pub(super) const DEFAULT_REGION: &str = "us-east-1";

pub(super) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// An error of the API, answered as `__type` and `Message`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl ApiError {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    /// Makes the error for a constraint that is not met, or for a state that does not allow the
    /// call.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(400, "CloudHsmInvalidRequestException", message)
    }

    /// Makes the error for a well-formed id of something that does not exist here.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(400, "CloudHsmResourceNotFoundException", message)
    }

    pub(super) fn invalid_tag(message: impl Into<String>) -> Self {
        Self::new(400, "CloudHsmTagException", message)
    }

    /// "The request was rejected because it exceeds an AWS CloudHSM limit." Of TagResource alone;
    /// later than 2022.
    pub(super) fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new(400, "CloudHsmResourceLimitExceededException", message)
    }

    pub(super) fn access_denied(message: impl Into<String>) -> Self {
        Self::new(400, "CloudHsmAccessDeniedException", message)
    }

    pub(super) fn internal_failure(message: impl Into<String>) -> Self {
        Self::new(500, "CloudHsmInternalFailureException", message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            413,
            "RequestEntityTooLargeException",
            format!("the request has more than {MAX_BODY} octets"),
        )
    }
}

/// The action that a request asks for.
pub(super) fn action_name(headers: &HeaderMap) -> Result<&str, ApiError> {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    target
        .strip_prefix(TARGET_PREFIX)
        .filter(|action| !action.is_empty())
        .ok_or_else(|| {
            ApiError::missing_action(format!(
                "X-Amz-Target is '{}', not {TARGET_PREFIX}<Action>",
                excerpt(target)
            ))
        })
}

/// Returns the account and the region that a request is for.
pub(super) fn request_place(headers: &HeaderMap) -> AccountRegion {
    AccountRegion {
        account: super::ACCOUNT.to_owned(),
        region: signed_region(headers),
    }
}

/// Returns the region that the request was signed for: the third part of the credential scope
/// (Signature Version 4).
fn signed_region(headers: &HeaderMap) -> String {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let scope = authorization
        .split_once("Credential=")
        .map_or("", |(_, rest)| rest);
    let scope = scope.split([',', ' ']).next().unwrap_or_default();
    // From the right, because an access key id may hold anything:
    // …/date/region/service/aws4_request.
    match scope.rsplit('/').nth(2) {
        Some(region) if is_region_name(region) => region.to_owned(),
        _ => DEFAULT_REGION.to_owned(),
    }
}

/// Tells whether a credential scope's text can be a region's name. There may be regions of which
/// the API Reference's pattern knows nothing.
pub(super) fn is_region_name(text: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// The members of a request. An empty body counts as one without members.
pub(super) fn parse_members(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(ApiError::serialization_error(
            "the request is JSON, but not an object",
        )),
        Err(error) => Err(ApiError::serialization_error(format!(
            "the request is not JSON: error at line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// What an action answers.
pub(super) enum Answer {
    Members(Value),
    /// Finished JSON. A long answer to a frequent call is written once, not made into a tree first.
    Written(Vec<u8>),
}

impl Answer {
    /// Writes the form of an answer.
    pub(super) fn from_form(form: &impl Serialize) -> Result<Self, ApiError> {
        // Room for most answers: to grow a buffer is to copy it.
        let mut json = Vec::with_capacity(16 * 1024);
        let written = serde_json::to_writer(&mut json, form);
        written.map(|()| Self::Written(json)).map_err(|error| {
            ApiError::internal_failure(format!("The simulator cannot write its answer: {error}."))
        })
    }

    /// Returns the members, for a protocol that is not JSON.
    pub(super) fn into_members(self) -> Value {
        match self {
            Self::Members(members) => members,
            // What has just been written can be read.
            Self::Written(json) => serde_json::from_slice(&json).unwrap_or_default(),
        }
    }
}

pub(super) fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    // No member and no object either: "an HTTP 200 response with an empty HTTP body" (TagResource,
    // UntagResource).
    let body = if value.is_null() {
        Body::empty()
    } else {
        Body::from(value.to_string())
    };
    typed_response(status, CONTENT_TYPE, body)
}

/// Makes a response with a request id, as every answer of a service has one.
pub(super) fn typed_response(
    status: StatusCode,
    content_type: HeaderValue,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    if let Ok(id) = HeaderValue::from_str(&request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// Returns a value for quoting in a message: in its shown form, and not longer than a line.
pub(super) fn excerpt(value: &str) -> String {
    const LONGEST: usize = 80;
    let mut text = shown_text(&value.chars().take(LONGEST).collect::<String>());
    if value.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_headers(credential: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let text =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&text).unwrap());
        headers
    }

    #[test]
    fn the_region_is_that_of_the_signature() {
        assert_eq!(
            signed_region(&signed_headers(
                "AKID/20260101/eu-west-1/cloudhsm/aws4_request"
            )),
            "eu-west-1"
        );
        assert_eq!(
            signed_region(&signed_headers(
                "A/K/20260101/eu-west-1/cloudhsm/aws4_request"
            )),
            "eu-west-1"
        );
        for no_region in [
            "nonsense",
            "A/20260101/../cloudhsm/x",
            "A/d/EU west/cloudhsm/x",
        ] {
            let headers = signed_headers(no_region);
            assert_eq!(signed_region(&headers), DEFAULT_REGION, "{no_region}");
        }
        assert_eq!(signed_region(&HeaderMap::new()), DEFAULT_REGION);
    }

    #[test]
    fn a_body_is_an_object_or_empty() {
        assert!(parse_members(b" \n").unwrap().is_empty());
        assert_eq!(
            parse_members(b"[]").unwrap_err().kind,
            "SerializationException"
        );
        assert_eq!(
            parse_members(b"{").unwrap_err().kind,
            "SerializationException"
        );
    }

    #[test]
    fn a_target_of_another_service_names_no_action() {
        let mut headers = HeaderMap::new();
        assert_eq!(action_name(&headers).unwrap_err().kind, "MissingAction");
        headers.insert(
            "x-amz-target",
            HeaderValue::from_static("TrentService.CreateKey"),
        );
        assert_eq!(action_name(&headers).unwrap_err().kind, "MissingAction");
        headers.insert(
            "x-amz-target",
            HeaderValue::from_static("BaldrApiService.DescribeClusters"),
        );
        assert_eq!(action_name(&headers).unwrap(), "DescribeClusters");
    }

    #[test]
    fn an_excerpt_is_short_and_printable() {
        assert_eq!(excerpt("a\nb\u{202e}"), "a\\u{a}b\\u{202e}");
        assert_eq!(excerpt(&"x".repeat(500)).chars().count(), 81);
    }
}
