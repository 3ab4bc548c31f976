//! Backups and tags say what their schemas say.

use super::*;

#[test]
fn backups_and_tags_say_what_their_schemas_say() {
    let stage = Stage::new();
    let id = stage.cluster();
    stage
        .simulator
        .write_roots(&stage.place.path("roots"))
        .unwrap();
    let url = stage.simulator.url();
    let claim = [
        "bootstrap",
        "--cluster-id",
        &id,
        "--endpoint-url",
        &url,
        "--passphrase-file",
        "passphrase",
        "--key-type",
        "p256",
    ];
    let roots = [
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    stage
        .place
        .says("bootstrap", &[&claim[..], &roots].concat(), 0);
    let began = std::time::Instant::now();
    let backup = loop {
        assert!(
            began.elapsed() < std::time::Duration::from_secs(600),
            "there is never a backup"
        );
        let listed = stage.says(&["backup", "list", "--state", "READY"], 0);
        if let Some(backup) = listed["backups"][0]["backup_id"].as_str() {
            break backup.to_owned();
        }
    };
    stage.says(
        &[
            "backup",
            "modify",
            "--backup-id",
            &backup,
            "--never-expires",
            "true",
        ],
        0,
    );
    stage.says(
        &[
            "backup",
            "copy",
            "--backup-id",
            &backup,
            "--destination-region",
            "eu-west-1",
        ],
        0,
    );
    assert!(
        stage.says(
            &[
                "backup",
                "copy",
                "--backup-id",
                &backup,
                "--destination-region",
                "eu-west-1",
                "--wait"
            ],
            0
        )["copy"]
            .is_object()
    );
    let policy = |verb, more: &[&str], code| {
        stage.says(
            &[&["backup", "policy", verb, "--backup-id", &backup], more].concat(),
            code,
        )
    };
    std::fs::write(
        stage.place.path("policy.json"),
        "{\"Version\": \"2012-10-17\"}",
    )
    .unwrap();
    std::fs::write(stage.place.path("none.json"), "[]").unwrap();
    policy("put", &["--policy", "none.json"], 4);
    policy("put", &["--policy", "policy.json"], 0);
    assert_eq!(policy("get", &[], 0)["policy"]["Version"], "2012-10-17");
    policy("delete", &[], 2);
    assert!(policy("delete", &["--yes"], 0)["previous"].is_object());
    assert!(policy("get", &[], 0)["policy"].is_null());
    stage.says(&["backup", "delete", "--backup-id", &backup], 2);
    stage.says(
        &[
            "backup",
            "delete",
            "--backup-id",
            &backup,
            "--yes",
            "--wait",
        ],
        0,
    );
    stage.says(
        &[
            "backup",
            "copy",
            "--backup-id",
            &backup,
            "--destination-region",
            "eu-west-1",
        ],
        8,
    );
    stage.says(&["backup", "restore", "--backup-id", &backup, "--wait"], 0);
    stage.says(
        &["backup", "restore", "--backup-id", "backup-22222222222"],
        6,
    );

    stage.says(
        &[
            "tag",
            "add",
            "--resource-id",
            &backup,
            "--tag",
            "a=b",
            "--tag",
            "c=",
        ],
        0,
    );
    assert_eq!(
        stage.says(&["tag", "list", "--resource-id", &backup], 0)["tags"][0]["value"],
        "b"
    );
    stage.says(
        &["tag", "remove", "--resource-id", &backup, "--key", "a"],
        2,
    );
    stage.says(
        &[
            "tag",
            "remove",
            "--resource-id",
            &backup,
            "--key",
            "a",
            "--yes",
        ],
        0,
    );
    stage.says(&["tag", "list", "--resource-id", "cluster-22222222222"], 6);
}
