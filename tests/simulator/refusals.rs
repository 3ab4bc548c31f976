//! What a state or a thing that is missing makes impossible: refused, and nothing has changed.

use hsmboot::simulator::{SimulatedClusterState, Simulator};
use serde_json::{Value, json};

use crate::support::*;

/// All that can be seen, of both kinds.
fn all(simulator: &Simulator) -> [Value; 2] {
    ["DescribeClusters", "DescribeBackups"].map(|action| ok(simulator, action, json!({})))
}

/// One request of every action that changes something.
fn requests(simulator: &Simulator, cluster: &str) -> Vec<(&'static str, Value)> {
    let hsm = describe(simulator, cluster)["Hsms"][0]["HsmId"].clone();
    vec![
        (
            "CreateHsm",
            json!({ "ClusterId": cluster, "AvailabilityZone": "us-east-1a" }),
        ),
        ("DeleteHsm", json!({ "ClusterId": cluster, "HsmId": hsm })),
        (
            "InitializeCluster",
            json!({ "ClusterId": cluster, "SignedCert": "A", "TrustAnchor": "A" }),
        ),
        ("DeleteCluster", json!({ "ClusterId": cluster })),
        (
            "ModifyCluster",
            json!({
                "ClusterId": cluster, "BackupRetentionPolicy": { "Type": "DAYS", "Value": "8" },
            }),
        ),
    ]
}

#[test]
fn what_a_clusters_state_does_not_allow_changes_nothing() {
    let simulator = instant();
    let (cluster, _) = ready_cluster(&simulator);
    // For each action of the list above: whether a cluster with one HSM takes it in this state.
    let taken = |state: &str| match state {
        "UNINITIALIZED" => [false, true, false, false, true],
        "INITIALIZED" | "ACTIVE" | "DEGRADED" => [true, true, false, false, true],
        "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "DELETED" => {
            [false, true, false, false, false]
        }
        _ => [false; 5],
    };
    for state in SimulatedClusterState::ALL {
        simulator.set_state(&cluster, state).unwrap();
        let before = all(&simulator);
        for ((action, request), taken) in requests(&simulator, &cluster)
            .into_iter()
            .zip(taken(state.name()))
        {
            if !taken {
                let (kind, message) = refused(&simulator, action, request);
                assert_eq!(
                    kind,
                    "CloudHsmInvalidRequestException",
                    "{action} in {}: {message}",
                    state.name()
                );
                assert_eq!(all(&simulator), before, "{action} in {}", state.name());
            }
        }
    }
    simulator
        .set_state(&cluster, SimulatedClusterState::Active)
        .unwrap();
    for ((action, request), taken) in requests(&simulator, &cluster)
        .into_iter()
        .zip(taken("ACTIVE"))
        .rev()
    {
        if taken {
            ok(&simulator, action, request);
        }
    }
}

#[test]
fn what_is_not_there_changes_nothing() {
    let simulator = instant();
    let (cluster, csr) = ready_cluster(&simulator);
    ok(
        &simulator,
        "InitializeCluster",
        Owner::new().claim(&cluster, &csr),
    );
    assert_eq!(describe(&simulator, &cluster)["State"], "INITIALIZED");
    let before = all(&simulator);
    let (no_cluster, no_backup) = ("cluster-abcdefghijk", "backup-abcdefghijk");
    let arn = format!("arn:aws:cloudhsm:us-east-1:123456789012:backup/{no_backup}");
    let mut unknown = requests(&simulator, &cluster);
    for (_, request) in &mut unknown {
        request["ClusterId"] = json!(no_cluster);
    }
    unknown.extend([
        (
            "CreateCluster",
            json!({
                "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
                "SourceBackupId": no_backup,
            }),
        ),
        (
            "DeleteHsm",
            json!({ "ClusterId": cluster, "EniIp": "10.0.0.200" }),
        ),
        ("DeleteBackup", json!({ "BackupId": no_backup })),
        ("RestoreBackup", json!({ "BackupId": no_backup })),
        (
            "ModifyBackupAttributes",
            json!({ "BackupId": no_backup, "NeverExpires": true }),
        ),
        (
            "CopyBackupToRegion",
            json!({ "BackupId": no_backup, "DestinationRegion": "eu-west-1" }),
        ),
        (
            "TagResource",
            json!({
                "ResourceId": no_backup, "TagList": [{ "Key": "k", "Value": "v" }],
            }),
        ),
        (
            "UntagResource",
            json!({ "ResourceId": no_cluster, "TagKeyList": ["k"] }),
        ),
        (
            "PutResourcePolicy",
            json!({ "ResourceArn": arn, "Policy": "{}" }),
        ),
        ("DeleteResourcePolicy", json!({ "ResourceArn": arn })),
    ]);
    for (action, request) in unknown {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(
            kind, "CloudHsmResourceNotFoundException",
            "{action}: {message}"
        );
        assert_eq!(all(&simulator), before, "{action}");
    }
    let there = call_in(&simulator, "eu-west-1", "DescribeBackups", &json!({})).unwrap();
    assert_eq!(there.json()["Backups"], json!([]), "nor elsewhere");
}
