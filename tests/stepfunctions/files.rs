//! The files of `packaging/aws`, as files.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::cloud::project;

pub(super) const TESTS: [(&str, fn()); 4] = [
    ("no_claim_is_a_dry_run", no_claim_is_a_dry_run),
    (
        "the_distributed_fleet_differs_in_its_maps_alone",
        the_distributed_fleet_differs_in_its_maps_alone,
    ),
    ("every_state_is_reached", every_state_is_reached),
    (
        "every_call_is_tried_again_and_caught",
        every_call_is_tried_again_and_caught,
    ),
];

fn definition(name: &str) -> Value {
    let text = fs::read_to_string(project("packaging/aws").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn the_distributed_fleet_differs_in_its_maps_alone() {
    let (mut inline, distributed) = (
        definition("fleet.asl.json"),
        definition("fleet-distributed.asl.json"),
    );
    for state in inline["States"].as_object_mut().unwrap().values_mut() {
        if state["Type"] == "Map" {
            assert_eq!(
                state["ItemProcessor"]["ProcessorConfig"],
                json!({ "Mode": "INLINE" })
            );
            state["ItemProcessor"]["ProcessorConfig"] =
                json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
        }
    }
    assert_eq!(inline, distributed);
}

/// Each state machine of a definition: its own, and those of its maps.
fn machines(definition: &Value) -> Vec<Value> {
    let states = definition["States"].as_object().unwrap();
    let maps = states.values().filter(|state| state["Type"] == "Map");
    let mut machines = vec![definition.clone()];
    machines.extend(maps.map(|map| map["ItemProcessor"].clone()));
    machines
}

/// A dry run claims nothing, and would stand among the claimed: whatever the input says, the event
/// says that it is none.
fn no_claim_is_a_dry_run() {
    for name in [
        "fleet.asl.json",
        "fleet-distributed.asl.json",
        "fleet-kms.asl.json",
    ] {
        let text = definition(name).to_string().replace(' ', "");
        let all = text.matches(r#""command":"submit""#).count();
        assert!(all > 0, "{name}");
        let none_dry = text.matches(r#""dry_run":false"#).count();
        assert_eq!(none_dry, all, "{name}");
    }
}

/// And has a name of its own: the Amazon States Language wants that of the whole state machine,
/// maps included, and moto does not look.
fn every_state_is_reached() {
    for name in ["fleet.asl.json", "fleet-kms.asl.json"] {
        let mut names = BTreeSet::new();
        for machine in machines(&definition(name)) {
            let states = machine["States"].as_object().unwrap();
            let mut reached = BTreeSet::from([machine["StartAt"].as_str().unwrap().to_owned()]);
            for state in states.values() {
                let rules = ["Choices", "Catch"].into_iter();
                let rules = rules.flat_map(|list| state[list].as_array().into_iter().flatten());
                let named = rules
                    .map(|rule| &rule["Next"])
                    .chain([&state["Next"], &state["Default"]]);
                reached.extend(named.filter_map(|next| next.as_str().map(str::to_owned)));
            }
            let there: BTreeSet<String> = states.keys().cloned().collect();
            assert_eq!(reached, there, "{name}");
            let twice: Vec<_> = names.intersection(&there).collect();
            assert!(twice.is_empty(), "{name}: {twice:?}");
            names.extend(there);
        }
    }
}

/// Every class of failure has its place, and what passes by itself alone is tried again.
fn every_call_is_tried_again_and_caught() {
    let mut calls = 0;
    for name in ["fleet.asl.json", "fleet-kms.asl.json"] {
        for machine in machines(&definition(name)) {
            for (called, state) in machine["States"].as_object().unwrap() {
                if state["Resource"] != "arn:${Partition}:states:::lambda:invoke" {
                    continue;
                }
                calls += 1;
                assert_eq!(
                    state["Retry"][0]["ErrorEquals"],
                    json!(["HsmbootService", "HsmbootNotInTime"]),
                    "{name}: {called}"
                );
                let mut caught: Vec<_> =
                    state["Catch"][0]["ErrorEquals"].as_array().unwrap().clone();
                caught.sort_by_key(Value::to_string);
                assert_eq!(
                    json!(caught),
                    json!([
                        "HsmbootBug",
                        "HsmbootCa",
                        "HsmbootConflict",
                        "HsmbootInput",
                        "HsmbootNotInTime",
                        "HsmbootRejected",
                        "HsmbootService",
                        "HsmbootUsage"
                    ])
                );
                assert_eq!(state["Catch"][1]["ErrorEquals"], json!(["States.ALL"]));
            }
        }
    }
    assert_eq!(calls, 8);
}
