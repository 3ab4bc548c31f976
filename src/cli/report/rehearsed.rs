//! What comes next where a rehearsal's bundle is judged by real anchors.

use std::path::Path;

use super::{Args, is_standard_output};
use crate::bundle::SIMULATED_ROOTS;
use crate::hint::{NextCommand, path_word};
use crate::report::{self as engine, PageFacts};
use crate::verify::Cause;

/// Returns this run's command with `--simulated`, where the bundle is rejected because a simulator
/// made it, and holds that simulator's roots. Roots that were given go with no `--simulated`, and
/// what this run has written needs no `--force`.
pub(super) fn simulated_command(args: &Args, dir: &Path, facts: &PageFacts) -> Option<NextCommand> {
    let made_by_simulator = matches!(engine::rejection_cause(facts), Some(Cause::Simulated));
    if args.simulated.simulated || !made_by_simulator || !facts.survey.has_file(SIMULATED_ROOTS) {
        return None;
    }
    let dir = path_word(dir, "DIR");
    let out = args
        .out
        .as_deref()
        .map(|out| match is_standard_output(out) {
            true => "-".to_owned(),
            false => path_word(out, "FILE"),
        });
    let out = out.map(|out| ["-o".to_owned(), out]);
    let ca = args.ca.as_deref().map(|ca| path_word(ca, "FILE"));
    let ca = ca.map(|ca| ["--ca".to_owned(), ca]);
    let at = args.at.map(|at| ["--at".to_owned(), at.to_string()]);
    let reason = args.trust.reason.clone();
    let reason = reason.map(|reason| ["--reason".to_owned(), reason]);
    let command = NextCommand::new(["hsmboot", "report", &dir, "--simulated"])
        .with_words(out.into_iter().flatten())
        .with_words(ca.into_iter().flatten())
        .with_words(at.into_iter().flatten())
        .with_words(args.trust.judgement_options())
        .with_words(reason.into_iter().flatten());
    Some(command)
}
