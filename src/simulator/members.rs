//! Reading the members of a request, each under its rule from `limits`.
//!
//! A member of another JSON type than the API's breaks no constraint: the request cannot be read,
//! and the answer is a SerializationException, as with every AWS JSON service.

use serde_json::{Map, Value};

use super::json_protocol::ApiError;
use super::limits::{TextConstraint, violation_error};

/// The members of a request, read one by one. A member that is `null` counts as absent, as with
/// AWS.
pub(super) struct RequestMembers<'a> {
    members: &'a Map<String, Value>,
    /// The text before each name in messages, such as `TagList.1.member.`.
    path: String,
}

impl<'a> RequestMembers<'a> {
    pub(super) fn new(members: &'a Map<String, Value>) -> Self {
        Self {
            members,
            path: String::new(),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// Returns a string that may be absent.
    pub(super) fn optional_text(
        &self,
        name: &str,
        rule: &TextConstraint,
    ) -> Result<Option<&'a str>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| mistyped_error(&self.path_of(name), value, "a string"))?;
        rule.check_value(&self.path_of(name), text)?;
        Ok(Some(text))
    }

    /// Returns a string that must be there.
    pub(super) fn required_text(
        &self,
        name: &str,
        rule: &TextConstraint,
    ) -> Result<&'a str, ApiError> {
        self.optional_text(name, rule)?
            .ok_or_else(|| missing_error(&self.path_of(name)))
    }

    /// Returns an integer within a range.
    pub(super) fn optional_integer(
        &self,
        name: &str,
        (least, most): (u64, u64),
    ) -> Result<Option<u64>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if !value.is_i64() && !value.is_u64() {
            return Err(mistyped_error(&self.path_of(name), value, "an integer"));
        }
        // A negative number is below every range here.
        let number = value.as_u64().unwrap_or(0);
        let shown = value.to_string();
        if number < least || value.as_u64().is_none() {
            return Err(violation_error(
                &shown,
                &self.path_of(name),
                &format!("Member must have value greater than or equal to {least}"),
            ));
        }
        if number > most {
            return Err(violation_error(
                &shown,
                &self.path_of(name),
                &format!("Member must have value less than or equal to {most}"),
            ));
        }
        Ok(Some(number))
    }

    /// Returns a boolean.
    pub(super) fn optional_boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_bool()
            .map(Some)
            .ok_or_else(|| mistyped_error(&self.path_of(name), value, "a boolean"))
    }

    /// Returns a list whose number of items lies within bounds.
    pub(super) fn optional_list(
        &self,
        name: &str,
        (fewest, most): (usize, usize),
    ) -> Result<Option<&'a Vec<Value>>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let items = value
            .as_array()
            .ok_or_else(|| mistyped_error(&self.path_of(name), value, "a list"))?;
        let shown = format!("({} items)", items.len());
        if items.len() < fewest {
            return Err(violation_error(
                &shown,
                &self.path_of(name),
                &format!("Member must have length greater than or equal to {fewest}"),
            ));
        }
        if items.len() > most {
            return Err(violation_error(
                &shown,
                &self.path_of(name),
                &format!("Member must have length less than or equal to {most}"),
            ));
        }
        Ok(Some(items))
    }

    /// Returns a list of strings under one rule.
    pub(super) fn optional_texts(
        &self,
        name: &str,
        bounds: (usize, usize),
        rule: &TextConstraint,
    ) -> Result<Option<Vec<&'a str>>, ApiError> {
        let Some(items) = self.optional_list(name, bounds)? else {
            return Ok(None);
        };
        let each = items.iter().enumerate().map(|(index, item)| {
            let path = format!("{}.{}.member", self.path_of(name), index + 1);
            let text = item
                .as_str()
                .ok_or_else(|| mistyped_error(&path, item, "a string"))?;
            rule.check_value(&path, text)?;
            Ok(text)
        });
        each.collect::<Result<_, _>>().map(Some)
    }

    /// Returns a structure or map inside the request.
    pub(super) fn optional_object(
        &self,
        name: &str,
    ) -> Result<Option<RequestMembers<'a>>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        RequestMembers::from_value(value, self.path_of(name)).map(Some)
    }

    pub(super) fn from_value(value: &'a Value, path: String) -> Result<Self, ApiError> {
        let members = value
            .as_object()
            .ok_or_else(|| mistyped_error(&path, value, "an object"))?;
        Ok(Self {
            members,
            path: format!("{path}."),
        })
    }

    /// Returns the names of a map's entries, absent ones left out.
    pub(super) fn entry_names(&self) -> impl Iterator<Item = &'a str> {
        self.members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name.as_str())
    }
}

/// Makes the error for a member that has to be there.
pub(super) fn missing_error(parameter: &str) -> ApiError {
    ApiError::invalid_request(format!(
        "1 validation error detected: Value null at '{parameter}' failed to satisfy constraint: \
         Member must not be null"
    ))
}

/// Makes the error for a member of another JSON type. It breaks no constraint: it could not be read
/// at all.
fn mistyped_error(parameter: &str, value: &Value, wanted: &str) -> ApiError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    ApiError::serialization_error(format!("'{parameter}' is {found}, expected {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::super::limits::{CLUSTER_ID, MAX_RESULTS};
    use super::*;

    #[test]
    fn another_json_type_cannot_be_read() {
        let members: Map<String, Value> =
            serde_json::from_str(r#"{"ClusterId": 5, "MaxResults": "10", "N": -1, "Z": null}"#)
                .unwrap();
        let members = RequestMembers::new(&members);
        assert_eq!(
            members
                .required_text("ClusterId", &CLUSTER_ID)
                .unwrap_err()
                .kind,
            "SerializationException"
        );
        assert_eq!(
            members
                .optional_integer("MaxResults", MAX_RESULTS)
                .unwrap_err()
                .kind,
            "SerializationException"
        );
        assert_eq!(
            members.optional_integer("N", MAX_RESULTS).unwrap_err().kind,
            "CloudHsmInvalidRequestException"
        );
        assert_eq!(members.optional_text("Z", &CLUSTER_ID).unwrap(), None);
    }
}
