//! Makes an intermediate: a CA for claiming clusters under an offline root, or under another CA of
//! it.

use super::init::{check_terms, unsound_certificate};
use super::{CaKey, CaTerms};
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::x509::der::{self, tag};
use crate::x509::extension::BASIC_CONSTRAINTS;
use crate::x509::write::{self, Tbs};
use crate::x509::{Certificate, Moment, Strictness, TrustAnchor, sha256, to_hex};

/// digitalSignature, keyCertSign and cRLSign (RFC 5280 4.2.1.3): as the AWS guide's intermediates
/// have it (Initialize the cluster, September 2026).
const USAGE: &[u32] = &[0, 5, 6];

/// Makes a CA certificate and has the issuer sign it: version 3, critical basicConstraints CA:TRUE
/// with a path length of none, critical keyUsage digitalSignature, keyCertSign and cRLSign, subject
/// and authority key identifiers (docs/verification.md). It lies within the dates of all above it.
/// What comes back is the chain: the new certificate, and the issuer's.
///
/// [`crate::check`] judges whether CloudHSM would take the chain: the issuer's path length, its
/// dates and names.
///
/// # Errors
/// Class [`Class::Ca`](crate::error::Class::Ca): `ca-key-mismatch` where the issuer's key is not
/// its certificate's, `bad-signature` where it signs something else, whatever the key cannot do;
/// [`Class::Usage`](crate::error::Class::Usage): `bad-terms`, and `bad-subject` for the issuer's
/// own name, or one that makes the chain too long.
pub fn make_intermediate(
    terms: &CaTerms<'_>,
    spki: &[u8],
    issuer: &TrustAnchor,
    issuer_key: &dyn CaKey,
) -> Result<TrustAnchor> {
    let above = issuer.signing_ca();
    check_issuer_key(issuer, issuer_key)?;
    let not_before = issuer
        .certificates()
        .map(Certificate::not_before)
        .fold(terms.not_before, Moment::max);
    let terms = CaTerms {
        not_before,
        not_after: terms.not_after.min(issuer.not_after()),
        ..*terms
    };
    check_terms(&terms)?;
    if issuer
        .certificates()
        .any(|ca| ca.subject() == terms.subject)
    {
        return Err(Error::new(
            ErrorKind::BadSubject,
            "the new CA would have the name of a CA above it, and pass for a second root",
            "give it a name of its own with --subject",
        )
        .with_fact(FactName::Option, "--subject"));
    }
    if issuer.certificates().any(|ca| ca.spki() == spki) {
        return Err(Error::new(
            ErrorKind::Usage,
            "the new CA would have the key of a CA above it, which then could not be kept apart",
            "give it a key of its own: leave --ca-key out, or name another one",
        )
        .with_fact(FactName::Option, "--ca-key"));
    }
    let tbs = build_tbs(&terms, spki, above, issuer_key.signature_algorithm());
    let signature = issuer_key.sign(&tbs)?;
    let signed = write::encode_certificate(&tbs, issuer_key.signature_algorithm(), &signature);
    // Its issuer is the issuer's subject, byte for byte, whatever faults that has.
    let certificate = Certificate::read(&signed, Strictness::Owner)
        .map_err(|fault| unsound_certificate(&fault.to_string()))?;
    if certificate.subject() != terms.subject
        || certificate.issuer() != above.subject()
        || certificate.spki() != spki
    {
        return Err(unsound_certificate(
            "its names or its key are not the ones it was made for",
        ));
    }
    if !certificate.is_signed_by(above.public_key()) {
        return Err(Error::new(
            ErrorKind::BadSignature,
            "the issuer's key made something else than a signature by it: it does not verify under \
             the issuer's certificate",
            "check the key, or the token and its mechanism; nothing has been written",
        ));
    }
    TrustAnchor::from_certificates(certificate, issuer.certificates().cloned().collect()).map_err(
        |fault| {
            Error::new(
                ErrorKind::BadSubject,
                format!("the chain would have {fault}"),
                "choose a shorter subject, or an issuer nearer to its root",
            )
            .with_fact(FactName::Found, fault.to_string())
        },
    )
}

/// Checks that a key is the issuer certificate's.
///
/// # Errors
/// Class [`Class::Ca`](crate::error::Class::Ca), `ca-key-mismatch`.
pub(crate) fn check_issuer_key(issuer: &TrustAnchor, issuer_key: &dyn CaKey) -> Result<()> {
    let (certified, at_hand) = (issuer.signing_ca().spki(), issuer_key.spki());
    if certified == at_hand {
        return Ok(());
    }
    let [expected, found] = [certified, at_hand].map(|spki| to_hex(&sha256(spki)));
    Err(Error::new(
        ErrorKind::CaKeyMismatch,
        [
            "the issuer's key is not the issuer certificate's".to_owned(),
            format!("  certificate SHA-256 of its key {expected}"),
            format!("  issuer key  SHA-256 of its key {found}"),
        ],
        "give the certificate and the key of the same CA: of a chain, the key of its first \
         certificate",
    )
    .with_fact(FactName::Expected, expected)
    .with_fact(FactName::Found, found))
}

fn build_tbs(terms: &CaTerms<'_>, spki: &[u8], issuer: &Certificate, algorithm: &[u8]) -> Vec<u8> {
    let ca = der::encode_sequence(&[
        &der::encode_tlv(tag::BOOLEAN, &[&[0xFF]]),
        &der::encode_integer(&[0]),
    ]);
    let tbs = Tbs {
        serial: terms.serial,
        algorithm,
        issuer: issuer.subject(),
        not_before: terms.not_before,
        not_after: terms.not_after,
        subject: terms.subject,
        spki,
        extensions: &[
            write::encode_extension(BASIC_CONSTRAINTS, true, &ca),
            write::key_usage(USAGE),
            write::subject_key_identifier(spki),
            write::authority_key_identifier(issuer),
        ],
    };
    tbs.to_der()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ca::{FileKey, KeyType, NewKey, make_trust_anchor, parse_subject};
    use crate::x509::extension;

    fn parse_moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn new_key() -> FileKey {
        NewKey::generate(KeyType::P256)
            .unwrap()
            .to_file_key()
            .unwrap()
    }

    fn make_root(key: &FileKey) -> TrustAnchor {
        let subject = parse_subject("CN=Root,C=US").unwrap();
        let terms = CaTerms {
            subject: &subject,
            serial: &[9],
            not_before: parse_moment("2026-01-01T00:00:00Z"),
            not_after: parse_moment("2036-01-01T00:00:00Z"),
        };
        make_trust_anchor(&terms, key).unwrap().try_into().unwrap()
    }

    #[test]
    fn an_intermediate_has_the_profile_of_the_design_and_lies_within_its_issuers_dates() {
        let (root_key, own) = (new_key(), new_key());
        let root = make_root(&root_key);
        let subject = parse_subject("CN=Intermediate,C=US").unwrap();
        for (from, to) in [
            ("2025-12-31T23:55:00Z", "2046-01-01T00:00:00Z"),
            ("2026-02-01T00:00:00Z", "2030-01-01T00:00:00Z"),
        ] {
            let terms = CaTerms {
                subject: &subject,
                serial: &[1],
                not_before: parse_moment(from),
                not_after: parse_moment(to),
            };
            let chain = make_intermediate(&terms, own.spki(), &root, &root_key).unwrap();
            let cert = chain.signing_ca();
            assert_eq!(
                (
                    chain.certificates_above(),
                    cert.issuer(),
                    cert.subject(),
                    cert.spki()
                ),
                (
                    &[root.signing_ca().clone()][..],
                    root.signing_ca().subject(),
                    &subject[..],
                    own.spki()
                )
            );
            assert_eq!(
                cert.not_before(),
                parse_moment(from).max(root.signing_ca().not_before())
            );
            assert_eq!(
                cert.not_after(),
                parse_moment(to).min(root.signing_ca().not_after())
            );
            let extensions = cert.extensions();
            assert_eq!(
                extensions.all,
                [
                    extension::BASIC_CONSTRAINTS,
                    extension::KEY_USAGE,
                    extension::SUBJECT_KEY_IDENTIFIER,
                    extension::AUTHORITY_KEY_IDENTIFIER
                ]
            );
            let basic = extensions.basic_constraints.unwrap();
            assert_eq!(
                (basic.ca, basic.path_len, basic.critical),
                (true, Some(0), true)
            );
            let usage = extensions.key_usage.unwrap();
            assert_eq!(
                (usage.bit_names(), usage.critical),
                (vec!["digitalSignature", "keyCertSign", "cRLSign"], true)
            );
            assert_eq!(
                extensions.authority_key_identifier.as_ref().unwrap().key,
                root.signing_ca().extensions().subject_key_identifier
            );
        }
    }

    #[test]
    fn what_makes_no_intermediate_is_refused() {
        let (root_key, other, own) = (new_key(), new_key(), new_key());
        let root = make_root(&root_key);
        let (subject, same) = (
            parse_subject("CN=Intermediate").unwrap(),
            root.signing_ca().subject().to_vec(),
        );
        let terms = CaTerms {
            subject: &subject,
            serial: &[1],
            not_before: parse_moment("2026-02-01T00:00:00Z"),
            not_after: parse_moment("2030-01-01T00:00:00Z"),
        };
        let kind = |terms: CaTerms<'_>, key: &FileKey| {
            make_intermediate(&terms, own.spki(), &root, key)
                .unwrap_err()
                .kind
        };
        assert_eq!(kind(terms, &other), ErrorKind::CaKeyMismatch);
        assert_eq!(
            kind(
                CaTerms {
                    subject: &same,
                    ..terms
                },
                &root_key
            ),
            ErrorKind::BadSubject
        );
        assert_eq!(
            kind(
                CaTerms {
                    serial: &[0],
                    ..terms
                },
                &root_key
            ),
            ErrorKind::BadTerms
        );
        // After the root's end.
        assert_eq!(
            kind(
                CaTerms {
                    not_before: parse_moment("2037-01-01T00:00:00Z"),
                    ..terms
                },
                &root_key
            ),
            ErrorKind::BadTerms
        );
    }
}
