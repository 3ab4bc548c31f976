//! What AWS Private CA's refusals mean, and a certificate that is not there in time.

use std::future::Future;
use std::time::Duration;

use aws_sdk_acmpca::operation::get_certificate::GetCertificateError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::CaArn;
use crate::aws::{Asked, Deadline, Place, Trouble, failure, within};
use crate::error::{Error, ErrorKind};

/// A call to AWS Private CA, as its failure is told.
pub(super) struct Call<'a> {
    /// The API's name; with `acm-pca:` before it, the IAM action.
    pub(super) name: &'static str,
    /// What it was about: the CA, or a certificate.
    pub(super) arn: &'a str,
    pub(super) place: &'a Place,
}

impl Call<'_> {
    /// The error of a call that failed. Each may be repeated: the service takes a second
    /// IssueCertificate with the same token for the first.
    pub(super) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match failure::trouble(error, true) {
            Trouble::NotFound { message } if self.name != "GetCertificate" => Error::new(
                ErrorKind::CaNotFound,
                [
                    "AWS Private CA knows no such CA".to_owned(),
                    format!("  CA       {}", self.arn),
                    format!("  at       {}", self.place.of("AWS Private CA")),
                    format!("  service  {message}"),
                ],
                "compare the ARN; `aws acm-pca list-certificate-authorities` shows the CAs of this \
                 account and region",
            ),
            trouble => self.told(&trouble),
        }
    }

    /// The answer, in time.
    pub(super) async fn answered<T, E>(
        &self,
        deadline: Option<Deadline>,
        asking: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let answer = within(deadline, asking)
            .await
            .map_err(|trouble| self.told(&trouble))?;
        answer.map_err(|error| self.failed(&error))
    }

    pub(super) fn told(&self, trouble: &Trouble) -> Error {
        let asked = Asked {
            service: &self.place.name("AWS Private CA"),
            call: self.name,
            at: self.place.of("AWS Private CA"),
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
                              acm-pca:{} on the CA; see docs/iam.md",
                self.name
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
        asked.told(trouble)
    }
}

/// Whether the certificate is still being made (API Reference, GetCertificate).
pub(super) fn is_in_progress(error: &SdkError<GetCertificateError, HttpResponse>) -> bool {
    error
        .as_service_error()
        .is_some_and(GetCertificateError::is_request_in_progress_exception)
}

/// The time is up.
pub(super) fn pending(ca: &CaArn, certificate: &str, patience: Duration) -> Error {
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
    .with_document(serde_json::json!({ "certificate_arn": certificate }))
}
