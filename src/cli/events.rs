//! `--events`: what happens while a command runs, as JSON lines for another program.

use std::io::{ErrorKind as IoErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::standard_output::print_event_line;
use crate::bundle::escape_json;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::fsio::{self, DescriptorUse};
use crate::outside::shown_path;

/// Where events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventTarget {
    /// A file, which they are appended to; it may be a pipe.
    File(PathBuf),
    /// An open file descriptor.
    Descriptor(u32),
}

impl FromStr for EventTarget {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.strip_prefix("fd:") {
            None if text.is_empty() => Err("expected a file, or fd:N".to_owned()),
            None => Ok(EventTarget::File(PathBuf::from(text))),
            Some(number) => number
                .parse()
                .map(EventTarget::Descriptor)
                .map_err(|_| "expected fd: and the number of an open descriptor".to_owned()),
        }
    }
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// The command begins.
    Start,
    /// A step of it is done, or begins.
    Step,
    /// A cluster was seen in a state.
    #[cfg_attr(not(feature = "online"), allow(dead_code))]
    State,
    /// Something is to be known, and stops nothing.
    Warning,
    /// One of many bundles has its result.
    Result,
    /// The command has its result.
    End,
}

impl EventKind {
    /// Every kind, as the schema has them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 6] = [
        EventKind::Start,
        EventKind::Step,
        EventKind::State,
        EventKind::Warning,
        EventKind::Result,
        EventKind::End,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            EventKind::Start => "start",
            EventKind::Step => "step",
            EventKind::State => "state",
            EventKind::Warning => "warning",
            EventKind::Result => "result",
            EventKind::End => "end",
        }
    }
}

/// The place that events are written to, a line each.
#[derive(Clone, Debug)]
pub(crate) struct EventLog {
    file: Option<Arc<Mutex<EventFile>>>,
    /// Each event goes to standard output as well.
    on_stdout: bool,
    lost: Arc<AtomicBool>,
}

#[derive(Debug)]
struct EventFile {
    file: std::fs::File,
    /// The last line has no end: a full disk or a lost power supply has cut it.
    torn: bool,
}

impl EventFile {
    /// Appends a line, on a line of its own in any case.
    fn append(&mut self, line: &str) -> std::io::Result<()> {
        if self.torn {
            self.file.write_all(b"\n")?;
            self.torn = false;
        }
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            let written = match self.file.write(rest) {
                Err(cause) if cause.kind() == IoErrorKind::Interrupted => continue,
                written => written?,
            };
            rest = rest.get(written..).unwrap_or_default();
            self.torn = !rest.is_empty();
            if written == 0 {
                return Err(IoErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl EventLog {
    /// Opens the places: the one that was named, and standard output for JSON lines. Without
    /// either there is no log.
    ///
    /// # Errors
    /// Class `Usage`: both are standard output. Class `Machine`, `cannot-write`. Class `Conflict`,
    /// `file-exists`: what is there holds no events.
    pub(crate) fn open(target: Option<&EventTarget>, on_stdout: bool) -> Result<Option<Self>> {
        if on_stdout && target == Some(&EventTarget::Descriptor(1)) {
            return Err(Error::new(
                ErrorKind::Usage,
                "--output jsonl writes the events to standard output already, and --events names \
                 it too",
                "leave --events out, or give it a file",
            )
            .with_fact(FactName::Option, "--events"));
        }
        let file = target.map(open_file).transpose()?;
        let is_wanted = on_stdout || file.is_some();
        Ok(is_wanted.then(|| EventLog {
            file: file.map(|file| Arc::new(Mutex::new(file))),
            on_stdout,
            lost: Arc::default(),
        }))
    }

    /// Tells whether an event could not be written.
    pub(crate) fn has_lost_some(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes an event. One that cannot be written is dropped, and said to be at the end: events
    /// are no part of the result.
    pub(crate) fn write(&self, kind: EventKind, members: Value) {
        let mut event = Map::from_iter([
            ("time".to_owned(), json!(super::now())),
            ("event".to_owned(), json!(kind.as_str())),
        ]);
        if let Value::Object(members) = members {
            event.extend(members);
        }
        let line = escape_json(&format!("{}\n", Value::Object(event)));
        if self.on_stdout && print_event_line(&line).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
        let Some(file) = &self.file else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.append(&line).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
}

fn open_file(target: &EventTarget) -> Result<EventFile> {
    let path = match target {
        EventTarget::File(path) => path,
        // Whoever passes it on says where in it events belong.
        EventTarget::Descriptor(number) => {
            return fsio::open_descriptor(*number, DescriptorUse::Write)
                .map(|file| EventFile { file, torn: false })
                .map_err(|cause| cannot_open(&fsio::descriptor_path(*number), &cause));
        }
    };
    let there = ExistingEvents::look(path);
    if there == ExistingEvents::SomethingElse {
        return Err(occupied_place(&shown_path(path)));
    }
    let torn = there == ExistingEvents::Torn;
    fsio::open_to_append(path)
        .map(|file| EventFile { file, torn })
        .map_err(|cause| cannot_open(path, &cause))
}

/// What the place holds before the first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExistingEvents {
    /// Nothing, or whole lines; or it is no file.
    Whole,
    /// Its last line has no end.
    Torn,
    /// It does not begin as events do: a bundle's file, or a key. Nothing is appended to it.
    SomethingElse,
}

impl ExistingEvents {
    fn look(path: &Path) -> Self {
        const BEGINNING: &[u8] = b"{\"time\":";
        let is_file =
            fsio::metadata_of(path).is_some_and(|facts| facts.is_file() && facts.len() > 0);
        if !is_file {
            return ExistingEvents::Whole;
        }
        let (mut first, mut last) = (Vec::new(), [0]);
        let read = fsio::open_named(path).and_then(|mut file| {
            let most = u64::try_from(BEGINNING.len()).unwrap_or_default();
            Read::by_ref(&mut file).take(most).read_to_end(&mut first)?;
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)
        });
        if read.is_err() || !BEGINNING.starts_with(&first) {
            ExistingEvents::SomethingElse
        } else if last == *b"\n" {
            ExistingEvents::Whole
        } else {
            ExistingEvents::Torn
        }
    }
}

fn occupied_place(place: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::FileExists,
        format!("{place} exists and holds no events; it was left as it is"),
        "give --events another file: one that is not there yet, or that holds events",
    )
    .with_fact(FactName::File, place.to_string())
}

fn cannot_open(path: &Path, cause: &std::io::Error) -> Error {
    let why = if fsio::is_link_error(cause) {
        "it is a link, which is not followed".to_owned()
    } else {
        fsio::io_text(cause)
    };
    Error::new(
        ErrorKind::CannotWrite,
        format!("{} cannot be opened for events: {why}", shown_path(path)),
        "give --events a file that can be written, or fd:N for a descriptor that is open",
    )
    .with_fact(FactName::File, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_kind() {
        let schema: Value =
            serde_json::from_str(include_str!("../../docs/schemas/event.schema.json")).unwrap();
        let kinds: Vec<&str> = EventKind::ALL.map(EventKind::as_str).to_vec();
        assert_eq!(schema["properties"]["event"]["enum"], json!(kinds));
    }

    #[test]
    fn a_target_is_a_file_or_a_descriptor() {
        assert_eq!("fd:3".parse(), Ok(EventTarget::Descriptor(3)));
        assert_eq!("./fd:3".parse(), Ok(EventTarget::File("./fd:3".into())));
        assert!("fd:x".parse::<EventTarget>().is_err());
    }
}
