//! The content of the signed certificate. Pure: CSR, CA, serial and dates in; to-be-signed bytes
//! out.

use super::SigningTerms;
use crate::x509::der::encode_sequence;
use crate::x509::extension::BASIC_CONSTRAINTS;
use crate::x509::write::{
    Tbs, authority_key_identifier, encode_extension, key_usage, positive_serial,
    subject_key_identifier, validity_period,
};
use crate::x509::{Csr, TrustAnchor};

/// digitalSignature and keyEncipherment (RFC 5280 4.2.1.3).
const USAGE: &[u32] = &[0, 2];

/// The to-be-signed part of the signed certificate (RFC 5280 4.1.2): subject and public key are the
/// CSR's bytes, the issuer is the CA's subject's bytes. notBefore is five minutes back, notAfter no
/// later than the CA's, or that of one above it.
pub fn signed_cert_tbs(
    csr: &Csr,
    ca: &TrustAnchor,
    algorithm: &[u8],
    terms: &SigningTerms,
) -> Vec<u8> {
    let (not_before, not_after) = validity_period(terms.now, terms.days);
    let tbs = Tbs {
        serial: &positive_serial(terms.serial),
        algorithm,
        issuer: ca.signing_ca().subject(),
        not_before,
        not_after: not_after.min(ca.not_after()),
        subject: csr.subject(),
        spki: csr.spki(),
        extensions: &[
            encode_extension(BASIC_CONSTRAINTS, true, &encode_sequence(&[])),
            key_usage(USAGE),
            subject_key_identifier(csr.spki()),
            authority_key_identifier(ca.signing_ca()),
        ],
    };
    tbs.to_der()
}
