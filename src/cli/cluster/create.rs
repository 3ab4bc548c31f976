//! `hsmboot cluster create`, and the parts that `bootstrap --create` shares with it

use std::time::Duration;

use serde_json::json;

use super::order::{AfterCreation, NewClusterArgs, announce_creation};
use super::{deleted_error, is_deleting_or_deleted};
use crate::cli::manage::{PollStatus, WaitArgs, poll_in_view, with_place};
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::ui::{CommandOutput, Effect, GREEN, StyledText, Ui, styled};
use crate::cli::view;
use crate::cli::watcher::Watcher;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{Backup, BackupFilter, ClusterMode};
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, ServiceError, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::OutsideText;

/// Create a cluster, empty or from a backup
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Says first what of it is for good and what it takes to undo it. CreateCluster is sent once. Where \
its answer is lost, look with `hsmboot cluster list` before \
you run this again.

Examples:
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --tag stage=test --wait
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --mode non-fips --network-type dualstack
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --source-backup-id backup-abc234defgh \
--retention-days 30

Exit codes: 0 created; 2 wrong command line; 6 the service refused or cannot be reached, or its \
answer is lost; 7 created, and not ready in time; \
8 the backup is of the other mode")]
pub struct Args {
    #[command(flatten)]
    new: NewClusterArgs,
    /// The backup to restore the cluster from, by its id; one of another account that is shared
    /// with you, by its ARN
    #[arg(long, value_name = "ID|ARN", value_parser = limits::BACKUP_ID_OR_ARN.parser())]
    source_backup_id: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let mut order = args.new.to_new_cluster(args.source_backup_id.clone())?;
    block_on(async {
        let service = args.wait.connect_within(&args.online, ui).await?;
        // Of hsm1.medium there is one mode, and none is named.
        if let (Some(backup), Some(_)) = (&order.source_backup_id, order.mode) {
            let given = args.new.mode.map(ClusterMode::from);
            order.mode = mode_of_backup(&service, backup, given, ui)
                .await?
                .or(order.mode);
        }
        announce_creation(&order, AfterCreation::Nothing, service.place(), ui);
        let made = service.create_cluster(&order).await?;
        let id = made.cluster_id.clone();
        let document = |cluster: &Cluster| {
            with_place(
                service.place(),
                json!({ "changed": true, "cluster": view::cluster_document(cluster) }),
            )
        };
        let cluster = match args.wait.wait_limit() {
            None => made,
            Some(limit) => {
                ui.say(format!("{id} is being created"));
                let hint = format!(
                    "it exists; do not create another: `hsmboot wait --cluster-id {id} --for \
                     uninitialized` goes on waiting"
                );
                wait_until_created(&service, &id, limit, &hint, &mut Watcher::new(ui))
                    .await
                    .map_err(|error| error.unless_done_already().with_document(document(&made)))?
            }
        };
        let text = StyledText::from([
            styled(GREEN, format!("created {id}")),
            StyledText::from("\n"),
            view::cluster_text(&cluster),
        ]);
        Ok(CommandOutput::success(
            Effect::Changed,
            document(&cluster),
            text,
        ))
    })
}

/// Returns the mode of the backup that a cluster is restored from: only a cluster of the same mode
/// takes it (User Guide, "Cluster modes"). `None` if it is not known.
async fn mode_of_backup(
    service: &AwsCloudHsm,
    backup: &str,
    given: Option<ClusterMode>,
    ui: &Ui,
) -> Result<Option<ClusterMode>> {
    let found = match look_up_source_backup(service, backup).await {
        Ok(found) => found,
        // Whoever may create need not be allowed to look: the service has the last word.
        Err(error) => {
            ui.warn(format!(
                "the backup's mode is not known: {}",
                error.summary_line()
            ));
            None
        }
    };
    let named = found.and_then(|backup| backup.mode);
    let known = [ClusterMode::Fips, ClusterMode::NonFips]
        .into_iter()
        .find(|mode| named.as_ref().is_some_and(|name| name == mode.as_str()));
    match (given, known) {
        (Some(given), Some(known)) if given != known => Err(Error::new(
            ErrorKind::BackupMode,
            [
                format!(
                    "{backup} is of a cluster of the other mode, and a cluster of the same alone \
                     can be restored from it"
                ),
                format!("  backup  {}", known.as_str()),
                format!("  asked   {}", given.as_str()),
            ],
            "leave out --mode: the backup's is taken then. Nothing was created",
        )
        .with_fact(FactName::BackupId, backup.to_string())
        .with_fact(FactName::Expected, known.as_str())
        .with_fact(FactName::Found, given.as_str())),
        (Some(given), _) => Ok(Some(given)),
        (None, known) => Ok(known),
    }
}

/// Looks up the backup of this id or ARN, one's own or a shared one.
async fn look_up_source_backup(
    service: &AwsCloudHsm,
    backup: &str,
) -> std::result::Result<Option<Backup>, ServiceError> {
    let id = limits::backup_of_arn(backup).unwrap_or(backup);
    let filter = |shared| BackupFilter {
        backup_ids: vec![id.to_owned()],
        shared,
        ..BackupFilter::default()
    };
    let is_it = |found: &Backup| found.backup_id == id;
    let own = service
        .describe_backups(&filter(None))
        .await?
        .into_iter()
        .find(is_it);
    match own {
        None if id != backup => Ok(service
            .describe_backups(&filter(Some(true)))
            .await?
            .into_iter()
            .find(is_it)),
        own => Ok(own),
    }
}

/// Waits until a new cluster is created. It may not be listed at once.
pub(crate) async fn wait_until_created(
    service: &AwsCloudHsm,
    id: &OutsideText,
    limit: Duration,
    hint: &str,
    watcher: &mut Watcher<'_>,
) -> Result<Cluster> {
    poll_in_view(watcher, limit, hint, async || {
        Ok(match service.describe_cluster(id.as_raw()).await? {
            None => PollStatus::NotYet(format!("{id} is not listed yet")),
            Some(cluster) if cluster.state == ClusterState::CreateInProgress => {
                PollStatus::NotYet(format!("{id} {}", cluster.state))
            }
            Some(cluster) if is_deleting_or_deleted(&cluster) => {
                PollStatus::Lost(deleted_error(&cluster))
            }
            Some(cluster) => PollStatus::There(cluster),
        })
    })
    .await
}
