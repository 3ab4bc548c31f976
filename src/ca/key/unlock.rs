//! What may be needed to get at a key, wherever it lives.

use crate::ca::passphrase::PassphraseSource;

/// What may be needed to get at a key: a file's takes the passphrase alone.
#[derive(Clone, Copy, Debug)]
pub struct Unlock<'a> {
    /// Where the passphrase comes from.
    pub passphrase: &'a PassphraseSource,
    /// Region, profile and endpoint for AWS KMS; `None` leaves all to the AWS SDK's environment and files.
    #[cfg(feature = "awskms")]
    pub aws: Option<&'a crate::aws::Options>,
}

impl<'a> From<&'a PassphraseSource> for Unlock<'a> {
    fn from(passphrase: &'a PassphraseSource) -> Self {
        Unlock {
            passphrase,
            #[cfg(feature = "awskms")]
            aws: None,
        }
    }
}
