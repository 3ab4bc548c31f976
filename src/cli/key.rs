//! The way to the CA's key, wherever it lives, and the messages on that way.

use super::args::PassphraseArgs;
use super::silence::Waiting;
use super::token::TokenArgs;
use super::ui::Ui;
use crate::bundle::Store;
use crate::ca::{
    KEY_BACKENDS, KeySource, KeyType, LoadedKey, PassphraseSource, Provided, TokenOptions, Unlock,
    backends_elsewhere,
};
use crate::cli::in_bundle::lies_in;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::shown_path;
use crate::sign::SigningCa;
use crate::x509::{Certificate, Moment, TrustAnchor};

/// The options for the way to the key.
pub(crate) struct KeyAccess<'a> {
    pub(crate) passphrase: &'a PassphraseArgs,
    pub(crate) token: &'a TokenArgs,
    /// The CA's certificate, where there is one yet.
    pub(crate) certificate: Option<Certificate>,
    /// The bundles in use.
    pub(crate) bundles: &'a [Store],
    #[cfg(feature = "awskms")]
    pub(crate) aws: crate::aws::ConnectOptions,
}

impl KeyAccess<'_> {
    /// Loads the CA's key, with warnings about how it is kept.
    pub(crate) fn load_key(&self, source: &KeySource, ui: &Ui) -> Result<LoadedKey> {
        let options = self.token.options();
        self.refuse_library_of_bundle(source, &options)?;
        let loaded = self.with_unlock(ui, |unlock| source.load(unlock))?;
        report_loaded_key(&loaded, ui);
        Ok(loaded)
    }

    /// Checks the key as far as nobody has to unlock it: a file that is there, that holds a key,
    /// and, where it is not encrypted, the CA's own. For a moment before a question. A pipe is not
    /// looked at, since it is read once.
    ///
    /// # Errors
    /// As [`KeyAccess::load_key`] and [`SigningCa::new`].
    pub(crate) fn check_unasked(
        &self,
        source: &KeySource,
        trust_anchor: &TrustAnchor,
        now: Moment,
    ) -> Result<()> {
        let Some(file) = source.file() else {
            return Ok(());
        };
        if fsio::metadata_of(file).is_some_and(|facts| !facts.is_file() && !facts.is_dir()) {
            return Ok(());
        }
        let loaded = source.load(Unlock {
            passphrase: &PassphraseSource::nowhere(),
            certificate: self.certificate.as_ref(),
            token: &self.token.options(),
            #[cfg(feature = "awskms")]
            aws: Some(&self.aws),
            say: &|_| (),
            ask: &|_| (),
        });
        match loaded {
            Ok(loaded) => SigningCa::new(trust_anchor.clone(), loaded.key.as_ref(), now).map(drop),
            Err(error) if error.kind == ErrorKind::NoPassphrase => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Finds or makes the key for a new CA certificate, with the same warnings.
    pub(crate) fn provide_key(
        &self,
        source: &KeySource,
        kind: Option<KeyType>,
        ui: &Ui,
    ) -> Result<Provided> {
        let provided = self.with_unlock(ui, |unlock| source.provide(kind, unlock))?;
        report_loaded_key(&provided.loaded, ui);
        Ok(provided)
    }

    /// Refuses a program that lies in the bundle: somebody else's, which would run, and be given
    /// the PIN.
    fn refuse_library_of_bundle(&self, source: &KeySource, options: &TokenOptions) -> Result<()> {
        let Some(library) = source.library(options) else {
            return Ok(());
        };
        // A directory is no library. Of a name that leads to no file here, the system's loader
        // knows where to look, and does not look in the bundle (dlopen(3)).
        let facts = fsio::look_at(library.path)
            .map_err(|cause| fsio::cannot_look(library.path, "a program", &cause))?;
        let Some(facts) = facts.filter(|facts| !facts.is_dir()) else {
            return Ok(());
        };
        let mut holder = None;
        for bundle in self.bundles {
            if lies_in(bundle, library.path, Some(&facts))? {
                holder = Some(bundle);
                break;
            }
        }
        let Some(bundle) = holder else {
            return Ok(());
        };
        Err(Error::new(
            ErrorKind::ModuleInBundle,
            [
                library.in_bundle.to_owned(),
                format!("  module  {}", shown_path(library.path)),
                format!("  bundle  {}", shown_path(bundle.path())),
            ],
            library.instead,
        )
        .with_fact(FactName::File, library.path))
    }

    fn with_unlock<T>(&self, ui: &Ui, open: impl FnOnce(Unlock<'_>) -> Result<T>) -> Result<T> {
        let _opening = Waiting::begin("opening the CA's key");
        open(Unlock {
            passphrase: &self.passphrase.source(),
            certificate: self.certificate.as_ref(),
            token: &self.token.options(),
            #[cfg(feature = "awskms")]
            aws: Some(&self.aws),
            say: &|text: &str| ui.say(text),
            ask: &|text: &str| ui.request_action(text),
        })
    }
}

fn report_loaded_key(loaded: &LoadedKey, ui: &Ui) {
    for note in &loaded.notes {
        ui.say_detail(note);
    }
    for warning in &loaded.warnings {
        ui.warn(warning.to_string());
    }
}

/// The help of an option that names a private key: `whose` says whose, `file` what a key file can
/// be.
pub(crate) fn key_help(whose: &str, file: &str) -> String {
    let mut forms = vec![file];
    forms.extend(backends_elsewhere().map(|backend| backend.form));
    format!("{whose}: {}", listed(&forms, ", "))
}

/// The help of `--ca-key` where a CA's key is used.
pub(crate) fn ca_key_help() -> String {
    key_help(
        "The CA's private key",
        "a file (PKCS#8, PKCS#1 or SEC1, encrypted or not)",
    )
}

/// The help of `--ca-key` where a CA is made.
pub(crate) fn new_ca_key_help() -> String {
    let forms: Vec<&str> = KEY_BACKENDS
        .iter()
        .map(|backend| backend.form_for_new)
        .collect();
    format!(
        "Where the key is, or is to be made: {}",
        listed(&forms, "; ")
    )
}

fn listed(forms: &[&str], separator: &str) -> String {
    match forms {
        [before @ .., last] if !before.is_empty() => {
            format!("{}{separator}or {last}", before.join(separator))
        }
        _ => forms.concat(),
    }
}
