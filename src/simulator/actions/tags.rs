//! ListTags, TagResource and UntagResource, on clusters and backups.

use serde_json::{Value, json};

use super::super::checked_members::CheckedMembers;
use super::super::json_protocol::ApiError;
use super::super::limits::MAX_TAG_RESULTS;
use super::super::state::{SimulatedBackupState, SimulatedClusterState};
use super::super::tag_lists::Tags;
use super::ActionContext;
use super::forms::{put_member, tags_json};
use super::pages::PageRequest;

/// The most tags that a resource can have (User Guide, "Tagging resources"; `TagList`: at most 50
/// items).
const MOST_TAGS: usize = 50;

pub(crate) fn list_tags(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("ResourceId")?;
    let page = PageRequest::read(members, context, "ListTags", MAX_TAG_RESULTS, id);
    let after = page.previous_end()?.map_or(0, u64::from_be_bytes);

    let tags = find_resource(id, context)?.tags;
    let skipped = usize::try_from(after).unwrap_or(usize::MAX);
    let shown: Vec<_> = tags.iter().skip(skipped).take(page.size).cloned().collect();
    // Where any is shown, fewer are skipped than there are.
    let last = skipped + shown.len();
    let mut answer = json!({ "TagList": tags_json(&shown) });
    if last < tags.len() {
        let end = u64::try_from(last).unwrap_or(u64::MAX);
        put_member(&mut answer, "NextToken", page.next_token(end.to_be_bytes()));
    }
    Ok(answer)
}

/// "Adds or overwrites one or more tags": all of them, or none.
pub(crate) fn tag_resource(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("ResourceId")?;
    let new = members.tags("TagList").unwrap_or_default();

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
pub(crate) fn untag_resource(
    members: &CheckedMembers<'_>,
    context: &mut ActionContext<'_>,
) -> Result<Value, ApiError> {
    let id = members.required_text("ResourceId")?;
    let keys = members.texts("TagKeyList")?;

    let tags = find_resource(id, context)?.into_changeable_tags()?;
    tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    Ok(Value::Null)
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
    if id.starts_with("backup-") {
        let backup = context.find_backup(id)?;
        return Ok(TaggedResource {
            id,
            deleted: backup.state == SimulatedBackupState::Deleted,
            tags: &mut backup.tags,
        });
    }
    let cluster = context.find_cluster(id)?;
    Ok(TaggedResource {
        id,
        deleted: cluster.state == SimulatedClusterState::Deleted,
        tags: &mut cluster.tags,
    })
}
