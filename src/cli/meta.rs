//! `hsmboot completions`, `hsmboot man`

mod completions;
mod man;

pub(crate) use completions::{CompletionsArgs, run_completions};
pub(crate) use man::{ManArgs, run_man};
