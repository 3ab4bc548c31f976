//! The drawing: six rows of boxes, and what ties them together.

use super::chain::{Node, Relation, Spot, State, Tie};
use super::html::Html;
use super::lines::{Line, because, contents, height, says, symbol, text, write};
use super::picture::name;
use super::stroke::{At, LOOP, loop_above, loop_beside, straight};
use super::view::{View, counted};
use crate::verify::Side;

/// All lengths are in the drawing's own units, of which it is this many wide.
const WIDTH: i32 = 760;
/// A narrow box.
const BOX: i32 = 310;
/// Where the right one begins.
const RIGHT: i32 = WIDTH - BOX;
/// Between a box's edge and what stands in it.
const PAD: i32 = 14;
/// How far from a box's left edge its arrow stands.
const ARROW: i32 = 32;
/// How wide text may be beside an arrow, in a narrow box, in a wide one, between two boxes, and beside the arrow there.
const BESIDE: u16 = 255;
const IN_BOX: u16 = 282;
const IN_WIDE: u16 = 690;
const BETWEEN: u16 = 120;
const IN_LOOP: u16 = 92;

/// A row: its boxes, one wide or two narrow; what ties them to each other; what leads on to the next row.
type Row = (&'static [Spot], Option<Tie>, &'static [Tie]);

const ROWS: [Row; 6] = [
    (
        &[Spot::Anchor(Side::Aws), Spot::Anchor(Side::Manufacturer)],
        Some(Tie::Roots),
        &[Tie::Certified(Side::Aws), Tie::Certified(Side::Manufacturer)],
    ),
    (
        &[Spot::Hardware(Side::Aws), Spot::Hardware(Side::Manufacturer)],
        Some(Tie::OneKey),
        &[Tie::Vouched(Side::Aws), Tie::Vouched(Side::Manufacturer)],
    ),
    (&[Spot::Hsm], None, &[Tie::SameKey, Tie::Own]),
    (&[Spot::Csr, Spot::TrustAnchor], Some(Tie::Possession), &[Tie::Asked, Tie::Issued]),
    (&[Spot::SignedCert], None, &[Tie::Sent]),
    (&[Spot::Cluster], None, &[]),
];

/// Draws them.
pub(super) fn draw(html: &mut Html, view: &View<'_>, nodes: &[Node<'_>], relations: &[Relation<'_>]) {
    let mut drawn = Html::default();
    let bottom = ROWS.iter().fold(2, |y, row| draw_row(&mut drawn, y, row, nodes, relations));
    let view_box = format!("-2 0 {} {}", WIDTH.saturating_add(4), bottom.saturating_add(2));
    let attributes = [("class", "picture"), ("viewBox", view_box.as_str()), ("role", "img"), ("aria-labelledby", "picture-title picture-text")];
    html.el("svg", &attributes, |html| {
        let title = format!("The chain of certificates of {}", view.facts.survey.cluster_id);
        html.el("title", &[("id", "picture-title")], |html| html.text(&title));
        html.el("desc", &[("id", "picture-text")], |html| html.text(described(relations)));
        html.append(drawn);
    });
}

/// The text for the picture; the list below it has the rest.
fn described(relations: &[Relation<'_>]) -> String {
    let counted = |state, one: &str, more: &str| {
        let number = relations.iter().filter(|relation| relation.state == state).count();
        counted(number, one, more)
    };
    let broken = relations.iter().filter(|relation| relation.state == State::Broken);
    let broken: Vec<String> = broken
        .map(|relation| {
            let (from, to) = relation.tie.ends();
            format!("{} to {}: {}", from.title(), to.title(), relation.says)
        })
        .collect();
    let list = if broken.is_empty() { String::new() } else { format!(" Broken: {}.", broken.join("; ")) };
    format!(
        "Two anchors lead by their hardware certificates to the HSM certificate, and from there by the CSR and the signed certificate to the cluster. Of {} \
         ties {}, {}, {}, {}.{list} The list below the picture has them all.",
        relations.len(),
        counted(State::Holds, "holds", "hold"),
        counted(State::Broken, "is broken", "are broken"),
        counted(State::Unjudged, "was not judged", "were not judged"),
        counted(State::Told, "is only recorded", "are only recorded"),
    )
}

/// Where a box lies.
#[derive(Clone, Copy)]
struct Frame {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

/// Draws a row and what leads on from it; gives where the next row begins.
fn draw_row(html: &mut Html, y: i32, (spots, beside, down): &Row, nodes: &[Node<'_>], relations: &[Relation<'_>]) -> i32 {
    let (width, room) = if spots.len() == 1 { (WIDTH, IN_WIDE) } else { (BOX, IN_BOX) };
    let boxes = nodes.iter().filter(|node| spots.contains(&node.spot));
    let boxes: Vec<(&Node<'_>, Vec<Line>)> = boxes.map(|node| (node, contents(node, room))).collect();
    let tall = height(boxes.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0)).saturating_add(36);
    for ((node, lines), x) in boxes.iter().zip([0, RIGHT]) {
        draw_box(html, node, lines, Frame { x, y, width, height: tall });
    }
    let bottom = y.saturating_add(tall);
    let tie = |tie: &Tie| relations.iter().find(|relation| relation.tie == *tie);
    let under = beside.as_ref().and_then(tie).map_or(y, |relation| draw_between(html, relation, y.saturating_add(42)));
    let labelled: Vec<(&Relation<'_>, Vec<Line>)> = down
        .iter()
        .filter_map(tie)
        .map(|relation| (relation, says(relation, BESIDE).into_iter().chain(because(relation, BESIDE)).collect()))
        .collect();
    let most = labelled.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    if most == 0 {
        return bottom;
    }
    let next = bottom.saturating_add(height(most)).saturating_add(24).max(under);
    for (relation, lines) in &labelled {
        draw_down(html, relation, lines, bottom, next);
    }
    next
}

/// What the style knows a state by.
const fn class(state: State) -> &'static str {
    match state {
        State::Holds => "holds",
        State::Accepted => "accepted",
        State::Broken => "broken",
        State::Unjudged => "unjudged",
        State::Told => "recorded",
        State::Absent => "missing",
    }
}

fn draw_box(html: &mut Html, node: &Node<'_>, lines: &[Line], frame: Frame) {
    let [x, y, width, height] = [frame.x, frame.y, frame.width, frame.height].map(|n| n.to_string());
    html.el("g", &[("class", &format!("node {}", class(node.state)))], |html| {
        html.el("rect", &[("x", &x), ("y", &y), ("width", &width), ("height", &height), ("rx", "5")], |_| {});
        // What is too wide for its box ends with it.
        html.el("svg", &[("x", &x), ("y", &y), ("width", &width), ("height", &height)], |html| {
            text(html, "title", PAD, 24, node.spot.title());
            symbol(html, node.state.symbol().0, frame.width.saturating_sub(32), 10, 18);
            write(html, lines, PAD, 42);
        });
    });
}

fn group(html: &mut Html, relation: &Relation<'_>, inner: impl FnOnce(&mut Html)) {
    html.el("g", &[("class", &format!("tie {}", class(relation.state))), ("data-tie", &name(relation.tie))], inner);
}

/// A tie that leads down to the next row, or from the top of a box there back into it, with what is said of it on its right.
fn draw_down(html: &mut Html, relation: &Relation<'_>, lines: &[Line], from: i32, to: i32) {
    let right = matches!(relation.tie, Tie::Certified(Side::Manufacturer) | Tie::Vouched(Side::Manufacturer) | Tie::Own | Tie::Issued);
    let x = if right { RIGHT.saturating_add(ARROW) } else { ARROW };
    group(html, relation, |html| {
        let beside = if relation.tie == Tie::Own {
            loop_above(html, relation, At(x, to));
            x.saturating_add(40)
        } else {
            straight(html, relation, At(x, from), At(x, to));
            x.saturating_add(18)
        };
        let room = to.saturating_sub(from).saturating_sub(height(lines.len()));
        write(html, lines, beside, from.saturating_add(room.saturating_div(2)).saturating_add(12));
    });
}

/// A tie between the two boxes of a row, at this height; gives how far down its text goes.
fn draw_between(html: &mut Html, relation: &Relation<'_>, y: i32) -> i32 {
    let (left, lines) = (BOX.saturating_add(12), because(relation, BETWEEN));
    group(html, relation, |html| {
        if relation.tie == Tie::Possession {
            loop_beside(html, relation, At(BOX, y.saturating_sub(24)));
            write(html, &says(relation, IN_LOOP), BOX.saturating_add(LOOP).saturating_add(10), y.saturating_sub(15));
        } else {
            straight(html, relation, At(BOX, y), At(RIGHT, y));
            let above = says(relation, BETWEEN);
            write(html, &above, left, y.saturating_sub(height(above.len())).saturating_sub(1));
        }
        write(html, &lines, left, y.saturating_add(24));
    });
    y.saturating_add(24).saturating_add(height(lines.len()))
}
