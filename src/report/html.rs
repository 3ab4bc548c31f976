//! Markup that is escaped by construction: what is not written in this crate's source reaches the
//! page as text alone.

use std::fmt::Display;

use crate::outside::push_shown;

/// Markup in the making. Tags, the names of attributes and whatever is raw are `&'static str`:
/// nothing that was read can be one.
#[derive(Default)]
pub(super) struct Html(String);

/// Names and values; a value is escaped.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Html {
    /// Markup as it stands in the source.
    pub(super) fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Text, escaped, and with nothing in it that a reader would not see.
    pub(super) fn text(&mut self, text: impl Display) {
        escape(&mut self.0, &text.to_string());
    }

    /// Text from outside within a sentence: letters that run from right to left must not carry its
    /// neighbours with them.
    pub(super) fn quote(&mut self, text: impl Display) {
        self.el("bdi", &[], |html| html.text(text));
    }

    /// An element around what `inner` writes.
    pub(super) fn el(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        inner: impl FnOnce(&mut Html),
    ) {
        self.start(tag, attributes);
        inner(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// An element of this class.
    pub(super) fn of(
        &mut self,
        tag: &'static str,
        class: &'static str,
        inner: impl FnOnce(&mut Html),
    ) {
        self.el(tag, &[("class", class)], inner);
    }

    /// An element that holds only text.
    pub(super) fn say(&mut self, tag: &'static str, text: impl Display) {
        self.el(tag, &[], |html| html.text(text));
    }

    /// The same of a class.
    pub(super) fn say_of(&mut self, tag: &'static str, class: &'static str, text: impl Display) {
        self.of(tag, class, |html| html.text(text));
    }

    /// A start tag alone: of a void element, or of one whose end is written as raw markup.
    pub(super) fn start(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape(&mut self.0, value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// A row of a list of facts: a name and its value.
    pub(super) fn fact(&mut self, name: impl Display, value: impl FnOnce(&mut Html)) {
        self.el("div", &[], |html| {
            html.say("dt", name);
            html.el("dd", &[], value);
        });
    }

    /// The id of a check: it breaks behind its dots.
    pub(super) fn id(&mut self, id: &str) {
        self.of("code", "id", |html| {
            for part in id.split_inclusive('.') {
                html.say("span", part);
                html.raw("<wbr>");
            }
        });
    }

    /// A name of a file, or what a person would type, in the fixed-width face; it may break
    /// anywhere.
    pub(super) fn code(&mut self, text: impl Display) {
        self.say("code", text);
    }

    /// A SHA-256 in hex, to be followed by the eye in groups of eight; copied or searched for, it
    /// is one word.
    pub(super) fn digest(&mut self, digits: impl Display) {
        self.of("code", "hex", |html| {
            let all: Vec<char> = digits.to_string().chars().collect();
            for group in all.chunks(8) {
                html.el("span", &[], |html| {
                    html.text(group.iter().collect::<String>())
                });
                html.raw("<wbr>");
            }
        });
    }

    /// Markup that was made apart.
    pub(super) fn append(&mut self, made: Html) {
        self.0.push_str(&made.0);
    }

    /// A style sheet. It is no text to a parser, so nothing is escaped in it; it can hold no end
    /// tag.
    pub(super) fn sheet(&mut self, css: &str) {
        self.0.push_str("<style>");
        self.0.extend(css.chars().filter(|c| *c != '<'));
        self.0.push_str("</style>");
    }

    /// The page.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// The five characters that HTML knows (WHATWG, 13.1.4 and 13.5), and whatever is not to be seen,
/// as `\u{202e}`. A line break is shown too: where one belongs, there is an element for it.
fn escape(out: &mut String, text: &str) {
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
        html.el("p", &[("title", "\"><script>&'")], |html| {
            html.text("<b>\u{202e}\u{0}\n\u{ffff}é")
        });
        let expected = "<p \
                        title=\"&quot;&gt;&lt;script&gt;&amp;&#39;\">&lt;b&gt;\\u{202e}\\u{0}\\u{a}\
                        \\u{ffff}é</p>";
        assert_eq!(html.into_string(), expected);
    }
}
