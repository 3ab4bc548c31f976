//! Smithy RPC v2 CBOR over HTTP, with ciborium's own reader and writer on the client's side. boto3
//! speaks it in `simulator_clients`.

use std::collections::BTreeSet;

use ciborium::Value as Cbor;
use hsmboot::simulator::{InjectedFault, SimulatedClusterState, Simulator};
use serde_json::json;

use crate::support::*;

struct CborAnswer {
    status: u16,
    head: String,
    body: Cbor,
}

fn send(simulator: &Simulator, path: &str, headers: &str, body: &[u8]) -> Option<CborAnswer> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \
         {length}\r\n{headers}\r\n"
    );
    let answer = raw_octets(simulator.address(), &[head.as_bytes(), body].concat());
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec())
        .unwrap()
        .to_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = ciborium::from_reader(&answer[end + 4..])
        .unwrap_or_else(|error| panic!("no CBOR: {error}: {head}"));
    Some(CborAnswer { status, head, body })
}

const HEADERS: &str = "Smithy-Protocol: rpc-v2-cbor\r\nContent-Type: application/cbor\r\nAccept: \
                       application/cbor\r\n";

fn octets(simulator: &Simulator, action: &str, body: &[u8]) -> CborAnswer {
    send(
        simulator,
        &format!("/service/BaldrApiService/operation/{action}"),
        HEADERS,
        body,
    )
    .expect("an answer")
}

fn call_cbor(simulator: &Simulator, action: &str, members: &[(&str, Cbor)]) -> CborAnswer {
    octets(simulator, action, &written(&map(members)))
}

fn map(members: &[(&str, Cbor)]) -> Cbor {
    Cbor::Map(
        members
            .iter()
            .map(|(name, value)| (Cbor::from(*name), value.clone()))
            .collect(),
    )
}

fn written(value: &Cbor) -> Vec<u8> {
    let mut octets = Vec::new();
    ciborium::into_writer(value, &mut octets).unwrap();
    octets
}

fn member<'a>(value: &'a Cbor, name: &str) -> &'a Cbor {
    let found = value
        .as_map()
        .and_then(|members| members.iter().find(|(key, _)| key.as_text() == Some(name)));
    &found.unwrap_or_else(|| panic!("no {name} in {value:?}")).1
}

fn create(simulator: &Simulator) -> CborAnswer {
    let subnets = Cbor::Array(vec!["subnet-0a1b2c3d".into()]);
    call_cbor(
        simulator,
        "CreateCluster",
        &[
            ("HsmType", "hsm2m.medium".into()),
            ("Mode", "FIPS".into()),
            ("SubnetIds", subnets),
        ],
    )
}

#[test]
fn a_cluster_is_made_in_cbor_and_seen_in_json_too() {
    let simulator = instant();
    let answer = create(&simulator);
    assert_eq!(answer.status, 200);
    for header in [
        "smithy-protocol: rpc-v2-cbor",
        "content-type: application/cbor",
        "x-amzn-requestid: ",
    ] {
        assert!(answer.head.contains(header), "{header}: {}", answer.head);
    }
    let cluster = member(&answer.body, "Cluster");
    let id = member(cluster, "ClusterId").as_text().unwrap();
    // A timestamp is tag 1 with the seconds since 1970.
    let Cbor::Tag(1, seconds) = member(cluster, "CreateTimestamp") else {
        panic!("{cluster:?}")
    };
    let json = describe(&simulator, id);
    assert_eq!(seconds.as_float(), json["CreateTimestamp"].as_f64());
    let listed = octets(&simulator, "DescribeClusters", b"");
    assert_eq!(
        member(&listed.body, "Clusters").as_array().unwrap().len(),
        1,
        "no body: no members"
    );
    assert_eq!(simulator.call_counts()["DescribeClusters"], 2);
    let shown = crate::page::data(&simulator);
    let actions: Vec<_> = shown["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["CreateCluster", "DescribeClusters", "DescribeClusters"],
        "the page lists calls of either protocol"
    );
}

/// Finds the names of all timestamps in an answer. It has no number that is none.
fn timestamps(value: &Cbor, name: &str, found: &mut BTreeSet<String>) {
    match value {
        Cbor::Tag(1, seconds) => {
            assert!(seconds.is_float() || seconds.is_integer(), "{name}");
            found.insert(name.to_owned());
        }
        Cbor::Float(_) | Cbor::Integer(_) => panic!("{name} has no tag"),
        Cbor::Array(items) => items.iter().for_each(|item| timestamps(item, name, found)),
        Cbor::Map(members) => members
            .iter()
            .for_each(|(key, value)| timestamps(value, key.as_text().unwrap(), found)),
        _ => {}
    }
}

/// A client that reads by the model takes no number without its tag for a timestamp.
#[test]
fn every_timestamp_of_an_answer_has_its_tag() {
    let simulator = instant();
    // One that may go back to its type, and one with a backup, a copy and a deleted copy.
    let old = simulator.create_hsm1_cluster("us-east-1").unwrap();
    create_hsm(&simulator, &old);
    until(&simulator, &old, |now| csr(now).is_some());
    simulator
        .set_state(&old, SimulatedClusterState::Active)
        .unwrap();
    ok(
        &simulator,
        "ModifyCluster",
        json!({ "ClusterId": old, "HsmType": "hsm2m.medium" }),
    );
    let (id, csr) = ready_cluster(&simulator);
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, &csr),
    );
    let filter = json!({ "Filters": { "clusterIds": [id] } });
    let backups = ok(&simulator, "DescribeBackups", filter);
    let backup = backups["Backups"][0]["BackupId"].clone();
    let copy = json!({ "DestinationRegion": "eu-west-1", "BackupId": backup });
    ok(&simulator, "CopyBackupToRegion", copy.clone());
    ok(&simulator, "CopyBackupToRegion", copy);
    let copies = call_in(&simulator, "eu-west-1", "DescribeBackups", &json!({})).unwrap();
    let one = json!({ "BackupId": copies.json()["Backups"][0]["BackupId"] });
    call_in(&simulator, "eu-west-1", "DeleteBackup", &one).unwrap();

    let mut found = BTreeSet::new();
    let abroad = "Authorization: AWS4-HMAC-SHA256 \
                  Credential=AKIDEXAMPLE/20260101/eu-west-1/cloudhsm/aws4_request, \
                  SignedHeaders=host, Signature=0\r\n";
    for action in ["DescribeClusters", "DescribeBackups"] {
        for region in ["", abroad] {
            let path = format!("/service/BaldrApiService/operation/{action}");
            let headers = format!("{HEADERS}{region}");
            let answer = send(&simulator, &path, &headers, b"\xa0").unwrap();
            assert_eq!(answer.status, 200, "{:?}", answer.body);
            timestamps(&answer.body, "the answer", &mut found);
        }
    }
    let all = [
        "CopyTimestamp",
        "CreateTimestamp",
        "DeleteTimestamp",
        "HsmTypeRollbackExpiration",
    ];
    assert!(found.iter().eq(&all), "{found:?}");
}

#[test]
fn errors_have_the_id_of_their_shape() {
    let simulator = instant();
    let answer = call_cbor(
        &simulator,
        "DeleteCluster",
        &[("ClusterId", "cluster-abcdefghijk".into())],
    );
    assert_eq!(answer.status, 400);
    assert_eq!(
        member(&answer.body, "__type").as_text(),
        Some("com.amazonaws.cloudhsmv2#CloudHsmResourceNotFoundException")
    );
    assert!(
        member(&answer.body, "Message")
            .as_text()
            .unwrap()
            .contains("cluster-abcdefghijk")
    );
    assert!(answer.head.contains("smithy-protocol: rpc-v2-cbor"));
    simulator.inject_fault(None, InjectedFault::Unavailable, 1);
    let answer = call_cbor(&simulator, "DescribeClusters", &[]);
    assert_eq!(
        (answer.status, member(&answer.body, "__type").as_text()),
        (503, Some("ServiceUnavailable"))
    );
    let answer = call_cbor(&simulator, "Nonsense", &[]);
    assert_eq!(
        (answer.status, member(&answer.body, "__type").as_text()),
        (404, Some("UnknownOperationException"))
    );
}

#[test]
fn what_has_an_indefinite_length_or_an_unknown_name_is_read() {
    let simulator = instant();
    let body = [
        &b"\xbf\x67HsmType\x7f\x66hsm2m.\x66medium\xff\x64Mode\x64FIPS\x69SubnetIds\x9f\x6fsubnet-\
            0a1b2c3d\xff\x65Later\xa1\x61x\xf7\xff"[..],
    ]
    .concat();
    let answer = octets(&simulator, "CreateCluster", &body);
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[test]
fn what_is_malformed_or_hostile_cannot_be_read_and_stops_nothing() {
    let simulator = instant();
    let huge = [&[0xBB][..], &[0xFF; 8]].concat();
    let text = [&[0x7B][..], &[0x7F; 8], b"x"].concat();
    let deep = [&[0xA1, 0x61, b'x'][..], &vec![0x81; 500_000]].concat();
    let many = [
        &[0xA1, 0x61, b'x', 0x9A, 0, 0x0F, 0, 0][..],
        &vec![0; 1_000_000],
    ]
    .concat();
    let mixed: Vec<u8> = (0..=255).collect();
    for body in [
        &b"\x80"[..],
        b"\x05",
        b"\xff",
        b"\xa1",
        b"\xa1\x01\x02",
        b"\xa2\x61a\x01\x61a\x02",
        b"\xa0\xa0",
        b"\xa1\x67HsmType\x41x",
        b"\xa1\x67HsmType\xc2\x41x",
        b"\xa1\x61x\x62\xc3(",
        b"{}",
        &huge,
        &text,
        &deep,
        &many,
        &mixed,
    ] {
        let answer = octets(&simulator, "CreateCluster", body);
        let kind = member(&answer.body, "__type").as_text();
        assert_eq!(
            (answer.status, kind),
            (400, Some("SerializationException")),
            "{:02x?}",
            &body[..body.len().min(16)]
        );
    }
    // Of another type than the API's.
    let answer = call_cbor(&simulator, "DeleteCluster", &[("ClusterId", 5.into())]);
    assert_eq!(
        member(&answer.body, "__type").as_text(),
        Some("SerializationException")
    );
    assert_eq!(create(&simulator).status, 200, "it goes on");
}

#[test]
fn the_header_and_the_path_decide_about_the_protocol() {
    let simulator = instant();
    let path = "/service/BaldrApiService/operation/DescribeClusters";
    assert_eq!(
        post(&simulator, path, "Content-Type: application/cbor\r\n", "")
            .unwrap()
            .status,
        404,
        "without Smithy-Protocol"
    );
    let typed = send(
        &simulator,
        path,
        "Smithy-Protocol: rpc-v2-cbor\r\nContent-Type: text/plain\r\n",
        b"\xa0",
    )
    .unwrap();
    assert_eq!(typed.status, 415);
    let long = send(
        &simulator,
        "/service/com.amazonaws.cloudhsmv2.BaldrApiService/operation/DescribeClusters",
        HEADERS,
        b"\xa0",
    )
    .unwrap();
    assert_eq!(long.status, 200);
    let other = send(
        &simulator,
        "/service/TrentService/operation/DescribeClusters",
        HEADERS,
        b"\xa0",
    )
    .unwrap();
    assert_eq!(
        member(&other.body, "__type").as_text(),
        Some("UnknownOperationException")
    );
}
