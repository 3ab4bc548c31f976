//! Failures: their types, their documents, and that there is always an answer.

use std::time::{Duration, Instant};

use super::*;

/// A claimed cluster, a lost service, a wrong key: each class of failure has the type of its exit
/// code, and the document says whether to try again. The same process answers them all.
#[test]
fn each_class_of_failure_has_its_type() {
    let lambda = LambdaStage::new();
    let (ca, function) = (lambda.ca(), &lambda.function);
    let fetched = function.invoke(&lambda.event("fetch", json!({})));
    let bundle = fetched.result()["bundle"].clone();

    // 2: what clap refuses is answered in clap's words.
    let event = lambda.event(
        "sign",
        json!({ "bundle": bundle, "ca": ca, "ca_key": ALIAS, "days": 0 }),
    );
    let document = function.invoke(&event).failure("HsmbootUsage", "usage");
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("--days")
    );

    // 4: a bundle that is none, and one that is no base64.
    let event = lambda.event("verify", json!({ "bundle": base64(b"no archive") }));
    function
        .invoke(&event)
        .failure("HsmbootInput", "bad-archive");
    let event = json!({ "command": "verify", "bundle": "&%" });
    function.invoke(&event).failure("HsmbootInput", "malformed");
    let event = lambda.event("status", json!({ "ca": "no certificate" }));
    function.invoke(&event).failure("HsmbootInput", "malformed");

    // 5: another CA's key.
    let other = lambda.text("ca/customerCA.crt");
    let event = lambda.event(
        "sign",
        json!({ "bundle": bundle, "ca": other, "ca_key": ALIAS }),
    );
    function
        .invoke(&event)
        .failure("HsmbootCa", "ca-key-mismatch");

    // 6: refused, and not found.
    lambda
        .stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::AccessDenied, 1);
    let document = function
        .invoke(&lambda.event("fetch", json!({})))
        .failure("HsmbootService", "access-denied");
    assert_eq!(document["error"]["retry"], "after-fix");
    let event = json!({ "command": "fetch", "cluster": "cluster-abc234defgh" });
    function
        .invoke(&event)
        .failure("HsmbootService", "cluster-not-found");

    // 8: the bundle of one cluster, and another in the event.
    let event = json!({ "command": "verify", "cluster": "cluster-abc234defgh", "bundle": bundle });
    function
        .invoke(&event)
        .failure("HsmbootConflict", "another-cluster");

    // 8: another CA has claimed it.
    let claim = json!({ "ca": ca, "ca_key": ALIAS });
    function.invoke(&lambda.event("bootstrap", claim)).result();
    let document = function
        .invoke(&lambda.event("status", json!({ "ca": other })))
        .failure("HsmbootConflict", "claimed-by-another-ca");
    assert_eq!(document["error"]["retry"], "never");
    assert_eq!(document["owners"][0]["owner"], "another-ca", "{document:#}");
}

/// 3: a chain that ends in no root of the program's own. The document has every check.
#[test]
fn a_rejection_has_its_type_and_its_checks() {
    let lambda = LambdaStage::with_variables(&[("HSMBOOT_AWS_ROOT", "")]);
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    let bundle = fetched.result()["bundle"].clone();
    let answer = lambda
        .function
        .invoke(&lambda.event("verify", json!({ "bundle": bundle })));
    let document = answer.failure("HsmbootRejected", "rejected");
    assert_eq!(document["verdict"], "rejected");
    assert!(document["checks"].as_array().unwrap().len() > 10);
    let claim = json!({ "bundle": bundle, "ca": lambda.ca(), "ca_key": ALIAS });
    let answer = lambda.function.invoke(&lambda.event("bootstrap", claim));
    answer.failure("HsmbootRejected", "rejected");
    assert_eq!(lambda.signatures(), 0, "nothing was signed");
}

/// 7: the command gives up before Lambda does, and says how far it came; the same event then goes
/// on.
#[test]
fn what_takes_too_long_is_answered_in_time_and_goes_on_later() {
    let lambda = LambdaStage::new();
    let claim = json!({ "ca": lambda.ca(), "ca_key": ALIAS });
    let event = lambda.event("bootstrap", claim).to_string();
    lambda.stage.simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeNeverEnds,
        1,
    );
    let (begun, limit) = (Instant::now(), Duration::from_secs(8));
    let answer = lambda.function.invoke_within(event.as_bytes(), limit);
    assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
    let document = answer.failure("HsmbootNotInTime", "not-finished");
    assert_eq!(document["error"]["retry"], "same-command");
}

/// A service that never answers, and a command without a limit of its own: it is stopped.
#[test]
fn a_command_without_an_end_is_stopped_in_time() {
    let lambda = LambdaStage::new();
    lambda.stage.simulator.inject_fault(
        Some("DescribeClusters"),
        InjectedFault::Delay(Duration::from_secs(60)),
        1,
    );
    let event = lambda.event("status", json!({})).to_string();
    let (begun, limit) = (Instant::now(), Duration::from_secs(4));
    let answer = lambda.function.invoke_within(event.as_bytes(), limit);
    assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
    let document = answer.failure("HsmbootNotInTime", "not-finished");
    assert_eq!(document["error"]["retry"], "same-command");
    // The function goes on.
    lambda
        .function
        .invoke(&lambda.event("status", json!({})))
        .result();
}

/// An event that comes too late for anything is answered all the same.
#[test]
fn an_event_without_time_is_answered_at_once() {
    let lambda = LambdaStage::new();
    let event = lambda.event("status", json!({})).to_string();
    let answer = lambda
        .function
        .invoke_within(event.as_bytes(), Duration::ZERO);
    answer.failure("HsmbootNotInTime", "not-finished");
}

/// Where the function's own environment is wrong, Lambda is told at the start.
#[test]
fn a_function_that_cannot_work_says_so_at_its_start() {
    let function = Function::start(&[("HSMBOOT_LAMBDA_ALLOW", "roots,everything")]);
    let answer = function.refused_start();
    assert_eq!(answer.body["errorType"], "HsmbootUsage");
    assert!(
        answer.body["errorMessage"]
            .as_str()
            .unwrap()
            .contains("`everything`")
    );
    assert_eq!(function.wait_for_end(), 2);
}

/// Outside Lambda there is nothing to wait for.
#[test]
fn outside_lambda_the_command_is_a_wrong_one() {
    for place in [
        "",
        "http://127.0.0.1:1",
        "127.0.0.1:1/x",
        "user@127.0.0.1:1",
    ] {
        let mut command = stage::hsmboot();
        command.arg("lambda").env("AWS_LAMBDA_RUNTIME_API", place);
        run(&mut command).ends(2, "AWS_LAMBDA_RUNTIME_API");
    }
}
