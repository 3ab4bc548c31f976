//! Waiting for a cluster to get somewhere, as a state machine without I/O, clock or sleep: the same
//! shape as [`super::Claim`].

use std::time::Duration;

use crate::cloudhsm::{CallPlace, Cluster, ServiceError};

use super::failure::Failure;
use super::timing::{Patience, PauseSchedule};

pub use super::target::WaitTarget;

/// The greatest number of descriptions in a row that may fail, or miss a cluster that was there.
const MAX_FAILED_LOOKS: u32 = 5;
/// The number of descriptions in a row that must show that somebody has to act first. An HSM that
/// was just created may not be listed in the very next one. They span less than a second: whoever
/// waits for what cannot come is told at once.
const LOOKS_WITHOUT_HOPE: u32 = 3;

/// The next thing to do in a wait.
#[derive(Clone, Debug)]
pub enum WaitStep {
    /// Call DescribeClusters; its answer goes to [`Wait::record_description`].
    Describe,
    /// Wait this long.
    Pause(Duration),
    /// The cluster is there, as described; `None`: it was there and is gone, which is what was
    /// waited for.
    Done(Option<Box<Cluster>>),
    /// It is not.
    Failed(Box<Failure>),
}

/// A wait under way.
#[derive(Debug)]
pub struct Wait {
    cluster_id: String,
    place: Option<CallPlace>,
    target: WaitTarget,
    patience: Patience,
    limit: Duration,
    step: WaitStep,
    last: Option<Cluster>,
    last_error: Option<ServiceError>,
    gaps: u32,
    hopeless: u32,
    pace: PauseSchedule,
}

impl Wait {
    /// Waits for `target`, for `limit` in all; the pauses are those of `patience`.
    pub fn new(
        cluster_id: impl Into<String>,
        target: WaitTarget,
        limit: Duration,
        patience: Patience,
    ) -> Self {
        Wait {
            cluster_id: cluster_id.into(),
            place: None,
            target,
            patience,
            limit,
            step: WaitStep::Describe,
            last: None,
            last_error: None,
            gaps: 0,
            hopeless: 0,
            pace: PauseSchedule::default(),
        }
    }

    /// Sets where the service is, for messages.
    #[must_use]
    pub fn with_place(mut self, place: CallPlace) -> Self {
        self.place = Some(place);
        self
    }

    /// The cluster's id.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// The cluster as it was described last.
    pub fn last_seen(&self) -> Option<&Cluster> {
        self.last.as_ref()
    }

    /// Tells whether the owner brings the cluster there, with a client of the HSMs and not of the
    /// service.
    pub fn is_for_activation(&self) -> bool {
        self.target == WaitTarget::Active
    }

    /// Tells whether it is waited for what no service does by itself: that somebody claims the
    /// cluster.
    pub fn is_for_claim(&self) -> bool {
        matches!(self.target, WaitTarget::Active | WaitTarget::Initialized)
    }

    /// The last failed call that is being waited out, if that is what is going on.
    pub fn pending_error(&self) -> Option<&ServiceError> {
        self.last_error.as_ref()
    }

    /// Returns what to do next; `elapsed` is the time since the wait began.
    pub fn next(&mut self, elapsed: Duration) -> WaitStep {
        self.pace.set_elapsed(elapsed);
        if !matches!(self.step, WaitStep::Pause(_)) {
            return self.step.clone();
        }
        match self.pace.next_pause(&self.patience, self.limit) {
            Some(length) => {
                self.step = WaitStep::Describe;
                WaitStep::Pause(length)
            }
            None => {
                self.fail_with(self.out_of_time(self.limit));
                self.step.clone()
            }
        }
    }

    /// Takes the answer to [`WaitStep::Describe`]; `None`: there is no such cluster.
    pub fn record_description(&mut self, answer: Result<Option<Cluster>, ServiceError>) {
        if !matches!(self.step, WaitStep::Describe) {
            return;
        }
        match answer {
            Ok(Some(cluster)) => self.record_cluster(cluster),
            // A cluster that nobody has seen may be a slip of the keyboard: its absence proves
            // nothing.
            Ok(None) if self.target == WaitTarget::Deleted && self.last.is_some() => {
                self.step = WaitStep::Done(None)
            }
            Ok(None) => {
                let failure = Failure::NotFound {
                    cluster_id: self.cluster_id.clone(),
                    place: self.place.clone(),
                    sent: false,
                };
                self.note_failed_look(failure);
            }
            Err(error) if error.out_of_time().is_some() => {
                let waited = error.out_of_time().unwrap_or(self.limit);
                self.last_error = Some(error);
                self.fail_with(self.out_of_time(waited));
            }
            Err(error) if error.is_transient() => {
                self.last_error = Some(error.clone());
                self.note_failed_look(Failure::Service { error, open: false });
            }
            Err(error) => self.fail_with(Failure::Service { error, open: false }),
        }
    }

    /// Returns the failure where the time is over. Where the last look has shown that somebody has
    /// to act first, the failure says that: the same command again would wait in vain.
    fn out_of_time(&self, waited: Duration) -> Failure {
        match &self.last {
            Some(cluster) if self.target.is_hopeless(cluster) => Failure::StateForbids {
                cluster: Box::new(cluster.clone()),
                sent: false,
            },
            _ => self.unfinished_failure(waited),
        }
    }

    fn unfinished_failure(&self, waited: Duration) -> Failure {
        Failure::Unfinished {
            cluster_id: self.cluster_id.clone(),
            state: self.last.as_ref().map(|cluster| cluster.state.clone()),
            waited,
            sent: false,
            last_error: self.last_error.clone(),
        }
    }

    fn record_cluster(&mut self, cluster: Cluster) {
        self.gaps = 0;
        self.last_error = None;
        self.last = Some(cluster.clone());
        self.hopeless = if self.target.is_hopeless(&cluster) {
            self.hopeless + 1
        } else {
            0
        };
        if self.target.is_met(&cluster) {
            self.step = WaitStep::Done(Some(Box::new(cluster)));
        } else if self.target.is_lost(&cluster.state) {
            self.fail_with(Failure::OutOfReach {
                cluster: Box::new(cluster),
                target: self.target.clone(),
            });
        } else if self.hopeless >= LOOKS_WITHOUT_HOPE {
            self.fail_with(Failure::StateForbids {
                cluster: Box::new(cluster),
                sent: false,
            });
        } else {
            self.step = WaitStep::Pause(Duration::ZERO);
        }
    }

    fn note_failed_look(&mut self, failure: Failure) {
        self.gaps += 1;
        if self.last.is_some() && self.gaps <= MAX_FAILED_LOOKS {
            self.step = WaitStep::Pause(Duration::ZERO);
        } else {
            self.fail_with(failure);
        }
    }

    fn fail_with(&mut self, failure: Failure) {
        self.step = WaitStep::Failed(Box::new(failure));
    }
}
