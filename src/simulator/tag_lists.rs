//! `TagList` and `TagKeyList`, of any action.

use super::json_protocol::ApiError;
use super::limits::{TAG_KEY, TAG_KEYS, TAG_VALUE, TAGS};
use super::members::RequestMembers;

/// Keys and values, in the order in which they came.
pub(super) type Tags = Vec<(String, String)>;

/// Reads `TagList`. A key may come only once, as nobody could say which of two
/// values holds.
pub(super) fn tag_list(members: &RequestMembers<'_>) -> Result<Option<Tags>, ApiError> {
    let Some(items) = members.optional_list("TagList", TAGS)? else {
        return Ok(None);
    };
    let mut tags = Tags::new();
    for (index, item) in items.iter().enumerate() {
        let tag = RequestMembers::from_value(item, format!("TagList.{}.member", index + 1))?;
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

/// Reads `TagKeyList`.
pub(super) fn tag_key_list<'a>(
    members: &RequestMembers<'a>,
) -> Result<Option<Vec<&'a str>>, ApiError> {
    let keys = members.optional_texts("TagKeyList", TAG_KEYS, &TAG_KEY)?;
    for key in keys.iter().flatten() {
        check_not_reserved(key)?;
    }
    Ok(keys)
}
