//! Each command by an event, and what it answers.

use super::*;

/// The steps of a claim, one event each: the bundle goes along in the events, and the last answer
/// says what the command line says.
#[test]
fn a_cluster_is_claimed_in_steps_by_events() {
    let lambda = LambdaStage::new();
    let (ca, function) = (lambda.ca(), &lambda.function);
    let planned = function.invoke(&lambda.event("plan", json!({ "ca": ca })));
    assert_eq!(planned.result()["clusters"][0]["action"], "claim");
    assert_eq!(planned.result()["changed"], false);

    let fetched = function.invoke(&lambda.event("fetch", json!({})));
    let fetched = fetched.result();
    assert_eq!(fetched["changed"], true);
    let bundle = &fetched["bundle"];

    let verified = function.invoke(&lambda.event("verify", json!({ "bundle": bundle })));
    assert_eq!(verified.result()["verdict"], "verified");
    assert!(verified.result().get("bundle").is_none(), "unchanged");
    let recorded = json!({ "bundle": bundle, "record": true });
    let recorded = function.invoke(&lambda.event("verify", recorded));
    assert_ne!(&recorded.result()["bundle"], bundle);

    let to_sign = json!({ "bundle": bundle, "ca": ca, "ca_key": ALIAS, "days": 365 });
    let signed = function.invoke(&lambda.event("sign", to_sign));
    let signed = signed.result();
    assert_eq!(signed["changed"], true);
    let again = json!({ "bundle": signed["bundle"], "ca": ca, "ca_key": ALIAS, "days": "365" });
    let again = function.invoke(&lambda.event("sign", again));
    assert_eq!(again.result()["changed"], false);
    assert_eq!(again.result()["bundle"], signed["bundle"]);

    let to_submit = json!({ "bundle": signed["bundle"], "ca": ca, "dry_run": true });
    let dry = function.invoke(&lambda.event("submit", to_submit.clone()));
    assert_eq!(dry.result()["dry_run"], true);
    let mut to_submit = to_submit;
    to_submit["dry_run"] = json!(false);
    let submitted = function.invoke(&lambda.event("submit", to_submit));
    assert_eq!(submitted.result()["changed"], true);
    assert_eq!(submitted.result()["cluster_id"], lambda.stage.id);

    let status = function.invoke(&lambda.event("status", json!({ "ca": ca })));
    assert_eq!(status.result()["owners"][0]["owner"], "this-ca");
    let planned = function.invoke(&json!({ "command": "plan", "all": true, "ca": ca }));
    assert_eq!(planned.result()["clusters"][0]["action"], "none");
}

/// The claim in one event; a second one changes nothing, with the bundle and without.
#[test]
fn a_cluster_is_claimed_by_one_event_and_a_second_changes_nothing() {
    let lambda = LambdaStage::new();
    let claim = json!({ "ca": lambda.ca(), "ca_key": ALIAS });
    let dry = json!({ "ca": lambda.ca(), "ca_key": ALIAS, "dry_run": true });
    let dry = lambda.function.invoke(&lambda.event("bootstrap", dry));
    assert_eq!(dry.result()["dry_run"], true);
    assert_eq!(lambda.signatures(), 0, "nothing is signed");
    let first = lambda
        .function
        .invoke(&lambda.event("bootstrap", claim.clone()));
    assert_eq!(first.result()["changed"], true);
    let second = lambda
        .function
        .invoke(&lambda.event("bootstrap", claim.clone()));
    assert_eq!(second.result()["changed"], false);
    let mut third = claim;
    third["bundle"] = first.result()["bundle"].clone();
    let third = lambda.function.invoke(&lambda.event("bootstrap", third));
    assert_eq!(third.result()["changed"], false);
    assert_eq!(lambda.signatures(), 1);
}

/// The page's event claims, with this cluster and this CA in it.
#[test]
fn the_pages_event_claims() {
    let lambda = LambdaStage::new();
    let page = include_str!("../../docs/runbooks/lambda.md");
    let (_, event) = page.split_once("```json\n").unwrap();
    let (event, _) = event.split_once("```").unwrap();
    let event: Value = serde_json::from_str(event).unwrap();
    let members: Vec<&String> = event.as_object().unwrap().keys().collect();
    assert_eq!(members, ["command", "cluster", "ca", "ca_key"]);
    let own = json!({ "ca": lambda.ca(), "ca_key": event["ca_key"] });
    let event = lambda.event(event["command"].as_str().unwrap(), own);
    assert_eq!(lambda.function.invoke(&event).result()["changed"], true);
}

/// A CSR that was replaced since leads into a new ceremony; the old bundle is the sender's own.
#[test]
fn a_claim_goes_on_with_a_csr_that_was_replaced() {
    let lambda = LambdaStage::new();
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    let old = fetched.result()["bundle"].clone();
    lambda
        .stage
        .simulator
        .replace_hsm(&lambda.stage.id)
        .unwrap();
    let claim = json!({ "bundle": old, "ca": lambda.ca(), "ca_key": ALIAS });
    let claimed = lambda.function.invoke(&lambda.event("bootstrap", claim));
    assert_eq!(claimed.result()["outcome"], "claimed");
    assert_ne!(claimed.result()["bundle"], old);
    assert!(claimed.result().get("kept_aside").is_none());
}

/// The bundle of an answer is one that the command line takes.
#[test]
fn the_bundle_of_an_answer_is_the_command_lines_own() {
    let lambda = LambdaStage::new();
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    let text = fetched.result()["bundle"].as_str().unwrap();
    let file = lambda.stage.path("claim.hsmboot");
    fs::write(&file, aws::unbase64(text)).unwrap();
    let words = [
        "sign",
        "claim.hsmboot",
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
    ];
    let mut sign = lambda.stage.hsmboot(&words);
    sign.arg("ca/customerCA.key");
    lambda.stage.trust(&mut sign);
    run(&mut sign).ends(0, "signed");
    let submit = json!({
        "bundle": base64(&fs::read(&file).unwrap()), "ca": lambda.text("ca/customerCA.crt"),
    });
    let submitted = lambda.function.invoke(&lambda.event("submit", submit));
    assert_eq!(submitted.result()["changed"], true);
}

/// A cluster may be named by its ARN, whose region then counts; null is as if nothing stood there.
#[test]
fn a_cluster_is_named_by_its_arn_as_well() {
    let lambda = LambdaStage::new();
    let arn = format!(
        "arn:aws:cloudhsm:eu-west-1:111122223333:cluster/{}",
        lambda.stage.id
    );
    let status = json!({ "command": "status", "cluster": arn, "ca": null });
    let status = lambda.function.invoke(&status);
    let document = status.failure("HsmbootService", "cluster-not-found");
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("eu-west-1")
    );
    let contradicting = json!({ "command": "status", "cluster": arn, "region": "us-east-1" });
    lambda
        .function
        .invoke(&contradicting)
        .failure("HsmbootUsage", "contradicting-region");
}
