//! A backup makes a cluster of its type and mode, in its region.

use super::*;

#[test]
fn a_cluster_from_a_backup_needs_no_initialization() {
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
