//! Before InitializeCluster: everything that it will demand of CSR, signed certificate and trust
//! anchor, held against exactly the text that is sent. Pure.
//!
//! Sources: AWS CloudHSM API Reference 2022-06-06, InitializeCluster (lengths, pattern); AWS
//! CloudHSM User Guide, Initialize the cluster (what trust anchors are refused;
//! docs/verification.md); RFC 5280; RFC 2986.

mod clients;
mod each;
mod names;
mod trust_anchor;

use std::fmt;

use serde::Serialize;

pub use self::each::of_each_certificate;
use crate::error::{Class, Error, ErrorKind};
use crate::outside::Lines;
use crate::verify::Status;
use crate::x509::algorithm::{KEYS, SIGNATURES, is_listed, is_listed_key};
use crate::x509::pem::MAX_CHARS;
use crate::x509::{
    Certificate, Csr, Malformed, Moment, SignatureAlgorithm, TrustAnchor, hex, name_text, sha256,
};

/// A rule of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The CSR is one strict PEM block.
    PemCsr,
    /// The signed certificate is one strict PEM block, within the documented limits as it is sent.
    PemSignedCert,
    /// The same of the trust anchor.
    PemTrustAnchor,
    /// The CSR's algorithm and key count.
    AlgorithmCsr,
    /// The signed certificate's do.
    AlgorithmSignedCert,
    /// The trust anchor's do.
    AlgorithmTrustAnchor,
    /// The CSR's own signature holds.
    CsrSignature,
    /// The signed certificate's key is the CSR's.
    Key,
    /// The trust anchor's key signed the signed certificate.
    Signature,
    /// The signed certificate's issuer is the trust anchor's subject.
    Issuer,
    /// The trust anchor's certificates stand in order, each one's issuer the next one's subject,
    /// and none twice.
    ChainOrder,
    /// The next certificate's key signed each but the last.
    ChainSignatures,
    /// No certificate of the trust anchor has more CAs below it than its path length allows.
    PathLength,
    /// The trust anchor's last certificate is issued by its own subject.
    SelfIssued,
    /// The trust anchor's last certificate is signed by its own key.
    SelfSigned,
    /// The trust anchor says CA:TRUE, if it has any extension; in a chain, each certificate.
    BasicConstraints,
    /// The keyUsage of each of the trust anchor's certificates, if present, has keyCertSign.
    KeyUsage,
    /// The signed certificate is within its dates.
    ValiditySignedCert,
    /// The trust anchor is within its dates.
    ValidityTrustAnchor,
    /// The signed certificate does not outlive the trust anchor.
    ValidityWithinTrustAnchor,
    /// The signed certificate is no CA's.
    NotCa,
    /// The signed certificate's keyUsage, if present, is a TLS server's.
    SignedCertKeyUsage,
    /// The signed certificate's extKeyUsage, if present, has serverAuth.
    SignedCertExtendedKeyUsage,
    /// The signed certificate has no critical extension that clients do not know.
    SignedCertExtensions,
    /// The signed certificate's authority key identifier does not contradict the trust anchor.
    KeyIdentifiers,
    /// The signed certificate's serial number, dates and names are written as RFC 5280 says.
    FormSignedCert,
    /// The trust anchor's extKeyUsage, if present, has serverAuth.
    TrustAnchorExtendedKeyUsage,
    /// The trust anchor says that it is a CA where its version can, and has no critical extension
    /// that clients do not know.
    TrustAnchorExtensions,
    /// The trust anchor's authority key identifier does not contradict itself.
    TrustAnchorKeyIdentifiers,
    /// The trust anchor's nameConstraints allow the signed certificate.
    NameConstraints,
    /// The trust anchor's serial number, dates and names are written as RFC 5280 says.
    FormTrustAnchor,
}

impl Rule {
    /// Every rule, in the order in which it is judged.
    pub const ALL: [Rule; 31] = [
        Rule::PemCsr,
        Rule::PemSignedCert,
        Rule::PemTrustAnchor,
        Rule::AlgorithmCsr,
        Rule::AlgorithmSignedCert,
        Rule::AlgorithmTrustAnchor,
        Rule::CsrSignature,
        Rule::Key,
        Rule::Signature,
        Rule::Issuer,
        Rule::ChainOrder,
        Rule::ChainSignatures,
        Rule::PathLength,
        Rule::SelfIssued,
        Rule::SelfSigned,
        Rule::BasicConstraints,
        Rule::KeyUsage,
        Rule::ValiditySignedCert,
        Rule::ValidityTrustAnchor,
        Rule::ValidityWithinTrustAnchor,
        Rule::NotCa,
        Rule::SignedCertKeyUsage,
        Rule::SignedCertExtendedKeyUsage,
        Rule::SignedCertExtensions,
        Rule::KeyIdentifiers,
        Rule::FormSignedCert,
        Rule::TrustAnchorExtendedKeyUsage,
        Rule::TrustAnchorExtensions,
        Rule::TrustAnchorKeyIdentifiers,
        Rule::NameConstraints,
        Rule::FormTrustAnchor,
    ];

    /// Every rule that can end as `fail`.
    pub fn that_can_fail() -> impl Iterator<Item = Rule> {
        Self::ALL
            .into_iter()
            .filter(|rule| *rule != Rule::ValidityWithinTrustAnchor)
    }

    /// The stable id.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rule::PemCsr => "check.pem.csr",
            Rule::PemSignedCert => "check.pem.signed-cert",
            Rule::PemTrustAnchor => "check.pem.trust-anchor",
            Rule::AlgorithmCsr => "check.algorithm.csr",
            Rule::AlgorithmSignedCert => "check.algorithm.signed-cert",
            Rule::AlgorithmTrustAnchor => "check.algorithm.trust-anchor",
            Rule::CsrSignature => "check.csr-signature",
            Rule::Key => "check.key",
            Rule::Signature => "check.signature",
            Rule::Issuer => "check.issuer",
            Rule::ChainOrder => "check.trust-anchor.chain-order",
            Rule::ChainSignatures => "check.trust-anchor.chain-signatures",
            Rule::PathLength => "check.trust-anchor.path-length",
            Rule::SelfIssued => "check.trust-anchor.self-issued",
            Rule::SelfSigned => "check.trust-anchor.self-signed",
            Rule::BasicConstraints => "check.trust-anchor.basic-constraints",
            Rule::KeyUsage => "check.trust-anchor.key-usage",
            Rule::ValiditySignedCert => "check.validity.signed-cert",
            Rule::ValidityTrustAnchor => "check.validity.trust-anchor",
            Rule::ValidityWithinTrustAnchor => "check.validity.within-trust-anchor",
            Rule::NotCa => "check.signed-cert.not-ca",
            Rule::SignedCertKeyUsage => "check.signed-cert.key-usage",
            Rule::SignedCertExtendedKeyUsage => "check.signed-cert.extended-key-usage",
            Rule::SignedCertExtensions => "check.signed-cert.extensions",
            Rule::KeyIdentifiers => "check.key-identifiers",
            Rule::FormSignedCert => "check.form.signed-cert",
            Rule::TrustAnchorExtendedKeyUsage => "check.trust-anchor.extended-key-usage",
            Rule::TrustAnchorExtensions => "check.trust-anchor.extensions",
            Rule::TrustAnchorKeyIdentifiers => "check.trust-anchor.key-identifiers",
            Rule::NameConstraints => "check.trust-anchor.name-constraints",
            Rule::FormTrustAnchor => "check.form.trust-anchor",
        }
    }

    /// What its failure means for the exit code: 4 malformed, 5 a trust anchor that CloudHSM or the
    /// cluster's clients would refuse, 3 everything else.
    pub const fn class(self) -> Class {
        match self {
            Rule::PemCsr | Rule::PemSignedCert | Rule::PemTrustAnchor => Class::Input,
            Rule::AlgorithmTrustAnchor
            | Rule::ChainOrder
            | Rule::ChainSignatures
            | Rule::PathLength
            | Rule::SelfIssued
            | Rule::SelfSigned
            | Rule::BasicConstraints
            | Rule::KeyUsage
            | Rule::ValidityTrustAnchor
            | Rule::TrustAnchorExtendedKeyUsage
            | Rule::TrustAnchorExtensions
            | Rule::TrustAnchorKeyIdentifiers
            | Rule::NameConstraints
            | Rule::FormTrustAnchor => Class::Ca,
            Rule::AlgorithmCsr
            | Rule::AlgorithmSignedCert
            | Rule::CsrSignature
            | Rule::Key
            | Rule::Signature
            | Rule::Issuer
            | Rule::ValiditySignedCert
            | Rule::ValidityWithinTrustAnchor
            | Rule::NotCa
            | Rule::SignedCertKeyUsage
            | Rule::SignedCertExtendedKeyUsage
            | Rule::SignedCertExtensions
            | Rule::KeyIdentifiers
            | Rule::FormSignedCert => Class::Rejected,
        }
    }

    /// Whether InitializeCluster may well take what breaks the rule, and the cluster's clients then
    /// do not.
    const fn is_of_clients(self) -> bool {
        matches!(
            self,
            Rule::NotCa
                | Rule::SignedCertKeyUsage
                | Rule::SignedCertExtendedKeyUsage
                | Rule::SignedCertExtensions
                | Rule::KeyIdentifiers
                | Rule::FormSignedCert
                | Rule::TrustAnchorExtendedKeyUsage
                | Rule::TrustAnchorExtensions
                | Rule::TrustAnchorKeyIdentifiers
                | Rule::NameConstraints
                | Rule::FormTrustAnchor
        )
    }

    /// Where the rule comes from.
    pub const fn source(self) -> &'static str {
        match self {
            Rule::PemCsr => "RFC 7468 2, 7; RFC 2986 4; X.690 10 and 11",
            Rule::PemSignedCert => {
                "API Reference 2022-06-06, InitializeCluster; RFC 7468 2, 5.1; RFC 5280 4.1"
            }
            Rule::PemTrustAnchor => {
                "API Reference 2022-06-06, InitializeCluster; User Guide, Initialize the cluster \
                 (chains, September 2026); RFC 7468 2, 5.1; RFC 5280 4.1"
            }
            Rule::AlgorithmCsr | Rule::AlgorithmSignedCert | Rule::AlgorithmTrustAnchor => {
                "RFC 5280 4.1.1.2; RFC 4055; RFC 5758 3.2; docs/verification.md"
            }
            Rule::CsrSignature => "RFC 2986 4.2",
            Rule::Key => {
                "User Guide, Initialize the cluster: the certificate is the cluster CSR's; RFC \
                 5280 4.1.2.7"
            }
            Rule::Signature => "RFC 5280 6.1.3 (a)(1)",
            Rule::Issuer => "RFC 5280 6.1.3 (a)(4), 7.1",
            Rule::ChainOrder => {
                "User Guide, Initialize the cluster (chains, September 2026); RFC 5280 6.1.3 (a)(4)"
            }
            Rule::ChainSignatures => {
                "User Guide, Initialize the cluster (chains, September 2026); RFC 5280 6.1.3 (a)(1)"
            }
            Rule::PathLength => "RFC 5280 4.2.1.9, 6.1.4 (l), (m)",
            Rule::SelfIssued | Rule::SelfSigned => {
                "User Guide, Initialize the cluster: the trust anchor is self-signed; RFC 5280 3.2"
            }
            Rule::BasicConstraints => {
                "User Guide, Initialize the cluster: extensions without basicConstraints are \
                 refused; RFC 5280 4.2.1.9"
            }
            Rule::KeyUsage => "RFC 5280 4.2.1.3, 6.1.4 (n)",
            Rule::ValiditySignedCert
            | Rule::ValidityTrustAnchor
            | Rule::ValidityWithinTrustAnchor => "RFC 5280 4.1.2.5, 6.1.3 (a)(2)",
            Rule::NotCa => "RFC 5280 4.2.1.3, 4.2.1.9",
            Rule::SignedCertKeyUsage => "RFC 5280 4.2.1.3; RFC 8446 4.4.2.2; RFC 5246 7.4.2",
            Rule::SignedCertExtendedKeyUsage => "RFC 5280 4.2.1.12",
            Rule::SignedCertExtensions => "RFC 5280 4.2, 6.1.5 (f)",
            Rule::KeyIdentifiers => "RFC 5280 4.2.1.1, 4.2.1.2",
            Rule::FormSignedCert => "RFC 5280 4.1.2.2, 4.1.2.4, 4.1.2.5",
            Rule::TrustAnchorExtendedKeyUsage => "RFC 5280 4.2.1.12",
            Rule::TrustAnchorExtensions => {
                "User Guide, Initialize the cluster: the trust anchor conforms to RFC 5280; RFC \
                 5280 4.2, 4.2.1.9, 6.1.4 (k), (o)"
            }
            Rule::TrustAnchorKeyIdentifiers => {
                "User Guide, Initialize the cluster: the trust anchor's extension values do not \
                 conflict; RFC 5280 4.2.1.1, 4.2.1.2"
            }
            Rule::NameConstraints => "RFC 5280 4.2.1.10, 6.1.3 (b), (c)",
            Rule::FormTrustAnchor => {
                "User Guide, Initialize the cluster: the trust anchor conforms to RFC 5280; RFC \
                 5280 4.1.2.2, 4.1.2.4, 4.1.2.5"
            }
        }
    }
}

/// Whether a pair that was taken once can fail these rules, and no others, later: dates pass, and
/// algorithms are given up, with the signatures that were made by them; and what clients refuse,
/// InitializeCluster may have taken. Only then is it worth looking whether the cluster is claimed
/// with it already.
pub fn may_fail_with_time(failed: &[Rule]) -> bool {
    let given_up = failed
        .iter()
        .any(|rule| matches!(rule, Rule::AlgorithmSignedCert | Rule::AlgorithmTrustAnchor));
    failed.iter().all(|rule| match rule {
        Rule::AlgorithmSignedCert
        | Rule::AlgorithmTrustAnchor
        | Rule::ValiditySignedCert
        | Rule::ValidityTrustAnchor => true,
        Rule::Signature | Rule::SelfSigned | Rule::ChainSignatures => given_up,
        rule => rule.is_of_clients(),
    })
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What to do about dates first.
pub(crate) const LOOK_AT_THE_CLOCK: &str = "look at this machine's clock first: `date -u` shows it";

/// What to do about dates that a CA gave.
fn clock() -> String {
    format!(
        "{LOOK_AT_THE_CLOCK}. Where it is right, a certificate that has expired is to be made anew \
         by its CA, and one that is not valid yet is to be waited for"
    )
}

/// What to do about a certificate that was read and is at fault itself: another copy of it has the
/// fault as well.
pub(crate) const REISSUE: &str = "the file was read, and the certificate in it is at fault: have \
                                  its CA issue it anew, for the same key and under the same name, \
                                  without what is named above; or use another CA certificate, such \
                                  as `hsmboot ca init` makes";

/// One rule's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub id: Rule,
    /// `pass`, `note`, `fail` or `skipped`.
    pub status: Status,
    /// What was compared with what.
    pub detail: Lines,
}

/// What `check` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// `hsmboot-check/1`
    pub format: &'static str,
    /// `fit` when nothing failed, else `unfit`.
    pub verdict: &'static str,
    /// The moment that validity was judged at.
    pub at: Moment,
    /// Every rule, in [`Rule::ALL`]'s order.
    pub checks: Vec<Finding>,
    /// Those that fail by this program's choice alone: CloudHSM's guide lists what it declines.
    #[serde(skip)]
    declined: Vec<Rule>,
    /// Those that fail for what was read, and not for the file that holds it.
    #[serde(skip)]
    of_content: Vec<Rule>,
}

impl Record {
    fn of(verdict: &'static str, at: Moment, checks: Vec<Finding>, parts: Option<&Parts>) -> Self {
        let those = |holds: fn(Rule, &Parts) -> bool| {
            let failed = checks
                .iter()
                .filter(|finding| finding.status == Status::Fail)
                .map(|finding| finding.id);
            parts
                .map(|parts| failed.filter(|rule| holds(*rule, parts)).collect())
                .unwrap_or_default()
        };
        Record {
            format: "hsmboot-check/1",
            verdict,
            at,
            declined: those(is_declined),
            of_content: those(is_of_content),
            checks,
        }
    }

    /// The findings that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.checks
            .iter()
            .filter(|finding| finding.status == Status::Fail)
    }

    /// The findings that are worth knowing before InitializeCluster is sent, and forbid nothing.
    pub fn notes(&self) -> impl Iterator<Item = &Finding> {
        self.checks
            .iter()
            .filter(|finding| finding.status == Status::Note)
    }

    /// The error of the worst failure: malformed before a bad trust anchor before the rest. `None`
    /// where nothing failed.
    pub fn error(&self) -> Option<Error> {
        let class = [Class::Input, Class::Ca, Class::Rejected]
            .into_iter()
            .find(|class| self.failed().any(|f| f.id.class() == *class))?;
        let lines: Vec<String> = self
            .failed()
            .map(|finding| format!("  {}: {}", finding.id, finding.detail))
            .collect();
        // Where nothing else is wrong, the right CA has signed the right CSR.
        let weak = self
            .failed()
            .all(|finding| finding.id == Rule::AlgorithmSignedCert);
        let by_clients = self.failed().all(|finding| finding.id.is_of_clients());
        let of_time = self.failed().all(|finding| {
            matches!(
                finding.id,
                Rule::ValiditySignedCert | Rule::ValidityTrustAnchor
            )
        });
        let of_chain = self.failed().any(|finding| {
            matches!(
                finding.id,
                Rule::ChainOrder | Rule::ChainSignatures | Rule::PathLength | Rule::SelfIssued
            )
        });
        let by_us = |finding: &Finding| self.declined.contains(&finding.id);
        // Nothing fails by what CloudHSM is known to say.
        let declined = self.failed().any(by_us)
            && self
                .failed()
                .all(|finding| by_us(finding) || finding.id.is_of_clients());
        let clock = clock();
        let (kind, first, hint) = match class {
            Class::Input
                if self
                    .failed()
                    .filter(|finding| finding.id.class() == class)
                    .all(|finding| self.of_content.contains(&finding.id)) =>
            {
                (
                    ErrorKind::Malformed,
                    "a certificate is malformed or over a documented limit",
                    REISSUE,
                )
            }
            Class::Input => (
                ErrorKind::Malformed,
                "an input is malformed or over a documented limit",
                "take each file anew from where it was made: the CSR as one PEM block with nothing \
                 around it; the signed certificate as one certificate, in PEM or DER; the trust \
                 anchor as one, or as a chain in PEM",
            ),
            Class::Ca if of_time => (
                ErrorKind::TrustAnchorRefused,
                "the trust anchor is not valid at the moment judged at: this is about time",
                clock.as_str(),
            ),
            Class::Ca if by_clients => (
                ErrorKind::TrustAnchorRefused,
                "the cluster's clients would refuse the trust anchor, and a claim cannot be taken \
                 back",
                "use a CA certificate without what is named above, such as `hsmboot ca init` makes",
            ),
            Class::Ca if declined => (
                ErrorKind::TrustAnchorRefused,
                "hsmboot declines the trust anchor",
                "have the CA's certificate issued anew, for the same key and under the same name, \
                 with what is expected above; or use another CA certificate, such as `hsmboot ca \
                 init` makes",
            ),
            Class::Ca if of_chain => (
                ErrorKind::TrustAnchorRefused,
                "CloudHSM would refuse the trust anchor",
                "give a chain as it is to be sent: the certificate of the CA that signs first, \
                 after each one its issuer's, the self-signed root last; or a self-signed CA \
                 certificate alone",
            ),
            Class::Ca => (
                ErrorKind::TrustAnchorRefused,
                "CloudHSM would refuse the trust anchor",
                "use a self-signed CA certificate that is valid now, such as `hsmboot ca init` \
                 makes",
            ),
            _ if of_time => (
                ErrorKind::PairUnfit,
                "the signed certificate is not valid at the moment judged at: this is about time",
                clock.as_str(),
            ),
            _ if weak => (
                ErrorKind::PairUnfit,
                if declined {
                    "hsmboot declines the signed certificate"
                } else {
                    "CloudHSM would refuse the signed certificate"
                },
                "have the CA sign the CSR again, with SHA-256 or better",
            ),
            _ if declined => (
                ErrorKind::PairUnfit,
                "hsmboot declines what is named below",
                "have each certificate that is named issued anew, with what is expected there; \
                 fetch the CSR again: its HSM writes it so",
            ),
            _ if by_clients => (
                ErrorKind::PairUnfit,
                "the cluster's clients would refuse the signed certificate, and a claim cannot be \
                 taken back",
                "have the CA sign the CSR again, as a TLS server's: CA:FALSE, digitalSignature and \
                 keyEncipherment, serverAuth where purposes are named",
            ),
            _ => (
                ErrorKind::PairUnfit,
                "CSR, signed certificate and trust anchor do not belong together",
                "sign the cluster's CSR with the CA whose certificate is the trust anchor, or the \
                 first of its chain",
            ),
        };
        Some(Error::new(kind, Lines::from(first).and(lines), hint))
    }
}

/// A CSR, a certificate and a trust anchor that InitializeCluster can be sent. Only [`check`] makes
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    csr: Csr,
    signed_cert: Certificate,
    trust_anchor: TrustAnchor,
    notes: Vec<Finding>,
}

impl Pair {
    /// What is worth knowing before it is sent, and forbids nothing: to be shown, since a claim
    /// cannot be taken back.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// The CSR that was signed.
    pub const fn csr(&self) -> &Csr {
        &self.csr
    }

    /// The signed certificate.
    pub const fn signed_cert(&self) -> &Certificate {
        &self.signed_cert
    }

    /// The trust anchor.
    pub const fn trust_anchor(&self) -> &TrustAnchor {
        &self.trust_anchor
    }

    /// SignedCert, exactly as it is sent.
    pub fn signed_cert_pem(&self) -> String {
        self.signed_cert.to_pem()
    }

    /// TrustAnchor, exactly as it is sent.
    pub fn trust_anchor_pem(&self) -> String {
        self.trust_anchor.to_pem()
    }
}

/// The record, and the pair where it may be sent.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Every rule and the verdict.
    pub record: Record,
    pair: Option<Pair>,
}

impl Checked {
    /// What may be sent; the worst failure otherwise.
    ///
    /// # Errors
    /// Class `Input`, `Ca` or `Rejected`, with the record as its document.
    pub fn into_pair(self) -> Result<Pair, Error> {
        let document = serde_json::to_value(&self.record).unwrap_or_default();
        match (self.record.error(), self.pair) {
            (None, Some(pair)) => Ok(pair),
            (Some(error), _) => Err(error.with_document(document)),
            // Not reachable: what is not read has failed its `pem` rule. Denied all the same.
            (None, None) => Err(Error::new(
                ErrorKind::Malformed,
                "an input could not be read",
                "give each file as one PEM block",
            )),
        }
    }
}

type Parsed<T> = Result<T, Malformed>;

struct Parts {
    csr: Parsed<Csr>,
    signed_cert: Parsed<Certificate>,
    trust_anchor: Parsed<TrustAnchor>,
}

/// Holds the three against every rule, at the moment `at`. The CSR is the service's text and read
/// strictly; the other two are files of the operator's, PEM with any text around it or DER: what is
/// sent is the program's own text of their certificates.
///
/// ```
/// use hsmboot::check::{check, Rule};
/// let checked = check(b"", b"", b"", "2026-01-01T00:00:00Z".parse().unwrap());
/// assert_eq!(checked.record.failed().next().map(|f| f.id), Some(Rule::PemCsr));
/// assert_eq!(checked.into_pair().unwrap_err().code(), 4);
/// ```
pub fn check(csr: &[u8], signed_cert: &[u8], trust_anchor: &[u8], at: Moment) -> Checked {
    let parts = Parts {
        csr: Csr::from_pem(csr),
        signed_cert: certificate(signed_cert),
        trust_anchor: TrustAnchor::from_file(trust_anchor),
    };
    let checks: Vec<Finding> = Rule::ALL
        .into_iter()
        .map(|rule| judge(rule, &parts, at))
        .collect();
    let verdict = if checks.iter().any(|finding| finding.status == Status::Fail) {
        "unfit"
    } else {
        "fit"
    };
    let record = Record::of(verdict, at, checks, Some(&parts));
    let notes = record.notes().cloned().collect();
    let pair = match (parts.csr, parts.signed_cert, parts.trust_anchor) {
        (Ok(csr), Ok(signed_cert), Ok(trust_anchor)) if verdict == "fit" => Some(Pair {
            csr,
            signed_cert,
            trust_anchor,
            notes,
        }),
        _ => None,
    };
    Checked { record, pair }
}

/// What CloudHSM would refuse a CA for, before anything is signed with its key: the trust anchor's
/// rules alone, and what there is to note of it.
///
/// # Errors
/// Class `Input` where it is malformed, `Ca` where CloudHSM would refuse it.
pub fn trust_anchor(file: &[u8], at: Moment) -> Result<(TrustAnchor, Vec<Finding>), Error> {
    let absent = || Malformed::new(String::new());
    let parts = Parts {
        csr: Err(absent()),
        signed_cert: Err(absent()),
        trust_anchor: TrustAnchor::from_file(file),
    };
    let rules = Rule::ALL
        .into_iter()
        .filter(|rule| rule.class() == Class::Ca || *rule == Rule::PemTrustAnchor);
    let mut checks: Vec<Finding> = rules.map(|rule| judge(rule, &parts, at)).collect();
    // The one rule that needs more than the trust anchor: its certificates' own names are judged
    // all the same.
    if let (Ok(anchor), Some(finding)) = (
        ordered(&parts),
        checks
            .iter_mut()
            .find(|finding| finding.id == Rule::NameConstraints),
    ) {
        *finding = found(
            Rule::NameConstraints,
            trust_anchor::name_constraints(anchor, None),
        );
    }
    let record = Record::of("", at, checks, Some(&parts));
    let notes = record.notes().cloned().collect();
    match (record.error(), parts.trust_anchor) {
        (None, Ok(anchor)) => Ok((anchor, notes)),
        (Some(error), _) => Err(error),
        (None, Err(fault)) => Err(Error::new(ErrorKind::Malformed, fault.to_string(), "")),
    }
}

/// That the name constraints of the CA, and of those above it, allow a certificate of this subject:
/// before one is signed.
///
/// # Errors
/// Class `Ca`, as [`Record::error`].
pub fn allows(ca: &TrustAnchor, subject: &[u8], at: Moment) -> Result<(), Error> {
    let finding = found(
        Rule::NameConstraints,
        trust_anchor::name_constraints(ca, Some((subject, &[]))),
    );
    let record = Record::of("", at, vec![finding], None);
    record.error().map_or(Ok(()), Err)
}

fn certificate(text: &[u8]) -> Parsed<Certificate> {
    let certificate = Certificate::of_owner(text)?;
    // What is sent is our own text of it: lines that were longer or shorter in the file make it
    // another length.
    let sent = certificate.to_pem().len();
    if sent > MAX_CHARS {
        return Err(Malformed::new(format!(
            "{sent} characters as it would be sent, and CloudHSM takes at most {MAX_CHARS} (API \
             Reference, InitializeCluster)"
        )));
    }
    Ok(certificate)
}

/// A rule's outcome before its id is put to it: `Err` holds what is no pass.
type Judged = Result<String, (Status, String)>;

fn fail<T>(detail: impl Into<String>) -> Result<T, (Status, String)> {
    Err((Status::Fail, detail.into()))
}

fn note<T>(detail: impl Into<String>) -> Result<T, (Status, String)> {
    Err((Status::Note, detail.into()))
}

fn found(id: Rule, judged: Judged) -> Finding {
    let (status, detail) = judged.map_or_else(|other| other, |detail| (Status::Pass, detail));
    Finding {
        id,
        status,
        detail: detail.into(),
    }
}

fn judge(rule: Rule, parts: &Parts, at: Moment) -> Finding {
    let together = |rule, anchor: &TrustAnchor| each::together(each::of(rule, anchor, at));
    let judged = match rule {
        Rule::PemCsr => pem_rule("the CSR", parts.csr.as_ref().map(Csr::der)),
        Rule::PemSignedCert => certificate_rule("the signed certificate", &parts.signed_cert),
        Rule::PemTrustAnchor => match &parts.trust_anchor {
            Ok(anchor) => together(rule, anchor),
            Err(fault) => fail(format!("the trust anchor: {fault}")),
        },
        Rule::AlgorithmCsr => {
            csr(parts).and_then(|c| algorithm("the CSR", c.algorithm(), c.algorithm(), c.key()))
        }
        Rule::AlgorithmSignedCert => signed(parts).and_then(|c| {
            algorithm(
                "the signed certificate",
                c.outer_algorithm(),
                c.inner_algorithm(),
                c.key(),
            )
        }),
        Rule::CsrSignature => csr_signature(parts),
        Rule::Key => key(parts),
        Rule::Signature => signature(parts),
        Rule::Issuer => issuer(parts),
        Rule::ChainOrder => anchor(parts).and_then(trust_anchor::chain_order),
        Rule::SelfIssued => ordered(parts).and_then(trust_anchor::self_issued),
        Rule::SelfSigned => ordered(parts).and_then(trust_anchor::self_signed),
        Rule::ValiditySignedCert => {
            signed(parts).and_then(|c| validity("the signed certificate", c, at))
        }
        Rule::ValidityWithinTrustAnchor => {
            both(parts).and_then(|(signed, anchor)| clients::within_trust_anchor(signed, anchor))
        }
        Rule::NotCa => signed(parts).and_then(clients::not_ca),
        Rule::SignedCertKeyUsage => signed(parts).and_then(clients::server_key_usage),
        Rule::SignedCertExtendedKeyUsage => {
            signed(parts).and_then(|c| clients::purposes("the signed certificate", c))
        }
        Rule::SignedCertExtensions => {
            signed(parts).and_then(|c| clients::critical("the signed certificate", c))
        }
        Rule::KeyIdentifiers => both(parts).and_then(|(signed, anchor)| {
            clients::key_identifiers(
                "the signed certificate",
                signed,
                &trust_anchor::noun(anchor, 0),
                anchor.first(),
            )
        }),
        Rule::FormSignedCert => {
            signed(parts).and_then(|c| clients::form("the signed certificate", c))
        }
        Rule::NameConstraints => both(parts).and_then(|(signed, anchor)| {
            trust_anchor::name_constraints(
                anchor,
                Some((signed.subject(), &signed.extensions().subject_alt_names)),
            )
        }),
        Rule::AlgorithmTrustAnchor
        | Rule::BasicConstraints
        | Rule::KeyUsage
        | Rule::ValidityTrustAnchor
        | Rule::TrustAnchorExtendedKeyUsage
        | Rule::TrustAnchorExtensions
        | Rule::FormTrustAnchor => anchor(parts).and_then(|anchor| together(rule, anchor)),
        Rule::ChainSignatures | Rule::PathLength | Rule::TrustAnchorKeyIdentifiers => {
            ordered(parts).and_then(|anchor| together(rule, anchor))
        }
    };
    found(rule, judged)
}

/// The trust anchor, where its certificates stand as a chain does: which stands where says nothing
/// else.
fn ordered(parts: &Parts) -> Result<&TrustAnchor, (Status, String)> {
    let anchor = anchor(parts)?;
    match trust_anchor::chain_order(anchor) {
        Err((Status::Fail, _)) => Err((
            Status::Skipped,
            format!(
                "the certificates of the trust anchor make no chain: see {}",
                Rule::ChainOrder
            ),
        )),
        _ => Ok(anchor),
    }
}

fn both(parts: &Parts) -> Result<(&Certificate, &TrustAnchor), (Status, String)> {
    Ok((signed(parts)?, ordered(parts)?))
}

fn unread<'a, T>(parsed: &'a Parsed<T>, noun: &str, rule: Rule) -> Result<&'a T, (Status, String)> {
    parsed.as_ref().map_err(|_| {
        (
            Status::Skipped,
            format!("{noun} could not be read: see {rule}"),
        )
    })
}

fn csr(parts: &Parts) -> Result<&Csr, (Status, String)> {
    unread(&parts.csr, "the CSR", Rule::PemCsr)
}

fn signed(parts: &Parts) -> Result<&Certificate, (Status, String)> {
    unread(
        &parts.signed_cert,
        "the signed certificate",
        Rule::PemSignedCert,
    )
}

fn anchor(parts: &Parts) -> Result<&TrustAnchor, (Status, String)> {
    unread(
        &parts.trust_anchor,
        "the trust anchor",
        Rule::PemTrustAnchor,
    )
}

fn pem_rule(noun: &str, parsed: Result<&[u8], &Malformed>) -> Judged {
    match parsed {
        Ok(der) => Ok(format!(
            "{noun}: one PEM block of DER, within the documented limits, SHA-256 {}",
            hex(&sha256(der))
        )),
        Err(fault) => fail(format!("{noun}: {fault}")),
    }
}

fn certificate_rule(noun: &str, parsed: &Parsed<Certificate>) -> Judged {
    match parsed {
        Ok(certificate) => found_in(noun, certificate),
        Err(fault) => fail(format!("{noun}: {fault}")),
    }
}

fn found_in(noun: &str, certificate: &Certificate) -> Judged {
    let detail = format!(
        "{noun}: a certificate in DER, within the documented limits as it is sent, SHA-256 {}",
        hex(&certificate.fingerprint())
    );
    let mut faults: Vec<String> = certificate
        .faults()
        .iter()
        .map(ToString::to_string)
        .collect();
    if !faults.is_empty() {
        faults.push(
            "the bytes are sent as they are, and what CloudHSM says of that nobody has told"
                .to_owned(),
        );
    }
    if !certificate.extensions().opaque.is_empty() {
        faults.push(
            "the value of an extension that is not critical and that nothing here reads is \
                     no DER (RFC 5280 4.2)"
                .to_owned(),
        );
    }
    if faults.is_empty() {
        Ok(detail)
    } else {
        note(format!("{detail}; but {}", faults.join("; ")))
    }
}

/// The trust anchor's rules fail for each of its certificates.
fn is_declined(rule: Rule, parts: &Parts) -> bool {
    let of = |outer: &[u8], key: &[u8]| -> [bool; 2] {
        let by_signature = SignatureAlgorithm::from_der(outer).is_err();
        let by_key =
            crate::x509::PublicKey::from_der(key, "a key").is_ok_and(|key| key.usable().is_err());
        [
            by_signature || by_key,
            (!by_signature || is_listed(outer)) && (!by_key || is_listed_key(key)),
        ]
    };
    match (rule, &parts.csr, &parts.signed_cert, &parts.trust_anchor) {
        (Rule::AlgorithmCsr, Ok(csr), ..) => of(csr.algorithm(), csr.spki()) == [true; 2],
        (Rule::AlgorithmSignedCert, _, Ok(signed), _) => {
            signed.inner_algorithm() == signed.outer_algorithm()
                && of(signed.outer_algorithm(), signed.spki()) == [true; 2]
        }
        (Rule::AlgorithmTrustAnchor, _, _, Ok(anchor)) => {
            anchor.certificates().all(|certificate| {
                certificate.inner_algorithm() == certificate.outer_algorithm() && {
                    let [refused, listed] = of(certificate.outer_algorithm(), certificate.spki());
                    !refused || listed
                }
            })
        }
        _ => false,
    }
}

fn is_of_content(rule: Rule, parts: &Parts) -> bool {
    match (rule, &parts.signed_cert, &parts.trust_anchor) {
        (Rule::PemSignedCert, Err(fault), _) | (Rule::PemTrustAnchor, _, Err(fault)) => {
            fault.is_of_content()
        }
        _ => false,
    }
}

fn algorithm(noun: &str, outer: &[u8], inner: &[u8], key: &crate::x509::PublicKey) -> Judged {
    let algorithm = match SignatureAlgorithm::from_der(outer) {
        Ok(algorithm) => algorithm,
        Err(fault) if is_listed(outer) => {
            return fail(format!(
                "{noun} is signed with {fault}: CloudHSM's guide does not exclude it, but hsmboot \
                 declines it, expected {SIGNATURES}, written as RFC 4055 and RFC 5758 say"
            ));
        }
        Err(fault) => {
            return fail(format!(
                "{noun} is signed with {fault}, expected RSA or ECDSA with SHA-256 or better"
            ));
        }
    };
    if inner != outer {
        return fail(format!(
            "{noun} names {algorithm} beside its signature and another algorithm inside (RFC 5280 \
             4.1.1.2)"
        ));
    }
    match key.usable() {
        // User Guide, Initialize the cluster (September 2026): RSA of 2048, 3072 and 4096 bits.
        Ok(())
            if key
                .modulus_bits()
                .is_some_and(|bits| ![2048, 3072, 4096].contains(&bits)) =>
        {
            note(format!(
                "{noun}: signed with {algorithm}; its key is {}, which is not among those that \
                 CloudHSM's guide lists (RSA 2048, 3072 and 4096): whether CloudHSM takes it is \
                 not known",
                key.describe()
            ))
        }
        Ok(()) => Ok(format!(
            "{noun}: signed with {algorithm}; its key is {}",
            key.describe()
        )),
        Err(fault) => fail(format!("{noun} holds {fault}, expected {KEYS}")),
    }
}

/// A signature can be judged only under an algorithm and a key that count; `rules` are the ones
/// that say why they do not.
fn judgeable(
    outer: &[u8],
    key: &crate::x509::PublicKey,
    rules: [Rule; 2],
) -> Result<(), (Status, String)> {
    let [of_algorithm, of_key] = rules;
    let cause = match (SignatureAlgorithm::from_der(outer), key.usable()) {
        (Err(_), _) => of_algorithm,
        (_, Err(_)) => of_key,
        (Ok(_), Ok(())) => return Ok(()),
    };
    Err((
        Status::Skipped,
        format!("the signature was not judged: see {cause}"),
    ))
}

fn csr_signature(parts: &Parts) -> Judged {
    let csr = csr(parts)?;
    judgeable(csr.algorithm(), csr.key(), [Rule::AlgorithmCsr; 2])?;
    match csr.is_self_signed() {
        true => Ok("the CSR is signed by the key it carries".to_owned()),
        false => fail(
            "the CSR's signature is not by the key it carries: it was changed after signing, or \
             damaged",
        ),
    }
}

fn key(parts: &Parts) -> Judged {
    let (csr, signed) = (csr(parts)?, signed(parts)?);
    let (asked, given) = (hex(&sha256(csr.spki())), hex(&sha256(signed.spki())));
    match csr.spki() == signed.spki() {
        true => Ok(format!(
            "the signed certificate's key is the CSR's (SHA-256 {asked})"
        )),
        false => fail(format!(
            "the signed certificate's key (SHA-256 {given}) is not the CSR's ({asked}): it was \
             made for another CSR"
        )),
    }
}

fn signature(parts: &Parts) -> Judged {
    let (signed, anchor) = both(parts)?;
    judgeable(
        signed.outer_algorithm(),
        anchor.first().key(),
        [Rule::AlgorithmSignedCert, Rule::AlgorithmTrustAnchor],
    )?;
    let key = if anchor.is_chain() {
        "the key of the trust anchor's first certificate"
    } else {
        "the trust anchor's key"
    };
    match signed.is_signed_by(anchor.first().key()) {
        true => Ok(format!("{key} signed the signed certificate")),
        false => fail(format!(
            "{key} did not sign the signed certificate{}",
            trust_anchor::signer_elsewhere(anchor, signed)
        )),
    }
}

fn issuer(parts: &Parts) -> Judged {
    let (signed, anchor) = both(parts)?;
    let (issuer, subject) = (
        name_text(signed.issuer()),
        name_text(anchor.first().subject()),
    );
    let subject_of = if anchor.is_chain() {
        "the subject of the trust anchor's first certificate"
    } else {
        "the trust anchor's subject"
    };
    match signed.issuer() == anchor.first().subject() {
        true => Ok(format!(
            "the signed certificate's issuer is {subject_of}, {subject}"
        )),
        false => fail(format!(
            "the signed certificate's issuer is {issuer}, but {subject_of} is {subject}"
        )),
    }
}

fn validity(noun: &str, certificate: &Certificate, at: Moment) -> Judged {
    let (from, to) = (certificate.not_before(), certificate.not_after());
    if at < from {
        fail(format!("{noun} is valid from {from}, which is after {at}"))
    } else if at > to {
        fail(format!("{noun} was valid until {to}, which is before {at}"))
    } else {
        Ok(format!(
            "{noun} is valid from {from} to {to}, which holds {at}"
        ))
    }
}
