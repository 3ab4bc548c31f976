//! What the function's environment says, which no event can change.

use std::collections::BTreeSet;

use super::members::EventWaiver;
use crate::cli::args::parse_sha256;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;

/// The variable with the words of what events may waive, with `,` between them.
pub(super) const ALLOW_VARIABLE: &str = "HSMBOOT_LAMBDA_ALLOW";

/// The variable with the SHA-256 of the CAs' certificates that events may name, with `,` between
/// them.
pub(super) const CA_VARIABLE: &str = "HSMBOOT_LAMBDA_CA_SHA256";

/// The variable with the name of who does the steps.
pub(super) const OPERATOR_VARIABLE: &str = "HSMBOOT_OPERATOR";

/// The settings of the function.
#[derive(Clone, Debug, Default)]
pub(super) struct FunctionSettings {
    allowed: BTreeSet<EventWaiver>,
    /// Empty: whatever CA an event names.
    ca_fingerprints: Vec<[u8; 32]>,
    operator: Option<String>,
}

impl FunctionSettings {
    /// Reads the environment.
    ///
    /// # Errors
    /// Class `Usage`: a word that is none, a digest that is none, or text that is not UTF-8.
    pub(super) fn from_env() -> Result<Self> {
        let operator = read_variable(OPERATOR_VARIABLE)?;
        Ok(FunctionSettings {
            allowed: read_waivers(&read_variable(ALLOW_VARIABLE)?)?,
            ca_fingerprints: read_fingerprints(&read_variable(CA_VARIABLE)?)?,
            operator: Some(operator).filter(|name| !name.is_empty()),
        })
    }

    /// Tells whether events may waive this.
    pub(super) fn allows(&self, waiver: EventWaiver) -> bool {
        self.allowed.contains(&waiver)
    }

    /// Returns the SHA-256 of the CAs' certificates that events may name; none: whatever they name.
    pub(super) fn ca_fingerprints(&self) -> &[[u8; 32]] {
        &self.ca_fingerprints
    }

    /// Returns who does the steps, where the environment says so.
    pub(super) fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }
}

/// Returns a variable's text; empty where it is not set.
fn read_variable(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(text) => Ok(text),
        Err(std::env::VarError::NotPresent) => Ok(String::new()),
        // What cannot be read must not count as if nothing were demanded.
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::new(
            ErrorKind::Usage,
            format!("the variable {name} is no text"),
            "give it in UTF-8",
        )
        .with_fact(FactName::Variable, name)),
    }
}

fn read_waivers(words: &str) -> Result<BTreeSet<EventWaiver>> {
    let mut allowed = BTreeSet::new();
    for word in words.split([',', ' ']).filter(|word| !word.is_empty()) {
        let waiver = EventWaiver::ALL
            .into_iter()
            .find(|waiver| waiver.word() == word);
        allowed.insert(waiver.ok_or_else(|| unknown_word_error(word))?);
    }
    Ok(allowed)
}

/// Reads the pinned CAs. A variable that is set to nothing is a mistake, and no pin is no pin only
/// where nobody set it.
fn read_fingerprints(text: &str) -> Result<Vec<[u8; 32]>> {
    if std::env::var_os(CA_VARIABLE).is_none() {
        return Ok(Vec::new());
    }
    let digest = |word: &str| {
        parse_sha256(word).map_err(|fault| {
            Error::new(
                ErrorKind::Usage,
                format!(
                    "the variable {CA_VARIABLE} has `{}`: {fault}",
                    shown_text(word)
                ),
                "give the SHA-256 that `hsmboot ca show` prints of your CA's certificate; of \
                 several CAs, with , between them",
            )
            .with_fact(FactName::Variable, CA_VARIABLE)
            .with_fact(FactName::Found, word)
        })
    };
    text.split(',').map(digest).collect()
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
    .with_fact(FactName::Variable, ALLOW_VARIABLE)
    .with_fact(FactName::Found, word)
    .with_fact(FactName::Allowed, all)
}
