//! `hsmboot bootstrap`: all steps in a row, with the waiting between them.

mod claim_run;
mod create;
mod first_hsm;
#[cfg(feature = "simulator")]
mod rehearsal;
mod replaced;
mod signing_ca;
mod steps;
mod summary;

use std::path::{Path, PathBuf};

use super::args::{PassphraseArgs, TrustArgs, WeakPassphraseArgs, bundle_dir};
use super::ca_pin::CaPinArgs;
use super::consent::YesArgs;
use super::hardware;
use super::key::ca_key_help;
use super::live_steps::StepsEnd;
use super::named_cluster::ClusterArgs;
use super::online::{OnlineArgs, TimeoutArgs, block_on};
use super::owner::FromBundleArgs;
#[cfg(feature = "awskms")]
use super::private_ca::PrivateCaArgs;
use super::step::StepArgs;
use super::token::TokenArgs;
use super::ui::{CommandOutput, Ui};
use super::watcher::Watcher;
use super::{ca, submit};
use crate::bundle::{Bundle, Digests, Store};
use crate::ca::KeyType;
use crate::error::Result;
use crate::outside::OutsideText;
use crate::sign::DEFAULT_DAYS;
use crate::verify::{Anchors, Hardware, Policy};
use claim_run::claim_cluster;
use signing_ca::BootstrapCa;

/// What stands in place of a cluster's name.
#[cfg(feature = "simulator")]
const NO_CLUSTER_NEEDED: [&str; 3] = ["cluster_id", "create", "simulate"];
#[cfg(not(feature = "simulator"))]
const NO_CLUSTER_NEEDED: [&str; 2] = ["cluster_id", "create"];

/// Claim a cluster in one go: fetch, verify, sign, check, submit, confirm
#[derive(Clone, Debug, clap::Args)]
#[command(mut_arg("cluster", |arg| arg.required_unless_present_any(NO_CLUSTER_NEEDED)))]
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
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Rehearse on an embedded simulator, with a cluster and roots of its own: nothing of it is
    /// real
    #[cfg(feature = "simulator")]
    #[arg(
        long,
        conflicts_with_all = [
            "cluster", "cluster_id", "create", "create_hsm", "region", "profile", "endpoint_url",
            "insecure_http", "assume_role", "aws_root", "manufacturer_root",
        ],
    )]
    #[cfg_attr(feature = "awskms", arg(conflicts_with = "ca_arn"))]
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
    #[command(flatten)]
    pin: CaPinArgs,
    /// The days that the signed certificate, and a new CA, last (default: 3652)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36525))]
    days: Option<u32>,
    /// A new CA's name: an RFC 4514 string, or as openssl takes it (/C=DE/CN=A)
    #[arg(long, value_name = "DN", conflicts_with = "ca")]
    #[cfg_attr(feature = "awskms", arg(conflicts_with = "ca_arn"))]
    subject: Option<String>,
    /// A new CA's key: rsa-4096 (default; for a rehearsal rsa-2048), rsa-3072, rsa-2048, p256 or
    /// p384
    #[arg(long, value_name = "T", value_parser = ca::parse_key_type, conflicts_with = "ca")]
    #[cfg_attr(feature = "awskms", arg(conflicts_with = "ca_arn"))]
    key_type: Option<KeyType>,
    /// Write a new CA's key without encryption
    #[arg(long, conflicts_with_all = ["passphrase", "ca"])]
    #[cfg_attr(feature = "awskms", arg(conflicts_with = "ca_arn"))]
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
    first_hsm: first_hsm::FirstHsmArgs,
    #[command(flatten)]
    timeout: TimeoutArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    weak: WeakPassphraseArgs,
    #[command(flatten)]
    token: TokenArgs,
    #[cfg(feature = "awskms")]
    #[command(flatten)]
    private_ca: PrivateCaArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    step: StepArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

impl Args {
    /// Returns the days that a certificate is to last.
    fn days(&self) -> u32 {
        self.days.unwrap_or(DEFAULT_DAYS)
    }

    /// Tells whether this command creates the cluster's first HSM where there is none.
    const fn creates_hsm(&self) -> bool {
        self.create.create || self.first_hsm.create_hsm
    }

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
    let args = &Args {
        passphrase: args.passphrase.ending_after(args.timeout.timeout),
        ..args.clone()
    };
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
                simulated_roots: None,
            })
    };
    args.create.check()?;
    let zone = args.create.availability_zone.as_deref();
    args.first_hsm.check(args.create.create, zone)?;
    if args.create.create {
        let dir = args
            .bundle
            .as_deref()
            .unwrap_or(Path::new(create::NEW_BUNDLE));
        return run_from_nothing(args, dir, trust(dir)?, ui);
    }
    let (id, online) = args.cluster.require(&args.online)?;
    // The ARN's region holds for the CA's key too.
    let args = &Args {
        online,
        ..args.clone()
    };
    let id = &id;
    let dir = bundle_dir(args.bundle.as_ref(), id);
    // Before anything is created, and whatever becomes of the cluster.
    Bundle::at_path(&dir, id.clone()).is_alone()?;
    let trust = trust(&dir)?;
    block_on(async {
        let service = args
            .online
            .connect_within(args.timeout.timeout, None, ui)
            .await?;
        let mut ca = BootstrapCa::open(args, ui, &dir)?;
        let zone = zone.filter(|_| args.first_hsm.create_hsm);
        let shown: &[_] = match zone {
            Some(_) => &steps::WITH_FIRST_HSM,
            None => &steps::OF_CLAIM,
        };
        let mut watcher = Watcher::with_steps(ui, shown);
        if let Some(zone) = zone {
            let limit = submit::patience_from_timeout(args.timeout.timeout).creation;
            let parts = (&mut ca, &trust);
            first_hsm::create_if_missing(&service, id, zone, limit, parts, &mut watcher)
                .await
                .inspect_err(|_| watcher.end_steps(StepsEnd::Failed))?;
        }
        claim_cluster(args, &service, id, &dir, ca, trust, watcher).await
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
            account: service.account_id().await,
            store: &Store::at_path(dir),
            ca: ca
                .trust_anchor()
                .map(|trust_anchor| trust_anchor.signing_ca().clone()),
            ca_named: args.ca.is_some(),
            step: &args.step,
            limit: submit::patience_from_timeout(args.timeout.timeout).creation,
            ui,
        };
        let mut watcher = Watcher::with_steps(ui, &steps::WITH_CLUSTER);
        let id = start
            .obtain_cluster(|| ca.prepare(super::now()), &mut watcher)
            .await
            .inspect_err(|_| watcher.end_steps(StepsEnd::Failed))?;
        claim_cluster(args, &service, &id, dir, ca, trust, watcher).await
    })
}

/// The policy and the roots that the evidence is judged by.
struct TrustSettings {
    policy: Policy,
    anchors: Anchors,
    /// The files of roots that were given.
    roots: Digests,
    /// The roots of a rehearsal's simulator, to be kept in the bundle.
    simulated_roots: Option<Vec<u8>>,
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
