//! A fleet's report: a row for each cluster of the file, judged by what the file names for it.

use super::three::Three;
use super::*;

/// Writes a fleet file of the three clusters and of one without a bundle, and reports on it.
fn report_fleet(three: &Three, more: &[&str]) -> Done {
    let entries: String = three
        .ids
        .iter()
        .map(String::as_str)
        .chain(["cluster-hsmboot2222"])
        .map(|id| format!("[[clusters]]\ncluster = \"{id}\"\ntags = {{ of = \"{id}\" }}\n"))
        .collect();
    let fleet = format!(
        "format = \"hsmboot-fleet/1\"\n[defaults]\nregion = \"eu-central-1\"\nca = \
         \"ca/customerCA.crt\"\naws_roots = [\"roots/aws-root.crt\"]\nmanufacturer_roots = \
         [\"roots/manufacturer-root.crt\"]\n{entries}"
    );
    fs::write(three.stage.path("fleet.toml"), fleet).unwrap();
    let words = ["report", "--fleet", "fleet.toml", "-o", "pages"];
    run(&mut three.stage.hsmboot(&[&words, more].concat()))
}

fn claims(document: &Value) -> Vec<&str> {
    let results = document["bundles"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["claim"].as_str().unwrap_or("failed"))
        .collect()
}

#[test]
fn every_cluster_of_the_file_has_a_row_with_a_bundle_or_without() {
    let three = Three::new();
    three.sign(&[]).ends(0, "");
    three.submit(&[]).ends(0, "");
    let document = report_fleet(&three, &["--output", "json"])
        .ends(0, "")
        .json();
    schemas::is_by("output-report.schema.json", &document);
    assert_eq!(
        document["summary"],
        "4 bundles: 3 reported, 1 without a bundle"
    );
    assert_eq!(claims(&document)[0], "claimed");
    assert_eq!(claims(&document)[3], "no-bundle");
    let page = fs::read_to_string(three.stage.path("pages/index.html")).unwrap();
    for id in &three.ids {
        assert!(page.contains(&format!("href=\"{id}.html\"")));
        assert!(three.stage.path(&format!("pages/{id}.html")).is_file());
    }
    for words in [
        "cluster-hsmboot2222",
        "no bundle yet",
        "recorded as claimed, state INITIALIZED",
        "the CA that was given",
        "by roots you gave",
        "1 without a bundle",
    ] {
        assert!(page.contains(words), "{words}");
    }

    // Another cluster's bundle in a cluster's place is none of its own.
    let place = |id: &str| three.stage.path(id);
    fs::rename(place(&three.ids[1]), place("cluster-hsmboot2222")).unwrap();
    let done = report_fleet(&three, &["--output", "json", "--force"]);
    assert_eq!(done.code, 8, "{}", done.stderr);
    let document = done.json();
    schemas::is_by("output-report.schema.json", &document);
    assert_eq!(claims(&document)[1..], ["no-bundle", "claimed", "failed"]);
    assert_eq!(document["error"]["kind"], "another-cluster");

    // Some of them, elsewhere.
    let tag = format!("of={}", three.ids[2]);
    fs::create_dir(place("stick")).unwrap();
    fs::rename(
        place(&three.ids[2]),
        place(&format!("stick/{}", three.ids[2])),
    )
    .unwrap();
    report_fleet(&three, &["--only", &tag, "--from", "stick", "--force"])
        .ends(0, "1 bundle: 1 reported");
}
