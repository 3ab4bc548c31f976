//! `--ca-fingerprint` where a CA signs: it pins the CA, whatever names it.

use super::args::parse_sha256;
use super::owner::NamedCa;
use crate::error::{ErrorKind, Result};
use crate::outside::shown_path;
use crate::owner::{Owner, ProofPurpose};

/// The option that pins the CA which signs by its fingerprint.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CaPinArgs {
    /// The SHA-256 of the CA's certificate: any other is refused before anything is done (an ARN
    /// alone proves nothing, and a file may be another than you think); of a chain of three or four
    /// its root's too (may repeat)
    #[arg(long, value_name = "SHA256", value_parser = parse_sha256)]
    pub(crate) ca_fingerprint: Vec<[u8; 32]>,
}

impl CaPinArgs {
    /// Checks that a CA which a file names is the one of these fingerprints. All of its chain is
    /// named already: they must fit, and need not suffice.
    ///
    /// # Errors
    /// Class `Rejected`, `another-trust-anchor`.
    pub(crate) fn check_named(&self, named: &NamedCa) -> Result<()> {
        if self.ca_fingerprint.is_empty() {
            return Ok(());
        }
        let (found, place) = (&named.trust_anchor, shown_path(&named.file));
        let pinned =
            Owner::with_fingerprints(&self.ca_fingerprint, found, &place, ProofPurpose::Signature);
        match pinned {
            Err(error) if error.kind != ErrorKind::OwnerNotProven => Err(error),
            _ => Ok(()),
        }
    }
}
