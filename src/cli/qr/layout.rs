//! Where a code and its words stand in a window, and which size of code fits there.

use super::pixels::Pixels;
use super::terminal::Window;
use crate::error::{Error, ErrorKind, FactName};
use crate::qr::Caption;
use crate::qr::draw::{LARGEST, SMALLEST, bare_side_of_version, side_of_version};

/// The columns between a code and the words beside it.
const APART: usize = 2;

/// The light modules above and below a code, together: as many as the standard wants, and the
/// fewest that are left of them where the window is low. At its sides a code has them all
/// (docs/bundle.md says what was measured).
const MARGIN: usize = 8;
const LEAST_MARGIN: usize = 2;

/// The words that stand with a code.
pub(super) struct Words<'a> {
    pub(super) caption: &'a Caption,
    /// What is said of the round, and of the keys: short lines.
    pub(super) status: &'a [String],
}

impl Words<'_> {
    /// Returns the lines, none longer than `columns` where that can be.
    pub(super) fn lines(&self, columns: usize) -> Vec<String> {
        let status = self.status.iter().map(|line| wrap(line, columns));
        let mut lines = self.caption.wrapped_lines(columns);
        lines.extend(status.flatten());
        lines
    }

    fn longest(&self) -> usize {
        let words = self.status.iter().flat_map(|line| line.split(' '));
        let longest = words.map(|word| word.chars().count()).max().unwrap_or(0);
        longest.max(self.caption.longest_word())
    }
}

/// Breaks a line between words.
fn wrap(line: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(last) if last.chars().count().saturating_add(length) < columns => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The place of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordsPlace {
    Below,
    Beside,
}

/// What a code is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Half blocks, with so many light modules above and below.
    Blocks(usize, usize),
    /// An image with so many pixels a module.
    Image(usize),
}

/// How a code is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) version: u8,
    pub(super) words: WordsPlace,
    /// The columns for the words.
    pub(super) room: usize,
    /// The lines of the window that the code takes.
    pub(super) lines: usize,
    /// The columns that the code takes.
    pub(super) columns: usize,
    pub(super) ink: Ink,
}

impl Layout {
    /// Returns the layout with the largest code that fits.
    ///
    /// # Errors
    /// Class `Usage`, `terminal-too-small`.
    pub(super) fn largest(
        window: Window,
        pixels: Option<Pixels>,
        words: &Words<'_>,
    ) -> Result<Self, Error> {
        let fits = |version| Self::of_version(window, pixels, words, version);
        (SMALLEST..=LARGEST).rev().find_map(fits).ok_or_else(|| {
            let what = "the terminal is too small for a code";
            too_small_error(window, what, words, SMALLEST)
        })
    }

    /// Returns the layout of a code of this version, if it fits: in half blocks where that can be,
    /// since every terminal draws them.
    pub(super) fn of_version(
        window: Window,
        pixels: Option<Pixels>,
        words: &Words<'_>,
        version: u8,
    ) -> Option<Self> {
        let places = [WordsPlace::Below, WordsPlace::Beside];
        let blocks = places
            .into_iter()
            .filter_map(|place| in_blocks(window, words, version, place));
        let margins = |layout: &Layout| match layout.ink {
            Ink::Blocks(above, below) => above.saturating_add(below),
            Ink::Image(_) => 0,
        };
        blocks.max_by_key(margins).or_else(|| {
            let pixels = pixels?;
            let images = places
                .into_iter()
                .filter_map(|place| in_pixels(window, pixels, words, version, place));
            images.max_by_key(|layout| match layout.ink {
                Ink::Image(scale) => scale,
                Ink::Blocks(..) => 0,
            })
        })
    }
}

/// Returns the columns for the words, and the lines and columns for the code.
fn split_window(
    window: Window,
    words: &Words<'_>,
    code: usize,
    place: WordsPlace,
) -> Option<(usize, usize, usize)> {
    match place {
        WordsPlace::Below => {
            let lines = words.lines(window.columns).len();
            let fits = words.longest() <= window.columns && code <= window.columns;
            let left = window.rows.checked_sub(lines)?;
            fits.then_some((window.columns, left, window.columns))
        }
        WordsPlace::Beside => {
            let room = window.columns.checked_sub(code)?.checked_sub(APART)?;
            let fits = words.longest() <= room && words.lines(room).len() <= window.rows;
            fits.then_some((room, window.rows, code))
        }
    }
}

fn in_blocks(window: Window, words: &Words<'_>, version: u8, place: WordsPlace) -> Option<Layout> {
    let (side, bare) = (side_of_version(version), bare_side_of_version(version));
    let (room, lines, _) = split_window(window, words, side, place)?;
    let margin = (lines.checked_mul(2)?).checked_sub(bare)?.min(MARGIN);
    let above = margin / 2;
    let below = margin.checked_sub(above)?;
    (margin >= LEAST_MARGIN).then_some(Layout {
        version,
        words: place,
        room,
        lines: bare.saturating_add(margin).div_ceil(2),
        columns: side,
        ink: Ink::Blocks(above, below),
    })
}

fn in_pixels(
    window: Window,
    pixels: Pixels,
    words: &Words<'_>,
    version: u8,
    place: WordsPlace,
) -> Option<Layout> {
    let (width, height) = pixels.cell;
    let side = side_of_version(version);
    // One line is left free: a terminal may scroll below an image.
    let window = Window {
        rows: window.rows.checked_sub(1)?,
        ..window
    };
    let columns = |scale: usize| Some(side.checked_mul(scale)?.div_ceil(width));
    let fits = |scale: usize| {
        let code = columns(scale)?;
        let (room, lines, _) = split_window(window, words, code, place)?;
        let taken = side.checked_mul(scale)?.div_ceil(height);
        (taken <= lines).then_some(Layout {
            version,
            words: place,
            room,
            lines: taken,
            columns: code,
            ink: Ink::Image(scale),
        })
    };
    // More pixels than half a character makes nothing easier to read.
    let smallest = pixels.smallest_module();
    (smallest..=width.max(smallest)).rev().find_map(fits)
}

/// Returns the smallest window for a code in half blocks, with these words. With more columns the
/// words take fewer lines.
fn smallest_window(version: u8, words: &Words<'_>, place: WordsPlace) -> (usize, usize) {
    let side = side_of_version(version);
    let code = (bare_side_of_version(version).saturating_add(LEAST_MARGIN)).div_ceil(2);
    match place {
        WordsPlace::Below => {
            let columns = side.max(words.longest());
            let lines = words.lines(columns).len();
            (columns, code.saturating_add(lines))
        }
        WordsPlace::Beside => {
            let room = words.longest();
            let columns = side.saturating_add(APART).saturating_add(room);
            (columns, code.max(words.lines(room).len()))
        }
    }
}

/// Returns the error for a window that is too small for codes of this version, the least that is
/// needed.
pub(super) fn too_small_error(window: Window, what: &str, words: &Words<'_>, version: u8) -> Error {
    let size = |place| {
        let (columns, rows) = smallest_window(version, words, place);
        format!("{columns} columns and {rows} lines")
    };
    let expected = format!(
        "{}, or {}",
        size(WordsPlace::Beside),
        size(WordsPlace::Below)
    );
    let found = format!("{} columns and {} lines", window.columns, window.rows);
    Error::new(
        ErrorKind::TerminalTooSmall,
        [
            what.to_owned(),
            format!("  expected {expected}"),
            format!("  found    {found}"),
        ],
        "make the window larger, or its font smaller (on a Linux console: setfont); or write \
         images with -o FILE.png or -o FILE.svg",
    )
    .with_fact(FactName::Expected, expected)
    .with_fact(FactName::Found, found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::bundle::Fingerprint;
    use crate::cli::qr::pixels::ImageProtocol;
    use crate::cli::qr::slides::{LONGEST_ROUND, status_lines};
    use crate::qr::QrKind;
    use crate::qr::parts::MAX_PARTS;

    fn caption(id: &str) -> Caption {
        let id = id.parse().unwrap();
        let fingerprint = Fingerprint::of_response(&id, b"", b"", []);
        Caption::new(QrKind::Response, &id, MAX_PARTS, MAX_PARTS, &fingerprint)
    }

    fn window(columns: usize, rows: usize) -> Window {
        Window {
            rows,
            columns,
            cell: Some((8, 16)),
        }
    }

    #[test]
    fn a_plain_console_has_room_for_a_dense_code_whatever_the_id() {
        for id in ["cluster-aaaaaaaaaaa", "cluster-aaaaaaaaaaaaaaaa"] {
            let caption = caption(id);
            let words = Words {
                caption: &caption,
                status: &status_lines(MAX_PARTS, MAX_PARTS, Some(LONGEST_ROUND)),
            };
            let version = |columns, rows, pixels| {
                Layout::largest(window(columns, rows), pixels, &words)
                    .map(|layout| layout.version)
                    .map_err(|error| error.kind)
            };
            assert_eq!(version(80, 24, None), Ok(7));
            assert_eq!(version(240, 67, None), Ok(LARGEST));
            assert_eq!(version(80, 19, None), Err(ErrorKind::TerminalTooSmall));
            assert_eq!(version(44, 100, None), Err(ErrorKind::TerminalTooSmall));
            for protocol in [ImageProtocol::Kitty, ImageProtocol::Sixel] {
                let cell = (8, 16);
                let pixels = Some(Pixels { protocol, cell });
                assert!(version(80, 24, pixels).unwrap() >= 22);
            }
        }
    }

    #[test]
    fn what_is_said_to_be_needed_is_enough_and_one_less_is_not() {
        let caption = caption("cluster-aaaaaaaaaaa");
        let words = Words {
            caption: &caption,
            status: &status_lines(MAX_PARTS, MAX_PARTS, Some(LONGEST_ROUND)),
        };
        for version in SMALLEST..=LARGEST {
            for place in [WordsPlace::Below, WordsPlace::Beside] {
                let (columns, rows) = smallest_window(version, &words, place);
                let fits = |columns, rows| {
                    in_blocks(window(columns, rows), &words, version, place).is_some()
                };
                assert!(fits(columns, rows), "{version}: {columns} by {rows}");
                assert!(!fits(columns, rows - 1) && !fits(columns - 1, rows));
            }
        }
    }
}
