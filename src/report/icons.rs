//! The symbols of the page.

use super::html::Html;

/// The symbols that the page uses, drawn once.
pub(super) const SYMBOLS: &str = include_str!("symbols.svg");

/// A symbol among text.
pub(super) fn write_icon(html: &mut Html, name: &'static str) {
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
