//! `hsmboot bootstrap`: all the steps in a row, with the waiting between them.

mod create;
mod desk;
#[cfg(feature = "simulator")]
mod rehearsal;
mod summary;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{PassphraseArgs, TrustArgs, bundle_dir};
use super::fetch::warn_of_missing;
use super::online::{OnlineArgs, TimeoutArgs, Watcher, block_on, cluster_id};
use super::sign::{self, Signed};
use super::step::{StepArgs, judged};
use super::token::TokenArgs;
use super::ui::{Outcome, Ui};
use super::{TOOL, ca, submit, verify};
use crate::bundle::{self, Bundle, ClusterId, Digests, Origin, Store};
use crate::ca::KeyType;
use crate::check::Pair;
use crate::claim::{Claim, How};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{Cluster, ClusterState, InitializeCluster};
use crate::error::{Class, Error, Result};
use crate::fetch::{self, Facts};
use crate::sign::{DEFAULT_DAYS, Grounds, Terms, issue};
use crate::submit::{Account, End, Host, drive, receipt};
use crate::verify::{self as engine, Anchors, Policy, Record};
use crate::x509::Moment;
use desk::Desk;

/// Claim a cluster in one go: fetch, verify, sign, check, submit, confirm
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Waits for the cluster's first HSM, and goes on from where an earlier run stopped. Without --ca it makes a CA in the bundle's directory (a bundle in one file takes none): \
take its key away from there afterwards. With --create it makes the cluster and its first HSM, and writes down in the bundle what it made: \
the same command goes on with that cluster, and makes no second one.

Examples:
  hsmboot bootstrap --simulate
  hsmboot bootstrap --cluster-id cluster-abc234defgh --ca ./ca/customerCA.crt --ca-key ./ca/customerCA.key
  hsmboot bootstrap --create --bundle ./new --subnet-id subnet-0a1b2c3d --availability-zone eu-central-1a

Exit codes: 0 claimed, or claimed by this CA already; 3 the HSM's identity is not proven; 5 the CA cannot sign; 6 the service refused or \
cannot be reached; 7 not in time; 8 another CSR, another CA, or a state that does not allow it")]
pub struct Args {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    #[cfg_attr(feature = "simulator", arg(required_unless_present_any = ["simulate", "create"]))]
    #[cfg_attr(not(feature = "simulator"), arg(required_unless_present = "create"))]
    cluster_id: Option<ClusterId>,
    /// Rehearse on an embedded simulator: it makes a cluster and an HSM, and trusts roots of its own; nothing of it is real
    #[cfg(feature = "simulator")]
    #[arg(long, conflicts_with_all = ["cluster_id", "create", "region", "profile", "endpoint_url", "aws_root", "manufacturer_root"])]
    simulate: bool,
    /// The CA's certificate, which becomes the trust anchor
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    ca: Option<PathBuf>,
    /// The CA's private key: a file (PKCS#8, PKCS#1 or SEC1, encrypted or not), a pkcs11: URI, or awskms: and a key's ARN, alias or id
    #[arg(long, value_name = "KEY")]
    ca_key: Option<PathBuf>,
    /// The directory to work in, or one file NAME.hsmboot (default: ./<cluster-id>; with --create ./new-cluster)
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// How many days the signed certificate, and a new CA, last
    #[arg(long, value_name = "N", default_value_t = DEFAULT_DAYS, value_parser = clap::value_parser!(u32).range(1..=36525))]
    days: u32,
    /// A new CA's name, an RFC 4514 string
    #[arg(long, value_name = "DN", conflicts_with = "ca")]
    subject: Option<String>,
    /// A new CA's key: rsa-4096 (default; for a rehearsal rsa-2048), rsa-3072, rsa-2048, p256 or p384
    #[arg(long, value_name = "T", value_parser = ca::key_type, conflicts_with = "ca")]
    key_type: Option<KeyType>,
    /// Write a new CA's key without encryption
    #[arg(long, conflicts_with_all = ["passphrase", "ca"])]
    no_passphrase: bool,
    /// Do everything but InitializeCluster, and print what would be sent
    #[arg(long)]
    dry_run: bool,
    /// Replace files of other content in the bundle
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    create: create::CreateArgs,
    #[command(flatten)]
    timeout: TimeoutArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    token: TokenArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    step: StepArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

impl Args {
    #[cfg(feature = "simulator")]
    const fn is_rehearsal(&self) -> bool {
        self.simulate
    }

    #[cfg(not(feature = "simulator"))]
    #[allow(clippy::unused_self)] // the other build asks
    const fn is_rehearsal(&self) -> bool {
        false
    }
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let policy = args.trust.policy(false, false)?;
    let (anchors, roots) = args.trust.anchors_and_files()?;
    #[cfg(feature = "simulator")]
    if args.simulate {
        return rehearsal::run(args, policy, ui);
    }
    args.create.check()?;
    if args.create.create {
        let dir = args.bundle.as_deref().unwrap_or(Path::new(create::NEW_BUNDLE));
        return run_from_nothing(args, dir, Trust { policy, anchors, roots }, ui);
    }
    let Some(id) = &args.cluster_id else {
        return Err(Error::new(Class::Usage, "usage", "--cluster-id is missing", "hsmboot bootstrap --help"));
    };
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let dir = bundle_dir(args.bundle.as_ref(), id);
        let desk = Desk::open(args, ui, &dir, super::now())?;
        claim(args, &service, id, &dir, desk, Trust { policy, anchors, roots }, ui).await
    })
}

/// From nothing to claimed. The CA is looked at before anything is created, and asked for its passphrase.
fn run_from_nothing(args: &Args, dir: &Path, trust: Trust, ui: &Ui) -> Result<Outcome> {
    let plan = args.create.plan()?;
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let mut desk = Desk::open(args, ui, dir, super::now())?;
        let start =
            create::Start { plan: &plan, service: &service, store: &Store::at(dir), limit: submit::patience(args.timeout.timeout).creation, ui };
        let id = start.cluster(|| desk.prepare().map(drop)).await?;
        claim(args, &service, &id, dir, desk, trust, ui).await
    })
}

/// What the evidence is judged by.
struct Trust {
    policy: Policy,
    anchors: Anchors,
    /// The files of roots that were given.
    roots: Digests,
}

async fn claim(args: &Args, service: &AwsCloudHsm, id: &ClusterId, dir: &Path, desk: Desk<'_>, trust: Trust, ui: &Ui) -> Result<Outcome> {
    let place = service.place().clone();
    let region = place.region.clone().unwrap_or_default();
    let patience = submit::patience(args.timeout.timeout);
    let mut claim = Claim::bootstrap(id.as_str(), desk.certificate(), patience).at(place.clone());
    let mut run =
        Run { args, ui, dir, id, region: &region, trust, desk, watcher: Watcher::new(ui), sent_at: None, record: None, pair: None, bundle: None };
    let end = drive(service, &mut claim, &mut run).await?;
    run.watcher.clear();
    // The one whose files were judged, where this run came so far.
    let bundle = run.bundle.take().unwrap_or_else(|| Bundle::at(dir, id.clone()));
    let outcome = match end {
        End::WouldSend(request) => return Ok(summary::of_dry_run(submit::would_send(&request, &place), run.record.as_ref(), &run.desk, dir)),
        End::Claimed(outcome) => outcome,
    };
    let now = super::now();
    let pair = run.pair.take().or_else(|| run.desk.signed_before(&bundle, now));
    let account = Account {
        cluster_id: id,
        region: &region,
        tool: TOOL,
        submitted_at: run.sent_at,
        now,
        verdict: run.record.as_ref().map(|record| record.verdict.as_str().to_owned()),
        unverified: None,
    };
    let receipt = match (&pair, outcome.how) {
        (Some(pair), how) => {
            let receipt = receipt(pair, &outcome, &account);
            submit::write_receipt(&bundle, &receipt, how, &args.step.begin(now))?;
            receipt
        }
        // Claimed by this CA from somewhere else: there is nothing here to add to.
        (None, How::Claimed | How::AlreadyClaimed) => summary::bare_receipt(&outcome, run.desk.certificate().as_ref(), &account),
    };
    Ok(summary::of_claim(&bundle, &receipt, &outcome, run.record.as_ref(), &run.desk))
}

/// A bootstrap under way.
struct Run<'a> {
    args: &'a Args,
    ui: &'a Ui,
    dir: &'a Path,
    id: &'a ClusterId,
    region: &'a str,
    trust: Trust,
    desk: Desk<'a>,
    watcher: Watcher<'a>,
    sent_at: Option<Moment>,
    record: Option<Record>,
    pair: Option<Pair>,
    bundle: Option<Bundle>,
}

impl Host for Run<'_> {
    fn elapsed(&self) -> Duration {
        self.watcher.elapsed()
    }

    async fn pause(&mut self, _claim: &Claim, length: Duration) {
        self.watcher.pause(length).await;
    }

    fn watch(&mut self, claim: &Claim) -> Result<()> {
        self.watcher.watch(claim);
        // There is going to be something to sign: ask for the passphrase now, not in ten minutes.
        let coming = claim.last_seen().is_some_and(|cluster| match cluster.state {
            ClusterState::CreateInProgress => true,
            ClusterState::Uninitialized => !cluster.hsms.is_empty(),
            _ => false,
        });
        if coming && self.pair.is_none() && self.desk.signed_before(&Bundle::at(self.dir, self.id.clone()), super::now()).is_none() {
            self.watcher.clear();
            self.desk.prepare()?;
        }
        Ok(())
    }

    fn certify(&mut self, cluster: &Cluster) -> Result<Pair> {
        self.watcher.clear();
        let now = super::now();
        let fetched =
            fetch::write(self.dir, cluster, &Facts { region: self.region, now, tool: TOOL, step: self.args.step.begin(now) }, self.args.force)?;
        warn_of_missing(&fetched, self.ui);
        let bundle = fetched.bundle;
        let evidence = bundle.evidence(false, true)?;
        let judgement = engine::verify(&evidence, &self.trust.anchors, now, &self.trust.policy);
        let step = judged(self.args.step.begin(now), &judgement.record, &self.trust.roots);
        bundle.write(&[verify::record_file(&bundle::document(&judgement.record))], &step)?;
        let grounds = sign::grounds(&judgement, None, self.ui)?;
        self.ui.say(&format!("{} verified: the CSR is a genuine HSM's", self.id));
        let pair = match self.desk.signed_before(&bundle, now) {
            Some(pair) => {
                self.ui.say("the certificate that was signed before still fits");
                pair
            }
            None => self.sign(&bundle, &grounds, &judgement.record, &evidence, now)?,
        };
        self.record = Some(judgement.record);
        self.pair = Some(pair.clone());
        self.bundle = Some(bundle);
        Ok(pair)
    }

    fn may_send(&mut self, _request: &InitializeCluster) -> Result<bool> {
        if self.args.dry_run {
            return Ok(false);
        }
        let now = super::now();
        let fresh = || Bundle::at(self.dir, self.id.clone());
        submit::note_sending(&self.bundle.clone().unwrap_or_else(fresh), &self.args.step.begin(now))?;
        self.sent_at = Some(now);
        self.watcher.tell("InitializeCluster is sent");
        Ok(true)
    }
}

impl Run<'_> {
    fn sign(&mut self, bundle: &Bundle, grounds: &Grounds<'_>, record: &Record, evidence: &engine::Evidence, now: Moment) -> Result<Pair> {
        self.desk.check_room(bundle)?;
        bundle.check_ready()?;
        let terms = Terms { serial: super::random()?, now, days: self.args.days };
        // A new CA's certificate may be a second younger than the moment of judging.
        let ca = self.desk.ca(super::now())?;
        bundle.check_unchanged(false)?;
        let pair = issue(grounds, &ca, &terms)?;
        let files = self.trust.roots.clone().into_iter().chain(self.desk.given()).collect();
        let step = judged(self.args.step.begin(now), record, &files);
        let origin = Origin { ca_key: self.desk.key_name().map(str::to_owned), issued_by: None };
        Signed { bundle, pair: &pair, evidence, record, unverified: None, origin, signed_at: now, force: self.args.force }.keep(&step)?;
        self.ui.say(&format!("{} signed and checked", self.id));
        Ok(pair)
    }
}
