//! `hsmboot hsm create`, `hsmboot hsm delete`

mod create;
mod delete;

use serde_json::{Value, json};

use super::manage::with_place;
use super::run_options::complete_command;
use super::ui::{CommandOutput, Ui};
use super::view::hsm_document;
use crate::bundle::ClusterId;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{Cluster, ClusterState, HsmSummary, next_step};
use crate::error::Result;
use crate::hint::NextCommand;
pub(crate) use create::check_takes_hsm;
use create::{CreateArgs, create_hsm};
use delete::{DeleteArgs, delete_hsm};

/// Create and delete the HSMs of a cluster
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  hsmboot hsm create --cluster-id cluster-abc234defgh --availability-zone eu-central-1a --wait
  hsmboot hsm delete --cluster-id cluster-abc234defgh --hsm-id hsm-abc234defgh

Exit codes: 0 done or already so; others as each command says")]
pub enum Command {
    Create(CreateArgs),
    Delete(DeleteArgs),
}

pub(crate) fn run(command: &Command, ui: &Ui) -> Result<CommandOutput> {
    match command {
        Command::Create(args) => create_hsm(args, ui),
        Command::Delete(args) => delete_hsm(args, ui),
    }
}

fn hsm_change_document(
    service: &AwsCloudHsm,
    changed: bool,
    id: &ClusterId,
    hsm: Option<&HsmSummary>,
) -> Value {
    with_place(
        service.place(),
        json!({ "changed": changed, "cluster_id": id, "hsm": hsm.map(hsm_document) }),
    )
}

/// Returns the next command for a cluster that is not claimed yet.
pub(crate) fn next_command(cluster: &Cluster) -> Option<NextCommand> {
    let command = if cluster.state == ClusterState::Uninitialized {
        next_step(cluster).command_for(&cluster.cluster_id)
    } else {
        None
    };
    command.map(complete_command)
}
