//! A bundle as one page of HTML, for operators and for auditors who read it years later.
//!
//! Pure: [`Facts`] go in, a page comes out, the same bytes for the same facts. The certificates are
//! judged by who makes the facts, when the page is made; what only the bundle's documents tell is
//! shown as told, never as proof, and where it contradicts what was judged that is said first.
//!
//! The page holds no script and refers to nothing outside itself; its Content-Security-Policy
//! allows one style sheet by its digest and nothing else. Whatever was read reaches it as text
//! alone: see `html`.

mod certificates;
mod chain;
mod checks;
mod differences;
mod drawing;
mod files;
mod gaps;
mod head;
mod html;
mod icons;
mod lines;
mod next;
mod picture;
mod rank;
mod records;
mod stroke;
mod submission;
mod summary;
mod transcript;
mod view;

pub use differences::{Difference, differences};
pub use transcript::Standing;

use crate::bundle::{Request, Survey};
use crate::check;
use crate::handover::NextStep;
use crate::owner::Owner;
use crate::verify::{Anchors, Cause, Record};
use crate::x509::Moment;
use html::Html;
use view::View;

/// All that a page shows.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Name and version of the program.
    pub tool: String,
    /// When the page is made.
    pub made_at: Moment,
    /// Where the bundle lies, for eyes.
    pub place: String,
    /// What the bundle holds.
    pub survey: Survey,
    /// The anchors that it was judged by.
    pub anchors: Anchors,
    /// How its evidence was judged.
    pub verification: Record,
    /// Whether `verification` judges at a moment that the user named, rather than at `made_at`.
    pub at_named: bool,
    /// How its pair was judged, at the same moment; `None` where it has neither a signed
    /// certificate nor a trust anchor.
    pub pair: Option<check::Record>,
    /// The owner whose CA the user named, and the name of the certificate's file.
    pub own_ca: Option<(Owner, String)>,
}

/// The page.
pub fn page(facts: &Facts) -> String {
    let view = View::of(facts);
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n");
    html.el("html", &[("lang", "en")], |html| {
        head::head(html, facts);
        html.el("body", &[], |html| body(html, &view));
    });
    html.raw("\n");
    html.into_string()
}

/// Why the evidence is rejected, where one sentence tells it.
pub fn cause(facts: &Facts) -> Option<Cause> {
    Cause::of(
        &facts.verification,
        facts
            .survey
            .request
            .told()
            .map(Request::hardware)
            .unwrap_or_default(),
    )
}

/// The file that was named as the operator's own CA, where the bundle's trust anchor is another
/// one.
pub fn another_ca(facts: &Facts) -> Option<&str> {
    let (_, file) = facts.own_ca.as_ref()?;
    View::of(facts).another_ca().map(|_| file.as_str())
}

/// What comes after the claim, as far as the bundle tells.
pub fn next_steps(facts: &Facts) -> Vec<NextStep> {
    next::steps(&View::of(facts))
}

/// How the bundle's transcript stands.
pub fn transcript(facts: &Facts) -> Standing {
    transcript::standing(&View::of(facts))
}

/// A part of the page: its id, its heading, and what writes it.
type Section = (&'static str, &'static str, fn(&mut Html, &View<'_>));

const SECTIONS: [Section; 11] = [
    ("chain", "The chain of certificates", picture::section),
    ("checks", "All checks", checks::section),
    ("anchors", "The anchors", certificates::anchors),
    ("certificates", "Certificates", certificates::section),
    ("records", "How it was fetched and signed", records::section),
    ("decisions", "Decisions on record", submission::decisions),
    (
        "submission",
        "What InitializeCluster was sent, and what came back",
        submission::section,
    ),
    ("next", "What comes next", next::section),
    ("transcript", "Transcript", transcript::section),
    ("files", "Files", files::section),
    ("signatures", "Signatures", files::signatures),
];

fn body(html: &mut Html, view: &View<'_>) {
    html.raw("<a class=\"skip\" href=\"#main\">Skip to the report</a>");
    html.raw(icons::SYMBOLS);
    html.el("header", &[], |html| summary::header(html, view));
    html.el("nav", &[("aria-label", "Contents")], |html| {
        html.raw("<ol>");
        for (id, title) in [("summary", "Summary")]
            .into_iter()
            .chain(SECTIONS.map(|(id, title, _)| (id, title)))
        {
            html.el("li", &[], |html| {
                html.el("a", &[("href", &format!("#{id}"))], |html| html.text(title))
            });
        }
        html.raw("</ol>");
    });
    html.el("main", &[("id", "main"), ("tabindex", "-1")], |html| {
        section(html, "summary", "Summary", |html| {
            summary::section(html, view)
        });
        for (id, title, write) in SECTIONS {
            section(html, id, title, |html| write(html, view));
        }
    });
    html.el("footer", &[], |html| {
        let facts = view.facts;
        html.text(format!(
            "Made by {} at {} from the bundle of {}. ",
            facts.tool, facts.made_at, facts.survey.cluster_id
        ));
        html.raw(
            "This page is a reading of the bundle, and no evidence of its own: keep the \
                  bundle, and judge it again with <code>hsmboot verify</code> and <code>hsmboot \
                  report</code>.",
        );
    });
}

fn section(html: &mut Html, id: &'static str, title: &'static str, inner: impl FnOnce(&mut Html)) {
    let heading = format!("{id}-heading");
    html.el(
        "section",
        &[("id", id), ("aria-labelledby", &heading)],
        |html| {
            html.el("h2", &[("id", &heading)], |html| html.text(title));
            inner(html);
        },
    );
}

/// The tag that marks what only a document of the bundle says.
fn told_by(html: &mut Html, document: &str) {
    html.of("p", "told", |html| {
        icons::icon(html, "told");
        html.raw("<strong>Recorded by ");
        html.code(document);
        html.raw(", not proof.</strong> Whoever could write to the bundle could have written it.");
    });
}
