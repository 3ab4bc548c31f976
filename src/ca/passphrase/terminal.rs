//! The prompt on the terminal. The echo is off while it waits, and on again on every way out.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
};
use zeroize::Zeroizing;

use super::{MAX_PASSPHRASE, PassphraseLine, read_line};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;
use crate::outside::shown_lines;

/// The terminal as it was before the echo went off; nothing while no prompt waits.
static SAVED: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Gives the terminal its echo back if a prompt waits for a passphrase; else does nothing.
///
/// Whoever ends the process while another thread asks calls it on SIGINT and SIGTERM, before the
/// exit. It may be called at any time, from any thread.
pub fn restore_terminal() {
    let saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((tty, before)) = saved {
        // Flush: what was typed of a passphrase must not reach the shell.
        let restored = tcsetattr(&tty, OptionalActions::Flush, &before).is_ok();
        // Between questions it was shown already.
        if restored && WAITS.swap(false, Ordering::SeqCst) {
            drop((&tty).write_all(b"\n")); // the user's own line end was not shown
        }
    }
}

/// Whether a question waits for its answer.
static WAITS: AtomicBool = AtomicBool::new(false);

/// The number of [`EchoHold`]s.
static HOLDS: AtomicUsize = AtomicUsize::new(0);

/// While it lives, the echo stays off from the first question for a secret on: what is typed before
/// the next question is not shown. A terminal that is not asked at is left alone.
pub struct EchoHold(());

impl EchoHold {
    /// Begins a series of questions.
    pub fn start() -> Self {
        HOLDS.fetch_add(1, Ordering::SeqCst);
        EchoHold(())
    }
}

impl Drop for EchoHold {
    fn drop(&mut self) {
        if HOLDS.fetch_sub(1, Ordering::SeqCst) == 1 {
            restore_terminal();
        }
    }
}

/// Tells whether a question waits for its answer right now.
pub(crate) fn is_asking() -> bool {
    WAITS.load(Ordering::SeqCst)
}

/// Turns the echo off, until it is dropped and no [`EchoHold`] is left.
struct EchoOff;

impl EchoOff {
    /// Drops what was typed before anybody asked.
    fn start(tty: &File) -> std::io::Result<Self> {
        if SAVED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
        {
            tcflush(tty, QueueSelector::IFlush)?;
            WAITS.store(true, Ordering::SeqCst);
            return Ok(EchoOff);
        }
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL);
        quiet
            .local_modes
            .insert(LocalModes::ICANON | LocalModes::ISIG);
        let mut saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner);
        let own = tty.try_clone()?;
        // Under the lock, so that whoever restores comes wholly before this or wholly after it.
        tcsetattr(tty, OptionalActions::Flush, &quiet)?;
        *saved = Some((own, before));
        WAITS.store(true, Ordering::SeqCst);
        Ok(EchoOff)
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        if HOLDS.load(Ordering::SeqCst) == 0 {
            restore_terminal();
        } else if let (true, Ok(tty)) = (WAITS.swap(false, Ordering::SeqCst), fsio::open_terminal())
        {
            drop(write(&tty, "\n")); // the user's own line end was not shown
        }
    }
}

/// Opens the terminal that the process belongs to.
fn open_terminal() -> Result<File> {
    fsio::open_terminal().map_err(|_| {
        Error::new(
            ErrorKind::NoPassphrase,
            "there is no terminal to ask at",
            "give it with --passphrase-file FILE, --passphrase-fd N, --passphrase-env NAME or \
             --passphrase-command CMD",
        )
    })
}

/// Tells whether this process may ask at its terminal, and so a command in its process group.
pub(super) fn is_in_foreground() -> bool {
    fsio::open_terminal().is_ok_and(|tty| tcgetpgrp(&tty).is_ok_and(|group| group == getpgrp()))
}

/// Asks, and waits for one line. Neither is written to standard output or standard error.
pub(super) fn ask_passphrase(prompt: &str) -> Result<Zeroizing<Vec<u8>>> {
    let tty = open_terminal()?;
    let broken = |error: std::io::Error| {
        Error::new(
            ErrorKind::NoPassphrase,
            format!("the terminal cannot be used: {error}"),
            "give the passphrase with --passphrase-file FILE, --passphrase-fd N or \
             --passphrase-env NAME",
        )
        .with_fact(FactName::Cause, error.to_string())
    };
    let silence = EchoOff::start(&tty).map_err(broken)?;
    write(&tty, prompt).map_err(broken)?;
    let line = read_line(&tty).map_err(broken)?;
    drop(silence);
    match line {
        PassphraseLine::Whole(line) => Ok(line),
        PassphraseLine::Ended(_) => Err(Error::new(
            ErrorKind::PromptCancelled,
            "the passphrase was not given: the prompt was cancelled",
            "run the command again",
        )),
        PassphraseLine::TooLong => Err(Error::new(
            ErrorKind::PassphraseUnfit,
            format!("the passphrase is longer than {MAX_PASSPHRASE} bytes"),
            "run the command again",
        )
        .with_fact(FactName::Limit, MAX_PASSPHRASE)),
    }
}

/// Says something between two questions.
pub(super) fn show_text(text: &str) -> Result<()> {
    let broken = |error: std::io::Error| {
        Error::new(
            ErrorKind::NoPassphrase,
            format!("the terminal cannot be used: {error}"),
            "",
        )
        .with_fact(FactName::Cause, error.to_string())
    };
    write(&open_terminal()?, text).map_err(broken)
}

/// Writes text to the terminal: nothing that it would obey but line breaks.
fn write(mut tty: &File, text: &str) -> std::io::Result<()> {
    tty.write_all(shown_lines(text).as_bytes())
}
