//! `hsmboot bootstrap`: all steps in a row, with the waiting between them.

mod create;
#[cfg(feature = "simulator")]
mod rehearsal;
mod signing_ca;
mod summary;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{PassphraseArgs, TrustArgs, bundle_dir};
use super::consent::{ClaimIntent, ConsentQuestion, YesArgs};
use super::fetch::warn_of_missing;
use super::hardware;
use super::key::ca_key_help;
use super::online::{OnlineArgs, TimeoutArgs, Watcher, block_on, parse_cluster_id};
use super::owner::FromBundleArgs;
use super::sign::{self, SignedPair};
use super::step::{StepArgs, with_judgement};
use super::token::TokenArgs;
use super::ui::{CommandOutput, Ui};
use super::{TOOL, ca, submit, verify};
use crate::bundle::{
    self, Bundle, ClusterId, Digests, Part, SignatureOrigin, Store, TranscriptStep,
};
use crate::ca::KeyType;
use crate::check::Pair;
use crate::claim::Claim;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{CallPlace, Cluster, ClusterState, InitializeCluster, next_step};
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::{self, FetchFacts};
use crate::outside::OutsideText;
use crate::owner::{Authorized, Owner, SignedResponse};
use crate::sign::{DEFAULT_DAYS, Grounds, SigningTerms, issue};
use crate::submit::{DriveEnd, Host, ReceiptFacts, drive_claim, make_receipt};
use crate::verify::{self as engine, Anchors, Hardware, Policy, Record};
use crate::x509::{Csr, Moment};
use signing_ca::BootstrapCa;

/// Claim a cluster in one go: fetch, verify, sign, check, submit, confirm
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Waits for the cluster's first HSM, and goes on from where an earlier run stopped. Without --ca it \
makes a CA in the bundle's directory (a bundle in one file takes none): \
take its key away from there afterwards. A CA that lies in the bundle already is taken only if its \
key proves that it is yours: the encrypted one beside it, opened by your passphrase, or \
the one of --ca-key. With --create it makes the cluster and its first HSM, and writes down in the \
bundle what it made: \
the same command goes on with that cluster, and makes no second one.

Examples:
  hsmboot bootstrap --simulate
  hsmboot bootstrap --cluster-id cluster-abc234defgh --ca ./ca/customerCA.crt --ca-key \
./ca/customerCA.key
  hsmboot bootstrap --create --bundle ./new --subnet-id subnet-0a1b2c3d --availability-zone \
eu-central-1a

Exit codes: 0 claimed, or claimed by this CA already; 3 the HSM's identity is not proven, or \
nothing proves that the bundle's CA is yours; 5 the CA cannot sign; 6 the service refused or \
cannot be reached; 7 not in time; 8 another CSR, another CA, or a state that does not allow it; \
130 declined")]
pub struct Args {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = parse_cluster_id)]
    #[cfg_attr(feature = "simulator", arg(required_unless_present_any = ["simulate", "create"]))]
    #[cfg_attr(not(feature = "simulator"), arg(required_unless_present = "create"))]
    cluster_id: Option<ClusterId>,
    /// Rehearse on an embedded simulator: it makes a cluster and an HSM, and trusts roots of its
    /// own; nothing of it is real
    #[cfg(feature = "simulator")]
    #[arg(
        long,
        conflicts_with_all = [
            "cluster_id", "create", "region", "profile", "endpoint_url", "insecure_http",
            "assume_role", "aws_root", "manufacturer_root",
        ],
    )]
    simulate: bool,
    /// The CA's certificate, or chain, which names the owner and becomes the trust anchor
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[arg(long, value_name = "KEY", help = ca_key_help())]
    ca_key: Option<PathBuf>,
    /// The directory to work in, or one file NAME.hsmboot (default: ./<cluster-id>; with --create
    /// ./new-cluster)
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// The days that the signed certificate, and a new CA, last
    #[arg(
        long,
        value_name = "N",
        default_value_t = DEFAULT_DAYS,
        value_parser = clap::value_parser!(u32).range(1..=36525),
    )]
    days: u32,
    /// A new CA's name: an RFC 4514 string, or as openssl takes it (/C=DE/CN=A)
    #[arg(long, value_name = "DN", conflicts_with = "ca")]
    subject: Option<String>,
    /// A new CA's key: rsa-4096 (default; for a rehearsal rsa-2048), rsa-3072, rsa-2048, p256 or
    /// p384
    #[arg(long, value_name = "T", value_parser = ca::parse_key_type, conflicts_with = "ca")]
    key_type: Option<KeyType>,
    /// Write a new CA's key without encryption
    #[arg(long, conflicts_with_all = ["passphrase", "ca"])]
    no_passphrase: bool,
    /// Fetch and verify, sign nothing and make no key, and print what would be sent, or signed
    #[arg(long)]
    dry_run: bool,
    /// Replace files of other content in the bundle
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    from_bundle: FromBundleArgs,
    #[command(flatten)]
    consent: YesArgs,
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

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let policy = args
        .trust
        .build_policy(args.from_bundle.ca_from_bundle, false)?;
    // A rehearsal has roots of its own.
    #[cfg(feature = "simulator")]
    if args.simulate {
        return rehearsal::run(args, policy, ui);
    }
    let trust = |dir: &Path| {
        args.trust
            .read_anchors_and_files(&Store::at_path(dir))
            .map(|(anchors, roots)| TrustSettings {
                policy,
                anchors,
                roots,
            })
    };
    args.create.check()?;
    if args.create.create {
        let dir = args
            .bundle
            .as_deref()
            .unwrap_or(Path::new(create::NEW_BUNDLE));
        return run_from_nothing(args, dir, trust(dir)?, ui);
    }
    let Some(id) = &args.cluster_id else {
        return Err(Error::new(
            ErrorKind::Usage,
            "--cluster-id is missing",
            "hsmboot bootstrap --help",
        ));
    };
    let dir = bundle_dir(args.bundle.as_ref(), id);
    let trust = trust(&dir)?;
    block_on(async {
        let service = args
            .online
            .connect_within(args.timeout.timeout, None, ui)
            .await?;
        let ca = BootstrapCa::open(args, ui, &dir)?;
        claim_cluster(args, &service, id, &dir, ca, trust, ui).await
    })
}

/// Creates a cluster and claims it. The CA is checked, and its passphrase asked for, before
/// anything is created.
fn run_from_nothing(
    args: &Args,
    dir: &Path,
    trust: TrustSettings,
    ui: &Ui,
) -> Result<CommandOutput> {
    let plan = args.create.to_plan()?;
    block_on(async {
        let service = args
            .online
            .connect_within(args.timeout.timeout, None, ui)
            .await?;
        let region = service
            .place()
            .region
            .as_ref()
            .map(OutsideText::as_raw)
            .unwrap_or_default();
        check_roots_available(Some(plan.hsm_type()), region, &trust.anchors)?;
        let mut ca = BootstrapCa::open(args, ui, dir)?;
        let start = create::ClusterCreation {
            plan: &plan,
            service: &service,
            store: &Store::at_path(dir),
            ca: ca
                .trust_anchor()
                .map(|trust_anchor| trust_anchor.signing_ca().clone()),
            ca_named: args.ca.is_some(),
            step: &args.step,
            limit: submit::patience_from_timeout(args.timeout.timeout).creation,
            ui,
        };
        let id = start.obtain_cluster(|| ca.prepare(super::now())).await?;
        claim_cluster(args, &service, &id, dir, ca, trust, ui).await
    })
}

/// The policy and the roots that the evidence is judged by.
struct TrustSettings {
    policy: Policy,
    anchors: Anchors,
    /// The files of roots that were given.
    roots: Digests,
}

async fn claim_cluster(
    args: &Args,
    service: &AwsCloudHsm,
    id: &ClusterId,
    dir: &Path,
    ca: BootstrapCa<'_>,
    trust: TrustSettings,
    ui: &Ui,
) -> Result<CommandOutput> {
    let place = service.place().clone();
    let region = place.region.clone().unwrap_or_default();
    let patience = submit::patience_from_timeout(args.timeout.timeout);
    let csr = read_csr(&Bundle::at_path(dir, id.clone()))?;
    let mut claim = Claim::for_bootstrap(id.as_str(), ca.owner().cloned(), csr, patience)
        .with_place(place.clone());
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
        watcher: Watcher::new(ui),
        sent_at: None,
        record: None,
        authorized: None,
        bundle: None,
    };
    let end = drive_claim(service, &mut claim, &mut run).await?;
    run.watcher.clear();
    // The one whose files were judged, where this run came so far.
    let bundle = run
        .bundle
        .take()
        .unwrap_or_else(|| Bundle::at_path(dir, id.clone()));
    let outcome = match (end, run.ca.owner()) {
        (DriveEnd::WouldSend(request), Some(owner)) => {
            return Ok(summary::dry_run_output(
                submit::would_send_output(&request, &place, owner),
                run.record.as_ref(),
                &run.ca,
                dir,
            ));
        }
        (DriveEnd::Claimed(outcome), Some(_)) => outcome,
        (DriveEnd::WouldSign(()), _) => {
            return Ok(summary::dry_run_output(
                summary::would_sign_output(&bundle, &place, &run.ca),
                run.record.as_ref(),
                &run.ca,
                dir,
            ));
        }
        (DriveEnd::WouldSend(_) | DriveEnd::Claimed(_), None) => return Err(missing_owner_error()),
    };
    let now = super::now();
    let Some(owner) = run.ca.owner() else {
        return Err(missing_owner_error());
    };
    let pair = run
        .authorized
        .take()
        .map(|authorized| authorized.pair().clone())
        .or_else(|| Some(run.ca.signed_before(&bundle, now)?.0));
    let account = ReceiptFacts {
        cluster_id: id,
        region: region.as_raw(),
        endpoint: place.endpoint.as_ref().map(OutsideText::as_raw),
        tool: TOOL,
        submitted_at: run.sent_at,
        now,
        record: run.record.as_ref(),
        unverified: None,
    };
    let receipt = match &pair {
        Some(pair) => {
            let receipt = make_receipt(&SignedResponse::from_pair(pair), owner, &outcome, &account);
            if !args.dry_run {
                let step = TranscriptStep {
                    owner: Some(owner.basis().noted_proof()),
                    reason: args.trust.reason(),
                    ..args.step.begin_step(now)
                };
                submit::write_receipt(&bundle, &receipt, outcome.how, &step)?;
            }
            receipt
        }
        // Claimed by this CA from somewhere else: there is nothing here to add to.
        None => summary::bare_receipt(&outcome, owner, &account),
    };
    Ok(summary::claim_output(
        &bundle,
        &receipt,
        &outcome,
        run.record.as_ref(),
        &run.ca,
        owner,
    ))
}

fn missing_owner_error() -> Error {
    Error::new(
        ErrorKind::Bug,
        "a claim ended without its owner",
        "please report it",
    )
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
    })
}

impl BootstrapRun<'_> {
    /// Does the same as [`check_roots_available`] for a cluster whose chains are about to be
    /// judged, before a passphrase is asked for.
    fn check_roots_available(&self, cluster: &Cluster) -> Result<()> {
        check_roots_available(
            cluster.hsm_type.as_ref().map(OutsideText::as_raw),
            self.region,
            &self.trust.anchors,
        )
    }
}

/// Checks that no root is missing for hardware of this type, before anything is created, asked for
/// or fetched.
fn check_roots_available(hsm_type: Option<&str>, region: &str, anchors: &Anchors) -> Result<()> {
    match (Hardware {
        hsm_type,
        region: Some(region),
    })
    .roots_needed(anchors)
    .as_slice()
    {
        [] => Ok(()),
        roots => Err(hardware::root_missing_error_before_fetch(roots)),
    }
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
    sent_at: Option<Moment>,
    record: Option<Record>,
    authorized: Option<Authorized>,
    bundle: Option<Bundle>,
}

impl Host for BootstrapRun<'_> {
    type Rehearsal = ();

    fn elapsed(&self) -> Duration {
        self.watcher.elapsed()
    }

    async fn pause(&mut self, _claim: &Claim, length: Duration) {
        self.watcher.pause(length).await;
    }

    fn on_progress(&mut self, claim: &Claim) -> Result<()> {
        self.watcher.show_claim(claim);
        // There is going to be something to sign: ask for the passphrase now, not in ten minutes.
        let coming = claim
            .last_seen()
            .is_some_and(|cluster| match cluster.state {
                // One that is being restored is claimed already.
                ClusterState::CreateInProgress => cluster.origin_text().is_none(),
                ClusterState::Uninitialized => !next_step(cluster).needs_action(),
                _ => false,
            });
        if let Some(cluster) = claim
            .last_seen()
            .filter(|_| coming && self.authorized.is_none())
        {
            self.check_roots_available(cluster)?;
        }
        if coming
            && self.authorized.is_none()
            && self
                .ca
                .signed_before(&Bundle::at_path(self.dir, self.id.clone()), super::now())
                .is_none()
        {
            self.watcher.clear();
            self.ca.prepare(super::now())?;
        }
        Ok(())
    }

    fn make_pair(&mut self, cluster: &Cluster) -> Result<ControlFlow<(), Authorized>> {
        self.watcher.clear();
        let now = super::now();
        let facts = FetchFacts {
            region: self.region,
            endpoint: self.place.endpoint.as_ref().map(OutsideText::as_raw),
            now,
            tool: TOOL,
            step: self.args.step.begin_step(now),
        };
        let fetched = fetch::write(self.dir, cluster, &facts, self.args.force)?;
        warn_of_missing(&fetched, self.ui);
        let bundle = fetched.bundle;
        let evidence = bundle.read_evidence(false, true)?;
        let judgement = engine::verify(&evidence, &self.trust.anchors, now, &self.trust.policy);
        let step = with_judgement(
            self.args.step.begin_step(now),
            &judgement.record,
            &self.trust.roots,
        );
        bundle.write(
            &[verify::record_file(&bundle::to_document(&judgement.record))],
            &step,
        )?;
        hardware::alarm_non_fips(
            &judgement.record,
            hardware::cluster_mode(cluster.mode.as_ref(), &bundle),
            self.ui,
        );
        let grounds = sign::signing_grounds(&judgement, &bundle, None, &self.args.trust, self.ui)?;
        self.ui.say(format!(
            "{} verified: {}",
            self.id,
            hardware::proof_sentence(judgement.record.terms.roots)
        ));
        let signed = match self.ca.signed_before(&bundle, now) {
            Some(signed) => {
                self.ui
                    .say("the certificate that was signed before still fits");
                Some(signed)
            }
            // It ends as the run that it rehearses would.
            None if self.args.dry_run => self.ca.check_room(&bundle).map(|()| None)?,
            None => Some(self.sign_csr(&bundle, &grounds, &judgement.record, &evidence, now)?),
        };
        let authorized = match signed {
            Some((pair, owner)) => {
                sign::show_notes(&pair, self.ui);
                Some(Authorized::new(pair, &grounds, &owner)?)
            }
            None => None,
        };
        self.record = Some(judgement.record);
        self.authorized.clone_from(&authorized);
        self.bundle = Some(bundle);
        Ok(authorized.map_or(ControlFlow::Break(()), ControlFlow::Continue))
    }

    fn may_send(&mut self, _request: &InitializeCluster) -> Result<bool> {
        if self.args.dry_run {
            return Ok(false);
        }
        self.ask_consent()?;
        let now = super::now();
        let fresh = || Bundle::at_path(self.dir, self.id.clone());
        let owner = self.ca.owner().map(|owner| owner.basis().noted_proof());
        let step = TranscriptStep {
            owner,
            reason: self.args.trust.reason(),
            ..self.args.step.begin_step(now)
        };
        submit::record_sending(&self.bundle.clone().unwrap_or_else(fresh), &step)?;
        self.sent_at = Some(now);
        self.watcher.show_line("InitializeCluster is sent");
        Ok(true)
    }
}

impl BootstrapRun<'_> {
    /// Asks once whether to send the request. A rehearsal claims nothing, and does not ask.
    fn ask_consent(&mut self) -> Result<()> {
        if self.args.consent.yes || self.args.is_rehearsal() || self.sent_at.is_some() {
            return Ok(());
        }
        let (Some(record), Some(authorized)) = (&self.record, &self.authorized) else {
            return Err(missing_owner_error());
        };
        self.watcher.clear();
        let notes = sign::pair_notes(authorized.pair());
        let intent = ClaimIntent {
            cluster_id: self.id.as_str(),
            place: self.place,
            account: self.account.as_ref(),
            trust_anchor: authorized.pair().trust_anchor(),
            owner: Some(authorized.owner().basis()),
            record,
            notes: &notes,
        };
        intent.show_and_ask(ConsentQuestion::Yes).map(drop)
    }

    fn sign_csr(
        &mut self,
        bundle: &Bundle,
        grounds: &Grounds<'_>,
        record: &Record,
        evidence: &engine::Evidence,
        now: Moment,
    ) -> Result<(Pair, Owner)> {
        self.ca.check_room(bundle)?;
        bundle.check_ready()?;
        let terms = SigningTerms {
            serial: super::random_octets()?,
            now,
            days: self.args.days,
        };
        // A new CA's certificate may be a second younger than the moment of judging.
        let moment = super::now();
        let ca = self.ca.ready(bundle.store(), moment)?;
        let signer = ca.signer(moment)?;
        bundle.check_unchanged(false)?;
        let pair = issue(grounds, &signer, &terms)?;
        let files = self
            .trust
            .roots
            .clone()
            .into_iter()
            .chain(self.ca.given_ca_file())
            .collect();
        let step = with_judgement(self.args.step.begin_step(now), record, &files);
        let origin = SignatureOrigin {
            ca_key: ca.key_name().map(str::to_owned).map(Into::into),
            issued_by: None,
        };
        SignedPair {
            bundle,
            pair: &pair,
            evidence,
            record,
            unverified: None,
            origin,
            signed_at: now,
            force: self.args.force,
        }
        .write_keeping_certificate(&step)?;
        self.ui.say(format!("{} signed and checked", self.id));
        Ok((pair, ca.owner().clone()))
    }
}
