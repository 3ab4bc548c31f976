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
mod near_misses;
mod options;
mod output;
mod passphrases;
mod paths;
mod settings;
mod text;

use std::process::{Child, Command, Stdio};

use support::Bench;

/// Starts the program in a bench, and lets it run.
fn start(bench: &Bench, words: &[&str], stdin: Stdio) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hsmboot"));
    command
        .args(words)
        .current_dir(bench.path(""))
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}
