//! The faults that can be injected, and what each does to a call.

use std::time::Duration;

use super::json_protocol::ApiError;

/// A fault that can be injected. Each comment names the behaviour of a client that it tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// `throttling`: ThrottlingException, HTTP 400, nothing changed. A client waits and tries
    /// again.
    Throttling,
    /// `internal-failure`: CloudHsmInternalFailureException, HTTP 500, nothing changed. A client
    /// must look before it sends anything again that is not repeatable.
    InternalFailure,
    /// `unknown-failure`: InternalFailure, the common error of HTTP 500, nothing changed. It tests
    /// the same behaviour with an error that no action documents.
    UnknownFailure,
    /// `unavailable`: ServiceUnavailable, HTTP 503, nothing changed.
    Unavailable,
    /// `service-error`: CloudHsmServiceException, HTTP 400, nothing changed. A client gives up and
    /// shows the message.
    ServiceError,
    /// `access-denied`: CloudHsmAccessDeniedException, HTTP 400. A client gives up.
    AccessDenied,
    /// `not-authorized`: AccessDeniedException, HTTP 403; NotAuthorized, 400, in 2022. A client
    /// gives up.
    NotAuthorized,
    /// `expired-token`: ExpiredTokenException, HTTP 403. A client gives up and asks for new
    /// credentials.
    ExpiredToken,
    /// `request-timeout`: RequestTimeoutException, HTTP 408, nothing changed. A client looks before
    /// it sends anything again that is not repeatable.
    RequestTimeout,
    /// `validation-error`: ValidationError, HTTP 400. A client gives up and shows the message.
    ValidationError,
    /// `opt-in-required`: OptInRequired, HTTP 403. A client gives up.
    OptInRequired,
    /// `close-before`: the connection is closed before anything is changed.
    CloseBefore,
    /// `close-after`: the change is made, then the connection is closed without an answer. A client
    /// that sends again is refused; one that looks finds its work done.
    CloseAfter,
    /// `cut-short`: the change is made; half of the answer comes, then the connection is closed. A
    /// client must not take the half for the whole, and then does as after `close-after`.
    CutShort,
    /// `delay`: the answer comes this much later, the change too.
    Delay(Duration),
    /// `hsm-fails`: before the call is carried out, the first HSM of its cluster fails and is
    /// replaced: another card, key and CSR. A client finds that what it had signed is worthless.
    HsmFails,
    /// `cluster-degrades`: before the call is carried out, its cluster becomes DEGRADED, to stay. A
    /// client stops waiting for a state that will not come.
    ClusterDegrades,
    /// `initialize-never-ends`: InitializeCluster is accepted, and the cluster stays
    /// INITIALIZE_IN_PROGRESS.
    InitializeNeverEnds,
    /// `initialize-fails`: InitializeCluster is accepted, and the cluster falls back to
    /// UNINITIALIZED.
    InitializeFails,
    /// `migration-fails`: ModifyCluster with another HsmType is accepted; the first HSM fails, and
    /// the cluster goes back by itself: MODIFY_IN_PROGRESS, ROLLBACK_IN_PROGRESS, ACTIVE with the
    /// type that it had. A client does not take acceptance for success.
    MigrationFails,
}

impl InjectedFault {
    /// Every fault by its name, with a delay of one second among them.
    pub const ALL: [(&'static str, Self); 20] = [
        ("throttling", Self::Throttling),
        ("internal-failure", Self::InternalFailure),
        ("unknown-failure", Self::UnknownFailure),
        ("unavailable", Self::Unavailable),
        ("service-error", Self::ServiceError),
        ("access-denied", Self::AccessDenied),
        ("not-authorized", Self::NotAuthorized),
        ("expired-token", Self::ExpiredToken),
        ("request-timeout", Self::RequestTimeout),
        ("validation-error", Self::ValidationError),
        ("opt-in-required", Self::OptInRequired),
        ("close-before", Self::CloseBefore),
        ("close-after", Self::CloseAfter),
        ("cut-short", Self::CutShort),
        ("delay", Self::Delay(Duration::from_secs(1))),
        ("hsm-fails", Self::HsmFails),
        ("cluster-degrades", Self::ClusterDegrades),
        ("initialize-never-ends", Self::InitializeNeverEnds),
        ("initialize-fails", Self::InitializeFails),
        ("migration-fails", Self::MigrationFails),
    ];

    /// Returns the fault of that name; `millis` is for `delay` alone.
    pub fn parse(name: &str, millis: u64) -> Option<Self> {
        let (_, fault) = Self::ALL.into_iter().find(|(known, _)| *known == name)?;
        Some(if matches!(fault, Self::Delay(_)) {
            Self::Delay(Duration::from_millis(millis))
        } else {
            fault
        })
    }

    /// Returns the name that `parse` takes.
    pub(super) fn name(self) -> &'static str {
        let same = |known: &Self| std::mem::discriminant(known) == std::mem::discriminant(&self);
        Self::ALL
            .iter()
            .find(|(_, known)| same(known))
            .map_or("", |(name, _)| name)
    }

    /// Returns the error for a call that meets this fault and changes nothing. Its names and
    /// messages are those of the API Reference, "Common Errors".
    pub(super) fn refusal_for(self, action: &str, account: &str) -> Option<ApiError> {
        let (status, kind, message) = match self {
            Self::Throttling => return Some(ApiError::throttled()),
            Self::InternalFailure => {
                return Some(ApiError::internal_failure(
                    "An internal failure, as ordered.",
                ));
            }
            Self::AccessDenied => {
                return Some(ApiError::access_denied(format!(
                    "User: arn:aws:iam::{account}:user/simulated is not authorized to perform: \
                     cloudhsm:{action}"
                )));
            }
            Self::UnknownFailure => (
                500,
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or \
                 failure.",
            ),
            Self::Unavailable => (
                503,
                "ServiceUnavailable",
                "The request has failed due to a temporary failure of the server.",
            ),
            Self::ServiceError => (
                400,
                "CloudHsmServiceException",
                "An error occurred, as ordered.",
            ),
            Self::NotAuthorized => (
                400,
                "NotAuthorized",
                "You do not have permission to perform this action.",
            ),
            Self::ExpiredToken => (
                403,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
            Self::RequestTimeout => (408, "RequestTimeoutException", "The request timed out."),
            Self::ValidationError => (
                400,
                "ValidationError",
                "The input fails to satisfy the constraints specified by an AWS service.",
            ),
            Self::OptInRequired => (
                403,
                "OptInRequired",
                "The AWS access key ID needs a subscription for the service.",
            ),
            _ => return None,
        };
        Some(ApiError::new(status, kind, message))
    }

    /// Tells whether the fault can affect such a call.
    pub(super) fn applies_to(self, action: &str, target: Option<&AddressedCluster>) -> bool {
        match self {
            Self::InitializeNeverEnds | Self::InitializeFails => action == "InitializeCluster",
            Self::MigrationFails => action == "ModifyCluster",
            Self::HsmFails => target.is_some_and(|target| target.has_hsm),
            Self::ClusterDegrades => target.is_some_and(|target| target.can_degrade),
            _ => true,
        }
    }
}

/// The cluster that a call addresses.
#[derive(Clone, Debug)]
pub(super) struct AddressedCluster {
    pub(super) cluster_id: String,
    pub(super) has_hsm: bool,
    pub(super) can_degrade: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_name_and_no_other() {
        for (name, fault) in InjectedFault::ALL {
            assert_eq!(
                (fault.name(), InjectedFault::parse(name, 1000)),
                (name, Some(fault))
            );
        }
        assert_eq!(InjectedFault::Delay(Duration::ZERO).name(), "delay");
    }
}
