//! What the commands share that make, change and delete: consent, waiting for a state, tables,
//! documents.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::online::{Watcher, duration};
use super::screen::Screen;
use super::ui::{BOLD, Text, Ui, styled};
use crate::cloudhsm::{Place, ServiceError, Tag, limits, spelt_as_a_state};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, shown_text};

/// Whether to wait for the state that follows.
#[derive(Clone, Debug, Args)]
pub struct WaitArgs {
    /// Wait until it is done
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long the command may take with --wait: seconds, or a number with s, m or h (default:
    /// 30m)
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "wait")]
    pub(crate) timeout: Option<Duration>,
}

impl WaitArgs {
    /// How long is waited unless the user says otherwise.
    pub(crate) const USUAL: Duration = Duration::from_secs(30 * 60);

    /// How long to wait; `None`: not at all.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.limit_or(Self::USUAL)
    }

    /// The same, where what is waited for takes another time.
    pub(crate) fn limit_or(&self, usual: Duration) -> Option<Duration> {
        self.wait.then(|| self.timeout.unwrap_or(usual))
    }
}

/// Whether the user has said yes beforehand.
#[derive(Clone, Debug, Args)]
pub struct ConsentArgs {
    /// Delete without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl ConsentArgs {
    /// That there is somebody to ask, before the service is so much as looked at.
    pub(crate) fn check(&self) -> Result<()> {
        if self.yes || is_at_terminal() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::ConsentMissing,
            "this deletes something, and there is no terminal to ask at whether it shall; nothing \
             was deleted",
            "say so with --yes",
        ))
    }

    /// Asks, unless `--yes`. Anything but a yes is a no.
    pub(crate) fn ask(&self, what: &str, consequence: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        if ask_yes(&format!("delete {what}?"), consequence) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Declined,
            format!("{} stays: nothing was deleted", what),
            "answer yes, or say so beforehand with --yes",
        ))
    }
}

/// Whether somebody can be asked.
pub(crate) fn is_at_terminal() -> bool {
    Screen::open().is_some()
}

/// Asks. Anything but a yes is a no.
pub(crate) fn ask_yes(question: &str, consequence: &str) -> bool {
    // The question goes where the answer is typed, and not into the result.
    let question = Text::from([
        Text::from(format!("{question}\n{consequence}\n")),
        styled(BOLD, "type yes to go on:"),
        Text::from(" "),
    ]);
    let answer = Screen::open().and_then(|mut screen| screen.ask(question));
    answer.is_some_and(|answer| answer.eq_ignore_ascii_case("yes"))
}

/// How to go on where the same command may simply be run again.
pub(crate) const AGAIN: &str =
    "run the same command again: it goes on from here (`--timeout` gives it longer)";

/// What a look at something shows, when a state of it is waited for.
pub(crate) enum Seen<T> {
    /// It is there.
    There(T),
    /// Not yet: how it stands, in one line.
    NotYet(String),
    /// It will never be.
    Lost(Error),
}

/// The pauses between two looks, and how many looks in a row may fail.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const MOST_GAPS: u32 = 5;

/// Looks until it is there, for `limit` in all. `hint` says how to go on when that is over.
pub(crate) async fn settle<T>(
    ui: &Ui,
    limit: Duration,
    hint: &str,
    look: impl AsyncFn() -> std::result::Result<Seen<T>, ServiceError>,
) -> Result<T> {
    let mut watcher = Watcher::new(ui);
    let (mut pause, mut gaps, mut last, mut over) = (FIRST_PAUSE, 0_u32, String::new(), false);
    loop {
        match look().await {
            Ok(Seen::There(found)) => return Ok(found),
            Ok(Seen::Lost(error)) => return Err(error),
            Ok(Seen::NotYet(line)) => {
                gaps = 0;
                watcher.tell(&line);
                last = line;
            }
            Err(error) if error.is_transient() && gaps < MOST_GAPS => {
                gaps += 1;
                watcher.tell(&format!("{}; trying again", error.brief()));
            }
            Err(error) if error.out_of_time().is_some() => {
                over = true;
                last = if last.is_empty() { error.brief() } else { last };
            }
            Err(error) => return Err(error.into()),
        }
        let Some(left) = limit
            .checked_sub(watcher.elapsed())
            .filter(|left| !left.is_zero() && !over)
        else {
            let message = [
                format!("it is not there yet after {} s", limit.as_secs()),
                format!("  seen last  {last}"),
            ];
            return Err(Error::new(ErrorKind::NotFinished, message, hint)
                .with_fact(FactName::WaitedSeconds, limit.as_secs()));
        };
        watcher.pause(pause.min(left)).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// A document with the place that it is about at its head.
pub(crate) fn located(place: &Place, members: Value) -> Value {
    let mut document = json!({ "region": place.region, "endpoint": place.endpoint });
    if let (Some(object), Value::Object(members)) = (document.as_object_mut(), members) {
        object.extend(members);
    }
    document
}

/// Rows under their heads, in columns.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> Text {
    let widths: Vec<usize> = (0..N)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.chars().count())
                .chain(heads.get(at).map(|head| head.len()))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String; N]| -> String {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut text = Text::from([
        styled(BOLD, line(&heads.map(str::to_owned))),
        Text::from("\n"),
    ]);
    for row in rows {
        text.push_str(&format!("{}\n", line(row)));
    }
    text
}

/// What stands in a cell where there is nothing.
pub(crate) fn or_dash(text: Option<impl ToString>) -> String {
    text.map(|text| text.to_string())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "-".to_owned())
}

/// A wrong command line that clap cannot see.
pub(crate) fn usage(message: impl Into<Lines>, hint: &str) -> Error {
    Error::new(ErrorKind::Usage, message, hint)
}

/// A tag on the command line: `KEY=VALUE`.
pub(crate) fn tag(text: &str) -> std::result::Result<Tag, String> {
    limits::tag(text).map(|(key, value)| Tag {
        key: key.into(),
        value: value.into(),
    })
}

/// At most 50 tags, none twice (API Reference 2022-06-06, TagList).
pub(crate) fn check_tags(keys: &[&str]) -> Result<()> {
    if keys.len() > limits::MAX_TAGS {
        return Err(usage(
            format!(
                "{} tags are too many: a request takes 1 to {}",
                keys.len(),
                limits::MAX_TAGS
            ),
            "use several commands",
        ));
    }
    no_repeats("the tag", keys)
}

/// That nothing is named twice.
pub(crate) fn no_repeats(what: &str, values: &[&str]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match values.iter().find(|value| !seen.insert(**value)) {
        Some(twice) => Err(usage(
            format!("{what} {} is named twice", shown_text(twice)),
            "name each once",
        )),
        None => Ok(()),
    }
}

/// A state's name: in any case, of those that the API documents; another as the service spells it.
pub(crate) fn state(text: &str, known: &[&str]) -> std::result::Result<String, String> {
    let found = known
        .iter()
        .copied()
        .find(|name| name.eq_ignore_ascii_case(text))
        .or(Some(text).filter(|text| spelt_as_a_state(text)));
    found.map(str::to_owned).ok_or_else(|| {
        format!(
            "expected one of {}, or another state's name in capitals, as the service spells it",
            known.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_table_has_columns() {
        let text = table(
            ["A", "LONG"],
            &[
                ["wide cell".to_owned(), "x".to_owned()],
                ["y".to_owned(), "z".to_owned()],
            ],
        )
        .to_plain();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            ["A          LONG", "wide cell  x", "y          z"]
        );
    }

    #[test]
    fn a_tag_named_twice_and_the_51st_are_refused() {
        assert!(check_tags(&["a", "b"]).is_ok());
        assert_eq!(check_tags(&["a", "b", "a"]).unwrap_err().code(), 2);
        let many: Vec<String> = (0..51).map(|n| format!("k{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(check_tags(&many).is_err());
        assert!(many.get(..50).is_some_and(|some| check_tags(some).is_ok()));
    }
}
