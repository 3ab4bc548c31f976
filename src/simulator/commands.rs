//! Control commands as requests: `POST /_control/<command>` with a JSON object of the type
//! `application/json`, answered in JSON. docs/simulator.md lists the commands.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::control::{
    ControlError, SUBNET, begin_replacement, finish_replacement, hsm1_cluster, make_active,
    set_hsm_state, set_state,
};
use super::everyday;
use super::fault_rules::{FaultRule, known_action};
use super::faults::InjectedFault;
use super::inside::Inside;
use super::json_protocol::{self, excerpt};
use super::origin;
use super::roots::RootFile;
use super::state::{SimulatedClusterState, SimulatedHsmState};
use crate::outside::shown_text;

/// Returns the answer to a request that cannot be a control command, before its body is read.
/// Requests of foreign pages have been refused before.
pub(super) fn refuse_early(method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
    if method != Method::POST {
        return Some(refusal_response(
            StatusCode::METHOD_NOT_ALLOWED,
            &ControlError(String::from("control commands are POST requests")),
        ));
    }
    origin::check_json(headers)
        .err()
        .map(|foreign| foreign.to_response())
}

pub(super) async fn answer_command(
    inside: &Arc<Inside>,
    command: &str,
    body: &[u8],
) -> Response<Body> {
    let members = match json_protocol::parse_members(body) {
        Ok(members) => members,
        Err(error) => {
            return refusal_response(StatusCode::BAD_REQUEST, &ControlError(error.message));
        }
    };
    match command_result(inside, command, &members).await {
        Ok(value) => json_protocol::json_response(StatusCode::OK, &value),
        Err(refused) => refusal_response(StatusCode::BAD_REQUEST, &refused),
    }
}

fn refusal_response(status: StatusCode, refused: &ControlError) -> Response<Body> {
    // The page shows it as it comes.
    json_protocol::json_response(status, &json!({ "Message": shown_text(&refused.0) }))
}

async fn command_result(
    inside: &Arc<Inside>,
    command: &str,
    members: &Map<String, Value>,
) -> Result<Value, ControlError> {
    match command {
        "replace-hsm" => {
            let cluster_id = text_member(members, "ClusterId")?.to_owned();
            let hsm = begin_replacement(inside, &cluster_id)?;
            if members.get("Wait").and_then(Value::as_bool).unwrap_or(true) {
                let (inside, hsm) = (Arc::clone(inside), hsm.clone());
                let waited = tokio::task::spawn_blocking(move || {
                    finish_replacement(&inside, &cluster_id, &hsm)
                })
                .await;
                waited.map_err(|_| ControlError(String::from("the simulator is stopping")))?;
            }
            Ok(json!({ "HsmId": hsm }))
        }
        "create-cluster" => {
            let region = match members.contains_key("Region") {
                true => text_member(members, "Region")?,
                false => json_protocol::DEFAULT_REGION,
            };
            everyday::make_cluster(inside, region)
        }
        "create-hsm" => everyday::add_hsm(inside, text_member(members, "ClusterId")?),
        "initialize" => everyday::initialize(inside, text_member(members, "ClusterId")?).await,
        "reset" => {
            everyday::begin_anew(inside);
            Ok(json!({}))
        }
        "activate" => make_active(inside, text_member(members, "ClusterId")?).map(|()| json!({})),
        "create-hsm1-cluster" => {
            let mut order = json!({ "SubnetIds": [SUBNET] });
            for name in ["SubnetIds", "TagList", "BackupRetentionPolicy"] {
                if let (Some(order), Some(value)) = (order.as_object_mut(), members.get(name)) {
                    order.insert(name.to_owned(), value.clone());
                }
            }
            let region = if members.contains_key("Region") {
                text_member(members, "Region")?
            } else {
                json_protocol::DEFAULT_REGION
            };
            hsm1_cluster(inside, region, &order).map(|id| json!({ "ClusterId": id }))
        }
        "set-state" => {
            let state = cluster_state(text_member(members, "State")?)?;
            let then = match members.get("Then") {
                None => None,
                Some(_) => Some((
                    cluster_state(text_member(members, "Then")?)?,
                    Duration::from_secs(number_member(members, "Seconds", 1)?),
                )),
            };
            set_state(inside, text_member(members, "ClusterId")?, state, then).map(|()| json!({}))
        }
        "set-hsm-state" => {
            let name = text_member(members, "State")?;
            let state = SimulatedHsmState::parse(name).ok_or_else(|| {
                ControlError(format!("State '{}' is none of an HSM's", excerpt(name)))
            })?;
            set_hsm_state(
                inside,
                text_member(members, "ClusterId")?,
                text_member(members, "HsmId")?,
                state,
            )
            .map(|()| json!({}))
        }
        "fault" => {
            let rule = fault_rule(members)?;
            inside
                .lock_faults()
                .add_bounded(rule)
                .map_err(ControlError)?;
            inside.watch.touch();
            Ok(json!({}))
        }
        "clear-faults" => {
            if members.contains_key("Fault") {
                let (fault, action) = (known_fault(members)?, known_action_member(members)?);
                inside
                    .lock_faults()
                    .clear_named(fault.name(), action.as_deref());
            } else {
                inside.lock_faults().clear();
            }
            inside.watch.touch();
            Ok(json!({}))
        }
        "set-member" => {
            let value = members
                .get("Value")
                .cloned()
                .ok_or_else(|| ControlError(String::from("'Value' is missing")))?;
            inside
                .lock_extra()
                .set_member(
                    text_member(members, "Structure")?,
                    text_member(members, "Name")?,
                    value,
                )
                .map(|()| json!({}))
                .map_err(ControlError)
        }
        "calls" => Ok(json!({ "Calls": inside.lock_faults().call_counts() })),
        "advance" => {
            let by = Duration::from_secs(number_member(members, "Seconds", 0)?);
            if !inside.clock.can_advance(by) {
                return Err(ControlError(String::from(
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
                let each = RootFile::of_edition(reference).iter();
                let each = each.map(|file| {
                    Ok((
                        file.member_name(reference).to_owned(),
                        Value::from(file.to_pem(&hardware)?),
                    ))
                });
                each.collect::<Result<Map<String, Value>, String>>()
                    .map(Value::from)
            });
            let roots = roots
                .await
                .map_err(|_| ControlError(String::from("the simulator is stopping")))?;
            drop(inside.world());
            roots.map_err(ControlError)
        }
        other => Err(ControlError(format!(
            "there is no control command '{}'",
            excerpt(other)
        ))),
    }
}

fn known_fault(members: &Map<String, Value>) -> Result<InjectedFault, ControlError> {
    let name = text_member(members, "Fault")?;
    let fault = InjectedFault::parse(name, number_member(members, "Millis", 1000)?);
    fault.ok_or_else(|| ControlError(format!("Fault '{}' is not known", excerpt(name))))
}

fn known_action_member(members: &Map<String, Value>) -> Result<Option<String>, ControlError> {
    if !members.contains_key("Action") {
        return Ok(None);
    }
    known_action(text_member(members, "Action")?)
        .map(Some)
        .map_err(ControlError)
}

/// Reads a rule from the members, with the defaults of `FaultRule::parse`: once, unless there is a
/// count or a percentage.
fn fault_rule(members: &Map<String, Value>) -> Result<FaultRule, ControlError> {
    let (fault, action) = (known_fault(members)?, known_action_member(members)?);
    let percent = match number_member(members, "Percent", 0)? {
        0 if members.contains_key("Percent") => {
            return Err(ControlError(String::from("'Percent' is not from 1 to 100")));
        }
        0 => None,
        some => Some(
            u8::try_from(some)
                .ok()
                .filter(|some| *some <= 100)
                .ok_or_else(|| ControlError(String::from("'Percent' is not from 1 to 100")))?,
        ),
    };
    let count = match percent {
        Some(_) if !members.contains_key("Count") => None,
        _ => Some(u32::try_from(number_member(members, "Count", 1)?).unwrap_or(u32::MAX)),
    };
    Ok(FaultRule {
        fault,
        action,
        count,
        percent,
    })
}

fn text_member<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, ControlError> {
    members
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| ControlError(format!("'{name}' is missing or not a string")))
}

fn number_member(
    members: &Map<String, Value>,
    name: &str,
    default: u64,
) -> Result<u64, ControlError> {
    match members.get(name) {
        None => Ok(default),
        Some(value) => value
            .as_u64()
            .ok_or_else(|| ControlError(format!("'{name}' is not a whole number"))),
    }
}

fn cluster_state(name: &str) -> Result<SimulatedClusterState, ControlError> {
    SimulatedClusterState::parse(name)
        .ok_or_else(|| ControlError(format!("State '{}' is none of a cluster's", excerpt(name))))
}
