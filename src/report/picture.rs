//! The chain as a drawing, and the same in words.

use super::chain::{DrawnNode, DrawnRelation, build_node, find_relation};
use super::drawing::{draw_chain, draw_chain_in_short};
use super::finding::{DrawnFinding, DrawnState};
use super::html::Html;
use super::icons::write_icon;
use super::tie::{Spot, Tie};
use super::view::PageView;
use crate::verify::Status;

/// Writes the picture, and the same in words.
pub(super) fn write_picture_section(html: &mut Html, view: &PageView<'_>) {
    let (nodes, relations) = drawn_parts(view);
    html.write_element_of("figure", "chain", |html| {
        draw_chain(html, view, &nodes, &relations);
        html.write_element("figcaption", &[], write_legend);
    });
    html.write_text_element("h3", "The picture in words");
    html.write_element_of("ul", "ties", |html| {
        relations
            .iter()
            .for_each(|relation| write_tie_in_words(html, relation))
    });
    let faulty: Vec<&DrawnNode<'_>> = nodes
        .iter()
        .filter(|node| matches!(node.state, DrawnState::Broken | DrawnState::Accepted))
        .collect();
    if !faulty.is_empty() {
        html.write_element_of("ul", "ties", |html| {
            faulty
                .into_iter()
                .for_each(|node| write_place_in_words(html, node))
        });
    }
}

/// Returns what the drawings show: the places, and the ties between them.
fn drawn_parts<'a>(view: &'a PageView<'_>) -> (Vec<DrawnNode<'a>>, Vec<DrawnRelation<'a>>) {
    let relations = Tie::all_ties(view)
        .into_iter()
        .map(|tie| find_relation(view, tie))
        .collect();
    let nodes = Spot::all_spots(view)
        .into_iter()
        .map(|spot| build_node(view, spot))
        .collect();
    (nodes, relations)
}

/// Writes the picture in short, for the first printed page.
pub(super) fn write_short_picture(html: &mut Html, view: &PageView<'_>) {
    let (nodes, relations) = drawn_parts(view);
    draw_chain_in_short(html, view, &nodes, &relations);
    html.write_raw(
        "<p class=\"source\">An arrow leads from the key that signed to what it signed, a double \
         line joins what carries the same key, and each different key has a letter. A cross is a \
         check that failed, a dashed line one that could not be judged, a dotted one what is only \
         recorded. The appendix has the whole picture.</p>",
    );
}

fn write_legend(html: &mut Html) {
    html.write_raw(
        "A solid arrow leads from the key that signed to what it signed, a double line joins what \
         carries the same key; each different key has a letter of its own. A line interrupted by a \
         cross is a check that failed; a dashed one could not be judged; a dotted one is recorded \
         by a document of the bundle, and proves nothing.",
    );
}

fn write_tie_in_words(html: &mut Html, relation: &DrawnRelation<'_>) {
    let (icon, word) = relation.state.icon_and_word();
    html.write_element(
        "li",
        &[("data-tie", &relation.tie.name()), ("data-state", word)],
        |html| {
            write_icon(html, icon);
            let (from, to) = relation.tie.end_spots();
            html.write_element_of("div", "tie", |html| {
                html.write_element("p", &[], |html| {
                    html.write_text_element("strong", from.title());
                    if from != to {
                        html.write_text(if relation.tie.is_signature() {
                            " → "
                        } else {
                            " and "
                        });
                        html.write_text_element("strong", to.title());
                    }
                    html.write_text(format!(": {}", relation.says));
                    if let Some(algorithm) = &relation.algorithm {
                        html.write_text(format!(", {algorithm}"));
                    }
                    if word != relation.says {
                        html.write_text(format!(" ({word})"));
                    }
                });
                for line in relation.note.iter() {
                    html.write_element("p", &[], |html| html.write_quote(line));
                }
                // Which anchors were used stands in a section of its own.
                let quiet: &[Status] = if relation.tie == Tie::Roots {
                    &[Status::Pass, Status::Note]
                } else {
                    &[Status::Pass]
                };
                write_reasons(html, &relation.findings, quiet);
            });
        },
    );
}

fn write_place_in_words(html: &mut Html, node: &DrawnNode<'_>) {
    let (icon, word) = node.state.icon_and_word();
    html.write_element("li", &[("data-state", word)], |html| {
        write_icon(html, icon);
        html.write_element_of("div", "tie", |html| {
            html.write_element("p", &[], |html| {
                html.write_text_element("strong", node.spot.title());
                for line in &node.lines {
                    html.write_raw(", ");
                    html.write_quote(line);
                }
                if let Some((letter, key)) = &node.key {
                    html.write_text(format!(", key {letter}: {key}"));
                }
                html.write_text(format!(" ({word})"));
            });
            write_reasons(html, &node.findings, &[Status::Pass, Status::Note]);
        });
    });
}

/// Writes the findings: those of the quiet statuses by their ids, the others with their text.
fn write_reasons(html: &mut Html, findings: &[DrawnFinding<'_>], quiet: &[Status]) {
    let passed: Vec<&str> = findings
        .iter()
        .filter(|found| quiet.contains(&found.status))
        .map(|found| found.id)
        .collect();
    if !passed.is_empty() {
        html.write_element_of("p", "ids", |html| {
            for (at, id) in passed.iter().enumerate() {
                html.write_text(if at > 0 { " " } else { "" });
                html.write_check_id(id);
            }
        });
    }
    for found in findings
        .iter()
        .filter(|found| !quiet.contains(&found.status))
    {
        html.write_element("p", &[], |html| {
            html.write_check_id(found.id);
            html.write_text(format!(" {}: ", found.status.as_str()));
            html.write_quote(found.detail);
        });
    }
}
