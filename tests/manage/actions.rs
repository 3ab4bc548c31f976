//! Every action of the API can be reached from a command: those of the newest SDK's model, by the
//! names that IAM policies use.

use hsmboot::cloudhsm::Call;

use super::backup::until;
use super::stage::{SUBNET, Stage};

#[test]
fn every_action_of_the_api_is_reached_from_a_command() {
    let stage = Stage::new();
    stage.ready_to_claim();
    stage.run(&super::create::words()).ends(0, "claimed");
    let cluster = stage.file("new/creation.json")["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let backup = until(|| {
        let ready = stage.json(&["backup", "list", "--state", "READY"]);
        ready["backups"][0]["backup_id"].as_str().map(str::to_owned)
    });
    std::fs::write(
        stage.path("policy.json"),
        "{\"Version\": \"2012-10-17\", \"Statement\": []}",
    )
    .unwrap();
    let named = ["--backup-id", backup.as_str()];
    for words in [
        vec![
            "cluster",
            "modify",
            "--cluster-id",
            &cluster,
            "--retention-days",
            "30",
        ],
        [
            &["backup", "policy", "put", "--policy", "policy.json"][..],
            &named,
        ]
        .concat(),
        [&["backup", "policy", "get"][..], &named].concat(),
        [&["backup", "policy", "delete", "--yes"][..], &named].concat(),
        [&["backup", "modify", "--never-expires", "true"][..], &named].concat(),
        [
            &["backup", "copy", "--destination-region", "eu-west-1"][..],
            &named,
        ]
        .concat(),
        [&["backup", "delete", "--yes"][..], &named].concat(),
        [&["backup", "restore"][..], &named].concat(),
        vec!["tag", "add", "--resource-id", &cluster, "--tag", "a=b"],
        vec!["tag", "list", "--resource-id", &cluster],
        vec![
            "tag",
            "remove",
            "--resource-id",
            &cluster,
            "--key",
            "a",
            "--yes",
        ],
    ] {
        stage.run(&words).ends(0, "");
    }
    let created = stage.json(&["cluster", "create", "--subnet-id", SUBNET, "--wait"]);
    let empty = created["cluster"]["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let hsm = stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &empty,
        "--availability-zone",
        "us-east-1a",
        "--wait",
    ])["hsm"]["hsm_id"]
        .clone();
    stage
        .run(&[
            "hsm",
            "delete",
            "--cluster-id",
            &empty,
            "--hsm-id",
            hsm.as_str().unwrap(),
            "--yes",
            "--wait",
        ])
        .ends(0, "deleted");
    stage
        .run(&[
            "cluster",
            "delete",
            "--cluster-id",
            &empty,
            "--yes",
            "--wait",
        ])
        .ends(0, "deleted");
    assert_eq!(Call::ALL.len(), 18);
    for call in Call::ALL {
        assert!(
            stage.calls(call.as_str()) > 0,
            "no command has reached {}",
            call.as_str()
        );
    }
}
