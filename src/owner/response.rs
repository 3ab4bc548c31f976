//! The response of the CA's side, and its fingerprint.

use crate::bundle::{ClusterId, Fingerprint};
use crate::check::{Pair, SignedInputs};
use crate::x509::{Certificate, Csr, TrustAnchor};

/// The response that goes back to whoever submits, or that was submitted. Nothing here says whether
/// it is fit to be sent.
#[derive(Clone, Copy, Debug)]
pub struct SignedResponse<'a> {
    /// The CSR that was signed.
    pub csr: &'a Csr,
    /// The signed certificate.
    pub signed_cert: &'a Certificate,
    /// The trust anchor.
    pub trust_anchor: &'a TrustAnchor,
}

impl<'a> SignedResponse<'a> {
    /// Takes the response from what was read of a bundle.
    pub(crate) const fn from_inputs(inputs: &'a SignedInputs) -> Self {
        SignedResponse {
            csr: &inputs.csr,
            signed_cert: &inputs.signed_cert,
            trust_anchor: &inputs.trust_anchor,
        }
    }

    /// Takes the response from a checked pair.
    pub const fn from_pair(pair: &'a Pair) -> Self {
        SignedResponse::from_inputs(pair.inputs())
    }

    /// Its fingerprint, for this cluster.
    pub fn fingerprint(&self, id: &ClusterId) -> Fingerprint {
        Fingerprint::of_response(
            id,
            self.csr.as_der(),
            self.signed_cert.as_der(),
            self.trust_anchor.certificate_ders(),
        )
    }
}
