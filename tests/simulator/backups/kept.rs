//! Copies, deletions and the policy: which backups stay, and how long.

use super::*;

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
