//! The forms in which a result is printed: for programs a document, JSON lines, or the rows of a
//! query.

use serde_json::{Map, Value};

use super::global_args::OutputFormat;
use super::query::to_rows;
use crate::bundle::escape_json;
use crate::error::Error;

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerForm {
    /// A text, for people.
    Text,
    /// The document, indented.
    Document,
    /// A line for each event, and the document on the last.
    Lines,
    /// What the query chose, as the aws CLI prints it as text.
    Rows,
}

impl AnswerForm {
    /// Returns whom the command talks to: to people or to programs.
    pub(crate) const fn format(self) -> OutputFormat {
        match self {
            AnswerForm::Text => OutputFormat::Text,
            AnswerForm::Document | AnswerForm::Lines | AnswerForm::Rows => OutputFormat::Json,
        }
    }

    /// Tells whether an error is printed on standard error, and not in the document.
    pub(crate) const fn has_error_apart(self) -> bool {
        matches!(self, AnswerForm::Text | AnswerForm::Rows)
    }

    /// Returns what is printed of a document, its error and what a query chose of it.
    pub(crate) fn text_of(
        self,
        document: Value,
        chosen: Option<Value>,
        error: Option<&Error>,
    ) -> String {
        match (self, chosen) {
            (AnswerForm::Rows, chosen) => chosen.map(|value| to_rows(&value)).unwrap_or_default(),
            (AnswerForm::Lines, chosen) => {
                let value = chosen.unwrap_or_else(|| with_error(document, error));
                escape_json(&format!("{value}\n"))
            }
            (_, chosen) => {
                let value = chosen.unwrap_or_else(|| with_error(document, error));
                // Nothing is left that a terminal would obey.
                escape_json(&format!("{value:#}\n"))
            }
        }
    }
}

/// Returns the document with the error in it, where there is one.
fn with_error(document: Value, error: Option<&Error>) -> Value {
    let mut object = match document {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => Map::from_iter([("result".to_owned(), other)]),
    };
    if let Some(error) = error {
        object.insert("error".to_owned(), error.to_json());
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::outside::is_obeyed;

    #[test]
    fn json_means_the_same_and_holds_nothing_that_a_terminal_obeys() {
        let hostile = json!({ "operator\u{202e}": "a\u{9b}2J\u{1b}[2J\u{e0041}é😀\n" });
        for form in [AnswerForm::Document, AnswerForm::Lines] {
            let text = form.text_of(hostile.clone(), None, None);
            assert_eq!(
                serde_json::from_str::<Value>(&text).ok(),
                Some(hostile.clone())
            );
            assert!(text.chars().all(|c| c == '\n' || !is_obeyed(c)), "{text:?}");
            assert!(text.contains("é😀"));
        }
        let line = AnswerForm::Lines.text_of(hostile, None, None);
        assert_eq!(line.matches('\n').count(), 1);
    }
}
