//! SIGINT and SIGTERM: nothing half-written, the terminal as it was, 130 or 143.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::ui::{Format, Ui, show, with_error};
use crate::error::{Class, Error, Result};

/// Waits for a signal on a thread of its own.
///
/// # Errors
/// Class `Machine` where the system refuses.
pub(crate) fn install(ui: &Ui) -> Result<()> {
    let fault = |_| Error::new(Class::Machine, "no-signals", "signals cannot be handled on this machine", "nothing has been done");
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(fault)?;
    let format = ui.format;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().next().map(|signal| end(signal, format)))
        .map_err(fault)?;
    Ok(())
}

fn end(signal: i32, format: Format) {
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
    // 130 is SIGINT's by contract, 143 what a shell expects of SIGTERM.
    let code = if signal == SIGTERM { 143 } else { i32::from(error.code()) };
    match format {
        _ if silent => {}
        Format::Text => show(&error),
        Format::Json => {
            use std::io::Write;
            let mut document = with_error(serde_json::Value::Null, Some(&error));
            if code == 143 {
                document = document.replace("\"code\": 130", "\"code\": 143");
            }
            // Standard output may be gone.
            drop(std::io::stdout().write_all(document.as_bytes()));
        }
    }
    std::process::exit(code);
}
