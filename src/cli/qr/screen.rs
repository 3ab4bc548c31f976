//! Codes on a terminal: one after the other where somebody sits at it, otherwise all in a row.

use std::io::{BufRead, IsTerminal, Read};

use anstyle::{Ansi256Color, Color, Style};
use rustix::termios::tcgetwinsize;

use crate::bundle::Bundle;
use crate::cli::ui::{OutputFormat, StyledText, Ui, styled, write_stdout};
use crate::error::{Error, ErrorKind, Result};
use crate::qr::draw::{Drawing, LARGEST, SMALLEST, terminal_size};
use crate::qr::parts::MAX_PARTS;
use crate::qr::{Caption, QrKind};

/// The style of codes: white on black that themes do not change, the colours 231 and 16 of the
/// cube, not the sixteen that a user may redefine.
const CODE_STYLE: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(231))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(16))));

/// The columns between a code and its caption beside it.
const APART: usize = 2;

/// The line of a code beside which its caption begins: below the light margin.
const CAPTION_FIRST_LINE: usize = 2;

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 64;

/// The most codes that are shown without asking first: photographing more takes long.
const MANY_CODES: usize = 12;

/// The codes to show.
pub(super) struct ShownCodes<'a> {
    pub(super) kind: QrKind,
    /// The numbers of the chosen ones.
    pub(super) chosen: &'a [usize],
    /// All of them.
    pub(super) drawings: &'a [Drawing],
    pub(super) captions: &'a [Caption],
    pub(super) bundle: &'a Bundle,
}

/// Tells whether somebody sits at the terminal who can say when to go on.
pub(super) fn is_interactive(ui: &Ui) -> bool {
    ui.format == OutputFormat::Text
        && std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
}

/// The place of a caption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaptionPlace {
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
    /// Returns the window of standard output. `None`: it does not tell its size, and is assumed to
    /// be large enough.
    pub(super) fn of_stdout() -> Option<Self> {
        let size = tcgetwinsize(std::io::stdout()).ok()?;
        Some(Window {
            rows: size.ws_row.into(),
            columns: size.ws_col.into(),
        })
        .filter(|window| window.rows > 0 && window.columns > 0)
    }

    /// Returns the largest version whose codes fit whole, with such a caption and the question.
    ///
    /// # Errors
    /// Class `Usage`, `terminal-too-small`.
    pub(super) fn largest_version(self, caption: &Caption) -> Result<u8> {
        let fits = |version: &u8| {
            self.place_caption(terminal_size(*version), caption)
                .is_some()
        };
        (SMALLEST..=LARGEST).rev().find(fits).ok_or_else(|| {
            self.too_small_error("the terminal is too small for a code", SMALLEST, caption)
        })
    }

    /// Returns the place where the caption of a code of this size fits.
    fn place_caption(
        self,
        (lines, width): (usize, usize),
        caption: &Caption,
    ) -> Option<CaptionPlace> {
        let fits = |place: &CaptionPlace| {
            let least = smallest_window((lines, width), caption, *place, Some(self.columns));
            least.rows <= self.rows && least.columns <= self.columns
        };
        [CaptionPlace::Below, CaptionPlace::Beside]
            .into_iter()
            .find(fits)
    }

    /// Returns the error for a window that is too small for codes of this version, the least that
    /// is needed.
    pub(super) fn too_small_error(self, what: &str, version: u8, caption: &Caption) -> Error {
        let size = |place| {
            let least = smallest_window(terminal_size(version), caption, place, None);
            format!("{} columns and {} lines", least.columns, least.rows)
        };
        Error::new(
            ErrorKind::TerminalTooSmall,
            [
                what.to_owned(),
                format!(
                    "  expected {}, or {}",
                    size(CaptionPlace::Beside),
                    size(CaptionPlace::Below)
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

/// Returns the smallest window for a code with its caption and the question. With more columns the
/// caption takes fewer lines.
fn smallest_window(
    (lines, width): (usize, usize),
    caption: &Caption,
    place: CaptionPlace,
    columns: Option<usize>,
) -> Window {
    let (rows, least) = match place {
        CaptionPlace::Below => (caption.wrapped_lines(width).len() + lines, width),
        CaptionPlace::Beside => {
            let least = width + APART + caption.longest_word();
            let room = columns.unwrap_or(least).max(least) - width - APART;
            let below_first = caption.wrapped_lines(room).len();
            ((below_first + CAPTION_FIRST_LINE).max(lines), least)
        }
    };
    let question = next_prompt(MAX_PARTS)
        .len()
        .div_ceil(columns.unwrap_or(least).max(1));
    Window {
        rows: rows + question,
        columns: least,
    }
}

/// Returns the question below a code. It leaves room for the answer too.
fn next_prompt(next: usize) -> String {
    format!("Enter: part {next}; a number: that part; q: end: ")
}

fn code_line(line: &str) -> StyledText {
    styled(CODE_STYLE, line)
}

fn with_caption_below(drawing: &Drawing, caption: &Caption) -> StyledText {
    let code: StyledText = drawing
        .terminal_lines()
        .iter()
        .map(|line| StyledText::from([code_line(line), StyledText::from("\n")]))
        .collect();
    let caption: StyledText = caption
        .wrapped_lines(drawing.side())
        .iter()
        .map(|line| StyledText::from(format!("{line}\n")))
        .collect();
    StyledText::from([code, caption])
}

fn with_caption_beside(drawing: &Drawing, caption: &Caption, columns: usize) -> StyledText {
    let room = columns.saturating_sub(drawing.side()).saturating_sub(APART);
    let mut words =
        std::iter::repeat_n(String::new(), CAPTION_FIRST_LINE).chain(caption.wrapped_lines(room));
    let line = |line: &String| match words.next().filter(|words| !words.is_empty()) {
        Some(words) => StyledText::from([
            code_line(line),
            StyledText::from(format!("{:APART$}{words}\n", "")),
        ]),
        None => StyledText::from([code_line(line), StyledText::from("\n")]),
    };
    drawing.terminal_lines().iter().map(line).collect()
}

impl ShownCodes<'_> {
    fn part_at(&self, number: usize) -> Option<(&Drawing, &Caption)> {
        let at = number.checked_sub(1)?;
        self.drawings.get(at).zip(self.captions.get(at))
    }

    /// Returns all chosen codes, in a row.
    pub(super) fn all_in_a_row(&self) -> StyledText {
        self.chosen
            .iter()
            .filter_map(|number| self.part_at(*number))
            .map(|(drawing, caption)| {
                StyledText::from([with_caption_below(drawing, caption), StyledText::from("\n")])
            })
            .collect()
    }

    /// Shows one code after the other, with Enter between them; in the end any of them again.
    /// `fewest` is the number of codes in a window that is large enough.
    pub(super) fn show_one_by_one(&self, window: Option<Window>, fewest: usize) -> Result<()> {
        if self.chosen.len() > MANY_CODES && fewest < self.chosen.len() {
            let many = self.chosen.len();
            write_text(format!(
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
            let Some((drawing, caption)) = self.part_at(number) else {
                return Ok(());
            };
            let size = (drawing.terminal_lines().len(), drawing.side());
            let code = match window
                .and_then(|window| Some((window, window.place_caption(size, caption)?)))
            {
                Some((window, CaptionPlace::Beside)) => {
                    with_caption_beside(drawing, caption, window.columns)
                }
                _ => with_caption_below(drawing, caption),
            };
            let next = match queue.last() {
                Some(next) => next_prompt(*next),
                None => "Enter: end; a number: that part again: ".to_owned(),
            };
            // Once, where every code begins at the top: what stood there stays in the terminal's
            // history.
            write_text([StyledText::from("\n"), code, StyledText::from(next)])?;
            match self.read_answer(queue.last().copied()) {
                Some(chosen) => {
                    queue.retain(|waiting| *waiting != chosen);
                    number = chosen;
                }
                None => return Ok(()),
            }
        }
    }

    /// Reads the number of the part to show next; `None`: no more.
    fn read_answer(&self, next: Option<usize>) -> Option<usize> {
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
                        drop(write_text(format!(
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

fn write_text(text: impl Into<StyledText>) -> Result<()> {
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

    fn make_caption(id: &str) -> Caption {
        let id = id.parse().unwrap();
        let fingerprint = Fingerprint::of_response(&id, b"", b"", []);
        Caption::new(QrKind::Response, &id, MAX_PARTS, MAX_PARTS, &fingerprint)
    }

    #[test]
    fn a_plain_console_has_room_for_a_code_whatever_the_id() {
        for id in ["cluster-aaaaaaaaaaa", "cluster-aaaaaaaaaaaaaaaa"] {
            let version = |columns, rows| {
                Window { rows, columns }
                    .largest_version(&make_caption(id))
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
        let caption = make_caption("cluster-aaaaaaaaaaa");
        for version in SMALLEST..=LARGEST {
            let size = terminal_size(version);
            for place in [CaptionPlace::Below, CaptionPlace::Beside] {
                let Window { rows, columns } = smallest_window(size, &caption, place, None);
                assert_eq!(
                    Window { rows, columns }.place_caption(size, &caption),
                    Some(place),
                    "{version}: {columns} by {rows}"
                );
                for (rows, columns) in [(rows - 1, columns), (rows, columns - 1)] {
                    assert_ne!(
                        Window { rows, columns }.place_caption(size, &caption),
                        Some(place),
                        "{version}: {columns} by {rows}"
                    );
                }
            }
        }
    }
}
