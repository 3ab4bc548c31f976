//! `bootstrap --simulate`: starts a simulator and runs the ordinary bootstrap against it.

use std::fmt;
use std::time::Duration;

use super::{Args, BootstrapCa, TrustSettings, bundle_dir, claim_cluster, steps};
use crate::bundle::{ClusterId, Digests};
use crate::claim::Patience;
use crate::claim::wait::{Wait, WaitTarget};
use crate::cli::live_steps::StepsEnd;
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::ui::{CommandOutput, Ui};
use crate::cli::wait;
use crate::cli::watcher::Watcher;
use crate::cloudhsm::Fleet;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{ClusterMode, NewCluster, NewHsm};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::generation::Generation;
use crate::simulator::{Options, SimError, Simulator};
use crate::verify::{Anchor, Anchors, Policy};

/// The time to wait for the simulator's cluster, which exists at once.
const CREATION: Duration = Duration::from_secs(60);

pub(super) fn run(args: &Args, policy: Policy, ui: &Ui) -> Result<CommandOutput> {
    let mut watcher = Watcher::with_steps(ui, &steps::OF_REHEARSAL);
    let simulator = Simulator::spawn(Options::default()).map_err(|fault| start_error(&fault))?;
    watcher.say(format!(
        "simulator at {}: nothing of what follows is real",
        simulator.url()
    ));
    let anchors = simulator_anchors(&simulator)?;
    let simulated_roots = roots_to_keep(&simulator)?;
    let online = OnlineArgs {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(simulator.url()),
        ..OnlineArgs::default()
    };
    let outcome = block_on(async {
        let service = online
            .connect_within(args.timeout.timeout, None, ui)
            .await?;
        let id = set_up(&service, &mut watcher)
            .await
            .inspect_err(|_| watcher.end_steps(StepsEnd::Failed))?;
        ui.note_cluster(&id);
        watcher.clear();
        let dir = bundle_dir(args.bundle.as_ref(), &id);
        let ca = BootstrapCa::open(args, ui, &dir)?;
        claim_cluster(
            args,
            &service,
            &id,
            &dir,
            ca,
            TrustSettings {
                policy,
                anchors,
                roots: Digests::new(),
                simulated_roots: Some(simulated_roots),
            },
            watcher,
        )
        .await
    });
    simulator.shutdown();
    outcome
}

/// Creates the cluster and its first HSM.
async fn set_up(service: &AwsCloudHsm, watcher: &mut Watcher<'_>) -> Result<ClusterId> {
    let order = NewCluster {
        hsm_type: Generation::NEWEST.hsm_type().to_owned(),
        mode: Some(ClusterMode::Fips),
        subnet_ids: vec!["subnet-0a1b2c3d4e5f60718".to_owned()],
        ..NewCluster::default()
    };
    watcher.begin(steps::CLUSTER);
    watcher.show_steps("CreateCluster");
    let id = service.create_cluster(&order).await?.cluster_id;
    let id: ClusterId = id.as_raw().parse().map_err(|fault: String| {
        Error::new(ErrorKind::StrangeAnswer, fault, "please report it")
            .with_fact(FactName::ClusterId, &id)
    })?;
    let created = Wait::new(
        id.as_str(),
        WaitTarget::Uninitialized,
        CREATION,
        Patience::default(),
    );
    wait::drive_wait(service, created, watcher).await?;
    watcher.begin(steps::FIRST_HSM);
    watcher.show_steps("CreateHsm");
    service
        .create_hsm(&NewHsm {
            cluster_id: id.to_string(),
            availability_zone: "us-east-1a".to_owned(),
            ip_address: None,
        })
        .await?;
    Ok(id)
}

/// Returns the simulator's own roots. Nothing built in ever trusts them.
fn simulator_anchors(simulator: &Simulator) -> Result<Anchors> {
    let read = |pem: std::result::Result<String, SimError>, name: &str| {
        let pem = pem.map_err(|fault| start_error(&fault))?;
        let anchors = Anchor::from_file(pem.as_bytes(), name);
        anchors
            .map(|all| all.into_iter().map(Anchor::brought_by_simulator).collect())
            .map_err(|fault| start_error(&fault))
    };
    Ok(Anchors {
        aws: read(simulator.aws_root_pem(), "the simulator's aws-root.crt")?,
        manufacturer: read(
            simulator.manufacturer_root_pem(),
            "the simulator's manufacturer-root.crt",
        )?,
    })
}

/// Returns the file that keeps the simulator's roots in the bundle, marked as what they are.
fn roots_to_keep(simulator: &Simulator) -> Result<Vec<u8>> {
    let read =
        |pem: std::result::Result<String, SimError>| pem.map_err(|fault| start_error(&fault));
    Ok([
        "SIMULATED: the roots of hsmboot's simulator, for looking at this rehearsal again. Nothing \
         of it is real.\nNothing takes them as anchors unless --simulated says so.\n",
        &read(simulator.aws_root_pem())?,
        &read(simulator.manufacturer_root_pem())?,
    ]
    .concat()
    .into_bytes())
}

fn start_error(fault: &impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Simulator,
        format!("the simulator does not start: {fault}"),
        "nothing has been written",
    )
    .with_fact(FactName::Cause, fault.to_string())
}
