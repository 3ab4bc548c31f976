//! What stands between the two: lost answers, throttling, replaced CSRs, clusters in other states.

use super::closed::Closed;
use super::*;

#[test]
fn a_lost_answer_is_found_by_looking_and_a_lost_request_is_sent_again() {
    // Fault, how often, how often InitializeCluster then comes in all.
    for (fault, count, calls) in [
        (InjectedFault::CloseAfter, 1, 1),
        (InjectedFault::CloseBefore, 1, 2),
        (InjectedFault::InternalFailure, 1, 2),
        (InjectedFault::Unavailable, 1, 2),
        (InjectedFault::Throttling, 2, 3),
    ] {
        let stage = Stage::new();
        stage.signed();
        stage
            .simulator
            .inject_fault(Some("InitializeCluster"), fault, count);
        run(&mut stage.submit()).ends(0, "claimed");
        assert_eq!(stage.calls("InitializeCluster"), calls, "{fault:?}");
        assert_eq!(stage.receipt()["outcome"], "claimed");
    }
}

#[test]
fn throttled_and_dropped_descriptions_are_retried() {
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::Throttling, 2);
    run(&mut stage.online(&["status"])).ends(0, &stage.id);
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::CloseBefore, 1);
    run(&mut stage.bootstrap()).ends(0, "claimed");
}

#[test]
fn a_service_that_never_has_time_ends_with_6_and_nothing_is_claimed() {
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::Throttling, 100);
    run(&mut stage.online(&["status"])).ends(6, "throttled");
}

#[test]
fn an_initialization_that_never_ends_is_left_and_taken_up_again() {
    let stage = Stage::new();
    stage.signed();
    stage.simulator.inject_fault(
        Some("InitializeCluster"),
        InjectedFault::InitializeNeverEnds,
        1,
    );
    run(stage.submit().args(["--timeout", "1"])).ends(7, "run the same command again");
    stage
        .simulator
        .set_state(&stage.id, SimulatedClusterState::Initialized)
        .unwrap();
    run(&mut stage.submit()).ends(0, "nothing was changed");
    assert_eq!(stage.calls("InitializeCluster"), 1);
    assert_eq!(stage.receipt()["outcome"], "already-claimed");
}

#[test]
fn an_initialization_that_fails_is_told() {
    let stage = Stage::new();
    stage.signed();
    stage
        .simulator
        .inject_fault(Some("InitializeCluster"), InjectedFault::InitializeFails, 1);
    run(&mut stage.submit()).ends(6, "UNINITIALIZED again");
    run(&mut stage.submit()).ends(0, "claimed");
}

#[test]
fn a_replaced_csr_is_a_conflict_and_nothing_is_sent() {
    let stage = Stage::new();
    stage.signed();
    stage.simulator.replace_hsm(&stage.id).unwrap();
    let done = run(stage.submit().args(["--output", "json"])).ends(8, "");
    let error = &done.json()["error"];
    assert_eq!(
        (error["code"].as_u64(), error["kind"].as_str()),
        (Some(8), Some("csr-changed"))
    );
    assert!(error["hint"].as_str().unwrap().contains("hsmboot fetch"));
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

#[test]
fn another_cas_cluster_is_a_conflict_with_both_fingerprints() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    stage.make_ca("other");
    let done = run(&mut stage.bootstrap_with("other")).ends(8, "by another CA");
    assert_eq!(done.stderr.matches("SHA-256").count(), 2, "{}", done.stderr);
    // With neither CA at hand there is no saying that it is ours.
    let elsewhere = run(&mut stage.trusting(&[
        "bootstrap",
        "--cluster-id",
        &stage.id,
        "--bundle",
        "elsewhere",
    ]));
    elsewhere.ends(8, "no CA was given");
    assert!(!stage.path("elsewhere").exists());
    assert_eq!(stage.calls("InitializeCluster"), 1);
}

#[test]
fn the_same_ca_recognises_its_cluster_without_the_bundle() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    // With the bundle it knows the certificate; without it, only whose it is.
    run(&mut stage.bootstrap()).ends(
        0,
        "claimed already, with this very certificate; nothing was changed",
    );
    run(stage.bootstrap().args(["--bundle", "elsewhere"]))
        .ends(0, "claimed already, by this very CA; nothing was changed");
    assert!(!stage.path("elsewhere").exists());
}

#[test]
fn a_cluster_in_another_state_is_a_conflict_with_its_own_words() {
    let stage = Stage::new();
    stage.signed();
    for (state, says) in [
        (
            SimulatedClusterState::CreateInProgress,
            "still being created",
        ),
        (SimulatedClusterState::UpdateInProgress, "being changed"),
        (SimulatedClusterState::Degraded, "degraded"),
        (SimulatedClusterState::DeleteInProgress, "being deleted"),
    ] {
        stage.simulator.set_state(&stage.id, state).unwrap();
        run(&mut stage.submit()).ends(8, says);
    }
    assert_eq!(stage.calls("InitializeCluster"), 0);
}

#[test]
fn a_cluster_without_an_hsm_is_told_how_to_get_one() {
    let stage = Stage::new();
    let empty = support::create_cluster(&stage.simulator);
    support::until(&stage.simulator, &empty, |cluster| {
        cluster["State"] == "UNINITIALIZED"
    });
    for words in [
        vec!["fetch", "--cluster-id", &empty],
        vec!["bootstrap", "--cluster-id", &empty],
    ] {
        run(&mut stage.online(&words)).ends(8, "hsmboot hsm create");
    }
    assert!(!stage.path(&empty).exists());
}

#[test]
fn an_unknown_cluster_a_refusal_and_an_absent_service_end_with_6() {
    let stage = Stage::new();
    let unknown = "cluster-aaaaaaaaaaa";
    for command in [
        vec!["fetch"],
        vec!["status"],
        vec!["wait", "--for", "active"],
        vec!["bootstrap"],
    ] {
        let words = [command, vec!["--cluster-id", unknown]].concat();
        run(&mut stage.online(&words)).ends(6, unknown);
    }
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::AccessDenied, 1);
    run(&mut stage.online(&["status"])).ends(6, "cloudhsm:DescribeClusters");
    stage.signed();
    stage
        .simulator
        .inject_fault(Some("InitializeCluster"), InjectedFault::AccessDenied, 1);
    run(&mut stage.submit()).ends(6, "cloudhsm:InitializeCluster");
    assert!(!stage.bundle().contains_key("receipt.json"));
    let closed = Closed::new();
    run(hsmboot().args(["status", "--endpoint-url", &closed.url()])).ends(6, &closed.url());
}

#[test]
fn documents_name_no_directory_that_is_not_there_and_say_that_a_run_was_dry() {
    let stage = Stage::new();
    run(&mut stage.bootstrap()).ends(0, "claimed");
    let words = ["--bundle", "elsewhere", "--dry-run", "--output", "json"];
    let document = run(stage.bootstrap().args(words)).ends(0, "").json();
    assert_eq!(document["bundle"], Value::Null, "{document:#}");
    assert_eq!(
        (&document["dry_run"], &document["changed"]),
        (&true.into(), &false.into())
    );
    assert!(!stage.path("elsewhere").exists());
    let submit = run(stage.submit().args(["--dry-run", "--output", "json"]))
        .ends(0, "")
        .json();
    assert_eq!(submit["dry_run"], true, "{submit:#}");
    assert!(submit.get("superseded_by").is_none());
}

#[test]
fn a_certificate_that_another_run_overtook_is_named() {
    let stage = Stage::new();
    stage.signed();
    // Somebody else of the same CA signs the same CSR again, and is faster.
    let mut faster = stage.trusting(&["bootstrap", "--cluster-id", &stage.id]);
    faster.args(["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"]);
    run(faster.args(["--bundle", "faster"])).ends(0, "claimed");
    let document = run(stage.submit().args(["--output", "json"]))
        .ends(0, "")
        .json();
    assert_eq!(
        document["superseded_by"],
        document["cluster_certificate_sha256"]
    );
    assert_ne!(document["superseded_by"], document["signed_cert_sha256"]);
    assert_eq!(document["changed"], false);
}
