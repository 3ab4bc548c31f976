//! `hsmboot sign`

mod intent;
#[cfg(feature = "awskms")]
mod issuer;
mod job;
mod preconditions;
mod response;
mod signer;

pub(crate) use intent::show_intent;
#[cfg(feature = "qr")]
pub(crate) use preconditions::check_has_ca_file;
#[cfg(any(feature = "online", feature = "qr"))]
pub(crate) use preconditions::check_signed;
pub(crate) use preconditions::{
    already_signed_error, check_bundle_pair, find_earlier_pair, signing_grounds,
    stands_there_by_hand,
};
#[cfg(feature = "online")]
pub(crate) use preconditions::{check_ca_fit, check_places_free};
pub(crate) use response::{
    CertificateMaker, SignatureSummary, SignedPair, note_subject, show_notes,
};
#[cfg(feature = "online")]
pub(crate) use response::{pair_notes, warn_of_other_days};

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::args::{BundlesArgs, PassphraseArgs, TrustArgs};
use super::expect::{ExpectArgs, FingerprintSide, compare_table};
use super::hardware;
use super::key::KeyAccess;
use super::many::{ManyWords, check_outside_all, for_each_bundle};
use super::owner::NamedCa;
use super::step::{StepArgs, refuse_gaps, warn_of_gaps};
use super::ui::{CommandOutput, Ui};
use crate::bundle::{Bundle, ClusterId, Fingerprint, Part, Store, Waiver};
use crate::ca::{KeySource, LoadedKey};
use crate::error::Result;
use crate::sign::Grounds;
use crate::verify::{self as engine, Evidence, Record};
use intent::show_intents;
use job::SigningJob;
use signer::{CaArgs, SignerChoice};

/// Verify a bundle, then sign its CSR with your CA
#[derive(Debug, clap::Args)]
#[cfg_attr(
    feature = "awskms",
    command(
        override_usage = "hsmboot sign [OPTIONS] --ca <FILE> --ca-key <KEY> <DIR>...\n       \
                          hsmboot sign [OPTIONS] --ca-arn <ARN> <DIR>..."
    )
)]
#[command(after_help = "\
Of several bundles, one passphrase, PIN or login opens the key for all.

Examples:
  hsmboot sign ./cluster-abc234defgh --ca ./ca/customerCA.crt --ca-key ./ca/customerCA.key
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key ca.key --passphrase-env CA_PASSPHRASE \
--days 1826
  hsmboot sign ./cluster-abc234defgh --ca ca.crt --ca-key 'pkcs11:token=ca' --pkcs11-module \
/usr/lib/softhsm/libsofthsm2.so
  hsmboot sign ./stick/cluster-* --ca ca.crt --ca-key ca.key --expect-file fingerprints.txt

Exit codes: 0 signed, or signed by this CA already; 3 the HSM's identity is not proven, or the \
fingerprint is another one or was not given; 4 malformed input; 5 the CA cannot \
sign; 8 signed otherwise already; for a CA that is a service also 3 it is not the one of \
--ca-fingerprint; 6 it refused or cannot be reached; 7 not in time")]
pub struct Args {
    #[command(flatten)]
    bundles: BundlesArgs,
    #[command(flatten)]
    ca: CaArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    expect: ExpectArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Sign although the bundle does not verify: nothing then proves that the key is an HSM's
    /// (needs --reason)
    #[arg(long)]
    unverified: bool,
    /// Seal the transcript, which must account for the bundle's files, with the CA's key: nothing
    /// up to this step can then be changed unseen
    #[arg(long)]
    #[cfg_attr(feature = "awskms", arg(conflicts_with = "ca_arn"))]
    seal: bool,
    #[command(flatten)]
    step: StepArgs,
    /// Sign again, over files of other content
    #[arg(long)]
    force: bool,
}

/// How several signatures are told.
const WORDS: ManyWords = ManyWords {
    done: "signed",
    already: "unchanged",
    shown: Some(("response_fingerprint", "FINGERPRINT OF THE RESPONSE")),
};

/// One run of `sign`: the bundles share the CA's key, which is opened once, and one comparison.
struct Ceremony<'a> {
    args: &'a Args,
    ui: &'a Ui,
    /// The key, or the reason why it cannot be had: it is asked for once.
    key: OnceCell<Result<LoadedKey>>,
    stores: Vec<Store>,
    /// The fingerprints that were shown together, and whether anybody compared them; `None` where
    /// each is compared by itself.
    shown: Option<(BTreeMap<ClusterId, Fingerprint>, bool)>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    args.expect.check_count(args.bundles.dirs().len())?;
    let mut ceremony = Ceremony {
        args,
        ui,
        key: OnceCell::new(),
        stores: args
            .bundles
            .dirs()
            .iter()
            .map(|dir| Store::at_path(dir))
            .collect(),
        shown: None,
    };
    if let [dir] = args.bundles.dirs() {
        return ceremony.sign_bundle(dir);
    }
    check_outside_all(args.bundles.dirs(), args.ca.ca.as_deref(), &args.trust)?;
    args.expect.check_outside(args.bundles.dirs())?;
    args.ca.check_takes_many()?;
    if !args.expect.is_given() {
        ceremony.compare_all()?;
    }
    Ok(for_each_bundle(args.bundles.dirs(), &WORDS, ui, |dir| {
        ceremony.sign_bundle(dir)
    }))
}

impl Ceremony<'_> {
    /// Shows the fingerprints of all bundles that are still to be signed, and asks once.
    fn compare_all(&mut self) -> Result<()> {
        let (mut all, mut judged) = (BTreeMap::new(), Vec::new());
        for dir in self.args.bundles.dirs() {
            // What cannot be read has an error of its own later.
            let Ok(bundle) = Bundle::open(dir) else {
                continue;
            };
            if bundle.has_part(Part::SignedCert) && !self.args.force {
                continue;
            }
            if let Ok(evidence) = bundle.read_evidence(false, self.args.unverified) {
                let fingerprint = Fingerprint::of_request(bundle.id(), &evidence);
                all.insert(bundle.id().clone(), fingerprint);
                let record = self.judge(&bundle, &evidence)?;
                judged.push((bundle, record));
            }
        }
        let ca = match (&self.args.ca.ca, judged.first()) {
            (Some(file), Some((bundle, _))) => NamedCa::read(file, "--ca", bundle.store())
                .ok()
                .map(|named| named.trust_anchor),
            _ => None,
        };
        show_intents(&judged, ca.as_ref());
        if !all.is_empty() {
            let compared = compare_table(&all, &FingerprintSide::REQUEST, self.ui)?;
            self.shown = Some((all, compared));
        }
        Ok(())
    }

    /// Judges a bundle for the list that is shown: it is judged again before it is signed.
    fn judge(&self, bundle: &Bundle, evidence: &Evidence) -> Result<Record> {
        let trust = &self.args.trust;
        let policy = trust.build_policy(self.args.unverified, false)?;
        let (anchors, _) = trust.read_anchors_and_files(bundle.store())?;
        Ok(engine::verify(evidence, &anchors, super::now(), &policy).record)
    }

    /// Returns the CA's key, which the first bundle that needs it opens.
    fn load_key(&self, access: &KeyAccess<'_>, source: &KeySource) -> Result<&LoadedKey> {
        self.key
            .get_or_init(|| access.load_key(source, self.ui))
            .as_ref()
            .map_err(Clone::clone)
    }

    fn sign_bundle(&self, dir: &Path) -> Result<CommandOutput> {
        let (args, ui) = (self.args, self.ui);
        let policy = args.trust.build_policy(args.unverified, false)?;
        let signer = args.ca.choose_signer()?;
        let (anchors, roots) = args.trust.read_anchors_and_files(&Store::at_path(dir))?;
        let bundle = ui.open_bundle(dir)?;
        bundle.check_ready()?;
        if args.seal {
            refuse_gaps(&bundle)?;
        } else {
            warn_of_gaps(&bundle, ui);
        }
        let evidence = bundle.read_evidence(false, args.unverified)?;
        let now = super::now();
        let judgement = engine::verify(&evidence, &anchors, now, &policy);
        let waiver = Waiver::from_options(args.unverified, args.trust.reason.as_deref());
        hardware::alarm_non_fips(&judgement.record, hardware::cluster_mode(None, &bundle), ui);
        let grounds = signing_grounds(&judgement, &bundle, waiver.as_ref(), &args.trust, ui)
            .map_err(|error| {
                super::binary::with_conversion_hint_for_bundle(error, &bundle, &evidence)
            })?;
        let recorded = waiver
            .clone()
            .filter(|_| matches!(grounds, Grounds::Unverified { .. }));
        let work = SigningJob {
            ceremony: self,
            args,
            ui,
            bundle: &bundle,
            evidence: &evidence,
            judgement: &judgement,
            grounds,
            waiver: recorded,
            roots,
            request: Fingerprint::of_request(bundle.id(), &evidence),
            now,
        };
        match signer {
            SignerChoice::Own {
                certificate,
                source,
            } => work.sign_with_own_ca(&certificate, &source),
            #[cfg(feature = "awskms")]
            SignerChoice::Service(arn) => work.sign_by_service(&arn),
        }
    }
}
