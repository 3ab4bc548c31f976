//! A creation that was interrupted, refused or replaced, and what the next run makes of it.

use std::time::{Duration, Instant};

use hsmboot::bundle::Creation;
use hsmboot::simulator::{Options, SimulatedClusterState, Simulator, Speed};
use hsmboot::x509::{sha256, to_hex};
use serde_json::Value;

use super::*;

#[test]
fn a_lost_answer_is_found_by_the_clusters_tag() {
    let stage = stage();
    stage
        .simulator
        .inject_fault(Some("CreateCluster"), InjectedFault::CloseAfter, 1);
    stage
        .simulator
        .inject_fault(Some("CreateHsm"), InjectedFault::CloseAfter, 1);
    stage.run(&words()).ends(0, "claimed");
    one_of_each(&stage);
    assert_eq!(stage.calls("CreateHsm"), 1);
    let creation = stage.file("new/creation.json");
    let shown = stage.json(&[
        "cluster",
        "show",
        "--cluster-id",
        creation["cluster_id"].as_str().unwrap(),
    ]);
    assert_eq!(shown["cluster"]["tags"][0]["value"], creation["token"]);
}

#[test]
fn a_run_that_ended_before_the_id_arrived_is_taken_up_by_the_tag() {
    let stage = stage();
    stage.run(&words()).ends(0, "claimed");
    // As it was after the first step, before CreateCluster was answered.
    let mut creation = stage.file("new/creation.json");
    let id = creation
        .as_object_mut()
        .unwrap()
        .remove("cluster_id")
        .unwrap();
    let content =
        hsmboot::bundle::to_document(&serde_json::from_value::<Creation>(creation).unwrap());
    let first = &stage.entries("new")[0];
    assert_eq!(
        (
            &first.cluster_id,
            first.sends.as_ref().map(ToString::to_string).as_deref()
        ),
        (&None, Some("CreateCluster"))
    );
    assert_eq!(
        first.outputs.get("creation.json").unwrap().as_raw(),
        to_hex(&sha256(&content))
    );
    let transcript = fs::read_to_string(stage.path("new/transcript.jsonl")).unwrap();
    fs::remove_dir_all(stage.path("new")).unwrap();
    fs::create_dir(stage.path("new")).unwrap();
    fs::write(stage.path("new/creation.json"), content).unwrap();
    fs::write(
        stage.path("new/transcript.jsonl"),
        transcript.split_inclusive('\n').next().unwrap(),
    )
    .unwrap();
    stage.run(&words()).ends(0, "nothing was changed");
    assert_eq!(stage.file("new/creation.json")["cluster_id"], id);
    one_of_each(&stage);
}

fn intent(stage: &Stage, asked_at: &str) {
    plant(
        stage,
        &serde_json::json!({
            "format": "hsmboot-creation/1", "token": "00112233445566778899aabbccddeeff",
            "region": "us-east-1", "endpoint": stage.simulator.url(),
            "hsm_type": "hsm2m.medium", "mode": "FIPS", "subnet_ids": [SUBNET], "tags": {},
            "asked_at": asked_at, "tool": "hsmboot 0.1.0",
        }),
    );
}

#[test]
fn a_request_that_may_still_take_effect_is_not_sent_again_and_one_that_cannot_is() {
    let stage = stage();
    let now = Command::new("date")
        .args(["-u", "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .unwrap()
        .stdout;
    intent(&stage, String::from_utf8(now).unwrap().trim());
    let failed = stage.fails(&words(), 7, "creation-unknown");
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("new/creation.json"),
        "{failed:#}"
    );
    assert_eq!(stage.calls("CreateCluster"), 0);
    intent(&stage, "2020-01-01T00:00:00Z");
    stage.run(&words()).ends(0, "asking again");
    one_of_each(&stage);
}

#[test]
fn a_refusal_is_written_down_and_binds_nobody() {
    for more in [&[][..], &["--retention-days", "30"]] {
        let stage = stage();
        stage
            .simulator
            .inject_fault(Some("CreateCluster"), InjectedFault::AccessDenied, 1);
        let failed = stage.fails(&words(), 6, "access-denied");
        assert!(
            failed["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("cloudhsm:TagResource"),
            "{failed:#}"
        );
        let refused = stage.file("new/creation.json");
        assert!(
            refused["refused_at"].is_string() && refused["cluster_id"].is_null(),
            "{refused:#}"
        );
        stage
            .run(&["transcript", "verify", "new"])
            .ends(0, "2 steps");
        // The same order or another one: nothing was created, and a cluster is asked for at once.
        stage.run(&[&words()[..], more].concat()).ends(0, "claimed");
        let made = stage.file("new/creation.json");
        assert!(
            made["refused_at"].is_null() && made["cluster_id"].is_string(),
            "{made:#}"
        );
        assert_eq!((stage.clusters(), stage.calls("InitializeCluster")), (1, 1));
        stage
            .run(&["transcript", "verify", "new"])
            .ends(0, "the transcript holds");
    }
}

#[test]
fn another_creation_does_not_take_over_the_bundle() {
    let stage = stage();
    stage.run(&words()).ends(0, "claimed");
    stage.fails(
        &[&words()[..], &["--subnet-id", "subnet-1a2b3c4d"]].concat(),
        8,
        "creation-differs",
    );
    stage.fails(
        &[&words()[..], &["--region", "eu-west-1"]].concat(),
        8,
        "creation-differs",
    );
    stage.fails(
        &[&words()[..], &["--retention-days", "30"]].concat(),
        8,
        "creation-differs",
    );
    // Its mode and its addresses are for good: another one is another cluster.
    for (option, value) in [
        ("--mode", "non-fips"),
        ("--network-type", "dualstack"),
        ("--network-type", "ipv4"),
    ] {
        let differs = stage.fails(
            &[&words()[..], &[option, value]].concat(),
            8,
            "creation-differs",
        );
        assert!(
            differs["error"]["message"]
                .as_str()
                .unwrap()
                .contains("hsm2m.medium FIPS"),
            "{differs:#}"
        );
        let facts = &differs["error"]["facts"];
        assert_eq!(facts["file"], "new/creation.json", "{differs:#}");
        assert!(
            facts["cluster_id"]
                .as_str()
                .unwrap()
                .starts_with("cluster-"),
            "{differs:#}"
        );
    }
    one_of_each(&stage);
}

#[test]
fn a_wrong_zone_keeps_the_cluster_and_the_right_one_goes_on_with_it() {
    let stage = stage();
    let wrong: Vec<&str> = words()
        .into_iter()
        .map(|word| {
            if word == "us-east-1a" {
                "us-east-1b"
            } else {
                word
            }
        })
        .collect();
    let failed = stage.fails(&wrong, 8, "zone-without-subnet");
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("the same command goes on with it"),
        "{failed:#}"
    );
    stage.run(&words()).ends(0, "claimed");
    one_of_each(&stage);
}

#[test]
fn a_cluster_that_was_deleted_since_is_not_replaced_silently() {
    let stage = stage();
    stage.run(&words()).ends(0, "claimed");
    let mut creation = stage.file("new/creation.json");
    stage
        .simulator
        .set_state(
            creation["cluster_id"].as_str().unwrap(),
            SimulatedClusterState::Deleted,
        )
        .unwrap();
    creation["asked_at"] = "2020-01-01T00:00:00Z".into();
    plant(&stage, &creation);
    stage.fails(&words(), 8, "cluster-deleted");
    assert_eq!(stage.calls("CreateCluster"), 1);
}

#[test]
fn an_interrupted_run_goes_on_with_its_cluster() {
    let slow = Simulator::spawn(Options {
        speed: Speed::from_factor(0.02).unwrap(),
        ..crate::support::options()
    })
    .unwrap();
    let stage = stage();
    slow.write_roots(&stage.path("roots")).unwrap();
    let run = || {
        let mut command = super::super::stage::hsmboot();
        command
            .current_dir(stage.path(""))
            .args(words())
            .args(["--endpoint-url", &slow.url()]);
        command
    };
    let mut child = run()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let id = loop {
        let text = fs::read(stage.path("new/creation.json")).unwrap_or_default();
        let creation: Value = serde_json::from_slice(&text).unwrap_or_default();
        if let Some(id) = creation["cluster_id"].as_str() {
            break id.to_owned();
        }
        if child.try_wait().unwrap().is_some() || began.elapsed() > super::super::support::HANGS {
            child.kill().unwrap();
            super::super::stage::Done::from(child.wait_with_output().unwrap())
                .ends(130, "what it did before it was interrupted");
            unreachable!();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    super::super::stage::Done::from(child.wait_with_output().unwrap()).ends(130, "interrupted");
    let again: super::super::stage::Done = run().output().unwrap().into();
    again
        .ends(0, &format!("going on with {id}"))
        .ends(0, "claimed");
    assert_eq!(slow.call_counts()["CreateCluster"], 1);
    assert_eq!(slow.call_counts()["CreateHsm"], 1);
}
