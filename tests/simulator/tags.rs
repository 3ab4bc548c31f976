//! ListTags, TagResource and UntagResource.

use serde_json::{Value, json};

use crate::support::*;

fn tag(key: &str, value: &str) -> Value {
    json!({ "Key": key, "Value": value })
}

/// Tags `k0`, `k1` and so on.
fn many(range: std::ops::Range<usize>) -> Value {
    range.map(|n| tag(&format!("k{n}"), "v")).collect()
}

fn tags(simulator: &hsmboot::simulator::Simulator, id: &str) -> Value {
    ok(simulator, "ListTags", json!({ "ResourceId": id }))["TagList"].clone()
}

#[test]
fn tags_are_added_overwritten_and_removed_with_empty_answers() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    assert_eq!(tags(&simulator, &id), json!([]));

    let answer = call(
        &simulator,
        "TagResource",
        json!({ "ResourceId": id, "TagList": [tag("stage", "test"), tag("owner", "a")] }),
    );
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, ""),
        "an empty HTTP body"
    );
    call(
        &simulator,
        "TagResource",
        json!({ "ResourceId": id, "TagList": [tag("owner", "b"), tag("Owner", "")] }),
    );
    let expected = json!([tag("stage", "test"), tag("owner", "b"), tag("Owner", "")]);
    assert_eq!(
        tags(&simulator, &id),
        expected,
        "keys are case-sensitive, and keep their place"
    );
    assert_eq!(
        describe(&simulator, &id)["TagList"],
        expected,
        "DescribeClusters shows the same"
    );

    let answer = call(
        &simulator,
        "UntagResource",
        json!({ "ResourceId": id, "TagKeyList": ["owner", "not there"] }),
    );
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, ""),
        "an empty HTTP body, and what is not there is gone"
    );
    assert_eq!(
        tags(&simulator, &id),
        json!([tag("stage", "test"), tag("Owner", "")])
    );
}

#[test]
fn a_resource_has_fifty_tags_at_most_however_they_come() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    call(
        &simulator,
        "TagResource",
        json!({ "ResourceId": id, "TagList": many(0..49) }),
    );
    let (kind, message) = refused(
        &simulator,
        "TagResource",
        json!({ "ResourceId": id, "TagList": many(48..51) }),
    );
    assert_eq!(kind, "CloudHsmResourceLimitExceededException");
    assert!(
        message.contains(&id) && message.contains("51 tags") && message.contains("at most 50"),
        "{message}"
    );
    assert_eq!(tags(&simulator, &id), many(0..49), "none of them was added");

    assert_eq!(
        call(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": many(0..50) })
        )
        .status,
        200,
        "49 are overwritten"
    );
    assert_eq!(
        refused(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": many(50..51) })
        )
        .0,
        "CloudHsmResourceLimitExceededException"
    );
    assert_eq!(
        call(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": [tag("k7", "new")] })
        )
        .status,
        200,
        "overwriting adds none"
    );
}

#[test]
fn pages_of_tags_follow_one_another_and_a_token_fits_its_call_alone() {
    let simulator = instant();
    let (id, other) = (create_cluster(&simulator), create_cluster(&simulator));
    for cluster in [&id, &other] {
        call(
            &simulator,
            "TagResource",
            json!({ "ResourceId": cluster, "TagList": many(0..50) }),
        );
    }
    let first = ok(
        &simulator,
        "ListTags",
        json!({ "ResourceId": id, "MaxResults": 20 }),
    );
    let mut seen = first["TagList"].as_array().unwrap().clone();
    let mut token = first["NextToken"].clone();
    while token.is_string() {
        let page = ok(
            &simulator,
            "ListTags",
            json!({ "ResourceId": id, "MaxResults": 20, "NextToken": token }),
        );
        seen.extend(page["TagList"].as_array().unwrap().clone());
        token = page["NextToken"].clone();
    }
    assert_eq!(Value::from(seen), many(0..50), "all, once each, in order");
    let whole = ok(&simulator, "ListTags", json!({ "ResourceId": id }));
    assert!(
        whole["TagList"].as_array().unwrap().len() == 50 && whole.get("NextToken").is_none(),
        "one page has them all"
    );

    let token = first["NextToken"].as_str().unwrap();
    let altered = format!(
        "{}{}",
        if token.starts_with('A') { 'B' } else { 'A' },
        &token[1..]
    );
    for (action, request) in [
        (
            "ListTags",
            json!({ "ResourceId": id, "NextToken": altered }),
        ),
        (
            "ListTags",
            json!({ "ResourceId": id, "NextToken": &token[1..] }),
        ),
        (
            "ListTags",
            json!({ "ResourceId": other, "NextToken": token }),
        ),
        ("DescribeClusters", json!({ "NextToken": token })),
    ] {
        let (kind, message) = refused(&simulator, action, request.clone());
        assert_eq!(
            kind, "CloudHsmInvalidRequestException",
            "{action} {request}"
        );
        assert!(message.contains("NextToken"), "{message}");
    }
    let of_clusters =
        ok(&simulator, "DescribeClusters", json!({ "MaxResults": 1 }))["NextToken"].clone();
    assert_eq!(
        refused(
            &simulator,
            "ListTags",
            json!({ "ResourceId": id, "NextToken": of_clusters })
        )
        .0,
        "CloudHsmInvalidRequestException"
    );
    // The page may have another size than the one before.
    let rest = ok(
        &simulator,
        "ListTags",
        json!({ "ResourceId": id, "MaxResults": 100, "NextToken": token }),
    );
    assert_eq!(rest["TagList"], many(20..50));
}

#[test]
fn keys_and_values_may_be_of_any_script_and_come_back_as_they_were() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    // One character each, of one to four octets; and 128 of four octets make a key.
    let list = json!([
        tag("Überschrift 名前", "Ⅷ½ _.:/=+-@"),
        tag(&"𝒜".repeat(128), &"𐍈".repeat(256)),
        tag("a\u{A0}b\u{3000}c", "")
    ]);
    assert_eq!(
        call(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": list })
        )
        .status,
        200
    );
    assert_eq!(tags(&simulator, &id), list);
    assert_eq!(
        call(
            &simulator,
            "UntagResource",
            json!({ "ResourceId": id, "TagKeyList": ["𝒜".repeat(128)] })
        )
        .status,
        200
    );

    // A combining accent, an emoji, a control character: no letter, no separator, no number.
    for bad in ["e\u{301}", "🔑", "a\tb", "a\u{200B}b", "50%"] {
        for request in [tag(bad, "v"), tag("k", bad)] {
            let (kind, message) = refused(
                &simulator,
                "TagResource",
                json!({ "ResourceId": id, "TagList": [request] }),
            );
            assert_eq!(kind, "CloudHsmInvalidRequestException", "{bad:?}");
            assert!(
                message.contains(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"),
                "{message}"
            );
        }
    }
}

#[test]
fn keys_of_aws_are_neither_set_nor_removed() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    for key in ["aws:x", "AWS:x", "aWs:"] {
        let create = json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
            "TagList": [tag(key, "v")],
        });
        for (action, request) in [
            (
                "TagResource",
                json!({ "ResourceId": id, "TagList": [tag("fine", "v"), tag(key, "v")] }),
            ),
            (
                "UntagResource",
                json!({ "ResourceId": id, "TagKeyList": [key] }),
            ),
            ("CreateCluster", create),
        ] {
            let (kind, message) = refused(&simulator, action, request);
            assert_eq!(kind, "CloudHsmTagException", "{action} {key}");
            assert!(
                message.contains(key) && message.contains("reserved"),
                "{message}"
            );
        }
    }
    assert_eq!(tags(&simulator, &id), json!([]));
    let fine = json!([tag("awsome", "aws:"), tag("x:aws:", "")]);
    assert_eq!(
        call(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": fine })
        )
        .status,
        200,
        "only a key's beginning counts"
    );
}

#[test]
fn tags_belong_to_what_is_there() {
    let simulator = instant();
    for id in ["cluster-abcdefghijk", "backup-abcdefghijk"] {
        for (action, request) in [
            ("ListTags", json!({ "ResourceId": id })),
            (
                "TagResource",
                json!({ "ResourceId": id, "TagList": many(0..1) }),
            ),
            (
                "UntagResource",
                json!({ "ResourceId": id, "TagKeyList": ["k"] }),
            ),
        ] {
            let (kind, message) = refused(&simulator, action, request);
            assert_eq!(kind, "CloudHsmResourceNotFoundException", "{action}");
            assert!(message.contains(id), "{message}");
        }
    }
    let id = create_cluster(&simulator);
    let elsewhere = call_in(
        &simulator,
        "eu-west-1",
        "ListTags",
        &json!({ "ResourceId": id }),
    )
    .unwrap();
    assert_eq!(
        elsewhere.error().1,
        "CloudHsmResourceNotFoundException",
        "another region's"
    );

    call(
        &simulator,
        "TagResource",
        json!({ "ResourceId": id, "TagList": many(0..1) }),
    );
    ok(&simulator, "DeleteCluster", json!({ "ClusterId": id }));
    assert_eq!(
        refused(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": many(1..2) })
        )
        .0,
        "CloudHsmInvalidRequestException"
    );
    assert_eq!(
        refused(
            &simulator,
            "UntagResource",
            json!({ "ResourceId": id, "TagKeyList": ["k0"] })
        )
        .0,
        "CloudHsmInvalidRequestException"
    );
    assert_eq!(
        tags(&simulator, &id),
        many(0..1),
        "while a DELETED cluster is listed, so are its tags"
    );
}
