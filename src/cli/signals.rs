//! Signals that end a program: nothing half-written, the terminal as it was, and the exit code that a shell expects: 130 for SIGINT by contract,
//! 128 and the signal's number for the others.

use nix::sys::signal::{SigSet, Signal};

use super::ui::{Format, Ui, show, with_error};
use crate::error::{Class, Error, Result};

/// Waits for a signal on a thread of its own. They are blocked in this thread, and so in all that it starts from here on; a program that is started
/// gets them again, since the standard library unblocks all signals before it hands over.
///
/// # Errors
/// Class `Machine` where the system refuses.
pub(crate) fn install(ui: &Ui) -> Result<()> {
    let fault = || Error::new(Class::Machine, "no-signals", "signals cannot be handled on this machine", "nothing has been done");
    // SIGQUIT without the memory image that it is for: there may be a passphrase in it.
    let mut wanted = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT]);
    if !is_ignored(Signal::SIGHUP) {
        wanted.add(Signal::SIGHUP);
    }
    wanted.thread_block().map_err(|_| fault())?;
    let format = ui.format;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || wanted.wait().map(|signal| end(signal, format))).map_err(|_| fault())?;
    Ok(())
}

/// Whether the program was started with the signal ignored, as `nohup` does with SIGHUP (proc(5), SigIgn).
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(number(signal)).ok().and_then(|signal| signal.checked_sub(1)).and_then(|bit| 1u64.checked_shl(bit));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

/// As signal(7) numbers it.
#[allow(clippy::as_conversions)] // the enumeration's own value; there is no other way to it
const fn number(signal: Signal) -> i32 {
    signal as i32
}

fn end(signal: Signal, format: Format) {
    let silent = !super::ui::has_last_word();
    if silent {
        // The result is being printed. It ends the program, unless nobody reads it.
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    crate::fsio::abandon();
    crate::ca::restore_terminal();
    let error = Error::new(
        Class::Interrupted,
        "interrupted",
        "interrupted; nothing is half-written",
        "run the same command again: it goes on from what the cluster and the bundle say",
    );
    let code = number(signal).saturating_add(128);
    match format {
        _ if silent => {}
        Format::Text => show(&error),
        Format::Json => {
            use std::io::Write;
            let mut document = with_error(serde_json::Value::Null, Some(&error));
            document = document.replace("\"code\": 130", &format!("\"code\": {code}"));
            // Standard output may be gone.
            drop(std::io::stdout().write_all(document.as_bytes()));
        }
    }
    std::process::exit(code);
}
