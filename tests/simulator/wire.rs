use serde_json::json;

use crate::support::*;

#[test]
fn answers_are_json_1_1_with_a_request_id_and_without_nulls() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let answer = call(&simulator, "DescribeClusters", json!({}));
    assert!(answer.head.contains("content-type: application/x-amz-json-1.1"), "{}", answer.head);
    assert!(answer.head.contains("x-amzn-requestid: "), "{}", answer.head);
    assert!(!answer.body.contains("null"), "{}", answer.body);
    let cluster = &answer.json()["Clusters"][0];
    assert_eq!(cluster["ClusterId"], id.as_str());
    assert!(cluster["CreateTimestamp"].is_number());
}

#[test]
fn errors_have_a_type_and_a_message() {
    let simulator = instant();
    let answer = call(&simulator, "DeleteCluster", json!({ "ClusterId": "cluster-abcdefghijk" }));
    let (status, kind, message) = answer.error();
    assert_eq!((status, kind.as_str()), (400, "CloudHsmResourceNotFoundException"));
    assert!(message.contains("cluster-abcdefghijk"));
    assert!(answer.head.contains("x-amzn-errortype: cloudhsmresourcenotfoundexception"));
}

#[test]
fn an_unknown_action_is_an_unknown_operation() {
    let simulator = instant();
    for action in ["Nonsense", "describeBackups", ""] {
        let (kind, _) = refused(&simulator, action, json!({}));
        assert_eq!(kind, "UnknownOperationException", "{action}");
    }
    let (status, kind, _) = post(&simulator, "/", "", "{}").unwrap().error();
    assert_eq!((status, kind.as_str()), (400, "UnknownOperationException"));
    assert_eq!(post(&simulator, "/elsewhere", "", "{}").unwrap().status, 404);
}

#[test]
fn what_is_not_a_json_object_cannot_be_read() {
    let simulator = instant();
    let target = "X-Amz-Target: BaldrApiService.DescribeClusters\r\n";
    for body in ["{", "[]", "5", "\u{0}"] {
        let (status, kind, _) = post(&simulator, "/", target, body).unwrap().error();
        assert_eq!((status, kind.as_str()), (400, "SerializationException"), "{body}");
    }
    assert_eq!(post(&simulator, "/", target, "").unwrap().status, 200, "no body: no members");
}

#[test]
fn a_request_is_bounded_whether_it_says_so_or_not() {
    let simulator = instant();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Amz-Target: BaldrApiService.DescribeClusters\r\n";
    // Refused by its size before any of it is sent.
    let announced = format!("{head}Content-Length: 2000000\r\n\r\n");
    assert_eq!(raw(simulator.address(), announced.as_bytes()).unwrap().status, 413);
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", 1_048_577, "x".repeat(1_048_577));
    let unannounced = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
    // What it has not read may make the close a reset, which takes the answer with it: all that counts is that it is not taken.
    let answer = raw(simulator.address(), unannounced.as_bytes());
    assert!(answer.is_none_or(|answer| answer.status == 413));
}

#[test]
fn unknown_members_are_ignored_and_null_is_absent() {
    let simulator = instant();
    ok(&simulator, "DescribeClusters", json!({ "Later": { "x": [1] }, "MaxResults": null, "Filters": null }));
}

#[test]
fn regions_are_apart() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    let elsewhere = call_in(&simulator, "eu-west-1", "DescribeClusters", &json!({})).unwrap();
    assert_eq!(elsewhere.json()["Clusters"], json!([]));
    let foreign = call_in(&simulator, "eu-west-1", "DeleteCluster", &json!({ "ClusterId": id })).unwrap();
    assert_eq!(foreign.error().1, "CloudHsmResourceNotFoundException");
}
