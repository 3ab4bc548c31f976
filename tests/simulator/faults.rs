//! Faults that are ordered beforehand, by chance, or of clusters. Those that refuse or close:
//! `control`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use hsmboot::simulator::{FaultRule, InjectedFault, Options, Simulator, Speed};
use serde_json::json;

use crate::support::*;

fn with_faults(rules: &[&str], seed: u64) -> Simulator {
    let faults = rules
        .iter()
        .map(|rule| FaultRule::parse(rule).unwrap())
        .collect();
    Simulator::spawn(Options {
        speed: Speed::INSTANT,
        faults,
        seed,
        ..crate::support::options()
    })
    .unwrap()
}

fn fates(simulator: &Simulator) -> Vec<u16> {
    (0..100)
        .map(|_| call(simulator, "DescribeClusters", json!({})).status)
        .collect()
}

#[test]
fn the_same_seed_and_the_same_calls_meet_the_same_faults() {
    let rules = ["throttling:DescribeClusters:20%", "unavailable:10%"];
    let first = fates(&with_faults(&rules, 42));
    assert_eq!(first, fates(&with_faults(&rules, 42)));
    assert_ne!(first, fates(&with_faults(&rules, 43)));
    for status in [200, 400, 503] {
        assert!(first.contains(&status), "{status} is among {first:?}");
    }
}

#[test]
fn faults_cleared_and_ordered_again_are_the_same() {
    let simulator = with_faults(&["throttling:50%"], 7);
    let first = fates(&simulator);
    assert_eq!(control(&simulator, "clear-faults", json!({})).status, 200);
    assert_eq!(
        control(
            &simulator,
            "fault",
            json!({ "Fault": "throttling", "Percent": 50 })
        )
        .status,
        200
    );
    assert_eq!(first, fates(&simulator));
}

#[test]
fn a_percentage_can_have_a_count_and_an_action() {
    let simulator = with_faults(&[], 1);
    let order =
        json!({ "Fault": "throttling", "Action": "DescribeClusters", "Percent": 50, "Count": 3 });
    assert_eq!(control(&simulator, "fault", order).status, 200);
    assert_eq!(
        refused(&simulator, "DeleteCluster", json!({})).0,
        "CloudHsmInvalidRequestException"
    );
    assert_eq!(
        fates(&simulator)
            .iter()
            .filter(|status| **status == 400)
            .count(),
        3
    );
    for (member, value) in [
        ("Percent", json!(0)),
        ("Percent", json!(101)),
        ("Percent", json!("5")),
        ("Action", json!("Nonsense")),
    ] {
        assert_eq!(
            control(
                &simulator,
                "fault",
                json!({ "Fault": "throttling", member: value })
            )
            .status,
            400,
            "{member}"
        );
    }
    assert_eq!(
        fates(&simulator)
            .iter()
            .filter(|status| **status == 400)
            .count(),
        0
    );
}

/// The head tells the truth about the whole answer, and less than that comes.
#[test]
fn an_answer_is_cut_short_after_the_change() {
    let simulator = with_faults(&["cut-short:CreateCluster"], 0);
    let body =
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] })
            .to_string();
    let mut stream = TcpStream::connect(simulator.address()).unwrap();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: \
         BaldrApiService.CreateCluster\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, came) = answer.split_once("\r\n\r\n").unwrap();
    let said: usize = head
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"));
    assert!(
        came.starts_with(r#"{"Cluster":"#) && came.len() == said / 2,
        "{} of {said}: {came}",
        came.len()
    );
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_hsm_fails_under_a_call_and_is_replaced() {
    let simulator = with_faults(&["hsm-fails:InitializeCluster"], 0);
    let (id, first) = ready_cluster(&simulator);
    let claim = Owner::new().claim(&id, &first);
    let before = describe(&simulator, &id)["Hsms"][0]["HsmId"].clone();
    assert_eq!(
        refused(&simulator, "InitializeCluster", claim).0,
        "CloudHsmInvalidRequestException"
    );
    let after = until(&simulator, &id, |now| csr(now).is_some());
    assert_ne!(after["Hsms"][0]["HsmId"], before);
    assert_ne!(csr(&after).unwrap(), first);
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, csr(&after).unwrap()),
    );
}

#[test]
fn a_cluster_degrades_and_a_fault_waits_for_one() {
    let simulator = with_faults(&["cluster-degrades"], 0);
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"],
        json!([]),
        "nothing there to befall"
    );
    let (id, csr) = {
        simulator.clear_faults();
        ready_cluster(&simulator)
    };
    simulator.inject_fault(None, InjectedFault::ClusterDegrades, 1);
    let claim = Owner::new().claim(&id, &csr);
    let (kind, message) = refused(&simulator, "InitializeCluster", claim);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("DEGRADED"), "{message}");
    assert_eq!(describe(&simulator, &id)["State"], "DEGRADED");
}

#[test]
fn a_fault_of_a_cluster_spares_other_regions() {
    let simulator = with_faults(&[], 0);
    let (id, _) = ready_cluster(&simulator);
    simulator.inject_fault(None, InjectedFault::ClusterDegrades, 1);
    let foreign = json!({ "Filters": { "clusterIds": [id] } });
    call_in(&simulator, "eu-west-1", "DescribeClusters", &foreign).unwrap();
    simulator.clear_faults();
    assert_eq!(describe(&simulator, &id)["State"], "UNINITIALIZED");
}
