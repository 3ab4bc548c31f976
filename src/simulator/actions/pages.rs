//! The pages of a list, and the tokens that lead from one to the next.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::super::checked_members::CheckedMembers;
use super::super::ids::random_bytes;
use super::super::json_protocol::ApiError;
use super::ActionContext;

/// The page that a call asks for.
pub(super) struct PageRequest<'a> {
    /// The most items on it.
    pub(super) size: usize,
    token: Option<&'a str>,
    tokens: &'a NextTokenKey,
    /// The text that tokens are bound to.
    call: String,
}

impl<'a> PageRequest<'a> {
    /// Reads MaxResults and NextToken. `what` tells lists of one action apart, so that no token of
    /// one fits another.
    pub(super) fn read(
        members: &CheckedMembers<'a>,
        context: &ActionContext<'a>,
        action: &str,
        (_, most): (u64, u64),
        what: &str,
    ) -> Self {
        let size = members.integer("MaxResults").unwrap_or(most);
        let place = context.place;
        Self {
            size: usize::try_from(size).unwrap_or(usize::MAX),
            token: members.text("NextToken").filter(|token| !token.is_empty()),
            tokens: context.tokens,
            call: format!("{action}/{}/{}/{what}", place.account, place.region),
        }
    }

    /// Returns the octets that the page before ended with; `None` for the first page.
    pub(super) fn previous_end<const N: usize>(&self) -> Result<Option<[u8; N]>, ApiError> {
        self.token
            .map(|token| self.tokens.open_octets(token, &self.call))
            .transpose()
    }

    /// Returns the token of the next page. `end` is where this one ends.
    pub(super) fn next_token<const N: usize>(&self, end: [u8; N]) -> String {
        self.tokens.seal_octets(end, &self.call)
    }
}

/// A key that makes NextTokens. Nobody else can make them, and each fits one call only.
pub(crate) struct NextTokenKey {
    key: ring::hmac::Key,
    secret: [u8; 32],
}

impl NextTokenKey {
    pub(crate) fn new() -> Result<Self, String> {
        random_bytes().map(Self::from_secret)
    }

    /// Makes the key of an earlier simulator, whose tokens are valid here.
    pub(crate) fn from_secret(secret: [u8; 32]) -> Self {
        Self {
            key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret),
            secret,
        }
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Seals the octets that tell where the next page begins.
    fn seal_octets<const N: usize>(&self, octets: [u8; N], call: &str) -> String {
        let tag = ring::hmac::sign(&self.key, &[&octets, call.as_bytes()].concat());
        Base64UrlUnpadded::encode_string(&[&octets, tag.as_ref()].concat())
    }

    fn open_octets<const N: usize>(&self, token: &str, call: &str) -> Result<[u8; N], ApiError> {
        let refused = || {
            ApiError::invalid_request(
                "NextToken was not made for this call: its action, region, filters or order \
                 differ, or it was altered.",
            )
        };
        let sealed = Base64UrlUnpadded::decode_vec(token).map_err(|_| refused())?;
        let (octets, tag) = sealed.split_first_chunk::<N>().ok_or_else(refused)?;
        ring::hmac::verify(&self.key, &[octets, call.as_bytes()].concat(), tag)
            .map_err(|_| refused())?;
        Ok(*octets)
    }
}
