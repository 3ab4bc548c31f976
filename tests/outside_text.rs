//! No text from outside is obeyed: whatever the service, a certificate, a file's name or the
//! environment says is shown on its own line.

#![cfg(all(feature = "online", feature = "qr", feature = "simulator"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

#[path = "outside_text/help.rs"]
mod help;
#[path = "outside_text/options.rs"]
mod options;
#[path = "outside_text/screens.rs"]
mod screens;
#[path = "outside_text/service.rs"]
mod service;
mod support;

use std::fs;

use options::{VARIABLES, options};
use serde_json::json;
use service::{answer, commands, words};
use support::aws::StandIn;
use support::hostile::{HOSTILE, clean, judge};
use support::{Bench, CLUSTER, Chain, Run, ca};

/// [`HOSTILE`] as far as a file's name takes it.
const DIR: &str = "usb-\u{1b}[8m\u{202e}\nFORGED";
const CA: &str = "ca-\u{1b}[8m\u{202e}\nFORGED.crt";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.put_ca(&ca(|params| {
        params
            .distinguished_name
            .push(rcgen::DnType::OrganizationName, HOSTILE)
    }));
    fs::copy(bench.path("customerCA.crt"), bench.path(CA)).unwrap();
    fs::rename(bench.path("bundle"), bench.path(DIR)).unwrap();
    bench.write(
        &format!("{DIR}/stranger-\u{1b}[8m\nFORGED.key"),
        "-----BEGIN PRIVATE KEY-----\n",
    );
    bench
}

fn run(bench: &Bench, url: &str, words: &[&str]) -> Run {
    let mut command = bench.command(words);
    command
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    support::run(command)
}

#[test]
fn no_command_obeys_what_the_service_a_certificate_or_a_file_name_says() {
    let service = StandIn::new(answer);
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    for json in [false, true] {
        let bench = bench();
        for name in &all {
            let mut words = words(name);
            if json {
                words.extend(["--output", "json"]);
            }
            let run = run(&bench, &service.url, &words);
            // Outside of AWS Lambda that one is a wrong command line, whatever its words are.
            let wrong = name == "lambda";
            assert_eq!(run.code == 2, wrong, "{words:?}: {}", run.stderr);
            judge(&run, &words);
        }
        let page = fs::read_to_string(bench.path("page-\u{1b}[8m\nFORGED.html")).unwrap();
        clean(&page);
    }
}

#[test]
fn no_command_obeys_the_service_s_refusals() {
    let service = StandIn::new(|_| {
        (
            400,
            json!({ "__type": HOSTILE, "Message": HOSTILE, "message": HOSTILE }),
        )
    });
    let mut all = Vec::new();
    commands(&hsmboot::cli::command(), "", &mut all);
    let bench = bench();
    for name in all {
        let words = words(&name);
        judge(&run(&bench, &service.url, &words), &words);
    }
}

#[test]
fn neither_region_nor_endpoint_nor_profile_nor_operator_is_obeyed() {
    let bench = bench();
    let url = format!("http://127.0.0.1:1/{HOSTILE}");
    for words in [
        &["status"][..],
        &["cluster", "list"],
        &["status", "--output", "json"],
    ] {
        judge(&run(&bench, &url, words), words);
        let mut command = bench.command(words);
        command
            .env("AWS_REGION", HOSTILE)
            .env("AWS_PROFILE", HOSTILE)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        judge(&support::run(command), words);
    }
    for name in [
        "HSMBOOT_OPERATOR",
        "HSMBOOT_AWS_ROOT",
        "HSMBOOT_MANUFACTURER_ROOT",
    ] {
        let words = ["verify", DIR, "--record"];
        let mut command = bench.command(&words);
        command.env(name, HOSTILE);
        judge(&support::run(command), &words);
    }
}

#[test]
fn a_wrong_command_line_is_quoted_and_not_obeyed() {
    let bench = bench();
    for words in [
        &[HOSTILE][..],
        &["wait", "--cluster-id", HOSTILE],
        &["--output", HOSTILE],
        &["status", &format!("--{HOSTILE}")],
        &["ca", "init", "--out", "d", "--subject", HOSTILE],
    ] {
        let run = bench.run(words);
        judge(&run, words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.stderr);
    }
}
