//! The documents of the commands that manage clusters, HSMs, backups and tags are as their schemas
//! say.

#[path = "manage/backups.rs"]
mod backups;

use hsmboot::simulator::{Options, Simulator, Speed};
use serde_json::Value;

use super::schemas::Place;

const SUBNET: &str = "subnet-0a1b2c3d";

/// A simulator and a place; the words before its options name a command's schema.
struct Stage {
    simulator: Simulator,
    place: Place,
}

impl Stage {
    fn new() -> Self {
        Stage {
            simulator: Simulator::spawn(Options {
                speed: Speed::INSTANT,
                ..crate::simulated::options()
            })
            .unwrap(),
            place: Place::new(),
        }
    }

    fn says(&self, words: &[&str], code: i32) -> Value {
        let url = self.simulator.url();
        let depth = words
            .iter()
            .position(|word| word.starts_with("--"))
            .unwrap_or(words.len());
        self.place.says(
            &words[..depth].join("-"),
            &[words, &["--endpoint-url", &url]].concat(),
            code,
        )
    }

    /// A cluster with its CSR; its id.
    fn cluster(&self) -> String {
        super::stage::cluster(&self.simulator)
    }
}

#[test]
fn clusters_and_hsms_say_what_their_schemas_say() {
    let stage = Stage::new();
    let made = stage.says(
        &[
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--tag",
            "a=b",
            "--retention-days",
            "30",
            "--wait",
        ],
        0,
    );
    let id = made["cluster"]["cluster_id"].as_str().unwrap();
    stage.says(&["cluster", "create", "--subnet-id", SUBNET], 0);
    stage.says(&["cluster", "create", "--subnet-id", "x"], 2);
    let hsm = stage.says(
        &[
            "hsm",
            "create",
            "--cluster-id",
            id,
            "--availability-zone",
            "us-east-1a",
            "--wait",
        ],
        0,
    );
    let again = ["hsm", "create", "--cluster-id", id];
    let again = [&again[..], &["--availability-zone", "us-east-1a"]].concat();
    assert_eq!(stage.says(&again, 0)["changed"], false);
    stage.says(&[&again[..], &["--another"]].concat(), 8);
    assert!(
        stage.says(&["cluster", "show", "--cluster-id", id], 0)["cluster"]["hsm_certificate"]
            .is_object()
    );
    assert_eq!(
        stage.says(&["cluster", "list"], 0)["clusters"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    stage.says(
        &[
            "cluster",
            "modify",
            "--cluster-id",
            id,
            "--retention-days",
            "31",
        ],
        0,
    );
    stage.says(
        &[
            "cluster",
            "modify",
            "--cluster-id",
            id,
            "--retention-days",
            "31",
        ],
        0,
    );
    let old = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
    stage
        .simulator
        .set_state(&old, hsmboot::simulator::SimulatedClusterState::Active)
        .unwrap();
    stage.says(
        &[
            "cluster",
            "modify",
            "--cluster-id",
            id,
            "--hsm-type",
            "hsm3.large",
            "--yes",
        ],
        8,
    );
    let migrated = stage.says(
        &[
            "cluster",
            "modify",
            "--cluster-id",
            &old,
            "--hsm-type",
            "hsm2m.medium",
            "--yes",
            "--wait",
        ],
        0,
    );
    assert!(migrated["cluster"]["hsm_type_rollback_expiration"].is_string());
    stage.says(&["cluster", "delete", "--cluster-id", id, "--yes"], 8);
    let hsm_id = hsm["hsm"]["hsm_id"].as_str().unwrap();
    stage.says(
        &["hsm", "delete", "--cluster-id", id, "--hsm-id", hsm_id],
        2,
    );
    stage.says(
        &[
            "hsm",
            "delete",
            "--cluster-id",
            id,
            "--hsm-id",
            hsm_id,
            "--yes",
            "--wait",
        ],
        0,
    );
    stage.says(
        &[
            "hsm",
            "delete",
            "--cluster-id",
            id,
            "--hsm-id",
            hsm_id,
            "--yes",
        ],
        6,
    );
    stage.says(
        &["cluster", "delete", "--cluster-id", id, "--yes", "--wait"],
        0,
    );
    stage.says(
        &["cluster", "show", "--cluster-id", "cluster-22222222222"],
        6,
    );
}

#[test]
fn what_was_made_and_did_not_come_in_time_is_in_the_document() {
    // Nothing of this simulator's comes within the test.
    let slow = Simulator::spawn(Options {
        speed: Speed::from_factor(0.0001).unwrap(),
        ..crate::simulated::options()
    })
    .unwrap();
    let stage = Stage {
        simulator: slow,
        place: Place::new(),
    };
    let made = stage.says(
        &[
            "cluster",
            "create",
            "--subnet-id",
            SUBNET,
            "--wait",
            "--timeout",
            "0",
        ],
        7,
    );
    assert!(
        made["cluster"]["cluster_id"].is_string()
            && made["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("do not create another"),
        "{made:#}"
    );
    let id = made["cluster"]["cluster_id"].as_str().unwrap();
    stage
        .simulator
        .set_state(id, hsmboot::simulator::SimulatedClusterState::Uninitialized)
        .unwrap();
    let made = stage.says(
        &[
            "hsm",
            "create",
            "--cluster-id",
            id,
            "--availability-zone",
            "us-east-1a",
            "--wait",
            "--timeout",
            "0",
        ],
        7,
    );
    assert!(made["hsm"]["hsm_id"].is_string(), "{made:#}");
}

#[test]
fn a_bundle_from_nothing_has_a_creation_as_its_schema_says() {
    let stage = Stage::new();
    stage
        .simulator
        .write_roots(&stage.place.path("roots"))
        .unwrap();
    let url = stage.simulator.url();
    let mut words = vec![
        "bootstrap",
        "--create",
        "--bundle",
        "new",
        "--subnet-id",
        SUBNET,
        "--availability-zone",
        "us-east-1a",
    ];
    words.extend([
        "--endpoint-url",
        &url,
        "--passphrase-file",
        "passphrase",
        "--key-type",
        "p256",
        "--retention-days",
        "9",
        "--tag",
        "a=b",
        "--network-type",
        "dualstack",
    ]);
    words.extend([
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ]);
    assert_eq!(
        stage.place.says("bootstrap", &words, 0)["outcome"],
        "claimed"
    );
    stage.place.file_is_by("new/creation.json");
    words.extend(["--subnet-id", "subnet-1a2b3c4d"]);
    assert_eq!(
        stage.place.says("bootstrap", &words, 8)["error"]["kind"],
        "creation-differs"
    );
}
