//! The screen where codes stand, one after the other: entered, drawn on, and on every way out given
//! back as it was. What is drawn has control sequences of its own; words of others in it were shown
//! as text before.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// Another screen, without a cursor and without wrapping (xterm's control sequences: DECSET 1049,
/// DECTCEM, DECAWM). Where there is no other screen, this one is cleared in the end.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &[u8] = b"\x1b[0m\x1b[H\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Images are deleted (kitty's graphics protocol, `a=d`).
const DELETE_IMAGES: &[u8] = b"\x1b_Ga=d,d=A,q=2\x1b\\";

/// A picture begins and ends, where the terminal can draw it at once (synchronized output, mode
/// 2026).
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h\x1b[H";
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// What stands on the terminal, for whoever ends the program.
struct Entered {
    before: Termios,
    has_images: bool,
}

static ENTERED: Mutex<Option<Entered>> = Mutex::new(None);

/// Gives the terminal back as it was if codes are shown there; else does nothing. It may be called
/// at any time, from any thread.
pub(crate) fn restore() {
    let entered = ENTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(Entered { before, has_images }) = entered {
        let mut out = std::io::stdout().lock();
        if has_images {
            drop(out.write_all(DELETE_IMAGES));
        }
        // The terminal may be gone; then there is nothing to restore.
        drop(out.write_all(LEAVE).and_then(|()| out.flush()));
        // Flush: a late answer of the terminal must not reach the shell.
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &before).unwrap_or_default();
    }
}

/// Enters the screen, with the keyboard in this mode.
///
/// # Errors
/// A terminal that fails.
pub(crate) fn enter(mode: &Termios) -> std::io::Result<()> {
    let mut entered = ENTERED.lock().unwrap_or_else(PoisonError::into_inner);
    let before = tcgetattr(std::io::stdin())?;
    // Under the lock, so that whoever restores comes wholly before this or wholly after it.
    tcsetattr(std::io::stdin(), OptionalActions::Now, mode)?;
    *entered = Some(Entered {
        before,
        has_images: false,
    });
    write(ENTER)
}

/// Draws a picture over the one before.
///
/// # Errors
/// A terminal that fails.
pub(crate) fn draw(frame: &[u8]) -> std::io::Result<()> {
    write(&[BEGIN_FRAME, frame, END_FRAME].concat())
}

/// Says that there will be images to delete.
pub(crate) fn note_images() {
    let mut entered = ENTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(entered) = entered.as_mut() {
        entered.has_images = true;
    }
}

/// Sends the terminal something that it does not show.
///
/// # Errors
/// A terminal that fails.
pub(crate) fn write(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
