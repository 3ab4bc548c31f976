//! The CA of a bootstrap: the one that was named, the one that an earlier run left in the bundle,
//! a new one, or one in AWS Private CA.

mod making;
mod proof;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::Args;
use crate::bundle::{Bundle, CA_FILE, CA_KEY_FILE, Digests, Part, SignatureOrigin, Store};
use crate::ca::{CaKey, KeySource, KeyWarning, Passphrase};
use crate::check::Pair;
use crate::cli::key::KeyAccess;
use crate::cli::owner::{NamedCa, read_trust_anchor};
#[cfg(feature = "awskms")]
use crate::cli::private_ca::ca_digest;
use crate::cli::{self, sign, step::given_file_digest, submit, ui::Ui};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::MAX_INPUT;
use crate::outside::shown_path;
use crate::owner::Owner;
#[cfg(feature = "awskms")]
use crate::pca::{AwsPrivateCa, CaArn};
use crate::sign::{Grounds, SigningCa, SigningTerms, issue};
use crate::x509::{Moment, TrustAnchor};

/// The CA of one bootstrap, and how far it has been got ready.
pub(super) struct BootstrapCa<'a> {
    args: &'a Args,
    ui: &'a Ui,
    dir: PathBuf,
    stage: Stage,
}

/// How far the CA has been got ready.
enum Stage {
    /// There is none: this run is to make one.
    Absent,
    /// There is none, and all is there to make one. Without a passphrase its key stays in plain.
    ReadyToMake(Option<Passphrase>),
    /// Its certificate is there, and nothing leads to its key.
    WithoutKey(KnownCa),
    /// Its certificate is there, and its key has not been loaded yet.
    KeyToLoad(KnownCa, KeySource),
    /// Certificate and key are there: the key has proved the owner. Whether CloudHSM takes the CA
    /// is still to be asked.
    KeyLoaded(KnownCa, OpenKey),
    /// All is there to sign with.
    Ready(ReadyCa),
    /// AWS Private CA signs; what it issues is checked as any other certificate is.
    #[cfg(feature = "awskms")]
    Service(KnownCa, Rc<ServiceCa>),
}

/// A CA in AWS Private CA.
#[cfg(feature = "awskms")]
struct ServiceCa {
    ca: AwsPrivateCa,
    arn: CaArn,
}

/// The signature of one bootstrap.
pub(super) struct Signature {
    pub(super) pair: Pair,
    pub(super) owner: Owner,
    pub(super) origin: SignatureOrigin,
}

/// A CA that is there, with the proof that it is the operator's.
#[derive(Clone)]
struct KnownCa {
    file: CaFile,
    owner: Owner,
}

/// A key that has been loaded.
#[derive(Clone)]
struct OpenKey {
    key: Rc<dyn CaKey>,
    /// What it is called, where it is not in a file.
    name: Option<String>,
    guarded: Guarded,
}

/// A CA to sign with.
#[derive(Clone)]
struct ReadyCa {
    known: KnownCa,
    key: OpenKey,
    /// True if this run made the CA.
    origin: CaOrigin,
}

/// Where a CA comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CaOrigin {
    /// It was there.
    Found,
    /// This run made it.
    Made {
        /// Whether its key is encrypted.
        encrypted: bool,
    },
}

/// The protection of a key against whoever has its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarded {
    /// Nothing.
    Not,
    /// An empty passphrase.
    ByNothing,
    /// It is encrypted under a passphrase, or is in no file.
    ByPassphrase,
}

/// A CA certificate, or chain, and where it was read.
#[derive(Clone)]
struct CaFile {
    text: Vec<u8>,
    trust_anchor: TrustAnchor,
    place: String,
}

impl<'a> BootstrapCa<'a> {
    /// Reads the CA's certificate, where there is one, and makes the proof of the owner.
    ///
    /// Whether CloudHSM takes it as trust anchor is asked later, in [`BootstrapCa::prepare`]: a
    /// cluster that it has claimed already is its own whatever its dates are now.
    ///
    /// # Errors
    /// Class `Rejected`, `owner-not-proven`: the CA lies in the bundle, and nothing proves that it
    /// is the operator's.
    pub(super) fn open(args: &'a Args, ui: &'a Ui, dir: &Path) -> Result<Self> {
        let store = Store::at_path(dir);
        store.mend_leftovers()?;
        #[cfg(feature = "awskms")]
        if let Some(arn) = args.private_ca.checked_ca_arn(&[])? {
            let options = args.online.options_for_other_service(None);
            let (ca, owner) = args.private_ca.open_ca(arn, &options, cli::now(), ui)?;
            let trust_anchor = ca.trust_anchor().clone();
            let file = CaFile {
                text: trust_anchor.to_pem().into_bytes(),
                trust_anchor,
                place: arn.to_string(),
            };
            let service = ServiceCa {
                ca,
                arn: arn.clone(),
            };
            return Ok(BootstrapCa {
                args,
                ui,
                dir: dir.to_owned(),
                stage: Stage::Service(KnownCa { file, owner }, Rc::new(service)),
            });
        }
        let named = args
            .ca
            .as_deref()
            .map(|file| NamedCa::read(file, "--ca", &store))
            .transpose()?;
        let ca = match &named {
            Some(ca) => Some(CaFile {
                text: ca.text.clone(),
                trust_anchor: ca.trust_anchor.clone(),
                place: shown_path(&ca.file),
            }),
            None if store.has(store.trust_anchor_file()) => Some(CaFile::in_bundle(&store)?),
            None => None,
        };
        // A key that lies in the bundle goes with the CA that lies there, and with no other.
        let left_here = named.is_none() && !store.is_archive() && store.has(CA_KEY_FILE);
        let key_source = match args.ca_key.as_deref() {
            Some(key) => Some(KeySource::parse(key)?),
            None => left_here.then(|| KeySource::of_file_in_bundle(dir.join(CA_KEY_FILE))),
        };
        let mut found = BootstrapCa {
            args,
            ui,
            dir: dir.to_owned(),
            stage: Stage::Absent,
        };
        found.stage = match (ca, &named) {
            (None, _) => {
                found.check_none_is_meant(&store, key_source.is_some())?;
                Stage::Absent
            }
            (Some(file), Some(named)) => found.with_owner(file, named.to_owner(), key_source),
            (Some(file), None) => found.prove(file, key_source, &store)?,
        };
        Ok(found)
    }

    /// The stage of a CA whose owner is proven without its key.
    fn with_owner(&self, file: CaFile, owner: Owner, source: Option<KeySource>) -> Stage {
        let known = KnownCa { file, owner };
        match source {
            Some(source) => Stage::KeyToLoad(known, source),
            None => Stage::WithoutKey(known),
        }
    }

    /// The CA that is there, with its owner; `None`: there is none yet.
    const fn known(&self) -> Option<&KnownCa> {
        match &self.stage {
            Stage::Absent | Stage::ReadyToMake(_) => None,
            Stage::WithoutKey(known)
            | Stage::KeyToLoad(known, _)
            | Stage::KeyLoaded(known, _)
            | Stage::Ready(ReadyCa { known, .. }) => Some(known),
            #[cfg(feature = "awskms")]
            Stage::Service(known, _) => Some(known),
        }
    }

    /// Returns the proof of the owner, once there is a CA.
    pub(super) fn owner(&self) -> Option<&Owner> {
        self.known().map(|known| &known.owner)
    }

    /// Returns the CA's certificate, or its chain, where there is one yet.
    pub(super) fn trust_anchor(&self) -> Option<TrustAnchor> {
        self.known().map(|known| known.file.trust_anchor.clone())
    }

    /// Returns the name and digest of the CA that the command line names, for the transcript.
    pub(super) fn given_ca(&self) -> Digests {
        match (&self.args.ca, &self.stage) {
            #[cfg(feature = "awskms")]
            (_, Stage::Service(known, service)) => {
                ca_digest(service.arn.as_str(), &known.file.trust_anchor)
            }
            (Some(file), _) => self
                .known()
                .map(|known| given_file_digest(file, &known.file.text))
                .unwrap_or_default(),
            (None, _) => Digests::new(),
        }
    }

    /// Where the key of a CA is that this run made, and whether it is encrypted; `None`: it made
    /// none.
    pub(super) fn made_key(&self) -> Option<(PathBuf, bool)> {
        match &self.stage {
            Stage::Ready(ReadyCa {
                origin: CaOrigin::Made { encrypted },
                ..
            }) => Some((self.dir.join(CA_KEY_FILE), *encrypted)),
            _ => None,
        }
    }

    /// Tells whether this run sends nothing.
    pub(super) const fn is_dry_run(&self) -> bool {
        self.args.dry_run
    }

    /// Tells whether this run is a rehearsal.
    pub(super) const fn is_rehearsal(&self) -> bool {
        self.args.is_rehearsal()
    }

    /// Returns the pair that an earlier run signed with this CA, if it still fits.
    pub(super) fn signed_before(&self, bundle: &Bundle, now: Moment) -> Option<(Pair, Owner)> {
        let owner = self.owner()?;
        if !bundle.has_part(Part::SignedCert) {
            return None;
        }
        let pair = submit::read_pair(bundle, now).ok()?;
        owner
            .check_same_anchor(pair.trust_anchor(), bundle.trust_anchor_file())
            .ok()
            .map(|()| (pair, owner.clone()))
    }

    /// Refuses, without `--force`, to go on with a bundle that another CA has signed, though for a
    /// CSR that is gone: what was another's a moment before is not claimed for this one unasked.
    pub(super) fn check_signed_by_this_ca(&self, bundle: &Bundle) -> Result<()> {
        if self.args.force || !bundle.has_part(Part::SignedCert) {
            return Ok(());
        }
        let name = bundle.trust_anchor_file();
        let is_own = self.owner().is_some_and(|owner| {
            CaFile::in_bundle(bundle.store())
                .is_ok_and(|file| owner.check_same_anchor(&file.trust_anchor, name).is_ok())
        });
        if is_own {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::AlreadySigned,
            format!(
                "{} is of another CA than this one, and of a CSR that the cluster has no more; \
                 nothing was changed",
                bundle.part_place(Part::SignedCert)
            ),
            "give the CA that signed it; choose another directory with --bundle; or, if this CA is \
             to be the owner, sign anew with --force",
        )
        .with_fact(
            FactName::File,
            bundle.part_place(Part::SignedCert).to_string(),
        ))
    }

    /// That nothing stands where a signed certificate and its trust anchor are to be written,
    /// before anything is signed.
    ///
    /// Asked after [`BootstrapCa::signed_before`]: a certificate that is there is one that does not
    /// fit. With `force` it may be replaced.
    pub(super) fn check_room(&self, bundle: &Bundle, force: bool) -> Result<()> {
        if !force && bundle.has_part(Part::SignedCert) {
            return Err(Error::new(
                ErrorKind::AlreadySigned,
                format!(
                    "{} does not fit: it is of another CA than this one, or was signed for another \
                     CSR, or is damaged; it was left as it is",
                    bundle.part_place(Part::SignedCert)
                ),
                "choose another directory with --bundle, or sign anew with --force",
            )
            .with_fact(
                FactName::File,
                bundle.part_place(Part::SignedCert).to_string(),
            ));
        }
        // A CA whose key lies in the bundle keeps its certificate there, unless the operator says
        // otherwise.
        let keeps_ca = || bundle.without_cache().has_file(CA_KEY_FILE);
        let force = self.args.force || (force && !keeps_ca());
        match self.known() {
            Some(known) => sign::check_places_free(bundle, &known.file.trust_anchor, force),
            None => Ok(()),
        }
    }

    /// Refuses a CA that CloudHSM would refuse, or a key that is another CA's, and asks for any
    /// passphrase that will be needed while somebody is still at the terminal.
    pub(super) fn prepare(&mut self, now: Moment) -> Result<()> {
        let fit = |ca: &CaFile| sign::check_ca_fit(&ca.trust_anchor, &ca.place, now);
        let fits_key = |ca: &CaFile, key: &OpenKey| {
            SigningCa::new(ca.trust_anchor.clone(), key.key.as_ref(), now).map(drop)
        };
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
                fit(&known.file)?;
                let key = self.load_key(&known.file.trust_anchor, source)?;
                fits_key(&known.file, &key)?;
                Stage::Ready(ReadyCa::found(known, key))
            }
            Stage::KeyLoaded(known, key) => {
                fit(&known.file)?;
                fits_key(&known.file, key)?;
                Stage::Ready(ReadyCa::found(known, key.clone()))
            }
            #[cfg(feature = "awskms")]
            Stage::Service(_, service) => return service.ca.check_days(self.args.days),
        };
        Ok(())
    }

    /// Loads the key that is there, and sees what guards it.
    fn load_key(&self, ca: &TrustAnchor, source: &KeySource) -> Result<OpenKey> {
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
    pub(super) fn sign(
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
                self.args.days,
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
            days: self.args.days,
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

impl ReadyCa {
    /// One whose parts were there.
    fn found(known: &KnownCa, key: OpenKey) -> Self {
        ReadyCa {
            known: known.clone(),
            key,
            origin: CaOrigin::Found,
        }
    }
}

impl CaFile {
    fn in_bundle(store: &Store) -> Result<Self> {
        let name = store.trust_anchor_file();
        let text = store.read(name, "the CA certificate", MAX_INPUT)?;
        let place = store.place(name).to_string();
        let trust_anchor = read_trust_anchor(&text, &place)?;
        Ok(CaFile {
            text,
            trust_anchor,
            place,
        })
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
