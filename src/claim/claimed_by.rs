//! Tells of a cluster, as DescribeClusters shows it, whose it is.

use super::failure::{Failure, ForeignClaim};
use super::ownership::{ExpectedClaim, OwnerCertificate, Ownership, judge_ownership};
use crate::cloudhsm::{Cluster, ClusterState};

/// The owner of a cluster, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimedBy {
    /// This CA has claimed it.
    ThisCa,
    /// Another CA has claimed it.
    AnotherCa(Box<Failure>),
    /// Nobody has claimed it yet.
    Nobody,
    /// It cannot be told.
    Unknown(Box<Failure>),
}

impl ClaimedBy {
    /// Judges whose a cluster is, given the owner's certificates.
    pub fn judge_cluster(cluster: &Cluster, owner: &[OwnerCertificate]) -> Self {
        // In these two states it is nobody's, whatever an InitializeCluster that fell back has left
        // behind. A cluster that is being restored was claimed before.
        let restored = cluster.origin_text().is_some();
        match cluster.state {
            ClusterState::Uninitialized => return ClaimedBy::Nobody,
            ClusterState::CreateInProgress if !restored => return ClaimedBy::Nobody,
            _ => {}
        }
        let Some(text) = &cluster.certificates.cluster_certificate else {
            return ClaimedBy::Unknown(Box::new(Failure::StateForbids {
                cluster: Box::new(cluster.clone()),
                sent: false,
            }));
        };
        let judged = judge_ownership(text, owner, &ExpectedClaim::default());
        let claim = ForeignClaim::from_cluster(cluster, judged.shown, false);
        match judged.ownership {
            Ownership::ThisCertificate
            | Ownership::AnotherCertificate
            | Ownership::NoCsrToCompare
            | Ownership::AnotherKey => ClaimedBy::ThisCa,
            Ownership::AnotherCa => ClaimedBy::AnotherCa(Box::new(Failure::ClaimedByAnother {
                claim,
                ours: owner.first().map(OwnerCertificate::to_shown_certificate),
            })),
            Ownership::CannotBeJudged(doubt) => {
                ClaimedBy::Unknown(Box::new(Failure::OwnerUnclear { claim, doubt }))
            }
        }
    }

    /// Returns the word that documents use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            ClaimedBy::ThisCa => "this-ca",
            ClaimedBy::AnotherCa(_) => "another-ca",
            ClaimedBy::Nobody => "nobody",
            ClaimedBy::Unknown(_) => "unknown",
        }
    }

    /// Returns the reason why it is not, or may not be, this CA's.
    pub fn into_failure(self) -> Option<Failure> {
        match self {
            ClaimedBy::AnotherCa(failure) | ClaimedBy::Unknown(failure) => Some(*failure),
            ClaimedBy::ThisCa | ClaimedBy::Nobody => None,
        }
    }
}
