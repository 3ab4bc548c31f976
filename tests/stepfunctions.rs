//! The fleet of `packaging/aws` by AWS Step Functions, in moto's interpreter of the Amazon States
//! Language: the very files, deployed by the runbook's commands, with the real program as the
//! function behind a stand-in for Lambda's Runtime API, and the simulator as CloudHSM.
//!
//! `tests/stepfunctions/cloud.py` is that account, and says what is repaired in moto or stands in
//! for AWS. What neither has: IAM's judgement of who may do what, and KMS under the bucket.
//!
//! Where moto or the aws command (PyPI: `moto[server]`, `awscli`) is missing these tests show as
//! ignored, never as passed; where `HSMBOOT_MOTO` is set, as `tests/run` does, they must be there.
//! `HSMBOOT_FLEET=50` also claims a fleet of so many clusters, and says how long it took.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests"
)]

#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "support/aws.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod aws;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "stepfunctions/cloud.rs"]
mod cloud;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "stepfunctions/executions.rs"]
mod executions;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "stepfunctions/files.rs"]
mod files;
#[cfg(all(feature = "lambda", feature = "simulator"))]
#[path = "support/simulated.rs"]
#[allow(dead_code, unreachable_pub)]
mod simulated;
#[path = "support/tool.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod tool;
#[path = "support/trial.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod trial;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials());
    #[cfg(all(feature = "lambda", feature = "simulator"))]
    executions::stop();
    conclusion.exit_code()
}

#[cfg(not(all(feature = "lambda", feature = "simulator")))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(all(feature = "lambda", feature = "simulator"))]
fn trials() -> Vec<Trial> {
    let demanded = std::env::var_os("HSMBOOT_MOTO").is_some();
    let there = aws::Moto::is_installed() && tool::there("aws");
    let ignored = !(demanded || there);
    let mut trials: Vec<Trial> = executions::TESTS
        .iter()
        .chain(&files::TESTS)
        .map(|&(name, test)| trial::trial(name, test, ignored))
        .collect();
    let count = std::env::var("HSMBOOT_FLEET").map(|count| count.parse().unwrap());
    trials.push(trial::trial(
        "a_large_fleet_is_claimed_in_one_ceremony",
        {
            let count = count.clone().unwrap_or_default();
            move || executions::a_large_fleet_is_claimed_in_one_ceremony(count)
        },
        ignored || count.is_err(),
    ));
    trials
}
