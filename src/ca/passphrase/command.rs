//! The passphrase that a command prints, for which it has so much time and no more.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::SigSet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::terminal::is_in_foreground;
use super::{MAX_PASSPHRASE, PassphraseLine, read_line};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio;

/// The time that a command has where nobody names one: enough for a person who is asked by it.
const DEFAULT_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The pause between two looks whether a command has ended that has closed its output.
const PAUSE: Duration = Duration::from_millis(10);

/// A command whose first line is the passphrase. The shell runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassphraseCommand {
    line: String,
    /// The end of the time of all that it is run for, and how long that time is.
    ends: Option<(Instant, Duration)>,
}

impl PassphraseCommand {
    /// A command that must have ended in `limit` from now; without one, in five minutes from its
    /// start.
    pub fn new(line: impl Into<String>, limit: Option<Duration>) -> Self {
        let now = Instant::now();
        PassphraseCommand {
            line: line.into(),
            ends: limit.and_then(|limit| Some((now.checked_add(limit)?, limit))),
        }
    }

    /// Runs the command, and returns its first line. It has the terminal for its own questions, and
    /// its messages; it must end with 0. What it prints besides is read and dropped, so that it can
    /// end.
    pub(super) fn printed_line(&self, name: &str) -> Result<Zeroizing<Vec<u8>>> {
        let failed = |what: String| {
            Error::new(
                ErrorKind::PassphraseUnreadable,
                format!("{name} {what}"),
                "run the command by itself: the first line that it prints is to be the \
                 passphrase, and it is to end with 0",
            )
        };
        let (ends, limit) = match self.ends {
            Some(ends) => ends,
            None => {
                let now = Instant::now();
                (now.checked_add(DEFAULT_LIMIT).unwrap_or(now), DEFAULT_LIMIT)
            }
        };
        let cannot = |fault: io::Error| match fault.kind() {
            io::ErrorKind::TimedOut => out_of_time(name, limit),
            _ => {
                let cause = fsio::io_text(&fault).to_string();
                failed(format!("cannot be run: {cause}")).with_fact(FactName::Cause, cause)
            }
        };
        let mut running = RunningCommand::start(&self.line).map_err(cannot)?;
        let line = running.read_output(ends).map_err(cannot)?;
        let status = running.wait_until(ends).map_err(cannot)?;
        if !status.success() {
            let ended = match status.code() {
                Some(code) => format!("ended with {code}"),
                None => "was ended by a signal".to_owned(),
            };
            return Err(failed(ended.clone()).with_fact(FactName::Cause, ended));
        }
        match line {
            PassphraseLine::Whole(line) | PassphraseLine::Ended(line) => Ok(line),
            PassphraseLine::TooLong => Err(failed(format!(
                "printed a first line of more than {MAX_PASSPHRASE} bytes"
            ))
            .with_fact(FactName::Limit, MAX_PASSPHRASE)),
        }
    }
}

fn out_of_time(name: &str, limit: Duration) -> Error {
    Error::new(
        ErrorKind::NotFinished,
        format!(
            "{name} did not end within {} s, and was ended",
            limit.as_secs()
        ),
        "see what it waits for: run it by itself; then run the same command again (`--timeout`, \
         where there is one, gives it longer)",
    )
    .with_fact(FactName::WaitedSeconds, limit.as_secs())
}

/// The process group of the command that runs, where it has one of its own.
static GROUP: Mutex<Option<Pid>> = Mutex::new(None);

/// Ends the command that is to print a passphrase, with all that it has started; else does nothing.
///
/// Whoever ends the process while another thread waits for the passphrase calls it before the exit.
pub fn end_passphrase_command() {
    let group = GROUP.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(group) = group {
        kill_process_group(group, Signal::KILL).unwrap_or_default();
    }
}

/// A command that runs. Dropped before it has ended, it is ended, and leaves no zombie.
struct RunningCommand {
    child: Child,
    /// Its process group, where it has one of its own.
    group: Option<Pid>,
    has_ended: bool,
}

impl RunningCommand {
    fn start(line: &str) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).stdout(Stdio::piped());
        // In a group of its own it could not ask at the terminal, and Ctrl-C would not reach it.
        let own_group = !is_in_foreground();
        if own_group {
            command.process_group(0);
        }
        // Under the lock, so that a signal finds the group or comes before it.
        let mut noted = GROUP.lock().unwrap_or_else(PoisonError::into_inner);
        let child = spawn_with_signals(&mut command)?;
        let group = own_group.then(|| Pid::from_child(&child));
        *noted = group;
        Ok(RunningCommand {
            child,
            group,
            has_ended: false,
        })
    }

    /// Reads what the command prints, to the end.
    fn read_output(&mut self, ends: Instant) -> io::Result<PassphraseLine> {
        let Some(printed) = self.child.stdout.take() else {
            return Ok(PassphraseLine::Ended(Zeroizing::new(Vec::new())));
        };
        let mut printed = TimedPipe {
            pipe: File::from(OwnedFd::from(printed)),
            ends,
        };
        let line = read_line(&mut printed)?;
        io::copy(&mut printed, &mut io::sink())?;
        Ok(line)
    }

    fn wait_until(&mut self, ends: Instant) -> io::Result<ExitStatus> {
        loop {
            // Under the lock: once it is reaped, its number may be another's.
            let mut noted = GROUP.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = self.child.try_wait()? {
                *noted = None;
                self.has_ended = true;
                return Ok(status);
            }
            drop(noted);
            std::thread::sleep(remaining_time(ends)?.min(PAUSE));
        }
    }
}

impl Drop for RunningCommand {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let mut noted = GROUP.lock().unwrap_or_else(PoisonError::into_inner);
        *noted = None;
        if let Some(group) = self.group {
            kill_process_group(group, Signal::KILL).unwrap_or_default();
        }
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a program that no signal is kept from.
///
/// A program inherits which signals are blocked in the thread that starts it, and so does all that
/// it starts itself (signal(7)): what is blocked here, because another thread waits for it, is not
/// blocked for the moment of the start. A signal that comes in that moment ends this program, as
/// one that comes earlier.
fn spawn_with_signals(command: &mut Command) -> io::Result<Child> {
    let blocked = SigSet::thread_get_mask()?;
    SigSet::all().thread_unblock()?;
    let child = command.spawn();
    blocked.thread_set_mask()?;
    child
}

/// Returns the time that is left, or an error where none is.
fn remaining_time(ends: Instant) -> io::Result<Duration> {
    ends.checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
        .ok_or_else(|| io::ErrorKind::TimedOut.into())
}

/// A pipe that is read until a moment.
struct TimedPipe {
    pipe: File,
    ends: Instant,
}

impl Read for TimedPipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = Timespec::try_from(remaining_time(self.ends)?)
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
            let mut wanted = [PollFd::new(&self.pipe, PollFlags::IN)];
            match poll(&mut wanted, Some(&left)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.pipe.read(into),
                Err(fault) => return Err(fault.into()),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(300);

    fn run(line: &str, limit: Option<Duration>) -> Result<Zeroizing<Vec<u8>>> {
        PassphraseCommand::new(line, limit).printed_line("the passphrase command")
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        for line in [
            "sleep 1000",
            "echo secret; sleep 1000",
            "echo secret; exec >&-; sleep 1000",
            // Another process keeps the pipe open.
            "sleep 1000 & echo secret",
            "yes",
        ] {
            let error = run(line, Some(SOON)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotFinished, "{line}: {error}");
            assert!(!error.message.contains("secret"), "{error}");
        }
        assert_eq!(*run("echo secret", None).unwrap(), b"secret");
        assert_eq!(
            *run("echo secret", Some(Duration::from_secs(600))).unwrap(),
            b"secret"
        );
    }

    #[test]
    fn an_absurd_limit_is_none() {
        assert_eq!(*run("echo secret", Some(Duration::MAX)).unwrap(), b"secret");
    }
}
