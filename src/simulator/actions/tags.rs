//! ListTags, TagResource and UntagResource, on clusters and backups.

use serde_json::{Value, json};

use super::super::json_protocol::ApiError;
use super::super::limits::{
    MAX_TAG_RESULTS, NEXT_TOKEN, RESOURCE_ID, TAG_KEY, TAG_KEYS, TAG_VALUE, TAGS,
};
use super::super::members::Members;
use super::super::state::{BackupState, ClusterState};
use super::forms::{put, tags_json};
use super::{Context, no_such_cluster};

/// Keys and values, in the order in which they came.
pub(super) type Tags = Vec<(String, String)>;

/// A resource has at most this many tags (User Guide, "Tagging resources"; `TagList`: at most 50
/// items).
const MOST_TAGS: usize = 50;

pub(super) fn list_tags(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let id = members.required("ResourceId", &RESOURCE_ID)?;
    let (_, most) = MAX_TAG_RESULTS;
    let page = members
        .integer("MaxResults", MAX_TAG_RESULTS)?
        .unwrap_or(most);
    let token = members
        .text("NextToken", &NEXT_TOKEN)?
        .filter(|token| !token.is_empty());
    let tokens = context.tokens;
    let call = format!(
        "ListTags/{}/{}/{id}",
        context.place.account, context.place.region
    );
    let after = token
        .map(|token| tokens.open(token, &call))
        .transpose()?
        .unwrap_or(0);

    let tags = resource(id, context)?.tags;
    let (skipped, taken) = (
        usize::try_from(after).unwrap_or(usize::MAX),
        usize::try_from(page).unwrap_or(usize::MAX),
    );
    let shown: Vec<_> = tags.iter().skip(skipped).take(taken).cloned().collect();
    let last = skipped.saturating_add(shown.len());
    let mut answer = json!({ "TagList": tags_json(&shown) });
    if last < tags.len() {
        put(
            &mut answer,
            "NextToken",
            tokens.seal(u64::try_from(last).unwrap_or(u64::MAX), &call),
        );
    }
    Ok(answer)
}

/// "Adds or overwrites one or more tags." All of them, or none.
pub(super) fn tag_resource(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let id = members.required("ResourceId", &RESOURCE_ID)?;
    let new = tag_list(members)?.ok_or_else(|| members.missing("TagList"))?;

    let reference = context.reference;
    let tags = resource(id, context)?.changeable()?;
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
            ApiError::tag(message)
        });
    }
    *tags = merged;
    Ok(Value::Null)
}

/// A key that the resource does not have is no error: it is gone, as asked.
pub(super) fn untag_resource(
    members: &Members<'_>,
    context: &mut Context<'_>,
) -> Result<Value, ApiError> {
    let id = members.required("ResourceId", &RESOURCE_ID)?;
    let keys = members
        .texts("TagKeyList", TAG_KEYS, &TAG_KEY)?
        .ok_or_else(|| members.missing("TagKeyList"))?;
    for key in &keys {
        not_reserved(key)?;
    }

    let tags = resource(id, context)?.changeable()?;
    tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    Ok(Value::Null)
}

/// `TagList`, of any action. A key comes once: which of two values would hold, nobody could say.
pub(super) fn tag_list(members: &Members<'_>) -> Result<Option<Tags>, ApiError> {
    let Some(items) = members.list("TagList", TAGS)? else {
        return Ok(None);
    };
    let mut tags = Tags::new();
    for (index, item) in items.iter().enumerate() {
        let tag = Members::of(item, format!("TagList.{}.member", index.saturating_add(1)))?;
        let (key, value) = (
            tag.required("Key", &TAG_KEY)?,
            tag.required("Value", &TAG_VALUE)?,
        );
        not_reserved(key)?;
        if tags.iter().any(|(other, _)| other == key) {
            return Err(ApiError::tag(format!(
                "TagList names the key '{key}' more than once."
            )));
        }
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(Some(tags))
}

/// Keys that begin with `aws:` are AWS's own, to set and to remove, however they are capitalised
/// (Tagging AWS Resources User Guide, "Tag naming limits and requirements"). The API Reference of
/// CloudHSM does not name the error.
fn not_reserved(key: &str) -> Result<(), ApiError> {
    let reserved = key
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"));
    if reserved {
        Err(ApiError::tag(format!(
            "The tag key '{key}' begins with 'aws:', which is reserved for AWS."
        )))
    } else {
        Ok(())
    }
}

/// What has tags.
struct Resource<'a> {
    id: &'a str,
    tags: &'a mut Tags,
    deleted: bool,
}

impl<'a> Resource<'a> {
    fn changeable(self) -> Result<&'a mut Tags, ApiError> {
        if self.deleted {
            return Err(ApiError::invalid(format!(
                "'{}' is DELETED: its tags cannot be changed.",
                self.id
            )));
        }
        Ok(self.tags)
    }
}

fn resource<'a>(id: &'a str, context: &'a mut Context<'_>) -> Result<Resource<'a>, ApiError> {
    let identify = context.identify();
    let region = context.world.region(context.place);
    if id.starts_with("backup-") {
        let backup = region
            .backup(id, context.clock, &identify)
            .ok_or_else(|| super::no_such_backup(id))?;
        return Ok(Resource {
            id,
            deleted: backup.state == BackupState::Deleted,
            tags: &mut backup.tags,
        });
    }
    let cluster = region
        .cluster(id, context.clock, &identify)
        .ok_or_else(|| no_such_cluster(id))?;
    Ok(Resource {
        id,
        deleted: cluster.state == ClusterState::Deleted,
        tags: &mut cluster.tags,
    })
}
