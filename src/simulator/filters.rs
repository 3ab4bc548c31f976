//! `Filters` of DescribeClusters and DescribeBackups.

use super::json_protocol::ApiError;
use super::limits::{FILTER_NAME, TextConstraint, violation_error};
use super::members::RequestMembers;

/// A filter: its name, and the function that tells whether an item has a value of it.
pub(super) type FilterRow<T> = (&'static str, fn(&T, &str) -> bool);

/// Returns the names of a table's filters.
pub(super) fn filter_names<T>(table: &[FilterRow<T>]) -> Vec<&'static str> {
    table.iter().map(|(name, _)| *name).collect()
}

/// The filters of a call. An item is shown if each filter names a value of it. Values are plain
/// strings in the reference, so one that names nothing is no error.
#[derive(Clone, Default)]
pub(super) struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    /// Reads the filters. `known` has the names of the call's filters, and `most` is their greatest
    /// number.
    pub(super) fn read(
        members: &RequestMembers<'a>,
        known: &[&str],
        most: usize,
    ) -> Result<Self, ApiError> {
        let Some(filters) = members.optional_object("Filters")? else {
            return Ok(Self(Vec::new()));
        };
        let any_text = TextConstraint::unconstrained_text();
        let entries = filters.entry_names().count();
        if entries > most {
            return Err(violation_error(
                &format!("({entries} entries)"),
                "Filters",
                &format!("Member must have length less than or equal to {most}"),
            ));
        }
        let mut read = Vec::new();
        for name in filters.entry_names() {
            FILTER_NAME.check_value("Filters", name)?;
            if !known.contains(&name) {
                return Err(violation_error(
                    name,
                    "Filters",
                    &format!("Map keys must be one of {}", known.join(", ")),
                ));
            }
            read.push((
                name,
                filters
                    .optional_texts(name, (0, usize::MAX), &any_text)?
                    .unwrap_or_default(),
            ));
        }
        Ok(Self(read))
    }

    /// Tells whether an item passes all filters.
    pub(super) fn match_item<T>(&self, table: &[FilterRow<T>], item: &T) -> bool {
        self.0.iter().all(|(name, values)| {
            let row = table.iter().find(|(known, _)| known == name);
            row.is_some_and(|(_, fits)| values.iter().any(|value| fits(item, value)))
        })
    }

    /// Returns one form for equal filters, so that a token can be bound to them.
    pub(super) fn canonical_text(&self) -> String {
        let mut parts: Vec<String> = self
            .0
            .iter()
            .map(|(name, values)| format!("{name}={values:?}"))
            .collect();
        parts.sort();
        parts.join("&")
    }
}
