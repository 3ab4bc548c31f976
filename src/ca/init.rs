//! Makes the trust anchor: the owner's self-signed CA certificate.

use super::CaKey;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::der::{self, tag};
use crate::x509::extension::BASIC_CONSTRAINTS;
use crate::x509::write::{self, Tbs};
use crate::x509::{Certificate, Moment, pem};

/// keyCertSign and cRLSign (RFC 5280 4.2.1.3).
const USAGE: &[u32] = &[5, 6];

/// The terms of a CA certificate, without its key. Serial and times are the caller's: nothing here
/// draws or asks the clock.
#[derive(Clone, Copy, Debug)]
pub struct CaTerms<'a> {
    /// The Name in DER, as [`parse_subject`](super::parse_subject) makes it.
    pub subject: &'a [u8],
    /// The serial number's octets: positive, at most 20 (RFC 5280 4.1.2.2).
    pub serial: &'a [u8],
    /// The first moment at which the certificate is valid.
    pub not_before: Moment,
    /// The last such moment.
    pub not_after: Moment,
}

/// Makes and self-signs a CA certificate: version 3, critical basicConstraints CA:TRUE, critical
/// keyUsage keyCertSign and cRLSign, subject key identifier (docs/verification.md).
///
/// The returned certificate has been read again, carries the terms, verifies under its own key, and
/// fits InitializeCluster's limit on PEM.
///
/// # Errors
/// Class [`Class::Ca`](crate::error::Class::Ca) where the key cannot sign;
/// [`Class::Usage`](crate::error::Class::Usage), `bad-terms`, for a serial or dates that no
/// certificate may have, and `bad-subject` for one that makes the certificate too long;
/// [`Class::Machine`](crate::error::Class::Machine), `ca-certificate-unsound`, where the result
/// does not hold.
pub fn make_trust_anchor(terms: &CaTerms<'_>, key: &dyn CaKey) -> Result<Certificate> {
    check_terms(terms)?;
    let tbs = build_tbs(terms, key);
    let signature = key.sign(&tbs)?;
    let certificate = Certificate::from_der(&write::encode_certificate(
        &tbs,
        key.signature_algorithm(),
        &signature,
    ))
    .map_err(|fault| unsound_certificate(&fault.to_string()))?;
    if certificate.subject() != terms.subject
        || certificate.issuer() != terms.subject
        || certificate.spki() != key.spki()
    {
        return Err(unsound_certificate(
            "its names or its key are not the ones it was made for",
        ));
    }
    if !certificate.is_signed_by(certificate.public_key()) {
        return Err(unsound_certificate(
            "its signature does not hold under its own key",
        ));
    }
    let length = certificate.to_pem().len();
    if length > pem::MAX_CHARS {
        return Err(Error::new(
            ErrorKind::BadSubject,
            format!(
                "the CA certificate would have {length} characters of PEM; InitializeCluster takes \
                 {}",
                pem::MAX_CHARS
            ),
            "choose a shorter subject",
        )
        .with_fact(FactName::Limit, pem::MAX_CHARS)
        .with_fact(FactName::Size, length));
    }
    Ok(certificate)
}

pub(super) fn unsound_certificate(what: &str) -> Error {
    Error::new(
        ErrorKind::CaCertificateUnsound,
        format!("the CA certificate just made is not sound: {what}"),
        "this is a bug: please report it; nothing has been written",
    )
    .with_fact(FactName::Cause, what)
}

pub(super) fn check_terms(terms: &CaTerms<'_>) -> Result<()> {
    let bad = |what: &str| {
        Err(Error::new(
            ErrorKind::BadTerms,
            format!("no certificate can be made: {what}"),
            "",
        )
        .with_fact(FactName::Cause, what))
    };
    let zero = terms.serial.iter().all(|byte| *byte == 0);
    // The INTEGER's own sign octet counts: RFC 5280 4.1.2.2 allows 20 octets in all.
    if zero || der::encode_integer(terms.serial).len() > 22 {
        return bad("its serial number is zero or longer than 20 octets (RFC 5280 4.1.2.2)");
    }
    if terms.not_before >= terms.not_after {
        return bad("it would end before it begins");
    }
    if matches!(terms.subject, [0x30, 0] | []) {
        return bad("its subject is empty (RFC 5280 4.1.2.6)");
    }
    Ok(())
}

fn build_tbs(terms: &CaTerms<'_>, key: &dyn CaKey) -> Vec<u8> {
    let tbs = Tbs {
        serial: terms.serial,
        algorithm: key.signature_algorithm(),
        issuer: terms.subject,
        not_before: terms.not_before,
        not_after: terms.not_after,
        subject: terms.subject,
        spki: key.spki(),
        extensions: &[
            write::encode_extension(
                BASIC_CONSTRAINTS,
                true,
                &der::encode_sequence(&[&der::encode_tlv(tag::BOOLEAN, &[&[0xFF]])]),
            ),
            write::key_usage(USAGE),
            write::subject_key_identifier(key.spki()),
        ],
    };
    tbs.to_der()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ca::{KeyType, NewKey, parse_subject};
    use crate::x509::extension;

    fn parse_moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_trust_anchor_has_the_profile_of_the_design() {
        let subject = parse_subject("CN=My CA,O=Org,C=US").unwrap();
        for kind in [KeyType::P256, KeyType::P384, KeyType::Rsa2048] {
            let key = NewKey::generate(kind).unwrap().to_file_key().unwrap();
            let (not_before, not_after) = (
                parse_moment("2026-01-01T00:00:00Z"),
                parse_moment("2056-01-01T00:00:00Z"),
            );
            let cert = make_trust_anchor(
                &CaTerms {
                    subject: &subject,
                    serial: &[0x80, 1],
                    not_before,
                    not_after,
                },
                &key,
            )
            .unwrap();
            assert_eq!(
                (cert.version(), cert.subject(), cert.issuer()),
                (3, &subject[..], &subject[..])
            );
            assert_eq!(
                (cert.not_before(), cert.not_after()),
                (not_before, not_after)
            );
            assert_eq!(cert.serial(), [0, 0x80, 1]);
            let extensions = cert.extensions();
            assert_eq!(
                extensions.all,
                [
                    extension::BASIC_CONSTRAINTS,
                    extension::KEY_USAGE,
                    extension::SUBJECT_KEY_IDENTIFIER
                ]
            );
            let basic = extensions.basic_constraints.unwrap();
            assert_eq!(
                (basic.ca, basic.path_len, basic.critical),
                (true, None, true)
            );
            let usage = extensions.key_usage.unwrap();
            assert_eq!(
                (usage.bit_names(), usage.critical),
                (vec!["keyCertSign", "cRLSign"], true)
            );
            assert_eq!(
                extensions.subject_key_identifier.as_ref().unwrap().len(),
                20
            );
        }
    }

    #[test]
    fn terms_that_no_certificate_may_have_are_refused() {
        let key = NewKey::generate(KeyType::P256)
            .unwrap()
            .to_file_key()
            .unwrap();
        let subject = parse_subject("CN=My CA").unwrap();
        let (early, late) = (
            parse_moment("2026-01-01T00:00:00Z"),
            parse_moment("2027-01-01T00:00:00Z"),
        );
        let good = CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: early,
            not_after: late,
        };
        assert!(make_trust_anchor(&good, &key).is_ok());
        for bad in [
            CaTerms {
                serial: &[0, 0],
                ..good
            },
            CaTerms {
                serial: &[],
                ..good
            },
            CaTerms {
                serial: &[0x80; 20],
                ..good
            },
            CaTerms {
                not_after: early,
                ..good
            },
            CaTerms {
                subject: &[0x30, 0],
                ..good
            },
        ] {
            assert_eq!(
                make_trust_anchor(&bad, &key).unwrap_err().kind,
                ErrorKind::BadTerms
            );
        }
        let long = parse_subject(&["UID=a"; 100].join(",")).unwrap();
        assert!(
            make_trust_anchor(
                &CaTerms {
                    subject: &long,
                    ..good
                },
                &key
            )
            .unwrap_err()
            .kind
                == ErrorKind::BadSubject
        );
    }

    #[test]
    fn a_key_that_signs_wrongly_makes_no_certificate() {
        struct Liar(crate::ca::FileKey);
        impl CaKey for Liar {
            fn spki(&self) -> &[u8] {
                self.0.spki()
            }
            fn signature_algorithm(&self) -> &[u8] {
                self.0.signature_algorithm()
            }
            fn sign(&self, _: &[u8]) -> Result<Vec<u8>> {
                self.0.sign(b"something else")
            }
        }
        let key = Liar(
            NewKey::generate(KeyType::P256)
                .unwrap()
                .to_file_key()
                .unwrap(),
        );
        let subject = parse_subject("CN=My CA").unwrap();
        let terms = CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: parse_moment("2026-01-01T00:00:00Z"),
            not_after: parse_moment("2027-01-01T00:00:00Z"),
        };
        assert_eq!(
            make_trust_anchor(&terms, &key).unwrap_err().kind,
            ErrorKind::CaCertificateUnsound
        );
    }
}
