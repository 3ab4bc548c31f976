//! Flags for a CA key on a PKCS#11 token.

use super::ui::Ui;
use crate::ca::{KeySource, KeyType, LoadedKey, PassphraseSource, Provided, TokenOptions, Unlock};
use crate::error::Result;
use crate::x509::Certificate;

/// What the command line says about the token, for a `--ca-key pkcs11:...`.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "PKCS#11 token")]
pub struct TokenArgs {
    /// The vendor's PKCS#11 library; it goes before the URI's module-path
    #[cfg(feature = "pkcs11")]
    #[arg(long, value_name = "FILE", env = "HSMBOOT_PKCS11_MODULE")]
    pkcs11_module: Option<std::path::PathBuf>,
    /// Try a PIN from a file, a descriptor or a variable although one wrong PIN more locks the token
    #[cfg(feature = "pkcs11")]
    #[arg(long)]
    final_try: bool,
}

impl TokenArgs {
    #[cfg(feature = "pkcs11")]
    fn options(&self) -> TokenOptions {
        TokenOptions { module: self.pkcs11_module.clone().filter(|path| !path.as_os_str().is_empty()), final_try: self.final_try }
    }

    #[cfg(not(feature = "pkcs11"))]
    #[allow(clippy::unused_self)] // the other build asks
    fn options(&self) -> TokenOptions {
        TokenOptions::default()
    }

    /// The CA's key, with warnings about how it is kept. `certificate` is the CA's, where there is one yet.
    pub(crate) fn load(&self, source: &KeySource, passphrase: &PassphraseSource, certificate: Option<&Certificate>, ui: &Ui) -> Result<LoadedKey> {
        let say = |text: &str| ui.say(text);
        let loaded = source.load(Unlock { passphrase, certificate, token: &self.options(), say: &say })?;
        warn(&loaded, ui);
        Ok(loaded)
    }

    /// The key for a new CA certificate, likewise.
    pub(crate) fn provide(&self, source: &KeySource, passphrase: &PassphraseSource, kind: Option<KeyType>, ui: &Ui) -> Result<Provided> {
        let say = |text: &str| ui.say(text);
        let provided = source.provide(kind, Unlock { passphrase, certificate: None, token: &self.options(), say: &say })?;
        warn(&provided.loaded, ui);
        Ok(provided)
    }
}

fn warn(loaded: &LoadedKey, ui: &Ui) {
    for warning in &loaded.warnings {
        ui.warn(&warning.to_string());
    }
}
