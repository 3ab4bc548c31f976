//! `hsmboot backup list`

use serde_json::{Value, json};

use super::backup_document;
use crate::bundle::ClusterId;
use crate::bundle::counted_noun;
use crate::cli::cluster::page_range;
use crate::cli::manage::{or_dash, parse_state, with_place};
use crate::cli::online::{OnlineArgs, block_on, parse_cluster_id};
use crate::cli::text::table_text;
use crate::cli::ui::{CommandOutput, Effect, StyledText, Ui};
use crate::cloudhsm::fleet::{Backup, BackupFilter};
use crate::cloudhsm::{BackupState, Fleet, limits};
use crate::error::Result;
use crate::x509::Moment;

/// List the region's backups
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot backup list cluster-abc234defgh --state READY
  hsmboot backup list --never-expires true --sort oldest --output json
  hsmboot backup list --shared

Exit codes: 0 listed, also where there are none; 2 wrong command line; 6 the service refused or \
cannot be reached")]
pub struct Args {
    /// Only these backups, and only backups of these clusters, each by its id
    #[arg(value_name = "ID", value_parser = parse_listed)]
    ids: Vec<ListedId>,
    /// Only this backup (may repeat)
    #[arg(long, value_name = "ID", value_parser = limits::BACKUP_ID.parser())]
    backup_id: Vec<String>,
    /// Only backups of this cluster (may repeat)
    #[arg(long, value_name = "ID", value_parser = parse_cluster_id)]
    cluster_id: Vec<ClusterId>,
    /// Only copies of this backup (may repeat)
    #[arg(long, value_name = "ID", value_parser = limits::BACKUP_ID.parser())]
    source_backup_id: Vec<String>,
    /// Only backups in this state, as the API names it, in any case (may repeat)
    #[arg(long, value_name = "STATE", value_parser = parse_backup_state)]
    state: Vec<BackupState>,
    /// Only backups that the retention policy spares (true), or only those that it does not (false)
    #[arg(long, value_name = "BOOL")]
    never_expires: Option<bool>,
    /// Backups of other accounts that are shared with this one, in place of its own
    #[arg(long)]
    shared: bool,
    /// The order (default: the service's)
    #[arg(long, value_enum, value_name = "BY")]
    sort: Option<BackupSort>,
    /// The number of backups per request, 1 to 50; all pages are shown
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(i32).range(page_range(limits::BACKUPS_PER_PAGE)),
    )]
    page_size: Option<i32>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// An id by which backups are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ListedId {
    Cluster(ClusterId),
    Backup(String),
}

fn parse_listed(text: &str) -> std::result::Result<ListedId, String> {
    let backup = || limits::BACKUP_ID.parser()(text).map(ListedId::Backup);
    match parse_cluster_id(text) {
        Ok(id) => Ok(ListedId::Cluster(id)),
        Err(of_cluster) => backup().map_err(|of_backup| format!("{of_cluster}; {of_backup}")),
    }
}

/// `--sort`: the API's SortAscending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BackupSort {
    /// The oldest first
    Oldest,
    /// The newest first
    Newest,
}

fn parse_backup_state(text: &str) -> std::result::Result<BackupState, String> {
    parse_state(text, BackupState::KNOWN).map(|name| BackupState::from(name.as_str()))
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let mut backup_ids = args.backup_id.clone();
    let mut cluster_ids: Vec<String> = args.cluster_id.iter().map(ToString::to_string).collect();
    for id in &args.ids {
        let (all, id) = match id {
            ListedId::Cluster(id) => (&mut cluster_ids, id.to_string()),
            ListedId::Backup(id) => (&mut backup_ids, id.clone()),
        };
        // Named in both forms, it is one.
        if !all.contains(&id) {
            all.push(id);
        }
    }
    let filter = BackupFilter {
        backup_ids,
        source_backup_ids: args.source_backup_id.clone(),
        cluster_ids,
        states: args.state.clone(),
        never_expires: args.never_expires,
        shared: args.shared.then_some(true),
        sort_ascending: args.sort.map(|sort| sort == BackupSort::Oldest),
        page_size: args.page_size,
    };
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let backups = service.describe_backups(&filter).await?;
        let rows: Vec<[String; 8]> = backups.iter().map(backup_row).collect();
        let mut text: StyledText = match rows.is_empty() {
            true => format!("no backups at {}\n", service.place()).into(),
            false => table_text(
                [
                    "BACKUP", "STATE", "CLUSTER", "TYPE", "MODE", "CREATED", "EXPIRES", "ARN",
                ],
                &rows,
            ),
        };
        for backup in &backups {
            let other = backup.other.to_lines();
            text.push_str(
                &other
                    .iter()
                    .map(|other| format!("{}  other  {other}\n", backup.backup_id))
                    .collect::<String>(),
            );
        }
        let backups: Vec<Value> = backups.iter().map(backup_document).collect();
        let summary = format!(
            "{} at {}",
            counted_noun(backups.len(), "backup"),
            service.place()
        );
        let document = with_place(service.place(), json!({ "backups": backups }));
        Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
    })
}

fn backup_row(backup: &Backup) -> [String; 8] {
    let moment = |at: Option<i64>| or_dash(at.map(Moment::from_unix));
    let expires = match (backup.deleted, backup.never_expires) {
        (Some(_), _) => moment(backup.deleted),
        (None, Some(true)) => "never".to_owned(),
        (None, Some(false)) => "by policy".to_owned(),
        (None, None) => "-".to_owned(),
    };
    [
        backup.backup_id.to_string(),
        backup.state.to_string(),
        or_dash(backup.cluster_id.as_ref()),
        or_dash(backup.hsm_type.as_ref()),
        or_dash(backup.mode.as_ref()),
        moment(backup.created),
        expires,
        or_dash(backup.backup_arn.as_ref()),
    ]
}
