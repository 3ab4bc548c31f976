//! Commands that run at the same time on one cluster or backup: all have looked before one of them
//! changes anything. What the losers wanted is there, and they end as a later run would.

use std::process::Stdio;

use serde_json::Value;

use super::migrate::Slow;
use super::relay::Relay;
use super::stage::{Done, ROOTS, Stage};

const ZONE: [&str; 2] = ["--availability-zone", "us-east-1a"];

/// Runs the commands at the same time. None of their requests for `action` is answered before all
/// have sent one.
fn at_once(stage: &Stage, action: &'static str, commands: &[Vec<&str>]) -> Vec<Done> {
    at_once_at(&stage.simulator.url(), stage, action, commands)
}

/// The same at a service elsewhere.
fn at_once_at(url: &str, stage: &Stage, action: &'static str, commands: &[Vec<&str>]) -> Vec<Done> {
    let relay = Relay::gathering(url, action, commands.len());
    let running: Vec<_> = commands
        .iter()
        .map(|words| {
            stage
                .command_at(&relay.url, &[words, &["--output", "json"][..]].concat())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    running
        .into_iter()
        .map(|child| child.wait_with_output().unwrap().into())
        .collect()
}

/// The documents of commands that all end with 0, of which one changed something.
#[track_caller]
fn one_changed(results: Vec<Done>) -> Vec<Value> {
    let documents: Vec<Value> = results
        .into_iter()
        .map(|done| done.ends(0, "").json())
        .collect();
    let changed = documents
        .iter()
        .filter(|document| document["changed"] == true);
    assert_eq!(changed.count(), 1, "{documents:#?}");
    documents
}

#[test]
fn of_three_runs_one_creates_the_hsm_and_the_others_find_it() {
    let stage = Stage::new();
    let id = stage.cluster();
    let words = [&["hsm", "create", "--cluster-id", &id], &ZONE[..]].concat();
    let documents = one_changed(at_once(&stage, "CreateHsm", &vec![words; 3]));
    assert_eq!(stage.calls("CreateHsm"), 3, "all had looked before");
    for document in &documents {
        assert_eq!(document["hsm"]["hsm_id"], documents[0]["hsm"]["hsm_id"]);
    }
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    assert_eq!(shown["cluster"]["hsms"].as_array().unwrap().len(), 1);
}

#[test]
fn an_hsm_in_another_zone_is_not_the_one_that_was_asked_for() {
    let stage = Stage::new();
    let made = stage.json(&[
        "cluster",
        "create",
        "--subnet-id",
        "subnet-0a1b2c3d",
        "--subnet-id",
        "subnet-0a1b2c3e",
        "--wait",
    ]);
    let id = made["cluster"]["cluster_id"].as_str().unwrap();
    let words = |zone| {
        vec![
            "hsm",
            "create",
            "--cluster-id",
            id,
            "--availability-zone",
            zone,
        ]
    };
    let results = at_once(
        &stage,
        "CreateHsm",
        &[words("us-east-1a"), words("us-east-1b")],
    );
    let mut kinds: Vec<Value> = results
        .iter()
        .map(|done| done.json()["error"]["kind"].clone())
        .collect();
    kinds.sort_by_key(Value::is_null);
    assert_eq!(kinds, ["first-hsm-exists".into(), Value::Null]);
}

/// The words of a claim that creates the first HSM.
fn claim<'a>(id: &'a str, bundle: &'a str) -> Vec<&'a str> {
    let named = ["bootstrap", "--cluster-id", id, "--create-hsm"];
    let ca = ["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"];
    [
        &named[..],
        &ZONE,
        &ca,
        &ROOTS,
        &["--bundle", bundle, "--timeout", "2m"],
    ]
    .concat()
}

#[test]
fn of_three_claims_one_creates_the_hsm_and_all_end_with_a_claimed_cluster() {
    let stage = Stage::new();
    stage.ready_to_claim();
    let id = stage.cluster();
    let commands = ["one", "two", "three"].map(|bundle| claim(&id, bundle));
    one_changed(at_once(&stage, "CreateHsm", &commands));
    assert_eq!(stage.calls("CreateHsm"), 3, "all had looked before");
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    assert_eq!(shown["cluster"]["hsms"].as_array().unwrap().len(), 1);
}

/// Two runs in one bundle's directory meet in its files as well: whoever is in the way of the other
/// is told to run again, and then all is done.
#[test]
fn claims_in_one_directory_end_well_or_run_again() {
    let stage = Stage::new();
    stage.ready_to_claim();
    let id = stage.cluster();
    let words = claim(&id, "shared");
    for done in at_once(&stage, "CreateHsm", &vec![words.clone(); 3]) {
        let document = done.json();
        assert!(
            done.code == 0 || document["error"]["retry"] == "same-command",
            "{document:#}"
        );
    }
    assert_eq!(stage.calls("CreateHsm"), 3, "all had looked before");
    stage.run(&words).ends(0, "");
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    assert_eq!(shown["cluster"]["hsms"].as_array().unwrap().len(), 1);
}

#[test]
fn of_deletions_at_once_one_deletes_and_the_others_find_it_gone() {
    let stage = Stage::new();
    let id = stage.cluster();
    let made = stage.json(&[&["hsm", "create", "--cluster-id", &id, "--wait"], &ZONE[..]].concat());
    let hsm = made["hsm"]["hsm_id"].as_str().unwrap();
    let words = [
        "hsm",
        "delete",
        "--cluster-id",
        &id,
        "--hsm-id",
        hsm,
        "--yes",
    ];
    one_changed(at_once(&stage, "DeleteHsm", &vec![words.to_vec(); 3]));
    let words = ["cluster", "delete", "--cluster-id", &id, "--yes"];
    one_changed(at_once(&stage, "DeleteCluster", &vec![words.to_vec(); 3]));

    let (_, backup) = super::backup::backed_up(&stage);
    let of_backup = ["--backup-id", &backup];
    let delete = [&["backup", "delete", "--yes"], &of_backup[..]].concat();
    one_changed(at_once(&stage, "DeleteBackup", &vec![delete; 2]));
    let restore = [&["backup", "restore"], &of_backup[..]].concat();
    one_changed(at_once(&stage, "RestoreBackup", &vec![restore; 2]));
}

#[test]
fn of_two_changes_of_type_one_changes_it_and_the_other_finds_it_so() {
    let (stage, slow) = (Stage::new(), Slow::new());
    let id = slow.cluster();
    let words = [
        "cluster",
        "modify",
        "--cluster-id",
        &id,
        "--hsm-type",
        "hsm2m.medium",
        "--yes",
    ];
    let commands = vec![words.to_vec(); 2];
    one_changed(at_once_at(&slow.url(), &stage, "ModifyCluster", &commands));
}
