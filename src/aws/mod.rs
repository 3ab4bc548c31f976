//! Code that all AWS services of this program share: the place of a call, the way there, and its
//! possible failures.
//!
//! Without the features `online` and `awskms` only the error texts remain.

mod error;

#[cfg(any(feature = "online", feature = "awskms", fuzzing))]
#[cfg_attr(fuzzing, allow(dead_code, unreachable_pub))]
mod arn;
#[cfg(any(feature = "online", feature = "awskms"))]
mod blocking;
#[cfg(any(feature = "online", feature = "awskms"))]
mod causes;
#[cfg(any(feature = "online", feature = "awskms"))]
mod clock;
#[cfg(any(feature = "online", feature = "awskms"))]
mod connect;
#[cfg(any(feature = "online", feature = "awskms"))]
mod credentials;
#[cfg(any(feature = "online", feature = "awskms"))]
mod deadline;
#[cfg(any(feature = "online", feature = "awskms"))]
mod document;
#[cfg(any(feature = "online", feature = "awskms"))]
mod endpoint;
#[cfg(any(feature = "online", feature = "awskms"))]
pub(crate) mod failure;
#[cfg(any(feature = "online", feature = "awskms"))]
mod guard;
#[cfg(any(feature = "online", feature = "awskms"))]
mod settings;
#[cfg(feature = "awskms")]
mod wait;
#[cfg(feature = "lambda")]
mod web;

#[cfg(any(feature = "online", feature = "awskms", fuzzing))]
pub(crate) use arn::Arn;
#[cfg(any(feature = "online", feature = "awskms"))]
pub use arn::RoleArn;
#[cfg(feature = "online")]
pub(crate) use arn::is_label;
#[cfg(any(feature = "awskms", fuzzing))]
pub(crate) use arn::is_uuid;
#[cfg(any(feature = "online", feature = "awskms"))]
pub use connect::{ConnectOptions, Service, ServiceConnection, Timeouts, connect};
#[cfg(any(feature = "online", feature = "awskms"))]
pub use deadline::Deadline;
#[cfg(any(feature = "online", feature = "awskms"))]
pub(crate) use deadline::run_within;
#[cfg(any(feature = "online", feature = "awskms"))]
pub use endpoint::check_endpoint;
pub use error::{CallPlace, FailedCall, Trouble};
#[cfg(any(feature = "online", feature = "awskms"))]
pub use guard::ReceivedOctets;
#[cfg(feature = "awskms")]
pub(crate) use wait::run_to_end;
#[cfg(feature = "lambda")]
pub(crate) use web::{
    WebAnswer, WebFault, WebRequest, WebRoute, is_https, is_plain_loopback, send_web_request,
};
