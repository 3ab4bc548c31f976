//! What is written to a terminal: spans of text, each in its style.
//!
//! Styles become escape sequences here and nowhere else, and whatever else in a text a terminal
//! would obey is shown: no content can carry a sequence of its own.

use anstyle::Style;

use crate::outside::{Lines, shown_lines};

/// Text in spans. Line breaks are the program's own: what comes from outside has been shown on its
/// line before (see [`crate::outside`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<(Style, String)>);

impl Text {
    pub(crate) const fn new() -> Self {
        Text(Vec::new())
    }

    /// Appends a text, in its styles.
    pub(crate) fn push(&mut self, text: impl Into<Text>) {
        for (style, span) in text.into().0 {
            match self.0.last_mut() {
                Some((last, before)) if *last == style => before.push_str(&span),
                _ => self.0.push((style, span)),
            }
        }
    }

    /// The same of a plain text.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.push(text);
    }

    /// What a terminal is sent.
    pub(crate) fn to_terminal(&self) -> String {
        let mut out = String::new();
        for (style, span) in &self.0 {
            out.push_str(&style.render().to_string());
            out.push_str(&shown_lines(span));
            out.push_str(&style.render_reset().to_string());
        }
        out
    }

    /// The text without styles, with nothing in it that a terminal would obey.
    #[cfg(test)]
    pub(crate) fn to_plain(&self) -> String {
        let mut out = String::new();
        self.0
            .iter()
            .for_each(|(_, span)| out.push_str(&shown_lines(span)));
        out
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::from(text.to_owned())
    }
}

impl From<Lines> for Text {
    fn from(lines: Lines) -> Self {
        Text::from(lines.as_str())
    }
}

impl From<&Lines> for Text {
    fn from(lines: &Lines) -> Self {
        Text::from(lines.as_str())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Text::from(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(vec![(Style::new(), text)])
    }
}

impl<const N: usize> From<[Text; N]> for Text {
    fn from(parts: [Text; N]) -> Self {
        let mut text = Text::new();
        parts.into_iter().for_each(|part| text.push(part));
        text
    }
}

impl FromIterator<Text> for Text {
    fn from_iter<I: IntoIterator<Item = Text>>(parts: I) -> Self {
        let mut text = Text::new();
        parts.into_iter().for_each(|part| text.push(part));
        text
    }
}

/// Text in a style; whether a stream shows it is decided where it is written.
pub(crate) fn styled(style: Style, text: impl Into<String>) -> Text {
    Text(vec![(style, text.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_drive_the_terminal() {
        assert_eq!(
            Text::from("a\u{1b}[2J\u{202e}b\r\nc\u{9b}\u{61c}").to_terminal(),
            "a\\u{1b}[2J\\u{202e}b\\u{d}\nc\\u{9b}\\u{61c}"
        );
    }

    #[test]
    fn only_a_span_has_a_style() {
        let mut text = Text::from("a\u{1b}[31m ");
        text.push(styled(Style::new().bold(), "b\u{1b}[0m"));
        text.push_str("\n");
        assert_eq!(
            text.to_terminal(),
            "a\\u{1b}[31m \u{1b}[1mb\\u{1b}[0m\u{1b}[0m\n"
        );
        assert_eq!(text.to_plain(), "a\\u{1b}[31m b\\u{1b}[0m\n");
    }
}
