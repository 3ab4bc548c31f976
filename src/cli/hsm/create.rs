//! `hsmboot hsm create`, and what a cluster must be to take an HSM

use std::time::Duration;

use super::{hsm_change_document, next_command};
use crate::bundle::ClusterId;
use crate::claim::state_reasons;
use crate::cli::cluster::{deleted_error, find_cluster, is_deleting_or_deleted};
use crate::cli::manage::{PollStatus, WaitArgs, or_dash, poll_until_there};
use crate::cli::named_cluster::RequiredClusterArgs;
use crate::cli::online::{OnlineArgs, block_on};
use crate::cli::output::next_lines;
use crate::cli::text::state_text;
use crate::cli::ui::{CommandOutput, Effect, StyledText, Ui};
use crate::cli::view::hsm_lines;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::fleet::NewHsm;
use crate::cloudhsm::{
    CloudHsm, Cluster, ClusterState, Fleet, HsmState, HsmSummary, NextStep, limits, next_step,
};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, OutsideText, join_shown, shown_text};

/// Create an HSM in a cluster
#[derive(Debug, clap::Args)]
#[command(after_help = "\
CreateHsm is sent once, and not at all where an HSM is in that zone already, being created or \
ACTIVE (at that address, if one is given): --another creates one more. A cluster that is not \
claimed and activated yet takes one HSM, which makes the CSR: AWS refuses a second one, and so \
does this command, before it asks.

Examples:
  hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-central-1a --wait
  hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-central-1b \
--ip-address 10.0.2.9

Exit codes: 0 created, or there already; 2 wrong command line; 6 unknown cluster, or the service \
refused or cannot \
be reached, or its answer is lost; \
7 created, and not ACTIVE in time; 8 the cluster's state or subnets do not allow it")]
pub struct CreateArgs {
    #[command(flatten)]
    cluster: RequiredClusterArgs,
    /// An Availability Zone that the cluster has a subnet in
    #[arg(long, value_name = "ZONE", value_parser = limits::AVAILABILITY_ZONE.parser())]
    availability_zone: String,
    /// The HSM's address in that subnet (default: a free one)
    #[arg(long, value_name = "IP", value_parser = limits::IP_ADDRESS.parser())]
    ip_address: Option<String>,
    /// Create one more, although an HSM is in that zone already
    #[arg(long)]
    another: bool,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

pub(super) fn create_hsm(args: &CreateArgs, ui: &Ui) -> Result<CommandOutput> {
    let (id, online) = args.cluster.require(&args.online)?;
    let id = &id;
    let order = NewHsm {
        cluster_id: id.to_string(),
        availability_zone: args.availability_zone.clone(),
        ip_address: args.ip_address.clone(),
    };
    block_on(async {
        let service = args.wait.connect_within(&online, ui).await?;
        let mut cluster = find_cluster(&service, id).await?;
        if let Some(there) = args.existing_hsm(&cluster)? {
            return args
                .existing_hsm_output(&service, id, &cluster, there, ui)
                .await;
        }
        // AWS CloudHSM pricing: by the hour, whatever it is used for.
        ui.say(format!(
            "about to create an HSM in {}: it costs by the hour until it is deleted",
            shown_text(&args.availability_zone)
        ));
        let made = match service.create_hsm(&order).await {
            Ok(made) => made,
            // Another run may have been quicker since the look: what is there now counts.
            Err(error) if error.is_refused() => {
                let Some(now) = service.describe_cluster(id.as_str()).await.ok().flatten() else {
                    return Err(error.into());
                };
                return match args.existing_hsm(&now)? {
                    Some(there) => {
                        args.existing_hsm_output(&service, id, &now, there, ui)
                            .await
                    }
                    None => Err(error.into()),
                };
            }
            Err(error) => return Err(error.into()),
        };
        let hsm = match args.wait.wait_limit() {
            None => made,
            Some(limit) => {
                ui.say(format!("{} is being created", made.hsm_id));
                wait_until_active(&service, id, &made.hsm_id, limit, ui)
                    .await
                    .map_err(|error| {
                        error
                            .unless_done_already()
                            .with_document(hsm_change_document(&service, true, id, Some(&made)))
                    })?
            }
        };
        let mut text = StyledText::from([
            StyledText::from(format!("created {}\n  state    ", hsm.hsm_id)),
            state_text(&hsm.state),
            StyledText::from(format!("\n  address  {}\n", or_dash(hsm.eni_ip.as_ref()))),
        ]);
        // What comes next, of a cluster as it is with this HSM.
        cluster.hsms.push(hsm.clone());
        let next = next_command(&cluster);
        text.push(next_lines(next.as_slice()));
        let document = hsm_change_document(&service, true, id, Some(&hsm));
        Ok(CommandOutput::success(Effect::Changed, document, text).with_next(next))
    })
}

impl CreateArgs {
    /// Returns the HSM that is there already, as it is ordered; `None` where one can be made.
    ///
    /// # Errors
    /// As [`check_takes_hsm`].
    fn existing_hsm<'a>(&self, cluster: &'a Cluster) -> Result<Option<&'a HsmSummary>> {
        match (
            check_takes_hsm(cluster, &self.availability_zone),
            self.find_existing_hsm(cluster),
        ) {
            (Ok(()), there) => Ok(there),
            (Err(error), Some(there)) if error.kind == ErrorKind::FirstHsmExists => Ok(Some(there)),
            (Err(error), _) => Err(error),
        }
    }

    /// Returns the HSM that is there already, as it is ordered: in the zone, at the address if one
    /// is given, and at work or about to be. Any other is another HSM.
    fn find_existing_hsm<'a>(&self, cluster: &'a Cluster) -> Option<&'a HsmSummary> {
        cluster.hsms.iter().filter(|_| !self.another).find(|hsm| {
            let is = |found: &Option<OutsideText>, wanted: &str| {
                found.as_ref().is_some_and(|found| found == wanted)
            };
            matches!(hsm.state, HsmState::CreateInProgress | HsmState::Active)
                && is(&hsm.availability_zone, &self.availability_zone)
                && self
                    .ip_address
                    .as_ref()
                    .is_none_or(|wanted| is(&hsm.eni_ip, wanted))
        })
    }

    /// Returns the result for an HSM that is there already, which is waited for as a new one is.
    async fn existing_hsm_output(
        &self,
        service: &AwsCloudHsm,
        id: &ClusterId,
        cluster: &Cluster,
        there: &HsmSummary,
        ui: &Ui,
    ) -> Result<CommandOutput> {
        let hsm = match self.wait.wait_limit() {
            None => there.clone(),
            Some(limit) => wait_until_active(service, id, &there.hsm_id, limit, ui).await?,
        };
        let mut text = StyledText::from([
            StyledText::from(format!(
                "{} is there already, in {}; nothing was changed (--another creates one more)\n  \
                 state    ",
                hsm.hsm_id,
                shown_text(&self.availability_zone),
            )),
            state_text(&hsm.state),
            StyledText::from(format!("\n  address  {}\n", or_dash(hsm.eni_ip.as_ref()))),
        ]);
        let next = next_command(cluster);
        text.push(next_lines(next.as_slice()));
        let document = hsm_change_document(service, false, id, Some(&hsm));
        Ok(CommandOutput::success(Effect::Unchanged, document, text).with_next(next))
    }
}

/// Waits until a new HSM is ACTIVE.
async fn wait_until_active(
    service: &AwsCloudHsm,
    id: &ClusterId,
    hsm_id: &OutsideText,
    limit: Duration,
    ui: &Ui,
) -> Result<HsmSummary> {
    let hint = format!(
        "it exists; do not create another: `hsmboot cluster show --cluster-id {id}` shows how it \
         stands"
    );
    poll_until_there(ui, limit, &hint, async || {
        let cluster = service.describe_cluster(id.as_str()).await?;
        let next = cluster.as_ref().map_or_else(String::new, broken_hsm_hint);
        let hsm =
            cluster.and_then(|cluster| cluster.hsms.into_iter().find(|hsm| hsm.hsm_id == *hsm_id));
        Ok(match hsm {
            Some(hsm) if hsm.state == HsmState::Active => PollStatus::There(hsm),
            Some(hsm)
                if matches!(
                    hsm.state,
                    HsmState::Degraded | HsmState::DeleteInProgress | HsmState::Deleted
                ) =>
            {
                PollStatus::Lost(never_active_error(&hsm, &next))
            }
            Some(hsm) => PollStatus::NotYet(format!("{hsm_id} {}", hsm.state)),
            None => PollStatus::NotYet(format!("{hsm_id} is not listed yet")),
        })
    })
    .await
}

fn never_active_error(hsm: &HsmSummary, next: &str) -> Error {
    let message = hsm
        .state_message
        .as_ref()
        .map(|text| format!("  service  {text}"));
    Error::new(
        ErrorKind::StateOutOfReach,
        Lines::from([
            format!("{} cannot become ACTIVE any more", hsm.hsm_id),
            format!("  state    {}", hsm.state),
        ])
        .followed_by(message),
        next,
    )
    .with_fact(FactName::HsmId, &hsm.hsm_id)
    .with_fact(FactName::State, hsm.state.to_string())
    .with_fact(FactName::Target, HsmState::Active.to_string())
    .with_fact(FactName::ServiceMessage, hsm.state_message.as_ref())
}

/// Returns the hint about an HSM that did not become ACTIVE. In a claimed cluster its owner
/// decides: the other HSMs hold the keys.
fn broken_hsm_hint(cluster: &Cluster) -> String {
    match cluster.state {
        ClusterState::Uninitialized => next_step(cluster).advice_for(&cluster.cluster_id),
        _ => format!(
            "`hsmboot cluster show --cluster-id {}` shows the cluster",
            cluster.cluster_id
        ),
    }
}

/// Checks that the cluster can have another HSM, and has a subnet in the zone.
pub(crate) fn check_takes_hsm(cluster: &Cluster, zone: &str) -> Result<()> {
    let id = &cluster.cluster_id;
    let state = &cluster.state;
    if is_deleting_or_deleted(cluster) {
        return Err(deleted_error(cluster));
    }
    let conflict = |kind, message: Lines, hint: String| {
        Err(Error::new(kind, message, hint)
            .with_next(next_step(cluster).command_for(id))
            .with_fact(FactName::ClusterId, id)
            .with_fact(FactName::State, state.to_string()))
    };
    match state {
        ClusterState::CreateInProgress | ClusterState::InitializeInProgress => {
            let message = Lines::from([
                format!("{id} takes no HSM yet"),
                format!("  state  {state}"),
            ])
            .followed_by(state_reasons(cluster));
            return conflict(
                ErrorKind::ClusterNotReady,
                message,
                next_step(cluster).advice_for(id),
            );
        }
        // "Cluster already contains an HSM but has not yet been fully activated", as AWS refuses
        // it: before the first password is set there is one alone.
        ClusterState::Uninitialized | ClusterState::Initialized
            if cluster
                .hsms
                .iter()
                .any(|hsm| hsm.state != HsmState::Deleted) =>
        {
            let hsms = hsm_lines(cluster);
            return conflict(
                ErrorKind::FirstHsmExists,
                Lines::from(format!(
                    "{id} has its first HSM, and takes no other before it is claimed and activated"
                ))
                .followed_by(hsms)
                .followed_by(state_reasons(cluster)),
                match next_step(cluster) {
                    NextStep::Fetch => format!("claim it: hsmboot bootstrap --cluster-id {id}"),
                    // Not the same command again: that would be refused again.
                    step @ NextStep::Wait(_) => format!(
                        "wait for its CSR, and claim it: `{}`",
                        step.command_for(id)
                            .map(|command| command.line())
                            .unwrap_or_default()
                    ),
                    step => step.advice_for(id),
                },
            );
        }
        _ => {}
    }
    if cluster.subnets.is_empty() || cluster.subnets.keys().any(|known| known == zone) {
        return Ok(());
    }
    let zones = |between| join_shown(cluster.subnets.keys(), between);
    conflict(
        ErrorKind::ZoneWithoutSubnet,
        format!(
            "{id} has no subnet in {}, only in {}",
            shown_text(zone),
            zones(", ")
        )
        .into(),
        format!("choose one of these: --availability-zone {}", zones(" or ")),
    )
}
