//! `hsmboot hsm create`, `hsmboot hsm delete`

use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::{deleted_error, find_cluster, is_deleting_or_deleted};
use super::manage::{ConsentArgs, PollStatus, WaitArgs, or_dash, poll_until_there, with_place};
use super::online::{OnlineArgs, block_on, parse_cluster_id};
use super::ui::{CommandOutput, Effect, Ui, insert_member};
use super::view::hsm_document;
use crate::bundle::ClusterId;
use crate::claim::state_reasons;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::NewHsm;
use crate::cloudhsm::{
    CloudHsm, Cluster, ClusterState, Fleet, HsmState, HsmSummary, NextStep, limits, next_step,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText, join_shown, shown_text};

/// Create and delete the HSMs of a cluster
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-central-1a --wait
  hsmboot hsm delete --cluster-id cluster-abc234defgh --hsm-id hsm-abc234defgh

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    Create(CreateArgs),
    Delete(DeleteArgs),
}

/// Create an HSM in a cluster
#[derive(Debug, clap::Args)]
#[command(after_help = "\
CreateHsm is sent once. A cluster that is not claimed and activated yet takes one HSM, which makes \
the CSR: AWS refuses a second one, and so does this command, before it asks.

Examples:
  hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-central-1a --wait
  hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-central-1b \
--ip-address 10.0.2.9

Exit codes: 0 created; 2 wrong command line; 6 unknown cluster, or the service refused or cannot \
be reached, or its answer is lost; \
7 created, and not ACTIVE in time; 8 the cluster's state or subnets do not allow it")]
pub struct CreateArgs {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = parse_cluster_id)]
    cluster_id: ClusterId,
    /// An Availability Zone that the cluster has a subnet in
    #[arg(long, value_name = "ZONE", value_parser = limits::availability_zone)]
    availability_zone: String,
    /// The HSM's address in that subnet (default: a free one)
    #[arg(long, value_name = "IP", value_parser = limits::ip_address)]
    ip_address: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Delete an HSM of a cluster
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks first. With the only HSM of a cluster that is not claimed yet its CSR goes, and a certificate \
signed for it is worthless.

Examples:
  hsmboot hsm delete --cluster-id cluster-abc234defgh --hsm-id hsm-abc234defgh
  hsmboot hsm delete --cluster-id cluster-abc234defgh --eni-ip 10.0.1.4 --yes --wait

Exit codes: 0 deleted, or being deleted already; 2 wrong command line, or nobody to ask and no \
--yes; 6 unknown cluster or HSM, or the service \
refused or cannot be reached; 7 not gone in time; 130 declined, nothing was deleted")]
pub struct DeleteArgs {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = parse_cluster_id)]
    cluster_id: ClusterId,
    #[command(flatten)]
    which: HsmSelector,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// The options that name an HSM: one of its names.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct HsmSelector {
    /// The HSM, by its id
    #[arg(long, value_name = "ID", value_parser = limits::hsm_id)]
    hsm_id: Option<String>,
    /// The HSM, by its network interface's id
    #[arg(long, value_name = "ID", value_parser = limits::eni_id)]
    eni_id: Option<String>,
    /// The HSM, by its address
    #[arg(long, value_name = "IP", value_parser = limits::ip_address)]
    eni_ip: Option<String>,
}

impl HsmSelector {
    fn matches_hsm(&self, hsm: &HsmSummary) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted
                .as_deref()
                .is_some_and(|wanted| found == Some(wanted))
        };
        same(&self.hsm_id, Some(hsm.hsm_id.as_raw()))
            || same(&self.eni_id, hsm.eni_id.as_ref().map(OutsideText::as_raw))
            || same(&self.eni_ip, hsm.eni_ip.as_ref().map(OutsideText::as_raw))
    }

    fn name(&self) -> &str {
        [&self.hsm_id, &self.eni_id, &self.eni_ip]
            .into_iter()
            .flatten()
            .next()
            .map_or("", String::as_str)
    }
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Create(args) => create_hsm(args, ui),
        Command::Delete(args) => delete_hsm(args, ui),
    }
}

fn hsm_change_document(
    service: &AwsCloudHsm,
    changed: bool,
    id: &ClusterId,
    hsm: Option<&HsmSummary>,
) -> Value {
    with_place(
        service.place(),
        json!({ "changed": changed, "cluster_id": id, "hsm": hsm.map(hsm_document) }),
    )
}

fn create_hsm(args: &CreateArgs, ui: &Ui) -> Result<CommandOutput> {
    let id = &args.cluster_id;
    let order = NewHsm {
        cluster_id: id.to_string(),
        availability_zone: args.availability_zone.clone(),
        ip_address: args.ip_address.clone(),
    };
    block_on(async {
        let service = args.wait.connect_within(&args.online, ui).await?;
        let mut cluster = find_cluster(&service, id).await?;
        check_takes_hsm(&cluster, &order.availability_zone)?;
        let made = service.create_hsm(&order).await?;
        let hsm = match args.wait.wait_limit() {
            None => made,
            Some(limit) => {
                ui.say(format!("created {}", made.hsm_id));
                wait_until_active(&service, id, &made.hsm_id, limit, ui)
                    .await
                    .map_err(|error| {
                        error
                            .unless_done_already()
                            .with_document(hsm_change_document(&service, true, id, Some(&made)))
                    })?
            }
        };
        let mut text = format!(
            "created {}\n  state    {}\n  address  {}\n",
            hsm.hsm_id,
            hsm.state,
            or_dash(hsm.eni_ip.as_ref())
        );
        // What comes next, of a cluster as it is with this HSM.
        cluster.hsms.push(hsm.clone());
        text.push_str(&next_command_line(&cluster));
        Ok(CommandOutput::success(
            Effect::Changed,
            hsm_change_document(&service, true, id, Some(&hsm)),
            text,
        ))
    })
}

/// Waits until a new HSM is ACTIVE.
async fn wait_until_active(
    service: &AwsCloudHsm,
    id: &ClusterId,
    hsm_id: &OutsideText,
    limit: Duration,
    ui: &Ui,
) -> Result<HsmSummary> {
    let hint = format!(
        "it exists; do not create another: `hsmboot cluster show --cluster-id {id}` shows how it \
         stands"
    );
    poll_until_there(ui, limit, &hint, async || {
        let cluster = service.describe_cluster(id.as_str()).await?;
        let next = cluster.as_ref().map_or_else(String::new, broken_hsm_hint);
        let hsm =
            cluster.and_then(|cluster| cluster.hsms.into_iter().find(|hsm| hsm.hsm_id == *hsm_id));
        Ok(match hsm {
            Some(hsm) if hsm.state == HsmState::Active => PollStatus::There(hsm),
            Some(hsm)
                if matches!(
                    hsm.state,
                    HsmState::Degraded | HsmState::DeleteInProgress | HsmState::Deleted
                ) =>
            {
                PollStatus::Lost(never_active_error(&hsm, &next))
            }
            Some(hsm) => PollStatus::NotYet(format!("{hsm_id} {}", hsm.state)),
            None => PollStatus::NotYet(format!("{hsm_id} is not listed yet")),
        })
    })
    .await
}

fn never_active_error(hsm: &HsmSummary, next: &str) -> Error {
    let message = hsm
        .state_message
        .as_ref()
        .map(|text| format!("  service  {text}"));
    Error::new(
        ErrorKind::StateOutOfReach,
        Lines::from([
            format!("{} cannot become ACTIVE any more", hsm.hsm_id),
            format!("  state    {}", hsm.state),
        ])
        .followed_by(message),
        next,
    )
    .with_fact(FactName::HsmId, &hsm.hsm_id)
    .with_fact(FactName::State, hsm.state.to_string())
    .with_fact(FactName::Target, HsmState::Active.to_string())
    .with_fact(FactName::ServiceMessage, hsm.state_message.as_ref())
}

/// Returns the hint about an HSM that did not become ACTIVE. In a claimed cluster its owner
/// decides: the other HSMs hold the keys.
fn broken_hsm_hint(cluster: &Cluster) -> String {
    match cluster.state {
        ClusterState::Uninitialized => next_step(cluster).advice_for(&cluster.cluster_id),
        _ => format!(
            "`hsmboot cluster show --cluster-id {}` shows the cluster",
            cluster.cluster_id
        ),
    }
}

/// Checks that the cluster can have another HSM, and has a subnet in the zone.
pub(crate) fn check_takes_hsm(cluster: &Cluster, zone: &str) -> Result<()> {
    let id = &cluster.cluster_id;
    let state = &cluster.state;
    if is_deleting_or_deleted(cluster) {
        return Err(deleted_error(cluster));
    }
    let conflict = |kind, message: Lines, hint: String| {
        Err(Error::new(kind, message, hint)
            .with_fact(FactName::ClusterId, id)
            .with_fact(FactName::State, state.to_string()))
    };
    match state {
        ClusterState::CreateInProgress | ClusterState::InitializeInProgress => {
            let message = Lines::from([
                format!("{id} takes no HSM yet"),
                format!("  state  {state}"),
            ])
            .followed_by(state_reasons(cluster));
            return conflict(
                ErrorKind::ClusterNotReady,
                message,
                next_step(cluster).advice_for(id),
            );
        }
        // "Cluster already contains an HSM but has not yet been fully activated", as AWS refuses
        // it: before the first password is set there is one alone.
        ClusterState::Uninitialized | ClusterState::Initialized
            if cluster
                .hsms
                .iter()
                .any(|hsm| hsm.state != HsmState::Deleted) =>
        {
            let hsms: Lines = cluster
                .hsms
                .iter()
                .map(|hsm| format!("  HSM  {}  {}", hsm.hsm_id, hsm.state))
                .collect();
            return conflict(
                ErrorKind::FirstHsmExists,
                Lines::from(format!(
                    "{id} has its first HSM, and takes no other before it is claimed and activated"
                ))
                .followed_by(hsms)
                .followed_by(state_reasons(cluster)),
                match next_step(cluster) {
                    NextStep::Fetch => format!("claim it: hsmboot bootstrap --cluster-id {id}"),
                    // Not the same command again: that would be refused again.
                    step @ NextStep::Wait(_) => format!(
                        "wait for its CSR, and claim it: `{}`",
                        step.command_for(id).unwrap_or_default()
                    ),
                    step => step.advice_for(id),
                },
            );
        }
        _ => {}
    }
    if cluster.subnets.is_empty() || cluster.subnets.keys().any(|known| known == zone) {
        return Ok(());
    }
    let zones = |between| join_shown(cluster.subnets.keys(), between);
    conflict(
        ErrorKind::ZoneWithoutSubnet,
        format!(
            "{id} has no subnet in {}, only in {}",
            shown_text(zone),
            zones(", ")
        )
        .into(),
        format!("choose one of these: --availability-zone {}", zones(" or ")),
    )
}

fn delete_hsm(args: &DeleteArgs, ui: &Ui) -> Result<CommandOutput> {
    let id = &args.cluster_id;
    args.consent.check_can_ask()?;
    block_on(async {
        let service = args.wait.connect_within(&args.online, ui).await?;
        let cluster = find_cluster(&service, id).await?;
        let hsm = cluster
            .hsms
            .iter()
            .find(|hsm| args.which.matches_hsm(hsm))
            .ok_or_else(|| no_such_hsm_error(&cluster, args.which.name()))?;
        let changed = !is_hsm_deleting_or_deleted(hsm);
        if changed {
            args.consent.ask_to_delete(
                &format!(
                    "{} of {id} ({}), at {}",
                    hsm.hsm_id,
                    cluster.state,
                    service.place()
                ),
                deletion_consequence(&cluster),
            )?;
            send_deletion(&service, id, hsm.hsm_id.as_raw()).await?;
        }
        let look = async || {
            Ok(service
                .describe_cluster(id.as_str())
                .await?
                .and_then(|cluster| find_hsm(cluster, hsm.hsm_id.as_raw())))
        };
        let last = match args.wait.wait_limit() {
            None => look().await?,
            Some(limit) => {
                poll_until_there(ui, limit, STATUS_HINT, async || {
                    deletion_status(look().await?)
                })
                .await?
            }
        };
        let mut text = match (changed, last.is_some()) {
            (true, false) => format!("deleted {}\n", hsm.hsm_id),
            (true, true) => format!("{} is being deleted\n", hsm.hsm_id),
            (false, _) => format!(
                "{} is being deleted already; nothing was changed\n",
                hsm.hsm_id
            ),
        };
        let mut after = cluster.clone();
        after.hsms.retain(|other| other.hsm_id != hsm.hsm_id);
        after.hsms.extend(last.clone());
        after.certificates.cluster_csr = after
            .certificates
            .cluster_csr
            .filter(|_| !after.hsms.is_empty());
        text.push_str(&next_command_line(&after));
        let mut document = hsm_change_document(&service, changed, id, last.as_ref());
        insert_member(&mut document, "hsm_id", json!(hsm.hsm_id));
        Ok(CommandOutput::success(
            Effect::when(changed),
            document,
            text,
        ))
    })
}

fn find_hsm(cluster: Cluster, hsm_id: &str) -> Option<HsmSummary> {
    cluster.hsms.into_iter().find(|hsm| hsm.hsm_id == *hsm_id)
}

/// Returns the line with the next command for a cluster that is not claimed yet.
pub(crate) fn next_command_line(cluster: &Cluster) -> String {
    let command = if cluster.state == ClusterState::Uninitialized {
        next_step(cluster).command_for(&cluster.cluster_id)
    } else {
        None
    };
    command
        .map(|command| format!("next: {command}\n"))
        .unwrap_or_default()
}

const STATUS_HINT: &str = "`hsmboot cluster show` shows how it stands; it goes on by itself";

fn deletion_status(
    hsm: Option<HsmSummary>,
) -> std::result::Result<PollStatus<Option<HsmSummary>>, crate::cloudhsm::ServiceError> {
    Ok(match hsm {
        None => PollStatus::There(None),
        Some(hsm) if hsm.state == HsmState::Deleted => PollStatus::There(None),
        Some(hsm) => PollStatus::NotYet(format!("{} {}", hsm.hsm_id, hsm.state)),
    })
}

/// Sends DeleteHsm. Where its answer is lost, the cluster's state tells.
async fn send_deletion(service: &AwsCloudHsm, id: &ClusterId, hsm_id: &str) -> Result<()> {
    match service.delete_hsm(id.as_str(), hsm_id).await {
        Err(error) if error.outcome_unknown() => {
            let cluster = service.describe_cluster(id.as_str()).await?;
            let stays = cluster.is_some_and(|cluster| {
                cluster
                    .hsms
                    .iter()
                    .any(|hsm| hsm.hsm_id == hsm_id && !is_hsm_deleting_or_deleted(hsm))
            });
            if stays { Err(error.into()) } else { Ok(()) }
        }
        sent => Ok(sent?),
    }
}

fn is_hsm_deleting_or_deleted(hsm: &HsmSummary) -> bool {
    matches!(hsm.state, HsmState::DeleteInProgress | HsmState::Deleted)
}

/// Returns what is lost with the HSM.
fn deletion_consequence(cluster: &Cluster) -> &'static str {
    match (&cluster.state, cluster.hsms.len()) {
        (ClusterState::Uninitialized, _) => {
            "The cluster's CSR goes with it: a certificate that was signed for it is worthless \
             then."
        }
        (_, 1) => "It is the cluster's only HSM: its keys are left in backups alone.",
        _ => "The cluster's keys stay on its other HSMs.",
    }
}

fn no_such_hsm_error(cluster: &Cluster, name: &str) -> Error {
    let hsms: Lines = cluster
        .hsms
        .iter()
        .map(|hsm| format!("  HSM  {}  {}", hsm.hsm_id, hsm.state))
        .collect();
    let hsms = if hsms.is_empty() {
        "  it has none".into()
    } else {
        hsms
    };
    Error::new(
        ErrorKind::HsmNotFound,
        Lines::from(format!("{} has no HSM {name}", cluster.cluster_id)).followed_by(hsms),
        format!(
            "`hsmboot cluster show --cluster-id {}` shows its HSMs",
            cluster.cluster_id
        ),
    )
    .with_fact(FactName::ClusterId, &cluster.cluster_id)
    .with_fact(FactName::Found, name)
}
