//! `hsmboot cluster create`, `list`, `show`, `modify`, `delete`

use serde_json::json;

use super::manage::{ConsentArgs, Seen, WaitArgs, check_tags, located, no_repeats, or_dash, settle, state, table, tag, usage};
use super::online::{OnlineArgs, block_on, cluster_id};
use super::ui::{Outcome, Ui};
use super::view;
use crate::bundle::ClusterId;
use crate::claim::Failure;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::{ClusterFilter, NewCluster};
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, Tag, limits};
use crate::error::{Class, Error, Result};
use crate::x509::Moment;

/// Create, list, show, change and delete clusters
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --subnet-id subnet-1a2b3c4d --wait
  hsmboot cluster list --state ACTIVE

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    Create(CreateArgs),
    List(ListArgs),
    Show(ShowArgs),
    Modify(ModifyArgs),
    Delete(DeleteArgs),
}

/// What a new cluster is to be; `bootstrap --create` takes the same.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NewClusterArgs {
    /// A subnet, one for each Availability Zone (may repeat, 1 to 10)
    #[arg(long, value_name = "ID", value_parser = limits::subnet_id)]
    pub(crate) subnet_id: Vec<String>,
    /// The HSMs' type: hsm1.medium (default) or hsm2m.medium
    #[arg(long, value_name = "TYPE", value_parser = limits::hsm_type)]
    pub(crate) hsm_type: Option<String>,
    /// How many days backups are kept, 7 to 379 (the service's default: 90)
    #[arg(long, value_name = "DAYS", value_parser = retention())]
    pub(crate) retention_days: Option<u16>,
    /// A tag (may repeat, up to 50)
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    pub(crate) tag: Vec<Tag>,
}

impl NewClusterArgs {
    /// What CreateCluster is to be sent, once its lists are as documented.
    pub(crate) fn order(&self, source_backup_id: Option<String>) -> Result<NewCluster> {
        let subnets: Vec<&str> = self.subnet_id.iter().map(String::as_str).collect();
        if subnets.is_empty() || subnets.len() > limits::MAX_SUBNETS {
            return Err(usage(format!("{} subnets were given, expected 1 to {}", subnets.len(), limits::MAX_SUBNETS), "name them with --subnet-id"));
        }
        no_repeats("the subnet", &subnets)?;
        check_tags(&self.tag.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>())?;
        Ok(NewCluster {
            hsm_type: self.hsm_type.clone().unwrap_or_else(|| "hsm1.medium".to_owned()),
            subnet_ids: self.subnet_id.clone(),
            source_backup_id,
            retention_days: self.retention_days,
            tags: self.tag.clone(),
        })
    }
}

/// Create a cluster, empty or from a backup
#[derive(Debug, clap::Args)]
#[command(after_help = "\
CreateCluster is sent once. Where its answer is lost, look with `hsmboot cluster list` before you run this again.

Examples:
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --tag stage=test --wait
  hsmboot cluster create --subnet-id subnet-0a1b2c3d --source-backup-id backup-abc234defgh --retention-days 30

Exit codes: 0 created; 2 wrong command line; 6 the service refused or cannot be reached, or its answer is lost; 7 created, and not ready in time")]
pub struct CreateArgs {
    #[command(flatten)]
    new: NewClusterArgs,
    /// The backup to restore the cluster from
    #[arg(long, value_name = "ID", value_parser = limits::backup_id)]
    source_backup_id: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// List the region's clusters
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot cluster list --region eu-central-1
  hsmboot cluster list --state UNINITIALIZED --state ACTIVE --sort created --output json

Exit codes: 0 listed, also where there are none; 2 wrong command line; 6 the service refused or cannot be reached")]
pub struct ListArgs {
    /// Only this cluster (may repeat)
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: Vec<ClusterId>,
    /// Only clusters in this VPC (may repeat)
    #[arg(long, visible_alias = "vpc", value_name = "ID", value_parser = limits::vpc_id)]
    vpc_id: Vec<String>,
    /// Only clusters in this state, as the API names it, in any case (may repeat)
    #[arg(long, value_name = "STATE", value_parser = cluster_state)]
    state: Vec<ClusterState>,
    /// The order (default: the service's)
    #[arg(long, value_enum, value_name = "BY")]
    sort: Option<Sort>,
    /// How many clusters a request brings, 1 to 25; all pages are shown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(range(limits::CLUSTERS_PER_PAGE)))]
    page_size: Option<i32>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// `--sort`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// The oldest first
    Created,
    /// By id
    Id,
    /// By the state's name
    State,
}

/// Show all that the service says of a cluster: HSMs, subnets, retention, certificates, tags
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot cluster show --cluster-id cluster-abc234defgh
  hsmboot cluster show --cluster-id cluster-abc234defgh --output json

Exit codes: 0 shown; 2 wrong command line; 6 unknown cluster, or the service refused or cannot be reached")]
pub struct ShowArgs {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: ClusterId,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Change how long a cluster's backups are kept
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot cluster modify --cluster-id cluster-abc234defgh --retention-days 30
  hsmboot cluster modify --cluster-id cluster-abc234defgh --retention-days 379 --wait

Exit codes: 0 changed, or already so; 2 wrong command line; 6 unknown cluster, or the service refused or cannot be reached; \
7 not seen in time; 8 the cluster is deleted")]
pub struct ModifyArgs {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: ClusterId,
    /// How many days backups are kept, 7 to 379
    #[arg(long, value_name = "DAYS", value_parser = retention())]
    retention_days: u16,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Delete a cluster that has no HSMs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks first. Its backups stay, and a cluster can be restored from them.

Examples:
  hsmboot cluster delete --cluster-id cluster-abc234defgh
  hsmboot cluster delete --cluster-id cluster-abc234defgh --yes --wait

Exit codes: 0 deleted, or being deleted already; 2 wrong command line, or nobody to ask and no --yes; 6 unknown cluster, or the service refused \
or cannot be reached; 7 not gone in time; 8 it has HSMs; 130 declined, nothing was deleted")]
pub struct DeleteArgs {
    /// The cluster
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: ClusterId,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

fn retention() -> clap::builder::RangedI64ValueParser<u16> {
    let (least, most) = limits::RETENTION_DAYS;
    clap::value_parser!(u16).range(i64::from(least)..=i64::from(most))
}

pub(crate) fn range((least, most): (i32, i32)) -> std::ops::RangeInclusive<i64> {
    i64::from(least)..=i64::from(most)
}

fn cluster_state(text: &str) -> std::result::Result<ClusterState, String> {
    state(text, ClusterState::KNOWN).map(|name| ClusterState::from(name.as_str()))
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<Outcome> {
    match command {
        Command::Create(args) => create(args, ui),
        Command::List(args) => list(args, ui),
        Command::Show(args) => show(args, ui),
        Command::Modify(args) => modify(args, ui),
        Command::Delete(args) => delete(args, ui),
    }
}

/// The cluster, or that there is none.
pub(crate) async fn find(service: &AwsCloudHsm, id: &ClusterId) -> Result<Cluster> {
    let missing = || Failure::NotFound { cluster_id: id.to_string(), place: Some(service.place().clone()), sent: false };
    service.describe(id.as_str()).await?.ok_or_else(|| missing().into())
}

fn create(args: &CreateArgs, ui: &Ui) -> Result<Outcome> {
    let order = args.new.order(args.source_backup_id.clone())?;
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let made = service.create_cluster(&order).await?;
        let id = made.cluster_id.clone();
        let document = |cluster: &Cluster| located(service.place(), json!({ "changed": true, "cluster": view::document(cluster) }));
        let cluster = match args.wait.limit() {
            None => made,
            Some(limit) => {
                ui.say(&format!("created {id}"));
                let hint = format!("it exists; do not create another: `hsmboot wait --cluster-id {id} --for uninitialized` goes on waiting");
                created(&service, &id, limit, &hint, ui).await.map_err(|error| error.with_document(document(&made)))?
            }
        };
        let text = format!("created {}\n{}", view::printable(&id), view::text(&cluster));
        Ok(Outcome::done(document(&cluster), text))
    })
}

/// Waits until a new cluster is one. It may not be listed at once.
pub(crate) async fn created(service: &AwsCloudHsm, id: &str, limit: std::time::Duration, hint: &str, ui: &Ui) -> Result<Cluster> {
    settle(ui, limit, hint, async || {
        Ok(match service.describe(id).await? {
            None => Seen::NotYet(format!("{id} is not listed yet")),
            Some(cluster) if cluster.state == ClusterState::CreateInProgress => Seen::NotYet(format!("{id} {}", cluster.state)),
            Some(cluster) if is_going(&cluster) => Seen::Lost(deleted(&cluster)),
            Some(cluster) => Seen::There(cluster),
        })
    })
    .await
}

fn list(args: &ListArgs, ui: &Ui) -> Result<Outcome> {
    let filter = ClusterFilter {
        cluster_ids: args.cluster_id.iter().map(ToString::to_string).collect(),
        vpc_ids: args.vpc_id.clone(),
        states: args.state.clone(),
        page_size: args.page_size,
    };
    let (mut clusters, place) = block_on(async {
        let service = args.online.connect(None, ui).await?;
        Ok((service.clusters(&filter).await?, service.place().clone()))
    })?;
    match args.sort {
        None => {}
        Some(Sort::Created) => clusters.sort_by_key(|cluster| cluster.created),
        Some(Sort::Id) => clusters.sort_by(|a, b| a.cluster_id.cmp(&b.cluster_id)),
        Some(Sort::State) => clusters.sort_by(|a, b| a.state.as_str().cmp(b.state.as_str())),
    }
    let rows: Vec<[String; 6]> = clusters.iter().map(row).collect();
    let text = match rows.is_empty() {
        true => format!("no clusters at {place}\n"),
        false => table(["CLUSTER", "STATE", "TYPE", "HSMS", "VPC", "CREATED"], &rows),
    };
    let clusters: Vec<_> = clusters.iter().map(view::document).collect();
    Ok(Outcome::done(located(&place, json!({ "clusters": clusters })), text))
}

fn row(cluster: &Cluster) -> [String; 6] {
    [
        cluster.cluster_id.clone(),
        cluster.state.to_string(),
        or_dash(cluster.hsm_type.as_deref()),
        cluster.hsms.len().to_string(),
        or_dash(cluster.vpc_id.as_deref()),
        or_dash(cluster.created.map(|at| Moment::from_unix(at).to_string()).as_deref()),
    ]
}

fn show(args: &ShowArgs, ui: &Ui) -> Result<Outcome> {
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let cluster = find(&service, &args.cluster_id).await?;
        Ok(Outcome::done(located(service.place(), json!({ "cluster": view::document(&cluster) })), view::text_in_full(&cluster)))
    })
}

fn modify(args: &ModifyArgs, ui: &Ui) -> Result<Outcome> {
    let (id, days) = (&args.cluster_id, args.retention_days);
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find(&service, id).await?;
        if is_going(&before) {
            return Err(deleted(&before));
        }
        let changed = before.retention_days != Some(days);
        let mut cluster = if changed { service.modify_cluster(id.as_str(), days).await? } else { before };
        if let (true, Some(limit)) = (changed, args.wait.limit()) {
            cluster = settle(ui, limit, AGAIN, async || {
                Ok(match service.describe(id.as_str()).await? {
                    Some(cluster) if cluster.retention_days == Some(days) && cluster.state != ClusterState::ModifyInProgress => Seen::There(cluster),
                    Some(cluster) => Seen::NotYet(format!("{id} {}", cluster.state)),
                    None => Seen::NotYet(format!("{id} is not listed")),
                })
            })
            .await?;
        }
        let text = match changed {
            true => format!("{id} keeps its backups for {days} days\n"),
            false => format!("{id} keeps its backups for {days} days already; nothing was changed\n"),
        };
        Ok(Outcome::done(located(service.place(), json!({ "changed": changed, "cluster": view::document(&cluster) })), text))
    })
}

const AGAIN: &str = "run the same command again: it goes on from here (`--timeout` gives it longer)";

fn delete(args: &DeleteArgs, ui: &Ui) -> Result<Outcome> {
    let id = &args.cluster_id;
    args.consent.check()?;
    block_on(async {
        let service = args.online.connect(None, ui).await?;
        let before = find(&service, id).await?;
        let changed = !is_going(&before);
        if changed {
            has_no_hsms(&before)?;
            args.consent.ask(&format!("{id}, {}, at {}", before.state, service.place()), "Its backups stay; the cluster itself is gone for good.")?;
            send_deletion(&service, id).await?;
        }
        let last = match args.wait.limit() {
            None => service.describe(id.as_str()).await?,
            Some(limit) => settle(ui, limit, AGAIN, async || gone(&service, id).await).await?,
        };
        let text = match (changed, last.as_ref().is_none_or(|cluster| cluster.state == ClusterState::Deleted)) {
            (true, true) => format!("deleted {id}\n"),
            (true, false) => format!("{id} is being deleted\n"),
            (false, true) => format!("{id} is deleted already; nothing was changed\n"),
            (false, false) => format!("{id} is being deleted already; nothing was changed\n"),
        };
        let cluster = last.as_ref().map(view::document);
        Ok(Outcome::done(located(service.place(), json!({ "changed": changed, "cluster_id": id, "cluster": cluster })), text))
    })
}

async fn gone(service: &AwsCloudHsm, id: &ClusterId) -> std::result::Result<Seen<Option<Cluster>>, crate::cloudhsm::ServiceError> {
    Ok(match service.describe(id.as_str()).await? {
        Some(cluster) if cluster.state == ClusterState::Deleted => Seen::There(Some(cluster)),
        Some(cluster) => Seen::NotYet(format!("{id} {}", cluster.state)),
        None => Seen::There(None),
    })
}

/// Sends DeleteCluster. Where its answer is lost, the cluster tells.
async fn send_deletion(service: &AwsCloudHsm, id: &ClusterId) -> Result<()> {
    match service.delete_cluster(id.as_str()).await {
        Err(error) if error.outcome_unknown() => match service.describe(id.as_str()).await? {
            Some(cluster) if !is_going(&cluster) => Err(error.into()),
            _ => Ok(()),
        },
        sent => Ok(sent?),
    }
}

pub(crate) fn is_going(cluster: &Cluster) -> bool {
    matches!(cluster.state, ClusterState::DeleteInProgress | ClusterState::Deleted)
}

/// The error of a cluster that is deleted, or being deleted.
pub(crate) fn deleted(cluster: &Cluster) -> Error {
    Failure::StateForbids { cluster: Box::new(cluster.clone()), sent: false }.into()
}

/// "Before you can delete a cluster, you must delete all HSMs in the cluster" (API Reference, DeleteCluster).
fn has_no_hsms(cluster: &Cluster) -> Result<()> {
    if cluster.hsms.is_empty() {
        return Ok(());
    }
    let id = &cluster.cluster_id;
    let hsms: Vec<String> = cluster.hsms.iter().map(|hsm| format!("\n  HSM  {}  {}", hsm.hsm_id, hsm.state)).collect();
    Err(Error::new(
        Class::Conflict,
        "cluster-has-hsms",
        format!("{id} has HSMs, which have to be deleted first{}", hsms.concat()),
        format!("hsmboot hsm delete --cluster-id {id} --hsm-id ID --wait"),
    ))
}
