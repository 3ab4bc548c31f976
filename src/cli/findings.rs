//! The findings of a judgement, for eyes: counted, the failures first, the rest by what they are
//! about, the notes last.

use anstyle::Style;

use super::text::{hang, shorten_digests};
use super::ui::{BOLD, GREEN, RED, StyledText, Ui, YELLOW, styled};
use crate::checks::{CheckName, Engine, Finding, Group, Record, Status};

/// The narrowest column that a sentence gets beside its check. A terminal that has less room gets
/// the sentence below it.
const LEAST_COLUMN: usize = 44;

/// The columns before a sentence that stands below its check.
const BELOW: usize = 6;

/// Returns all findings: how many of each status, then the failures, what was accepted, each group
/// of the registry, and the notes. Each finding is told once.
pub(crate) fn findings_text<E: Engine>(record: &Record<E>, ui: &Ui) -> StyledText {
    let mut text = headline(record);
    text.push_str("\n");
    let ids = record
        .checks
        .iter()
        .map(|finding| finding.id.facts().id.len());
    let id_width = ids.max().unwrap_or(0);
    let mut write_block = |title: &str, findings: &[&Finding<E::Check>]| {
        if !findings.is_empty() {
            text.push([StyledText::from("\n"), styled(BOLD, title), "\n".into()]);
            text.push(block_text(findings, id_width, ui));
        }
    };
    let of = |status: Status| record.with(status).collect::<Vec<_>>();
    write_block("Failures", &of(Status::Fail));
    write_block("Accepted", &of(Status::Accepted));
    for group in groups(record) {
        let findings: Vec<_> = record
            .checks
            .iter()
            .filter(|finding| matches!(finding.status, Status::Pass | Status::Skipped))
            .filter(|finding| finding.id.facts().group == group)
            .collect();
        write_block(group.title(), &findings);
    }
    write_block("Notes", &of(Status::Note));
    text.push_str("\n");
    text
}

/// Returns the ids of what failed, in a text that has told why.
pub(crate) fn failed_ids<E: Engine>(record: &Record<E>) -> Vec<String> {
    record
        .failed()
        .map(|finding| finding.id.to_string())
        .collect()
}

/// Returns the groups of the record's checks, in the order in which they come.
fn groups<E: Engine>(record: &Record<E>) -> Vec<Group> {
    let mut groups = Vec::new();
    for finding in &record.checks {
        let group = finding.id.facts().group;
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// Counts the findings of each status: `1 fail, 30 pass, 4 notes`.
fn headline<E: Engine>(record: &Record<E>) -> StyledText {
    let order = [
        Status::Fail,
        Status::Accepted,
        Status::Pass,
        Status::Note,
        Status::Skipped,
    ];
    let mut text = StyledText::new();
    for status in order {
        let count = record.with(status).count();
        if count == 0 {
            continue;
        }
        if text != StyledText::new() {
            text.push_str(", ");
        }
        let plural = if status == Status::Note && count > 1 {
            "s"
        } else {
            ""
        };
        text.push(styled(
            status_style(status),
            format!("{count} {}{plural}", status.as_str()),
        ));
    }
    text
}

const fn status_style(status: Status) -> Style {
    match status {
        Status::Pass => GREEN,
        Status::Note | Status::Accepted => YELLOW,
        Status::Fail => RED,
        Status::Skipped => BOLD,
    }
}

/// Returns a line for each finding, which hangs under its own beginning where the terminal is
/// narrower.
fn block_text<I: CheckName>(findings: &[&Finding<I>], id_width: usize, ui: &Ui) -> StyledText {
    let column = 2 + 8 + 1 + id_width + 2;
    let mut text = StyledText::new();
    for finding in findings {
        let id = finding.id.facts().id;
        let detail = match ui.verbose {
            true => finding.detail.as_str().to_owned(),
            false => shorten_digests(&finding.detail),
        };
        text.push_str("  ");
        text.push(styled(
            status_style(finding.status),
            format!("{:8}", finding.status.as_str()),
        ));
        match ui.width {
            Some(width) if width < column + LEAST_COLUMN => {
                let below = hang(&detail, BELOW, Some(width));
                text.push_str(&format!(" {id}\n{:BELOW$}{below}\n", ""));
            }
            width => {
                let beside = hang(&detail, column, width);
                text.push_str(&format!(" {id:id_width$}  {beside}\n"));
            }
        }
    }
    text
}
