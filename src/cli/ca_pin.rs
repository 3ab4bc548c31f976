//! `--ca-fingerprint` where a CA signs: it pins the CA, whatever names it.

use super::args::parse_sha256;
use super::owner::NamedCa;
use crate::error::Result;
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
    /// Checks that a CA which a file names is the one of these fingerprints, by the rule that holds
    /// where they are all that names it: the file is what is pinned, so it vouches for nothing.
    ///
    /// # Errors
    /// Class `Rejected`: `another-trust-anchor`; `owner-not-proven`, where the fingerprints leave
    /// the root of a chain open.
    pub(crate) fn check_named(&self, named: &NamedCa) -> Result<()> {
        if self.ca_fingerprint.is_empty() {
            return Ok(());
        }
        let (found, place) = (&named.trust_anchor, shown_path(&named.file));
        Owner::with_fingerprints(&self.ca_fingerprint, found, &place, ProofPurpose::Signature)
            .map(drop)
    }
}
