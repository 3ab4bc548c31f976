//! `hsmboot cluster create`, and what it shares with `bootstrap --create`

use std::time::Duration;

use serde_json::json;

use super::{deleted, is_going, retention};
use crate::cli::manage::{Seen, WaitArgs, check_tags, located, no_repeats, settle, tag, usage};
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::ui::{Outcome, Ui};
use crate::cli::view;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::NewCluster;
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, Tag, limits};
use crate::error::Result;
use crate::outside::OutsideText;

/// What a new cluster is to be; `bootstrap --create` takes the same.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NewClusterArgs {
    /// A subnet, one for each Availability Zone (may repeat, 1 to 10)
    #[arg(long, value_name = "ID", value_parser = limits::subnet_id)]
    pub(crate) subnet_id: Vec<String>,
    /// The HSMs' type: hsm2m.medium (default) or hsm1.medium
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
        check_tags(&self.tag.iter().map(|tag| tag.key.raw()).collect::<Vec<_>>())?;
        let hsm_type = self.hsm_type.clone().unwrap_or_else(|| "hsm2m.medium".to_owned());
        Ok(NewCluster {
            mode: (hsm_type != "hsm1.medium").then(|| "FIPS".to_owned()),
            hsm_type,
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
pub struct Args {
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

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let order = args.new.order(args.source_backup_id.clone())?;
    block_on(async {
        let service = args.online.connect_within(args.wait.limit(), None, ui).await?;
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
        let text = format!("created {id}\n{}", view::text(&cluster));
        Ok(Outcome::done(document(&cluster), text))
    })
}

/// Waits until a new cluster is one. It may not be listed at once.
pub(crate) async fn created(service: &AwsCloudHsm, id: &OutsideText, limit: Duration, hint: &str, ui: &Ui) -> Result<Cluster> {
    settle(ui, limit, hint, async || {
        Ok(match service.describe(id.raw()).await? {
            None => Seen::NotYet(format!("{id} is not listed yet")),
            Some(cluster) if cluster.state == ClusterState::CreateInProgress => Seen::NotYet(format!("{id} {}", cluster.state)),
            Some(cluster) if is_going(&cluster) => Seen::Lost(deleted(&cluster)),
            Some(cluster) => Seen::There(cluster),
        })
    })
    .await
}
