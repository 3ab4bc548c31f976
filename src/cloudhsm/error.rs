//! The failures of a call to the service, and their messages.

use std::fmt;
use std::time::Duration;

use super::calls::Call;
use crate::aws::FailedCall;
pub use crate::aws::{CallPlace, Trouble};
use crate::error::Error;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// The call.
    pub call: Call,
    /// The reason why it failed.
    pub trouble: Trouble,
    /// The place it was sent to.
    pub place: Box<CallPlace>,
}

impl ServiceError {
    /// Tells whether the request may have worked all the same.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self.trouble, Trouble::Unknown { .. })
    }

    /// Tells whether another look at what is there is worth it: the request may have worked, or
    /// somebody else has done since the last look what it asks for, and so it was refused.
    pub fn may_be_done_already(&self) -> bool {
        self.outcome_unknown() || self.is_refused()
    }

    /// Tells whether the service refused the request, or no longer has what it is about.
    pub fn is_refused(&self) -> bool {
        matches!(
            self.trouble,
            Trouble::Refused { .. } | Trouble::NotFound { .. }
        )
    }

    /// Tells whether the same call may succeed a little later, with nothing changed on this side.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.trouble,
            Trouble::Unreachable { .. }
                | Trouble::Throttled { .. }
                | Trouble::Unknown { .. }
                | Trouble::Unreadable { .. }
        )
    }

    /// Returns the time that the command was given, where that time is over.
    pub fn out_of_time(&self) -> Option<Duration> {
        match self.trouble {
            Trouble::OutOfTime { limit, .. } => Some(limit),
            _ => None,
        }
    }

    /// Returns one line for progress and logs.
    pub fn summary_line(&self) -> String {
        let call = self.call.as_str();
        match &self.trouble {
            Trouble::Unreachable { reason } => format!("{call} could not be sent: {reason}"),
            Trouble::NoCredentials { .. } => format!("{call} was not sent: no AWS credentials"),
            Trouble::NoRegion => format!("{call} was not sent: no AWS region"),
            Trouble::BadCredentials { message, .. } => {
                format!("{call}: credentials not accepted: {message}")
            }
            Trouble::RoleNotAssumed { role, message, .. } => {
                format!("{call} was not sent: {role} was not assumed: {message}")
            }
            Trouble::AccessDenied { message } => format!("{call} was denied: {message}"),
            Trouble::Throttled { message } => format!("{call} was throttled: {message}"),
            Trouble::NotFound { message } => format!("{call}: not found: {message}"),
            Trouble::Refused { code, message } => format!("{call} was refused: {code}: {message}"),
            Trouble::InsecureEndpoint { named_by } => {
                format!("{call} was not sent: plain HTTP to another machine, as {named_by} says")
            }
            Trouble::Unreadable { reason } | Trouble::TooMuch { reason } => {
                format!("{call} was answered with {reason}")
            }
            Trouble::OutOfTime { sent: true, .. } => format!("{call} was not answered in time"),
            Trouble::OutOfTime { sent: false, .. } => {
                format!("{call} was not sent: the time was over before")
            }
            Trouble::Unknown { reason } => {
                format!("{call} was sent, its outcome is not known: {reason}")
            }
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary_line())
    }
}

impl std::error::Error for ServiceError {}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        let ServiceError {
            call,
            trouble,
            place,
        } = error;
        let asked = FailedCall {
            service: &place.service_or_endpoint("CloudHSM"),
            call: call.as_str(),
            location: place.to_string(),
            region_of: "the cluster's region",
            missing: call.not_found_terms(),
            allowed: call.access_hint(),
            refused:
                "the service's words above say why; `hsmboot status` shows the cluster as it is"
                    .to_owned(),
            unknown: match call.repetition_hint() {
                Some(hint) => format!("it may have worked all the same: {hint}"),
                None => "run the same command again: it looks before it does anything".to_owned(),
            },
        };
        let error = asked.to_error(&trouble);
        match (&trouble, call.repetition_hint()) {
            (Trouble::Unknown { .. }, Some(_)) => error.unless_done_already(),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn error_of(trouble: Trouble) -> Error {
        ServiceError {
            call: Call::InitializeCluster,
            trouble,
            place: Box::new(CallPlace {
                region: Some("eu-west-1".into()),
                endpoint: None,
                profile: Some("hsm".into()),
            }),
        }
        .into()
    }

    #[test]
    fn every_trouble_ends_with_6_and_says_what_to_do() {
        let text = || "said".to_owned();
        for trouble in [
            Trouble::Unreachable {
                reason: text().into(),
            },
            Trouble::NoCredentials {
                reason: text().into(),
            },
            Trouble::NoRegion,
            Trouble::BadCredentials {
                code: text().into(),
                message: text().into(),
            },
            Trouble::AccessDenied {
                message: text().into(),
            },
            Trouble::Throttled {
                message: text().into(),
            },
            Trouble::NotFound {
                message: text().into(),
            },
            Trouble::Refused {
                code: text().into(),
                message: text().into(),
            },
            Trouble::Unknown {
                reason: text().into(),
            },
        ] {
            let error = error_of(trouble.clone());
            assert_eq!(error.exit_code(), 6);
            assert!(!error.hint.is_empty());
            assert!(
                trouble == Trouble::NoRegion || error.message.contains("said"),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn a_denied_call_names_the_action_and_the_place() {
        let error = error_of(Trouble::AccessDenied {
            message: "User x is not authorized".into(),
        });
        assert_eq!(
            error.message.as_str(),
            "InitializeCluster is not allowed with these AWS credentials\n  at       AWS CloudHSM \
             (region eu-west-1, profile hsm)\n  service  User x is not authorized"
        );
        assert!(error.hint.contains("cloudhsm:InitializeCluster"));
    }

    #[test]
    fn only_a_lost_answer_leaves_the_outcome_open() {
        let error = |trouble| ServiceError {
            call: Call::InitializeCluster,
            trouble,
            place: Box::default(),
        };
        assert!(
            error(Trouble::Unknown {
                reason: String::new().into()
            })
            .outcome_unknown()
        );
        assert!(
            !error(Trouble::Throttled {
                message: String::new().into()
            })
            .outcome_unknown()
        );
        assert!(
            !error(Trouble::Unreachable {
                reason: String::new().into()
            })
            .outcome_unknown()
        );
    }
}
