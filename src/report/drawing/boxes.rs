//! The boxes of the drawing.

use super::{BOX, IN_BOX, IN_WIDE, PADDING, RIGHT, WIDTH};
use crate::report::chain::DrawnNode;
use crate::report::finding::DrawnState;
use crate::report::html::Html;
use crate::report::lines::{TextLine, write_lines, write_symbol, write_text};
use crate::report::tie::Spot;
use crate::verify::Side;

/// The position and size of a box.
#[derive(Clone, Copy)]
pub(super) struct BoxFrame {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// The position of a box in its row.
#[derive(Clone, Copy)]
pub(super) enum BoxColumn {
    Left,
    Right,
    /// Over the whole width.
    FullWidth,
}

impl BoxColumn {
    pub(super) const fn from_spot(spot: Spot) -> Self {
        match spot {
            Spot::Anchor(Side::Aws) | Spot::Hardware(Side::Aws) | Spot::Csr => BoxColumn::Left,
            Spot::Anchor(Side::Manufacturer) | Spot::Hardware(Side::Manufacturer) | Spot::Ca(_) => {
                BoxColumn::Right
            }
            Spot::Hsm | Spot::SignedCert | Spot::Cluster => BoxColumn::FullWidth,
        }
    }

    pub(super) const fn left_edge(self) -> i32 {
        if matches!(self, BoxColumn::Right) {
            RIGHT
        } else {
            0
        }
    }

    pub(super) const fn box_width(self) -> i32 {
        if matches!(self, BoxColumn::FullWidth) {
            WIDTH
        } else {
            BOX
        }
    }

    /// Returns the greatest width of its text.
    pub(super) const fn text_width(self) -> u16 {
        if matches!(self, BoxColumn::FullWidth) {
            IN_WIDE
        } else {
            IN_BOX
        }
    }
}

/// Returns the class of a state in the style sheet.
pub(super) const fn state_class(state: DrawnState) -> &'static str {
    match state {
        DrawnState::Holds => "holds",
        DrawnState::Accepted => "accepted",
        DrawnState::Broken => "broken",
        DrawnState::Unjudged => "unjudged",
        DrawnState::Recorded => "recorded",
        DrawnState::Absent => "missing",
    }
}

pub(super) fn draw_box(html: &mut Html, node: &DrawnNode<'_>, lines: &[TextLine], frame: BoxFrame) {
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
