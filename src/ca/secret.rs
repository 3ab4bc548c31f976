//! Bytes that must not outlive their use.

use zeroize::Zeroizing;

/// Bytes that are wiped when they go.
pub(crate) type Secret = Zeroizing<Vec<u8>>;
