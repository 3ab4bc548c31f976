//! CopyBackupToRegion, DeleteBackup, RestoreBackup and ModifyBackupAttributes.

use serde_json::{Value, json};

use super::super::checked_members::CheckedMembers;
use super::super::json_protocol::ApiError;
use super::super::members::missing_error;
use super::super::quotas;
use super::super::state::{AccountRegion, BACKUP_CREATION, SimulatedBackup, SimulatedBackupState};
use super::describe_backups::backup_json;
use super::forms::timestamp_json;
use super::{ActionContext, out_of_order};

/// Copies a backup. "If you specify tags, only these tags will be applied to the destination
/// backup. If you do not specify tags, the service copies tags from the source backup to the
/// destination backup."
pub(crate) fn copy_backup_to_region(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let destination = members.required_text("DestinationRegion")?;
    let id = members.required_text("BackupId")?;
    let tags = members.tags("TagList");
    let here = context.place.region.as_str();
    if destination == here {
        return Err(ApiError::invalid_request(format!(
            "DestinationRegion '{destination}' is the backup's own region; a copy is made in a \
             different one."
        )));
    }
    if partition_of(destination) != partition_of(here) {
        return Err(ApiError::invalid_request(format!(
            "DestinationRegion '{destination}': a backup cannot be copied between restricted \
             regions and standard ones, and this one is in '{here}'."
        )));
    }

    let (now, due) = (
        context.clock.now(),
        context.clock.time_after(BACKUP_CREATION),
    );
    let there = AccountRegion {
        account: context.place.account.clone(),
        region: destination.to_owned(),
    };
    let source = context.find_backup(id)?;
    if source.state != SimulatedBackupState::Ready {
        return Err(wrong_state(source, "only a READY backup can be copied"));
    }
    let tags = tags.unwrap_or_else(|| source.tags.clone());
    let copy = source
        .copy_to_region(here, tags, now, due)
        .map_err(out_of_order)?;
    let answer = json!({
        "CreateTimestamp": timestamp_json(source.created),
        "SourceBackup": source.id,
        "SourceCluster": source.cluster_id,
        "SourceRegion": here,
    });
    quotas::check_room_for_backup(context.world, &there)?;
    context.world.region_at(&there).add_backup(copy);
    Ok(json!({ "DestinationBackup": answer }))
}

/// Returns the partition of a region. Backups can be copied between the regions of one partition
/// (User Guide, "Copying backups across AWS Regions").
fn partition_of(region: &str) -> &'static str {
    match region {
        gov if gov.starts_with("us-gov-") => "aws-us-gov",
        china if china.starts_with("cn-") => "aws-cn",
        _ => "aws",
    }
}

/// Deletes a backup. "A backup must be in the READY state in order to be deleted" (User Guide,
/// "Deleting and restoring backups").
pub(crate) fn delete_backup(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("BackupId")?;

    let now = context.clock.now();
    let (place, reference) = (context.place, context.reference);
    let backup = context.find_backup(id)?;
    if backup.state != SimulatedBackupState::Ready {
        return Err(wrong_state(backup, "only a READY backup can be deleted"));
    }
    backup.schedule_deletion(now);
    Ok(json!({ "Backup": backup_json(backup, place, reference) }))
}

/// Restores a backup: "a specified AWS CloudHSM backup that is in the PENDING_DELETION state."
pub(crate) fn restore_backup(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("BackupId")?;

    let now = context.clock.now();
    let (place, reference) = (context.place, context.reference);
    let backup = context.find_backup(id)?;
    if backup.state != SimulatedBackupState::PendingDeletion {
        return Err(wrong_state(
            backup,
            "only a backup that is PENDING_DELETION can be restored",
        ));
    }
    backup.restore(now);
    Ok(json!({ "Backup": backup_json(backup, place, reference) }))
}

pub(crate) fn modify_backup_attributes(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("BackupId")?;
    let never_expires = members
        .boolean("NeverExpires")
        .ok_or_else(|| missing_error("NeverExpires"))?;

    let (place, reference) = (context.place, context.reference);
    let backup = context.find_backup(id)?;
    if matches!(
        backup.state,
        SimulatedBackupState::PendingDeletion | SimulatedBackupState::Deleted
    ) {
        return Err(wrong_state(
            backup,
            "a backup that is deleted has no attributes to modify; restore it first",
        ));
    }
    backup.never_expires = never_expires;
    Ok(json!({ "Backup": backup_json(backup, place, reference) }))
}

fn wrong_state(backup: &SimulatedBackup, rule: &str) -> ApiError {
    ApiError::invalid_request(format!(
        "Backup '{}' is in state {}; {rule}.",
        backup.id,
        backup.state.name()
    ))
}
