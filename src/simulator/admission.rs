//! The checks of a request before an action sees it: it must be a call of the API, signed if
//! signatures are required, and within the rate limit.

use std::num::NonZeroU32;
use std::time::{Instant, SystemTime};

use axum::http::request::Parts;

use super::credentials::Credentials;
use super::json_protocol::{self, ApiError};
use super::place::AccountRegion;
use super::protocol::Protocol;
use super::rate::RateLimit;
use super::reference::Reference;
use super::sigv4;

/// The callers that the simulator lets in.
pub(super) struct Admission {
    /// The credentials of all callers. Where the list is empty, anybody may call, signed or not.
    credentials: Vec<Credentials>,
    rate: Option<RateLimit>,
}

impl Admission {
    pub(super) fn new(credentials: Vec<Credentials>, rate: Option<NonZeroU32>) -> Self {
        Self {
            credentials,
            rate: rate.map(RateLimit::new),
        }
    }

    /// Tells whether anybody may call, with whatever credentials.
    pub(super) fn admits_anybody(&self) -> bool {
        self.credentials.is_empty()
    }

    /// Checks a request, and returns the action that is called and the account and region that it
    /// is for.
    pub(super) fn admit(
        &self,
        protocol: Protocol,
        parts: &Parts,
        body: &[u8],
        reference: Reference,
    ) -> Result<(&'static str, AccountRegion), ApiError> {
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(ApiError::malformed_query());
        }
        let action = protocol.find_action(&parts.uri, &parts.headers, reference)?;
        let place = if self.credentials.is_empty() {
            json_protocol::request_place(&parts.headers)
        } else {
            sigv4::verify(&self.credentials, parts, body, SystemTime::now())?
        };
        if let Some(rate) = &self.rate {
            rate.take_token(&place.account, Instant::now())?;
        }
        Ok((action, place))
    }
}
