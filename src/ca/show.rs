//! The facts that `ca show` states of a CA certificate. `check` judges whether CloudHSM would take
//! it.

use serde::Serialize;

use crate::x509::{Certificate, Moment, NameText, SignatureAlgorithm, name_text, to_hex};

/// A CA certificate in figures, for people and for programs.
#[derive(Clone, Debug, Serialize)]
pub struct CaSummary {
    /// The subject.
    pub subject: NameText,
    /// The issuer, likewise.
    pub issuer: NameText,
    /// The serial number, in hex.
    pub serial: String,
    /// The X.509 version, 1 to 3.
    pub version: u8,
    /// `RSA 4096`, `P-256`.
    pub key: String,
    /// The algorithm that it was signed with.
    pub signature_algorithm: String,
    /// The first moment at which it is valid.
    pub not_before: Moment,
    /// The last such moment.
    pub not_after: Moment,
    /// SHA-256 over the certificate, in hex.
    pub sha256: String,
    /// SHA-256 over its SubjectPublicKeyInfo, in hex: the same for every certificate of this key.
    pub key_sha256: String,
    /// Issuer and subject are the same bytes, and the signature holds under its own key.
    pub self_signed: bool,
    /// The subject key identifier in hex, where present.
    pub subject_key_identifier: Option<String>,
    /// The content of basicConstraints, where present.
    pub basic_constraints: Option<BasicConstraintsSummary>,
    /// The content of keyUsage, where present.
    pub key_usage: Option<KeyUsageSummary>,
    /// Every extension, by OID.
    pub extensions: Vec<String>,
}

/// basicConstraints (RFC 5280 4.2.1.9).
#[derive(Clone, Debug, Serialize)]
pub struct BasicConstraintsSummary {
    /// The certificate is a CA's.
    pub ca: bool,
    /// The greatest number of intermediate certificates that may follow, where it is given.
    pub path_len: Option<u64>,
    /// Marked critical.
    pub critical: bool,
}

/// keyUsage (RFC 5280 4.2.1.3).
#[derive(Clone, Debug, Serialize)]
pub struct KeyUsageSummary {
    /// The names of the bits that are set.
    pub bits: Vec<&'static str>,
    /// Marked critical.
    pub critical: bool,
}

/// A fact that the summary has a line for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaFact {
    /// `subject`
    Subject,
    /// `issuer`
    Issuer,
    /// `self-signed`
    SelfSigned,
    /// `serial`
    Serial,
    /// `version`
    Version,
    /// `key`
    Key,
    /// `signed with`
    SignedWith,
    /// `valid from`
    ValidFrom,
    /// `valid until`
    ValidUntil,
    /// `basicConstraints`
    BasicConstraints,
    /// `keyUsage`
    KeyUsage,
    /// `key identifier`
    KeyIdentifier,
    /// `SHA-256`
    Sha256,
    /// `key SHA-256`
    KeySha256,
}

impl CaFact {
    /// Returns the name that stands before the fact.
    pub const fn name(self) -> &'static str {
        match self {
            CaFact::Subject => "subject",
            CaFact::Issuer => "issuer",
            CaFact::SelfSigned => "self-signed",
            CaFact::Serial => "serial",
            CaFact::Version => "version",
            CaFact::Key => "key",
            CaFact::SignedWith => "signed with",
            CaFact::ValidFrom => "valid from",
            CaFact::ValidUntil => "valid until",
            CaFact::BasicConstraints => "basicConstraints",
            CaFact::KeyUsage => "keyUsage",
            CaFact::KeyIdentifier => "key identifier",
            CaFact::Sha256 => "SHA-256",
            CaFact::KeySha256 => "key SHA-256",
        }
    }
}

impl CaSummary {
    /// Summarises a certificate.
    pub fn from_certificate(certificate: &Certificate) -> Self {
        let extensions = certificate.extensions();
        CaSummary {
            subject: name_text(certificate.subject()),
            issuer: name_text(certificate.issuer()),
            serial: serial_hex(certificate.serial()),
            version: certificate.version(),
            key: certificate.public_key().describe(),
            signature_algorithm: match SignatureAlgorithm::from_der(certificate.outer_algorithm()) {
                Ok(algorithm) => algorithm.to_string(),
                Err(fault) => fault.to_string(),
            },
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            sha256: to_hex(&certificate.fingerprint()),
            key_sha256: to_hex(&crate::x509::sha256(certificate.spki())),
            self_signed: certificate.issuer() == certificate.subject()
                && certificate.is_signed_by(certificate.public_key()),
            subject_key_identifier: extensions.subject_key_identifier.as_deref().map(to_hex),
            basic_constraints: extensions
                .basic_constraints
                .map(|found| BasicConstraintsSummary {
                    ca: found.ca,
                    path_len: found.path_len,
                    critical: found.critical,
                }),
            key_usage: extensions.key_usage.map(|found| KeyUsageSummary {
                bits: found.bit_names(),
                critical: found.critical,
            }),
            extensions: extensions.all.clone(),
        }
    }

    /// Returns the same as lines of text: a name and a value each.
    pub fn to_lines(&self) -> Vec<(CaFact, String)> {
        let critical = |critical: bool| if critical { " (critical)" } else { "" };
        let mut lines = vec![
            (CaFact::Subject, self.subject.to_string()),
            (CaFact::Issuer, self.issuer.to_string()),
            (
                CaFact::SelfSigned,
                if self.self_signed { "yes" } else { "no" }.to_owned(),
            ),
            (CaFact::Serial, self.serial.clone()),
            (CaFact::Version, self.version.to_string()),
            (CaFact::Key, self.key.clone()),
            (CaFact::SignedWith, self.signature_algorithm.clone()),
            (CaFact::ValidFrom, self.not_before.to_string()),
            (CaFact::ValidUntil, self.not_after.to_string()),
        ];
        lines.push((
            CaFact::BasicConstraints,
            match &self.basic_constraints {
                None => "absent".to_owned(),
                Some(found) => {
                    let path_len = found
                        .path_len
                        .map(|n| format!(", pathLen {n}"))
                        .unwrap_or_default();
                    format!(
                        "CA:{}{path_len}{}",
                        if found.ca { "TRUE" } else { "FALSE" },
                        critical(found.critical)
                    )
                }
            },
        ));
        lines.push((
            CaFact::KeyUsage,
            match &self.key_usage {
                None => "absent".to_owned(),
                Some(found) => format!("{}{}", found.bits.join(", "), critical(found.critical)),
            },
        ));
        lines.push((
            CaFact::KeyIdentifier,
            self.subject_key_identifier
                .clone()
                .unwrap_or_else(|| "absent".to_owned()),
        ));
        lines.push((CaFact::Sha256, self.sha256.clone()));
        lines.push((CaFact::KeySha256, self.key_sha256.clone()));
        lines
    }
}

/// The serial's value in hex, without the octet that is there for the sign alone.
fn serial_hex(octets: &[u8]) -> String {
    match octets {
        [0, rest @ ..] if !rest.is_empty() => to_hex(rest),
        all => to_hex(all),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::ca::{CaTerms, KeyType, NewKey, make_trust_anchor, parse_subject};

    #[test]
    fn a_new_trust_anchor_is_shown_as_it_was_made() {
        let key = NewKey::generate(KeyType::P384)
            .unwrap()
            .to_file_key()
            .unwrap();
        let subject = parse_subject("CN=My CA,C=US").unwrap();
        let moment = |text: &str| text.parse::<Moment>().unwrap();
        let terms = CaTerms {
            subject: &subject,
            serial: &[0xAB, 1],
            not_before: moment("2026-01-01T00:00:00Z"),
            not_after: moment("2036-01-01T00:00:00Z"),
        };
        let summary = CaSummary::from_certificate(&make_trust_anchor(&terms, &key).unwrap());
        assert!(summary.self_signed);
        assert_eq!(
            (
                summary.serial.as_str(),
                summary.key.as_str(),
                summary.version
            ),
            ("ab01", "P-384", 3)
        );
        let lines = summary.to_lines();
        for line in [
            ("subject", "CN=My CA, C=US"),
            ("self-signed", "yes"),
            ("valid until", "2036-01-01T00:00:00Z"),
            ("basicConstraints", "CA:TRUE (critical)"),
            ("keyUsage", "keyCertSign, cRLSign (critical)"),
        ] {
            assert!(
                lines
                    .iter()
                    .any(|(fact, value)| (fact.name(), value.as_str()) == line),
                "{line:?} in {lines:?}"
            );
        }
        assert_eq!(
            serde_json::to_value(&summary).unwrap()["basic_constraints"]["ca"],
            true
        );
    }
}
