//! Backups are listed in pages and by filters, and named by id or ARN.

use super::*;

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
