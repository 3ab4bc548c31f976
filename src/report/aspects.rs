//! The verdict in words, and the aspects of a claim, each in a few words: for the head of the page
//! and a fleet's table.

use super::PageFacts;
use super::chain::last_announced_send;
use super::differences::differences_in;
use super::icons::Icon;
use super::standing::judge_transcript;
use super::view::{PageView, count_text};
use crate::bundle::SurveyedDocument;
use crate::verify::{Roots, Status, Verdict};

/// The verdict in words.
pub(super) struct VerdictWords {
    /// `good`, `warn` or `bad`, for the style; the symbol says it as well.
    pub(super) class: &'static str,
    pub(super) icon: Icon,
    /// One word.
    pub(super) word: &'static str,
    pub(super) says: &'static str,
}

pub(super) fn verdict_words(facts: &PageFacts) -> VerdictWords {
    let accepted = facts.verification.with(Status::Accepted).next().is_some();
    match facts.verification.verdict {
        Verdict::Rejected => VerdictWords {
            class: "bad",
            icon: Icon::Fail,
            word: "Rejected",
            says: "The HSM’s identity is not proven.",
        },
        Verdict::Verified if accepted => VerdictWords {
            class: "warn",
            icon: Icon::Accepted,
            word: "Verified, with failures accepted",
            says: match facts.verification.terms.roots {
                Roots::BuiltIn => "The CSR’s key is a genuine HSM’s, if what was accepted may be.",
                Roots::Given => {
                    "Against roots you gave: the CSR’s key is an HSM’s by their word, if what was \
                     accepted may be."
                }
                Roots::Simulated => {
                    "Against the simulator’s own roots: nothing of it is real, whatever was \
                     accepted."
                }
            },
        },
        Verdict::Verified if facts.verification.terms.roots == Roots::Given => VerdictWords {
            class: "warn",
            icon: Icon::Given,
            word: "Verified against roots you gave",
            says: "The CSR’s key is an HSM’s by their word.",
        },
        Verdict::Verified if facts.verification.terms.roots == Roots::Simulated => VerdictWords {
            class: "warn",
            icon: Icon::Given,
            word: "Verified against the simulator’s own roots",
            says: "The CSR’s key is a simulated HSM’s: a rehearsal.",
        },
        Verdict::Verified => VerdictWords {
            class: "good",
            icon: Icon::Pass,
            word: "Verified",
            says: "The CSR’s key is a genuine HSM’s.",
        },
    }
}

/// One aspect of a claim.
pub(super) struct Aspect {
    pub(super) name: &'static str,
    pub(super) icon: Icon,
    pub(super) says: String,
}

impl Aspect {
    pub(super) fn new(name: &'static str, icon: Icon, says: impl Into<String>) -> Self {
        Aspect {
            name,
            icon,
            says: says.into(),
        }
    }

    /// Returns all aspects, in the order of the page.
    pub(super) fn all_of(view: &PageView<'_>) -> [Aspect; 6] {
        [
            Aspect::of_hsm(view),
            Aspect::of_pair(view),
            Aspect::of_submission(view),
            Aspect::of_transcript(view),
            Aspect::of_fingerprints(view),
            Aspect::of_records(view),
        ]
    }

    pub(super) fn of_hsm(view: &PageView<'_>) -> Aspect {
        let facts = view.facts;
        let count = |status| facts.verification.with(status).count();
        let says = match facts.verification.verdict {
            Verdict::Rejected => {
                let unjudged = count(Status::Skipped);
                let rest = if unjudged > 0 {
                    format!(", {unjudged} could not be judged")
                } else {
                    String::new()
                };
                format!(
                    "{}{rest}",
                    failing_count(count(Status::Fail), facts.verification.checks.len())
                )
            }
            Verdict::Verified => {
                let (pass, accepted) = (count(Status::Pass), count(Status::Accepted));
                let accepted = if accepted > 0 {
                    format!(", {accepted} accepted")
                } else {
                    String::new()
                };
                let notes = count_text(count(Status::Note), "note", "notes");
                format!(
                    "{} checks: {pass} pass{accepted}, {notes}",
                    facts.verification.checks.len()
                )
            }
        };
        Aspect::new("HSM", verdict_words(facts).icon, says)
    }

    pub(super) fn of_pair(view: &PageView<'_>) -> Aspect {
        match &view.facts.pair {
            None => Aspect::new("Pair", Icon::Absent, "nothing is signed yet"),
            Some(pair) if pair.verdict == Verdict::Verified => {
                Aspect::new("Pair", Icon::Pass, "fit for InitializeCluster")
            }
            Some(pair) => {
                let count = failing_count(pair.failed().count(), pair.checks.len());
                Aspect::new("Pair", Icon::Fail, format!("unfit: {count}"))
            }
        }
    }

    pub(super) fn of_submission(view: &PageView<'_>) -> Aspect {
        let (icon, says) = match &view.facts.survey.receipt {
            SurveyedDocument::Absent if last_announced_send(view).is_some() => {
                (Icon::Skipped, "perhaps sent: no receipt".to_owned())
            }
            SurveyedDocument::Absent => (Icon::Absent, "no receipt".to_owned()),
            SurveyedDocument::Damaged(_) => (Icon::Fail, "the receipt cannot be read".to_owned()),
            SurveyedDocument::Read(receipt) => (
                Icon::Told,
                format!("recorded as {}, state {}", receipt.outcome, receipt.state),
            ),
        };
        Aspect::new("Submission", icon, says)
    }

    pub(super) fn of_transcript(view: &PageView<'_>) -> Aspect {
        let transcript = judge_transcript(view);
        Aspect::new("Transcript", transcript.icon, transcript.brief)
    }

    pub(super) fn of_fingerprints(view: &PageView<'_>) -> Aspect {
        let transcript = judge_transcript(view);
        let (icon, says) = match (&transcript.not_compared_in, &transcript.compared_in) {
            (Some(_), _) => {
                let steps = count_text(transcript.not_compared.len(), "step", "steps");
                (Icon::Accepted, format!("not compared in {steps}"))
            }
            (None, Some(steps)) => (Icon::Told, format!("compared in {steps}")),
            (None, None) => (Icon::Absent, "no step compared any".to_owned()),
        };
        Aspect::new("Fingerprints", icon, says)
    }

    fn of_records(view: &PageView<'_>) -> Aspect {
        let (icon, says) = match differences_in(view).len() {
            0 => (Icon::Told, "agree with what was found".to_owned()),
            1 => (Icon::Fail, "one differs from what was found".to_owned()),
            more => (Icon::Fail, format!("{more} differ from what was found")),
        };
        Aspect::new("Records", icon, says)
    }
}

fn failing_count(failed: usize, all: usize) -> String {
    format!(
        "{failed} of {all} checks {}",
        if failed == 1 { "fails" } else { "fail" }
    )
}
