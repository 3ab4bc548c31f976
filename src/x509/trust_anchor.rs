//! The trust anchor, as InitializeCluster names it: the owner's self-signed CA certificate, or the
//! chain from the CA that signs to its self-signed root. Pure.
//!
//! Here it is read and bounded. [`crate::check`] judges whether its certificates belong together
//! and CloudHSM would take them; [`crate::owner`] judges whose it is.

use super::pem::{self, MAX_CHARS};
use super::{Certificate, Malformed, Moment, Strictness};

/// The greatest number of certificates, the root included (AWS CloudHSM User Guide, Initialize the
/// cluster, September 2026).
pub const MAX_CERTIFICATES: usize = 4;

/// The greatest number of characters of PEM in a chain, in all: "16 kb" in the same place. Whether
/// that means 16,000 or 16,384, and of what, is not said there; the smaller is held to.
pub const MAX_CHAIN_CHARS: usize = 16_000;

/// One to four certificates, the CA that signs first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor {
    first: Certificate,
    above: Vec<Certificate>,
}

impl TrustAnchor {
    /// Reads an operator's file: PEM with any text around the certificates, or one in DER. The
    /// order is the file's.
    ///
    /// # Errors
    /// What [`pem::decode_certificates`] and [`Certificate::read`] refuse; more certificates, or
    /// more characters as they would be sent, than are documented.
    pub fn from_file(content: &[u8]) -> Result<Self, Malformed> {
        let blocks = pem::decode_certificates(content)?;
        if blocks.len() > MAX_CERTIFICATES {
            return Err(too_many(blocks.len()));
        }
        let single = blocks.len() == 1;
        let numbered = |(at, der): (usize, &Vec<u8>)| {
            let place = |fault: Malformed| {
                let placed =
                    Malformed::new(format!("certificate {} of the chain: {fault}", at + 1));
                if fault.is_of_content() {
                    placed
                } else {
                    placed.by_its_file()
                }
            };
            Certificate::read(der, Strictness::Owner)
                .map_err(|fault| if single { fault } else { place(fault) })
        };
        let mut certificates = blocks
            .iter()
            .enumerate()
            .map(numbered)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let first = certificates.next().ok_or(pem::PemError::NoBlock {
            expected: pem::Label::Certificate.as_str(),
        })?;
        Self::from_certificates(first, certificates.collect())
    }

    /// Puts together the certificate of the CA that signs, and those above it, the root last.
    ///
    /// # Errors
    /// More certificates, or more characters as they would be sent, than are documented.
    pub fn from_certificates(
        first: Certificate,
        above: Vec<Certificate>,
    ) -> Result<Self, Malformed> {
        let trust_anchor = TrustAnchor { first, above };
        if trust_anchor.certificate_count() > MAX_CERTIFICATES {
            return Err(too_many(trust_anchor.certificate_count()));
        }
        // What is sent is our own text of it: lines that were longer or shorter in the file make it
        // another length.
        let (sent, most) = (
            trust_anchor.to_pem().len(),
            if trust_anchor.is_chain() {
                MAX_CHAIN_CHARS
            } else {
                MAX_CHARS
            },
        );
        if sent > most {
            let source = if trust_anchor.is_chain() {
                "User Guide, Initialize the cluster: \"16 kb\""
            } else {
                "API Reference, InitializeCluster"
            };
            return Err(Malformed::new(format!(
                "{sent} characters as it would be sent, and CloudHSM takes at most {most} \
                 ({source})"
            )));
        }
        Ok(trust_anchor)
    }

    /// The certificate of the CA that signs.
    pub const fn signing_ca(&self) -> &Certificate {
        &self.first
    }

    /// The certificates above it, the root last; none where it is its own root.
    pub fn certificates_above(&self) -> &[Certificate] {
        &self.above
    }

    /// The last certificate: the root, where the chain is whole.
    pub fn last_certificate(&self) -> &Certificate {
        self.above.last().unwrap_or(&self.first)
    }

    /// All of them, in the order in which they are sent.
    pub fn certificates(&self) -> impl DoubleEndedIterator<Item = &Certificate> + Clone {
        std::iter::once(&self.first).chain(&self.above)
    }

    /// Their DER, likewise.
    pub fn certificate_ders(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates().map(Certificate::as_der)
    }

    /// The number of certificates.
    pub fn certificate_count(&self) -> usize {
        self.above.len() + 1
    }

    /// Tells whether it is more than one certificate.
    pub fn is_chain(&self) -> bool {
        !self.above.is_empty()
    }

    /// SHA-256 of each certificate, in their order.
    pub fn fingerprints(&self) -> Vec<[u8; 32]> {
        self.certificates().map(Certificate::fingerprint).collect()
    }

    /// The moment from which on one of them is no longer valid.
    pub fn not_after(&self) -> Moment {
        self.above
            .iter()
            .map(Certificate::not_after)
            .fold(self.first.not_after(), Moment::min)
    }

    /// The canonical PEM text, exactly as it is sent.
    pub fn to_pem(&self) -> String {
        self.certificates().map(Certificate::to_pem).collect()
    }
}

impl TryFrom<Certificate> for TrustAnchor {
    type Error = Malformed;

    /// Makes a trust anchor of one certificate, which is its own root.
    fn try_from(certificate: Certificate) -> Result<Self, Malformed> {
        Self::from_certificates(certificate, Vec::new())
    }
}

fn too_many(found: usize) -> Malformed {
    Malformed::new(format!(
        "{found} certificates, and CloudHSM takes at most {MAX_CERTIFICATES}, the root included \
         (User Guide, Initialize the cluster)"
    ))
    .by_its_file()
}
