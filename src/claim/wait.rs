//! Waiting for a cluster to get somewhere, as a state machine without I/O, clock or sleep: the same
//! shape as [`super::Claim`].

use std::time::Duration;

use crate::cloudhsm::{Cluster, Place, ServiceError};

use super::failure::Failure;
use super::pace::{Pace, Patience};

pub use super::target::Target;

/// How many descriptions in a row may fail, or miss a cluster that was there.
const MOST_GAPS: u32 = 5;
/// How many descriptions in a row must show that somebody has to act first. An HSM that was just
/// created, or another command is about to create, may not be listed at once: with the pauses
/// between them they span some seconds.
const LOOKS_WITHOUT_HOPE: u32 = 6;

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Call DescribeClusters; its answer goes to [`Wait::described`].
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
    place: Option<Place>,
    target: Target,
    patience: Patience,
    limit: Duration,
    step: Step,
    last: Option<Cluster>,
    last_error: Option<ServiceError>,
    gaps: u32,
    hopeless: u32,
    pace: Pace,
}

impl Wait {
    /// Waits for `target`, for `limit` in all; the pauses are those of `patience`.
    pub fn new(
        cluster_id: impl Into<String>,
        target: Target,
        limit: Duration,
        patience: Patience,
    ) -> Self {
        Wait {
            cluster_id: cluster_id.into(),
            place: None,
            target,
            patience,
            limit,
            step: Step::Describe,
            last: None,
            last_error: None,
            gaps: 0,
            hopeless: 0,
            pace: Pace::default(),
        }
    }

    /// Where the service is, for messages.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
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

    /// Whether it is the owner who brings the cluster there, with a client of the HSMs and not of
    /// the service.
    pub fn is_for_activation(&self) -> bool {
        self.target == Target::Active
    }

    /// The last failed call that is being waited out, if that is what is going on.
    pub fn trouble(&self) -> Option<&ServiceError> {
        self.last_error.as_ref()
    }

    /// What to do next; `elapsed` is the time since the wait began.
    pub fn next(&mut self, elapsed: Duration) -> Step {
        self.pace.at(elapsed);
        if !matches!(self.step, Step::Pause(_)) {
            return self.step.clone();
        }
        match self.pace.pause(&self.patience, self.limit) {
            Some(length) => {
                self.step = Step::Describe;
                Step::Pause(length)
            }
            None => {
                self.fail(self.out_of_time(self.limit));
                self.step.clone()
            }
        }
    }

    /// The answer to [`Step::Describe`]; `None`: there is no such cluster.
    pub fn described(&mut self, answer: Result<Option<Cluster>, ServiceError>) {
        if !matches!(self.step, Step::Describe) {
            return;
        }
        match answer {
            Ok(Some(cluster)) => self.seen(cluster),
            // A cluster that nobody has seen may be a slip of the keyboard: its absence proves
            // nothing.
            Ok(None) if self.target == Target::Deleted && self.last.is_some() => {
                self.step = Step::Done(None)
            }
            Ok(None) => {
                let failure = Failure::NotFound {
                    cluster_id: self.cluster_id.clone(),
                    place: self.place.clone(),
                    sent: false,
                };
                self.gap(failure);
            }
            Err(error) if error.out_of_time().is_some() => {
                let waited = error.out_of_time().unwrap_or(self.limit);
                self.last_error = Some(error);
                self.fail(self.out_of_time(waited));
            }
            Err(error) if error.is_transient() => {
                self.last_error = Some(error.clone());
                self.gap(Failure::Service { error, open: false });
            }
            Err(error) => self.fail(Failure::Service { error, open: false }),
        }
    }

    /// The time is over. Where the last look has shown that somebody has to act first, that is what
    /// to say: the same command again would wait in vain.
    fn out_of_time(&self, waited: Duration) -> Failure {
        match &self.last {
            Some(cluster) if self.target.is_hopeless(cluster) => Failure::StateForbids {
                cluster: Box::new(cluster.clone()),
                sent: false,
            },
            _ => self.unfinished(waited),
        }
    }

    fn unfinished(&self, waited: Duration) -> Failure {
        Failure::Unfinished {
            cluster_id: self.cluster_id.clone(),
            state: self.last.as_ref().map(|cluster| cluster.state.clone()),
            waited,
            sent: false,
            last_error: self.last_error.clone(),
        }
    }

    fn seen(&mut self, cluster: Cluster) {
        self.gaps = 0;
        self.last_error = None;
        self.last = Some(cluster.clone());
        self.hopeless = if self.target.is_hopeless(&cluster) {
            self.hopeless + 1
        } else {
            0
        };
        if self.target.is_met(&cluster) {
            self.step = Step::Done(Some(Box::new(cluster)));
        } else if self.target.is_lost(&cluster.state) {
            self.fail(Failure::OutOfReach {
                cluster: Box::new(cluster),
                target: self.target.clone(),
            });
        } else if self.hopeless >= LOOKS_WITHOUT_HOPE {
            self.fail(Failure::StateForbids {
                cluster: Box::new(cluster),
                sent: false,
            });
        } else {
            self.step = Step::Pause(Duration::ZERO);
        }
    }

    fn gap(&mut self, failure: Failure) {
        self.gaps += 1;
        if self.last.is_some() && self.gaps <= MOST_GAPS {
            self.step = Step::Pause(Duration::ZERO);
        } else {
            self.fail(failure);
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.step = Step::Failed(Box::new(failure));
    }
}
