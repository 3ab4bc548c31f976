//! What a test may do to the simulator and no client of the service could: as methods of
//! [`Simulator`], and as `POST /_control/<command>` with a JSON object of the type
//! `application/json`, answered in JSON. docs/simulator.md lists the commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::Simulator;
use super::actions::{self, Seat, create_hsm1_cluster, new_hsm};
use super::clock::Millis;
use super::faults::{Fault, FaultRule, known_action};
use super::inside::Inside;
use super::json_protocol::{self, excerpt};
use super::limits::REGION;
use super::origin;
use super::reference::Reference;
use super::roots::RootFile;
use super::state::{Cluster, ClusterState, HSM_CREATION, Hsm, HsmState, Next, Place};

/// Why a control command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Simulator {
    /// The cluster's first HSM fails and is replaced: another HSM on another card, another key,
    /// another CSR. Returns the new HSM's id when it is ACTIVE.
    pub fn replace_hsm(&self, cluster_id: &str) -> Result<String, Refused> {
        let hsm = begin_replacement(&self.inside, cluster_id)?;
        finish_replacement(&self.inside, cluster_id, &hsm);
        self.kept(hsm)
    }

    /// The same, but returns while the new HSM is still CREATE_IN_PROGRESS and the cluster has no
    /// CSR.
    pub fn begin_replacing_hsm(&self, cluster_id: &str) -> Result<String, Refused> {
        begin_replacement(&self.inside, cluster_id).and_then(|hsm| self.kept(hsm))
    }

    /// The owner sets the first password on the HSM: an INITIALIZED cluster becomes ACTIVE.
    pub fn activate(&self, cluster_id: &str) -> Result<(), Refused> {
        activate(&self.inside, cluster_id).and_then(|()| self.kept(()))
    }

    /// Makes a cluster of hsm1.medium in that region, as there are still some: the service of today
    /// creates no new one. It is there to be migrated. Returns its id.
    pub fn create_hsm1_cluster(&self, region: &str) -> Result<String, Refused> {
        hsm1_cluster(&self.inside, region, &json!({ "SubnetIds": [SUBNET] }))
            .and_then(|id| self.kept(id))
    }

    /// Puts the cluster into a state, in which it stays.
    pub fn set_state(&self, cluster_id: &str, state: ClusterState) -> Result<(), Refused> {
        set_state(&self.inside, cluster_id, state, None).and_then(|()| self.kept(()))
    }

    /// Puts the cluster into a state that it leaves for another, `after` that much of the
    /// simulator's clock.
    pub fn set_state_for(
        &self,
        cluster_id: &str,
        state: ClusterState,
        after: Duration,
        then: ClusterState,
    ) -> Result<(), Refused> {
        set_state(&self.inside, cluster_id, state, Some((then, after))).and_then(|()| self.kept(()))
    }

    /// Puts an HSM of the cluster into a state. It stays in one that lasts; CREATE_IN_PROGRESS and
    /// DELETE_IN_PROGRESS pass.
    pub fn set_hsm_state(
        &self,
        cluster_id: &str,
        hsm_id: &str,
        state: HsmState,
    ) -> Result<(), Refused> {
        set_hsm_state(&self.inside, cluster_id, hsm_id, state)
    }

    /// The next `count` calls of `action` (`None`: of any) meet this fault.
    pub fn inject(&self, action: Option<&str>, fault: Fault, count: u32) {
        self.inside.faults().add(FaultRule {
            fault,
            action: action.map(str::to_owned),
            count: Some(count),
            percent: None,
        });
    }

    /// The calls that the rule is about meet its fault.
    pub fn inject_rule(&self, rule: FaultRule) {
        self.inside.faults().add(rule);
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear_faults(&self) {
        self.inside.faults().clear();
    }

    /// From now on each `Cluster`, `Hsm` or `Backup` in an answer has this member besides its own,
    /// as a service of tomorrow may; `null` takes it out again.
    pub fn set_member(&self, structure: &str, name: &str, value: Value) -> Result<(), Refused> {
        self.inside
            .extra()
            .set(structure, name, value)
            .map_err(Refused)
    }

    /// How often each action has been called, whatever the answer was.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.inside.faults().calls().clone()
    }

    /// Moves the simulator's clock forward.
    pub fn advance(&self, by: Duration) {
        self.inside.clock.advance(by);
        // Where it cannot be kept, every later answer says so.
        self.inside.kept().unwrap_or_default();
    }

    fn kept<T>(&self, done: T) -> Result<T, Refused> {
        self.inside.kept().map(|()| done).map_err(Refused)
    }
}

/// The answer to a request that cannot be a control command, before its body is read. That it is no
/// foreign page's is known.
pub(super) fn refuse(method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
    if method != Method::POST {
        return Some(refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            &Refused(String::from("control commands are POST requests")),
        ));
    }
    origin::json(headers)
        .err()
        .map(|foreign| foreign.response())
}

pub(super) async fn answer(inside: &Arc<Inside>, command: &str, body: &[u8]) -> Response<Body> {
    let members = match json_protocol::members(body) {
        Ok(members) => members,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, &Refused(error.message)),
    };
    match command_result(inside, command, &members).await {
        Ok(value) => json_protocol::response(StatusCode::OK, &value),
        Err(refused) => refusal(StatusCode::BAD_REQUEST, &refused),
    }
}

fn refusal(status: StatusCode, refused: &Refused) -> Response<Body> {
    json_protocol::response(status, &json!({ "Message": refused.0 }))
}

async fn command_result(
    inside: &Arc<Inside>,
    command: &str,
    members: &Map<String, Value>,
) -> Result<Value, Refused> {
    match command {
        "replace-hsm" => {
            let cluster_id = text(members, "ClusterId")?.to_owned();
            let hsm = begin_replacement(inside, &cluster_id)?;
            if members.get("Wait").and_then(Value::as_bool).unwrap_or(true) {
                let (inside, hsm) = (Arc::clone(inside), hsm.clone());
                let waited = tokio::task::spawn_blocking(move || {
                    finish_replacement(&inside, &cluster_id, &hsm)
                })
                .await;
                waited.map_err(|_| Refused(String::from("the simulator is stopping")))?;
            }
            Ok(json!({ "HsmId": hsm }))
        }
        "activate" => activate(inside, text(members, "ClusterId")?).map(|()| json!({})),
        "create-hsm1-cluster" => {
            let mut order = json!({ "SubnetIds": [SUBNET] });
            for name in ["SubnetIds", "TagList", "BackupRetentionPolicy"] {
                if let (Some(order), Some(value)) = (order.as_object_mut(), members.get(name)) {
                    order.insert(name.to_owned(), value.clone());
                }
            }
            let region = if members.contains_key("Region") {
                text(members, "Region")?
            } else {
                json_protocol::DEFAULT_REGION
            };
            hsm1_cluster(inside, region, &order).map(|id| json!({ "ClusterId": id }))
        }
        "set-state" => {
            let state = cluster_state(text(members, "State")?)?;
            let then = match members.get("Then") {
                None => None,
                Some(_) => Some((
                    cluster_state(text(members, "Then")?)?,
                    Duration::from_secs(number(members, "Seconds", 1)?),
                )),
            };
            set_state(inside, text(members, "ClusterId")?, state, then).map(|()| json!({}))
        }
        "set-hsm-state" => {
            let name = text(members, "State")?;
            let state = HsmState::parse(name)
                .ok_or_else(|| Refused(format!("State '{}' is none of an HSM's", excerpt(name))))?;
            set_hsm_state(
                inside,
                text(members, "ClusterId")?,
                text(members, "HsmId")?,
                state,
            )
            .map(|()| json!({}))
        }
        "fault" => {
            let rule = fault_rule(members)?;
            inside.faults().order(rule).map_err(Refused)?;
            Ok(json!({}))
        }
        "clear-faults" => {
            inside.faults().clear();
            Ok(json!({}))
        }
        "set-member" => {
            let value = members
                .get("Value")
                .cloned()
                .ok_or_else(|| Refused(String::from("'Value' is missing")))?;
            inside
                .extra()
                .set(text(members, "Structure")?, text(members, "Name")?, value)
                .map(|()| json!({}))
                .map_err(Refused)
        }
        "calls" => Ok(json!({ "Calls": inside.faults().calls() })),
        "advance" => {
            let by = Duration::from_secs(number(members, "Seconds", 0)?);
            if !inside.clock.can_advance(by) {
                return Err(Refused(String::from(
                    "'Seconds' would move the clock past the year 9999, which no certificate can \
                     name",
                )));
            }
            inside.clock.advance(by);
            drop(inside.world());
            Ok(json!({}))
        }
        "roots" => {
            let (hardware, reference) = (Arc::clone(&inside.hardware), inside.reference);
            let roots = tokio::task::spawn_blocking(move || {
                let each = RootFile::of(reference).iter();
                let each = each.map(|file| {
                    Ok((
                        file.member(reference).to_owned(),
                        Value::from(file.pem(&hardware)?),
                    ))
                });
                each.collect::<Result<Map<String, Value>, String>>()
                    .map(Value::from)
            });
            let roots = roots
                .await
                .map_err(|_| Refused(String::from("the simulator is stopping")))?;
            drop(inside.world());
            roots.map_err(Refused)
        }
        other => Err(Refused(format!(
            "there is no control command '{}'",
            excerpt(other)
        ))),
    }
}

/// As `FaultRule::parse` has it: once, unless there is a count or a percentage.
fn fault_rule(members: &Map<String, Value>) -> Result<FaultRule, Refused> {
    let name = text(members, "Fault")?;
    let fault = Fault::parse(name, number(members, "Millis", 1000)?);
    let fault = fault.ok_or_else(|| Refused(format!("Fault '{}' is not known", excerpt(name))))?;
    let action = if members.contains_key("Action") {
        Some(known_action(text(members, "Action")?).map_err(Refused)?)
    } else {
        None
    };
    let percent = match number(members, "Percent", 0)? {
        0 if members.contains_key("Percent") => {
            return Err(Refused(String::from("'Percent' is not from 1 to 100")));
        }
        0 => None,
        some => Some(
            u8::try_from(some)
                .ok()
                .filter(|some| *some <= 100)
                .ok_or_else(|| Refused(String::from("'Percent' is not from 1 to 100")))?,
        ),
    };
    let count = match percent {
        Some(_) if !members.contains_key("Count") => None,
        _ => Some(u32::try_from(number(members, "Count", 1)?).unwrap_or(u32::MAX)),
    };
    Ok(FaultRule {
        fault,
        action,
        count,
        percent,
    })
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refused> {
    members
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Refused(format!("'{name}' is missing or not a string")))
}

fn number(members: &Map<String, Value>, name: &str, default: u64) -> Result<u64, Refused> {
    match members.get(name) {
        None => Ok(default),
        Some(value) => value
            .as_u64()
            .ok_or_else(|| Refused(format!("'{name}' is not a whole number"))),
    }
}

/// Does something to a cluster as it is now, whichever region it is in.
fn with_cluster<T>(
    inside: &Inside,
    id: &str,
    act: impl FnOnce(&mut Cluster) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let now = inside.clock.now();
    let identify = |hsm: &Hsm| inside.hardware.identify(hsm, now);
    let mut world = inside.world();
    let cluster = world
        .region_of(id)
        .and_then(|region| region.cluster(id, &inside.clock, &identify));
    act(cluster.ok_or_else(|| Refused(format!("there is no cluster '{}'", excerpt(id))))?)
}

pub(super) fn begin_replacement(inside: &Inside, cluster_id: &str) -> Result<String, Refused> {
    let due = inside.clock.after(HSM_CREATION);
    with_cluster(inside, cluster_id, |cluster| {
        let failed = cluster
            .hsms
            .first()
            .ok_or_else(|| Refused(format!("cluster '{cluster_id}' has no HSM")))?;
        let seat = Seat {
            zone: failed.zone.clone(),
            subnet: failed.subnet.clone(),
            ip: failed.ip.clone(),
        };
        let new = new_hsm(&inside.hardware, cluster, seat, due)
            .map_err(|error| Refused(error.message))?;
        let id = new.id.clone();
        cluster.hsms.splice(..1, [new]);
        Ok(id)
    })
}

/// Waits for the keys and ends the HSM's creation, whatever the clock says.
fn finish_replacement(inside: &Inside, cluster_id: &str, hsm_id: &str) {
    let find = |cluster: &mut Cluster| {
        let hsm = cluster.hsms.iter_mut().find(|hsm| hsm.id == hsm_id);
        let hsm = hsm.ok_or_else(|| Refused(String::from("deleted meanwhile")))?;
        hsm.due = inside.clock.now();
        Ok((hsm.card, Arc::clone(&hsm.key)))
    };
    // One that was deleted meanwhile is not waited for.
    if let Ok((card, key)) = with_cluster(inside, cluster_id, find) {
        inside.hardware.wait_for_keys(card, &key);
    }
}

fn activate(inside: &Inside, cluster_id: &str) -> Result<(), Refused> {
    with_cluster(inside, cluster_id, |cluster| {
        if cluster.state != ClusterState::Initialized {
            return Err(Refused(format!(
                "cluster '{cluster_id}' is {}, not INITIALIZED",
                cluster.state.name()
            )));
        }
        cluster.enter(ClusterState::Active, inside.clock.now());
        Ok(())
    })
}

/// The subnet of a cluster whose maker names none.
const SUBNET: &str = "subnet-0a1b2c3d";

fn hsm1_cluster(inside: &Inside, region: &str, order: &Value) -> Result<String, Refused> {
    REGION
        .judge("Region", region)
        .map_err(|error| Refused(error.message))?;
    let place = Place {
        account: super::ACCOUNT.to_owned(),
        region: region.to_owned(),
    };
    let mut world = inside.world();
    let mut context = actions::Context {
        world: &mut world,
        clock: &inside.clock,
        hardware: &inside.hardware,
        tokens: &inside.tokens,
        place: &place,
        quotas: inside.quotas,
        reference: Reference::Today,
        fault: None,
    };
    let members = order.as_object().cloned().unwrap_or_default();
    create_hsm1_cluster(&members, &mut context).map_err(|error| Refused(error.message))
}

fn cluster_state(name: &str) -> Result<ClusterState, Refused> {
    ClusterState::parse(name)
        .ok_or_else(|| Refused(format!("State '{}' is none of a cluster's", excerpt(name))))
}

/// Into a state, to stay, or `then` into another after some time of the simulator's clock.
pub(super) fn set_state(
    inside: &Inside,
    cluster_id: &str,
    state: ClusterState,
    then: Option<(ClusterState, Duration)>,
) -> Result<(), Refused> {
    with_cluster(inside, cluster_id, |cluster| {
        let now = inside.clock.now();
        cluster.enter(state, now);
        cluster.next = then.map(|(state, after)| {
            Next::new(
                state,
                now.saturating_add(Millis::try_from(after.as_millis()).unwrap_or(Millis::MAX)),
            )
        });
        Ok(())
    })
}

fn set_hsm_state(
    inside: &Inside,
    cluster_id: &str,
    hsm_id: &str,
    state: HsmState,
) -> Result<(), Refused> {
    with_cluster(inside, cluster_id, |cluster| {
        let hsm = cluster.hsms.iter_mut().find(|hsm| hsm.id == hsm_id);
        let hsm = hsm.ok_or_else(|| {
            Refused(format!(
                "cluster '{cluster_id}' has no HSM '{}'",
                excerpt(hsm_id)
            ))
        })?;
        hsm.state = state;
        hsm.due = inside.clock.after(HSM_CREATION);
        Ok(())
    })
}
