//! The collection in `packaging/ansible`, by real playbooks against the simulator.
//!
//! Where Ansible (PyPI: ansible-core, ansible-lint) is missing these tests show as ignored, never
//! as passed; where `HSMBOOT_ANSIBLE` is set, as `tests/run` does, it must be there.
//! `ansible-test sanity` installs its tools from PyPI, and runs only there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "support/done.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod done;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "support/executable.rs"]
mod executable;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "ansible/failures.rs"]
mod failures;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "ansible/house.rs"]
mod house;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "ansible/one_file.rs"]
mod one_file;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "ansible/play.rs"]
mod play;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "ansible/plays.rs"]
mod plays;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
mod support;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "support/trial.rs"]
mod trial;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "ansible/words.rs"]
mod words;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[cfg(not(all(feature = "online", feature = "simulator")))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(all(feature = "online", feature = "simulator"))]
fn trials() -> Vec<Trial> {
    let demanded = std::env::var_os("HSMBOOT_ANSIBLE").is_some();
    let there = |tool| {
        std::process::Command::new(tool)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let plays = plays::TESTS.iter().chain(&failures::TESTS);
    let plays = plays.chain(&words::TESTS).chain(&one_file::TESTS);
    let ignored = !demanded && !there("ansible-playbook");
    let mut trials: Vec<Trial> = plays
        .map(|&(name, test)| trial::trial(name, test, ignored))
        .collect();
    trials.push(trial::trial(
        "ansible_lint_finds_nothing",
        house::ansible_lint_finds_nothing,
        !demanded && !there("ansible-lint"),
    ));
    trials.push(trial::trial(
        "ansible_test_sanity_finds_nothing",
        house::ansible_test_sanity_finds_nothing,
        !demanded,
    ));
    trials
}
