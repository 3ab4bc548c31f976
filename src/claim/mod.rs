//! Claiming a cluster, as a state machine without I/O: what to ask the service next, and what its
//! answers mean.
//!
//! The rules:
//! - The cluster is described first. It must be UNINITIALIZED and still carry the very CSR that was
//!   signed.
//! - After InitializeCluster, whatever it answered, the cluster is described before anything else
//!   happens. A request is sent again only after a description that shows the cluster UNINITIALIZED
//!   with that CSR, only where the one before had no effect or an unknown one, and a bounded number
//!   of times.
//! - It is done when DescribeClusters shows the certificate that was sent, never on the word of
//!   InitializeCluster.
//! - A cluster that this very CA has claimed for this very CSR's key is done already.
//! - Nothing is sent without the proof of the HSM and the proof of the owner:
//!   [`crate::owner::Authorized`].
//!
//! The machine has no clock: whoever drives it tells how much time has passed.
//!
//! ```no_run
//! # use std::time::{Duration, Instant};
//! use hsmboot::claim::{Claim, ClaimOutcome, ClaimStep, Patience};
//! use hsmboot::cloudhsm::CloudHsm;
//! use hsmboot::error::{Error, ErrorKind};
//!
//! async fn submit(
//!     service: &impl CloudHsm,
//!     mut claim: Claim,
//!     sleep: impl AsyncFn(Duration),
//! ) -> hsmboot::error::Result<ClaimOutcome> {
//!     let start = Instant::now();
//!     loop {
//!         match claim.next(start.elapsed()) {
//!             ClaimStep::Describe => {
//!                 claim.record_description(service.describe_cluster(claim.cluster_id()).await)
//!             }
//!             ClaimStep::Pause(length) => sleep(length).await,
//!             ClaimStep::Initialize(request) => {
//!                 claim.record_initialization(service.initialize_cluster(&request).await)
//!             }
//!             ClaimStep::Done(outcome) => return Ok(*outcome),
//!             ClaimStep::Failed(failure) => return Err((*failure).into()),
//!             // Only a claim that began without a pair asks for one.
//!             ClaimStep::Certify(cluster) => {
//!                 let message = format!("{} has no pair yet", cluster.cluster_id);
//!                 return Err(Error::new(ErrorKind::NotSigned, message, "sign first"));
//!             }
//!         }
//!     }
//! }
//! ```

use std::time::Duration;

use crate::cloudhsm::{CallPlace, Cluster, InitializeAnswer, ServiceError, Trouble};
use crate::owner::{Authorized, Owner, ProofPurpose};
use crate::x509::Csr;

mod claimed_by;
mod failure;
mod live_csr;
pub mod ownership;
mod prepared_pair;
mod rules;
mod shown;
mod step;
mod target;
#[cfg(test)]
mod tests;
mod timing;
mod view;
pub mod wait;

pub use claimed_by::ClaimedBy;
#[cfg(feature = "online")]
pub(crate) use failure::state_reasons;
pub use failure::{Failure, ForeignClaim};
pub use live_csr::LiveCsr;
use prepared_pair::PreparedPair;
pub use shown::Shown;
pub use step::{ClaimOrigin, ClaimOutcome, ClaimStep};
pub use timing::Patience;
use timing::PauseSchedule;
use view::ClusterView;

/// A claim under way.
#[derive(Debug)]
pub struct Claim {
    cluster_id: String,
    place: Option<CallPlace>,
    papers: Option<PreparedPair>,
    /// The owner, known before the pair is.
    owner: Option<Owner>,
    /// The CSR that the claim is for, where it is known before the pair is.
    csr: Option<Csr>,
    patience: Patience,
    /// Whether the cluster, its first HSM and the CSR are waited for, as long as there is no pair.
    waits_for_creation: bool,
    /// Whether this run has just created the cluster, or its HSM.
    just_created: bool,
    todo: Todo,
    sent: Option<Sent>,
    sends: u32,
    turned_away: u32,
    /// A request was accepted, or its outcome is unknown: it may take effect yet, whatever a later
    /// one is answered.
    open: bool,
    /// The same before the request that is under way.
    open_before: bool,
    answer: Option<InitializeAnswer>,
    last: Option<Cluster>,
    last_error: Option<ServiceError>,
    gaps: u32,
    looks: u32,
    pace: PauseSchedule,
}

/// The step that `next` will return.
#[derive(Debug)]
enum Todo {
    Describe,
    Pause,
    Certify,
    Initialize,
    Done(Box<ClaimOutcome>),
    Failed(Box<Failure>),
}

/// The state of the last InitializeCluster, as far as it is known.
#[derive(Clone, Debug)]
enum Sent {
    Accepted {
        progress: bool,
    },
    Unknown {
        progress: bool,
        error: Option<ServiceError>,
    },
    /// Without effect, and worth another try.
    TurnedAway(ServiceError),
    Refused(ServiceError),
}

impl Claim {
    /// Makes a claim with an authorized pair, for `submit`.
    ///
    /// The cluster must be ready; it is not waited for.
    pub fn for_submission(
        cluster_id: impl Into<String>,
        authorized: Authorized,
        patience: Patience,
    ) -> Self {
        let cluster_id = cluster_id.into();
        let papers = PreparedPair::from_authorized(&authorized, &cluster_id);
        Claim {
            papers: Some(papers),
            ..Claim::new(cluster_id, patience)
        }
    }

    /// Makes a claim whose pair is not fit to be sent now, of a cluster that may be claimed
    /// already: for `submit` after the CA has expired.
    ///
    /// A cluster that `owner` has claimed for `csr` is recognised. Any other asks for the pair with
    /// [`ClaimStep::Certify`].
    pub fn for_confirmation(
        cluster_id: impl Into<String>,
        owner: Owner,
        csr: Option<Csr>,
        patience: Patience,
    ) -> Self {
        Claim {
            owner: Some(owner),
            csr,
            waits_for_creation: false,
            ..Claim::new(cluster_id.into(), patience)
        }
    }

    /// Makes a claim from the beginning, for `bootstrap`. Waits for the cluster and its CSR,
    /// then asks for the pair with [`ClaimStep::Certify`].
    ///
    /// With the owner, a cluster that they have claimed already is recognised. With the CSR of a
    /// bundle that is there already, it must be claimed for that CSR's key.
    pub fn for_bootstrap(
        cluster_id: impl Into<String>,
        owner: Option<Owner>,
        csr: Option<Csr>,
        patience: Patience,
    ) -> Self {
        Claim {
            owner,
            csr,
            ..Claim::new(cluster_id.into(), patience)
        }
    }

    fn new(cluster_id: String, patience: Patience) -> Self {
        Claim {
            cluster_id,
            place: None,
            papers: None,
            owner: None,
            csr: None,
            patience,
            waits_for_creation: true,
            just_created: false,
            todo: Todo::Describe,
            sent: None,
            sends: 0,
            turned_away: 0,
            open: false,
            open_before: false,
            answer: None,
            last: None,
            last_error: None,
            gaps: 0,
            looks: 0,
            pace: PauseSchedule::default(),
        }
    }

    /// Sets where the service is, for messages.
    #[must_use]
    pub fn with_place(mut self, place: CallPlace) -> Self {
        self.place = Some(place);
        self
    }

    /// Tells the claim that this run has just created the cluster, or its HSM: the next
    /// descriptions may not show it yet.
    #[must_use]
    pub const fn after_creation(mut self, created: bool) -> Self {
        self.just_created = created;
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

    /// The number of times that InitializeCluster was handed out to be sent.
    pub fn send_count(&self) -> u32 {
        self.sends
    }

    /// The last failed call that is being waited out, if that is what is going on.
    pub fn pending_error(&self) -> Option<&ServiceError> {
        self.last_error.as_ref()
    }

    /// Returns what to do next. `elapsed` is the time since the claim began, and never runs
    /// backwards.
    ///
    /// A [`ClaimStep::Initialize`] is handed out once: without a word about its outcome it counts
    /// as unknown.
    pub fn next(&mut self, elapsed: Duration) -> ClaimStep {
        self.pace.set_elapsed(elapsed);
        match &self.todo {
            Todo::Describe => ClaimStep::Describe,
            Todo::Pause => self.plan_pause(),
            Todo::Certify => match &self.last {
                Some(cluster) => ClaimStep::Certify(Box::new(cluster.clone())),
                None => ClaimStep::Describe,
            },
            Todo::Initialize => self.plan_initialization(),
            Todo::Done(outcome) => ClaimStep::Done(outcome.clone()),
            Todo::Failed(failure) => ClaimStep::Failed(failure.clone()),
        }
    }

    fn plan_pause(&mut self) -> ClaimStep {
        let limit = match (&self.sent, &self.papers) {
            (None, None) => self.patience.creation,
            _ => self.patience.initialization,
        };
        match self.pace.next_pause(&self.patience, limit) {
            Some(length) => {
                self.todo = Todo::Describe;
                ClaimStep::Pause(length)
            }
            None => {
                let failure = self.unfinished_failure(limit);
                self.fail_with(failure.clone());
                ClaimStep::Failed(Box::new(failure))
            }
        }
    }

    fn plan_initialization(&mut self) -> ClaimStep {
        let Some(papers) = &self.papers else {
            self.todo = Todo::Describe;
            return ClaimStep::Describe;
        };
        let request = papers.request.clone();
        let turned_away = matches!(self.sent, Some(Sent::TurnedAway(_)));
        // Until `initialized` says more.
        self.sent = Some(Sent::Unknown {
            progress: false,
            error: None,
        });
        self.open_before = self.open;
        self.open = true;
        // At most MAX_SENDS + MAX_TURNED_AWAY: see `judge_untouched`.
        self.sends += 1;
        self.looks = 0;
        self.todo = Todo::Describe;
        // Where it was turned away, the pauses go on growing: the service asks for that.
        if !turned_away {
            self.pace.restart_stretch();
        }
        ClaimStep::Initialize(Box::new(request))
    }

    /// Takes the authorized pair for [`ClaimStep::Certify`]. The cluster is described again before
    /// it is sent: signing may have taken a while.
    ///
    /// # Errors
    /// Class `Rejected`, `another-trust-anchor`: the claim began with another owner.
    pub fn set_pair(&mut self, authorized: &Authorized) -> crate::error::Result<()> {
        if let Some(owner) = &self.owner {
            let found = authorized.owner().trust_anchor();
            owner.check_same_anchor(found, "the pair's", ProofPurpose::Claim)?;
        }
        if matches!(self.todo, Todo::Certify) {
            self.papers = Some(PreparedPair::from_authorized(authorized, &self.cluster_id));
            self.todo = Todo::Describe;
            self.looks = 0;
            self.pace.restart_stretch();
        }
        Ok(())
    }

    /// Takes the answer to [`ClaimStep::Initialize`].
    pub fn record_initialization(&mut self, result: Result<InitializeAnswer, ServiceError>) {
        // Nothing is taken that was not asked for: only a request just handed out has an answer.
        if !matches!(
            (&self.sent, &self.todo),
            (Some(Sent::Unknown { .. }), Todo::Describe)
        ) {
            return;
        }
        self.sent = Some(match result {
            Ok(answer) => {
                self.answer = Some(answer);
                Sent::Accepted { progress: false }
            }
            Err(error) => match error.trouble {
                Trouble::Unknown { .. } => Sent::Unknown {
                    progress: false,
                    error: Some(error),
                },
                Trouble::Throttled { .. } | Trouble::Unreachable { .. } => {
                    self.open = self.open_before;
                    // Once for each request that was sent: it never exceeds `sends`.
                    self.turned_away += 1;
                    self.todo = Todo::Pause;
                    Sent::TurnedAway(error)
                }
                _ => {
                    self.open = self.open_before;
                    Sent::Refused(error)
                }
            },
        });
    }

    /// Takes the answer to [`ClaimStep::Describe`]; `None`: there is no such cluster.
    pub fn record_description(&mut self, answer: Result<Option<Cluster>, ServiceError>) {
        if !matches!(self.todo, Todo::Describe) {
            return;
        }
        match answer {
            Ok(Some(cluster)) => {
                self.gaps = 0;
                self.last_error = None;
                let view = ClusterView::from_cluster(&cluster, &self.current_mandate());
                self.last = Some(cluster);
                match self.sent.clone() {
                    None => self.judge_before_sending(view),
                    Some(sent) => self.judge_after_sending(view, sent),
                }
            }
            Ok(None) => self.note_missing_cluster(),
            Err(error) => self.note_failed_look(error),
        }
    }
}
