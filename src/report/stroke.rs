//! The strokes of the drawing. Their shapes alone show the state, so that the drawing reads in
//! black and white. A tie that holds is a whole line, and a broken one is interrupted by a cross.
//! One that was not judged, or only recorded, is dashed or dotted by its style.

use super::chain::DrawnRelation;
use super::finding::DrawnState;
use super::html::Html;
use super::tie::Tie;

/// Half of the gap that a cross leaves in a line.
const GAP: i32 = 13;

/// The distance that a loop stands out of its box.
pub(super) const LOOP: i32 = 26;

/// A point in the drawing.
#[derive(Clone, Copy)]
pub(super) struct DrawnPoint(pub(super) i32, pub(super) i32);

impl DrawnPoint {
    const fn offset_by(self, x: i32, y: i32) -> Self {
        DrawnPoint(self.0 + x, self.1 + y)
    }
}

fn write_path(html: &mut Html, class: &'static str, path: &str) {
    html.write_element("path", &[("class", class), ("d", path)], |_| {});
}

fn draw_line(html: &mut Html, from: DrawnPoint, to: DrawnPoint) {
    write_path(
        html,
        "line",
        &format!("M{} {}L{} {}", from.0, from.1, to.0, to.1),
    );
}

fn draw_cross(html: &mut Html, at: DrawnPoint) {
    write_path(
        html,
        "cross",
        &format!("M{} {}m-7 -7l14 14m0 -14l-14 14", at.0, at.1),
    );
}

/// The direction in which an arrowhead points.
#[derive(Clone, Copy)]
enum Heading {
    Down,
    Left,
    Right,
}

/// Writes an arrowhead with its point here.
fn draw_arrowhead(html: &mut Html, at: DrawnPoint, heading: Heading) {
    let sides = match heading {
        Heading::Down => "l-5 -10h10z",
        Heading::Left => "l10 -5v10z",
        Heading::Right => "l-10 -5v10z",
    };
    write_path(html, "head", &format!("M{} {}{sides}", at.0, at.1));
}

/// Writes a straight line down, or across. A signature ends in an arrow's head; one key in two
/// places is a double line.
pub(super) fn draw_straight(
    html: &mut Html,
    relation: &DrawnRelation<'_>,
    from: DrawnPoint,
    to: DrawnPoint,
) {
    let across = from.1 == to.1;
    let arrow = relation.tie.is_signature();
    let end = match (arrow, across) {
        (false, _) => to,
        (true, true) => to.offset_by(-8, 0),
        (true, false) => to.offset_by(0, -8),
    };
    let middle = DrawnPoint(from.0.midpoint(end.0), from.1.midpoint(end.1));
    let along = |by: i32| {
        if across {
            middle.offset_by(by, 0)
        } else {
            middle.offset_by(0, by)
        }
    };
    let sides: &[i32] = if arrow || relation.tie == Tie::Roots {
        &[0]
    } else {
        &[-2, 2]
    };
    for side in sides {
        let aside = |at: DrawnPoint| {
            if across {
                at.offset_by(0, *side)
            } else {
                at.offset_by(*side, 0)
            }
        };
        if relation.state == DrawnState::Broken {
            draw_line(html, aside(from), aside(along(-GAP)));
            draw_line(html, aside(along(GAP)), aside(end));
        } else {
            draw_line(html, aside(from), aside(end));
        }
    }
    if arrow {
        let heading = if across {
            Heading::Right
        } else {
            Heading::Down
        };
        draw_arrowhead(html, to, heading);
    }
    if relation.state == DrawnState::Broken {
        draw_cross(html, middle);
    }
}

/// Writes a loop out of the top of a box and back into it.
pub(super) fn draw_loop_above(html: &mut Html, relation: &DrawnRelation<'_>, at: DrawnPoint) {
    let DrawnPoint(x, top) = at;
    let (end, up) = (at.offset_by(24, 0), top - LOOP);
    if relation.state == DrawnState::Broken {
        draw_line(html, at, DrawnPoint(x, up));
        draw_line(html, DrawnPoint(end.0, up), end.offset_by(0, -8));
        draw_cross(html, DrawnPoint(x + 12, up));
    } else {
        write_path(
            html,
            "line",
            &format!("M{x} {top}V{}q0 -8 8 -8h8q8 0 8 8V{}", up + 8, top - 8),
        );
    }
    draw_arrowhead(html, end, Heading::Down);
}

/// Writes a loop out of the right side of a box and back into it.
pub(super) fn draw_loop_beside(html: &mut Html, relation: &DrawnRelation<'_>, at: DrawnPoint) {
    let DrawnPoint(x, y) = at;
    let (end, out) = (at.offset_by(0, 24), x + LOOP);
    if relation.state == DrawnState::Broken {
        draw_line(html, at, DrawnPoint(out, y));
        draw_line(html, DrawnPoint(out, end.1), end.offset_by(8, 0));
        draw_cross(html, DrawnPoint(out, y + 12));
    } else {
        write_path(
            html,
            "line",
            &format!("M{x} {y}H{}q8 0 8 8v8q0 8 -8 8H{}", out - 8, x + 8),
        );
    }
    draw_arrowhead(html, end, Heading::Left);
}
