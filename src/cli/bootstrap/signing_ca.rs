//! The CA of a bootstrap: the one that was named, the one that an earlier run left in the bundle,
//! or a new one.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::Args;
use crate::bundle::{Bundle, CA_FILE, CA_KEY_FILE, Digests, Part, Store};
use crate::ca::{CaKey, KeySource, KeyType, KeyWarning, Passphrase, parse_subject};
use crate::check::Pair;
use crate::cli::key::KeyAccess;
use crate::cli::owner::{NamedCa, lies_in, read_trust_anchor};
use crate::cli::{self, sign, step::given_file_digest, submit, ui::Ui};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::outside::shown_path;
use crate::owner::{self, KeyOrigin, Owner};
use crate::sign::SigningCa;
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
pub(super) struct ReadyCa {
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

impl ReadyCa {
    /// The owner, whom this CA's certificate names.
    pub(super) const fn owner(&self) -> &Owner {
        &self.known.owner
    }

    /// The CA as signing takes it.
    ///
    /// # Errors
    /// As [`TestCa::new`].
    pub(super) fn signer(&self, now: Moment) -> Result<SigningCa<'_>> {
        let trust_anchor = self.known.file.trust_anchor.clone();
        SigningCa::new(trust_anchor, self.key.key.as_ref(), now)
    }

    /// Returns the key's name, where it is not in a file.
    pub(super) fn key_name(&self) -> Option<&str> {
        self.key.name.as_deref()
    }
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

    /// That nothing says there should be a CA, where there is none: no option, and no key without
    /// its certificate.
    fn check_none_is_meant(&self, store: &Store, key_is_there: bool) -> Result<()> {
        let usage =
            |message: String, hint: &str| Err(Error::new(ErrorKind::CaMissing, message, hint));
        if self.args.ca_key.is_some() {
            return usage(
                "--ca-key stands alone: there is no CA certificate to go with it".to_owned(),
                "name it with --ca FILE",
            );
        }
        if self.args.from_bundle.ca_from_bundle {
            let message = format!(
                "--ca-from-bundle takes the CA in the bundle, and there is none: {} is missing",
                store.place(CA_FILE)
            );
            return usage(
                message,
                "name your CA with --ca FILE, or leave --ca-from-bundle out",
            );
        }
        if key_is_there {
            return Err(Error::new(
                ErrorKind::CaIncomplete,
                format!(
                    "{} holds a CA key without its certificate",
                    shown_path(&self.dir)
                ),
                format!("put its {CA_FILE} back, or name a CA with --ca and --ca-key"),
            ));
        }
        if store.is_archive() {
            let message = format!(
                "there is no CA, and none can be made: {} is one file, and a private key never \
                 goes into it",
                shown_path(&self.dir)
            );
            return usage(
                message,
                "name a CA with --ca and --ca-key (`hsmboot ca init` makes one), or give --bundle \
                 a directory",
            );
        }
        Ok(())
    }

    /// Proves that a CA which nobody named is the operator's. It lies in the bundle, and a bundle
    /// may come from anywhere: whoever can write to it must not become the cluster's owner. The
    /// private key proves it, if the operator names it or opens it with a passphrase.
    fn prove(&self, ca: CaFile, source: Option<KeySource>, store: &Store) -> Result<Stage> {
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
        let in_bundle = source.is_of_bundle()
            || source
                .file()
                .is_some_and(|file| lies_in(store, file, fsio::metadata_of(file).as_ref()));
        let passphrase = self.args.passphrase.source().source_file();
        let passphrase_in_bundle =
            passphrase.is_some_and(|file| lies_in(store, &file, fsio::metadata_of(&file).as_ref()));
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
        let owner = Owner::with_key(key.key.as_ref(), origin, trust_anchor, place)?;
        self.ui.say([
            "the CA is the one in the bundle, proved by its key".to_owned(),
            format!(
                "  subject  {}",
                crate::x509::name_text(trust_anchor.signing_ca().subject())
            ),
        ]);
        Ok(Stage::KeyLoaded(KnownCa { file: ca, owner }, key))
    }

    /// The CA that is there, with its owner; `None`: there is none yet.
    const fn known(&self) -> Option<&KnownCa> {
        match &self.stage {
            Stage::Absent | Stage::ReadyToMake(_) => None,
            Stage::WithoutKey(known)
            | Stage::KeyToLoad(known, _)
            | Stage::KeyLoaded(known, _)
            | Stage::Ready(ReadyCa { known, .. }) => Some(known),
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

    /// Returns the CA certificate's file, where one was named.
    pub(super) fn given_ca_file(&self) -> Digests {
        self.args
            .ca
            .as_deref()
            .zip(self.known())
            .map(|(file, known)| given_file_digest(file, &known.file.text))
            .unwrap_or_default()
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

    /// That nothing stands where a signed certificate and its trust anchor are to be written,
    /// before anything is signed.
    ///
    /// Asked after [`BootstrapCa::find_earlier_pair`]: a certificate that is there is one that does
    /// not fit.
    pub(super) fn check_room(&self, bundle: &Bundle) -> Result<()> {
        let force = self.args.force;
        if !force && bundle.has_part(Part::SignedCert) {
            return Err(Error::new(
                ErrorKind::AlreadySigned,
                format!(
                    "{} does not fit: it is of another CA than this one, or was signed for another \
                     CSR, or is damaged; it was left as it is",
                    bundle.part_place(Part::SignedCert)
                ),
                "choose another directory with --bundle, or sign anew with --force",
            ));
        }
        match self.known() {
            Some(known) => sign::check_places_free(bundle, &known.file.trust_anchor, force),
            None => Ok(()),
        }
    }

    /// Refuses a CA that CloudHSM would refuse, and asks for any passphrase that will be needed
    /// while somebody is still at the terminal.
    pub(super) fn prepare(&mut self, now: Moment) -> Result<()> {
        let fit = |ca: &CaFile| sign::check_ca_fit(&ca.trust_anchor, &ca.place, now);
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
                Stage::Ready(ReadyCa::found(known, key))
            }
            Stage::KeyLoaded(known, key) => {
                fit(&known.file)?;
                Stage::Ready(ReadyCa::found(known, key.clone()))
            }
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

    fn new_passphrase(&self) -> Result<Option<Passphrase>> {
        let source = self.args.passphrase.source();
        let none_given = source == crate::ca::PassphraseSource::Ask;
        // A rehearsal's key is worth nothing, and nobody may be there to ask.
        if self.args.no_passphrase || (self.args.is_rehearsal() && none_given) {
            return Ok(None);
        }
        if let Some(warning) = source.storage_warning() {
            self.ui.warn(warning.to_string());
        }
        source.for_new_key(&self.dir.join(CA_KEY_FILE)).map(Some)
    }

    /// The CA to sign with: got ready, and made if need be, in the bundle that was judged.
    ///
    /// # Errors
    /// As [`BootstrapCa::prepare`]; that the CA cannot be made or written.
    pub(super) fn ready(&mut self, store: &Store, now: Moment) -> Result<ReadyCa> {
        self.prepare(now)?;
        let ready = match &self.stage {
            Stage::Ready(ready) => return Ok(ready.clone()),
            Stage::ReadyToMake(passphrase) => self.make(passphrase.as_ref(), store)?,
            Stage::Absent => self.make(self.new_passphrase()?.as_ref(), store)?,
            Stage::KeyToLoad(known, source) => {
                ReadyCa::found(known, self.load_key(&known.file.trust_anchor, source)?)
            }
            Stage::KeyLoaded(known, key) => ReadyCa::found(known, key.clone()),
            Stage::WithoutKey(known) => return Err(without_key(&known.file)),
        };
        self.stage = Stage::Ready(ready.clone());
        Ok(ready)
    }

    /// Makes the CA. Its key, which this run has made, proves the owner.
    fn make(&self, passphrase: Option<&Passphrase>, store: &Store) -> Result<ReadyCa> {
        let subject = parse_subject(&self.subject())?;
        let key_type = self.key_type();
        let order = cli::ca::CaOrder {
            subject: &subject,
            key_type,
            days: self.args.days,
            force: false,
            file: CA_FILE,
            issuer: None,
        };
        self.ui
            .say(format!("making a CA, with a key of type {key_type}"));
        let (trust_anchor, key) =
            order.make_ca(passphrase, self.ui, |files| store.write_beside(files))?;
        let place = store.place(CA_FILE).to_string();
        let owner = Owner::with_key(&key, KeyOrigin::New, &trust_anchor, &place)?;
        let file = CaFile {
            text: trust_anchor.to_pem().into_bytes(),
            trust_anchor,
            place,
        };
        let encrypted = passphrase.is_some();
        Ok(ReadyCa {
            known: KnownCa { file, owner },
            key: OpenKey {
                key: Rc::new(key),
                name: None,
                guarded: match encrypted {
                    true => Guarded::ByPassphrase,
                    false => Guarded::Not,
                },
            },
            origin: CaOrigin::Made { encrypted },
        })
    }

    /// Returns the type for a new key. A rehearsal gets a smaller one: a large RSA key takes time
    /// to make.
    fn key_type(&self) -> KeyType {
        let usual = if self.args.is_rehearsal() {
            KeyType::Rsa2048
        } else {
            KeyType::Rsa4096
        };
        self.args.key_type.unwrap_or(usual)
    }

    fn subject(&self) -> String {
        let name = self.dir.file_name().map(crate::outside::stored_path);
        match (&self.args.subject, name) {
            (Some(subject), _) => subject.clone(),
            // A directory's name may hold what a name's string form gives a meaning to.
            (None, Some(name)) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
                format!("CN=CA of {name}")
            }
            _ => "CN=CloudHSM cluster CA".to_owned(),
        }
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
