//! The chain as a drawing, and the same in words.

use super::chain::{Finding, Node, Relation, Spot, State, Tie, node, relation};
use super::drawing::draw;
use super::html::Html;
use super::icons::icon;
use super::view::View;
use crate::verify::Status;

/// The picture, and the same in words.
pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let relations: Vec<Relation<'_>> = Tie::all(view)
        .into_iter()
        .map(|tie| relation(view, tie))
        .collect();
    let nodes: Vec<Node<'_>> = Spot::all(view)
        .into_iter()
        .map(|spot| node(view, spot))
        .collect();
    html.of("figure", "chain", |html| {
        html.el(
            "div",
            &[
                ("class", "pan"),
                ("role", "region"),
                ("aria-label", "Picture of the chain"),
                ("tabindex", "0"),
            ],
            |html| {
                draw(html, view, &nodes, &relations);
            },
        );
        html.el("figcaption", &[], legend);
    });
    html.say("h3", "The picture in words");
    html.of("ul", "ties", |html| {
        relations
            .iter()
            .for_each(|relation| in_words(html, relation))
    });
    let faulty: Vec<&Node<'_>> = nodes
        .iter()
        .filter(|node| matches!(node.state, State::Broken | State::Accepted))
        .collect();
    if !faulty.is_empty() {
        html.of("ul", "ties", |html| {
            faulty
                .into_iter()
                .for_each(|node| place_in_words(html, node))
        });
    }
}

fn legend(html: &mut Html) {
    html.raw(
        "A solid arrow leads from the key that signed to what it signed, a double line joins what \
         carries the same key; each different key has a letter of its own. A line interrupted by a \
         cross is a check that failed; a dashed one could not be judged; a dotted one is recorded \
         by a document of the bundle, and proves nothing.",
    );
}

fn in_words(html: &mut Html, relation: &Relation<'_>) {
    let (symbol, word) = relation.state.symbol();
    html.el(
        "li",
        &[("data-tie", &relation.tie.name()), ("data-state", word)],
        |html| {
            icon(html, symbol);
            let (from, to) = relation.tie.ends();
            html.of("div", "tie", |html| {
                html.el("p", &[], |html| {
                    html.say("strong", from.title());
                    if from != to {
                        html.text(if relation.tie.is_signature() {
                            " → "
                        } else {
                            " and "
                        });
                        html.say("strong", to.title());
                    }
                    html.text(format!(": {}", relation.says));
                    if let Some(algorithm) = &relation.algorithm {
                        html.text(format!(", {algorithm}"));
                    }
                    if word != relation.says {
                        html.text(format!(" ({word})"));
                    }
                });
                for line in relation.note.iter() {
                    html.el("p", &[], |html| html.quote(line));
                }
                // Which anchors were used stands in a section of its own.
                let quiet: &[Status] = if relation.tie == Tie::Roots {
                    &[Status::Pass, Status::Note]
                } else {
                    &[Status::Pass]
                };
                reasons(html, &relation.findings, quiet);
            });
        },
    );
}

fn place_in_words(html: &mut Html, node: &Node<'_>) {
    let (symbol, word) = node.state.symbol();
    html.el("li", &[("data-state", word)], |html| {
        icon(html, symbol);
        html.of("div", "tie", |html| {
            html.el("p", &[], |html| {
                html.say("strong", node.spot.title());
                for line in &node.lines {
                    html.raw(", ");
                    html.quote(line);
                }
                if let Some((letter, key)) = &node.key {
                    html.text(format!(", key {letter}: {key}"));
                }
                html.text(format!(" ({word})"));
            });
            reasons(html, &node.findings, &[Status::Pass, Status::Note]);
        });
    });
}

/// The findings: those of the quiet statuses by their ids, the others with what they say.
fn reasons(html: &mut Html, findings: &[Finding<'_>], quiet: &[Status]) {
    let passed: Vec<&str> = findings
        .iter()
        .filter(|found| quiet.contains(&found.status))
        .map(|found| found.id)
        .collect();
    if !passed.is_empty() {
        html.of("p", "ids", |html| {
            for (at, id) in passed.iter().enumerate() {
                html.text(if at > 0 { " " } else { "" });
                html.id(id);
            }
        });
    }
    for found in findings
        .iter()
        .filter(|found| !quiet.contains(&found.status))
    {
        html.el("p", &[], |html| {
            html.id(found.id);
            html.text(format!(" {}: ", found.status.as_str()));
            html.quote(found.detail);
        });
    }
}
