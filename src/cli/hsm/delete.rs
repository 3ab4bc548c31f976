//! `hsmboot hsm delete`

use serde_json::json;

use super::{hsm_change_document, next_command};
use crate::bundle::ClusterId;
use crate::cli::cluster::find_cluster;
use crate::cli::manage::{ConsentArgs, PollStatus, WaitArgs, poll_until_there};
use crate::cli::named_cluster::RequiredClusterArgs;
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::output::next_lines;
use crate::cli::ui::{CommandOutput, Effect, Ui, insert_member};
use crate::cli::view::hsm_lines;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{
    CloudHsm, Cluster, ClusterState, Fleet, HsmState, HsmSummary, ServiceError, limits,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText};

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
    #[command(flatten)]
    cluster: RequiredClusterArgs,
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
    #[arg(long, value_name = "ID", value_parser = limits::HSM_ID.parser())]
    hsm_id: Option<String>,
    /// The HSM, by its network interface's id
    #[arg(long, value_name = "ID", value_parser = limits::ENI_ID.parser())]
    eni_id: Option<String>,
    /// The HSM, by its address
    #[arg(long, value_name = "IP", value_parser = limits::IP_ADDRESS.parser())]
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

pub(super) fn delete_hsm(args: &DeleteArgs, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = args.cluster.require(&args.online)?;
    let id = &id;
    block_on(async {
        let service = args.wait.connect_within(&online, ui).await?;
        let cluster = find_cluster(&service, id).await?;
        let hsm = cluster
            .hsms
            .iter()
            .find(|hsm| args.which.matches_hsm(hsm))
            .ok_or_else(|| no_such_hsm_error(&cluster, args.which.name()))?;
        let mut changed = !is_hsm_deleting_or_deleted(hsm);
        if changed {
            // One that goes already is only waited for.
            args.consent.check_can_ask()?;
            args.consent.ask_to_delete(
                &format!(
                    "{} of {id} ({}), at {}",
                    hsm.hsm_id,
                    cluster.state,
                    service.place()
                ),
                deletion_consequence(&cluster, hsm),
            )?;
            changed = send_deletion(&service, id, hsm.hsm_id.as_raw()).await?;
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
            (false, false) => format!("{} is deleted already; nothing was changed\n", hsm.hsm_id),
            (false, true) => format!(
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
        let next = next_command(&after);
        text.push_str(&next_lines(next.as_slice()));
        let mut document = hsm_change_document(&service, changed, id, last.as_ref());
        insert_member(&mut document, "hsm_id", json!(hsm.hsm_id));
        Ok(CommandOutput::success(Effect::when(changed), document, text).with_next(next))
    })
}

fn find_hsm(cluster: Cluster, hsm_id: &str) -> Option<HsmSummary> {
    cluster.hsms.into_iter().find(|hsm| hsm.hsm_id == *hsm_id)
}

const STATUS_HINT: &str = "`hsmboot cluster show` shows how it stands; it goes on by itself";

fn deletion_status(
    hsm: Option<HsmSummary>,
) -> std::result::Result<PollStatus<Option<HsmSummary>>, ServiceError> {
    Ok(match hsm {
        None => PollStatus::There(None),
        Some(hsm) if hsm.state == HsmState::Deleted => PollStatus::There(None),
        Some(hsm) => PollStatus::NotYet(format!("{} {}", hsm.hsm_id, hsm.state)),
    })
}

/// Sends DeleteHsm, and returns whether this run deleted it. Where the answer is lost, or it is
/// refused because another run was quicker, the cluster's state tells.
async fn send_deletion(service: &AwsCloudHsm, id: &ClusterId, hsm_id: &str) -> Result<bool> {
    match service.delete_hsm(id.as_str(), hsm_id).await {
        Err(error) if error.may_be_done_already() => {
            let cluster = service.describe_cluster(id.as_str()).await?;
            let stays = cluster.is_some_and(|cluster| {
                cluster
                    .hsms
                    .iter()
                    .any(|hsm| hsm.hsm_id == hsm_id && !is_hsm_deleting_or_deleted(hsm))
            });
            match stays {
                true => Err(error.into()),
                false => Ok(error.outcome_unknown()),
            }
        }
        sent => Ok(sent.map(|()| true)?),
    }
}

fn is_hsm_deleting_or_deleted(hsm: &HsmSummary) -> bool {
    matches!(hsm.state, HsmState::DeleteInProgress | HsmState::Deleted)
}

/// Returns what is lost with the HSM. Only another one that works has the cluster's keys for sure.
fn deletion_consequence(cluster: &Cluster, hsm: &HsmSummary) -> &'static str {
    let others = cluster
        .hsms
        .iter()
        .filter(|other| other.hsm_id != hsm.hsm_id && other.state != HsmState::Deleted);
    let (all, active) = others.fold((0_usize, 0_usize), |(all, active), other| {
        let works = usize::from(other.state == HsmState::Active);
        (all.saturating_add(1), active.saturating_add(works))
    });
    match (&cluster.state, all, active) {
        (ClusterState::Uninitialized, ..) => {
            "The cluster's CSR goes with it: a certificate that was signed for it is worthless \
             then."
        }
        (_, 0, _) => "It is the cluster's only HSM: its keys are left in backups alone.",
        (_, _, 0) => {
            "It is the last of the cluster's HSMs that is ACTIVE, or none is: its keys may be left \
             in backups alone."
        }
        _ => "The cluster's keys stay on its other HSMs.",
    }
}

fn no_such_hsm_error(cluster: &Cluster, name: &str) -> Error {
    let hsms = hsm_lines(cluster);
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
