//! The strokes of the drawing. Their shapes alone tell how things stand, so that it reads in black
//! and white: what holds is whole, what is broken is interrupted by a cross; what was not judged,
//! or only recorded, is dashed or dotted by its style.

use super::chain::{Relation, State, Tie};
use super::html::Html;

/// Half of what a cross takes out of a line.
const GAP: i32 = 13;

/// How far a loop stands out of its box.
pub(super) const LOOP: i32 = 26;

/// A point.
#[derive(Clone, Copy)]
pub(super) struct At(pub(super) i32, pub(super) i32);

impl At {
    const fn plus(self, x: i32, y: i32) -> Self {
        At(self.0 + x, self.1 + y)
    }
}

fn path(html: &mut Html, class: &'static str, path: &str) {
    html.el("path", &[("class", class), ("d", path)], |_| {});
}

fn line(html: &mut Html, from: At, to: At) {
    path(
        html,
        "line",
        &format!("M{} {}L{} {}", from.0, from.1, to.0, to.1),
    );
}

fn cross(html: &mut Html, at: At) {
    path(
        html,
        "cross",
        &format!("M{} {}m-7 -7l14 14m0 -14l-14 14", at.0, at.1),
    );
}

/// An arrow's head that points down, or to the left.
fn head(html: &mut Html, at: At, left: bool) {
    path(
        html,
        "head",
        &format!(
            "M{} {}{}",
            at.0,
            at.1,
            if left { "l10 -5v10z" } else { "l-5 -10h10z" }
        ),
    );
}

/// A straight line down, or across. A signature ends in an arrow's head; one key in two places is a
/// double line.
pub(super) fn straight(html: &mut Html, relation: &Relation<'_>, from: At, to: At) {
    let across = from.1 == to.1;
    let arrow = relation.tie.is_signature();
    let end = if arrow { to.plus(0, -8) } else { to };
    let middle = At(from.0.midpoint(end.0), from.1.midpoint(end.1));
    let along = |by: i32| {
        if across {
            middle.plus(by, 0)
        } else {
            middle.plus(0, by)
        }
    };
    let sides: &[i32] = if arrow || relation.tie == Tie::Roots {
        &[0]
    } else {
        &[-2, 2]
    };
    for side in sides {
        let aside = |at: At| {
            if across {
                at.plus(0, *side)
            } else {
                at.plus(*side, 0)
            }
        };
        if relation.state == State::Broken {
            line(html, aside(from), aside(along(-GAP)));
            line(html, aside(along(GAP)), aside(end));
        } else {
            line(html, aside(from), aside(end));
        }
    }
    if arrow {
        head(html, to, false);
    }
    if relation.state == State::Broken {
        cross(html, middle);
    }
}

/// Out of the top of a box and back into it.
pub(super) fn loop_above(html: &mut Html, relation: &Relation<'_>, at: At) {
    let At(x, top) = at;
    let (end, up) = (at.plus(24, 0), top - LOOP);
    if relation.state == State::Broken {
        line(html, at, At(x, up));
        line(html, At(end.0, up), end.plus(0, -8));
        cross(html, At(x + 12, up));
    } else {
        path(
            html,
            "line",
            &format!("M{x} {top}V{}q0 -8 8 -8h8q8 0 8 8V{}", up + 8, top - 8),
        );
    }
    head(html, end, false);
}

/// Out of the right side of a box and back into it.
pub(super) fn loop_beside(html: &mut Html, relation: &Relation<'_>, at: At) {
    let At(x, y) = at;
    let (end, out) = (at.plus(0, 24), x + LOOP);
    if relation.state == State::Broken {
        line(html, at, At(out, y));
        line(html, At(out, end.1), end.plus(8, 0));
        cross(html, At(out, y + 12));
    } else {
        path(
            html,
            "line",
            &format!("M{x} {y}H{}q8 0 8 8v8q0 8 -8 8H{}", out - 8, x + 8),
        );
    }
    head(html, end, true);
}
