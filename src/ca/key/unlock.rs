//! The things that may be needed to get at a key, wherever it lives.

use std::path::PathBuf;

use crate::ca::passphrase::PassphraseSource;
use crate::x509::Certificate;

/// The things that may be needed to get at a key: a file's takes the passphrase alone.
#[derive(Clone, Copy)]
pub struct Unlock<'a> {
    /// The source of the passphrase, or the PIN.
    pub passphrase: &'a PassphraseSource,
    /// The CA's certificate, where it is at hand: on a token the key is found by its public key.
    pub certificate: Option<&'a Certificate>,
    /// The command line's options for tokens.
    pub token: &'a TokenOptions,
    /// Region, profile and endpoint for AWS KMS; `None` leaves all to the AWS SDK's environment and
    /// files.
    #[cfg(feature = "awskms")]
    pub aws: Option<&'a crate::aws::ConnectOptions>,
    /// Says a line to the user about what takes its time.
    pub say: &'a dyn Fn(&str),
    /// Asks the user to do something elsewhere, which is waited for: he has to see it.
    pub ask: &'a dyn Fn(&str),
}

/// The command line's options for tokens besides the URI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// The PKCS#11 module; it goes before the URI's `module-path`.
    pub module: Option<PathBuf>,
    /// Try a PIN that nobody types although the token says that one wrong PIN more locks it.
    pub final_try: bool,
}

/// The options of whoever has none.
static NO_OPTIONS: TokenOptions = TokenOptions {
    module: None,
    final_try: false,
};

impl<'a> From<&'a PassphraseSource> for Unlock<'a> {
    fn from(passphrase: &'a PassphraseSource) -> Self {
        Unlock {
            passphrase,
            certificate: None,
            token: &NO_OPTIONS,
            #[cfg(feature = "awskms")]
            aws: None,
            say: &|_| {},
            ask: &|_| {},
        }
    }
}

impl std::fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unlock")
            .field("passphrase", self.passphrase)
            .field("token", self.token)
            .finish_non_exhaustive()
    }
}
