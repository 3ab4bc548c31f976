//! What the backup actions refuse: one row per documented constraint, and the ids and states that
//! do not fit.

use serde_json::{Value, json};

use crate::support::*;

const BACKUP: &str = "backup-abcdefghijk";
const ID_PATTERN: &str = "backup-[2-7a-zA-Z]{11,16}";

/// Each row: a request, and the words that its message must hold. All end with
/// CloudHsmInvalidRequestException.
fn violations(action: &str, rows: Vec<(Value, Vec<&str>)>) {
    let simulator = instant();
    for (request, words) in rows {
        let (kind, message) = refused(&simulator, action, request.clone());
        assert_eq!(
            kind, "CloudHsmInvalidRequestException",
            "{action} {request}: {message}"
        );
        for word in words {
            assert!(
                message.contains(word),
                "{action} {request}: no '{word}' in: {message}"
            );
        }
    }
}

#[test]
fn describe_backups() {
    violations(
        "DescribeBackups",
        vec![
            (
                json!({ "MaxResults": 0 }),
                vec!["MaxResults", "'0'", "greater than or equal to 1"],
            ),
            (
                json!({ "MaxResults": -3 }),
                vec!["MaxResults", "'-3'", "greater than or equal to 1"],
            ),
            (
                json!({ "MaxResults": 51 }),
                vec!["MaxResults", "'51'", "less than or equal to 50"],
            ),
            (
                json!({ "NextToken": "x".repeat(257) }),
                vec!["NextToken", "less than or equal to 256"],
            ),
            (json!({ "NextToken": "made-up" }), vec!["NextToken"]),
            (
                json!({ "Filters": { "a b": ["x"] } }),
                vec!["Filters", "a b", "[a-zA-Z0-9_-]+"],
            ),
            (
                json!({ "Filters": { "vpcIds": ["x"] } }),
                vec![
                    "Filters",
                    "vpcIds",
                    "backupIds, sourceBackupIds, clusterIds, states, neverExpires",
                ],
            ),
        ],
    );
}

#[test]
fn copy_backup_to_region() {
    let with = |name: &str, value: Value| {
        let mut request = json!({ "DestinationRegion": "eu-west-1", "BackupId": BACKUP });
        request[name] = value;
        request
    };
    let tags = |count: usize| {
        Value::from_iter((0..count).map(|n| json!({ "Key": format!("k{n}"), "Value": "v" })))
    };
    violations(
        "CopyBackupToRegion",
        vec![
            (
                with("DestinationRegion", Value::Null),
                vec!["DestinationRegion", "null"],
            ),
            (with("BackupId", Value::Null), vec!["BackupId", "null"]),
            (
                with("DestinationRegion", json!("eu-west-1a")),
                vec![
                    "DestinationRegion",
                    "eu-west-1a",
                    r"[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\d",
                ],
            ),
            (
                with("DestinationRegion", json!("moon-east-1")),
                vec!["DestinationRegion", "moon-east-1"],
            ),
            (
                with("DestinationRegion", json!("")),
                vec!["DestinationRegion"],
            ),
            (
                with("BackupId", json!("backup-1")),
                vec!["BackupId", "backup-1", ID_PATTERN],
            ),
            (
                with("TagList", json!([])),
                vec!["TagList", "greater than or equal to 1"],
            ),
            (
                with("TagList", tags(51)),
                vec!["TagList", "(51 items)", "less than or equal to 50"],
            ),
            (
                with("TagList", json!([{ "Value": "v" }])),
                vec!["TagList.1.member.Key", "null"],
            ),
            (
                with("TagList", json!([{ "Key": "k" }])),
                vec!["TagList.1.member.Value", "null"],
            ),
            (
                with("TagList", json!([{ "Key": "k".repeat(129), "Value": "v" }])),
                vec!["Key", "less than or equal to 128"],
            ),
            (
                with("TagList", json!([{ "Key": "k", "Value": "v".repeat(257) }])),
                vec!["Value", "less than or equal to 256"],
            ),
            (
                with("TagList", json!([{ "Key": "k;", "Value": "v" }])),
                vec!["Key", "k;", "pattern"],
            ),
            // Not the pattern's matter, and yet nothing about the backup.
            (
                with("DestinationRegion", json!("us-east-1")),
                vec!["DestinationRegion", "us-east-1", "different"],
            ),
            (
                with("DestinationRegion", json!("us-gov-west-1")),
                vec!["DestinationRegion", "us-gov-west-1", "restricted"],
            ),
        ],
    );
    let simulator = instant();
    let twice = json!([{ "Key": "k", "Value": "1" }, { "Key": "k", "Value": "2" }]);
    assert_eq!(
        refused(&simulator, "CopyBackupToRegion", with("TagList", twice)).0,
        "CloudHsmTagException"
    );
}

#[test]
fn delete_restore_and_modify() {
    for action in ["DeleteBackup", "RestoreBackup", "ModifyBackupAttributes"] {
        violations(
            action,
            vec![
                (json!({ "NeverExpires": true }), vec!["BackupId", "null"]),
                (
                    json!({ "NeverExpires": true, "BackupId": "backup-1" }),
                    vec!["BackupId", "backup-1", ID_PATTERN],
                ),
                (
                    json!({ "NeverExpires": true, "BackupId": "backup-abcdefghijklmnopq" }),
                    vec!["BackupId", ID_PATTERN],
                ),
                (
                    json!({ "NeverExpires": true, "BackupId": "backup-abcdefghij1" }),
                    vec!["BackupId", ID_PATTERN],
                ),
            ],
        );
    }
    violations(
        "ModifyBackupAttributes",
        vec![(json!({ "BackupId": BACKUP }), vec!["NeverExpires", "null"])],
    );
}

#[test]
fn a_boolean_is_true_or_false_and_no_text() {
    let simulator = instant();
    for (action, request) in [
        ("DescribeBackups", json!({ "SortAscending": "true" })),
        ("DescribeBackups", json!({ "Shared": 1 })),
        (
            "ModifyBackupAttributes",
            json!({ "BackupId": BACKUP, "NeverExpires": "false" }),
        ),
    ] {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(kind, "SerializationException");
        assert!(message.contains("a boolean"), "{message}");
    }
}

#[test]
fn well_formed_ids_of_no_backup_are_not_found() {
    let simulator = instant();
    for (action, request) in [
        (
            "CopyBackupToRegion",
            json!({ "BackupId": BACKUP, "DestinationRegion": "eu-west-1" }),
        ),
        ("DeleteBackup", json!({ "BackupId": BACKUP })),
        ("RestoreBackup", json!({ "BackupId": BACKUP })),
        (
            "ModifyBackupAttributes",
            json!({ "BackupId": BACKUP, "NeverExpires": true }),
        ),
        (
            "CreateCluster",
            json!({
                "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
                "SourceBackupId": BACKUP,
            }),
        ),
    ] {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(kind, "CloudHsmResourceNotFoundException", "{action}");
        assert!(message.contains(BACKUP), "{message}");
    }
    assert_eq!(
        ok(
            &simulator,
            "DescribeBackups",
            json!({ "Filters": { "backupIds": [BACKUP] } })
        ),
        json!({ "Backups": [] })
    );
}
