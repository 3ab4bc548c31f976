//! What the machine keeps of a checked pair.

use crate::check::Pair;
use crate::cloudhsm::InitializeCluster;
use crate::x509::{Certificate, sha256};

/// A pair that was checked, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Papers {
    pub(super) csr: Vec<u8>,
    pub(super) signed_cert: Certificate,
    pub(super) trust_anchor: Certificate,
    pub(super) request: InitializeCluster,
}

impl Papers {
    /// Only [`crate::check`] makes a pair, so nothing unchecked is ever sent.
    pub(super) fn of(pair: &Pair, cluster_id: &str) -> Self {
        Papers {
            csr: pair.csr().der().to_vec(),
            signed_cert: pair.signed_cert().clone(),
            trust_anchor: pair.trust_anchor().clone(),
            request: InitializeCluster {
                cluster_id: cluster_id.to_owned(),
                signed_cert: pair.signed_cert_pem(),
                trust_anchor: pair.trust_anchor_pem(),
            },
        }
    }

    pub(super) fn csr_fingerprint(&self) -> [u8; 32] {
        sha256(&self.csr)
    }
}
