//! The head of the page for its readers: the verdict, what alarms, and each aspect in a word.

use super::alarms::Alarm;
use super::aspects::{Aspect, verdict_words};
use super::html::Html;
use super::icons::{write_alarm, write_icon};
use super::view::PageView;
use super::{PageFacts, rejection_cause};
use crate::outside::OutsideText;
use crate::verify::{Cause, Roots, Verdict};

pub(super) fn write_header(html: &mut Html, view: &PageView<'_>) {
    let facts = view.facts;
    let words = verdict_words(facts);
    html.write_raw("<p class=\"brand\">hsmboot report</p>");
    html.write_element("h1", &[], |html| {
        html.write_raw(if view.is_claimed() {
            "Claim of <span class=\"id\">"
        } else {
            "Bundle of <span class=\"id\">"
        });
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
                if is_simulated(facts) {
                    html.write_element_of("p", "caveat", |html| {
                        html.write_raw(
                            "Judged by the simulator’s own roots, which the rehearsal left in the \
                             bundle: nothing of it is real, and it is worth nothing.",
                        );
                    });
                } else if has_given_roots(facts) {
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
    for alarm in Alarm::all_of(view) {
        write_page_alarm(html, &alarm);
    }
    write_aspects(html, &Aspect::all_of(view));
    facts.moment().write_masthead(html, &facts.tool);
}

/// Writes the row of aspects at the top of a page.
pub(super) fn write_aspects(html: &mut Html, aspects: &[Aspect]) {
    html.write_element_of("dl", "strip", |html| {
        for aspect in aspects {
            html.write_element_of("div", aspect.icon.loudness(), |html| {
                html.write_text_element("dt", aspect.name);
                html.write_element("dd", &[], |html| {
                    write_icon(html, aspect.icon);
                    html.write_quote(&aspect.says);
                });
            });
        }
    });
}

fn write_page_alarm(html: &mut Html, alarm: &Alarm<'_>) {
    write_alarm(html, alarm.icon(), |html| {
        html.write_text_element("strong", alarm.label());
        match alarm {
            Alarm::NotFips(sentence) => {
                html.write_raw(": ");
                html.write_quote(sentence);
                html.write_raw(".");
            }
            Alarm::Unverified(reason) => {
                html.write_raw(
                    ": the bundle records that somebody went on without proof, for this reason: ",
                );
                write_reason(html, reason);
            }
            Alarm::OwnerNotProven(reason) => {
                html.write_raw(
                    ": the bundle records that somebody took the CA that lay in it, for this \
                     reason: ",
                );
                write_reason(html, reason);
            }
            Alarm::AnotherCa(file) => {
                html.write_raw(" It is another certificate than ");
                html.write_code(file);
                html.write_raw(
                    ": a cluster that takes it belongs to who holds that other CA’s key.",
                );
            }
            Alarm::RecordsDiffer => {
                html.write_raw(" <a href=\"#differences\">How, and what counts</a>");
            }
        }
    });
}

fn write_reason(html: &mut Html, reason: &OutsideText) {
    html.write_quote(if reason.is_empty() {
        "none was recorded"
    } else {
        reason.as_raw()
    });
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
        Cause::Simulated => "Nothing of it is real. By a simulator’s own roots, which prove \
                             nothing of an HSM, a page is made with hsmboot report --simulated, or \
                             with --aws-root and --manufacturer-root."
            .to_owned(),
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
    facts.verification.terms.roots != Roots::BuiltIn
}

/// Tells whether the roots were a simulator's own, which a rehearsal brought.
pub(super) fn is_simulated(facts: &PageFacts) -> bool {
    facts.verification.terms.roots == Roots::Simulated
}
