//! The ways out: standard output holds the result, standard error everything else. With `--output
//! json` there is exactly one document, whatever happens.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::AnswerForm;
use super::events::{EventKind, EventLog};
use super::query::Query;
use super::run_cluster::{RunCluster, put_common_members};
use super::run_options::with_complete_advice;
use super::settings;
use super::silence::{break_silence, draw_spinners_with};
use super::standard_output::{print_lines, take_last_word, to_stdout};
use super::text::with_states;
use crate::bundle::{Bundle, ClusterId};
use crate::error::{Class, Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, shown_path};

pub(crate) use super::global_args::{ColorWhen, GlobalArgs, OutputFormat};
pub(crate) use super::output::{CommandOutput, Effect, insert_member, path_value, with_members};
pub(crate) use super::text::{BOLD, GREEN, RED, StyledText, YELLOW, styled};

/// The one way out for all messages and results.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    /// For people or for programs: nothing but `Text` and `Json`.
    pub(crate) format: OutputFormat,
    /// How the result is printed.
    form: AnswerForm,
    query: Option<Query>,
    cluster: RunCluster,
    pub(crate) quiet: bool,
    /// Nothing is printed of the result but its fingerprint.
    pub(crate) only_fingerprint: bool,
    pub(crate) verbose: bool,
    /// The columns of the terminal that the result goes to; `None` where it goes elsewhere.
    pub(crate) width: Option<usize>,
    events: Option<EventLog>,
}

impl Ui {
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        if args.no_color {
            ColorWhen::Never.apply();
        } else {
            args.color.apply();
        }
        let only_fingerprint = args.output == OutputFormat::Fingerprint;
        let form = match args.output {
            OutputFormat::Json => AnswerForm::Document,
            OutputFormat::Jsonl => AnswerForm::Lines,
            OutputFormat::Text if args.query.is_some() => AnswerForm::Rows,
            OutputFormat::Text | OutputFormat::Fingerprint => AnswerForm::Text,
        };
        let ui = Ui {
            format: form.format(),
            form,
            query: args.query.clone(),
            cluster: RunCluster::default(),
            quiet: args.quiet || only_fingerprint,
            only_fingerprint,
            verbose: args.verbose,
            width: terminal_width(),
            events: None,
        };
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if ui.shows_progress() && !dumb {
            draw_spinners_with(redraw_line);
        }
        ui
    }

    /// Opens the place for events, where one is named, and writes the first.
    ///
    /// # Errors
    /// As [`EventLog::open`].
    pub(crate) fn open_events(&mut self, args: &GlobalArgs) -> Result<()> {
        self.events = EventLog::open(args.events.as_ref(), self.form == AnswerForm::Lines)?;
        self.write_event(EventKind::Start, json!({ "tool": super::TOOL }));
        Ok(())
    }

    /// Writes an event, where events are asked for.
    pub(crate) fn write_event(&self, kind: EventKind, members: Value) {
        if let Some(events) = &self.events {
            events.write(kind, members);
        }
    }

    /// Returns a way out that prints a result, and knows of nothing else.
    pub(crate) fn with_form(form: AnswerForm) -> Self {
        Ui {
            format: form.format(),
            form,
            query: None,
            cluster: RunCluster::default(),
            quiet: false,
            only_fingerprint: false,
            verbose: false,
            width: None,
            events: None,
        }
    }

    /// Makes this the cluster that the run is about.
    pub(crate) fn note_cluster(&self, cluster: &ClusterId) {
        self.cluster.set(cluster);
    }

    /// Returns the cluster that was noted, and forgets it: the next bundle is another cluster's.
    pub(crate) fn take_cluster(&self) -> Option<ClusterId> {
        self.cluster.take()
    }

    /// Opens the bundle that the run is about.
    ///
    /// # Errors
    /// As [`Bundle::open`]; `bad-config` where settings were read from a file in it.
    pub(crate) fn open_bundle(&self, path: &std::path::Path) -> Result<Bundle> {
        let bundle = Bundle::open(path)?;
        settings::check_outside(bundle.store())?;
        self.note_cluster(bundle.id());
        if bundle.store().is_interrupted() {
            self.warn(format!(
                "{} has a note of an hsmboot that is at work there, or was interrupted: not all \
                 of its files are in place (a command that writes there says what to do)",
                shown_path(path)
            ));
        }
        Ok(bundle)
    }

    /// Refuses options that contradict each other.
    ///
    /// # Errors
    /// Class `Usage`.
    pub(crate) fn check_options(&self) -> Result<()> {
        if !self.only_fingerprint || self.query.is_none() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Usage,
            "--query chooses from the result, and --output fingerprint prints the fingerprint \
             alone",
            "leave one of them out",
        )
        .with_fact(FactName::Option, "--query"))
    }

    /// Tells whether progress may be drawn: on a terminal only.
    #[cfg_attr(not(feature = "online"), allow(dead_code))]
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && self.format == OutputFormat::Text && std::io::stderr().is_terminal()
    }

    /// Prints a line on standard error, unless `--quiet`.
    pub(crate) fn say(&self, text: impl Into<Lines>) {
        let text = text.into();
        self.write_event(EventKind::Step, json!({ "detail": text }));
        self.show_progress_line(text);
    }

    /// Prints a line about what has an event of its own, unless `--quiet`.
    pub(crate) fn show_progress_line(&self, text: impl Into<Lines>) {
        if !self.quiet {
            to_stderr(text.into());
        }
    }

    /// Prints what somebody has to do elsewhere while the command waits: with `--quiet` too, as a
    /// prompt.
    pub(crate) fn request_action(&self, text: impl Into<Lines>) {
        to_stderr(text.into());
    }

    /// Prints a text with styles and its last newline on standard error, unless `--quiet`.
    pub(crate) fn say_styled(&self, text: &StyledText) {
        if !self.quiet {
            write_stderr(text);
        }
    }

    /// Prints a line on standard error with `--verbose`.
    pub(crate) fn say_detail(&self, text: impl Into<Lines>) {
        if self.verbose {
            to_stderr(text.into());
        }
    }

    /// Prints a warning, with `--quiet` too.
    pub(crate) fn warn(&self, text: impl Into<Lines>) {
        let text = text.into();
        self.write_event(EventKind::Warning, json!({ "detail": text }));
        to_stderr([
            styled(YELLOW, "warning:"),
            StyledText::from(" "),
            text.into(),
        ]);
    }

    /// Prints, in red, a message that must not be overlooked.
    pub(crate) fn alarm(&self, text: impl Into<Lines>) {
        let text = text.into();
        self.write_event(EventKind::Warning, json!({ "detail": text }));
        to_stderr(styled(RED, text.as_str()));
    }

    /// Writes the event of a result: of the command, or of one of many bundles.
    pub(crate) fn write_result_event(
        &self,
        kind: EventKind,
        mut members: Value,
        result: std::result::Result<&CommandOutput, &Error>,
    ) {
        if self.events.is_none() {
            return;
        }
        let error = match result {
            Ok(output) => output.error.as_ref(),
            Err(error) => Some(error),
        };
        match (error, result) {
            (Some(error), _) => insert_member(&mut members, "error", error.to_json()),
            (None, Ok(output)) => {
                insert_member(&mut members, "changed", output.has_changed());
                insert_member(&mut members, "summary", output.summary_line());
            }
            (None, Err(_)) => {}
        }
        self.write_event(kind, members);
    }

    /// Tells whether the document of the result is printed, or something is chosen from it, or is
    /// told in an event.
    pub(crate) fn has_document(&self) -> bool {
        self.form != AnswerForm::Text || self.query.is_some() || self.events.is_some()
    }

    /// Prints the error that ends the program from outside; `code` is its exit code.
    pub(crate) fn print_last_error(&self, error: &Error, code: i32) {
        if self.form.has_error_apart() {
            return show_error(error);
        }
        let mut document = json!({ "error": error.to_json_with_code(code) });
        put_common_members(&mut document, Some(error), self.cluster.get().as_ref());
        // Standard output may be gone.
        drop(print_lines(&self.form.text_of(document, None, None)));
    }

    /// Prints the result and the error, and returns the exit code.
    pub(crate) fn finish(&self, result: Result<CommandOutput>) -> ExitCode {
        let result = match result {
            Ok(mut outcome) => {
                outcome.error = outcome.error.map(with_complete_advice);
                Ok(outcome)
            }
            Err(error) => Err(with_complete_advice(error)),
        };
        if self.events.is_some() {
            let cluster = self.cluster.of_end(&result);
            self.write_result_event(EventKind::End, cluster, result.as_ref());
        }
        if self.events.as_ref().is_some_and(EventLog::has_lost_some) {
            self.warn("some events could not be written");
        }
        let mut detailed_code = 0;
        let mut told = Vec::new();
        let (mut document, text, mut error) = match result {
            Ok(mut outcome) => {
                detailed_code = outcome.code.unwrap_or(0);
                // Whoever sees both streams on one terminal reads it once. Elsewhere each is whole.
                if self.width.is_some() && std::io::stderr().is_terminal() {
                    told.clone_from(&outcome.told);
                }
                let text = outcome.printed_text(self.quiet, self.only_fingerprint);
                (outcome.take_document(), text, outcome.error)
            }
            Err(mut error) => (
                error
                    .document
                    .take()
                    .map_or_else(|| json!({}), |document| *document),
                StyledText::new(),
                Some(error),
            ),
        };
        put_common_members(&mut document, error.as_ref(), self.cluster.get().as_ref());
        // What failed is told whole.
        let chosen = match (&self.query, &error) {
            (Some(query), None) => query.choose(&document).map(Some),
            _ => Ok(None),
        };
        let mut done = StyledText::new();
        let chosen = chosen.unwrap_or_else(|fault| {
            // All is done, and its result is not lost: it is in the document, or told for people
            // where it cannot be had once more.
            if fault.is_done && self.form.has_error_apart() {
                done.push(text.clone());
            }
            let result = std::mem::replace(&mut document, json!({}));
            insert_member(&mut document, "result", result);
            put_common_members(&mut document, None, self.cluster.get().as_ref());
            error = Some(fault);
            None
        });
        while !take_last_word() {
            std::thread::park(); // a signal ends the program
        }
        let printed = match self.form {
            AnswerForm::Text => to_stdout(&text.to_terminal()),
            form => print_lines(&form.text_of(document, chosen, error.as_ref())),
        };
        if let (Some(error), true) = (&error, self.form.has_error_apart()) {
            write_stderr(&done);
            show_rest_of_error(error, &told);
        }
        let code = error.map_or(detailed_code, |error| error.exit_code());
        match printed {
            // A result that nobody could read is no success.
            Err(cause)
                if code == detailed_code && cause.kind() != std::io::ErrorKind::BrokenPipe =>
            {
                to_stderr(format!(
                    "error: the result cannot be written to standard output: {}",
                    crate::fsio::io_text(&cause)
                ));
                ExitCode::from(Class::Machine.exit_code())
            }
            _ => ExitCode::from(code),
        }
    }
}

/// Prints an error on standard error: what is wrong, both sides, what to do.
pub(crate) fn show_error(error: &Error) {
    show_rest_of_error(error, &[]);
}

/// Does the same without the lines of the checks that were told already.
fn show_rest_of_error(error: &Error, told: &[String]) {
    let starts: Vec<String> = told.iter().map(|id| format!("  {id}: ")).collect();
    let is_told = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let message: Vec<&str> = error
        .message
        .lines()
        .filter(|line| !is_told(line))
        .collect();
    let mut text = StyledText::from([
        styled(RED, "error:"),
        StyledText::from(" "),
        error_lines(&message),
    ]);
    if !error.hint.is_empty() {
        text.push([
            StyledText::from("\n"),
            styled(BOLD, "hint:"),
            StyledText::from(" "),
            StyledText::from(&error.hint),
        ]);
    }
    to_stderr(text);
}

/// Returns the lines of an error; those that say how it stands have the states in their colours.
fn error_lines(lines: &[&str]) -> StyledText {
    let mut text = StyledText::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            text.push_str("\n");
        }
        let is_state = ["  state ", "  HSM ", "  seen last "]
            .iter()
            .any(|label| line.starts_with(label));
        match is_state {
            true => text.push(with_states(line)),
            false => text.push_str(line),
        }
    }
    text
}

/// Prints one or more lines on standard error.
fn to_stderr(text: impl Into<StyledText>) {
    write_stderr(&StyledText::from([text.into(), StyledText::from("\n")]));
}

/// Writes a line over the one that the terminal at standard error is in; an empty one clears it.
fn redraw_line(line: &str) {
    let mut out = std::io::stderr().lock();
    let line = StyledText::from(line).to_plain();
    // Standard error may be closed; there is nowhere else to say so.
    drop(write!(out, "\r\u{1b}[2K{line}").and_then(|()| out.flush()));
}

/// Returns the columns of the terminal at standard output, if it is one that tells them.
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Writes a text to standard error as it is.
pub(crate) fn write_stderr(text: &StyledText) {
    break_silence();
    let mut out = anstream::stderr().lock();
    // Standard error may be closed; there is nowhere else to say so.
    drop(
        out.write_all(text.to_terminal().as_bytes())
            .and_then(|()| out.flush()),
    );
}

/// Writes a text to standard output as it is, before the result is there.
#[cfg_attr(not(feature = "simulator"), allow(dead_code))]
pub(crate) fn write_stdout(text: &StyledText) -> std::io::Result<()> {
    to_stdout(&text.to_terminal())
}

/// Installs a panic hook: a bug ends with one sentence and exit code 1, not with a panic message.
/// Whatever no type rules out ends here: a panic of a library, too.
pub(crate) fn install_panic_hook(ui: &Ui) {
    let ui = ui.clone();
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
        #[cfg(feature = "qr")]
        super::code_screen::restore();
        crate::ca::end_passphrase_command();
        ui.print_last_error(&error, i32::from(error.exit_code()));
        std::process::exit(i32::from(error.exit_code()));
    }));
}
