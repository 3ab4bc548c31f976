//! Members of answers that no model knows are shown as they came, in text and in JSON, and stop
//! nothing.

use serde_json::{Value, json};

use super::stage::{SUBNET, Stage};

/// Would clear the screen, turn the line around and begin one of its own.
const HOSTILE: &str = "x\u{1b}[2J\u{202e}\nFORGED";
const SHOWN: &str = "x\\u{1b}[2J\\u{202e}\\u{a}FORGED";

/// A stage whose service has members of tomorrow, a cluster with an HSM, and its backup.
fn of_tomorrow() -> (Stage, String, String) {
    let stage = Stage::new();
    for (structure, name, value) in [
        (
            "Cluster",
            "QuorumPolicy",
            json!({ "Approvers": 3, "Note": HOSTILE }),
        ),
        ("Cluster", HOSTILE, json!("cluster of tomorrow")),
        ("Hsm", "FirmwareVersion", json!("7.1.2")),
        ("Hsm", "Retired", json!(false)),
        ("Backup", "Encryption", json!(HOSTILE)),
    ] {
        stage.simulator.set_member(structure, name, value).unwrap();
    }
    let cluster = stage.cluster();
    let made = stage
        .run(&[
            "hsm",
            "create",
            "--cluster-id",
            &cluster,
            "--availability-zone",
            "us-east-1a",
            "--wait",
            "--output",
            "json",
        ])
        .ends(0, "");
    assert_eq!(
        made.json()["hsm"]["other"],
        json!({ "FirmwareVersion": "7.1.2", "Retired": "false" })
    );
    stage
        .simulator
        .set_state(&cluster, hsmboot::simulator::SimulatedClusterState::Active)
        .unwrap();
    stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &cluster,
        "--availability-zone",
        "us-east-1a",
        "--another",
        "--wait",
    ]);
    let backup = super::backup::until(|| {
        stage.json(&["backup", "list"])["backups"][0]["backup_id"]
            .as_str()
            .map(str::to_owned)
    });
    (stage, cluster, backup)
}

#[track_caller]
fn shows(text: &str, line: &str) {
    assert!(
        text.lines().any(|found| found.trim() == line),
        "no line `{line}` in\n{text}"
    );
    assert!(
        !text.contains(['\u{1b}', '\u{202e}'])
            && !text.lines().any(|line| line.starts_with("FORGED")),
        "{text:?}"
    );
}

#[test]
fn members_that_no_model_knows_are_shown_as_they_came() {
    let (stage, cluster, backup) = of_tomorrow();
    let policy = format!("{{\"Approvers\":3,\"Note\":{}}}", json!(HOSTILE));
    for words in [
        vec!["cluster", "show", "--cluster-id", &cluster],
        vec!["status", "--cluster-id", &cluster],
        vec!["status"],
    ] {
        let text = stage.run(&words).ends(0, "").stdout;
        shows(
            &text,
            &format!(
                "other         QuorumPolicy={}",
                policy.replace('\u{202e}', "\\u{202e}")
            ),
        );
        shows(&text, &format!("other         {SHOWN}=cluster of tomorrow"));
        shows(&text, "other  FirmwareVersion=7.1.2");
        shows(&text, "other  Retired=false");
        let document = stage.json(&words);
        let shown = document.get("cluster").unwrap_or(&document["clusters"][0]);
        assert_eq!(
            shown["other"],
            json!({ "QuorumPolicy": policy, HOSTILE: "cluster of tomorrow" }),
            "{words:?}"
        );
        assert_eq!(
            (
                &shown["other_left_out"],
                &shown["hsms"][0]["other_left_out"]
            ),
            (&json!(0), &json!(0))
        );
        for hsm in shown["hsms"].as_array().unwrap() {
            assert_eq!(
                hsm["other"],
                json!({ "FirmwareVersion": "7.1.2", "Retired": "false" }),
                "{words:?}"
            );
        }
    }
    shows(
        &stage.run(&["backup", "list"]).ends(0, "").stdout,
        &format!("{backup}  other  Encryption={SHOWN}"),
    );
    assert_eq!(
        stage.json(&["backup", "list"])["backups"][0]["other"],
        json!({ "Encryption": HOSTILE })
    );
    let modified = stage.json(&[
        "backup",
        "modify",
        "--backup-id",
        &backup,
        "--never-expires",
        "true",
    ]);
    assert_eq!(
        modified["backup"]["other"],
        json!({ "Encryption": HOSTILE })
    );
    for words in [
        vec!["cluster", "list"],
        vec!["cluster", "create", "--subnet-id", SUBNET],
    ] {
        let document = stage.json(&words);
        let shown = document.get("cluster").unwrap_or(&document["clusters"][0]);
        assert_eq!(shown["other"]["QuorumPolicy"], policy, "{words:?}");
    }
}

#[test]
fn a_claim_goes_on_whatever_members_there_are() {
    let stage = super::create::stage();
    for (structure, name) in [("Cluster", "New"), ("Cluster", HOSTILE), ("Hsm", "New")] {
        stage
            .simulator
            .set_member(
                structure,
                name,
                json!({ "State": "ACTIVE", "a": [HOSTILE, null, 1.5] }),
            )
            .unwrap();
    }
    stage
        .run(&super::create::words())
        .ends(0, "claimed cluster-");
}

#[test]
fn what_the_model_knows_is_no_other_member() {
    let stage = Stage::new();
    let cluster = stage.cluster();
    stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &cluster,
        "--availability-zone",
        "us-east-1a",
        "--wait",
    ]);
    // A password that the model has, and no command shows.
    stage
        .simulator
        .set_member("Cluster", "PreCoPassword", json!("do not show"))
        .unwrap();
    let shown = stage.json(&["cluster", "show", "--cluster-id", &cluster]);
    assert_eq!(
        (
            &shown["cluster"]["other"],
            &shown["cluster"]["hsms"][0]["other"]
        ),
        (&json!({}), &json!({}))
    );
    let text = stage
        .run(&["cluster", "show", "--cluster-id", &cluster])
        .ends(0, "")
        .stdout;
    assert!(
        !text.contains("other") && !text.contains("do not show"),
        "{text}"
    );
}

#[test]
fn more_members_than_are_kept_are_counted() {
    let stage = Stage::new();
    let cluster = stage.cluster();
    for n in 0..40 {
        stage
            .simulator
            .set_member("Cluster", &format!("New{n:02}"), json!("y".repeat(3000)))
            .unwrap();
    }
    let shown = stage.json(&["cluster", "show", "--cluster-id", &cluster])["cluster"].clone();
    let other = shown["other"].as_object().unwrap();
    assert_eq!((other.len(), &shown["other_left_out"]), (32, &json!(8)));
    assert!(
        other.values().all(|value| value
            .as_str()
            .is_some_and(|text| text.chars().count() == 2001)),
        "{other:?}"
    );
    shows(
        &stage
            .run(&["cluster", "show", "--cluster-id", &cluster])
            .ends(0, "")
            .stdout,
        "other         and 8 more",
    );
    let wrong = [("Tag", "New", json!(1)), ("cluster", "New", json!(1))];
    assert!(
        wrong
            .into_iter()
            .all(|(structure, name, value): (_, _, Value)| stage
                .simulator
                .set_member(structure, name, value)
                .is_err())
    );
}
