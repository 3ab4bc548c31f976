//! The actions of the API. Each reads and judges all its parameters first, then looks things up,
//! then changes them: what is refused has changed nothing.

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
use super::faults::Fault;
use super::hardware::Hardware;
use super::json_protocol::{Answer, ApiError, excerpt};
use super::members::Members;
use super::reference::Reference;
use super::state::{Hsm, Place, World};

pub(super) use create::{Seat, create_hsm1_cluster, new_hsm};
pub(super) use describe::TokenKey;

/// What the actions work on.
pub(super) struct Context<'a> {
    pub(super) world: &'a mut World,
    pub(super) clock: &'a Clock,
    pub(super) hardware: &'a Arc<Hardware>,
    pub(super) tokens: &'a TokenKey,
    pub(super) place: &'a Place,
    /// Whether the quotas hold that AWS raises on request.
    pub(super) quotas: bool,
    pub(super) reference: Reference,
    /// `InitializeNeverEnds` and `InitializeFails` are InitializeCluster's to act on.
    pub(super) fault: Option<Fault>,
}

impl Context<'_> {
    /// Makes an HSM's certificates, if its key is there.
    pub(super) fn identify(&self) -> impl Fn(&Hsm) + use<> {
        let hardware = Arc::clone(self.hardware);
        let now = self.clock.now();
        move |hsm| hardware.identify(hsm, now)
    }
}

/// Runs one action.
pub(super) fn run(
    action: &str,
    members: &Map<String, Value>,
    context: &mut Context<'_>,
) -> Result<Answer, ApiError> {
    let members = Members::new(members);
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

/// The system gave no randomness: nothing that the caller did.
pub(super) fn out_of_order(reason: String) -> ApiError {
    ApiError::internal(format!("The simulator is out of order: {reason}."))
}
