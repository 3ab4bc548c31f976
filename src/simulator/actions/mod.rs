//! The actions of the API. Each reads and checks all its parameters first, then looks things up,
//! then changes them: a refused call has changed nothing.

mod backups;
mod create;
mod delete;
mod describe;
mod describe_backups;
mod filters;
mod forms;
mod initialize;
mod modify;
mod policies;
mod tags;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::clock::Clock;
use super::faults::InjectedFault;
use super::hardware::SimulatedHardware;
use super::json_protocol::{Answer, ApiError, excerpt};
use super::members::RequestMembers;
use super::reference::Reference;
use super::state::{AccountRegion, Hsm, World};

pub(super) use create::{HsmPlacement, create_hsm1_cluster, new_hsm};
pub(super) use describe::NextTokenKey;

/// The state and settings that the actions work on.
pub(super) struct ActionContext<'a> {
    pub(super) world: &'a mut World,
    pub(super) clock: &'a Clock,
    pub(super) hardware: &'a Arc<SimulatedHardware>,
    pub(super) tokens: &'a NextTokenKey,
    pub(super) place: &'a AccountRegion,
    /// True where the quotas hold that AWS raises on request.
    pub(super) quotas: bool,
    pub(super) reference: Reference,
    /// The fault that the call meets. InitializeCluster acts on `InitializeNeverEnds` and
    /// `InitializeFails`.
    pub(super) fault: Option<InjectedFault>,
}

impl ActionContext<'_> {
    /// Returns a function that makes an HSM's certificates, if its key is there.
    pub(super) fn identify(&self) -> impl Fn(&Hsm) + use<> {
        let hardware = Arc::clone(self.hardware);
        let now = self.clock.now();
        move |hsm| hardware.identify_hsm(hsm, now)
    }
}

/// Runs one action.
pub(super) fn run(
    action: &str,
    members: &Map<String, Value>,
    context: &mut ActionContext<'_>,
) -> Result<Answer, ApiError> {
    let members = RequestMembers::new(members);
    let answer = match action {
        "CreateCluster" => create::create_cluster(&members, context),
        "CreateHsm" => create::create_hsm(&members, context),
        "DescribeClusters" => return describe::describe_clusters(&members, context),
        "InitializeCluster" => initialize::initialize_cluster(&members, context),
        "DeleteHsm" => delete::delete_hsm(&members, context),
        "DeleteCluster" => delete::delete_cluster(&members, context),
        "ModifyCluster" => modify::modify_cluster(&members, context),
        "ListTags" => tags::list_tags(&members, context),
        "TagResource" => tags::tag_resource(&members, context),
        "UntagResource" => tags::untag_resource(&members, context),
        "PutResourcePolicy" => policies::put_resource_policy(&members, context),
        "GetResourcePolicy" => policies::get_resource_policy(&members, context),
        "DeleteResourcePolicy" => policies::delete_resource_policy(&members, context),
        "DescribeBackups" => describe_backups::describe_backups(&members, context),
        "CopyBackupToRegion" => backups::copy_backup_to_region(&members, context),
        "DeleteBackup" => backups::delete_backup(&members, context),
        "RestoreBackup" => backups::restore_backup(&members, context),
        "ModifyBackupAttributes" => backups::modify_backup_attributes(&members, context),
        other => Err(ApiError::invalid_action(format!(
            "CloudHSM V2 has no action '{}'",
            excerpt(other)
        ))),
    };
    answer.map(Answer::Members)
}

fn no_such_cluster(id: &str) -> ApiError {
    ApiError::not_found(format!("Cluster '{id}' was not found."))
}

fn no_such_backup(id: &str) -> ApiError {
    ApiError::not_found(format!("Backup '{id}' was not found."))
}

/// Returns the error for missing randomness of the system, which is not the caller's fault.
pub(super) fn out_of_order(reason: String) -> ApiError {
    ApiError::internal_failure(format!("The simulator is out of order: {reason}."))
}
