//! The page's head: its policy, its title, its one style sheet.

use base64ct::{Base64, Encoding};

use super::Facts;
use super::html::Html;
use crate::x509::sha256;

const STYLE: &str = include_str!("style.css");

pub(super) fn head(html: &mut Html, facts: &Facts) {
    let style = style(facts);
    let policy = policy(&style);
    let id = &facts.survey.cluster_id;
    html.el("head", &[], |html| {
        html.raw("<meta charset=\"utf-8\">");
        // Before anything that it governs (Content Security Policy Level 3, 3.3).
        html.start(
            "meta",
            &[
                ("http-equiv", "Content-Security-Policy"),
                ("content", &policy),
            ],
        );
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.raw(
            "<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" \
                  content=\"light dark\">",
        );
        html.raw("<meta name=\"robots\" content=\"noindex\">");
        html.start("meta", &[("name", "generator"), ("content", &facts.tool)]);
        html.el("title", &[], |html| {
            html.text(format!(
                "{}: claim of {id}",
                super::summary::verdict(facts).word
            ))
        });
        html.sheet(&style);
    });
}

/// Nothing may be loaded, run, sent or embedded; the one style sheet is known by its digest. Style
/// attributes are not allowed by that, and there are none.
fn policy(style: &str) -> String {
    let digest = Base64::encode_string(&sha256(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

/// The sheet, with what stands at the foot of every printed page. A cluster's id and a moment are
/// of letters, digits, hyphens and colons.
fn style(facts: &Facts) -> String {
    let foot = format!("{}, report of {}", facts.survey.cluster_id, facts.made_at);
    format!(
        "{STYLE}@page {{ @bottom-left {{ content: \"{foot}\"; }} @bottom-right {{ content: \"page \
         \" counter(page) \" of \" counter(pages); }} }}\n"
    )
}
