//! A new CA: its name, its key and the passphrase for that.

use std::io::IsTerminal;
use std::rc::Rc;

use super::BootstrapCa;
use super::stage::{CaFile, CaOrigin, Guarded, KnownCa, OpenKey, ReadyCa};
use crate::bundle::{CA_FILE, CA_KEY_FILE, Store};
use crate::ca::{KeyType, Passphrase, parse_subject};
use crate::cli;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_path;
use crate::owner::{Challenge, KeyOrigin, Owner};

impl BootstrapCa<'_> {
    /// Returns the passphrase for the key of a new CA; `None`: that stays in plain.
    pub(super) fn new_passphrase(&self) -> Result<Option<Passphrase>> {
        let source = self.args.passphrase.source();
        let none_given = source == crate::ca::PassphraseSource::Ask;
        // A rehearsal's key is worth nothing, and nobody may be there to ask.
        if self.args.no_passphrase || (self.args.is_rehearsal() && none_given) {
            return Ok(None);
        }
        if none_given && !std::io::stdin().is_terminal() {
            return Err(self.nobody_to_ask_error());
        }
        if let Some(warning) = source.storage_warning() {
            self.ui.warn(warning.to_string());
        }
        source
            .for_new_key(&self.dir.join(CA_KEY_FILE), self.args.weak.rule())
            .map(Some)
    }

    /// Returns the error where a CA would have to be made and nobody sits there: a script that
    /// forgot --ca is to end, and not to make one that nobody looks after.
    fn nobody_to_ask_error(&self) -> Error {
        let key = self.dir.join(CA_KEY_FILE);
        Error::new(
            ErrorKind::NoPassphrase,
            format!(
                "no CA was named, and none is made: standard input is no terminal, and no source \
                 of a passphrase for {} was named; nothing was made",
                shown_path(&key)
            ),
            "name your CA with --ca FILE and --ca-key KEY; or have one made, with its passphrase \
             from --passphrase-file FILE, --passphrase-fd N, --passphrase-env NAME or \
             --passphrase-command CMD",
        )
        .with_fact(FactName::File, key.as_path())
    }

    /// Makes the CA. Its key, which this run has made, proves the owner.
    pub(super) fn make(&self, passphrase: Option<&Passphrase>, store: &Store) -> Result<ReadyCa> {
        let subject = parse_subject(&self.subject())?;
        let key_type = self.key_type();
        let order = cli::ca::CaOrder {
            subject: &subject,
            key_type,
            days: self.args.days(),
            force: false,
            file: CA_FILE,
            issuer: None,
        };
        self.ui
            .say(format!("making a CA, with a key of type {key_type}"));
        let (trust_anchor, key) =
            order.make_ca(passphrase, self.ui, |files| store.write_beside(files))?;
        let place = store.place(CA_FILE).to_string();
        let challenge = Challenge::new(cli::random_octets()?);
        let owner = Owner::with_key(&key, KeyOrigin::New, &trust_anchor, &place, &challenge)?;
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

    /// Warns of options for a new CA where one is there, in the bundle, and they say another.
    pub(super) fn warn_of_options_for_new_ca(&self, there: &CaFile) {
        let ca = there.trust_anchor.signing_ca();
        let other_subject = self.args.subject.as_ref().is_some_and(|subject| {
            parse_subject(subject).is_ok_and(|subject| subject != ca.subject())
        });
        let other_type = self
            .args
            .key_type
            .is_some_and(|wanted| KeyType::of(ca.public_key()) != Some(wanted));
        for (_, option) in [(other_subject, "--subject"), (other_type, "--key-type")]
            .into_iter()
            .filter(|(is_other, _)| *is_other)
        {
            self.ui.warn(format!(
                "{option} is for a new CA and changes nothing: {} is there, and stays",
                there.place
            ));
        }
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
