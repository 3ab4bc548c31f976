//! The causes of an error of the SDK: looked for, and told on one line.

use std::error::Error;

/// The HTTP library's text for an error before there was a connection.
pub(super) const CONNECTING: &str = "client error (Connect)";

pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

pub(super) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref::<T>())
}

/// Texts of the SDK and its HTTP library that name a layer that the error passed through, not the
/// error.
const PASSED_THROUGH: &[&str] = &[
    "dispatch failure",
    "io error",
    "other",
    "timeout",
    CONNECTING,
    "client error (SendRequest)",
    "an error occurred while loading credentials",
    "error trying to connect",
    "service error",
    "the credentials provider was not properly configured",
];

/// Joins the causes in one line: each text once, without repetitions and without texts that only
/// name a layer.
pub(super) fn join_causes(error: &(dyn Error + 'static)) -> String {
    let all: Vec<String> = causes(error)
        .map(|cause| without_number(&cause.to_string()).trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    let mut texts: Vec<&str> = Vec::new();
    for text in all
        .iter()
        .map(String::as_str)
        .filter(|text| !PASSED_THROUGH.contains(text))
    {
        if !texts.iter().any(|known| known.contains(text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        all.join(": ")
    } else {
        texts.join(": ")
    }
}

/// Returns a system error's text without the number that std puts behind it.
fn without_number(text: &str) -> &str {
    text.split_once(" (os error ")
        .map_or(text, |(words, _)| words)
}
