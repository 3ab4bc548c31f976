//! The drawing: rows of boxes, and the ties between them. Where the trust anchor is a chain, the
//! drawing has two parts, one below the other, so that a printed page can end between them.

use super::chain::{DrawnNode, DrawnRelation};
use super::finding::DrawnState;
use super::html::Html;
use super::lines::{
    TextLine, box_lines, height_of_lines, reason_lines, statement_lines, write_lines, write_symbol,
    write_text,
};
use super::rank::Rank;
use super::stroke::{DrawnPoint, LOOP, draw_loop_above, draw_loop_beside, draw_straight};
use super::tie::{Spot, Tie};
use super::view::{PageView, count_text};
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

/// A row: its boxes, the ties between them, and the ties that lead on to the next row.
struct DrawingRow {
    spots: Vec<Spot>,
    beside: Option<Tie>,
    down: Vec<Tie>,
}

/// Returns the rows down to the HSM certificate's.
fn first_rows() -> Vec<DrawingRow> {
    let sides = |spot: fn(Side) -> Spot| Side::ALL.map(spot).to_vec();
    let ties = |tie: fn(Side) -> Tie| Side::ALL.map(tie).to_vec();
    vec![
        DrawingRow {
            spots: sides(Spot::Anchor),
            beside: Some(Tie::Roots),
            down: ties(Tie::Certified),
        },
        DrawingRow {
            spots: sides(Spot::Hardware),
            beside: Some(Tie::SameHardwareKey),
            down: ties(Tie::Vouched),
        },
        DrawingRow {
            spots: vec![Spot::Hsm],
            beside: None,
            down: Vec::new(),
        },
    ]
}

/// Returns the rows of the CAs above the one that signs, the root first.
fn rows_above(ranks: &[Rank]) -> Vec<DrawingRow> {
    let links = ranks.iter().skip(1).zip(ranks).rev();
    links
        .map(|(above, below)| DrawingRow {
            spots: vec![Spot::Ca(*above)],
            beside: None,
            down: vec![Tie::ChainLink(*above, *below)],
        })
        .collect()
}

/// Returns the rows from the CSR's on.
fn last_rows(signing: Rank) -> Vec<DrawingRow> {
    vec![
        DrawingRow {
            spots: vec![Spot::Csr, Spot::Ca(signing)],
            beside: Some(Tie::Possession),
            down: vec![Tie::RequestedKey, Tie::Issued(signing)],
        },
        DrawingRow {
            spots: vec![Spot::SignedCert],
            beside: None,
            down: vec![Tie::Sent],
        },
        DrawingRow {
            spots: vec![Spot::Cluster],
            beside: None,
            down: Vec::new(),
        },
    ]
}

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
    if is_chain {
        // On a screen the one goes on where the other ends.
        let cut = hsm + 1;
        write_frame(html, "picture", (0, cut), &title, &words, first);
        let title = format!("{title}, from the HSM certificate and the trust anchor’s root on");
        write_frame(
            html,
            "rest",
            (cut, bottom),
            &title,
            "Its ties are counted with those of the picture above it.",
            second,
        );
    } else {
        write_frame(html, "picture", (0, bottom), &title, &words, first);
    }
}

/// Writes the part of the drawing between these heights.
fn write_frame(
    html: &mut Html,
    id: &'static str,
    (from, to): (i32, i32),
    title: &str,
    words: &str,
    drawn: Html,
) {
    let view_box = format!("-2 {from} {} {}", WIDTH + 4, to - from);
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

/// Returns the alternative text of the drawing. The list below it has the rest.
fn describe_drawing(relations: &[DrawnRelation<'_>]) -> String {
    let counted = |state, one: &str, more: &str| {
        let number = relations
            .iter()
            .filter(|relation| relation.state == state)
            .count();
        count_text(number, one, more)
    };
    let broken = relations
        .iter()
        .filter(|relation| relation.state == DrawnState::Broken);
    let broken: Vec<String> = broken
        .map(|relation| {
            let (from, to) = relation.tie.end_spots();
            format!("{} to {}: {}", from.title(), to.title(), relation.says)
        })
        .collect();
    let above = if relations
        .iter()
        .any(|relation| matches!(relation.tie, Tie::ChainLink(..)))
    {
        " The trust anchor’s root leads to the CA that signed."
    } else {
        ""
    };
    let list = if broken.is_empty() {
        String::new()
    } else {
        format!(" Broken: {}.", broken.join("; "))
    };
    format!(
        "Two anchors lead by their hardware certificates to the HSM certificate, and from there by \
         the CSR and the signed certificate to the cluster.{above} Of {} ties {}, {}, {}, \
         {}.{list} The list below the picture has them all.",
        relations.len(),
        counted(DrawnState::Holds, "holds", "hold"),
        counted(DrawnState::Broken, "is broken", "are broken"),
        counted(DrawnState::Unjudged, "was not judged", "were not judged"),
        counted(
            DrawnState::Recorded,
            "is only recorded",
            "are only recorded"
        ),
    )
}

/// The position and size of a box.
#[derive(Clone, Copy)]
struct BoxFrame {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
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

/// The position of a box in its row.
#[derive(Clone, Copy)]
enum BoxColumn {
    Left,
    Right,
    /// Over the whole width.
    FullWidth,
}

impl BoxColumn {
    const fn from_spot(spot: Spot) -> Self {
        match spot {
            Spot::Anchor(Side::Aws) | Spot::Hardware(Side::Aws) | Spot::Csr => BoxColumn::Left,
            Spot::Anchor(Side::Manufacturer) | Spot::Hardware(Side::Manufacturer) | Spot::Ca(_) => {
                BoxColumn::Right
            }
            Spot::Hsm | Spot::SignedCert | Spot::Cluster => BoxColumn::FullWidth,
        }
    }

    const fn left_edge(self) -> i32 {
        if matches!(self, BoxColumn::Right) {
            RIGHT
        } else {
            0
        }
    }

    const fn box_width(self) -> i32 {
        if matches!(self, BoxColumn::FullWidth) {
            WIDTH
        } else {
            BOX
        }
    }

    /// Returns the greatest width of its text.
    const fn text_width(self) -> u16 {
        if matches!(self, BoxColumn::FullWidth) {
            IN_WIDE
        } else {
            IN_BOX
        }
    }
}

/// Returns the class of a state in the style sheet.
const fn state_class(state: DrawnState) -> &'static str {
    match state {
        DrawnState::Holds => "holds",
        DrawnState::Accepted => "accepted",
        DrawnState::Broken => "broken",
        DrawnState::Unjudged => "unjudged",
        DrawnState::Recorded => "recorded",
        DrawnState::Absent => "missing",
    }
}

fn draw_box(html: &mut Html, node: &DrawnNode<'_>, lines: &[TextLine], frame: BoxFrame) {
    let place = [("x", frame.x), ("y", frame.y)];
    let size = [("width", frame.width), ("height", frame.height)];
    let class = format!("node {}", state_class(node.state));
    html.write_element("g", &[("class", &class)], |html| {
        let rounded = [&place[..], &size, &[("rx", 5)]].concat();
        html.write_shape("rect", "", &rounded, |_| {});
        // What is too wide for its box ends with it.
        html.write_shape("svg", "", &[place, size].concat(), |html| {
            write_text(html, "title", PADDING, 24, node.spot.title());
            write_symbol(html, node.state.icon_and_word().0, frame.width - 32, 10, 18);
            write_lines(html, lines, PADDING, 42);
        });
    });
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
