//! The symbols of the page.

use super::html::Html;
use crate::checks::Status;

/// The symbols that the page uses, drawn once.
pub(super) const SYMBOLS: &str = include_str!("symbols.svg");

/// An icon of [`SYMBOLS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    Pass,
    Note,
    Fail,
    Accepted,
    /// Verified, against roots that somebody gave.
    Given,
    Skipped,
    /// A document records it.
    Told,
    Absent,
}

impl Icon {
    /// Returns its name in [`SYMBOLS`] and in the style sheet.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Icon::Pass => "pass",
            Icon::Note => "note",
            Icon::Fail => "fail",
            Icon::Accepted => "accepted",
            Icon::Given => "given",
            Icon::Skipped => "skipped",
            Icon::Told => "told",
            Icon::Absent => "absent",
        }
    }
}

impl Icon {
    /// Returns the class of what stands beside it: what fails is loud.
    pub(super) const fn loudness(self) -> &'static str {
        match self {
            Icon::Fail => "loud",
            _ => "calm",
        }
    }
}

impl From<Status> for Icon {
    fn from(status: Status) -> Self {
        match status {
            Status::Pass => Icon::Pass,
            Status::Note => Icon::Note,
            Status::Fail => Icon::Fail,
            Status::Accepted => Icon::Accepted,
            Status::Skipped => Icon::Skipped,
        }
    }
}

/// A symbol among text.
pub(super) fn write_icon(html: &mut Html, icon: Icon) {
    let name = icon.name();
    html.write_element(
        "svg",
        &[
            ("class", &format!("icon s-{name}")),
            ("viewBox", "0 0 16 16"),
            ("aria-hidden", "true"),
            ("focusable", "false"),
        ],
        |html| {
            html.write_element("use", &[("href", &format!("#s-{name}"))], |_| {});
        },
    );
}

/// Writes a paragraph that stands out, with a symbol before it.
pub(super) fn write_alarm(html: &mut Html, icon: Icon, inner: impl FnOnce(&mut Html)) {
    html.write_element_of("p", "alarm", |html| {
        write_icon(html, icon);
        inner(html);
    });
}
