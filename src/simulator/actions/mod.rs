//! The actions of the API. Each is given members that have been checked, looks things up, then
//! changes them: a refused call has changed nothing.

mod backups;
mod create;
mod create_hsm;
mod delete;
mod describe;
mod describe_backups;
mod forms;
mod initialize;
mod modify;
mod pages;
mod policies;
mod tags;

use super::clock::Clock;
use super::faults::InjectedFault;
use super::hardware::SimulatedHardware;
use super::json_protocol::ApiError;
use super::reference::Reference;
use super::state::{AccountRegion, Region, SimulatedBackup, SimulatedCluster, TimePassage, World};

pub(super) use backups::{
    copy_backup_to_region, delete_backup, modify_backup_attributes, restore_backup,
};
pub(super) use create::{create_cluster, create_hsm1_cluster};
pub(super) use create_hsm::{HsmPlacement, create_hsm, new_hsm};
pub(super) use delete::{delete_cluster, delete_hsm};
pub(super) use describe::{cluster_filter_names, describe_clusters};
pub(super) use describe_backups::{backup_filter_names, describe_backups};
pub(super) use initialize::initialize_cluster;
pub(super) use modify::modify_cluster;
pub(super) use pages::NextTokenKey;
pub(super) use policies::{delete_resource_policy, get_resource_policy, put_resource_policy};
pub(super) use tags::{list_tags, tag_resource, untag_resource};

/// The state and settings that the actions work on.
pub(super) struct ActionContext<'a> {
    pub(super) world: &'a mut World,
    pub(super) clock: &'a Clock,
    pub(super) hardware: &'a SimulatedHardware,
    pub(super) tokens: &'a NextTokenKey,
    pub(super) place: &'a AccountRegion,
    /// True where the quotas hold that AWS raises on request.
    pub(super) quotas: bool,
    pub(super) reference: Reference,
    /// The fault that the call meets. InitializeCluster acts on `InitializeNeverEnds` and
    /// `InitializeFails`.
    pub(super) fault: Option<InjectedFault>,
}

impl<'a> ActionContext<'a> {
    /// Returns the passing of time, as the state sees it now.
    fn time(&self) -> TimePassage<'a> {
        let (hardware, now) = (self.hardware, self.clock.client_time());
        TimePassage {
            clock: self.clock,
            identify: Box::new(move |hsm| hardware.identify_hsm(hsm, now)),
        }
    }

    /// Returns the caller's clusters and backups.
    fn region(&mut self) -> &mut Region {
        self.world.region_at(self.place)
    }

    /// Finds a cluster as it is now.
    fn find_cluster(&mut self, id: &str) -> Result<&mut SimulatedCluster, ApiError> {
        let time = self.time();
        self.region()
            .find_cluster(id, &time)
            .ok_or_else(|| no_such_cluster(id))
    }

    /// Finds a backup as it is now.
    fn find_backup(&mut self, id: &str) -> Result<&mut SimulatedBackup, ApiError> {
        let time = self.time();
        self.region()
            .find_backup(id, &time)
            .ok_or_else(|| no_such_backup(id))
    }
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
