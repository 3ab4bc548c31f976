//! What a command prints is read by people: counted, grouped, no wider than their terminal, and
//! each thing once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "reading/codes.rs"]
mod codes;
#[path = "reading/findings.rs"]
mod findings;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "reading/live.rs"]
mod live;
#[path = "reading/results.rs"]
mod results;
mod support;
