//! ListTags, TagResource and UntagResource, on clusters and backups.

use serde_json::{Value, json};

use super::super::json_protocol::ApiError;
use super::super::limits::{
    MAX_TAG_RESULTS, NEXT_TOKEN, RESOURCE_ID, TAG_KEY, TAG_KEYS, TAG_VALUE, TAGS,
};
use super::super::members::RequestMembers;
use super::super::state::{SimulatedBackupState, SimulatedClusterState};
use super::forms::{put_member, tags_json};
use super::{ActionContext, no_such_cluster};

/// Keys and values, in the order in which they came.
pub(super) type Tags = Vec<(String, String)>;

/// The most tags that a resource can have (User Guide, "Tagging resources"; `TagList`: at most 50
/// items).
const MOST_TAGS: usize = 50;

pub(super) fn list_tags(
    members: &RequestMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("ResourceId", &RESOURCE_ID)?;
    let (_, most) = MAX_TAG_RESULTS;
    let page = members
        .optional_integer("MaxResults", MAX_TAG_RESULTS)?
        .unwrap_or(most);
    let token = members
        .optional_text("NextToken", &NEXT_TOKEN)?
        .filter(|token| !token.is_empty());
    let tokens = context.tokens;
    let call = format!(
        "ListTags/{}/{}/{id}",
        context.place.account, context.place.region
    );
    let after = token
        .map(|token| tokens.open_number(token, &call))
        .transpose()?
        .unwrap_or(0);

    let tags = find_resource(id, context)?.tags;
    let (skipped, taken) = (
        usize::try_from(after).unwrap_or(usize::MAX),
        usize::try_from(page).unwrap_or(usize::MAX),
    );
    let shown: Vec<_> = tags.iter().skip(skipped).take(taken).cloned().collect();
    let last = skipped.saturating_add(shown.len());
    let mut answer = json!({ "TagList": tags_json(&shown) });
    if last < tags.len() {
        put_member(
            &mut answer,
            "NextToken",
            tokens.seal_number(u64::try_from(last).unwrap_or(u64::MAX), &call),
        );
    }
    Ok(answer)
}

/// "Adds or overwrites one or more tags": all of them, or none.
pub(super) fn tag_resource(
    members: &RequestMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("ResourceId", &RESOURCE_ID)?;
    let new = tag_list(members)?.ok_or_else(|| members.missing_error("TagList"))?;

    let reference = context.reference;
    let tags = find_resource(id, context)?.into_changeable_tags()?;
    let mut merged = tags.clone();
    for (key, value) in new {
        match merged.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = value,
            None => merged.push((key, value)),
        }
    }
    if merged.len() > MOST_TAGS {
        let message = format!(
            "'{id}' would have {} tags; a resource has at most {MOST_TAGS}.",
            merged.len()
        );
        return Err(if reference.is_later() {
            ApiError::limit_exceeded(message)
        } else {
            ApiError::invalid_tag(message)
        });
    }
    *tags = merged;
    Ok(Value::Null)
}

/// Removes tags. A key that the resource does not have is no error.
pub(super) fn untag_resource(
    members: &RequestMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("ResourceId", &RESOURCE_ID)?;
    let keys = members
        .optional_texts("TagKeyList", TAG_KEYS, &TAG_KEY)?
        .ok_or_else(|| members.missing_error("TagKeyList"))?;
    for key in &keys {
        check_not_reserved(key)?;
    }

    let tags = find_resource(id, context)?.into_changeable_tags()?;
    tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    Ok(Value::Null)
}

/// Reads `TagList`, of any action. A key may come only once, as nobody could say which of two
/// values holds.
pub(super) fn tag_list(members: &RequestMembers<'_>) -> Result<Option<Tags>, ApiError> {
    let Some(items) = members.optional_list("TagList", TAGS)? else {
        return Ok(None);
    };
    let mut tags = Tags::new();
    for (index, item) in items.iter().enumerate() {
        let tag = RequestMembers::from_value(
            item,
            format!("TagList.{}.member", index.saturating_add(1)),
        )?;
        let (key, value) = (
            tag.required_text("Key", &TAG_KEY)?,
            tag.required_text("Value", &TAG_VALUE)?,
        );
        check_not_reserved(key)?;
        if tags.iter().any(|(other, _)| other == key) {
            return Err(ApiError::invalid_tag(format!(
                "TagList names the key '{key}' more than once."
            )));
        }
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(Some(tags))
}

/// Checks that a key is not reserved. Only AWS sets and removes keys that begin with `aws:`,
/// however they are capitalised (Tagging AWS Resources User Guide, "Tag naming limits and
/// requirements"). The API Reference of CloudHSM does not name the error.
fn check_not_reserved(key: &str) -> Result<(), ApiError> {
    let reserved = key
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"));
    if reserved {
        Err(ApiError::invalid_tag(format!(
            "The tag key '{key}' begins with 'aws:', which is reserved for AWS."
        )))
    } else {
        Ok(())
    }
}

/// A resource that has tags.
struct TaggedResource<'a> {
    id: &'a str,
    tags: &'a mut Tags,
    deleted: bool,
}

impl<'a> TaggedResource<'a> {
    fn into_changeable_tags(self) -> Result<&'a mut Tags, ApiError> {
        if self.deleted {
            return Err(ApiError::invalid_request(format!(
                "'{}' is DELETED: its tags cannot be changed.",
                self.id
            )));
        }
        Ok(self.tags)
    }
}

fn find_resource<'a>(
    id: &'a str,
    context: &'a mut ActionContext<'_>,
) -> Result<TaggedResource<'a>, ApiError> {
    let identify = context.identify();
    let region = context.world.region_at(context.place);
    if id.starts_with("backup-") {
        let backup = region
            .find_backup(id, context.clock, &identify)
            .ok_or_else(|| super::no_such_backup(id))?;
        return Ok(TaggedResource {
            id,
            deleted: backup.state == SimulatedBackupState::Deleted,
            tags: &mut backup.tags,
        });
    }
    let cluster = region
        .find_cluster(id, context.clock, &identify)
        .ok_or_else(|| no_such_cluster(id))?;
    Ok(TaggedResource {
        id,
        deleted: cluster.state == SimulatedClusterState::Deleted,
        tags: &mut cluster.tags,
    })
}
