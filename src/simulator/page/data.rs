//! The content of the page as JSON, and a cheap answer to the more frequent question whether it has
//! changed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::super::api;
use super::super::clock::Millis;
use super::super::everyday::usual_cluster;
use super::super::fault_rules::FaultRule;
use super::super::faults::InjectedFault;
use super::super::ids::random_bytes;
use super::super::inside::Inside;
use super::super::json_protocol::DEFAULT_REGION;
use super::super::state::{
    AccountRegion, BACKUP_CREATION, DELETION, HSM_CREATION, Hsm, Region, SimulatedBackup,
    SimulatedCluster, SimulatedClusterState, SimulatedHsmState, World,
};
use super::super::watch::Seen;

/// The number of clusters, and of backups, that a region shows: the newest ones. The page gives the
/// whole number as well.
const MOST_SHOWN: usize = 200;

/// The time in milliseconds after which a quiet state is looked at again: daily backups come and
/// go.
const QUIET_TIME: Millis = 10_000;

/// Returns the changes since the token was given: `places` if anything in them has changed, and the
/// requests that came. `None` where nothing has changed. An empty or foreign token gets everything.
pub(super) fn changes_since(inside: &Inside, token: &str) -> Option<Value> {
    let mut world = inside.look();
    let mut seen = inside
        .watch
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if seen.instance.is_empty() {
        seen.instance = random_bytes::<8>()
            .unwrap_or_default()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
    }
    let places = count_change(inside, &mut world, &mut seen);
    let (revision, number) = parse(token, &seen.instance).unwrap_or((0, 0));
    if revision == seen.revision && number == inside.requests.last_number() {
        return None;
    }
    let places = (revision != seen.revision)
        .then(|| places.unwrap_or_else(|| all_places(inside, &mut world).0));
    drop(world);
    let (requests, last) = inside.requests.entries_after(number);
    Some(json!({
        "token": format!("{}.{}.{last}", seen.instance, seen.revision),
        "instance": seen.instance,
        "version": env!("CARGO_PKG_VERSION"),
        "now": inside.clock.now(),
        // Infinite, for no time at all, has no number in JSON.
        "speed": Some(inside.clock.speed().factor()).filter(|factor| factor.is_finite()),
        "places": places,
        "requests": requests,
        "faults": inside.lock_faults().waiting_rules().map(fault_json).collect::<Vec<_>>(),
        "knownFaults": InjectedFault::ALL.map(|(name, _)| name),
        "knownActions": api::action_names(inside.reference).collect::<Vec<_>>(),
        // For the commands to copy: what works without further thought.
        "anyCredentials": inside.door.admits_anybody(),
        "newCluster": usual_cluster(inside.reference),
        "region": DEFAULT_REGION,
    }))
}

/// Counts a change, if there is one, and returns the places if they had to be looked at.
fn count_change(inside: &Inside, world: &mut World, seen: &mut Seen) -> Option<Value> {
    // The lock is held: who touches the state from now on counts after this.
    let touched = inside.watch.touched.load(Ordering::Relaxed);
    let advanced = inside.clock.total_advance();
    let now = inside.clock.now();
    if seen.quiet_until.is_some_and(|until| now < until)
        && seen.touched == touched
        && seen.advanced == advanced
    {
        return None;
    }
    let (places, settled) = all_places(inside, world);
    let mut hasher = DefaultHasher::new();
    for rule in inside.lock_faults().waiting_rules() {
        fault_json(rule).to_string().hash(&mut hasher);
    }
    places.to_string().hash(&mut hasher);
    advanced.hash(&mut hasher);
    let digest = hasher.finish();
    if seen.revision == 0 || seen.digest != digest {
        seen.revision += 1;
    }
    (seen.digest, seen.touched, seen.advanced) = (digest, touched, advanced);
    seen.quiet_until = settled.then(|| now.saturating_add(QUIET_TIME));
    Some(places)
}

/// Parses `<instance>.<revision>.<number of the newest request>`.
fn parse(token: &str, instance: &str) -> Option<(u64, u64)> {
    let (revision, number) = token
        .strip_prefix(instance)?
        .strip_prefix('.')?
        .split_once('.')?;
    Some((revision.parse().ok()?, number.parse().ok()?))
}

/// Returns every place that holds anything, and whether nothing is under way in any of them.
fn all_places(inside: &Inside, world: &mut World) -> (Value, bool) {
    let (mut places, mut settled) = (Vec::new(), true);
    for (place, region) in world.regions_mut() {
        let (json, quiet) = place_json(inside, place, region);
        settled &= quiet;
        places.extend(json);
    }
    (Value::from(places), settled)
}

fn place_json(
    inside: &Inside,
    place: &AccountRegion,
    region: &mut Region,
) -> (Option<Value>, bool) {
    let time = inside.time();
    let clusters: Vec<&SimulatedCluster> = region
        .all_clusters(&time)
        .map(|(_, cluster)| cluster)
        .collect();
    let cluster_count = clusters.len();
    let mut settled = clusters.iter().all(|cluster| is_settled(cluster));
    let clusters: Vec<Value> = clusters
        .into_iter()
        .rev()
        .take(MOST_SHOWN)
        .map(|cluster| cluster_json(cluster, inside))
        .collect();
    let backups: Vec<&SimulatedBackup> = region
        .all_backups(&time)
        .map(|(_, backup)| backup)
        .collect();
    let backup_count = backups.len();
    settled &= backups
        .iter()
        .all(|backup| backup.due.is_none() && backup.delete_at.is_none());
    let backups: Vec<Value> = backups
        .into_iter()
        .rev()
        .take(MOST_SHOWN)
        .map(|backup| backup_json(backup, inside))
        .collect();
    let json = json!({
        "account": place.account,
        "region": place.region,
        "clusters": clusters,
        "clusterCount": cluster_count,
        "backups": backups,
        "backupCount": backup_count,
    });
    (
        (cluster_count > 0 || backup_count > 0).then_some(json),
        settled,
    )
}

fn is_settled(cluster: &SimulatedCluster) -> bool {
    cluster.next.is_none()
        && cluster.state != SimulatedClusterState::Deleted
        && cluster
            .hsms
            .iter()
            .all(|hsm| hsm.state == SimulatedHsmState::Active)
}

/// Writes the members of DescribeClusters as JSON. PreCoPassword, which nobody should see, is left
/// out, and so are the certificates, which the page requests separately.
fn cluster_json(cluster: &SimulatedCluster, inside: &Inside) -> Value {
    let hsms: Vec<Value> = cluster
        .hsms
        .iter()
        .map(|hsm| hsm_json(hsm, inside))
        .collect();
    let subnets: Vec<Value> = cluster
        .subnets
        .iter()
        .map(|(zone, subnet)| json!({ "zone": zone, "subnet": subnet }))
        .collect();
    json!({
        "id": cluster.id,
        "state": cluster.state.name(),
        "stateMessage": cluster.state_message,
        "since": cluster.since,
        "next": cluster.next.as_ref().map(|next| json!({
            "state": next.state.name(), "at": next.at,
        })),
        "hsmType": cluster.hsm_type,
        "choices": cluster.choices.by_label(),
        "vpc": cluster.vpc,
        "securityGroup": cluster.security_group,
        "subnets": subnets,
        "created": cluster.created,
        "retentionDays": cluster.retention_days,
        "tags": tags_json(&cluster.tags),
        "hsms": hsms,
    })
}

fn hsm_json(hsm: &Hsm, inside: &Inside) -> Value {
    // When its state of transition began is not kept: at this speed each lasts as long as another.
    let lasts = match hsm.state {
        SimulatedHsmState::CreateInProgress => Some(HSM_CREATION),
        SimulatedHsmState::DeleteInProgress => Some(DELETION),
        _ => None,
    };
    let lasts = lasts.map(|lasts| inside.clock.scaled_duration(lasts));
    json!({
        "id": hsm.id,
        "zone": hsm.zone,
        "subnet": hsm.subnet,
        "ip": (!hsm.is_deleted()).then_some(&hsm.ip),
        "eni": (!hsm.is_deleted()).then_some(&hsm.eni),
        "state": hsm.state.name(),
        "from": lasts.map(|lasts| hsm.due.saturating_sub(lasts)),
        "due": lasts.map(|_| hsm.due),
    })
}

fn fault_json(rule: &FaultRule) -> Value {
    json!({
        "fault": rule.fault.name(),
        "action": rule.action,
        "count": rule.count,
        "percent": rule.percent,
    })
}

fn backup_json(backup: &SimulatedBackup, inside: &Inside) -> Value {
    let lasts = inside.clock.scaled_duration(BACKUP_CREATION);
    let origin = backup.origin.as_ref();
    json!({
        "id": backup.id,
        "cluster": backup.cluster_id,
        "state": backup.state.name(),
        "created": backup.created,
        "copied": backup.copied,
        "origin": origin.map(|origin| json!({
            "backup": origin.backup, "cluster": origin.cluster, "region": origin.region,
        })),
        "deleteAt": backup.delete_at,
        "restored": backup.restored,
        "neverExpires": backup.never_expires,
        "from": backup.due.map(|due| due.saturating_sub(lasts)),
        "due": backup.due,
        "hsmType": backup.hsm_type,
        "mode": backup.mode,
        "tags": tags_json(&backup.tags),
    })
}

fn tags_json(tags: &[(String, String)]) -> Value {
    Value::from(
        tags.iter()
            .map(|(key, value)| json!({ "key": key, "value": value }))
            .collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_for_the_simulator_that_gave_it() {
        assert_eq!(parse("ab.3.9", "ab"), Some((3, 9)));
        for foreign in ["", "ab", "ab.3", "abc.3.9", "cd.3.9", "ab.x.9", "ab.-1.9"] {
            assert_eq!(parse(foreign, "ab"), None, "{foreign}");
        }
    }
}
