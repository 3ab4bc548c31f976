//! The handling of signals that end the program: nothing is half-written, the terminal is as it
//! was, and the exit code is the one that a shell expects: 130 for SIGINT by contract, 128 plus the
//! signal's number for the others.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, raise};

use super::ui::Ui;
use crate::error::{Error, ErrorKind, Result};
use crate::fsio;

/// Starts a thread that waits for signals. They are blocked in this thread, and so in all that it
/// starts from here on. A program that is started inherits that: whatever starts one that is to be
/// ended by signals unblocks them for that.
///
/// # Errors
/// Class `Machine` where the system refuses.
pub(crate) fn install_handler(hint: &'static str, ui: &Ui) -> Result<()> {
    let fault = || {
        Error::new(
            ErrorKind::NoSignals,
            "signals cannot be handled on this machine",
            "nothing has been done",
        )
    };
    // SIGQUIT without the memory image that it is for: there may be a passphrase in it.
    let mut wanted = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT]);
    if !is_ignored(Signal::SIGHUP) {
        wanted.add(Signal::SIGHUP);
    }
    wanted.thread_block().map_err(|_| fault())?;
    let ui = ui.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || wanted.wait().map(|signal| end_program(signal, hint, &ui)))
        .map_err(|_| fault())?;
    Ok(())
}

/// The most time that the end may take: for the disk, for whoever reads standard error, for a
/// terminal that was stopped.
const MAX_END_TIME: Duration = Duration::from_secs(10);

/// Ends the program by the signal itself, if it has not ended by then: an end that waits for
/// something is no end. A group of files that is left half-written is completed by the next run, as
/// after SIGKILL.
fn force_end_later(signal: Signal) {
    let last_resort = move || {
        std::thread::sleep(MAX_END_TIME);
        // Its default action, which a shell shows as the same exit code: it was blocked and never
        // ignored, unless the program was started so.
        SigSet::from_iter([signal])
            .thread_unblock()
            .and_then(|()| raise(signal))
            .unwrap_or_default();
        raise(Signal::SIGKILL).unwrap_or_default();
    };
    // Without another thread the end has to come by itself.
    drop(std::thread::Builder::new().spawn(last_resort));
}

/// Tells whether the program was started with the signal ignored, as `nohup` does with SIGHUP
/// (proc(5), SigIgn).
fn is_ignored(signal: Signal) -> bool {
    let status = fsio::read(
        Path::new("/proc/self/status"),
        "this process's state",
        fsio::MAX_INPUT,
    )
    .unwrap_or_default();
    let mask = String::from_utf8_lossy(&status)
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal_number(signal))
        .ok()
        .and_then(|signal| signal.checked_sub(1))
        .and_then(|bit| 1u64.checked_shl(bit));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

/// Returns the signal's number, as in signal(7).
#[allow(clippy::as_conversions)] // the enumeration's own value; there is no other way to it
const fn signal_number(signal: Signal) -> i32 {
    signal as i32
}

fn end_program(signal: Signal, hint: &str, ui: &Ui) {
    force_end_later(signal);
    let silent = !super::standard_output::take_last_word();
    if silent {
        // The result is being printed. It ends the program, unless nobody reads it.
        std::thread::sleep(Duration::from_secs(1));
    }
    fsio::abandon_pending();
    crate::ca::restore_terminal();
    #[cfg(feature = "qr")]
    super::code_screen::restore();
    crate::ca::end_passphrase_command();
    let error = Error::new(
        ErrorKind::Interrupted,
        "interrupted; nothing is half-written",
        hint,
    );
    let code = 128 + signal_number(signal);
    if !silent {
        ui.print_last_error(&error, code);
    }
    std::process::exit(code);
}
