//! The meaning of KMS's refusals for a CA's key: whether the key is at fault (class `Ca`), or
//! the way to it (class `Service`).

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::{CallPlace, FailedCall, Trouble, failure};
use crate::error::{Error, ErrorKind, FactName};
use crate::outside::Lines;

/// A call to KMS, for the message about its failure.
pub(super) struct KmsCall<'a> {
    /// `GetPublicKey` or `Sign`; with `kms:` before it, the IAM action.
    pub(super) name: &'static str,
    /// The key, as `--ca-key` names it.
    pub(super) key: &'a str,
    pub(super) place: &'a CallPlace,
}

impl KmsCall<'_> {
    /// The error of a call that failed. KMS API Reference, GetPublicKey and Sign, "Errors".
    pub(super) fn explain_failure<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let trouble = failure::classify_error(error, true);
        let code = error
            .as_service_error()
            .and_then(ProvideErrorMetadata::code)
            .unwrap_or_default();
        let said = match &trouble {
            Trouble::Refused { message, .. } | Trouble::NotFound { message } => message.as_raw(),
            Trouble::Unknown { reason } => reason.as_raw(),
            _ => "",
        };
        match code {
            "NotFoundException" => self.key_fault(
                ErrorKind::CaKeyMissing,
                "AWS KMS knows no such key",
                said,
                "compare the key's id or alias, its region and its account; hsmboot makes no keys \
                 in AWS KMS: `aws kms create-key` does",
            ),
            "DisabledException" | "KMSInvalidStateException" | "KeyUnavailableException" => self
                .key_fault(
                    ErrorKind::CaKeyUnavailable,
                    "the CA's key is there, but cannot be used now",
                    said,
                    "`aws kms describe-key` shows its KeyState: enable it again (`aws kms \
                 enable-key`), cancel its deletion (`aws kms cancel-key-deletion`), or connect its \
                 key store",
                ),
            "InvalidKeyUsageException" | "UnsupportedOperationException" => self.key_fault(
                ErrorKind::CaKeyUnsupported,
                "the CA's key is of a kind that does \
                                                             not sign certificates",
                said,
                super::FITTING_KEY_HINT,
            ),
            _ => self.explain_trouble(&trouble),
        }
    }

    /// Something about the key itself.
    pub(super) fn key_fault(&self, kind: ErrorKind, what: &str, said: &str, hint: &str) -> Error {
        let service = (!said.is_empty()).then(|| format!("  service  {said}"));
        Error::new(
            kind,
            Lines::from([
                what.to_owned(),
                format!("  key      {}", self.key),
                format!("  at       {}", self.place.text_for("AWS KMS")),
            ])
            .followed_by(service),
            hint,
        )
        .with_fact(FactName::CaKey, self.key)
        .with_fact(FactName::Action, self.name)
        .with_fact(FactName::Endpoint, self.place.text_for("AWS KMS"))
        .with_fact(FactName::ServiceMessage, (!said.is_empty()).then_some(said))
    }

    /// Something about the way to it.
    pub(super) fn explain_trouble(&self, trouble: &Trouble) -> Error {
        let asked = FailedCall {
            service: &self.place.service_or_endpoint("AWS KMS"),
            call: self.name,
            location: self.place.text_for("AWS KMS"),
            region_of: "the key's region",
            missing: (
                ErrorKind::CaKeyMissing,
                "key",
                "compare the key's id or alias, its region and its account",
            ),
            allowed: format!(
                "the key's policy, or the caller's IAM policy, must allow kms:GetPublicKey and \
                 kms:Sign on the key (here kms:{} was missing); see {}",
                self.name,
                page!("iam.md")
            ),
            refused: format!("the service's words above say why; the key is {}", self.key),
            unknown: "run the same command again: nothing has been written".to_owned(),
        };
        asked.to_error(trouble)
    }
}
