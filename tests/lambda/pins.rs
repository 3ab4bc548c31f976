//! What the function's environment pins: whose CA, and who does the steps. No event says another.

use super::*;

/// The SHA-256 of a certificate of the stage's.
fn fingerprint(lambda: &LambdaStage, file: &str) -> String {
    let shown = lambda
        .stage
        .hsmboot(&["ca", "show", file, "--output", "json"])
        .output();
    let shown = Done::from(shown.unwrap()).ends(0, "").json();
    shown["sha256"].as_str().unwrap().to_owned()
}

/// A stage, and a second function before the same service that is pinned to this file's CA.
fn pinned_to(lambda: &LambdaStage, digests: &str) -> Function {
    lambda.another_function(&[("HSMBOOT_LAMBDA_CA_SHA256", digests)])
}

/// Another CA's event is refused before any request and any signature, whatever the command; the
/// right one's claims.
#[test]
fn an_event_of_another_ca_than_the_pinned_one_is_refused_and_the_right_one_claims() {
    let lambda = LambdaStage::new();
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    let bundle = fetched.result()["bundle"].clone();
    let (kms, other) = (
        fingerprint(&lambda, "kms/customerCA.crt"),
        fingerprint(&lambda, "ca/customerCA.crt"),
    );
    let ca_arn = "arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/\
                  1234abcd-12ab-34cd-56ef-1234567890ab";
    let wrong = pinned_to(&lambda, &other);
    let before = lambda.stage.simulator.call_counts();
    for (command, members) in [
        ("bootstrap", json!({ "ca": lambda.ca(), "ca_key": ALIAS })),
        ("bootstrap", json!({ "ca_key": ALIAS })),
        (
            "bootstrap",
            json!({ "ca_arn": ca_arn, "ca_fingerprint": kms }),
        ),
        ("bootstrap", json!({ "ca_arn": ca_arn })),
        (
            "sign",
            json!({ "bundle": bundle, "ca": lambda.ca(), "ca_key": ALIAS }),
        ),
        (
            "sign",
            json!({ "bundle": bundle, "ca_arn": ca_arn, "ca_fingerprint": [other, kms] }),
        ),
        ("submit", json!({ "bundle": bundle, "ca": lambda.ca() })),
        ("submit", json!({ "bundle": bundle, "ca_fingerprint": kms })),
        (
            "submit",
            json!({ "bundle": bundle, "expect": "1234 5678 9012 3456 7890 1234 5678 9012" }),
        ),
        (
            "submit",
            json!({ "bundle": bundle, "ca_fingerprint": other, "expect": "1234 5678" }),
        ),
    ] {
        let answer = wrong.invoke(&lambda.event(command, members));
        answer.failure("HsmbootUsage", "ca-not-allowed");
    }
    assert_eq!(lambda.stage.simulator.call_counts(), before);
    assert_eq!(lambda.signatures(), 0);
    // Looking claims for nobody.
    let plan = lambda.event("plan", json!({ "ca": lambda.ca() }));
    wrong.invoke(&plan).result();
    let right = pinned_to(&lambda, &format!("{other}, {}", kms.to_uppercase()));
    let claim = json!({ "ca": lambda.ca(), "ca_key": ALIAS });
    let claimed = right.invoke(&lambda.event("bootstrap", claim));
    assert_eq!(claimed.result()["outcome"], "claimed");
}

/// A digest that is none must not count as no pin at all.
#[test]
fn a_pin_that_is_none_keeps_the_function_from_starting() {
    for digests in ["", "x", ",", "0123456789abcdef"] {
        let function = Function::start(&[("HSMBOOT_LAMBDA_CA_SHA256", digests)]);
        let answer = function.refused_start();
        assert_eq!(answer.body["errorType"], "HsmbootUsage", "{digests}");
        assert_eq!(function.wait_for_end(), 2);
    }
}

/// The environment says who does the steps, and an event that says another is refused.
#[test]
fn the_environments_operator_wins() {
    let lambda = LambdaStage::with_variables(&[("HSMBOOT_OPERATOR", "stack hsm")]);
    let before = lambda.stage.calls("DescribeClusters");
    let event = lambda.event("fetch", json!({ "operator": "Mallory" }));
    let document = lambda
        .function
        .invoke(&event)
        .failure("HsmbootUsage", "usage");
    assert!(document.to_string().contains("HSMBOOT_OPERATOR"));
    assert_eq!(lambda.stage.calls("DescribeClusters"), before);
    for members in [json!({}), json!({ "operator": "stack hsm" })] {
        lambda
            .function
            .invoke(&lambda.event("fetch", members))
            .result();
    }
}

/// Credentials of another account than the ARN's reach no cluster, whatever the command.
#[test]
fn an_arn_of_another_account_than_the_credentials_is_refused() {
    let lambda = LambdaStage::with_variables(&[
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_ACCOUNT_ID", "123456789012"),
    ]);
    let id = &lambda.stage.id;
    let arn = |account: &str| format!("arn:aws:cloudhsm:us-east-1:{account}:cluster/{id}");
    let sign = |lambda: &LambdaStage| {
        let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
        let to_sign = json!({
            "bundle": fetched.result()["bundle"], "ca": lambda.ca(), "ca_key": ALIAS,
        });
        let signed = lambda.function.invoke(&lambda.event("sign", to_sign));
        signed.result()["bundle"].clone()
    };
    let signed = sign(&lambda);
    let before = lambda.stage.simulator.call_counts();
    for (command, members) in [
        ("fetch", json!({})),
        ("status", json!({})),
        ("submit", json!({ "bundle": signed, "ca": lambda.ca() })),
        ("bootstrap", json!({ "ca": lambda.ca(), "ca_key": ALIAS })),
    ] {
        let mut event = lambda.event(command, members);
        event["cluster"] = json!(arn("999999999999"));
        let answer = lambda.function.invoke(&event);
        answer.failure("HsmbootUsage", "another-account");
    }
    let plan = json!({ "command": "plan", "cluster": arn("999999999999"), "ca": lambda.ca() });
    let planned = lambda.function.invoke(&plan);
    assert!(
        format!("{planned:?}").contains("another-account"),
        "{planned:?}"
    );
    assert_eq!(lambda.stage.simulator.call_counts(), before);
    let mut event = lambda.event("submit", json!({ "bundle": signed, "ca": lambda.ca() }));
    event["cluster"] = json!(arn("123456789012"));
    let submitted = lambda.function.invoke(&event);
    assert_eq!(submitted.result()["changed"], true);
}
