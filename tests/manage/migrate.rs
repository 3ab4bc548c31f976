//! `cluster modify --hsm-type`: a cluster of hsm1.medium becomes one of hsm2m.medium, or goes back.

use std::time::Duration;

use hsmboot::simulator::{InjectedFault, Options, SimulatedClusterState, Simulator, Speed};

use super::stage::{Done, Stage, at_a_terminal, hsmboot};
use super::support;

/// A cluster of hsm1.medium with so many HSMs, ACTIVE.
fn old_cluster(simulator: &Simulator, hsms: usize) -> String {
    let id = simulator.create_hsm1_cluster("us-east-1").unwrap();
    simulator
        .set_state(&id, SimulatedClusterState::Active)
        .unwrap();
    for _ in 0..hsms {
        support::create_hsm(simulator, &id);
    }
    support::until(simulator, &id, |now| {
        now["Hsms"]
            .as_array()
            .unwrap()
            .iter()
            .all(|hsm| hsm["State"] == "ACTIVE")
    });
    id
}

fn modify<'a>(id: &'a str, hsm_type: &'a str) -> Vec<&'a str> {
    vec![
        "cluster",
        "modify",
        "--cluster-id",
        id,
        "--hsm-type",
        hsm_type,
    ]
}

#[test]
fn a_migration_is_asked_for_waited_for_and_taken_back() {
    let stage = Stage::new();
    let id = old_cluster(&stage.simulator, 2);
    let (there, back) = (modify(&id, "hsm2m.medium"), modify(&id, "hsm1.medium"));
    stage.fails(&there, 2, "consent-missing");
    assert_eq!(
        stage.json(&[&back[..], &["--yes"]].concat())["changed"],
        false,
        "it is of that type already"
    );
    assert_eq!(stage.calls("ModifyCluster"), 0);
    let done = stage
        .run(&[&there[..], &["--yes", "--wait"]].concat())
        .ends(0, "is of hsm2m.medium; it can be taken back until");
    for said in [
        "2 HSMs",
        "30 minutes",
        "no HSM can be created or deleted",
        &format!("hsmboot {}", back.join(" ")),
    ] {
        assert!(done.stderr.contains(said), "no `{said}` in {}", done.stderr);
    }
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    assert!(
        shown["cluster"]["hsm_type_rollback_expiration"].is_string(),
        "{shown:#}"
    );
    assert_eq!(shown["cluster"]["hsms"][1]["hsm_type"], "hsm2m.medium");
    stage
        .run(&["status", "--cluster-id", &id])
        .ends(0, "its type can be changed back until")
        .ends(0, "hsm2m.medium, FIPS");
    assert_eq!(
        stage.json(&[&there[..], &["--yes", "--wait"]].concat())["changed"],
        false
    );
    // The command that was named, word for word, but for the question.
    stage
        .run(&[&back[..], &["--yes", "--wait"]].concat())
        .ends(0, "is of hsm1.medium")
        .ends(0, "HSM type rollback considerations");
    assert_eq!(stage.calls("ModifyCluster"), 2);
    stage
        .run(&[&there[..], &["--yes", "--wait", "--retention-days", "30"]].concat())
        .ends(0, "30 days")
        .ends(0, "is of hsm2m.medium");
    assert_eq!(
        stage.calls("ModifyCluster"),
        3,
        "type and days in one request"
    );
    // By the service's clock it is too late, and by this machine's it is not.
    stage
        .simulator
        .advance_clock(Duration::from_secs(25 * 3600));
    stage
        .run(&[&back[..], &["--yes"]].concat())
        .ends(6, "24 hours have passed");
}

#[test]
fn at_a_terminal_the_answer_decides() {
    let stage = Stage::new();
    let id = old_cluster(&stage.simulator, 1);
    let words = modify(&id, "hsm2m.medium");
    let (done, screen) = at_a_terminal(&stage, "no\n", &words);
    assert!(
        !done
            && screen.contains("nothing was changed")
            && screen.contains("from hsm1.medium to hsm2m.medium"),
        "{screen}"
    );
    assert_eq!(stage.calls("ModifyCluster"), 0);
    let (done, screen) = at_a_terminal(&stage, "yes\n", &words);
    assert!(done, "{screen}");
    assert_eq!(stage.calls("ModifyCluster"), 1);
}

#[test]
fn what_does_not_allow_a_migration_is_found_out_before_anything_is_sent() {
    let stage = Stage::new();
    let many = old_cluster(&stage.simulator, 28);
    let refused = stage.fails(
        &[&modify(&many, "hsm2m.medium")[..], &["--yes"]].concat(),
        8,
        "type-change-forbidden",
    );
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("28 HSMs"),
        "{refused:#}"
    );
    let new = stage.cluster();
    stage.fails(
        &[&modify(&new, "hsm3.large")[..], &["--yes"]].concat(),
        8,
        "type-change-forbidden",
    );
    stage.fails(
        &[&modify(&new, "hsm1.medium")[..], &["--yes"]].concat(),
        8,
        "type-change-forbidden",
    );
    assert_eq!(stage.calls("ModifyCluster"), 0);
    // A type that is not known is the service's to refuse.
    stage
        .simulator
        .set_state(&new, SimulatedClusterState::Active)
        .unwrap();
    stage
        .run(&[&modify(&new, "hsm3.large")[..], &["--yes"]].concat())
        .ends(
            6,
            "hsm3.large is no type that this version of hsmboot knows",
        );
    assert_eq!(stage.calls("ModifyCluster"), 1);
}

#[test]
fn a_lost_answer_is_looked_up_and_the_request_is_not_sent_again() {
    let stage = Stage::new();
    let id = old_cluster(&stage.simulator, 1);
    let words = [&modify(&id, "hsm2m.medium")[..], &["--yes", "--wait"]].concat();
    stage
        .simulator
        .inject_fault(Some("ModifyCluster"), InjectedFault::CloseBefore, 1);
    stage.fails(&words, 6, "service-failure");
    stage
        .simulator
        .inject_fault(Some("ModifyCluster"), InjectedFault::CloseAfter, 1);
    stage.run(&words).ends(0, "is of hsm2m.medium");
    assert_eq!(stage.calls("ModifyCluster"), 2);
}

/// A simulator in which a migration takes its time, and the program on it.
pub(crate) struct Slow(Simulator);

impl Slow {
    pub(crate) fn new() -> Self {
        Slow(
            Simulator::spawn(Options {
                speed: Speed::from_factor(0.001).unwrap(),
                ..crate::support::options()
            })
            .unwrap(),
        )
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    pub(crate) fn cluster(&self) -> String {
        let id = self.0.create_hsm1_cluster("us-east-1").unwrap();
        self.0.advance_clock(Duration::from_secs(301));
        self.0
            .set_state(&id, SimulatedClusterState::Active)
            .unwrap();
        support::create_hsm(&self.0, &id);
        self.0.advance_clock(Duration::from_secs(301));
        support::until(&self.0, &id, |now| now["Hsms"][0]["State"] == "ACTIVE");
        id
    }

    fn run(&self, words: &[&str]) -> Done {
        hsmboot()
            .args(words)
            .args(["--endpoint-url", &self.0.url()])
            .output()
            .unwrap()
            .into()
    }
}

#[test]
fn a_migration_under_way_is_shown_and_not_asked_for_again() {
    let slow = Slow::new();
    let id = slow.cluster();
    let words = [&modify(&id, "hsm2m.medium")[..], &["--yes"]].concat();
    let next = format!("next: hsmboot wait --cluster-id {id} --for active --timeout 14h");
    slow.run(&words)
        .ends(0, "is being changed to hsm2m.medium")
        .ends(0, &next);
    slow.run(&words).ends(0, "already; nothing was changed");
    slow.run(&["status", "--cluster-id", &id])
        .ends(0, "MODIFY_IN_PROGRESS");
    slow.run(&["wait", "--cluster-id", &id, "--for", "modify_in_progress"])
        .ends(0, "MODIFY_IN_PROGRESS");
    slow.run(&[&words[..], &["--wait", "--timeout", "1"]].concat())
        .ends(7, "MODIFY_IN_PROGRESS (1 of hsm1.medium)");
    let hint = format!("hsmboot wait --cluster-id {id} --for active --timeout 14h");
    slow.run(&[&modify(&id, "hsm3.large")[..], &["--yes"]].concat())
        .ends(8, &format!("`{hint} --endpoint-url"));
    assert_eq!(slow.0.call_counts()["ModifyCluster"], 1);
    // What they say, word for word.
    slow.0.advance_clock(Duration::from_secs(301));
    slow.run(&hint.split(' ').skip(1).collect::<Vec<_>>())
        .ends(0, "ACTIVE");
}

#[test]
fn a_migration_that_aws_takes_back_is_no_success() {
    let slow = Slow::new();
    let id = slow.cluster();
    slow.0.inject_fault(None, InjectedFault::MigrationFails, 1);
    let words = [&modify(&id, "hsm2m.medium")[..], &["--yes"]].concat();
    slow.run(&words).ends(0, "is being changed");
    let waiting = std::thread::scope(|scope| {
        let wait = scope.spawn(|| slow.run(&[&words[..], &["--wait"]].concat()));
        // It has seen the migration before time goes on.
        let before = slow.0.call_counts()["DescribeClusters"];
        while slow.0.call_counts()["DescribeClusters"] < before + 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        for _ in 0..4 {
            slow.0.advance_clock(Duration::from_secs(301));
        }
        wait.join().unwrap()
    });
    waiting
        .ends(8, "was being changed to hsm2m.medium, and is not of it")
        .ends(8, "hsm1.medium");
}

#[test]
fn a_state_that_no_model_knows_is_shown_listed_and_waited_for() {
    let stage = Stage::new();
    let id = old_cluster(&stage.simulator, 1);
    stage
        .run(&[&modify(&id, "hsm2m.medium")[..], &["--yes", "--wait"]].concat())
        .ends(0, "is of hsm2m.medium");
    let state = serde_json::json!({ "ClusterId": id, "State": "PENDING_ROLLBACK" });
    assert_eq!(
        support::control(&stage.simulator, "set-state", state).status,
        200
    );
    stage.run(&["status"]).ends(0, "PENDING_ROLLBACK");
    let next = format!("hsmboot cluster modify --cluster-id {id} --hsm-type hsm1.medium");
    for words in [
        &["status", "--cluster-id", &id][..],
        &["cluster", "show", "--cluster-id", &id],
    ] {
        let said = stage
            .run(words)
            .ends(0, &next)
            .ends(0, &format!("hsmboot wait --cluster-id {id} --for active"));
        assert!(!said.stdout.contains("newer hsmboot"), "{}", said.stdout);
    }
    stage
        .run(&["cluster", "list", "--state", "PENDING_ROLLBACK"])
        .ends(0, &id);
    stage
        .run(&["cluster", "show", "--cluster-id", &id])
        .ends(0, "PENDING_ROLLBACK");
    let waited = stage
        .run(&["wait", "--cluster-id", &id, "--for", "PENDING_ROLLBACK"])
        .ends(0, "PENDING_ROLLBACK");
    assert!(
        waited
            .stderr
            .contains("no state that this version of hsmboot knows"),
        "{}",
        waited.stderr
    );
    stage
        .run(&["wait", "--cluster-id", &id, "--for", "pending_rollback"])
        .ends(2, "in capitals");
    // It is sent, and the service says what comes of it.
    stage
        .run(&[&modify(&id, "hsm1.medium")[..], &["--yes", "--wait"]].concat())
        .ends(0, "is of hsm1.medium");
}
