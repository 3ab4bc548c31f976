//! A cluster that was restored from a backup is its first owner's.

use super::*;

/// A cluster restored from a backup of the stage's claimed and activated one; its id, and the
/// backup's.
fn restored(stage: &Stage) -> (String, String) {
    let backups = support::ok(
        &stage.simulator,
        "DescribeBackups",
        json!({ "Filters": { "clusterIds": [stage.id] } }),
    );
    let backup = backups["Backups"][0]["BackupId"]
        .as_str()
        .unwrap_or_else(|| panic!("no backup: {backups}"))
        .to_owned();
    let order = json!({
        "HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"],
        "SourceBackupId": backup,
    });
    let made = support::ok(&stage.simulator, "CreateCluster", order);
    (
        made["Cluster"]["ClusterId"].as_str().unwrap().to_owned(),
        backup,
    )
}

fn with_a_backup() -> Stage {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    stage.simulator.activate_cluster(&stage.id).unwrap();
    // A second HSM is made from a backup.
    support::create_hsm(&stage.simulator, &stage.id);
    stage
        .simulator
        .advance_clock(std::time::Duration::from_secs(25 * 60 * 60));
    stage
}

#[test]
fn a_restored_cluster_is_its_first_owners_and_names_the_backup() {
    let stage = with_a_backup();
    stage.make_ca("other");
    let (id, backup) = restored(&stage);
    let says = format!(
        "from {backup}: it is claimed already, by whoever claimed the cluster of that backup"
    );
    let status = |words: &[&str]| run(stage.online(&["status", "--cluster-id", &id]).args(words));
    let create = format!("hsmboot hsm create --cluster-id {id} --availability-zone us-east-1a");
    let told = status(&["--ca", "ca/customerCA.crt"]).ends(0, &says);
    assert!(
        told.stdout.contains("yours: this CA has claimed it") && told.stdout.contains(&create),
        "{}",
        told.stdout
    );
    status(&["--ca", "other/customerCA.crt"])
        .ends(8, "another CA")
        .ends(8, &says)
        .ends(8, "hsmboot backup list");
    // Claimed for somebody else's key: a bootstrap says so, signs nothing, and asks for no
    // deletion.
    let bootstrap = |ca: &str| {
        let words = [
            "bootstrap",
            "--cluster-id",
            &id,
            "--ca",
            &format!("{ca}/customerCA.crt"),
            "--ca-key",
            &format!("{ca}/customerCA.key"),
        ]
        .map(str::to_owned);
        run(&mut stage.trusting(&words.each_ref().map(String::as_str)))
    };
    let done = bootstrap("ca")
        .ends(
            0,
            "is claimed already, by this very CA; nothing was changed",
        )
        .ends(0, &says);
    assert!(
        !done.stdout.contains("handover"),
        "there is no receipt to hand over from: {}",
        done.stdout
    );
    let refused = bootstrap("other").ends(8, &says);
    let made = stage
        .trusting(&[
            "bootstrap",
            "--cluster-id",
            &id,
            "--no-passphrase",
            "--key-type",
            "p256",
        ])
        .output()
        .unwrap();
    let without = Done::from(made)
        .ends(8, &says)
        .ends(8, "name the CA that claimed the cluster of that backup");
    for stderr in [&refused.stderr, &without.stderr] {
        assert!(!stderr.contains("delete"), "{stderr}");
    }
    assert_eq!(stage.calls("InitializeCluster"), 1);
    assert!(
        !stage.path(&id).join("customerCA.key").exists(),
        "no key was made for it"
    );
    stage
        .follow(&format!("{create} --region us-east-1 --wait"))
        .ends(0, "created hsm-");
    stage
        .follow(&format!("hsmboot wait --cluster-id {id} --for csr"))
        .ends(8, &says);
}

#[test]
fn a_cluster_that_is_being_restored_is_nobodys_to_claim_either() {
    let stage = with_a_backup();
    stage.make_ca("other");
    let (id, backup) = restored(&stage);
    stage
        .simulator
        .set_state(&id, SimulatedClusterState::CreateInProgress)
        .unwrap();
    let whose = |ca: &str| {
        run(&mut stage.online(&[
            "status",
            "--cluster-id",
            &id,
            "--ca",
            ca,
            "--output",
            "json",
        ]))
        .json()["owners"][0]["owner"]
            .clone()
    };
    assert_eq!(
        (whose("ca/customerCA.crt"), whose("other/customerCA.crt")),
        ("this-ca".into(), "another-ca".into())
    );
    run(&mut stage.online(&["status", "--cluster-id", &id]))
        .ends(0, &format!("hsmboot wait --cluster-id {id} --for active"));
    let other = [
        "bootstrap",
        "--cluster-id",
        &id,
        "--ca",
        "other/customerCA.crt",
        "--ca-key",
        "other/customerCA.key",
    ];
    // At once: it is not waited for in vain.
    run(&mut stage.trusting(&other)).ends(8, &format!("from {backup}"));
    assert_eq!(stage.calls("InitializeCluster"), 1);
}
