//! What a request has to be before an action sees it: a call of the API, signed if signatures are
//! asked for, and not one too many.

use std::num::NonZeroU32;
use std::time::{Instant, SystemTime};

use axum::http::request::Parts;

use super::credentials::Credentials;
use super::json_protocol::{self, ApiError};
use super::place::Place;
use super::protocol::Protocol;
use super::rate::Rate;
use super::reference::Reference;
use super::sigv4;

/// Whom the simulator lets in.
pub(super) struct Door {
    /// Empty: anybody, signed or not.
    credentials: Vec<Credentials>,
    rate: Option<Rate>,
}

impl Door {
    pub(super) fn new(credentials: Vec<Credentials>, rate: Option<NonZeroU32>) -> Self {
        Self {
            credentials,
            rate: rate.map(Rate::new),
        }
    }

    /// The action that is called, and for whom.
    pub(super) fn admit(
        &self,
        protocol: Protocol,
        parts: &Parts,
        body: &[u8],
        reference: Reference,
    ) -> Result<(&'static str, Place), ApiError> {
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(ApiError::malformed_query());
        }
        let action = protocol.action(&parts.uri, &parts.headers, reference)?;
        let place = if self.credentials.is_empty() {
            json_protocol::place(&parts.headers)
        } else {
            sigv4::verify(&self.credentials, parts, body, SystemTime::now())?
        };
        if let Some(rate) = &self.rate {
            rate.take(&place.account, Instant::now())?;
        }
        Ok((action, place))
    }
}
