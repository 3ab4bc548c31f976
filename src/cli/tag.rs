//! `hsmboot tag list`, `add`, `remove`

use serde_json::json;

use super::cluster::page_range;
use super::manage::{ConsentArgs, check_tags, parse_tag, with_place};
use super::online::{OnlineArgs, block_on};
use super::text::table_text;
use super::ui::{CommandOutput, Effect, Ui};
use super::view::tags_document;
use crate::bundle::counted_noun;
use crate::cloudhsm::{ClusterName, Fleet, ResourceName, Tag, limits};
use crate::error::Result;
use crate::outside::shown_text;

/// List, add and remove the tags of clusters and backups
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot tag list --cluster-id cluster-abc234defgh
  hsmboot tag add --backup-id backup-abc234defgh --tag keep=yes

Exit codes: 0 done; others as each command says")]
pub enum Command {
    List(ListArgs),
    Add(AddArgs),
    Remove(RemoveArgs),
}

/// The cluster or the backup whose tags they are: one name of one.
#[derive(Clone, Debug, clap::Args)]
pub struct ResourceArgs {
    /// The cluster or the backup, by its id or its ARN
    #[arg(
        value_name = "RESOURCE",
        value_parser = parse_resource,
        required_unless_present_any = ["cluster_id", "backup_id", "resource_id"],
    )]
    resource: Option<ResourceName>,
    /// The cluster, as an option
    #[arg(
        long,
        value_name = "ID",
        value_parser = parse_cluster,
        conflicts_with_all = ["backup_id", "resource_id"],
    )]
    cluster_id: Option<ResourceName>,
    /// The backup, as an option
    #[arg(long, value_name = "ID", value_parser = parse_backup, conflicts_with = "resource_id")]
    backup_id: Option<ResourceName>,
    /// Either, as the API names it
    #[arg(long, value_name = "ID", value_parser = parse_resource, hide = true)]
    resource_id: Option<ResourceName>,
}

fn parse_resource(text: &str) -> std::result::Result<ResourceName, String> {
    text.parse()
}

fn parse_cluster(text: &str) -> std::result::Result<ResourceName, String> {
    text.parse::<ClusterName>()?;
    text.parse()
}

fn parse_backup(text: &str) -> std::result::Result<ResourceName, String> {
    let named: ResourceName = text.parse()?;
    limits::BACKUP_ID.parser()(&named.id)?;
    Ok(named)
}

impl ResourceArgs {
    /// Returns the id that was named, which clap asks for, and the way to its service: an ARN names
    /// the region.
    ///
    /// # Errors
    /// Class `Usage`: a region that is not the ARN's.
    fn resolve(&self, online: &OnlineArgs, ui: &Ui) -> Result<(String, OnlineArgs)> {
        let mut online = online.clone();
        let names = [
            &self.resource,
            &self.cluster_id,
            &self.backup_id,
            &self.resource_id,
        ];
        // In both forms it is one thing, and an ARN says more of it.
        let names = || names.into_iter().flatten();
        let with_place = names().find(|named| named.place.is_some());
        let Some(named) = with_place.or_else(|| names().next()) else {
            return Ok((String::new(), online));
        };
        if let Some((region, account)) = &named.place {
            online.check_is_in(region)?;
            online.region = Some(region.clone());
            online.account = Some(account.clone());
        }
        if let Ok(cluster) = named.id.parse() {
            ui.note_cluster(&cluster);
        }
        Ok((named.id.clone(), online))
    }
}

/// List the tags of a cluster or a backup
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot tag list --cluster-id cluster-abc234defgh
  hsmboot tag list --backup-id backup-abc234defgh --output json

Exit codes: 0 listed, also where there are none; 2 wrong command line; 6 unknown, or the service \
refused or cannot be reached")]
pub struct ListArgs {
    #[command(flatten)]
    resource: ResourceArgs,
    /// The number of tags per request, 1 to 100; all pages are shown
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(i32).range(page_range(limits::TAGS_PER_PAGE)),
    )]
    page_size: Option<i32>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Add tags to a cluster or a backup, or give them other values
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks first, and sends only those that are not there with that value.

Examples:
  hsmboot tag add --cluster-id cluster-abc234defgh --tag stage=production --tag owner=payments
  hsmboot tag add --backup-id backup-abc234defgh --tag keep=

Exit codes: 0 added, or there already; 2 wrong command line; 6 unknown, or the service refused or \
cannot be reached")]
pub struct AddArgs {
    #[command(flatten)]
    resource: ResourceArgs,
    /// A tag (may repeat, up to 50)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_tag, required = true)]
    tag: Vec<Tag>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Remove tags from a cluster or a backup
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks first, and asks. A key that is not there is none to remove.

Examples:
  hsmboot tag remove --cluster-id cluster-abc234defgh --key stage
  hsmboot tag remove --backup-id backup-abc234defgh --key keep --key owner --yes

Exit codes: 0 removed, or not there; 2 wrong command line, or nobody to ask and no --yes; 6 \
unknown, or the service refused or cannot be reached; \
130 declined, nothing was removed")]
pub struct RemoveArgs {
    #[command(flatten)]
    resource: ResourceArgs,
    /// A tag's key (may repeat, up to 50)
    #[arg(long, value_name = "KEY", value_parser = limits::TAG_KEY.parser(), required = true)]
    key: Vec<String>,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::List(args) => list_tags(args, ui),
        Command::Add(args) => add_tags(args, ui),
        Command::Remove(args) => remove_tags(args, ui),
    }
}

fn list_tags(args: &ListArgs, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = &args.resource.resolve(&args.online, ui)?;
    block_on(async {
        let service = online.connect(None, ui).await?;
        let tags = service.list_tags(id, args.page_size).await?;
        let rows: Vec<[String; 2]> = tags
            .iter()
            .map(|tag| [tag.key.to_string(), tag.value.to_string()])
            .collect();
        let text = if rows.is_empty() {
            format!("{} has no tags\n", shown_text(id)).into()
        } else {
            table_text(["KEY", "VALUE"], &rows)
        };
        let document = with_place(
            service.place(),
            json!({ "resource_id": id, "tags": tags_document(&tags) }),
        );
        let summary = format!("{} has {}", shown_text(id), counted_noun(tags.len(), "tag"));
        Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
    })
}

fn add_tags(args: &AddArgs, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = &args.resource.resolve(&args.online, ui)?;
    check_tags(args.tag.iter().map(|tag| tag.key.as_raw()))?;
    block_on(async {
        let service = online.connect(None, ui).await?;
        let there = service.list_tags(id, None).await?;
        let missing: Vec<Tag> = args
            .tag
            .iter()
            .filter(|tag| !there.contains(tag))
            .cloned()
            .collect();
        if !missing.is_empty() {
            service.add_tags(id, &missing).await?;
        }
        let document = with_place(
            service.place(),
            json!({ "resource_id": id, "added": tags_document(&missing) }),
        );
        let shown: Vec<String> = args
            .tag
            .iter()
            .map(|tag| format!("  {}={}\n", tag.key, tag.value))
            .collect();
        let (id, shown) = (shown_text(id), shown.concat());
        let (text, summary) = match missing.len() {
            0 => {
                let first = format!("{id} has these tags already; nothing was changed");
                (format!("{first}\n{shown}"), first)
            }
            set => (
                format!("{id} has\n{shown}"),
                format!("{id} has {} set", counted_noun(set, "tag")),
            ),
        };
        let effect = Effect::unless(missing.is_empty());
        Ok(CommandOutput::success(effect, document, text).summarized(summary))
    })
}

fn remove_tags(args: &RemoveArgs, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = &args.resource.resolve(&args.online, ui)?;
    check_tags(args.key.iter().map(String::as_str))?;
    args.consent.check_can_ask()?;
    block_on(async {
        let service = online.connect(None, ui).await?;
        let there = service.list_tags(id, None).await?;
        let removed: Vec<String> = args
            .key
            .iter()
            .filter(|key| there.iter().any(|tag| tag.key == key.as_str()))
            .cloned()
            .collect();
        if !removed.is_empty() {
            args.consent.ask_to_delete(
                &format!(
                    "{} of {}'s tags ({}), at {}",
                    removed.len(),
                    shown_text(id),
                    shown_text(&removed.join(", ")),
                    service.place()
                ),
                "Permissions may hang on them.",
            )?;
            service.remove_tags(id, &removed).await?;
        }
        let document = with_place(
            service.place(),
            json!({ "resource_id": id, "removed": removed }),
        );
        let shown: Vec<String> = args
            .key
            .iter()
            .map(|key| format!("  {}\n", shown_text(key)))
            .collect();
        let (id, shown) = (shown_text(id), shown.concat());
        let (text, summary) = match removed.len() {
            0 => {
                let first = format!("{id} has none of these tags; nothing was changed");
                (format!("{first}\n{shown}"), first)
            }
            gone => (
                format!("{id} no longer has\n{shown}"),
                format!("{id} no longer has {}", counted_noun(gone, "tag")),
            ),
        };
        let effect = Effect::unless(removed.is_empty());
        Ok(CommandOutput::success(effect, document, text).summarized(summary))
    })
}
