//! The drawing: rows of boxes, and the ties between them. Where the trust anchor is a chain, the
//! drawing has two parts, one below the other, so that a printed page can end between them.

mod boxes;
mod brief;
mod describe;
mod rows;
mod stacked;

use boxes::{BoxColumn, BoxFrame, draw_box, state_class};
use describe::describe_drawing;
use rows::{DrawingRow, first_rows, last_rows, rows_above};

use super::chain::{DrawnNode, DrawnRelation};
use super::html::Html;
use super::lines::{
    TextLine, box_lines, height_of_lines, reason_lines, statement_lines, write_lines,
};
use super::rank::Rank;
use super::stroke::{DrawnPoint, LOOP, draw_loop_above, draw_loop_beside, draw_straight};
use super::tie::Tie;
use super::view::PageView;
use crate::verify::Side;

/// The width of the drawing, in its own units, as all lengths are.
const WIDTH: i32 = 760;
/// The width of a narrow box.
const BOX: i32 = 310;
/// The left edge of the right box.
const RIGHT: i32 = WIDTH - BOX;
/// The space between a box's edge and its content.
const PADDING: i32 = 14;
/// The distance of an arrow from its box's left edge.
const ARROW: i32 = 32;
/// The greatest width of text beside an arrow, in a narrow box, in a wide one, between two boxes,
/// and beside the arrow there.
const BESIDE: u16 = 255;
const IN_BOX: u16 = 282;
const IN_WIDE: u16 = 690;
const BETWEEN: u16 = 120;
const IN_LOOP: u16 = 92;

/// Draws the chain.
pub(super) fn draw_chain(
    html: &mut Html,
    view: &PageView<'_>,
    nodes: &[DrawnNode<'_>],
    relations: &[DrawnRelation<'_>],
) {
    let ranks = view.ranks();
    let (signing, root) = (
        ranks.first().copied().unwrap_or(Rank::Alone),
        ranks.last().copied().unwrap_or(Rank::Alone),
    );
    let rows = |html: &mut Html, from: i32, rows: Vec<DrawingRow>| {
        rows.iter()
            .fold(from, |y, row| draw_row(html, y, row, nodes, relations))
    };
    let (mut first, mut second) = (Html::default(), Html::default());
    let hsm = rows(&mut first, 2, first_rows());
    let is_chain = ranks.len() > 1;
    let part = if is_chain { &mut second } else { &mut first };
    let csr = if is_chain {
        let next = draw_ties(part, hsm, &[Tie::SelfSigned(root)], relations, hsm);
        let csr = rows(part, next, rows_above(&ranks));
        draw_tie_past(part, Tie::SameKey, relations, hsm, csr);
        csr
    } else {
        draw_ties(
            part,
            hsm,
            &[Tie::SameKey, Tie::SelfSigned(root)],
            relations,
            hsm,
        )
    };
    let bottom = rows(part, csr, last_rows(signing)) + 2;
    let title = format!(
        "The chain of certificates of {}",
        view.facts.survey.cluster_id
    );
    let words = describe_drawing(relations);
    html.write_pan(("aria-label", "Picture of the chain"), |html| {
        if is_chain {
            // On a screen the one goes on where the other ends.
            let cut = hsm + 1;
            let frame = PictureFrame::wide("picture", (0, cut));
            write_frame(html, frame, &title, &words, first);
            let title = format!("{title}, from the HSM certificate and the trust anchor’s root on");
            let words = "Its ties are counted with those of the picture above it.";
            let frame = PictureFrame::wide("rest", (cut, bottom));
            write_frame(html, frame, &title, words, second);
        } else {
            let frame = PictureFrame::wide("picture", (0, bottom));
            write_frame(html, frame, &title, &words, first);
        }
    });
    html.write_element_of("div", "narrow", |html| {
        let (drawn, bottom) = stacked::draw_stack(nodes, relations, &ranks);
        let frame = PictureFrame {
            id: "stack",
            width: stacked::WIDTH,
            ends: (0, bottom),
        };
        write_frame(html, frame, &title, &words, drawn);
    });
}

/// Draws the chain in short, for the first printed page.
pub(super) fn draw_chain_in_short(
    html: &mut Html,
    view: &PageView<'_>,
    nodes: &[DrawnNode<'_>],
    relations: &[DrawnRelation<'_>],
) {
    let mut drawn = Html::default();
    brief::draw_brief(&mut drawn, nodes, relations, &view.ranks());
    let title = format!("The chain of {} in short", view.facts.survey.cluster_id);
    let frame = PictureFrame {
        id: "brief",
        width: brief::WIDTH,
        ends: (0, brief::HEIGHT),
    };
    write_frame(html, frame, &title, &describe_drawing(relations), drawn);
}

/// A part of a drawing: what its parts are called, its width, and where it begins and ends.
struct PictureFrame {
    id: &'static str,
    width: i32,
    ends: (i32, i32),
}

impl PictureFrame {
    const fn wide(id: &'static str, ends: (i32, i32)) -> Self {
        PictureFrame {
            id,
            width: WIDTH,
            ends,
        }
    }
}

/// Writes a part of a drawing.
fn write_frame(html: &mut Html, frame: PictureFrame, title: &str, words: &str, drawn: Html) {
    let PictureFrame {
        id,
        width,
        ends: (from, to),
    } = frame;
    let view_box = format!("-2 {from} {} {}", width + 4, to - from);
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    let named = format!("{title_id} {text_id}");
    html.write_element(
        "svg",
        &[
            ("class", "picture"),
            ("viewBox", &view_box),
            ("role", "img"),
            ("aria-labelledby", &named),
        ],
        |html| {
            html.write_element("title", &[("id", &title_id)], |html| html.write_text(title));
            html.write_element("desc", &[("id", &text_id)], |html| html.write_text(words));
            html.append(drawn);
        },
    );
}

/// Draws a row and the ties that lead on from it. Returns the height at which the next row begins.
fn draw_row(
    html: &mut Html,
    y: i32,
    row: &DrawingRow,
    nodes: &[DrawnNode<'_>],
    relations: &[DrawnRelation<'_>],
) -> i32 {
    let boxes = row
        .spots
        .iter()
        .filter_map(|spot| nodes.iter().find(|node| node.spot == *spot));
    let boxes: Vec<(&DrawnNode<'_>, BoxColumn, Vec<TextLine>)> = boxes
        .map(|node| {
            let column = BoxColumn::from_spot(node.spot);
            (node, column, box_lines(node, column.text_width()))
        })
        .collect();
    let tall = height_of_lines(
        boxes
            .iter()
            .map(|(.., lines)| lines.len())
            .max()
            .unwrap_or(0),
    ) + 36;
    for (node, column, lines) in &boxes {
        draw_box(
            html,
            node,
            lines,
            BoxFrame {
                x: column.left_edge(),
                y,
                width: column.box_width(),
                height: tall,
            },
        );
    }
    let beside = row.beside.and_then(|tie| relation_of(tie, relations));
    let under = beside.map_or(y, |relation| draw_between(html, relation, y + 42));
    draw_ties(html, y + tall, &row.down, relations, under)
}

/// Draws the ties that lead on from a row that ends here. Text beside them goes down to `under`.
/// Returns the height at which the next row begins.
fn draw_ties(
    html: &mut Html,
    bottom: i32,
    down: &[Tie],
    relations: &[DrawnRelation<'_>],
    under: i32,
) -> i32 {
    let labelled: Vec<(&DrawnRelation<'_>, Vec<TextLine>)> = down
        .iter()
        .filter_map(|tie| relation_of(*tie, relations))
        .map(|relation| (relation, lines_beside(relation)))
        .collect();
    let most = labelled
        .iter()
        .map(|(_, lines)| lines.len())
        .max()
        .unwrap_or(0);
    if most == 0 {
        return bottom;
    }
    let next = (bottom + height_of_lines(most) + 24).max(under);
    for (relation, lines) in &labelled {
        draw_down(html, relation, lines, bottom, next);
    }
    next
}

/// Draws a tie that leads past other rows.
fn draw_tie_past(html: &mut Html, tie: Tie, relations: &[DrawnRelation<'_>], from: i32, to: i32) {
    if let Some(relation) = relation_of(tie, relations) {
        draw_down(html, relation, &lines_beside(relation), from, to);
    }
}

fn relation_of<'a, 'b>(
    tie: Tie,
    relations: &'a [DrawnRelation<'b>],
) -> Option<&'a DrawnRelation<'b>> {
    relations.iter().find(|relation| relation.tie == tie)
}

/// Returns the lines of text beside an arrow.
fn lines_beside(relation: &DrawnRelation<'_>) -> Vec<TextLine> {
    statement_lines(relation, BESIDE)
        .into_iter()
        .chain(reason_lines(relation, BESIDE))
        .collect()
}

fn write_group(html: &mut Html, relation: &DrawnRelation<'_>, inner: impl FnOnce(&mut Html)) {
    let class = format!("tie {}", state_class(relation.state));
    let name = relation.tie.name();
    html.write_element("g", &[("class", &class), ("data-tie", &name)], inner);
}

/// Draws a tie that leads down to the next row, or from the top of a box there back into it, with
/// its text on the right.
fn draw_down(
    html: &mut Html,
    relation: &DrawnRelation<'_>,
    lines: &[TextLine],
    from: i32,
    to: i32,
) {
    let right = matches!(
        relation.tie,
        Tie::Certified(Side::Manufacturer)
            | Tie::Vouched(Side::Manufacturer)
            | Tie::SelfSigned(_)
            | Tie::ChainLink(..)
            | Tie::Issued(_)
    );
    let x = if right { RIGHT + ARROW } else { ARROW };
    write_group(html, relation, |html| {
        let beside = if matches!(relation.tie, Tie::SelfSigned(_)) {
            draw_loop_above(html, relation, DrawnPoint(x, to));
            x + 40
        } else {
            draw_straight(html, relation, DrawnPoint(x, from), DrawnPoint(x, to));
            x + 18
        };
        let room = to - from - height_of_lines(lines.len());
        write_lines(html, lines, beside, from + room / 2 + 12);
    });
}

/// Draws a tie between the two boxes of a row, at this height. Returns the height at which its text
/// ends.
fn draw_between(html: &mut Html, relation: &DrawnRelation<'_>, y: i32) -> i32 {
    let (left, lines) = (BOX + 12, reason_lines(relation, BETWEEN));
    write_group(html, relation, |html| {
        if relation.tie == Tie::Possession {
            draw_loop_beside(html, relation, DrawnPoint(BOX, y - 24));
            write_lines(
                html,
                &statement_lines(relation, IN_LOOP),
                BOX + LOOP + 10,
                y - 15,
            );
        } else {
            draw_straight(html, relation, DrawnPoint(BOX, y), DrawnPoint(RIGHT, y));
            let above = statement_lines(relation, BETWEEN);
            write_lines(html, &above, left, y - height_of_lines(above.len()) - 1);
        }
        write_lines(html, &lines, left, y + 24);
    });
    y + 24 + height_of_lines(lines.len())
}
