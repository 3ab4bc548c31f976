//! What a CA's description must say before it can issue.

use aws_sdk_acmpca::operation::describe_certificate_authority::DescribeCertificateAuthorityOutput;
use aws_sdk_acmpca::types::{CertificateAuthorityStatus, CertificateAuthorityType};

use super::arn::CaArn;
use crate::error::{Error, ErrorKind, FactName, Result};

/// The place of a CA in its hierarchy: a root, or below others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CaRank {
    Root,
    Subordinate,
}

/// Checks that the CA is active, and finds whether it is a root, or has a chain above it that
/// becomes part of the trust anchor.
pub(super) fn is_active(
    description: &DescribeCertificateAuthorityOutput,
    arn: &CaArn,
) -> Result<CaRank> {
    let ca = description.certificate_authority();
    match ca.and_then(|ca| ca.status()) {
        Some(CertificateAuthorityStatus::Active) => {}
        other => {
            let found = other.map_or("none", CertificateAuthorityStatus::as_str);
            return Err(Error::new(
                ErrorKind::CaNotActive,
                [
                    format!("the CA does not sign now: its status is {found}, expected ACTIVE"),
                    format!("  CA  {arn}"),
                ],
                "`aws acm-pca describe-certificate-authority` shows it; a CA that is disabled can \
                 be enabled again, one without its certificate needs that first",
            )
            .with_fact(FactName::CaArn, arn.as_str())
            .with_fact(FactName::Expected, "ACTIVE")
            .with_fact(FactName::Found, found));
        }
    }
    match ca.and_then(|ca| ca.r#type()) {
        Some(CertificateAuthorityType::Root) => Ok(CaRank::Root),
        Some(CertificateAuthorityType::Subordinate) => Ok(CaRank::Subordinate),
        other => {
            let found = other.map_or("none", CertificateAuthorityType::as_str);
            Err(Error::new(
                ErrorKind::TrustAnchorRefused,
                [
                    "this CA is of a type that hsmboot does not know".to_owned(),
                    format!("  CA    {arn}"),
                    format!("  type  {found}, expected ROOT or SUBORDINATE"),
                ],
                "give the ARN of a CA of one of these types",
            )
            .with_fact(FactName::CaArn, arn.as_str())
            .with_fact(FactName::Expected, "ROOT or SUBORDINATE")
            .with_fact(FactName::Found, found))
        }
    }
}

pub(super) fn without_chain(arn: &CaArn) -> Error {
    Error::new(
        ErrorKind::TrustAnchorRefused,
        [
            "CloudHSM would refuse the trust anchor: this CA is subordinate, and the service \
             returns no chain from it to a root"
                .to_owned(),
            format!("  CA    {arn}"),
            "  type  SUBORDINATE".to_owned(),
        ],
        "`aws acm-pca import-certificate-authority-certificate` takes the CA's certificate with \
         its chain; or give the ARN of a CA of type ROOT",
    )
    .with_fact(FactName::CaArn, arn.as_str())
}
