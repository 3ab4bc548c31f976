//! Text for a drawing. SVG does not break lines by itself.

use super::chain::{DrawnNode, DrawnRelation};
use super::finding::{DrawnFinding, DrawnState};
use super::html::Html;
use super::icons::Icon;
use crate::outside::push_shown;
use crate::verify::Status;

/// The distance from one line of text to the next, in the drawing's units.
const LINE: i32 = 15;

/// The greatest number of lines of a reason in the drawing; the words below the picture have all of
/// it.
const MAX_REASON_LINES: usize = 16;

/// A line of text in the drawing.
pub(super) struct TextLine {
    class: &'static str,
    mark: LineMark,
    text: String,
}

/// A mark before a line.
enum LineMark {
    Blank,
    Icon(Icon),
    /// The letter of a key.
    KeyLetter(String),
}

impl TextLine {
    fn new(class: &'static str, text: String) -> Self {
        TextLine {
            class,
            mark: LineMark::Blank,
            text,
        }
    }

    fn from_finding(found: &DrawnFinding<'_>) -> Self {
        TextLine {
            class: "id",
            mark: LineMark::Icon(found.status.into()),
            text: found.id.to_owned(),
        }
    }

    /// Writes it with its base line at `y`.
    fn write(&self, html: &mut Html, x: i32, y: i32) {
        match &self.mark {
            LineMark::Icon(icon) => {
                write_symbol(html, *icon, x, y - 10, 12);
                write_text(html, self.class, x + 16, y, &self.text);
            }
            LineMark::KeyLetter(letter) => {
                let (height, radius) = (("height", 14), ("rx", 3));
                let frame = [("x", x), ("y", y - 11), ("width", 15), height, radius];
                html.write_shape("rect", "badge", &frame, |_| {});
                let (middle, y_text) = (format!("{x}.5"), y.to_string());
                let place = [
                    ("class", "letter"),
                    ("x", &middle),
                    ("dx", "7"),
                    ("y", &y_text),
                ];
                html.write_element("text", &place, |html| html.write_text(letter));
                if !self.text.is_empty() {
                    write_text(html, "small", x + 21, y, &self.text);
                }
            }
            LineMark::Blank => write_text(html, self.class, x, y, &self.text),
        }
    }
}

/// Writes lines one below the other, the first with its base line at `y`.
pub(super) fn write_lines(html: &mut Html, lines: &[TextLine], x: i32, y: i32) {
    let mut y = y;
    for line in lines {
        line.write(html, x, y);
        y += LINE;
    }
}

pub(super) fn write_text(html: &mut Html, class: &'static str, x: i32, y: i32, text: &str) {
    html.write_shape("text", class, &[("x", x), ("y", y)], |html| {
        html.write_text(text)
    });
}

pub(super) fn write_symbol(html: &mut Html, icon: Icon, x: i32, y: i32, size: i32) {
    if icon == Icon::Absent {
        return;
    }
    let name = icon.name();
    let [x, y, size] = [x, y, size].map(|n| n.to_string());
    let (class, href) = (format!("s-{name}"), format!("#s-{name}"));
    html.write_element(
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

/// Returns the height of this many lines.
pub(super) fn height_of_lines(lines: usize) -> i32 {
    LINE * i32::try_from(lines).map_or(MOST_LINES, |lines| lines.min(MOST_LINES))
}

/// Returns the statement of a tie in a line or two.
pub(super) fn statement_lines(relation: &DrawnRelation<'_>, units: u16) -> Vec<TextLine> {
    let mut lines: Vec<TextLine> = wrap_text(
        relation.says,
        LineWidth {
            units: units - 16,
            size: 120,
        },
        2,
    )
    .into_iter()
    .map(|text| TextLine::new("says", text))
    .collect();
    if let Some(first) = lines.first_mut() {
        first.mark = match relation.state.icon_and_word().0 {
            Icon::Absent => LineMark::Blank,
            icon => LineMark::Icon(icon),
        };
    }
    lines
}

/// Returns the grounds of that statement: the algorithm, the checks, and the reasons of those that
/// failed.
pub(super) fn reason_lines(relation: &DrawnRelation<'_>, units: u16) -> Vec<TextLine> {
    let width = LineWidth { units, size: 110 };
    let mut lines: Vec<TextLine> = relation
        .algorithm
        .iter()
        .flat_map(|text| wrap_text(text, width, 2))
        .map(|text| TextLine::new("small", text))
        .collect();
    for found in relation
        .findings
        .iter()
        .filter(|found| found.status != Status::Note)
    {
        lines.push(if relation.state == DrawnState::Holds {
            TextLine::new("id", found.id.to_owned())
        } else {
            TextLine::from_finding(found)
        });
        if found.status == Status::Fail {
            lines.extend(
                wrap_text(found.detail, width, MAX_REASON_LINES)
                    .into_iter()
                    .map(|text| TextLine::new("why", text)),
            );
        }
    }
    lines.extend(
        relation
            .note
            .iter()
            .flat_map(|note| wrap_text(note, width, 3))
            .map(|text| TextLine::new("small", text)),
    );
    lines
}

/// Returns the lines of a box that has no room but for its title and its key.
pub(super) fn short_lines(node: &DrawnNode<'_>, units: u16) -> Vec<TextLine> {
    // Bold letters are broader than `letter_width` has them.
    let width = LineWidth { units, size: 115 };
    let mut lines: Vec<TextLine> = wrap_text(node.spot.title(), width, 3)
        .into_iter()
        .map(|text| TextLine::new("short", text))
        .collect();
    lines.extend(node.key.iter().map(|(letter, _)| TextLine {
        class: "small",
        mark: LineMark::KeyLetter(letter.clone()),
        text: String::new(),
    }));
    lines
}

/// Returns the lines of a box below its title.
pub(super) fn box_lines(node: &DrawnNode<'_>, units: u16) -> Vec<TextLine> {
    let width = LineWidth { units, size: 110 };
    let mut texts = node.lines.iter();
    let mut lines: Vec<TextLine> = texts
        .next()
        .iter()
        .flat_map(|text| wrap_text(text, LineWidth { units, size: 120 }, 2))
        .map(|text| TextLine::new("name", text))
        .collect();
    lines.extend(node.key.iter().map(|(letter, key)| TextLine {
        class: "small",
        mark: LineMark::KeyLetter(letter.clone()),
        text: key.clone(),
    }));
    lines.extend(
        texts
            .flat_map(|text| wrap_text(text, width, 1))
            .map(|text| TextLine::new("small", text)),
    );
    for found in node
        .findings
        .iter()
        .filter(|found| matches!(found.status, Status::Fail | Status::Accepted))
    {
        lines.push(TextLine::from_finding(found));
        lines.extend(
            wrap_text(found.detail, width, MAX_REASON_LINES)
                .into_iter()
                .map(|text| TextLine::new("why", text)),
        );
    }
    lines
}

/// The greatest width of a line of text.
#[derive(Clone, Copy)]
struct LineWidth {
    /// In the drawing's units.
    units: u16,
    /// The height of the letters, in tenths of a unit.
    size: u16,
}

/// Breaks text into lines that fit. A last line that had to be cut ends in an ellipsis.
fn wrap_text(text: &str, width: LineWidth, most: usize) -> Vec<String> {
    let mut shown = String::new();
    text.chars().for_each(|c| push_shown(&mut shown, c));
    // A line's breadth never exceeds the room by more than one letter; a word's may.
    let room = (u32::from(width.units) * 1000)
        .checked_div(u32::from(width.size))
        .unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut taken) = (String::new(), 0_u32);
    for word in shown.split(' ') {
        let blank = if line.is_empty() {
            0
        } else {
            letter_width(' ')
        };
        // Text comes from files of a few megabytes: its breadth fits.
        let breadth: u32 = word.chars().map(letter_width).sum();
        if !line.is_empty() && taken + blank + breadth > room {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        } else if !line.is_empty() {
            line.push(' ');
            taken += blank;
        }
        for c in word.chars() {
            if !line.is_empty() && taken + letter_width(c) > room {
                lines.push(std::mem::take(&mut line));
                taken = 0;
            }
            line.push(c);
            taken += letter_width(c);
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

/// Returns the width of a letter in the usual faces, in hundredths of its height. It is rather too
/// much than too little.
const fn letter_width(c: char) -> u32 {
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
        let four = LineWidth {
            units: 24,
            size: 100,
        };
        assert_eq!(wrap_text("n uu nnn", four, 9), ["n uu", "nnn"]);
        assert_eq!(wrap_text("nnnnuuuunn", four, 9), ["nnnn", "uuuu", "nn"]);
        assert_eq!(wrap_text("n nnnnuuuun n", four, 2), ["n", "nnnn…"]);
        assert_eq!(wrap_text("漢字漢字", four, 9), ["漢字", "漢字"]);
        assert_eq!(wrap_text("", four, 9), [""]);
        assert_eq!(
            wrap_text(
                "\u{202e}u",
                LineWidth {
                    units: 900,
                    size: 100
                },
                9
            ),
            ["\\u{202e}u"]
        );
    }
}
