//! What a command prints is read by people: counted, grouped, no wider than their terminal, and
//! each thing once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "reading/findings.rs"]
mod findings;
mod support;
