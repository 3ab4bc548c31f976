//! A live view of a command's steps on a terminal: what is done, what goes on, what is to come, and
//! how long each took. It makes room for whatever else is written, and collapses into one line.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::silence::Held;
use super::ui::{GREEN, RED, StyledText, styled};

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Ahead,
    Running(Instant),
    Done(Duration),
}

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepsEnd {
    /// The step that ran is done.
    Done,
    /// It was left as it was: a dry run.
    Stopped,
    /// It failed.
    Failed,
}

/// The view.
pub(crate) struct LiveSteps {
    steps: Vec<(&'static str, Progress)>,
    /// What is known of the step that runs.
    detail: String,
    /// The lines on the terminal, while they are there.
    drawn: Option<(MultiProgress, Vec<ProgressBar>, Held)>,
}

impl LiveSteps {
    /// Makes the view; the first step has begun.
    pub(crate) fn new(names: &[&'static str]) -> Self {
        let steps = names.iter().map(|name| (*name, Progress::Ahead)).collect();
        let mut live = LiveSteps {
            steps,
            detail: String::new(),
            drawn: None,
        };
        live.begin(0);
        live
    }

    /// Says that this step has begun, and that the one before is done. One that was passed over is
    /// not said to be done.
    pub(crate) fn reach(&mut self, step: &str) {
        if let Some(at) = self.steps.iter().position(|(name, _)| *name == step) {
            self.begin(at);
        }
    }

    fn begin(&mut self, at: usize) {
        for (index, (_, progress)) in self.steps.iter_mut().enumerate() {
            *progress = match *progress {
                Progress::Running(since) if index < at => Progress::Done(since.elapsed()),
                Progress::Ahead if index == at => Progress::Running(Instant::now()),
                other => other,
            };
        }
        self.detail.clear();
        self.update();
    }

    /// Shows the view, with what is known of the step that runs.
    pub(crate) fn show(&mut self, detail: &str) {
        detail.clone_into(&mut self.detail);
        if self.drawn.is_none() {
            let held = Held::begin();
            let all = MultiProgress::new();
            let bars = self.steps.iter().map(|(_, progress)| {
                let since = match progress {
                    Progress::Running(since) => since.elapsed(),
                    Progress::Ahead | Progress::Done(_) => Duration::ZERO,
                };
                all.add(ProgressBar::new_spinner().with_elapsed(since))
            });
            let bars = bars.collect();
            self.drawn = Some((all, bars, held));
        }
        self.update();
    }

    /// Brings the lines that are there up to date.
    fn update(&self) {
        let Some((_, bars, _)) = &self.drawn else {
            return;
        };
        for ((name, progress), bar) in self.steps.iter().zip(bars) {
            let (template, text) = match progress {
                Progress::Ahead => ("  · {msg}", (*name).to_owned()),
                Progress::Done(took) => ("  ✓ {msg}", format!("{name}  {}", seconds(*took))),
                Progress::Running(_) if self.detail.is_empty() => {
                    ("  {spinner} {msg}  {elapsed}", (*name).to_owned())
                }
                Progress::Running(_) => (
                    "  {spinner} {msg}  {elapsed}",
                    format!("{name}: {}", self.detail),
                ),
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(StyledText::from(text).to_plain());
            match progress {
                Progress::Running(_) => bar.enable_steady_tick(Duration::from_millis(120)),
                Progress::Ahead | Progress::Done(_) => {
                    bar.disable_steady_tick();
                    bar.tick();
                }
            }
        }
    }

    /// Takes the view away, before something else is written or asked there.
    pub(crate) fn hide(&mut self) {
        if let Some((all, bars, held)) = self.drawn.take() {
            for bar in bars {
                bar.finish_and_clear();
            }
            // The terminal may be gone; then nothing is left to be cleared.
            all.clear().unwrap_or_default();
            drop(held);
        }
    }

    /// Ends the view. Returns what it collapses into: each step that was begun, with its time, in
    /// one line, or in as many as the terminal's width makes of it.
    pub(crate) fn end(&mut self, how: StepsEnd, width: Option<usize>) -> StyledText {
        self.hide();
        if how == StepsEnd::Done {
            self.begin(self.steps.len());
        }
        let mut line = StyledText::new();
        let mut filled = 0_usize;
        for (name, progress) in &self.steps {
            let (mark, took) = match progress {
                Progress::Done(took) => (styled(GREEN, "✓"), *took),
                Progress::Running(since) if how == StepsEnd::Failed => {
                    (styled(RED, "✗"), since.elapsed())
                }
                Progress::Running(_) | Progress::Ahead => continue,
            };
            let text = format!(" {name} {}", seconds(took));
            let needed = text.chars().count().saturating_add(3);
            let is_full = width.is_some_and(|width| filled.saturating_add(needed) > width);
            if filled > 0 {
                line.push_str(if is_full { "\n" } else { "  " });
            }
            filled = if is_full {
                needed
            } else {
                filled.saturating_add(needed)
            };
            line.push(mark);
            line.push_str(&text);
        }
        line.push_str("\n");
        line
    }
}

/// Returns a time as `3 s` or `4:05 min`.
fn seconds(time: Duration) -> String {
    match time.as_secs() {
        short if short < 60 => format!("{short} s"),
        long => format!("{}:{:02} min", long / 60, long % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["fetched", "signed", "sent", "claimed"];

    /// The line without its times, which are the machine's.
    fn line_after(reached: &[usize], how: StepsEnd) -> String {
        let mut live = LiveSteps::new(&NAMES);
        reached.iter().for_each(|at| live.begin(*at));
        let line = live.end(how, None).to_plain();
        let words = line.split_whitespace();
        let kept = words.filter(|word| *word != "s" && word.parse::<u64>().is_err());
        kept.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_is_said_to_be_done_that_was_not() {
        assert_eq!(
            line_after(&[1, 2, 3], StepsEnd::Done),
            "✓ fetched ✓ signed ✓ sent ✓ claimed"
        );
        assert_eq!(line_after(&[1], StepsEnd::Failed), "✓ fetched ✗ signed");
        // A dry run signs nothing; and a cluster that is claimed already is sent nothing.
        assert_eq!(line_after(&[1], StepsEnd::Stopped), "✓ fetched");
        assert_eq!(line_after(&[], StepsEnd::Done), "✓ fetched");
        assert_eq!(line_after(&[2], StepsEnd::Done), "✓ fetched ✓ sent");
    }

    #[test]
    fn what_is_left_is_no_wider_than_the_terminal() {
        let mut live = LiveSteps::new(&NAMES);
        NAMES.iter().for_each(|name| live.reach(name));
        let text = live.end(StepsEnd::Done, Some(30)).to_plain();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.lines()
                .all(|line| line.chars().count() <= 30 && line.starts_with('✓'))
        );
    }

    #[test]
    fn a_time_is_short() {
        assert_eq!(seconds(Duration::from_secs(59)), "59 s");
        assert_eq!(seconds(Duration::from_secs(245)), "4:05 min");
    }
}
