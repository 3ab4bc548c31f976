//! The steps after the claim. Every command, document and page gets its next steps from here.
//!
//! AWS defines the procedure, and each step names the page that describes it. A value from the
//! service or a receipt becomes part of a command only if it has the form of an id, a zone, a
//! region or an address, because people paste the lines into shells.

mod client_machine;
mod in_use;
mod lead;
mod place;

use client_machine::client_machine_steps;
pub use client_machine::{LINUX_PATH, WINDOWS_PATH, client_addresses};
use in_use::{activation_steps, key_store, second_hsm, start_cli_step};
pub use lead::Lead;
use lead::lead_step;
use place::StepPlace;
use serde::{Serialize, Serializer};

use crate::bundle::Site;
use crate::cloudhsm::{ClusterState, plain_id};
use crate::hint::NextCommand;
use crate::outside::{OutsideText, join_shown};

const ACTIVATE: &str = "AWS CloudHSM User Guide, Activate the cluster";

/// The progress of a claimed cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoverStage {
    /// INITIALIZED: nobody has set the first password.
    Claimed,
    /// ACTIVE.
    Active,
    /// Another state: the cluster is being changed, or this version does not know the state.
    Other,
}

impl HandoverStage {
    /// Returns the stage of a cluster in this state. Returns `None` if it is not claimed, or about
    /// to be gone.
    pub const fn from_state(state: &ClusterState) -> Option<Self> {
        match state {
            ClusterState::Initialized => Some(HandoverStage::Claimed),
            ClusterState::Active => Some(HandoverStage::Active),
            ClusterState::UpdateInProgress
            | ClusterState::ModifyInProgress
            | ClusterState::RollbackInProgress
            | ClusterState::Degraded
            | ClusterState::Other(_) => Some(HandoverStage::Other),
            ClusterState::CreateInProgress
            | ClusterState::Uninitialized
            | ClusterState::InitializeInProgress
            | ClusterState::DeleteInProgress
            | ClusterState::Deleted => None,
        }
    }
}

/// The source of the facts about a claimed cluster, which tells how old they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactsSource {
    /// The service, in this run: the cluster is so now.
    Service,
    /// The receipt of its claim: the cluster was so then, and may be activated since.
    Receipt,
}

/// A claimed cluster, as far as its next steps depend on it.
#[derive(Clone, Debug)]
pub struct ClaimedCluster<'a> {
    /// Its id.
    pub cluster_id: &'a OutsideText,
    /// Its region.
    pub region: Option<&'a OutsideText>,
    /// The stage that it has reached.
    pub stage: HandoverStage,
    /// The facts that its clients need.
    pub site: &'a Site,
    /// The source of the stage and of these facts.
    pub source: FactsSource,
    /// The situation before the clients' own steps.
    pub lead: Lead<'a>,
}

/// What describes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepSource {
    /// This program itself.
    Hsmboot,
    /// A page of documentation.
    Page(&'static str),
}

impl From<&'static str> for StepSource {
    fn from(page: &'static str) -> Self {
        StepSource::Page(page)
    }
}

impl Serialize for StepSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            StepSource::Hsmboot => "hsmboot",
            StepSource::Page(page) => page,
        })
    }
}

/// A step, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientStep {
    /// The action, its place and its purpose, in words that are true wherever they are read.
    pub what: String,
    /// The command that does it, where one does.
    pub command: Option<String>,
    /// The words of a command of this program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
    /// The page that describes the step, or `hsmboot`.
    pub source: StepSource,
}

/// A step that this program does.
fn own_step(
    what: impl Into<String>,
    command: &NextCommand,
    source: impl Into<StepSource>,
) -> ClientStep {
    ClientStep {
        argv: Some(command.argv().to_vec()),
        ..client_step(what, Some(command.line()), source)
    }
}

/// A step that is done by hand, or by another program, perhaps elsewhere.
fn client_step(
    what: impl Into<String>,
    command: Option<String>,
    source: impl Into<StepSource>,
) -> ClientStep {
    ClientStep {
        what: what.into(),
        command,
        argv: None,
        source: source.into(),
    }
}

/// Returns the steps, in order.
pub fn next_steps(of: &ClaimedCluster<'_>) -> Vec<ClientStep> {
    let mut steps: Vec<ClientStep> = lead_step(of).into_iter().collect();
    steps.extend(client_machine_steps(of));
    match (of.stage, of.source) {
        // What a receipt has was a passing state, if it was not the first: it is long past.
        (HandoverStage::Claimed, _) | (HandoverStage::Other, FactsSource::Receipt) => {
            steps.extend(activation_steps(of));
        }
        (HandoverStage::Active, _) => steps.push(start_cli_step()),
        (HandoverStage::Other, FactsSource::Service) => {
            let what = StepPlace::ClientMachine.says(
                "start the CloudHSM CLI. The cluster's state does not tell whether it is \
                 activated: `user list` shows the role unactivated-admin as long as it is not",
            );
            steps.push(client_step(what, Some(CLI.to_owned()), ACTIVATE));
            return steps;
        }
    }
    steps.extend(second_hsm(of));
    steps.push(key_store(of));
    steps
}

const CLI: &str = "/opt/cloudhsm/bin/cloudhsm-cli interactive";

fn with_region(command: NextCommand, of: &ClaimedCluster<'_>) -> NextCommand {
    let region = of.region.and_then(plain_id);
    command.with_words(region.into_iter().flat_map(|region| ["--region", region]))
}

/// Formats the steps as numbered lines, with each command on a line of its own.
pub fn to_numbered_text(steps: &[ClientStep]) -> String {
    let mut out = String::new();
    for (at, step) in steps.iter().enumerate() {
        out.push_str(&format!("{:4}. {}\n", at + 1, step.what));
        if let Some(command) = &step.command {
            out.push_str(&format!("        {command}\n"));
        }
    }
    out
}

/// Returns the pages that describe the steps, each once.
pub fn source_pages(steps: &[ClientStep]) -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for step in steps {
        match step.source {
            StepSource::Page(page) if !all.contains(&page) => all.push(page),
            _ => {}
        }
    }
    all
}

/// Returns the recorded addresses, for a line of text.
pub(super) fn hsms_text(site: &Site) -> Vec<String> {
    let line = |hsm: &crate::bundle::SiteHsm| {
        let id = hsm
            .hsm_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let zone = hsm
            .availability_zone
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!("{} {id} {zone}", join_shown(&hsm.addresses, ", "))
            .trim()
            .to_owned()
    };
    site.hsms.iter().map(line).collect()
}
