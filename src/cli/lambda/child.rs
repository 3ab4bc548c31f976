//! A command, run as a process of its own: it has the function's time and no more, and whatever
//! becomes of it, the function answers.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::cli::args::{AWS_ROOT_VARIABLE, MANUFACTURER_ROOT_VARIABLE};
use crate::error::{Class, Error, ErrorKind, FactName, Result};
use crate::fsio::io_text;

/// This very program, whatever has become of its file (proc(5)).
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The time before the end at which a command that is still at work is told to stop (SIGTERM): it
/// leaves nothing half-written.
const STOP_MARGIN: Duration = Duration::from_millis(1500);

/// The time before the end at which one that does not stop is killed.
const KILL_MARGIN: Duration = Duration::from_millis(800);

/// The most octets of a command's document: more than may be answered.
const MOST_OUTPUT: u64 = 16 * 1024 * 1024;

/// What came of a command.
#[derive(Clone, Debug)]
pub(super) struct CommandEnd {
    /// Its document, with `error` in it where it failed.
    pub(super) document: Value,
    /// Its class, where it failed.
    pub(super) failure: Option<Class>,
}

impl From<Error> for CommandEnd {
    fn from(error: Error) -> Self {
        let mut document = error
            .document
            .as_deref()
            .cloned()
            .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        if let Some(object) = document.as_object_mut() {
            object.insert("error".to_owned(), error.to_json());
        }
        CommandEnd {
            document,
            failure: Some(error.class()),
        }
    }
}

/// Runs this program with these words in this directory, until `end` at the latest.
pub(super) fn run_command(
    words: &[String],
    dir: &Path,
    trace: Option<&str>,
    end: Instant,
) -> CommandEnd {
    let mut command = Command::new(OWN_PROGRAM);
    command.arg0("hsmboot").args(words).current_dir(dir);
    for variable in [AWS_ROOT_VARIABLE, MANUFACTURER_ROOT_VARIABLE] {
        if let Some(files) = absolute_files(variable) {
            command.env(variable, files);
        }
    }
    if let Some(trace) = trace {
        // The AWS SDKs send it on (AWS Lambda Developer Guide, "Building a custom runtime").
        command.env("_X_AMZN_TRACE_ID", trace);
    }
    run_program(command, end).unwrap_or_else(CommandEnd::from)
}

/// Returns the files that a variable names, by absolute paths: the command works elsewhere.
fn absolute_files(variable: &str) -> Option<OsString> {
    let files = crate::cli::args::root_files_from_env(variable);
    let absolute = files
        .into_iter()
        .map(|file| std::path::absolute(&file).unwrap_or(file));
    std::env::join_paths(absolute).ok()
}

fn run_program(mut command: Command, end: Instant) -> Result<CommandEnd> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|cause| {
            let cause = io_text(&cause);
            bug_error(format!("the command could not be started: {cause}"))
                .with_fact(FactName::Cause, cause.to_string())
        })?;
    let printed = match child.stdout.take() {
        Some(stdout) => read_on_own_thread(stdout),
        None => return Err(bug_error("the command has no standard output")),
    };
    let output = wait_for_output(&child, &printed, end);
    match (wait_for_end(&mut child, end), output) {
        (Some(status), Some(output)) => judge_end(status, &output),
        _ => Err(out_of_time_error()),
    }
}

fn read_on_own_thread(mut stdout: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, from) = channel();
    std::thread::spawn(move || {
        let mut all = Vec::new();
        // What cannot be read is missing, and then the document is none.
        drop(stdout.by_ref().take(MOST_OUTPUT).read_to_end(&mut all));
        drop(to.send(all));
    });
    from
}

/// Returns the time that is left until so long before the end.
fn time_until(end: Instant, margin: Duration) -> Duration {
    end.saturating_duration_since(Instant::now())
        .saturating_sub(margin)
}

/// Returns what the command printed; `None`: it was told to stop.
fn wait_for_output(child: &Child, printed: &Receiver<Vec<u8>>, end: Instant) -> Option<Vec<u8>> {
    match printed.recv_timeout(time_until(end, STOP_MARGIN)) {
        Ok(output) => return Some(output),
        // The thread ended without a word.
        Err(RecvTimeoutError::Disconnected) => return Some(Vec::new()),
        Err(RecvTimeoutError::Timeout) => {}
    }
    // One that is gone by now needs no signal.
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        kill_process(pid, Signal::TERM).unwrap_or_default();
    }
    None
}

/// Waits for the command's end; `None`: it had to be killed.
fn wait_for_end(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    while !time_until(end, KILL_MARGIN).is_zero() {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(child.kill());
    drop(child.wait());
    None
}

fn judge_end(status: ExitStatus, output: &[u8]) -> Result<CommandEnd> {
    let document: Option<Value> = serde_json::from_slice(output).ok().filter(Value::is_object);
    let failed = document
        .as_ref()
        .is_some_and(|document| document.get("error").is_some());
    match (status.code(), document) {
        (Some(0), Some(document)) if !failed => Ok(CommandEnd {
            document,
            failure: None,
        }),
        (Some(code), Some(document)) if failed && code != 0 => Ok(CommandEnd {
            document,
            failure: Some(Class::from_exit_code(code)),
        }),
        (Some(code), _) => Err(bug_error(format!(
            "the command ended with {code}, and without a document that says so"
        ))
        .with_fact(FactName::Found, code.to_string())),
        (None, _) => Err(bug_error(format!(
            "the command was ended by signal {}",
            status.signal().unwrap_or_default()
        ))
        .with_fact(FactName::Found, status.to_string())),
    }
}

/// Returns the error for an end that no command has. How another process ends is the system's word,
/// which no type rules out.
fn bug_error(message: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::Bug,
        message.into(),
        "the function's log has more; where the system ended it, give the function more memory; \
         the same event may be sent again",
    )
}

fn out_of_time_error() -> Error {
    Error::new(
        ErrorKind::NotFinished,
        "the function's time was up: the command was stopped, and left nothing half-written",
        "send the same event again: it goes on from what the cluster says; or give the function \
         more time",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_script(script: &str, limit: Duration) -> CommandEnd {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run_program(command, Instant::now() + limit).unwrap_or_else(CommandEnd::from)
    }

    fn kind(end: &CommandEnd) -> (Option<Class>, &str) {
        let kind = end.document.pointer("/error/kind");
        (
            end.failure,
            kind.and_then(Value::as_str).unwrap_or_default(),
        )
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_document_and_its_exit_code_are_the_answer() {
        let end = run_script("echo '{\"changed\": true}'", LONG);
        assert_eq!(end.failure, None);
        assert_eq!(end.document, serde_json::json!({ "changed": true }));
        let end = run_script(
            "echo '{\"error\": {\"kind\": \"throttled\"}}'; exit 6",
            LONG,
        );
        assert_eq!(kind(&end), (Some(Class::Service), "throttled"));
    }

    #[test]
    fn a_command_that_breaks_is_a_bug_and_is_answered() {
        for script in [
            "kill -9 $$",
            "echo '{}'; exit 3",
            "echo '{\"error\": {}}'",
            "echo no JSON",
            "echo '[]'",
            "exit 0",
        ] {
            let end = run_script(script, LONG);
            assert_eq!(kind(&end), (Some(Class::Machine), "bug"), "{script}");
        }
    }

    #[test]
    fn a_command_is_stopped_in_time_whatever_it_does() {
        for script in [
            "sleep 60",
            "trap '' TERM; while :; do sleep 0.1; done",
            "exec >&-; exec sleep 9",
        ] {
            let begun = Instant::now();
            let end = run_script(script, Duration::from_secs(3));
            assert!(begun.elapsed() < Duration::from_secs(3), "{script}");
            assert_eq!(
                kind(&end),
                (Some(Class::Unfinished), "not-finished"),
                "{script}"
            );
        }
    }
}
