//! `hsmboot wait`

use std::time::{Duration, Instant};

use serde_json::json;

use super::named_cluster::RequiredClusterArgs;
use super::online::{OnlineArgs, TimeoutArgs, block_on};
use super::ui::{CommandOutput, Effect, Ui};
use super::view;
use super::watcher::Watcher;
use crate::claim::Patience;
use crate::claim::wait::{Wait, WaitStep, WaitTarget};
use crate::cloudhsm::{CloudHsm, Cluster, ClusterState};
use crate::error::Result;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Wait until a cluster is in a state
#[derive(Debug, clap::Args)]
#[command(after_help = "\
States:
  uninitialized  created; its first HSM, and so its CSR, may still be missing
  csr            uninitialized, with a CSR to fetch
  initialized    claimed; a cluster that is active already counts
  active         its owner has set the first password
  deleted        gone
and the service's own names of every other state, such as MODIFY_IN_PROGRESS, in any case. One \
that this version does not know, such as PENDING_ROLLBACK, \
in capitals

Examples:
  hsmboot wait --cluster-id cluster-abc234defgh --for csr
  hsmboot wait --cluster-id cluster-abc234defgh --for active --timeout 1h

Exit codes: 0 it is there; 6 unknown cluster, or the service refused or cannot be reached; 7 not \
in time (30 minutes unless --timeout); \
8 it cannot get there any more")]
pub struct Args {
    #[command(flatten)]
    cluster: RequiredClusterArgs,
    /// The state to wait for: uninitialized, csr, initialized, active, deleted, or another state's
    /// name
    #[arg(long = "for", value_name = "STATE", value_parser = parse_target)]
    target: WaitTarget,
    #[command(flatten)]
    timeout: TimeoutArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

fn parse_target(text: &str) -> std::result::Result<WaitTarget, String> {
    text.parse()
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = args.cluster.require(&args.online)?;
    let id = id.as_str();
    let limit = args.timeout.timeout.unwrap_or(DEFAULT_TIMEOUT);
    if let WaitTarget::Other(name) = &args.target {
        ui.warn(format!(
            "{name} is no state that this version of hsmboot knows; it is waited for all the same"
        ));
    }
    let (found, place) = block_on(async {
        let service = online.connect_within(Some(limit), None, ui).await?;
        let wait = Wait::new(id, args.target.clone(), limit, Patience::default())
            .with_place(service.place().clone());
        Ok((
            drive_wait(&service, wait, &mut Watcher::new(ui)).await?,
            service.place().clone(),
        ))
    })?;
    let document = json!({
        "region": place.region,
        "endpoint": place.endpoint,
        "cluster_id": id,
        "for": args.target.to_string(),
        "cluster": found.as_deref().map(view::cluster_document),
    });
    let text = match &found {
        Some(found) => view::cluster_text(found),
        None => format!("{id} is gone\n").into(),
    };
    let summary = match &found {
        Some(found) => format!("{id} is {}", found.state),
        None => format!("{id} is gone"),
    };
    Ok(CommandOutput::success(Effect::Unchanged, document, text).summarized(summary))
}

/// Drives a wait to its end, and returns the cluster, or `None` for one that is gone.
pub(crate) async fn drive_wait(
    service: &impl CloudHsm,
    mut wait: Wait,
    watcher: &mut Watcher<'_>,
) -> Result<Option<Box<Cluster>>> {
    let began = Instant::now();
    loop {
        match wait.next(began.elapsed()) {
            WaitStep::Describe => {
                let answer = service.describe_cluster(wait.cluster_id()).await;
                wait.record_description(answer);
                match wait.last_seen().filter(|_| wait.pending_error().is_none()) {
                    Some(seen)
                        if wait.is_for_claim()
                            && seen.state == ClusterState::Uninitialized
                            && seen.certificates.cluster_csr.is_some() =>
                    {
                        watcher.show_state_until(seen, ": nobody has claimed it yet");
                    }
                    Some(seen)
                        if wait.is_for_activation() && seen.state == ClusterState::Initialized =>
                    {
                        watcher.show_state_until(
                            seen,
                            ", until its owner sets the first password: `cluster activate` in the \
                             CloudHSM CLI",
                        );
                    }
                    _ => watcher.show_state(wait.last_seen(), wait.pending_error()),
                }
            }
            WaitStep::Pause(length) => watcher.pause(length).await,
            WaitStep::Done(cluster) => return Ok(cluster),
            WaitStep::Failed(failure) => return Err((*failure).into()),
        }
    }
}
