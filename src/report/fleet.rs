//! The claims of many clusters on one page: a row for each, with a link to the cluster's own page.
//!
//! A row repeats what that page says at its top, and says nothing else.

mod row;
mod stage;
mod table;

use std::collections::BTreeMap;

pub use row::FleetRow;
use row::{JudgedRow, OwnerStanding};
pub use stage::ClaimStage;
use table::write_clusters;

use super::aspects::Aspect;
use super::head::HeadWords;
use super::header::write_aspects;
use super::html::Html;
use super::icons::Icon;
use super::moment::PageMoment;
use super::view::count_text;
use super::{write_document, write_section};
use crate::bundle::counted_noun;
use crate::verify::{Roots, Verdict};
use crate::x509::{Moment, to_hex};

/// The facts that a fleet's page shows.
#[derive(Clone, Debug)]
pub struct FleetPageFacts {
    /// Name and version of the program.
    pub tool: String,
    /// The time at which the page is made.
    pub made_at: Moment,
    /// The moment that validity is judged at.
    pub at: Moment,
    /// `true` if the user named that moment.
    pub at_named: bool,
    /// The clusters, in the order of the page.
    pub rows: Vec<FleetRow>,
}

impl FleetPageFacts {
    fn moment(&self) -> PageMoment {
        PageMoment {
            made_at: self.made_at,
            named: self.at_named.then_some(self.at),
        }
    }
}

/// Renders a fleet's page.
pub fn make_fleet_page(facts: &FleetPageFacts) -> String {
    let clusters = counted_noun(facts.rows.len(), "cluster");
    let words = HeadWords {
        title: &page_title(facts, &clusters),
        tool: &facts.tool,
        foot: &format!("{clusters}, {}", facts.moment().foot_words()),
    };
    write_document(&words, |html| {
        html.write_element("header", &[], |html| {
            write_fleet_header(html, facts, &clusters)
        });
        html.write_element("main", &[("id", "main"), ("tabindex", "-1")], |html| {
            write_section(html, "clusters", "The clusters", |html| {
                write_clusters(html, facts)
            });
            write_section(html, "owners", "The owners", |html| {
                write_owners(html, facts)
            });
            write_section(
                html,
                "limits",
                "What this page says, and what not",
                |html| {
                    html.write_raw(LIMITS);
                },
            );
        });
        html.write_element("footer", &[], |html| {
            let made = facts.moment().maker_words();
            html.write_text(format!("Made by {} {made}. ", facts.tool));
            html.write_raw(
                "This page is a reading of the bundles, and no evidence of its own: keep the \
                 bundles, and judge them again with <code>hsmboot verify</code> and <code>hsmboot \
                 report</code>.",
            );
        });
    })
}

const LIMITS: &str = "<ul class=\"prose\">\
    <li>Each row repeats the top of the cluster’s own page. What is proven there, and what is not, \
    that page says.</li>\
    <li>The verdict was judged for this page. How far a claim has come is recorded by the bundle, \
    and not proof: whoever could write to the bundle could have written it. Only the live cluster \
    shows who has claimed it: <code>hsmboot status</code> and <code>hsmboot plan</code> ask \
    it.</li>\
    <li>A CA of a bundle is the owner’s only where it was compared with a CA that was given.</li>\
    <li>A cluster that is not in the table was not given to this report.</li></ul>";

/// Returns the page's title, which calls clusters claimed only where all are recorded as it.
fn page_title(facts: &FleetPageFacts, clusters: &str) -> String {
    let is_claimed = |row: &FleetRow| row.stage() == ClaimStage::Claimed;
    match facts.rows.iter().all(is_claimed) {
        true => format!("Claims of {clusters}"),
        false => format!("Bundles of {clusters}"),
    }
}

fn write_fleet_header(html: &mut Html, facts: &FleetPageFacts, clusters: &str) {
    html.write_raw("<p class=\"brand\">hsmboot report</p>");
    html.write_text_element("h1", page_title(facts, clusters));
    write_aspects(html, &fleet_aspects(&facts.rows));
    facts.moment().write_masthead(html, &facts.tool);
}

/// Returns the counts at the top of the page.
fn fleet_aspects(rows: &[FleetRow]) -> [Aspect; 4] {
    let judged: Vec<&JudgedRow> = rows.iter().filter_map(FleetRow::judged).collect();
    let count =
        |wanted: &dyn Fn(&JudgedRow) -> bool| judged.iter().filter(|row| wanted(row)).count();
    let rejected = count(&|row| row.verdict == Verdict::Rejected);
    let verified = count(&|row| row.verdict == Verdict::Verified);
    let by = |roots| count(&|row| row.verdict == Verdict::Verified && row.roots == roots);
    let (given, simulated) = (by(Roots::Given), by(Roots::Simulated));
    let mut hsm = format!("{verified} verified");
    if given > 0 {
        hsm.push_str(&format!(", {given} of them against roots you gave"));
    }
    if simulated > 0 {
        hsm.push_str(&format!(
            ", {simulated} of them against a simulator’s own roots"
        ));
    }
    if rejected > 0 {
        hsm.push_str(&format!("; {rejected} rejected"));
    }
    let hsm_icon = match (rejected, verified) {
        (0, 0) => Icon::Absent,
        (0, _) if judged.iter().any(|row| row.verdict_icon == Icon::Accepted) => Icon::Accepted,
        (0, _) if given + simulated > 0 => Icon::Given,
        (0, _) => Icon::Pass,
        _ => Icon::Fail,
    };
    let mut stages: BTreeMap<ClaimStage, usize> = BTreeMap::new();
    for row in rows {
        *stages.entry(row.stage()).or_default() += 1;
    }
    let claims: Vec<String> = stages
        .iter()
        .rev()
        .map(|(stage, count)| format!("{count} {}", stage.counted_words()))
        .collect();
    let owners = all_owners(rows);
    let another = count(&|row| has_standing(row, OwnerStanding::Another));
    let not_compared = count(&|row| has_standing(row, OwnerStanding::NotCompared));
    let (owner_icon, owner) = match (owners.len(), another, not_compared) {
        (0, ..) => (Icon::Absent, "no CA yet".to_owned()),
        (cas, 0, 0) => (
            Icon::Pass,
            format!("{}, as given", count_text(cas, "CA", "CAs")),
        ),
        (cas, 0, not_compared) => (
            Icon::Told,
            format!(
                "{}, not compared in {}",
                count_text(cas, "CA", "CAs"),
                counted_noun(not_compared, "bundle")
            ),
        ),
        (_, another, _) => (
            Icon::Fail,
            format!("not the given CA in {}", counted_noun(another, "bundle")),
        ),
    };
    let alarming = rows.iter().filter(|row| row.is_alarming()).count();
    let (alarm_icon, alarms) = match alarming {
        0 => (Icon::Told, "none".to_owned()),
        more => (
            Icon::Fail,
            format!("in {}", count_text(more, "row", "rows")),
        ),
    };
    [
        Aspect::new("HSMs", hsm_icon, hsm),
        Aspect::new("Claims", Icon::Told, claims.join(", ")),
        Aspect::new("Owners", owner_icon, owner),
        Aspect::new("Alarms", alarm_icon, alarms),
    ]
}

fn has_standing(row: &JudgedRow, standing: OwnerStanding) -> bool {
    row.owner
        .as_ref()
        .is_some_and(|owner| owner.standing == standing)
}

/// Returns the CAs of the bundles, by their fingerprints: the name, how many bundles have it, and
/// in how many of them it was compared and is the given one.
fn all_owners(rows: &[FleetRow]) -> BTreeMap<[u8; 32], (&str, usize, usize)> {
    let mut owners: BTreeMap<[u8; 32], (&str, usize, usize)> = BTreeMap::new();
    let found = rows
        .iter()
        .filter_map(FleetRow::judged)
        .filter_map(|row| row.owner.as_ref());
    for owner in found {
        let (_, bundles, named) = owners
            .entry(owner.fingerprint)
            .or_insert((&owner.name, 0, 0));
        *bundles += 1;
        *named += usize::from(owner.standing == OwnerStanding::Named);
    }
    owners
}

fn write_owners(html: &mut Html, facts: &FleetPageFacts) {
    let owners = all_owners(&facts.rows);
    if owners.is_empty() {
        html.write_raw("<p>No bundle holds a CA yet.</p>");
        return;
    }
    html.write_raw(
        "<p>The CAs that the bundles hold as trust anchor: of a chain, the CA that signs. Compare \
         the SHA-256 with the CA’s own papers.</p>",
    );
    for (fingerprint, (name, bundles, named)) in owners {
        html.write_element("h3", &[], |html| html.write_quote(name));
        html.write_element_of("dl", "facts", |html| {
            html.write_digest_fact("SHA-256", to_hex(&fingerprint));
            html.write_text_fact("In", counted_noun(bundles, "bundle"));
            html.write_text_fact("The CA that was given", format!("in {named} of them"));
        });
    }
}
