//! The drawing for narrow screens: one box below the other, the manufacturer's half below AWS's.
//! A tie that leads past other boxes has a lane of its own beside them.

use super::boxes::{BoxFrame, draw_box};
use super::{relation_of, write_group};
use crate::report::chain::{DrawnNode, DrawnRelation};
use crate::report::html::Html;
use crate::report::lines::{
    TextLine, box_lines, height_of_lines, reason_lines, statement_lines, write_lines,
};
use crate::report::rank::Rank;
use crate::report::stroke::{DrawnPoint, draw_loop_above, draw_straight};
use crate::report::tie::{Spot, Tie};
use crate::verify::Side;

/// The width of the drawing.
pub(super) const WIDTH: i32 = 360;
/// The lanes beside the boxes, from the left.
const LANE: i32 = 11;
const SECOND_LANE: i32 = 37;
const RIGHT_LANE: i32 = 350;
/// The left edge of a box that one lane passes, and of one that two do.
const INDENT: i32 = 24;
const INDENT_MORE: i32 = 52;
/// The distance of an arrow from its box's left edge.
const ARROW: i32 = 20;
/// The right one of two ties into a box.
const SECOND_ARROW: i32 = 172;
/// The same where that tie has by far the longer text.
const EARLY_ARROW: i32 = 122;
/// The space below the text between two boxes.
const BELOW_TEXT: i32 = 24;

/// The text of a tie, in the gap between two boxes.
struct TieText<'a, 'b> {
    relation: &'a DrawnRelation<'b>,
    x: i32,
    lines: Vec<TextLine>,
}

/// A gap between two boxes: where it begins and ends.
#[derive(Clone, Copy)]
struct BoxGap(i32, i32);

/// The drawing as it grows.
struct Stack<'a, 'b> {
    html: Html,
    nodes: &'a [DrawnNode<'b>],
    relations: &'a [DrawnRelation<'b>],
}

impl<'a, 'b> Stack<'a, 'b> {
    /// Draws a box with its top at `y`. Returns the height of its lower edge.
    fn draw_spot(&mut self, spot: Spot, (x, right): (i32, i32), y: i32) -> i32 {
        let Some(node) = self.nodes.iter().find(|node| node.spot == spot) else {
            return y;
        };
        let width = right - x;
        let lines = box_lines(node, u16::try_from(width - 28).unwrap_or_default());
        let height = height_of_lines(lines.len()) + 36;
        let frame = BoxFrame {
            x,
            y,
            width,
            height,
        };
        draw_box(&mut self.html, node, &lines, frame);
        y + height
    }

    /// Returns the text of a tie, which begins at `x` and is at most so wide.
    fn text_of(&self, tie: Tie, x: i32, units: u16) -> Option<TieText<'a, 'b>> {
        let relation = relation_of(tie, self.relations)?;
        let lines = statement_lines(relation, units)
            .into_iter()
            .chain(reason_lines(relation, units))
            .collect();
        Some(TieText { relation, x, lines })
    }

    /// Draws a tie down along the line at `x`, and its text in the gap.
    fn draw_tie(&mut self, text: Option<TieText<'_, '_>>, x: i32, span: BoxGap, gap: BoxGap) {
        let Some(text) = text else { return };
        write_group(&mut self.html, text.relation, |html| {
            if matches!(text.relation.tie, Tie::SelfSigned(_) | Tie::Possession) {
                draw_loop_above(html, text.relation, DrawnPoint(x, span.1));
            } else {
                let (from, to) = (DrawnPoint(x, span.0), DrawnPoint(x, span.1));
                draw_straight(html, text.relation, from, to);
            }
            let room = gap.1 - gap.0 - height_of_lines(text.lines.len());
            write_lines(html, &text.lines, text.x, gap.0 + room / 2 + 12);
        });
    }

    /// Draws a tie from the box above a gap to the one below it. Returns the gap's end.
    fn draw_step(&mut self, tie: Tie, box_left: i32, from: i32, units: u16) -> i32 {
        let x = box_left + ARROW;
        let text_x = match tie {
            Tie::SelfSigned(_) => x + 40,
            _ => x + 16,
        };
        let text = self.text_of(tie, text_x, units);
        let gap = gap_for(from, &[&text]);
        self.draw_tie(text, x, gap, gap);
        gap.1
    }

    /// Draws two ties into the next box: one along the lane, from further up, and one along `x`
    /// from the box above the gap. Returns the gap's end.
    fn draw_pair(&mut self, (lane, top): (Tie, i32), (direct, x): (Tie, i32), from: i32) -> i32 {
        let units = |width: i32| u16::try_from(width).unwrap_or_default();
        let past = self.text_of(lane, LANE + 14, units(x - LANE - 26));
        let near = self.text_of(direct, x + 14, units(WIDTH - x - 16));
        let gap = gap_for(from, &[&past, &near]);
        self.draw_tie(past, LANE, BoxGap(top, gap.1), gap);
        self.draw_tie(near, x, gap, gap);
        gap.1
    }

    /// Draws the CSR below a box that ends here: the line that says whether they carry one key, and
    /// the loop of the CSR's own signature. Returns the height of its lower edge.
    fn draw_csr(&mut self, from: i32) -> i32 {
        let same = self.text_of(Tie::SameKey, ARROW + 16, 128);
        let own = self.text_of(Tie::Possession, SECOND_ARROW + 40, 140);
        let gap = gap_for(from, &[&same, &own]);
        self.draw_tie(same, ARROW, gap, gap);
        self.draw_tie(own, SECOND_ARROW, gap, gap);
        self.draw_spot(Spot::Csr, (0, WIDTH), gap.1)
    }
}

/// Returns a gap that has room for these texts.
fn gap_for(from: i32, texts: &[&Option<TieText<'_, '_>>]) -> BoxGap {
    let most = texts
        .iter()
        .filter_map(|text| text.as_ref())
        .map(|text| text.lines.len())
        .max()
        .unwrap_or(0);
    BoxGap(from, from + height_of_lines(most) + BELOW_TEXT)
}

/// Draws the chain for a narrow screen. Returns it with its height.
pub(super) fn draw_stack(
    nodes: &[DrawnNode<'_>],
    relations: &[DrawnRelation<'_>],
    ranks: &[Rank],
) -> (Html, i32) {
    let mut stack = Stack {
        html: Html::default(),
        nodes,
        relations,
    };
    let hsm = stack_sides(&mut stack);
    let after_hsm = stack.draw_spot(Spot::Hsm, (0, WIDTH), hsm);
    let after_csr = stack.draw_csr(after_hsm);
    let mut y = after_csr;
    let mut above: Option<Rank> = None;
    for rank in ranks.iter().rev() {
        let tie = above.map_or(Tie::SelfSigned(*rank), |above| Tie::ChainLink(above, *rank));
        let top = stack.draw_step(tie, INDENT + 8, y, 250);
        y = stack.draw_spot(Spot::Ca(*rank), (INDENT, WIDTH), top);
        above = Some(*rank);
    }
    let issuer = above.unwrap_or(Rank::Alone);
    let direct = (Tie::Issued(issuer), EARLY_ARROW);
    let top = stack.draw_pair((Tie::RequestedKey, after_csr), direct, y);
    let signed = stack.draw_spot(Spot::SignedCert, (0, WIDTH), top);
    let top = stack.draw_step(Tie::Sent, 0, signed, 300);
    let bottom = stack.draw_spot(Spot::Cluster, (0, WIDTH), top);
    (stack.html, bottom + 2)
}

/// Draws both sides. Returns the height at which the HSM certificate's box begins.
fn stack_sides(stack: &mut Stack<'_, '_>) -> i32 {
    let (aws, manufacturer) = (Side::Aws, Side::Manufacturer);
    let after_anchor = stack.draw_spot(Spot::Anchor(aws), (0, WIDTH), 2);
    let certified = stack.text_of(Tie::Certified(aws), ARROW + 16, 184);
    let apart = stack.text_of(Tie::Roots, RIGHT_LANE - 116, 104);
    let first = gap_for(after_anchor, &[&certified, &apart]);
    stack.draw_tie(certified, ARROW, first, first);
    let after_hardware = stack.draw_spot(Spot::Hardware(aws), (0, RIGHT_LANE - 12), first.1);

    let one_key = stack.text_of(Tie::SameHardwareKey, SECOND_LANE + 14, 270);
    let second = gap_for(after_hardware, &[&one_key]);
    stack.draw_tie(apart, RIGHT_LANE, BoxGap(after_anchor, second.1), first);
    let after_other = stack.draw_spot(Spot::Anchor(manufacturer), (INDENT_MORE, WIDTH), second.1);
    let tie = Tie::Certified(manufacturer);
    let other = stack.draw_step(tie, INDENT_MORE, after_other, 250);
    stack.draw_tie(one_key, SECOND_LANE, BoxGap(after_hardware, other), second);
    let after = stack.draw_spot(Spot::Hardware(manufacturer), (INDENT, WIDTH), other);
    let lane = (Tie::Vouched(aws), after_hardware);
    let direct = (Tie::Vouched(manufacturer), SECOND_ARROW);
    stack.draw_pair(lane, direct, after)
}
