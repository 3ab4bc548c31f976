//! Codes on a terminal: one after the other where somebody sits at it, all in a row elsewhere.

use std::io::{BufRead, IsTerminal, Read};

use anstyle::{Ansi256Color, Color, Style};
use rustix::termios::tcgetwinsize;

use crate::bundle::Bundle;
use crate::cli::ui::{Format, Text, Ui, styled, write_stdout};
use crate::error::{Error, ErrorKind, Result};
use crate::qr::draw::{Drawing, LARGEST, SMALLEST, on_terminal};
use crate::qr::parts::MAX_PARTS;
use crate::qr::{Caption, Kind};

/// White on black, as themes do not change them: the colours 231 and 16 of the cube, not the
/// sixteen that a user may redefine.
const CODE: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(231))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(16))));

/// Columns between a code and its caption beside it.
const APART: usize = 2;

/// The line of a code beside which its caption begins: below the light margin.
const BESIDE: usize = 2;

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 64;

/// More codes than this nobody is made to photograph unasked.
const MANY: usize = 12;

/// What is drawn.
pub(super) struct Shown<'a> {
    pub(super) kind: Kind,
    /// The numbers of the chosen ones.
    pub(super) chosen: &'a [usize],
    /// All of them.
    pub(super) drawings: &'a [Drawing],
    pub(super) captions: &'a [Caption],
    pub(super) bundle: &'a Bundle,
}

/// Whether somebody sits there who can say when to go on.
pub(super) fn is_interactive(ui: &Ui) -> bool {
    ui.format == Format::Text && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Where a caption stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Below,
    Beside,
}

/// A terminal's window, in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    rows: usize,
    columns: usize,
}

impl Window {
    /// `None`: it does not tell its size, and is taken to be as large as need be.
    pub(super) fn of_stdout() -> Option<Self> {
        let size = tcgetwinsize(std::io::stdout()).ok()?;
        Some(Window {
            rows: size.ws_row.into(),
            columns: size.ws_col.into(),
        })
        .filter(|window| window.rows > 0 && window.columns > 0)
    }

    /// The largest version whose codes fit with such a caption and the question, whole.
    ///
    /// # Errors
    /// Class `Usage`, `terminal-too-small`.
    pub(super) fn largest_version(self, caption: &Caption) -> Result<u8> {
        let fits = |version: &u8| self.place(on_terminal(*version), caption).is_some();
        (SMALLEST..=LARGEST).rev().find(fits).ok_or_else(|| {
            self.too_small("the terminal is too small for a code", SMALLEST, caption)
        })
    }

    /// Where the caption of a code of so many lines and columns finds its place.
    fn place(self, (lines, width): (usize, usize), caption: &Caption) -> Option<Place> {
        let fits = |place: &Place| {
            let least = least((lines, width), caption, *place, Some(self.columns));
            least.rows <= self.rows && least.columns <= self.columns
        };
        [Place::Below, Place::Beside].into_iter().find(fits)
    }

    /// That codes must be of this version at least, which the window is too small for.
    pub(super) fn too_small(self, what: &str, version: u8, caption: &Caption) -> Error {
        let size = |place| {
            let least = least(on_terminal(version), caption, place, None);
            format!("{} columns and {} lines", least.columns, least.rows)
        };
        Error::new(
            ErrorKind::TerminalTooSmall,
            [
                what.to_owned(),
                format!(
                    "  expected {}, or {}",
                    size(Place::Beside),
                    size(Place::Below)
                ),
                format!(
                    "  found    {} columns and {} lines",
                    self.columns, self.rows
                ),
            ],
            "make the window larger, or its font smaller (on a Linux console: setfont); or write \
             images with -o FILE.png or -o FILE.svg",
        )
    }
}

/// The least window for a code with its caption and the question. With more columns the caption
/// takes fewer lines.
fn least(
    (lines, width): (usize, usize),
    caption: &Caption,
    place: Place,
    columns: Option<usize>,
) -> Window {
    let (rows, least) = match place {
        Place::Below => (caption.wrapped(width).len().saturating_add(lines), width),
        Place::Beside => {
            let least = width
                .saturating_add(APART)
                .saturating_add(caption.longest_word());
            let room = columns
                .unwrap_or(least)
                .max(least)
                .saturating_sub(width)
                .saturating_sub(APART);
            (
                caption
                    .wrapped(room)
                    .len()
                    .saturating_add(BESIDE)
                    .max(lines),
                least,
            )
        }
    };
    let question = question(MAX_PARTS)
        .len()
        .div_ceil(columns.unwrap_or(least).max(1));
    Window {
        rows: rows.saturating_add(question),
        columns: least,
    }
}

/// What is asked below a code; room for the answer too.
fn question(next: usize) -> String {
    format!("Enter: part {next}; a number: that part; q: end: ")
}

fn coloured(line: &str) -> Text {
    styled(CODE, line)
}

fn below(drawing: &Drawing, caption: &Caption) -> Text {
    let code: Text = drawing
        .terminal()
        .iter()
        .map(|line| Text::from([coloured(line), Text::from("\n")]))
        .collect();
    let caption: Text = caption
        .wrapped(drawing.side())
        .iter()
        .map(|line| Text::from(format!("{line}\n")))
        .collect();
    Text::from([code, caption])
}

fn beside(drawing: &Drawing, caption: &Caption, columns: usize) -> Text {
    let room = columns.saturating_sub(drawing.side()).saturating_sub(APART);
    let mut words = std::iter::repeat_n(String::new(), BESIDE).chain(caption.wrapped(room));
    let line = |line: &String| match words.next().filter(|words| !words.is_empty()) {
        Some(words) => Text::from([
            coloured(line),
            Text::from(format!("{:APART$}{words}\n", "")),
        ]),
        None => Text::from([coloured(line), Text::from("\n")]),
    };
    drawing.terminal().iter().map(line).collect()
}

impl Shown<'_> {
    fn part(&self, number: usize) -> Option<(&Drawing, &Caption)> {
        let at = number.checked_sub(1)?;
        self.drawings.get(at).zip(self.captions.get(at))
    }

    /// All chosen ones.
    pub(super) fn in_a_row(&self) -> Text {
        self.chosen
            .iter()
            .filter_map(|number| self.part(*number))
            .map(|(drawing, caption)| Text::from([below(drawing, caption), Text::from("\n")]))
            .collect()
    }

    /// One, then Enter, then the next; in the end any of them again. `fewest`: how many codes there
    /// would be in a window that is large enough.
    pub(super) fn one_by_one(&self, window: Option<Window>, fewest: usize) -> Result<()> {
        if self.chosen.len() > MANY && fewest < self.chosen.len() {
            let many = self.chosen.len();
            say(format!(
                "{many} codes of the size that fits this window; a larger window takes fewer, at \
                 best {fewest}\nEnter: begin; q: end: "
            ))?;
            let mut line = String::new();
            let read = std::io::stdin()
                .lock()
                .take(MAX_ANSWER)
                .read_line(&mut line);
            if matches!(read, Ok(0) | Err(_)) || matches!(line.trim(), "q" | "quit") {
                return Ok(());
            }
        }
        let mut queue: Vec<usize> = self.chosen.iter().rev().copied().collect();
        let Some(mut number) = queue.pop() else {
            return Ok(());
        };
        loop {
            let Some((drawing, caption)) = self.part(number) else {
                return Ok(());
            };
            let size = (drawing.terminal().len(), drawing.side());
            let code = match window.and_then(|window| Some((window, window.place(size, caption)?)))
            {
                Some((window, Place::Beside)) => beside(drawing, caption, window.columns),
                _ => below(drawing, caption),
            };
            let next = match queue.last() {
                Some(next) => question(*next),
                None => "Enter: end; a number: that part again: ".to_owned(),
            };
            // Once, where every code begins at the top: what stood there stays in the terminal's
            // history.
            say([Text::from("\n"), code, Text::from(next)])?;
            match self.answer(queue.last().copied()) {
                Some(chosen) => {
                    queue.retain(|waiting| *waiting != chosen);
                    number = chosen;
                }
                None => return Ok(()),
            }
        }
    }

    /// The part to show next; `None`: no more.
    fn answer(&self, next: Option<usize>) -> Option<usize> {
        loop {
            let mut line = String::new();
            let read = std::io::stdin()
                .lock()
                .take(MAX_ANSWER)
                .read_line(&mut line);
            match (read, line.trim()) {
                (Ok(0) | Err(_), _) => return None,
                (_, "") => return next,
                (_, "q" | "quit") => return None,
                (_, answer) => match answer.parse() {
                    Ok(number) if (1..=self.drawings.len()).contains(&number) => {
                        return Some(number);
                    }
                    _ => {
                        let parts = if self.drawings.len() == 1 {
                            "part 1 alone".to_owned()
                        } else {
                            format!("parts 1 to {}", self.drawings.len())
                        };
                        // The next thing to be shown says what is wrong with the terminal.
                        drop(say(format!(
                            "{} of {} has {parts}: ",
                            self.kind,
                            self.bundle.id()
                        )));
                    }
                },
            }
        }
    }
}

fn say(text: impl Into<Text>) -> Result<()> {
    write_stdout(&text.into()).map_err(|cause| {
        let what = format!(
            "the codes cannot be shown: {}",
            crate::fsio::io_text(&cause)
        );
        Error::new(
            ErrorKind::CannotWrite,
            what,
            "write images with -o FILE.png or -o FILE.svg",
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::bundle::Fingerprint;

    fn caption(id: &str) -> Caption {
        let id = id.parse().unwrap();
        let fingerprint = Fingerprint::of_response(&id, b"", b"", []);
        Caption::new(Kind::Response, &id, MAX_PARTS, MAX_PARTS, &fingerprint)
    }

    #[test]
    fn a_plain_console_has_room_for_a_code_whatever_the_id() {
        for id in ["cluster-aaaaaaaaaaa", "cluster-aaaaaaaaaaaaaaaa"] {
            let version = |columns, rows| {
                Window { rows, columns }
                    .largest_version(&caption(id))
                    .map_err(|error| error.kind)
            };
            assert_eq!((version(80, 24), version(80, 25)), (Ok(5), Ok(5)));
            assert_eq!(version(240, 67), Ok(LARGEST));
            assert_eq!(version(80, 23), Err(ErrorKind::TerminalTooSmall));
            assert_eq!(version(44, 100), Err(ErrorKind::TerminalTooSmall));
        }
    }

    #[test]
    fn what_is_said_to_be_needed_is_enough_and_one_less_is_not() {
        let caption = caption("cluster-aaaaaaaaaaa");
        for version in SMALLEST..=LARGEST {
            let size = on_terminal(version);
            for place in [Place::Below, Place::Beside] {
                let Window { rows, columns } = least(size, &caption, place, None);
                assert_eq!(
                    Window { rows, columns }.place(size, &caption),
                    Some(place),
                    "{version}: {columns} by {rows}"
                );
                for (rows, columns) in [(rows - 1, columns), (rows, columns - 1)] {
                    assert_ne!(
                        Window { rows, columns }.place(size, &caption),
                        Some(place),
                        "{version}: {columns} by {rows}"
                    );
                }
            }
        }
    }
}
