//! What an event may not say: it is refused before anything is done.

use super::*;

/// Everything that would bring a secret, a file or another way to the service into the function.
#[test]
fn no_event_brings_a_secret_a_path_or_another_endpoint() {
    let lambda = LambdaStage::new();
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    let bundle = fetched.result()["bundle"].clone();
    let before = lambda.stage.calls("DescribeClusters");
    for (command, member, value) in [
        ("sign", "passphrase", json!("correct-horse")),
        ("sign", "passphrase_file", json!("/var/task/secret")),
        ("sign", "passphrase_fd", json!(0)),
        ("sign", "passphrase_env", json!("AWS_SECRET_ACCESS_KEY")),
        ("sign", "passphrase_command", json!("env")),
        ("bootstrap", "passphrase_command", json!("env")),
        ("sign", "ca_key", json!("/var/task/customerCA.key")),
        ("sign", "ca_key", json!("customerCA.key")),
        ("sign", "ca_key", json!("pkcs11:token=ca?pin-value=1234")),
        ("sign", "ca_key", json!("./awskms:alias/x")),
        ("sign", "ca_key", json!("")),
        ("bootstrap", "ca_key", json!(["awskms:alias/x"])),
        ("sign", "pkcs11_module", json!("/tmp/evil.so")),
        ("sign", "endpoint_url", json!("http://127.0.0.1:1")),
        ("fetch", "endpoint_url", json!("https://evil.example")),
        ("fetch", "insecure_http", json!(true)),
        ("fetch", "profile", json!("other")),
        ("fetch", "into", json!("/tmp")),
        ("fetch", "fleet", json!("/tmp/fleet.toml")),
        ("plan", "fleet", json!("/tmp/fleet.toml")),
        ("submit", "expect_file", json!("/tmp/list")),
        ("bootstrap", "no_passphrase", json!(true)),
        ("bootstrap", "subject", json!("CN=x")),
        ("bootstrap", "simulate", json!(true)),
        ("bootstrap", "create", json!(true)),
        ("status", "events", json!("/tmp/x")),
        ("status", "output", json!("text")),
        ("status", "yes", json!(true)),
        ("status", "timeout", json!(1)),
        ("status", "--ca", json!("x")),
        ("verify", "unknown\u{1b}[2J", json!(1)),
        ("verify", "ca", json!("not this command's")),
        // Every other form than the one that is expected.
        ("verify", "record", json!("true")),
        ("sign", "days", json!(-1)),
        ("sign", "days", json!("1 --force")),
        ("sign", "ca_fingerprint", json!([1])),
        ("sign", "ca_fingerprint", json!([])),
        ("fetch", "region", json!({})),
        ("fetch", "cluster", json!("cluster-../../etc")),
        ("fetch", "operator", json!("a\u{0}b")),
        ("plan", "clusters", json!([{}])),
    ] {
        let mut event = lambda.event(command, json!({}));
        if ["sign", "verify", "submit"].contains(&command) {
            event["bundle"] = bundle.clone();
        }
        event[member] = value;
        let answer = lambda.function.invoke(&event);
        let document = answer.failure("HsmbootUsage", "usage");
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(!hint.is_empty(), "{event}");
        assert!(!document.to_string().contains("correct-horse"));
    }
    assert_eq!(
        lambda.stage.calls("DescribeClusters"),
        before,
        "nothing was done"
    );
    let log = lambda.function.log();
    assert!(
        !log.contains("correct-horse") && !log.contains('\u{1b}'),
        "{log}"
    );
}

/// An option cannot be smuggled in as another one's value, nor a file be named by one.
#[test]
fn a_value_stays_a_value() {
    let lambda = LambdaStage::new();
    for (command, member, value) in [
        ("fetch", "region", "--endpoint-url=http://127.0.0.1:1"),
        ("plan", "clusters", "--fleet=/etc/passwd"),
        ("status", "assume_role", "-x"),
    ] {
        let mut event = json!({ "command": command, "ca": lambda.ca() });
        if command == "fetch" {
            event = lambda.event(command, json!({}));
        }
        if command == "status" {
            event = lambda.event(command, json!({}));
        }
        event[member] = json!(value);
        lambda
            .function
            .invoke(&event)
            .failure("HsmbootUsage", "usage");
    }
    let event = lambda.event("plan", json!({ "ca": "/etc/passwd" }));
    lambda
        .function
        .invoke(&event)
        .failure("HsmbootInput", "malformed");
}

/// What waives a promise is the function's environment's to allow, one by one.
#[test]
fn an_event_waives_nothing_unless_the_function_may() {
    let waivers = |lambda: &LambdaStage| {
        [
            (
                "aws_root",
                json!(lambda.text("roots/aws-root.crt")),
                "roots",
            ),
            (
                "manufacturer_root",
                json!([lambda.text("roots/aws-root.crt")]),
                "roots",
            ),
            ("accept", json!(["validity.hsm"]), "accept"),
            ("unverified", json!(true), "unverified"),
            ("ca_from_bundle", json!(true), "ca-from-bundle"),
        ]
    };
    let lambda = LambdaStage::new();
    for (member, value, word) in waivers(&lambda) {
        let mut event = lambda.event("submit", json!({ "bundle": "", "reason": "because" }));
        event[member] = value;
        let document = lambda
            .function
            .invoke(&event)
            .failure("HsmbootUsage", "usage");
        let hint = document["error"]["hint"].as_str().unwrap();
        assert!(
            hint.contains(word) && hint.contains("HSMBOOT_LAMBDA_ALLOW"),
            "{hint}"
        );
    }
    let all = "roots, accept,unverified,ca-from-bundle";
    let lambda =
        LambdaStage::with_variables(&[("HSMBOOT_LAMBDA_ALLOW", all), ("HSMBOOT_AWS_ROOT", "")]);
    for (member, value, _) in waivers(&lambda) {
        let mut event = lambda.event("submit", json!({ "bundle": "", "reason": "because" }));
        event[member] = value;
        // It comes as far as the bundle, which is empty.
        lambda
            .function
            .invoke(&event)
            .failure("HsmbootInput", "bad-archive");
    }
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    let bundle = fetched.result()["bundle"].clone();
    let root = lambda.text("roots/aws-root.crt");
    let event = lambda.event("verify", json!({ "bundle": bundle, "aws_root": root }));
    let answer = lambda.function.invoke(&event);
    assert_eq!(answer.result()["verdict"], "verified");
}

/// The schema has each command's members, and no others.
#[test]
fn the_schema_has_the_members_of_each_command() {
    let lambda = LambdaStage::new();
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schemas/lambda-event.schema.json")).unwrap();
    for event in schema["oneOf"].as_array().unwrap() {
        let event = &event["properties"];
        let unknown = json!({ "command": event["command"]["const"], "nothing": 1 });
        let document = lambda
            .function
            .invoke(&unknown)
            .failure("HsmbootUsage", "usage");
        let taken = document["error"]["hint"].as_str().unwrap();
        let named: Vec<&str> = event
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "command")
            .collect();
        assert_eq!(taken, format!("it takes: {}", named.join(", ")));
    }
}

/// Whatever is sent is answered.
#[test]
fn a_malformed_event_is_answered() {
    let lambda = LambdaStage::new();
    for event in [
        &b""[..],
        b"{",
        b"[]",
        b"null",
        b"\"plan\"",
        b"{}",
        b"{\"command\": 1}",
        b"{\"command\": \"delete\"}",
        b"{\"command\": \"bootstrap\"}",
        b"{\"command\": \"sign\"}",
        b"\xff\xfe",
        &[b'['; 100_000],
    ] {
        let answer = lambda
            .function
            .invoke_within(event, std::time::Duration::from_secs(60));
        answer.failure("HsmbootUsage", "usage");
    }
    let fetched = lambda.function.invoke(&lambda.event("fetch", json!({})));
    assert_eq!(fetched.result()["changed"], true);
    // A bootstrap that names no CA makes none.
    let event = lambda.event("bootstrap", json!({}));
    lambda
        .function
        .invoke(&event)
        .failure("HsmbootUsage", "ca-missing");
}
