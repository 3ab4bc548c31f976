//! One row per documented constraint of each action: what is sent, and what the message must name.

use serde_json::{Value, json};

use crate::support::*;

const CLUSTER: &str = "cluster-abcdefghijk";

/// Each row: a request, and the words that its message must hold. All end with CloudHsmInvalidRequestException.
fn violations(action: &str, rows: Vec<(Value, Vec<&str>)>) {
    let simulator = instant();
    for (request, words) in rows {
        let (kind, message) = refused(&simulator, action, request.clone());
        assert_eq!(kind, "CloudHsmInvalidRequestException", "{action} {request}: {message}");
        for word in words {
            assert!(message.contains(word), "{action} {request}: no '{word}' in: {message}");
        }
    }
    let all = ok(&simulator, "DescribeClusters", json!({}));
    assert_eq!(all["Clusters"], json!([]), "a refused request changes nothing");
}

/// A good CreateCluster with one member put in.
fn cluster_with(name: &str, value: Value) -> Value {
    let mut request = json!({ "HsmType": "hsm1.medium", "SubnetIds": ["subnet-0a1b2c3d"] });
    request[name] = value;
    request
}

#[test]
fn create_cluster() {
    let tags = |count: usize| Value::from_iter((0..count).map(|n| json!({ "Key": format!("k{n}"), "Value": "v" })));
    violations(
        "CreateCluster",
        vec![
            (json!({ "SubnetIds": ["subnet-0a1b2c3d"] }), vec!["HsmType", "null"]),
            (json!({ "HsmType": "hsm1.medium" }), vec!["SubnetIds", "null"]),
            (cluster_with("HsmType", json!("hsm9.huge")), vec!["HsmType", "hsm9.huge", r"hsm1\.medium"]),
            (cluster_with("SubnetIds", json!([])), vec!["SubnetIds", "(0 items)", "greater than or equal to 1"]),
            (cluster_with("SubnetIds", json!(vec!["subnet-0a1b2c3d"; 11])), vec!["SubnetIds", "(11 items)", "less than or equal to 10"]),
            (cluster_with("SubnetIds", json!(["subnet-xyz"])), vec!["SubnetIds.1.member", "subnet-xyz", "subnet-[0-9a-fA-F]{8,17}"]),
            (cluster_with("SubnetIds", json!(["subnet-0a1b2c3d", "subnet-0a1b2c3d"])), vec!["only one subnet per Availability Zone"]),
            (cluster_with("BackupRetentionPolicy", json!({ "Value": "30" })), vec!["BackupRetentionPolicy.Type", "null"]),
            (cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS" })), vec!["BackupRetentionPolicy.Value", "null"]),
            (cluster_with("BackupRetentionPolicy", json!({ "Type": "WEEKS", "Value": "30" })), vec!["BackupRetentionPolicy.Type", "WEEKS", "DAYS"]),
            (
                cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "" })),
                vec!["BackupRetentionPolicy.Value", "greater than or equal to 1"],
            ),
            (
                cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "1000" })),
                vec!["BackupRetentionPolicy.Value", "1000", "less than or equal to 3"],
            ),
            (cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "a" })), vec!["BackupRetentionPolicy.Value", "[0-9]+"]),
            (
                cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "6" })),
                vec!["BackupRetentionPolicy.Value", "'6'", "between 7 and 379"],
            ),
            (cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "380" })), vec!["380", "between 7 and 379"]),
            (cluster_with("SourceBackupId", json!("backup-1")), vec!["SourceBackupId", "backup-1", "backup-[2-7a-zA-Z]{11,16}"]),
            (cluster_with("Mode", json!("fips")), vec!["Mode", "fips", "FIPS|NON_FIPS"]),
            (cluster_with("Mode", json!("NON_FIPS")), vec!["Mode", "hsm1.medium"]),
            (cluster_with("NetworkType", json!("IPV6")), vec!["NetworkType", "IPV6", "DUALSTACK"]),
            (cluster_with("TagList", json!([])), vec!["TagList", "greater than or equal to 1"]),
            (cluster_with("TagList", tags(51)), vec!["TagList", "(51 items)", "less than or equal to 50"]),
            (cluster_with("TagList", json!([{ "Value": "v" }])), vec!["TagList.1.member.Key", "null"]),
            (cluster_with("TagList", json!([{ "Key": "k" }])), vec!["TagList.1.member.Value", "null"]),
            (cluster_with("TagList", json!([{ "Key": "", "Value": "v" }])), vec!["TagList.1.member.Key", "greater than or equal to 1"]),
            (cluster_with("TagList", json!([{ "Key": "k".repeat(129), "Value": "v" }])), vec!["Key", "less than or equal to 128"]),
            (cluster_with("TagList", json!([{ "Key": "k", "Value": "v".repeat(257) }])), vec!["Value", "less than or equal to 256"]),
            (cluster_with("TagList", json!([{ "Key": "k,", "Value": "v" }])), vec!["Key", "k,", "pattern"]),
        ],
    );
}

#[test]
fn create_cluster_takes_what_is_just_within() {
    let simulator = instant();
    for request in [
        cluster_with("HsmType", json!("hsm2m.medium")),
        cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "7" })),
        cluster_with("BackupRetentionPolicy", json!({ "Type": "DAYS", "Value": "379" })),
        cluster_with("SubnetIds", Value::from_iter((0..10).map(|n| format!("subnet-0000000{n}")))),
        cluster_with("TagList", json!([{ "Key": "k".repeat(128), "Value": "v".repeat(256) }, { "Key": "b", "Value": "" }])),
    ] {
        ok(&simulator, "CreateCluster", request);
    }
}

#[test]
fn a_tag_key_that_comes_twice_is_a_tag_exception() {
    let simulator = instant();
    let twice = json!([{ "Key": "k", "Value": "1" }, { "Key": "k", "Value": "2" }]);
    assert_eq!(refused(&simulator, "CreateCluster", cluster_with("TagList", twice)).0, "CloudHsmTagException");
}

#[test]
fn a_well_formed_backup_that_is_not_there_is_not_found() {
    let simulator = instant();
    let (kind, message) = refused(&simulator, "CreateCluster", cluster_with("SourceBackupId", json!("backup-abcdefghijk")));
    assert_eq!(kind, "CloudHsmResourceNotFoundException");
    assert!(message.contains("backup-abcdefghijk"));
}

#[test]
fn create_hsm() {
    violations(
        "CreateHsm",
        vec![
            (json!({ "AvailabilityZone": "us-east-1a" }), vec!["ClusterId", "null"]),
            (json!({ "ClusterId": CLUSTER }), vec!["AvailabilityZone", "null"]),
            (json!({ "ClusterId": "cluster-1", "AvailabilityZone": "us-east-1a" }), vec!["ClusterId", "cluster-1", "cluster-[2-7a-zA-Z]{11,16}"]),
            (json!({ "ClusterId": CLUSTER, "AvailabilityZone": "us-east-1" }), vec!["AvailabilityZone", "us-east-1", "[a-z]{2}"]),
            (json!({ "ClusterId": CLUSTER, "AvailabilityZone": "us-east-1a", "IpAddress": "10.0.0" }), vec!["IpAddress", "10.0.0", r"\d{1,3}"]),
        ],
    );
}

#[test]
fn describe_clusters() {
    violations(
        "DescribeClusters",
        vec![
            (json!({ "MaxResults": 0 }), vec!["MaxResults", "'0'", "greater than or equal to 1"]),
            (json!({ "MaxResults": -1 }), vec!["MaxResults", "'-1'", "greater than or equal to 1"]),
            (json!({ "MaxResults": 26 }), vec!["MaxResults", "'26'", "less than or equal to 25"]),
            (json!({ "NextToken": "x".repeat(257) }), vec!["NextToken", "less than or equal to 256"]),
            (json!({ "NextToken": "made-up" }), vec!["NextToken"]),
            (json!({ "Filters": { "a b": ["x"] } }), vec!["Filters", "a b", "[a-zA-Z0-9_-]+"]),
            (json!({ "Filters": { "colours": ["x"] } }), vec!["Filters", "colours", "clusterIds, states, vpcIds"]),
        ],
    );
}

#[test]
fn initialize_cluster() {
    let with = |name: &str, value: Value| {
        let mut request = json!({ "ClusterId": CLUSTER, "SignedCert": "A", "TrustAnchor": "A" });
        request[name] = value;
        request
    };
    violations(
        "InitializeCluster",
        vec![
            (with("ClusterId", Value::Null), vec!["ClusterId", "null"]),
            (with("SignedCert", Value::Null), vec!["SignedCert", "null"]),
            (with("TrustAnchor", Value::Null), vec!["TrustAnchor", "null"]),
            (with("ClusterId", json!("cluster-../../x")), vec!["ClusterId", "cluster-../../x"]),
            (with("SignedCert", json!("A".repeat(5001))), vec!["SignedCert", "5001", "less than or equal to 5000"]),
            (with("TrustAnchor", json!("A".repeat(5001))), vec!["TrustAnchor", "5001", "less than or equal to 5000"]),
            (with("SignedCert", json!("Certificate:")), vec!["SignedCert", r"[a-zA-Z0-9+-/=\s]*"]),
            (with("TrustAnchor", json!("a_b")), vec!["TrustAnchor", r"[a-zA-Z0-9+-/=\s]*"]),
        ],
    );
}

#[test]
fn delete_hsm_and_delete_cluster() {
    violations(
        "DeleteHsm",
        vec![
            (json!({ "HsmId": "hsm-abcdefghijk" }), vec!["ClusterId", "null"]),
            (json!({ "ClusterId": CLUSTER }), vec!["HsmId", "EniId", "EniIp"]),
            (json!({ "ClusterId": CLUSTER, "HsmId": "hsm-1" }), vec!["HsmId", "hsm-1", "hsm-[2-7a-zA-Z]{11,16}"]),
            (json!({ "ClusterId": CLUSTER, "EniId": "eni-x" }), vec!["EniId", "eni-x", "eni-[0-9a-fA-F]{8,17}"]),
            (json!({ "ClusterId": CLUSTER, "EniIp": "1.2" }), vec!["EniIp", "1.2"]),
        ],
    );
    violations("DeleteCluster", vec![(json!({}), vec!["ClusterId", "null"]), (json!({ "ClusterId": "Cluster-abcdefghijk" }), vec!["ClusterId"])]);
}

#[test]
fn well_formed_ids_of_nothing_are_not_found() {
    let simulator = instant();
    for (action, request) in [
        ("CreateHsm", json!({ "ClusterId": CLUSTER, "AvailabilityZone": "us-east-1a" })),
        ("InitializeCluster", json!({ "ClusterId": CLUSTER, "SignedCert": "A", "TrustAnchor": "A" })),
        ("DeleteHsm", json!({ "ClusterId": CLUSTER, "HsmId": "hsm-abcdefghijk" })),
        ("DeleteCluster", json!({ "ClusterId": CLUSTER })),
    ] {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(kind, "CloudHsmResourceNotFoundException", "{action}");
        assert!(message.contains(CLUSTER), "{message}");
    }
}
