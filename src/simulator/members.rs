//! Reading the members of a request, each under its rule from `limits`.
//!
//! A member of another JSON type than the API's is no constraint's matter: the request cannot be
//! read, and the answer is a SerializationException, as with every AWS JSON service.

use serde_json::{Map, Value};

use super::json_protocol::ApiError;
use super::limits::{Text, violation};

/// The members of a request, read one by one. A member that is `null` is absent, as AWS has it.
pub(super) struct Members<'a> {
    members: &'a Map<String, Value>,
    /// Before each name in messages: `TagList.1.member.` and the like.
    path: String,
}

impl<'a> Members<'a> {
    pub(super) fn new(members: &'a Map<String, Value>) -> Self {
        Self {
            members,
            path: String::new(),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn at(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// A string that may be absent.
    pub(super) fn text(&self, name: &str, rule: &Text) -> Result<Option<&'a str>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| mistyped(&self.at(name), value, "a string"))?;
        rule.judge(&self.at(name), text)?;
        Ok(Some(text))
    }

    /// A string that may not.
    pub(super) fn required(&self, name: &str, rule: &Text) -> Result<&'a str, ApiError> {
        self.text(name, rule)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn missing(&self, name: &str) -> ApiError {
        ApiError::invalid(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member \
             must not be null",
            self.at(name)
        ))
    }

    /// An integer within a range.
    pub(super) fn integer(
        &self,
        name: &str,
        (least, most): (u64, u64),
    ) -> Result<Option<u64>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if !value.is_i64() && !value.is_u64() {
            return Err(mistyped(&self.at(name), value, "an integer"));
        }
        // A negative number is below every range here.
        let number = value.as_u64().unwrap_or(0);
        let shown = value.to_string();
        if number < least || value.as_u64().is_none() {
            return Err(violation(
                &shown,
                &self.at(name),
                &format!("Member must have value greater than or equal to {least}"),
            ));
        }
        if number > most {
            return Err(violation(
                &shown,
                &self.at(name),
                &format!("Member must have value less than or equal to {most}"),
            ));
        }
        Ok(Some(number))
    }

    /// A boolean.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_bool()
            .map(Some)
            .ok_or_else(|| mistyped(&self.at(name), value, "a boolean"))
    }

    /// A list with a number of items within bounds.
    pub(super) fn list(
        &self,
        name: &str,
        (fewest, most): (usize, usize),
    ) -> Result<Option<&'a Vec<Value>>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let items = value
            .as_array()
            .ok_or_else(|| mistyped(&self.at(name), value, "a list"))?;
        let shown = format!("({} items)", items.len());
        if items.len() < fewest {
            return Err(violation(
                &shown,
                &self.at(name),
                &format!("Member must have length greater than or equal to {fewest}"),
            ));
        }
        if items.len() > most {
            return Err(violation(
                &shown,
                &self.at(name),
                &format!("Member must have length less than or equal to {most}"),
            ));
        }
        Ok(Some(items))
    }

    /// A list of strings under one rule.
    pub(super) fn texts(
        &self,
        name: &str,
        bounds: (usize, usize),
        rule: &Text,
    ) -> Result<Option<Vec<&'a str>>, ApiError> {
        let Some(items) = self.list(name, bounds)? else {
            return Ok(None);
        };
        let each = items.iter().enumerate().map(|(index, item)| {
            let path = format!("{}.{}.member", self.at(name), index.saturating_add(1));
            let text = item
                .as_str()
                .ok_or_else(|| mistyped(&path, item, "a string"))?;
            rule.judge(&path, text)?;
            Ok(text)
        });
        each.collect::<Result<_, _>>().map(Some)
    }

    /// A structure or map inside the request.
    pub(super) fn object(&self, name: &str) -> Result<Option<Members<'a>>, ApiError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        Members::of(value, self.at(name)).map(Some)
    }

    pub(super) fn of(value: &'a Value, path: String) -> Result<Self, ApiError> {
        let members = value
            .as_object()
            .ok_or_else(|| mistyped(&path, value, "an object"))?;
        Ok(Self {
            members,
            path: format!("{path}."),
        })
    }

    /// The entries of a map, absent ones left out.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name.as_str())
    }
}

/// A member of another JSON type is no constraint's matter: it could not be read at all.
fn mistyped(parameter: &str, value: &Value, wanted: &str) -> ApiError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    ApiError::serialization(format!("'{parameter}' is {found}, expected {wanted}"))
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
        let members = Members::new(&members);
        assert_eq!(
            members.required("ClusterId", &CLUSTER_ID).unwrap_err().kind,
            "SerializationException"
        );
        assert_eq!(
            members.integer("MaxResults", MAX_RESULTS).unwrap_err().kind,
            "SerializationException"
        );
        assert_eq!(
            members.integer("N", MAX_RESULTS).unwrap_err().kind,
            "CloudHsmInvalidRequestException"
        );
        assert_eq!(members.text("Z", &CLUSTER_ID).unwrap(), None);
    }
}
