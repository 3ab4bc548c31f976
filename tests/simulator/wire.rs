use hsmboot::simulator::{Options, Reference, Simulator, Speed};
use serde_json::json;

use crate::support::*;

/// The begin of a DescribeClusters, without what says where its body ends.
const DESCRIBE_HEAD: &str = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Amz-Target: \
                             BaldrApiService.DescribeClusters\r\n";

#[test]
fn answers_are_json_1_1_with_a_request_id_and_without_nulls() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let answer = call(&simulator, "DescribeClusters", json!({}));
    assert!(
        answer
            .head
            .contains("content-type: application/x-amz-json-1.1"),
        "{}",
        answer.head
    );
    assert!(
        answer.head.contains("x-amzn-requestid: "),
        "{}",
        answer.head
    );
    assert!(!answer.body.contains("null"), "{}", answer.body);
    let cluster = &answer.json()["Clusters"][0];
    assert_eq!(cluster["ClusterId"], id.as_str());
    assert!(cluster["CreateTimestamp"].is_number());
}

#[test]
fn errors_have_a_type_and_a_message() {
    let simulator = instant();
    let answer = call(
        &simulator,
        "DeleteCluster",
        json!({ "ClusterId": "cluster-abcdefghijk" }),
    );
    let (status, kind, message) = answer.error();
    assert_eq!(
        (status, kind.as_str()),
        (400, "CloudHsmResourceNotFoundException")
    );
    assert!(message.contains("cluster-abcdefghijk"));
    assert!(
        answer
            .head
            .contains("x-amzn-errortype: cloudhsmresourcenotfoundexception")
    );
}

#[test]
fn an_unknown_action_is_refused_by_each_editions_name_and_status() {
    for (reference, unknown, missing) in [
        (
            Reference::Today,
            (404, "UnknownOperationException"),
            (404, "UnknownOperationException"),
        ),
        (
            Reference::June2022,
            (400, "InvalidAction"),
            (400, "MissingAction"),
        ),
    ] {
        let simulator = Simulator::spawn(Options {
            reference,
            ..crate::support::options()
        })
        .unwrap();
        let found = |answer: Answer| (answer.status, answer.error().1);
        for action in ["Nonsense", "describeClusters", "PutPolicy"] {
            let (status, kind) = found(call(&simulator, action, json!({})));
            assert_eq!((status, kind.as_str()), unknown, "{action}");
        }
        for answer in [
            call(&simulator, "", json!({})),
            post(&simulator, "/", "", "{}").unwrap(),
        ] {
            let (status, kind) = found(answer);
            assert_eq!((status, kind.as_str()), missing);
        }
        assert!(simulator.call_counts().is_empty());
        let later = call(&simulator, "GetResourcePolicy", json!({})).status;
        assert_eq!(
            later, 400,
            "today a parameter is missing, in 2022 the action"
        );
        assert_eq!(
            simulator.call_counts().len(),
            usize::from(reference == Reference::Today)
        );
    }
}

/// What came after 2022 is no member that the edition of that year knows, and in none of its
/// answers.
#[test]
fn the_edition_of_2022_has_nothing_of_today() {
    let simulator = Simulator::spawn(Options {
        speed: Speed::INSTANT,
        reference: Reference::June2022,
        ..crate::support::options()
    })
    .unwrap();
    let order = json!({
        "HsmType": "hsm1.medium", "Mode": "NON_FIPS", "NetworkType": "DUALSTACK",
        "SubnetIds": ["subnet-0a1b2c3d"],
    });
    let id = ok(&simulator, "CreateCluster", order)["Cluster"]["ClusterId"]
        .as_str()
        .unwrap()
        .to_owned();
    create_hsm(&simulator, &id);
    let ready = until(&simulator, &id, |now| csr(now).is_some());
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, csr(&ready).unwrap()),
    );
    let shown = describe(&simulator, &id);
    for name in [
        "Mode",
        "NetworkType",
        "HsmTypeRollbackExpiration",
        "PreCoPassword",
    ] {
        assert_eq!(shown.get(name), None, "{name}");
    }
    assert_eq!(
        (
            shown["Hsms"][0].get("HsmType"),
            shown["Hsms"][0].get("EniIpV6")
        ),
        (None, None)
    );
    let backup = ok(&simulator, "DescribeBackups", json!({}))["Backups"][0].clone();
    assert_eq!(
        (
            backup.get("BackupArn"),
            backup.get("HsmType"),
            backup.get("Mode")
        ),
        (None, None, None)
    );
    assert!(
        refused(
            &simulator,
            "CreateCluster",
            json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] })
        )
        .1
        .contains("HsmType")
    );
    simulator.activate_cluster(&id).unwrap();
    assert!(
        refused(
            &simulator,
            "ModifyCluster",
            json!({ "ClusterId": id, "HsmType": "hsm2m.medium" })
        )
        .1
        .contains("BackupRetentionPolicy")
    );
}

#[test]
fn what_is_no_call_is_not_found() {
    let simulator = instant();
    assert_eq!(
        post(&simulator, "/elsewhere", "", "{}").unwrap().status,
        404
    );
    for (method, path) in [
        ("GET", "/elsewhere"),
        ("HEAD", "/elsewhere"),
        ("PUT", "/"),
        ("OPTIONS", "*"),
        ("GET", "/service/x"),
    ] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = raw(simulator.address(), request.as_bytes()).unwrap();
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method} {path}");
    }
}

#[test]
fn a_query_string_is_malformed() {
    let simulator = instant();
    let target = "X-Amz-Target: BaldrApiService.DescribeClusters\r\n";
    let (status, kind, _) = post(&simulator, "/?Action=DescribeClusters", target, "{}")
        .unwrap()
        .error();
    assert_eq!((status, kind.as_str()), (404, "MalformedQueryString"));
    assert_eq!(
        post(&simulator, "/?", target, "{}").unwrap().status,
        200,
        "an empty one is none"
    );
}

/// RFC 9112 9.3: answers in the order of the requests, on one connection.
#[test]
fn a_connection_is_kept_and_requests_may_be_pipelined() {
    let simulator = instant();
    let one = |action: &str, close: bool| {
        let close = if close { "Connection: close\r\n" } else { "" };
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\n{close}X-Amz-Target: \
             BaldrApiService.{action}\r\nContent-Length: 2\r\n\r\n{{}}"
        )
    };
    let all = [
        one("DescribeClusters", false),
        one("CreateHsm", false),
        one("Nonsense", false),
        one("DescribeClusters", true),
    ]
    .concat();
    let answers = raw_octets(simulator.address(), all.as_bytes());
    let text = String::from_utf8(answers).unwrap();
    let statuses: Vec<&str> = text
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &text[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "400", "404", "200"], "{text}");
    let order = [
        "Clusters",
        "CloudHsmInvalidRequestException",
        "UnknownOperationException",
        "\"Clusters",
    ]
    .map(|word| text.find(word).unwrap());
    assert!(order[0] < order[1] && order[1] < order[2], "{text}");
}

#[test]
fn a_body_may_come_in_chunks_and_after_an_expectation() {
    use std::io::{Read as _, Write as _};
    let simulator = instant();
    let head = DESCRIBE_HEAD;
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n10\r\n\"MaxResults\": 1}}\r\n0\r\n\r\n"
    );
    assert_eq!(
        raw(simulator.address(), chunked.as_bytes()).unwrap().status,
        200
    );

    let mut stream = std::net::TcpStream::connect(simulator.address()).unwrap();
    stream
        .write_all(format!("{head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n").as_bytes())
        .unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n"), "{rest}");
    // One that is too large is refused before it is asked for.
    let large = format!("{head}Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    assert_eq!(
        raw(simulator.address(), large.as_bytes()).unwrap().status,
        413
    );
}

#[test]
fn a_body_that_is_malformed_is_not_called_too_large() {
    let simulator = instant();
    let head = DESCRIBE_HEAD;
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n");
    let (status, kind, message) = raw(simulator.address(), chunked.as_bytes())
        .unwrap()
        .error();
    assert_eq!((status, kind.as_str()), (400, "SerializationException"));
    assert!(message.contains("cannot be read"), "{message}");
    assert!(simulator.call_counts().is_empty());
}

#[test]
fn a_body_of_a_mebibyte_is_taken() {
    let simulator = instant();
    let target = "X-Amz-Target: BaldrApiService.DescribeClusters\r\n";
    let body = format!("{{\"Later\": \"{}\"}}", "x".repeat(1_048_576 - 13));
    assert_eq!(body.len(), 1_048_576);
    assert_eq!(post(&simulator, "/", target, &body).unwrap().status, 200);
}

#[test]
fn what_is_not_a_json_object_cannot_be_read() {
    let simulator = instant();
    let target = "X-Amz-Target: BaldrApiService.DescribeClusters\r\n";
    for body in ["{", "[]", "5", "\u{0}"] {
        let (status, kind, _) = post(&simulator, "/", target, body).unwrap().error();
        assert_eq!(
            (status, kind.as_str()),
            (400, "SerializationException"),
            "{body}"
        );
    }
    assert_eq!(
        post(&simulator, "/", target, "").unwrap().status,
        200,
        "no body: no members"
    );
}

#[test]
fn a_request_is_bounded_whether_it_says_so_or_not() {
    let simulator = instant();
    let head = DESCRIBE_HEAD;
    // Refused by its size before any of it is sent.
    let announced = format!("{head}Content-Length: 2000000\r\n\r\n");
    assert_eq!(
        raw(simulator.address(), announced.as_bytes())
            .unwrap()
            .status,
        413
    );
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", 1_048_577, "x".repeat(1_048_577));
    let unannounced = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
    // What it has not read may make the close a reset, which takes the answer with it: all that
    // counts is that it is not taken.
    let answer = raw(simulator.address(), unannounced.as_bytes());
    assert!(answer.is_none_or(|answer| answer.status == 413));
}

#[test]
fn unknown_members_are_ignored_and_null_is_absent() {
    let simulator = instant();
    ok(
        &simulator,
        "DescribeClusters",
        json!({ "Later": { "x": [1] }, "MaxResults": null, "Filters": null }),
    );
}

/// What stands in a signature's place for a region would be shown on the page and in commands to
/// copy.
#[test]
fn a_text_that_is_no_regions_name_is_no_region() {
    let simulator = instant();
    for text in ["$(id)", "<b>", "EU-WEST-1", "eu west", "..", "é"] {
        let order = json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        });
        let answer = call_in(&simulator, text, "CreateCluster", &order).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let places = crate::page::data(&simulator)["places"].clone();
    assert_eq!(places.as_array().unwrap().len(), 1, "{places:#}");
    assert_eq!(places[0]["region"], "us-east-1");
}

#[test]
fn regions_are_apart() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    let elsewhere = call_in(&simulator, "eu-west-1", "DescribeClusters", &json!({})).unwrap();
    assert_eq!(elsewhere.json()["Clusters"], json!([]));
    let foreign = call_in(
        &simulator,
        "eu-west-1",
        "DeleteCluster",
        &json!({ "ClusterId": id }),
    )
    .unwrap();
    assert_eq!(foreign.error().1, "CloudHsmResourceNotFoundException");
}
