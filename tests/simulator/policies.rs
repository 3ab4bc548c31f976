//! PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy; and tags of backups.

use hsmboot::simulator::{Options, Simulator, Speed};
use serde_json::{Value, json};

use crate::support::*;

const POLICY: &str = r#"{ "Version": "2012-10-17", "Statement": [] }"#;

/// A claimed cluster's first backup.
fn backup(simulator: &Simulator) -> String {
    let (cluster, csr) = ready_cluster(simulator);
    ok(
        simulator,
        "InitializeCluster",
        Owner::new().claim(&cluster, &csr),
    );
    assert_eq!(describe(simulator, &cluster)["State"], "INITIALIZED");
    let backups = ok(
        simulator,
        "DescribeBackups",
        json!({ "Filters": { "clusterIds": [cluster] } }),
    );
    backups["Backups"][0]["BackupId"]
        .as_str()
        .unwrap_or_else(|| panic!("{backups}"))
        .to_owned()
}

fn arn(backup: &str) -> Value {
    json!({ "ResourceArn": format!("arn:aws:cloudhsm:us-east-1:123456789012:backup/{backup}") })
}

fn put(backup: &str, policy: &str) -> Value {
    let mut request = arn(backup);
    request["Policy"] = Value::from(policy);
    request
}

#[test]
fn a_policy_is_put_replaced_shown_and_taken_away() {
    let simulator = instant();
    let id = backup(&simulator);
    assert_eq!(
        ok(&simulator, "GetResourcePolicy", arn(&id)),
        json!({}),
        "none yet"
    );
    assert_eq!(
        ok(&simulator, "PutResourcePolicy", put(&id, "{}")),
        put(&id, "{}")
    );
    assert_eq!(
        ok(&simulator, "PutResourcePolicy", put(&id, POLICY)),
        put(&id, POLICY)
    );
    assert_eq!(
        ok(&simulator, "GetResourcePolicy", arn(&id)),
        json!({ "Policy": POLICY }),
        "as it was put, to the character"
    );
    assert_eq!(
        ok(&simulator, "DeleteResourcePolicy", arn(&id)),
        put(&id, POLICY),
        "the policy previously attached"
    );
    assert_eq!(ok(&simulator, "GetResourcePolicy", arn(&id)), json!({}));
    assert_eq!(
        ok(&simulator, "DeleteResourcePolicy", arn(&id)),
        arn(&id),
        "what is gone stays gone"
    );
}

#[test]
fn only_a_ready_backup_is_shared() {
    let simulator = instant();
    let id = backup(&simulator);
    ok(&simulator, "PutResourcePolicy", put(&id, POLICY));
    ok(&simulator, "DeleteBackup", json!({ "BackupId": id }));
    let (kind, message) = refused(&simulator, "PutResourcePolicy", put(&id, "{}"));
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(
        message.contains(&id) && message.contains("PENDING_DELETION") && message.contains("READY"),
        "{message}"
    );
    assert_eq!(
        ok(&simulator, "GetResourcePolicy", arn(&id)),
        json!({ "Policy": POLICY })
    );
    ok(&simulator, "RestoreBackup", json!({ "BackupId": id }));
    ok(&simulator, "PutResourcePolicy", put(&id, "{}"));
}

#[test]
fn a_copy_in_another_region_has_no_policy() {
    let simulator = instant();
    let id = backup(&simulator);
    ok(&simulator, "PutResourcePolicy", put(&id, POLICY));
    ok(
        &simulator,
        "CopyBackupToRegion",
        json!({ "BackupId": id, "DestinationRegion": "eu-west-1" }),
    );
    let there = call_in(&simulator, "eu-west-1", "DescribeBackups", &json!({}))
        .unwrap()
        .json();
    let copy = there["Backups"][0]["BackupId"].as_str().unwrap();
    let of_copy =
        json!({ "ResourceArn": format!("arn:aws:cloudhsm:eu-west-1:123456789012:backup/{copy}") });
    assert_eq!(
        call_in(&simulator, "eu-west-1", "GetResourcePolicy", &of_copy)
            .unwrap()
            .json(),
        json!({})
    );
    assert_eq!(
        refused(&simulator, "GetResourcePolicy", of_copy).0,
        "CloudHsmResourceNotFoundException",
        "nor is it this region's"
    );
}

#[test]
fn backups_have_tags_too() {
    let simulator = Simulator::spawn(Options {
        speed: Speed::INSTANT,
        ..crate::support::options()
    })
    .unwrap();
    let id = backup(&simulator);
    let tags = json!([{ "Key": "keep", "Value": "yes" }, { "Key": "owner", "Value": "名前" }]);
    assert_eq!(
        call(
            &simulator,
            "TagResource",
            json!({ "ResourceId": id, "TagList": tags })
        )
        .status,
        200
    );
    assert_eq!(
        ok(&simulator, "ListTags", json!({ "ResourceId": id }))["TagList"],
        tags
    );
    let listed = ok(
        &simulator,
        "DescribeBackups",
        json!({ "Filters": { "backupIds": [id] } }),
    );
    assert_eq!(listed["Backups"][0]["TagList"], tags);
    let first = ok(
        &simulator,
        "ListTags",
        json!({ "ResourceId": id, "MaxResults": 1 }),
    );
    let rest = ok(
        &simulator,
        "ListTags",
        json!({ "ResourceId": id, "NextToken": first["NextToken"] }),
    );
    assert_eq!(rest["TagList"], json!([tags[1]]));
    assert_eq!(
        call(
            &simulator,
            "UntagResource",
            json!({ "ResourceId": id, "TagKeyList": ["keep"] })
        )
        .status,
        200
    );
    assert_eq!(
        ok(&simulator, "ListTags", json!({ "ResourceId": id }))["TagList"],
        json!([tags[1]])
    );
}
