use hsmboot::simulator::InjectedFault;
use serde_json::Value;

use super::stage::{SUBNET, Stage};
use super::support;
use super::support::advance;

const NONE: &str = "backup-aaaaaaaaaaa";

/// A claimed cluster: its initialization makes a backup. Both ids.
pub(crate) fn backed_up(stage: &Stage) -> (String, String) {
    let (cluster, csr) = support::ready_cluster(&stage.simulator);
    support::ok(
        &stage.simulator,
        "InitializeCluster",
        support::Owner::new().claim(&cluster, &csr),
    );
    let backup = until(|| {
        let ready = stage.json(&[
            "backup",
            "list",
            "--cluster-id",
            &cluster,
            "--state",
            "ready",
        ]);
        ready["backups"][0]["backup_id"].as_str().map(str::to_owned)
    });
    (cluster, backup)
}

pub(crate) fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let began = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < support::HANGS, "it never came");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn count(document: &Value) -> usize {
    document["backups"].as_array().unwrap().len()
}

#[test]
fn a_backup_is_listed_deleted_and_restored() {
    let stage = Stage::new();
    let (cluster, backup) = backed_up(&stage);
    stage
        .run(&["backup", "list"])
        .ends(0, &backup)
        .ends(0, "by policy")
        .ends(0, &cluster);
    stage.fails(
        &["backup", "delete", "--backup-id", &backup],
        2,
        "consent-missing",
    );
    let deleted = stage.json(&[
        "backup",
        "delete",
        "--backup-id",
        &backup,
        "--yes",
        "--wait",
    ]);
    assert_eq!(
        (&deleted["changed"], &deleted["backup"]["state"]),
        (&true.into(), &"PENDING_DELETION".into())
    );
    assert!(deleted["backup"]["deleted"].is_string(), "{deleted:#}");
    assert_eq!(
        stage.json(&["backup", "delete", "--backup-id", &backup, "--yes"])["changed"],
        false
    );
    stage.fails(
        &[
            "backup",
            "modify",
            "--backup-id",
            &backup,
            "--never-expires",
            "true",
        ],
        8,
        "backup-state",
    );
    stage.fails(
        &[
            "backup",
            "copy",
            "--backup-id",
            &backup,
            "--destination-region",
            "eu-west-1",
        ],
        8,
        "backup-state",
    );
    let restored = stage.json(&["backup", "restore", "--backup-id", &backup, "--wait"]);
    assert_eq!(
        (&restored["changed"], &restored["backup"]["state"]),
        (&true.into(), &"READY".into())
    );
    assert_eq!(
        stage.json(&["backup", "restore", "--backup-id", &backup])["changed"],
        false
    );
    assert_eq!(
        (stage.calls("DeleteBackup"), stage.calls("RestoreBackup")),
        (1, 1)
    );
}

#[test]
fn a_backup_that_is_gone_for_good_is_not_found() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    stage
        .run(&["backup", "delete", "--backup-id", &backup, "--yes"])
        .ends(0, "gone for good at");
    advance(&stage.simulator, 8 * 86_400);
    stage
        .run(&["backup", "restore", "--backup-id", &backup])
        .ends(6, "no backup");
    for words in [
        vec!["delete", "--yes"],
        vec!["restore"],
        vec!["modify", "--never-expires", "true"],
        vec!["copy", "--destination-region", "eu-west-1"],
    ] {
        stage.fails(
            &[&["backup"], &words[..], &["--backup-id", NONE]].concat(),
            6,
            "backup-not-found",
        );
    }
}

#[test]
fn a_lost_answer_is_looked_up() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    stage
        .simulator
        .inject_fault(Some("DeleteBackup"), InjectedFault::CloseAfter, 1);
    stage
        .run(&["backup", "delete", "--backup-id", &backup, "--yes"])
        .ends(0, "PENDING_DELETION");
    stage
        .simulator
        .inject_fault(Some("RestoreBackup"), InjectedFault::CloseBefore, 1);
    stage.fails(
        &["backup", "restore", "--backup-id", &backup],
        6,
        "service-failure",
    );
    stage
        .simulator
        .inject_fault(Some("RestoreBackup"), InjectedFault::CloseAfter, 1);
    stage
        .run(&["backup", "restore", "--backup-id", &backup])
        .ends(0, "READY");
    stage
        .simulator
        .inject_fault(Some("CopyBackupToRegion"), InjectedFault::CloseAfter, 1);
    let copy = [
        "backup",
        "copy",
        "--backup-id",
        &backup,
        "--destination-region",
        "eu-west-1",
    ];
    let failed = stage.fails(&copy, 6, "service-failure");
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("hsmboot backup list"),
        "{failed:#}"
    );
    assert_eq!(
        ["DeleteBackup", "RestoreBackup", "CopyBackupToRegion"].map(|action| stage.calls(action)),
        [1, 2, 1]
    );
}

#[test]
fn a_copy_is_found_in_the_other_region() {
    let stage = Stage::new();
    let (cluster, backup) = backed_up(&stage);
    let copy = [
        "backup",
        "copy",
        "--backup-id",
        &backup,
        "--destination-region",
        "eu-west-1",
    ];
    let first = stage.json(&[&copy[..], &["--tag", "stage=spare", "--wait"]].concat());
    assert_eq!(
        (&first["copy"]["state"], &first["copy"]["source_backup"]),
        (&"READY".into(), &backup.as_str().into())
    );
    assert_eq!(first["copy"]["tags"][0]["value"], "spare");
    // Another copy is another one, not the first.
    let second = stage.json(&[&copy[..], &["--wait"]].concat());
    assert_ne!(first["copy"]["backup_id"], second["copy"]["backup_id"]);
    assert_eq!(stage.json(&copy)["copy"], Value::Null);
    let there = |words: &[&str]| {
        count(&stage.json(&[&["backup", "list", "--region", "eu-west-1"], words].concat()))
    };
    assert_eq!(
        (
            there(&["--source-backup-id", &backup]),
            there(&["--source-backup-id", NONE]),
            there(&["--cluster-id", &cluster])
        ),
        (3, 0, 3)
    );
    assert_eq!(there(&["--page-size", "1"]), 3);
}

#[test]
fn a_backup_can_be_kept_for_ever_and_told_by_it() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    let modify = |never: &str| {
        stage.json(&[
            "backup",
            "modify",
            "--backup-id",
            &backup,
            "--never-expires",
            never,
        ])
    };
    assert_eq!(modify("true")["changed"], true);
    assert_eq!(modify("true")["changed"], false);
    stage
        .run(&["backup", "list", "--never-expires", "true"])
        .ends(0, "never");
    assert_eq!(
        count(&stage.json(&["backup", "list", "--never-expires", "false"])),
        0
    );
    assert_eq!(modify("false")["backup"]["never_expires"], false);
    assert_eq!(stage.calls("ModifyBackupAttributes"), 2);
}

#[test]
fn backups_are_sorted_as_asked() {
    let stage = Stage::new();
    let (first, _) = backed_up(&stage);
    advance(&stage.simulator, 60);
    let (second, _) = backed_up(&stage);
    for (sort, clusters) in [("oldest", [&first, &second]), ("newest", [&second, &first])] {
        let listed = stage.json(&["backup", "list", "--sort", sort]);
        let shown: Vec<&str> = listed["backups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|backup| backup["cluster_id"].as_str().unwrap())
            .collect();
        assert_eq!(shown, clusters, "{sort}");
    }
}

#[test]
fn a_cluster_is_made_of_a_backup() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    let made = stage.json(&[
        "cluster",
        "create",
        "--source-backup-id",
        &backup,
        "--hsm-type",
        "hsm2m.medium",
        "--subnet-id",
        SUBNET,
        "--wait",
    ]);
    assert_eq!(
        (
            &made["cluster"]["source_backup_id"],
            &made["cluster"]["state"]
        ),
        (&backup.as_str().into(), &"ACTIVE".into())
    );
    stage.fails(
        &[
            "cluster",
            "create",
            "--source-backup-id",
            NONE,
            "--subnet-id",
            SUBNET,
        ],
        6,
        "backup-not-found",
    );
}

#[test]
fn the_retention_of_a_cluster_is_changed_once() {
    let stage = Stage::new();
    let id = stage.cluster();
    let modify = |days: &str| {
        stage.json(&[
            "cluster",
            "modify",
            "--cluster-id",
            &id,
            "--retention-days",
            days,
            "--wait",
        ])
    };
    let changed = modify("30");
    assert_eq!(
        (&changed["changed"], &changed["cluster"]["retention_days"]),
        (&true.into(), &30.into())
    );
    assert_eq!(modify("30")["changed"], false);
    assert_eq!(stage.calls("ModifyCluster"), 1);
    stage
        .simulator
        .set_state(&id, hsmboot::simulator::SimulatedClusterState::Deleted)
        .unwrap();
    stage.fails(
        &[
            "cluster",
            "modify",
            "--cluster-id",
            &id,
            "--retention-days",
            "31",
        ],
        8,
        "cluster-deleted",
    );
}
