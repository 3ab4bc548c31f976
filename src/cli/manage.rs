//! The parts that the creating, changing and deleting commands share: consent, waiting for a state,
//! tables, documents.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::online::{OnlineArgs, parse_duration};
use super::screen::Screen;
use super::ui::{BOLD, StyledText, Ui, styled, with_members};
use super::watcher::Watcher;
use crate::cloudhsm::aws::AwsCloudHsm;
use crate::cloudhsm::{CallPlace, ServiceError, Tag, is_spelt_as_state, limits};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::{Lines, shown_text};

/// The options for waiting for the state that follows.
#[derive(Clone, Debug, Args)]
pub struct WaitArgs {
    /// Wait until it is done
    #[arg(long)]
    pub(crate) wait: bool,
    /// The time limit with --wait: seconds, or a number with s, m or h (default: 30m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "wait")]
    pub(crate) timeout: Option<Duration>,
}

impl WaitArgs {
    /// The time to wait unless the user says otherwise.
    pub(crate) const DEFAULT_LIMIT: Duration = Duration::from_secs(30 * 60);

    /// Returns the time to wait; `None`: not at all.
    pub(crate) fn wait_limit(&self) -> Option<Duration> {
        self.wait_limit_or(Self::DEFAULT_LIMIT)
    }

    /// Does the same as [`WaitArgs::wait_limit`] with another default, for what takes another time.
    pub(crate) fn wait_limit_or(&self, usual: Duration) -> Option<Duration> {
        self.wait.then(|| self.timeout.unwrap_or(usual))
    }

    /// Connects to the service, within the time to wait where there is one.
    pub(crate) async fn connect_within(&self, online: &OnlineArgs, ui: &Ui) -> Result<AwsCloudHsm> {
        online.connect_within(self.wait_limit(), None, ui).await
    }
}

/// The option to consent beforehand.
#[derive(Clone, Debug, Args)]
pub struct ConsentArgs {
    /// Delete without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

impl ConsentArgs {
    /// Checks that there is somebody to ask, before the service is called at all.
    pub(crate) fn check_can_ask(&self) -> Result<()> {
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

    /// Asks whether to delete, unless `--yes` is given. Anything but a yes is a no.
    pub(crate) fn ask_to_delete(&self, what: &str, consequence: &str) -> Result<()> {
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

/// Tells whether somebody can be asked.
pub(crate) fn is_at_terminal() -> bool {
    Screen::open().is_some()
}

/// Asks a question. Anything but a yes is a no.
pub(crate) fn ask_yes(question: &str, consequence: &str) -> bool {
    // The question goes where the answer is typed, and not into the result.
    let question = StyledText::from([
        StyledText::from(format!("{question}\n{consequence}\n")),
        styled(BOLD, "type yes to go on:"),
        StyledText::from(" "),
    ]);
    let answer = Screen::open().and_then(|mut screen| screen.ask(question));
    answer.is_some_and(|answer| answer.eq_ignore_ascii_case("yes"))
}

/// The hint where the same command can simply be run again.
pub(crate) const RUN_AGAIN_HINT: &str =
    "run the same command again: it goes on from here (`--timeout` gives it longer)";

/// The result of one look at something whose state is waited for.
pub(crate) enum PollStatus<T> {
    /// The awaited state is reached.
    There(T),
    /// It is not reached yet; the current state in one line.
    NotYet(String),
    /// It can never be reached.
    Lost(Error),
}

/// The pauses between two looks, and how many looks in a row may fail.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const MAX_FAILED_POLLS: u32 = 5;

/// Looks until it is there, for at most `limit`. `hint` says how to go on after that.
pub(crate) async fn poll_until_there<T>(
    ui: &Ui,
    limit: Duration,
    hint: &str,
    look: impl AsyncFn() -> std::result::Result<PollStatus<T>, ServiceError>,
) -> Result<T> {
    poll_in_view(&mut Watcher::new(ui), limit, hint, look).await
}

/// Does the same, and shows it in a view that is there.
pub(crate) async fn poll_in_view<T>(
    watcher: &mut Watcher<'_>,
    limit: Duration,
    hint: &str,
    look: impl AsyncFn() -> std::result::Result<PollStatus<T>, ServiceError>,
) -> Result<T> {
    let began = Instant::now();
    let (mut pause, mut gaps, mut last, mut over) = (FIRST_PAUSE, 0_u32, String::new(), false);
    loop {
        match look().await {
            Ok(PollStatus::There(found)) => return Ok(found),
            Ok(PollStatus::Lost(error)) => return Err(error),
            Ok(PollStatus::NotYet(line)) => {
                gaps = 0;
                watcher.show_line(&line);
                last = line;
            }
            Err(error) if error.is_transient() && gaps < MAX_FAILED_POLLS => {
                gaps += 1;
                watcher.show_line(&format!("{}; trying again", error.summary_line()));
            }
            Err(error) if error.out_of_time().is_some() => {
                over = true;
                last = if last.is_empty() {
                    error.summary_line()
                } else {
                    last
                };
            }
            Err(error) => return Err(error.into()),
        }
        let Some(left) = limit
            .checked_sub(began.elapsed())
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
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Returns a document that begins with the place it is about.
pub(crate) fn with_place(place: &CallPlace, members: Value) -> Value {
    let document = json!({ "region": place.region, "endpoint": place.endpoint });
    with_members(document, members)
}

/// Returns the text of a cell, or a dash where there is nothing.
pub(crate) fn or_dash(text: Option<impl ToString>) -> String {
    text.map(|text| text.to_string())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "-".to_owned())
}

/// Returns the error for a wrong command line that clap cannot detect.
pub(crate) fn usage_error(message: impl Into<Lines>, hint: &str) -> Error {
    Error::new(ErrorKind::Usage, message, hint)
}

/// Parses a tag of the command line: `KEY=VALUE`.
pub(crate) fn parse_tag(text: &str) -> std::result::Result<Tag, String> {
    limits::parse_tag(text).map(|(key, value)| Tag {
        key: key.into(),
        value: value.into(),
    })
}

/// Checks that there are at most 50 tags, and none twice (API Reference 2022-06-06, TagList).
pub(crate) fn check_tags<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let keys: Vec<&str> = keys.into_iter().collect();
    if keys.len() > limits::MAX_TAGS {
        return Err(usage_error(
            format!(
                "{} tags are too many: a request takes 1 to {}",
                keys.len(),
                limits::MAX_TAGS
            ),
            "use several commands",
        )
        .with_fact(FactName::Limit, limits::MAX_TAGS)
        .with_fact(FactName::Size, keys.len()));
    }
    check_no_repeats("the tag", &keys)
}

/// Checks that nothing is named twice.
pub(crate) fn check_no_repeats(what: &str, values: &[&str]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match values.iter().find(|value| !seen.insert(**value)) {
        Some(twice) => Err(usage_error(
            format!("{what} {} is named twice", shown_text(twice)),
            "name each once",
        )
        .with_fact(FactName::Found, *twice)),
        None => Ok(()),
    }
}

/// Parses a state's name: one that the API documents in any case, another one as the service spells
/// it.
pub(crate) fn parse_state(text: &str, known: &[&str]) -> std::result::Result<String, String> {
    let found = known
        .iter()
        .copied()
        .find(|name| name.eq_ignore_ascii_case(text))
        .or(Some(text).filter(|text| is_spelt_as_state(text)));
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
        let text = crate::cli::text::table_text(
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
        assert!(check_tags(["a", "b"]).is_ok());
        assert_eq!(check_tags(["a", "b", "a"]).unwrap_err().exit_code(), 2);
        let many: Vec<String> = (0..51).map(|n| format!("k{n}")).collect();
        let many = || many.iter().map(String::as_str);
        assert!(check_tags(many()).is_err());
        assert!(check_tags(many().take(50)).is_ok());
    }
}
