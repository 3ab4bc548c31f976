//! PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy, of models later than 2022. A
//! policy is stored with its backup and shown again; its effect on other accounts is not emulated.

use serde_json::{Value, json};

use super::super::arn::CloudHsmArn;
use super::super::checked_members::CheckedMembers;
use super::super::json_protocol::ApiError;
use super::super::state::{SimulatedBackup, SimulatedBackupState};
use super::forms::put_member;
use super::{ActionContext, no_such_backup};

/// Stores a policy. "In order to share a backup, it must be in a 'READY' state and you must own
/// it."
pub(crate) fn put_resource_policy(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let arn = members.required_text("ResourceArn")?;
    let policy = members.required_text("Policy")?;
    if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
        return Err(ApiError::invalid_request(
            "Policy is not a JSON object, as every policy document is.",
        ));
    }

    let backup = find_backup_by_arn(arn, context)?;
    if backup.state != SimulatedBackupState::Ready {
        return Err(ApiError::invalid_request(format!(
            "Backup '{}' is in state {}; only a READY backup can be shared.",
            backup.id,
            backup.state.name()
        )));
    }
    backup.policy = Some(policy.to_owned());
    Ok(json!({ "ResourceArn": arn, "Policy": policy }))
}

/// Shows the policy. A backup without a policy has none to show.
pub(crate) fn get_resource_policy(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let arn = members.required_text("ResourceArn")?;
    let mut answer = json!({});
    if let Some(policy) = &find_backup_by_arn(arn, context)?.policy {
        put_member(&mut answer, "Policy", policy.as_str());
    }
    Ok(answer)
}

/// Removes the policy, and answers with "the policy previously attached to the resource", if there
/// was one.
pub(crate) fn delete_resource_policy(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let arn = members.required_text("ResourceArn")?;
    let mut answer = json!({ "ResourceArn": arn });
    if let Some(policy) = find_backup_by_arn(arn, context)?.policy.take() {
        put_member(&mut answer, "Policy", policy);
    }
    Ok(answer)
}

/// Finds the backup of the ARN. "The following resources support CloudHSM resource policies:
/// Backup"; and "Cross-account use: No": another account's backup, or another region's, is not
/// found here.
fn find_backup_by_arn<'a>(
    arn: &str,
    context: &'a mut ActionContext<'_>,
) -> Result<&'a mut SimulatedBackup, ApiError> {
    let named = CloudHsmArn::parse(arn).ok_or_else(|| no_such_backup(arn))?;
    if named.kind != "backup" {
        return Err(ApiError::invalid_request(format!(
            "ResourceArn '{arn}' names a {}; only backups have resource policies.",
            named.kind
        )));
    }
    if named.account != context.place.account || named.region != context.place.region {
        return Err(no_such_backup(arn));
    }
    context
        .find_backup(named.id)
        .map_err(|_| no_such_backup(arn))
}
