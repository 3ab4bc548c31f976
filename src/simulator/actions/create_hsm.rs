//! CreateHsm.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::super::checked_members::CheckedMembers;
use super::super::clock::{Clock, Millis};
use super::super::hardware::SimulatedHardware;
use super::super::ids::{ec2_id, resource_id};
use super::super::json_protocol::ApiError;
use super::super::limits::violation_error;
use super::super::quotas;
use super::super::state::{
    BACKUP_CREATION, HSM_CREATION, Hsm, SimulatedBackup, SimulatedCluster, SimulatedClusterState,
    SimulatedHsmState,
};
use super::create::make_of;
use super::forms::created_hsm_json;
use super::{ActionContext, no_such_cluster, out_of_order};

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
    // Saturating: a zone may end in anything.
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
