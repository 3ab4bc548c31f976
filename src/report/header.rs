//! The head of the page for its readers: the verdict, what alarms, and each aspect in a word.

use super::chain::last_announced_send;
use super::differences::differences_in;
use super::html::Html;
use super::icons::{Icon, write_alarm, write_icon};
use super::standing::judge_transcript;
use super::view::{PageView, count_text};
use super::{PageFacts, decisions, rejection_cause};
use crate::bundle::SurveyedDocument;
use crate::outside::OutsideText;
use crate::verify::{Cause, Roots, Status, Verdict, fips_alarm};

/// The verdict in words.
pub(super) struct VerdictWords {
    /// `good`, `warn` or `bad`, for the style; the symbol says it as well.
    class: &'static str,
    icon: Icon,
    /// One word.
    pub(super) word: &'static str,
    says: &'static str,
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
            says: "The CSR’s key is a genuine HSM’s, if what was accepted may be.",
        },
        Verdict::Verified if facts.verification.terms.roots == Roots::Given => VerdictWords {
            class: "good",
            icon: Icon::Pass,
            word: "Verified",
            says: "The CSR’s key is an HSM’s, by roots that were given.",
        },
        Verdict::Verified => VerdictWords {
            class: "good",
            icon: Icon::Pass,
            word: "Verified",
            says: "The CSR’s key is a genuine HSM’s.",
        },
    }
}

pub(super) fn write_header(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    let words = verdict_words(facts);
    html.write_raw("<p class=\"brand\">hsmboot report</p>");
    html.write_element("h1", &[], |html| {
        html.write_raw("Claim of <span class=\"id\">");
        html.write_text(facts.survey.cluster_id.as_str());
        html.write_raw("</span>");
    });
    html.write_element(
        "div",
        &[("class", &format!("verdict {}", words.class))],
        |html| {
            write_icon(html, words.icon);
            html.write_element("div", &[], |html| {
                html.write_text_element_of("p", "word", words.word);
                html.write_text_element("p", words.says);
                if let Some(cause) = rejection_cause(facts) {
                    html.write_element("p", &[], |html| html.write_quote(cause_sentence(&cause)));
                }
                if has_given_roots(facts) {
                    html.write_element_of("p", "caveat", |html| {
                        html.write_raw(
                            "Judged by roots that were given to this report, not by the built-in \
                              ones of AWS and the manufacturer",
                        );
                        let good = facts.verification.verdict == Verdict::Verified;
                        html.write_raw(if good {
                            ": it is worth what those roots are worth. A simulator’s \
                                        chains verify in this way too."
                        } else {
                            "."
                        });
                    });
                }
            });
        },
    );
    let mode = facts
        .survey
        .request
        .content()
        .and_then(|request| request.mode.as_ref());
    if let Some(alarm) = fips_alarm(&facts.verification, mode.map(OutsideText::as_raw)) {
        write_alarm(html, Icon::Fail, |html| {
            html.write_raw("<strong>NOT FIPS</strong>: ");
            html.write_quote(&alarm);
            html.write_raw(".");
        });
    }
    if let Some(reason) = decisions::unverified_reason(view) {
        write_alarm(html, Icon::Accepted, |html| {
            html.write_raw(
                "<strong>UNVERIFIED</strong>: the bundle records that somebody went on \
                      without proof, for this reason: ",
            );
            html.write_quote(if reason.is_empty() {
                "none was recorded".into()
            } else {
                reason
            });
        });
    }
    if let Some(reason) = decisions::from_bundle_reason(view) {
        write_alarm(html, Icon::Accepted, |html| {
            html.write_raw(
                "<strong>OWNER NOT PROVEN</strong>: the bundle records that somebody took the \
                      CA that lay in it, for this reason: ",
            );
            html.write_quote(if reason.is_empty() {
                "none was recorded"
            } else {
                reason.as_raw()
            });
        });
    }
    if let Some(file) = view.another_ca() {
        write_alarm(html, Icon::Fail, |html| {
            html.write_raw(
                "<strong>The trust anchor is not your CA.</strong> It is another certificate than ",
            );
            html.write_code(file);
            html.write_raw(": a cluster that takes it belongs to who holds that other CA’s key.");
        });
    }
    if !differences_in(view).is_empty() {
        write_alarm(html, Icon::Fail, |html| {
            html.write_raw(
                "<strong>The bundle’s records differ from what was found.</strong> <a \
                      href=\"#differences\">How, and what counts</a>",
            );
        });
    }
    html.write_element_of("dl", "strip", |html| write_aspects(html, view));
    html.write_element_of("dl", "facts masthead", |html| {
        html.write_text_fact("Made at", facts.made_at.to_string());
        html.write_text_fact(
            "Judged at",
            &if facts.at_named {
                format!("{}, as named (--at)", facts.verification.at)
            } else {
                "the same moment".to_owned()
            },
        );
        html.write_text_fact("Made by", &facts.tool);
    });
}

fn write_aspect(html: &mut Html, name: &str, icon: Icon, says: &str) {
    html.write_element(
        "div",
        &[("class", if icon == Icon::Fail { "loud" } else { "calm" })],
        |html| {
            html.write_text_element("dt", name);
            html.write_element("dd", &[], |html| {
                write_icon(html, icon);
                html.write_quote(says);
            });
        },
    );
}

fn write_aspects(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    let count = |status| facts.verification.with(status).count();
    let hsm = match facts.verification.verdict {
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
    write_aspect(html, "HSM", verdict_words(facts).icon, &hsm);
    match &facts.pair {
        None => write_aspect(html, "Pair", Icon::Absent, "nothing is signed yet"),
        Some(pair) if pair.verdict == Verdict::Verified => {
            write_aspect(html, "Pair", Icon::Pass, "fit for InitializeCluster")
        }
        Some(pair) => write_aspect(
            html,
            "Pair",
            Icon::Fail,
            &format!(
                "unfit: {}",
                failing_count(pair.failed().count(), pair.checks.len())
            ),
        ),
    }
    match &facts.survey.receipt {
        SurveyedDocument::Absent if last_announced_send(view).is_some() => write_aspect(
            html,
            "Submission",
            Icon::Skipped,
            "perhaps sent: no receipt",
        ),
        SurveyedDocument::Absent => write_aspect(html, "Submission", Icon::Absent, "no receipt"),
        SurveyedDocument::Damaged(_) => {
            write_aspect(html, "Submission", Icon::Fail, "the receipt cannot be read")
        }
        SurveyedDocument::Read(receipt) => write_aspect(
            html,
            "Submission",
            Icon::Told,
            &format!("recorded as {}, state {}", receipt.outcome, receipt.state),
        ),
    }
    let transcript = judge_transcript(view);
    write_aspect(html, "Transcript", transcript.icon, &transcript.brief);
    match (&transcript.not_compared_in, &transcript.compared_in) {
        (Some(_), _) => {
            let steps = count_text(transcript.not_compared.len(), "step", "steps");
            write_aspect(
                html,
                "Fingerprints",
                Icon::Accepted,
                &format!("not compared in {steps}"),
            );
        }
        (None, Some(steps)) => write_aspect(
            html,
            "Fingerprints",
            Icon::Told,
            &format!("compared in {steps}"),
        ),
        (None, None) => write_aspect(html, "Fingerprints", Icon::Absent, "no step compared any"),
    }
    match differences_in(view).len() {
        0 => write_aspect(html, "Records", Icon::Told, "agree with what was found"),
        1 => write_aspect(
            html,
            "Records",
            Icon::Fail,
            "one differs from what was found",
        ),
        more => write_aspect(
            html,
            "Records",
            Icon::Fail,
            &format!("{more} differ from what was found"),
        ),
    }
}

fn failing_count(failed: usize, all: usize) -> String {
    format!(
        "{failed} of {all} checks {}",
        if failed == 1 { "fails" } else { "fail" }
    )
}

/// Describes the cause of a rejection as a sentence, with the action to take.
pub(super) fn cause_sentence(cause: &Cause) -> String {
    let told = cause.to_string();
    let mut letters = told.chars();
    let told: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let next = match cause {
        Cause::RootsMissing(roots) => {
            let each = roots
                .iter()
                .map(|root| {
                    format!(
                        "{} FILE, with {} from {}",
                        root.option,
                        root.download_name(),
                        root.page
                    )
                })
                .collect::<Vec<_>>();
            format!("Make the report again with {}.", each.join(", and with "))
        }
        Cause::OtherRoots(_) => "Look at what was given with hsmboot roots show.".to_owned(),
        Cause::Time => {
            "Look at the clock of the machine that made this page, and at --at where it was given."
                .to_owned()
        }
    };
    format!("{told}. {next}")
}

/// Tells whether a root was used that is not built in.
pub(super) fn has_given_roots(facts: &PageFacts) -> bool {
    facts.verification.terms.roots == Roots::Given
}
