//! Text for a terminal: spans, each in its style.
//!
//! Styles become escape sequences here and nowhere else. Anything else that a terminal would obey
//! is shown instead: no content can carry a sequence of its own.

use anstyle::{AnsiColor, Style};

use crate::outside::{Lines, shown_lines};

/// What went wrong.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
/// What is worth a look.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What is well.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// What stands out.
pub(crate) const BOLD: Style = Style::new().bold();

/// What stands before the next command.
pub(crate) const NEXT: &str = "next:";

/// Text in spans. Its line breaks are the program's own: text from outside was put on one line
/// before (see [`crate::outside`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StyledText(Vec<(Style, String)>);

impl StyledText {
    pub(crate) const fn new() -> Self {
        StyledText(Vec::new())
    }

    /// Appends a text, in its styles.
    pub(crate) fn push(&mut self, text: impl Into<StyledText>) {
        for (style, span) in text.into().0 {
            match self.0.last_mut() {
                Some((last, before)) if *last == style => before.push_str(&span),
                _ => self.0.push((style, span)),
            }
        }
    }

    /// Appends a plain text.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.push(text);
    }

    /// Returns the text with its first line in a style, and what stands before the next command in
    /// bold. What has a style of its own keeps it.
    pub(crate) fn with_headings(self, first: Style) -> Self {
        let mut text = StyledText::new();
        let (mut is_first, mut begins) = (true, true);
        for (style, span) in self.0 {
            for line in span.split_inclusive('\n') {
                match line.strip_prefix(NEXT).filter(|_| begins) {
                    _ if style != Style::new() => text.push(styled(style, line)),
                    Some(rest) => text.push([styled(BOLD, NEXT), rest.into()]),
                    None if is_first => text.push(styled(first, line)),
                    None => text.push_str(line),
                }
                begins = line.ends_with('\n');
                is_first &= !begins;
            }
        }
        text
    }

    /// Returns the text with each of its spans broken as [`hang`] does.
    pub(crate) fn hung(self, indent: usize, width: Option<usize>) -> Self {
        let spans = self.0.into_iter();
        StyledText(
            spans
                .map(|(style, span)| (style, hang(&span, indent, width)))
                .collect(),
        )
    }

    /// Returns the text with escape sequences, as a terminal is sent it.
    pub(crate) fn to_terminal(&self) -> String {
        let mut out = String::new();
        for (style, span) in &self.0 {
            out.push_str(&style.render().to_string());
            out.push_str(&shown_lines(span));
            out.push_str(&style.render_reset().to_string());
        }
        out
    }

    /// Returns the text without styles, with nothing in it that a terminal would obey.
    pub(crate) fn to_plain(&self) -> String {
        let mut out = String::new();
        self.0
            .iter()
            .for_each(|(_, span)| out.push_str(&shown_lines(span)));
        out
    }
}

impl From<&str> for StyledText {
    fn from(text: &str) -> Self {
        StyledText::from(text.to_owned())
    }
}

impl From<Lines> for StyledText {
    fn from(lines: Lines) -> Self {
        StyledText::from(lines.as_str())
    }
}

impl From<&Lines> for StyledText {
    fn from(lines: &Lines) -> Self {
        StyledText::from(lines.as_str())
    }
}

impl From<&String> for StyledText {
    fn from(text: &String) -> Self {
        StyledText::from(text.to_owned())
    }
}

impl From<String> for StyledText {
    fn from(text: String) -> Self {
        StyledText(vec![(Style::new(), text)])
    }
}

impl<const N: usize> From<[StyledText; N]> for StyledText {
    fn from(parts: [StyledText; N]) -> Self {
        let mut text = StyledText::new();
        parts.into_iter().for_each(|part| text.push(part));
        text
    }
}

impl FromIterator<StyledText> for StyledText {
    fn from_iter<I: IntoIterator<Item = StyledText>>(parts: I) -> Self {
        let mut text = StyledText::new();
        parts.into_iter().for_each(|part| text.push(part));
        text
    }
}

/// Returns a text in a style. Whether a stream shows the style is decided where it is written.
pub(crate) fn styled(style: Style, text: impl Into<String>) -> StyledText {
    StyledText(vec![(style, text.into())])
}

/// Returns rows under their heads, in columns.
pub(crate) fn table_text<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> StyledText {
    let rows: Vec<_> = rows.iter().map(|row| (Style::new(), row.clone())).collect();
    styled_table(heads, &rows)
}

/// Does the same with a style for each row.
pub(crate) fn styled_table<const N: usize>(
    heads: [&str; N],
    rows: &[(Style, [String; N])],
) -> StyledText {
    let rows: Vec<_> = rows
        .iter()
        .map(|(style, row)| ([*style; N], row.clone()))
        .collect();
    table_of_cells(heads, &rows)
}

/// Does the same with a style for each cell. A cell without one that is a state has the state's.
pub(crate) fn table_of_cells<const N: usize>(
    heads: [&str; N],
    rows: &[([Style; N], [String; N])],
) -> StyledText {
    let heads = heads.map(str::to_owned);
    let mut widths = [0; N];
    for row in std::iter::once(&heads).chain(rows.iter().map(|(_, row)| row)) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |cells: &[String; N], styles: &[Style; N]| {
        let last = cells.iter().rposition(|cell| !cell.is_empty());
        let mut text = StyledText::new();
        for (at, ((cell, width), style)) in cells.iter().zip(widths).zip(styles).enumerate() {
            if last.is_none_or(|last| at > last) {
                break; // no blanks at the end
            }
            let style = match *style == Style::new() {
                true => state_style(cell),
                false => *style,
            };
            text.push(styled(style, cell));
            if Some(at) != last {
                let filled = cell.chars().count();
                let blanks = width.saturating_sub(filled).saturating_add(2);
                // In the cell's style where all of the row has it.
                let blank = styles
                    .get(at.saturating_add(1))
                    .filter(|next| **next == style);
                let blank = blank.copied().unwrap_or_default();
                text.push(styled(blank, " ".repeat(blanks)));
            }
        }
        text.push_str("\n");
        text
    };
    let mut text = line(&heads, &[BOLD; N]);
    for (styles, row) in rows {
        text.push(line(row, styles));
    }
    text
}

/// Returns the style of a state of the service in a table: green where it is well, amber where
/// something is to be done or waited for, red where something is wrong. The word itself says it
/// too. The states are those of clusters, HSMs and backups (CloudHSM V2 API Reference, Cluster, Hsm
/// and Backup).
pub(crate) fn state_style(state: &str) -> Style {
    match state {
        "ACTIVE" | "INITIALIZED" | "READY" => GREEN,
        "DEGRADED" | "DELETED" => RED,
        "UNINITIALIZED" | "PENDING_DELETION" => YELLOW,
        _ if state.ends_with("_IN_PROGRESS") => YELLOW,
        _ => Style::new(),
    }
}

/// Returns a state in its style.
pub(crate) fn state_text(state: impl ToString) -> StyledText {
    let state = state.to_string();
    styled(state_style(&state), state)
}

/// Returns a line about something in a state, with the state in its style.
pub(crate) fn with_states(line: &str) -> StyledText {
    let of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let (mut text, mut rest) = (StyledText::new(), line);
    while let Some(first) = rest.chars().next() {
        let in_word = of_word(first);
        let end = rest.find(|c| of_word(c) != in_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        text.push(state_text(run));
        rest = after;
    }
    text
}

/// Returns a text whose lines are at most `width` columns long where that can be done: broken
/// between words, and all but the first behind `indent` blanks. Without a width only the indent is
/// set.
pub(crate) fn hang(text: &str, indent: usize, width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(20));
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let mut filled = String::new();
        for word in line.split_inclusive(' ') {
            let used = filled.chars().count();
            if used > 0 && used.saturating_add(word.trim_end().chars().count()) > room {
                lines.push(filled.trim_end().to_owned());
                filled.clear();
            }
            filled.push_str(word);
        }
        lines.push(filled.trim_end().to_owned());
    }
    lines.join(&format!("\n{:indent$}", ""))
}

/// The digits of a SHA-256 in hex, and those that are shown of it where it need not be compared:
/// enough to tell two apart at a glance.
const DIGEST_DIGITS: usize = 64;
const SHORT_DIGITS: usize = 16;

/// Returns a text with its SHA-256s shortened to their first digits.
pub(crate) fn shorten_digests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let end_run = |run: &mut String, out: &mut String| {
        match (run.len(), run.get(..SHORT_DIGITS)) {
            (DIGEST_DIGITS, Some(short)) => {
                out.push_str(short);
                out.push('…');
            }
            _ => out.push_str(run),
        }
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            run.push(c);
        } else {
            end_run(&mut run, &mut out);
            out.push(c);
        }
    }
    end_run(&mut run, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_hangs_under_its_beginning() {
        let text = "one two three four five six seven";
        assert_eq!(hang(text, 3, None), text);
        assert_eq!(
            hang(text, 3, Some(24)),
            "one two three four\n   five six seven"
        );
        // What has no blank stays whole, and so does what the program has broken itself.
        let long = "x".repeat(60);
        assert_eq!(
            hang(&format!("a {long} b\nc"), 2, Some(30)),
            format!("a\n  {long}\n  b\n  c")
        );
    }

    #[test]
    fn only_a_whole_digest_is_shortened() {
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(
            shorten_digests(&format!("key (SHA-256 {digest}), {digest}0 é {digest}")),
            format!("key (SHA-256 0123456789abcdef…), {digest}0 é 0123456789abcdef…")
        );
    }

    #[test]
    fn states_in_a_table_have_their_colour_and_stay_in_line() {
        let row = |id: &str, state: &str| [id.to_owned(), state.to_owned(), "x".to_owned()];
        let rows = [
            row("a", "ACTIVE"),
            row("b", "UNINITIALIZED"),
            row("c", "DEGRADED"),
        ];
        let table = table_text(["ID", "STATE", ""], &rows);
        let colours = |style: Style, text: &str| format!("{style}{text}{style:#}");
        for (style, state) in [
            (GREEN, "ACTIVE"),
            (YELLOW, "UNINITIALIZED"),
            (RED, "DEGRADED"),
        ] {
            assert!(
                table.to_terminal().contains(&colours(style, state)),
                "{state}"
            );
        }
        assert_eq!(
            table.to_plain(),
            "ID  STATE\na   ACTIVE         x\nb   UNINITIALIZED  x\nc   DEGRADED       x\n"
        );
        assert_eq!(state_style("CREATE_IN_PROGRESS"), YELLOW);
        assert_eq!(state_style("eu-central-1"), Style::new());
    }

    #[test]
    fn only_a_whole_word_is_a_state() {
        let line = "hsm-a ACTIVE, INACTIVE (UNINITIALIZED) é ACTIVE-x";
        let text = with_states(line);
        assert_eq!(text.to_plain(), line);
        let styled: Vec<_> = text
            .0
            .iter()
            .filter(|(style, _)| *style != Style::new())
            .collect();
        assert_eq!(
            styled,
            [
                &(GREEN, "ACTIVE".to_owned()),
                &(YELLOW, "UNINITIALIZED".to_owned())
            ]
        );
    }

    #[test]
    fn a_text_cannot_drive_the_terminal() {
        assert_eq!(
            StyledText::from("a\u{1b}[2J\u{202e}b\r\nc\u{9b}\u{61c}").to_terminal(),
            "a\\u{1b}[2J\\u{202e}b\\u{d}\nc\\u{9b}\\u{61c}"
        );
    }

    #[test]
    fn only_a_span_has_a_style() {
        let mut text = StyledText::from("a\u{1b}[31m ");
        text.push(styled(Style::new().bold(), "b\u{1b}[0m"));
        text.push_str("\n");
        assert_eq!(
            text.to_terminal(),
            "a\\u{1b}[31m \u{1b}[1mb\\u{1b}[0m\u{1b}[0m\n"
        );
        assert_eq!(text.to_plain(), "a\\u{1b}[31m b\\u{1b}[0m\n");
    }
}
