//! ModifyCluster.

use std::time::Duration;

use hsmboot::simulator::{Options, SimulatedClusterState, Simulator};
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
    for state in SimulatedClusterState::ALL {
        simulator.set_state(&id, state).unwrap();
        let answer = call(&simulator, "ModifyCluster", retention(&id, "30"));
        let lasting =
            ["UNINITIALIZED", "INITIALIZED", "ACTIVE", "DEGRADED"].contains(&state.name());
        assert_eq!(
            answer.status == 200,
            lasting,
            "{}: {}",
            state.name(),
            answer.body
        );
        if !lasting {
            let (_, kind, message) = answer.error();
            assert_eq!(kind, "CloudHsmInvalidRequestException");
            assert!(
                message.contains(&id) && message.contains(state.name()),
                "{message}"
            );
        }
    }
}

/// Not instant: the states on the way are to be seen.
fn slow() -> Simulator {
    Simulator::spawn(Options {
        speed: hsmboot::simulator::Speed::from_factor(0.001).unwrap(),
        ..crate::support::options()
    })
    .unwrap()
}

/// A state of transition passes within it; for one that takes 300 ms at the default speed, and has
/// the simulator's key to wait for.
const WHILE: Duration = Duration::from_secs(301);

/// A claimed cluster of hsm1.medium with that many HSMs.
fn old_cluster(simulator: &Simulator, hsms: usize) -> String {
    let id = simulator.create_hsm1_cluster("us-east-1").unwrap();
    simulator.advance_clock(WHILE);
    simulator
        .set_state(&id, SimulatedClusterState::Active)
        .unwrap();
    for _ in 0..hsms {
        create_hsm(simulator, &id);
        simulator.advance_clock(WHILE);
    }
    until(simulator, &id, |now| {
        now["Hsms"]
            .as_array()
            .unwrap()
            .iter()
            .all(|hsm| hsm["State"] == "ACTIVE")
    });
    id
}

fn types(cluster: &Value) -> Vec<&str> {
    cluster["Hsms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hsm| hsm["HsmType"].as_str().unwrap())
        .collect()
}

fn change(id: &str, hsm_type: &str) -> Value {
    json!({ "ClusterId": id, "HsmType": hsm_type })
}

#[test]
fn an_active_cluster_is_migrated_one_hsm_after_the_other_and_goes_back_for_a_day() {
    let simulator = slow();
    let id = old_cluster(&simulator, 2);
    let before = describe(&simulator, &id);
    assert!(
        before.get("Mode").is_none()
            && before.get("NetworkType").is_none()
            && before.get("HsmTypeRollbackExpiration").is_none()
    );
    assert_eq!(types(&before), ["hsm1.medium", "hsm1.medium"]);
    simulator
        .set_state(&id, SimulatedClusterState::Initialized)
        .unwrap();
    let (kind, message) = refused(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"));
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("INITIALIZED, not ACTIVE"), "{message}");

    simulator.activate_cluster(&id).unwrap();
    let answer = ok(&simulator, "ModifyCluster", change(&id, "hsm1.medium"))["Cluster"].clone();
    assert_eq!(
        (&answer["State"], &answer["HsmType"]),
        (&json!("ACTIVE"), &json!("hsm1.medium")),
        "what it is already, it stays"
    );
    let (_, message) = refused(&simulator, "ModifyCluster", change(&id, "hsm3x.large"));
    assert!(
        message.contains("hsm3x.large is not available"),
        "{message}"
    );

    let answer = ok(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"))["Cluster"].clone();
    assert_eq!(
        (&answer["State"], &answer["HsmType"], &answer["Mode"]),
        (
            &json!("MODIFY_IN_PROGRESS"),
            &json!("hsm2m.medium"),
            &json!("FIPS")
        )
    );
    assert!(answer["HsmTypeRollbackExpiration"].is_number());
    assert_eq!(types(&answer), ["hsm1.medium", "hsm1.medium"]);
    let zone = json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" });
    for (action, request) in [
        ("CreateHsm", zone),
        (
            "DeleteHsm",
            json!({ "ClusterId": id, "HsmId": answer["Hsms"][0]["HsmId"] }),
        ),
        ("DeleteCluster", json!({ "ClusterId": id })),
        ("ModifyCluster", change(&id, "hsm1.medium")),
    ] {
        assert!(
            refused(&simulator, action, request)
                .1
                .contains("MODIFY_IN_PROGRESS"),
            "{action}"
        );
    }

    simulator.advance_clock(WHILE);
    let halfway = describe(&simulator, &id);
    assert_eq!(
        (&halfway["State"], types(&halfway)),
        (
            &json!("MODIFY_IN_PROGRESS"),
            vec!["hsm2m.medium", "hsm1.medium"]
        )
    );
    simulator.advance_clock(WHILE);
    let there = describe(&simulator, &id);
    assert_eq!(
        (&there["State"], types(&there)),
        (&json!("ACTIVE"), vec!["hsm2m.medium", "hsm2m.medium"])
    );

    assert_eq!(
        ok(&simulator, "ModifyCluster", change(&id, "hsm1.medium"))["Cluster"]["State"],
        "ROLLBACK_IN_PROGRESS"
    );
    simulator.advance_clock(WHILE * 2);
    let back = describe(&simulator, &id);
    assert_eq!(
        (&back["State"], &back["HsmType"]),
        (&json!("ACTIVE"), &json!("hsm1.medium"))
    );
    assert_eq!(back, before, "as if nothing had been");

    ok(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"));
    simulator.advance_clock(Duration::from_secs(25 * 3600));
    let (_, message) = refused(&simulator, "ModifyCluster", change(&id, "hsm1.medium"));
    assert!(message.contains("24 hours have passed"), "{message}");
}

#[test]
fn a_migration_that_fails_is_rolled_back_by_the_service() {
    let simulator = slow();
    let id = old_cluster(&simulator, 2);
    let before = describe(&simulator, &id);
    simulator.inject_fault(None, hsmboot::simulator::InjectedFault::MigrationFails, 1);
    assert_eq!(
        ok(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"))["Cluster"]["State"],
        "MODIFY_IN_PROGRESS"
    );
    simulator.advance_clock(WHILE);
    let halfway = describe(&simulator, &id);
    assert_eq!(
        (&halfway["State"], &halfway["HsmType"]),
        (&json!("ROLLBACK_IN_PROGRESS"), &json!("hsm1.medium"))
    );
    assert_eq!(types(&halfway), ["hsm2m.medium", "hsm1.medium"]);
    simulator.advance_clock(WHILE);
    assert_eq!(describe(&simulator, &id), before);
}

#[test]
fn a_cluster_that_waits_for_its_rollback_is_rolled_back_by_hand() {
    let simulator = slow();
    let id = old_cluster(&simulator, 1);
    ok(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"));
    assert_eq!(
        control(
            &simulator,
            "set-state",
            json!({ "ClusterId": id, "State": "PENDING_ROLLBACK" })
        )
        .status,
        200
    );
    assert_eq!(describe(&simulator, &id)["State"], "PENDING_ROLLBACK");
    assert!(
        refused(&simulator, "ModifyCluster", retention(&id, "9"))
            .1
            .contains("PENDING_ROLLBACK"),
        "nothing else is modified"
    );
    assert!(
        refused(
            &simulator,
            "CreateHsm",
            json!({ "ClusterId": id, "AvailabilityZone": "us-east-1a" })
        )
        .1
        .contains("PENDING_ROLLBACK")
    );
    assert_eq!(
        ok(&simulator, "ModifyCluster", change(&id, "hsm1.medium"))["Cluster"]["State"],
        "ROLLBACK_IN_PROGRESS"
    );
    simulator.advance_clock(WHILE);
    let back = describe(&simulator, &id);
    assert_eq!(
        (&back["State"], types(&back)),
        (&json!("ACTIVE"), vec!["hsm1.medium"])
    );
}

#[test]
fn at_most_27_hsms_are_migrated() {
    let simulator = instant();
    let id = simulator.create_hsm1_cluster("us-east-1").unwrap();
    simulator
        .set_state(&id, SimulatedClusterState::Active)
        .unwrap();
    for _ in 0..28 {
        create_hsm(&simulator, &id);
    }
    let (_, message) = refused(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"));
    assert!(
        message.contains("28 HSMs") && message.contains("27"),
        "{message}"
    );
    let hsm = describe(&simulator, &id)["Hsms"][0]["HsmId"].clone();
    ok(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": id, "HsmId": hsm }),
    );
    ok(&simulator, "ModifyCluster", change(&id, "hsm2m.medium"));
}

#[test]
fn a_cluster_to_migrate_comes_by_a_control_command() {
    let simulator = instant();
    let order = json!({
        "Region": "eu-west-1", "SubnetIds": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
        "TagList": [{ "Key": "k", "Value": "v" }],
    });
    let id = control(&simulator, "create-hsm1-cluster", order).json()["ClusterId"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = call_in(&simulator, "eu-west-1", "DescribeClusters", &json!({}))
        .unwrap()
        .json();
    let made = &answer["Clusters"][0];
    assert_eq!(
        (&made["ClusterId"], &made["HsmType"], &made["State"]),
        (&json!(id), &json!("hsm1.medium"), &json!("UNINITIALIZED"))
    );
    assert_eq!(made["SubnetMapping"].as_object().unwrap().len(), 2);
    for (wrong, words) in [
        (json!({ "Region": "nowhere" }), "Region"),
        (json!({ "SubnetIds": ["x"] }), "SubnetIds"),
        (
            json!({ "TagList": [{ "Key": "aws:x", "Value": "v" }] }),
            "reserved",
        ),
    ] {
        let answer = control(&simulator, "create-hsm1-cluster", wrong);
        assert_eq!(answer.status, 400);
        assert!(
            answer.json()["Message"].as_str().unwrap().contains(words),
            "{}",
            answer.body
        );
    }
}

#[test]
fn a_cluster_made_with_the_newer_type_keeps_it() {
    let simulator = instant();
    let id = create_cluster(&simulator);
    simulator
        .set_state(&id, SimulatedClusterState::Active)
        .unwrap();
    let both = json!({
        "ClusterId": id, "HsmType": "hsm1.medium",
        "BackupRetentionPolicy": { "Type": "DAYS", "Value": "8" },
    });
    let (kind, message) = refused(&simulator, "ModifyCluster", both);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("only hsm1.medium"), "{message}");
    let after = describe(&simulator, &id);
    assert_eq!(
        after["BackupRetentionPolicy"]["Value"], "90",
        "nor does a refused request change the rest"
    );
}
