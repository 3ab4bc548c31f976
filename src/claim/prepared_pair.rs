//! The part of an authorized pair that the machine keeps.

use crate::cloudhsm::InitializeCluster;
use crate::owner::Authorized;
use crate::x509::{Certificate, Csr};

/// An authorized pair, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct PreparedPair {
    pub(super) csr: Csr,
    pub(super) signed_cert: Certificate,
    pub(super) request: InitializeCluster,
}

impl PreparedPair {
    /// Takes from an authorized pair what will be sent. Nothing is ever sent without both proofs:
    /// [`Authorized`] holds them.
    pub(super) fn from_authorized(authorized: &Authorized, cluster_id: &str) -> Self {
        let pair = authorized.pair();
        PreparedPair {
            csr: pair.csr().clone(),
            signed_cert: pair.signed_cert().clone(),
            request: InitializeCluster::new(cluster_id, authorized),
        }
    }
}
