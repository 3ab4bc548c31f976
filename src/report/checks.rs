//! Every check, with the values that it compared and the source of its rule.

use super::html::Html;
use super::icons::write_icon;
use super::view::PageView;
use crate::checks::{CheckName, Group, Status};

/// A row of a table of checks.
pub(super) struct CheckRow<'a> {
    pub(super) id: &'a str,
    pub(super) status: Status,
    pub(super) detail: &'a str,
    pub(super) source: &'static str,
}

pub(super) fn write_checks(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    html.write_element("p", &[], |html| {
        html.write_text(format!(
            "Judged at {}, by the bundle’s certificates alone. ",
            facts.verification.at
        ));
        html.write_raw(
            "A rule’s source stands below it; what each failure means is in hsmboot’s \
             documentation, <cite>Verification rules</cite>.",
        );
    });
    html.write_element_of("ul", "key", |html| {
        for (status, meaning) in [
            (Status::Pass, "the rule holds"),
            (Status::Note, "worth knowing, no ground for rejection"),
            (Status::Fail, "the rule is broken"),
            (Status::Accepted, "broken, and accepted with a reason"),
            (Status::Skipped, "could not be judged"),
        ] {
            html.write_element("li", &[], |html| {
                write_status(html, status);
                html.write_text(format!(" {meaning}"));
            });
        }
    });
    html.write_text_element("h3", "Is the CSR a genuine HSM’s?");
    for group in Group::OF_HSM {
        let found = view
            .verification
            .checks
            .iter()
            .filter(|found| found.id.facts().group == group);
        let rows = found.map(|found| CheckRow {
            id: found.id.as_str(),
            status: found.status,
            detail: &found.detail,
            source: found.id.source(),
        });
        write_table(html, group.title(), rows);
    }
    html.write_text_element("h3", "Will InitializeCluster take the pair?");
    match &view.pair {
        None => html.write_raw("<p>Nothing is signed yet: there is no pair to judge.</p>"),
        Some(pair) => {
            let rows = pair.checks.iter().map(|found| CheckRow {
                id: found.id.as_str(),
                status: found.status,
                detail: &found.detail,
                source: found.id.source(),
            });
            write_table(html, Group::Pair.title(), rows);
        }
    }
}

/// Writes a status as symbol and word.
pub(super) fn write_status(html: &mut Html, status: Status) {
    html.write_element(
        "span",
        &[("class", &format!("mark {}", status.as_str()))],
        |html| {
            write_icon(html, status.into());
            html.write_text(status.as_str());
        },
    );
}

fn write_table<'a>(html: &mut Html, caption: &str, rows: impl Iterator<Item = CheckRow<'a>>) {
    html.write_element_of("table", "checks", |html| {
        html.write_text_element("caption", caption);
        html.write_raw(
            "<thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Check</th><th \
                  scope=\"col\">What was compared</th></tr></thead>",
        );
        html.write_element("tbody", &[], |html| {
            for row in rows {
                html.write_element("tr", &[("class", row.status.as_str())], |html| {
                    html.write_element("td", &[], |html| write_status(html, row.status));
                    html.write_element("th", &[("scope", "row")], |html| {
                        html.write_check_id(row.id)
                    });
                    html.write_element("td", &[], |html| {
                        html.write_quote(row.detail);
                        html.write_text_element_of("p", "source", row.source);
                    });
                });
            }
        });
    });
}
