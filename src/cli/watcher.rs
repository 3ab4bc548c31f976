//! The progress of a wait, as the online commands show it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde_json::json;

use super::events::EventKind;
use super::live_steps::{LiveSteps, StepsEnd};
use super::online::time_left;
use super::silence::Held;
use super::text::with_states;
use super::ui::{StyledText, Ui, insert_member};
use crate::claim::Claim;
use crate::cloudhsm::{Cluster, ServiceError};
use crate::outside::Lines;

/// Shows the progress of a wait: a spinner on a terminal, a line for each new state elsewhere.
pub(crate) struct Watcher<'a> {
    ui: &'a Ui,
    started: Instant,
    bar: Option<ProgressBar>,
    held: Option<Held>,
    /// The view of several steps, where the command has them, and a terminal.
    live: Option<LiveSteps>,
    shown: String,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(ui: &'a Ui) -> Self {
        Watcher {
            ui,
            started: Instant::now(),
            bar: None,
            held: None,
            live: None,
            shown: String::new(),
        }
    }

    /// Makes one that shows these steps on a terminal.
    pub(crate) fn with_steps(ui: &'a Ui, steps: &[&'static str]) -> Self {
        let mut watcher = Watcher::new(ui);
        watcher.live = ui.shows_progress().then(|| LiveSteps::new(steps));
        watcher
    }

    /// Returns the way out that it writes to.
    pub(crate) const fn ui(&self) -> &'a Ui {
        self.ui
    }

    /// Says that a step has begun, and all before it are done.
    pub(crate) fn reach(&mut self, step: &str) {
        if let Some(live) = &mut self.live {
            live.reach(step);
        }
    }

    /// Does the same for a step that tells its states anew, and not only where they change.
    pub(crate) fn begin(&mut self, step: &str) {
        self.reach(step);
        self.shown.clear();
    }

    /// Shows the view of the steps, where there is one, with what is known of the one that runs.
    pub(crate) fn show_steps(&mut self, detail: &str) {
        if let Some(live) = &mut self.live {
            live.show(detail);
        }
    }

    /// Prints a line above the view.
    pub(crate) fn say(&mut self, line: impl Into<Lines>) {
        self.clear();
        self.ui.say(line);
    }

    /// Says what a step came to: a line where no view shows it.
    pub(crate) fn report_step(&self, line: String) {
        match &self.live {
            Some(_) => self
                .ui
                .write_event(EventKind::Step, json!({ "detail": line })),
            None => self.ui.say(line),
        }
    }

    /// Ends the view of the steps, which leaves one line.
    pub(crate) fn end_steps(&mut self, how: StepsEnd) {
        self.clear();
        if let Some(mut live) = self.live.take() {
            self.ui.say_styled(&live.end(how, self.ui.width));
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Shows the cluster's state, or the trouble with asking for it, where there is some.
    pub(crate) fn show_state(&mut self, cluster: Option<&Cluster>, trouble: Option<&ServiceError>) {
        let line = match (cluster, trouble) {
            (_, Some(trouble)) => format!("{}; trying again", trouble.summary_line()),
            (Some(cluster), None) => cluster_line(cluster),
            (None, None) => return,
        };
        let kind = match trouble {
            None => EventKind::State,
            Some(_) => EventKind::Warning,
        };
        self.show_news(kind, cluster.filter(|_| trouble.is_none()), line);
    }

    /// Shows the cluster's state, with what its owner has to do before it changes.
    pub(crate) fn show_state_until(&mut self, cluster: &Cluster, until: &str) {
        let line = format!("{} {}{until}", cluster.cluster_id, cluster.state);
        self.show_news(EventKind::State, Some(cluster), line);
    }

    fn show_news(&mut self, kind: EventKind, cluster: Option<&Cluster>, line: String) {
        if !self.is_news(&line) {
            return;
        }
        let mut members = json!({ "detail": line });
        if let Some(cluster) = cluster {
            insert_member(&mut members, "cluster_id", json!(cluster.cluster_id));
            insert_member(&mut members, "state", cluster.state.as_str());
        }
        self.ui.write_event(kind, members);
        self.draw_line(&line);
    }

    pub(crate) fn show_line(&mut self, line: &str) {
        if self.is_news(line) {
            self.ui
                .write_event(EventKind::Step, json!({ "detail": line }));
            self.draw_line(line);
        }
    }

    /// Tells whether a line is another than the last, and takes it for the last.
    fn is_news(&mut self, line: &str) -> bool {
        let news = line != self.shown;
        line.clone_into(&mut self.shown);
        news
    }

    fn draw_line(&mut self, line: &str) {
        if let Some(live) = &mut self.live {
            live.show(line);
        } else if self.ui.shows_progress() {
            self.held.get_or_insert_with(Held::begin);
            self.bar
                .get_or_insert_with(new_spinner)
                .set_message(StyledText::from(line).to_terminal());
        } else {
            self.ui.say_styled(&StyledText::from([
                with_states(line),
                StyledText::from("\n"),
            ]));
        }
    }

    pub(crate) fn show_claim(&mut self, claim: &Claim) {
        self.show_state(claim.last_seen(), claim.pending_error());
    }

    pub(crate) async fn pause(&self, length: Duration) {
        let left = time_left().unwrap_or(length);
        tokio::time::sleep(length.min(left)).await;
    }

    /// Clears the terminal's line, before something else is written or asked there.
    pub(crate) fn clear(&mut self) {
        if let Some(live) = &mut self.live {
            live.hide();
            self.shown.clear();
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.held = None;
            self.shown.clear();
        }
    }
}

fn new_spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}{left}") {
        bar.set_style(style.with_key("left", write_time_left));
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Writes how much of the command's time is left, where it has a limit.
fn write_time_left(_: &ProgressState, out: &mut dyn std::fmt::Write) {
    if let Some(left) = time_left() {
        let (minutes, seconds) = (left.as_secs() / 60, left.as_secs() % 60);
        // Into a text, which does not fail.
        write!(out, ", {minutes}:{seconds:02} left").unwrap_or_default();
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

fn cluster_line(cluster: &Cluster) -> String {
    use crate::cloudhsm::ClusterState;
    let (id, state) = (&cluster.cluster_id, &cluster.state);
    if *state == ClusterState::Uninitialized && cluster.certificates.cluster_csr.is_none() {
        let hsms: Vec<String> = cluster
            .hsms
            .iter()
            .map(|hsm| format!("{} {}", hsm.hsm_id, hsm.state))
            .collect();
        let hsms = if hsms.is_empty() {
            "no HSM".to_owned()
        } else {
            hsms.join(", ")
        };
        return format!("{id} {state}, no CSR yet ({hsms})");
    }
    format!("{id} {state}")
}
