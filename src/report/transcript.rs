//! The page's section on the transcript: the steps that changed the bundle.

use super::html::Html;
use super::icons::{Icon, write_alarm, write_icon};
use super::standing::{judge_transcript, step_command};
use super::view::{PageView, count_text, join_list};
use super::write_unproven_mark;
use crate::bundle::{
    CREATION, Digests, RECEIPT, REQUEST, RESPONSE, SurveyedDocument, TRANSCRIPT, TranscriptEntry,
    VERIFICATION, shell_words,
};
use crate::outside::{OutsideText, join_shown};
use crate::x509::{sha256, to_hex};

/// The greatest number of lines shown about faults, and the greatest number of letters in each.
const MAX_LINES: usize = 50;
const MAX_LETTERS: usize = 2000;

pub(super) fn write_transcript(html: &mut Html, view: &PageView<'_>) {
    let trail = match &view.facts.survey.transcript {
        SurveyedDocument::Absent => {
            match judge_transcript(view).faults.first() {
                None => {
                    html.write_raw("<p>There is none: the bundle was put together by hand.</p>")
                }
                Some(fault) => write_alarm(html, Icon::Fail, |html| {
                    html.write_text("The transcript is missing: ");
                    html.write_quote(fault);
                    html.write_text(".");
                }),
            }
            return;
        }
        SurveyedDocument::Damaged(why) => {
            write_alarm(html, Icon::Fail, |html| {
                html.write_text("The transcript cannot be read: ");
                html.write_quote(why);
            });
            return;
        }
        SurveyedDocument::Read(trail) => trail,
    };
    write_unproven_mark(html, TRANSCRIPT);
    let standing = judge_transcript(view);
    html.write_element(
        "p",
        &[(
            "class",
            if standing.faults.is_empty() {
                "standing"
            } else {
                "alarm"
            },
        )],
        |html| {
            write_icon(html, standing.icon);
            html.write_text("The transcript ");
            html.write_quote(&standing.says);
            html.write_text(".");
        },
    );
    html.write_raw(
        "<p>Each line carries the SHA-256 of the line before: a change, a line taken out or \
              another order breaks the chain, but for last lines that wrote no file, which can be \
              cut off. A seal by the CA’s key says that these were the lines which the machine \
              that signed saw, and that nothing up to there has changed since. It says nothing of \
              what was written before the bundle reached that machine; and what is not sealed \
              anybody could have made up, who could write to the bundle. Times are those of the \
              clocks of the machines named.</p>",
    );
    html.write_element_of("ol", "steps", |html| {
        for entry in trail.holds.entries() {
            html.write_element("li", &[], |html| write_step(html, view, entry));
        }
    });
    if let Some((number, why)) = &trail.fault {
        html.write_element_of("div", "alarm block", |html| {
            html.write_element("p", &[], |html| {
                write_icon(html, Icon::Fail);
                html.write_text_element("strong", format!("Line {number} {why}."));
                html.write_text(
                    " It and what follows stands there as below, and is not part of the chain.",
                );
            });
            html.write_element("pre", &[], |html| {
                for line in trail.rest.as_raw().lines().take(MAX_LINES) {
                    match TranscriptEntry::is_like_one(line) {
                        true => html.write_text(line.chars().take(MAX_LETTERS).collect::<String>()),
                        false => html.write_text(format!(
                            "({} that are no step: not shown)",
                            count_text(line.len(), "byte", "bytes")
                        )),
                    }
                    html.write_raw("\n");
                }
            });
            let more = trail
                .rest
                .as_raw()
                .lines()
                .count()
                .saturating_sub(MAX_LINES);
            if more > 0 {
                html.write_text_element(
                    "p",
                    format!(
                        "{} not shown.",
                        count_text(more, "line more is", "lines more are")
                    ),
                );
            }
        });
    }
}

/// Returns what a step did, as far as its line tells. For a command that does several things, its
/// files tell.
fn describe_deed(entry: &TranscriptEntry) -> String {
    let wrote = |name: &str| entry.outputs.get(name).is_some();
    match step_command(entry) {
        Some("fetch") => "Fetched".to_owned(),
        Some("verify") => "Verified".to_owned(),
        Some("sign") => "Signed".to_owned(),
        Some("import") => "Imported what was signed elsewhere".to_owned(),
        Some("submit") => "Submitted".to_owned(),
        command => {
            let all = [
                (CREATION, "created"),
                (REQUEST, "fetched"),
                (VERIFICATION, "verified"),
                (RESPONSE, "signed"),
                (RECEIPT, "submitted"),
            ];
            let done: Vec<String> = all
                .into_iter()
                .filter(|(file, _)| wrote(file))
                .map(|(_, deed)| deed.to_owned())
                .collect();
            match (command, done.is_empty()) {
                (Some(command), true) => command.to_owned(),
                (Some(command), false) => format!("{command}: {}", join_list(&done)),
                (None, true) => "A step of no known command".to_owned(),
                (None, false) => format!("Step: {}", join_list(&done)),
            }
        }
    }
}

/// Writes the title of a step: what was done, and by whom.
fn write_step_title(html: &mut Html, entry: &TranscriptEntry) {
    html.write_element_of("h3", "step", |html| {
        match &entry.sends {
            Some(call) => {
                html.write_text("About to send ");
                html.write_quote(call);
            }
            None => html.write_text(describe_deed(entry)),
        }
        match &entry.operator {
            Some(operator) => {
                html.write_text(" by ");
                html.write_quote(operator);
            }
            None => {
                html.write_text(" ");
                html.write_element_of("span", "unnamed", |html| {
                    html.write_text("by: ");
                    write_icon(html, Icon::Accepted);
                    html.write_text("not named");
                });
            }
        }
    });
    html.write_element_of("p", "when", |html| {
        html.write_text(format!("Step {}, ", entry.step));
        html.write_element("time", &[("datetime", &entry.time.to_string())], |html| {
            html.write_text(entry.time.to_string())
        });
    });
}

fn write_step(html: &mut Html, view: &PageView<'_>, entry: &TranscriptEntry) {
    write_step_title(html, entry);
    html.write_element_of("dl", "facts", |html| {
        html.write_quote_fact("Machine", &entry.host);
        html.write_quote_fact("Program", &entry.tool);
        html.write_code_fact("Command", shell_words(&entry.command));
        if let Some(verdict) = &entry.verdict {
            html.write_quote_fact("Verdict", verdict);
        }
        if entry.unverified {
            html.write_fact("Unverified", |html| {
                write_icon(html, Icon::Accepted);
                html.write_raw("<strong>done although the bundle did not verify</strong>");
            });
        }
        if let Some(owner) = &entry.owner {
            html.write_quote_fact("Owner", owner.to_owner_text());
        }
        if !entry.accepted.is_empty() {
            html.write_code_fact("Accepted", join_shown(&entry.accepted, " "));
        }
        if let Some(reason) = &entry.reason {
            html.write_quote_fact("Reason", reason);
        }
        if let Some(compared) = entry.fingerprint_compared {
            html.write_text_fact(
                "Fingerprint",
                if compared {
                    "compared with the other side’s"
                } else {
                    "not compared with the other side’s"
                },
            );
        }
        if let Some(call) = &entry.sends {
            html.write_quote_fact("About to send", call);
        }
        if let Some(place) = &entry.kept_aside {
            html.write_quote_fact("Files of the CSR before, kept in", place);
        }
        html.write_text_fact(
            "Seal",
            if entry.seal.is_some() {
                "sealed, with all steps before it"
            } else {
                "none"
            },
        );
        write_digests(html, view, "Read", &entry.inputs);
        write_digests(html, view, "Wrote", &entry.outputs);
        html.write_digest_fact("SHA-256 of this line", entry.hash());
    });
}

/// Writes files with their digests. A file that is unchanged in the bundle is shown by name, as the
/// page has its digest elsewhere.
fn write_digests(html: &mut Html, view: &PageView<'_>, name: &str, files: &Digests) {
    if files.is_empty() {
        return;
    }
    let survey = &view.facts.survey;
    let is_there = |(name, digest): &(&OutsideText, &OutsideText)| {
        survey
            .content(name.as_raw())
            .is_some_and(|content| **digest == to_hex(&sha256(content)))
    };
    let (there, others): (Vec<_>, Vec<_>) = files.iter().partition(is_there);
    html.write_fact(name, |html| {
        if !there.is_empty() {
            html.write_element("p", &[], |html| {
                html.write_text("as they lie in the bundle now: ");
                for (at, (file, _)) in there.iter().enumerate() {
                    html.write_text(if at > 0 { ", " } else { "" });
                    html.write_code(file);
                }
            });
        }
        html.write_element_of("ul", "digests", |html| {
            for (file, digest) in &others {
                html.write_element("li", &[], |html| {
                    html.write_code(file);
                    html.write_raw(" ");
                    html.write_digest(digest);
                });
            }
        });
    });
}
