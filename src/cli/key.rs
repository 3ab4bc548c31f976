//! Getting at the CA's key, wherever it lives, and what the user hears of it on the way.

use super::args::PassphraseArgs;
use super::token::TokenArgs;
use super::ui::Ui;
use crate::bundle::Store;
use crate::ca::{KeySource, KeyType, LoadedKey, Provided, Unlock};
use crate::error::Result;
use crate::x509::Certificate;
#[cfg(feature = "pkcs11")]
use crate::{
    cli::owner::lies_in,
    error::{Error, ErrorKind},
    fsio,
    outside::shown,
};

/// What the command line says of the way to the key.
pub(crate) struct KeyAccess<'a> {
    pub(crate) passphrase: &'a PassphraseArgs,
    pub(crate) token: &'a TokenArgs,
    /// The CA's certificate, where there is one yet.
    pub(crate) certificate: Option<Certificate>,
    /// The bundle that is worked with, if there is one.
    #[cfg_attr(not(feature = "pkcs11"), allow(dead_code))]
    // a module is what is looked for there
    pub(crate) bundle: Option<&'a Store>,
    #[cfg(feature = "awskms")]
    pub(crate) aws: crate::aws::Options,
}

impl KeyAccess<'_> {
    /// The CA's key, with warnings about how it is kept.
    pub(crate) fn load(&self, source: &KeySource, ui: &Ui) -> Result<LoadedKey> {
        #[cfg(feature = "pkcs11")]
        self.no_code_from_bundle(source)?;
        let loaded = self.unlock(ui, |unlock| source.load(unlock))?;
        tell(&loaded, ui);
        Ok(loaded)
    }

    /// The key for a new CA certificate, likewise.
    pub(crate) fn provide(
        &self,
        source: &KeySource,
        kind: Option<KeyType>,
        ui: &Ui,
    ) -> Result<Provided> {
        let provided = self.unlock(ui, |unlock| source.provide(kind, unlock))?;
        tell(&provided.loaded, ui);
        Ok(provided)
    }

    /// A library that lies in the bundle is somebody else's program: it would run in this process,
    /// and be given the PIN.
    #[cfg(feature = "pkcs11")]
    fn no_code_from_bundle(&self, source: &KeySource) -> Result<()> {
        let KeySource::Pkcs11(uri) = source else {
            return Ok(());
        };
        let given = self.token.options().module;
        let (Some(bundle), Some(module)) = (self.bundle, given.as_deref().or(uri.module_path()))
        else {
            return Ok(());
        };
        // A directory is no library. Of a name that leads to no file here, the system's loader
        // knows where to look, and does not look in the bundle (dlopen(3)).
        if !fsio::facts(module)
            .is_some_and(|facts| !facts.is_dir() && lies_in(bundle, module, Some(&facts)))
        {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::ModuleInBundle,
            [
                "the PKCS#11 module is a file of the bundle itself, and would run with your \
                 rights: whoever could write to the bundle chose it"
                    .to_owned(),
                format!("  module  {}", shown(module)),
                format!("  bundle  {}", shown(bundle.path())),
            ],
            "name the vendor's module, as it is installed on this machine, with --pkcs11-module",
        ))
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
