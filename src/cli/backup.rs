//! `hsmboot backup list`, `copy`, `delete`, `restore`, `modify`, `policy`

mod copy;
mod list;
mod policy;

use serde_json::{Value, json};

use super::manage::{AGAIN, ConsentArgs, Seen, WaitArgs, located, settle};
use super::online::{OnlineArgs, block_on};
use super::ui::{Outcome, Ui};
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
    /// The backup
    #[arg(long, value_name = "ID", value_parser = limits::backup_id)]
    backup_id: String,
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
    /// The backup
    #[arg(long, value_name = "ID", value_parser = limits::backup_id)]
    backup_id: String,
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
    /// The backup
    #[arg(long, value_name = "ID", value_parser = limits::backup_id)]
    backup_id: String,
    /// Whether the retention policy spares it
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    never_expires: bool,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<Outcome> {
    match command {
        Command::List(args) => list::run(args, ui),
        Command::Copy(args) => copy::run(args, ui),
        Command::Delete(args) => delete(args, ui),
        Command::Restore(args) => restore(args, ui),
        Command::Modify(args) => modify(args, ui),
        Command::Policy(command) => policy::run(command, ui),
    }
}

/// A backup in JSON.
fn document(backup: &Backup) -> Value {
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

/// The backup, where the service shows it.
async fn look(
    service: &AwsCloudHsm,
    id: &str,
) -> std::result::Result<Option<Backup>, ServiceError> {
    let filter = BackupFilter {
        backup_ids: vec![id.to_owned()],
        ..BackupFilter::default()
    };
    Ok(service
        .backups(&filter)
        .await?
        .into_iter()
        .find(|backup| backup.backup_id == id))
}

/// The backup, or that there is none.
async fn find(service: &AwsCloudHsm, id: &str) -> Result<Backup> {
    look(service, id).await?.ok_or_else(|| {
        Error::new(
            ErrorKind::BackupNotFound,
            [
                format!("there is no backup {id} here"),
                format!("  at  {}", service.place()),
            ],
            "check the id, the region and the account: `hsmboot backup list` lists the backups \
             there",
        )
    })
}

/// A backup whose state does not allow the step.
fn forbidden(backup: &Backup, what: &str) -> Error {
    let hint = match backup.state {
        BackupState::CreateInProgress => {
            "it is being made: run the same command again when it is READY"
        }
        BackupState::PendingDeletion => "keep it after all: hsmboot backup restore --backup-id ID",
        _ => "`hsmboot backup list` shows the backups as they are",
    };
    Error::new(
        ErrorKind::BackupState,
        [
            format!("{} cannot be {what}", backup.backup_id),
            format!("  state  {}", backup.state),
        ],
        hint.replace("ID", &backup.backup_id.to_string()),
    )
    .with_fact(FactName::BackupId, &backup.backup_id)
    .with_fact(FactName::State, backup.state.to_string())
}

/// Looks, until it is asked no more, whether the backup has got into a state.
async fn settled(
    service: &AwsCloudHsm,
    id: &str,
    goal: &BackupState,
    wait: &WaitArgs,
    ui: &Ui,
) -> Result<Backup> {
    let Some(limit) = wait.limit() else {
        return find(service, id).await;
    };
    settle(ui, limit, AGAIN, async || {
        Ok(match look(service, id).await? {
            Some(backup) if backup.state == *goal => Seen::There(backup),
            Some(backup) => Seen::NotYet(format!("{id} {}", backup.state)),
            None => Seen::NotYet(format!("{id} is not listed")),
        })
    })
    .await
}

/// A change that was sent once. Where its answer is lost, the backup tells.
async fn sent(
    service: &AwsCloudHsm,
    id: &str,
    goal: &BackupState,
    result: std::result::Result<(), ServiceError>,
) -> Result<()> {
    match result {
        Err(error) if error.outcome_unknown() => match look(service, id).await? {
            Some(backup) if backup.state == *goal => Ok(()),
            _ => Err(error.into()),
        },
        result => Ok(result?),
    }
}

fn told(service: &AwsCloudHsm, changed: bool, backup: &Backup, text: String) -> Outcome {
    let text = if changed {
        format!("{text}\n")
    } else {
        format!("{text} already; nothing was changed\n")
    };
    Outcome::done(
        located(
            service.place(),
            json!({ "changed": changed, "backup": document(backup) }),
        ),
        text,
    )
}

fn delete(args: &DeleteArgs, ui: &Ui) -> Result<Outcome> {
    let id = &args.backup_id;
    args.consent.check()?;
    block_on(async {
        let service = args
            .online
            .connect_within(args.wait.limit(), None, ui)
            .await?;
        let before = find(&service, id).await?;
        let changed = match before.state {
            BackupState::PendingDeletion | BackupState::Deleted => false,
            BackupState::CreateInProgress => return Err(forbidden(&before, "deleted")),
            BackupState::Ready | BackupState::Other(_) => true,
        };
        if !changed {
            return Ok(told(
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
        args.consent.ask(
            &format!("{id} of {of}, at {}", service.place()),
            "It can be restored for seven days; then it is gone for good.",
        )?;
        let result = service.delete_backup(id).await;
        sent(&service, id, &BackupState::PendingDeletion, result).await?;
        let backup = settled(&service, id, &BackupState::PendingDeletion, &args.wait, ui).await?;
        let until = backup
            .deleted
            .map(|at| format!(", gone for good at {}", Moment::from_unix(at)))
            .unwrap_or_default();
        Ok(told(
            &service,
            true,
            &backup,
            format!("{id} is {}{until}", backup.state),
        ))
    })
}

fn restore(args: &RestoreArgs, ui: &Ui) -> Result<Outcome> {
    let id = &args.backup_id;
    block_on(async {
        let service = args
            .online
            .connect_within(args.wait.limit(), None, ui)
            .await?;
        let before = find(&service, id).await?;
        match before.state {
            BackupState::Ready => {
                return Ok(told(&service, false, &before, format!("{id} is READY")));
            }
            BackupState::CreateInProgress | BackupState::Deleted => {
                return Err(forbidden(&before, "restored"));
            }
            BackupState::PendingDeletion | BackupState::Other(_) => {}
        }
        let result = service.restore_backup(id).await;
        sent(&service, id, &BackupState::Ready, result).await?;
        let backup = settled(&service, id, &BackupState::Ready, &args.wait, ui).await?;
        Ok(told(
            &service,
            true,
            &backup,
            format!("{id} is kept: it is {}", backup.state),
        ))
    })
}

fn modify(args: &ModifyArgs, ui: &Ui) -> Result<Outcome> {
    let (id, never) = (&args.backup_id, args.never_expires);
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find(&service, id).await?;
        if matches!(
            before.state,
            BackupState::PendingDeletion | BackupState::Deleted | BackupState::CreateInProgress
        ) {
            return Err(forbidden(&before, "changed"));
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
        Ok(told(&service, changed, &backup, text))
    })
}
