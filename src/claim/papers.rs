//! What the machine keeps of an authorized pair.

use crate::cloudhsm::InitializeCluster;
use crate::owner::Authorized;
use crate::x509::{Certificate, Csr, TrustAnchor};

/// An authorized pair, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Papers {
    pub(super) csr: Csr,
    pub(super) signed_cert: Certificate,
    pub(super) trust_anchor: TrustAnchor,
    pub(super) request: InitializeCluster,
}

impl Papers {
    /// Nothing without both proofs is ever sent: [`Authorized`] holds them.
    pub(super) fn of(authorized: &Authorized, cluster_id: &str) -> Self {
        let pair = authorized.pair();
        Papers {
            csr: pair.csr().clone(),
            signed_cert: pair.signed_cert().clone(),
            trust_anchor: authorized.owner().trust_anchor().clone(),
            request: InitializeCluster::new(cluster_id, authorized),
        }
    }
}
