//! The three that are sent, as far as they could be read.

use super::Rule;
use crate::checks::{Input, ReadSubject, Remark};
use crate::x509::{Certificate, Csr, Malformed, Moment, TrustAnchor};

/// An input as read: what parsed, or why it did not.
pub(crate) type Parsed<T> = Result<T, Malformed>;

/// What the rules look at.
pub(crate) struct Parts {
    pub(crate) csr: Parsed<Csr>,
    pub(crate) signed_cert: Parsed<Certificate>,
    pub(crate) trust_anchor: Parsed<TrustAnchor>,
    /// The moment to judge validity at.
    pub(crate) at: Moment,
}

impl Parts {
    /// The CSR, or why a rule that needs it is skipped.
    pub(super) fn csr(&self) -> Result<&Csr, Remark> {
        self.csr
            .as_ref()
            .map_err(|_| Remark::unread(ReadSubject::Input(Input::Csr), Rule::PemCsr))
    }

    /// The signed certificate, or why a rule that needs it is skipped.
    pub(super) fn signed_cert(&self) -> Result<&Certificate, Remark> {
        self.signed_cert
            .as_ref()
            .map_err(|_| Remark::unread(ReadSubject::SignedCert, Rule::PemSignedCert))
    }

    /// The trust anchor, or why a rule that needs it is skipped.
    pub(super) fn trust_anchor(&self) -> Result<&TrustAnchor, Remark> {
        self.trust_anchor
            .as_ref()
            .map_err(|_| Remark::unread(ReadSubject::TrustAnchor, Rule::PemTrustAnchor))
    }
}
