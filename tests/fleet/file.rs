//! The fleet file: what it names, what its schema takes, and what it may not name.

use super::plan::CA;
use super::*;

#[test]
fn a_fleet_file_names_clusters_with_their_roots_and_tags() {
    let stage = Stage::new();
    let (other, _) = support::ready_cluster(&stage.simulator);
    let fleet = format!(
        r#"
format = "hsmboot-fleet/1"
[defaults]
ca = "ca/customerCA.crt"
endpoint_url = "{}"
aws_roots = ["roots/aws-root.crt"]
manufacturer_roots = ["roots/manufacturer-root.crt"]
[[clusters]]
cluster = "{}"
tags = {{ env = "prod" }}
[[clusters]]
cluster = "arn:aws:cloudhsm:us-east-1:123456789012:cluster/{other}"
tags = {{ env = "test" }}
"#,
        stage.simulator.url(),
        stage.id
    );
    fs::write(stage.path("fleet.toml"), &fleet).unwrap();
    let document = run(&mut stage.hsmboot(&["plan", "--fleet", "fleet.toml", "--output", "json"]))
        .ends(0, "")
        .json();
    let clusters = document["clusters"].as_array().unwrap();
    assert_eq!(clusters.len(), 2);
    assert_eq!(clusters[1]["cluster_id"], other.as_str());
    assert_eq!(clusters[1]["tags"]["env"], "test");
    assert!(
        clusters.iter().all(|cluster| cluster["action"] == "claim"),
        "{clusters:?}"
    );
    let only = ["plan", "--fleet", "fleet.toml", "--only", "env=prod"];
    run(&mut stage.hsmboot(&only)).ends(0, "1 cluster: 1 claim");
    // What is wrong with the file is said with its line.
    fs::write(
        stage.path("fleet.toml"),
        fleet.replace("[defaults]", "[defaults]\nregoin = 1"),
    )
    .unwrap();
    run(&mut stage.hsmboot(&["plan", "--fleet", "fleet.toml"])).ends(4, "line 4: unknown field");
}

#[test]
fn the_pages_fleet_file_is_one_and_the_schema_takes_the_same() {
    use hsmboot::fleet_file::FleetFile;
    let page = fs::read_to_string("docs/fleet.md").unwrap();
    let example = page
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let fleet = FleetFile::parse(example.as_bytes(), std::path::Path::new("/")).unwrap();
    assert_eq!(fleet.clusters.len(), 2);

    let schema: Value =
        serde_json::from_str(&fs::read_to_string("docs/schemas/fleet.schema.json").unwrap())
            .unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let arn = "arn:aws:cloudhsm:us-east-1:123456789012:cluster/cluster-abc234defgh";
    let role = "arn:aws:iam::123456789012:role/x";
    let good = serde_json::json!({
        "format": "hsmboot-fleet/1",
        "defaults": {
            "region": "eu-central-1", "ca": "ca.crt", "aws_roots": ["a"], "tags": {"a": "b"},
        },
        "clusters": [
            {"cluster": "cluster-abc234defg2", "bundle": "b", "profile": "p", "assume_role": role},
            {"cluster": arn, "manufacturer_roots": ["m"], "endpoint_url": "https://x"},
        ],
    });
    let taken = |document: &Value| {
        let parsed =
            FleetFile::parse(document.to_string().as_bytes(), std::path::Path::new("/")).is_ok();
        assert_eq!(parsed, schema.is_valid(document), "{document:#}");
        parsed
    };
    assert!(taken(&good));
    for (pointer, value) in [
        ("/format", serde_json::json!("hsmboot-fleet/2")),
        ("/clusters", serde_json::json!([])),
        ("/clusters/0/cluster", serde_json::json!("cluster-1")),
        (
            "/clusters/0/assume_role",
            serde_json::json!("arn:aws:iam::1:role/x"),
        ),
        ("/defaults/tags/a", serde_json::json!(1)),
        ("/defaults/aws_roots", serde_json::json!("a")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!taken(&bad), "{pointer}");
    }
    let mut unknown = good;
    unknown["defaults"]["regoin"] = serde_json::json!("x");
    assert!(!taken(&unknown));
}

/// What lies in a bundle names nobody, in a fleet file either; and what overrules the command line
/// is said.
#[test]
fn a_fleet_file_takes_no_ca_and_no_root_from_a_bundle() {
    let stage = Stage::new();
    let fleet = |more: &str| {
        let url = stage.simulator.url();
        let text = format!(
            "format = \"hsmboot-fleet/1\"\n[defaults]\nendpoint_url = \"{url}\"\n[[clusters]]\n\
             cluster = \"{}\"\nbundle = \"b\"\n{more}\n",
            stage.id
        );
        fs::write(stage.path("fleet.toml"), text).unwrap();
    };
    let planned = |words: &[&str]| {
        let fleet = ["plan", "--fleet", "fleet.toml"];
        run(&mut stage.hsmboot(&[&fleet[..], words].concat()))
    };
    fleet("ca = \"ca/customerCA.crt\"");
    run(&mut stage.hsmboot(&["fetch", "--fleet", "fleet.toml"])).ends(0, "1 fetched");
    fs::copy(stage.path("ca/customerCA.crt"), stage.path("b/ca.crt")).unwrap();
    fs::copy(stage.path("roots/aws-root.crt"), stage.path("b/root.crt")).unwrap();
    planned(&[]).ends(0, "1 cluster");
    fleet("ca = \"b/ca.crt\"");
    planned(&[]).ends(2, "names a file of the bundle itself");
    fleet("ca = \"ca/customerCA.crt\"\naws_roots = [\"b/root.crt\"]");
    planned(&[]).ends(2, "names a file of the bundle itself");

    stage.make_ca("other");
    fleet("ca = \"other/customerCA.crt\"");
    let done = planned(&CA);
    assert!(done.stderr.contains("goes before --ca"), "{}", done.stderr);
    fleet("ca = \"ca/customerCA.crt\"");
    let done = planned(&CA);
    assert!(!done.stderr.contains("goes before"), "{}", done.stderr);
    for wrong in ["region = \"x.example/\"", "endpoint_url = \"file:///x\""] {
        fleet(wrong);
        planned(&CA).ends(4, "clusters[0]: its ");
    }
}
