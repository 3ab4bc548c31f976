//! What the page shows, as JSON; and whether it has changed, which is asked far more often.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::super::clock::Millis;
use super::super::ids::random_bytes;
use super::super::inside::Inside;
use super::super::state::{Backup, Cluster, ClusterState, Hsm, HsmState, Place, Region, World};
use super::super::watch::Seen;

/// A region's newest clusters and backups are shown, so many of each; how many there are is said.
const SHOWN: usize = 200;

/// A state in which nothing is under way is looked at again after so long, in milliseconds: backups
/// come and go by the day.
const QUIET: Millis = 10_000;

/// All that has changed since the token was given: `places` if anything in them has, and the
/// requests that came. `None` if nothing has. An empty or foreign token is given everything.
pub(super) fn since(inside: &Inside, token: &str) -> Option<Value> {
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
    let places = update(inside, &mut world, &mut seen);
    let (revision, number) = parse(token, &seen.instance).unwrap_or((0, 0));
    if revision == seen.revision && number == inside.requests.last() {
        return None;
    }
    let places =
        (revision != seen.revision).then(|| places.unwrap_or_else(|| all(inside, &mut world).0));
    drop(world);
    let (requests, last) = inside.requests.after(number);
    Some(json!({
        "token": format!("{}.{}.{last}", seen.instance, seen.revision),
        "instance": seen.instance,
        "version": env!("CARGO_PKG_VERSION"),
        "now": inside.clock.now(),
        // Infinite, for no time at all, has no number in JSON.
        "speed": Some(inside.clock.speed().factor()).filter(|factor| factor.is_finite()),
        "places": places,
        "requests": requests,
    }))
}

/// Counts a change, if there is one. Returns the places if they had to be looked at.
fn update(inside: &Inside, world: &mut World, seen: &mut Seen) -> Option<Value> {
    // The lock is held: who touches the state from now on counts after this.
    let touched = inside.watch.touched.load(Ordering::Relaxed);
    let advanced = inside.clock.advanced();
    let now = inside.clock.now();
    if seen.quiet_until.is_some_and(|until| now < until)
        && seen.touched == touched
        && seen.advanced == advanced
    {
        return None;
    }
    let (places, settled) = all(inside, world);
    let mut hasher = DefaultHasher::new();
    places.to_string().hash(&mut hasher);
    advanced.hash(&mut hasher);
    let digest = hasher.finish();
    if seen.revision == 0 || seen.digest != digest {
        seen.revision = seen.revision.saturating_add(1);
    }
    (seen.digest, seen.touched, seen.advanced) = (digest, touched, advanced);
    seen.quiet_until = settled.then(|| now.saturating_add(QUIET));
    Some(places)
}

/// `<instance>.<revision>.<number of the newest request>`
fn parse(token: &str, instance: &str) -> Option<(u64, u64)> {
    let (revision, number) = token
        .strip_prefix(instance)?
        .strip_prefix('.')?
        .split_once('.')?;
    Some((revision.parse().ok()?, number.parse().ok()?))
}

/// Every place that holds anything, and whether nothing in any is under way.
fn all(inside: &Inside, world: &mut World) -> (Value, bool) {
    let (mut places, mut settled) = (Vec::new(), true);
    for (place, region) in world.regions() {
        let (json, quiet) = place_json(inside, place, region);
        settled &= quiet;
        places.extend(json);
    }
    (Value::from(places), settled)
}

fn place_json(inside: &Inside, place: &Place, region: &mut Region) -> (Option<Value>, bool) {
    let now = inside.clock.now();
    let identify = |hsm: &Hsm| inside.hardware.identify(hsm, now);
    let clusters: Vec<&Cluster> = region
        .clusters(&inside.clock, &identify)
        .map(|(_, cluster)| cluster)
        .collect();
    let cluster_count = clusters.len();
    let mut settled = clusters.iter().all(|cluster| settled(cluster));
    let clusters: Vec<Value> = clusters
        .into_iter()
        .rev()
        .take(SHOWN)
        .map(cluster_json)
        .collect();
    let backups: Vec<&Backup> = region
        .backups(&inside.clock, &identify)
        .map(|(_, backup)| backup)
        .collect();
    let backup_count = backups.len();
    settled &= backups
        .iter()
        .all(|backup| backup.due.is_none() && backup.delete_at.is_none());
    let backups: Vec<Value> = backups
        .into_iter()
        .rev()
        .take(SHOWN)
        .map(backup_json)
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

fn settled(cluster: &Cluster) -> bool {
    cluster.next.is_none()
        && cluster.state != ClusterState::Deleted
        && cluster.hsms.iter().all(|hsm| hsm.state == HsmState::Active)
}

/// What DescribeClusters tells, but for PreCoPassword, which is nobody's to look at, and the
/// certificates, which are asked for when somebody does.
fn cluster_json(cluster: &Cluster) -> Value {
    let hsms: Vec<Value> = cluster.hsms.iter().map(hsm_json).collect();
    let subnets: Vec<Value> = cluster
        .subnets
        .iter()
        .map(|(zone, subnet)| json!({ "zone": zone, "subnet": subnet }))
        .collect();
    json!({
        "id": cluster.id,
        "state": cluster.state.name(),
        "stateMessage": cluster.state_message,
        "hsmType": cluster.hsm_type,
        "mode": cluster.mode,
        "networkType": cluster.network_type,
        "vpc": cluster.vpc,
        "securityGroup": cluster.security_group,
        "subnets": subnets,
        "created": cluster.created,
        "retentionDays": cluster.retention_days,
        "tags": tags(&cluster.tags),
        "hsms": hsms,
    })
}

fn hsm_json(hsm: &Hsm) -> Value {
    json!({
        "id": hsm.id,
        "zone": hsm.zone,
        "subnet": hsm.subnet,
        "ip": hsm.ip,
        "eni": hsm.eni,
        "state": hsm.state.name(),
    })
}

fn backup_json(backup: &Backup) -> Value {
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
        "hsmType": backup.hsm_type,
        "mode": backup.mode,
        "tags": tags(&backup.tags),
    })
}

fn tags(tags: &[(String, String)]) -> Value {
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
