//! The error that a command ends with: its class (and so its exit code), what is wrong, and what to do next.
//!
//! Modules that judge have errors of their own; they become this one where a step needs the answer.

use std::fmt;

/// What went wrong, as a caller's script sees it. One class, one exit code.
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
    /// The cluster is not what was signed for, is claimed by another CA, or its state does not allow the step.
    Conflict,
    /// SIGINT or SIGTERM; nothing is half-written.
    Interrupted,
}

impl Class {
    /// The exit code. No catch-all arm: a new class does not compile until it has its code.
    pub const fn code(self) -> u8 {
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
}

/// What a command ends with when it does not succeed.
#[derive(Clone, Debug)]
pub struct Error {
    /// Decides the exit code.
    pub class: Class,
    /// A stable name for programs, in kebab-case: `csr-changed`.
    pub kind: &'static str,
    /// What is wrong, in the user's words; further lines, indented, give what was expected and what was found.
    pub message: String,
    /// What to do next; empty where there is nothing to say.
    pub hint: String,
    /// A document that belongs into the JSON answer beside the error (a verification record, say).
    pub document: Option<Box<serde_json::Value>>,
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of a class with its stable kind, its message and its hint.
    pub fn new(class: Class, kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error { class, kind, message: message.into(), hint: hint.into(), document: None }
    }

    /// The same error with a document beside it in the JSON answer.
    #[must_use]
    pub fn with_document(mut self, document: serde_json::Value) -> Self {
        self.document = Some(Box::new(document));
        self
    }

    /// The exit code.
    pub const fn code(&self) -> u8 {
        self.class.code()
    }

    /// The JSON form: `{code, kind, message, hint}`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "code": self.code(), "kind": self.kind, "message": self.message, "hint": self.hint })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
