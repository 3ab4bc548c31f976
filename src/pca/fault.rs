//! The meaning of AWS Private CA's refusals, and of a certificate that is not there in time.

use std::future::Future;
use std::time::Duration;

use aws_sdk_acmpca::operation::get_certificate::GetCertificateError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::CaArn;
use crate::aws::{CallPlace, Deadline, FailedCall, Trouble, failure, run_within};
use crate::error::{Error, ErrorKind, FactName};

/// An operation of AWS Private CA's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PcaOperation {
    DescribeCertificateAuthority,
    GetCertificateAuthorityCertificate,
    IssueCertificate,
    GetCertificate,
}

impl PcaOperation {
    /// Returns the API's name; with `acm-pca:` before it, the IAM action.
    const fn name(self) -> &'static str {
        match self {
            PcaOperation::DescribeCertificateAuthority => "DescribeCertificateAuthority",
            PcaOperation::GetCertificateAuthorityCertificate => {
                "GetCertificateAuthorityCertificate"
            }
            PcaOperation::IssueCertificate => "IssueCertificate",
            PcaOperation::GetCertificate => "GetCertificate",
        }
    }
}

/// A call to AWS Private CA, for the message about its failure.
pub(super) struct PcaCall<'a> {
    pub(super) operation: PcaOperation,
    /// The subject of the call: the CA, or a certificate.
    pub(super) arn: &'a str,
    pub(super) place: &'a CallPlace,
}

impl PcaCall<'_> {
    /// The error of a call that failed. Each may be repeated: the service takes a second
    /// IssueCertificate with the same token for the first.
    pub(super) fn explain_failure<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match failure::classify_error(error, true) {
            Trouble::NotFound { message } if self.operation != PcaOperation::GetCertificate => {
                Error::new(
                    ErrorKind::CaNotFound,
                    [
                        "AWS Private CA knows no such CA".to_owned(),
                        format!("  CA       {}", self.arn),
                        format!("  at       {}", self.place.text_for("AWS Private CA")),
                        format!("  service  {message}"),
                    ],
                    "compare the ARN; `aws acm-pca list-certificate-authorities` shows the CAs of \
                     this account and region",
                )
                .with_fact(FactName::CaArn, self.arn)
                .with_fact(FactName::Action, self.operation.name())
                .with_fact(FactName::Endpoint, self.place.text_for("AWS Private CA"))
                .with_fact(FactName::ServiceMessage, &message)
            }
            trouble => self.explain_trouble(&trouble),
        }
    }

    /// Waits for the answer, within the deadline.
    pub(super) async fn await_answer<T, E>(
        &self,
        deadline: Option<Deadline>,
        asking: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let answer = run_within(deadline, asking)
            .await
            .map_err(|trouble| self.explain_trouble(&trouble))?;
        answer.map_err(|error| self.explain_failure(&error))
    }

    pub(super) fn explain_trouble(&self, trouble: &Trouble) -> Error {
        let asked = FailedCall {
            service: &self.place.service_or_endpoint("AWS Private CA"),
            call: self.operation.name(),
            location: self.place.text_for("AWS Private CA"),
            region_of: "the CA's region",
            missing: (
                ErrorKind::CertificateNotFound,
                "certificate",
                "compare the ARN after \
                                                                      --certificate-arn; without \
                                                                      it, a certificate is \
                                                                      requested",
            ),
            allowed: format!(
                "the caller's IAM policy, or the CA's own policy, must allow \
                              acm-pca:{} on the CA; see {}",
                self.operation.name(),
                page!("iam.md")
            ),
            refused: format!(
                "the service's words above say why; it was about {}",
                self.arn
            ),
            unknown:
                "run the same command again within five minutes: to AWS Private CA it is then \
                      the same request"
                    .to_owned(),
        };
        asked.to_error(trouble)
    }
}

/// Tells whether the certificate is still being made (API Reference, GetCertificate).
pub(super) fn is_in_progress(error: &SdkError<GetCertificateError, HttpResponse>) -> bool {
    error
        .as_service_error()
        .is_some_and(GetCertificateError::is_request_in_progress_exception)
}

/// Returns the error where the time is up.
pub(super) fn pending_certificate(ca: &CaArn, certificate: &str, patience: Duration) -> Error {
    Error::new(
        ErrorKind::CertificatePending,
        [
            format!(
                "AWS Private CA has not made the certificate after {} s",
                patience.as_secs()
            ),
            format!("  CA           {ca}"),
            format!("  certificate  {certificate}"),
        ],
        format!(
            "run the same command again with `--certificate-arn {certificate}`: that fetches \
                 this very certificate and requests no other"
        ),
    )
    .with_fact(FactName::CaArn, ca.as_str())
    .with_fact(FactName::CertificateArn, certificate)
    .with_fact(FactName::WaitedSeconds, patience.as_secs())
    .with_document(serde_json::json!({ "certificate_arn": certificate }))
}
