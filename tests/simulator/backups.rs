//! When backups are made, what can be done with them, and when they are gone.

use std::time::Duration;

use hsmboot::simulator::{Options, Simulator, Speed};
use serde_json::{Value, json};

use crate::support::*;

const DAY: u64 = 86_400;

/// A cluster that its owner has claimed with the answer's pair, with one ACTIVE HSM.
fn claimed_as(simulator: &Simulator, request: &Value) -> (String, Value) {
    let cluster = ok(simulator, "CreateCluster", request.clone())["Cluster"]["ClusterId"]
        .as_str()
        .unwrap()
        .to_owned();
    create_hsm(simulator, &cluster);
    let ready = until(simulator, &cluster, |now| csr(now).is_some());
    let claim = Owner::new().claim(&cluster, csr(&ready).unwrap());
    ok(simulator, "InitializeCluster", claim.clone());
    assert_eq!(describe(simulator, &cluster)["State"], "INITIALIZED");
    (cluster, claim)
}

fn claimed(simulator: &Simulator) -> String {
    claimed_as(
        simulator,
        &json!({ "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"] }),
    )
    .0
}

fn claimed_for(simulator: &Simulator, days: u64) -> String {
    let policy = json!({ "Type": "DAYS", "Value": days.to_string() });
    let request = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        "BackupRetentionPolicy": policy,
    });
    claimed_as(simulator, &request).0
}

/// All backups of a region that a filter lets through, the oldest first.
fn listed_in(simulator: &Simulator, region: &str, filters: &Value) -> Vec<Value> {
    let mut request = json!({ "Filters": filters, "SortAscending": true });
    let mut all = Vec::new();
    loop {
        let page = call_in(simulator, region, "DescribeBackups", &request)
            .unwrap()
            .json();
        all.extend(
            page["Backups"]
                .as_array()
                .unwrap_or_else(|| panic!("{page}"))
                .iter()
                .cloned(),
        );
        let Some(token) = page.get("NextToken") else {
            return all;
        };
        request["NextToken"] = token.clone();
    }
}

fn listed(simulator: &Simulator, filters: Value) -> Vec<Value> {
    listed_in(simulator, "us-east-1", &filters)
}

fn ids(backups: &[Value]) -> Vec<&str> {
    backups
        .iter()
        .map(|backup| backup["BackupId"].as_str().unwrap())
        .collect()
}

fn id(backup: &Value) -> &str {
    backup["BackupId"].as_str().unwrap()
}

fn state_of(simulator: &Simulator, backup: &str) -> Option<String> {
    let found = listed(simulator, json!({ "backupIds": [backup] }));
    found
        .first()
        .map(|backup| backup["BackupState"].as_str().unwrap().to_owned())
}

fn advance(simulator: &Simulator, seconds: u64) {
    assert_eq!(
        control(simulator, "advance", json!({ "Seconds": seconds })).status,
        200
    );
}

/// Seconds from one timestamp of a backup to another.
fn seconds(from: &Value, to: &Value) -> f64 {
    to.as_f64().unwrap() - from.as_f64().unwrap()
}

/// The only HSM's removal: from then on there is nothing to make a daily backup of.
fn remove_hsm(simulator: &Simulator, cluster: &str) {
    let hsm = describe(simulator, cluster)["Hsms"][0]["HsmId"].clone();
    ok(
        simulator,
        "DeleteHsm",
        json!({ "ClusterId": cluster, "HsmId": hsm }),
    );
}

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
        ..Options::default()
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

#[test]
fn pages_are_in_order_of_time_and_a_token_fits_its_call_alone() {
    let simulator = instant();
    claimed(&simulator);
    advance(&simulator, 70 * DAY);
    let page = ok(&simulator, "DescribeBackups", json!({}));
    assert_eq!(
        page["Backups"].as_array().unwrap().len(),
        50,
        "the default page"
    );
    assert!(page["NextToken"].is_string());

    for ascending in [Some(true), Some(false), None] {
        let mut request = json!({ "MaxResults": 9 });
        if let Some(ascending) = ascending {
            request["SortAscending"] = ascending.into();
        }
        let mut times = Vec::new();
        loop {
            let page = ok(&simulator, "DescribeBackups", request.clone());
            let backups = page["Backups"].as_array().unwrap();
            assert!(backups.len() <= 9);
            times.extend(
                backups
                    .iter()
                    .map(|backup| backup["CreateTimestamp"].as_f64().unwrap()),
            );
            let Some(token) = page.get("NextToken") else {
                break;
            };
            request["NextToken"] = token.clone();
        }
        assert_eq!(times.len(), 71, "all, once each");
        let rising = ascending == Some(true);
        assert!(
            times.windows(2).all(|pair| if rising {
                pair[0] < pair[1]
            } else {
                pair[0] > pair[1]
            }),
            "the newest first unless asked otherwise"
        );
    }
    let all = ok(
        &simulator,
        "DescribeBackups",
        json!({ "MaxResults": 50, "Filters": { "neverExpires": ["true"] } }),
    );
    assert_eq!(
        all,
        json!({ "Backups": [] }),
        "no NextToken where nothing follows"
    );

    let token = page["NextToken"].as_str().unwrap();
    let altered = format!(
        "{}{}",
        if token.starts_with('A') { 'B' } else { 'A' },
        &token[1..]
    );
    let clusters = ok(&simulator, "DescribeClusters", json!({}));
    assert!(clusters.get("NextToken").is_none());
    for (action, request) in [
        ("DescribeBackups", json!({ "NextToken": altered })),
        (
            "DescribeBackups",
            json!({ "NextToken": token, "SortAscending": true }),
        ),
        (
            "DescribeBackups",
            json!({ "NextToken": token, "Shared": true }),
        ),
        (
            "DescribeBackups",
            json!({ "NextToken": token, "Filters": { "states": ["READY"] } }),
        ),
        ("DescribeClusters", json!({ "NextToken": token })),
    ] {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(kind, "CloudHsmInvalidRequestException");
        assert!(message.contains("NextToken"), "{message}");
    }
    let elsewhere = call_in(
        &simulator,
        "eu-west-1",
        "DescribeBackups",
        &json!({ "NextToken": token }),
    )
    .unwrap();
    assert_eq!(elsewhere.error().1, "CloudHsmInvalidRequestException");
    ok(
        &simulator,
        "DescribeBackups",
        json!({ "NextToken": token, "SortAscending": false, "MaxResults": 1 }),
    );
}

#[test]
fn filters_are_all_to_be_met_each_by_any_of_its_values() {
    let simulator = instant();
    let (one, two) = (claimed(&simulator), claimed(&simulator));
    advance(&simulator, DAY);
    let of_one = listed(&simulator, json!({ "clusterIds": [one] }));
    let of_two = listed(&simulator, json!({ "clusterIds": [two] }));
    assert_eq!((of_one.len(), of_two.len()), (2, 2));
    assert_eq!(
        listed(&simulator, json!({ "clusterIds": [one, two] })).len(),
        4
    );

    let named = listed(
        &simulator,
        json!({ "backupIds": [id(&of_one[1]), id(&of_two[0])] }),
    );
    assert_eq!(
        ids(&named),
        [id(&of_two[0]), id(&of_one[1])],
        "in order of time, whatever the order they were named in"
    );
    ok(
        &simulator,
        "ModifyBackupAttributes",
        json!({ "BackupId": id(&of_one[0]), "NeverExpires": true }),
    );
    ok(
        &simulator,
        "DeleteBackup",
        json!({ "BackupId": id(&of_two[1]) }),
    );
    assert_eq!(
        ids(&listed(&simulator, json!({ "neverExpires": ["true"] }))),
        [id(&of_one[0])]
    );
    assert_eq!(
        ids(&listed(&simulator, json!({ "neverExpires": ["True"] }))),
        [id(&of_one[0])]
    );
    assert_eq!(
        listed(&simulator, json!({ "neverExpires": ["false"] })).len(),
        3
    );
    assert_eq!(
        ids(&listed(
            &simulator,
            json!({ "states": ["PENDING_DELETION"] })
        )),
        [id(&of_two[1])]
    );
    assert_eq!(
        listed(
            &simulator,
            json!({ "states": ["READY", "PENDING_DELETION"] })
        )
        .len(),
        4
    );
    assert_eq!(
        ids(&listed(
            &simulator,
            json!({ "states": ["READY"], "clusterIds": [two] })
        )),
        [id(&of_two[0])]
    );
    for nothing in [
        json!({ "states": ["LOST"] }),
        json!({ "neverExpires": ["perhaps"] }),
        json!({ "sourceBackupIds": [id(&of_one[0])] }),
    ] {
        assert!(listed(&simulator, nothing).is_empty());
    }
    assert_eq!(
        ok(&simulator, "DescribeBackups", json!({ "Shared": true })),
        json!({ "Backups": [] }),
        "nobody shares any"
    );
    assert_eq!(
        ok(&simulator, "DescribeBackups", json!({ "Shared": false }))["Backups"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn a_copy_is_in_the_other_region_and_says_where_it_comes_from() {
    let simulator = instant();
    let cluster = claimed(&simulator);
    let source = listed(&simulator, json!({})).remove(0);
    ok(
        &simulator,
        "ModifyBackupAttributes",
        json!({ "BackupId": id(&source), "NeverExpires": true }),
    );
    advance(&simulator, 3600);
    let answer = ok(
        &simulator,
        "CopyBackupToRegion",
        json!({ "BackupId": id(&source), "DestinationRegion": "eu-west-1" }),
    );
    let expected = json!({
        "CreateTimestamp": source["CreateTimestamp"], "SourceBackup": id(&source),
        "SourceCluster": cluster, "SourceRegion": "us-east-1",
    });
    assert_eq!(answer, json!({ "DestinationBackup": expected }));
    assert_eq!(listed(&simulator, json!({})).len(), 1, "here it is not");

    let there = listed_in(
        &simulator,
        "eu-west-1",
        &json!({ "sourceBackupIds": [id(&source)] }),
    );
    assert_eq!(there.len(), 1);
    let copy = &there[0];
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&copy[name], value, "{name}");
    }
    assert_ne!(id(copy), id(&source));
    assert_eq!(
        (
            &copy["ClusterId"],
            &copy["BackupState"],
            &copy["NeverExpires"]
        ),
        (&json!(cluster), &json!("READY"), &json!(false))
    );
    assert!(seconds(&copy["CreateTimestamp"], &copy["CopyTimestamp"]) >= 3600.0);
    assert_eq!(
        listed_in(&simulator, "eu-west-1", &json!({ "clusterIds": [cluster] })).len(),
        1
    );
}

#[test]
fn a_copy_keeps_the_tags_unless_others_are_named() {
    let simulator = instant();
    claimed(&simulator);
    let source = listed(&simulator, json!({})).remove(0);
    let first = json!([{ "Key": "stage", "Value": "one" }, { "Key": "empty", "Value": "" }]);
    let copy_from = |region: &str, id: &str, to: &str, tags: Option<&Value>| {
        let mut request = json!({ "BackupId": id, "DestinationRegion": to });
        if let Some(tags) = tags {
            request["TagList"] = tags.clone();
        }
        assert_eq!(
            call_in(&simulator, region, "CopyBackupToRegion", &request)
                .unwrap()
                .status,
            200
        );
        listed_in(&simulator, to, &json!({ "sourceBackupIds": [id] })).remove(0)
    };
    let tagged = copy_from("us-east-1", id(&source), "eu-west-1", Some(&first));
    assert_eq!(tagged["TagList"], first);
    let kept = copy_from("eu-west-1", id(&tagged), "eu-west-2", None);
    assert_eq!(kept["TagList"], first);
    assert_eq!(kept["SourceRegion"], "eu-west-1");
    let second = json!([{ "Key": "stage", "Value": "two" }]);
    assert_eq!(
        copy_from("eu-west-1", id(&tagged), "eu-north-1", Some(&second))["TagList"],
        second
    );
    assert_eq!(
        listed(&simulator, json!({}))[0]["TagList"],
        json!([]),
        "the source's stay as they were"
    );
}

#[test]
fn a_deleted_backup_can_be_restored_for_seven_days() {
    let simulator = instant();
    claimed(&simulator);
    let backup = listed(&simulator, json!({})).remove(0);
    let named = json!({ "BackupId": id(&backup) });
    let (kind, message) = refused(&simulator, "RestoreBackup", named.clone());
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(
        message.contains("READY") && message.contains("PENDING_DELETION"),
        "{message}"
    );

    let deleted = ok(&simulator, "DeleteBackup", named.clone())["Backup"].clone();
    assert_eq!(deleted["BackupState"], "PENDING_DELETION");
    let left = seconds(&deleted["CreateTimestamp"], &deleted["DeleteTimestamp"]);
    assert!(
        (604_800.0..604_860.0).contains(&left),
        "seven days from now: {left}"
    );
    assert_eq!(
        listed(&simulator, json!({ "backupIds": [id(&backup)] }))[0],
        deleted
    );
    for (action, request) in [
        ("DeleteBackup", named.clone()),
        (
            "ModifyBackupAttributes",
            json!({ "BackupId": id(&backup), "NeverExpires": true }),
        ),
        (
            "CopyBackupToRegion",
            json!({ "BackupId": id(&backup), "DestinationRegion": "eu-west-1" }),
        ),
        (
            "CreateCluster",
            json!({
                "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
                "SourceBackupId": id(&backup),
            }),
        ),
    ] {
        let (kind, message) = refused(&simulator, action, request);
        assert_eq!(kind, "CloudHsmInvalidRequestException", "{action}");
        assert!(message.contains("PENDING_DELETION"), "{message}");
    }
    assert!(listed_in(&simulator, "eu-west-1", &json!({})).is_empty());
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    advance(&simulator, 7 * DAY - 60);
    let restored = ok(&simulator, "RestoreBackup", named.clone())["Backup"].clone();
    assert_eq!(restored, backup, "as it was, without DeleteTimestamp");

    ok(&simulator, "DeleteBackup", named.clone());
    advance(&simulator, 7 * DAY);
    assert_eq!(state_of(&simulator, id(&backup)).unwrap(), "DELETED");
    assert_eq!(
        refused(&simulator, "RestoreBackup", named.clone()).0,
        "CloudHsmInvalidRequestException"
    );
    advance(&simulator, 3600);
    assert_eq!(state_of(&simulator, id(&backup)), None);
    assert_eq!(
        refused(&simulator, "RestoreBackup", named).0,
        "CloudHsmResourceNotFoundException"
    );
}

#[test]
fn the_policy_deletes_what_is_too_old_but_neither_the_exempted_nor_the_last() {
    let simulator = instant();
    let cluster = claimed_for(&simulator, 7);
    advance(&simulator, 3 * DAY);
    let made = listed(&simulator, json!({}));
    assert_eq!(made.len(), 4);
    let answer = ok(
        &simulator,
        "ModifyBackupAttributes",
        json!({ "BackupId": id(&made[1]), "NeverExpires": true }),
    );
    let mut exempted = made[1].clone();
    exempted["NeverExpires"] = json!(true);
    assert_eq!(answer, json!({ "Backup": exempted }));
    remove_hsm(&simulator, &cluster);

    advance(&simulator, 4 * DAY);
    let old = listed(&simulator, json!({ "states": ["PENDING_DELETION"] }));
    assert_eq!(ids(&old), [id(&made[0])]);
    let lived = seconds(&old[0]["CreateTimestamp"], &old[0]["DeleteTimestamp"]);
    assert!(
        (lived - 14.0 * 86_400.0).abs() < 0.01,
        "seven days by the policy and seven to restore it: {lived}"
    );

    // A restored one is left alone for a day: time to exempt it.
    ok(
        &simulator,
        "RestoreBackup",
        json!({ "BackupId": id(&made[0]) }),
    );
    assert_eq!(state_of(&simulator, id(&made[0])).unwrap(), "READY");
    advance(&simulator, DAY + 60);
    assert_eq!(
        state_of(&simulator, id(&made[0])).unwrap(),
        "PENDING_DELETION"
    );

    advance(&simulator, 400 * DAY);
    let left = listed(&simulator, json!({}));
    assert_eq!(left.len(), 2);
    assert_eq!(id(&left[0]), id(&made[1]), "exempted");
    assert!(
        left[1]["CreateTimestamp"].as_f64() > made[3]["CreateTimestamp"].as_f64(),
        "the last one, of the HSM's removal"
    );

    // No longer exempt, it goes from now on and not from long ago.
    ok(
        &simulator,
        "ModifyBackupAttributes",
        json!({ "BackupId": id(&made[1]), "NeverExpires": false }),
    );
    let now = listed(&simulator, json!({ "backupIds": [id(&made[1])] })).remove(0);
    assert_eq!(now["BackupState"], "PENDING_DELETION");
    ok(
        &simulator,
        "RestoreBackup",
        json!({ "BackupId": id(&made[1]) }),
    );
}

#[test]
fn a_shorter_policy_is_the_clusters_alone() {
    let simulator = instant();
    let (short, long) = (claimed_for(&simulator, 7), claimed_for(&simulator, 379));
    advance(&simulator, 100 * DAY);
    let ready = |cluster: &str| {
        listed(
            &simulator,
            json!({ "clusterIds": [cluster], "states": ["READY"] }),
        )
        .len()
    };
    assert_eq!((ready(&short), ready(&long)), (7, 101));
}

#[test]
fn backups_outlive_their_cluster_and_its_policy() {
    let simulator = instant();
    let cluster = claimed_for(&simulator, 7);
    remove_hsm(&simulator, &cluster);
    ok(&simulator, "DeleteCluster", json!({ "ClusterId": cluster }));
    advance(&simulator, 1000 * DAY);
    assert_eq!(
        ok(&simulator, "DescribeClusters", json!({}))["Clusters"],
        json!([])
    );
    let left = listed(&simulator, json!({ "clusterIds": [cluster] }));
    assert_eq!(left.len(), 2, "only their owner deletes them");
    assert!(left.iter().all(|backup| backup["BackupState"] == "READY"));
    ok(
        &simulator,
        "DeleteBackup",
        json!({ "BackupId": id(&left[0]) }),
    );
    ok(
        &simulator,
        "DeleteBackup",
        json!({ "BackupId": id(&left[1]) }),
    );
    advance(&simulator, 8 * DAY);
    assert!(listed(&simulator, json!({})).is_empty());
}

#[test]
fn a_copy_has_no_policy_not_even_back_home() {
    let simulator = instant();
    let cluster = claimed_for(&simulator, 7);
    let source = listed(&simulator, json!({})).remove(0);
    ok(
        &simulator,
        "CopyBackupToRegion",
        json!({ "BackupId": id(&source), "DestinationRegion": "eu-west-1" }),
    );
    let copy = listed_in(&simulator, "eu-west-1", &json!({})).remove(0);
    let home = json!({ "BackupId": id(&copy), "DestinationRegion": "us-east-1" });
    assert_eq!(
        call_in(&simulator, "eu-west-1", "CopyBackupToRegion", &home)
            .unwrap()
            .status,
        200
    );
    advance(&simulator, 100 * DAY);
    let back = listed(&simulator, json!({ "sourceBackupIds": [id(&copy)] }));
    assert_eq!((back.len(), &back[0]["BackupState"]), (1, &json!("READY")));
    assert_eq!(
        (&back[0]["ClusterId"], &back[0]["SourceRegion"]),
        (&json!(cluster), &json!("eu-west-1"))
    );
    assert_eq!(
        listed_in(&simulator, "eu-west-1", &json!({ "states": ["READY"] })).len(),
        1
    );
    assert_eq!(
        state_of(&simulator, id(&source)),
        None,
        "the source itself is long gone"
    );
}

#[test]
fn a_cluster_from_a_backup_needs_no_initialization() {
    let slow = Speed::from_factor(1e-4).unwrap();
    let simulator = Simulator::spawn(Options {
        speed: slow,
        ..Options::default()
    })
    .unwrap();
    let hour = Duration::from_secs(3600);
    let cluster = create_cluster(&simulator);
    simulator.advance_clock(hour);
    create_hsm(&simulator, &cluster);
    simulator.advance_clock(hour);
    let ready = until(&simulator, &cluster, |now| csr(now).is_some());
    let claim = Owner::new().claim(&cluster, csr(&ready).unwrap());
    ok(&simulator, "InitializeCluster", claim.clone());
    simulator.advance_clock(hour * 2);
    let backup = listed(&simulator, json!({})).remove(0);

    let mut request = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        "SourceBackupId": id(&backup),
    });
    request["TagList"] = json!([{ "Key": "k", "Value": "v" }]);
    let made = ok(&simulator, "CreateCluster", request)["Cluster"].clone();
    assert_eq!(
        (&made["State"], &made["SourceBackupId"]),
        (&json!("CREATE_IN_PROGRESS"), &backup["BackupId"])
    );
    assert_eq!(
        made["Certificates"],
        json!({ "ClusterCertificate": claim["SignedCert"] })
    );
    assert_eq!(
        made["BackupRetentionPolicy"],
        json!({ "Type": "DAYS", "Value": "90" })
    );
    let new = made["ClusterId"].as_str().unwrap();
    assert_ne!(new, cluster);

    simulator.advance_clock(hour);
    let now = describe(&simulator, new);
    assert_eq!(
        (&now["State"], &now["Hsms"]),
        (&json!("ACTIVE"), &json!([]))
    );
    let again = Owner::new().claim(new, csr(&ready).unwrap());
    let (kind, message) = refused(&simulator, "InitializeCluster", again);
    assert_eq!(kind, "CloudHsmInvalidRequestException");
    assert!(message.contains("ACTIVE"), "{message}");

    create_hsm(&simulator, new);
    simulator.advance_clock(hour);
    let now = until(&simulator, new, |now| now["Hsms"][0]["State"] == "ACTIVE");
    assert_eq!(
        (&now["State"], &now["SourceBackupId"]),
        (&json!("ACTIVE"), &backup["BackupId"])
    );
    assert_eq!(
        now["Certificates"],
        json!({ "ClusterCertificate": claim["SignedCert"] }),
        "no CSR: it is claimed"
    );
    assert!(now.get("PreCoPassword").is_none());
    assert_eq!(
        listed(&simulator, json!({ "clusterIds": [new] })).len(),
        1,
        "it is backed up itself"
    );
    assert!(
        describe(&simulator, &cluster)
            .get("SourceBackupId")
            .is_none()
    );
}

#[test]
fn a_copy_makes_a_cluster_in_its_own_region_alone() {
    let simulator = instant();
    claimed(&simulator);
    let source = listed(&simulator, json!({})).remove(0);
    ok(
        &simulator,
        "CopyBackupToRegion",
        json!({ "BackupId": id(&source), "DestinationRegion": "eu-west-1" }),
    );
    let copy = listed_in(&simulator, "eu-west-1", &json!({})).remove(0);
    let request = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        "SourceBackupId": id(&copy),
    });
    assert_eq!(
        refused(&simulator, "CreateCluster", request.clone()).0,
        "CloudHsmResourceNotFoundException"
    );
    let there = call_in(&simulator, "eu-west-1", "CreateCluster", &request).unwrap();
    assert_eq!(there.json()["Cluster"]["SourceBackupId"], copy["BackupId"]);
}

#[test]
fn the_new_cluster_is_of_the_backups_type_and_mode() {
    let simulator = instant();
    let subnets = json!(["subnet-0a1b2c3d"]);
    claimed_as(
        &simulator,
        &json!({ "HsmType": "hsm2m.medium", "Mode": "NON_FIPS", "SubnetIds": subnets }),
    );
    let new = listed(&simulator, json!({})).remove(0);
    assert_eq!(
        (&new["HsmType"], &new["Mode"]),
        (&json!("hsm2m.medium"), &json!("NON_FIPS"))
    );
    let old = backup_of_hsm1(&simulator);
    assert!(old["HsmType"] == "hsm1.medium" && old.get("Mode").is_none());

    let create = |backup: &Value, hsm_type: &str, mode: Option<&str>| {
        let mut request =
            json!({ "HsmType": hsm_type, "SubnetIds": subnets, "SourceBackupId": id(backup) });
        if let Some(mode) = mode {
            request["Mode"] = mode.into();
        }
        request
    };
    for (request, words) in [
        (create(&new, "hsm1.medium", None), "HsmType hsm1.medium"),
        (create(&new, "hsm2m.medium", None), "Mode is required"),
        (create(&new, "hsm2m.medium", Some("FIPS")), "Mode FIPS"),
        (
            create(&old, "hsm2m.medium", Some("NON_FIPS")),
            "Mode NON_FIPS",
        ),
    ] {
        let (kind, message) = refused(&simulator, "CreateCluster", request);
        assert_eq!(kind, "CloudHsmInvalidRequestException");
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(
        ok(
            &simulator,
            "CreateCluster",
            create(&new, "hsm2m.medium", Some("NON_FIPS"))
        )["Cluster"]["Mode"],
        "NON_FIPS"
    );
    ok(
        &simulator,
        "CreateCluster",
        create(&old, "hsm2m.medium", Some("FIPS")),
    );
    assert_eq!(
        refused(
            &simulator,
            "CreateCluster",
            create(&old, "hsm1.medium", None)
        )
        .0,
        "CloudHsmInvalidRequestException"
    );
}

/// A backup of a claimed cluster of hsm1.medium.
fn backup_of_hsm1(simulator: &Simulator) -> Value {
    let cluster = simulator.create_hsm1_cluster("us-east-1").unwrap();
    create_hsm(simulator, &cluster);
    let ready = until(simulator, &cluster, |now| csr(now).is_some());
    ok(
        simulator,
        "InitializeCluster",
        Owner::new().claim(&cluster, csr(&ready).unwrap()),
    );
    listed(simulator, json!({ "clusterIds": [cluster] })).remove(0)
}

#[test]
fn a_backup_is_named_by_its_arn_too() {
    let simulator = instant();
    claimed(&simulator);
    let backup = listed(&simulator, json!({})).remove(0);
    let arn = backup["BackupArn"].as_str().unwrap();
    assert_eq!(
        arn,
        format!(
            "arn:aws:cloudhsm:us-east-1:123456789012:backup/{}",
            id(&backup)
        )
    );
    let request = |named: &str| {
        json!({
            "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
            "SourceBackupId": named,
        })
    };
    let made = ok(&simulator, "CreateCluster", request(arn))["Cluster"].clone();
    assert_eq!(made["SourceBackupId"], backup["BackupId"]);
    for elsewhere in [
        arn.replacen("us-east-1", "eu-west-1", 1),
        arn.replacen("123456789012", "210987654321", 1),
    ] {
        assert_eq!(
            refused(&simulator, "CreateCluster", request(&elsewhere)).0,
            "CloudHsmResourceNotFoundException",
            "{elsewhere}"
        );
    }
    let answer = ok(
        &simulator,
        "PutResourcePolicy",
        json!({ "ResourceArn": arn, "Policy": "{}" }),
    );
    assert_eq!(answer["ResourceArn"], arn, "and for its resource policy");
}
