//! Markup that is escaped by construction: anything that is not written in this crate's source
//! reaches the page only as text.

use std::fmt::Display;

use crate::outside::push_shown;

/// A buffer of markup. Tags, names of attributes and raw markup are `&'static str`, so nothing that
/// was read can become one.
#[derive(Default)]
pub(super) struct Html(String);

/// Names and values; a value is escaped.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Html {
    /// Writes markup as it stands in the source.
    pub(super) fn write_raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Writes escaped text, and makes visible whatever a reader would not see.
    pub(super) fn write_text(&mut self, text: impl Display) {
        push_escaped(&mut self.0, &text.to_string());
    }

    /// Writes text from outside within a sentence. Letters that run from right to left do not
    /// affect their neighbours.
    /// A SHA-256 in it is written as [`Html::write_digest`] writes it.
    pub(super) fn write_quote(&mut self, text: impl Display) {
        let text = text.to_string();
        self.write_element("bdi", &[], |html| {
            for piece in split_digests(&text) {
                match piece {
                    TextPiece::Digest(digits) => html.write_digest(digits),
                    TextPiece::Other(text) => html.write_text(text),
                }
            }
        });
    }

    /// Writes an element around the output of `inner`.
    pub(super) fn write_element(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        inner: impl FnOnce(&mut Html),
    ) {
        self.write_start_tag(tag, attributes);
        inner(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// Writes an element of this class.
    pub(super) fn write_element_of(
        &mut self,
        tag: &'static str,
        class: &'static str,
        inner: impl FnOnce(&mut Html),
    ) {
        self.write_element(tag, &[("class", class)], inner);
    }

    /// Writes an element that holds only text.
    pub(super) fn write_text_element(&mut self, tag: &'static str, text: impl Display) {
        self.write_element(tag, &[], |html| html.write_text(text));
    }

    /// Writes an element of this class that holds only text.
    pub(super) fn write_text_element_of(
        &mut self,
        tag: &'static str,
        class: &'static str,
        text: impl Display,
    ) {
        self.write_element_of(tag, class, |html| html.write_text(text));
    }

    /// Writes an element of a drawing: its class, if it has one, and its numbers.
    pub(super) fn write_shape(
        &mut self,
        tag: &'static str,
        class: &'static str,
        numbers: &[(&'static str, i32)],
        inner: impl FnOnce(&mut Html),
    ) {
        let numbers: Vec<_> = numbers
            .iter()
            .map(|(name, n)| (*name, n.to_string()))
            .collect();
        let class = (!class.is_empty()).then_some(("class", class));
        let numbers = numbers.iter().map(|(name, n)| (*name, n.as_str()));
        let attributes: Vec<_> = class.into_iter().chain(numbers).collect();
        self.write_element(tag, &attributes, inner);
    }

    /// Writes a region that scrolls by itself where it is too wide for the page. Its name is its
    /// label, or stands in the element whose id the second text is.
    pub(super) fn write_pan(
        &mut self,
        (attribute, name): (&'static str, &'static str),
        inner: impl FnOnce(&mut Html),
    ) {
        let role = [
            ("class", "pan"),
            ("role", "region"),
            (attribute, name),
            ("tabindex", "0"),
        ];
        self.write_element("div", &role, inner);
    }

    /// Writes only a start tag, for a void element or one whose end tag is written as raw markup.
    pub(super) fn write_start_tag(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            push_escaped(&mut self.0, value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// Writes a row of a list of facts: a name and its value.
    pub(super) fn write_fact(&mut self, name: impl Display, value: impl FnOnce(&mut Html)) {
        self.write_element("div", &[], |html| {
            html.write_text_element("dt", name);
            html.write_element("dd", &[], value);
        });
    }

    /// Writes a row whose value is text.
    pub(super) fn write_text_fact(&mut self, name: impl Display, value: impl Display) {
        self.write_fact(name, |html| html.write_text(value));
    }

    /// Writes a row whose value is text from outside.
    pub(super) fn write_quote_fact(&mut self, name: impl Display, value: impl Display) {
        self.write_fact(name, |html| html.write_quote(value));
    }

    /// Writes a row whose value is code.
    pub(super) fn write_code_fact(&mut self, name: impl Display, value: impl Display) {
        self.write_fact(name, |html| html.write_code(value));
    }

    /// Writes a row whose value is a SHA-256 in hex.
    pub(super) fn write_digest_fact(&mut self, name: impl Display, value: impl Display) {
        self.write_fact(name, |html| html.write_digest(value));
    }

    /// Writes the id of a check, which may break behind its dots.
    pub(super) fn write_check_id(&mut self, id: &str) {
        self.write_element_of("code", "id", |html| {
            for part in id.split_inclusive('.') {
                html.write_text_element("span", part);
                html.write_raw("<wbr>");
            }
        });
    }

    /// Writes the name of a file, or text that a person would type, in the fixed-width face. It may
    /// break anywhere.
    pub(super) fn write_code(&mut self, text: impl Display) {
        self.write_text_element("code", text);
    }

    /// Writes a SHA-256 in hex, in groups of eight digits for the eye. Copied or searched for, it
    /// is one word.
    pub(super) fn write_digest(&mut self, digits: impl Display) {
        self.write_element_of("code", "hex", |html| {
            let all: Vec<char> = digits.to_string().chars().collect();
            for group in all.chunks(8) {
                html.write_element("span", &[], |html| {
                    html.write_text(group.iter().collect::<String>())
                });
                html.write_raw("<wbr>");
            }
        });
    }

    /// Appends markup that was made separately.
    pub(super) fn append(&mut self, made: Html) {
        self.0.push_str(&made.0);
    }

    /// Writes a style sheet. To a parser it is not text, so nothing in it is escaped. It can hold
    /// no end tag.
    pub(super) fn write_style_sheet(&mut self, css: &str) {
        self.0.push_str("<style>");
        self.0.extend(css.chars().filter(|c| *c != '<'));
        self.0.push_str("</style>");
    }

    /// Returns the page.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// A piece of text: a SHA-256 in hex, or what stands around it.
enum TextPiece<'a> {
    Digest(&'a str),
    Other(&'a str),
}

/// Splits text at the SHA-256 in it: 64 digits of hex with no letter or digit beside them.
fn split_digests(text: &str) -> Vec<TextPiece<'_>> {
    let is_digest =
        |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest
            .find(|c: char| c.is_alphanumeric() != is_word)
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        pieces.push(match is_digest(piece) {
            true => TextPiece::Digest(piece),
            false => TextPiece::Other(piece),
        });
        rest = after;
    }
    pieces
}

/// Escapes the five characters that HTML reserves (WHATWG, 13.1.4 and 13.5), and shows invisible
/// characters as `\u{202e}`. A line break is shown too: where one belongs, there is an element for
/// it.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => push_shown(out, c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_text_in_content_and_in_attributes() {
        let mut html = Html::default();
        html.write_element("p", &[("title", "\"><script>&'")], |html| {
            html.write_text("<b>\u{202e}\u{0}\n\u{ffff}é")
        });
        let expected = "<p \
                        title=\"&quot;&gt;&lt;script&gt;&amp;&#39;\">&lt;b&gt;\\u{202e}\\u{0}\\u{a}\
                        \\u{ffff}é</p>";
        assert_eq!(html.into_string(), expected);
    }
}
