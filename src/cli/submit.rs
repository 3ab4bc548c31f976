//! `hsmboot submit`

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::TrustArgs;
use super::expect::{ExpectArgs, Side};
use super::online::{OnlineArgs, TimeoutArgs, Watcher, block_on};
use super::step::{StepArgs, given, judged, warn_of_gaps};
use super::ui::{BOLD, GREEN, Outcome, RED, Ui, path_value, plain, styled};
use super::{TOOL, sign};
use crate::bundle::{self, Bundle, CA_FILE, Part, RECEIPT, Receipt, Step, Waiver};
use crate::check::{self, Pair};
use crate::claim::{self, Claim, How, Patience};
use crate::cloudhsm::{Cluster, InitializeCluster, Place};
use crate::error::{Class, Error, Result};
use crate::fsio::NewFile;
use crate::submit::{Account, End, Host, drive, receipt};
use crate::verify as engine;
use crate::x509::{Moment, hex};

/// Submit a signed bundle: InitializeCluster, confirmed by what the service then reports
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The bundle is verified and the pair checked again first. The cluster must still carry the very CSR that was signed. Run it again after an \
interruption: it looks at the cluster before it does anything.

Examples:
  hsmboot submit ./cluster-abc234defgh --dry-run
  hsmboot submit ./cluster-abc234defgh --region eu-central-1

Exit codes: 0 claimed, or claimed by this CA already; 3 the HSM's identity is not proven, the pair does not hold together, the trust anchor is \
not your CA, or the fingerprint is another one or was not given; 4 malformed input, or a bundle that is not signed or was changed; 5 a trust anchor \
that CloudHSM would refuse; 6 the service refused or cannot be reached; 7 not confirmed in time; 8 another CSR, another CA, or a state that does not allow it")]
pub struct Args {
    /// The bundle
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Do everything but InitializeCluster, and print what would be sent
    #[arg(long)]
    dry_run: bool,
    /// Your CA's certificate: a bundle whose trust anchor is another one is refused
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
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

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let policy = args.trust.policy(args.unverified, false)?;
    let (anchors, roots) = args.trust.anchors_and_files()?;
    let bundle = Bundle::open(&args.dir)?;
    bundle.check_record()?;
    warn_of_gaps(&bundle, ui);
    let evidence = bundle.evidence(false, args.unverified)?;
    let now = super::now();
    let judgement = engine::verify(&evidence, &anchors, now, &policy);
    let waiver = Waiver::of(args.unverified, args.trust.reason.as_deref());
    sign::grounds(&judgement, waiver.as_ref(), ui).map_err(|error| asked_again(&bundle, error))?;
    let waiver = waiver.filter(|_| judgement.verified().is_none());
    let pair = read_pair(&bundle, now)?;
    let mut files = roots;
    if let Some(ca) = &args.ca {
        files.extend(given(ca, &is_yours(&pair, ca, now)?));
    }
    let fingerprint = sign::fingerprint(&bundle, &pair);
    let compared = args.expect.compare(fingerprint, &Side { what: "response", by: "sign" }, ui)?;
    if !compared && args.ca.is_none() {
        ui.alarm(&format!(
            "NOTHING PINS THE TRUST ANCHOR: whoever could write to the bundle chose it, SHA-256 {}. Give your own copy of the CA's certificate with --ca, or \
             the fingerprint with --expect.",
            hex(&pair.trust_anchor().fingerprint())
        ));
    }
    let step = judged(args.step.begin(now), &judgement.record, &files);
    let step = Step { reason: args.trust.reason.clone(), unverified: waiver.is_some(), fingerprint_compared: Some(compared), ..step };
    let region = bundle.request().map(|request| request.region.clone());
    let (end, place, sent_at) = block_on(async {
        let service = args.online.connect(region.as_deref(), ui).await?;
        let mut claim = Claim::submit(bundle.id().as_str(), &pair, patience(args.timeout.timeout)).at(service.place().clone());
        let mut host = Submission { watcher: Watcher::new(ui), bundle: &bundle, step: &step, dry_run: args.dry_run, sent_at: None };
        let end = drive(&service, &mut claim, &mut host).await?;
        Ok((end, service.place().clone(), host.sent_at))
    })?;
    let region = place.region.clone().unwrap_or_default();
    match end {
        End::WouldSend(request) => Ok(would_send(&request, &place)),
        End::Claimed(outcome) => {
            let verdict = Some(judgement.record.verdict.as_str().to_owned());
            let account = Account {
                cluster_id: bundle.id(),
                region: &region,
                tool: TOOL,
                submitted_at: sent_at,
                now: super::now(),
                verdict,
                unverified: waiver,
            };
            let receipt = receipt(&pair, &outcome, &account);
            if !args.dry_run {
                write_receipt(&bundle, &receipt, outcome.how, &Step { time: Some(account.now), ..step })?;
            }
            let mut document = serde_json::to_value(&receipt).unwrap_or_default();
            insert(&mut document, "bundle", path_value(bundle.path()));
            insert(&mut document, "response_fingerprint", json!(fingerprint));
            insert(&mut document, "response_compared", json!(compared));
            let mut text = text(&bundle, &receipt, &outcome);
            let by = if compared { "as expected" } else { "compared by nobody" };
            text.push_str(&format!("  response             fingerprint {fingerprint}, {by}\n"));
            Ok(Outcome::done(document, text))
        }
    }
}

/// That the pair's trust anchor is the CA that the operator named. Otherwise whoever could write to the bundle could have put a pair of his own there,
/// and would own the cluster. Gives the file's content.
fn is_yours(pair: &Pair, ca: &std::path::Path, now: Moment) -> Result<Vec<u8>> {
    let text = sign::read_ca(ca, now)?;
    let yours = check::trust_anchor(&text, now)?;
    if yours.der() == pair.trust_anchor().der() {
        return Ok(text);
    }
    Err(Error::new(
        Class::Rejected,
        "another-trust-anchor",
        format!(
            "the bundle's trust anchor is not your CA\n  your CA      SHA-256 {}  {}\n  the bundle's SHA-256 {}  {CA_FILE}",
            hex(&yours.fingerprint()),
            ca.display(),
            hex(&pair.trust_anchor().fingerprint()),
        ),
        "do not submit it: it was signed by another CA, or changed on its way back",
    ))
}

/// The patience that `--timeout` asks for.
pub(crate) fn patience(timeout: Option<Duration>) -> Patience {
    match timeout {
        Some(limit) => Patience { creation: limit, initialization: limit, ..Patience::default() },
        None => Patience::default(),
    }
}

/// A bundle that was signed unverified says so; that decision is asked for again, not taken over.
fn asked_again(bundle: &Bundle, error: Error) -> Error {
    let waived = bundle.response().is_ok_and(|response| response.is_some_and(|response| response.unverified.is_some()));
    match waived {
        true => Error {
            hint: "it was signed unverified; to submit it all the same, say so again: --unverified --reason \"why, and who decided\"".to_owned(),
            ..error
        },
        false => error,
    }
}

/// The pair as the bundle's files hold it, checked.
pub(crate) fn read_pair(bundle: &Bundle, now: Moment) -> Result<Pair> {
    sign::signed_already(bundle)?;
    let trust_anchor = bundle.read_trust_anchor()?;
    let checked = check::check(&bundle.read(Part::Csr)?, &bundle.read(Part::SignedCert)?, &trust_anchor, now);
    let failed: Vec<check::Rule> = checked.record.failed().map(|finding| finding.id).collect();
    checked.into_pair().map_err(|error| if failed == [check::Rule::Key] { signed_for_another(bundle, error) } else { error })
}

/// A sound pair, but for another CSR than the bundle's: it was fetched again after the HSM had been replaced, and not signed again.
fn signed_for_another(bundle: &Bundle, error: Error) -> Error {
    Error {
        class: Class::Conflict,
        kind: "signed-for-another-csr",
        message: format!("{} was signed for another CSR than the cluster's\n{}", bundle.part(Part::SignedCert), error.message),
        hint: format!("AWS replaces a failed first HSM, and the CSR with it; sign the new one: hsmboot sign {} --force ...", bundle.path().display()),
        ..error
    }
}

/// Drives a claim whose pair is there.
struct Submission<'a> {
    watcher: Watcher<'a>,
    bundle: &'a Bundle,
    step: &'a Step<'a>,
    dry_run: bool,
    sent_at: Option<Moment>,
}

impl Host for Submission<'_> {
    fn elapsed(&self) -> Duration {
        self.watcher.elapsed()
    }

    async fn pause(&mut self, _claim: &Claim, length: Duration) {
        self.watcher.pause(length).await;
    }

    fn watch(&mut self, claim: &Claim) -> Result<()> {
        self.watcher.watch(claim);
        Ok(())
    }

    fn certify(&mut self, _cluster: &Cluster) -> Result<Pair> {
        Err(Error::new(Class::Machine, "bug", "a submission asked for a pair that it was given", "please report it"))
    }

    fn may_send(&mut self, _request: &InitializeCluster) -> Result<bool> {
        if self.dry_run {
            return Ok(false);
        }
        let now = super::now();
        note_sending(self.bundle, &Step { time: Some(now), ..self.step.clone() })?;
        self.sent_at = Some(now);
        self.watcher.tell("InitializeCluster is sent");
        Ok(true)
    }
}

/// Puts the call on record before it is made: whatever happens then, even to this machine, the transcript knows of it.
pub(crate) fn note_sending(bundle: &Bundle, step: &Step<'_>) -> Result<()> {
    bundle.note(&Step { sends: Some("InitializeCluster"), ..step.clone() }).map_err(|mut error| {
        error.message = format!("nothing was sent: the transcript cannot be written first\n  {}", error.message);
        error
    })
}

/// Writes `receipt.json`; a second run on a claimed cluster leaves the first one's alone.
pub(crate) fn write_receipt(bundle: &Bundle, receipt: &Receipt, how: How, step: &Step<'_>) -> Result<()> {
    if how == How::AlreadyClaimed && bundle.has_file(RECEIPT) {
        return Ok(());
    }
    let content = bundle::document(receipt);
    // What happened is written down, whatever became of the files meanwhile.
    bundle.anew().write(&[NewFile { name: RECEIPT.to_owned(), content: &content, mode: 0o644, replace: true }], step).map_err(|mut error| {
        error.message = format!("{} is claimed, but its receipt cannot be kept\n  {}", receipt.cluster_id, error.message);
        error.hint = "the claim itself is done and confirmed; run the same command again to write the receipt".to_owned();
        error.with_document(serde_json::to_value(receipt).unwrap_or_default())
    })
}

pub(crate) fn insert(document: &mut Value, name: &str, value: Value) {
    if let Some(object) = document.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// What a dry run would have sent, exactly.
pub(crate) fn would_send(request: &InitializeCluster, place: &Place) -> Outcome {
    let document = json!({
        "dry_run": true,
        "region": place.region,
        "endpoint": place.endpoint,
        "would_send": {
            "ClusterId": request.cluster_id,
            "SignedCert": request.signed_cert,
            "TrustAnchor": request.trust_anchor,
        },
    });
    let text = format!(
        "{}\nInitializeCluster would be sent to {place}\nClusterId: {}\nSignedCert:\n{}TrustAnchor:\n{}",
        styled(BOLD, "dry run: nothing was sent"),
        request.cluster_id,
        request.signed_cert,
        request.trust_anchor,
    );
    Outcome::done(document, text)
}

/// Under which certificate the cluster was claimed before, as far as this machine can tell: without a pair here (and so without a CSR) there
/// is none to compare with.
fn by_whom(receipt: &Receipt) -> &'static str {
    match &receipt.csr_sha256 {
        None => "by this very CA",
        Some(_) if receipt.signed_cert_sha256 == receipt.cluster_certificate_sha256 => "with this very certificate",
        Some(_) => "with another certificate of this very CA",
    }
}

pub(crate) fn text(bundle: &Bundle, receipt: &Receipt, outcome: &claim::Outcome) -> String {
    let first = match outcome.how {
        How::Claimed => format!("claimed {}", bundle.id()),
        How::AlreadyClaimed => format!("{} is claimed already, {}; nothing was changed", bundle.id(), by_whom(receipt)),
    };
    let first = styled(GREEN, &first);
    let proof = match (&receipt.unverified, receipt.verdict.as_deref()) {
        (Some(waiver), _) => styled(RED, &format!("UNVERIFIED, because: {}", waiver.reason)),
        (None, Some(verdict)) => format!("{verdict}: the CSR is a genuine HSM's"),
        (None, None) => "not judged in this run".to_owned(),
    };
    let submitted = match receipt.submitted_at {
        Some(at) => format!("signed certificate and trust anchor, at {at}"),
        None => "nothing in this run".to_owned(),
    };
    format!(
        "{first}\n  submitted            {submitted}\n  state                {}\n  HSM                  {proof}\n  cluster certificate  SHA-256 {}\n  trust anchor         SHA-256 {}\n  bundle               {}\n",
        plain(&receipt.state),
        receipt.cluster_certificate_sha256,
        receipt.trust_anchor_sha256,
        bundle.path().display(),
    )
}
