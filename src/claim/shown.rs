//! A certificate as messages and documents show it.

use crate::x509::{Certificate, NameText, name_text};

/// A certificate in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// SHA-256 of the DER (of the text, where it cannot be read).
    pub fingerprint: [u8; 32],
    /// Its subject, for eyes only.
    pub subject: NameText,
    /// Its issuer, for eyes only.
    pub issuer: NameText,
}

impl Shown {
    pub(super) fn from_certificate(certificate: &Certificate) -> Self {
        Shown {
            fingerprint: certificate.fingerprint(),
            subject: name_text(certificate.subject()),
            issuer: name_text(certificate.issuer()),
        }
    }
}
