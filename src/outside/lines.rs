//! The lines that the program says.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

use super::shown_on_a_line;

/// The program's own lines, and in none of them anything that a terminal would obey.
///
/// A text becomes one line, whatever was put into it: only an array, or [`Lines::followed_by`],
/// makes several. So no text from outside begins a line of its own, whoever forgot to show it. What
/// is shown already stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Lines(String);

impl Lines {
    /// Returns these lines, and then those; where there are none of them, nothing is added.
    #[must_use]
    pub fn followed_by(mut self, more: impl Into<Lines>) -> Self {
        let Lines(more) = more.into();
        if !self.0.is_empty() && !more.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(&more);
        self
    }

    /// Returns the same lines with something before the first.
    #[must_use]
    pub fn prefixed_with(self, before: impl AsRef<str>) -> Self {
        Lines(shown_on_a_line(before.as_ref()) + &self.0)
    }

    /// Returns the lines of a text that is put together already, empty ones too: PEM that the
    /// program has written, and clap's words.
    pub(crate) fn from_own_text(text: &str) -> Self {
        Lines(
            text.split('\n')
                .map(shown_on_a_line)
                .collect::<Vec<_>>()
                .join("\n"),
        )
    }

    /// Returns the lines as they are shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Lines {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Lines {
    fn from(line: &str) -> Self {
        Lines(shown_on_a_line(line))
    }
}

impl From<&String> for Lines {
    fn from(line: &String) -> Self {
        Lines(shown_on_a_line(line))
    }
}

impl From<String> for Lines {
    fn from(line: String) -> Self {
        Lines(shown_on_a_line(&line))
    }
}

impl From<&Lines> for Lines {
    fn from(lines: &Lines) -> Self {
        lines.clone()
    }
}

impl<T: Into<Lines>> From<Option<T>> for Lines {
    fn from(lines: Option<T>) -> Self {
        lines.map(Into::into).unwrap_or_default()
    }
}

impl<T: Into<Lines>> From<Vec<T>> for Lines {
    fn from(lines: Vec<T>) -> Self {
        lines.into_iter().collect()
    }
}

impl<T: Into<Lines>, const N: usize> From<[T; N]> for Lines {
    fn from(lines: [T; N]) -> Self {
        lines.into_iter().collect()
    }
}

impl<T: Into<Lines>> FromIterator<T> for Lines {
    fn from_iter<I: IntoIterator<Item = T>>(lines: I) -> Self {
        lines.into_iter().fold(Lines::default(), Lines::followed_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[8m\r\nFORGED\u{2028}\u{202e}\\u{a}";

    #[test]
    fn a_text_is_one_line_whatever_is_in_it() {
        let shown = "a\\u{1b}[8m\\u{d}\\u{a}FORGED\\u{2028}\\u{202e}\\u{a}";
        for lines in [
            Lines::from(HOSTILE),
            HOSTILE.to_owned().into(),
            (&HOSTILE.to_owned()).into(),
            Some(HOSTILE).into(),
            vec![HOSTILE].into(),
        ] {
            assert_eq!(lines.as_str(), shown);
            assert_eq!(
                Lines::from(lines.as_str()),
                lines,
                "what is shown stays as it is"
            );
        }
        assert_eq!(
            Lines::from("b").prefixed_with(HOSTILE).to_string(),
            format!("{shown}b")
        );
    }

    #[test]
    fn lines_are_made_of_lines() {
        let lines = Lines::from([HOSTILE, "  b"])
            .followed_by(None::<String>)
            .followed_by(Vec::<String>::new())
            .followed_by(["c".to_owned(), HOSTILE.to_owned()]);
        assert_eq!(lines.lines().count(), 4);
        assert_eq!(lines.lines().nth(1), Some("  b"));
        assert_eq!(lines.prefixed_with("x: ").lines().count(), 4);
        assert_eq!(
            Lines::from_own_text("a\n\n\u{1b}b").as_str(),
            "a\n\n\\u{1b}b"
        );
        assert_eq!(
            serde_json::to_string(&Lines::from(["a", "b"]))
                .ok()
                .as_deref(),
            Some("\"a\\nb\"")
        );
    }
}
