use hsmboot::simulator::{InjectedFault, SimulatedClusterState, SimulatedHsmState};

use super::stage::{NOBODY, SUBNET, Stage, at_a_terminal};
use super::support;

#[test]
fn a_cluster_is_created_shown_listed_and_deleted() {
    let stage = Stage::new();
    let words = [
        "cluster",
        "create",
        "--subnet-id",
        SUBNET,
        "--subnet-id",
        "subnet-1a2b3c4d",
        "--retention-days",
        "30",
        "--tag",
        "stage=test",
        "--wait",
    ];
    let made = stage.json(&words);
    let cluster = &made["cluster"];
    let id = cluster["cluster_id"].as_str().unwrap();
    assert_eq!(
        (
            cluster["state"].as_str(),
            cluster["retention_days"].as_u64()
        ),
        (Some("UNINITIALIZED"), Some(30))
    );
    assert_eq!(cluster["tags"][0]["key"], "stage");
    assert_eq!(cluster["subnets"]["us-east-1b"], "subnet-1a2b3c4d");
    stage
        .run(&["cluster", "show", "--cluster-id", id])
        .ends(0, "30 days")
        .ends(0, "stage=test")
        .ends(0, "us-east-1b  subnet-1a2b3c4d");
    stage
        .run(&["cluster", "list"])
        .ends(0, id)
        .ends(0, "CLUSTER")
        .ends(0, "UNINITIALIZED");
    stage
        .run(&["cluster", "delete", "--cluster-id", id, "--yes", "--wait"])
        .ends(0, "deleted");
    let again = stage.json(&["cluster", "delete", "--cluster-id", id, "--yes"]);
    assert_eq!(again["changed"], false);
    assert_eq!(stage.calls("DeleteCluster"), 1);
}

#[test]
fn lists_page_through_everything_filter_and_sort() {
    let stage = Stage::new();
    let mut ids: Vec<String> = (0..7)
        .map(|_| support::create_cluster(&stage.simulator))
        .collect();
    let before = stage.calls("DescribeClusters");
    let listed = stage.json(&["cluster", "list", "--page-size", "2", "--sort", "id"]);
    assert_eq!(stage.calls("DescribeClusters") - before, 4);
    ids.sort_unstable();
    let shown: Vec<&str> = listed["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cluster| cluster["cluster_id"].as_str().unwrap())
        .collect();
    assert_eq!(shown, ids);
    stage
        .simulator
        .set_state(&ids[3], SimulatedClusterState::Active)
        .unwrap();
    let active = stage.json(&[
        "cluster", "list", "--state", "active", "--state", "DEGRADED",
    ]);
    assert_eq!(active["clusters"].as_array().unwrap().len(), 1);
    assert_eq!(active["clusters"][0]["cluster_id"], ids[3].as_str());
    let vpc = active["clusters"][0]["vpc_id"].as_str().unwrap();
    assert_eq!(
        stage.json(&["cluster", "list", "--vpc", vpc])["clusters"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
    assert_eq!(
        stage.json(&["cluster", "list", "--vpc-id", "vpc-0"])["clusters"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let two = [
        "cluster",
        "list",
        "--cluster-id",
        &ids[0],
        "--cluster-id",
        &ids[1],
    ];
    assert_eq!(stage.json(&two)["clusters"].as_array().unwrap().len(), 2);
    stage
        .run(&["cluster", "list", "--region", "eu-west-1"])
        .ends(0, "no clusters at");
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let stage = Stage::new();
    let id = stage.cluster();
    stage.fails(
        &["cluster", "delete", "--cluster-id", &id],
        2,
        "consent-missing",
    );
    stage
        .run(&["cluster", "delete", "--cluster-id", &id])
        .ends(2, "--yes");
    assert_eq!((stage.calls("DeleteCluster"), stage.clusters()), (0, 1));
}

#[test]
fn at_a_terminal_the_answer_decides() {
    let stage = Stage::new();
    let id = stage.cluster();
    let words = ["cluster", "delete", "--cluster-id", &id];
    for answer in ["no\n", "\n", "y e s\n"] {
        let (done, screen) = at_a_terminal(&stage, answer, &words);
        assert!(
            !done
                && screen.contains("nothing was deleted")
                && screen.contains(&format!("delete {id}")),
            "{screen}"
        );
    }
    assert_eq!(stage.calls("DeleteCluster"), 0);
    let (done, screen) = at_a_terminal(&stage, "yes\n", &words);
    assert!(done, "{screen}");
    assert_eq!(stage.calls("DeleteCluster"), 1);
}

#[test]
fn a_cluster_with_hsms_and_one_that_is_gone_are_told_apart_before_anything_is_sent() {
    let stage = Stage::new();
    let (id, _) = support::ready_cluster(&stage.simulator);
    stage.fails(
        &["cluster", "delete", "--cluster-id", &id, "--yes"],
        8,
        "cluster-has-hsms",
    );
    stage.fails(
        &["cluster", "delete", "--cluster-id", NOBODY, "--yes"],
        6,
        "cluster-not-found",
    );
    stage.fails(
        &["cluster", "show", "--cluster-id", NOBODY],
        6,
        "cluster-not-found",
    );
    assert_eq!(stage.calls("DeleteCluster"), 0);
}

#[test]
fn a_shown_cluster_has_its_certificates() {
    let stage = Stage::new();
    let (id, _) = support::ready_cluster(&stage.simulator);
    let shown = stage.json(&["cluster", "show", "--cluster-id", &id]);
    for name in [
        "hsm_certificate",
        "aws_hardware_certificate",
        "manufacturer_hardware_certificate",
    ] {
        assert_eq!(
            shown["cluster"][name]["sha256"].as_str().map(str::len),
            Some(64),
            "{name}"
        );
    }
    // For eyes it stands in groups of eight.
    let digest = shown["cluster"]["hsm_certificate"]["sha256"]
        .as_str()
        .unwrap();
    let groups: Vec<&str> = (0..8).map(|at| &digest[8 * at..8 * at + 8]).collect();
    stage
        .run(&["cluster", "show", "--cluster-id", &id])
        .ends(0, &groups.join(" "))
        .ends(0, "PARTN");
}

#[test]
fn a_lost_answer_makes_no_second_cluster() {
    for fault in [
        InjectedFault::CloseAfter,
        InjectedFault::CloseBefore,
        InjectedFault::InternalFailure,
    ] {
        let stage = Stage::new();
        stage
            .simulator
            .inject_fault(Some("CreateCluster"), fault, 1);
        let failed = stage.fails(
            &["cluster", "create", "--subnet-id", SUBNET],
            6,
            "service-failure",
        );
        assert!(
            failed["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("hsmboot cluster list"),
            "{failed:#}"
        );
        assert_eq!(stage.calls("CreateCluster"), 1, "{fault:?}");
    }
    // Throttling is a definite no: it is asked again.
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("CreateCluster"), InjectedFault::Throttling, 2);
    stage.cluster();
    assert_eq!((stage.calls("CreateCluster"), stage.clusters()), (3, 1));
}

#[test]
fn a_deletion_whose_answer_is_lost_is_looked_up() {
    let stage = Stage::new();
    let id = stage.cluster();
    stage
        .simulator
        .inject_fault(Some("DeleteCluster"), InjectedFault::CloseBefore, 1);
    stage.fails(
        &["cluster", "delete", "--cluster-id", &id, "--yes"],
        6,
        "service-failure",
    );
    stage
        .simulator
        .inject_fault(Some("DeleteCluster"), InjectedFault::CloseAfter, 1);
    stage
        .run(&["cluster", "delete", "--cluster-id", &id, "--yes", "--wait"])
        .ends(0, "deleted");
    assert_eq!(stage.calls("DeleteCluster"), 2);
}

#[test]
fn a_wait_that_ends_too_early_names_the_cluster_that_was_made() {
    let stage = Stage::new();
    stage
        .simulator
        .inject_fault(Some("DescribeClusters"), InjectedFault::AccessDenied, 1);
    let failed = stage.fails(
        &["cluster", "create", "--subnet-id", SUBNET, "--wait"],
        6,
        "access-denied",
    );
    assert!(
        failed["cluster"]["cluster_id"]
            .as_str()
            .unwrap()
            .starts_with("cluster-"),
        "{failed:#}"
    );
}

/// An HSM that is deleted is listed for a while, and in nobody's way.
#[test]
fn a_cluster_whose_hsms_are_deleted_can_be_deleted() {
    let stage = Stage::new();
    let (id, _) = support::ready_cluster(&stage.simulator);
    let hsm = support::describe(&stage.simulator, &id)["Hsms"][0]["HsmId"].clone();
    stage
        .simulator
        .set_hsm_state(&id, hsm.as_str().unwrap(), SimulatedHsmState::Deleted)
        .unwrap();
    let deleted = stage.json(&["cluster", "delete", "--cluster-id", &id, "--yes"]);
    assert_eq!(deleted["changed"], true, "{deleted:#}");
}
