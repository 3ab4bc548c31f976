//! Bad input, through the program: for each its exit code, the error's kind, what the message says,
//! and that nothing was half-written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    unreachable_pub
)]

#[path = "../support/mod.rs"]
mod support;

mod bundle;
mod ca;
mod disk;
mod files;
mod in_the_way;
mod interrupt;
mod options;
mod output;
mod text;
