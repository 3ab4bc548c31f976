//! A bootstrap in progress: it drives the claim, and makes the pair on the way.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::signing_ca::BootstrapCa;
use super::{Args, TrustSettings, check_roots_available, replaced, steps, summary};
use crate::bundle::{self, Bundle, ClusterId, Part, SIMULATED_ROOTS, TranscriptStep};
use crate::claim::Claim;
use crate::cli::consent::{ClaimIntent, ConsentQuestion};
use crate::cli::fetch::warn_of_missing;
use crate::cli::live_steps::StepsEnd;
use crate::cli::sign::{self, SignedPair};
use crate::cli::step::with_judgement;
use crate::cli::ui::{CommandOutput, Ui, insert_member, path_value};
use crate::cli::watcher::Watcher;
use crate::cli::{TOOL, hardware, submit, verify};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{CallPlace, Cluster, ClusterState, InitializeCluster, next_step};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fetch::{self, FetchFacts};
use crate::fsio::NewFile;
use crate::outside::{OutsideText, stored_path};
use crate::owner::{Authorized, SignedResponse};
use crate::submit::{DriveEnd, Host, ReceiptFacts, drive_claim, make_receipt};
use crate::verify::{self as engine, Evidence, Record};
use crate::x509::{Csr, Moment};

/// Claims a cluster that is there.
pub(super) async fn claim_cluster(
    args: &Args,
    service: &AwsCloudHsm,
    id: &ClusterId,
    dir: &Path,
    ca: BootstrapCa<'_>,
    trust: TrustSettings,
    mut watcher: Watcher<'_>,
) -> Result<CommandOutput> {
    let ui = watcher.ui();
    watcher.begin(steps::CSR);
    let place = service.place().clone();
    let region = place.region.clone().unwrap_or_default();
    let patience = submit::patience_from_timeout(args.timeout.timeout);
    let csr = read_csr(&Bundle::at_path(dir, id.clone()))?;
    let mut claim = Claim::for_bootstrap(id.as_str(), ca.owner().cloned(), csr, patience)
        .with_place(place.clone())
        .after_creation(args.creates_hsm());
    let mut run = BootstrapRun {
        args,
        ui,
        dir,
        id,
        region: region.as_raw(),
        place: &place,
        account: service.account_id().await,
        trust,
        ca,
        watcher,
        began: Instant::now(),
        sent_at: None,
        prepared: None,
        kept_aside: None,
    };
    let end = drive_claim(service, &mut claim, &mut run).await;
    run.watcher.end_steps(match &end {
        Ok(DriveEnd::Claimed(_)) => StepsEnd::Done,
        Ok(_) => StepsEnd::Stopped,
        Err(_) => StepsEnd::Failed,
    });
    let end = end.map_err(|error| match args.dry_run {
        // It says itself what a real run does.
        true => error,
        false => replaced::with_own_next_step(error, claim.last_seen(), args.creates_hsm()),
    })?;
    run.finish(end).map(|mut output| {
        if let Some(kept) = &run.kept_aside {
            insert_member(&mut output.document, "kept_aside", path_value(kept));
        }
        output
    })
}

/// Reads the CSR of an existing bundle: a cluster that is already claimed must be claimed for that
/// CSR's key.
fn read_csr(bundle: &Bundle) -> Result<Option<Csr>> {
    if !bundle.has_part(Part::Csr) {
        return Ok(None);
    }
    let csr = Csr::from_pem(&bundle.read(Part::Csr)?);
    csr.map(Some).map_err(|fault| {
        Error::new(
            ErrorKind::Malformed,
            format!("{}: {fault}", bundle.part_place(Part::Csr)),
            "it was damaged or changed: choose another directory with --bundle",
        )
        .with_fact(FactName::File, bundle.part_place(Part::Csr).to_string())
    })
}

/// A bootstrap in progress.
struct BootstrapRun<'a> {
    args: &'a Args,
    ui: &'a Ui,
    dir: &'a Path,
    id: &'a ClusterId,
    region: &'a str,
    place: &'a CallPlace,
    account: Option<OutsideText>,
    trust: TrustSettings,
    ca: BootstrapCa<'a>,
    watcher: Watcher<'a>,
    began: Instant,
    sent_at: Option<Moment>,
    /// What this run judged, once it has.
    prepared: Option<PreparedBundle>,
    /// The place of the files of a CSR that the cluster has no more.
    kept_aside: Option<PathBuf>,
}

/// A bundle that this run fetched and judged.
struct PreparedBundle {
    bundle: Bundle,
    record: Record,
    /// The pair with both proofs; `None` in a dry run that signs nothing.
    authorized: Option<Authorized>,
}

impl Host for BootstrapRun<'_> {
    type Rehearsal = ();

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    async fn pause(&mut self, _claim: &Claim, length: Duration) {
        self.watcher.pause(length).await;
    }

    fn on_progress(&mut self, claim: &Claim) -> Result<()> {
        self.watcher.show_claim(claim);
        let Some(cluster) = claim.last_seen().filter(|_| self.prepared.is_none()) else {
            return Ok(());
        };
        // There is going to be something to sign: ask for the passphrase now, not in ten minutes.
        let coming = match cluster.state {
            // One that is being restored is claimed already.
            ClusterState::CreateInProgress => cluster.origin_text().is_none(),
            ClusterState::Uninitialized => !next_step(cluster).needs_action(),
            _ => false,
        };
        if !coming {
            return Ok(());
        }
        check_roots_available(
            cluster.hsm_type.as_ref().map(OutsideText::as_raw),
            self.region,
            &self.trust.anchors,
        )?;
        let bundle = self.fresh_bundle();
        if self.ca.signed_before(&bundle, crate::cli::now()).is_none() {
            self.watcher.clear();
            self.ca.prepare(crate::cli::now())?;
        }
        Ok(())
    }

    fn make_pair(&mut self, cluster: &Cluster) -> Result<ControlFlow<(), Authorized>> {
        self.watcher.clear();
        self.watcher.reach(steps::VERIFIED);
        let now = crate::cli::now();
        let replaces_csr = replaced::is_replaced(&self.fresh_bundle(), cluster, self.region)?;
        let step = self.args.step.begin_step(now);
        let step = match replaces_csr {
            true if self.args.dry_run => return Err(replaced::dry_run_error(self.id)),
            true => self.keep_files_aside(step)?,
            false => step,
        };
        let facts = FetchFacts {
            region: self.region,
            endpoint: self.place.endpoint.as_ref().map(OutsideText::as_raw),
            now,
            tool: TOOL,
            step,
        };
        let force = self.args.force || replaces_csr;
        let fetched = fetch::write(self.dir, cluster, &facts, force)?;
        warn_of_missing(&fetched, self.ui);
        let bundle = fetched.bundle;
        let evidence = bundle.read_evidence(false, true)?;
        let judgement = engine::verify(&evidence, &self.trust.anchors, now, &self.trust.policy);
        let step = with_judgement(
            self.args.step.begin_step(now),
            &judgement.record,
            &self.trust.roots,
        );
        let document = bundle::to_document(&judgement.record);
        let mut files = vec![verify::record_file(&document)];
        if let Some(roots) = &self.trust.simulated_roots {
            files.push(NewFile::readable(SIMULATED_ROOTS, roots, true));
        }
        bundle.write(&files, &step)?;
        hardware::alarm_non_fips(
            &judgement.record,
            hardware::cluster_mode(cluster.mode.as_ref(), &bundle),
            self.ui,
        );
        let grounds = sign::signing_grounds(&judgement, &bundle, None, &self.args.trust, self.ui)?;
        self.watcher.report_step(format!(
            "{} {}",
            self.id,
            hardware::proof_text(judgement.record.terms.roots)
        ));
        self.watcher.reach(steps::SIGNED);
        let signed = match self.ca.signed_before(&bundle, now) {
            Some(signed) => {
                self.ui
                    .say("the certificate that was signed before still fits");
                sign::warn_of_other_days(&signed.0, self.args.days, self.ui);
                Some(signed)
            }
            // It ends as the run that it rehearses would.
            None if self.args.dry_run => {
                let force = self.may_replace_signature(&bundle)?;
                self.ca.check_room(&bundle, force, now).map(|()| None)?
            }
            None => Some(self.sign_csr(&bundle, &grounds, &judgement.record, &evidence, now)?),
        };
        let authorized = match signed {
            Some((pair, owner)) => {
                sign::show_notes(&pair, self.ui);
                Some(Authorized::new(pair, &grounds, &owner)?)
            }
            None => None,
        };
        if authorized.is_some() {
            self.watcher.reach(steps::SENT);
        }
        self.prepared = Some(PreparedBundle {
            bundle,
            record: judgement.record,
            authorized: authorized.clone(),
        });
        Ok(authorized.map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }

    fn may_send(&mut self, request: &InitializeCluster) -> Result<bool> {
        if self.args.dry_run {
            return Ok(false);
        }
        self.ask_consent(request)?;
        let now = crate::cli::now();
        let step = TranscriptStep {
            owner: Some(request.owner().basis().noted_proof()),
            reason: self.args.trust.reason(),
            ..self.args.step.begin_step(now)
        };
        submit::record_sending(&self.current_bundle(), &step)?;
        self.sent_at = Some(now);
        self.watcher.reach(steps::CLAIMED);
        self.watcher.show_line("InitializeCluster is sent");
        Ok(true)
    }
}

impl BootstrapRun<'_> {
    /// Returns the bundle, of whose files nothing is known yet.
    fn fresh_bundle(&self) -> Bundle {
        Bundle::at_path(self.dir, self.id.clone())
    }

    /// Returns the bundle whose files were judged, where this run came so far.
    fn current_bundle(&self) -> Bundle {
        match &self.prepared {
            Some(prepared) => prepared.bundle.clone(),
            None => self.fresh_bundle(),
        }
    }

    /// Asks once whether to send the request. A rehearsal claims nothing, and does not ask.
    fn ask_consent(&mut self, request: &InitializeCluster) -> Result<()> {
        if self.args.consent.yes || self.args.is_rehearsal() || self.sent_at.is_some() {
            return Ok(());
        }
        self.watcher.clear();
        let prepared = self.prepared.as_ref();
        let notes = prepared
            .and_then(|prepared| prepared.authorized.as_ref())
            .map(|authorized| sign::pair_notes(authorized.pair()))
            .unwrap_or_default();
        let intent = ClaimIntent {
            cluster_id: self.id.as_str(),
            place: self.place,
            account: self.account.as_ref(),
            trust_anchor: request.owner().trust_anchor(),
            owner: Some(request.owner().basis()),
            record: prepared.map(|prepared| &prepared.record),
            notes: &notes,
        };
        intent.show_and_ask(ConsentQuestion::Yes).map(drop)
    }

    /// Keeps the files of a CSR that the cluster has no more, and returns the step that replaces
    /// them. The CA is got ready before: where it cannot sign, nothing is replaced.
    fn keep_files_aside<'s>(&mut self, step: TranscriptStep<'s>) -> Result<TranscriptStep<'s>> {
        let bundle = self.fresh_bundle();
        self.ca.check_signed_by_this_ca(&bundle)?;
        self.ca.prepare(crate::cli::now())?;
        let kept = bundle.keep_files_aside()?;
        self.ui.warn(replaced::replacement_warning(self.id, &kept));
        let place = stored_path(&kept).into();
        self.kept_aside = Some(kept);
        Ok(TranscriptStep {
            kept_aside: Some(place),
            ..step
        })
    }

    /// Tells whether a signed certificate that does not fit may be replaced: on the operator's
    /// word, or because it is of another CSR. Then the bundle's files are kept aside, unless this
    /// run has kept them already.
    fn may_replace_signature(&mut self, bundle: &Bundle) -> Result<bool> {
        if self.args.force || self.kept_aside.is_some() {
            return Ok(true);
        }
        if replaced::is_signed_for_another_csr(bundle)? {
            self.ca.check_signed_by_this_ca(bundle)?;
            if self.args.dry_run {
                return Err(replaced::old_certificate_error(bundle));
            }
            let kept = bundle.keep_files_aside()?;
            self.ui
                .warn(replaced::old_certificate_warning(bundle, &kept));
            self.kept_aside = Some(kept);
        }
        Ok(self.kept_aside.is_some())
    }

    fn sign_csr(
        &mut self,
        bundle: &Bundle,
        grounds: &crate::sign::Grounds<'_>,
        record: &Record,
        evidence: &Evidence,
        now: Moment,
    ) -> Result<(crate::check::Pair, crate::owner::Owner)> {
        self.ca.prepare(now)?;
        let force = self.may_replace_signature(bundle)?;
        self.ca.check_room(bundle, force, now)?;
        bundle.check_ready()?;
        let signature = self.ca.sign(bundle, grounds, now)?;
        let files = self
            .trust
            .roots
            .clone()
            .into_iter()
            .chain(self.ca.given_ca())
            .collect();
        let step = with_judgement(self.args.step.begin_step(now), record, &files);
        let step = TranscriptStep {
            kept_aside: self
                .kept_aside
                .as_deref()
                .filter(|_| force)
                .map(|kept| stored_path(kept).into()),
            ..step
        };
        SignedPair {
            bundle,
            pair: &signature.pair,
            evidence,
            record,
            unverified: None,
            origin: signature.origin,
            signed_at: now,
            force,
        }
        .write_keeping_certificate(&step)?;
        self.watcher
            .report_step(format!("{} signed and checked", self.id));
        Ok((signature.pair, signature.owner))
    }

    /// Returns the result, and writes the receipt of a claimed cluster.
    fn finish(&self, end: DriveEnd<()>) -> Result<CommandOutput> {
        let bundle = self.current_bundle();
        let record = self.prepared.as_ref().map(|prepared| &prepared.record);
        let dry_run = |output| Ok(summary::dry_run_output(output, record, &self.ca, self.dir));
        let outcome = match end {
            DriveEnd::WouldSend(request) => {
                return dry_run(submit::would_send_output(
                    &request,
                    self.place,
                    request.owner(),
                ));
            }
            DriveEnd::WouldSign(()) => {
                return dry_run(summary::would_sign_output(&bundle, self.place, &self.ca));
            }
            DriveEnd::Claimed(outcome) => outcome,
        };
        let owner = &outcome.owner;
        let now = crate::cli::now();
        let pair = self
            .prepared
            .as_ref()
            .and_then(|prepared| prepared.authorized.as_ref())
            .map(|authorized| authorized.pair().clone())
            .or_else(|| Some(self.ca.signed_before(&bundle, now)?.0));
        let account = ReceiptFacts {
            cluster_id: self.id,
            region: self.region,
            endpoint: self.place.endpoint.as_ref().map(OutsideText::as_raw),
            tool: TOOL,
            submitted_at: self.sent_at,
            now,
            record,
            unverified: None,
        };
        let receipt = match &pair {
            Some(pair) => {
                let response = SignedResponse::from_pair(pair);
                let receipt = make_receipt(&response, owner, &outcome, &account);
                if !self.args.dry_run {
                    let step = TranscriptStep {
                        owner: Some(owner.basis().noted_proof()),
                        reason: self.args.trust.reason(),
                        ..self.args.step.begin_step(now)
                    };
                    submit::write_receipt(&bundle, &receipt, outcome.how, &step)?;
                }
                receipt
            }
            // Claimed by this CA from somewhere else: there is nothing here to add to.
            None => summary::bare_receipt(&outcome, owner, &account),
        };
        Ok(summary::claim_output(
            &bundle, &receipt, &outcome, record, &self.ca, owner,
        ))
    }
}
