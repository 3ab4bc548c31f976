//! PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy, of models later than 2022. A
//! policy is stored with its backup and shown again; what it would allow other accounts to do is
//! not emulated.

use serde_json::{Value, json};

use super::super::arn::Arn;
use super::super::json_protocol::ApiError;
use super::super::limits::{RESOURCE_ARN, RESOURCE_POLICY};
use super::super::members::Members;
use super::super::state::{Backup, BackupState};
use super::forms::put;
use super::{Context, no_such_backup};

/// "In order to share a backup, it must be in a 'READY' state and you must own it."
pub(super) fn put_resource_policy(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let arn = members.required("ResourceArn", &RESOURCE_ARN)?;
    let policy = members.required("Policy", &RESOURCE_POLICY)?;
    if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
        return Err(ApiError::invalid(
            "Policy is not a JSON object, as every policy document is.",
        ));
    }

    let backup = backup(arn, context)?;
    if backup.state != BackupState::Ready {
        return Err(ApiError::invalid(format!(
            "Backup '{}' is in state {}; only a READY backup can be shared.",
            backup.id,
            backup.state.name()
        )));
    }
    backup.policy = Some(policy.to_owned());
    Ok(json!({ "ResourceArn": arn, "Policy": policy }))
}

/// A backup without a policy has none to show.
pub(super) fn get_resource_policy(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let arn = members.required("ResourceArn", &RESOURCE_ARN)?;
    let mut answer = json!({});
    if let Some(policy) = &backup(arn, context)?.policy {
        put(&mut answer, "Policy", policy.as_str());
    }
    Ok(answer)
}

/// Answers with "the policy previously attached to the resource", if there was one.
pub(super) fn delete_resource_policy(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let arn = members.required("ResourceArn", &RESOURCE_ARN)?;
    let mut answer = json!({ "ResourceArn": arn });
    if let Some(policy) = backup(arn, context)?.policy.take() {
        put(&mut answer, "Policy", policy);
    }
    Ok(answer)
}

/// The backup of the ARN. "The following resources support CloudHSM resource policies: Backup"; and
/// "Cross-account use: No": another account's backup, or another region's, is not found here.
fn backup<'a>(arn: &str, context: &'a mut Context<'_>) -> Result<&'a mut Backup, ApiError> {
    let named = Arn::parse(arn).ok_or_else(|| no_such_backup(arn))?;
    if named.kind != "backup" {
        return Err(ApiError::invalid(format!(
            "ResourceArn '{arn}' names a {}; only backups have resource policies.",
            named.kind
        )));
    }
    if named.account != context.place.account || named.region != context.place.region {
        return Err(no_such_backup(arn));
    }
    let identify = context.identify();
    let region = context.world.region(context.place);
    region
        .backup(named.id, context.clock, &identify)
        .ok_or_else(|| no_such_backup(arn))
}
