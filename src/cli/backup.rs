//! `hsmboot backup list`, `copy`, `delete`, `restore`, `modify`

mod copy;

use serde_json::{Value, json};

use super::cluster::range;
use super::manage::{ConsentArgs, Seen, WaitArgs, located, or_dash, settle, state, table};
use super::online::{OnlineArgs, block_on, cluster_id};
use super::ui::{Outcome, Ui};
use super::view::tags_document;
use crate::bundle::ClusterId;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{Backup, BackupFilter};
use crate::cloudhsm::{BackupState, Fleet, ServiceError, limits};
use crate::error::{Class, Error, Result};
use crate::x509::Moment;

/// List, copy, delete, restore and change the backups of clusters
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot backup list --cluster-id cluster-abc234defgh
  hsmboot backup copy --backup-id backup-abc234defgh --destination-region eu-west-1 --wait

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    List(ListArgs),
    Copy(copy::Args),
    Delete(DeleteArgs),
    Restore(RestoreArgs),
    Modify(ModifyArgs),
}

/// List the region's backups
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot backup list --cluster-id cluster-abc234defgh --state READY
  hsmboot backup list --never-expires true --sort oldest --output json

Exit codes: 0 listed, also where there are none; 2 wrong command line; 6 the service refused or cannot be reached")]
pub struct ListArgs {
    /// Only this backup (may repeat)
    #[arg(long, value_name = "ID", value_parser = limits::backup_id)]
    backup_id: Vec<String>,
    /// Only backups of this cluster (may repeat)
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: Vec<ClusterId>,
    /// Only copies of this backup (may repeat)
    #[arg(long, value_name = "ID", value_parser = limits::backup_id)]
    source_backup_id: Vec<String>,
    /// Only backups in this state, as the API names it, in any case (may repeat)
    #[arg(long, value_name = "STATE", value_parser = backup_state)]
    state: Vec<BackupState>,
    /// Only backups that the retention policy spares (true), or only those that it does not (false)
    #[arg(long, value_name = "BOOL")]
    never_expires: Option<bool>,
    /// The order (default: the service's)
    #[arg(long, value_enum, value_name = "BY")]
    sort: Option<Sort>,
    /// How many backups a request brings, 1 to 50; all pages are shown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(range(limits::BACKUPS_PER_PAGE)))]
    page_size: Option<i32>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// `--sort`: the API's SortAscending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// The oldest first
    Oldest,
    /// The newest first
    Newest,
}

/// Delete a backup: it is gone for good after seven days
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks first. Until it is gone for good, `hsmboot backup restore` brings it back.

Examples:
  hsmboot backup delete --backup-id backup-abc234defgh
  hsmboot backup delete --backup-id backup-abc234defgh --yes --wait

Exit codes: 0 PENDING_DELETION, or already so; 2 wrong command line, or nobody to ask and no --yes; 6 unknown backup, or the service refused or \
cannot be reached; 7 not in time; 8 its state does not allow it; 130 declined, nothing was deleted")]
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

Exit codes: 0 kept, or READY already; 2 wrong command line; 6 unknown backup, or the service refused or cannot be reached; 7 not READY in time; \
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

Exit codes: 0 changed, or already so; 2 wrong command line; 6 unknown backup, or the service refused or cannot be reached; \
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

fn backup_state(text: &str) -> std::result::Result<BackupState, String> {
    state(text, BackupState::KNOWN).map(|name| BackupState::from(name.as_str()))
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<Outcome> {
    match command {
        Command::List(args) => list(args, ui),
        Command::Copy(args) => copy::run(args, ui),
        Command::Delete(args) => delete(args, ui),
        Command::Restore(args) => restore(args, ui),
        Command::Modify(args) => modify(args, ui),
    }
}

/// A backup in JSON.
fn document(backup: &Backup) -> Value {
    let moment = |at: Option<i64>| at.map(Moment::from_unix);
    json!({
        "backup_id": backup.backup_id,
        "state": backup.state.as_str(),
        "cluster_id": backup.cluster_id,
        "created": moment(backup.created),
        "copied": moment(backup.copied),
        "deleted": moment(backup.deleted),
        "never_expires": backup.never_expires,
        "source_region": backup.source_region,
        "source_backup": backup.source_backup,
        "source_cluster": backup.source_cluster,
        "tags": tags_document(&backup.tags),
    })
}

fn list(args: &ListArgs, ui: &Ui) -> Result<Outcome> {
    let filter = BackupFilter {
        backup_ids: args.backup_id.clone(),
        source_backup_ids: args.source_backup_id.clone(),
        cluster_ids: args.cluster_id.iter().map(ToString::to_string).collect(),
        states: args.state.clone(),
        never_expires: args.never_expires,
        sort_ascending: args.sort.map(|sort| sort == Sort::Oldest),
        page_size: args.page_size,
    };
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let backups = service.backups(&filter).await?;
        let rows: Vec<[String; 5]> = backups.iter().map(row).collect();
        let text = match rows.is_empty() {
            true => format!("no backups at {}\n", service.place()),
            false => table(["BACKUP", "STATE", "CLUSTER", "CREATED", "EXPIRES"], &rows),
        };
        let backups: Vec<Value> = backups.iter().map(document).collect();
        Ok(Outcome::done(located(service.place(), json!({ "backups": backups })), text))
    })
}

fn row(backup: &Backup) -> [String; 5] {
    let moment = |at: Option<i64>| or_dash(at.map(|at| Moment::from_unix(at).to_string()).as_deref());
    let expires = match (backup.deleted, backup.never_expires) {
        (Some(_), _) => moment(backup.deleted),
        (None, Some(true)) => "never".to_owned(),
        (None, Some(false)) => "by policy".to_owned(),
        (None, None) => "-".to_owned(),
    };
    [backup.backup_id.clone(), backup.state.to_string(), or_dash(backup.cluster_id.as_deref()), moment(backup.created), expires]
}

/// The backup, where the service shows it.
async fn look(service: &AwsCloudHsm, id: &str) -> std::result::Result<Option<Backup>, ServiceError> {
    let filter = BackupFilter { backup_ids: vec![id.to_owned()], ..BackupFilter::default() };
    Ok(service.backups(&filter).await?.into_iter().find(|backup| backup.backup_id == id))
}

/// The backup, or that there is none.
async fn find(service: &AwsCloudHsm, id: &str) -> Result<Backup> {
    look(service, id).await?.ok_or_else(|| {
        Error::new(
            Class::Service,
            "backup-not-found",
            format!("there is no backup {id} here\n  at  {}", service.place()),
            "check the id, the region and the account: `hsmboot backup list` lists the backups there",
        )
    })
}

/// A backup whose state does not allow the step.
fn forbidden(backup: &Backup, what: &str) -> Error {
    let hint = match backup.state {
        BackupState::CreateInProgress => "it is being made: run the same command again when it is READY",
        BackupState::PendingDeletion => "keep it after all: hsmboot backup restore --backup-id ID",
        _ => "`hsmboot backup list` shows the backups as they are",
    };
    Error::new(
        Class::Conflict,
        "backup-state",
        format!("{} cannot be {what}\n  state  {}", backup.backup_id, backup.state),
        hint.replace("ID", &backup.backup_id),
    )
}

const AGAIN: &str = "run the same command again: it goes on from here (`--timeout` gives it longer)";

/// Looks, until it is asked no more, whether the backup has got into a state.
async fn settled(service: &AwsCloudHsm, id: &str, goal: &BackupState, wait: &WaitArgs, ui: &Ui) -> Result<Backup> {
    let Some(limit) = wait.limit() else { return find(service, id).await };
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
async fn sent(service: &AwsCloudHsm, id: &str, goal: &BackupState, result: std::result::Result<(), ServiceError>) -> Result<()> {
    match result {
        Err(error) if error.outcome_unknown() => match look(service, id).await? {
            Some(backup) if backup.state == *goal => Ok(()),
            _ => Err(error.into()),
        },
        result => Ok(result?),
    }
}

fn told(service: &AwsCloudHsm, changed: bool, backup: &Backup, text: String) -> Outcome {
    let text = if changed { format!("{text}\n") } else { format!("{text} already; nothing was changed\n") };
    Outcome::done(located(service.place(), json!({ "changed": changed, "backup": document(backup) })), text)
}

fn delete(args: &DeleteArgs, ui: &Ui) -> Result<Outcome> {
    let id = &args.backup_id;
    args.consent.check()?;
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find(&service, id).await?;
        let changed = match before.state {
            BackupState::PendingDeletion | BackupState::Deleted => false,
            BackupState::CreateInProgress => return Err(forbidden(&before, "deleted")),
            BackupState::Ready | BackupState::Other(_) => true,
        };
        if !changed {
            return Ok(told(&service, false, &before, format!("{id} is {}", before.state)));
        }
        let of = before.cluster_id.as_deref().unwrap_or("an unknown cluster");
        args.consent.ask(&format!("{id} of {of}, at {}", service.place()), "It can be restored for seven days; then it is gone for good.")?;
        let result = service.delete_backup(id).await;
        sent(&service, id, &BackupState::PendingDeletion, result).await?;
        let backup = settled(&service, id, &BackupState::PendingDeletion, &args.wait, ui).await?;
        let until = backup.deleted.map(|at| format!(", gone for good at {}", Moment::from_unix(at))).unwrap_or_default();
        Ok(told(&service, true, &backup, format!("{id} is {}{until}", backup.state)))
    })
}

fn restore(args: &RestoreArgs, ui: &Ui) -> Result<Outcome> {
    let id = &args.backup_id;
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find(&service, id).await?;
        match before.state {
            BackupState::Ready => return Ok(told(&service, false, &before, format!("{id} is READY"))),
            BackupState::CreateInProgress | BackupState::Deleted => return Err(forbidden(&before, "restored")),
            BackupState::PendingDeletion | BackupState::Other(_) => {}
        }
        let result = service.restore_backup(id).await;
        sent(&service, id, &BackupState::Ready, result).await?;
        let backup = settled(&service, id, &BackupState::Ready, &args.wait, ui).await?;
        Ok(told(&service, true, &backup, format!("{id} is kept: it is {}", backup.state)))
    })
}

fn modify(args: &ModifyArgs, ui: &Ui) -> Result<Outcome> {
    let (id, never) = (&args.backup_id, args.never_expires);
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find(&service, id).await?;
        if matches!(before.state, BackupState::PendingDeletion | BackupState::Deleted | BackupState::CreateInProgress) {
            return Err(forbidden(&before, "changed"));
        }
        let changed = before.never_expires != Some(never);
        let backup = if changed { service.modify_backup(id, never).await? } else { before };
        let text = if never { format!("{id} never expires") } else { format!("{id} expires by the cluster's retention policy") };
        Ok(told(&service, changed, &backup, text))
    })
}
