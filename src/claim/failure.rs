//! How a claim, or a `wait`, can end without its goal.

use std::time::Duration;

use crate::cloudhsm::{CallPlace, Cluster, ClusterState, ServiceError};
use crate::outside::OutsideText;

use super::live_csr::LiveCsr;
use super::ownership::Doubt;
use super::shown::Shown;
use super::target::WaitTarget;

#[cfg(feature = "online")]
pub(crate) use state::state_reasons;

mod messages;
mod state;

/// The reason why the cluster is not claimed, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A call failed for good.
    Service {
        /// The call.
        error: ServiceError,
        /// A request is out whose outcome nobody knows.
        open: bool,
    },
    /// The service shows no such cluster.
    NotFound {
        /// The cluster's id.
        cluster_id: String,
        /// The place where we looked.
        place: Option<CallPlace>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster's state, or its HSMs', does not allow it.
    StateForbids {
        /// The cluster as it was described.
        cluster: Box<Cluster>,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster's CSR is not the one that was signed.
    CsrChanged {
        /// The cluster's id.
        cluster_id: String,
        /// SHA-256 of the CSR that was signed.
        signed: [u8; 32],
        /// The CSR that the cluster has now.
        now: LiveCsr,
        /// InitializeCluster was sent before.
        sent: bool,
    },
    /// The cluster is claimed, and its certificate is not from this CA.
    ClaimedByAnother {
        /// What the cluster shows.
        claim: ForeignClaim,
        /// This run's CA certificate, if there is one.
        ours: Option<Shown>,
    },
    /// The cluster is claimed, and nobody can tell by whom.
    OwnerUnclear {
        /// What the cluster shows.
        claim: ForeignClaim,
        /// The reason.
        doubt: Doubt,
    },
    /// The cluster is claimed with a certificate of this CA, but for another key than that of the
    /// CSR that was signed.
    ClaimedForAnotherCsr {
        /// What the cluster shows.
        claim: ForeignClaim,
        /// SHA-256 of the CSR that was signed.
        signed: [u8; 32],
    },
    /// InitializeCluster was accepted, and the cluster went back to UNINITIALIZED.
    FellBack {
        /// The cluster's id.
        cluster_id: String,
        /// The service's sentence about the state.
        state_message: Option<OutsideText>,
        /// The sentence that InitializeCluster answered with.
        answer: Option<OutsideText>,
    },
    /// InitializeCluster was sent several times and never had any effect.
    NoEffect {
        /// The cluster's id.
        cluster_id: String,
        /// The number of times that it was sent.
        sends: u32,
        /// The last error.
        last: Option<ServiceError>,
    },
    /// Time ran out.
    Unfinished {
        /// The cluster's id.
        cluster_id: String,
        /// The state seen last.
        state: Option<ClusterState>,
        /// The time that was waited.
        waited: Duration,
        /// InitializeCluster was sent before.
        sent: bool,
        /// The last call that failed, where that is what kept us waiting.
        last_error: Option<ServiceError>,
    },
    /// `wait`: the cluster cannot get to the state any more.
    OutOfReach {
        /// The cluster as it was described.
        cluster: Box<Cluster>,
        /// The state that was waited for.
        target: WaitTarget,
    },
}

/// The claim that a cluster shows, where it is not the one that this run was to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignClaim {
    /// The cluster's id.
    pub cluster_id: String,
    /// Its state.
    pub state: ClusterState,
    /// The cluster's certificate.
    pub certificate: Shown,
    /// [`Cluster::origin_text`]: a cluster that was restored was claimed before.
    pub origin: Option<String>,
    /// InitializeCluster was sent before.
    pub sent: bool,
}

impl ForeignClaim {
    pub(super) fn from_cluster(cluster: &Cluster, certificate: Shown, sent: bool) -> Self {
        ForeignClaim {
            cluster_id: cluster.cluster_id.to_string(),
            state: cluster.state.clone(),
            certificate,
            origin: cluster.origin_text(),
            sent,
        }
    }
}
