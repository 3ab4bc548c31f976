//! CopyBackupToRegion, DeleteBackup, RestoreBackup and ModifyBackupAttributes.

use serde_json::{Value, json};

use super::super::json_protocol::ApiError;
use super::super::limits::{BACKUP_ID, REGION};
use super::super::members::Members;
use super::super::quotas;
use super::super::state::{BACKUP_CREATION, Backup, BackupState, Place};
use super::describe_backups::backup_json;
use super::forms::timestamp;
use super::tags::tag_list;
use super::{Context, no_such_backup, out_of_order};

/// "If you specify tags, only these tags will be applied to the destination backup. If you do not
/// specify tags, the service copies tags from the source backup to the destination backup."
pub(super) fn copy_backup_to_region(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let destination = members.required("DestinationRegion", &REGION)?;
    let id = members.required("BackupId", &BACKUP_ID)?;
    let tags = tag_list(members)?;
    let here = context.place.region.as_str();
    if destination == here {
        return Err(ApiError::invalid(format!(
            "DestinationRegion '{destination}' is the backup's own region; a copy is made in a \
             different one."
        )));
    }
    if partition(destination) != partition(here) {
        return Err(ApiError::invalid(format!(
            "DestinationRegion '{destination}': a backup cannot be copied between restricted \
             regions and standard ones, and this one is in '{here}'."
        )));
    }

    let (now, due) = (context.clock.now(), context.clock.after(BACKUP_CREATION));
    let there = Place {
        account: context.place.account.clone(),
        region: destination.to_owned(),
    };
    let source = existing(id, context)?;
    if source.state != BackupState::Ready {
        return Err(wrong_state(source, "only a READY backup can be copied"));
    }
    let tags = tags.unwrap_or_else(|| source.tags.clone());
    let copy = source.copy(here, tags, now, due).map_err(out_of_order)?;
    let answer = json!({
        "CreateTimestamp": timestamp(source.created),
        "SourceBackup": source.id,
        "SourceCluster": source.cluster_id,
        "SourceRegion": here,
    });
    quotas::room_for_a_backup(context.world, &there)?;
    context.world.region(&there).keep(copy);
    Ok(json!({ "DestinationBackup": answer }))
}

/// Regions between which backups can be copied (User Guide, "Copying backups across AWS Regions").
fn partition(region: &str) -> &'static str {
    match region {
        gov if gov.starts_with("us-gov-") => "aws-us-gov",
        china if china.starts_with("cn-") => "aws-cn",
        _ => "aws",
    }
}

/// "A backup must be in the READY state in order to be deleted" (User Guide, "Deleting and
/// restoring backups").
pub(super) fn delete_backup(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let id = members.required("BackupId", &BACKUP_ID)?;

    let now = context.clock.now();
    let (place, reference) = (context.place, context.reference);
    let backup = existing(id, context)?;
    if backup.state != BackupState::Ready {
        return Err(wrong_state(backup, "only a READY backup can be deleted"));
    }
    backup.delete(now);
    Ok(json!({ "Backup": backup_json(backup, place, reference) }))
}

/// "Restores a specified AWS CloudHSM backup that is in the PENDING_DELETION state."
pub(super) fn restore_backup(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let id = members.required("BackupId", &BACKUP_ID)?;

    let now = context.clock.now();
    let (place, reference) = (context.place, context.reference);
    let backup = existing(id, context)?;
    if backup.state != BackupState::PendingDeletion {
        return Err(wrong_state(
            backup,
            "only a backup that is PENDING_DELETION can be restored",
        ));
    }
    backup.restore(now);
    Ok(json!({ "Backup": backup_json(backup, place, reference) }))
}

pub(super) fn modify_backup_attributes(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let id = members.required("BackupId", &BACKUP_ID)?;
    let never_expires = members
        .boolean("NeverExpires")?
        .ok_or_else(|| members.missing("NeverExpires"))?;

    let (place, reference) = (context.place, context.reference);
    let backup = existing(id, context)?;
    if matches!(
        backup.state,
        BackupState::PendingDeletion | BackupState::Deleted
    ) {
        return Err(wrong_state(
            backup,
            "a backup that is deleted has no attributes to modify; restore it first",
        ));
    }
    backup.never_expires = never_expires;
    Ok(json!({ "Backup": backup_json(backup, place, reference) }))
}

/// The backup as it is now.
fn existing<'a>(id: &str, context: &'a mut Context<'_>) -> Result<&'a mut Backup, ApiError> {
    let identify = context.identify();
    context
        .world
        .region(context.place)
        .backup(id, context.clock, &identify)
        .ok_or_else(|| no_such_backup(id))
}

fn wrong_state(backup: &Backup, rule: &str) -> ApiError {
    ApiError::invalid(format!(
        "Backup '{}' is in state {}; {rule}.",
        backup.id,
        backup.state.name()
    ))
}
