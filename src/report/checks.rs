//! Every check, with what it compared and where its rule comes from.

use super::html::Html;
use super::icons::icon;
use super::view::View;
use crate::checks::{CheckName, Group, Status};

/// A row of a table.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) status: Status,
    pub(super) detail: &'a str,
    pub(super) source: &'static str,
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let facts = view.facts;
    html.el("p", &[], |html| {
        html.text(format!(
            "Judged at {}, by the bundle’s certificates \
                           alone. ",
            facts.verification.at
        ));
        html.raw(
            "A rule’s source stands below it; what each failure means is in hsmboot’s \
                  <cite>Verification rules</cite> (docs/verification.md).",
        );
    });
    html.of("ul", "key", |html| {
        for (status, meaning) in [
            (Status::Pass, "the rule holds"),
            (Status::Note, "worth knowing, no ground for rejection"),
            (Status::Fail, "the rule is broken"),
            (Status::Accepted, "broken, and accepted with a reason"),
            (Status::Skipped, "could not be judged"),
        ] {
            html.el("li", &[], |html| {
                mark(html, status);
                html.text(format!(" {meaning}"));
            });
        }
    });
    html.say("h3", "Is the CSR a genuine HSM’s?");
    for group in Group::OF_HSM {
        let found = view
            .verification
            .checks
            .iter()
            .filter(|found| found.id.facts().group == group);
        let rows = found.map(|found| Row {
            id: found.id.as_str(),
            status: found.status,
            detail: &found.detail,
            source: found.id.source(),
        });
        table(html, group.title(), rows);
    }
    html.say("h3", "Will InitializeCluster take the pair?");
    match &view.pair {
        None => html.raw("<p>Nothing is signed yet: there is no pair to judge.</p>"),
        Some(pair) => {
            let rows = pair.checks.iter().map(|found| Row {
                id: found.id.as_str(),
                status: found.status,
                detail: &found.detail,
                source: found.id.source(),
            });
            table(html, Group::Pair.title(), rows);
        }
    }
}

/// A status as symbol and word.
pub(super) fn mark(html: &mut Html, status: Status) {
    html.el(
        "span",
        &[("class", &format!("mark {}", status.as_str()))],
        |html| {
            icon(html, status.as_str());
            html.text(status.as_str());
        },
    );
}

fn table<'a>(html: &mut Html, caption: &str, rows: impl Iterator<Item = Row<'a>>) {
    html.of("table", "checks", |html| {
        html.say("caption", caption);
        html.raw(
            "<thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Check</th><th \
                  scope=\"col\">What was compared</th></tr></thead>",
        );
        html.el("tbody", &[], |html| {
            for row in rows {
                html.el("tr", &[("class", row.status.as_str())], |html| {
                    html.el("td", &[], |html| mark(html, row.status));
                    html.el("th", &[("scope", "row")], |html| html.id(row.id));
                    html.el("td", &[], |html| {
                        html.quote(row.detail);
                        html.say_of("p", "source", row.source);
                    });
                });
            }
        });
    });
}
