//! A bundle as one page of HTML, for operators and for auditors who read it years later.
//!
//! The module is pure: it turns [`PageFacts`] into a page, and the same facts give the same bytes.
//! The caller judges the certificates when the page is made. A statement that only the bundle's
//! documents make is shown as recorded, never as proof. Where it contradicts the judgement, the
//! page says so first.
//!
//! The page holds no script and refers to nothing outside itself; its Content-Security-Policy
//! allows one style sheet by its digest and nothing else. Anything that was read reaches it only as
//! text: see `html`.

mod alarms;
mod aspects;
mod certificates;
mod chain;
mod checks;
mod decisions;
mod differences;
mod drawing;
mod files;
mod finding;
mod fleet;
mod gaps;
mod head;
mod header;
mod html;
mod icons;
mod lines;
mod mark;
mod moment;
mod next;
mod picture;
mod rank;
mod records;
mod standing;
mod stroke;
mod submission;
mod summary;
mod tie;
mod transcript;
mod view;

pub use differences::{Difference, find_differences};
pub use fleet::{ClaimStage, FleetPageFacts, FleetRow, make_fleet_page};
pub use mark::is_own_page;
pub use standing::TranscriptStanding;

use crate::bundle::{Request, Survey};
use crate::check;
use crate::handover::ClientStep;
use crate::owner::Owner;
use crate::verify::{Anchors, Cause, Record};
use crate::x509::{Moment, TrustAnchor};
use head::HeadWords;
use html::Html;
use moment::PageMoment;
use view::PageView;

/// The facts that a page shows.
#[derive(Clone, Debug)]
pub struct PageFacts {
    /// Name and version of the program.
    pub tool: String,
    /// The time at which the page is made.
    pub made_at: Moment,
    /// The place of the bundle, as text for the reader.
    pub place: String,
    /// The content of the bundle.
    pub survey: Survey,
    /// The anchors that the evidence was judged by.
    pub anchors: Anchors,
    /// The judgement of its evidence.
    pub verification: Record,
    /// `true` if `verification` judges at a moment that the user named, and not at `made_at`.
    pub at_named: bool,
    /// The judgement of its pair, at the same moment. `None` where the bundle has neither a signed
    /// certificate nor a trust anchor.
    pub pair: Option<check::Record>,
    /// The bundle's trust anchor; `None` where there is none, or it cannot be read.
    pub trust_anchor: Option<TrustAnchor>,
    /// The owner whose CA the user named, and the name of the certificate's file.
    pub own_ca: Option<(Owner, String)>,
}

impl PageFacts {
    fn moment(&self) -> PageMoment {
        PageMoment {
            made_at: self.made_at,
            named: self.at_named.then_some(self.verification.at),
        }
    }
}

/// Renders the page.
pub fn make_page(facts: &PageFacts) -> String {
    let view = PageView::from_facts(facts);
    let id = &facts.survey.cluster_id;
    let words = HeadWords {
        title: &format!(
            "{}: {} {id}",
            aspects::verdict_words(facts).word,
            if view.is_claimed() {
                "claim of"
            } else {
                "bundle of"
            }
        ),
        tool: &facts.tool,
        foot: &format!("{id}, {}", facts.moment().foot_words()),
    };
    write_document(&words, |html| write_body(html, &view))
}

/// Writes a document around its body.
fn write_document(words: &HeadWords<'_>, body: impl FnOnce(&mut Html)) -> String {
    let mut html = Html::default();
    html.write_element("html", &[("lang", "en")], |html| {
        head::write_head(html, words);
        html.write_element("body", &[], |html| {
            html.write_raw("<a class=\"skip\" href=\"#main\">Skip to the report</a>");
            html.write_raw(icons::SYMBOLS);
            body(html);
        });
    });
    html.write_raw("\n");
    mark::mark_page(&html.into_string())
}

/// Returns the cause of a rejection, where one sentence describes it.
pub fn rejection_cause(facts: &PageFacts) -> Option<Cause> {
    Cause::from_record(
        &facts.verification,
        facts
            .survey
            .request
            .content()
            .map(Request::hardware)
            .unwrap_or_default(),
    )
}

/// Returns the file that was named as the operator's own CA, where the bundle's trust anchor is
/// another one.
pub fn another_ca(facts: &PageFacts) -> Option<&str> {
    let (_, file) = facts.own_ca.as_ref()?;
    PageView::from_facts(facts)
        .another_ca()
        .map(|_| file.as_str())
}

/// Returns the steps after the claim, as far as the bundle tells.
pub fn next_steps(facts: &PageFacts) -> Vec<ClientStep> {
    next::client_steps(&PageView::from_facts(facts), &facts.place)
}

/// Returns what has to be looked at in a bundle, in a few words each.
pub fn short_alarms(facts: &PageFacts) -> Vec<String> {
    alarms::short_alarms(&PageView::from_facts(facts))
}

/// Returns the state of the bundle's transcript.
pub fn transcript_standing(facts: &PageFacts) -> TranscriptStanding {
    standing::judge_transcript(&PageView::from_facts(facts))
}

/// A section of the page: its id, its heading, and the function that writes it.
type PageSection = (&'static str, &'static str, fn(&mut Html, &PageView<'_>));

const SECTIONS: [PageSection; 11] = [
    (
        "chain",
        "The chain of certificates",
        picture::write_picture_section,
    ),
    ("checks", "All checks", checks::write_checks),
    ("anchors", "The anchors", certificates::write_anchors),
    (
        "certificates",
        "Certificates",
        certificates::write_certificates,
    ),
    (
        "records",
        "How it was fetched and signed",
        records::write_records,
    ),
    (
        "decisions",
        "Decisions on record",
        decisions::write_decisions,
    ),
    (
        "submission",
        "What InitializeCluster was sent, and what came back",
        submission::write_submission,
    ),
    ("next", "What comes next", next::write_next_steps),
    ("transcript", "Transcript", transcript::write_transcript),
    ("files", "Files", files::write_files),
    ("signatures", "Signatures", files::write_signature_lines),
];

fn write_body(html: &mut Html, view: &PageView<'_>) {
    html.write_element("header", &[], |html| header::write_header(html, view));
    // Seen on paper alone: with the header it is the first page, which stands for itself.
    html.write_element_of("div", "cover", |html| {
        html.write_text_element("h3", "The chain of certificates");
        picture::write_short_picture(html, view);
        summary::write_values_to_compare(html, view);
        html.write_text_element("h3", "Signatures");
        files::write_signature_lines(html, view);
    });
    html.write_raw("<p class=\"appendix\">Appendix</p>");
    html.write_element("nav", &[("aria-label", "Contents")], |html| {
        html.write_raw("<ol>");
        for (id, title) in [("summary", "Summary")]
            .into_iter()
            .chain(SECTIONS.map(|(id, title, _)| (id, title)))
        {
            html.write_element("li", &[], |html| {
                html.write_element("a", &[("href", &format!("#{id}"))], |html| {
                    html.write_text(title)
                })
            });
        }
        html.write_raw("</ol>");
    });
    html.write_element("main", &[("id", "main"), ("tabindex", "-1")], |html| {
        write_section(html, "summary", "Summary", |html| {
            summary::write_summary(html, view)
        });
        for (id, title, write) in SECTIONS {
            write_section(html, id, title, |html| write(html, view));
        }
    });
    html.write_element("footer", &[], |html| {
        let facts = view.facts;
        html.write_text(format!(
            "Made by {} {} from the bundle of {}. ",
            facts.tool,
            facts.moment().maker_words(),
            facts.survey.cluster_id
        ));
        html.write_raw(
            "This page is a reading of the bundle, and no evidence of its own: keep the bundle, \
             and judge it again with <code>hsmboot verify</code> and <code>hsmboot report</code>.",
        );
    });
}

fn write_section(
    html: &mut Html,
    id: &'static str,
    title: &'static str,
    inner: impl FnOnce(&mut Html),
) {
    let heading = format!("{id}-heading");
    html.write_element(
        "section",
        &[("id", id), ("aria-labelledby", &heading)],
        |html| {
            html.write_element("h2", &[("id", &heading)], |html| html.write_text(title));
            inner(html);
        },
    );
}

/// Writes the tag that marks a statement of one of the bundle's documents.
fn write_unproven_mark(html: &mut Html, document: &str) {
    html.write_element_of("p", "told", |html| {
        icons::write_icon(html, icons::Icon::Told);
        html.write_raw("<strong>Recorded by ");
        html.write_code(document);
        html.write_raw(
            ", not proof.</strong> Whoever could write to the bundle could have written it.",
        );
    });
}
