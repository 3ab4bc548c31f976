//! Every document, in success and in failure, is as its schema in docs/schemas/ says.

#[path = "schemas/cluster.rs"]
mod cluster;
#[path = "schemas/offline.rs"]
mod offline;
#[cfg(all(feature = "online", feature = "simulator"))]
#[path = "schemas/online.rs"]
mod online;
#[path = "schemas/place.rs"]
mod place;

use std::fs;
use std::process::Command;

pub(super) use place::Place;
use place::{CA_INIT, SIGN};
use serde_json::{Value, json};

use super::documents::{all, is_by, parse};
use super::root;

const ROOTS: [&str; 4] = [
    "--aws-root",
    "kept/aws-root.crt",
    "--manufacturer-root",
    "kept/manufacturer-root.crt",
];

/// Words with the roots of the good bundle behind them.
fn rooted<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(&ROOTS).copied().collect()
}

#[test]
fn schemas_are_of_2020_12_and_have_their_own_name() {
    for (name, schema) in all() {
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{name}"
        );
        assert!(
            schema["$id"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/docs/schemas/{name}")),
            "{name}"
        );
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
    }
}

#[test]
#[cfg(all(feature = "online", feature = "simulator"))]
fn every_command_has_a_schema() {
    let schemas = all();
    let mut command = hsmboot::cli::command();
    command.build();
    for name in leaves(&command) {
        assert!(
            schemas.contains_key(&format!("output-{name}.schema.json")),
            "no schema for {name}"
        );
    }
}

/// The commands that do something, at any depth: their words with hyphens between.
#[cfg(all(feature = "online", feature = "simulator"))]
fn leaves(command: &clap::Command) -> Vec<String> {
    let of = |sub: &clap::Command| {
        let inner = leaves(sub);
        if inner.is_empty() {
            vec![sub.get_name().to_owned()]
        } else {
            inner
                .iter()
                .map(|name| format!("{}-{name}", sub.get_name()))
                .collect()
        }
    };
    command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
        .flat_map(of)
        .collect()
}
