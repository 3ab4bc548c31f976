//! The drawing in short, for the first printed page: boxes with their titles and keys, and the
//! ties without their words. Their shapes say how they came out.

use super::boxes::state_class;
use super::relation_of;
use crate::report::chain::{DrawnNode, DrawnRelation};
use crate::report::html::Html;
use crate::report::lines::{short_lines, write_lines, write_symbol};
use crate::report::rank::Rank;
use crate::report::stroke::{DrawnPoint, draw_loop_above, draw_straight};
use crate::report::tie::{Spot, Tie};
use crate::verify::Side;

/// The width of the drawing.
pub(super) const WIDTH: i32 = 760;
/// The height of the drawing.
pub(super) const HEIGHT: i32 = 216;
/// The width of a box, and the distance from one to the next.
const BOX: i32 = 98;
const STEP: i32 = BOX + 34;
/// The height of a box, and the top of each row. Above each there is room for a loop.
const TALL: i32 = 76;
const TOPS: [i32; 2] = [30, 138];

/// A box: its column, its first row, and whether it stands in both.
#[derive(Clone, Copy)]
struct Cell {
    column: i32,
    row: usize,
    is_tall: bool,
}

impl Cell {
    const fn left(self) -> i32 {
        self.column * STEP
    }

    const fn top(self) -> i32 {
        let [upper, lower] = TOPS;
        if self.row == 0 { upper } else { lower }
    }

    const fn height(self) -> i32 {
        let [upper, lower] = TOPS;
        if self.is_tall {
            lower + TALL - upper
        } else {
            TALL
        }
    }
}

const fn cell_of(spot: Spot) -> Cell {
    let (column, row, is_tall) = match spot {
        Spot::Anchor(Side::Aws) => (0, 0, false),
        Spot::Anchor(Side::Manufacturer) => (0, 1, false),
        Spot::Hardware(Side::Aws) => (1, 0, false),
        Spot::Hardware(Side::Manufacturer) => (1, 1, false),
        Spot::Hsm => (2, 0, true),
        Spot::Csr => (3, 0, false),
        Spot::Ca(_) => (3, 1, false),
        Spot::SignedCert => (4, 0, true),
        Spot::Cluster => (5, 0, true),
    };
    Cell {
        column,
        row,
        is_tall,
    }
}

/// Draws the chain in short. Of a trust anchor that is a chain it shows the CA that signs.
pub(super) fn draw_brief(
    html: &mut Html,
    nodes: &[DrawnNode<'_>],
    relations: &[DrawnRelation<'_>],
    ranks: &[Rank],
) {
    let signing = ranks.first().copied().unwrap_or(Rank::Alone);
    let is_shown = |spot: Spot| !matches!(spot, Spot::Ca(rank) if rank != signing);
    for node in nodes.iter().filter(|node| is_shown(node.spot)) {
        draw_cell(html, node);
    }
    let mut ties = vec![
        Tie::Roots,
        Tie::Certified(Side::Aws),
        Tie::Certified(Side::Manufacturer),
        Tie::SameHardwareKey,
        Tie::Vouched(Side::Aws),
        Tie::Vouched(Side::Manufacturer),
        Tie::SameKey,
        Tie::Possession,
        Tie::RequestedKey,
        Tie::Issued(signing),
        Tie::Sent,
    ];
    ties.extend((ranks.len() <= 1).then_some(Tie::SelfSigned(signing)));
    for relation in ties
        .into_iter()
        .filter_map(|tie| relation_of(tie, relations))
    {
        let class = format!("tie {}", state_class(relation.state));
        html.write_element("g", &[("class", &class)], |html| draw_tie(html, relation));
    }
}

fn draw_cell(html: &mut Html, node: &DrawnNode<'_>) {
    let cell = cell_of(node.spot);
    let class = format!("node {}", state_class(node.state));
    html.write_element("g", &[("class", &class)], |html| {
        let (x, y) = (cell.left(), cell.top());
        let size = [("width", BOX), ("height", cell.height()), ("rx", 4)];
        let frame = [&[("x", x), ("y", y)][..], &size].concat();
        html.write_shape("rect", "", &frame, |_| {});
        write_lines(html, &short_lines(node, 84), x + 8, y + 17);
        let icon = node.state.icon_and_word().0;
        write_symbol(html, icon, x + BOX - 22, y + cell.height() - 21, 15);
    });
}

fn draw_tie(html: &mut Html, relation: &DrawnRelation<'_>) {
    let (from, to) = relation.tie.end_spots();
    let (from, to) = (cell_of(from), cell_of(to));
    let [upper, lower] = TOPS;
    if from.column == to.column && from.row == to.row {
        draw_loop_above(html, relation, DrawnPoint(from.left() + 58, from.top()));
    } else if from.column == to.column {
        let x = from.left() + 28;
        let (above, below) = (DrawnPoint(x, upper + TALL), DrawnPoint(x, lower));
        draw_straight(html, relation, above, below);
    } else {
        // Into a box of both rows, in the row of the one that is in one alone.
        let top = if from.is_tall { to.top() } else { from.top() };
        let y = top + TALL / 2;
        let (left, right) = (from.left() + BOX, to.left());
        draw_straight(html, relation, DrawnPoint(left, y), DrawnPoint(right, y));
    }
}
