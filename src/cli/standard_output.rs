//! Standard output: what is printed there, by whom, and what comes last.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::silence::break_silence;

/// The caller that asked first ends the program.
static LAST_WORD: AtomicBool = AtomicBool::new(false);

/// Tells whether the caller asks first, and so may say how the program ended: the command or a
/// signal. There is only one result.
pub(crate) fn take_last_word() -> bool {
    !LAST_WORD.swap(true, Ordering::SeqCst)
}

/// Tells whether somebody has asked.
pub(crate) fn is_last_word_taken() -> bool {
    LAST_WORD.load(Ordering::SeqCst)
}

/// Writes to standard output what is already JSON, or a terminal's text.
pub(crate) fn to_stdout(text: &str) -> std::io::Result<()> {
    break_silence();
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What is written to standard output in lines is written one after the other.
static LINES: Mutex<()> = Mutex::new(());

/// Writes the last lines to standard output.
pub(crate) fn print_lines(text: &str) -> std::io::Result<()> {
    let _whole = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    to_stdout(text)
}

/// Writes the line of an event to standard output. After the last line comes none.
pub(crate) fn print_event_line(line: &str) -> std::io::Result<()> {
    let _whole = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    match is_last_word_taken() {
        true => Ok(()),
        false => to_stdout(line),
    }
}
