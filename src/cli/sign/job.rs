//! The signing of one bundle.

use std::path::Path;

use super::intent::show_intent;
use super::preconditions::{
    already_signed_error, check_ca_fit, check_places_free, find_earlier_pair,
};
use super::response::{
    CertificateMaker, SignatureSummary, SignedPair, show_notes, warn_of_other_days,
};
use super::{Args, Ceremony};
use crate::bundle::{
    Bundle, Digests, Fingerprint, SignatureOrigin, Transcript, TranscriptStep, Waiver,
};
use crate::ca::KeySource;
use crate::check::Pair;
use crate::cli::expect::{FingerprintSide, check_same};
use crate::cli::key::KeyAccess;
use crate::cli::owner::NamedCa;
use crate::cli::step::{make_seal, with_judgement};
use crate::cli::ui::{CommandOutput, Ui};
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::outside::shown_path;
use crate::owner::{Owner, ProofPurpose};
use crate::sign::{Grounds, SigningCa, SigningTerms, issue};
use crate::verify::{Evidence, Judgement};
use crate::x509::{Moment, TrustAnchor, to_hex};

/// The signing: what is signed, on what grounds, and how it is recorded.
pub(super) struct SigningJob<'a> {
    pub(super) ceremony: &'a Ceremony<'a>,
    pub(super) args: &'a Args,
    pub(super) ui: &'a Ui,
    pub(super) bundle: &'a Bundle,
    pub(super) evidence: &'a Evidence,
    pub(super) judgement: &'a Judgement,
    pub(super) grounds: Grounds<'a>,
    pub(super) waiver: Option<Waiver>,
    /// The roots that were given: SHA-256 by file.
    pub(super) roots: Digests,
    /// What the other side reads out.
    pub(super) request: Fingerprint,
    /// The time when the evidence was judged.
    pub(super) now: Moment,
}

impl SigningJob<'_> {
    pub(super) fn sign_with_own_ca(
        &self,
        certificate: &Path,
        source: &KeySource,
    ) -> Result<CommandOutput> {
        let SigningJob { args, now, .. } = *self;
        let named = NamedCa::read(certificate, "--ca", self.bundle.store())?;
        args.ca.pin.check_named(&named)?;
        let fit = check_ca_fit(&named.trust_anchor, &shown_path(certificate), now)?;
        if let Some(done) = self.earlier_output(&named.trust_anchor, "--ca")? {
            return Ok(done);
        }
        check_places_free(self.bundle, &named.trust_anchor, args.force)?;
        let access = KeyAccess {
            passphrase: &args.passphrase,
            token: &args.ca.token,
            certificate: Some(named.trust_anchor.signing_ca().clone()),
            bundles: &self.ceremony.stores,
            #[cfg(feature = "awskms")]
            aws: args.ca.access.options(),
        };
        if self.ceremony.shown.is_none() && args.expect.will_ask() {
            access.check_unasked(source, &named.trust_anchor, now)?;
        }
        self.show_intent(&named.trust_anchor);
        let compared = self.compare_request()?;
        let key = self.ceremony.load_key(&access, source)?;
        let ca = SigningCa::from_fit(fit, key.key.as_ref())?;
        let owner = named.to_owner();
        let signs = "the CA that signs";
        owner.check_same_anchor(ca.trust_anchor(), signs, ProofPurpose::Signature)?;
        self.bundle.check_unchanged(args.seal)?;
        let pair = issue(
            &self.grounds,
            &ca,
            &SigningTerms {
                serial: crate::cli::random_octets()?,
                now,
                days: args.ca.days(),
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
    pub(super) fn earlier_output(
        &self,
        ca: &TrustAnchor,
        option: &str,
    ) -> Result<Option<CommandOutput>> {
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
        warn_of_other_days(&pair, args.ca.days, self.ui);
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
            maker: CertificateMaker::ThisRun,
            request: self.request,
            compared,
            changed: false,
            again: self.submit_options(&pair),
        };
        Ok(Some(signed.signing_output(
            &signed.to_response(),
            &told,
            self.ui,
        )))
    }

    /// Shows on a terminal what is about to be signed, before anything is asked. What was shown
    /// for all bundles together is not shown again.
    pub(super) fn show_intent(&self, ca: &TrustAnchor) {
        if self.ceremony.shown.is_none() && !(self.ui.quiet && self.args.expect.is_given()) {
            let until = Some(self.args.ca.days());
            show_intent(self.bundle, &self.judgement.record, ca, (self.now, until));
        }
    }

    /// Compares the fingerprint with what the other side read out: it is asked for, or was given,
    /// or was compared together with the others'.
    pub(super) fn compare_request(&self) -> Result<bool> {
        let found = self.request;
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

    pub(super) fn transcript_step(
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

    pub(super) fn finish_signing(
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
            maker: CertificateMaker::ThisRun,
            request: self.request,
            compared,
            changed: true,
            again: self.submit_options(pair),
        };
        Ok(signed.signing_output(&response, &told, self.ui))
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
