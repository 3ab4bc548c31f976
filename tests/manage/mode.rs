//! What is for good, and what is only a name: a cluster's mode, and types that this version does
//! not know.

use serde_json::json;

use super::backup::{backed_up, until};
use super::stage::{SUBNET, Stage};
use super::support;

/// A backup of a cluster of this mode: its id and its ARN.
fn backup_of(stage: &Stage, mode: &str) -> (String, String) {
    if mode == "FIPS" {
        backed_up(stage);
    } else {
        let order = json!({ "HsmType": "hsm2m.medium", "Mode": mode, "SubnetIds": [SUBNET] });
        let made = support::ok(&stage.simulator, "CreateCluster", order);
        let id = made["Cluster"]["ClusterId"].as_str().unwrap().to_owned();
        support::create_hsm(&stage.simulator, &id);
        let ready = support::until(&stage.simulator, &id, |now| support::csr(now).is_some());
        support::ok(
            &stage.simulator,
            "InitializeCluster",
            support::Owner::new().claim(&id, support::csr(&ready).unwrap()),
        );
    }
    until(|| {
        let ready = stage.json(&["backup", "list", "--state", "READY"]);
        let text = |name: &str| ready["backups"][0][name].as_str().map(str::to_owned);
        assert!(text("mode").is_none_or(|found| found == mode), "{ready:#}");
        Some((text("backup_id")?, text("backup_arn")?))
    })
}

#[test]
fn a_cluster_from_a_backup_has_the_backups_mode_or_is_not_asked_for() {
    for (mode, own, other) in [
        ("FIPS", "fips", "non-fips"),
        ("NON_FIPS", "non-fips", "fips"),
    ] {
        let stage = Stage::new();
        let (id, arn) = backup_of(&stage, mode);
        let before = stage.calls("CreateCluster");
        for name in [&id, &arn] {
            let create = [
                "cluster",
                "create",
                "--subnet-id",
                SUBNET,
                "--source-backup-id",
                name,
                "--mode",
            ];
            let refused = stage.fails(&[&create[..], &[other]].concat(), 8, "backup-mode");
            let message = refused["error"]["message"].as_str().unwrap();
            assert!(
                message.contains(name) && message.contains(&format!("backup  {mode}\n")),
                "{message}"
            );
        }
        assert_eq!(stage.calls("CreateCluster"), before);
        // As the hint says, and by its own name.
        for words in [&[][..], &["--mode", own]] {
            let made = stage.json(
                &[
                    &[
                        "cluster",
                        "create",
                        "--subnet-id",
                        SUBNET,
                        "--source-backup-id",
                        &id,
                    ],
                    words,
                ]
                .concat(),
            );
            assert_eq!(made["cluster"]["mode"], mode);
        }
    }
}

#[test]
fn a_type_that_is_not_known_is_warned_of_and_asked_for() {
    let stage = Stage::new();
    let create = |hsm_type: &str| {
        stage.run(&[
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--hsm-type",
            hsm_type,
        ])
    };
    let before = stage.calls("CreateCluster");
    let unknown = create("hsm3x.large").ends(
        6,
        "hsm3x.large is no type that this version of hsmboot knows (hsm1.medium, hsm2m.medium)",
    );
    assert!(
        unknown.stderr.contains("asked for all the same"),
        "{}",
        unknown.stderr
    );
    assert_eq!(stage.calls("CreateCluster"), before + 1);
    let known = create("hsm2m.medium").ends(0, "created cluster-");
    assert!(
        !known.stderr.contains("no type that") && !known.stderr.contains("warning"),
        "{}",
        known.stderr
    );
    let old = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
    stage
        .simulator
        .set_state(&old, hsmboot::simulator::SimulatedClusterState::Active)
        .unwrap();
    let change = [
        "cluster",
        "modify",
        "--cluster-id",
        &old,
        "--hsm-type",
        "hsm3x.large",
        "--yes",
    ];
    let done = stage.run(&change);
    assert!(
        done.stderr
            .contains("hsm3x.large is no type that this version of hsmboot knows"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_new_cluster_of_hsm1_medium_is_said_to_be_refused_before_aws_refuses_it() {
    let stage = Stage::new();
    let create = [
        "cluster",
        "create",
        "--subnet-id",
        SUBNET,
        "--hsm-type",
        "hsm1.medium",
    ];
    let done = stage.run(&create).ends(
        6,
        "no new clusters of hsm1.medium can be made since April \
                                           2025, and its support ended on 2026-03-31",
    );
    assert!(
        done.stderr.contains("hsm2m.medium is the default")
            && !done.stderr.contains("no type that"),
        "{}",
        done.stderr
    );
    // It has one mode and one kind of addresses.
    let before = stage.calls("CreateCluster");
    for (option, value, says) in [
        ("--mode", "non-fips", "the FIPS mode alone"),
        ("--network-type", "dualstack", "IPv4 addresses alone"),
    ] {
        let refused = stage.fails(&[&create[..], &[option, value]].concat(), 2, "usage");
        assert!(
            refused["error"]["message"].as_str().unwrap().contains(says),
            "{refused:#}"
        );
    }
    assert_eq!(stage.calls("CreateCluster"), before);
}

/// The API's own spelling is taken as well: it is what people have in their scripts.
#[test]
fn values_are_taken_as_the_api_spells_them() {
    let stage = Stage::new();
    for (mode, network) in [("NON_FIPS", "DUALSTACK"), ("non-fips", "dualstack")] {
        let made = stage.json(&[
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--mode",
            mode,
            "--network-type",
            network,
        ]);
        let id = made["cluster"]["cluster_id"].as_str().unwrap();
        let cluster = support::describe(&stage.simulator, id);
        assert_eq!(
            (&cluster["Mode"], &cluster["NetworkType"]),
            (&json!("NON_FIPS"), &json!("DUALSTACK"))
        );
    }
    stage.fails(
        &["cluster", "create", "--subnet-id", SUBNET, "--mode", "none"],
        2,
        "usage",
    );
}
