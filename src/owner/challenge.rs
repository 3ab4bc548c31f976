//! What a private key signs to prove that it is at hand.

/// What stands before the random octets. No certificate, request or list of revoked ones begins so:
/// they are a SEQUENCE (X.690 8.9). A signature of this proves this, and serves for nothing else.
const PURPOSE: &[u8] = b"hsmboot: the private key of the owner's CA is at hand\n";

/// A text that nobody has signed before: a signature of it was made by whoever holds the key now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(Vec<u8>);

impl Challenge {
    /// Takes 32 random octets, of this run alone.
    pub fn new(random: [u8; 32]) -> Self {
        Challenge([PURPOSE, &random].concat())
    }

    /// Returns what is signed.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }
}
