//! Signals that end a program: nothing half-written, the terminal as it was, and the exit code that
//! a shell expects: 130 for SIGINT by contract, 128 and the signal's number for the others.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, raise};

use super::ui::{Format, Ui, end_in_json, show};
use crate::error::{Error, ErrorKind, Result};
use crate::fsio;

/// Waits for a signal on a thread of its own. They are blocked in this thread, and so in all that
/// it starts from here on; a program that is started gets them again, since the standard library
/// unblocks all signals before it hands over.
///
/// # Errors
/// Class `Machine` where the system refuses.
pub(crate) fn install(ui: &Ui) -> Result<()> {
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
    let format = ui.format;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || wanted.wait().map(|signal| end(signal, format)))
        .map_err(|_| fault())?;
    Ok(())
}

/// How long the end may take: for the disk, for whoever reads standard error, for a terminal that
/// was stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends the program by the signal itself, should it not have ended by then: an end that waits for
/// something is no end. What a group of files has left in the middle is completed by whoever comes
/// next, as after SIGKILL.
fn end_at_the_latest(signal: Signal) {
    let last_resort = move || {
        std::thread::sleep(PATIENCE);
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

/// Whether the program was started with the signal ignored, as `nohup` does with SIGHUP (proc(5),
/// SigIgn).
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
    let bit = u32::try_from(number(signal))
        .ok()
        .and_then(|signal| signal.checked_sub(1))
        .and_then(|bit| 1u64.checked_shl(bit));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

/// As signal(7) numbers it.
#[allow(clippy::as_conversions)] // the enumeration's own value; there is no other way to it
const fn number(signal: Signal) -> i32 {
    signal as i32
}

fn end(signal: Signal, format: Format) {
    end_at_the_latest(signal);
    let silent = !super::ui::has_last_word();
    if silent {
        // The result is being printed. It ends the program, unless nobody reads it.
        std::thread::sleep(Duration::from_secs(1));
    }
    fsio::abandon();
    crate::ca::restore_terminal();
    let error = Error::new(
        ErrorKind::Interrupted,
        "interrupted; nothing is half-written",
        "run the same command again: it goes on from what the cluster and the bundle say",
    );
    let code = number(signal).saturating_add(128);
    match format {
        _ if silent => {}
        Format::Text => show(&error),
        Format::Json => end_in_json(&error, code),
    }
    std::process::exit(code);
}
