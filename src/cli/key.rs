//! Getting at the CA's key, wherever it lives, and what the user hears of it on the way.

use super::args::PassphraseArgs;
use super::token::TokenArgs;
use super::ui::Ui;
use crate::ca::{KeySource, KeyType, LoadedKey, Provided, Unlock};
use crate::error::Result;
use crate::x509::Certificate;

/// What the command line says of the way to the key.
pub(crate) struct KeyAccess<'a> {
    pub(crate) passphrase: &'a PassphraseArgs,
    pub(crate) token: &'a TokenArgs,
    /// The CA's certificate, where there is one yet.
    pub(crate) certificate: Option<Certificate>,
    #[cfg(feature = "awskms")]
    pub(crate) aws: crate::aws::Options,
}

impl KeyAccess<'_> {
    /// The CA's key, with warnings about how it is kept.
    pub(crate) fn load(&self, source: &KeySource, ui: &Ui) -> Result<LoadedKey> {
        let loaded = self.unlock(ui, |unlock| source.load(unlock))?;
        tell(&loaded, ui);
        Ok(loaded)
    }

    /// The key for a new CA certificate, likewise.
    pub(crate) fn provide(&self, source: &KeySource, kind: Option<KeyType>, ui: &Ui) -> Result<Provided> {
        let provided = self.unlock(ui, |unlock| source.provide(kind, unlock))?;
        tell(&provided.loaded, ui);
        Ok(provided)
    }

    fn unlock<T>(&self, ui: &Ui, open: impl FnOnce(Unlock<'_>) -> Result<T>) -> Result<T> {
        open(Unlock {
            passphrase: &self.passphrase.source(),
            certificate: self.certificate.as_ref(),
            token: &self.token.options(),
            #[cfg(feature = "awskms")]
            aws: Some(&self.aws),
            say: &|text: &str| ui.say(text),
            ask: &|text: &str| ui.ask(text),
        })
    }
}

fn tell(loaded: &LoadedKey, ui: &Ui) {
    for note in &loaded.notes {
        ui.detail(note);
    }
    for warning in &loaded.warnings {
        ui.warn(warning.to_string());
    }
}
