//! What goes into the signed certificate. Pure: CSR, CA, serial and dates in; to-be-signed bytes
//! out.

use super::Terms;
use crate::x509::der::sequence;
use crate::x509::extension::BASIC_CONSTRAINTS;
use crate::x509::write::{
    Tbs, authority_key_identifier, extension, key_usage, lifetime, serial, subject_key_identifier,
};
use crate::x509::{Csr, TrustAnchor};

/// digitalSignature and keyEncipherment (RFC 5280 4.2.1.3).
const USAGE: &[u32] = &[0, 2];

/// The to-be-signed part of the signed certificate (RFC 5280 4.1.2): subject and public key are the
/// CSR's bytes, the issuer is the CA's subject's bytes. notBefore is five minutes back, notAfter no
/// later than the CA's, or that of one above it.
pub fn signed_cert_tbs(csr: &Csr, ca: &TrustAnchor, algorithm: &[u8], terms: &Terms) -> Vec<u8> {
    let (not_before, not_after) = lifetime(terms.now, terms.days);
    let tbs = Tbs {
        serial: &serial(terms.serial),
        algorithm,
        issuer: ca.first().subject(),
        not_before,
        not_after: not_after.min(ca.not_after()),
        subject: csr.subject(),
        spki: csr.spki(),
        extensions: &[
            extension(BASIC_CONSTRAINTS, true, &sequence(&[])),
            key_usage(USAGE),
            subject_key_identifier(csr.spki()),
            authority_key_identifier(ca.first()),
        ],
    };
    tbs.to_der()
}
