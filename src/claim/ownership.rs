//! Judges to whom a claimed cluster belongs: by its certificate and the owner's CA alone.
//!
//! A certificate that exists already is judged by what it is, not by what may be sent today: with
//! every signature algorithm that can be verified, whatever the dates, versions and extensions of
//! cluster certificate and CA are, and whatever stands around them. A cluster is the owner's by
//! name *and* key *and* signature. It is somebody else's only where that is positively so; "cannot
//! be judged" is neither.

mod legacy_signature;
mod lenient;
#[cfg(test)]
mod tests;

use crate::x509::name::same_name;
use crate::x509::{NameText, TrustAnchor, name_text, sha256};

use super::shown::Shown;
use legacy_signature::{LegacyKey, SignatureVerdict};
pub use lenient::LenientCertificate;

/// The greatest number of certificates that may stand between the cluster's and the owner's (AWS
/// guide, Initialize the cluster: four with the root).
const MAX_BETWEEN: usize = 3;

/// The answer to the question whose a claimed cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The owner's: with the very certificate that was signed for this CSR.
    ThisCertificate,
    /// The owner's: with another certificate for this CSR's key.
    AnotherCertificate,
    /// The owner's; there was no CSR to compare with.
    NoCsrToCompare,
    /// The owner's, but with the key of another CSR.
    AnotherKey,
    /// Somebody else's: the signature can be verified, and no key of the owner's made it.
    AnotherCa,
    /// Nobody can tell by this certificate.
    CannotBeJudged(Doubt),
}

/// The reason why nobody can tell whose a cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The cluster certificate cannot be read: why.
    Unreadable(String),
    /// The cluster certificate is the CA's own certificate, or carries its key. No CA signs such a
    /// thing for an HSM.
    CaItself,
    /// The owner's key signed it, but its issuer has another name than the owner's CA.
    AnotherName {
        /// The cluster certificate's issuer.
        issuer: NameText,
        /// The subject of the owner's CA.
        subject: NameText,
    },
    /// A CA below the owner's signed it.
    Subordinate {
        /// The cluster certificate's issuer.
        issuer: NameText,
    },
    /// A CA of the owner's chain signed it, but not the first.
    NotTheFirst {
        /// The cluster certificate's issuer.
        issuer: NameText,
        /// The subject of the chain's first certificate.
        first: NameText,
    },
    /// The signature, or the CA's key, is of a kind that cannot be verified here: which.
    Unverifiable(String),
    /// No CA was given.
    NoCa,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Doubt::Unreadable(why) => write!(f, "the cluster's certificate cannot be read: {why}"),
            Doubt::CaItself => f.write_str(
                "the cluster's certificate is the CA's own, or carries \
                                            its key: no HSM has that key",
            ),
            Doubt::AnotherName { issuer, subject } => {
                write!(
                    f,
                    "your CA's key signed the cluster's certificate, but in the name of \
                           {issuer}, not of {subject}"
                )
            }
            Doubt::Subordinate { issuer } => write!(
                f,
                "a CA below yours signed the cluster's certificate: {issuer}"
            ),
            Doubt::NotTheFirst { issuer, first } => {
                write!(
                    f,
                    "another CA of your chain than its first signed the cluster's \
                           certificate: {issuer}, not {first}"
                )
            }
            Doubt::Unverifiable(why) => f.write_str(why),
            Doubt::NoCa => f.write_str("no CA was given"),
        }
    }
}

/// A certificate of the owner's: a self-signed CA's, or one of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerCertificate(LenientCertificate);

impl OwnerCertificate {
    /// Reads the owner's CA certificate, or chain, from a file's bytes: PEM with whatever stands
    /// around it, or DER. Dates, versions, signatures and extensions are not looked at.
    ///
    /// # Errors
    /// Where there is none, or one cannot be read.
    pub fn all_from_file(bytes: &[u8]) -> Result<Vec<Self>, String> {
        Ok(LenientCertificate::all_from_text(bytes)?
            .into_iter()
            .map(OwnerCertificate)
            .collect())
    }

    /// Takes those of a trust anchor. Whatever [`crate::x509::Certificate`] has read reads here as
    /// well.
    pub fn all_of(trust_anchor: &TrustAnchor) -> Vec<Self> {
        trust_anchor
            .certificates()
            .filter_map(|certificate| LenientCertificate::from_der(certificate.as_der()).ok())
            .map(OwnerCertificate)
            .collect()
    }

    /// The certificate in a message.
    pub fn to_shown_certificate(&self) -> Shown {
        show_certificate(&self.0)
    }
}

/// The owner's claim as it would look. Nothing of it is needed to tell whose the cluster is.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpectedClaim<'a> {
    /// The SubjectPublicKeyInfo of the CSR that was signed, or is to be.
    pub csr_spki: Option<&'a [u8]>,
    /// The DER of the certificate that was signed for it.
    pub signed_cert: Option<&'a [u8]>,
}

/// The judgement on whose a cluster is, with the certificate that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipJudgement {
    /// The owner of the cluster.
    pub ownership: Ownership,
    /// The cluster certificate: the first one of its text. `None`: it cannot be read.
    pub certificate: Option<LenientCertificate>,
    /// The cluster certificate in a message.
    pub shown: Shown,
}

/// Judges whose a cluster is by `ClusterCertificate` as the service returned it.
///
/// `owner` holds the trust anchor's certificates: the first is that of the CA which signs, and its
/// holder is the owner; those above it have signed that one, and perhaps other CAs, other people's.
/// Whether they belong together, are valid now, or would be taken by InitializeCluster is not
/// looked at. Of several certificates in the cluster's text the first is the cluster's.
pub fn judge_ownership(
    cluster_certificate: &str,
    owner: &[OwnerCertificate],
    expected: &ExpectedClaim<'_>,
) -> OwnershipJudgement {
    match LenientCertificate::first_from_text(cluster_certificate.as_bytes()) {
        Ok((certificate, others)) => OwnershipJudgement {
            ownership: judge_certificate(&certificate, &others, owner, expected),
            shown: show_certificate(&certificate),
            certificate: Some(certificate),
        },
        Err(why) => unreadable_judgement(cluster_certificate, &why),
    }
}

fn unreadable_judgement(text: &str, why: &str) -> OwnershipJudgement {
    let unread = NameText::without_name("(cannot be read)");
    let shown = Shown {
        fingerprint: sha256(text.as_bytes()),
        subject: unread.clone(),
        issuer: unread,
    };
    OwnershipJudgement {
        ownership: Ownership::CannotBeJudged(Doubt::Unreadable(why.to_owned())),
        certificate: None,
        shown,
    }
}

fn show_certificate(certificate: &LenientCertificate) -> Shown {
    Shown {
        fingerprint: sha256(certificate.as_der()),
        subject: name_text(certificate.subject()),
        issuer: name_text(certificate.issuer()),
    }
}

fn judge_certificate(
    certificate: &LenientCertificate,
    others: &[LenientCertificate],
    owner: &[OwnerCertificate],
    expected: &ExpectedClaim<'_>,
) -> Ownership {
    if owner
        .iter()
        .any(|ca| same_key(ca.0.spki(), certificate.spki()))
    {
        return Ownership::CannotBeJudged(Doubt::CaItself);
    }
    let (first, above) = owner.split_at(owner.len().min(1));
    match is_issued_by_any(certificate, first) {
        Ok(true) => compare_with_expected(certificate, expected),
        Ok(false) if !above.is_empty() && is_issued_by_any(certificate, above) == Ok(true) => {
            let first = first
                .first()
                .map(|first| name_text(first.0.subject()))
                .unwrap_or_default();
            Ownership::CannotBeJudged(Doubt::NotTheFirst {
                issuer: name_text(certificate.issuer()),
                first,
            })
        }
        Ok(false) if is_below(certificate, others, owner) => {
            Ownership::CannotBeJudged(Doubt::Subordinate {
                issuer: name_text(certificate.issuer()),
            })
        }
        Ok(false) => Ownership::AnotherCa,
        Err(doubt) => Ownership::CannotBeJudged(doubt),
    }
}

/// Tells whether one of the owner's certificates issued this one. An error says why that cannot be
/// told.
fn is_issued_by_any(
    certificate: &LenientCertificate,
    owner: &[OwnerCertificate],
) -> Result<bool, Doubt> {
    let mut doubt = owner.is_empty().then_some(Doubt::NoCa);
    for OwnerCertificate(ca) in owner {
        match judge_signature(certificate, ca) {
            SignatureVerdict::Made if same_name(certificate.issuer(), ca.subject()) => {
                return Ok(true);
            }
            SignatureVerdict::Made => {
                doubt = Some(Doubt::AnotherName {
                    issuer: name_text(certificate.issuer()),
                    subject: name_text(ca.subject()),
                });
            }
            SignatureVerdict::NotMade => {}
            SignatureVerdict::Unknown(why) => doubt = doubt.or(Some(Doubt::Unverifiable(why))),
        }
    }
    doubt.map_or(Ok(false), Err)
}

fn judge_signature(certificate: &LenientCertificate, ca: &LenientCertificate) -> SignatureVerdict {
    match LegacyKey::from_spki(ca.spki()) {
        Ok(key) => key.judge_signature(
            certificate.signature_algorithm(),
            certificate.tbs(),
            certificate.signature(),
        ),
        Err(why) => SignatureVerdict::Unknown(format!("the CA's certificate: {why}")),
    }
}

/// Tells whether the certificates beside the cluster's lead from it to one of the owner's (RFC 5280
/// 6.1.3 a 1 and a 4).
fn is_below(
    certificate: &LenientCertificate,
    others: &[LenientCertificate],
    owner: &[OwnerCertificate],
) -> bool {
    let mut below = certificate;
    for _ in 0..MAX_BETWEEN {
        let issued = |ca: &&LenientCertificate| {
            same_name(below.issuer(), ca.subject())
                && judge_signature(below, ca) == SignatureVerdict::Made
        };
        let Some(ca) = others.iter().find(issued) else {
            return false;
        };
        if is_issued_by_any(ca, owner) == Ok(true) {
            return true;
        }
        below = ca;
    }
    false
}

fn compare_with_expected(
    certificate: &LenientCertificate,
    expected: &ExpectedClaim<'_>,
) -> Ownership {
    if expected
        .csr_spki
        .is_some_and(|spki| !same_key(spki, certificate.spki()))
    {
        Ownership::AnotherKey
    } else if expected.signed_cert == Some(certificate.as_der()) {
        Ownership::ThisCertificate
    } else if expected.csr_spki.is_some() {
        Ownership::AnotherCertificate
    } else {
        Ownership::NoCsrToCompare
    }
}

/// Tells whether both are the same public key: as numbers where those can be read, however their
/// SubjectPublicKeyInfo is written.
fn same_key(one: &[u8], other: &[u8]) -> bool {
    one == other
        || matches!(
            (LegacyKey::from_spki(one), LegacyKey::from_spki(other)),
            (Ok(one), Ok(other)) if one == other
        )
}
