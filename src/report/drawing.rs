//! The drawing: rows of boxes, and what ties them together. Where the trust anchor is a chain, it
//! is drawn in two parts, one below the other, that a printed page can stand between.

use super::chain::{Node, Relation, Spot, State, Tie};
use super::html::Html;
use super::lines::{Line, because, contents, height, says, symbol, text, write};
use super::rank::Rank;
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
/// How wide text may be beside an arrow, in a narrow box, in a wide one, between two boxes, and
/// beside the arrow there.
const BESIDE: u16 = 255;
const IN_BOX: u16 = 282;
const IN_WIDE: u16 = 690;
const BETWEEN: u16 = 120;
const IN_LOOP: u16 = 92;

/// A row: its boxes; what ties them to each other; what leads on to the next row.
struct Row {
    spots: Vec<Spot>,
    beside: Option<Tie>,
    down: Vec<Tie>,
}

/// The rows down to the HSM certificate's.
fn first_rows() -> Vec<Row> {
    let sides = |spot: fn(Side) -> Spot| Side::ALL.map(spot).to_vec();
    let ties = |tie: fn(Side) -> Tie| Side::ALL.map(tie).to_vec();
    vec![
        Row {
            spots: sides(Spot::Anchor),
            beside: Some(Tie::Roots),
            down: ties(Tie::Certified),
        },
        Row {
            spots: sides(Spot::Hardware),
            beside: Some(Tie::OneKey),
            down: ties(Tie::Vouched),
        },
        Row {
            spots: vec![Spot::Hsm],
            beside: None,
            down: Vec::new(),
        },
    ]
}

/// The rows of the CAs above the one that signs, the root first.
fn rows_above(ranks: &[Rank]) -> Vec<Row> {
    let links = ranks.iter().skip(1).zip(ranks).rev();
    links
        .map(|(above, below)| Row {
            spots: vec![Spot::Ca(*above)],
            beside: None,
            down: vec![Tie::Above(*above, *below)],
        })
        .collect()
}

/// The rows from the CSR's on.
fn last_rows(signing: Rank) -> Vec<Row> {
    vec![
        Row {
            spots: vec![Spot::Csr, Spot::Ca(signing)],
            beside: Some(Tie::Possession),
            down: vec![Tie::Asked, Tie::Issued(signing)],
        },
        Row {
            spots: vec![Spot::SignedCert],
            beside: None,
            down: vec![Tie::Sent],
        },
        Row {
            spots: vec![Spot::Cluster],
            beside: None,
            down: Vec::new(),
        },
    ]
}

/// Draws them.
pub(super) fn draw(
    html: &mut Html,
    view: &View<'_>,
    nodes: &[Node<'_>],
    relations: &[Relation<'_>],
) {
    let ranks = view.ranks();
    let (signing, root) = (
        ranks.first().copied().unwrap_or(Rank::Alone),
        ranks.last().copied().unwrap_or(Rank::Alone),
    );
    let rows = |html: &mut Html, from: i32, rows: Vec<Row>| {
        rows.iter()
            .fold(from, |y, row| draw_row(html, y, row, nodes, relations))
    };
    let (mut first, mut second) = (Html::default(), Html::default());
    let hsm = rows(&mut first, 2, first_rows());
    let is_chain = ranks.len() > 1;
    let part = if is_chain { &mut second } else { &mut first };
    let csr = if is_chain {
        let next = draw_ties(part, hsm, &[Tie::Own(root)], relations, hsm);
        let csr = rows(part, next, rows_above(&ranks));
        draw_tie_past(part, Tie::SameKey, relations, hsm, csr);
        csr
    } else {
        draw_ties(part, hsm, &[Tie::SameKey, Tie::Own(root)], relations, hsm)
    };
    let bottom = rows(part, csr, last_rows(signing)) + 2;
    let title = format!(
        "The chain of certificates of {}",
        view.facts.survey.cluster_id
    );
    let words = described(relations);
    if is_chain {
        // On a screen the one goes on where the other ends.
        let cut = hsm + 1;
        frame(html, "picture", (0, cut), &title, &words, first);
        let title = format!("{title}, from the HSM certificate and the trust anchor’s root on");
        frame(
            html,
            "rest",
            (cut, bottom),
            &title,
            "Its ties are counted with those of the picture above it.",
            second,
        );
    } else {
        frame(html, "picture", (0, bottom), &title, &words, first);
    }
}

/// What was drawn between these heights.
fn frame(
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
    html.el(
        "svg",
        &[
            ("class", "picture"),
            ("viewBox", &view_box),
            ("role", "img"),
            ("aria-labelledby", &named),
        ],
        |html| {
            html.el("title", &[("id", &title_id)], |html| html.text(title));
            html.el("desc", &[("id", &text_id)], |html| html.text(words));
            html.append(drawn);
        },
    );
}

/// The text for the picture; the list below it has the rest.
fn described(relations: &[Relation<'_>]) -> String {
    let counted = |state, one: &str, more: &str| {
        let number = relations
            .iter()
            .filter(|relation| relation.state == state)
            .count();
        counted(number, one, more)
    };
    let broken = relations
        .iter()
        .filter(|relation| relation.state == State::Broken);
    let broken: Vec<String> = broken
        .map(|relation| {
            let (from, to) = relation.tie.ends();
            format!("{} to {}: {}", from.title(), to.title(), relation.says)
        })
        .collect();
    let above = if relations
        .iter()
        .any(|relation| matches!(relation.tie, Tie::Above(..)))
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
fn draw_row(
    html: &mut Html,
    y: i32,
    row: &Row,
    nodes: &[Node<'_>],
    relations: &[Relation<'_>],
) -> i32 {
    let boxes = row
        .spots
        .iter()
        .filter_map(|spot| nodes.iter().find(|node| node.spot == *spot));
    let boxes: Vec<(&Node<'_>, Column, Vec<Line>)> = boxes
        .map(|node| {
            let column = Column::of(node.spot);
            (node, column, contents(node, column.room()))
        })
        .collect();
    let tall = height(
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
            Frame {
                x: column.left(),
                y,
                width: column.width(),
                height: tall,
            },
        );
    }
    let beside = row.beside.and_then(|tie| relation(tie, relations));
    let under = beside.map_or(y, |relation| draw_between(html, relation, y + 42));
    draw_ties(html, y + tall, &row.down, relations, under)
}

/// Draws what leads on from a row that ends here, and beside which text goes down to `under`; gives
/// where the next row begins.
fn draw_ties(
    html: &mut Html,
    bottom: i32,
    down: &[Tie],
    relations: &[Relation<'_>],
    under: i32,
) -> i32 {
    let labelled: Vec<(&Relation<'_>, Vec<Line>)> = down
        .iter()
        .filter_map(|tie| relation(*tie, relations))
        .map(|relation| (relation, beside(relation)))
        .collect();
    let most = labelled
        .iter()
        .map(|(_, lines)| lines.len())
        .max()
        .unwrap_or(0);
    if most == 0 {
        return bottom;
    }
    let next = (bottom + height(most) + 24).max(under);
    for (relation, lines) in &labelled {
        draw_down(html, relation, lines, bottom, next);
    }
    next
}

/// Draws a tie that leads past other rows.
fn draw_tie_past(html: &mut Html, tie: Tie, relations: &[Relation<'_>], from: i32, to: i32) {
    if let Some(relation) = relation(tie, relations) {
        draw_down(html, relation, &beside(relation), from, to);
    }
}

fn relation<'a, 'b>(tie: Tie, relations: &'a [Relation<'b>]) -> Option<&'a Relation<'b>> {
    relations.iter().find(|relation| relation.tie == tie)
}

/// What stands beside an arrow.
fn beside(relation: &Relation<'_>) -> Vec<Line> {
    says(relation, BESIDE)
        .into_iter()
        .chain(because(relation, BESIDE))
        .collect()
}

/// Where a box stands in its row.
#[derive(Clone, Copy)]
enum Column {
    Left,
    Right,
    /// Over the whole width.
    Both,
}

impl Column {
    const fn of(spot: Spot) -> Self {
        match spot {
            Spot::Anchor(Side::Aws) | Spot::Hardware(Side::Aws) | Spot::Csr => Column::Left,
            Spot::Anchor(Side::Manufacturer) | Spot::Hardware(Side::Manufacturer) | Spot::Ca(_) => {
                Column::Right
            }
            Spot::Hsm | Spot::SignedCert | Spot::Cluster => Column::Both,
        }
    }

    const fn left(self) -> i32 {
        if matches!(self, Column::Right) {
            RIGHT
        } else {
            0
        }
    }

    const fn width(self) -> i32 {
        if matches!(self, Column::Both) {
            WIDTH
        } else {
            BOX
        }
    }

    /// How wide its text may be.
    const fn room(self) -> u16 {
        if matches!(self, Column::Both) {
            IN_WIDE
        } else {
            IN_BOX
        }
    }
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
    let [x, y, width, height] =
        [frame.x, frame.y, frame.width, frame.height].map(|n| n.to_string());
    html.el(
        "g",
        &[("class", &format!("node {}", class(node.state)))],
        |html| {
            html.el(
                "rect",
                &[
                    ("x", &x),
                    ("y", &y),
                    ("width", &width),
                    ("height", &height),
                    ("rx", "5"),
                ],
                |_| {},
            );
            // What is too wide for its box ends with it.
            html.el(
                "svg",
                &[("x", &x), ("y", &y), ("width", &width), ("height", &height)],
                |html| {
                    text(html, "title", PAD, 24, node.spot.title());
                    symbol(html, node.state.symbol().0, frame.width - 32, 10, 18);
                    write(html, lines, PAD, 42);
                },
            );
        },
    );
}

fn group(html: &mut Html, relation: &Relation<'_>, inner: impl FnOnce(&mut Html)) {
    html.el(
        "g",
        &[
            ("class", &format!("tie {}", class(relation.state))),
            ("data-tie", &relation.tie.name()),
        ],
        inner,
    );
}

/// A tie that leads down to the next row, or from the top of a box there back into it, with what is
/// said of it on its right.
fn draw_down(html: &mut Html, relation: &Relation<'_>, lines: &[Line], from: i32, to: i32) {
    let right = matches!(
        relation.tie,
        Tie::Certified(Side::Manufacturer)
            | Tie::Vouched(Side::Manufacturer)
            | Tie::Own(_)
            | Tie::Above(..)
            | Tie::Issued(_)
    );
    let x = if right { RIGHT + ARROW } else { ARROW };
    group(html, relation, |html| {
        let beside = if matches!(relation.tie, Tie::Own(_)) {
            loop_above(html, relation, At(x, to));
            x + 40
        } else {
            straight(html, relation, At(x, from), At(x, to));
            x + 18
        };
        let room = to - from - height(lines.len());
        write(html, lines, beside, from + room / 2 + 12);
    });
}

/// A tie between the two boxes of a row, at this height; gives how far down its text goes.
fn draw_between(html: &mut Html, relation: &Relation<'_>, y: i32) -> i32 {
    let (left, lines) = (BOX + 12, because(relation, BETWEEN));
    group(html, relation, |html| {
        if relation.tie == Tie::Possession {
            loop_beside(html, relation, At(BOX, y - 24));
            write(html, &says(relation, IN_LOOP), BOX + LOOP + 10, y - 15);
        } else {
            straight(html, relation, At(BOX, y), At(RIGHT, y));
            let above = says(relation, BETWEEN);
            write(html, &above, left, y - height(above.len()) - 1);
        }
        write(html, &lines, left, y + 24);
    });
    y + 24 + height(lines.len())
}
