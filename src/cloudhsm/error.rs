//! What can go wrong with a call to the service, and how it is told.

use std::fmt;

use crate::error::{Class, Error};

/// A call that did not bring the answer it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// The call.
    pub call: Call,
    /// What happened.
    pub trouble: Trouble,
    /// Where it was sent.
    pub place: Box<Place>,
}

/// Defines the calls, by the API's names.
macro_rules! calls {
    ($($name:ident),* $(,)?) => {
        /// The calls that are made, by the API's names: those of [`super::CloudHsm`] and [`super::Fleet`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Call {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        impl Call {
            /// The API's name of the call; `cloudhsm:` and this is the IAM action.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Call::$name => stringify!($name),)*
                }
            }
        }
    };
}

calls! {
    CopyBackupToRegion,
    CreateCluster,
    CreateHsm,
    DeleteBackup,
    DeleteCluster,
    DeleteHsm,
    DescribeBackups,
    DescribeClusters,
    InitializeCluster,
    ListTags,
    ModifyBackupAttributes,
    ModifyCluster,
    RestoreBackup,
    TagResource,
    UntagResource,
}

impl Call {
    /// What a repetition would make once more.
    fn makes(self) -> Option<&'static str> {
        match self {
            Call::CreateCluster => Some("look for it with `hsmboot cluster list` before you run this again: a second run makes a second cluster"),
            Call::CreateHsm => Some("look for it with `hsmboot cluster show` before you run this again: a second run makes a second HSM"),
            Call::CopyBackupToRegion => {
                Some("look for it with `hsmboot backup list` in the destination's region before you run this again: a second run makes a second copy")
            }
            _ => None,
        }
    }

    /// What the service does not know when it says so: the error's kind, the thing, and how to find the right one.
    fn missing(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Call::CopyBackupToRegion
            | Call::CreateCluster
            | Call::DeleteBackup
            | Call::DescribeBackups
            | Call::ModifyBackupAttributes
            | Call::RestoreBackup => {
                ("backup-not-found", "backup", "check the backup's id, the region and the account: `hsmboot backup list` lists the backups there")
            }
            Call::ListTags | Call::TagResource | Call::UntagResource => (
                "resource-not-found",
                "cluster or backup",
                "check the id, the region and the account: `hsmboot cluster list` and `hsmboot backup list` list what is there",
            ),
            Call::CreateHsm | Call::DeleteCluster | Call::DeleteHsm | Call::DescribeClusters | Call::InitializeCluster | Call::ModifyCluster => {
                ("cluster-not-found", "cluster", "check the cluster id, the region and the account: `hsmboot status` lists the clusters there")
            }
        }
    }
}

/// Where a call went: what the user chose, or what was chosen for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The AWS region.
    pub region: Option<String>,
    /// The endpoint, where one was set.
    pub endpoint: Option<String>,
    /// The profile, where one was named.
    pub profile: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.endpoint, &self.region) {
            (Some(endpoint), Some(region)) => write!(f, "{endpoint} (region {region}")?,
            (Some(endpoint), None) => write!(f, "{endpoint} (no region")?,
            (None, Some(region)) => write!(f, "AWS CloudHSM (region {region}")?,
            (None, None) => write!(f, "AWS CloudHSM (no region")?,
        }
        match &self.profile {
            Some(profile) => write!(f, ", profile {profile})"),
            None => write!(f, ")"),
        }
    }
}

/// What happened to a call.
///
/// The service's own texts are kept, the SDK's Debug forms are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection; the request was not sent.
    Unreachable {
        /// The reason, as the system gave it.
        reason: String,
    },
    /// No credentials found, or a source of them failed; nothing was sent.
    NoCredentials {
        /// What the sources said.
        reason: String,
    },
    /// No region known; nothing was sent.
    NoRegion,
    /// The service does not accept the credentials: unknown, expired, or a signature that does not fit (a wrong clock).
    BadCredentials {
        /// The service's error code.
        code: String,
        /// The service's message.
        message: String,
    },
    /// The credentials are good, but not for this action.
    AccessDenied {
        /// The service's message.
        message: String,
    },
    /// Too many requests. A definite refusal: nothing was done.
    Throttled {
        /// The service's message.
        message: String,
    },
    /// The service knows no such cluster, HSM or backup.
    NotFound {
        /// The service's message.
        message: String,
    },
    /// The service refused the request and did nothing.
    Refused {
        /// The service's error code.
        code: String,
        /// The service's message.
        message: String,
    },
    /// It is not known whether the request worked: a timeout, a dropped connection, a 5xx, an answer that cannot be read.
    Unknown {
        /// What was seen.
        reason: String,
    },
}

impl ServiceError {
    /// Whether the request may have worked all the same.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self.trouble, Trouble::Unknown { .. })
    }

    /// Whether the same call may succeed a little later, with nothing changed on this side.
    pub fn is_transient(&self) -> bool {
        matches!(self.trouble, Trouble::Unreachable { .. } | Trouble::Throttled { .. } | Trouble::Unknown { .. })
    }

    /// One line for progress and logs.
    pub fn brief(&self) -> String {
        let call = self.call.as_str();
        match &self.trouble {
            Trouble::Unreachable { reason } => format!("{call} could not be sent: {reason}"),
            Trouble::NoCredentials { .. } => format!("{call} was not sent: no AWS credentials"),
            Trouble::NoRegion => format!("{call} was not sent: no AWS region"),
            Trouble::BadCredentials { message, .. } => format!("{call}: credentials not accepted: {message}"),
            Trouble::AccessDenied { message } => format!("{call} was denied: {message}"),
            Trouble::Throttled { message } => format!("{call} was throttled: {message}"),
            Trouble::NotFound { message } => format!("{call}: not found: {message}"),
            Trouble::Refused { code, message } => format!("{call} was refused: {code}: {message}"),
            Trouble::Unknown { reason } => format!("{call} was sent, its outcome is not known: {reason}"),
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.brief())
    }
}

impl std::error::Error for ServiceError {}

/// Several lines of a message: the first as it is, the others indented, each a label and a text.
fn lines(first: String, rest: &[(&str, &str)]) -> String {
    let width = rest.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    rest.iter().filter(|(_, text)| !text.is_empty()).fold(first, |message, (label, text)| format!("{message}\n  {label:width$}  {text}"))
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        let ServiceError { call, trouble, place } = error;
        let name = call.as_str();
        let at = place.to_string();
        let (kind, message, hint) = match &trouble {
            Trouble::Unreachable { reason } => (
                "service-unreachable",
                lines("CloudHSM cannot be reached".into(), &[("at", &at), ("reason", reason)]),
                "check `--region` and `--endpoint-url`, and the way there: a proxy (HTTPS_PROXY, NO_PROXY), a VPC endpoint, a firewall".to_owned(),
            ),
            Trouble::NoCredentials { reason } => (
                "no-credentials",
                lines("no usable AWS credentials were found".into(), &[("for", &at), ("reason", reason)]),
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with `--profile` (AWS_PROFILE), or sign in with \
                 `aws sso login`; on AWS, give the instance or the task a role"
                    .to_owned(),
            ),
            Trouble::NoRegion => (
                "no-region",
                "no AWS region is set".to_owned(),
                "name the cluster's region: `--region eu-central-1`, AWS_REGION, or `region` in the profile".to_owned(),
            ),
            Trouble::BadCredentials { code, message } => (
                "credentials-refused",
                lines("the service does not accept these AWS credentials".into(), &[("at", &at), ("service", &said(code, message))]),
                credentials_hint(code).to_owned(),
            ),
            Trouble::AccessDenied { message } => (
                "access-denied",
                lines(format!("{name} is not allowed with these AWS credentials"), &[("at", &at), ("service", message)]),
                access_hint(call),
            ),
            Trouble::Throttled { message } => (
                "throttled",
                lines(format!("{name} was throttled, again and again"), &[("at", &at), ("service", message)]),
                "the account's request rate is used up; run the same command again in a minute".to_owned(),
            ),
            Trouble::NotFound { message } => {
                let (kind, thing, hint) = call.missing();
                (kind, lines(format!("the service knows no such {thing}"), &[("at", &at), ("service", message)]), hint.to_owned())
            }
            Trouble::Refused { code, message } => (
                "service-refused",
                lines(format!("{name} was refused"), &[("at", &at), ("service", &said(code, message))]),
                "the service's words above say why; `hsmboot status` shows the cluster as it is".to_owned(),
            ),
            Trouble::Unknown { reason } => (
                "service-failure",
                lines(format!("{name} brought no usable answer"), &[("at", &at), ("reason", reason)]),
                match call.makes() {
                    Some(hint) => format!("it may have worked all the same: {hint}"),
                    None => "run the same command again: it looks before it does anything".to_owned(),
                },
            ),
        };
        Error::new(Class::Service, kind, message, hint)
    }
}

/// The service's code and message in one line, the message alone where it says more.
fn said(code: &str, message: &str) -> String {
    match (code.is_empty(), message.is_empty()) {
        (_, true) => code.to_owned(),
        (true, false) => message.to_owned(),
        (false, false) => format!("{code}: {message}"),
    }
}

fn credentials_hint(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" => "they have expired: sign in again (`aws sso login`) or fetch new ones, then run the same command",
        "RequestExpired" | "RequestTimeTooSkewed" | "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            "compare this machine's clock with the true time, and the secret key with the access key"
        }
        _ => "check which credentials are used: `aws sts get-caller-identity`, with the same `--profile`",
    }
}

/// The IAM action that was missing. DescribeClusters reads the whole account's list; InitializeCluster can be granted on one cluster.
fn access_hint(call: Call) -> String {
    match call {
        Call::DescribeClusters => "the caller's IAM policy must allow cloudhsm:DescribeClusters on resource \"*\"".to_owned(),
        Call::InitializeCluster => "the caller's IAM policy must allow cloudhsm:InitializeCluster on the cluster, \
             arn:aws:cloudhsm:REGION:ACCOUNT:cluster/CLUSTER-ID"
            .to_owned(),

        Call::CreateCluster => {
            "the caller's IAM policy must allow cloudhsm:CreateCluster, and cloudhsm:TagResource where it is given tags; see docs/iam.md".to_owned()
        }
        _ => format!("the caller's IAM policy must allow cloudhsm:{}; see docs/iam.md", call.as_str()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(trouble: Trouble) -> Error {
        ServiceError {
            call: Call::InitializeCluster,
            trouble,
            place: Box::new(Place { region: Some("eu-west-1".into()), endpoint: None, profile: Some("hsm".into()) }),
        }
        .into()
    }

    #[test]
    fn every_trouble_ends_with_6_and_says_what_to_do() {
        let text = || "said".to_owned();
        for trouble in [
            Trouble::Unreachable { reason: text() },
            Trouble::NoCredentials { reason: text() },
            Trouble::NoRegion,
            Trouble::BadCredentials { code: text(), message: text() },
            Trouble::AccessDenied { message: text() },
            Trouble::Throttled { message: text() },
            Trouble::NotFound { message: text() },
            Trouble::Refused { code: text(), message: text() },
            Trouble::Unknown { reason: text() },
        ] {
            let error = at(trouble.clone());
            assert_eq!(error.code(), 6);
            assert!(!error.hint.is_empty());
            assert!(trouble == Trouble::NoRegion || error.message.contains("said"), "{}", error.message);
        }
    }

    #[test]
    fn a_denied_call_names_the_action_and_the_place() {
        let error = at(Trouble::AccessDenied { message: "User x is not authorized".into() });
        assert_eq!(
            error.message,
            "InitializeCluster is not allowed with these AWS credentials\n  at       AWS CloudHSM (region eu-west-1, profile hsm)\n  \
             service  User x is not authorized"
        );
        assert!(error.hint.contains("cloudhsm:InitializeCluster"));
    }

    #[test]
    fn only_a_lost_answer_leaves_the_outcome_open() {
        let error = |trouble| ServiceError { call: Call::InitializeCluster, trouble, place: Box::default() };
        assert!(error(Trouble::Unknown { reason: String::new() }).outcome_unknown());
        assert!(!error(Trouble::Throttled { message: String::new() }).outcome_unknown());
        assert!(!error(Trouble::Unreachable { reason: String::new() }).outcome_unknown());
    }
}
