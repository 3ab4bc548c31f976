//! `backup policy`: who else may restore a cluster from a backup.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use hsmboot::simulator::InjectedFault;
use serde_json::json;

use super::backup::backed_up;
use super::stage::Stage;

const NONE: &str = "backup-aaaaaaaaaaa";

fn policy(account: &str) -> String {
    let statement = json!({
        "Effect": "Allow", "Principal": { "AWS": account },
        "Action": ["cloudhsm:CreateCluster", "cloudhsm:DescribeBackups"], "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

#[test]
fn a_policy_is_put_shown_replaced_and_deleted_by_the_backups_id_or_arn() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    let arn = stage.json(&["backup", "list"])["backups"][0]["backup_arn"]
        .as_str()
        .unwrap()
        .to_owned();
    stage.run(&["backup", "list"]).ends(0, &arn);
    let words = |verb: &'static str| vec!["backup", "policy", verb, "--backup-id", &backup];
    let by_arn = |verb: &'static str| vec!["backup", "policy", verb, "--backup-arn", &arn];
    stage.run(&words("get")).ends(0, "has no resource policy");
    let (first, second) = (policy("111122223333"), policy("444455556666"));
    fs::write(stage.path("first.json"), &first).unwrap();
    let put = stage.json(&[&words("put")[..], &["--policy", "first.json"]].concat());
    assert_eq!(
        (
            &put["changed"],
            &put["previous"],
            put["backup_arn"].as_str()
        ),
        (&true.into(), &json!(null), Some(arn.as_str()))
    );
    let again = stage.json(&[&by_arn("put")[..], &["--policy", "first.json"]].concat());
    assert_eq!(
        (&again["changed"], stage.calls("PutResourcePolicy")),
        (&false.into(), 1)
    );
    for words in [words("get"), by_arn("get")] {
        assert_eq!(
            stage.json(&words)["policy"],
            serde_json::from_str::<serde_json::Value>(&first).unwrap()
        );
        stage.run(&words).ends(0, "111122223333");
    }
    // From standard input, in place of the other.
    let mut command =
        stage.command(&[&words("put")[..], &["--policy", "-", "--output", "json"]].concat());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(second.as_bytes())
        .unwrap();
    let done: super::stage::Done = child.wait_with_output().unwrap().into();
    let replaced = done.ends(0, "").json();
    assert_eq!(
        replaced["previous"],
        serde_json::from_str::<serde_json::Value>(&first).unwrap()
    );
    stage.fails(&words("delete"), 2, "consent-missing");
    let deleted = stage.json(&[&words("delete")[..], &["--yes"]].concat());
    assert_eq!(
        (&deleted["changed"], &deleted["previous"]),
        (&true.into(), &serde_json::from_str(&second).unwrap())
    );
    assert_eq!(
        stage.json(&[&words("delete")[..], &["--yes"]].concat())["changed"],
        false
    );
    assert_eq!(stage.calls("DeleteResourcePolicy"), 1);
}

#[test]
fn what_is_no_policy_is_never_sent() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(20_000));
    for bad in [
        "",
        "[]",
        "{",
        "{} {}",
        "Version: 2012-10-17",
        "\u{feff}{}",
        &long,
    ] {
        fs::write(stage.path("policy.json"), bad).unwrap();
        let failed = stage.fails(
            &[
                "backup",
                "policy",
                "put",
                "--backup-id",
                &backup,
                "--policy",
                "policy.json",
            ],
            4,
            "bad-policy",
        );
        assert!(
            failed["error"]["message"]
                .as_str()
                .unwrap()
                .starts_with("policy.json"),
            "{failed:#}"
        );
    }
    fs::write(stage.path("policy.json"), [0xff, 0xfe]).unwrap();
    stage.fails(
        &[
            "backup",
            "policy",
            "put",
            "--backup-id",
            &backup,
            "--policy",
            "policy.json",
        ],
        4,
        "bad-policy",
    );
    fs::write(stage.path("policy.json"), vec![b'x'; 100_000]).unwrap();
    stage.fails(
        &[
            "backup",
            "policy",
            "put",
            "--backup-id",
            &backup,
            "--policy",
            "policy.json",
        ],
        4,
        "file-too-large",
    );
    stage.fails(
        &[
            "backup",
            "policy",
            "put",
            "--backup-id",
            &backup,
            "--policy",
            "nowhere.json",
        ],
        4,
        "file-missing",
    );
    assert_eq!(stage.calls("PutResourcePolicy"), 0);
}

#[test]
fn a_policy_for_everybody_is_an_alarm() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    fs::write(stage.path("policy.json"), policy("*")).unwrap();
    stage
        .run(&[
            "backup",
            "policy",
            "put",
            "--backup-id",
            &backup,
            "--policy",
            "policy.json",
        ])
        .ends(0, "every AWS account");
}

#[test]
fn an_unknown_backup_one_that_is_not_ready_and_a_lost_answer_are_told_apart() {
    let stage = Stage::new();
    let (_, backup) = backed_up(&stage);
    fs::write(stage.path("policy.json"), policy("111122223333")).unwrap();
    let put = |id: &str| {
        [
            "backup",
            "policy",
            "put",
            "--policy",
            "policy.json",
            "--backup-id",
            id,
        ]
        .map(str::to_owned)
    };
    let words = |words: &[String]| -> Vec<String> { words.to_vec() };
    let fails = |id: &str, code, kind| {
        let words = words(&put(id));
        stage.fails(
            &words.iter().map(String::as_str).collect::<Vec<_>>(),
            code,
            kind,
        )
    };
    fails(NONE, 6, "backup-not-found");
    let unknown = format!("arn:aws:cloudhsm:us-east-1:111122223333:backup/{NONE}");
    stage.fails(
        &["backup", "policy", "get", "--backup-arn", &unknown],
        6,
        "backup-not-found",
    );
    stage
        .simulator
        .inject_fault(Some("PutResourcePolicy"), InjectedFault::CloseBefore, 1);
    fails(&backup, 6, "service-failure");
    stage
        .simulator
        .inject_fault(Some("PutResourcePolicy"), InjectedFault::CloseAfter, 1);
    stage
        .run(&[
            "backup",
            "policy",
            "put",
            "--policy",
            "policy.json",
            "--backup-id",
            &backup,
        ])
        .ends(0, "has this policy now");
    assert_eq!(stage.calls("PutResourcePolicy"), 2);
    stage
        .simulator
        .inject_fault(Some("DeleteResourcePolicy"), InjectedFault::CloseAfter, 1);
    stage
        .run(&[
            "backup",
            "policy",
            "delete",
            "--backup-id",
            &backup,
            "--yes",
        ])
        .ends(0, "deleted");
    stage
        .run(&["backup", "delete", "--backup-id", &backup, "--yes"])
        .ends(0, "PENDING_DELETION");
    fails(&backup, 8, "backup-state");
}
