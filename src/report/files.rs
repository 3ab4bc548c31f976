//! The page's section on the bundle's files, and the lines for signatures on paper.

use super::html::Html;
use super::icons::{Icon, write_icon};
use super::view::{PageView, count_text};
use crate::bundle::{
    CHAIN_FILE, CREATION, Digests, Part, RECEIPT, REQUEST, RESPONSE, ROOT_CA_FILE, SIMULATED_ROOTS,
    SurveyedFile, TRANSCRIPT, VERIFICATION,
};
use crate::outside::OutsideText;
use crate::x509::{sha256, to_hex};

pub(super) fn write_files(html: &mut Html, view: &PageView<'_>) {
    html.write_element("p", &[], |html| {
        html.write_raw("SHA-256 of each file’s bytes, as <code>sha256sum</code> gives it.");
    });
    html.write_pan(("aria-label", "Files of the bundle"), |html| {
        write_table(html, view)
    });
    let survey = &view.facts.survey;
    if !survey.private_keys.is_empty() {
        html.write_element("p", &[], |html| {
            write_icon(html, Icon::Fail);
            html.write_raw("<strong>A private key lies in the bundle: ");
            write_name_list(html, survey.private_keys.iter());
            html.write_raw(
                ".</strong> Whoever gets the directory, or a copy of it, gets the key. Move \
                      it to where the CA’s key is to be kept.",
            );
        });
    }
    let others: Vec<&OutsideText> = survey
        .strangers
        .iter()
        .filter(|name| !survey.private_keys.contains(name))
        .collect();
    if !others.is_empty() {
        html.write_element("p", &[], |html| {
            html.write_text("Beside them lie, as no part of the bundle and not judged: ");
            write_name_list(html, others.into_iter());
            html.write_text(".");
        });
    }
}

fn write_name_list<'a>(html: &mut Html, names: impl Iterator<Item = &'a OutsideText>) {
    for (at, name) in names.enumerate() {
        html.write_text(if at > 0 { ", " } else { "" });
        html.write_code(name);
    }
}

fn write_table(html: &mut Html, view: &PageView<'_>) {
    html.write_element(
        "table",
        &[("class", "files"), ("aria-labelledby", "files-heading")],
        |html| {
            html.write_raw(
                "<thead><tr><th scope=\"col\">File</th><th scope=\"col\">SHA-256</th><th \
                  scope=\"col\">Recorded by</th></tr></thead>",
            );
            html.write_element("tbody", &[], |html| {
                // Of the names that the trust anchor's file may have, those that are not there are
                // no gap.
                let other_name = |seen: &&SurveyedFile| {
                    seen.content.is_none()
                        && [CHAIN_FILE, ROOT_CA_FILE].contains(&seen.name.as_str())
                };
                for seen in view
                    .facts
                    .survey
                    .files
                    .iter()
                    .filter(|seen| !other_name(seen) || is_missing(view, &seen.name))
                {
                    html.write_element("tr", &[], |html| write_row(html, view, seen));
                }
            });
        },
    );
}

fn write_row(html: &mut Html, view: &PageView<'_>, seen: &SurveyedFile) {
    html.write_element("th", &[("scope", "row")], |html| {
        html.write_code(&seen.name);
        html.write_text_element_of("p", "source", describe_file(view, &seen.name));
    });
    match &seen.content {
        None if is_missing(view, &seen.name) => {
            html.write_element("td", &[], |html| {
                write_icon(html, Icon::Fail);
                html.write_raw("<strong>missing</strong>");
            });
            html.write_raw("<td></td>");
        }
        None => html.write_raw("<td>absent</td><td></td>"),
        Some(Err(why)) => {
            html.write_element("td", &[], |html| {
                write_icon(html, Icon::Fail);
                html.write_quote(why);
            });
            html.write_raw("<td></td>");
        }
        Some(Ok(content)) => {
            let digest = to_hex(&sha256(content));
            html.write_element("td", &[], |html| {
                html.write_digest(&digest);
                html.write_text_element_of(
                    "p",
                    "source",
                    count_text(content.len(), "byte", "bytes"),
                );
            });
            html.write_element("td", &[], |html| {
                write_recorded(html, view, &seen.name, &digest)
            });
        }
    }
}

/// Tells whether a missing file should be there. Every request has four files, every pair two, and
/// a step's files stay where the step wrote them.
fn is_missing(view: &PageView<'_>, name: &str) -> bool {
    let id = &view.facts.survey.cluster_id;
    let is_named = |part: Part| part.file_name(id) == name;
    Part::REQUEST.into_iter().any(is_named)
        || (view.pair.is_some() && name == view.facts.survey.trust_anchor_file())
        || !recorded_digests(view, name).is_empty()
}

fn describe_file(view: &PageView<'_>, name: &str) -> String {
    let part = Part::ALL
        .into_iter()
        .find(|part| part.file_name(&view.facts.survey.cluster_id) == name);
    let text = match (part, name) {
        (Some(part), _) => part.noun(),
        (None, name) if name == view.facts.survey.trust_anchor_file() => "the trust anchor",
        (None, CHAIN_FILE | ROOT_CA_FILE) => "CA certificates; the trust anchor is another file",
        (None, REQUEST) => "what was fetched, when and from where",
        (None, VERIFICATION) => "how it was judged then",
        (None, RESPONSE) => "what was signed, by which CA",
        (None, CREATION) => "the cluster that was asked for",
        (None, SIMULATED_ROOTS) => "a simulator’s roots: no anchors of this page unless it says so",
        (None, RECEIPT) => "what was submitted, and what came of it",
        (None, TRANSCRIPT) => "who did what",
        (None, _) => "",
    };
    text.to_owned()
}

/// Returns the documents that record the file, each with the SHA-256 that it records.
fn recorded_digests<'a>(view: &PageView<'a>, name: &str) -> Vec<(&'static str, &'a OutsideText)> {
    let survey = &view.facts.survey;
    let request = survey
        .request
        .content()
        .map(|request| (REQUEST, &request.files));
    let response = survey
        .response
        .content()
        .map(|response| (RESPONSE, &response.files));
    let last = survey.transcript.content().and_then(|trail| {
        let known = |files: &'a Digests| files.get(name);
        trail
            .holds
            .entries()
            .iter()
            .rev()
            .find_map(|entry| known(&entry.outputs).or_else(|| known(&entry.inputs)))
    });
    let by_document = [request, response]
        .into_iter()
        .flatten()
        .filter_map(|(file, files)| files.get(name).map(|digest| (file, digest)));
    by_document
        .chain(last.map(|digest| (TRANSCRIPT, digest)))
        .collect()
}

/// Writes which documents record the file, and whether they record this content.
fn write_recorded(html: &mut Html, view: &PageView<'_>, name: &str, digest: &str) {
    let all = recorded_digests(view, name);
    if all.is_empty() {
        html.write_text(if name == TRANSCRIPT {
            "it records the others"
        } else {
            "none of them"
        });
    }
    html.write_element_of("ul", "plain", |html| {
        for (file, recorded) in &all {
            let same = recorded.as_raw().eq_ignore_ascii_case(digest);
            html.write_element("li", &[], |html| {
                write_icon(html, if same { Icon::Pass } else { Icon::Fail });
                html.write_code(file);
                html.write_raw(if same {
                    ": the same"
                } else {
                    ": <strong>another content</strong>"
                });
            });
        }
    });
}

/// Writes the lines on which people sign on paper.
pub(super) fn write_signature_lines(html: &mut Html, view: &PageView<'_>) {
    html.write_element("p", &[], |html| {
        html.write_text(format!(
            "For {}. hsmboot printed the SHA-256 of this page’s file when it wrote it, and ",
            view.facts.survey.cluster_id
        ));
        html.write_raw(
            "<code>sha256sum</code> gives it again: written here, it ties these signatures to \
                  that file.",
        );
    });
    html.write_raw("<p class=\"blank\"><span>SHA-256 of this page’s file</span></p>");
    html.write_raw(
        "<table class=\"sign\" aria-labelledby=\"signatures-heading\"><thead><tr><th \
         scope=\"col\">In the role of</th><th scope=\"col\">Name</th><th \
         scope=\"col\">Date</th><th scope=\"col\">Signature</th></tr></thead><tbody><tr><th \
         scope=\"row\">Operator</th><td></td><td></td><td></td></tr><tr><th \
         scope=\"row\">Custodian</th><td></td><td></td><td></td></tr><tr><th \
         scope=\"row\">Witness</th><td></td><td></td><td></td></tr><tr><th \
         scope=\"row\">Auditor</th><td></td><td></td><td></td></tr></tbody></table>",
    );
}
