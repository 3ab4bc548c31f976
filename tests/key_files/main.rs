//! Key files that cannot be used: nothing of them comes out, and what a hint advises takes nothing
//! away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod corpus;
mod damaged;
mod hints;
#[path = "../support/shell.rs"]
mod shell;
#[path = "../support/sources.rs"]
mod sources;
#[path = "../support/mod.rs"]
mod support;
mod unusual;
