use hsmboot::simulator::{InjectedFault, SimulatedClusterState, SimulatedHsmState};

use super::stage::{NOBODY, Stage, at_a_terminal};
use super::support;

#[test]
fn an_hsm_is_created_and_deleted_by_each_of_its_names() {
    let stage = Stage::new();
    let id = stage.cluster();
    for name in ["hsm_id", "eni_id", "eni_ip"] {
        let made = stage.json(&[
            "hsm",
            "create",
            "--cluster-id",
            &id,
            "--availability-zone",
            "us-east-1a",
            "--wait",
        ]);
        assert_eq!(made["hsm"]["state"], "ACTIVE");
        let flag = format!("--{}", name.replace('_', "-"));
        let deleted = stage.json(&[
            "hsm",
            "delete",
            "--cluster-id",
            &id,
            &flag,
            made["hsm"][name].as_str().unwrap(),
            "--yes",
            "--wait",
        ]);
        assert_eq!(
            (&deleted["changed"], &deleted["hsm"]),
            (&true.into(), &serde_json::Value::Null),
            "{deleted:#}"
        );
        assert_eq!(deleted["hsm_id"], made["hsm"]["hsm_id"]);
    }
    stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
        "--ip-address",
        "10.0.0.77",
    ]);
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    assert_eq!(
        shown["cluster"]["hsms"][0]["eni_ip"], "10.0.0.77",
        "CreateHsm does not tell it yet"
    );
}

#[test]
fn what_the_cluster_does_not_allow_is_found_out_before_anything_is_sent() {
    let stage = Stage::new();
    let id = stage.cluster();
    let create = ["hsm", "create", "--cluster-id", &id, "--availability-zone"];
    let zone = stage.fails(
        &[&create[..], &["us-east-1c"]].concat(),
        8,
        "zone-without-subnet",
    );
    assert!(
        zone["error"]["message"]
            .as_str()
            .unwrap()
            .contains("us-east-1a"),
        "{zone:#}"
    );
    stage.fails(
        &[
            "hsm",
            "create",
            "--cluster-id",
            NOBODY,
            "--availability-zone",
            "us-east-1a",
        ],
        6,
        "cluster-not-found",
    );
    stage
        .run(&[&create[..], &["us-east-1a"]].concat())
        .ends(0, "created hsm-");
    for more in [&["us-east-1a", "--another"][..], &["us-east-1b"]] {
        stage.fails(&[&create[..], more].concat(), 8, "first-hsm-exists");
    }
    for (state, kind) in [
        (SimulatedClusterState::CreateInProgress, "cluster-not-ready"),
        (
            SimulatedClusterState::InitializeInProgress,
            "cluster-not-ready",
        ),
        (SimulatedClusterState::DeleteInProgress, "cluster-deleted"),
    ] {
        stage.simulator.set_state(&id, state).unwrap();
        stage.fails(&[&create[..], &["us-east-1a"]].concat(), 8, kind);
    }
    assert_eq!(stage.calls("CreateHsm"), 1);
}

#[test]
fn an_hsm_that_is_there_already_is_not_created_again() {
    let stage = Stage::new();
    let id = stage.cluster();
    let create = [
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
    ];
    // The answer is lost, and the same command finds what it made.
    stage
        .simulator
        .inject_fault(Some("CreateHsm"), InjectedFault::CloseAfter, 1);
    stage.run(&create).ends(6, "");
    let again = stage.json(&[&create[..], &["--wait"]].concat());
    assert_eq!(
        (&again["changed"], &again["hsm"]["state"]),
        (&false.into(), &"ACTIVE".into())
    );
    let address = again["hsm"]["eni_ip"].as_str().unwrap();
    let same = stage.json(&[&create[..], &["--ip-address", address]].concat());
    assert_eq!(same["changed"], false);
    assert_eq!(same["hsm"]["hsm_id"], again["hsm"]["hsm_id"]);
    let other = [&create[..], &["--ip-address", "10.0.0.77"]].concat();
    stage.fails(&other, 8, "first-hsm-exists");
    stage.run(&create).ends(0, "nothing was changed");
    assert_eq!(stage.calls("CreateHsm"), 1);
    // One that is broken is none.
    let hsm = again["hsm"]["hsm_id"].as_str().unwrap();
    stage
        .simulator
        .set_hsm_state(&id, hsm, SimulatedHsmState::Degraded)
        .unwrap();
    stage.fails(&create, 8, "first-hsm-exists");
}

/// AWS refuses a second HSM of a claimed cluster too, until its owner has activated it: that is
/// said before anything is sent.
#[test]
fn a_claimed_cluster_takes_a_second_hsm_once_it_is_activated() {
    let stage = Stage::new();
    let (id, _) = super::backup::backed_up(&stage);
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    assert_eq!(shown["cluster"]["state"], "INITIALIZED");
    let before = stage.calls("CreateHsm");
    let create = [
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
        "--another",
    ];
    let refused = stage.fails(&create, 8, "first-hsm-exists");
    let said = refused["error"].to_string();
    for words in [
        "takes no other before it is claimed and activated",
        shown["cluster"]["hsms"][0]["hsm_id"].as_str().unwrap(),
        "`cluster activate`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(stage.calls("CreateHsm"), before);
    stage.simulator.activate_cluster(&id).unwrap();
    stage.run(&create).ends(0, "created hsm-");
}

#[test]
fn an_hsm_is_deleted_only_with_a_yes_and_only_if_it_is_there() {
    let stage = Stage::new();
    let (id, _) = support::ready_cluster(&stage.simulator);
    let hsm = support::describe(&stage.simulator, &id)["Hsms"][0]["HsmId"]
        .as_str()
        .unwrap()
        .to_owned();
    stage.fails(
        &["hsm", "delete", "--cluster-id", &id, "--hsm-id", &hsm],
        2,
        "consent-missing",
    );
    stage.fails(
        &[
            "hsm",
            "delete",
            "--cluster-id",
            &id,
            "--hsm-id",
            "hsm-aaaaaaaaaaa",
            "--yes",
        ],
        6,
        "hsm-not-found",
    );
    stage.fails(
        &[
            "hsm",
            "delete",
            "--cluster-id",
            NOBODY,
            "--hsm-id",
            &hsm,
            "--yes",
        ],
        6,
        "cluster-not-found",
    );
    stage.fails(&["hsm", "delete", "--cluster-id", &id, "--yes"], 2, "usage");
    stage.fails(
        &[
            "hsm",
            "delete",
            "--cluster-id",
            &id,
            "--hsm-id",
            &hsm,
            "--eni-ip",
            "10.0.0.4",
            "--yes",
        ],
        2,
        "usage",
    );
    assert_eq!(stage.calls("DeleteHsm"), 0);
    stage
        .simulator
        .inject_fault(Some("DeleteHsm"), InjectedFault::CloseAfter, 1);
    stage
        .run(&[
            "hsm",
            "delete",
            "--cluster-id",
            &id,
            "--hsm-id",
            &hsm,
            "--yes",
            "--wait",
        ])
        .ends(0, "deleted");
    assert_eq!(stage.calls("DeleteHsm"), 1);
}

#[test]
fn a_first_hsm_that_is_broken_is_replaced_by_following_what_the_commands_say() {
    const SAYS: &str = "Please delete this HSM and try again";
    let stage = Stage::new();
    let id = stage.cluster();
    let made = stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
        "--wait",
    ]);
    let hsm = made["hsm"]["hsm_id"].as_str().unwrap();
    stage
        .simulator
        .set_hsm_state(&id, hsm, SimulatedHsmState::Degraded)
        .unwrap();
    let delete = format!("hsmboot hsm delete --cluster-id {id} --hsm-id {hsm} --wait");
    let status = stage
        .run(&["status", "--cluster-id", &id])
        .ends(0, SAYS)
        .ends(0, &delete);
    assert!(!status.stdout.contains("--for csr"), "{}", status.stdout);
    let create = [
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
    ];
    stage.run(&create).ends(8, SAYS).ends(8, &delete);
    // Its CSR, where it is still shown, is fetched with a warning.
    let code = if status.stdout.contains("  CSR ") {
        0
    } else {
        8
    };
    stage
        .run(&["fetch", "--cluster-id", &id])
        .ends(code, SAYS)
        .ends(code, &delete);
    // What they say, word for word, but for the question.
    let words: Vec<&str> = delete.split(' ').skip(1).chain(["--yes"]).collect();
    let next = format!("next: hsmboot {}", create.join(" "));
    stage.run(&words).ends(0, &next);
    // Nothing is on its way now.
    stage
        .run(&["wait", "--cluster-id", &id, "--for", "csr"])
        .ends(8, &create.join(" "));
    stage.run(&create).ends(
        0,
        &format!("next: hsmboot wait --cluster-id {id} --for csr"),
    );
    stage
        .run(&["wait", "--cluster-id", &id, "--for", "csr"])
        .ends(0, &format!("hsmboot fetch --cluster-id {id}"));
    stage
        .run(&["fetch", "--cluster-id", &id, "--bundle", "second"])
        .ends(0, "fetched");
}

#[test]
fn a_lost_answer_makes_no_second_hsm() {
    let stage = Stage::new();
    let id = stage.cluster();
    stage
        .simulator
        .inject_fault(Some("CreateHsm"), InjectedFault::CloseAfter, 1);
    let failed = stage.fails(
        &[
            "hsm",
            "create",
            "--cluster-id",
            &id,
            "--availability-zone",
            "us-east-1a",
        ],
        6,
        "service-failure",
    );
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("hsmboot cluster show"),
        "{failed:#}"
    );
    assert_eq!(stage.calls("CreateHsm"), 1);
    let again = stage.json(&[
        "hsm",
        "create",
        "--cluster-id",
        &id,
        "--availability-zone",
        "us-east-1a",
    ]);
    assert_eq!(again["changed"], false, "{again:#}");
    assert_eq!(stage.calls("CreateHsm"), 1);
}

/// The last question before keys are gone must be true: an HSM that is deleted, or does not work,
/// keeps no key for sure.
#[test]
fn who_deletes_the_last_hsm_that_works_is_told_so() {
    let stage = Stage::new();
    let (id, _) = support::ready_cluster(&stage.simulator);
    let first = support::describe(&stage.simulator, &id)["Hsms"][0]["HsmId"].clone();
    let first = first.as_str().unwrap();
    stage
        .simulator
        .set_state(&id, SimulatedClusterState::Active)
        .unwrap();
    let create = ["hsm", "create", "--another", "--cluster-id", &id, "--wait"];
    let zone = ["--availability-zone", "us-east-1a"];
    let second = stage.json(&[&create[..], &zone].concat())["hsm"]["hsm_id"].clone();
    let second = second.as_str().unwrap();
    let delete = ["hsm", "delete", "--cluster-id", &id, "--hsm-id", first];
    for (state, says) in [
        (SimulatedHsmState::Active, "keys stay on its other HSMs"),
        (
            SimulatedHsmState::Degraded,
            "last of the cluster's HSMs that is ACTIVE",
        ),
        (
            SimulatedHsmState::Deleted,
            "It is the cluster's only HSM: its keys are left in backups alone",
        ),
    ] {
        stage.simulator.set_hsm_state(&id, second, state).unwrap();
        let (done, screen) = at_a_terminal(&stage, "no\n", &delete);
        assert!(!done && screen.contains(says), "{says}: {screen}");
    }
}
