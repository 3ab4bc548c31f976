//! Standard output holds the result, standard error everything else. With `--output json`, exactly
//! one document, whatever happens.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::bundle::escaped;
use crate::error::{Class, Error, ErrorKind, Result};
use crate::outside::{Lines, stored};

pub(crate) use super::text::{Text, styled};

/// The form of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document, whatever happens
    Json,
}

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct GlobalArgs {
    /// How to print the result
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) output: Format,
    /// Say only what is the result or an error
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more on standard error
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// No colours, on a terminal either (the variable NO_COLOR does the same)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

/// Whoever asks first may say how the program ended, the command or a signal: there is one result.
pub(crate) fn has_last_word() -> bool {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    !TAKEN.swap(true, Ordering::SeqCst)
}

/// What a command has to say in the end: the same facts for people and for programs. A result may
/// come with an error: a rejected record has both.
pub(crate) struct Outcome {
    /// The JSON document.
    pub(crate) document: Value,
    /// The text, with its last newline.
    pub(crate) text: Text,
    /// Why the command does not end with 0.
    pub(crate) error: Option<Error>,
}

impl Outcome {
    pub(crate) fn done(document: Value, text: impl Into<Text>) -> Self {
        Outcome {
            document,
            text: text.into(),
            error: None,
        }
    }
}

/// Where everything that is said goes through.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    pub(crate) format: Format,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
}

pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const BOLD: Style = Style::new().bold();

impl Ui {
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        if args.no_color {
            anstream::ColorChoice::Never.write_global();
        }
        Ui {
            format: args.output,
            quiet: args.quiet,
            verbose: args.verbose,
        }
    }

    pub(crate) const fn bare(format: Format) -> Self {
        Ui {
            format,
            quiet: false,
            verbose: false,
        }
    }

    /// Whether progress may be drawn: on a terminal only.
    #[cfg_attr(not(feature = "online"), allow(dead_code))]
    pub(crate) fn draws(&self) -> bool {
        !self.quiet && self.format == Format::Text && std::io::stderr().is_terminal()
    }

    /// A line on standard error, unless `--quiet`.
    pub(crate) fn say(&self, text: impl Into<Lines>) {
        if !self.quiet {
            to_stderr(text.into());
        }
    }

    /// What somebody is to do elsewhere, and is waited for: shown with `--quiet` too, as a prompt
    /// is.
    pub(crate) fn ask(&self, text: impl Into<Lines>) {
        to_stderr(text.into());
    }

    /// Text in styles, with its last newline, on standard error, unless `--quiet`.
    pub(crate) fn say_styled(&self, text: &Text) {
        if !self.quiet {
            write_stderr(text);
        }
    }

    /// A line on standard error with `--verbose`.
    pub(crate) fn detail(&self, text: impl Into<Lines>) {
        if self.verbose {
            to_stderr(text.into());
        }
    }

    /// A warning: shown with `--quiet` too.
    pub(crate) fn warn(&self, text: impl Into<Lines>) {
        to_stderr([
            styled(YELLOW, "warning:"),
            Text::from(" "),
            text.into().into(),
        ]);
    }

    /// Something that must not be overlooked, in red.
    pub(crate) fn alarm(&self, text: impl Into<Lines>) {
        to_stderr(styled(RED, text.into().as_str()));
    }

    /// Prints the result and the error, and gives the exit code.
    pub(crate) fn finish(&self, result: Result<Outcome>) -> ExitCode {
        let (document, text, error) = match result {
            Ok(outcome) => (outcome.document, outcome.text, outcome.error),
            Err(mut error) => (
                error
                    .document
                    .take()
                    .map_or_else(|| json!({}), |document| *document),
                Text::new(),
                Some(error),
            ),
        };
        while !has_last_word() {
            std::thread::park(); // a signal ends the program
        }
        let printed = match self.format {
            Format::Json => to_stdout(&with_error(document, error.as_ref())),
            Format::Text => to_stdout(&text.to_terminal()),
        };
        if let (Some(error), Format::Text) = (&error, self.format) {
            show(error);
        }
        let code = error.map_or(0, |error| error.code());
        match printed {
            // A result that nobody could read is no success.
            Err(cause) if code == 0 && cause.kind() != std::io::ErrorKind::BrokenPipe => {
                to_stderr(format!(
                    "error: the result cannot be written to standard output: {}",
                    crate::fsio::io_text(&cause)
                ));
                ExitCode::from(Class::Machine.code())
            }
            _ => ExitCode::from(code),
        }
    }
}

/// A path as JSON. JSON is Unicode and a path need not be: what is none shows as U+FFFD.
pub(crate) fn path_value(path: &std::path::Path) -> Value {
    Value::String(stored(path))
}

/// The document's text, with the error in it where there is one.
pub(crate) fn with_error(document: Value, error: Option<&Error>) -> String {
    let mut object = match document {
        Value::Object(object) => object,
        Value::Null => serde_json::Map::new(),
        other => serde_json::Map::from_iter([("result".to_owned(), other)]),
    };
    if let Some(error) = error {
        object.insert("error".to_owned(), error.to_json());
    }
    to_document(object)
}

/// The text of a document.
fn to_document(object: serde_json::Map<String, Value>) -> String {
    // Nothing is left that a terminal would obey.
    escaped(&format!("{:#}\n", Value::Object(object)))
}

/// An error on standard error: what is wrong, both sides, what to do.
pub(crate) fn show(error: &Error) {
    let mut text = Text::from([
        styled(RED, "error:"),
        Text::from(" "),
        Text::from(&error.message),
    ]);
    if !error.hint.is_empty() {
        text.push([
            Text::from("\n"),
            styled(BOLD, "hint:"),
            Text::from(" "),
            Text::from(&error.hint),
        ]);
    }
    to_stderr(text);
}

/// A line, or several, on standard error.
fn to_stderr(text: impl Into<Text>) {
    write_stderr(&Text::from([text.into(), Text::from("\n")]));
}

/// Text on standard error as it is.
pub(crate) fn write_stderr(text: &Text) {
    let mut out = anstream::stderr().lock();
    // Standard error may be closed; there is nowhere else to say so.
    drop(
        out.write_all(text.to_terminal().as_bytes())
            .and_then(|()| out.flush()),
    );
}

/// Text on standard output as it is, before the result is there.
#[cfg_attr(not(any(feature = "qr", feature = "simulator")), allow(dead_code))]
pub(crate) fn write_stdout(text: &Text) -> std::io::Result<()> {
    to_stdout(&text.to_terminal())
}

/// An error that ends the program from outside, as the one document; `code` is its exit code.
pub(crate) fn end_in_json(error: &Error, code: i32) {
    let error = error.to_json_with_code(code);
    let document = to_document(serde_json::Map::from_iter([("error".to_owned(), error)]));
    // Standard output may be gone.
    drop(to_stdout(&document));
}

/// What has become JSON, or a terminal's own.
fn to_stdout(text: &str) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A bug ends with one sentence and 1, not with a panic message.
pub(crate) fn no_panic_is_shown(ui: &Ui) {
    let format = ui.format;
    std::panic::set_hook(Box::new(move |facts| {
        let place = facts
            .location()
            .map(|at| format!(" at {}:{}", at.file(), at.line()))
            .unwrap_or_default();
        let error = Error::new(
            ErrorKind::Bug,
            format!("this is a bug in hsmboot{place}"),
            "please report it with the command you ran; nothing is half-written",
        );
        crate::fsio::abandon_on_bug();
        crate::ca::restore_terminal();
        match format {
            Format::Json => end_in_json(&error, i32::from(error.code())),
            Format::Text => show(&error),
        }
        std::process::exit(i32::from(error.code()));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::is_obeyed;

    #[test]
    fn json_means_the_same_and_holds_nothing_that_a_terminal_obeys() {
        let hostile = json!({ "operator\u{202e}": "a\u{9b}2J\u{1b}[2J\u{e0041}é😀\n" });
        let text = with_error(hostile.clone(), None);
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(hostile));
        assert!(text.chars().all(|c| c == '\n' || !is_obeyed(c)), "{text:?}");
        assert!(text.contains("é😀"));
    }
}
