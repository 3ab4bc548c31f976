//! The values of an event's members.

use std::path::Path;

use base64ct::{Base64, Encoding};
use serde_json::Value;

use crate::ca::{KeySource, backends_elsewhere};
use crate::cli::lambda::members::EventMember;
use crate::cloudhsm::ClusterName;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;

pub(super) fn usage_error(message: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message.into(), hint.into())
}

pub(super) fn form_error(member: &EventMember, expected: &str) -> Error {
    usage_error(
        format!("the event's `{}` is not {expected}", member.name),
        format!("`{}` is {expected}", member.name),
    )
    .with_fact(FactName::Member, member.name)
    .with_fact(FactName::Expected, expected)
}

pub(super) fn read_text<'a>(member: &EventMember, value: &'a Value) -> Result<&'a str> {
    // An argument ends at a NUL (execve(2)).
    value
        .as_str()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| form_error(member, "a text"))
}

pub(super) fn read_texts<'a>(member: &EventMember, value: &'a Value) -> Result<Vec<&'a str>> {
    match value {
        Value::Array(list) if !list.is_empty() => list
            .iter()
            .map(|one| read_text(member, one))
            .collect::<Result<_>>()
            .map_err(|_| form_error(member, "a list of texts")),
        Value::String(_) => read_text(member, value).map(|text| vec![text]),
        _ => Err(form_error(member, "a text, or a list of texts")),
    }
}

pub(super) fn read_number(member: &EventMember, value: &Value) -> Result<u64> {
    // State machines and templates write numbers as text.
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()
        }
        _ => None,
    };
    number.ok_or_else(|| form_error(member, "a whole number"))
}

pub(super) fn read_cluster(member: &EventMember, value: &Value) -> Result<ClusterName> {
    let text = read_text(member, value)?;
    text.parse().map_err(|fault: String| {
        usage_error(
            format!("the event's `{}`: {}", member.name, shown_text(&fault)),
            "give the cluster's id, cluster-..., or its ARN",
        )
        .with_fact(FactName::Member, member.name)
        .with_fact(FactName::Cause, &fault)
    })
}

pub(super) fn read_bundle(member: &EventMember, value: &Value) -> Result<Vec<u8>> {
    let text = read_text(member, value)?;
    Base64::decode_vec(text.trim()).map_err(|_| {
        Error::new(
            ErrorKind::Malformed,
            "the event's `bundle` is no base64 text",
            "give the one-file bundle as `hsmboot pack` writes it, in base64 (RFC 4648 4) without \
             line breaks: `base64 -w0`",
        )
        .with_fact(FactName::Member, member.name)
    })
}

/// Returns the places where a CA's key is out of the function's reach.
pub(super) fn places_of_key() -> String {
    let schemes: Vec<String> = backends_elsewhere()
        .filter(|backend| backend.in_aws)
        .map(|backend| format!("`ca_key` begins with {}", backend.scheme))
        .collect();
    format!(
        "the CA's key is in AWS KMS ({}), or the CA is AWS Private CA (`ca_arn`)",
        schemes.join(", or ")
    )
}

/// Refuses a key that is not in AWS: a file's key, or a PIN, would have to be in the function.
pub(super) fn check_key_in_aws(member: &EventMember, text: &str) -> Result<()> {
    let in_aws = KeySource::parse(Path::new(text)).is_ok_and(|source| source.is_in_aws());
    if in_aws {
        return Ok(());
    }
    Err(usage_error(
        format!("the event's `{}` is no key in AWS KMS", member.name),
        format!("a function holds no key of a CA: {}", places_of_key()),
    )
    .with_fact(FactName::Member, member.name))
}
