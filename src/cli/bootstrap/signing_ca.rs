//! The CA of a bootstrap: the one that was named, the one that an earlier run left in the bundle,
//! or a new one.

use std::path::{Path, PathBuf};

use super::Args;
use crate::bundle::{Bundle, CA_FILE, CA_KEY_FILE, Digests, Part, Store};
use crate::ca::{CaKey, KeySource, KeyType, KeyWarning, Passphrase, parse_subject};
use crate::check::Pair;
use crate::cli::key::KeyAccess;
use crate::cli::owner::{NamedCa, lies_in, read_trust_anchor};
use crate::cli::{self, sign, step::given, submit, ui::Ui};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::{self, MAX_INPUT};
use crate::outside::shown;
use crate::owner::{self, KeyOrigin, Owner};
use crate::sign::Ca;
use crate::x509::{Moment, TrustAnchor};

/// Where the CA stands, and how far it has been got ready.
pub(super) struct Desk<'a> {
    args: &'a Args,
    ui: &'a Ui,
    dir: PathBuf,
    /// The CA's certificate, once there is one.
    ca: Option<CaFile>,
    /// The proof that the CA is the operator's, once there is a CA.
    owner: Option<Owner>,
    key_source: Option<KeySource>,
    key: Option<Box<dyn CaKey>>,
    key_name: Option<String>,
    passphrase: Option<Passphrase>,
    prepared: bool,
    /// Whether this run made the CA.
    pub(super) made: bool,
}

/// What stands between a key and whoever has its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarded {
    /// Nothing.
    Not,
    /// An empty passphrase.
    ByNothing,
    /// A passphrase; or it is in no file.
    ByPassphrase,
}

/// A CA certificate, or chain, and where it was read.
struct CaFile {
    text: Vec<u8>,
    trust_anchor: TrustAnchor,
    place: String,
}

impl<'a> Desk<'a> {
    /// Reads the CA's certificate, where there is one, and makes the proof of the owner. Whether
    /// CloudHSM takes it as trust anchor is asked later, in [`Desk::prepare`]: a cluster that it
    /// has claimed already is its own whatever its dates are now.
    ///
    /// # Errors
    /// Class `Rejected`, `owner-not-proven`: the CA lies in the bundle, and nothing proves that it
    /// is the operator's.
    pub(super) fn open(args: &'a Args, ui: &'a Ui, dir: &Path) -> Result<Self> {
        let store = Store::at(dir);
        store.mend()?;
        let named = args
            .ca
            .as_deref()
            .map(|file| NamedCa::read(file, "--ca", &store))
            .transpose()?;
        let ca = match &named {
            Some(ca) => Some(CaFile {
                text: ca.text.clone(),
                trust_anchor: ca.trust_anchor.clone(),
                place: shown(&ca.file),
            }),
            None if store.has(store.trust_anchor_file()) => Some(CaFile::in_bundle(&store)?),
            None => None,
        };
        // A key that lies in the bundle goes with the CA that lies there, and with no other.
        let left_here = named.is_none() && !store.is_archive() && store.has(CA_KEY_FILE);
        let key_source = match args.ca_key.as_deref() {
            Some(key) => Some(KeySource::parse(key)?),
            None => left_here.then(|| KeySource::InBundle(dir.join(CA_KEY_FILE))),
        };
        let mut desk = Desk {
            args,
            ui,
            dir: dir.to_owned(),
            ca,
            owner: named.as_ref().map(NamedCa::owner),
            key_source,
            key: None,
            key_name: None,
            passphrase: None,
            prepared: false,
            made: false,
        };
        desk.check_complete(&store)?;
        if named.is_none() {
            desk.prove(&store)?;
        }
        Ok(desk)
    }

    /// That the parts of a CA which are there make one.
    fn check_complete(&self, store: &Store) -> Result<()> {
        if self.ca.is_some() {
            return Ok(());
        }
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
        if self.key_source.is_some() {
            return Err(Error::new(
                ErrorKind::CaIncomplete,
                format!(
                    "{} holds a CA key without its certificate",
                    shown(&self.dir)
                ),
                format!("put its {CA_FILE} back, or name a CA with --ca and --ca-key"),
            ));
        }
        if store.is_archive() {
            let message = format!(
                "there is no CA, and none can be made: {} is one file, and a private key never \
                 goes into it",
                shown(&self.dir)
            );
            return usage(
                message,
                "name a CA with --ca and --ca-key (`hsmboot ca init` makes one), or give --bundle \
                 a directory",
            );
        }
        Ok(())
    }

    /// A CA that nobody named lies in the bundle, and a bundle may come from anywhere: whoever can
    /// write to it must not become the cluster's owner. What proves it is the private key, named by
    /// the operator or opened by their passphrase.
    fn prove(&mut self, store: &Store) -> Result<()> {
        let Some(CaFile {
            trust_anchor,
            place,
            ..
        }) = &self.ca
        else {
            return Ok(());
        };
        let (trust_anchor, place) = (trust_anchor.clone(), place.clone());
        if self.args.from_bundle.ca_from_bundle {
            self.owner = Some(self.args.from_bundle.waive(
                &trust_anchor,
                self.args.trust.reason.as_deref(),
                self.ui,
            ));
            return Ok(());
        }
        let Some(source) = &self.key_source else {
            return Err(owner::not_proven(
                "its private key is not at hand, and no --ca was given",
                &trust_anchor,
                &place,
            ));
        };
        let in_bundle = match source {
            KeySource::InBundle(_) => true,
            KeySource::File(path) => lies_in(store, path, fsio::facts(path).as_ref()),
            _ => false,
        };
        let passphrase = self.args.passphrase.source().file();
        let passphrase_in_bundle =
            passphrase.is_some_and(|file| lies_in(store, &file, fsio::facts(&file).as_ref()));
        let guarded = self.load_key().map_err(|error| match error.kind {
            // A token or a service that holds no key of this certificate.
            ErrorKind::CaKeyMismatch => owner::not_proven(&error.message, &trust_anchor, &place),
            _ => error,
        })?;
        let origin = match (in_bundle, guarded) {
            (false, _) => KeyOrigin::Named,
            (true, Guarded::Not) => KeyOrigin::PlainInBundle,
            (true, Guarded::ByNothing) => KeyOrigin::OpenedByAnybody,
            (true, Guarded::ByPassphrase) if passphrase_in_bundle => KeyOrigin::OpenedByAnybody,
            (true, Guarded::ByPassphrase) => KeyOrigin::Unlocked,
        };
        let Some(key) = &self.key else {
            return Err(no_ca());
        };
        self.owner = Some(Owner::with_key(
            key.as_ref(),
            origin,
            &trust_anchor,
            &place,
        )?);
        self.ui.say([
            "the CA is the one in the bundle, proved by its key".to_owned(),
            format!(
                "  subject  {}",
                crate::x509::name_text(trust_anchor.first().subject())
            ),
        ]);
        Ok(())
    }

    /// The proof of the owner, once there is a CA.
    pub(super) const fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }

    /// The CA's certificate, or chain, where there is one yet.
    pub(super) fn trust_anchor(&self) -> Option<TrustAnchor> {
        self.ca.as_ref().map(|ca| ca.trust_anchor.clone())
    }

    /// The CA certificate's file, where one was named.
    pub(super) fn given(&self) -> Digests {
        self.args
            .ca
            .as_deref()
            .zip(self.ca.as_ref())
            .map(|(file, ca)| given(file, &ca.text))
            .unwrap_or_default()
    }

    /// Where the key's file is, or will be.
    pub(super) fn key_path(&self) -> PathBuf {
        match &self.key_source {
            Some(KeySource::File(path) | KeySource::InBundle(path)) => path.clone(),
            _ => self.dir.join(CA_KEY_FILE),
        }
    }

    /// What the key is called, where it is not in a file.
    pub(super) fn key_name(&self) -> Option<&str> {
        self.key_name.as_deref()
    }

    /// Whether a key made here is encrypted.
    pub(super) const fn is_encrypted(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Whether none of this is real.
    pub(super) const fn is_rehearsal(&self) -> bool {
        self.args.is_rehearsal()
    }

    /// A certificate that an earlier run signed with this CA, and that still fits.
    pub(super) fn signed_before(&self, bundle: &Bundle, now: Moment) -> Option<Pair> {
        let owner = self.owner.as_ref()?;
        if !bundle.has(Part::SignedCert) {
            return None;
        }
        let pair = submit::read_pair(bundle, now).ok()?;
        owner
            .is(pair.trust_anchor(), bundle.trust_anchor_file())
            .ok()
            .map(|()| pair)
    }

    /// That nothing stands where a signed certificate and its trust anchor are to be written,
    /// before anything is signed. Asked after [`Desk::signed_before`]: a certificate that is there
    /// is one that does not fit.
    pub(super) fn check_room(&self, bundle: &Bundle) -> Result<()> {
        let force = self.args.force;
        if !force && bundle.has(Part::SignedCert) {
            return Err(Error::new(
                ErrorKind::AlreadySigned,
                format!(
                    "{} does not fit: it is of another CA than this one, or was signed for another \
                     CSR, or is damaged; it was left as it is",
                    bundle.part(Part::SignedCert)
                ),
                "choose another directory with --bundle, or sign anew with --force",
            ));
        }
        match &self.ca {
            Some(ca) => sign::check_places(bundle, &ca.trust_anchor, force),
            None => Ok(()),
        }
    }

    /// Refuses a CA that CloudHSM would refuse, and asks for whatever passphrase will be needed,
    /// while somebody is still sitting there.
    pub(super) fn prepare(&mut self, now: Moment) -> Result<()> {
        if std::mem::replace(&mut self.prepared, true) {
            return Ok(());
        }
        match (&self.ca, &self.key_source) {
            (Some(ca), Some(_)) => {
                sign::fit_ca(&ca.trust_anchor, &ca.place, now)?;
                if self.key.is_none() {
                    self.load_key()?;
                }
            }
            (Some(ca), None) => {
                sign::fit_ca(&ca.trust_anchor, &ca.place, now)?;
                return Err(Error::new(
                    ErrorKind::CaKeyMissing,
                    format!(
                        "the CA's certificate is {}, and its key is not at hand",
                        ca.place
                    ),
                    "name the key with --ca-key, or another CA with --ca and --ca-key",
                ));
            }
            // A dry run makes no CA.
            (None, _) if self.args.dry_run => {}
            (None, _) => {
                cli::ca::check_free(&self.dir, &[CA_KEY_FILE, CA_FILE], false)?;
                self.passphrase = self.new_passphrase()?;
            }
        }
        Ok(())
    }

    /// Loads the key that is there, and says what guards it.
    fn load_key(&mut self) -> Result<Guarded> {
        let Some(source) = &self.key_source else {
            return Err(no_ca());
        };
        let store = Store::at(&self.dir);
        let access = KeyAccess {
            passphrase: &self.args.passphrase,
            token: &self.args.token,
            certificate: self
                .trust_anchor()
                .map(|trust_anchor| trust_anchor.first().clone()),
            bundle: Some(&store),
            #[cfg(feature = "awskms")]
            aws: self.aws(source),
        };
        let loaded = access.load(source, self.ui)?;
        self.key = Some(loaded.key);
        self.key_name = loaded.name;
        let warns = |of: fn(&KeyWarning) -> bool| loaded.warnings.iter().any(of);
        Ok(match () {
            () if warns(|warning| matches!(warning, KeyWarning::Unencrypted { .. })) => {
                Guarded::Not
            }
            () if warns(|warning| matches!(warning, KeyWarning::EmptyPassphrase { .. })) => {
                Guarded::ByNothing
            }
            () => Guarded::ByPassphrase,
        })
    }

    /// How a key in AWS is reached: with the profile that reaches the cluster, and in its region
    /// where the key's name says no other. `--endpoint-url` is CloudHSM's and not passed on: AWS
    /// KMS has AWS_ENDPOINT_URL_KMS.
    #[cfg(feature = "awskms")]
    fn aws(&self, source: &KeySource) -> crate::aws::Options {
        let online = &self.args.online;
        let region = match source {
            KeySource::Kms(name) if name.region().is_some() => None,
            _ => online.region.clone(),
        };
        online.elsewhere(region)
    }

    fn new_passphrase(&self) -> Result<Option<Passphrase>> {
        let source = self.args.passphrase.source();
        let none_given = source == crate::ca::PassphraseSource::Ask;
        // A rehearsal's key is worth nothing, and nobody may be there to ask.
        if self.args.no_passphrase || (self.args.is_rehearsal() && none_given) {
            return Ok(None);
        }
        if let Some(warning) = source.warning() {
            self.ui.warn(warning.to_string());
        }
        source.for_new_key(&self.dir.join(CA_KEY_FILE)).map(Some)
    }

    /// Makes the CA if need be, in the bundle that was judged, and puts certificate and key
    /// together.
    pub(super) fn ca(&mut self, store: &Store, now: Moment) -> Result<Ca<'_>> {
        self.prepare(now)?;
        if self.ca.is_none() {
            let subject = parse_subject(&self.subject())?;
            let key_type = self.key_type();
            let order = cli::ca::Order {
                subject: &subject,
                key_type,
                days: self.args.days,
                force: false,
                file: CA_FILE,
                issuer: None,
            };
            self.ui
                .say(format!("making a CA, with a key of type {key_type}"));
            let (trust_anchor, key) = order.make(self.passphrase.as_ref(), self.ui, |files| {
                store.write_beside(files)
            })?;
            let place = store.place(CA_FILE).to_string();
            self.owner = Some(Owner::with_key(
                &key,
                KeyOrigin::New,
                &trust_anchor,
                &place,
            )?);
            self.ca = Some(CaFile {
                text: trust_anchor.to_pem().into_bytes(),
                trust_anchor,
                place,
            });
            self.key = Some(Box::new(key));
            self.made = true;
        }
        match (&self.ca, &self.key) {
            (Some(ca), Some(key)) => {
                Ca::new(ca.trust_anchor.to_pem().as_bytes(), key.as_ref(), now)
            }
            _ => Err(no_ca()),
        }
    }

    /// A large RSA key takes its time, which a rehearsal's is not worth.
    fn key_type(&self) -> KeyType {
        let usual = if self.args.is_rehearsal() {
            KeyType::Rsa2048
        } else {
            KeyType::Rsa4096
        };
        self.args.key_type.unwrap_or(usual)
    }

    fn subject(&self) -> String {
        let name = self.dir.file_name().map(crate::outside::stored);
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

fn no_ca() -> Error {
    Error::new(
        ErrorKind::Bug,
        "the CA is not there after it was got ready",
        "please report it",
    )
}
