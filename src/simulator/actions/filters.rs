//! `Filters`, as DescribeClusters and DescribeBackups take them.

use super::super::json_protocol::ApiError;
use super::super::limits::{FILTER_NAME, Text, violation};
use super::super::members::Members;
use super::super::reference::Reference;

/// A thing is shown if each filter names something of it. Values are plain strings in the
/// reference, so one that names nothing is no error.
pub(super) struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    /// `known`: the names of the call's filters.
    pub(super) fn read(
        members: &Members<'a>,
        known: &[&str],
        reference: Reference,
    ) -> Result<Self, ApiError> {
        let Some(filters) = members.object("Filters")? else {
            return Ok(Self(Vec::new()));
        };
        let any_text = Text::any();
        let (entries, most) = (filters.names().count(), reference.filters());
        if entries > most {
            return Err(violation(
                &format!("({entries} entries)"),
                "Filters",
                &format!("Member must have length less than or equal to {most}"),
            ));
        }
        let mut read = Vec::new();
        for name in filters.names() {
            FILTER_NAME.judge("Filters", name)?;
            if !known.contains(&name) {
                return Err(violation(
                    name,
                    "Filters",
                    &format!("Map keys must be one of {}", known.join(", ")),
                ));
            }
            read.push((
                name,
                filters
                    .texts(name, (0, usize::MAX), &any_text)?
                    .unwrap_or_default(),
            ));
        }
        Ok(Self(read))
    }

    /// `fits`: whether the thing has that value of the filter of that name.
    pub(super) fn allow(&self, fits: impl Fn(&str, &str) -> bool) -> bool {
        self.0
            .iter()
            .all(|(name, values)| values.iter().any(|value| fits(name, value)))
    }

    /// One form for equal filters, to bind a token to them.
    pub(super) fn text(&self) -> String {
        let mut parts: Vec<String> = self
            .0
            .iter()
            .map(|(name, values)| format!("{name}={values:?}"))
            .collect();
        parts.sort();
        parts.join("&")
    }
}
