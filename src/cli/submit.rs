//! `hsmboot submit`

mod host;
mod output;
mod owner;
mod receipt;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::args::{BundlesArgs, TrustArgs, parse_sha256};
use super::aws::parse_account;
use super::consent::{ClaimIntent, YesArgs};
use super::expect::ExpectArgs;
use super::many::{ManyWords, check_outside_all, for_each_bundle};
use super::online::{OnlineArgs, TimeoutArgs, block_on};
use super::owner::{FromBundleArgs, NamedCa};
use super::step::{StepArgs, warn_of_gaps, with_judgement};
use super::ui::{CommandOutput, Ui, insert_member};
use super::watcher::Watcher;
use super::{TOOL, hardware, next_steps, sign};
use crate::bundle::{Bundle, Digests, Part, Store, TranscriptStep, Waiver};
use crate::check::{BelongingPair, Pair, Rule};
use crate::claim::{Claim, Patience};
use crate::cloudhsm::CloudHsm;
use crate::error::{Error, ErrorKind, Result};
use crate::outside::{Lines, OutsideText};
use crate::owner::{Authorized, SignedResponse};
use crate::submit::{DriveEnd, ReceiptFacts, drive_claim, make_receipt};
use crate::verify as engine;
use crate::x509::Moment;
use host::Submission;
pub(crate) use output::{claim_document, claim_effect, claim_text, would_send_output};
use owner::prove_owner;
pub(crate) use receipt::{record_sending, write_receipt};

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
    #[command(flatten)]
    bundles: BundlesArgs,
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
    /// The account that the cluster is in: credentials that are said to be of another one are
    /// refused (keys from the environment say nothing of it)
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    account: Option<String>,
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
    args.expect.check_count(args.bundles.dirs().len())?;
    if let [dir] = args.bundles.dirs() {
        return submit_bundle(args, dir, ui);
    }
    check_outside_all(args.bundles.dirs(), args.ca.as_deref(), &args.trust)?;
    args.expect.check_outside(args.bundles.dirs())?;
    Ok(for_each_bundle(args.bundles.dirs(), &WORDS, ui, |dir| {
        submit_bundle(args, dir, ui)
    }))
}

fn submit_bundle(args: &Args, dir: &Path, ui: &Ui) -> Result<CommandOutput> {
    let policy = args
        .trust
        .build_policy(args.unverified || args.from_bundle.ca_from_bundle, false)?;
    let (anchors, roots) = args.trust.read_anchors_and_files(&Store::at_path(dir))?;
    let bundle = ui.open_bundle(dir)?;
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
    let signed = read_signed(&bundle, now)?;
    let notes = signed
        .pair
        .as_ref()
        .map(sign::pair_notes)
        .unwrap_or_default();
    notes.iter().for_each(|note| ui.warn(note));
    let response = SignedResponse::from_inputs(&signed.inputs);
    let named = args
        .ca
        .as_deref()
        .map(|file| NamedCa::read(file, "--ca", bundle.store()))
        .transpose()?;
    let region = bundle.request().map(|request| request.region.clone());
    block_on(async {
        let online = OnlineArgs {
            account: args.account.clone(),
            ..args.online.clone()
        };
        let service = online
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
            record: Some(&judgement.record),
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
        let (claim, authorized) = match signed.pair.clone() {
            Ok(pair) => {
                let authorized = Authorized::new(pair, &grounds, &owner)?;
                let claim = Claim::for_submission(id, authorized.clone(), patience);
                (claim, Ok(authorized))
            }
            Err(unfit) => {
                let csr = Some(signed.inputs.csr.clone());
                let claim = Claim::for_confirmation(id, owner.clone(), csr, patience);
                (claim, Err(unfit))
            }
        };
        let mut claim = claim.with_place(service.place().clone());
        let mut host = Submission {
            watcher: Watcher::new(ui),
            ui,
            args,
            bundle: &bundle,
            response,
            authorized,
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
            DriveEnd::WouldSign(never) => match never {},
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
        let step = TranscriptStep {
            time: Some(account.now),
            ..step
        };
        if !args.dry_run {
            write_receipt(&bundle, &receipt, outcome.how, &step)?;
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

/// Reads the pair as the bundle's files hold it, and checks it.
pub(crate) fn read_pair(bundle: &Bundle, now: Moment) -> Result<Pair> {
    read_signed(bundle, now)?.pair
}

/// Reads and checks the pair as the bundle's files hold it.
///
/// # Errors
/// Whatever forbids the pair for good: it is malformed, changed, or does not belong together.
fn read_signed(bundle: &Bundle, now: Moment) -> Result<BelongingPair> {
    sign::check_signed(bundle)?;
    let checked = sign::check_bundle_pair(bundle, now)?;
    let failed = checked.record.failed().map(|finding| finding.id);
    let is_of_another_csr = failed.eq([Rule::Key]);
    checked.into_belonging().map_err(|error| {
        if is_of_another_csr {
            signed_for_another_error(bundle, error)
        } else {
            error
        }
    })
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
