//! `bootstrap --create-hsm`: a cluster that another tool made, and that has no HSM yet.

use super::*;

/// A stage with a cluster that has no HSM.
fn empty_cluster(stage: &Stage) -> String {
    let id = support::create_cluster(&stage.simulator);
    support::until(&stage.simulator, &id, |cluster| {
        cluster["State"] == "UNINITIALIZED"
    });
    id
}

fn bootstrap(stage: &Stage, id: &str, more: &[&str]) -> Command {
    let words = [
        "bootstrap",
        "--cluster-id",
        id,
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
        "ca/customerCA.key",
        "--output",
        "json",
    ];
    stage.trusting(&[&words[..], more].concat())
}

const FIRST: [&str; 3] = ["--create-hsm", "--availability-zone", "us-east-1a"];

#[test]
fn the_first_hsm_is_created_and_the_cluster_claimed_and_a_second_run_adds_none() {
    let stage = Stage::new();
    let id = empty_cluster(&stage);
    let before = stage.calls("CreateHsm");
    // It stops after the HSM is there, and goes on.
    stage
        .simulator
        .inject_fault(Some("InitializeCluster"), InjectedFault::AccessDenied, 1);
    run(&mut bootstrap(&stage, &id, &FIRST)).ends(6, "InitializeCluster");
    let document = run(&mut bootstrap(&stage, &id, &FIRST)).ends(0, "").json();
    assert_eq!(
        (&document["outcome"], &document["changed"]),
        (&"claimed".into(), &true.into())
    );
    let again = run(&mut bootstrap(&stage, &id, &FIRST)).ends(0, "").json();
    assert_eq!(again["changed"], false);
    assert_eq!(stage.calls("CreateHsm"), before + 1);
    let live = support::describe(&stage.simulator, &id);
    assert_eq!(live["Hsms"].as_array().unwrap().len(), 1);
    assert_eq!(live["Hsms"][0]["AvailabilityZone"], "us-east-1a");
}

#[test]
fn an_answer_that_is_lost_makes_no_second_hsm() {
    let stage = Stage::new();
    let id = empty_cluster(&stage);
    stage
        .simulator
        .inject_fault(Some("CreateHsm"), InjectedFault::CloseAfter, 1);
    run(&mut bootstrap(&stage, &id, &FIRST)).ends(0, "");
    let live = support::describe(&stage.simulator, &id);
    assert_eq!(live["Hsms"].as_array().unwrap().len(), 1);
}

#[test]
fn one_that_has_an_hsm_gets_no_other() {
    let stage = Stage::new();
    let before = stage.calls("CreateHsm");
    run(&mut bootstrap(&stage, &stage.id, &FIRST)).ends(0, "");
    // Another zone than its HSM's changes nothing either.
    let more = ["--create-hsm", "--availability-zone", "us-east-1b"];
    run(&mut bootstrap(&stage, &stage.id, &more)).ends(0, "");
    assert_eq!(stage.calls("CreateHsm"), before);
}

#[test]
fn a_zone_without_a_subnet_and_a_ca_without_a_key_create_nothing() {
    let stage = Stage::new();
    let id = empty_cluster(&stage);
    let before = stage.calls("CreateHsm");
    let zone = ["--create-hsm", "--availability-zone", "us-east-1f"];
    let error = run(&mut bootstrap(&stage, &id, &zone)).ends(8, "").json()["error"].clone();
    assert_eq!(error["kind"], "zone-without-subnet");
    assert!(error["hint"].as_str().unwrap().contains("us-east-1a"));
    let words = [
        "bootstrap",
        "--cluster-id",
        &id,
        "--ca",
        "ca/customerCA.crt",
        "--create-hsm",
        "--availability-zone",
        "us-east-1a",
    ];
    run(&mut stage.trusting(&words)).ends(5, "its key is not at hand");
    // Nor where no root would vouch for its HSM.
    let words = [&words[..], &["--ca-key", "ca/customerCA.key"]].concat();
    run(&mut stage.online(&words)).ends(3, "is missing");
    assert_eq!(stage.calls("CreateHsm"), before);
    assert!(!stage.path(&id).exists());
}

#[test]
fn without_the_option_it_ends_at_once_and_names_it() {
    let stage = Stage::new();
    let id = empty_cluster(&stage);
    let error = run(&mut bootstrap(&stage, &id, &[])).ends(8, "").json()["error"].clone();
    assert_eq!(error["kind"], "no-hsm");
    let hint = error["hint"].as_str().unwrap();
    for words in [
        "hsmboot hsm create",
        "--create-hsm --availability-zone us-east-1a",
    ] {
        assert!(hint.contains(words), "{hint}");
    }
    // The options go together, and with nothing else that creates.
    for (words, says) in [
        (&["--availability-zone", "us-east-1a"][..], "--create-hsm"),
        (&["--create-hsm"], "--availability-zone"),
        (
            &[
                "--create-hsm",
                "--availability-zone",
                "us-east-1a",
                "--dry-run",
            ],
            "--dry-run",
        ),
    ] {
        run(&mut bootstrap(&stage, &id, words)).ends(2, says);
    }
}

#[test]
fn no_hsm_is_created_for_a_key_that_is_another_cas() {
    let stage = Stage::new();
    let id = empty_cluster(&stage);
    stage.make_ca("other");
    let before = stage.calls("CreateHsm");
    let words = [
        "bootstrap",
        "--cluster-id",
        &id,
        "--ca",
        "ca/customerCA.crt",
        "--ca-key",
        "other/customerCA.key",
    ];
    let words = [&words[..], &FIRST].concat();
    run(&mut stage.trusting(&words)).ends(5, "the CA key is not the CA certificate's");
    assert_eq!(stage.calls("CreateHsm"), before);
}

/// Its own words with the option once more would be no command line.
#[test]
fn who_creates_the_hsm_already_is_told_to_run_it_again() {
    use hsmboot::simulator::SimulatedHsmState;
    let mut stage = Stage::new();
    // States of transition last for minutes.
    stage.simulator = Simulator::spawn(support::options()).unwrap();
    stage.simulator.write_roots(&stage.path("roots")).unwrap();
    let id = support::create_cluster(&stage.simulator);
    let there = SimulatedClusterState::Uninitialized;
    stage.simulator.set_state(&id, there).unwrap();
    let started = || {
        let mut command = bootstrap(&stage, &id, &FIRST);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let live = support::until(&stage.simulator, &id, |cluster| {
            let hsms = cluster["Hsms"].as_array().unwrap();
            hsms.iter().any(|hsm| hsm["State"] == "CREATE_IN_PROGRESS")
        });
        (child, live)
    };
    // Another operator deletes it while it is made.
    let (child, live) = started();
    let hsm = live["Hsms"][0]["HsmId"].as_str().unwrap();
    stage
        .simulator
        .set_hsm_state(&id, hsm, SimulatedHsmState::Deleted)
        .unwrap();
    let done: Done = child.wait_with_output().unwrap().into();
    let error = done.ends(8, "").json()["error"].clone();
    assert_eq!(error["kind"], "no-hsm");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("run the same command again"), "{hint}");
    assert_eq!(error.get("next"), None, "{error:#}");
    // As it says: it makes another.
    let before = stage.calls("CreateHsm");
    let (mut child, _) = started();
    assert_eq!(stage.calls("CreateHsm"), before + 1);
    child.kill().unwrap();
    child.wait().unwrap();
}
