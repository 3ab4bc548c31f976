//! What the AWS services that this program calls have in common: where a call goes, how it gets
//! there, and what can go wrong with it.
//!
//! Without the features `online` and `awskms` only the words for trouble are left.

mod error;

#[cfg(feature = "awskms")]
mod arn;
#[cfg(any(feature = "online", feature = "awskms"))]
mod aside;
#[cfg(any(feature = "online", feature = "awskms"))]
mod causes;
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

#[cfg(feature = "awskms")]
pub(crate) use arn::{Arn, is_uuid};
#[cfg(any(feature = "online", feature = "awskms"))]
pub use connect::{Connected, Options, Service, Timeouts, connect};
#[cfg(any(feature = "online", feature = "awskms"))]
pub use deadline::Deadline;
#[cfg(any(feature = "online", feature = "awskms"))]
pub(crate) use deadline::within;
#[cfg(any(feature = "online", feature = "awskms"))]
pub use endpoint::endpoint_problem;
pub use error::{Asked, Place, Trouble};
#[cfg(any(feature = "online", feature = "awskms"))]
pub use guard::Received;
#[cfg(feature = "awskms")]
pub(crate) use wait::wait;
