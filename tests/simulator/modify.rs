//! ModifyCluster.

use std::time::Duration;

use hsmboot::simulator::{ClusterState, Options, Simulator};
use serde_json::{Value, json};

use crate::support::*;

fn retention(id: &str, days: &str) -> Value {
    json!({ "ClusterId": id, "BackupRetentionPolicy": { "Type": "DAYS", "Value": days } })
}

#[test]
fn a_cluster_takes_another_retention_policy_at_once_and_keeps_its_state() {
    let simulator = instant();
    let (id, _) = ready_cluster(&simulator);
    let before = describe(&simulator, &id);
    let answer = ok(&simulator, "ModifyCluster", retention(&id, "7"))["Cluster"].clone();
    let mut expected = before;
    expected["BackupRetentionPolicy"] = json!({ "Type": "DAYS", "Value": "7" });
    assert_eq!(answer, expected, "nothing else changes, the state included");
    assert_eq!(describe(&simulator, &id), expected);
}

#[test]
fn a_cluster_on_its_way_to_another_state_is_not_modified() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    for state in ClusterState::ALL {
        simulator.set_state(&id, state).unwrap();
        let answer = call(&simulator, "ModifyCluster", retention(&id, "30"));
        let lasting = ["UNINITIALIZED", "INITIALIZED", "ACTIVE", "DEGRADED"].contains(&state.name());
        assert_eq!(answer.status == 200, lasting, "{}: {}", state.name(), answer.body);
        if !lasting {
            let (_, kind, message) = answer.error();
            assert_eq!(kind, "CloudHsmInvalidRequestException");
            assert!(message.contains(&id) && message.contains(state.name()), "{message}");
        }
    }
}

#[test]
fn an_active_cluster_changes_its_hsm_type_and_goes_back_for_a_day() {
    // Not instant: the states on the way are to be seen.
    let simulator = Simulator::spawn(Options { speed: hsmboot::simulator::Speed::times(0.001).unwrap(), ..Options::default() }).unwrap();
    let id = create_cluster(&simulator);
    let change = |hsm_type: &str| json!({ "ClusterId": id, "HsmType": hsm_type });
    simulator.set_state(&id, ClusterState::Initialized).unwrap();
    let (kind, message) = refused(&simulator, "ModifyCluster", change("hsm2m.medium"));
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("INITIALIZED, not ACTIVE"), "{message}");

    simulator.activate(&id).unwrap();
    let answer = ok(&simulator, "ModifyCluster", change("hsm1.medium"))["Cluster"].clone();
    assert_eq!((&answer["State"], &answer["HsmType"]), (&json!("ACTIVE"), &json!("hsm1.medium")), "what it is already, it stays");

    let answer = ok(&simulator, "ModifyCluster", change("hsm2m.medium"))["Cluster"].clone();
    assert_eq!((&answer["State"], &answer["HsmType"]), (&json!("MODIFY_IN_PROGRESS"), &json!("hsm2m.medium")));
    assert!(answer["HsmTypeRollbackExpiration"].is_number());
    let zone = json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" });
    for (action, request) in [("CreateHsm", zone), ("DeleteCluster", json!({ "ClusterId": id })), ("ModifyCluster", change("hsm1.medium"))] {
        assert!(refused(&simulator, action, request).1.contains("MODIFY_IN_PROGRESS"), "{action}");
    }

    simulator.advance(Duration::from_secs(3600));
    assert_eq!(describe(&simulator, &id)["State"], "ACTIVE");
    assert_eq!(ok(&simulator, "ModifyCluster", change("hsm1.medium"))["Cluster"]["State"], "ROLLBACK_IN_PROGRESS");
    simulator.advance(Duration::from_secs(3600));
    let back = describe(&simulator, &id);
    assert_eq!((&back["State"], &back["HsmType"]), (&json!("ACTIVE"), &json!("hsm1.medium")));
    assert!(back.get("HsmTypeRollbackExpiration").is_none());

    ok(&simulator, "ModifyCluster", change("hsm2m.medium"));
    simulator.advance(Duration::from_secs(25 * 3600));
    let (_, message) = refused(&simulator, "ModifyCluster", change("hsm1.medium"));
    assert!(message.contains("24 hours have passed"), "{message}");
}

#[test]
fn a_cluster_made_with_the_newer_type_keeps_it() {
    let simulator = instant();
    let request = json!({ "HsmType": "hsm2m.medium", "SubnetIds": ["subnet-0a1b2c3d"] });
    let id = ok(&simulator, "CreateCluster", request)["Cluster"]["ClusterId"].as_str().unwrap().to_owned();
    simulator.set_state(&id, ClusterState::Active).unwrap();
    let both = json!({ "ClusterId": id, "HsmType": "hsm1.medium", "BackupRetentionPolicy": { "Type": "DAYS", "Value": "8" } });
    let (kind, message) = refused(&simulator, "ModifyCluster", both);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("only hsm1.medium"), "{message}");
    let after = describe(&simulator, &id);
    assert_eq!(after["BackupRetentionPolicy"]["Value"], "90", "nor does a refused request change the rest");
}
