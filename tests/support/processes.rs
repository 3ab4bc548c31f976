//! Processes that a command has started.

use std::fs;
use std::time::{Duration, Instant};

/// Waits until something is so. The bound is for the failure.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until all of these have ended. A zombie has: its parent has not looked yet.
pub(crate) fn are_gone(ids: &[impl AsRef<str>]) {
    let runs = |id: &_| {
        let stat = format!("/proc/{}/stat", AsRef::<str>::as_ref(id));
        let stat = fs::read_to_string(stat).unwrap_or_default();
        let state = stat.rsplit(')').next().unwrap_or_default().trim();
        !state.is_empty() && !state.starts_with('Z')
    };
    until(|| !ids.iter().any(runs));
}
