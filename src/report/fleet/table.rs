//! The table of a fleet's clusters, a row for each.

use super::FleetPageFacts;
use super::row::{FleetRow, JudgedRow, RowContent};
use crate::outside::Lines;
use crate::report::html::Html;
use crate::report::icons::{Icon, write_icon};
use crate::report::view::{day_text, first_digits};
use crate::verify::Roots;
use crate::x509::Moment;

pub(super) fn write_clusters(html: &mut Html, facts: &FleetPageFacts) {
    let name = ("aria-labelledby", "clusters-heading");
    html.write_pan(("aria-label", "Table of the clusters"), |html| {
        html.write_element("table", &[("class", "fleet"), name], |html| {
            html.write_raw(
                "<thead><tr><th scope=\"col\">Cluster</th><th scope=\"col\">Claim</th><th \
                 scope=\"col\">HSM</th><th scope=\"col\">Owner</th><th \
                 scope=\"col\">Certificate ends</th><th scope=\"col\">Alarms</th></tr></thead>",
            );
            html.write_element("tbody", &[], |html| {
                for row in &facts.rows {
                    let class = if row.is_alarming() { "fail" } else { "" };
                    html.write_element_of("tr", class, |html| write_row(html, row, facts.at));
                }
            });
        });
    });
}

fn write_row(html: &mut Html, row: &FleetRow, at: Moment) {
    html.write_element("th", &[("scope", "row")], |html| {
        let page = row.judged().map(|judged| judged.page.as_str());
        match (&row.cluster_id, page) {
            (Some(id), Some(page)) => html.write_element("a", &[("href", page)], |html| {
                html.write_text(id.as_str());
            }),
            (Some(id), None) => html.write_text(id.as_str()),
            (None, _) => html.write_text("of no known cluster"),
        }
        if let Some(region) = &row.region {
            write_small(html, |html| html.write_quote(region));
        }
        write_small(html, |html| html.write_code(&row.place));
    });
    match &row.content {
        RowContent::Judged(judged) => write_judged_cells(html, judged, at),
        RowContent::NoBundle => write_missing_cells(html, (Icon::Absent, "no bundle yet"), None),
        RowContent::Unread(why) => {
            write_missing_cells(html, (Icon::Fail, "cannot be read"), Some(why))
        }
    }
}

/// Writes a line in small print.
fn write_small(html: &mut Html, inner: impl FnOnce(&mut Html)) {
    html.write_element_of("div", "source", inner);
}

/// Writes a symbol and its words.
fn write_said(html: &mut Html, icon: Icon, says: &str) {
    html.write_element_of("div", icon.loudness(), |html| {
        write_icon(html, icon);
        html.write_quote(says);
    });
}

fn write_missing_cells(html: &mut Html, (icon, says): (Icon, &str), why: Option<&Lines>) {
    html.write_element("td", &[], |html| write_said(html, icon, says));
    for _ in 0..3 {
        write_nothing(html);
    }
    html.write_element("td", &[], |html| match why {
        Some(why) => html.write_quote(why),
        None => html.write_text("none"),
    });
}

fn write_nothing(html: &mut Html) {
    html.write_raw("<td>–</td>");
}

fn write_judged_cells(html: &mut Html, row: &JudgedRow, at: Moment) {
    html.write_element("td", &[], |html| {
        match row.submission.0 {
            Icon::Absent => write_said(html, row.pair.0, row.stage.counted_words()),
            icon => write_said(html, icon, &row.submission.1),
        }
        // A pair that is unfit is no less so where it was sent.
        match row.pair.0 {
            Icon::Fail => write_said(html, Icon::Fail, &row.pair.1),
            _ => write_small(html, |html| html.write_text(&row.pair.1)),
        }
    });
    html.write_element("td", &[], |html| {
        write_said(html, row.verdict_icon, row.verdict_word);
        write_small(html, |html| {
            html.write_text(match row.roots {
                Roots::BuiltIn => "by built-in roots",
                Roots::Given => "by roots you gave",
                Roots::Simulated => "by a simulator’s own roots",
            });
        });
        write_small(html, |html| html.write_text(&row.hsm));
    });
    match &row.owner {
        None => write_nothing(html),
        Some(owner) => html.write_element("td", &[], |html| {
            html.write_quote(&owner.name);
            write_small(html, |html| {
                html.write_code(first_digits(&owner.fingerprint));
            });
            write_said(html, owner.standing.icon(), owner.standing.words());
        }),
    }
    match row.ends {
        None => write_nothing(html),
        Some(end) if end < at => html.write_element("td", &[], |html| {
            write_said(html, Icon::Fail, &format!("ended {}", day_text(end)));
        }),
        Some(end) => html.write_element("td", &[], |html| {
            html.write_text_element_of("span", "mark", day_text(end));
        }),
    }
    html.write_element("td", &[], |html| {
        if row.alarms.is_empty() && row.not_compared.is_none() {
            html.write_text("none");
        }
        for alarm in &row.alarms {
            write_said(html, Icon::Fail, alarm);
        }
        if let Some(says) = &row.not_compared {
            write_said(html, Icon::Accepted, says);
        }
    });
}
