//! The plan as it is told: a row for each cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::bundle::counted_noun;
use crate::cli::fleet::worst_error;
use crate::cli::output::next_lines;
use crate::cli::text::styled_table;
use crate::cli::ui::{CommandOutput, Effect, GREEN, RED, StyledText, YELLOW, with_members};
use crate::cloudhsm::CallPlace;
use crate::error::{Error, Result};
use crate::hint::NextCommand;
use crate::outside::{Lines, OutsideText};
use crate::plan::{ClusterPlan, PlannedAction};

/// The exit code of `--detailed-exitcode` where there is something to do. Terraform has 2 for it,
/// which is a wrong command line here.
const SOMETHING_TO_DO: u8 = 10;

/// One line of the plan.
pub(super) struct Row {
    pub(super) cluster_id: OutsideText,
    pub(super) place: Option<CallPlace>,
    pub(super) tags: BTreeMap<String, String>,
    /// The plan, or the reason why the cluster could not be read.
    pub(super) plan: Result<ClusterPlan>,
    pub(super) next: Option<NextCommand>,
}

impl Row {
    const fn action(&self) -> PlannedAction {
        match &self.plan {
            Ok(plan) => plan.action,
            Err(_) => PlannedAction::Investigate,
        }
    }

    fn region(&self) -> Option<&OutsideText> {
        self.place.as_ref().and_then(|place| place.region.as_ref())
    }

    fn next_command(&self) -> Option<NextCommand> {
        let command = self.next.clone()?;
        Some(command.for_cluster(self.cluster_id.to_string()))
    }

    fn why(&self) -> &Lines {
        match &self.plan {
            Ok(plan) => &plan.why,
            Err(error) => &error.message,
        }
    }

    fn to_document(&self) -> Value {
        let endpoint = self
            .place
            .as_ref()
            .and_then(|place| place.endpoint.as_ref());
        let document = json!({
            "cluster_id": self.cluster_id,
            "region": self.region(),
            "endpoint": endpoint,
            "action": self.action().as_str(),
            "why": self.why().lines().next(),
            "tags": self.tags,
        });
        let rest = match &self.plan {
            Ok(plan) => json!({
                "state": plan.state.as_str(),
                "owner": plan.owner.as_str(),
                "roots": plan.roots,
                "failed_checks": plan.failed_checks,
                "next": self.next.as_ref().map(NextCommand::line),
            }),
            Err(error) => json!({ "error": error.to_json() }),
        };
        with_members(document, rest)
    }

    /// Returns the row's cells: cluster, region, state, action, owner, reason.
    fn cells(&self) -> [String; 6] {
        let (state, owner) = match &self.plan {
            Ok(plan) => (plan.state.to_string(), plan.owner.as_str()),
            Err(_) => ("-".to_owned(), "unknown"),
        };
        [
            self.cluster_id.to_string(),
            self.region()
                .map_or_else(|| "-".to_owned(), ToString::to_string),
            state,
            self.action().as_str().to_owned(),
            owner.to_owned(),
            self.why().lines().next().unwrap_or_default().to_owned(),
        ]
    }
}

/// A place where clusters were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LookedIn {
    pub(super) place: CallPlace,
    /// The account, where the credentials name it and all of its clusters were asked for.
    pub(super) account: Option<OutsideText>,
}

impl LookedIn {
    /// Returns the places of all rows, each once.
    pub(super) fn all_of(rows: &[Row]) -> Vec<Self> {
        let mut places: Vec<Self> = Vec::new();
        for place in rows.iter().filter_map(|row| row.place.as_ref()) {
            let same = |other: &Self| {
                (&other.place.region, &other.place.endpoint) == (&place.region, &place.endpoint)
            };
            if !places.iter().any(same) {
                places.push(LookedIn {
                    place: place.clone(),
                    account: None,
                });
            }
        }
        places
    }

    fn to_document(&self) -> Value {
        json!({
            "region": self.place.region,
            "endpoint": self.place.endpoint,
            "account": self.account,
        })
    }
}

/// Returns where it was looked: the region, with the account where that is known, or how many
/// regions there were.
fn place_phrase(looked_in: &[LookedIn]) -> String {
    match looked_in {
        [] => String::new(),
        [LookedIn { place, account }] => {
            let region = place.region.as_ref();
            let mut phrase = region.map_or_else(String::new, |region| format!(" in {region}"));
            if let Some(account) = account {
                phrase.push_str(&format!(", account {account}"));
            }
            phrase
        }
        several => {
            let regions: BTreeSet<_> = several.iter().map(|one| &one.place.region).collect();
            match (regions.len(), regions.first().copied()) {
                (1, Some(Some(region))) => format!(" in {region}"),
                (many, _) => format!(" in {}", counted_noun(many, "region")),
            }
        }
    }
}

pub(super) fn plan_output(rows: Vec<Row>, looked_in: &[LookedIn], detailed: bool) -> CommandOutput {
    let summary = summary_line(&rows, &place_phrase(looked_in));
    let document = json!({
        "looked_in": looked_in.iter().map(LookedIn::to_document).collect::<Vec<_>>(),
        "clusters": rows.iter().map(Row::to_document).collect::<Vec<_>>(),
    });
    let mut text = plan_table(&rows);
    text.push_str(&format!("{summary}\n"));
    let next: Vec<NextCommand> = rows.iter().filter_map(Row::next_command).collect();
    text.push_str(&next_lines(&next));
    let idle = rows.iter().all(|row| row.action() == PlannedAction::None);
    let errors = rows.into_iter().filter_map(|row| row.plan.err());
    let error = worst_error(errors, Error::gravity);
    let mut output = CommandOutput::with_error(Effect::Unchanged, document, text, error)
        .summarized(summary)
        .with_next(next);
    if detailed && !idle {
        output.code = Some(SOMETHING_TO_DO);
    }
    output
}

/// Returns the number of clusters, that of each action, and where they are.
fn summary_line(rows: &[Row], place: &str) -> String {
    let counts: Vec<String> = PlannedAction::ALL
        .into_iter()
        .filter_map(|action| {
            let count = rows.iter().filter(|row| row.action() == action).count();
            (count > 0).then(|| format!("{count} {}", action.as_str()))
        })
        .collect();
    match counts.is_empty() {
        true => format!("no clusters{place}"),
        false => {
            let comma = if place.is_empty() { "" } else { "," };
            format!(
                "{}: {}{comma}{place}",
                counted_noun(rows.len(), "cluster"),
                counts.join(", ")
            )
        }
    }
}

fn plan_table(rows: &[Row]) -> StyledText {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let style = match row.action() {
                PlannedAction::None => GREEN,
                PlannedAction::Investigate => RED,
                _ => YELLOW,
            };
            (style, row.cells())
        })
        .collect();
    match lines.is_empty() {
        true => StyledText::new(),
        false => styled_table(
            ["CLUSTER", "REGION", "STATE", "ACTION", "OWNER", "WHY"],
            &lines,
        ),
    }
}
