//! The state of the transcript, and what its steps are called.

use serde::Serialize;

use super::icons::Icon;
use super::view::{PageView, count_text, join_list};
use crate::bundle::{AfterSeal, Fingerprint, SurveyedDocument, TranscriptEntry};
use crate::outside::Lines;
use crate::x509::{Certificate, sha256, to_hex};

/// The state of a transcript.
#[derive(Clone, Debug, Serialize)]
pub struct TranscriptStanding {
    /// The number of steps that hold.
    pub steps: usize,
    /// SHA-256 of the last of them, as `transcript verify` prints it; `None` where there is none.
    pub head: Option<String>,
    /// That digest as thirty digits.
    pub head_code: Option<Fingerprint>,
    /// The last of them that is sealed.
    pub sealed_up_to: Option<u64>,
    /// The digest of its line as thirty digits.
    pub sealed_code: Option<Fingerprint>,
    /// `Some(true)` if all of it holds, as far as it was judged. `None` where there is no
    /// transcript.
    pub holds: Option<bool>,
    /// The steps that asked for the other side's fingerprint, and compared none.
    pub not_compared: Vec<u64>,
    /// The faults of the transcript.
    pub faults: Vec<Lines>,
    /// The steps that compared no fingerprint, in words: `step 2 (sign)`. `None` where there is no
    /// such step.
    #[serde(skip)]
    pub not_compared_in: Option<String>,
    /// The same of those that compared one.
    #[serde(skip)]
    pub(super) compared_in: Option<String>,
    /// All that in a sentence.
    #[serde(skip)]
    pub says: String,
    /// The same in a few words.
    #[serde(skip)]
    pub(super) brief: String,
    #[serde(skip)]
    pub(super) icon: Icon,
}

/// Checks the transcript against itself, the bundle's files, and the CA's key.
pub(super) fn judge_transcript(view: &PageView<'_>) -> TranscriptStanding {
    let survey = &view.facts.survey;
    let nothing = |holds, icon, says: &str, faults| TranscriptStanding {
        steps: 0,
        head: None,
        head_code: None,
        sealed_up_to: None,
        sealed_code: None,
        holds,
        not_compared: Vec::new(),
        faults,
        not_compared_in: None,
        compared_in: None,
        says: says.to_owned(),
        brief: says.to_owned(),
        icon,
    };
    let trail = match &survey.transcript {
        SurveyedDocument::Absent => {
            return match survey.transcript_taken_away() {
                None => nothing(None, Icon::Absent, "there is none", Vec::new()),
                Some(document) => nothing(
                    Some(false),
                    Icon::Fail,
                    "is missing",
                    vec![
                        format!(
                            "there is none, and a {document}, which is written together with it: \
                             it was left behind or taken away"
                        )
                        .into(),
                    ],
                ),
            };
        }
        SurveyedDocument::Damaged(why) => {
            return nothing(Some(false), Icon::Fail, "cannot be read", vec![why.clone()]);
        }
        SurveyedDocument::Read(trail) => trail,
    };
    let mut faults: Vec<Lines> = trail
        .fault
        .iter()
        .map(|(number, why)| format!("line {number} {why}").into())
        .collect();
    faults.extend(survey.unaccounted.clone());
    let sealed = trail.holds.sealed_up_to();
    let ca = seal_key_holder(view);
    if let (Some(_), Some((ca, whose))) = (sealed, &ca) {
        faults.extend(survey.first_forged_seal(ca.public_key()).map(|step| {
            format!(
                "the seal of step {step} was not made with the key of {whose}, \
                                     or not over the line as it is now"
            )
            .into()
        }));
    }
    // As `transcript verify --ca`: by a key that the reader knows, what it sealed stands, or that
    // is a fault.
    if trail.fault.is_none() && view.facts.own_ca.is_some() {
        faults.extend(
            trail
                .holds
                .stands_as_sealed()
                .err()
                .map(|error| error.message),
        );
    }
    let after = trail.holds.after_seal();
    let steps = trail.holds.entries().len();
    let says = match (faults.is_empty(), sealed, &ca) {
        (false, _, _) => format!(
            "does not hold: {}",
            faults
                .iter()
                .map(Lines::as_str)
                .collect::<Vec<_>>()
                .join("; ")
        ),
        (true, None, _) => {
            format!(
                "holds: {}, not sealed: whoever could write to the bundle could have made up all \
                 of it",
                count_text(steps, "step", "steps")
            )
        }
        (true, Some(step), Some((_, whose))) => {
            let less = if view.facts.own_ca.is_none() {
                ", which proves nothing against who replaced both"
            } else {
                ""
            };
            let more = after
                .as_ref()
                .and_then(AfterSeal::to_sentence)
                .map_or_else(String::new, |says| format!("; {says}"));
            format!(
                "holds: {}, sealed up to step {step} with the key of {whose}{less}{more}",
                count_text(steps, "step", "steps")
            )
        }
        (true, Some(step), None) => {
            format!(
                "holds: {}; the seal of step {step} was not judged, for want of the CA’s \
                 certificate",
                count_text(steps, "step", "steps")
            )
        }
    };
    let brief = match (faults.is_empty(), sealed) {
        (false, _) => "does not hold".to_owned(),
        (true, None) => format!("{}, not sealed", count_text(steps, "step", "steps")),
        (true, Some(step)) => format!(
            "{}, sealed up to step {step}",
            count_text(steps, "step", "steps")
        ),
    };
    let that = |compared| -> Vec<&TranscriptEntry> {
        trail
            .holds
            .entries()
            .iter()
            .filter(|step| step.fingerprint_compared == Some(compared))
            .collect()
    };
    let icon = match (faults.is_empty(), &after) {
        (false, _) => Icon::Fail,
        // Only a seal by a key that the reader knows says more than that nothing was lost by
        // accident, and only of files that it is about.
        (true, Some(after))
            if view.facts.own_ca.is_some()
                && after.replaced.is_empty()
                && after.added.is_empty() =>
        {
            Icon::Pass
        }
        (true, _) => Icon::Told,
    };
    let head = trail.holds.entries().last().map(TranscriptEntry::hash);
    TranscriptStanding {
        steps,
        head_code: head.as_deref().map(Fingerprint::of_line),
        head,
        sealed_up_to: sealed,
        sealed_code: trail
            .holds
            .sealed_head()
            .as_deref()
            .map(Fingerprint::of_line),
        holds: Some(faults.is_empty()),
        not_compared: that(false).iter().map(|step| step.step).collect(),
        faults,
        not_compared_in: label_steps(&that(false)),
        compared_in: label_steps(&that(true)),
        says,
        brief,
        icon,
    }
}

/// Returns the command of a step, for example `sign`. Returns `None` where its line does not tell.
/// The lines are from outside: a name consists of lower-case letters.
pub(super) fn step_command(entry: &TranscriptEntry) -> Option<&str> {
    // The one option before a command's name that takes a word of its own is `--output`.
    let mut words = entry.command.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_raw() {
            "--output" => drop(words.next()),
            option if option.starts_with('-') => {}
            name => {
                return Some(name).filter(|name| {
                    name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_lowercase())
                });
            }
        }
    }
    None
}

/// Returns a step's number and command: `2 (sign)`.
pub(super) fn step_name(entry: &TranscriptEntry) -> String {
    step_command(entry).map_or_else(
        || entry.step.to_string(),
        |command| format!("{} ({command})", entry.step),
    )
}

fn label_steps(steps: &[&TranscriptEntry]) -> Option<String> {
    let all: Vec<String> = steps.iter().map(|step| step_name(step)).collect();
    (!all.is_empty()).then(|| {
        format!(
            "{} {}",
            if all.len() == 1 { "step" } else { "steps" },
            join_list(&all)
        )
    })
}

/// Returns the last step that wrote this file as it is in the bundle now.
pub(super) fn written_by<'a>(view: &PageView<'a>, name: &str) -> Option<&'a TranscriptEntry> {
    let survey = &view.facts.survey;
    let digest = to_hex(&sha256(survey.content(name)?));
    survey
        .transcript
        .content()?
        .holds
        .entries()
        .iter()
        .rev()
        .find(|entry| {
            entry
                .outputs
                .get(name)
                .is_some_and(|written| *written == digest)
        })
}

/// Returns the certificate whose key a seal is checked with: the CA that the user named, or the
/// bundle's own trust anchor.
fn seal_key_holder<'a>(view: &'a PageView<'_>) -> Option<(&'a Certificate, String)> {
    match &view.facts.own_ca {
        Some((own, file)) => Some((own.trust_anchor().signing_ca(), file.clone())),
        None => view.facts.trust_anchor.as_ref().map(|anchor| {
            (
                anchor.signing_ca(),
                "the bundle’s own trust anchor".to_owned(),
            )
        }),
    }
}
