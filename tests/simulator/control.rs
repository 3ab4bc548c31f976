//! Faults and the control endpoint.

#[path = "control/delays.rs"]
mod delays;
#[path = "control/everyday.rs"]
mod everyday;

use std::time::Duration;

use hsmboot::simulator::{InjectedFault, SimulatedClusterState};
use serde_json::json;

use crate::support::*;

#[test]
fn a_replaced_hsm_has_another_key_another_card_and_another_csr() {
    let simulator = instant();
    let (id, first) = ready_cluster(&simulator);
    let before = describe(&simulator, &id);
    let hsm = simulator.replace_hsm(&id).unwrap();
    let after = describe(&simulator, &id);
    assert_eq!(after["Hsms"].as_array().unwrap().len(), 1);
    assert_eq!(after["Hsms"][0]["HsmId"], hsm.as_str());
    for name in [
        "ClusterCsr",
        "HsmCertificate",
        "AwsHardwareCertificate",
        "ManufacturerHardwareCertificate",
    ] {
        assert_ne!(
            after["Certificates"][name], before["Certificates"][name],
            "{name}"
        );
        assert!(after["Certificates"][name].is_string());
    }
    assert!(
        refused(
            &simulator,
            "InitializeCluster",
            Owner::new().claim(&id, &first)
        )
        .1
        .contains("another public key")
    );
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&id, csr(&after).unwrap()),
    );
}

#[test]
fn the_control_endpoint_does_what_the_methods_do() {
    let simulator = instant();
    let (id, first) = ready_cluster(&simulator);
    let answer = control(&simulator, "replace-hsm", json!({ "ClusterId": id }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let second = describe(&simulator, &id);
    assert_ne!(csr(&second).unwrap(), first);
    assert_eq!(second["Hsms"][0]["HsmId"], answer.json()["HsmId"]);

    assert_eq!(
        control(&simulator, "activate", json!({ "ClusterId": id })).status,
        400,
        "not INITIALIZED"
    );
    assert_eq!(
        control(
            &simulator,
            "set-state",
            json!({ "ClusterId": id, "State": "INITIALIZED" })
        )
        .status,
        200
    );
    assert_eq!(
        control(&simulator, "activate", json!({ "ClusterId": id })).status,
        200
    );
    assert_eq!(describe(&simulator, &id)["State"], "ACTIVE");

    assert_eq!(
        control(
            &simulator,
            "fault",
            json!({ "Action": "DescribeClusters", "Fault": "throttling", "Count": 2 })
        )
        .status,
        200
    );
    assert_eq!(
        refused(&simulator, "DescribeClusters", json!({})).0,
        "ThrottlingException"
    );
    assert_eq!(control(&simulator, "clear-faults", json!({})).status, 200);
    ok(&simulator, "DescribeClusters", json!({}));

    let calls = control(&simulator, "calls", json!({})).json();
    assert_eq!(calls["Calls"]["CreateHsm"], 1);
    assert_eq!(
        calls["Calls"]["CreateHsm"],
        simulator.call_counts()["CreateHsm"]
    );

    let roots = control(&simulator, "roots", json!({})).json();
    assert_eq!(roots["AwsRoot"], simulator.aws_root_pem().unwrap());
    assert_eq!(
        roots["ManufacturerRoot"],
        simulator.manufacturer_root_pem().unwrap()
    );
    assert_eq!(
        control(&simulator, "advance", json!({ "Seconds": 5 })).status,
        200
    );
}

#[test]
fn a_cluster_leaves_updating_and_degraded_in_time() {
    let simulator = instant();
    let (id, csr_before) = ready_cluster(&simulator);
    for state in ["UPDATE_IN_PROGRESS", "DEGRADED"] {
        let order =
            json!({ "ClusterId": id, "State": state, "Then": "UNINITIALIZED", "Seconds": 60 });
        assert_eq!(control(&simulator, "set-state", order).status, 200);
        assert_eq!(describe(&simulator, &id)["State"], state);
        simulator.advance_clock(Duration::from_secs(30));
        assert_eq!(describe(&simulator, &id)["State"], state);
        simulator.advance_clock(Duration::from_secs(30));
        assert_eq!(describe(&simulator, &id)["State"], "UNINITIALIZED");
        assert_eq!(csr(&describe(&simulator, &id)).unwrap(), csr_before);
    }
    assert_eq!(
        control(
            &simulator,
            "set-state",
            json!({ "ClusterId": id, "State": "DEGRADED", "Then": "HAPPY" })
        )
        .status,
        400
    );
}

#[test]
fn members_of_tomorrow_come_besides_the_apis_own() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    for (structure, name, value) in [
        ("Cluster", "New", json!({ "a": 1 })),
        ("Cluster", "State", json!("X")),
        ("Hsm", "New", json!("b")),
        ("Backup", "New", json!(true)),
    ] {
        let order = json!({ "Structure": structure, "Name": name, "Value": value });
        assert_eq!(control(&simulator, "set-member", order).status, 200);
    }
    let cluster = describe(&simulator, &id);
    assert_eq!(
        (
            &cluster["New"],
            &cluster["State"],
            &cluster["Hsms"][0]["New"]
        ),
        (&json!({ "a": 1 }), &json!("UNINITIALIZED"), &json!("b"))
    );
    assert_eq!(
        control(
            &simulator,
            "set-member",
            json!({ "Structure": "Cluster", "Name": "New", "Value": null })
        )
        .status,
        200
    );
    assert_eq!(describe(&simulator, &id).get("New"), None);
    for n in 0..100 {
        control(
            &simulator,
            "set-member",
            json!({ "Structure": "Hsm", "Name": format!("New{n}"), "Value": n }),
        );
    }
    assert_eq!(
        control(
            &simulator,
            "set-member",
            json!({ "Structure": "Hsm", "Name": "TooMany", "Value": 1 })
        )
        .status,
        400
    );
}

#[test]
fn wrong_control_commands_say_what_is_wrong() {
    let simulator = instant();
    for (command, body, words) in [
        ("explode", json!({}), "no control command 'explode'"),
        ("activate", json!({}), "'ClusterId' is missing"),
        (
            "activate",
            json!({ "ClusterId": "cluster-abcdefghijk" }),
            "no cluster 'cluster-abcdefghijk'",
        ),
        (
            "set-state",
            json!({ "ClusterId": "x", "State": "HAPPY" }),
            "'HAPPY'",
        ),
        (
            "set-member",
            json!({ "Structure": "Tag", "Name": "New", "Value": 1 }),
            "'Tag'",
        ),
        (
            "set-member",
            json!({ "Structure": "Cluster", "Name": "New" }),
            "'Value'",
        ),
        ("fault", json!({ "Fault": "gremlins" }), "'gremlins'"),
        (
            "fault",
            json!({ "Fault": "delay", "Millis": "soon" }),
            "'Millis'",
        ),
    ] {
        let answer = control(&simulator, command, body);
        assert_eq!(answer.status, 400);
        let message = answer.json()["Message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(
        raw(
            simulator.address(),
            b"GET /_control/calls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap()
        .status,
        405
    );
}

#[test]
fn refusing_faults_change_nothing_and_pass() {
    let simulator = instant();
    for (fault, status, kind) in [
        (InjectedFault::Throttling, 400, "ThrottlingException"),
        (
            InjectedFault::InternalFailure,
            500,
            "CloudHsmInternalFailureException",
        ),
        (InjectedFault::UnknownFailure, 500, "InternalFailure"),
        (InjectedFault::Unavailable, 503, "ServiceUnavailable"),
        (InjectedFault::ServiceError, 400, "CloudHsmServiceException"),
        (InjectedFault::NotAuthorized, 403, "AccessDeniedException"),
        (InjectedFault::ExpiredToken, 403, "ExpiredTokenException"),
        (
            InjectedFault::RequestTimeout,
            408,
            "RequestTimeoutException",
        ),
        (InjectedFault::ValidationError, 400, "ValidationError"),
        (InjectedFault::OptInRequired, 403, "OptInRequired"),
        (
            InjectedFault::AccessDenied,
            400,
            "CloudHsmAccessDeniedException",
        ),
    ] {
        simulator.inject_fault(Some("CreateCluster"), fault, 1);
        let answer = call(
            &simulator,
            "CreateCluster",
            json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] }),
        );
        let (found, name, _) = answer.error();
        assert_eq!((found, name.as_str()), (status, kind));
        assert_eq!(
            ok(&simulator, "DescribeClusters", json!({}))["Clusters"],
            json!([])
        );
    }
    create_cluster(&simulator);
}

#[test]
fn every_state_can_be_set() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    for state in SimulatedClusterState::ALL {
        simulator.set_state(&id, state).unwrap();
        assert_eq!(describe(&simulator, &id)["State"], state.name());
    }
}

#[test]
fn a_stopped_simulator_frees_its_address_and_a_taken_one_is_refused() {
    use hsmboot::simulator::{Options, Simulator};
    // Where nobody else of these tests listens: the address is not taken by one of them while it is
    // free.
    let simulator = Simulator::spawn(Options {
        listen: "127.0.0.2:0".parse().unwrap(),
        ..crate::support::options()
    })
    .unwrap();
    let options = Options {
        listen: simulator.address(),
        ..crate::support::options()
    };
    let refused = Simulator::spawn(options.clone()).err().unwrap().to_string();
    assert!(
        refused.contains(&simulator.address().to_string()),
        "{refused}"
    );
    simulator.shutdown();
    let again = Simulator::spawn(options).unwrap();
    create_cluster(&again);
}
