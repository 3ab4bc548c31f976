//! The token of an order: it becomes a tag of the cluster, and commits to the CA's key.

use super::ClusterCreation;
use crate::cli;
use crate::error::Result;
use crate::x509::{Certificate, sha256, to_hex};

/// The first part of what the digest in a token covers. Its random part and the CA's key follow.
const TOKEN_CONTEXT: &str = "hsmboot-creation/1";

/// The number of random hexadecimal digits in a token. As many digits follow that commit to the
/// CA's key. The token is a tag's value, which others in the account can read: the token of a
/// cluster that was ordered for another CA never fits this one.
const TOKEN_HALF: usize = 16;

impl ClusterCreation<'_> {
    pub(super) fn new_token(&self) -> Result<String> {
        let random = to_hex(&cli::random_octets::<{ TOKEN_HALF / 2 }>()?);
        let commitment = key_commitment(&random, self.ca.as_ref());
        Ok(random + &commitment)
    }

    /// Tells whether the cluster with this token was ordered for the CA of this run. Where nobody
    /// names the CA, the cluster may have been ordered before there was one.
    pub(super) fn is_for_this_ca(&self, token: &str) -> bool {
        let is_for = |ca| {
            token
                .split_at_checked(TOKEN_HALF)
                .is_some_and(|(random, found)| found == key_commitment(random, ca))
        };
        is_for(self.ca.as_ref()) || (!self.ca_named && is_for(None))
    }
}

/// Returns the part of a token that commits to a CA's key, or to there being none.
fn key_commitment(random: &str, ca: Option<&Certificate>) -> String {
    let key = ca.map_or_else(String::new, |ca| to_hex(ca.spki_sha256()));
    to_hex(&sha256(
        format!("{TOKEN_CONTEXT}\n{random}\n{key}").as_bytes(),
    ))
    .chars()
    .take(TOKEN_HALF)
    .collect()
}
