//! What a new CA is to be, and how its certificate and its files are made.

use std::path::Path;

use super::issuer::Issuer;
use crate::bundle::CA_KEY_FILE;
use crate::ca::{
    CaKey, CaTerms, FileKey, KeyType, NewKey, Passphrase, make_intermediate, make_trust_anchor,
};
use crate::cli::silence::Waiting;
use crate::cli::ui::Ui;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, NewFile};
use crate::outside::shown_path;
use crate::x509::{TrustAnchor, write};

/// The free space to require: more than certificates and key take. A chain has at most 16,000
/// characters, a key about 5000.
const SPACE_NEEDED: usize = 32 * 1024;

/// The order for a new CA.
pub(crate) struct CaOrder<'a> {
    pub(crate) subject: &'a [u8],
    pub(crate) key_type: KeyType,
    pub(crate) days: u32,
    pub(crate) force: bool,
    /// The name of the file for its certificate or its chain.
    pub(crate) file: &'static str,
    /// The CA above it, where it is not its own.
    pub(crate) issuer: Option<&'a Issuer>,
}

/// Checks that none of the files exists yet and that they can be written, before a passphrase is
/// asked for and a key made.
pub(crate) fn check_free(dir: &Path, names: &[&str], force: bool) -> Result<()> {
    fsio::check_dir(dir)?;
    fsio::mend_leftovers(dir);
    for name in names {
        let path = dir.join(name);
        if !force && fsio::is_there(&path) {
            return Err(Error::new(
                ErrorKind::FileExists,
                format!(
                    "there is a CA already: {} exists; it was left as it is",
                    shown_path(&path)
                ),
                "choose another directory with --out, or replace it with --force: then clusters \
                 that it claimed have lost their CA",
            )
            .with_fact(FactName::File, path.as_path()));
        }
        // A directory in its place is replaced by nothing, and a key by a key alone.
        let mode = if *name == CA_KEY_FILE { 0o600 } else { 0o644 };
        fsio::check_free(
            dir,
            &[NewFile {
                name: (*name).to_owned(),
                content: b"",
                mode,
                replace: true,
            }],
        )?;
    }
    fsio::check_writable(dir, SPACE_NEEDED)
}

impl CaOrder<'_> {
    pub(super) const fn file_noun(&self) -> &'static str {
        if self.issuer.is_some() {
            "chain"
        } else {
            "certificate"
        }
    }

    /// Makes the certificate for a key. Under an issuer it makes the chain, and checks that
    /// CloudHSM would not refuse it.
    pub(super) fn certify_key(&self, key: &dyn CaKey) -> Result<TrustAnchor> {
        let serial = write::positive_serial(crate::cli::random_octets()?);
        let now = crate::cli::now();
        let (not_before, not_after) = write::validity_period(now, self.days);
        let terms = CaTerms {
            subject: self.subject,
            serial: &serial,
            not_before,
            not_after,
        };
        let Some(issuer) = self.issuer else {
            return TrustAnchor::try_from(make_trust_anchor(&terms, key)?).map_err(|fault| {
                Error::new(
                    ErrorKind::BadSubject,
                    format!("the certificate would have {fault}"),
                    "choose a shorter subject",
                )
                .with_fact(FactName::Option, "--subject")
                .with_fact(FactName::Cause, fault.to_string())
            });
        };
        let chain = make_intermediate(
            &terms,
            key.spki(),
            &issuer.trust_anchor,
            issuer.key.as_ref(),
        )?;
        crate::check::judge_read_trust_anchor(&chain, now)?;
        Ok(chain)
    }

    /// Makes key and certificate, writes both or neither, and returns both, ready to sign.
    pub(crate) fn make_ca(
        &self,
        passphrase: Option<&Passphrase>,
        ui: &Ui,
        write: impl FnOnce(&[NewFile<'_>]) -> Result<()>,
    ) -> Result<(TrustAnchor, FileKey)> {
        ui.say_detail(format!("making a key, {}", self.key_type));
        let making = Waiting::begin(format!("making a key, {}", self.key_type));
        let key = NewKey::generate(self.key_type)?;
        drop(making);
        let signer = key.to_file_key()?;
        let certified = self.certify_key(&signer)?;
        let encrypting = Waiting::begin("encrypting the key, with scrypt");
        let key_pem = key.to_pem(passphrase)?;
        drop(encrypting);
        let cert_pem = certified.to_pem();
        let file = |name: &str, content, mode| NewFile {
            name: name.to_owned(),
            content,
            mode,
            replace: self.force,
        };
        write(&[
            file(CA_KEY_FILE, key_pem.as_bytes(), 0o600),
            file(self.file, cert_pem.as_bytes(), 0o644),
        ])?;
        Ok((certified, signer))
    }
}
