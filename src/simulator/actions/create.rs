//! CreateCluster.

use serde_json::{Value, json};

use super::super::arn::CloudHsmArn;
use super::super::chains::HardwareMake;
use super::super::checked_members::CheckedMembers;
use super::super::choices::KeptChoices;
use super::super::ids::{ec2_id, ec2_id_from, resource_id};
use super::super::json_protocol::ApiError;
use super::super::quotas;
use super::super::reference::{HSM1, HSM2M, Reference};
use super::super::state::{
    CLUSTER_CREATION, NextState, SimulatedBackup, SimulatedBackupState, SimulatedCluster,
    SimulatedClusterState,
};
use super::forms::created_cluster_json;
use super::{ActionContext, no_such_backup, out_of_order};

/// The days for which backups are kept unless the request says otherwise (User Guide, "Configuring
/// backup retention").
const DEFAULT_RETENTION_DAYS: u16 = 90;

pub(crate) fn create_cluster(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let reference = context.reference;
    let hsm_type = members.required_text("HsmType")?;
    let judge = |mode: Option<&str>| check_on_offer(reference, hsm_type, mode);
    let cluster = make_cluster(hsm_type, judge, members, context)?;
    Ok(json!({ "Cluster": created_cluster_json(cluster, reference) }))
}

/// Makes a cluster of hsm1.medium for tests of the migration. Today's service makes none any more.
pub(crate) fn create_hsm1_cluster(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<String, ApiError> {
    make_cluster(HSM1, |_| Ok(()), members, context).map(|cluster| cluster.id.clone())
}

/// Checks that a new cluster can have that type and mode: "This field is required for HSM types
/// other than hsm1.medium" (`Mode`).
fn check_on_offer(
    reference: Reference,
    hsm_type: &str,
    mode: Option<&str>,
) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::invalid_request(message));
    match hsm_type {
        HSM1 if reference == Reference::June2022 => Ok(()),
        HSM1 => refused(format!(
            "New clusters of HsmType {HSM1} cannot be created since April 2025; {HSM2M} can. A \
             simulator with --reference {} creates them, and the control command \
             create-hsm1-cluster makes one to migrate.",
            Reference::June2022.name()
        )),
        HSM2M if mode.is_none() => refused(format!(
            "Mode is required for HsmType {HSM2M}: FIPS or NON_FIPS, and for good."
        )),
        HSM2M => Ok(()),
        other => refused(format!("HsmType {other} is not available; {HSM2M} is.")),
    }
}

fn make_cluster<'a>(
    hsm_type: &str,
    judge: impl FnOnce(Option<&str>) -> Result<(), ApiError>,
    members: &CheckedMembers<'_>,
    context: &'a mut ActionContext<'_>,
) -> Result<&'a SimulatedCluster, ApiError> {
    let subnets = members.texts("SubnetIds")?;
    let retention_days = members
        .retention_days("BackupRetentionPolicy")
        .unwrap_or(DEFAULT_RETENTION_DAYS);
    let tags = members.tags("TagList").unwrap_or_default();
    let (backup, mode) = (members.text("SourceBackupId"), members.text("Mode"));

    judge(mode)?;
    let mapping = subnet_mapping(&context.place.region, subnets)?;
    let source = backup
        .map(|id| find_source_backup(id, hsm_type, mode, context))
        .transpose()?;

    if context.quotas {
        let time = context.time();
        quotas::check_cluster_quota(context.region().bring_up_to_date(&time))?;
    }

    quotas::check_room_for_cluster(context.world, context.place)?;

    let now = context.clock.now();
    // "After you create the cluster, don't initialize or activate it" (User Guide, "Creating
    // clusters from backups").
    let state = if source.is_some() {
        SimulatedClusterState::Active
    } else {
        SimulatedClusterState::Uninitialized
    };
    let cluster = SimulatedCluster {
        id: resource_id("cluster").map_err(out_of_order)?,
        hsm_type: hsm_type.to_owned(),
        choices: if hsm_type == HSM1 {
            KeptChoices::default()
        } else {
            KeptChoices::with_defaults(|name| members.text(name))
        },
        vpc: vpc_id_of(&context.place.region, &mapping),
        subnets: mapping,
        security_group: ec2_id("sg").map_err(out_of_order)?,
        retention_days,
        tags,
        created: now,
        state: SimulatedClusterState::CreateInProgress,
        state_message: None,
        next: Some(NextState::new(
            state,
            context.clock.time_after(CLUSTER_CREATION),
        )),
        since: now,
        hsms: Vec::new(),
        rollback_until: None,
        source_backup: source.as_ref().map(|source| source.id.clone()),
        claim: source.and_then(|source| source.claim),
        backup_due: None,
        settled: now,
    };
    context
        .hardware
        .order_hsm_keys(make_of(&cluster, &context.place.region));
    Ok(context.region().add(cluster))
}

/// Finds the backup that a cluster of that type and mode can be created from, by its id or its ARN.
fn find_source_backup(
    named: &str,
    hsm_type: &str,
    mode: Option<&str>,
    context: &mut ActionContext<'_>,
) -> Result<SimulatedBackup, ApiError> {
    let arn = CloudHsmArn::parse(named);
    if arn.as_ref().is_some_and(|arn| {
        arn.account != context.place.account || arn.region != context.place.region
    }) {
        return Err(no_such_backup(named));
    }
    let id = arn.map_or(named, |arn| arn.id);
    let backup = context.find_backup(id).map_err(|_| no_such_backup(named))?;
    if backup.state != SimulatedBackupState::Ready {
        return Err(ApiError::invalid_request(format!(
            "Backup '{id}' is in state {}; a cluster can be created only from a READY backup.",
            backup.state.name()
        )));
    }
    // From the old type to the new one and never back (User Guide, "Migrating from hsm1.medium to
    // hsm2m.medium").
    if hsm_type != backup.hsm_type && (hsm_type, backup.hsm_type.as_str()) != (HSM2M, HSM1) {
        return Err(ApiError::invalid_request(format!(
            "HsmType {hsm_type} does not fit backup '{id}', which is of {}.",
            backup.hsm_type
        )));
    }
    let of_backup = backup.mode.as_deref().unwrap_or("FIPS");
    if mode.is_some_and(|mode| mode != of_backup) {
        return Err(ApiError::invalid_request(format!(
            "Mode {} does not fit backup '{id}', which is of {of_backup}.",
            mode.unwrap_or_default()
        )));
    }
    Ok(backup.clone())
}

/// Assigns Availability Zones to the subnets. The simulator has no EC2 to ask: the first subnet of
/// the request is in zone a, the second in b, and so on.
fn subnet_mapping(region: &str, subnets: &[&str]) -> Result<Vec<(String, String)>, ApiError> {
    let mut mapping: Vec<(String, String)> = Vec::new();
    for (subnet, letter) in subnets.iter().zip('a'..='j') {
        if mapping.iter().any(|(_, other)| other == subnet) {
            // "You can specify only one subnet per Availability Zone."
            return Err(ApiError::invalid_request(format!(
                "SubnetIds names '{subnet}' twice: only one subnet per Availability Zone."
            )));
        }
        mapping.push((format!("{region}{letter}"), (*subnet).to_owned()));
    }
    Ok(mapping)
}

/// Returns a VPC's id. There is no EC2 to ask: it is derived from the first subnet, so clusters
/// with the same first subnet share one.
fn vpc_id_of(region: &str, mapping: &[(String, String)]) -> String {
    let subnet = mapping.first().map_or("", |(_, subnet)| subnet.as_str());
    let digest = ring::digest::digest(
        &ring::digest::SHA256,
        format!("{region}/{subnet}").as_bytes(),
    );
    ec2_id_from("vpc", digest.as_ref())
}

/// Returns the hardware of a cluster in a region, or in a zone of it.
pub(super) fn make_of(cluster: &SimulatedCluster, region: &str) -> HardwareMake {
    HardwareMake {
        ls2: cluster.hsm_type != HSM1,
        fips: cluster.choices.get("Mode") != Some("NON_FIPS"),
        us_gov: region.starts_with("us-gov-"),
    }
}
