//! A CA that nobody named: whether one is meant at all, and whose it is.

use std::path::Path;

use super::BootstrapCa;
use super::stage::{CaFile, Guarded, KnownCa, Stage};
use crate::bundle::{CA_FILE, Store};
use crate::ca::KeySource;
use crate::cli;
use crate::cli::in_bundle::lies_in;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::shown_path;
use crate::owner::{self, Challenge, KeyOrigin, Owner};

impl BootstrapCa<'_> {
    /// That nothing says there should be a CA, where there is none: no option, and no key without
    /// its certificate.
    pub(super) fn check_none_is_meant(&self, store: &Store, key_is_there: bool) -> Result<()> {
        let missing = |message: String, hint: &str| Error::new(ErrorKind::CaMissing, message, hint);
        if self.args.ca_key.is_some() {
            return Err(missing(
                "--ca-key stands alone: there is no CA certificate to go with it".to_owned(),
                "name it with --ca FILE",
            )
            .with_fact(FactName::Option, "--ca-key"));
        }
        if self.args.from_bundle.ca_from_bundle {
            let message = format!(
                "--ca-from-bundle takes the CA in the bundle, and there is none: {} is missing",
                store.place(CA_FILE)
            );
            return Err(missing(
                message,
                "name your CA with --ca FILE, or leave --ca-from-bundle out",
            )
            .with_fact(FactName::Option, "--ca-from-bundle")
            .with_fact(FactName::File, store.place(CA_FILE).to_string()));
        }
        if key_is_there {
            return Err(Error::new(
                ErrorKind::CaIncomplete,
                format!(
                    "{} holds a CA key without its certificate",
                    shown_path(&self.dir)
                ),
                format!("put its {CA_FILE} back, or name a CA with --ca and --ca-key"),
            )
            .with_fact(FactName::File, self.dir.as_path()));
        }
        if store.is_archive() {
            let message = format!(
                "there is no CA, and none can be made: {} is one file, and a private key never \
                 goes into it",
                shown_path(&self.dir)
            );
            return Err(missing(
                message,
                "name a CA with --ca and --ca-key (`hsmboot ca init` makes one), or give --bundle \
                 a directory",
            )
            .with_fact(FactName::File, self.dir.as_path()));
        }
        Ok(())
    }

    /// Proves that a CA which nobody named is the operator's. It lies in the bundle, and a bundle
    /// may come from anywhere: whoever can write to it must not become the cluster's owner. The
    /// private key proves it, if the operator names it or opens it with a passphrase.
    pub(super) fn prove(
        &self,
        ca: CaFile,
        source: Option<KeySource>,
        store: &Store,
    ) -> Result<Stage> {
        let (trust_anchor, place) = (&ca.trust_anchor, &ca.place);
        if self.args.from_bundle.ca_from_bundle {
            let reason = self.args.trust.reason.as_deref();
            let owner = self
                .args
                .from_bundle
                .waive_proof(trust_anchor, reason, self.ui);
            return Ok(self.with_owner(ca, owner, source));
        }
        let Some(source) = source else {
            return Err(owner::not_proven(
                "its private key is not at hand, and no --ca was given",
                trust_anchor,
                place,
            ));
        };
        let lies_there = |file: Option<&Path>| match file {
            Some(file) => lies_in(store, file, fsio::metadata_of(file).as_ref()),
            None => Ok(false),
        };
        let in_bundle = source.is_of_bundle() || lies_there(source.file())?;
        let passphrase = self.args.passphrase.source().source_file();
        let passphrase_in_bundle = lies_there(passphrase.as_deref())?;
        let key = self
            .load_key(trust_anchor, &source)
            .map_err(|error| match error.kind {
                // A token or a service that holds no key of this certificate.
                ErrorKind::CaKeyMismatch => owner::not_proven(&error.message, trust_anchor, place),
                _ => error,
            })?;
        let origin = match (in_bundle, key.guarded) {
            (false, _) => KeyOrigin::Named,
            (true, Guarded::Not) => KeyOrigin::PlainInBundle,
            (true, Guarded::ByNothing) => KeyOrigin::OpenedByAnybody,
            (true, Guarded::ByPassphrase) if passphrase_in_bundle => KeyOrigin::OpenedByAnybody,
            (true, Guarded::ByPassphrase) => KeyOrigin::Unlocked,
        };
        let challenge = Challenge::new(cli::random_octets()?);
        let owner = Owner::with_key(key.key.as_ref(), origin, trust_anchor, place, &challenge)?;
        self.ui.say([
            "the CA is the one in the bundle, proved by its key".to_owned(),
            format!(
                "  subject  {}",
                crate::x509::name_text(trust_anchor.signing_ca().subject())
            ),
        ]);
        Ok(Stage::KeyLoaded(KnownCa { file: ca, owner }, key))
    }
}
