//! Nothing that whoever can reach the address can have the simulator remember grows without end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::*;

fn places(simulator: &hsmboot::simulator::Simulator) -> Vec<Value> {
    crate::page::data(simulator)["places"]
        .as_array()
        .unwrap()
        .clone()
}

/// A region by number, as they are spelled.
fn region(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!(
        "{}{}-east-{}",
        letter(number),
        letter(number / 26),
        number % 10
    )
}

#[test]
fn looking_into_a_region_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let options = hsmboot::simulator::Options {
        state: Some(state.clone()),
        speed: hsmboot::simulator::Speed::INSTANT,
        ..Default::default()
    };
    let simulator = hsmboot::simulator::Simulator::spawn(options.clone()).unwrap();
    let id = create_cluster(&simulator);
    for number in 0..2000 {
        let answer = call_in(
            &simulator,
            &format!("nowhere-{number}"),
            "DescribeClusters",
            &json!({}),
        )
        .unwrap();
        assert_eq!(answer.json()["Clusters"], json!([]));
    }
    assert!(
        !std::fs::read_to_string(&state).unwrap().contains("nowhere"),
        "the state file holds what there is"
    );
    assert_eq!(places(&simulator).len(), 1);
    simulator.shutdown();
    let again = hsmboot::simulator::Simulator::spawn(options).unwrap();
    assert_eq!(describe(&again, &id)["ClusterId"], id.as_str());
}

#[test]
fn a_region_whose_last_cluster_is_gone_is_forgotten_and_its_name_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let options = hsmboot::simulator::Options {
        state: Some(directory.path().join("state")),
        speed: hsmboot::simulator::Speed::INSTANT,
        ..Default::default()
    };
    let simulator = hsmboot::simulator::Simulator::spawn(options.clone()).unwrap();
    let body =
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] });
    let create = |region: &str| call_in(&simulator, region, "CreateCluster", &body).unwrap();
    let id = create("eu-west-1").json()["Cluster"]["ClusterId"].clone();
    assert_eq!(
        call_in(
            &simulator,
            "eu-west-1",
            "DeleteCluster",
            &json!({ "ClusterId": id })
        )
        .unwrap()
        .status,
        200
    );
    simulator.advance_clock(Duration::from_secs(7200));
    assert_eq!(
        call_in(&simulator, "eu-west-1", "DescribeClusters", &json!({}))
            .unwrap()
            .json()["Clusters"],
        json!([])
    );
    assert_eq!(create("us-west-1").status, 200);
    assert_eq!(places(&simulator).len(), 1);
    assert_eq!(create("eu-west-1").status, 200);
    let before = places(&simulator);
    assert_eq!(before.len(), 2);
    simulator.shutdown();
    let again = hsmboot::simulator::Simulator::spawn(options).unwrap();
    assert_eq!(places(&again), before, "and a restart brings nothing back");
}

#[test]
fn clusters_are_in_so_many_regions_and_no_more() {
    let simulator = instant();
    let create = |region: &str| {
        let body =
            json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] });
        call_in(&simulator, region, "CreateCluster", &body).unwrap()
    };
    for number in 0..200 {
        assert_eq!(create(&region(number)).status, 200, "{number}");
    }
    let (_, kind, message) = create(&region(200)).error();
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("200 accounts and regions"), "{message}");
    assert_eq!(
        create(&region(7)).status,
        200,
        "one that is there takes more"
    );
}

#[test]
fn so_many_faults_wait_and_no_more() {
    let simulator = instant();
    let order = || {
        control(
            &simulator,
            "fault",
            json!({ "Fault": "throttling", "Action": "CreateHsm" }),
        )
    };
    for _ in 0..1000 {
        assert_eq!(order().status, 200);
    }
    let refused = order();
    assert_eq!(refused.status, 400);
    assert!(
        refused.json()["Message"]
            .as_str()
            .unwrap()
            .contains("1000 faults wait"),
        "{}",
        refused.body
    );
    assert_eq!(control(&simulator, "clear-faults", json!({})).status, 200);
    assert_eq!(order().status, 200);
}

#[test]
fn the_clock_is_not_moved_past_what_a_certificate_can_name() {
    let simulator = instant();
    for seconds in [json!(u64::MAX), json!(300_000_000_000_u64)] {
        let answer = control(&simulator, "advance", json!({ "Seconds": seconds }));
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    assert_eq!(
        control(
            &simulator,
            "advance",
            json!({ "Seconds": 3_155_760_000_u64 })
        )
        .status,
        200,
        "a hundred years"
    );
}

#[test]
fn hsms_that_were_put_into_deleted_do_not_pile_up() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    simulator
        .set_state(&id, hsmboot::simulator::SimulatedClusterState::Active)
        .unwrap();
    for _ in 0..60 {
        let hsm = create_hsm(&simulator, &id);
        simulator
            .set_hsm_state(&id, &hsm, hsmboot::simulator::SimulatedHsmState::Deleted)
            .unwrap();
    }
    let there = describe(&simulator, &id)["Hsms"].as_array().unwrap().len();
    assert!(there <= 30, "{there}");
}

/// A JSON text that nests so deep.
fn nested(depth: usize) -> String {
    format!("{{\"Filters\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn json_and_cbor_that_nest_deeply_are_refused_and_nothing_else_happens() {
    let simulator = instant();
    for depth in [200, 100_000] {
        let call = post(
            &simulator,
            "/",
            "X-Amz-Target: BaldrApiService.DescribeClusters\r\n",
            &nested(depth),
        )
        .unwrap();
        assert_eq!(call.error().1, "SerializationException");
        let control = post(
            &simulator,
            "/_control/calls",
            "Content-Type: application/json\r\n",
            &nested(depth),
        )
        .unwrap();
        assert_eq!(control.status, 400);
    }
    // What a reader of raw JSON values would read as JSON once more, with a new count of the depth,
    // is an object like any other.
    let raw =
        json!({ "Filters": { "$serde_json::private::RawValue": r#"{"states":["ACTIVE"]}"# } });
    let (kind, message) = refused(&simulator, "DescribeClusters", raw);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("RawValue"), "{message}");
    ok(&simulator, "DescribeClusters", json!({}));
}
