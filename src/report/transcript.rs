//! The transcript: who did what to the bundle, and whether that still hangs together.

use super::html::Html;
use super::icons::icon;
use super::told_by;
use super::view::{View, counted, listed};
use serde::Serialize;

use crate::bundle::{AfterSeal, Digests, Entry, TRANSCRIPT, Told, shell_words};
use crate::outside::{Lines, OutsideText, joined};
use crate::x509::{Certificate, hex, sha256};

/// The most lines that are shown of what does not hold, and the most letters of each.
const MAX_LINES: usize = 50;
const MAX_LETTERS: usize = 2000;

/// How a transcript stands.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// How many steps hold.
    pub steps: usize,
    /// SHA-256 of the last of them, as `transcript verify` prints it; `None` where there is none.
    pub head: Option<String>,
    /// The last of them that is sealed.
    pub sealed_up_to: Option<u64>,
    /// Whether all of it holds, as far as it was judged; `None` where there is no transcript.
    pub holds: Option<bool>,
    /// The steps that asked for the other side's fingerprint, and compared none.
    pub not_compared: Vec<u64>,
    /// What is wrong with it.
    pub faults: Vec<Lines>,
    /// Which steps compared none, in words: `step 2 (sign)`; `None` where there is no such step.
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
    pub(super) symbol: &'static str,
}

/// Holds it against itself, the bundle's files, and the CA's key.
pub(super) fn standing(view: &View<'_>) -> Standing {
    let survey = &view.facts.survey;
    let nothing = |holds, symbol, says: &str, faults| Standing {
        steps: 0,
        head: None,
        sealed_up_to: None,
        holds,
        not_compared: Vec::new(),
        faults,
        not_compared_in: None,
        compared_in: None,
        says: says.to_owned(),
        brief: says.to_owned(),
        symbol,
    };
    let trail = match &survey.transcript {
        Told::Absent => return nothing(None, "absent", "there is none", Vec::new()),
        Told::Damaged(why) => {
            return nothing(Some(false), "fail", "cannot be read", vec![why.clone()]);
        }
        Told::Tells(trail) => trail,
    };
    let mut faults: Vec<Lines> = trail
        .fault
        .iter()
        .map(|(number, why)| format!("line {number} {why}").into())
        .collect();
    faults.extend(survey.unaccounted.clone());
    let sealed = trail.holds.sealed_up_to();
    let ca = key_holder(view);
    if let (Some(_), Some((ca, whose))) = (sealed, &ca) {
        faults.extend(survey.forged(ca.key()).map(|step| {
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
                counted(steps, "step", "steps")
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
                .and_then(AfterSeal::says)
                .map_or_else(String::new, |says| format!("; {says}"));
            format!(
                "holds: {}, sealed up to step {step} with the key of {whose}{less}{more}",
                counted(steps, "step", "steps")
            )
        }
        (true, Some(step), None) => {
            format!(
                "holds: {}; the seal of step {step} was not judged, for want of the CA’s \
                 certificate",
                counted(steps, "step", "steps")
            )
        }
    };
    let brief = match (faults.is_empty(), sealed) {
        (false, _) => "does not hold".to_owned(),
        (true, None) => format!("{}, not sealed", counted(steps, "step", "steps")),
        (true, Some(step)) => format!(
            "{}, sealed up to step {step}",
            counted(steps, "step", "steps")
        ),
    };
    let that = |compared| -> Vec<&Entry> {
        trail
            .holds
            .entries()
            .iter()
            .filter(|step| step.fingerprint_compared == Some(compared))
            .collect()
    };
    let symbol = match (faults.is_empty(), &after) {
        (false, _) => "fail",
        // Only a seal by a key that the reader knows says more than that nothing was lost by
        // accident, and only of files that it is about.
        (true, Some(after))
            if view.facts.own_ca.is_some()
                && after.replaced.is_empty()
                && after.added.is_empty() =>
        {
            "pass"
        }
        (true, _) => "told",
    };
    Standing {
        steps,
        head: trail.holds.entries().last().map(Entry::hash),
        sealed_up_to: sealed,
        holds: Some(faults.is_empty()),
        not_compared: that(false).iter().map(|step| step.step).collect(),
        faults,
        not_compared_in: in_words(&that(false)),
        compared_in: in_words(&that(true)),
        says,
        brief,
        symbol,
    }
}

/// The command that a step was, `sign` say; `None` where its line does not tell. The lines are from
/// outside: a name is of lower-case letters.
pub(super) fn command(entry: &Entry) -> Option<&str> {
    // The one option before a command's name that takes a word of its own is `--output`.
    let mut words = entry.command.iter().skip(1);
    while let Some(word) = words.next() {
        match word.raw() {
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

/// A step's number and command: `2 (sign)`.
pub(super) fn called(entry: &Entry) -> String {
    command(entry).map_or_else(
        || entry.step.to_string(),
        |command| format!("{} ({command})", entry.step),
    )
}

fn in_words(steps: &[&Entry]) -> Option<String> {
    let all: Vec<String> = steps.iter().map(|step| called(step)).collect();
    (!all.is_empty()).then(|| {
        format!(
            "{} {}",
            if all.len() == 1 { "step" } else { "steps" },
            listed(&all)
        )
    })
}

/// The last step that wrote this file as it lies in the bundle now.
pub(super) fn written_by<'a>(view: &View<'a>, name: &str) -> Option<&'a Entry> {
    let survey = &view.facts.survey;
    let digest = hex(&sha256(survey.content(name)?));
    survey
        .transcript
        .told()?
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

/// Whose key a seal is held against: the CA that the user named, or the bundle's own trust anchor.
fn key_holder<'a>(view: &'a View<'_>) -> Option<(&'a Certificate, String)> {
    match &view.facts.own_ca {
        Some((own, file)) => Some((own.trust_anchor().first(), file.clone())),
        None => view
            .trust_anchor
            .as_ref()
            .map(|anchor| (anchor.first(), "the bundle’s own trust anchor".to_owned())),
    }
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let trail = match &view.facts.survey.transcript {
        Told::Absent => {
            html.raw(
                "<p>There is none: the bundle was put together by hand, or its transcript was \
                      left behind.</p>",
            );
            return;
        }
        Told::Damaged(why) => {
            html.of("p", "alarm", |html| {
                icon(html, "fail");
                html.text("The transcript cannot be read: ");
                html.quote(why);
            });
            return;
        }
        Told::Tells(trail) => trail,
    };
    told_by(html, TRANSCRIPT);
    let standing = standing(view);
    html.el(
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
            icon(html, standing.symbol);
            html.text("The transcript ");
            html.quote(&standing.says);
            html.text(".");
        },
    );
    html.raw(
        "<p>Each line carries the SHA-256 of the line before: a change, a line taken out or \
              another order breaks the chain, but for last lines that wrote no file, which can be \
              cut off. A seal by the CA’s key says that these were the lines which the machine \
              that signed saw, and that nothing up to there has changed since. It says nothing of \
              what was written before the bundle reached that machine; and what is not sealed \
              anybody could have made up, who could write to the bundle. Times are those of the \
              clocks of the machines named.</p>",
    );
    html.of("ol", "steps", |html| {
        for entry in trail.holds.entries() {
            html.el("li", &[], |html| step(html, view, entry));
        }
    });
    if let Some((number, why)) = &trail.fault {
        html.of("div", "alarm block", |html| {
            html.el("p", &[], |html| {
                icon(html, "fail");
                html.say("strong", format!("Line {number} {why}."));
                html.text(
                    " It and what follows stands there as below, and is not part of the chain.",
                );
            });
            html.el("pre", &[], |html| {
                for line in trail.rest.raw().lines().take(MAX_LINES) {
                    match Entry::is_like_one(line) {
                        true => html.text(line.chars().take(MAX_LETTERS).collect::<String>()),
                        false => html.text(format!(
                            "({} that are no step: not shown)",
                            counted(line.len(), "byte", "bytes")
                        )),
                    }
                    html.raw("\n");
                }
            });
            let more = trail.rest.raw().lines().count().saturating_sub(MAX_LINES);
            if more > 0 {
                html.say(
                    "p",
                    format!(
                        "{} not shown.",
                        counted(more, "line more is", "lines more are")
                    ),
                );
            }
        });
    }
}

fn step(html: &mut Html, view: &View<'_>, entry: &Entry) {
    html.of("h3", "step", |html| {
        html.text(format!("Step {}, ", entry.step));
        html.el("time", &[("datetime", &entry.time.to_string())], |html| {
            html.text(entry.time.to_string())
        });
    });
    html.of("dl", "facts", |html| {
        html.fact("Operator", |html| match &entry.operator {
            Some(operator) => html.quote(operator),
            None => html.text("not named"),
        });
        html.fact("Machine", |html| html.quote(&entry.host));
        html.fact("Program", |html| html.quote(&entry.tool));
        html.fact("Command", |html| html.code(shell_words(&entry.command)));
        if let Some(verdict) = &entry.verdict {
            html.fact("Verdict", |html| html.quote(verdict));
        }
        if entry.unverified {
            html.fact("Unverified", |html| {
                icon(html, "accepted");
                html.raw("<strong>done although the bundle did not verify</strong>");
            });
        }
        if let Some(owner) = &entry.owner {
            html.fact("Owner", |html| html.quote(owner));
        }
        if !entry.accepted.is_empty() {
            html.fact("Accepted", |html| html.code(joined(&entry.accepted, " ")));
        }
        if let Some(reason) = &entry.reason {
            html.fact("Reason", |html| html.quote(reason));
        }
        if let Some(compared) = entry.fingerprint_compared {
            html.fact("Fingerprint", |html| {
                html.text(if compared {
                    "compared with the other side’s"
                } else {
                    "not compared with the other side’s"
                })
            });
        }
        if let Some(call) = &entry.sends {
            html.fact("About to send", |html| html.quote(call));
        }
        html.fact("Seal", |html| {
            html.text(if entry.seal.is_some() {
                "sealed, with all steps before it"
            } else {
                "none"
            })
        });
        digests(html, view, "Read", &entry.inputs);
        digests(html, view, "Wrote", &entry.outputs);
        html.fact("SHA-256 of this line", |html| html.digest(entry.hash()));
    });
}

/// Files with their digests; those that lie in the bundle as they were then, whose digests the page
/// has elsewhere, by name.
fn digests(html: &mut Html, view: &View<'_>, name: &str, files: &Digests) {
    if files.is_empty() {
        return;
    }
    let survey = &view.facts.survey;
    let is_there = |(name, digest): &(&OutsideText, &OutsideText)| {
        survey
            .content(name.raw())
            .is_some_and(|content| **digest == hex(&sha256(content)))
    };
    let (there, others): (Vec<_>, Vec<_>) = files.iter().partition(is_there);
    html.fact(name, |html| {
        if !there.is_empty() {
            html.el("p", &[], |html| {
                html.text("as they lie in the bundle now: ");
                for (at, (file, _)) in there.iter().enumerate() {
                    html.text(if at > 0 { ", " } else { "" });
                    html.code(file);
                }
            });
        }
        html.of("ul", "digests", |html| {
            for (file, digest) in &others {
                html.el("li", &[], |html| {
                    html.code(file);
                    html.raw(" ");
                    html.digest(digest);
                });
            }
        });
    });
}
