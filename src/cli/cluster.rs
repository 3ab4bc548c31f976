//! `hsmboot cluster create`, `list`, `show`, `modify`, `delete`

mod choice_args;
mod create;
mod delete;
mod modify;
mod order;
mod type_change;

use serde_json::json;

use super::manage::{or_dash, parse_state, with_place};
use super::named_cluster::RequiredClusterArgs;
use super::online::{OnlineArgs, block_on, parse_cluster_id};
use super::text::table_text;
use super::ui::{CommandOutput, Effect, Ui};
use super::view;
use crate::bundle::ClusterId;
use crate::bundle::counted_noun;
use crate::claim::Failure;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::ClusterFilter;
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, limits};
use crate::error::{Error, Result};
use crate::x509::Moment;
pub(crate) use create::wait_until_created;
pub(crate) use order::{AfterCreation, NewClusterArgs, announce_creation};

/// Create, list, show, change and delete clusters
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --subnet-id subnet-1a2b3c4d --wait
  hsmboot cluster list --state ACTIVE

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    Create(create::Args),
    List(ListArgs),
    Show(ShowArgs),
    Modify(modify::Args),
    Delete(delete::Args),
}

/// List the region's clusters
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot cluster list --region eu-central-1
  hsmboot cluster list --state UNINITIALIZED --state ACTIVE --sort created --output json

Exit codes: 0 listed, also where there are none; 2 wrong command line; 6 the service refused or \
cannot be reached")]
pub struct ListArgs {
    /// Only these clusters
    #[arg(value_name = "CLUSTER", value_parser = parse_cluster_id)]
    clusters: Vec<ClusterId>,
    /// The same, as an option (may repeat)
    #[arg(long, value_name = "ID", value_parser = parse_cluster_id)]
    cluster_id: Vec<ClusterId>,
    /// Only clusters in this VPC (may repeat)
    #[arg(long, visible_alias = "vpc", value_name = "ID", value_parser = limits::VPC_ID.parser())]
    vpc_id: Vec<String>,
    /// Only clusters in this state, as the API names it, in any case (may repeat)
    #[arg(long, value_name = "STATE", value_parser = parse_cluster_state)]
    state: Vec<ClusterState>,
    /// The order (default: the service's)
    #[arg(long, value_enum, value_name = "BY")]
    sort: Option<ClusterSort>,
    /// The number of clusters per request, 1 to 25; all pages are shown
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(i32).range(page_range(limits::CLUSTERS_PER_PAGE)),
    )]
    page_size: Option<i32>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// The order of `--sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ClusterSort {
    /// The oldest first
    Created,
    /// By id
    Id,
    /// By the state's name
    State,
}

/// Show all that the service says of a cluster: HSMs, subnets, mode, retention, certificates, tags
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot cluster show --cluster-id cluster-abc234defgh
  hsmboot cluster show --cluster-id cluster-abc234defgh --output json

Exit codes: 0 shown; 2 wrong command line; 6 unknown cluster, or the service refused or cannot be \
reached")]
pub struct ShowArgs {
    #[command(flatten)]
    cluster: RequiredClusterArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(crate) fn page_range((least, most): (i32, i32)) -> std::ops::RangeInclusive<i64> {
    i64::from(least)..=i64::from(most)
}

fn retention_parser() -> clap::builder::RangedI64ValueParser<u16> {
    let (least, most) = limits::RETENTION_DAYS;
    clap::value_parser!(u16).range(i64::from(least)..=i64::from(most))
}

fn parse_cluster_state(text: &str) -> std::result::Result<ClusterState, String> {
    parse_state(text, ClusterState::KNOWN).map(|name| ClusterState::from(name.as_str()))
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Create(args) => create::run(args, ui),
        Command::List(args) => list_clusters(args, ui),
        Command::Show(args) => show_cluster(args, ui),
        Command::Modify(args) => modify::run(args, ui),
        Command::Delete(args) => delete::run(args, ui),
    }
}

/// Returns the cluster, or an error where there is none.
pub(crate) async fn find_cluster(service: &AwsCloudHsm, id: &ClusterId) -> Result<Cluster> {
    let missing = || Failure::NotFound {
        cluster_id: id.to_string(),
        place: Some(service.place().clone()),
        sent: false,
    };
    service
        .describe_cluster(id.as_str())
        .await?
        .ok_or_else(|| missing().into())
}

fn list_clusters(args: &ListArgs, ui: &Ui) -> Result<CommandOutput> {
    let filter = ClusterFilter {
        cluster_ids: args
            .clusters
            .iter()
            .chain(&args.cluster_id)
            .map(ToString::to_string)
            .collect(),
        vpc_ids: args.vpc_id.clone(),
        states: args.state.clone(),
        page_size: args.page_size,
    };
    let (mut clusters, place) = block_on(async {
        let service = args.online.connect(None, ui).await?;
        Ok((
            service.describe_clusters(&filter).await?,
            service.place().clone(),
        ))
    })?;
    match args.sort {
        None => {}
        Some(ClusterSort::Created) => clusters.sort_by_key(|cluster| cluster.created),
        Some(ClusterSort::Id) => clusters.sort_by(|a, b| a.cluster_id.cmp(&b.cluster_id)),
        Some(ClusterSort::State) => clusters.sort_by(|a, b| a.state.as_str().cmp(b.state.as_str())),
    }
    let rows: Vec<[String; 7]> = clusters.iter().map(cluster_row).collect();
    let text = match rows.is_empty() {
        true => format!("no clusters at {place}\n").into(),
        false => table_text(
            ["CLUSTER", "STATE", "TYPE", "MODE", "HSMS", "VPC", "CREATED"],
            &rows,
        ),
    };
    let clusters: Vec<_> = clusters.iter().map(view::cluster_document).collect();
    let summary = format!("{} at {place}", counted_noun(clusters.len(), "cluster"));
    let document = with_place(&place, json!({ "clusters": clusters }));
    Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
}

fn cluster_row(cluster: &Cluster) -> [String; 7] {
    [
        cluster.cluster_id.to_string(),
        cluster.state.to_string(),
        or_dash(cluster.hsm_type.as_ref()),
        or_dash(cluster.mode.as_ref()),
        cluster.hsms.len().to_string(),
        or_dash(cluster.vpc_id.as_ref()),
        or_dash(cluster.created.map(Moment::from_unix)),
    ]
}

fn show_cluster(args: &ShowArgs, ui: &Ui) -> Result<CommandOutput> {
    block_on(async {
        let (id, online) = args.cluster.require(&args.online)?;
        let service = online.connect(None, ui).await?;
        let cluster = find_cluster(&service, &id).await?;
        Ok(CommandOutput::success(
            Effect::Unchanged,
            with_place(
                service.place(),
                json!({ "cluster": view::cluster_document(&cluster) }),
            ),
            view::full_cluster_text(&cluster),
        ))
    })
}

pub(crate) fn is_deleting_or_deleted(cluster: &Cluster) -> bool {
    matches!(
        cluster.state,
        ClusterState::DeleteInProgress | ClusterState::Deleted
    )
}

/// Returns the error for a cluster that is deleted, or being deleted.
pub(crate) fn deleted_error(cluster: &Cluster) -> Error {
    Failure::StateForbids {
        cluster: Box::new(cluster.clone()),
        sent: false,
    }
    .into()
}
