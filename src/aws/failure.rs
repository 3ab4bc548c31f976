//! The translation of SDK errors into [`Trouble`], in the service's words.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::Trouble;
use super::causes::{CONNECTING, causes, find, join_causes};
use super::guard::GuardFault;
use super::settings::RoleRefusal;
use crate::outside::OutsideText;

/// Codes that any AWS service may answer with when it does not accept the credentials or the
/// signature.
const CREDENTIALS_CODES: &[&str] = &[
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
const DENIED_CODES: &[&str] = &[
    "CloudHsmAccessDeniedException",
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
];
/// Codes for a thing that does not exist: CloudHSM's, KMS's, and AWS Private CA's.
const NOT_FOUND_CODES: &[&str] = &[
    "CloudHsmResourceNotFoundException",
    "NotFoundException",
    "ResourceNotFoundException",
];
const THROTTLED_CODES: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
];

/// Translates an error of the SDK. With `reads_only` the call changes nothing, so a connection that
/// failed at any point counts as an unreachable service.
pub(crate) fn classify_error<E>(error: &SdkError<E, HttpResponse>, reads_only: bool) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(refusal) = find::<RoleRefusal>(error) {
        return classify_role_refusal(refusal);
    }
    if let Some(found) = find::<CredentialsError>(error) {
        return Trouble::NoCredentials {
            reason: credentials_reason(found).into(),
        };
    }
    if let Some(fault) = find::<GuardFault>(error) {
        return classify_guard_fault(fault, reads_only);
    }
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let (code, message) = (
                context.err().code().unwrap_or_default(),
                context.err().message().unwrap_or_default(),
            );
            classify_answer(status, code, message)
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
            reason: join_causes(error).into(),
        },
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)
            if reads_only || never_connected(error) =>
        {
            Trouble::Unreachable {
                reason: join_causes(error).into(),
            }
        }
        _ => Trouble::Unknown {
            reason: join_causes(error).into(),
        },
    }
}

/// Translates the answer of STS to AssumeRole.
fn classify_role_refusal(refusal: &RoleRefusal) -> Trouble {
    let (code, message) = (refusal.code.trim(), refusal.message.trim());
    if CREDENTIALS_CODES.contains(&code) {
        return Trouble::BadCredentials {
            code: code.into(),
            message: message.into(),
        };
    }
    if THROTTLED_CODES.contains(&code) {
        return Trouble::Throttled {
            message: message.into(),
        };
    }
    Trouble::RoleNotAssumed {
        role: refusal.role.as_str().into(),
        by: refusal.by.as_str().into(),
        code: code.into(),
        message: message.into(),
    }
}

/// Translates a request that was held back, or an answer that was not taken. After a call that
/// changes something, a missing answer leaves the outcome open.
fn classify_guard_fault(fault: &GuardFault, reads_only: bool) -> Trouble {
    let reason = OutsideText::from(fault.to_string().trim());
    match fault {
        GuardFault::Insecure { .. } => Trouble::Unreachable { reason },
        _ if !reads_only => Trouble::Unknown { reason },
        GuardFault::TooLong { .. } => Trouble::TooMuch { reason },
        GuardFault::Cut { .. } | GuardFault::NoDocument { .. } => Trouble::Unreadable { reason },
    }
}

/// Returns the reason why there are no credentials. The SDK says "not enabled" where it found none.
fn credentials_reason(error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "none in the environment or the AWS configuration files, and no role of an instance or \
             a task"
                .to_owned()
        }
        other => join_causes(other),
    }
}

/// Translates an error answer. Only a 4xx is a refusal; a 5xx may come from a front end whose back
/// end did the work.
fn classify_answer(status: u16, code: &str, message: &str) -> Trouble {
    let (code, message) = (OutsideText::from(code.trim()), message.trim());
    let message = if message.is_empty() {
        format!("HTTP {status}, no message")
    } else {
        message.to_owned()
    };
    let message = OutsideText::from(message);
    let is = |list: &[&str]| list.contains(&code.as_raw());
    if is(THROTTLED_CODES) || status == 429 {
        Trouble::Throttled { message }
    } else if status >= 500
        || status == 408
        || code == "CloudHsmInternalFailureException"
        || status < 400
    {
        let code = if code.is_empty() {
            String::new()
        } else {
            format!(" {}", code.as_raw())
        };
        Trouble::Unknown {
            reason: format!("HTTP {status}{code}: {}", message.as_raw()).into(),
        }
    } else if is(CREDENTIALS_CODES) {
        Trouble::BadCredentials { code, message }
    } else if is(DENIED_CODES) || (code.is_empty() && status == 403) {
        Trouble::AccessDenied { message }
    } else if is(NOT_FOUND_CODES) {
        Trouble::NotFound { message }
    } else {
        Trouble::Refused { code, message }
    }
}

/// Tells whether no connection was made, so that nothing can have been sent. When in doubt the
/// answer is no: a route that is lost later gives the same system errors, after the request has
/// gone out.
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
        let denied = classify_answer(400, "CloudHsmAccessDeniedException", "no");
        assert_eq!(
            denied,
            Trouble::AccessDenied {
                message: "no".into()
            }
        );
        assert!(matches!(
            classify_answer(400, "CloudHsmResourceNotFoundException", "no"),
            Trouble::NotFound { .. }
        ));
        assert!(matches!(
            classify_answer(400, "CloudHsmInvalidRequestException", "no"),
            Trouble::Refused { .. }
        ));
        assert!(matches!(
            classify_answer(400, "ThrottlingException", "no"),
            Trouble::Throttled { .. }
        ));
        assert!(matches!(
            classify_answer(429, "", ""),
            Trouble::Throttled { .. }
        ));
        assert!(matches!(
            classify_answer(403, "ExpiredTokenException", "no"),
            Trouble::BadCredentials { .. }
        ));
        assert!(matches!(
            classify_answer(403, "", ""),
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
                matches!(classify_answer(status, code, ""), Trouble::Unknown { .. }),
                "{status} {code}"
            );
        }
        assert!(matches!(
            classify_answer(400, "CloudHsmInternalFailureException", ""),
            Trouble::Unknown { .. }
        ));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("client error ({stage})")]
    struct StagedError {
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
                never_connected(&StagedError {
                    stage: "Connect",
                    cause: kind.into()
                }),
                "{kind}"
            );
            assert!(
                !never_connected(&StagedError {
                    stage: "SendRequest",
                    cause: kind.into()
                }),
                "{kind}"
            );
        }
        assert!(!never_connected(&StagedError {
            stage: "Connect",
            cause: io::ErrorKind::ConnectionReset.into()
        }));
    }
}
