//! Text for a drawing, which breaks no lines by itself.

use super::chain::{Finding, Node, Relation, State};
use super::html::Html;
use crate::outside::push_shown;
use crate::verify::Status;

/// From one line of text to the next, in the drawing's units.
const LINE: i32 = 15;

/// The most lines of a reason that are drawn; the words below the picture have all of it.
const MOST: usize = 16;

/// A line of text.
pub(super) struct Line {
    class: &'static str,
    symbol: Option<&'static str>,
    text: String,
}

impl Line {
    fn new(class: &'static str, text: String) -> Self {
        Line {
            class,
            symbol: None,
            text,
        }
    }

    fn of(found: &Finding<'_>) -> Self {
        Line {
            class: "id",
            symbol: Some(found.status.as_str()),
            text: found.id.to_owned(),
        }
    }

    /// Writes it with its base line at `y`.
    fn write(&self, html: &mut Html, x: i32, y: i32) {
        match (self.symbol, self.class) {
            (Some(name), class) => {
                symbol(html, name, x, y - 10, 12);
                text(html, class, x + 16, y, &self.text);
            }
            (None, "key") => {
                let (letter, rest) = self.text.split_once(' ').unwrap_or_default();
                let [left, top] = [x, y - 11].map(|n| n.to_string());
                html.el(
                    "rect",
                    &[
                        ("class", "badge"),
                        ("x", &left),
                        ("y", &top),
                        ("width", "15"),
                        ("height", "14"),
                        ("rx", "3"),
                    ],
                    |_| {},
                );
                let middle = format!("{x}.5");
                html.el(
                    "text",
                    &[
                        ("class", "letter"),
                        ("x", &middle),
                        ("dx", "7"),
                        ("y", &y.to_string()),
                    ],
                    |html| html.text(letter),
                );
                text(html, "small", x + 21, y, rest);
            }
            (None, class) => text(html, class, x, y, &self.text),
        }
    }
}

/// Writes lines one below the other, the first with its base line at `y`.
pub(super) fn write(html: &mut Html, lines: &[Line], x: i32, y: i32) {
    let mut y = y;
    for line in lines {
        line.write(html, x, y);
        y += LINE;
    }
}

pub(super) fn text(html: &mut Html, class: &'static str, x: i32, y: i32, text: &str) {
    html.el(
        "text",
        &[
            ("class", class),
            ("x", &x.to_string()),
            ("y", &y.to_string()),
        ],
        |html| html.text(text),
    );
}

pub(super) fn symbol(html: &mut Html, name: &'static str, x: i32, y: i32, size: i32) {
    if name == "absent" {
        return;
    }
    let [x, y, size] = [x, y, size].map(|n| n.to_string());
    let (class, href) = (format!("s-{name}"), format!("#s-{name}"));
    html.el(
        "use",
        &[
            ("class", &class),
            ("href", &href),
            ("x", &x),
            ("y", &y),
            ("width", &size),
            ("height", &size),
        ],
        |_| {},
    );
}

/// More lines than any drawing has: coordinates stay far below what their type holds.
const MOST_LINES: i32 = 10_000;

/// The height of so many lines.
pub(super) fn height(lines: usize) -> i32 {
    LINE * i32::try_from(lines).map_or(MOST_LINES, |lines| lines.min(MOST_LINES))
}

/// What a tie says, in a line or two.
pub(super) fn says(relation: &Relation<'_>, units: u16) -> Vec<Line> {
    let mut lines: Vec<Line> = wrap(
        relation.says,
        Width {
            units: units - 16,
            size: 120,
        },
        2,
    )
    .into_iter()
    .map(|text| Line::new("says", text))
    .collect();
    if let Some(first) = lines.first_mut() {
        first.symbol = Some(relation.state.symbol().0).filter(|symbol| *symbol != "absent");
    }
    lines
}

/// By what it says that: the algorithm, the checks, the reasons of those that failed.
pub(super) fn because(relation: &Relation<'_>, units: u16) -> Vec<Line> {
    let width = Width { units, size: 110 };
    let mut lines: Vec<Line> = relation
        .algorithm
        .iter()
        .flat_map(|text| wrap(text, width, 2))
        .map(|text| Line::new("small", text))
        .collect();
    for found in relation
        .findings
        .iter()
        .filter(|found| found.status != Status::Note)
    {
        lines.push(if relation.state == State::Holds {
            Line::new("id", found.id.to_owned())
        } else {
            Line::of(found)
        });
        if found.status == Status::Fail {
            lines.extend(
                wrap(found.detail, width, MOST)
                    .into_iter()
                    .map(|text| Line::new("why", text)),
            );
        }
    }
    lines.extend(
        relation
            .note
            .iter()
            .flat_map(|note| wrap(note, width, 3))
            .map(|text| Line::new("small", text)),
    );
    lines
}

/// What is written in a box below its title.
pub(super) fn contents(node: &Node<'_>, units: u16) -> Vec<Line> {
    let width = Width { units, size: 110 };
    let mut texts = node.lines.iter();
    let mut lines: Vec<Line> = texts
        .next()
        .iter()
        .flat_map(|text| wrap(text, Width { units, size: 120 }, 2))
        .map(|text| Line::new("name", text))
        .collect();
    lines.extend(
        node.key
            .iter()
            .map(|(letter, key)| Line::new("key", format!("{letter} {key}"))),
    );
    lines.extend(
        texts
            .flat_map(|text| wrap(text, width, 1))
            .map(|text| Line::new("small", text)),
    );
    for found in node
        .findings
        .iter()
        .filter(|found| matches!(found.status, Status::Fail | Status::Accepted))
    {
        lines.push(Line::of(found));
        lines.extend(
            wrap(found.detail, width, MOST)
                .into_iter()
                .map(|text| Line::new("why", text)),
        );
    }
    lines
}

/// How wide a line of text may be.
#[derive(Clone, Copy)]
struct Width {
    /// In the drawing's units.
    units: u16,
    /// The height of the letters, in tenths of a unit.
    size: u16,
}

/// Breaks text into lines that fit. A last line that had to be cut ends in an ellipsis.
fn wrap(text: &str, width: Width, most: usize) -> Vec<String> {
    let mut shown = String::new();
    text.chars().for_each(|c| push_shown(&mut shown, c));
    // A line's breadth never exceeds the room by more than one letter; a word's may.
    let room = (u32::from(width.units) * 1000)
        .checked_div(u32::from(width.size))
        .unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut taken) = (String::new(), 0_u32);
    for word in shown.split(' ') {
        let blank = if line.is_empty() { 0 } else { breadth(' ') };
        if !line.is_empty()
            && taken
                .saturating_add(blank)
                .saturating_add(word.chars().map(breadth).sum())
                > room
        {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        } else if !line.is_empty() {
            line.push(' ');
            taken += blank;
        }
        for c in word.chars() {
            if !line.is_empty() && taken + breadth(c) > room {
                lines.push(std::mem::take(&mut line));
                taken = 0;
            }
            line.push(c);
            taken += breadth(c);
        }
    }
    lines.push(line);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

/// How broad a letter is in the usual faces, in hundredths of its height: rather too much than too
/// little.
const fn breadth(c: char) -> u32 {
    match c {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | 'i' | 'j' | 'l' | 't' | 'f' | 'I' => 34,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 92,
        'A'..='Z' | '0'..='9' | '#' | '+' | '=' => 68,
        // From Hangul on most are as broad as high (UAX #11).
        '\u{1100}'.. => 108,
        _ => 58,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_where_they_have_to_be() {
        // Room for four letters such as `n`.
        let four = Width {
            units: 24,
            size: 100,
        };
        assert_eq!(wrap("n uu nnn", four, 9), ["n uu", "nnn"]);
        assert_eq!(wrap("nnnnuuuunn", four, 9), ["nnnn", "uuuu", "nn"]);
        assert_eq!(wrap("n nnnnuuuun n", four, 2), ["n", "nnnn…"]);
        assert_eq!(wrap("漢字漢字", four, 9), ["漢字", "漢字"]);
        assert_eq!(wrap("", four, 9), [""]);
        assert_eq!(
            wrap(
                "\u{202e}u",
                Width {
                    units: 900,
                    size: 100
                },
                9
            ),
            ["\\u{202e}u"]
        );
    }
}
