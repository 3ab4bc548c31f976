//! What the function answers: a result, or an error that a state machine can catch.

use serde_json::{Value, json};

use super::child::CommandEnd;
use crate::error::{Class, Error, ErrorKind, FactName};

/// The most octets that Lambda takes as an answer (AWS Lambda Developer Guide, "Lambda quotas",
/// Invocation payload: 6 MB each for request and response).
const MOST_ANSWER: usize = 6 * 1024 * 1024;

/// The answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FunctionAnswer {
    /// The document of a command that did what it was asked for.
    Result(String),
    /// The failure, as the Runtime API takes it.
    Failure {
        error_type: &'static str,
        body: String,
    },
}

impl FunctionAnswer {
    /// Makes the answer of what came of a command.
    pub(super) fn from_end(end: CommandEnd) -> Self {
        Self::within(end, MOST_ANSWER)
    }

    fn within(end: CommandEnd, most: usize) -> Self {
        let answer = match end.failure {
            None => FunctionAnswer::Result(end.document.to_string()),
            Some(class) => failure(class, &end.document),
        };
        match answer.len() {
            length if length <= most => answer,
            length => {
                let error = too_large_error(length, most, end.failure.is_none());
                let end = CommandEnd::from(error);
                failure(Class::Input, &end.document)
            }
        }
    }

    /// Returns the class of answer in one word, for the log.
    pub(super) fn word(&self) -> &'static str {
        match self {
            FunctionAnswer::Result(_) => "done",
            FunctionAnswer::Failure { error_type, .. } => error_type,
        }
    }

    fn len(&self) -> usize {
        match self {
            FunctionAnswer::Result(body) | FunctionAnswer::Failure { body, .. } => body.len(),
        }
    }
}

impl From<Error> for FunctionAnswer {
    fn from(error: Error) -> Self {
        FunctionAnswer::from_end(error.into())
    }
}

/// The message is the document on one line: whoever catches the error reads kind, retry and hint
/// there.
fn failure(class: Class, document: &Value) -> FunctionAnswer {
    let error_type = class.lambda_error_type();
    let body = json!({
        "errorType": error_type,
        "errorMessage": document.to_string(),
        "stackTrace": [],
    });
    FunctionAnswer::Failure {
        error_type,
        body: body.to_string(),
    }
}

fn too_large_error(length: usize, most: usize, done: bool) -> Error {
    let what = match done {
        true => "what was to be done is done; ",
        false => "",
    };
    Error::new(
        ErrorKind::EventAnswerTooLarge,
        format!("the answer has {length} octets, and Lambda returns {most} at most"),
        format!("{what}ask for less in one event: fewer clusters"),
    )
    .with_fact(FactName::Limit, most)
    .with_fact(FactName::Size, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(document: Value, failure: Option<Class>) -> CommandEnd {
        CommandEnd { document, failure }
    }

    fn message(answer: &FunctionAnswer) -> Value {
        let FunctionAnswer::Failure { body, .. } = answer else {
            panic!("{answer:?}");
        };
        let body: Value = serde_json::from_str(body).unwrap();
        serde_json::from_str(body["errorMessage"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn a_failure_has_its_type_and_the_whole_document_on_one_line() {
        let document = json!({ "verdict": "rejected", "error": { "message": "a\nb" } });
        let answer = FunctionAnswer::from_end(end(document.clone(), Some(Class::Rejected)));
        assert_eq!(answer.word(), "HsmbootRejected");
        assert_eq!(message(&answer), document);
        assert!(matches!(&answer, FunctionAnswer::Failure { body, .. } if !body.contains('\n')));
    }

    #[test]
    fn an_answer_that_lambda_would_not_return_is_an_error_that_says_so() {
        let long = json!({ "clusters": "x".repeat(1000) });
        let answer = FunctionAnswer::within(end(long.clone(), None), 900);
        assert_eq!(answer.word(), "HsmbootInput");
        let message = message(&answer);
        assert_eq!(message["error"]["kind"], "event-answer-too-large");
        assert!(message["error"]["hint"].as_str().unwrap().contains("done"));
        let fits = FunctionAnswer::within(end(long, None), 2000);
        assert_eq!(fits.word(), "done");
    }
}
