//! What is chosen for a cluster when it is created, for good, and only passed on: members of
//! CreateCluster. One row each, from which the option, its check, what is sent and shown, and what
//! `creation.json` remembers come. Mode is none of them: it decides more.

use std::collections::BTreeMap;

use super::limits::MemberLimit;
use crate::generation::GenerationFacts;
use crate::outside::OutsideText;

/// A member of CreateCluster that is chosen once.
#[derive(Debug)]
pub struct ClusterChoice {
    /// The name in documents and `creation.json`.
    pub key: &'static str,
    /// The option, without the dashes before it.
    pub option: &'static str,
    /// The option's help.
    pub help: &'static str,
    /// The word for it in the notice before a cluster is created, at most eight letters.
    pub label: &'static str,
    /// The words for it in sentences.
    pub words: &'static str,
    /// The values that can be asked for.
    pub form: ChoiceForm,
    /// The service's value where none is named, if it has one.
    pub default: Option<&'static str>,
    /// What a type has that has no other value.
    pub default_words: &'static str,
    /// Tells whether the HSMs of a generation have every value.
    pub has_all_values: fn(&GenerationFacts) -> bool,
}

/// The form of a member's values.
#[derive(Debug)]
pub enum ChoiceForm {
    /// One of a few.
    Listed(&'static [ChoiceValue]),
    /// Any text within a limit.
    Limited {
        /// The limit.
        limit: MemberLimit,
        /// A text within it.
        example: &'static str,
    },
}

impl ChoiceForm {
    /// Returns what the API calls a value of the option, which may be spelled as the API does.
    pub fn api_value<'a>(&self, word: &'a str) -> Option<&'a str> {
        match self {
            ChoiceForm::Listed(values) => values
                .iter()
                .find(|value| {
                    [value.word, value.name]
                        .iter()
                        .any(|it| word.eq_ignore_ascii_case(it))
                })
                .map(|value| value.name),
            ChoiceForm::Limited { .. } => Some(word),
        }
    }

    /// Returns values that the option takes: all of a list, else one.
    pub fn sample_words(&self) -> Vec<&'static str> {
        match self {
            ChoiceForm::Listed(values) => values.iter().map(|value| value.word).collect(),
            ChoiceForm::Limited { example, .. } => vec![example],
        }
    }
}

/// A value that can be asked for.
#[derive(Debug)]
pub struct ChoiceValue {
    /// The name as the API spells it.
    pub name: &'static str,
    /// The name as the option spells it.
    pub word: &'static str,
    /// What it means, in the option's help.
    pub help: &'static str,
}

/// The kinds of addresses that the HSMs have (API 2017-04-28 as of November 2026, `NetworkType`).
/// "The cluster's NetworkType can be IPv4
/// (the default) or DUALSTACK" (API Reference, Cluster): one that says nothing of it has the
/// default.
pub const NETWORK_TYPE: ClusterChoice = ClusterChoice {
    key: "network_type",
    option: "network-type",
    help: "The HSMs' addresses, for good: IPv4, or IPv4 and IPv6 where VPC and subnets have both \
           (the service's default: ipv4)",
    label: "network",
    words: "network type",
    form: ChoiceForm::Listed(&[
        ChoiceValue {
            name: "IPV4",
            word: "ipv4",
            help: "IPv4 alone",
        },
        ChoiceValue {
            name: "DUALSTACK",
            word: "dualstack",
            help: "IPv4 and IPv6",
        },
    ]),
    default: Some("IPV4"),
    default_words: "IPv4 addresses",
    has_all_values: |facts| facts.has_ipv6,
};

/// Every such member.
pub const CLUSTER_CHOICES: &[ClusterChoice] = &[NETWORK_TYPE];

/// The values of a cluster, or of an order for one. They are the service's own where it gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenValues(BTreeMap<&'static str, OutsideText>);

impl ChosenValues {
    /// Adds a value where there is one.
    #[must_use]
    pub fn with_value(mut self, choice: &ClusterChoice, value: Option<&str>) -> Self {
        self.0
            .extend(value.map(|value| (choice.key, OutsideText::from(value))));
        self
    }

    /// Returns the value of a member, if it has one.
    pub fn get(&self, choice: &ClusterChoice) -> Option<&OutsideText> {
        self.0.get(choice.key)
    }

    /// Returns the value that holds: the member's default where none is named.
    pub fn value_or_default<'a>(&'a self, choice: &ClusterChoice) -> Option<&'a str> {
        self.get(choice).map(OutsideText::as_raw).or(choice.default)
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the values that there are.
    pub fn values(&self) -> impl Iterator<Item = &OutsideText> {
        self.0.values()
    }

    /// Returns the values by their names in documents.
    pub fn by_key(&self) -> BTreeMap<String, OutsideText> {
        self.0
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }
}
