//! The system's randomness, as ring gives it, for the crate `rsa`.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use rsa::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// The system's randomness.
pub(crate) struct SystemRng(SystemRandom);

/// The system yields no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system yields no randomness")]
pub(crate) struct NoRandomness;

impl SystemRng {
    pub(crate) fn new() -> Self {
        SystemRng(SystemRandom::new())
    }

    pub(crate) fn random_octets<const N: usize>(&self) -> Result<Zeroizing<[u8; N]>, NoRandomness> {
        let mut octets = Zeroizing::new([0; N]);
        self.0.fill(octets.as_mut()).map_err(|_| NoRandomness)?;
        Ok(octets)
    }
}

impl fmt::Debug for SystemRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemRng")
    }
}

impl TryRng for SystemRng {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomness> {
        self.random_octets()
            .map(|octets| u32::from_ne_bytes(*octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomness> {
        self.random_octets()
            .map(|octets| u64::from_ne_bytes(*octets))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), NoRandomness> {
        self.0.fill(octets).map_err(|_| NoRandomness)
    }
}

impl TryCryptoRng for SystemRng {}
