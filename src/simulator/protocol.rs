//! The two protocols of the API: JSON 1.1, and Smithy RPC v2 CBOR, which later service models list
//! first.
//!
//! | | JSON 1.1 | RPC v2 CBOR |
//! | --- | --- | --- |
//! | path | `/` | `/service/BaldrApiService/operation/<Action>` |
//! | header | `X-Amz-Target: BaldrApiService.<Action>` | `Smithy-Protocol: rpc-v2-cbor` |
//! | content | `application/x-amz-json-1.1` | `application/cbor` |
//! | error | `__type` is its name | `__type` is its shape, `com.amazonaws.cloudhsmv2#<name>` |
//!
//! Source: the service model (`protocols`, `targetPrefix`), and "Smithy RPC v2 CBOR protocol" of
//! the Smithy specification.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use serde_json::{Map, Value, json};

use super::json_protocol::{self, Answer, ApiError, CONTENT_TYPE, excerpt};
use super::reference::Reference;
use super::{api, cbor};

const SERVICE: &str = "BaldrApiService";

const SMITHY_PROTOCOL: &str = "smithy-protocol";
const RPC_V2_CBOR: HeaderValue = HeaderValue::from_static("rpc-v2-cbor");
const CBOR: HeaderValue = HeaderValue::from_static("application/cbor");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Json,
    Cbor,
}

impl Protocol {
    /// Returns the protocol of a request; `None` if it is not a call of the API.
    pub(super) fn of_request(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        match uri.path() {
            "/" => Some(Self::Json),
            path if path.starts_with("/service/")
                && headers.get(SMITHY_PROTOCOL) == Some(&RPC_V2_CBOR) =>
            {
                Some(Self::Cbor)
            }
            _ => None,
        }
    }

    /// Returns the action's name in a request, whether there is such an action or not.
    pub(super) fn named_action<'a>(
        self,
        uri: &'a Uri,
        headers: &'a HeaderMap,
    ) -> Result<&'a str, ApiError> {
        match self {
            Self::Json => json_protocol::action_name(headers),
            Self::Cbor => operation_name(uri.path()),
        }
    }

    /// Returns the action that a request asks for.
    pub(super) fn find_action(
        self,
        uri: &Uri,
        headers: &HeaderMap,
        reference: Reference,
    ) -> Result<&'static str, ApiError> {
        let named = self.named_action(uri, headers)?;
        let unknown = || {
            ApiError::invalid_action(format!(
                "CloudHSM V2 has no action '{}' in API version 2017-04-28",
                excerpt(named)
            ))
        };
        api::find_action(named, reference)
            .map(|action| action.name)
            .ok_or_else(unknown)
    }

    /// Reads the members of a request. An empty body counts as one without members.
    pub(super) fn parse_members(
        self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Map<String, Value>, ApiError> {
        match self {
            Self::Json => json_protocol::parse_members(body),
            Self::Cbor if body.is_empty() => Ok(Map::new()),
            Self::Cbor => {
                if headers.get(header::CONTENT_TYPE) != Some(&CBOR) {
                    return Err(ApiError::new(
                        415,
                        "UnsupportedMediaTypeException",
                        "the Content-Type of an RPC v2 CBOR request is application/cbor",
                    ));
                }
                match cbor::decode(body) {
                    Ok(Value::Object(members)) => Ok(members),
                    Ok(_) => Err(ApiError::serialization_error(
                        "the request is CBOR, but not a map",
                    )),
                    Err(malformed) => Err(ApiError::serialization_error(format!(
                        "the request is not CBOR: {malformed}"
                    ))),
                }
            }
        }
    }

    /// Makes the HTTP response for an answer.
    pub(super) fn to_response(self, outcome: Result<Answer, ApiError>) -> Response<Body> {
        let error = match outcome {
            Ok(Answer::Written(json)) if self == Self::Json => {
                let body = Body::from(json);
                return json_protocol::typed_response(StatusCode::OK, CONTENT_TYPE, body);
            }
            Ok(answer) => return self.value_response(StatusCode::OK, &answer.into_members()),
            Err(error) => error,
        };
        let status =
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = match self {
            Self::Json => error.kind.to_owned(),
            Self::Cbor => error_shape(error.kind),
        };
        let value = json!({ "__type": kind, "Message": error.message });
        let mut response = self.value_response(status, &value);
        let headers = response.headers_mut();
        headers.insert("x-amzn-errortype", HeaderValue::from_static(error.kind));
        response
    }

    fn value_response(self, status: StatusCode, value: &Value) -> Response<Body> {
        if self == Self::Json {
            return json_protocol::json_response(status, value);
        }
        let body = Body::from(cbor::encode(value));
        let mut response = json_protocol::typed_response(status, CBOR, body);
        response.headers_mut().insert(SMITHY_PROTOCOL, RPC_V2_CBOR);
        response
    }
}

/// Reads the action from `/service/BaldrApiService/operation/<Action>`; the service may be named
/// with its namespace.
fn operation_name(path: &str) -> Result<&str, ApiError> {
    let named = path
        .strip_prefix("/service/")
        .and_then(|rest| rest.split_once("/operation/"));
    match named {
        Some((service, operation))
            if service.rsplit('.').next() == Some(SERVICE) && !operation.is_empty() =>
        {
            Ok(operation)
        }
        _ => Err(ApiError::missing_action(format!(
            "the path is '{}', not /service/{SERVICE}/operation/<Action>",
            excerpt(path)
        ))),
    }
}

/// Returns the absolute id of an error's shape. The common errors are in no model.
fn error_shape(kind: &str) -> String {
    if kind.starts_with("CloudHsm") {
        format!("com.amazonaws.cloudhsmv2#{kind}")
    } else {
        kind.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_is_read_from_the_path() {
        assert_eq!(
            operation_name("/service/BaldrApiService/operation/CreateHsm").unwrap(),
            "CreateHsm"
        );
        assert_eq!(
            operation_name("/service/com.amazonaws.cloudhsmv2.BaldrApiService/operation/CreateHsm")
                .unwrap(),
            "CreateHsm"
        );
        for path in [
            "/service/Other/operation/CreateHsm",
            "/service/BaldrApiService/operation/",
            "/service/BaldrApiService",
            "/service/",
        ] {
            assert_eq!(
                operation_name(path).unwrap_err().kind,
                "MissingAction",
                "{path}"
            );
        }
    }
}
