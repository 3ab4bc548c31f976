//! Attacks on the transcript: what somebody who can write to the bundle tries, and what is then
//! said of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "transcript/digests.rs"]
mod digests;
#[path = "transcript/lines.rs"]
mod lines;
#[path = "transcript/noted.rs"]
mod noted;
#[path = "transcript/sealed.rs"]
mod sealed;
#[path = "transcript/seals.rs"]
mod seals;
mod support;

use std::fs;
use std::process::Command;

use hsmboot::bundle::{Digests, Transcript, TranscriptEntry};
use hsmboot::outside::OutsideText;
use hsmboot::x509::{sha256, to_hex};
use seals::verified;
use support::{Bench, CLUSTER, TRUST, sign};

const TRANSCRIPT: &str = "bundle/transcript.jsonl";
const VERIFY: [&str; 3] = ["transcript", "verify", "bundle"];

fn record<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["verify", "bundle", "--record"][..], &TRUST, more].concat()
}

/// A bundle that was verified and signed: two steps.
fn two_steps(more: &[&'static str]) -> Bench {
    let bench = Bench::new();
    bench.run(&record(&["--operator", "Ada"])).expect(0);
    bench.run(&sign(more)).expect(0);
    bench
}

fn entries(bench: &Bench) -> Vec<TranscriptEntry> {
    String::from_utf8(bench.read(TRANSCRIPT))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Writes a transcript whose hashes fit, whatever its lines say: what anybody can do who can write
/// to the bundle.
fn forge(bench: &Bench, mut entries: Vec<TranscriptEntry>) {
    let (mut text, mut previous) = (String::new(), "0".repeat(64));
    for (entry, step) in entries.iter_mut().zip(1..) {
        (entry.step, entry.previous) = (step, previous);
        previous = entry.hash();
        text.push_str(&String::from_utf8(Transcript::default().with_entry(entry)).unwrap());
    }
    bench.write(TRANSCRIPT, text);
}
