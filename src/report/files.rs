//! The bundle's files, and where people sign.

use super::html::Html;
use super::icons::icon;
use super::view::{View, counted};
use crate::bundle::{
    CHAIN_FILE, CREATION, Digests, Part, RECEIPT, REQUEST, RESPONSE, ROOT_CA_FILE, Seen,
    TRANSCRIPT, VERIFICATION,
};
use crate::outside::OutsideText;
use crate::x509::{hex, sha256};

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    html.el("p", &[], |html| {
        html.raw(
            "SHA-256 of each file’s bytes, as <code>sha256sum</code> gives it. The bundle lay in ",
        );
        html.code(&view.facts.place);
        html.raw(".");
    });
    html.el(
        "div",
        &[
            ("class", "pan"),
            ("role", "region"),
            ("aria-label", "Files of the bundle"),
            ("tabindex", "0"),
        ],
        |html| table(html, view),
    );
    let survey = &view.facts.survey;
    if !survey.private_keys.is_empty() {
        html.el("p", &[], |html| {
            icon(html, "fail");
            html.raw("<strong>A private key lies in the bundle: ");
            list(html, survey.private_keys.iter());
            html.raw(
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
        html.el("p", &[], |html| {
            html.text("Beside them lie, as no part of the bundle and not judged: ");
            list(html, others.into_iter());
            html.text(".");
        });
    }
}

fn list<'a>(html: &mut Html, names: impl Iterator<Item = &'a OutsideText>) {
    for (at, name) in names.enumerate() {
        html.text(if at > 0 { ", " } else { "" });
        html.code(name);
    }
}

fn table(html: &mut Html, view: &View<'_>) {
    html.el(
        "table",
        &[("class", "files"), ("aria-labelledby", "files-heading")],
        |html| {
            html.raw(
                "<thead><tr><th scope=\"col\">File</th><th scope=\"col\">SHA-256</th><th \
                  scope=\"col\">Recorded by</th></tr></thead>",
            );
            html.el("tbody", &[], |html| {
                // Of the names that the trust anchor's file may have, those that are not there are
                // no gap.
                let other_name = |seen: &&Seen| {
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
                    html.el("tr", &[], |html| row(html, view, seen));
                }
            });
        },
    );
}

fn row(html: &mut Html, view: &View<'_>, seen: &Seen) {
    html.el("th", &[("scope", "row")], |html| {
        html.code(&seen.name);
        html.say_of("p", "source", about(view, &seen.name));
    });
    match &seen.content {
        None if is_missing(view, &seen.name) => {
            html.el("td", &[], |html| {
                icon(html, "fail");
                html.raw("<strong>missing</strong>");
            });
            html.raw("<td></td>");
        }
        None => html.raw("<td>absent</td><td></td>"),
        Some(Err(why)) => {
            html.el("td", &[], |html| {
                icon(html, "fail");
                html.quote(why);
            });
            html.raw("<td></td>");
        }
        Some(Ok(content)) => {
            let digest = hex(&sha256(content));
            html.el("td", &[], |html| {
                html.digest(&digest);
                html.say_of("p", "source", counted(content.len(), "byte", "bytes"));
            });
            html.el("td", &[], |html| recorded(html, view, &seen.name, &digest));
        }
    }
}

/// Whether a file that is not there should be: every request has its four, every pair is two, and
/// what a step wrote it wrote.
fn is_missing(view: &View<'_>, name: &str) -> bool {
    let id = &view.facts.survey.cluster_id;
    let request = [
        Part::Csr,
        Part::Hsm,
        Part::AwsHardware,
        Part::ManufacturerHardware,
    ];
    request.iter().any(|part| part.file_name(id) == name)
        || (view.pair.is_some() && name == view.facts.survey.trust_anchor_file())
        || !records(view, name).is_empty()
}

fn about(view: &View<'_>, name: &str) -> String {
    let parts = [
        Part::Csr,
        Part::Hsm,
        Part::AwsHardware,
        Part::ManufacturerHardware,
        Part::SignedCert,
    ];
    let part = parts
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
        (None, RECEIPT) => "what was submitted, and what came of it",
        (None, TRANSCRIPT) => "who did what",
        (None, _) => "",
    };
    text.to_owned()
}

/// The documents that record the file, and the SHA-256 that each has of it.
fn records<'a>(view: &View<'a>, name: &str) -> Vec<(&'static str, &'a OutsideText)> {
    let survey = &view.facts.survey;
    let request = survey
        .request
        .told()
        .map(|request| (REQUEST, &request.files));
    let response = survey
        .response
        .told()
        .map(|response| (RESPONSE, &response.files));
    let last = survey.transcript.told().and_then(|trail| {
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

/// Which documents record the file, and whether they record this content.
fn recorded(html: &mut Html, view: &View<'_>, name: &str, digest: &str) {
    let all = records(view, name);
    if all.is_empty() {
        html.text(if name == TRANSCRIPT {
            "it records the others"
        } else {
            "none of them"
        });
    }
    html.of("ul", "plain", |html| {
        for (file, recorded) in &all {
            let same = recorded.raw().eq_ignore_ascii_case(digest);
            html.el("li", &[], |html| {
                icon(html, if same { "pass" } else { "fail" });
                html.code(file);
                html.raw(if same {
                    ": the same"
                } else {
                    ": <strong>another content</strong>"
                });
            });
        }
    });
}

/// Who signs, on paper.
pub(super) fn signatures(html: &mut Html, view: &View<'_>) {
    html.el("p", &[], |html| {
        html.text(format!(
            "For {}. hsmboot printed the SHA-256 of this page’s file when it wrote \
                           it, and ",
            view.facts.survey.cluster_id
        ));
        html.raw(
            "<code>sha256sum</code> gives it again: written here, it ties these signatures to \
                  that file.",
        );
    });
    html.raw("<p class=\"blank\"><span>SHA-256 of this page’s file</span></p>");
    html.raw(
        "<table class=\"sign\" aria-labelledby=\"signatures-heading\"><thead><tr><th \
         scope=\"col\">In the role of</th><th scope=\"col\">Name</th><th \
         scope=\"col\">Date</th><th scope=\"col\">Signature</th></tr></thead><tbody><tr><th \
         scope=\"row\">Operator</th><td></td><td></td><td></td></tr><tr><th \
         scope=\"row\">Custodian</th><td></td><td></td><td></td></tr><tr><th \
         scope=\"row\">Witness</th><td></td><td></td><td></td></tr><tr><th \
         scope=\"row\">Auditor</th><td></td><td></td><td></td></tr></tbody></table>",
    );
}
