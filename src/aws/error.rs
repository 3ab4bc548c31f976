//! The failures of a call to an AWS service, and their messages.

use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind, FactName};
use crate::outside::{Lines, OutsideText};

/// The place that a call went to, chosen by the user or for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallPlace {
    /// The AWS region.
    pub region: Option<OutsideText>,
    /// The endpoint, where an option, the environment or the profile set one.
    pub endpoint: Option<OutsideText>,
    /// The profile, where one was named.
    pub profile: Option<OutsideText>,
}

impl CallPlace {
    /// Returns the service's name for a message, or the endpoint where it is not the service's own.
    pub fn service_or_endpoint(&self, service: &str) -> String {
        self.endpoint
            .as_ref()
            .map_or_else(|| service.to_owned(), ToString::to_string)
    }

    /// Returns the place as a text for a message, with the service's name where the endpoint is its
    /// own.
    pub fn text_for(&self, service: &str) -> String {
        let region = self.region.as_ref().map_or_else(
            || "no region".to_owned(),
            |region| format!("region {region}"),
        );
        let profile = self
            .profile
            .as_ref()
            .map_or_else(String::new, |profile| format!(", profile {profile}"));
        format!("{} ({region}{profile})", self.service_or_endpoint(service))
    }
}

/// Shows the place with the name of CloudHSM, the main service of this program.
impl fmt::Display for CallPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text_for("AWS CloudHSM"))
    }
}

/// The reason why a call failed.
///
/// The service's own texts are kept, the SDK's Debug forms are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection; the request was not sent.
    Unreachable {
        /// The reason, as the system gave it.
        reason: OutsideText,
    },
    /// No credentials found, or a source of them failed; nothing was sent.
    NoCredentials {
        /// The answer of the sources.
        reason: OutsideText,
    },
    /// No region known; nothing was sent.
    NoRegion,
    /// The service does not accept the credentials: unknown, expired, or a signature that does not
    /// fit (a wrong clock).
    BadCredentials {
        /// The service's error code.
        code: OutsideText,
        /// The service's message.
        message: OutsideText,
    },
    /// STS does not let the credentials assume the role that was named; nothing was sent to the
    /// service.
    RoleNotAssumed {
        /// The role.
        role: OutsideText,
        /// Where the credentials came from that tried it.
        by: OutsideText,
        /// The error code of STS.
        code: OutsideText,
        /// The message of STS.
        message: OutsideText,
    },
    /// The credentials are good, but not for this action.
    AccessDenied {
        /// The service's message.
        message: OutsideText,
    },
    /// Too many requests. A definite refusal: nothing was done.
    Throttled {
        /// The service's message.
        message: OutsideText,
    },
    /// The service does not know the thing that was named.
    NotFound {
        /// The service's message.
        message: OutsideText,
    },
    /// The service refused the request and did nothing.
    Refused {
        /// The service's error code.
        code: OutsideText,
        /// The service's message.
        message: OutsideText,
    },
    /// The endpoint is on another machine, over plain HTTP; nothing was sent.
    InsecureEndpoint {
        /// The setting that named it.
        named_by: OutsideText,
    },
    /// An answer that is not the expected document: empty, white space, a page of HTML, cut off, or
    /// without the member that was asked for.
    Unreadable {
        /// A description of what came instead.
        reason: OutsideText,
    },
    /// There were more answers, or a longer one, than there can be.
    TooMuch {
        /// A description of what there was.
        reason: OutsideText,
    },
    /// The time that the command was given is over.
    OutOfTime {
        /// The length of that time.
        limit: Duration,
        /// True where the request may have been sent. Otherwise nothing was sent.
        sent: bool,
    },
    /// It is not known whether the request worked: a timeout, a dropped connection, a 5xx, an
    /// answer that cannot be read.
    Unknown {
        /// A description of what was seen.
        reason: OutsideText,
    },
}

impl Trouble {
    /// The service's error code, where it is told.
    const fn code(&self) -> Option<&OutsideText> {
        match self {
            Trouble::BadCredentials { code, .. }
            | Trouble::RoleNotAssumed { code, .. }
            | Trouble::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The role that was not assumed.
    const fn role(&self) -> Option<&OutsideText> {
        match self {
            Trouble::RoleNotAssumed { role, .. } => Some(role),
            _ => None,
        }
    }

    /// What the system said, or what named the endpoint, where anything did.
    const fn cause(&self) -> Option<&OutsideText> {
        match self {
            Trouble::Unreachable { reason }
            | Trouble::NoCredentials { reason }
            | Trouble::Unreadable { reason }
            | Trouble::TooMuch { reason }
            | Trouble::Unknown { reason } => Some(reason),
            Trouble::InsecureEndpoint { named_by } => Some(named_by),
            _ => None,
        }
    }

    /// The service's own words, where it said any.
    const fn message(&self) -> Option<&OutsideText> {
        match self {
            Trouble::BadCredentials { message, .. }
            | Trouble::RoleNotAssumed { message, .. }
            | Trouble::AccessDenied { message }
            | Trouble::Throttled { message }
            | Trouble::NotFound { message }
            | Trouble::Refused { message, .. } => Some(message),
            _ => None,
        }
    }
}

/// A call that failed, with the texts for its error message.
#[derive(Clone, Debug)]
pub struct FailedCall<'a> {
    /// The service's short name.
    pub service: &'a str,
    /// The API's name of the call.
    pub call: &'a str,
    /// The place it went to: [`CallPlace::text_for`].
    pub location: String,
    /// The owner of the region that the user has to name.
    pub region_of: &'a str,
    /// The terms for a "not found" answer: the error's kind, the thing, and a hint that helps to
    /// find the right one.
    pub missing: (ErrorKind, &'a str, &'a str),
    /// The hint about the permission that IAM must grant.
    pub allowed: String,
    /// The hint after a refusal.
    pub refused: String,
    /// The hint where the outcome is unknown.
    pub unknown: String,
}

/// Builds the lines of a message: the first as it is, the others indented, each with a label and a
/// text.
fn labelled_lines<const N: usize>(first: String, rest: [(&str, String); N]) -> Lines {
    let width = rest.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let rest = rest
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| format!("  {label:width$}  {text}"));
    std::iter::once(first).chain(rest).collect()
}

impl FailedCall<'_> {
    /// Returns the error that a command ends with. Its class is `Service`, except for faults of the
    /// command line and for the time limit.
    pub fn to_error(&self, trouble: &Trouble) -> Error {
        self.error_of(trouble)
            .with_fact(FactName::Action, self.call)
            .with_fact(FactName::Endpoint, self.location.as_str())
            .with_fact(FactName::Role, trouble.role())
            .with_fact(FactName::Cause, trouble.cause())
            .with_fact(FactName::ServiceCode, trouble.code())
            .with_fact(FactName::ServiceMessage, trouble.message())
    }

    /// The same without its facts.
    fn error_of(&self, trouble: &Trouble) -> Error {
        let (name, at) = (self.call, self.location.as_str());
        let service =
            |message: &OutsideText| [("at", at.to_owned()), ("service", message.to_string())];
        let because =
            |label, reason: &OutsideText| [(label, at.to_owned()), ("reason", reason.to_string())];
        let (kind, message, hint) = match trouble {
            Trouble::Unreachable { reason } => (
                ErrorKind::ServiceUnreachable,
                labelled_lines(
                    format!("{} cannot be reached", self.service),
                    because("at", reason),
                ),
                "check `--region` and `--endpoint-url`, and the way there: a proxy (HTTPS_PROXY, \
                 NO_PROXY), a VPC endpoint, a firewall"
                    .to_owned(),
            ),
            Trouble::NoCredentials { reason } => (
                ErrorKind::NoCredentials,
                labelled_lines(
                    "no usable AWS credentials were found".into(),
                    because("for", reason),
                ),
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with \
                 `--profile` (AWS_PROFILE), or sign in with `aws sso login`; on AWS, give the \
                 instance or the task a role"
                    .to_owned(),
            ),
            Trouble::NoRegion => (
                ErrorKind::NoRegion,
                "no AWS region is set".into(),
                format!(
                    "name {}: `--region eu-central-1`, AWS_REGION, or `region` in the \
                         profile",
                    self.region_of
                ),
            ),
            Trouble::BadCredentials { code, message } => (
                ErrorKind::CredentialsRefused,
                labelled_lines(
                    "the service does not accept these AWS \
                       credentials"
                        .into(),
                    [
                        ("at", at.to_owned()),
                        ("service", code_and_message(code, message)),
                    ],
                ),
                credentials_hint(code.as_raw()).to_owned(),
            ),
            Trouble::RoleNotAssumed {
                role,
                by,
                code,
                message,
            } => (
                ErrorKind::RoleNotAssumed,
                labelled_lines(
                    format!("{role} was not assumed: AWS STS does not let these credentials"),
                    [
                        ("credentials", by.to_string()),
                        ("for", at.to_owned()),
                        ("service", code_and_message(code, message)),
                    ],
                ),
                concat!(
                    "the role's trust policy must name these credentials' role or user, and where \
                     that is another account, their own policy must allow sts:AssumeRole on it; \
                     see ",
                    page!("iam.md")
                )
                .to_owned(),
            ),
            Trouble::AccessDenied { message } => (
                ErrorKind::AccessDenied,
                labelled_lines(
                    format!(
                        "{name} is not allowed with these AWS \
                                                         credentials"
                    ),
                    service(message),
                ),
                self.allowed.clone(),
            ),
            Trouble::Throttled { message } => (
                ErrorKind::Throttled,
                labelled_lines(
                    format!("{name} was throttled, again and again"),
                    service(message),
                ),
                "the account's request rate is used up; run the same command again in a \
                 minute"
                    .to_owned(),
            ),
            Trouble::NotFound { message } => {
                let (kind, thing, hint) = self.missing;
                (
                    kind,
                    labelled_lines(
                        format!("the service knows no such {thing}"),
                        service(message),
                    ),
                    hint.to_owned(),
                )
            }
            Trouble::InsecureEndpoint { named_by } => {
                let text = "the endpoint is another machine, and plain HTTP: credentials and \
                            answers would be anybody's on the way"
                    .to_owned();
                let hint = "name it with https://, or say that the way there is safe by other \
                            means: `--insecure-http`";
                return Error::new(
                    ErrorKind::InsecureEndpoint,
                    labelled_lines(
                        text,
                        [("at", at.to_owned()), ("named by", named_by.to_string())],
                    ),
                    hint,
                );
            }
            Trouble::Unreadable { reason } => (
                ErrorKind::AnswerUnreadable,
                labelled_lines(
                    format!("{name} was answered by what is no answer to it"),
                    because("at", reason),
                ),
                "find out what answers there: a proxy, a captive portal, another service? See \
                 `--endpoint-url`, AWS_ENDPOINT_URL, HTTPS_PROXY"
                    .to_owned(),
            ),
            Trouble::TooMuch { reason } => (
                ErrorKind::AnswerTooLong,
                labelled_lines(
                    format!("{name} was answered with more than there can be"),
                    because("at", reason),
                ),
                "find out what answers there: see `--endpoint-url`, AWS_ENDPOINT_URL, \
                 HTTPS_PROXY"
                    .to_owned(),
            ),
            Trouble::OutOfTime { limit, sent } => {
                let what = if *sent {
                    "was not answered in time"
                } else {
                    "was not sent: the time was over before"
                };
                let text = labelled_lines(
                    format!("{name} {what}, within {} s", limit.as_secs()),
                    [("at", at.to_owned())],
                );
                let hint = "run the same command again: it goes on from here (`--timeout` gives it \
                            longer)";
                return Error::new(ErrorKind::NotFinished, text, hint)
                    .with_fact(FactName::WaitedSeconds, limit.as_secs());
            }
            Trouble::Refused { code, message } => (
                ErrorKind::ServiceRefused,
                labelled_lines(
                    format!("{name} was refused"),
                    [
                        ("at", at.to_owned()),
                        ("service", code_and_message(code, message)),
                    ],
                ),
                self.refused.clone(),
            ),
            Trouble::Unknown { reason } => (
                ErrorKind::ServiceFailure,
                labelled_lines(
                    format!("{name} brought no usable answer"),
                    because("at", reason),
                ),
                self.unknown.clone(),
            ),
        };
        Error::new(kind, message, hint)
    }
}

/// Joins the service's code and message in one line, and leaves out an empty one.
fn code_and_message(code: &OutsideText, message: &OutsideText) -> String {
    match (code.is_empty(), message.is_empty()) {
        (_, true) => code.to_string(),
        (true, false) => message.to_string(),
        (false, false) => format!("{code}: {message}"),
    }
}

fn credentials_hint(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" => {
            "they have expired: sign in again (`aws sso login`) or fetch new ones, then run the \
             same command"
        }
        "RequestExpired"
        | "RequestTimeTooSkewed"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => {
            "compare this machine's clock with the true time, and the secret key with the access \
             key"
        }
        _ => {
            "check which credentials are used: `aws sts get-caller-identity`, with the same \
             `--profile`"
        }
    }
}
