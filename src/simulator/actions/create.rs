//! CreateCluster and CreateHsm.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::super::arn::CloudHsmArn;
use super::super::chains::HardwareMake;
use super::super::checked_members::CheckedMembers;
use super::super::choices::KeptChoices;
use super::super::clock::{Clock, Millis};
use super::super::hardware::SimulatedHardware;
use super::super::ids::{ec2_id, ec2_id_from, resource_id};
use super::super::json_protocol::ApiError;
use super::super::limits::violation_error;
use super::super::quotas;
use super::super::reference::{HSM1, HSM2M, Reference};
use super::super::state::{
    BACKUP_CREATION, CLUSTER_CREATION, HSM_CREATION, Hsm, NextState, SimulatedBackup,
    SimulatedBackupState, SimulatedCluster, SimulatedClusterState, SimulatedHsmState,
};
use super::forms::{created_cluster_json, created_hsm_json};
use super::{ActionContext, no_such_backup, no_such_cluster, out_of_order};

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

pub(crate) fn create_hsm(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let cluster_id = members.required_text("ClusterId")?;
    let zone = members.required_text("AvailabilityZone")?;
    let wanted_ip = members.text("IpAddress");

    let time = context.time();
    let due = context.clock.time_after(HSM_CREATION);
    quotas::check_room_for_hsm(context.world)?;
    let region = context
        .world
        .region_at(context.place)
        .bring_up_to_date(&time);
    let cluster = region
        .find_cluster(cluster_id, &time)
        .ok_or_else(|| no_such_cluster(cluster_id))?;
    match cluster.state {
        // Worded as users of the service report it (hashicorp/terraform-provider-aws, issue 7437).
        SimulatedClusterState::Uninitialized if cluster.hsm_count() > 0 => {
            return Err(ApiError::invalid_request(format!(
                "Cluster '{cluster_id}' already contains an HSM but has not yet been fully \
                 activated"
            )));
        }
        SimulatedClusterState::Uninitialized
        | SimulatedClusterState::Initialized
        | SimulatedClusterState::Active
        | SimulatedClusterState::Degraded => {}
        state => {
            return Err(ApiError::invalid_request(format!(
                "Cluster '{cluster_id}' is in state {}, in which no HSM can be created.",
                state.name()
            )));
        }
    }
    quotas::check_hsms_per_cluster(cluster)?;
    let subnet = cluster
        .subnets
        .iter()
        .find(|(name, _)| name == zone)
        .map(|(_, subnet)| subnet.clone());
    let subnet = subnet.ok_or_else(|| {
        let zones: Vec<&str> = cluster
            .subnets
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        ApiError::invalid_request(format!(
            "Cluster '{cluster_id}' has no subnet in Availability Zone '{zone}', only in {}.",
            zones.join(", ")
        ))
    })?;
    if context.quotas {
        quotas::check_hsm_quota(region)?;
    }

    let ip = choose_address(wanted_ip, zone, |ip| region.is_address_taken(&subnet, ip))?;
    let cluster = region
        .find_cluster(cluster_id, &time)
        .ok_or_else(|| no_such_cluster(cluster_id))?;
    let hsm = new_hsm(
        context.hardware,
        cluster,
        HsmPlacement {
            zone: zone.to_owned(),
            subnet,
            ip,
        },
        due,
    )?;
    let backup = back_up(cluster, context.clock)?;
    let answer = json!({ "Hsm": created_hsm_json(cluster, &hsm, context.reference) });
    quotas::remove_oldest_deleted_hsm(cluster);
    cluster.hsms.push(hsm);
    if let Some(backup) = backup {
        region.add_backup(backup);
    }
    Ok(answer)
}

/// Makes the backup that follows when an HSM is added or removed. It needs an ACTIVE HSM; where
/// there is none, the backup is made once there is one.
pub(super) fn back_up(
    cluster: &SimulatedCluster,
    clock: &Clock,
) -> Result<Option<SimulatedBackup>, ApiError> {
    if !cluster.is_backed_up() || !cluster.has_active_hsm() {
        return Ok(None);
    }
    SimulatedBackup::from_cluster(cluster, clock.now(), clock.time_after(BACKUP_CREATION))
        .map(Some)
        .map_err(out_of_order)
}

/// Chooses the address asked for, "an available address from the subnet that maps to the
/// Availability Zone", or else the first free one. The subnet is `10.0.N.0/24`: there is no EC2 to
/// ask. Its first four addresses and its last are never given (VPC User Guide, "Subnet sizing").
fn choose_address(
    wanted: Option<&str>,
    zone: &str,
    taken: impl Fn(&str) -> bool,
) -> Result<String, ApiError> {
    let third = zone.bytes().last().unwrap_or(b'a').saturating_sub(b'a');
    let Some(wanted) = wanted else {
        let free = (4..=254_u8)
            .map(|last| Ipv4Addr::new(10, 0, third, last).to_string())
            .find(|ip| !taken(ip));
        return free.ok_or_else(|| {
            ApiError::invalid_request(format!("The subnet of {zone} has no free address left."))
        });
    };
    let parsed: Ipv4Addr = wanted
        .parse()
        .map_err(|_| violation_error(wanted, "IpAddress", "Member must be an IPv4 address"))?;
    match parsed.octets() {
        [10, 0, subnet, 4..=254] if subnet == third => {}
        [10, 0, subnet, _] if subnet == third => {
            return Err(ApiError::invalid_request(format!(
                "IpAddress '{wanted}' is reserved in the subnet of {zone}, 10.0.{third}.0/24."
            )));
        }
        _ => {
            return Err(ApiError::invalid_request(format!(
                "IpAddress '{wanted}' is not in the subnet of {zone}, 10.0.{third}.0/24."
            )));
        }
    }
    let ip = parsed.to_string();
    if taken(&ip) {
        return Err(ApiError::invalid_request(format!(
            "IpAddress '{wanted}' is already in use in the subnet of {zone}."
        )));
    }
    Ok(ip)
}

/// Returns the hardware of a cluster in a region, or in a zone of it.
fn make_of(cluster: &SimulatedCluster, region: &str) -> HardwareMake {
    HardwareMake {
        ls2: cluster.hsm_type != HSM1,
        fips: cluster.choices.get("Mode") != Some("NON_FIPS"),
        us_gov: region.starts_with("us-gov-"),
    }
}

/// The place of an HSM in a cluster.
pub(crate) struct HsmPlacement {
    pub(crate) zone: String,
    pub(crate) subnet: String,
    pub(crate) ip: String,
}

/// Returns the IPv6 address for an IPv4 one in a subnet. It lies under 2001:db8::/32, the
/// documentation prefix (RFC 3849).
fn ip_v6(HsmPlacement { subnet, ip, .. }: &HsmPlacement) -> Option<String> {
    let digest = ring::digest::digest(&ring::digest::SHA256, subnet.as_bytes());
    let (first, _) = digest.as_ref().split_first_chunk::<4>()?;
    let [a, b, c, d] = *first;
    let [_, _, third, last] = ip.parse::<Ipv4Addr>().ok()?.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Some(
        Ipv6Addr::new(
            0x2001,
            0xDB8,
            high,
            low,
            0,
            0,
            u16::from(third),
            u16::from(last),
        )
        .to_string(),
    )
}

/// Makes a new HSM of the cluster. It becomes ACTIVE at `due`, if its key is there by then.
pub(crate) fn new_hsm(
    hardware: &SimulatedHardware,
    cluster: &SimulatedCluster,
    seat: HsmPlacement,
    due: Millis,
) -> Result<Hsm, ApiError> {
    let id = resource_id("hsm").map_err(out_of_order)?;
    let eni = ec2_id("eni").map_err(out_of_order)?;
    let (card, partition, key) = hardware.assign_place(make_of(cluster, &seat.zone));
    Ok(Hsm {
        id,
        ip_v6: ip_v6(&seat).filter(|_| cluster.choices.get("NetworkType") == Some("DUALSTACK")),
        zone: seat.zone,
        subnet: seat.subnet,
        eni,
        ip: seat.ip,
        hsm_type: cluster.hsm_type.clone(),
        next_types: Vec::new(),
        state: SimulatedHsmState::CreateInProgress,
        due,
        card,
        partition,
        key,
        identity: Arc::new(OnceLock::new()),
    })
}
