//! The passphrase that a command prints, for which it has so much time and no more.

use std::ffi::CString;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::SigSet;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, waitpid,
};
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
        if status.exit_status() != Some(0) {
            let ended = match status.exit_status() {
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

/// Whether a command runs, or none is to be started any more.
static RUNNING: Mutex<Running> = Mutex::new(Running::None);

enum Running {
    None,
    /// Started, and not reaped.
    One(Started),
    /// The program ends.
    Closed,
}

impl Running {
    /// Notes that the command that runs has been looked after.
    fn forget(&mut self) {
        if let Running::One(_) = self {
            *self = Running::None;
        }
    }
}

/// A process that was started and is not reaped: its number is nobody else's.
#[derive(Clone, Copy)]
struct Started {
    id: Pid,
    /// Whether it is in a process group of its own, whose number is its own too.
    own_group: bool,
}

impl Started {
    /// Ends it, with all that it has started where that is in its group.
    fn kill(self) {
        let killed = match self.own_group {
            true => kill_process_group(self.id, Signal::KILL),
            false => kill_process(self.id, Signal::KILL),
        };
        // It may have ended by itself.
        killed.unwrap_or_default();
    }
}

/// Ends the command that is to print a passphrase, with all that it has started, and lets none be
/// started any more. Of a command that asks at the terminal it ends the shell alone: its group is
/// this program's.
///
/// Whoever ends the process while another thread waits for the passphrase calls it before the exit.
pub fn end_passphrase_command() {
    // Under the lock: once it is reaped, its number may be another's.
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Running::One(started) = *running {
        started.kill();
    }
    *running = Running::Closed;
}

/// A command that runs. Dropped before it has ended, it is ended, and leaves no zombie.
struct RunningCommand {
    started: Started,
    /// The end of the pipe that it prints into.
    printed: PipeReader,
    has_ended: bool,
}

impl RunningCommand {
    fn start(line: &str) -> io::Result<Self> {
        let (printed, output) = io::pipe()?;
        // In a group of its own it could not ask at the terminal, and Ctrl-C would not reach it.
        let own_group = !is_in_foreground();
        // Under the lock, so that a signal finds the command, or lets none be started.
        let mut noted = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*noted, Running::Closed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let id = spawn_shell(line, &output, own_group)?;
        let started = Started { id, own_group };
        *noted = Running::One(started);
        Ok(RunningCommand {
            started,
            printed,
            has_ended: false,
        })
    }

    /// Reads what the command prints, to the end.
    fn read_output(&mut self, ends: Instant) -> io::Result<PassphraseLine> {
        let mut printed = TimedPipe {
            pipe: &self.printed,
            ends,
        };
        let line = read_line(&mut printed)?;
        io::copy(&mut printed, &mut io::sink())?;
        Ok(line)
    }

    fn wait_until(&mut self, ends: Instant) -> io::Result<WaitStatus> {
        loop {
            // Under the lock: once it is reaped, its number may be another's.
            let mut noted = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, status)) = waitpid(Some(self.started.id), WaitOptions::NOHANG)? {
                noted.forget();
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
        let mut noted = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        noted.forget();
        self.started.kill();
        waitpid(Some(self.started.id), WaitOptions::empty()).unwrap_or_default();
    }
}

/// Starts a shell that runs a line and prints into `output`. No signal is kept from it.
///
/// A program inherits which signals are blocked in the thread that starts it, and so does all that
/// it starts itself (signal(7)); here some are, because another thread waits for them. They stay
/// blocked in this program, and are not in that one (posix_spawn(3), POSIX_SPAWN_SETSIGMASK): were
/// they unblocked here for the moment of the start, a signal of that moment would end this program
/// and leave the other one behind. SIGPIPE, which this program ignores, has its effect there.
fn spawn_shell(line: &str, output: &PipeWriter, own_group: bool) -> io::Result<Pid> {
    let mut flags = PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
    flags |= PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_sigmask(&SigSet::empty())?;
    attributes.set_sigdefault(&SigSet::from_iter([nix::sys::signal::Signal::SIGPIPE]))?;
    if own_group {
        attributes.set_pgroup(nix::unistd::Pid::from_raw(0))?;
        flags |= PosixSpawnFlags::POSIX_SPAWN_SETPGROUP;
    }
    attributes.set_flags(flags)?;
    let mut files = PosixSpawnFileActions::init()?;
    files.add_dup2(output.as_raw_fd(), 1)?;
    let words = [c"sh".to_owned(), c"-c".to_owned(), CString::new(line)?];
    let variables = std::env::vars_os()
        .map(|(name, value)| CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let id = posix_spawn(c"/bin/sh", &files, &attributes, &words, &variables)?;
    Pid::from_raw(id.as_raw()).ok_or_else(|| io::ErrorKind::Other.into())
}

/// Returns the time that is left, or an error where none is.
fn remaining_time(ends: Instant) -> io::Result<Duration> {
    ends.checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
        .ok_or_else(|| io::ErrorKind::TimedOut.into())
}

/// A pipe that is read until a moment.
struct TimedPipe<'a> {
    pipe: &'a PipeReader,
    ends: Instant,
}

impl Read for TimedPipe<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = Timespec::try_from(remaining_time(self.ends)?)
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
            let mut wanted = [PollFd::new(self.pipe, PollFlags::IN)];
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
