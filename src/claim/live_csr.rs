//! The CSR that a cluster has now, held against the one that was signed.

use crate::x509::pem::{self, Label};
use crate::x509::{Csr, sha256};

/// The cluster's CSR, compared with the one that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveCsr {
    /// The very same.
    Same,
    /// Another; its SHA-256.
    Other([u8; 32]),
    /// Not a CSR: why.
    Unreadable(String),
}

impl LiveCsr {
    /// Compares the cluster's CSR with the signed one: as DER, so line ends do not matter.
    pub(super) fn compare(text: &str, signed: Option<&Csr>) -> Self {
        match pem::decode(text.as_bytes(), Label::CertificateRequest) {
            Ok(der) if signed.is_some_and(|csr| csr.as_der() == der) => LiveCsr::Same,
            Ok(der) => LiveCsr::Other(sha256(&der)),
            Err(error) => LiveCsr::Unreadable(error.to_string()),
        }
    }
}
