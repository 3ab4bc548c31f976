//! The page's head: its security policy, its title, and its one style sheet.

use base64ct::{Base64, Encoding};

use super::html::Html;
use crate::x509::sha256;

const STYLE: &str = include_str!("style.css");

/// The words in a page's head.
pub(super) struct HeadWords<'a> {
    /// The title, for the browser's tab.
    pub(super) title: &'a str,
    /// Name and version of the program.
    pub(super) tool: &'a str,
    /// The footer of every printed sheet: only letters, digits, blanks, commas, hyphens and colons.
    pub(super) foot: &'a str,
}

pub(super) fn write_head(html: &mut Html, words: &HeadWords<'_>) {
    let style = style_sheet(words.foot);
    let policy = security_policy(&style);
    html.write_element("head", &[], |html| {
        html.write_raw("<meta charset=\"utf-8\">");
        // Before anything that it governs (Content Security Policy Level 3, 3.3).
        html.write_start_tag(
            "meta",
            &[
                ("http-equiv", "Content-Security-Policy"),
                ("content", &policy),
            ],
        );
        html.write_raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.write_raw(
            "<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" \
                  content=\"light dark\">",
        );
        html.write_raw("<meta name=\"robots\" content=\"noindex\">");
        html.write_start_tag("meta", &[("name", "generator"), ("content", words.tool)]);
        html.write_text_element("title", words.title);
        html.write_style_sheet(&style);
    });
}

/// Returns the Content-Security-Policy. Nothing may be loaded, run, sent or embedded, and the one
/// style sheet is known by its digest. This forbids style attributes, and the page has none.
fn security_policy(style: &str) -> String {
    let digest = Base64::encode_string(&sha256(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

/// Returns the style sheet with the footer of every printed page.
fn style_sheet(foot: &str) -> String {
    format!(
        "{STYLE}@page {{ @bottom-left {{ content: \"{foot}\"; }} @bottom-right {{ content: \"page \
         \" counter(page) \" of \" counter(pages); }} }}\n"
    )
}
