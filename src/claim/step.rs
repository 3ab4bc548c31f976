//! What a claim asks for, and how it ends.

use std::time::Duration;

use super::failure::Failure;
use super::shown::Shown;
use crate::cloudhsm::{Cluster, InitializeAnswer, InitializeCluster};
use crate::owner::Owner;

/// The next thing to do in a claim.
#[derive(Clone, Debug)]
pub enum ClaimStep {
    /// Call DescribeClusters; its answer goes to
    /// [`Claim::record_description`](super::Claim::record_description).
    Describe,
    /// Wait this long.
    Pause(Duration),
    /// Verify this cluster's certificates, sign its CSR, check the pair; it goes to
    /// [`Claim::set_pair`](super::Claim::set_pair).
    Certify(Box<Cluster>),
    /// Call InitializeCluster, once; its answer goes to
    /// [`Claim::record_initialization`](super::Claim::record_initialization).
    Initialize(Box<InitializeCluster>),
    /// The cluster is claimed by this CA.
    Done(Box<ClaimOutcome>),
    /// It is not, or nobody knows.
    Failed(Box<Failure>),
}

/// The result of a claim that ended well.
#[derive(Clone, Debug)]
pub struct ClaimOutcome {
    /// The run that claimed the cluster: this one, or an earlier one.
    pub how: ClaimOrigin,
    /// The owner, whose CA signed the cluster certificate.
    pub owner: Owner,
    /// The cluster as the last description showed it.
    pub cluster: Cluster,
    /// The cluster certificate in it.
    pub certificate: Shown,
    /// True where that is the very certificate of the pair. If not, it is another one for the same
    /// key that this CA signed.
    pub same_certificate: bool,
    /// The answer of InitializeCluster, where it gave one.
    pub answer: Option<InitializeAnswer>,
    /// The number of times that InitializeCluster was sent.
    pub sent: u32,
}

/// The run that claimed the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOrigin {
    /// This run.
    Claimed,
    /// This CA, before; nothing was changed.
    AlreadyClaimed,
}
