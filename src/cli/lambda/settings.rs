//! What the function's environment says, which no event can change.

use std::collections::BTreeSet;

use super::members::EventWaiver;
use crate::error::{Error, ErrorKind, Result};
use crate::outside::shown_text;

/// The variable with the words of what events may waive, with `,` between them.
pub(super) const ALLOW_VARIABLE: &str = "HSMBOOT_LAMBDA_ALLOW";

/// The settings of the function.
#[derive(Clone, Debug, Default)]
pub(super) struct FunctionSettings {
    allowed: BTreeSet<EventWaiver>,
}

impl FunctionSettings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Class `Usage`: a word that is none.
    pub(super) fn from_env() -> Result<Self> {
        Self::from_words(&std::env::var(ALLOW_VARIABLE).unwrap_or_default())
    }

    fn from_words(words: &str) -> Result<Self> {
        let mut allowed = BTreeSet::new();
        for word in words.split([',', ' ']).filter(|word| !word.is_empty()) {
            let waiver = EventWaiver::ALL
                .into_iter()
                .find(|waiver| waiver.word() == word);
            allowed.insert(waiver.ok_or_else(|| unknown_word_error(word))?);
        }
        Ok(FunctionSettings { allowed })
    }

    /// Tells whether events may waive this.
    pub(super) fn allows(&self, waiver: EventWaiver) -> bool {
        self.allowed.contains(&waiver)
    }
}

fn unknown_word_error(word: &str) -> Error {
    let all: Vec<&str> = EventWaiver::ALL.iter().map(|one| one.word()).collect();
    Error::new(
        ErrorKind::Usage,
        format!(
            "the variable {ALLOW_VARIABLE} has the word `{}`, which allows nothing",
            shown_text(word)
        ),
        format!("its words are {}, with , between them", all.join(", ")),
    )
}
