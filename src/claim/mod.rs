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
//! use hsmboot::claim::{Claim, Outcome, Patience, Step};
//! use hsmboot::cloudhsm::CloudHsm;
//! use hsmboot::error::{Error, ErrorKind};
//!
//! async fn submit(
//!     service: &impl CloudHsm,
//!     mut claim: Claim,
//!     sleep: impl AsyncFn(Duration),
//! ) -> hsmboot::error::Result<Outcome> {
//!     let start = Instant::now();
//!     loop {
//!         match claim.next(start.elapsed()) {
//!             Step::Describe => claim.described(service.describe(claim.cluster_id()).await),
//!             Step::Pause(length) => sleep(length).await,
//!             Step::Initialize(request) => claim.initialized(service.initialize(&request).await),
//!             Step::Done(outcome) => return Ok(*outcome),
//!             Step::Failed(failure) => return Err((*failure).into()),
//!             // Only a claim that began without a pair asks for one.
//!             Step::Certify(cluster) => {
//!                 let message = format!("{} has no pair yet", cluster.cluster_id);
//!                 return Err(Error::new(ErrorKind::NotSigned, message, "sign first"));
//!             }
//!         }
//!     }
//! }
//! ```

use std::time::Duration;

use crate::cloudhsm::{Accepted, Cluster, InitializeCluster, Place, ServiceError, Trouble};
use crate::owner::{Authorized, Owner};
use crate::x509::Csr;

mod failure;
mod live_csr;
pub mod ownership;
mod pace;
mod papers;
mod rules;
mod shown;
mod target;
#[cfg(test)]
mod tests;
mod view;
pub mod wait;

pub use failure::Failure;
#[cfg(feature = "online")]
pub(crate) use failure::reasons;
pub use live_csr::LiveCsr;
use pace::Pace;
pub use pace::Patience;
use papers::Papers;
pub use shown::Shown;
use view::View;

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Call DescribeClusters; its answer goes to [`Claim::described`].
    Describe,
    /// Wait this long.
    Pause(Duration),
    /// Verify this cluster's certificates, sign its CSR, check the pair; it goes to
    /// [`Claim::certified`].
    Certify(Box<Cluster>),
    /// Call InitializeCluster, once; its answer goes to [`Claim::initialized`].
    Initialize(Box<InitializeCluster>),
    /// The cluster is claimed by this CA.
    Done(Box<Outcome>),
    /// It is not, or nobody knows.
    Failed(Box<Failure>),
}

/// How a claim ended well.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether this run claimed the cluster.
    pub how: How,
    /// The cluster as the last description showed it.
    pub cluster: Cluster,
    /// The cluster certificate in it.
    pub certificate: Shown,
    /// Whether that is the very certificate of the pair. If not, it is another one for the same key
    /// that this CA signed.
    pub same_certificate: bool,
    /// What InitializeCluster answered, where it did.
    pub answer: Option<Accepted>,
    /// How often InitializeCluster was sent.
    pub sent: u32,
}

/// Who claimed the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// This run.
    Claimed,
    /// This CA, before; nothing was changed.
    AlreadyClaimed,
}

/// A claim under way.
#[derive(Debug)]
pub struct Claim {
    cluster_id: String,
    place: Option<Place>,
    papers: Option<Papers>,
    /// The owner, known before the pair is.
    owner: Option<Owner>,
    /// The CSR that the claim is for, where it is known before the pair is.
    csr: Option<Csr>,
    patience: Patience,
    waits_for_creation: bool,
    todo: Todo,
    sent: Option<Sent>,
    sends: u32,
    turned_away: u32,
    /// A request was accepted, or its outcome is unknown: it may take effect yet, whatever a later
    /// one is answered.
    open: bool,
    /// The same before the request that is under way.
    open_before: bool,
    answer: Option<Accepted>,
    last: Option<Cluster>,
    last_error: Option<ServiceError>,
    gaps: u32,
    looks: u32,
    pace: Pace,
}

/// What `next` will say.
#[derive(Debug)]
enum Todo {
    Describe,
    Pause,
    Certify,
    Initialize,
    Done(Box<Outcome>),
    Failed(Box<Failure>),
}

/// What is known of the last InitializeCluster.
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
    /// A claim with an authorized pair: `submit`.
    ///
    /// The cluster must be ready; it is not waited for.
    pub fn submit(
        cluster_id: impl Into<String>,
        authorized: Authorized,
        patience: Patience,
    ) -> Self {
        let cluster_id = cluster_id.into();
        let papers = Papers::of(&authorized, &cluster_id);
        Claim {
            papers: Some(papers),
            waits_for_creation: false,
            ..Claim::new(cluster_id, patience)
        }
    }

    /// A claim whose pair is not fit to be sent now, of a cluster that may be claimed already:
    /// `submit` after the CA has expired.
    ///
    /// A cluster that `owner` has claimed for `csr` is recognised. Any other asks for the pair with
    /// [`Step::Certify`].
    pub fn confirm(
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

    /// A claim from the beginning: `bootstrap`. Waits for the cluster and its CSR, then asks for
    /// the pair with [`Step::Certify`].
    ///
    /// With the owner, a cluster that they have claimed already is recognised. With the CSR of a
    /// bundle that is there already, it must be claimed for that CSR's key.
    pub fn bootstrap(
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

    /// How often InitializeCluster was handed out to be sent.
    pub fn sends(&self) -> u32 {
        self.sends
    }

    /// The last failed call that is being waited out, if that is what is going on.
    pub fn trouble(&self) -> Option<&ServiceError> {
        self.last_error.as_ref()
    }

    /// What to do next. `elapsed` is the time since the claim began, and never runs backwards.
    ///
    /// A [`Step::Initialize`] is handed out once: without a word about its outcome it counts as
    /// unknown.
    pub fn next(&mut self, elapsed: Duration) -> Step {
        self.pace.at(elapsed);
        match &self.todo {
            Todo::Describe => Step::Describe,
            Todo::Pause => self.pause(),
            Todo::Certify => match &self.last {
                Some(cluster) => Step::Certify(Box::new(cluster.clone())),
                None => Step::Describe,
            },
            Todo::Initialize => self.initialize(),
            Todo::Done(outcome) => Step::Done(outcome.clone()),
            Todo::Failed(failure) => Step::Failed(failure.clone()),
        }
    }

    fn pause(&mut self) -> Step {
        let limit = match (&self.sent, &self.papers) {
            (None, None) => self.patience.creation,
            _ => self.patience.initialization,
        };
        match self.pace.pause(&self.patience, limit) {
            Some(length) => {
                self.todo = Todo::Describe;
                Step::Pause(length)
            }
            None => {
                self.fail(self.unfinished(limit));
                self.next_failure()
            }
        }
    }

    fn initialize(&mut self) -> Step {
        let Some(papers) = &self.papers else {
            self.todo = Todo::Describe;
            return Step::Describe;
        };
        let request = papers.request.clone();
        // Until `initialized` says more.
        self.sent = Some(Sent::Unknown {
            progress: false,
            error: None,
        });
        self.open_before = self.open;
        self.open = true;
        self.sends = self.sends.saturating_add(1);
        self.looks = 0;
        self.todo = Todo::Describe;
        self.pace.restart();
        Step::Initialize(Box::new(request))
    }

    fn next_failure(&self) -> Step {
        match &self.todo {
            Todo::Failed(failure) => Step::Failed(failure.clone()),
            _ => Step::Describe,
        }
    }

    /// The authorized pair for [`Step::Certify`]. The cluster is described again before it is sent:
    /// signing may have taken a while.
    ///
    /// # Errors
    /// Class `Rejected`, `another-trust-anchor`: the claim began with another owner.
    pub fn certified(&mut self, authorized: &Authorized) -> crate::error::Result<()> {
        if let Some(owner) = &self.owner {
            owner.is(authorized.owner().trust_anchor(), "the pair's")?;
        }
        if matches!(self.todo, Todo::Certify) {
            self.papers = Some(Papers::of(authorized, &self.cluster_id));
            self.todo = Todo::Describe;
            self.looks = 0;
            self.pace.restart();
        }
        Ok(())
    }

    /// The answer to [`Step::Initialize`].
    pub fn initialized(&mut self, result: Result<Accepted, ServiceError>) {
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
                    self.turned_away = self.turned_away.saturating_add(1);
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

    /// The answer to [`Step::Describe`]; `None`: there is no such cluster.
    pub fn described(&mut self, answer: Result<Option<Cluster>, ServiceError>) {
        if !matches!(self.todo, Todo::Describe) {
            return;
        }
        match answer {
            Ok(Some(cluster)) => {
                self.gaps = 0;
                self.last_error = None;
                let view = View::of(&cluster, &self.mandate());
                self.last = Some(cluster);
                match self.sent.clone() {
                    None => self.seen_before(view),
                    Some(sent) => self.seen_after(view, sent),
                }
            }
            Ok(None) => self.missed(),
            Err(error) => self.blind(error),
        }
    }
}
