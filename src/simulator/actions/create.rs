//! CreateCluster and CreateHsm.

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::super::clock::Clock;
use super::super::ids::{ec2_id, ec2_id_from, random_bytes, resource_id};
use super::super::limits::{
    AVAILABILITY_ZONE, BACKUP_ID, CLUSTER_ID, HSM_TYPE, IP_ADDRESS, MODE, NETWORK_TYPE, RETENTION_DAYS, RETENTION_TYPE, RETENTION_VALUE, SUBNET_ID,
    SUBNETS, violation,
};
use super::super::members::Members;
use super::super::quotas;
use super::super::state::{BACKUP_CREATION, Backup, BackupState, CLUSTER_CREATION, Cluster, ClusterState, HSM_CREATION, Hsm, HsmState, Next};
use super::super::wire::ApiError;
use super::forms::{cluster_json, hsm_json};
use super::tags::tag_list;
use super::{Context, no_such_backup, no_such_cluster, out_of_order};

/// Backups are kept this long unless the request says otherwise (User Guide, "Configuring backup retention").
const DEFAULT_RETENTION_DAYS: u16 = 90;

pub(super) fn create_cluster(members: &Members<'_>, context: &mut Context<'_>) -> Result<Value, ApiError> {
    let hsm_type = members.required("HsmType", &HSM_TYPE)?;
    let subnets = members.texts("SubnetIds", SUBNETS, &SUBNET_ID)?.ok_or_else(|| members.missing("SubnetIds"))?;
    let retention_days = retention_days(members)?.unwrap_or(DEFAULT_RETENTION_DAYS);
    let tags = tag_list(members)?.unwrap_or_default();
    let mode = members.text("Mode", &MODE)?;
    let network_type = members.text("NetworkType", &NETWORK_TYPE)?;
    let backup = members.text("SourceBackupId", &BACKUP_ID)?;

    let mapping = subnet_mapping(&context.place.region, &subnets)?;
    if mode == Some("NON_FIPS") && hsm_type == "hsm1.medium" {
        return Err(ApiError::invalid("Mode NON_FIPS is not supported for HsmType hsm1.medium."));
    }
    let source = backup.map(|id| source(id, hsm_type, mode, context)).transpose()?;

    if context.quotas {
        let identify = context.identify();
        quotas::one_more_cluster(context.world.region(context.place).settled(context.clock, &identify))?;
    }

    quotas::room_for_a_cluster(context.world, context.place)?;

    let now = context.clock.now();
    // "After you create the cluster, don't initialize or activate it" (User Guide, "Creating clusters from backups").
    let state = if source.is_some() { ClusterState::Active } else { ClusterState::Uninitialized };
    let cluster = Cluster {
        id: resource_id("cluster").map_err(out_of_order)?,
        hsm_type: hsm_type.to_owned(),
        mode: mode.map(str::to_owned).or_else(|| source.as_ref().and_then(|source| source.mode.clone())),
        network_type: network_type.map(str::to_owned),
        vpc: vpc(&context.place.region, &mapping),
        subnets: mapping,
        security_group: ec2_id("sg").map_err(out_of_order)?,
        retention_days,
        tags,
        pre_co_password: pre_co_password()?,
        created: now,
        state: ClusterState::CreateInProgress,
        state_message: None,
        next: Some(Next { state, at: context.clock.after(CLUSTER_CREATION) }),
        since: now,
        hsms: Vec::new(),
        rollback_until: None,
        claim: source.and_then(|source| source.claim),
        source_backup: backup.map(str::to_owned),
        backup_due: None,
        settled: now,
    };
    context.hardware.foresee_hsm();
    let cluster = context.world.region(context.place).add(cluster);
    Ok(json!({ "Cluster": cluster_json(cluster) }))
}

/// The backup that a cluster of that type and mode can be created from.
fn source(id: &str, hsm_type: &str, mode: Option<&str>, context: &mut Context<'_>) -> Result<Backup, ApiError> {
    let identify = context.identify();
    let backup = context.world.region(context.place).backup(id, context.clock, &identify).ok_or_else(|| no_such_backup(id))?;
    if backup.state != BackupState::Ready {
        return Err(ApiError::invalid(format!(
            "Backup '{id}' is in state {}; a cluster can be created only from a READY backup.",
            backup.state.name()
        )));
    }
    // From the old type to the new one and never back (User Guide, "Migrating from hsm1.medium to hsm2m.medium").
    if hsm_type != backup.hsm_type && (hsm_type, backup.hsm_type.as_str()) != ("hsm2m.medium", "hsm1.medium") {
        return Err(ApiError::invalid(format!("HsmType {hsm_type} does not fit backup '{id}', which is of {}.", backup.hsm_type)));
    }
    let of_backup = backup.mode.as_deref().unwrap_or("FIPS");
    if mode.is_some_and(|mode| mode != of_backup) {
        return Err(ApiError::invalid(format!("Mode {} does not fit backup '{id}', which is of {of_backup}.", mode.unwrap_or_default())));
    }
    Ok(backup.clone())
}

pub(super) fn retention_days(members: &Members<'_>) -> Result<Option<u16>, ApiError> {
    let Some(policy) = members.object("BackupRetentionPolicy")? else {
        return Ok(None);
    };
    policy.required("Type", &RETENTION_TYPE)?;
    let value = policy.required("Value", &RETENTION_VALUE)?;
    let (least, most) = RETENTION_DAYS;
    let in_range = value.parse().ok().filter(|days| (least..=most).contains(days));
    let outside = || violation(value, "BackupRetentionPolicy.Value", &format!("Member must have value between {least} and {most}"));
    in_range.ok_or_else(outside).map(Some)
}

/// The simulator has no EC2 to ask where a subnet lies: the first of the request is in zone a, the second in b, and so on.
fn subnet_mapping(region: &str, subnets: &[&str]) -> Result<Vec<(String, String)>, ApiError> {
    let mut mapping: Vec<(String, String)> = Vec::new();
    for (subnet, letter) in subnets.iter().zip('a'..='j') {
        if mapping.iter().any(|(_, other)| other == subnet) {
            // "You can specify only one subnet per Availability Zone."
            return Err(ApiError::invalid(format!("SubnetIds names '{subnet}' twice: only one subnet per Availability Zone.")));
        }
        mapping.push((format!("{region}{letter}"), (*subnet).to_owned()));
    }
    Ok(mapping)
}

/// Nor to ask for the VPC: it is derived from the first subnet, so clusters of the same first subnet share one.
fn vpc(region: &str, mapping: &[(String, String)]) -> String {
    let subnet = mapping.first().map_or("", |(_, subnet)| subnet.as_str());
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{region}/{subnet}").as_bytes());
    ec2_id_from("vpc", digest.as_ref())
}

/// PreCoPassword: 7 to 32 characters.
fn pre_co_password() -> Result<String, ApiError> {
    let bytes = random_bytes::<5>().map_err(out_of_order)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn create_hsm(members: &Members<'_>, context: &mut Context<'_>) -> Result<Value, ApiError> {
    let cluster_id = members.required("ClusterId", &CLUSTER_ID)?;
    let zone = members.required("AvailabilityZone", &AVAILABILITY_ZONE)?;
    let wanted_ip = members.text("IpAddress", &IP_ADDRESS)?;

    let identify = context.identify();
    let due = context.clock.after(HSM_CREATION);
    quotas::room_for_an_hsm(context.world)?;
    let region = context.world.region(context.place).settled(context.clock, &identify);
    let cluster = region.cluster(cluster_id, context.clock, &identify).ok_or_else(|| no_such_cluster(cluster_id))?;
    match cluster.state {
        // Worded as users of the service report it (hashicorp/terraform-provider-aws, issue 7437).
        ClusterState::Uninitialized if cluster.hsm_count() > 0 => {
            return Err(ApiError::invalid(format!("Cluster '{cluster_id}' already contains an HSM but has not yet been fully activated")));
        }
        ClusterState::Uninitialized | ClusterState::Initialized | ClusterState::Active | ClusterState::Degraded => {}
        state => {
            return Err(ApiError::invalid(format!("Cluster '{cluster_id}' is in state {}, in which no HSM can be created.", state.name())));
        }
    }
    quotas::one_more_hsm_in(cluster)?;
    let subnet = cluster.subnets.iter().find(|(name, _)| name == zone).map(|(_, subnet)| subnet.clone());
    let subnet = subnet.ok_or_else(|| {
        let zones: Vec<&str> = cluster.subnets.iter().map(|(name, _)| name.as_str()).collect();
        ApiError::invalid(format!("Cluster '{cluster_id}' has no subnet in Availability Zone '{zone}', only in {}.", zones.join(", ")))
    })?;
    if context.quotas {
        quotas::one_more_hsm(region)?;
    }

    let ip = address(wanted_ip, zone, |ip| region.address_taken(&subnet, ip))?;
    let hsm = new_hsm(context.hardware, zone, &subnet, ip, due)?;
    let cluster = region.cluster(cluster_id, context.clock, &identify).ok_or_else(|| no_such_cluster(cluster_id))?;
    let backup = back_up(cluster, context.clock)?;
    let answer = json!({ "Hsm": hsm_json(cluster, &hsm) });
    quotas::forget_a_deleted_hsm(cluster);
    cluster.hsms.push(hsm);
    if let Some(backup) = backup {
        region.keep(backup);
    }
    Ok(answer)
}

/// The backup that adding or removing an HSM results in: of an HSM that is there. Where none is ACTIVE, that is made once one is.
pub(super) fn back_up(cluster: &Cluster, clock: &Clock) -> Result<Option<Backup>, ApiError> {
    if !cluster.is_backed_up() || !cluster.has_active_hsm() {
        return Ok(None);
    }
    Backup::of(cluster, clock.now(), clock.after(BACKUP_CREATION)).map(Some).map_err(out_of_order)
}

/// The address asked for, "an available address from the subnet that maps to the Availability Zone"; else the first free one.
/// The subnet is `10.0.N.0/24`: there is no EC2 to ask. Its first four addresses and its last are never given (VPC User
/// Guide, "Subnet sizing").
fn address(wanted: Option<&str>, zone: &str, taken: impl Fn(&str) -> bool) -> Result<String, ApiError> {
    let third = zone.bytes().last().unwrap_or(b'a').saturating_sub(b'a');
    let Some(wanted) = wanted else {
        let free = (4..=254_u8).map(|last| Ipv4Addr::new(10, 0, third, last).to_string()).find(|ip| !taken(ip));
        return free.ok_or_else(|| ApiError::invalid(format!("The subnet of {zone} has no free address left.")));
    };
    let parsed: Ipv4Addr = wanted.parse().map_err(|_| violation(wanted, "IpAddress", "Member must be an IPv4 address"))?;
    match parsed.octets() {
        [10, 0, subnet, 4..=254] if subnet == third => {}
        [10, 0, subnet, _] if subnet == third => {
            return Err(ApiError::invalid(format!("IpAddress '{wanted}' is reserved in the subnet of {zone}, 10.0.{third}.0/24.")));
        }
        _ => return Err(ApiError::invalid(format!("IpAddress '{wanted}' is not in the subnet of {zone}, 10.0.{third}.0/24."))),
    }
    let ip = parsed.to_string();
    if taken(&ip) {
        return Err(ApiError::invalid(format!("IpAddress '{wanted}' is already in use in the subnet of {zone}.")));
    }
    Ok(ip)
}

/// An HSM that is being created: it is ACTIVE at `due`, if its key is there by then.
pub(in super::super) fn new_hsm(
    hardware: &super::super::hardware::Hardware,
    zone: &str,
    subnet: &str,
    ip: String,
    due: super::super::clock::Millis,
) -> Result<Hsm, ApiError> {
    let id = resource_id("hsm").map_err(out_of_order)?;
    let eni = ec2_id("eni").map_err(out_of_order)?;
    let (card, partition, key) = hardware.place();
    Ok(Hsm {
        id,
        zone: zone.to_owned(),
        subnet: subnet.to_owned(),
        eni,
        ip,
        state: HsmState::CreateInProgress,
        due,
        card,
        partition,
        key,
        identity: Arc::new(OnceLock::new()),
    })
}
