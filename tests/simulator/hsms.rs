//! HSMs: their addresses and their states.

use hsmboot::simulator::{Options, SimulatedClusterState, SimulatedHsmState, Simulator, Speed};
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn an_address_is_one_that_the_zones_subnet_gives() {
    let simulator = instant();
    let subnets = json!(["subnet-0000000a", "subnet-0000000b"]);
    let cluster = ok(
        &simulator,
        "CreateCluster",
        json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": subnets }),
    )["Cluster"]
        .clone();
    let id = cluster["ClusterId"].as_str().unwrap();
    let wants =
        |ip: &str| json!({ "ClusterId": id, "AvailabilityZone": "us-east-1b", "IpAddress": ip });
    for (ip, words) in [
        ("10.0.0.77", "not in the subnet of us-east-1b, 10.0.1.0/24"),
        ("10.1.1.77", "not in the subnet"),
        ("192.168.1.77", "not in the subnet"),
        (
            "10.0.1.0",
            "reserved in the subnet of us-east-1b, 10.0.1.0/24",
        ),
        ("10.0.1.3", "reserved"),
        ("10.0.1.255", "reserved"),
        ("10.0.1.256", "must be an IPv4 address"),
        ("10.0.1.077", "must be an IPv4 address"),
    ] {
        let (kind, message) = refused(&simulator, "CreateHsm", wants(ip));
        assert_eq!(kind, "CloudHsmInvalidRequestException", "{ip}");
        assert!(message.contains(ip) && message.contains(words), "{message}");
    }
    assert_eq!(describe(&simulator, id)["Hsms"], json!([]), "none was made");

    simulator
        .set_state(id, SimulatedClusterState::Active)
        .unwrap();
    for ip in ["10.0.1.4", "10.0.1.254"] {
        assert_eq!(
            ok(&simulator, "CreateHsm", wants(ip))["Hsm"].get("EniIp"),
            None,
            "told by DescribeClusters"
        );
    }
    ok(
        &simulator,
        "CreateHsm",
        json!({ "ClusterId": id, "AvailabilityZone": "us-east-1b" }),
    );
    let addresses: Vec<_> = describe(&simulator, id)["Hsms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hsm| hsm["EniIp"].clone())
        .collect();
    assert_eq!(
        addresses,
        ["10.0.1.4", "10.0.1.254", "10.0.1.5"],
        "the last is the first that is free"
    );
}

#[test]
fn an_address_is_free_again_once_its_hsm_is_gone() {
    let simulator = instant();
    let (one, two) = (create_cluster(&simulator), create_cluster(&simulator));
    let wants = |id: &str| {
        json!({
            "ClusterId": id, "AvailabilityZone": "us-east-1a", "IpAddress": "10.0.0.9",
        })
    };
    let hsm = ok(&simulator, "CreateHsm", wants(&one))["Hsm"]["HsmId"].clone();
    assert!(
        refused(&simulator, "CreateHsm", wants(&two))
            .1
            .contains("in use"),
        "both clusters are in one subnet"
    );
    ok(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": one, "HsmId": hsm }),
    );
    ok(&simulator, "CreateHsm", wants(&two));
}

#[test]
fn an_hsm_can_be_put_into_every_documented_state() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let hsm = describe(&simulator, &id)["Hsms"][0]["HsmId"]
        .as_str()
        .unwrap()
        .to_owned();
    let state = || describe(&simulator, &id)["Hsms"][0]["State"].clone();
    assert_eq!(state(), "ACTIVE");
    assert_eq!(
        describe(&simulator, &id)["Hsms"][0]["StateMessage"],
        "HSM created."
    );

    simulator
        .set_hsm_state(&id, &hsm, SimulatedHsmState::Degraded)
        .unwrap();
    let degraded = describe(&simulator, &id);
    assert_eq!(degraded["Hsms"][0]["State"], "DEGRADED");
    assert_eq!(
        degraded["Hsms"][0]["StateMessage"],
        "HSM creation failed. Please delete this HSM and try again."
    );
    assert_eq!(
        degraded["State"], "UNINITIALIZED",
        "the cluster's state is its own"
    );
    assert!(
        refused(&simulator, "DeleteCluster", json!({ "ClusterId": id }))
            .1
            .contains("1 HSM"),
        "a degraded HSM is one"
    );

    simulator
        .set_hsm_state(&id, &hsm, SimulatedHsmState::Deleted)
        .unwrap();
    assert_eq!(state(), "DELETED");
    let another = create_cluster(&simulator);
    create_hsm(&simulator, &another);
    assert_eq!(
        describe(&simulator, &another)["Hsms"][0]["EniIp"],
        "10.0.0.4",
        "its address is free"
    );
    let (kind, message) = refused(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": id, "HsmId": hsm }),
    );
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("DELETED"), "{message}");
    create_hsm(&simulator, &id);

    // These two pass.
    simulator
        .set_hsm_state(&id, &hsm, SimulatedHsmState::CreateInProgress)
        .unwrap();
    assert_eq!(state(), "ACTIVE");
    simulator
        .set_hsm_state(&id, &hsm, SimulatedHsmState::DeleteInProgress)
        .unwrap();
    assert_eq!(
        describe(&simulator, &id)["Hsms"].as_array().unwrap().len(),
        1,
        "it is gone"
    );
}

/// Its network interface has gone, and the address is the next HSM's.
#[test]
fn a_deleted_hsm_has_no_address_that_could_stand_for_another() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let first = describe(&simulator, &id)["Hsms"][0].clone();
    simulator
        .set_hsm_state(
            &id,
            first["HsmId"].as_str().unwrap(),
            SimulatedHsmState::Deleted,
        )
        .unwrap();
    let second = create_hsm(&simulator, &id);
    let hsms = describe(&simulator, &id)["Hsms"].clone();
    for name in ["EniId", "EniIp", "EniIpV6"] {
        assert!(hsms[0].get(name).is_none(), "{hsms:#}");
    }
    assert_eq!(hsms[1]["EniIp"], first["EniIp"], "it was free");
    // Nor does one come back by a replacement.
    let replacement = simulator.replace_hsm(&id).unwrap();
    let hsms = describe(&simulator, &id)["Hsms"].clone();
    assert_eq!(hsms[0]["HsmId"], first["HsmId"]);
    assert_eq!(
        (&hsms[1]["HsmId"], hsms.as_array().unwrap().len()),
        (&json!(replacement), 2),
        "in the place of {second}"
    );
    let by_interface = json!({ "ClusterId": id, "EniId": first["EniId"] });
    assert_eq!(
        refused(&simulator, "DeleteHsm", by_interface).0,
        "CloudHsmResourceNotFoundException"
    );
    let by_address = json!({ "ClusterId": id, "EniIp": first["EniIp"] });
    assert_eq!(
        ok(&simulator, "DeleteHsm", by_address)["HsmId"],
        json!(replacement)
    );
}

/// Ordered while the HSM is being created, whatever it has been through since.
#[test]
fn an_hsm_that_is_made_active_has_its_csr() {
    let simulator = Simulator::spawn(Options {
        speed: Speed::from_factor(1e-6).unwrap(),
        ..options()
    })
    .unwrap();
    for before in [None, Some(SimulatedHsmState::Degraded)] {
        let id = create_cluster(&simulator);
        simulator
            .set_state(&id, SimulatedClusterState::Uninitialized)
            .unwrap();
        let hsm = create_hsm(&simulator, &id);
        for state in before.into_iter().chain([SimulatedHsmState::Active]) {
            simulator.set_hsm_state(&id, &hsm, state).unwrap();
        }
        let there = until(&simulator, &id, |now| now["Hsms"][0]["State"] == "ACTIVE");
        assert!(csr(&there).is_some(), "{there}");
    }
}

#[test]
fn an_empty_cluster_with_a_deleted_hsm_can_be_deleted() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    let hsm = create_hsm(&simulator, &id);
    let set = json!({ "ClusterId": id, "HsmId": hsm, "State": "DELETED" });
    assert_eq!(
        control(&simulator, "set-hsm-state", set.clone()).status,
        200
    );
    for (name, value, words) in [
        ("State", "BROKEN", "'BROKEN'"),
        ("HsmId", "hsm-x", "no HSM 'hsm-x'"),
        ("ClusterId", "x", "no cluster 'x'"),
    ] {
        let mut wrong = set.clone();
        wrong[name] = Value::from(value);
        let answer = control(&simulator, "set-hsm-state", wrong);
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains(words), "{}", answer.body);
    }
    ok(&simulator, "DeleteCluster", json!({ "ClusterId": id }));
}
