//! Flags for a CA key on a PKCS#11 token.

#[cfg(feature = "pkcs11")]
use super::variable::unless_empty;
use crate::ca::TokenOptions;

/// The options for the token of a `--ca-key pkcs11:...`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TokenArgs {
    /// The vendor's PKCS#11 library; it goes before the URI's module-path
    #[cfg(feature = "pkcs11")]
    #[arg(long, value_name = "FILE", env = unless_empty("HSMBOOT_PKCS11_MODULE"))]
    pkcs11_module: Option<std::path::PathBuf>,
    /// Try a PIN from a file, a descriptor or a variable although one wrong PIN more locks the
    /// token
    #[cfg(feature = "pkcs11")]
    #[arg(long)]
    final_try: bool,
}

impl TokenArgs {
    #[cfg(feature = "pkcs11")]
    pub(crate) fn options(&self) -> TokenOptions {
        TokenOptions {
            module: self.pkcs11_module.clone(),
            final_try: self.final_try,
        }
    }

    #[cfg(not(feature = "pkcs11"))]
    #[allow(clippy::unused_self)] // the other build asks
    pub(crate) fn options(&self) -> TokenOptions {
        TokenOptions::default()
    }
}
