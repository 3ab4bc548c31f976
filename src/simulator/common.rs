//! The errors that every action may answer.
//!
//! Names and HTTP statuses are those of the API Reference of 2022-06-06, "Common Errors".
//! [`ApiError::in_edition`] renames those that today's reference lists under another name or
//! status. An error that neither lists has the name that AWS JSON services use.

use super::json_protocol::ApiError;
use super::reference::Reference;

/// The errors with another name in today's reference: the name of 2022, today's, and its HTTP
/// status.
const RENAMED: [(&str, &str, u16); 3] = [
    ("InvalidAction", "UnknownOperationException", 404),
    ("MissingAction", "UnknownOperationException", 404),
    ("NotAuthorized", "AccessDeniedException", 403),
];

impl ApiError {
    /// Returns the error under the name that it has in that edition of the service.
    pub(super) fn in_edition(self, reference: Reference) -> Self {
        match RENAMED
            .iter()
            .find(|(kind, ..)| reference.is_later() && *kind == self.kind)
        {
            Some((_, kind, status)) => Self {
                kind,
                status: *status,
                ..self
            },
            None => self,
        }
    }

    /// "The action or operation requested is invalid. Verify that the action is typed correctly."
    pub(super) fn invalid_action(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidAction", message)
    }

    /// "The request is missing an action or a required parameter."
    pub(super) fn missing_action(message: impl Into<String>) -> Self {
        Self::new(400, "MissingAction", message)
    }

    /// "The query string contains a syntax error." Neither protocol of this API has a query string,
    /// so any is an error.
    pub(super) fn malformed_query() -> Self {
        Self::new(
            404,
            "MalformedQueryString",
            "The query string contains a syntax error: this API takes no query string.",
        )
    }

    /// "The request must contain either a valid (registered) AWS access key ID or X.509
    /// certificate."
    pub(super) fn missing_authentication() -> Self {
        Self::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token: it has no Authorization header.",
        )
    }

    /// "The request signature does not conform to AWS standards."
    pub(super) fn incomplete_signature(message: impl Into<String>) -> Self {
        Self::new(400, "IncompleteSignature", message)
    }

    /// "The X.509 certificate or AWS access key ID provided does not exist in our records."
    pub(super) fn invalid_client_token() -> Self {
        Self::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )
    }

    /// "The request reached the service more than 15 minutes after the date stamp on the request
    /// […], or the date stamp on the request is more than 15 minutes in the future."
    pub(super) fn request_expired(message: impl Into<String>) -> Self {
        Self::new(400, "RequestExpired", message)
    }

    /// Makes the error for a well-formed signature that is not this request's. The reference has no
    /// name for it; AWS JSON services have.
    pub(super) fn invalid_signature(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidSignatureException", message)
    }

    /// "The request was denied due to request throttling."
    pub(super) fn throttled() -> Self {
        Self::new(400, "ThrottlingException", "Rate exceeded")
    }

    /// Makes the error of AWS JSON services for a request that cannot be read at all.
    pub(super) fn serialization_error(message: impl Into<String>) -> Self {
        Self::new(400, "SerializationException", message)
    }
}
