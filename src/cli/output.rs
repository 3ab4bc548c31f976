//! The result of a command, as text and as a document.

use serde_json::Value;

use super::text::{BOLD, GREEN, StyledText};
use crate::error::Error;
use crate::hint::NextCommand;
use crate::outside::{Lines, stored_path};

/// Whether a command changed anything: a file, a token, the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It did.
    Changed,
    /// It only looked, or everything was so already.
    Unchanged,
}

impl Effect {
    pub(crate) const fn when(changed: bool) -> Self {
        match changed {
            true => Effect::Changed,
            false => Effect::Unchanged,
        }
    }

    pub(crate) const fn unless(unchanged: bool) -> Self {
        Effect::when(!unchanged)
    }
}

/// The result of a command: the same facts for people and for programs. It may come with an error:
/// a rejected record has both.
pub(crate) struct CommandOutput {
    /// The JSON document. Of a success it gets `changed` and `summary` as well.
    pub(crate) document: Value,
    /// The text, with its last newline.
    pub(crate) text: StyledText,
    /// The error that makes the command end with another code than 0.
    pub(crate) error: Option<Error>,
    /// The exit code in place of 0, where the user asked for more than that.
    pub(crate) code: Option<u8>,
    effect: Effect,
    /// One line for places that show one line; without it, the text's first.
    summary: Option<Lines>,
    /// The commands that the text names as what comes next.
    next: Vec<NextCommand>,
    /// The ids of the failed checks that the text has told already.
    pub(crate) told: Vec<String>,
    is_data: bool,
}

impl CommandOutput {
    pub(crate) fn success(effect: Effect, document: Value, text: impl Into<StyledText>) -> Self {
        CommandOutput::with_error(effect, document, text, None)
    }

    /// Returns a result that may come with an error.
    pub(crate) fn with_error(
        effect: Effect,
        document: Value,
        text: impl Into<StyledText>,
        error: Option<Error>,
    ) -> Self {
        CommandOutput {
            document,
            text: text.into(),
            error,
            code: None,
            effect,
            summary: None,
            next: Vec::new(),
            told: Vec::new(),
            is_data: false,
        }
    }

    /// Returns the same with this line as its summary.
    pub(crate) fn summarized(mut self, summary: impl Into<Lines>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// Returns the same with the commands that come next, for programs.
    pub(crate) fn with_next(mut self, commands: impl IntoIterator<Item = NextCommand>) -> Self {
        self.next.extend(commands);
        self
    }

    /// Returns the same with the failed checks that the text tells: its error does not tell them
    /// again on a terminal.
    pub(crate) fn having_told(mut self, ids: Vec<String>) -> Self {
        self.told = ids;
        self
    }

    /// Returns the same as data for another program, or a page: printed with `--quiet` too.
    pub(crate) fn marked_as_data(mut self) -> Self {
        self.is_data = true;
        self
    }

    /// Returns what is printed of the text: with `--quiet` the line that says what came of it, or
    /// the fingerprint alone.
    pub(crate) fn printed_text(&self, quiet: bool, only_fingerprint: bool) -> StyledText {
        if only_fingerprint {
            let fingerprint = self.fingerprint().map(|text| format!("{text}\n"));
            return StyledText::from(fingerprint.unwrap_or_default());
        }
        if self.is_data || self.text.to_plain().lines().count() < 2 {
            return self.text.clone();
        }
        if quiet {
            return StyledText::from(format!("{}\n", self.summary_line()));
        }
        let first = match (&self.error, self.effect) {
            (Some(_), _) => BOLD,
            (None, Effect::Changed) => GREEN.bold(),
            (None, Effect::Unchanged) => BOLD,
        };
        self.text.clone().with_headings(first)
    }

    /// Returns the fingerprint of what the result is about, out of its document.
    fn fingerprint(&self) -> Option<&str> {
        let pointers = [
            "/response_fingerprint",
            "/fingerprint",
            "/sha256",
            "/ca/sha256",
        ];
        let found = pointers.iter().find_map(|at| self.document.pointer(at));
        found.and_then(Value::as_str)
    }

    /// Tells whether the command changed anything.
    pub(crate) fn has_changed(&self) -> bool {
        self.effect == Effect::Changed
    }

    /// Returns the one line that says what came of it.
    pub(crate) fn summary_line(&self) -> String {
        let all = match &self.summary {
            Some(summary) => summary.as_str().to_owned(),
            None => self.text.to_plain(),
        };
        all.lines().next().unwrap_or_default().trim().to_owned()
    }

    /// Returns the document; of a success with `changed` and `summary`.
    pub(crate) fn full_document(&self) -> Value {
        self.completed(self.document.clone())
    }

    /// Returns the same, without a copy: the document is gone then.
    pub(crate) fn take_document(&mut self) -> Value {
        let document = self.document.take();
        self.completed(document)
    }

    fn completed(&self, mut document: Value) -> Value {
        if !self.next.is_empty() {
            insert_member(&mut document, "next", serde_json::json!(self.next));
        }
        if self.error.is_none() {
            insert_member(&mut document, "changed", self.has_changed());
            insert_member(&mut document, "summary", self.summary_line());
        }
        document
    }
}

/// Puts a member into a document.
pub(crate) fn insert_member(document: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(object) = document.as_object_mut() {
        object.insert(name.to_owned(), value.into());
    }
}

/// Returns a document with the members of another added.
pub(crate) fn with_members(mut document: Value, members: Value) -> Value {
    if let (Some(object), Value::Object(members)) = (document.as_object_mut(), members) {
        object.extend(members);
    }
    document
}

/// Returns a path as JSON. JSON is Unicode and a path need not be: what is not Unicode shows as
/// U+FFFD.
pub(crate) fn path_value(path: &std::path::Path) -> Value {
    Value::String(stored_path(path))
}

/// Returns the lines that name the commands that come next.
pub(crate) fn next_lines(commands: &[NextCommand]) -> String {
    let lines = commands.iter();
    lines
        .map(|command| format!("next: {}\n", command.line()))
        .collect()
}
