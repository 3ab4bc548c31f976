//! `hsmboot sign`

#[cfg(feature = "awskms")]
mod issuer;
mod preconditions;
mod response;
mod signer;

#[cfg(any(feature = "online", feature = "qr"))]
pub(crate) use preconditions::check_signed;
pub(crate) use preconditions::{
    already_signed_error, check_bundle_pair, check_ca_fit, check_places_free, find_earlier_pair,
    signing_grounds,
};
#[cfg(feature = "online")]
pub(crate) use response::pair_notes;
pub(crate) use response::{SignatureSummary, SignedPair, note_subject, show_notes};

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::{PassphraseArgs, TrustArgs};
use super::expect::{ExpectArgs, FingerprintSide, check_same, compare_table};
use super::hardware;
use super::key::KeyAccess;
use super::many::{ManyWords, check_outside_all, for_each_bundle};
use super::owner::NamedCa;
use super::step::{StepArgs, make_seal, refuse_gaps, warn_of_gaps, with_judgement};
use super::ui::{CommandOutput, Ui};
use crate::bundle::{
    Bundle, ClusterId, Digests, Fingerprint, Part, SignatureOrigin, Store, Transcript,
    TranscriptStep, Waiver,
};
use crate::ca::{KeySource, LoadedKey};
use crate::check::Pair;
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::outside::shown_path;
use crate::owner::Owner;
use crate::sign::{Grounds, SigningCa, SigningTerms, issue};
use crate::verify::{self as engine, Evidence, Judgement};
use crate::x509::{Moment, TrustAnchor, to_hex};
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
    /// The bundles: of several, one passphrase, PIN or login opens the key for all
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
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

/// The signing: what is signed, on what grounds, and how it is recorded.
struct SigningJob<'a> {
    ceremony: &'a Ceremony<'a>,
    args: &'a Args,
    ui: &'a Ui,
    bundle: &'a Bundle,
    evidence: &'a Evidence,
    judgement: &'a Judgement,
    grounds: Grounds<'a>,
    waiver: Option<Waiver>,
    /// The roots that were given: SHA-256 by file.
    roots: Digests,
    /// The time when the evidence was judged.
    now: Moment,
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
    args.expect.check_count(args.dirs.len())?;
    let mut ceremony = Ceremony {
        args,
        ui,
        key: OnceCell::new(),
        stores: args.dirs.iter().map(|dir| Store::at_path(dir)).collect(),
        shown: None,
    };
    if let [dir] = args.dirs.as_slice() {
        return ceremony.sign_bundle(dir);
    }
    check_outside_all(&args.dirs, args.ca.ca.as_deref(), &args.trust)?;
    args.expect.check_outside(&args.dirs)?;
    args.ca.check_takes_many()?;
    if !args.expect.is_given() {
        ceremony.compare_all()?;
    }
    Ok(for_each_bundle(&args.dirs, &WORDS, ui, |dir| {
        ceremony.sign_bundle(dir)
    }))
}

impl Ceremony<'_> {
    /// Shows the fingerprints of all bundles that are still to be signed, and asks once.
    fn compare_all(&mut self) -> Result<()> {
        let mut all = BTreeMap::new();
        for dir in &self.args.dirs {
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
            }
        }
        if !all.is_empty() {
            let compared = compare_table(&all, &FingerprintSide::REQUEST, self.ui)?;
            self.shown = Some((all, compared));
        }
        Ok(())
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
        let bundle = Bundle::open(dir)?;
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

impl SigningJob<'_> {
    fn sign_with_own_ca(&self, certificate: &Path, source: &KeySource) -> Result<CommandOutput> {
        let SigningJob { args, now, .. } = *self;
        let named = NamedCa::read(certificate, "--ca", self.bundle.store())?;
        check_ca_fit(&named.trust_anchor, &shown_path(certificate), now)?;
        if let Some(done) = self.earlier_output(&named.trust_anchor, "--ca")? {
            return Ok(done);
        }
        check_places_free(self.bundle, &named.trust_anchor, args.force)?;
        let compared = self.compare_request()?;
        let access = KeyAccess {
            passphrase: &args.passphrase,
            token: &args.ca.token,
            certificate: Some(named.trust_anchor.signing_ca().clone()),
            bundles: &self.ceremony.stores,
            #[cfg(feature = "awskms")]
            aws: args.ca.access.options(),
        };
        let key = self.ceremony.load_key(&access, source)?;
        let ca = SigningCa::new(named.trust_anchor.clone(), key.key.as_ref(), now)?;
        let owner = named.to_owner();
        owner.check_same_anchor(ca.trust_anchor(), "the CA that signs")?;
        self.bundle.check_unchanged(args.seal)?;
        let pair = issue(
            &self.grounds,
            &ca,
            &SigningTerms {
                serial: super::random_octets()?,
                now,
                days: args.ca.days,
            },
        )?;
        let seal = |sealed: &[u8]| {
            make_seal(
                key.key.as_ref(),
                pair.trust_anchor().signing_ca().public_key(),
                sealed,
            )
        };
        let step = TranscriptStep {
            seal: args.seal.then_some(&seal),
            ..self.transcript_step(named.file_digest(), &owner, compared)
        };
        self.finish_signing(
            &pair,
            SignatureOrigin {
                ca_key: key.name.clone().map(Into::into),
                issued_by: None,
            },
            now,
            &step,
            compared,
        )
    }

    /// Returns the result of an earlier run, where this CA would sign the same again. Nothing is
    /// asked for and nothing is changed.
    fn earlier_output(&self, ca: &TrustAnchor, option: &str) -> Result<Option<CommandOutput>> {
        let SigningJob {
            args,
            bundle,
            evidence,
            judgement,
            now,
            ..
        } = *self;
        let Some(pair) = find_earlier_pair(bundle, ca, option, now, args.force)? else {
            return Ok(None);
        };
        if args.seal && Transcript::read(bundle.store())?.sealed_up_to().is_none() {
            return Err(already_signed_error(
                bundle,
                "it is this CA's and fits, and no step of the transcript is sealed",
            ));
        }
        let compared = args.expect.is_given() && self.compare_request()?;
        show_notes(&pair, self.ui);
        let (record, unverified) = (&judgement.record, self.waiver.clone());
        let signed = SignedPair {
            bundle,
            pair: &pair,
            evidence,
            record,
            unverified,
            origin: SignatureOrigin::default(),
            signed_at: now,
            force: false,
        };
        let signed = signed.with_recorded_origin();
        let told = SignatureSummary {
            request: self.request_fingerprint(),
            compared,
            changed: false,
            again: self.submit_options(&pair),
        };
        Ok(Some(signed.signing_output(&signed.to_response(), &told)))
    }

    /// Compares the fingerprint with what the other side read out: it is asked for, or was given,
    /// or was compared together with the others'.
    fn compare_request(&self) -> Result<bool> {
        let found = self.request_fingerprint();
        let Some((all, compared)) = &self.ceremony.shown else {
            let expect = &self.args.expect;
            return expect.compare_fingerprint(
                found,
                self.bundle,
                &FingerprintSide::REQUEST,
                self.ui,
            );
        };
        match all.get(self.bundle.id()) {
            // What was shown is what is signed.
            Some(shown) => check_same(found, *shown, &FingerprintSide::REQUEST).map(|()| *compared),
            None => Err(Error::new(
                ErrorKind::NotCompared,
                "the bundle changed since the fingerprints were shown; nothing was done",
                "find out who writes to it, and run this again",
            )),
        }
    }

    fn request_fingerprint(&self) -> Fingerprint {
        Fingerprint::of_request(self.bundle.id(), self.evidence)
    }

    fn transcript_step(
        &self,
        given: Digests,
        owner: &Owner,
        compared: bool,
    ) -> TranscriptStep<'static> {
        TranscriptStep {
            given: given.into_iter().chain(self.roots.clone()).collect(),
            reason: self.args.trust.reason(),
            unverified: self.waiver.is_some(),
            fingerprint_compared: Some(compared),
            owner: Some(owner.basis().noted_proof()),
            ..with_judgement(
                self.args.step.begin_step(self.now),
                &self.judgement.record,
                &self.roots,
            )
        }
    }

    /// Returns the options for `submit`: those that name the owner's CA, and those that judge the
    /// bundle alike. A CA that is a service has no file.
    fn submit_options(&self, pair: &Pair) -> Vec<String> {
        let owner = match &self.args.ca.ca {
            Some(file) => vec!["--ca".to_owned(), hint::path_word(file, "FILE")],
            None => fingerprint_options(pair.trust_anchor()),
        };
        owner
            .into_iter()
            .chain(self.args.trust.options_to_repeat())
            .collect()
    }

    fn finish_signing(
        &self,
        pair: &Pair,
        origin: SignatureOrigin,
        signed_at: Moment,
        step: &TranscriptStep<'_>,
        compared: bool,
    ) -> Result<CommandOutput> {
        let SigningJob {
            args,
            bundle,
            evidence,
            judgement,
            ..
        } = *self;
        show_notes(pair, self.ui);
        let (record, unverified) = (&judgement.record, self.waiver.clone());
        let signed = SignedPair {
            bundle,
            pair,
            evidence,
            record,
            unverified,
            origin,
            signed_at,
            force: args.force,
        };
        let response = signed.write_keeping_certificate(step)?;
        let told = SignatureSummary {
            request: self.request_fingerprint(),
            compared,
            changed: true,
            again: self.submit_options(pair),
        };
        Ok(signed.signing_output(&response, &told))
    }
}

/// Returns the options that name a CA by its fingerprint: its certificate's and, of a longer chain,
/// its root's too.
fn fingerprint_options(ca: &TrustAnchor) -> Vec<String> {
    let root = ca
        .certificates_above()
        .last()
        .filter(|_| ca.certificates_above().len() > 1);
    [Some(ca.signing_ca()), root]
        .into_iter()
        .flatten()
        .flat_map(|ca| ["--ca-fingerprint".to_owned(), to_hex(&ca.fingerprint())])
        .collect()
}
