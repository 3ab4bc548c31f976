//! When a backup is made, and when it is ready.

use super::*;

#[test]
fn initialization_and_each_hsm_that_comes_or_goes_make_a_backup() {
    let simulator = instant();
    let (cluster, csr) = ready_cluster(&simulator);
    advance(&simulator, 2 * DAY);
    assert!(
        listed(&simulator, json!({})).is_empty(),
        "none of what has not been initialized"
    );

    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&cluster, &csr),
    );
    let first = listed(&simulator, json!({}));
    assert_eq!(first.len(), 1);
    let names: Vec<&String> = first[0].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "BackupId",
            "BackupState",
            "ClusterId",
            "CreateTimestamp",
            "NeverExpires",
            "TagList",
            "BackupArn",
            "HsmType",
            "Mode"
        ]
    );
    assert_eq!(
        (&first[0]["ClusterId"], &first[0]["BackupState"]),
        (&json!(cluster), &json!("READY"))
    );
    assert_eq!(
        (&first[0]["NeverExpires"], &first[0]["TagList"]),
        (&json!(false), &json!([]))
    );
    assert!(first[0]["CreateTimestamp"].is_number() && id(&first[0]).starts_with("backup-"));

    let hsm = create_hsm(&simulator, &cluster);
    assert_eq!(listed(&simulator, json!({})).len(), 2);
    control(&simulator, "activate", json!({ "ClusterId": cluster }));
    ok(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": cluster, "HsmId": hsm }),
    );
    assert_eq!(
        listed(&simulator, json!({ "clusterIds": [cluster] })).len(),
        3
    );

    let refusal = refused(
        &simulator,
        "DeleteHsm",
        json!({ "ClusterId": cluster, "HsmId": hsm }),
    );
    assert_eq!(refusal.0, "CloudHsmResourceNotFoundException");
    assert_eq!(
        listed(&simulator, json!({})).len(),
        3,
        "a refused request makes none"
    );
}

#[test]
fn without_an_active_hsm_the_backup_waits_for_one() {
    let simulator = instant();
    let cluster = claimed(&simulator);
    remove_hsm(&simulator, &cluster);
    assert_eq!(listed(&simulator, json!({})).len(), 2);
    advance(&simulator, 5 * DAY);
    assert_eq!(
        listed(&simulator, json!({})).len(),
        2,
        "no daily one of a cluster without HSMs"
    );
    create_hsm(&simulator, &cluster);
    until(&simulator, &cluster, |now| {
        now["Hsms"][0]["State"] == "ACTIVE"
    });
    assert_eq!(listed(&simulator, json!({})).len(), 3);
}

#[test]
fn every_24_hours_of_the_clock_make_one_with_its_own_time() {
    let simulator = instant();
    let cluster = claimed(&simulator);
    advance(&simulator, DAY - 60);
    assert_eq!(listed(&simulator, json!({})).len(), 1);
    advance(&simulator, 120);
    assert_eq!(listed(&simulator, json!({})).len(), 2);

    advance(&simulator, 10 * DAY);
    let all = listed(&simulator, json!({ "clusterIds": [cluster] }));
    assert_eq!(all.len(), 12);
    for pair in all.windows(2) {
        let apart = seconds(&pair[0]["CreateTimestamp"], &pair[1]["CreateTimestamp"]);
        assert!((apart - 86_400.0).abs() < 0.01, "{apart}");
    }
    let mut ids = ids(&all);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 12);

    control(
        &simulator,
        "set-state",
        json!({ "ClusterId": cluster, "State": "DEGRADED" }),
    );
    advance(&simulator, 10 * DAY);
    assert_eq!(
        listed(&simulator, json!({})).len(),
        12,
        "only of INITIALIZED and ACTIVE clusters"
    );
}

#[test]
fn however_far_the_clock_moves_only_what_would_still_be_there_is() {
    let simulator = instant();
    claimed_for(&simulator, 7);
    advance(&simulator, 20 * 365 * DAY);
    assert_eq!(listed(&simulator, json!({ "states": ["READY"] })).len(), 7);
    assert_eq!(
        listed(&simulator, json!({ "states": ["PENDING_DELETION"] })).len(),
        7
    );
    simulator.advance_clock(Duration::MAX);
    assert!(
        listed(&simulator, json!({})).len() < 20,
        "the end of time is no trouble either"
    );
}

#[test]
fn a_backup_is_ready_in_time_and_not_before() {
    let slow = Speed::from_factor(1e-4).unwrap();
    let simulator = Simulator::spawn(Options {
        speed: slow,
        ..crate::support::options()
    })
    .unwrap();
    let hour = Duration::from_secs(3600);
    let cluster = create_cluster(&simulator);
    simulator.advance_clock(hour);
    create_hsm(&simulator, &cluster);
    simulator.advance_clock(hour);
    let ready = until(&simulator, &cluster, |now| csr(now).is_some());
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&cluster, csr(&ready).unwrap()),
    );
    assert!(
        listed(&simulator, json!({})).is_empty(),
        "INITIALIZE_IN_PROGRESS"
    );
    // Initialized within the first hour, READY within the second.
    simulator.advance_clock(hour * 2);
    create_hsm(&simulator, &cluster);
    let states: Vec<Value> = listed(&simulator, json!({}))
        .iter()
        .map(|backup| backup["BackupState"].clone())
        .collect();
    assert_eq!(
        states,
        ["READY", "CREATE_IN_PROGRESS"],
        "the first by the time it was made at, the second just begun"
    );

    let begun = listed(&simulator, json!({ "states": ["CREATE_IN_PROGRESS"] }));
    let begun = id(&begun[0]);
    for (action, request) in [
        ("DeleteBackup", json!({ "BackupId": begun })),
        ("RestoreBackup", json!({ "BackupId": begun })),
        (
            "CopyBackupToRegion",
            json!({ "BackupId": begun, "DestinationRegion": "eu-west-1" }),
        ),
        (
            "CreateCluster",
            json!({
                "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
                "SourceBackupId": begun,
            }),
        ),
    ] {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(kind, "CloudHsmInvalidRequestException", "{action}");
        assert!(
            message.contains("CREATE_IN_PROGRESS") && message.contains(begun),
            "{message}"
        );
    }
    simulator.advance_clock(hour);
    assert_eq!(state_of(&simulator, begun).unwrap(), "READY");
}
