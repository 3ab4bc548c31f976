//! What fails: which exit code, and whether the same task may be run again.

use hsmboot::simulator::InjectedFault;
use serde_json::{Value, json};

use super::executable::executable;
use super::play::{Play, Stage};

pub(super) const TESTS: [(&str, fn()); 7] = [
    (
        "another_cas_cluster_fails_for_good",
        another_cas_cluster_fails_for_good,
    ),
    (
        "a_wrong_passphrase_fails_for_good",
        a_wrong_passphrase_fails_for_good,
    ),
    (
        "an_unproven_hsm_fails_for_good_and_names_the_checks",
        an_unproven_hsm_fails_for_good_and_names_the_checks,
    ),
    (
        "an_endpoint_that_cannot_be_reached_may_be_tried_again",
        an_endpoint_that_cannot_be_reached_may_be_tried_again,
    ),
    (
        "what_passes_by_itself_is_tried_again_and_nothing_else",
        what_passes_by_itself_is_tried_again_and_nothing_else,
    ),
    (
        "one_bundle_that_fails_hides_no_other",
        one_bundle_that_fails_hides_no_other,
    ),
    (
        "every_exit_code_means_what_the_page_says",
        every_exit_code_means_what_the_page_says,
    ),
];

/// One task failed, with this exit code and kind. Returns its result.
#[track_caller]
fn failed<'a>(play: &'a Play, code: i64, kind: &str, retryable: bool) -> &'a Value {
    let result = play.came_to(1, 0);
    assert_eq!(
        (
            result["code"].as_i64(),
            result["error"]["kind"].as_str(),
            result["retryable"].as_bool()
        ),
        (Some(code), Some(kind), Some(retryable)),
        "{result:#}"
    );
    let message = result["msg"].as_str().unwrap();
    let hint = result["error"]["hint"].as_str().unwrap();
    assert!(message.contains(hint), "{message}");
    result
}

fn with(arguments: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut arguments = arguments.clone();
    arguments[name] = value.into();
    arguments
}

fn another_cas_cluster_fails_for_good() {
    let stage = Stage::new(&["eu-central-1"]);
    let claim = stage.claim();
    stage.task("cluster_claim", &claim, &[]).came_to(0, 1);
    stage.make_ca("other");
    let other = with(&claim, "ca", stage.text("other/customerCA.crt"));
    let other = with(&other, "ca_key", stage.text("other/customerCA.key"));
    let other = with(&other, "bundle", stage.text("others"));
    let play = stage.task("cluster_claim", &other, &[]);
    failed(&play, 8, "claimed-by-another-ca", false);
    let checked = stage.task("cluster_claim", &other, &["--check"]);
    let result = checked.came_to(1, 0);
    assert_eq!(result["retryable"], false);
    let message = result["msg"].as_str().unwrap();
    assert!(message.contains("by another CA"), "{message}");
    assert_eq!(stage.claims(), 1);
}

fn a_wrong_passphrase_fails_for_good() {
    let stage = Stage::new(&["eu-central-1"]);
    let wrong = with(&stage.claim(), "passphrase", "another one");
    let play = stage.task("cluster_claim", &wrong, &["-vvv"]);
    failed(&play, 5, "wrong-passphrase", false);
    assert!(!play.done.stdout.contains("another one"));
    assert_eq!(stage.claims(), 0);
}

fn an_unproven_hsm_fails_for_good_and_names_the_checks() {
    let stage = Stage::new(&["eu-central-1"]);
    let root = stage.text("ca/customerCA.crt");
    let claim = with(&stage.claim(), "aws_roots", vec![root]);
    for mode in [&[][..], &["--check"][..]] {
        let play = stage.task("cluster_claim", &claim, mode);
        let result = play.came_to(1, 0);
        let checks: Vec<&str> = result["failed_checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| check.as_str().unwrap())
            .collect();
        assert!(checks.contains(&"aws.signature"), "{result:#}");
        let message = result["msg"].as_str().unwrap();
        assert!(message.contains("failing checks: "), "{message}");
        assert!(message.contains("aws.signature"), "{message}");
        assert_eq!(result["retryable"], false);
        if mode.is_empty() {
            assert_eq!(result["code"], 3);
        }
    }
    assert_eq!(stage.claims(), 0);
}

fn an_endpoint_that_cannot_be_reached_may_be_tried_again() {
    let stage = Stage::new(&["eu-central-1"]);
    let claim = with(&stage.claim(), "endpoint_url", "http://127.0.0.1:9");
    for mode in [&[][..], &["--check"][..]] {
        let play = stage.task("cluster_claim", &claim, mode);
        failed(&play, 6, "service-unreachable", true);
    }
    let unknown = with(&stage.claim(), "cluster_id", "cluster-unknowncluster");
    let play = stage.task("cluster_claim", &unknown, &[]);
    failed(&play, 6, "cluster-not-found", false);
}

fn what_passes_by_itself_is_tried_again_and_nothing_else() {
    let stage = Stage::new(&["eu-central-1"]);
    // As the page says it.
    let again = |arguments: Value| {
        json!([{
            "hsmboot.cloudhsm.cluster_claim": arguments,
            "register": "claim", "retries": 5, "delay": 0,
            "until": "claim is succeeded or not claim.retryable",
        }])
    };
    // Each call of the SDK is tried a few times by itself: more than that, it is over.
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::Throttling, 4);
    let play = stage.tasks("cloudhsm", &again(stage.claim()), &[]);
    assert!(play.came_to(0, 1)["attempts"].as_i64() > Some(1));
    let wrong = with(&stage.claim(), "cluster_id", "cluster-unknowncluster");
    let wrong = with(&wrong, "bundle", stage.text("others"));
    let play = stage.tasks("cloudhsm", &again(wrong), &[]);
    let result = failed(&play, 6, "cluster-not-found", false);
    assert_eq!(result["attempts"], 1, "{result:#}");
}

fn one_bundle_that_fails_hides_no_other() {
    let stage = Stage::new(&["eu-central-1"]);
    let ids = [stage.id(), "cluster-unknowncluster"];
    let fetch = json!({
        "cluster_ids": ids, "into": stage.text("stick"), "region": "eu-central-1",
    });
    let play = stage.task("cluster_request", &fetch, &[]);
    // A failed task is counted as failed alone; its result says that something was changed.
    let result = play.came_to(1, 0);
    assert_eq!(
        (result["code"].as_i64(), result["changed"].as_bool()),
        (Some(6), Some(true)),
        "{result:#}"
    );
    assert!(stage.path("stick").join(stage.id()).is_dir());
}

/// A stand-in for the program ends with the code and the `retry` that `--region=CODE/RETRY` says.
fn every_exit_code_means_what_the_page_says() {
    let stage = Stage::new(&["eu-central-1"]);
    executable(
        &stage.path("stand-in"),
        r#"#!/bin/sh
until said=${1#--region=} && [ "$said" != "$1" ]; do shift; done
code=${said%/*} retry=${said#*/}
[ "$code" != 143 ] || kill -TERM $$
[ "$retry" != silent ] || exit "$code"
said='"kind": "k", "message": "m", "hint": "h"'
echo "{\"error\": {\"code\": $code, \"retry\": \"$retry\", $said}}"
exit "$code"
"#,
    );
    // A `retry` that contradicts the code changes nothing but for 6.
    let cases = [
        ("1/never", false),
        ("1/silent", false),
        ("2/after-fix", false),
        ("3/same-command", false),
        ("4/after-fix", false),
        ("5/after-fix", false),
        ("6/same-command", true),
        ("6/after-fix", false),
        ("6/never", false),
        ("7/same-command", true),
        ("8/same-command", false),
        ("130/same-command", true),
        ("143/killed", true),
    ];
    let regions: Vec<&str> = cases.iter().map(|(region, _)| *region).collect();
    let tasks = json!([{
        "hsmboot.cloudhsm.cluster_info": {
            "program": stage.text("stand-in"), "region": "{{ item }}",
        },
        "loop": regions,
    }]);
    let play = stage.tasks("cloudhsm", &tasks, &[]);
    let lines = play.done.stdout.lines();
    let failed = lines.filter(|line| line.starts_with("failed: ")).count();
    assert_eq!(failed, cases.len(), "{}", play.done.stdout);
    for (region, retryable) in cases {
        let result = play
            .results
            .iter()
            .find(|result| result["item"] == region)
            .unwrap_or_else(|| panic!("no {region}: {}", play.done.stdout));
        let code: i64 = region.split('/').next().unwrap().parse().unwrap();
        let found = (result["code"].as_i64(), result["retryable"].as_bool());
        assert_eq!(found, (Some(code), Some(retryable)), "{region}: {result:#}");
    }
    let missing = json!({ "program": stage.text("nowhere") });
    let play = stage.task("cluster_info", &missing, &[]);
    let result = play.came_to(1, 0);
    assert!(
        result["msg"]
            .as_str()
            .unwrap()
            .contains("not on this machine")
    );
    assert_eq!(result["retryable"], false);
}
