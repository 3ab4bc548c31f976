//! The CA of a bootstrap: the one that was named, the one that an earlier run left in the bundle,
//! a new one, or one in AWS Private CA.

mod making;
mod proof;
mod signing;
mod stage;

use std::path::{Path, PathBuf};
#[cfg(feature = "awskms")]
use std::rc::Rc;

#[cfg(feature = "awskms")]
use stage::ServiceCa;
use stage::{CaFile, CaOrigin, KnownCa, ReadyCa, Stage};

use super::Args;
use crate::bundle::{Bundle, CA_KEY_FILE, Digests, Part, Store};
use crate::ca::KeySource;
use crate::check::Pair;
use crate::cli::ca_pin::CaPinArgs;
use crate::cli::owner::NamedCa;
#[cfg(feature = "awskms")]
use crate::cli::private_ca::ca_digest;
use crate::cli::{sign, step::given_file_digest, submit, ui::Ui};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::{Lines, shown_path};
use crate::owner::Owner;
use crate::x509::{Moment, TrustAnchor};

/// The CA of one bootstrap, and how far it has been got ready.
pub(super) struct BootstrapCa<'a> {
    args: &'a Args,
    ui: &'a Ui,
    dir: PathBuf,
    stage: Stage,
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
        crate::cli::settings::check_outside(&store)?;
        store.mend_leftovers()?;
        #[cfg(feature = "awskms")]
        if let Some(arn) = args.private_ca.checked_ca_arn(&[])? {
            let options = args.online.options_for_other_service(None);
            let (ca, owner) =
                args.private_ca
                    .open_ca((arn, &args.pin), &options, crate::cli::now(), ui)?;
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
        match &named {
            Some(named) => args.pin.check_named(named)?,
            None => refuse_lone_pin(&args.pin)?,
        }
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
            (Some(file), None) => {
                found.warn_of_options_for_new_ca(&file);
                found.prove(file, key_source, &store)?
            }
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

    /// Where the key of a CA lies that an earlier run made in the bundle's directory, and that
    /// nobody has taken away since; `None`: the CA was named, or there is no such key.
    pub(super) fn left_key(&self) -> Option<PathBuf> {
        let key = self.dir.join(CA_KEY_FILE);
        (self.args.ca.is_none() && self.made_key().is_none() && fsio::is_there(&key)).then_some(key)
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
            .has_trust_anchor(pair.trust_anchor())
            .then(|| (pair, owner.clone()))
    }

    /// Refuses, without `--force`, to go on with a bundle that another CA has signed, though for a
    /// CSR that is gone: what was another's a moment before is not claimed for this one unasked.
    pub(super) fn check_signed_by_this_ca(&self, bundle: &Bundle) -> Result<()> {
        if self.args.force || !bundle.has_part(Part::SignedCert) {
            return Ok(());
        }
        let is_own = self.owner().is_some_and(|owner| {
            CaFile::in_bundle(bundle.store())
                .is_ok_and(|file| owner.has_trust_anchor(&file.trust_anchor))
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
    pub(super) fn check_room(&self, bundle: &Bundle, force: bool, now: Moment) -> Result<()> {
        if !force && bundle.has_part(Part::SignedCert) {
            let why = match submit::read_pair(bundle, now) {
                Ok(_) => Lines::from("it is of another CA than this one"),
                Err(error) => error.message,
            };
            let place = bundle.part_place(Part::SignedCert);
            return Err(Error::new(
                ErrorKind::AlreadySigned,
                Lines::from(format!("{place} does not fit; it was left as it is")).followed_by(why),
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
}

/// Refuses a fingerprint without the CA that it pins: of one that lies in the bundle the key is the
/// proof, and one that this run makes has none yet.
fn refuse_lone_pin(pin: &CaPinArgs) -> Result<()> {
    if pin.ca_fingerprint.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::OptionsForNothing,
        "--ca-fingerprint pins the CA that --ca names, and none is named",
        "add --ca FILE, or leave --ca-fingerprint out",
    )
    .with_fact(FactName::Option, "--ca-fingerprint"))
}
