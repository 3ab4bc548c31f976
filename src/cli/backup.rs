//! `hsmboot backup list`, `copy`, `delete`, `restore`, `modify`, `policy`

mod copy;
mod list;
mod policy;

use serde_json::{Value, json};

use super::manage::{
    ConsentArgs, PollStatus, RUN_AGAIN_HINT, WaitArgs, poll_until_there, with_place,
};
use super::online::{OnlineArgs, block_on};
use super::text::with_states;
use super::ui::{CommandOutput, Effect, Ui};
use super::view::{other_document, tags_document};
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{Backup, BackupFilter};
use crate::cloudhsm::{BackupState, Fleet, ServiceError, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::Moment;

/// List, copy, delete, restore, change and share the backups of clusters
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot backup list --cluster-id cluster-abc234defgh
  hsmboot backup copy --backup-id backup-abc234defgh --destination-region eu-west-1 --wait

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    List(list::Args),
    Copy(copy::Args),
    Delete(DeleteArgs),
    Restore(RestoreArgs),
    Modify(ModifyArgs),
    #[command(subcommand)]
    Policy(policy::Command),
}

/// Delete a backup: it is gone for good after seven days
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks first. Until it is gone for good, `hsmboot backup restore` brings it back.

Examples:
  hsmboot backup delete --backup-id backup-abc234defgh
  hsmboot backup delete --backup-id backup-abc234defgh --yes --wait

Exit codes: 0 PENDING_DELETION, or already so; 2 wrong command line, or nobody to ask and no \
--yes; 6 unknown backup, or the service refused or \
cannot be reached; 7 not in time; 8 its state does not allow it; 130 declined, nothing was \
deleted")]
pub struct DeleteArgs {
    #[command(flatten)]
    backup: BackupArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Keep a backup after all that is PENDING_DELETION
#[derive(Debug, clap::Args)]
#[command(after_help = "\
To make a cluster from a backup: hsmboot cluster create --source-backup-id ID

Examples:
  hsmboot backup restore --backup-id backup-abc234defgh
  hsmboot backup restore --backup-id backup-abc234defgh --wait --output json

Exit codes: 0 kept, or READY already; 2 wrong command line; 6 unknown backup, or the service \
refused or cannot be reached; 7 not READY in time; \
8 its state does not allow it")]
pub struct RestoreArgs {
    #[command(flatten)]
    backup: BackupArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Keep a backup for ever, or as long as the cluster's retention policy says
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot backup modify --backup-id backup-abc234defgh --never-expires true
  hsmboot backup modify --backup-id backup-abc234defgh --never-expires false

Exit codes: 0 changed, or already so; 2 wrong command line; 6 unknown backup, or the service \
refused or cannot be reached; \
8 its state does not allow it")]
pub struct ModifyArgs {
    #[command(flatten)]
    backup: BackupArgs,
    /// Keep the backup for ever (true), or as long as the cluster's retention policy says (false)
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    never_expires: bool,
    #[command(flatten)]
    online: OnlineArgs,
}

/// One backup, by its id: as the first argument or as an option.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// The backup
    #[arg(
        value_name = "BACKUP",
        value_parser = limits::BACKUP_ID.parser(),
        required_unless_present = "backup_id",
    )]
    backup: Option<String>,
    /// The same, as an option
    #[arg(long, value_name = "ID", value_parser = limits::BACKUP_ID.parser())]
    backup_id: Option<String>,
}

impl BackupArgs {
    /// Returns the id that was named: clap asks for one.
    fn id(&self) -> &str {
        let named = self.backup.as_deref().or(self.backup_id.as_deref());
        named.unwrap_or_default()
    }
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::List(args) => list::run(args, ui),
        Command::Copy(args) => copy::run(args, ui),
        Command::Delete(args) => delete_backup(args, ui),
        Command::Restore(args) => restore_backup(args, ui),
        Command::Modify(args) => modify_backup(args, ui),
        Command::Policy(command) => policy::run(command, ui),
    }
}

/// Returns a backup as JSON.
fn backup_document(backup: &Backup) -> Value {
    let moment = |at: Option<i64>| at.map(Moment::from_unix);
    json!({
        "backup_id": backup.backup_id,
        "backup_arn": backup.backup_arn,
        "state": backup.state.as_str(),
        "cluster_id": backup.cluster_id,
        "hsm_type": backup.hsm_type,
        "mode": backup.mode,
        "created": moment(backup.created),
        "copied": moment(backup.copied),
        "deleted": moment(backup.deleted),
        "never_expires": backup.never_expires,
        "source_region": backup.source_region,
        "source_backup": backup.source_backup,
        "source_cluster": backup.source_cluster,
        "tags": tags_document(&backup.tags),
        "other": other_document(&backup.other),
        "other_left_out": backup.other.left_out,
    })
}

/// Looks the backup up; returns `None` where the service does not show it.
async fn look_up_backup(
    service: &AwsCloudHsm,
    id: &str,
) -> std::result::Result<Option<Backup>, ServiceError> {
    let filter = BackupFilter {
        backup_ids: vec![id.to_owned()],
        ..BackupFilter::default()
    };
    Ok(service
        .describe_backups(&filter)
        .await?
        .into_iter()
        .find(|backup| backup.backup_id == id))
}

/// Returns the backup, or an error where there is none.
async fn find_backup(service: &AwsCloudHsm, id: &str) -> Result<Backup> {
    look_up_backup(service, id).await?.ok_or_else(|| {
        Error::new(
            ErrorKind::BackupNotFound,
            [
                format!("there is no backup {id} here"),
                format!("  at  {}", service.place()),
            ],
            "check the id, the region and the account: `hsmboot backup list` lists the backups \
             there",
        )
        .with_fact(FactName::BackupId, id.to_string())
        .with_fact(FactName::Endpoint, service.place().to_string())
    })
}

/// Returns the error for a backup whose state does not allow the step.
fn backup_state_error(backup: &Backup, what: &str) -> Error {
    let hint = match backup.state {
        BackupState::CreateInProgress => {
            "it is being made: run the same command again when it is READY"
        }
        BackupState::PendingDeletion => "keep it after all: hsmboot backup restore --backup-id ID",
        _ => "`hsmboot backup list` shows the backups as they are",
    };
    let error = Error::new(
        ErrorKind::BackupState,
        [
            format!("{} cannot be {what}", backup.backup_id),
            format!("  state  {}", backup.state),
        ],
        hint.replace("ID", &backup.backup_id.to_string()),
    )
    .with_fact(FactName::BackupId, &backup.backup_id)
    .with_fact(FactName::State, backup.state.to_string());
    match backup.state {
        BackupState::CreateInProgress => error.if_run_again(),
        _ => error,
    }
}

/// Waits until the backup has reached a state. Without `--wait` it looks once.
async fn wait_for_state(
    service: &AwsCloudHsm,
    id: &str,
    goal: &BackupState,
    wait: &WaitArgs,
    ui: &Ui,
) -> Result<Backup> {
    let Some(limit) = wait.wait_limit() else {
        return find_backup(service, id).await;
    };
    poll_until_there(ui, limit, RUN_AGAIN_HINT, async || {
        Ok(match look_up_backup(service, id).await? {
            Some(backup) if backup.state == *goal => PollStatus::There(backup),
            // Nothing brings a deleted backup back.
            Some(backup) if backup.state == BackupState::Deleted => {
                PollStatus::Lost(backup_state_error(&backup, "waited for"))
            }
            Some(backup) => PollStatus::NotYet(format!("{id} {}", backup.state)),
            None => PollStatus::NotYet(format!("{id} is not listed")),
        })
    })
    .await
}

/// Confirms a change that was sent once, and returns whether this run made it. Where the answer is
/// lost, or it is refused because another run was quicker, the backup's state tells.
async fn confirm_change(
    service: &AwsCloudHsm,
    id: &str,
    goal: &BackupState,
    result: std::result::Result<(), ServiceError>,
) -> Result<bool> {
    match result {
        Err(error) if error.may_be_done_already() => match look_up_backup(service, id).await? {
            Some(backup) if backup.state == *goal => Ok(error.outcome_unknown()),
            _ => Err(error.into()),
        },
        result => Ok(result.map(|()| true)?),
    }
}

fn change_output(
    service: &AwsCloudHsm,
    changed: bool,
    backup: &Backup,
    text: String,
) -> CommandOutput {
    let text = if changed {
        format!("{text}\n")
    } else {
        format!("{text} already; nothing was changed\n")
    };
    CommandOutput::success(
        Effect::when(changed),
        with_place(
            service.place(),
            json!({ "changed": changed, "backup": backup_document(backup) }),
        ),
        with_states(&text),
    )
}

fn delete_backup(args: &DeleteArgs, ui: &Ui) -> Result<CommandOutput> {
    let id = args.backup.id();
    args.consent.check_can_ask()?;
    block_on(async {
        let service = args.wait.connect_within(&args.online, ui).await?;
        let before = find_backup(&service, id).await?;
        let changed = match before.state {
            BackupState::PendingDeletion | BackupState::Deleted => false,
            BackupState::CreateInProgress => return Err(backup_state_error(&before, "deleted")),
            BackupState::Ready | BackupState::Other(_) => true,
        };
        if !changed {
            return Ok(change_output(
                &service,
                false,
                &before,
                format!("{id} is {}", before.state),
            ));
        }
        let of = before
            .cluster_id
            .as_ref()
            .map_or_else(|| "an unknown cluster".to_owned(), ToString::to_string);
        args.consent.ask_to_delete(
            &format!("{id} of {of}, at {}", service.place()),
            "It can be restored for seven days; then it is gone for good.",
        )?;
        let result = service.delete_backup(id).await;
        let changed = confirm_change(&service, id, &BackupState::PendingDeletion, result).await?;
        let backup =
            wait_for_state(&service, id, &BackupState::PendingDeletion, &args.wait, ui).await?;
        let until = backup
            .deleted
            .map(|at| format!(", gone for good at {}", Moment::from_unix(at)))
            .unwrap_or_default();
        Ok(change_output(
            &service,
            changed,
            &backup,
            format!("{id} is {}{until}", backup.state),
        ))
    })
}

fn restore_backup(args: &RestoreArgs, ui: &Ui) -> Result<CommandOutput> {
    let id = args.backup.id();
    block_on(async {
        let service = args.wait.connect_within(&args.online, ui).await?;
        let before = find_backup(&service, id).await?;
        match before.state {
            BackupState::Ready => {
                return Ok(change_output(
                    &service,
                    false,
                    &before,
                    format!("{id} is READY"),
                ));
            }
            BackupState::CreateInProgress | BackupState::Deleted => {
                return Err(backup_state_error(&before, "restored"));
            }
            BackupState::PendingDeletion | BackupState::Other(_) => {}
        }
        let result = service.restore_backup(id).await;
        let changed = confirm_change(&service, id, &BackupState::Ready, result).await?;
        let backup = wait_for_state(&service, id, &BackupState::Ready, &args.wait, ui).await?;
        Ok(change_output(
            &service,
            changed,
            &backup,
            format!("{id} is kept: it is {}", backup.state),
        ))
    })
}

fn modify_backup(args: &ModifyArgs, ui: &Ui) -> Result<CommandOutput> {
    let (id, never) = (args.backup.id(), args.never_expires);
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find_backup(&service, id).await?;
        if matches!(
            before.state,
            BackupState::PendingDeletion | BackupState::Deleted | BackupState::CreateInProgress
        ) {
            return Err(backup_state_error(&before, "changed"));
        }
        let changed = before.never_expires != Some(never);
        let backup = if changed {
            service.modify_backup(id, never).await?
        } else {
            before
        };
        let text = if never {
            format!("{id} never expires")
        } else {
            format!("{id} expires by the cluster's retention policy")
        };
        Ok(change_output(&service, changed, &backup, text))
    })
}
