//! The first HSM of a cluster, which makes the CSR: created once, however often the command is run.
//!
//! What decides is the live cluster, and nothing that a bundle says: an unclaimed cluster takes one
//! HSM, and AWS refuses another.

use std::time::Duration;

use super::signing_ca::BootstrapCa;
use super::{TrustSettings, check_roots_available};
use crate::bundle::ClusterId;
use crate::cli::cluster::{find_cluster, wait_until_created};
use crate::cli::hsm::check_takes_hsm;
use crate::cli::manage::{PollStatus, poll_in_view, usage_error};
use crate::cli::watcher::Watcher;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::NewHsm;
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState, Fleet, HsmState, NextStep, next_step};
use crate::error::{FactName, Result};
use crate::outside::OutsideText;

/// The time to look for what a request with a lost answer may have made.
pub(super) const LOOKUP_LIMIT: Duration = Duration::from_secs(60);

/// The option for the first HSM of a cluster that another tool made.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FirstHsmArgs {
    /// Create the cluster's first HSM if it has none; this costs money. A cluster that has one, or
    /// is claimed, gets no other
    #[arg(
        long,
        requires = "availability_zone",
        conflicts_with_all = ["create", "dry_run"],
    )]
    pub(super) create_hsm: bool,
}

impl FirstHsmArgs {
    /// Checks that a zone is given for something that is to be created.
    pub(super) fn check(&self, creates_cluster: bool, zone: Option<&str>) -> Result<()> {
        if zone.is_some() && !self.create_hsm && !creates_cluster {
            return Err(usage_error(
                "--availability-zone is for a new HSM",
                "add --create-hsm for the first HSM of this cluster, or --create for a new \
                 cluster; or leave it out",
            )
            .with_fact(FactName::Option, "--availability-zone")
            .with_fact(FactName::Missing, vec!["--create-hsm"]));
        }
        Ok(())
    }
}

/// Creates the first HSM of a cluster that is there already, unless it has one. The CA is checked,
/// and its passphrase asked for, before the HSM is.
pub(super) async fn create_if_missing(
    service: &AwsCloudHsm,
    id: &ClusterId,
    zone: &str,
    limit: Duration,
    (ca, trust): (&mut BootstrapCa<'_>, &TrustSettings),
    watcher: &mut Watcher<'_>,
) -> Result<()> {
    let mut cluster = find_cluster(service, id).await?;
    if cluster.state == ClusterState::CreateInProgress && cluster.origin_text().is_none() {
        let hint = "run the same command again: it goes on from here (`--timeout` gives it longer)";
        cluster = wait_until_created(service, &cluster.cluster_id, limit, hint, watcher).await?;
        watcher.clear();
    }
    if !lacks_first_hsm(&cluster) {
        return Ok(());
    }
    check_takes_hsm(&cluster, zone)?;
    let region = service.place().region.as_ref().map(OutsideText::as_raw);
    check_roots_available(
        cluster.hsm_type.as_ref().map(OutsideText::as_raw),
        region.unwrap_or_default(),
        &trust.anchors,
    )?;
    ca.prepare(crate::cli::now())?;
    watcher.say(format!(
        "creating the first HSM of {id} in {zone}: it is charged by the hour until it is deleted"
    ));
    ensure_first_hsm(service, id, &cluster, zone, watcher).await
}

/// Tells whether a cluster waits for its first HSM, and nothing else stands in its place.
fn lacks_first_hsm(cluster: &Cluster) -> bool {
    cluster.state == ClusterState::Uninitialized
        && matches!(next_step(cluster), NextStep::CreateHsm { .. })
}

/// Creates the first HSM, unless there is one. A second one is never made: an unclaimed cluster
/// takes only one.
pub(super) async fn ensure_first_hsm(
    service: &AwsCloudHsm,
    id: &ClusterId,
    cluster: &Cluster,
    zone: &str,
    watcher: &mut Watcher<'_>,
) -> Result<()> {
    if !lacks_first_hsm(cluster) {
        return Ok(());
    }
    check_takes_hsm(cluster, zone)?;
    let order = NewHsm {
        cluster_id: id.to_string(),
        availability_zone: zone.to_owned(),
        ip_address: None,
    };
    watcher.show_steps(&format!("CreateHsm in {zone}"));
    match service.create_hsm(&order).await {
        Ok(hsm) => watcher.say(format!("created {}, the first HSM of {id}", hsm.hsm_id)),
        Err(error) if error.outcome_unknown() => {
            let hint = "run the same command again: it looks whether the HSM is there before it \
                        asks for one";
            poll_in_view(watcher, LOOKUP_LIMIT, hint, async || {
                let has_one = service
                    .describe_cluster(id.as_str())
                    .await?
                    .is_some_and(|cluster| {
                        cluster
                            .hsms
                            .iter()
                            .any(|hsm| hsm.state != HsmState::Deleted)
                    });
                Ok(if has_one {
                    PollStatus::There(())
                } else {
                    PollStatus::NotYet(error.summary_line())
                })
            })
            .await?;
        }
        Err(error) => {
            // Another run may have been quicker since the last look.
            let now = service.describe_cluster(id.as_str()).await.ok().flatten();
            if !error.is_refused() || now.is_none_or(|cluster| lacks_first_hsm(&cluster)) {
                return Err(error.into());
            }
            watcher.say(format!("{id} got its first HSM meanwhile, by another run"));
        }
    }
    Ok(())
}
