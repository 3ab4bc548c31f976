//! Codes on a terminal: one after the other where somebody sits at it, all in a row elsewhere.

use std::io::{BufRead, IsTerminal, Read, Write};

use anstyle::{Ansi256Color, Color, Style};
use rustix::termios::tcgetwinsize;

use crate::bundle::Bundle;
use crate::cli::ui::{Format, Ui};
use crate::error::{Class, Error, Result};
use crate::qr::Kind;
use crate::qr::draw::{Drawing, LARGEST, SMALLEST, on_terminal};

/// White on black, as themes do not change them: the colours 231 and 16 of the cube, not the sixteen that a user may redefine.
const CODE: Style = Style::new().fg_color(Some(Color::Ansi256(Ansi256Color(231)))).bg_color(Some(Color::Ansi256(Ansi256Color(16))));

/// Lines for what stands below a code: its caption, and the question.
const BELOW: usize = 3;

/// The longest line that is read as an answer.
const MAX_ANSWER: u64 = 64;

/// What is drawn.
pub(super) struct Shown<'a> {
    pub(super) kind: Kind,
    pub(super) total: usize,
    /// Of the chosen ones.
    pub(super) captions: &'a [String],
    /// The chosen ones, with their numbers.
    pub(super) codes: &'a [(usize, &'a Drawing)],
    /// All of them.
    pub(super) drawings: &'a [Drawing],
    pub(super) bundle: &'a Bundle,
}

/// Whether somebody sits there who can say when to go on.
pub(super) fn is_interactive(ui: &Ui) -> bool {
    ui.format == Format::Text && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// The largest version that fits into the terminal's window whole.
pub(super) fn largest_version() -> Result<u8> {
    let (rows, columns) = tcgetwinsize(std::io::stdout()).map_or((0, 0), |size| (usize::from(size.ws_row), usize::from(size.ws_col)));
    // A terminal that does not tell its size is as large as need be.
    if rows == 0 || columns == 0 {
        return Ok(LARGEST);
    }
    let fits = |version: &u8| {
        let (lines, width) = on_terminal(*version);
        lines.saturating_add(BELOW) <= rows && width <= columns
    };
    (SMALLEST..=LARGEST).rev().find(fits).ok_or_else(|| {
        let (lines, width) = on_terminal(SMALLEST);
        Error::new(
            Class::Usage,
            "terminal-too-small",
            format!(
                "the terminal is too small for a code\n  expected {width} columns and {} lines\n  found    {columns} columns and {rows} lines",
                lines.saturating_add(BELOW)
            ),
            "make the window larger, or its font smaller; or write images with --png DIR",
        )
    })
}

fn lines(drawing: &Drawing) -> String {
    drawing.terminal().iter().map(|line| format!("{CODE}{line}{CODE:#}\n")).collect()
}

impl Shown<'_> {
    /// All chosen ones.
    pub(super) fn in_a_row(&self) -> String {
        self.codes.iter().zip(self.captions).map(|((_, drawing), caption)| format!("{}{caption}\n\n", lines(drawing))).collect()
    }

    /// One, then Enter, then the next; in the end any of them again.
    pub(super) fn one_by_one(&self, caption: impl Fn(&usize) -> String) -> Result<()> {
        let mut queue: Vec<usize> = self.codes.iter().rev().map(|(number, _)| *number).collect();
        let Some(mut number) = queue.pop() else { return Ok(()) };
        loop {
            let Some(drawing) = number.checked_sub(1).and_then(|at| self.drawings.get(at)) else { return Ok(()) };
            let next = match queue.last() {
                Some(next) => format!("Enter: part {next}; a number: that part; q: end"),
                None => "Enter: end; a number: that part again".to_owned(),
            };
            let mut out = anstream::stdout().lock();
            // Once, where every code begins at the top: what stood there stays in the terminal's history.
            let said = write!(out, "\n{}{}\n{next}: ", lines(drawing), caption(&number)).and_then(|()| out.flush());
            drop(out);
            said.map_err(|cause| {
                let what = format!("the codes cannot be shown: {}", crate::fsio::io_text(&cause));
                Error::new(Class::Machine, "cannot-write", what, "write images with --png DIR")
            })?;
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
            let read = std::io::stdin().lock().take(MAX_ANSWER).read_line(&mut line);
            match (read, line.trim()) {
                (Ok(0) | Err(_), _) => return None,
                (_, "") => return next,
                (_, "q" | "quit") => return None,
                (_, answer) => match answer.parse() {
                    Ok(number) if (1..=self.total).contains(&number) => return Some(number),
                    _ => {
                        let mut out = anstream::stdout().lock();
                        let again = format!("{} of {} has parts 1 to {}: ", self.kind, self.bundle.id(), self.total);
                        drop(write!(out, "{again}").and_then(|()| out.flush()));
                    }
                },
            }
        }
    }
}
