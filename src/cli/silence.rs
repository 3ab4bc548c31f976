//! What a terminal shows while nothing is said: after a second a spinner, and what is waited for.
//!
//! Whoever begins something that may take long says so with [`Waiting`]. Everything that is written
//! to the terminal breaks the silence first, and no spinner runs while a passphrase is asked for.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The silence that needs no explanation.
const QUIET: Duration = Duration::from_secs(1);

/// The time between two pictures.
const TICK: Duration = Duration::from_millis(120);

const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// What writes over the terminal's line; nothing where no spinner may be drawn: elsewhere than on a
/// terminal, with `--quiet`, and in JSON.
static REDRAW: OnceLock<fn(&str)> = OnceLock::new();

fn redraw_line(line: &str) {
    if let Some(redraw) = REDRAW.get() {
        redraw(line);
    }
}

static SILENCE: Mutex<Silence> = Mutex::new(Silence {
    waits: Vec::new(),
    held: 0,
    last_word: None,
    frame: None,
    has_thread: false,
});

/// The state of the terminal's line.
struct Silence {
    /// What is waited for, and since when; the last is shown.
    waits: Vec<(String, Instant)>,
    /// How many hold the line for themselves.
    held: u32,
    /// When something was written last.
    last_word: Option<Instant>,
    /// The picture that stands there.
    frame: Option<usize>,
    has_thread: bool,
}

fn lock() -> MutexGuard<'static, Silence> {
    SILENCE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Silence {
    /// Clears the line, where a spinner stands in it.
    fn erase(&mut self) {
        if self.frame.take().is_some() {
            redraw_line("");
        }
    }

    /// Draws the next picture if it is time for one.
    fn tick(&mut self) {
        let asking = crate::ca::is_asking();
        if asking {
            self.last_word = Some(Instant::now());
        }
        let Some((what, since)) = self.waits.last().filter(|_| self.held == 0 && !asking) else {
            self.erase();
            return;
        };
        let silent_for = self.last_word.unwrap_or(*since).max(*since).elapsed();
        if self.frame.is_none() && silent_for < QUIET {
            return;
        }
        let at = self.frame.map_or(0, |frame| frame.saturating_add(1));
        let picture = FRAMES.iter().cycle().nth(at % FRAMES.len());
        let picture = picture.copied().unwrap_or_default();
        redraw_line(&format!(
            "{picture} {what}  {} s",
            since.elapsed().as_secs()
        ));
        self.frame = Some(at);
    }
}

/// Says that spinners may be drawn, and what writes over the terminal's line.
pub(crate) fn draw_spinners_with(redraw: fn(&str)) {
    REDRAW.get_or_init(|| redraw);
}

/// Clears the terminal's line before something is written there.
pub(crate) fn break_silence() {
    let mut silence = lock();
    silence.erase();
    silence.last_word = Some(Instant::now());
}

/// Something is waited for, until this is dropped.
pub(crate) struct Waiting(bool);

impl Waiting {
    /// Begins to wait: `what` stands behind the spinner.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        if REDRAW.get().is_none() {
            return Waiting(false);
        }
        let mut silence = lock();
        silence.waits.push((what.into(), Instant::now()));
        if !silence.has_thread {
            let run = || loop {
                std::thread::sleep(TICK);
                lock().tick();
            };
            // Without another thread nothing is drawn.
            silence.has_thread = std::thread::Builder::new().spawn(run).is_ok();
        }
        Waiting(true)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.0 {
            let mut silence = lock();
            silence.waits.pop();
            silence.erase();
        }
    }
}

/// Somebody else draws in the terminal's line, or asks there, until this is dropped.
pub(crate) struct Held;

impl Held {
    pub(crate) fn begin() -> Self {
        let mut silence = lock();
        silence.erase();
        silence.held = silence.held.saturating_add(1);
        Held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut silence = lock();
        silence.held = silence.held.saturating_sub(1);
        silence.last_word = Some(Instant::now());
    }
}
