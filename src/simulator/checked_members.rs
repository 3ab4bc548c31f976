//! What the members of a request may be, and the members of one that has been checked.

use serde_json::{Map, Value};

use super::choices::CHOSEN_MEMBERS;
use super::filters::Filters;
use super::json_protocol::ApiError;
use super::limits::{
    RETENTION_DAYS, RETENTION_TYPE, RETENTION_VALUE, TextConstraint, violation_error,
};
use super::members::{RequestMembers, missing_error};
use super::reference::Reference;
use super::tag_lists::{Tags, tag_key_list, tag_list};

/// A member of an action's request.
pub(super) struct ApiMember {
    pub(super) name: &'static str,
    pub(super) required: bool,
    /// The only edition that has it so; `None`: both.
    pub(super) only: Option<Reference>,
    pub(super) rule: MemberRule,
}

/// What a member may be.
pub(super) enum MemberRule {
    Text(&'static TextConstraint),
    /// A list of strings with its number of items.
    Texts((usize, usize), &'static TextConstraint),
    Integer((u64, u64)),
    Boolean,
    /// BackupRetentionPolicy.
    Retention,
    Tags,
    TagKeys,
    /// The names that the action documents, and the greatest number of entries.
    Filters(fn() -> Vec<&'static str>, usize),
    /// Every member of [`CHOSEN_MEMBERS`], in its order.
    Chosen,
}

/// The value of a member.
enum MemberValue<'a> {
    Text(&'a str),
    Texts(Vec<&'a str>),
    Integer(u64),
    Boolean(bool),
    Retention(u16),
    Tags(Tags),
    Filters(Filters<'a>),
}

/// The members of a request, all of which meet their rules. A member that the edition lacks is not
/// among them: the service ignores it.
pub(super) struct CheckedMembers<'a>(Vec<(&'static str, MemberValue<'a>)>);

impl<'a> CheckedMembers<'a> {
    /// Reads the members of a request in the order of their rules: the first that breaks one is
    /// the one that the answer names.
    pub(super) fn read<'r>(
        request: &'a Map<String, Value>,
        rules: impl IntoIterator<Item = &'r ApiMember>,
        reference: Reference,
    ) -> Result<Self, ApiError> {
        let request = RequestMembers::new(request);
        let mut checked = Self(Vec::new());
        for member in rules {
            if member.only.is_none_or(|only| only == reference) {
                checked.read_member(&request, member)?;
            }
        }
        Ok(checked)
    }

    fn read_member(
        &mut self,
        request: &RequestMembers<'a>,
        member: &ApiMember,
    ) -> Result<(), ApiError> {
        let name = member.name;
        let value = match member.rule {
            MemberRule::Text(rule) => request.optional_text(name, rule)?.map(MemberValue::Text),
            MemberRule::Texts(bounds, rule) => request
                .optional_texts(name, bounds, rule)?
                .map(MemberValue::Texts),
            MemberRule::Integer(range) => request
                .optional_integer(name, range)?
                .map(MemberValue::Integer),
            MemberRule::Boolean => request.optional_boolean(name)?.map(MemberValue::Boolean),
            MemberRule::Retention => read_retention(name, request)?.map(MemberValue::Retention),
            MemberRule::Tags => tag_list(request)?.map(MemberValue::Tags),
            MemberRule::TagKeys => tag_key_list(request)?.map(MemberValue::Texts),
            MemberRule::Filters(known, most) => Some(MemberValue::Filters(Filters::read(
                request,
                &known(),
                most,
            )?)),
            MemberRule::Chosen => {
                for chosen in CHOSEN_MEMBERS {
                    let value = request.optional_text(chosen.name, chosen.rule)?;
                    self.0
                        .extend(value.map(|text| (chosen.name, MemberValue::Text(text))));
                }
                None
            }
        };
        match value {
            Some(value) => self.0.push((name, value)),
            None if member.required => return Err(missing_error(name)),
            None => {}
        }
        Ok(())
    }

    fn get<'s, T>(
        &'s self,
        name: &str,
        pick: impl Fn(&'s MemberValue<'a>) -> Option<T>,
    ) -> Option<T> {
        self.0
            .iter()
            .find_map(|(known, value)| (*known == name).then(|| pick(value)).flatten())
    }

    /// Returns a string.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name, |value| match value {
            MemberValue::Text(text) => Some(*text),
            _ => None,
        })
    }

    /// Returns a string that has to be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name).ok_or_else(|| missing_error(name))
    }

    /// Returns a list of strings that has to be there.
    pub(super) fn texts(&self, name: &str) -> Result<&[&'a str], ApiError> {
        self.get(name, |value| match value {
            MemberValue::Texts(texts) => Some(texts.as_slice()),
            _ => None,
        })
        .ok_or_else(|| missing_error(name))
    }

    /// Returns a number.
    pub(super) fn integer(&self, name: &str) -> Option<u64> {
        self.get(name, |value| match value {
            MemberValue::Integer(number) => Some(*number),
            _ => None,
        })
    }

    /// Returns a truth value.
    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        self.get(name, |value| match value {
            MemberValue::Boolean(truth) => Some(*truth),
            _ => None,
        })
    }

    /// Returns the days of a retention policy.
    pub(super) fn retention_days(&self, name: &str) -> Option<u16> {
        self.get(name, |value| match value {
            MemberValue::Retention(days) => Some(*days),
            _ => None,
        })
    }

    /// Returns a list of tags.
    pub(super) fn tags(&self, name: &str) -> Option<Tags> {
        self.get(name, |value| match value {
            MemberValue::Tags(tags) => Some(tags.clone()),
            _ => None,
        })
    }

    /// Returns filters. Without any, every item passes.
    pub(super) fn filters(&self, name: &str) -> Filters<'a> {
        self.get(name, |value| match value {
            MemberValue::Filters(filters) => Some(filters.clone()),
            _ => None,
        })
        .unwrap_or_default()
    }
}

/// Reads BackupRetentionPolicy.
fn read_retention(name: &str, members: &RequestMembers<'_>) -> Result<Option<u16>, ApiError> {
    let Some(policy) = members.optional_object(name)? else {
        return Ok(None);
    };
    policy.required_text("Type", &RETENTION_TYPE)?;
    let value = policy.required_text("Value", &RETENTION_VALUE)?;
    let (least, most) = RETENTION_DAYS;
    let in_range = value
        .parse()
        .ok()
        .filter(|days| (least..=most).contains(days));
    let outside = || {
        violation_error(
            value,
            "BackupRetentionPolicy.Value",
            &format!("Member must have value between {least} and {most}"),
        )
    };
    in_range.ok_or_else(outside).map(Some)
}
