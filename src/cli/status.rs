//! `hsmboot status`

use serde_json::json;

use super::online::{OnlineArgs, block_on, cluster_id};
use super::ui::{Outcome, Ui};
use super::view;
use crate::bundle::ClusterId;
use crate::claim::Failure;
use crate::cloudhsm::CloudHsm;
use crate::error::Result;

/// Show a cluster, or all of the region's, and what comes next
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hsmboot status --region eu-central-1
  hsmboot status --cluster-id cluster-abc234defgh --output json

Exit codes: 0 shown; 6 unknown cluster, or the service refused or cannot be reached")]
pub struct Args {
    /// The cluster (default: all)
    #[arg(long, value_name = "ID", value_parser = cluster_id)]
    cluster_id: Option<ClusterId>,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Outcome> {
    let (clusters, place) = block_on(async {
        let service = args.online.connect(None, ui).await?;
        let clusters = match &args.cluster_id {
            None => service.list().await?,
            Some(id) => match service.describe(id.as_str()).await? {
                Some(cluster) => vec![cluster],
                None => {
                    let place = Some(service.place().clone());
                    return Err(Failure::NotFound { cluster_id: id.to_string(), place, sent: false }.into());
                }
            },
        };
        Ok((clusters, service.place().clone()))
    })?;
    let document = json!({
        "region": place.region,
        "endpoint": place.endpoint,
        "clusters": clusters.iter().map(view::document).collect::<Vec<_>>(),
    });
    let mut text: String = clusters.iter().map(view::text).collect();
    if clusters.is_empty() {
        text = format!("no clusters at {place}\n");
    }
    Ok(Outcome::done(document, text))
}
