//! `hsmboot plan`: each action is seen once, with its reason, and nothing changes.

use hsmboot::simulator::{SimulatedClusterState, SimulatedHsmState};

use super::*;

/// The plan for these words, by the simulator's roots.
fn plan(stage: &Stage, words: &[&str]) -> Done {
    run(stage.trusting(&["plan"]).args(words))
}

/// The one row of a plan in JSON.
#[track_caller]
fn row(stage: &Stage, words: &[&str], code: i32) -> Value {
    let done = plan(stage, &[words, &["--output", "json"]].concat()).ends(code, "");
    let document = done.json();
    assert_eq!(document["changed"], false);
    assert_eq!(document["clusters"].as_array().unwrap().len(), 1);
    document["clusters"][0].clone()
}

pub(super) const CA: [&str; 2] = ["--ca", "ca/customerCA.crt"];

#[test]
fn an_unclaimed_cluster_of_a_proven_hsm_is_to_be_claimed() {
    let stage = Stage::new();
    let words = [&[stage.id.as_str()], &CA[..]].concat();
    let found = row(&stage, &words, 0);
    assert_eq!(
        (
            &found["action"],
            &found["owner"],
            &found["roots"],
            &found["state"]
        ),
        (
            &"claim".into(),
            &"nobody".into(),
            &"given".into(),
            &"UNINITIALIZED".into()
        )
    );
    let next = found["next"].as_str().unwrap();
    assert!(next.starts_with("hsmboot bootstrap --cluster-id"), "{next}");
    assert!(next.contains("--ca ca/customerCA.crt"), "{next}");
    assert!(next.contains("--aws-root roots/aws-root.crt"), "{next}");
    // It goes where this one went.
    assert!(
        next.ends_with(&format!("--endpoint-url {}", stage.simulator.url())),
        "{next}"
    );
    // The code for gates is asked for apart.
    plan(&stage, &words).ends(0, "1 cluster: 1 claim");
    plan(&stage, &[&words[..], &["--detailed-exitcode"]].concat()).ends(10, "claim");
    // Nothing was written, and nothing but reading was asked of the service.
    assert!(!stage.path(&stage.id).exists());
    let calls = stage.simulator.call_counts();
    assert_eq!(
        calls
            .keys()
            .filter(|call| call.as_str() == "InitializeCluster")
            .count(),
        0
    );
    // What it says to do works, and then there is nothing left to do.
    let next = next.replace("--ca-key KEY", "--ca-key ca/customerCA.key");
    let program = stage
        .hsmboot(&[])
        .get_program()
        .to_string_lossy()
        .into_owned();
    let next = next.replacen("hsmboot ", &format!("{program} "), 1);
    let mut shell = Command::new("sh");
    shell.args(["-c", &next]).current_dir(stage.dir.path());
    run(&mut shell).ends(0, "claimed");
    let found = row(&stage, &[&words[..], &["--detailed-exitcode"]].concat(), 0);
    assert_eq!(
        (&found["action"], &found["owner"]),
        (&"none".into(), &"this-ca".into())
    );
    // Of the same cluster another CA's operator learns that it is not theirs.
    stage.make_ca("other");
    let found = row(
        &stage,
        &[
            &stage.id,
            "--ca",
            "other/customerCA.crt",
            "--detailed-exitcode",
        ],
        10,
    );
    assert_eq!(
        (&found["action"], &found["owner"]),
        (&"investigate".into(), &"another-ca".into())
    );
}

#[test]
fn an_hsm_that_nothing_proves_is_not_to_be_claimed() {
    let stage = Stage::new();
    let words = [
        "plan",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
        "--output",
        "json",
    ];
    let document = run(&mut stage.online(&words)).ends(0, "investigate").json();
    let found = &document["clusters"][0];
    assert_eq!(
        (&found["action"], &found["roots"]),
        (&"investigate".into(), &"built-in".into())
    );
    let failed = found["failed_checks"].as_array().unwrap();
    assert!(failed.contains(&"aws.signature".into()), "{failed:?}");
    assert!(found["next"].is_null());
}

#[test]
fn a_ca_that_cloudhsm_would_refuse_is_said_before_anything_is_signed() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let (other, _) = support::ready_cluster(&stage.simulator);
    // A certificate, but of a cluster: it signs nothing.
    let leaf = format!("{0}/{0}_CustomerHsmCertificate.crt", stage.id);
    let found = row(&stage, &[&other, "--ca", &leaf], 0);
    assert_eq!(
        (&found["action"], &found["owner"]),
        (&"investigate".into(), &"nobody".into())
    );
    let why = found["why"].as_str().unwrap();
    assert!(why.contains("CloudHSM would refuse this CA"), "{why}");
    assert!(found["next"].is_null());
}

#[test]
fn a_cluster_without_a_working_hsm_needs_one() {
    let stage = Stage::new();
    let bare = support::create_cluster(&stage.simulator);
    let found = row(&stage, &[&[bare.as_str()], &CA[..]].concat(), 0);
    assert_eq!(found["action"], "create-hsm");
    assert!(
        found["next"]
            .as_str()
            .unwrap()
            .starts_with("hsmboot hsm create"),
        "{found}"
    );

    let hsm = support::create_hsm(&stage.simulator, &bare);
    stage
        .simulator
        .set_hsm_state(&bare, &hsm, SimulatedHsmState::Degraded)
        .unwrap();
    let found = row(&stage, &[&[bare.as_str()], &CA[..]].concat(), 0);
    assert_eq!(found["action"], "replace-hsm");
    assert!(
        found["next"]
            .as_str()
            .unwrap()
            .starts_with("hsmboot hsm delete"),
        "{found}"
    );
}

#[test]
fn what_the_service_is_at_work_on_is_waited_for() {
    let stage = Stage::new();
    stage
        .simulator
        .set_state(&stage.id, SimulatedClusterState::InitializeInProgress)
        .unwrap();
    let found = row(&stage, &[&[stage.id.as_str()], &CA[..]].concat(), 0);
    assert_eq!(found["action"], "wait");
    assert!(
        found["next"].as_str().unwrap().starts_with("hsmboot wait"),
        "{found}"
    );
}

#[test]
fn all_clusters_are_planned_in_one_table() {
    let stage = Stage::new();
    support::create_cluster(&stage.simulator);
    let done = plan(&stage, &[&["--all"], &CA[..]].concat()).ends(0, "");
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert!(lines[0].starts_with("CLUSTER "), "{}", done.stdout);
    assert!(
        lines[3] == "2 clusters: 1 claim, 1 create-hsm, in us-east-1",
        "{}",
        done.stdout
    );
}

/// Nothing found is a finding of one region, and of one account where the credentials name it.
#[test]
fn where_clusters_were_looked_for_is_said_also_where_there_are_none() {
    let stage = Stage::new();
    let elsewhere = [&["--all", "--region", "eu-west-1"], &CA[..]].concat();
    plan(&stage, &elsewhere).ends(0, "no clusters in eu-west-1\n");
    let mut command = stage.trusting(&["plan", "--output", "json"]);
    let done = run(command
        .args(&elsewhere)
        .env("AWS_ACCESS_KEY_ID", "AKIA")
        .env("AWS_SECRET_ACCESS_KEY", "not one")
        .env("AWS_ACCOUNT_ID", "111122223333"));
    let document = done.ends(0, "").json();
    assert_eq!(
        document["summary"],
        "no clusters in eu-west-1, account 111122223333"
    );
    assert_eq!(
        document["looked_in"],
        serde_json::json!([{
            "region": "eu-west-1",
            "endpoint": stage.simulator.url(),
            "account": "111122223333",
        }])
    );
    // Of named clusters it is where they are; an ARN says it.
    let named = format!(
        "arn:aws:cloudhsm:us-east-1:111122223333:cluster/{}",
        stage.id
    );
    let one = plan(&stage, &[&[named.as_str()], &CA[..]].concat());
    one.ends(0, "1 cluster: 1 claim, in us-east-1\n");
    let mut two = stage.trusting(&["plan", "--output", "json", &named, "cluster-unknowncluster"]);
    let both = run(two.args(CA)).ends(6, "").json();
    assert_eq!(both["looked_in"].as_array().unwrap().len(), 1, "{both:#}");
}

#[test]
fn one_that_cannot_be_read_hides_no_other() {
    let stage = Stage::new();
    let words = [
        "cluster-unknowncluster",
        &stage.id,
        "--ca",
        "ca/customerCA.crt",
    ];
    let done = plan(&stage, &[&words[..], &["--output", "json"]].concat()).ends(6, "");
    let document = done.json();
    assert_eq!(document["error"]["kind"], "cluster-not-found");
    assert_eq!(
        document["clusters"][0]["error"]["kind"],
        "cluster-not-found"
    );
    assert_eq!(document["clusters"][1]["action"], "claim");
}

#[test]
fn a_command_that_names_no_cluster_or_two_ways_is_wrong() {
    let stage = Stage::new();
    plan(&stage, &CA).ends(2, "<ID>...");
    plan(&stage, &[&["--all", "--only", "a=b"], &CA[..]].concat()).ends(2, "--only");
    plan(&stage, &[&["--all", &stage.id], &CA[..]].concat()).ends(2, "cannot be used with");
    plan(&stage, &["../x", "--ca", "ca/customerCA.crt"]).ends(2, "is not a cluster's id");
}

/// InitializeCluster may fall back: then nobody has claimed the cluster.
#[test]
fn a_cluster_that_is_being_claimed_is_not_claimed_yet() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    for state in [
        SimulatedClusterState::InitializeInProgress,
        SimulatedClusterState::ModifyInProgress,
    ] {
        stage.simulator.set_state(&stage.id, state).unwrap();
        let words = [&[stage.id.as_str()], &CA[..], &["--detailed-exitcode"]].concat();
        assert_eq!(row(&stage, &words, 10)["action"], "wait", "{state:?}");
    }
}
