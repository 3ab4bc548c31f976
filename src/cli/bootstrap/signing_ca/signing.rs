//! Getting the CA ready, and signing with it.

use super::BootstrapCa;
use super::stage::{CaFile, Guarded, OpenKey, ReadyCa, Stage};
use crate::bundle::{Bundle, CA_FILE, CA_KEY_FILE, SignatureOrigin, Store};
use crate::ca::{KeySource, KeyWarning};
use crate::check::Pair;
use crate::cli::key::KeyAccess;
use crate::cli::{self, sign};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::owner::Owner;
use crate::sign::{Grounds, SigningCa, SigningTerms, issue};
use crate::x509::{Moment, TrustAnchor};

/// The signature of one bootstrap.
pub(crate) struct Signature {
    pub(crate) pair: Pair,
    pub(crate) owner: Owner,
    pub(crate) origin: SignatureOrigin,
}

impl BootstrapCa<'_> {
    /// Refuses a CA that CloudHSM would refuse, or a key that is another CA's, and asks for any
    /// passphrase that will be needed while somebody is still at the terminal.
    pub(crate) fn prepare(&mut self, now: Moment) -> Result<()> {
        let fit = |ca: &CaFile| sign::check_ca_fit(&ca.trust_anchor, &ca.place, now);
        let fits_key = |ca, key: &OpenKey| SigningCa::from_fit(ca, key.key.as_ref()).map(drop);
        self.stage = match &self.stage {
            // A dry run makes no CA.
            Stage::Absent if self.args.dry_run => return Ok(()),
            Stage::ReadyToMake(_) | Stage::Ready(_) => return Ok(()),
            Stage::Absent => {
                cli::ca::check_free(&self.dir, &[CA_KEY_FILE, CA_FILE], false)?;
                Stage::ReadyToMake(self.new_passphrase()?)
            }
            Stage::WithoutKey(known) => {
                fit(&known.file)?;
                return Err(without_key(&known.file));
            }
            Stage::KeyToLoad(known, source) => {
                let ca = fit(&known.file)?;
                let key = self.load_key(&known.file.trust_anchor, source)?;
                fits_key(ca, &key)?;
                Stage::Ready(ReadyCa::found(known, key))
            }
            Stage::KeyLoaded(known, key) => {
                fits_key(fit(&known.file)?, key)?;
                Stage::Ready(ReadyCa::found(known, key.clone()))
            }
            #[cfg(feature = "awskms")]
            Stage::Service(_, service) => return service.ca.check_days(self.args.days()),
        };
        Ok(())
    }

    /// Loads the key that is there, and sees what guards it.
    pub(super) fn load_key(&self, ca: &TrustAnchor, source: &KeySource) -> Result<OpenKey> {
        let store = Store::at_path(&self.dir);
        let access = KeyAccess {
            passphrase: &self.args.passphrase,
            token: &self.args.token,
            certificate: Some(ca.signing_ca().clone()),
            bundles: std::slice::from_ref(&store),
            #[cfg(feature = "awskms")]
            aws: self.aws_options(source),
        };
        let loaded = access.load_key(source, self.ui)?;
        let warns = |of: fn(&KeyWarning) -> bool| loaded.warnings.iter().any(of);
        let guarded = match () {
            () if warns(|warning| matches!(warning, KeyWarning::Unencrypted { .. })) => {
                Guarded::Not
            }
            () if warns(|warning| matches!(warning, KeyWarning::EmptyPassphrase { .. })) => {
                Guarded::ByNothing
            }
            () => Guarded::ByPassphrase,
        };
        Ok(OpenKey {
            key: loaded.key.into(),
            name: loaded.name,
            guarded,
        })
    }

    /// Returns the way to a key in AWS: with the profile that reaches the cluster, and in the
    /// cluster's region unless the key's name says another. `--endpoint-url` is for CloudHSM and
    /// not passed on: AWS KMS has AWS_ENDPOINT_URL_KMS.
    #[cfg(feature = "awskms")]
    fn aws_options(&self, source: &KeySource) -> crate::aws::ConnectOptions {
        let online = &self.args.online;
        let region = match source.region() {
            Some(_) => None,
            None => online.region.clone(),
        };
        online.options_for_other_service(region)
    }

    /// Signs the CSR, and checks what was signed. The CA is made first where there is none yet.
    /// Whatever of the bundle was judged must still stand there.
    ///
    /// # Errors
    /// As [`BootstrapCa::prepare`] and [`issue`]; that the CA cannot be made or written; class
    /// `Conflict`, `changed-meanwhile`; as the service that signs has them.
    pub(crate) fn sign(
        &mut self,
        bundle: &Bundle,
        grounds: &Grounds<'_>,
        now: Moment,
    ) -> Result<Signature> {
        // A new CA's certificate may be a second younger than the moment of judging.
        let moment = cli::now();
        self.prepare(moment)?;
        #[cfg(feature = "awskms")]
        if let Stage::Service(known, service) = &self.stage {
            bundle.check_unchanged(false)?;
            let (pair, issued_by) = self.args.private_ca.obtain_pair(
                (&service.ca, &service.arn),
                grounds,
                self.args.days(),
                self.args.timeout.timeout,
                self.ui,
            )?;
            let origin = SignatureOrigin {
                ca_key: None,
                issued_by: Some(issued_by),
            };
            return Ok(Signature {
                pair,
                owner: known.owner.clone(),
                origin,
            });
        }
        let terms = SigningTerms {
            serial: cli::random_octets()?,
            now,
            days: self.args.days(),
        };
        let ready = self.ready(bundle.store())?;
        let trust_anchor = ready.known.file.trust_anchor.clone();
        let signer = SigningCa::new(trust_anchor, ready.key.key.as_ref(), moment)?;
        bundle.check_unchanged(false)?;
        let pair = issue(grounds, &signer, &terms)?;
        let origin = SignatureOrigin {
            ca_key: ready.key.name.map(Into::into),
            issued_by: None,
        };
        Ok(Signature {
            pair,
            owner: ready.known.owner,
            origin,
        })
    }

    /// Returns the CA to sign with, which is made in the bundle that was judged if there is none.
    fn ready(&mut self, store: &Store) -> Result<ReadyCa> {
        let ready = match &self.stage {
            Stage::Ready(ready) => return Ok(ready.clone()),
            Stage::ReadyToMake(passphrase) => self.make(passphrase.as_ref(), store)?,
            Stage::Absent => self.make(self.new_passphrase()?.as_ref(), store)?,
            Stage::KeyToLoad(known, source) => {
                ReadyCa::found(known, self.load_key(&known.file.trust_anchor, source)?)
            }
            Stage::KeyLoaded(known, key) => ReadyCa::found(known, key.clone()),
            Stage::WithoutKey(known) => return Err(without_key(&known.file)),
            #[cfg(feature = "awskms")]
            Stage::Service(known, _) => return Err(without_key(&known.file)),
        };
        self.stage = Stage::Ready(ready.clone());
        Ok(ready)
    }
}

/// That nothing leads to the key of a CA whose certificate is there.
fn without_key(ca: &CaFile) -> Error {
    Error::new(
        ErrorKind::CaKeyMissing,
        format!(
            "the CA's certificate is {}, and its key is not at hand",
            ca.place
        ),
        "name the key with --ca-key, or another CA with --ca and --ca-key",
    )
    .with_fact(FactName::File, &ca.place)
}
