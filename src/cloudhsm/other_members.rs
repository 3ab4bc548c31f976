//! Members of the service's answers that no model knows: a later version of the service may have
//! them. They are kept and shown as they came, and stop nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::outside::OutsideText;

/// The largest number of them that is kept of one structure. The largest that today's model has,
/// `Cluster`, has 18 members in all.
const MOST_MEMBERS: usize = 32;

/// The most characters that are kept of a name. Of a value as many are kept as are shown of any
/// text from outside.
const MOST_OF_NAME: usize = 100;
const MOST_OF_VALUE: usize = 2000;

/// The members of a structure that the model does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherMembers {
    /// The members by name: a string as it came, anything else as its JSON. A member of an inner
    /// structure, such as `Certificates`, has that structure's name and a dot before its own.
    pub members: BTreeMap<OutsideText, OutsideText>,
    /// The number of further ones that were left out.
    pub left_out: usize,
}

impl OtherMembers {
    /// Adds the members of a structure that `is_known` does not know. `inside` names the structure
    /// where it is a member of another.
    ///
    /// A member that is `null` is absent (Smithy, "AWS JSON 1.1 protocol").
    pub fn add(
        &mut self,
        structure: &Map<String, Value>,
        inside: Option<&str>,
        is_known: impl Fn(&str) -> bool,
    ) {
        for (name, value) in structure
            .iter()
            .filter(|(name, value)| !value.is_null() && !is_known(name))
        {
            let name = inside.map_or_else(|| name.clone(), |outer| format!("{outer}.{name}"));
            let name = OutsideText::from(shorten(&name, MOST_OF_NAME));
            if self.members.len() >= MOST_MEMBERS || self.members.contains_key(&name) {
                self.left_out += 1;
                continue;
            }
            let value = value.as_str().map_or_else(
                || shorten(&value.to_string(), MOST_OF_VALUE),
                |text| shorten(text, MOST_OF_VALUE),
            );
            self.members.insert(name, value.into());
        }
    }

    /// Returns one line for each, and one for those that were left out.
    pub fn to_lines(&self) -> Vec<String> {
        let more = (self.left_out > 0).then(|| format!("and {} more", self.left_out));
        self.members
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .chain(more)
            .collect()
    }
}

/// Returns a text's beginning, with an ellipsis where it goes on.
fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn find_others(structure: &Value) -> OtherMembers {
        let mut others = OtherMembers::default();
        others.add(structure.as_object().unwrap(), None, |name| name == "Known");
        others
    }

    #[test]
    fn what_is_not_known_is_kept_as_it_came() {
        let mut found = find_others(&json!({
            "Known": 1, "Text": "a b", "Number": 1.5, "List": [{ "a": null }], "Empty": "",
            "Absent": null,
        }));
        found.add(
            json!({ "Known": 1, "New": true }).as_object().unwrap(),
            Some("Certificates"),
            |name| name == "Known",
        );
        assert_eq!(
            found.to_lines(),
            [
                "Certificates.New=true",
                "Empty=",
                "List=[{\"a\":null}]",
                "Number=1.5",
                "Text=a b"
            ]
        );
        assert_eq!(find_others(&json!({ "Known": 1 })), OtherMembers::default());
    }

    #[test]
    fn what_is_kept_is_bounded_and_says_so() {
        let many: Map<String, Value> = (0..40).map(|n| (format!("M{n:02}"), json!(n))).collect();
        let found = find_others(&Value::Object(many));
        assert_eq!((found.members.len(), found.left_out), (MOST_MEMBERS, 8));
        assert_eq!(
            found.to_lines().last().map(String::as_str),
            Some("and 8 more")
        );
        let long = "é".repeat(5000);
        let found = find_others(
            &json!({ "A": long, "B": [long], format!("{long}1"): 1, format!("{long}2"): 2 }),
        );
        let lengths: Vec<_> = found
            .members
            .iter()
            .map(|(name, value)| {
                (
                    name.as_raw().chars().count(),
                    value.as_raw().chars().count(),
                )
            })
            .collect();
        assert_eq!(
            (lengths, found.left_out),
            (vec![(1, 2001), (1, 2001), (101, 1)], 1)
        );
    }

    #[test]
    fn nothing_of_it_is_obeyed() {
        let found = find_others(&json!({ "N\u{1b}[2J\nFORGED": "v\u{202e}\nFORGED" }));
        assert_eq!(
            found.to_lines(),
            ["N\\u{1b}[2J\\u{a}FORGED=v\\u{202e}\\u{a}FORGED"]
        );
    }
}
