//! The CA of a bootstrap: the one that was named, the one that an earlier run left in the bundle, or a new one.

use std::path::{Path, PathBuf};

use super::Args;
use crate::bundle::{Bundle, CA_FILE, CA_KEY_FILE, Digests, Part, Store};
use crate::ca::{CaKey, KeySource, KeyType, Passphrase, parse_subject};
use crate::check::Pair;
use crate::cli::key::KeyAccess;
use crate::cli::{self, sign, step::given, submit, ui::Ui};
use crate::error::{Class, Error, Result};
use crate::fsio::MAX_INPUT;
use crate::sign::Ca;
use crate::x509::{Certificate, Moment};

/// Where the CA stands, and how far it has been got ready.
pub(super) struct Desk<'a> {
    args: &'a Args,
    ui: &'a Ui,
    dir: PathBuf,
    /// The CA certificate's text, once there is one.
    text: Option<Vec<u8>>,
    key_source: Option<KeySource>,
    key: Option<Box<dyn CaKey>>,
    key_name: Option<String>,
    passphrase: Option<Passphrase>,
    prepared: bool,
    /// Whether this run made the CA.
    pub(super) made: bool,
}

impl<'a> Desk<'a> {
    /// Reads the CA's certificate, where there is one. What CloudHSM would refuse is refused here, before anything else is done.
    pub(super) fn open(args: &'a Args, ui: &'a Ui, dir: &Path, now: Moment) -> Result<Self> {
        let store = Store::at(dir);
        store.mend();
        let text = match &args.ca {
            Some(file) => Some(sign::read_ca(file, now)?),
            None if store.has(CA_FILE) => Some(sign::fit_ca(store.read(CA_FILE, "the CA certificate", MAX_INPUT)?, &store.place(CA_FILE), now)?),
            None => None,
        };
        let left_here = || Some(dir.join(CA_KEY_FILE)).filter(|path| !store.is_archive() && std::fs::symlink_metadata(path).is_ok());
        let key = args.ca_key.clone().or_else(left_here);
        if text.is_none() && args.ca_key.is_some() {
            return Err(Error::new(
                Class::Usage,
                "ca-missing",
                "--ca-key stands alone: there is no CA certificate to go with it",
                "name it with --ca FILE",
            ));
        }
        if text.is_none() && key.is_some() {
            return Err(Error::new(
                Class::Conflict,
                "ca-incomplete",
                format!("{} holds a CA key without its certificate", dir.display()),
                format!("put its {CA_FILE} back, or name a CA with --ca and --ca-key"),
            ));
        }
        if text.is_none() && store.is_archive() {
            return Err(Error::new(
                Class::Usage,
                "ca-missing",
                format!("there is no CA, and none can be made: {} is one file, and a private key never goes into it", dir.display()),
                "name a CA with --ca and --ca-key (`hsmboot ca init` makes one), or give --bundle a directory",
            ));
        }
        let key_source = key.as_deref().map(KeySource::parse).transpose()?;
        let mut desk =
            Desk { args, ui, dir: dir.to_owned(), text, key_source, key: None, key_name: None, passphrase: None, prepared: false, made: false };
        if args.ca.is_none() && !args.is_rehearsal() {
            desk.vouch()?;
        }
        Ok(desk)
    }

    /// A CA that nobody named lies in the bundle, and a bundle may come from anywhere: whoever can write to it must not become the cluster's owner.
    /// A key that the operator's passphrase opens was put there by the operator. Anything less is said aloud, or refused.
    fn vouch(&mut self) -> Result<()> {
        let Some(certificate) = self.certificate() else { return Ok(()) };
        let store = Store::at(&self.dir);
        let named = format!(
            "{}\n  subject  {}\n  SHA-256  {}",
            store.place(CA_FILE),
            crate::x509::name_text(certificate.subject()),
            crate::x509::hex(&certificate.fingerprint())
        );
        if self.key_source.is_none() {
            self.ui.warn(&format!("the CA is the one in the bundle, which proves nothing by lying there; compare it with your own:\n  {named}"));
            return Ok(());
        }
        let encrypted = self.prepare()?;
        if !encrypted && !self.args.no_passphrase {
            return Err(Error::new(
                Class::Ca,
                "ca-not-vouched-for",
                format!("the bundle holds a CA whose key is not encrypted, and nothing says that it is yours\n  {named}"),
                "if it is, name it with --ca and --ca-key (or repeat --no-passphrase, if you made it so); if not, somebody put it there",
            ));
        }
        self.ui.say(&format!("the CA is the one that an earlier run left in the bundle: {named}"));
        Ok(())
    }

    /// The CA's certificate, where there is one yet.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        Certificate::from_pem(self.text.as_deref()?).ok()
    }

    /// The CA certificate's file, where one was named.
    pub(super) fn given(&self) -> Digests {
        self.args.ca.as_deref().zip(self.text.as_deref()).map(|(file, text)| given(file, text)).unwrap_or_default()
    }

    /// Where the key's file is, or will be.
    pub(super) fn key_path(&self) -> PathBuf {
        match &self.key_source {
            Some(KeySource::File(path)) => path.clone(),
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
        let certificate = self.certificate()?;
        if !bundle.has(Part::SignedCert) {
            return None;
        }
        let pair = submit::read_pair(bundle, now).ok()?;
        (pair.trust_anchor().der() == certificate.der()).then_some(pair)
    }

    /// That nothing stands where a signed certificate and its trust anchor are to be written, before anything is signed. Asked after
    /// [`Desk::signed_before`]: a certificate that is there is one that does not fit.
    pub(super) fn check_room(&self, bundle: &Bundle) -> Result<()> {
        let force = self.args.force;
        if !force && bundle.has(Part::SignedCert) {
            return Err(Error::new(
                Class::Conflict,
                "already-signed",
                format!(
                    "{} does not fit: it is of another CA than this one, or was signed for another CSR, or is damaged; it was left as it is",
                    bundle.part(Part::SignedCert)
                ),
                "choose another directory with --bundle, or sign anew with --force",
            ));
        }
        match &self.text {
            Some(text) => sign::check_places(bundle, text, force),
            None => Ok(()),
        }
    }

    /// Asks for whatever passphrase will be needed, while somebody is still sitting there.
    /// Whether a key that was there is encrypted.
    pub(super) fn prepare(&mut self) -> Result<bool> {
        let mut encrypted = true;
        if std::mem::replace(&mut self.prepared, true) {
            return Ok(encrypted);
        }
        match (&self.text, &self.key_source) {
            (Some(_), Some(source)) => {
                let access = KeyAccess {
                    passphrase: &self.args.passphrase,
                    token: &self.args.token,
                    certificate: self.certificate(),
                    #[cfg(feature = "awskms")]
                    aws: self.aws(source),
                };
                let loaded = access.load(source, self.ui)?;
                encrypted = !loaded.warnings.iter().any(|warning| matches!(warning, crate::ca::KeyWarning::Unencrypted { .. }));
                self.key = Some(loaded.key);
                self.key_name = loaded.name;
            }
            (Some(_), None) => {
                return Err(Error::new(
                    Class::Ca,
                    "ca-key-missing",
                    format!("{} holds the CA's certificate, but not its key", self.dir.display()),
                    "name the key with --ca-key, or another CA with --ca and --ca-key",
                ));
            }
            (None, _) => {
                cli::ca::check_free(&self.dir, &[CA_KEY_FILE, CA_FILE], false)?;
                self.passphrase = self.new_passphrase()?;
            }
        }
        Ok(encrypted)
    }

    /// How a key in AWS is reached: with the profile that reaches the cluster, and in its region where the key's name says no other. `--endpoint-url` is
    /// CloudHSM's and not passed on: AWS KMS has AWS_ENDPOINT_URL_KMS.
    #[cfg(feature = "awskms")]
    fn aws(&self, source: &KeySource) -> crate::aws::Options {
        let online = &self.args.online;
        let region = match source {
            KeySource::Kms(name) if name.region().is_some() => None,
            _ => online.region.clone(),
        };
        crate::aws::Options { region, profile: online.profile.clone(), ..crate::aws::Options::default() }
    }

    fn new_passphrase(&self) -> Result<Option<Passphrase>> {
        let source = self.args.passphrase.source();
        let none_given = source == crate::ca::PassphraseSource::Ask;
        // A rehearsal's key is worth nothing, and nobody may be there to ask.
        if self.args.no_passphrase || (self.args.is_rehearsal() && none_given) {
            return Ok(None);
        }
        if let Some(warning) = source.warning() {
            self.ui.warn(&warning.to_string());
        }
        source.for_new_key(&self.dir.join(CA_KEY_FILE)).map(Some)
    }

    /// Makes the CA if need be, and puts certificate and key together.
    pub(super) fn ca(&mut self, now: Moment) -> Result<Ca<'_>> {
        self.prepare()?;
        if self.text.is_none() {
            let subject = parse_subject(&self.subject())?;
            let key_type = self.key_type();
            let order = cli::ca::Order { subject: &subject, key_type, days: self.args.days, force: false };
            self.ui.say(&format!("making a CA, with a key of type {key_type}"));
            let (certificate, key) = order.make(&self.dir, self.passphrase.as_ref(), self.ui)?;
            self.text = Some(certificate.to_pem().into_bytes());
            self.key = Some(Box::new(key));
            self.made = true;
        }
        match (&self.text, &self.key) {
            (Some(text), Some(key)) => Ca::new(text, key.as_ref(), now),
            _ => Err(Error::new(Class::Machine, "bug", "the CA is not there after it was got ready", "please report it")),
        }
    }

    /// A large RSA key takes its time, which a rehearsal's is not worth.
    fn key_type(&self) -> KeyType {
        let usual = if self.args.is_rehearsal() { KeyType::Rsa2048 } else { KeyType::Rsa4096 };
        self.args.key_type.unwrap_or(usual)
    }

    fn subject(&self) -> String {
        let name = self.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        match (&self.args.subject, name) {
            (Some(subject), _) => subject.clone(),
            // A directory's name may hold what a name's string form gives a meaning to.
            (None, Some(name)) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => format!("CN=CA of {name}"),
            _ => "CN=CloudHSM cluster CA".to_owned(),
        }
    }
}
