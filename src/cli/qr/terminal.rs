//! The terminal while codes are shown: its window, and its keys, which come one by one.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr, tcgetwinsize};

use crate::cli::code_screen;
use crate::cli::silence::Held;
use crate::cli::ui::{OutputFormat, Ui};

/// Tells whether somebody sits at a terminal that can show one code after the other.
pub(super) fn is_interactive(ui: &Ui) -> bool {
    let moves = std::env::var_os("TERM").is_some_and(|term| term != "dumb" && !term.is_empty());
    ui.format == OutputFormat::Text
        && moves
        && std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
}

/// A terminal's window: in characters, and in pixels where it tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The width and the height of a character.
    pub(super) cell: Option<(usize, usize)>,
}

impl Window {
    /// Returns the window of standard output. `None`: it does not tell its size.
    pub(super) fn of_stdout() -> Option<Self> {
        let size = tcgetwinsize(std::io::stdout()).ok()?;
        let (rows, columns) = (usize::from(size.ws_row), usize::from(size.ws_col));
        let width = usize::from(size.ws_xpixel).checked_div(columns)?;
        let height = usize::from(size.ws_ypixel).checked_div(rows)?;
        Some(Window {
            rows,
            columns,
            cell: Some((width, height)).filter(|(width, height)| *width > 0 && *height > 0),
        })
    }
}

/// What somebody wants who has pressed a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Next,
    Previous,
    Pause,
    Digit(usize),
    Enter,
    End,
}

/// The terminal, until this is dropped.
pub(super) struct CodeTerminal {
    /// What was read and is no key yet.
    typed: Vec<u8>,
    is_closed: bool,
    _held: Held,
}

impl CodeTerminal {
    /// Takes the terminal for codes.
    pub(super) fn enter() -> std::io::Result<Self> {
        let held = Held::begin();
        let mut raw = tcgetattr(std::io::stdin())?;
        // Signals stay, but for the stop: a stopped program would leave the screen as it is.
        raw.local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        raw.special_codes[SpecialCodeIndex::VSUSP] = 0;
        code_screen::enter(&raw)?;
        Ok(CodeTerminal {
            typed: Vec::new(),
            is_closed: false,
            _held: held,
        })
    }

    /// Asks the terminal something, and returns what comes until `is_answered` or the time is over.
    /// It stays there for the keys that may be in it: [`take_answer`](Self::take_answer).
    pub(super) fn ask(
        &mut self,
        question: &[u8],
        time: Duration,
        is_answered: impl Fn(&[u8]) -> bool,
    ) -> std::io::Result<Vec<u8>> {
        code_screen::write(question)?;
        let end = Instant::now().checked_add(time);
        while !is_answered(&self.typed) && !self.is_closed {
            let left = end.map_or(Duration::ZERO, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() || !self.read_more(left)? {
                break;
            }
        }
        Ok(self.typed.clone())
    }

    /// Waits for a key, at most so long.
    pub(super) fn key(&mut self, time: Duration) -> std::io::Result<Option<Key>> {
        let found = next_key(&mut self.typed);
        if found.is_some() {
            return Ok(found);
        }
        if self.is_closed {
            return Ok(Some(Key::End));
        }
        self.read_more(time)?;
        Ok(next_key(&mut self.typed))
    }

    /// Reads what is there, or comes in this time. Returns `false` if nothing did.
    fn read_more(&mut self, time: Duration) -> std::io::Result<bool> {
        let stdin = std::io::stdin();
        let mut waited = [PollFd::new(&stdin, PollFlags::IN)];
        let limit = Timespec::try_from(time).map_err(|_| std::io::ErrorKind::InvalidInput)?;
        match poll(&mut waited, Some(&limit)) {
            Ok(0) => return Ok(false),
            Err(cause) if cause == rustix::io::Errno::INTR => return Ok(false),
            found => drop(found?),
        }
        let mut chunk = [0; 256];
        // Past the buffer of the standard library, which poll(2) knows nothing of.
        let length = rustix::io::read(&stdin, &mut chunk)?;
        self.is_closed = length == 0;
        self.typed.extend(chunk.iter().take(length));
        Ok(length > 0)
    }
}

impl Drop for CodeTerminal {
    fn drop(&mut self) {
        code_screen::restore();
    }
}

/// Takes the first key out of what was typed. What is none is passed over: another key's sequence,
/// or a late answer of the terminal.
fn next_key(typed: &mut Vec<u8>) -> Option<Key> {
    loop {
        let length = sequence_length(typed)?;
        let sequence: Vec<u8> = typed.drain(..length).collect();
        let key = match sequence.as_slice() {
            // Ctrl-D, also as the terminal keeps it that was typed before.
            b"q" | b"Q" | b"\x04" | b"\0" => Some(Key::End),
            b" " | b"p" => Some(Key::Pause),
            b"\r" | b"\n" => Some(Key::Enter),
            b"n" | b"\x1b[C" | b"\x1b[B" | b"\x1bOC" | b"\x1bOB" => Some(Key::Next),
            b"b" | b"\x1b[D" | b"\x1b[A" | b"\x1bOD" | b"\x1bOA" => Some(Key::Previous),
            [digit @ b'0'..=b'9'] => Some(Key::Digit(usize::from(digit.saturating_sub(b'0')))),
            _ => None,
        };
        if key.is_some() {
            return key;
        }
    }
}

/// Returns the length of the first key's sequence (ECMA-48 5.4 and 5.6); `None` where there is no
/// key, or not the whole of its sequence.
fn sequence_length(typed: &[u8]) -> Option<usize> {
    let find = |from: usize, is_end: &dyn Fn(&[u8]) -> bool| {
        let ends = from..=typed.len();
        ends.into_iter()
            .find(|end| typed.get(..*end).is_some_and(is_end))
    };
    match typed {
        [] | [0x1b] => None,
        [0x1b, b'[', ..] => find(3, &|text| {
            text.last().is_some_and(|last| (0x40..=0x7e).contains(last))
        }),
        [0x1b, b'_' | b'P' | b']' | b'^' | b'X', ..] => find(4, &|text| text.ends_with(b"\x1b\\")),
        [0x1b, b'O', _, ..] => Some(3),
        [0x1b, b'O'] => None,
        [0x1b, ..] => Some(2),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(typed: &[u8]) -> Vec<Key> {
        let mut typed = typed.to_vec();
        std::iter::from_fn(|| next_key(&mut typed)).collect()
    }

    #[test]
    fn answers_and_other_keys_are_no_keys_of_ours() {
        assert_eq!(
            keys(b"\x1b_Gi=31;OK\x1b\\\x1b[6;16;8t\x1b[?62;4c 1\x1b[C\x1bOD\x1b[3~\x1b[1;5Ax\rq"),
            [
                Key::Pause,
                Key::Digit(1),
                Key::Next,
                Key::Previous,
                Key::Enter,
                Key::End
            ]
        );
        // The rest of a sequence may come later.
        for part in [
            &b"\x1b"[..],
            b"\x1b[",
            b"\x1b[?62;",
            b"\x1b_Gi=31;O",
            b"\x1bO",
        ] {
            assert_eq!(keys(part), []);
        }
    }
}
