//! The claims of many clusters on one page: a row for each, with a link to the cluster's own page.
//!
//! A row repeats what that page says at its top, and says nothing else.

use std::collections::BTreeMap;

use super::alarms::short_alarms;
use super::aspects::{Aspect, verdict_words};
use super::head::HeadWords;
use super::header::{write_aspects, write_masthead};
use super::html::Html;
use super::icons::{Icon, write_icon};
use super::view::{PageView, count_text, day_text, first_digits, short_name};
use super::{PageFacts, write_document, write_section};
use crate::bundle::{CA_FILE, ClusterId, SurveyedDocument, counted_noun};
use crate::outside::{Lines, OutsideText};
use crate::verify::{Roots, Verdict};
use crate::x509::{Certificate, Moment, to_hex};

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

/// A cluster on a fleet's page.
#[derive(Clone, Debug)]
pub struct FleetRow {
    /// The cluster, where it is known.
    cluster_id: Option<ClusterId>,
    /// The place of the bundle, as text for the reader.
    place: String,
    /// The region, as text for the reader.
    region: Option<String>,
    content: RowContent,
}

#[derive(Clone, Debug)]
enum RowContent {
    Judged(Box<JudgedRow>),
    /// There is no bundle yet.
    NoBundle,
    /// The bundle cannot be read, for this reason.
    Unread(Lines),
}

/// How far a claim has come, as far as the bundle tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimStage {
    /// There is no bundle yet.
    NoBundle,
    /// The bundle cannot be read.
    Unread,
    /// The cluster's CSR and certificates are there, and do not verify.
    Fetched,
    /// They verify.
    Verified,
    /// There is a signed certificate.
    Signed,
    /// InitializeCluster was about to be sent, or the receipt cannot be read.
    PerhapsSent,
    /// The receipt records that the cluster is claimed.
    Claimed,
    /// The receipt records something that this version does not know.
    Submitted,
}

impl ClaimStage {
    /// Returns its word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClaimStage::NoBundle => "no-bundle",
            ClaimStage::Unread => "unread",
            ClaimStage::Fetched => "fetched",
            ClaimStage::Verified => "verified",
            ClaimStage::Signed => "signed",
            ClaimStage::PerhapsSent => "perhaps-sent",
            ClaimStage::Claimed => "claimed",
            ClaimStage::Submitted => "submitted",
        }
    }

    /// Returns the words that follow a number of clusters.
    const fn counted_words(self) -> &'static str {
        match self {
            ClaimStage::NoBundle => "without a bundle",
            ClaimStage::Unread => "cannot be read",
            ClaimStage::Fetched => "fetched",
            ClaimStage::Verified => "fetched and verified",
            ClaimStage::Signed => "signed",
            ClaimStage::PerhapsSent => "perhaps sent",
            ClaimStage::Claimed => "recorded as claimed",
            ClaimStage::Submitted => "recorded as submitted",
        }
    }

    /// Returns the stage of a bundle's claim.
    pub fn of_bundle(facts: &PageFacts) -> ClaimStage {
        stage_of(&PageView::from_facts(facts))
    }
}

fn stage_of(view: &PageView<'_>) -> ClaimStage {
    let facts = view.facts;
    match &facts.survey.receipt {
        SurveyedDocument::Read(receipt) if receipt.outcome.is_known() => ClaimStage::Claimed,
        SurveyedDocument::Read(_) => ClaimStage::Submitted,
        SurveyedDocument::Damaged(_) => ClaimStage::PerhapsSent,
        SurveyedDocument::Absent if Aspect::of_submission(view).icon != Icon::Absent => {
            ClaimStage::PerhapsSent
        }
        SurveyedDocument::Absent if facts.pair.is_some() => ClaimStage::Signed,
        SurveyedDocument::Absent => match facts.verification.verdict {
            Verdict::Verified => ClaimStage::Verified,
            Verdict::Rejected => ClaimStage::Fetched,
        },
    }
}

/// What a row says of a bundle that was judged.
#[derive(Clone, Debug)]
struct JudgedRow {
    /// The file of the cluster's own page, beside the fleet's.
    page: String,
    stage: ClaimStage,
    verdict: Verdict,
    verdict_icon: Icon,
    verdict_word: &'static str,
    hsm: String,
    roots: Roots,
    submission: (Icon, String),
    pair: (Icon, String),
    owner: Option<RowOwner>,
    /// The end of the signed certificate.
    ends: Option<Moment>,
    alarms: Vec<String>,
    /// That fingerprints were not compared, where that is so.
    not_compared: Option<String>,
}

/// The CA that the bundle holds as its trust anchor.
#[derive(Clone, Debug)]
struct RowOwner {
    name: String,
    fingerprint: [u8; 32],
    standing: OwnerStanding,
}

/// Whether that is the operator's own CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnerStanding {
    /// It is the CA that was named.
    Named,
    /// It is another one.
    Another,
    /// None was named.
    NotCompared,
}

impl OwnerStanding {
    const fn icon(self) -> Icon {
        match self {
            OwnerStanding::Named => Icon::Pass,
            OwnerStanding::Another => Icon::Fail,
            OwnerStanding::NotCompared => Icon::Told,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            OwnerStanding::Named => "the CA that was given",
            OwnerStanding::Another => "not the CA that was given",
            OwnerStanding::NotCompared => "from the bundle, not compared",
        }
    }
}

impl FleetRow {
    /// Makes the row of a bundle that was judged. `page` is the file of its own page, which lies
    /// beside the fleet's, and `region` the one that the operator named.
    pub fn from_judged(facts: &PageFacts, page: String, region: Option<&str>) -> Self {
        let view = PageView::from_facts(facts);
        let words = verdict_words(facts);
        let aspect = |aspect: Aspect| (aspect.icon, aspect.says);
        let owner = facts.trust_anchor.as_ref().map(|found| RowOwner {
            name: short_name(found.signing_ca().subject()),
            fingerprint: found.signing_ca().fingerprint(),
            standing: match &facts.own_ca {
                None => OwnerStanding::NotCompared,
                Some((own, _)) if own.check_same_anchor(found, CA_FILE).is_ok() => {
                    OwnerStanding::Named
                }
                Some(_) => OwnerStanding::Another,
            },
        });
        let recorded = facts.survey.request.content().map(|noted| &noted.region);
        FleetRow {
            cluster_id: Some(facts.survey.cluster_id.clone()),
            place: facts.place.clone(),
            region: region_text(region, recorded),
            content: RowContent::Judged(Box::new(JudgedRow {
                page,
                stage: stage_of(&view),
                verdict: facts.verification.verdict,
                verdict_icon: words.icon,
                verdict_word: words.word,
                hsm: Aspect::of_hsm(&view).says,
                roots: facts.verification.terms.roots,
                submission: aspect(Aspect::of_submission(&view)),
                pair: aspect(Aspect::of_pair(&view)),
                owner,
                ends: view.signed_cert.as_ref().map(Certificate::not_after),
                alarms: short_alarms(&view),
                not_compared: Some(Aspect::of_fingerprints(&view))
                    .filter(|aspect| aspect.icon == Icon::Accepted)
                    .map(|aspect| format!("fingerprints {}", aspect.says)),
            })),
        }
    }

    /// Makes the row of a cluster that has no bundle yet.
    pub fn without_bundle(cluster_id: ClusterId, place: String, region: Option<&str>) -> Self {
        FleetRow {
            cluster_id: Some(cluster_id),
            place,
            region: region_text(region, None),
            content: RowContent::NoBundle,
        }
    }

    /// Makes the row of a bundle that cannot be read, for this reason.
    pub fn from_unread(
        cluster_id: Option<ClusterId>,
        place: String,
        region: Option<&str>,
        why: Lines,
    ) -> Self {
        FleetRow {
            cluster_id,
            place,
            region: region_text(region, None),
            content: RowContent::Unread(why),
        }
    }

    const fn stage(&self) -> ClaimStage {
        match &self.content {
            RowContent::Judged(row) => row.stage,
            RowContent::NoBundle => ClaimStage::NoBundle,
            RowContent::Unread(_) => ClaimStage::Unread,
        }
    }

    const fn judged(&self) -> Option<&JudgedRow> {
        match &self.content {
            RowContent::Judged(row) => Some(row),
            RowContent::NoBundle | RowContent::Unread(_) => None,
        }
    }

    /// Tells whether somebody has to look at it.
    fn is_alarming(&self) -> bool {
        match &self.content {
            RowContent::Judged(row) => !row.alarms.is_empty(),
            RowContent::NoBundle => false,
            RowContent::Unread(_) => true,
        }
    }
}

/// Returns the region that `request.json` records, or else the one that the operator named; both
/// where they differ.
fn region_text(named: Option<&str>, recorded: Option<&OutsideText>) -> Option<String> {
    match (named, recorded) {
        (Some(named), Some(recorded)) if *recorded != *named => Some(format!(
            "{recorded} by the bundle, {named} by the fleet file"
        )),
        (_, Some(recorded)) => Some(recorded.to_string()),
        (named, None) => named.map(str::to_owned),
    }
}

/// Renders a fleet's page.
pub fn make_fleet_page(facts: &FleetPageFacts) -> String {
    let clusters = counted_noun(facts.rows.len(), "cluster");
    let words = HeadWords {
        title: &format!("Claims of {clusters}"),
        tool: &facts.tool,
        foot: &format!("{clusters}, report of {}", facts.made_at),
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
            html.write_text(format!("Made by {} at {}. ", facts.tool, facts.made_at));
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

fn write_fleet_header(html: &mut Html, facts: &FleetPageFacts, clusters: &str) {
    html.write_raw("<p class=\"brand\">hsmboot report</p>");
    html.write_text_element("h1", format!("Claims of {clusters}"));
    write_aspects(html, &fleet_aspects(&facts.rows));
    write_masthead(
        html,
        facts.made_at,
        facts.at_named.then_some(facts.at),
        &facts.tool,
    );
}

/// Returns the counts at the top of the page.
fn fleet_aspects(rows: &[FleetRow]) -> [Aspect; 4] {
    let judged: Vec<&JudgedRow> = rows.iter().filter_map(FleetRow::judged).collect();
    let count =
        |wanted: &dyn Fn(&JudgedRow) -> bool| judged.iter().filter(|row| wanted(row)).count();
    let rejected = count(&|row| row.verdict == Verdict::Rejected);
    let verified = count(&|row| row.verdict == Verdict::Verified);
    let given = count(&|row| row.verdict == Verdict::Verified && row.roots == Roots::Given);
    let mut hsm = format!("{verified} verified");
    if given > 0 {
        hsm.push_str(&format!(", {given} of them by given roots"));
    }
    if rejected > 0 {
        hsm.push_str(&format!("; {rejected} rejected"));
    }
    let hsm_icon = match (rejected, verified) {
        (0, 0) => Icon::Absent,
        (0, _) if judged.iter().any(|row| row.verdict_icon == Icon::Accepted) => Icon::Accepted,
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

fn write_clusters(html: &mut Html, facts: &FleetPageFacts) {
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
                Roots::Given => "by given roots",
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
