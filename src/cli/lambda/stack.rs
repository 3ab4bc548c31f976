//! A custom resource of AWS CloudFormation, `Custom::HsmbootClaim`: what a stack asks for, as an
//! event of ours (AWS CloudFormation User Guide, "Custom resource request and response reference").

use std::time::Duration;

use serde_json::{Map, Value};

use super::members::EventWaiver;
use super::settings::FunctionSettings;
use crate::aws::{is_https, is_plain_loopback};
use crate::cloudhsm::ClusterName;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;

/// The most octets of all ids of a request together: an answer has to hold them too.
const MOST_IDS: usize = 2500;

/// The longest `ServiceTimeout` (the same guide: 3600 seconds).
const MOST_TIMEOUT: u64 = 3600;

/// What a stack wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StackAction {
    /// The resource is new.
    Create,
    /// Its properties are others than before.
    Update,
    /// It is to go. A claim cannot be taken back: nothing is done.
    Delete,
}

/// A request of a stack.
#[derive(Clone, Debug)]
pub(super) struct StackRequest {
    pub(super) action: StackAction,
    /// Where the answer goes: it has a signature in it, and no message shows it.
    pub(super) response_url: String,
    pub(super) stack_id: String,
    pub(super) request_id: String,
    pub(super) logical_id: String,
    /// The id that an earlier answer gave the resource.
    pub(super) physical_id: Option<String>,
    properties: Map<String, Value>,
}

/// The form of a property's value. CloudFormation makes texts of numbers and truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PropertyForm {
    /// It goes into the event as it is.
    AsItIs,
    /// `true` or `false`.
    Flag,
    /// It is CloudFormation's own.
    Own,
}

/// The properties, and the members of an event that they become.
const PROPERTIES: [(&str, &str, PropertyForm); 14] = {
    use PropertyForm::{AsItIs, Flag, Own};
    [
        ("ServiceToken", "", Own),
        ("ServiceTimeout", "", Own),
        ("ClusterId", "cluster", AsItIs),
        ("Region", "region", AsItIs),
        ("AssumeRole", "assume_role", AsItIs),
        ("Ca", "ca", AsItIs),
        ("CaKey", "ca_key", AsItIs),
        ("CaArn", "ca_arn", AsItIs),
        ("CaFingerprint", "ca_fingerprint", AsItIs),
        ("Days", "days", AsItIs),
        ("Policy", "policy", AsItIs),
        ("Operator", "operator", AsItIs),
        ("CreateHsm", "create_hsm", Flag),
        ("AvailabilityZone", "availability_zone", AsItIs),
    ]
};

impl StackRequest {
    /// Reads a stack's request; `None`: the event is none.
    ///
    /// # Errors
    /// Class `Usage`: it cannot be answered, for it has no ids, or no place for the answer that
    /// the function may send it to.
    pub(super) fn from_event(
        event: &Map<String, Value>,
        settings: &FunctionSettings,
    ) -> Result<Option<Self>> {
        if !event.contains_key("RequestType") && !event.contains_key("ResponseURL") {
            return Ok(None);
        }
        let text = |name: &str| {
            event
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| {
                    request_error(format!("it has no `{name}`"))
                        .with_fact(FactName::Missing, vec![name])
                })
        };
        let request = StackRequest {
            action: read_action(&text("RequestType")?)?,
            response_url: text("ResponseURL")?,
            stack_id: text("StackId")?,
            request_id: text("RequestId")?,
            logical_id: text("LogicalResourceId")?,
            physical_id: text("PhysicalResourceId").ok(),
            properties: event
                .get("ResourceProperties")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        };
        let plain =
            settings.allows(EventWaiver::PlainResponse) && is_plain_loopback(&request.response_url);
        if !is_https(&request.response_url) && !plain {
            return Err(request_error(
                "its `ResponseURL` is no https URL".to_owned(),
            ));
        }
        let ids = [&request.stack_id, &request.request_id, &request.logical_id]
            .into_iter()
            .chain(&request.physical_id);
        match ids.map(|id| id.len()).sum::<usize>() {
            length if length > MOST_IDS => {
                Err(request_error("its ids are longer than any".to_owned()))
            }
            _ => Ok(Some(request)),
        }
    }

    /// Returns the `bootstrap` event that claims the cluster.
    ///
    /// # Errors
    /// Class `Usage`: a property is unknown, or of another form.
    pub(super) fn to_bootstrap_event(&self) -> Result<Map<String, Value>> {
        let mut event = Map::new();
        event.insert("command".to_owned(), "bootstrap".into());
        for (name, value) in &self.properties {
            let known = PROPERTIES.iter().find(|(known, ..)| known == name);
            let Some((_, member, form)) = known else {
                return Err(unknown_property_error(name));
            };
            let value = match form {
                PropertyForm::Own => continue,
                PropertyForm::AsItIs => value.clone(),
                PropertyForm::Flag => Value::Bool(read_flag(name, value)?),
            };
            event.insert((*member).to_owned(), value);
        }
        Ok(event)
    }

    /// Returns the time that the stack gives the resource, where it says so.
    pub(super) fn service_timeout(&self) -> Option<Duration> {
        let seconds = match self.properties.get("ServiceTimeout")? {
            Value::Number(number) => number.as_u64(),
            other => other.as_str().and_then(|text| text.parse().ok()),
        };
        seconds
            .filter(|seconds| (1..=MOST_TIMEOUT).contains(seconds))
            .map(Duration::from_secs)
    }

    /// Returns the id of a resource that was not made. Its deletion does nothing, like any other's.
    pub(super) fn unclaimed_id(&self) -> String {
        let cluster = self.properties.get("ClusterId").and_then(Value::as_str);
        match cluster.and_then(|text| text.parse::<ClusterName>().ok()) {
            Some(name) => format!("{}/not-claimed", name.id),
            None => "hsmboot/not-claimed".to_owned(),
        }
    }
}

fn read_action(text: &str) -> Result<StackAction> {
    match text {
        "Create" => Ok(StackAction::Create),
        "Update" => Ok(StackAction::Update),
        "Delete" => Ok(StackAction::Delete),
        other => Err(
            request_error(format!("its `RequestType` is `{}`", shown_text(other)))
                .with_fact(FactName::Member, "RequestType")
                .with_fact(FactName::Found, other),
        ),
    }
}

fn read_flag(name: &str, value: &Value) -> Result<bool> {
    match value {
        Value::Bool(flag) => return Ok(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => return Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => return Ok(false),
        _ => {}
    }
    Err(Error::new(
        ErrorKind::Usage,
        format!("the property `{name}` is neither true nor false"),
        format!("write `{name}: true`, or leave it out"),
    )
    .with_fact(FactName::Member, name))
}

fn request_error(message: String) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("a request of a stack that cannot be answered: {message}"),
        "CloudFormation sends it, where the function is a custom resource's `ServiceToken`",
    )
}

fn unknown_property_error(name: &str) -> Error {
    let known: Vec<&str> = PROPERTIES.iter().map(|(known, ..)| *known).collect();
    Error::new(
        ErrorKind::Usage,
        format!(
            "Custom::HsmbootClaim has no property `{}`",
            shown_text(name)
        ),
        format!("it has: {}", known.join(", ")),
    )
    .with_fact(FactName::Member, name)
    .with_fact(FactName::Allowed, known)
}
