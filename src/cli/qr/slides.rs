//! Codes on a terminal, one after the other and round and round, until somebody stops it.

use std::io;
use std::time::{Duration, Instant};

use anstyle::{Ansi256Color, Color, Style};

use super::layout::{Ink, Layout, Words, WordsPlace, too_small_error};
use super::pixels::{ImageProtocol, Pixels};
use super::terminal::{CodeTerminal, Key, Window};
use crate::cli::code_screen;
use crate::cli::ui::StyledText;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::qr::draw::{self, Drawing, LARGEST};
use crate::qr::parts::{self, MAX_PARTS};
use crate::qr::{Caption, QrKind};

/// The style of codes: black on white that themes do not change, the colours 16 and 231 of the
/// cube, not the sixteen that a user may redefine. It is no decoration: without it a code cannot be
/// read on every terminal, so NO_COLOR does not take it away.
const CODE_STYLE: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(16))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(231))));

/// How often the window's size is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The longest round that the words leave room for.
pub(super) const LONGEST_ROUND: Duration = Duration::from_secs(9999);

/// The columns of the bar.
const BAR: usize = 16;

/// The columns between a code and the words beside it.
const APART: &str = "  ";

/// What is shown.
pub(super) struct SlideShow<'a> {
    pub(super) kind: QrKind,
    pub(super) archive: &'a [u8],
    /// Returns the parts to show, of so many.
    pub(super) choose: &'a dyn Fn(usize) -> Result<Vec<usize>>,
    /// Makes the caption of a part.
    pub(super) caption: &'a dyn Fn(usize, usize) -> Caption,
    /// The time that a code stands.
    pub(super) pace: Duration,
    /// Whether images may be shown.
    pub(super) with_images: bool,
}

/// The codes of a set, as they fit the window.
struct Set {
    layout: Layout,
    drawings: Vec<Drawing>,
    /// The numbers of the parts to show, in their order.
    order: Vec<usize>,
}

/// Returns the lines below a caption: how far the round is, how long one takes (`None`: it is
/// paused), and what the keys do.
pub(super) fn status_lines(at: usize, of: usize, round: Option<Duration>) -> Vec<String> {
    let filled = at.saturating_mul(BAR).checked_div(of).unwrap_or(0).min(BAR);
    let bar = ["━".repeat(filled), "─".repeat(BAR.saturating_sub(filled))].concat();
    let round = match round {
        Some(round) => format!("a round takes {} s", round.as_secs_f64().ceil()),
        None => "paused".to_owned(),
    };
    let keys = ["space: pause", "number, Enter: that part", "q: end"];
    [bar, round]
        .into_iter()
        .chain(keys.map(str::to_owned))
        .collect()
}

impl SlideShow<'_> {
    fn texts(&self, version: u8) -> Option<Vec<String>> {
        parts::split_archive(self.kind, self.archive, draw::max_characters(version))
    }

    /// Returns the set for a window.
    fn set_for(&self, window: Window, pixels: Option<Pixels>) -> Result<Set> {
        let widest = (self.caption)(MAX_PARTS, MAX_PARTS);
        let words = Words {
            caption: &widest,
            status: &status_lines(MAX_PARTS, MAX_PARTS, Some(LONGEST_ROUND)),
        };
        let layout = Layout::largest(window, pixels, &words)?;
        let drawn = self
            .texts(layout.version)
            .and_then(|texts| draw::draw_codes(&texts, layout.version));
        let Some(drawings) = drawn else {
            let enough = |version: &u8| self.texts(*version).is_some();
            let enough = (layout.version..=LARGEST).find(enough).unwrap_or(LARGEST);
            let what = format!(
                "the terminal is too small for so large a bundle: it takes more than {MAX_PARTS} \
                 codes"
            );
            return Err(too_small_error(window, &what, &words, enough));
        };
        // The codes may be of a smaller version than the window has room for.
        let drawn = drawings.first().map_or(0, Drawing::bare_side);
        let version = (1..=layout.version)
            .find(|version| draw::bare_side_of_version(*version) == drawn)
            .unwrap_or(layout.version);
        let layout = Layout::of_version(window, pixels, &words, version).unwrap_or(layout);
        let total = drawings.len();
        let order = (self.choose)(total)?;
        Ok(Set {
            layout,
            drawings,
            order,
        })
    }

    /// Shows the codes until somebody ends it.
    ///
    /// # Errors
    /// A window that is too small at the beginning, a part that there is not, or a terminal that
    /// fails.
    pub(super) fn run(&self, window: Window) -> Result<()> {
        // Before the screen changes: what is wrong at the beginning is said there.
        if !self.with_images || window.cell.is_none() {
            self.set_for(window, None)?;
        }
        let mut terminal = CodeTerminal::enter().map_err(terminal_error)?;
        let pixels = self
            .with_images
            .then(|| Pixels::ask(&mut terminal, window))
            .flatten();
        if pixels.is_some_and(|pixels| pixels.protocol == ImageProtocol::Kitty) {
            code_screen::note_images();
        }
        let mut window = window;
        let mut set = self.set_for(window, pixels)?;
        let (mut at, mut paused, mut typed) = (0, false, 0usize);
        loop {
            self.draw(window, (&set, pixels), (at, paused))
                .map_err(terminal_error)?;
            let end = Instant::now().checked_add(self.pace);
            loop {
                let left = end.map_or(LOOK, |end| end.saturating_duration_since(Instant::now()));
                if left.is_zero() && !paused {
                    at = next_of(at, set.order.len());
                    break;
                }
                let wait = if paused { LOOK } else { left.min(LOOK) };
                match terminal.key(wait).map_err(terminal_error)? {
                    Some(Key::End) => return Ok(()),
                    Some(Key::Digit(digit)) => {
                        typed = typed.saturating_mul(10).saturating_add(digit);
                        continue;
                    }
                    Some(Key::Enter) if typed > 0 => {
                        if let Some(found) = set.order.iter().position(|part| *part == typed) {
                            (at, paused) = (found, true);
                        }
                        typed = 0;
                        break;
                    }
                    Some(Key::Enter | Key::Next) => {
                        at = next_of(at, set.order.len());
                        break;
                    }
                    Some(Key::Previous) => {
                        at = at
                            .checked_sub(1)
                            .unwrap_or(set.order.len().saturating_sub(1));
                        break;
                    }
                    Some(Key::Pause) => {
                        paused = !paused;
                        break;
                    }
                    None => {}
                }
                let now = Window::of_stdout().unwrap_or(window);
                if now != window {
                    window = now;
                    self.resize(&mut set, window, pixels)
                        .map_err(terminal_error)?;
                    at = at.min(set.order.len().saturating_sub(1));
                    break;
                }
            }
        }
    }

    /// Makes the set fit the window. As long as it does, it stays: other codes would begin anew.
    fn resize(&self, set: &mut Set, window: Window, pixels: Option<Pixels>) -> io::Result<()> {
        let widest = (self.caption)(MAX_PARTS, MAX_PARTS);
        let words = Words {
            caption: &widest,
            status: &status_lines(MAX_PARTS, MAX_PARTS, Some(LONGEST_ROUND)),
        };
        if let Some(layout) = Layout::of_version(window, pixels, &words, set.layout.version) {
            set.layout = layout;
        } else if let Ok(other) = self.set_for(window, pixels) {
            *set = other;
        } else {
            let said = StyledText::from("the window is too small for a code");
            code_screen::draw(said.to_plain().as_bytes())?;
        }
        Ok(())
    }

    fn draw(
        &self,
        window: Window,
        (set, pixels): (&Set, Option<Pixels>),
        (at, paused): (usize, bool),
    ) -> io::Result<()> {
        let part = set.order.get(at).copied().unwrap_or(1);
        let Some(drawing) = part.checked_sub(1).and_then(|at| set.drawings.get(at)) else {
            return Ok(());
        };
        let caption = (self.caption)(part, set.drawings.len());
        let shown = at.saturating_add(1);
        let count = u32::try_from(set.order.len()).ok();
        let round = count.and_then(|count| self.pace.checked_mul(count));
        let words = Words {
            caption: &caption,
            status: &status_lines(shown, set.order.len(), round.filter(|_| !paused)),
        };
        code_screen::draw(&frame(window, set.layout, drawing, &words, pixels))
    }
}

const fn next_of(at: usize, count: usize) -> usize {
    let next = at.saturating_add(1);
    if next < count { next } else { 0 }
}

/// Returns what draws a code and its words from the upper left corner on: every line of the window.
fn frame(
    window: Window,
    layout: Layout,
    drawing: &Drawing,
    words: &Words<'_>,
    pixels: Option<Pixels>,
) -> Vec<u8> {
    let mut words = words.lines(layout.room).into_iter();
    let (code, image) = match layout.ink {
        Ink::Blocks(above, below) => {
            let lines = drawing.dark_lines(above, below).into_iter();
            let style = |line| format!("{CODE_STYLE}{line}{CODE_STYLE:#}");
            (lines.map(style).collect(), None)
        }
        Ink::Image(scale) => {
            // The image lies there: nothing is written over it.
            let over = format!("\x1b[{}C", layout.columns);
            let image = pixels.and_then(|pixels| pixels.image(drawing, scale));
            (vec![over; layout.lines], image)
        }
    };
    let plain = |words: Option<String>| StyledText::from(words.unwrap_or_default()).to_plain();
    let beside = layout.words == WordsPlace::Beside;
    let mut lines: Vec<String> = Vec::new();
    for mut line in code {
        // What stood there before is erased, but for the last column, where that would take away
        // what was just written.
        if layout.columns < window.columns {
            line.push_str("\x1b[K");
        }
        if beside {
            line.push_str(&format!("{APART}{}", plain(words.next())));
        }
        lines.push(line);
    }
    let indent = if beside { layout.columns } else { 0 };
    while lines.len() < window.rows {
        let said = plain(words.next());
        lines.push(match said.is_empty() {
            true => "\x1b[K".to_owned(),
            false if beside => format!("\x1b[K{:indent$}{APART}{said}", ""),
            false => format!("\x1b[K{said}"),
        });
    }
    let mut out = lines.join("\r\n").into_bytes();
    if let Some(image) = image {
        out.extend(b"\x1b[H");
        out.extend(image);
    }
    out
}

fn terminal_error(cause: io::Error) -> Error {
    let what = format!(
        "the codes cannot be shown: {}",
        crate::fsio::io_text(&cause)
    );
    Error::new(
        ErrorKind::CannotWrite,
        what,
        "write images with -o FILE.png or -o FILE.svg",
    )
    .with_fact(FactName::Cause, crate::fsio::io_text(&cause))
}
