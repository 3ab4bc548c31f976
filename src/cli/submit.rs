//! `hsmboot submit`

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{TrustArgs, parse_sha256};
use super::consent::{ClaimIntent, ConsentAnswer, ConsentQuestion, YesArgs};
use super::expect::{ExpectArgs, FingerprintSide, another_fingerprint_error};
use super::many::{ManyWords, check_outside_all, for_each_bundle};
use super::online::{OnlineArgs, TimeoutArgs, Watcher, block_on};
use super::owner::{FromBundleArgs, NamedCa};
use super::step::{StepArgs, warn_of_gaps, with_judgement};
use super::ui::{
    BOLD, CommandOutput, Effect, GREEN, RED, StyledText, Ui, YELLOW, path_value, styled,
};
use super::{TOOL, hardware, next_steps, sign};
use crate::bundle::{
    self, AnnouncedCall, Bundle, Digests, NotedWord, Part, RECEIPT, Receipt, Store, TranscriptStep,
    Waiver,
};
use crate::check::{self, Pair};
use crate::claim::{self, Claim, ClaimOrigin, Patience};
use crate::cloudhsm::{CallPlace, CloudHsm, Cluster, InitializeCluster};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio::{self, NewFile};
use crate::outside::{Lines, OutsideText, shown_path};
use crate::owner::{self, Authorized, Owner, ProofPurpose, SignedResponse};
use crate::submit::{DriveEnd, Host, ReceiptFacts, drive_claim, make_receipt};
use crate::verify::{self as engine, Roots};
use crate::x509::{Certificate, Csr, Moment, TrustAnchor};

/// Submit a signed bundle: InitializeCluster, confirmed by what the service then reports
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The bundle is verified and the pair checked again first. The cluster must still carry the very CSR \
that was signed. Nothing in a bundle says whose CA \
it is: name yours with --ca or --ca-fingerprint, or give the fingerprint that `sign` printed, with \
--expect or on the terminal. Run it again after an \
interruption: it looks at the cluster before it does anything.

Examples:
  hsmboot submit ./cluster-abc234defgh --ca ./ca/customerCA.crt
  hsmboot submit ./cluster-abc234defgh --ca ./ca/customerCA.crt --region eu-central-1 --dry-run

Exit codes: 0 claimed, or claimed by this CA already; 3 the HSM's identity is not proven, the pair \
does not hold together, the trust anchor is \
not your CA, nothing says that it is, or the fingerprint is another one; 4 malformed input, or a \
bundle that is not signed or was changed; 5 a trust anchor \
that CloudHSM would refuse; 6 the service refused or cannot be reached; 7 not confirmed in time; 8 \
another CSR, another CA, or a state that does not \
allow it; 130 declined")]
pub struct Args {
    /// The bundles
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Do everything but InitializeCluster, and print what would be sent
    #[arg(long)]
    dry_run: bool,
    /// Your own copy of the CA's certificate, or chain, which names the owner: a bundle whose trust
    /// anchor is another one is refused
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The SHA-256 of your CA's certificate, which names the owner as well; of a chain of three or
    /// four, its root's too (may repeat)
    #[arg(long, value_name = "SHA256", value_parser = parse_sha256)]
    ca_fingerprint: Vec<[u8; 32]>,
    #[command(flatten)]
    from_bundle: FromBundleArgs,
    #[command(flatten)]
    consent: YesArgs,
    /// Submit although the bundle does not verify (needs --reason)
    #[arg(long)]
    unverified: bool,
    #[command(flatten)]
    expect: ExpectArgs,
    #[command(flatten)]
    timeout: TimeoutArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    step: StepArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// How several submissions are told.
const WORDS: ManyWords = ManyWords {
    done: "submitted",
    already: "unchanged",
    shown: None,
};

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    args.expect.check_count(args.dirs.len())?;
    if let [dir] = args.dirs.as_slice() {
        return submit_bundle(args, dir, ui);
    }
    check_outside_all(&args.dirs, args.ca.as_deref(), &args.trust)?;
    args.expect.check_outside(&args.dirs)?;
    Ok(for_each_bundle(&args.dirs, &WORDS, ui, |dir| {
        submit_bundle(args, dir, ui)
    }))
}

fn submit_bundle(args: &Args, dir: &Path, ui: &Ui) -> Result<CommandOutput> {
    let policy = args
        .trust
        .build_policy(args.unverified || args.from_bundle.ca_from_bundle, false)?;
    let (anchors, roots) = args.trust.read_anchors_and_files(&Store::at_path(dir))?;
    let bundle = Bundle::open(dir)?;
    bundle.check_record()?;
    warn_of_gaps(&bundle, ui);
    let evidence = bundle.read_evidence(false, args.unverified)?;
    let now = super::now();
    let judgement = engine::verify(&evidence, &anchors, now, &policy);
    let waiver = Waiver::from_options(args.unverified, args.trust.reason.as_deref());
    let grounds = sign::signing_grounds(&judgement, &bundle, waiver.as_ref(), &args.trust, ui)
        .map_err(|error| {
            with_waiver_hint(
                &bundle,
                super::binary::with_conversion_hint_for_bundle(error, &bundle, &evidence),
            )
        })?;
    let recorded = waiver.clone().filter(|_| judgement.verified().is_none());
    let parts = SignedParts::read(&bundle, now)?;
    let notes = parts
        .pair
        .as_ref()
        .map(sign::pair_notes)
        .unwrap_or_default();
    notes.iter().for_each(|note| ui.warn(note));
    let response = parts.as_response();
    let named = args
        .ca
        .as_deref()
        .map(|file| NamedCa::read(file, "--ca", bundle.store()))
        .transpose()?;
    let region = bundle.request().map(|request| request.region.clone());
    block_on(async {
        let service = args
            .online
            .connect_within(args.timeout.timeout, region.as_ref(), ui)
            .await?;
        let account = service.account_id().await;
        // Asked for here where it matters, so that the operator knows before anything is answered.
        // What keeps it from being told is met again by the claim.
        let live = match engine::is_for_non_fips_mode(&judgement.record) {
            true => service
                .describe_cluster(bundle.id().as_str())
                .await
                .ok()
                .flatten()
                .and_then(|cluster| cluster.mode),
            false => None,
        };
        hardware::alarm_non_fips(
            &judgement.record,
            hardware::cluster_mode(live.as_ref(), &bundle),
            ui,
        );
        let intent = |owner| ClaimIntent {
            cluster_id: bundle.id().as_str(),
            place: service.place(),
            account: account.as_ref(),
            trust_anchor: response.trust_anchor,
            owner,
            record: &judgement.record,
            notes: &notes,
        };
        let (owner, compared) =
            prove_owner(args, named.as_ref(), &bundle, &response, &intent(None), ui)?;
        let given: Digests = roots
            .into_iter()
            .chain(named.iter().flat_map(NamedCa::file_digest))
            .collect();
        let step = with_judgement(args.step.begin_step(now), &judgement.record, &given);
        let step = TranscriptStep {
            reason: args.trust.reason(),
            unverified: recorded.is_some(),
            owner: Some(owner.basis().noted_proof()),
            ..step
        };
        let (id, patience) = (
            bundle.id().as_str(),
            patience_from_timeout(args.timeout.timeout),
        );
        // What is not fit to be sent now may have been sent long ago.
        let (claim, unfit) = match parts.pair.clone() {
            Ok(pair) => (
                Claim::for_submission(id, Authorized::new(pair, &grounds, &owner)?, patience),
                None,
            ),
            Err(unfit) => (
                Claim::for_confirmation(id, owner.clone(), Some(parts.csr.clone()), patience),
                Some(unfit),
            ),
        };
        let mut claim = claim.with_place(service.place().clone());
        let mut host = Submission {
            watcher: Watcher::new(ui),
            ui,
            args,
            bundle: &bundle,
            response,
            unfit,
            intent: intent(Some(owner.basis())),
            step,
            compared,
            sent_at: None,
        };
        let end = drive_claim(&service, &mut claim, &mut host).await?;
        let (compared, sent_at) = (host.compared, host.sent_at);
        let step = TranscriptStep {
            fingerprint_compared: Some(compared.is_some()),
            ..host.step.clone()
        };
        drop(host);
        let outcome = match end {
            DriveEnd::WouldSend(request) => {
                return Ok(would_send_output(&request, service.place(), &owner));
            }
            DriveEnd::WouldSign => return Err(missing_pair_error()),
            DriveEnd::Claimed(outcome) => outcome,
        };
        let account = ReceiptFacts {
            cluster_id: bundle.id(),
            region: service
                .place()
                .region
                .as_ref()
                .map(OutsideText::as_raw)
                .unwrap_or_default(),
            endpoint: service.place().endpoint.as_ref().map(OutsideText::as_raw),
            tool: TOOL,
            submitted_at: sent_at,
            now: super::now(),
            record: Some(&judgement.record),
            unverified: recorded.clone(),
        };
        let receipt = make_receipt(&response, &owner, &outcome, &account);
        if !args.dry_run {
            write_receipt(
                &bundle,
                &receipt,
                outcome.how,
                &TranscriptStep {
                    time: Some(account.now),
                    ..step
                },
            )?;
        }
        let fingerprint = response.fingerprint(bundle.id());
        let mut document = claim_document(&bundle, &receipt, &outcome, args.dry_run);
        insert_member(&mut document, "response_fingerprint", json!(fingerprint));
        insert_member(
            &mut document,
            "response_compared",
            json!(compared.is_some()),
        );
        let mut text = claim_text(&bundle, &receipt, &outcome);
        let by = if compared.is_some() {
            "as expected"
        } else {
            "compared by nobody"
        };
        text.push_str(&format!(
            "  response             fingerprint {fingerprint}, {by}\n"
        ));
        let lead = next_steps::lead_from_bundle(&bundle, &owner);
        next_steps::add_steps(
            &next_steps::steps_of_cluster(&outcome.cluster, service.place().region.as_ref(), lead),
            &mut document,
            &mut text,
        );
        Ok(CommandOutput::success(
            claim_effect(&outcome),
            document,
            text,
        ))
    })
}

/// The way in which somebody compared the fingerprint of the response, and so has seen what is
/// about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResponseComparison {
    /// By `--expect`.
    Beforehand,
    /// On the terminal, as the answer to what is about to happen.
    OnScreen,
}

/// Proves the owner, whom the command line or somebody at the terminal names. Otherwise whoever
/// could write to the bundle could have put a pair of their own there, and would own the cluster.
fn prove_owner(
    args: &Args,
    named: Option<&NamedCa>,
    bundle: &Bundle,
    response: &SignedResponse<'_>,
    intent: &ClaimIntent<'_>,
    ui: &Ui,
) -> Result<(Owner, Option<ResponseComparison>)> {
    let side = FingerprintSide {
        what: "response",
        by: "sign",
    };
    let place = bundle.place(bundle.trust_anchor_file()).to_string();
    let by_response = |expected| {
        Owner::with_response(expected, bundle.id(), response)
            .map_err(|apart| another_fingerprint_error(&side, &apart))
    };
    // Everything that the command line says must hold.
    let expected = args
        .expect
        .expected_for(bundle)?
        .map(by_response)
        .transpose()?;
    let compared = expected.as_ref().map(|_| ResponseComparison::Beforehand);
    let by_fingerprints = || {
        Owner::with_fingerprints(
            &args.ca_fingerprint,
            response.trust_anchor,
            &place,
            ProofPurpose::Claim,
        )
    };
    // With --ca, or the response's fingerprint, all of the chain is named: what is given besides
    // must fit, and need not suffice.
    let fingerprint = match (
        args.ca_fingerprint.is_empty(),
        named.is_some() || expected.is_some(),
    ) {
        (true, _) => None,
        (false, false) => Some(by_fingerprints()?),
        (false, true) => by_fingerprints().map_or_else(
            |error| {
                if error.kind == ErrorKind::OwnerNotProven {
                    Ok(None)
                } else {
                    Err(error)
                }
            },
            |owner| Ok(Some(owner)),
        )?,
    };
    if let Some(ca) = named {
        let owner = ca.to_owner();
        owner.check_same_anchor(response.trust_anchor, &place)?;
        return Ok((owner, compared));
    }
    if let Some(owner) = fingerprint.or(expected) {
        return Ok((owner, compared));
    }
    if args.from_bundle.ca_from_bundle {
        return Ok((
            args.from_bundle
                .waive_proof(response.trust_anchor, args.trust.reason.as_deref(), ui),
            compared,
        ));
    }
    let asks = !args.consent.yes && !args.dry_run;
    let answer = if asks {
        intent.show_and_ask(ConsentQuestion::Response)?
    } else {
        None
    };
    match answer {
        Some(ConsentAnswer::Response(typed)) => {
            Ok((by_response(typed)?, Some(ResponseComparison::OnScreen)))
        }
        _ => Err(owner::not_proven(
            "neither --ca nor --ca-fingerprint nor the response's fingerprint was given",
            response.trust_anchor,
            &place,
        )),
    }
}

fn missing_pair_error() -> Error {
    Error::new(
        ErrorKind::Bug,
        "a submission asked for a pair that it was given",
        "please report it",
    )
}

/// Returns the patience that `--timeout` asks for.
pub(crate) fn patience_from_timeout(timeout: Option<Duration>) -> Patience {
    match timeout {
        Some(limit) => Patience {
            creation: limit,
            initialization: limit,
            ..Patience::default()
        },
        None => Patience::default(),
    }
}

/// Adds the hint to repeat `--unverified` if the bundle was signed unverified. That decision is
/// asked for again, not taken over.
fn with_waiver_hint(bundle: &Bundle, error: Error) -> Error {
    let waived = bundle
        .response()
        .is_ok_and(|response| response.is_some_and(|response| response.unverified.is_some()));
    match waived {
        true => Error {
            hint:
                "it was signed unverified; to submit it all the same, say so again: --unverified \
                   --reason \"why, and who decided\""
                    .into(),
            ..error
        },
        false => error,
    }
}

/// The content of a signed bundle, and the pair where it may be sent.
struct SignedParts {
    csr: Csr,
    signed_cert: Certificate,
    trust_anchor: TrustAnchor,
    /// The pair, or the error that says why CloudHSM would not take it now, although its parts
    /// belong together.
    pair: Result<Pair>,
}

impl SignedParts {
    /// Reads and checks the pair as the bundle's files hold it.
    ///
    /// # Errors
    /// Whatever forbids the pair for good: it is malformed, changed, or does not belong together.
    fn read(bundle: &Bundle, now: Moment) -> Result<Self> {
        sign::check_signed(bundle)?;
        let (csr, signed_cert, trust_anchor) = (
            bundle.read(Part::Csr)?,
            bundle.read(Part::SignedCert)?,
            bundle.read_trust_anchor()?,
        );
        let checked = check::check(&csr, &signed_cert, &trust_anchor, now);
        let failed: Vec<check::Rule> = checked.record.failed().map(|finding| finding.id).collect();
        let inputs = checked.inputs();
        let pair = checked.into_pair().map_err(|error| {
            if failed == [check::Rule::Key] {
                signed_for_another_error(bundle, error)
            } else {
                error
            }
        });
        let belongs_together = check::may_fail_with_time(&failed);
        match (pair, inputs) {
            (Err(error), _) if !belongs_together => Err(error),
            (pair, Some((csr, signed_cert, trust_anchor))) => Ok(SignedParts {
                csr,
                signed_cert,
                trust_anchor,
                pair,
            }),
            // Not reachable: what is not read has failed its rule. Denied all the same.
            (pair, None) => Err(pair.err().unwrap_or_else(missing_pair_error)),
        }
    }

    const fn as_response(&self) -> SignedResponse<'_> {
        SignedResponse {
            csr: &self.csr,
            signed_cert: &self.signed_cert,
            trust_anchor: &self.trust_anchor,
        }
    }
}

/// Reads the pair as the bundle's files hold it, and checks it.
pub(crate) fn read_pair(bundle: &Bundle, now: Moment) -> Result<Pair> {
    SignedParts::read(bundle, now)?.pair
}

/// Returns the error for a sound pair that was signed for another CSR than the bundle's: the CSR
/// was fetched again after the HSM had been replaced, and not signed again.
fn signed_for_another_error(bundle: &Bundle, error: Error) -> Error {
    Error {
        kind: ErrorKind::SignedForAnotherCsr,
        message: Lines::from(format!(
            "{} was signed for another CSR than the \
                                      cluster's",
            bundle.part_place(Part::SignedCert)
        ))
        .followed_by(error.message),
        hint: format!(
            "AWS replaces a failed first HSM, and the CSR with it; sign the new one in a new \
             directory: `hsmboot fetch --cluster-id {} --bundle NEWDIR`",
            bundle.id()
        )
        .into(),
        ..error
    }
}

/// The host of a claim whose pair exists already.
struct Submission<'a> {
    watcher: Watcher<'a>,
    ui: &'a Ui,
    args: &'a Args,
    bundle: &'a Bundle,
    response: SignedResponse<'a>,
    /// The reason why the pair cannot be sent now, if it cannot.
    unfit: Option<Error>,
    intent: ClaimIntent<'a>,
    step: TranscriptStep<'a>,
    compared: Option<ResponseComparison>,
    sent_at: Option<Moment>,
}

impl Submission<'_> {
    /// Asks once whether to send the request, unless that was answered before.
    fn ask_consent(&mut self) -> Result<()> {
        if self.args.consent.yes
            || self.sent_at.is_some()
            || self.compared == Some(ResponseComparison::OnScreen)
        {
            return Ok(());
        }
        let question = if self.compared.is_some() {
            ConsentQuestion::Yes
        } else {
            ConsentQuestion::ResponseOrYes
        };
        self.watcher.clear();
        if let Some(ConsentAnswer::Response(typed)) = self.intent.show_and_ask(question)? {
            Owner::with_response(typed, self.bundle.id(), &self.response).map_err(|apart| {
                another_fingerprint_error(
                    &FingerprintSide {
                        what: "response",
                        by: "sign",
                    },
                    &apart,
                )
            })?;
            self.compared = Some(ResponseComparison::OnScreen);
        }
        Ok(())
    }
}

impl Host for Submission<'_> {
    fn elapsed(&self) -> Duration {
        self.watcher.elapsed()
    }

    async fn pause(&mut self, _claim: &Claim, length: Duration) {
        self.watcher.pause(length).await;
    }

    fn on_progress(&mut self, claim: &Claim) -> Result<()> {
        self.watcher.show_claim(claim);
        Ok(())
    }

    fn make_pair(&mut self, _cluster: &Cluster) -> Result<Option<Authorized>> {
        Err(self.unfit.take().unwrap_or_else(missing_pair_error))
    }

    fn may_send(&mut self, _request: &InitializeCluster) -> Result<bool> {
        if self.args.dry_run {
            return Ok(false);
        }
        self.ask_consent()?;
        if self.compared.is_none() {
            self.ui.warn(
                "nobody compared the response's fingerprint: --expect (of several bundles: \
                 --expect-file) takes what `hsmboot sign` printed on the other side",
            );
        }
        let now = super::now();
        let step = TranscriptStep {
            time: Some(now),
            fingerprint_compared: Some(self.compared.is_some()),
            ..self.step.clone()
        };
        record_sending(self.bundle, &step)?;
        self.sent_at = Some(now);
        self.watcher.show_line("InitializeCluster is sent");
        Ok(true)
    }
}

/// Records the call before it is made: whatever happens then, even to this machine, the transcript
/// knows of it.
pub(crate) fn record_sending(bundle: &Bundle, step: &TranscriptStep<'_>) -> Result<()> {
    bundle
        .note_step(&TranscriptStep {
            sends: Some(AnnouncedCall::InitializeCluster),
            ..step.clone()
        })
        .map_err(|mut error| {
            error.message = Lines::from("nothing was sent: the transcript cannot be written first")
                .followed_by(error.message.prefixed_with("  "));
            error
        })
}

/// Writes `receipt.json`; a second run on a claimed cluster leaves the first one's alone, if
/// hsmboot wrote it and it is of this claim.
pub(crate) fn write_receipt(
    bundle: &Bundle,
    receipt: &Receipt,
    how: ClaimOrigin,
    step: &TranscriptStep<'_>,
) -> Result<()> {
    // Where the transcript does not hold, writing says so.
    if how == ClaimOrigin::AlreadyClaimed
        && bundle
            .without_cache()
            .holds_receipt_of(receipt)
            .unwrap_or(false)
    {
        return Ok(());
    }
    let content = bundle::to_document(receipt);
    // What happened is written down, whatever became of the files meanwhile.
    bundle
        .without_cache()
        .write(
            &[NewFile {
                name: RECEIPT.to_owned(),
                content: &content,
                mode: 0o644,
                replace: true,
            }],
            step,
        )
        .map_err(|mut error| {
            error.message = Lines::from(format!(
                "{} is claimed, but its receipt cannot be kept",
                receipt.cluster_id
            ))
            .followed_by(error.message.prefixed_with("  "));
            error.hint =
                "the claim itself is done and confirmed; run the same command again to write \
                      the receipt"
                    .into();
            error.with_document(serde_json::to_value(receipt).unwrap_or_default())
        })
}

pub(crate) fn insert_member(document: &mut Value, name: &str, value: Value) {
    if let Some(object) = document.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// Returns the document of a claimed cluster: its receipt and its bundle, where there is one.
pub(crate) fn claim_document(
    bundle: &Bundle,
    receipt: &Receipt,
    outcome: &claim::ClaimOutcome,
    dry_run: bool,
) -> Value {
    let mut document = serde_json::to_value(receipt).unwrap_or_default();
    let dir = fsio::is_there(bundle.path()).then(|| path_value(bundle.path()));
    insert_member(&mut document, "bundle", json!(dir));
    if dry_run {
        insert_member(&mut document, "dry_run", json!(true));
    }
    // Two runs raced, and the cluster has the other one's certificate: ours is of no more use.
    if !outcome.same_certificate && bundle.without_cache().has_part(Part::SignedCert) {
        let theirs = &receipt.cluster_certificate_sha256;
        insert_member(&mut document, "superseded_by", json!(theirs));
    }
    document
}

/// Returns whether this run claimed the cluster.
pub(crate) fn claim_effect(outcome: &claim::ClaimOutcome) -> Effect {
    Effect::when(outcome.how == ClaimOrigin::Claimed)
}

/// Returns the result of a dry run: exactly what it would have sent.
pub(crate) fn would_send_output(
    request: &InitializeCluster,
    place: &CallPlace,
    owner: &Owner,
) -> CommandOutput {
    let document = json!({
        "dry_run": true,
        "region": place.region,
        "endpoint": place.endpoint,
        "owner": owner.basis().as_str(),
        "would_send": {
            "ClusterId": request.cluster_id(),
            "SignedCert": request.signed_cert(),
            "TrustAnchor": request.trust_anchor(),
        },
    });
    let rest = format!(
        "\nInitializeCluster would be sent to {place}\nowner: {}\nClusterId: \
         {}\nSignedCert:\n{}TrustAnchor:\n{}",
        owner.basis().as_phrase(),
        request.cluster_id(),
        request.signed_cert(),
        request.trust_anchor(),
    );
    let text = StyledText::from([
        styled(BOLD, "dry run: nothing was sent"),
        StyledText::from(rest),
    ]);
    let summary = format!(
        "dry run: the claim of {} would be sent to {place}",
        request.cluster_id()
    );
    CommandOutput::success(Effect::Unchanged, document, text).summarized(summary)
}

/// Returns the words for the certificate under which the cluster was claimed before, as far as this
/// machine can tell. Without a pair here, and so without a CSR, there is none to compare with.
fn claimed_by_text(receipt: &Receipt) -> &'static str {
    match &receipt.csr_sha256 {
        None => "by this very CA",
        Some(_) if receipt.signed_cert_sha256 == receipt.cluster_certificate_sha256 => {
            "with this very certificate"
        }
        Some(_) => "with another certificate of this very CA",
    }
}

/// Returns the roots on which the verdict rests, as a receipt of this very run says.
fn recorded_roots(receipt: &Receipt) -> Roots {
    match receipt.roots {
        Some(NotedWord::Known(roots)) => roots,
        _ => Roots::Given,
    }
}

pub(crate) fn claim_text(
    bundle: &Bundle,
    receipt: &Receipt,
    outcome: &claim::ClaimOutcome,
) -> StyledText {
    let first = match outcome.how {
        ClaimOrigin::Claimed => format!("claimed {}", bundle.id()),
        ClaimOrigin::AlreadyClaimed => format!(
            "{} is claimed already, {}; nothing was changed",
            bundle.id(),
            claimed_by_text(receipt)
        ),
    };
    let proof = match (&receipt.unverified, &receipt.verdict) {
        (Some(waiver), _) => styled(RED, format!("UNVERIFIED, because: {}", waiver.reason)),
        (None, Some(verdict)) => StyledText::from(format!(
            "{verdict}: {}",
            hardware::proof_sentence(recorded_roots(receipt))
        )),
        (None, None) => StyledText::from("not judged in this run"),
    };
    let submitted = match receipt.submitted_at {
        Some(at) => format!("signed certificate and trust anchor, at {at}"),
        None => "nothing in this run".to_owned(),
    };
    let state = format!(
        "\n  submitted            {submitted}\n  state                {}\n  HSM                  ",
        receipt.state
    );
    let rest = format!(
        "\n  cluster certificate  SHA-256 {}\n  trust anchor         SHA-256 {}{}\n  \
         bundle               {}\n",
        receipt.cluster_certificate_sha256,
        receipt.trust_anchor_sha256,
        receipt
            .chain_sha256
            .iter()
            .map(|above| format!("\n    above it           SHA-256 {above}"))
            .collect::<String>(),
        shown_path(bundle.path()),
    );
    let origin = outcome
        .cluster
        .origin_text()
        .map(|origin| format!("  restored             {origin}\n"))
        .unwrap_or_default();
    let rest = format!("{rest}{origin}");
    let notes: Vec<StyledText> = receipt
        .notes
        .iter()
        .map(|note| styled(YELLOW, format!("  note                 {note}\n")))
        .collect();
    [
        styled(GREEN, first),
        StyledText::from(state),
        proof,
        StyledText::from(rest),
    ]
    .into_iter()
    .chain(notes)
    .collect()
}
