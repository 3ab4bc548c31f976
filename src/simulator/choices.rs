//! What is chosen for a cluster when it is created, for good: the members of CreateCluster that it
//! keeps as they came and shows again. One row each, from which the request's checks, the kept
//! state, the answers and the page come.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::limits::{TextConstraint, listed_constraint};

/// A member that a cluster keeps. All are later than 2022, and hsm1.medium has none of them.
pub(super) struct ChosenMember {
    /// Its name in the API.
    pub(super) name: &'static str,
    /// Its name in the kept state.
    key: &'static str,
    /// Its name on the page.
    label: &'static str,
    pub(super) rule: &'static TextConstraint,
    /// The value of a cluster that nobody chose one for, if it has one. It is also what hsm1.medium
    /// has without saying so, and what its clusters get when they migrate.
    default: Option<&'static str>,
}

/// Every such member, in the order in which a request's are checked.
pub(super) const CHOSEN_MEMBERS: [ChosenMember; 2] = [
    ChosenMember {
        name: "Mode",
        key: "mode",
        label: "Mode",
        rule: &listed_constraint("FIPS, NON_FIPS", |v| ["FIPS", "NON_FIPS"].contains(&v)),
        default: Some("FIPS"),
    },
    // "The default NetworkType is IPV4."
    ChosenMember {
        name: "NetworkType",
        key: "network_type",
        label: "Network type",
        rule: &listed_constraint("IPV4, DUALSTACK", |v| ["IPV4", "DUALSTACK"].contains(&v)),
        default: Some("IPV4"),
    },
];

/// The values that a cluster keeps, in the order of [`CHOSEN_MEMBERS`]. `None` where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeptChoices([Option<String>; CHOSEN_MEMBERS.len()]);

impl KeptChoices {
    /// Keeps what `chosen` gives for each member's name, or the member's default.
    pub(super) fn with_defaults<'a>(chosen: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self(CHOSEN_MEMBERS.map(|member| chosen(member.name).or(member.default).map(str::to_owned)))
    }

    /// Returns the value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.members()
            .find_map(|(member, value)| (member.name == name).then_some(value))
    }

    /// Returns the members that have a value, each with its value.
    fn members(&self) -> impl Iterator<Item = (&'static ChosenMember, &str)> {
        const ALL: &[ChosenMember] = &CHOSEN_MEMBERS;
        ALL.iter()
            .zip(&self.0)
            .filter_map(|(member, value)| Some((member, value.as_deref()?)))
    }

    /// Returns the values by the API's names.
    pub(super) fn by_name(&self) -> BTreeMap<&'static str, &str> {
        self.members()
            .map(|(member, value)| (member.name, value))
            .collect()
    }

    /// Returns the values by the page's names.
    pub(super) fn by_label(&self) -> Vec<(&'static str, &str)> {
        self.members()
            .map(|(member, value)| (member.label, value))
            .collect()
    }
}

impl Serialize for KeptChoices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(CHOSEN_MEMBERS.iter().map(|member| member.key).zip(&self.0))
    }
}

impl<'de> Deserialize<'de> for KeptChoices {
    /// Reads the values by their names in the state. A name that no member has is refused.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut found = BTreeMap::<String, Option<String>>::deserialize(deserializer)?;
        let kept = CHOSEN_MEMBERS.map(|member| found.remove(member.key).flatten());
        match found.first_key_value() {
            None => Ok(Self(kept)),
            Some((name, _)) => Err(D::Error::custom(format!("unknown field `{name}`"))),
        }
    }
}
