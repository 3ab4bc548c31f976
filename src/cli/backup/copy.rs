//! `hsmboot backup copy`

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{BackupArgs, backup_document, backup_state_error, find_backup};
use crate::cli::manage::{
    PollStatus, WaitArgs, check_tags, parse_tag, poll_until_there, with_place,
};
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::output::next_lines;
use crate::cli::run_options::complete_command;
use crate::cli::ui::{CommandOutput, Effect, Ui};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{Backup, BackupCopy, BackupFilter};
use crate::cloudhsm::{BackupState, Fleet, ServiceError, Tag, limits};
use crate::error::Result;
use crate::hint::NextCommand;
use crate::outside::OutsideText;
use crate::x509::Moment;

/// Copy a backup to another region
#[derive(Debug, clap::Args)]
#[command(after_help = "\
CopyBackupToRegion is sent once, and does not tell the copy's id: --wait looks for it in the other \
region.

Examples:
  hsmboot backup copy --backup-id backup-abc234defgh --destination-region eu-west-1 --wait
  hsmboot backup copy --backup-id backup-abc234defgh --destination-region us-gov-west-1 --tag \
stage=production

Exit codes: 0 the copy is begun, with --wait READY; 2 wrong command line; 6 unknown backup, or the \
service refused or cannot be reached, or its answer \
is lost; 7 begun, and not READY in time; 8 its state does not allow it")]
pub struct Args {
    #[command(flatten)]
    backup: BackupArgs,
    /// The region to copy it to
    #[arg(long, value_name = "REGION", value_parser = limits::DESTINATION_REGION.parser())]
    destination_region: String,
    /// A tag for the copy, in place of the backup's own (may repeat, up to 50)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag)]
    tag: Vec<Tag>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let id = args.backup.id();
    check_tags(args.tag.iter().map(|tag| tag.key.as_raw()))?;
    block_on(async {
        let service = args.wait.connect_within(&args.online, ui).await?;
        let before = find_backup(&service, id).await?;
        if matches!(
            before.state,
            BackupState::CreateInProgress | BackupState::PendingDeletion | BackupState::Deleted
        ) {
            return Err(backup_state_error(&before, "copied"));
        }
        // What is there before is no copy of this run's.
        let there = match args.wait.wait_limit() {
            None => None,
            Some(limit) => {
                let other = OnlineArgs {
                    region: Some(args.destination_region.clone()),
                    ..args.online.clone()
                }
                .connect(None, ui)
                .await?;
                let known = list_copies(&other, id)
                    .await?
                    .into_iter()
                    .map(|copy| copy.backup_id)
                    .collect();
                Some(CopyDestination {
                    service: other,
                    known,
                    limit,
                })
            }
        };
        let copied = service
            .copy_backup(id, &args.destination_region, &args.tag)
            .await?;
        let document =
            |copy: Option<&Backup>| with_place(service.place(), copy_document(args, &copied, copy));
        let copy = match &there {
            None => None,
            Some(there) => Some(
                there
                    .wait_for_copy(id, ui)
                    .await
                    .map_err(|error| error.unless_done_already().with_document(document(None)))?,
            ),
        };
        let list = NextCommand::new(["hsmboot", "backup", "list", "--source-backup-id", id])
            .with_words(["--region".to_owned(), args.destination_region.to_string()]);
        let next: Vec<NextCommand> = copy
            .is_none()
            .then(|| complete_command(list))
            .into_iter()
            .collect();
        let text = match &copy {
            None => format!(
                "{id} is being copied to {}\n{}",
                args.destination_region,
                next_lines(&next)
            ),
            Some(copy) => format!(
                "copied {id} to {}: {}\n",
                args.destination_region, copy.backup_id
            ),
        };
        Ok(CommandOutput::success(Effect::Changed, document(copy.as_ref()), text).with_next(next))
    })
}

/// The destination, where the copy is waited for.
struct CopyDestination {
    service: AwsCloudHsm,
    known: BTreeSet<OutsideText>,
    limit: Duration,
}

impl CopyDestination {
    /// Waits for a copy that was not there before, until it is READY.
    async fn wait_for_copy(&self, id: &str, ui: &Ui) -> Result<Backup> {
        let hint = format!(
            "the copy is under way; do not copy it again: `hsmboot backup list --source-backup-id \
             {id}` in that region shows it"
        );
        poll_until_there(ui, self.limit, &hint, async || {
            let new = list_copies(&self.service, id)
                .await?
                .into_iter()
                .find(|copy| !self.known.contains(&copy.backup_id));
            Ok(match new {
                Some(copy) if copy.state == BackupState::Ready => PollStatus::There(copy),
                Some(copy) if copy.state == BackupState::CreateInProgress => {
                    PollStatus::NotYet(format!("{} {}", copy.backup_id, copy.state))
                }
                Some(copy) => PollStatus::Lost(backup_state_error(&copy, "waited for")),
                None => PollStatus::NotYet(format!("the copy of {id} is not listed yet")),
            })
        })
        .await
    }
}

async fn list_copies(
    service: &AwsCloudHsm,
    id: &str,
) -> std::result::Result<Vec<Backup>, ServiceError> {
    service
        .describe_backups(&BackupFilter {
            source_backup_ids: vec![id.to_owned()],
            ..BackupFilter::default()
        })
        .await
}

fn copy_document(args: &Args, copied: &BackupCopy, copy: Option<&Backup>) -> Value {
    json!({
        "changed": true,
        "backup_id": args.backup.id(),
        "destination_region": args.destination_region,
        "source_region": copied.source_region,
        "source_cluster": copied.source_cluster,
        "begun": copied.created.map(Moment::from_unix),
        "copy": copy.map(backup_document),
    })
}
