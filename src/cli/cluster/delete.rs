//! `hsmboot cluster delete`

use serde_json::json;

use super::{find_cluster, is_deleting_or_deleted};
use crate::bundle::ClusterId;
use crate::cli::manage::{
    ConsentArgs, PollStatus, RUN_AGAIN_HINT, WaitArgs, poll_until_there, with_place,
};
use crate::cli::named_cluster::RequiredClusterArgs;
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::ui::{CommandOutput, Effect, Ui};
use crate::cli::view;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, HsmState, ServiceError};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::Lines;

/// Delete a cluster that has no HSMs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks first. Its backups stay, and a cluster can be restored from them.

Examples:
  hsmboot cluster delete --cluster-id cluster-abc234defgh
  hsmboot cluster delete --cluster-id cluster-abc234defgh --yes --wait

Exit codes: 0 deleted, or being deleted already; 2 wrong command line, or nobody to ask and no \
--yes; 6 unknown cluster, or the service refused \
or cannot be reached; 7 not gone in time; 8 it has HSMs; 130 declined, nothing was deleted")]
pub struct Args {
    #[command(flatten)]
    cluster: RequiredClusterArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = args.cluster.require(&args.online)?;
    let id = &id;
    args.consent.check_can_ask()?;
    block_on(async {
        let service = args.wait.connect_within(&online, ui).await?;
        let before = find_cluster(&service, id).await?;
        let mut changed = !is_deleting_or_deleted(&before);
        if changed {
            check_no_hsms(&before)?;
            args.consent.ask_to_delete(
                &format!("{id}, {}, at {}", before.state, service.place()),
                "Its backups stay; the cluster itself is gone for good.",
            )?;
            changed = send_deletion(&service, id).await?;
        }
        let last = match args.wait.wait_limit() {
            None => service.describe_cluster(id.as_str()).await?,
            Some(limit) => {
                poll_until_there(ui, limit, RUN_AGAIN_HINT, async || {
                    deletion_status(&service, id).await
                })
                .await?
            }
        };
        let text = match (
            changed,
            last.as_ref()
                .is_none_or(|cluster| cluster.state == ClusterState::Deleted),
        ) {
            (true, true) => format!("deleted {id}\n"),
            (true, false) => format!("{id} is being deleted\n"),
            (false, true) => format!("{id} is deleted already; nothing was changed\n"),
            (false, false) => format!("{id} is being deleted already; nothing was changed\n"),
        };
        let cluster = last.as_ref().map(view::cluster_document);
        Ok(CommandOutput::success(
            Effect::when(changed),
            with_place(
                service.place(),
                json!({ "changed": changed, "cluster_id": id, "cluster": cluster }),
            ),
            text,
        ))
    })
}

async fn deletion_status(
    service: &AwsCloudHsm,
    id: &ClusterId,
) -> std::result::Result<PollStatus<Option<Cluster>>, ServiceError> {
    Ok(match service.describe_cluster(id.as_str()).await? {
        Some(cluster) if cluster.state == ClusterState::Deleted => PollStatus::There(Some(cluster)),
        Some(cluster) => PollStatus::NotYet(format!("{id} {}", cluster.state)),
        None => PollStatus::There(None),
    })
}

/// Sends DeleteCluster, and returns whether this run deleted it. Where the answer is lost, or it is
/// refused because another run was quicker, the cluster's state tells.
async fn send_deletion(service: &AwsCloudHsm, id: &ClusterId) -> Result<bool> {
    match service.delete_cluster(id.as_str()).await {
        Err(error) if error.may_be_done_already() => {
            match service.describe_cluster(id.as_str()).await? {
                Some(cluster) if !is_deleting_or_deleted(&cluster) => Err(error.into()),
                _ => Ok(error.outcome_unknown()),
            }
        }
        sent => Ok(sent.map(|()| true)?),
    }
}

/// Checks that the cluster has no HSMs. "Before you can delete a cluster, you must delete all HSMs
/// in the cluster" (API Reference, DeleteCluster).
fn check_no_hsms(cluster: &Cluster) -> Result<()> {
    if cluster
        .hsms
        .iter()
        .all(|hsm| hsm.state == HsmState::Deleted)
    {
        return Ok(());
    }
    let id = &cluster.cluster_id;
    let hsms = view::hsm_lines(cluster);
    Err(Error::new(
        ErrorKind::ClusterHasHsms,
        Lines::from(format!("{id} has HSMs, which have to be deleted first")).followed_by(hsms),
        format!("hsmboot hsm delete --cluster-id {id} --hsm-id ID --wait"),
    )
    .with_fact(FactName::ClusterId, id)
    .with_fact(FactName::State, cluster.state.to_string()))
}
