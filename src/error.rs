//! The error that a command ends with: its class (and so its exit code), what is wrong, and what to
//! do next.
//!
//! Modules that judge have errors of their own; they become this one where a step needs the answer.

use std::collections::BTreeMap;
use std::fmt;

use crate::hint::NextCommand;
use crate::outside::Lines;

pub use fact::{FactForm, FactName, FactValue};
pub use kind::{ErrorKind, Retry};

mod fact;
mod kind;

/// The kind of failure, as a caller's script sees it. One class, one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A bug, or the machine: disk full, permission.
    Machine,
    /// The command line is wrong.
    Usage,
    /// The HSM's identity is not proven; for `check`, the pair does not hold together.
    Rejected,
    /// An input is malformed, or over a documented limit or pattern.
    Input,
    /// The CA cannot sign: key, passphrase, token, or a CA certificate that CloudHSM would refuse.
    Ca,
    /// The service refused, or cannot be reached.
    Service,
    /// Not finished in time; the same command goes on from here.
    Unfinished,
    /// The cluster is not what was signed for, is claimed by another CA, or its state does not
    /// allow the step.
    Conflict,
    /// SIGINT or SIGTERM; nothing is half-written.
    Interrupted,
}

impl Class {
    /// Returns the exit code. No catch-all arm: a new class does not compile until it has its code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Class::Machine => 1,
            Class::Usage => 2,
            Class::Rejected => 3,
            Class::Input => 4,
            Class::Ca => 5,
            Class::Service => 6,
            Class::Unfinished => 7,
            Class::Conflict => 8,
            Class::Interrupted => 130,
        }
    }

    /// Returns the `errorType` with which `hsmboot lambda` answers: what state machines catch.
    pub const fn lambda_error_type(self) -> &'static str {
        match self {
            Class::Machine => "HsmbootBug",
            Class::Usage => "HsmbootUsage",
            Class::Rejected => "HsmbootRejected",
            Class::Input => "HsmbootInput",
            Class::Ca => "HsmbootCa",
            Class::Service => "HsmbootService",
            Class::Unfinished | Class::Interrupted => "HsmbootNotInTime",
            Class::Conflict => "HsmbootConflict",
        }
    }

    /// Returns the class of a program that ended with this code. What a signal ended was
    /// interrupted; a code that is none of the program's is a bug.
    pub fn from_exit_code(code: i32) -> Self {
        let all = [
            Class::Usage,
            Class::Rejected,
            Class::Input,
            Class::Ca,
            Class::Service,
            Class::Unfinished,
            Class::Conflict,
        ];
        match code {
            129.. => Class::Interrupted,
            _ => all
                .into_iter()
                .find(|class| i32::from(class.exit_code()) == code)
                .unwrap_or(Class::Machine),
        }
    }
}

/// The error with which a command ends when it does not succeed.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind of the failure, for programs. It decides the class, and so the exit code.
    pub kind: ErrorKind,
    /// The failure, in the user's words; further lines, indented, give what was expected and what
    /// was found. Whatever was formatted into one of them stays on it.
    pub message: Lines,
    /// The advice on what to do next; empty where there is nothing to say.
    pub hint: Lines,
    /// The commands of the hint, for programs.
    pub next: Vec<NextCommand>,
    /// What stands in the message, for programs: the cluster, the file, both sides.
    pub facts: BTreeMap<FactName, FactValue>,
    /// Whether the same command would do once more what may have been done: a second cluster. Then
    /// it is never [`Retry::SameCommand`], whatever the kind says.
    pub does_it_twice: bool,
    /// Whether the same command does by itself what has to be done, or only has to wait for it:
    /// then it is [`Retry::SameCommand`], where the kind says [`Retry::AfterFix`].
    pub goes_on: bool,
    /// Whether the command has done its work all the same, and changed something: then it is
    /// [`Retry::Never`], whatever the kind says.
    pub is_done: bool,
    /// A document that belongs into the JSON answer beside the error (a verification record, say).
    pub document: Option<Box<serde_json::Value>>,
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error of a kind, with its message and its hint.
    pub fn new(kind: ErrorKind, message: impl Into<Lines>, hint: impl Into<Lines>) -> Self {
        Error {
            kind,
            message: message.into(),
            hint: hint.into(),
            next: Vec::new(),
            facts: BTreeMap::new(),
            does_it_twice: false,
            goes_on: false,
            is_done: false,
            document: None,
        }
    }

    /// The same error with a fact of its message. A `None` adds nothing.
    #[must_use]
    pub fn with_fact(mut self, name: FactName, value: impl Into<FactValue>) -> Self {
        let value = value.into();
        if !value.is_absent() {
            self.facts.insert(name, value);
        }
        self
    }

    /// The same error with the commands that its hint names.
    #[must_use]
    pub fn with_next(mut self, commands: impl IntoIterator<Item = NextCommand>) -> Self {
        self.next.extend(commands);
        self
    }

    /// Returns the same error with a document beside it in the JSON answer.
    #[must_use]
    pub fn with_document(mut self, document: serde_json::Value) -> Self {
        self.document = Some(Box::new(document));
        self
    }

    /// The same error of a command that must not be run again before somebody has looked: what it
    /// makes may be there already, and it would make another.
    #[must_use]
    pub fn unless_done_already(mut self) -> Self {
        self.does_it_twice = true;
        self
    }

    /// The same error of a command that goes on when it is run again, with nothing changed by
    /// anybody else, whatever the kind says.
    #[must_use]
    pub fn if_run_again(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// The same error of a command that has done its work, and perhaps changed something by that.
    #[must_use]
    pub fn after_work(mut self, changed: bool) -> Self {
        self.is_done = changed;
        self
    }

    /// Whether a program may run the same command again.
    pub const fn retry(&self) -> Retry {
        match self.kind.retry() {
            _ if self.is_done => Retry::Never,
            Retry::SameCommand if self.does_it_twice => Retry::AfterFix,
            Retry::AfterFix if self.goes_on && !self.does_it_twice => Retry::SameCommand,
            retry => retry,
        }
    }

    /// Returns the class of its kind.
    pub const fn class(&self) -> Class {
        self.kind.class()
    }

    /// Returns the exit code.
    pub const fn exit_code(&self) -> u8 {
        self.class().exit_code()
    }

    /// Returns the rank among the errors of one command about many things, which ends with the one
    /// of the greatest. A rejection stands above all: no milder code hides it. After that the
    /// greater exit code counts, and then what is less for a program to repeat.
    pub fn gravity(&self) -> (bool, u8, Retry) {
        let class = self.class();
        (class == Class::Rejected, class.exit_code(), self.retry())
    }

    /// The JSON form: `{code, kind, retry, message, hint}`, and `next` and `facts` where there are
    /// any.
    pub fn to_json(&self) -> serde_json::Value {
        self.to_json_with_code(i32::from(self.exit_code()))
    }

    /// The same for a program that ends with another code: a signal has its own.
    pub(crate) fn to_json_with_code(&self, code: i32) -> serde_json::Value {
        let mut object = serde_json::json!({
            "code": code,
            "kind": self.kind,
            "retry": self.retry(),
            "message": self.message,
            "hint": self.hint,
        });
        if let (Some(object), false) = (object.as_object_mut(), self.next.is_empty()) {
            object.insert("next".to_owned(), serde_json::json!(self.next));
        }
        if let (Some(object), false) = (object.as_object_mut(), self.facts.is_empty()) {
            let facts = self
                .facts
                .iter()
                .map(|(name, value)| (name.name().to_owned(), value.as_json().clone()));
            object.insert("facts".to_owned(), facts.collect());
        }
        object
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_in_an_error_begins_a_line_of_its_own() {
        const HOSTILE: &str = "x\u{1b}[8m\r\nFORGED\u{2028}\u{202e}";
        let error = Error::new(ErrorKind::Malformed, format!("{HOSTILE}: bad"), HOSTILE);
        let json = error
            .to_json()
            .get("message")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned();
        for text in [
            error.message.as_str(),
            error.hint.as_str(),
            &error.to_string(),
            &json,
        ] {
            assert!(
                text.starts_with("x\\u{1b}[8m\\u{d}\\u{a}FORGED\\u{2028}\\u{202e}"),
                "{text:?}"
            );
        }
        let named = error.clone().with_fact(FactName::File, HOSTILE);
        assert!(
            named
                .to_json()
                .pointer("/facts/file")
                .and_then(serde_json::Value::as_str)
                .is_some_and(|file| file.starts_with("x\\u{1b}[8m\\u{d}\\u{a}FORGED")),
            "{named:?}"
        );
        let error = Error {
            message: error.message.followed_by(HOSTILE),
            ..error
        };
        assert_eq!(
            error.message.lines().count(),
            2,
            "lines that the program puts together stay apart"
        );
    }

    #[test]
    fn what_might_be_done_twice_is_not_for_a_program_to_repeat() {
        let lost = Error::new(ErrorKind::ServiceUnreachable, "no answer", "");
        assert_eq!(lost.retry(), Retry::SameCommand);
        assert_eq!(lost.unless_done_already().retry(), Retry::AfterFix);
        let claimed = Error::new(ErrorKind::ClaimedByAnotherCa, "claimed", "");
        assert_eq!(claimed.unless_done_already().retry(), Retry::Never);
    }

    #[test]
    fn what_goes_on_by_itself_is_for_a_program_to_repeat_and_a_rejection_never_is() {
        let replaced = || Error::new(ErrorKind::CsrChanged, "another CSR", "");
        assert_eq!(replaced().retry(), Retry::AfterFix);
        assert_eq!(replaced().if_run_again().retry(), Retry::SameCommand);
        let lost = replaced().if_run_again().unless_done_already();
        assert_eq!(lost.retry(), Retry::AfterFix);
        let rejected = Error::new(ErrorKind::Rejected, "", "").if_run_again();
        assert_eq!(rejected.retry(), Retry::Never);
    }

    #[test]
    fn a_rejection_stands_above_every_milder_failure() {
        let rank = |kind| Error::new(kind, "", "").gravity();
        let rejected = rank(ErrorKind::Rejected);
        for kind in ErrorKind::ALL {
            assert!(
                kind.class() == Class::Rejected || rank(*kind) < rejected,
                "{}",
                kind.name()
            );
        }
        // Of one code, what no repetition helps with stands above what passes by itself.
        let (stolen, busy) = (ErrorKind::ClaimedByAnotherCa, ErrorKind::ClusterBusy);
        assert!(rank(stolen) > rank(busy));
        assert!(rank(busy) > rank(ErrorKind::NotFinished));
    }

    #[test]
    fn a_fact_that_is_not_known_is_left_out() {
        let error = Error::new(ErrorKind::NoHsm, "no HSM", "");
        assert!(error.to_json().get("facts").is_none());
        let error = error
            .with_fact(FactName::ClusterId, None::<&str>)
            .with_fact(FactName::Sends, 2_u32);
        assert_eq!(
            error.to_json().get("facts"),
            Some(&serde_json::json!({ "sends": 2 }))
        );
    }
}
