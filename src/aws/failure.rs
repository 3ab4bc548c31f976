//! What an SDK error means for us: which of our troubles it is, in the service's words.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::Trouble;
use super::causes::{CONNECTING, causes, chain, find};
use super::guard::Fault;
use crate::outside::OutsideText;

/// Codes that any AWS service may answer with when it does not accept the credentials or the
/// signature.
const CREDENTIALS: &[&str] = &[
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "InvalidToken",
    "AuthFailure",
    "NotSignedUp",
    "OptInRequired",
];
const DENIED: &[&str] = &[
    "CloudHsmAccessDeniedException",
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
];
/// CloudHSM's, KMS's, and AWS Private CA's.
const NOT_FOUND: &[&str] = &[
    "CloudHsmResourceNotFoundException",
    "NotFoundException",
    "ResourceNotFoundException",
];
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
];

/// What an error of the SDK means. `reads_only`: the call changes nothing, so a connection that
/// failed at any point is simply an unreachable service.
pub(crate) fn trouble<E>(error: &SdkError<E, HttpResponse>, reads_only: bool) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(found) = find::<CredentialsError>(error) {
        return Trouble::NoCredentials {
            reason: credentials(found).into(),
        };
    }
    if let Some(fault) = find::<Fault>(error) {
        return guarded(fault, reads_only);
    }
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let (code, message) = (
                context.err().code().unwrap_or_default(),
                context.err().message().unwrap_or_default(),
            );
            answered(status, code, message)
        }
        SdkError::ResponseError(context) => {
            let reason = format!(
                "an answer that cannot be read (HTTP {})",
                context.raw().status().as_u16()
            );
            if reads_only {
                Trouble::Unreadable {
                    reason: reason.into(),
                }
            } else {
                Trouble::Unknown {
                    reason: reason.into(),
                }
            }
        }
        SdkError::ConstructionFailure(_) => Trouble::Unreachable {
            reason: chain(error).into(),
        },
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)
            if reads_only || never_connected(error) =>
        {
            Trouble::Unreachable {
                reason: chain(error).into(),
            }
        }
        _ => Trouble::Unknown {
            reason: chain(error).into(),
        },
    }
}

/// What it means that a request was held back, or an answer not taken. After a call that changes
/// something, no answer is an open outcome.
fn guarded(fault: &Fault, reads_only: bool) -> Trouble {
    let reason = OutsideText::from(fault.to_string().trim());
    match fault {
        Fault::Insecure { .. } => Trouble::Unreachable { reason },
        _ if !reads_only => Trouble::Unknown { reason },
        Fault::TooLong { .. } => Trouble::TooMuch { reason },
        Fault::Cut { .. } | Fault::NoDocument { .. } => Trouble::Unreadable { reason },
    }
}

/// Why there are no credentials. The SDK's word for "found none" is "not enabled".
fn credentials(error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "none in the environment or the AWS configuration files, and no role of an instance or \
             a task"
                .to_owned()
        }
        other => chain(other),
    }
}

/// What an error answer means. Only a 4xx is a refusal; a 5xx may come from a front end whose back
/// end did the work.
fn answered(status: u16, code: &str, message: &str) -> Trouble {
    let (code, message) = (OutsideText::from(code.trim()), message.trim());
    let message = if message.is_empty() {
        format!("HTTP {status}, no message")
    } else {
        message.to_owned()
    };
    let message = OutsideText::from(message);
    let is = |list: &[&str]| list.contains(&code.raw());
    if is(THROTTLED) || status == 429 {
        Trouble::Throttled { message }
    } else if status >= 500
        || status == 408
        || code == "CloudHsmInternalFailureException"
        || status < 400
    {
        let code = if code.is_empty() {
            String::new()
        } else {
            format!(" {}", code.raw())
        };
        Trouble::Unknown {
            reason: format!("HTTP {status}{code}: {}", message.raw()).into(),
        }
    } else if is(CREDENTIALS) {
        Trouble::BadCredentials { code, message }
    } else if is(DENIED) || (code.is_empty() && status == 403) {
        Trouble::AccessDenied { message }
    } else if is(NOT_FOUND) {
        Trouble::NotFound { message }
    } else {
        Trouble::Refused { code, message }
    }
}

/// Whether no connection came about, so that nothing can have been sent. When in doubt, no: a route
/// that is lost later brings the same errors of the system's, after the request has gone out.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    if !causes(error).any(|cause| cause.to_string() == CONNECTING) {
        return false;
    }
    let refused = find::<io::Error>(error).is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
        )
    });
    refused || causes(error).any(|cause| cause.to_string().contains("dns error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_its_code_and_status() {
        let denied = answered(400, "CloudHsmAccessDeniedException", "no");
        assert_eq!(
            denied,
            Trouble::AccessDenied {
                message: "no".into()
            }
        );
        assert!(matches!(
            answered(400, "CloudHsmResourceNotFoundException", "no"),
            Trouble::NotFound { .. }
        ));
        assert!(matches!(
            answered(400, "CloudHsmInvalidRequestException", "no"),
            Trouble::Refused { .. }
        ));
        assert!(matches!(
            answered(400, "ThrottlingException", "no"),
            Trouble::Throttled { .. }
        ));
        assert!(matches!(answered(429, "", ""), Trouble::Throttled { .. }));
        assert!(matches!(
            answered(403, "ExpiredTokenException", "no"),
            Trouble::BadCredentials { .. }
        ));
        assert!(matches!(
            answered(403, "", ""),
            Trouble::AccessDenied { .. }
        ));
    }

    #[test]
    fn a_5xx_leaves_the_outcome_open_whatever_it_says() {
        for (status, code) in [
            (500, "CloudHsmInternalFailureException"),
            (503, "AccessDeniedException"),
            (502, ""),
        ] {
            assert!(
                matches!(answered(status, code, ""), Trouble::Unknown { .. }),
                "{status} {code}"
            );
        }
        assert!(matches!(
            answered(400, "CloudHsmInternalFailureException", ""),
            Trouble::Unknown { .. }
        ));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("client error ({stage})")]
    struct At {
        stage: &'static str,
        #[source]
        cause: io::Error,
    }

    #[test]
    fn a_route_lost_after_the_connection_leaves_the_outcome_open() {
        for kind in [
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkUnreachable,
        ] {
            assert!(
                never_connected(&At {
                    stage: "Connect",
                    cause: kind.into()
                }),
                "{kind}"
            );
            assert!(
                !never_connected(&At {
                    stage: "SendRequest",
                    cause: kind.into()
                }),
                "{kind}"
            );
        }
        assert!(!never_connected(&At {
            stage: "Connect",
            cause: io::ErrorKind::ConnectionReset.into()
        }));
    }
}
