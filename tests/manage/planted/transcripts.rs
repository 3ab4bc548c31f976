//! A bundle without a cluster has a transcript already, and travels with it.

use super::*;

#[test]
fn a_transcript_is_shown_and_verified_before_the_cluster_has_an_id() {
    let stage = stage();
    let mut creation = creation_of(&stage, "");
    creation.as_object_mut().unwrap().remove("cluster_id");
    plant(&stage, &creation);
    for verb in ["show", "verify"] {
        assert!(stage.json(&["transcript", verb, "new"])["cluster_id"].is_null());
    }
    fs::write(stage.path("new/creation.json"), "{}").unwrap();
    let failed = stage.fails(&VERIFY, 4, "bad-transcript");
    assert!(
        failed["error"]["message"]
            .as_str()
            .unwrap()
            .contains("creation.json is not the file that step 1 left"),
        "{failed:#}"
    );
    fs::write(stage.path("new/creation.json"), creation.to_string()).unwrap();
    fs::write(stage.path("new/receipt.json"), "{}").unwrap();
    stage.run(&VERIFY).ends(4, "receipt.json");
}

#[test]
fn every_file_of_a_bundle_is_on_its_transcript_and_named_once_it_is_exchanged_taken_away_or_added()
{
    let stage = stage();
    stage.run(&words()).ends(0, "claimed");
    let verified = stage.json(&VERIFY);
    let files = verified["files"].as_array().unwrap();
    let names: Vec<String> = stage
        .listing("new")
        .into_keys()
        .filter(|name| name != "transcript.jsonl")
        .collect();
    assert_eq!(names.len(), 11, "all that a bundle can hold: {names:?}");
    for name in &names {
        let file = files
            .iter()
            .find(|file| file["name"] == **name)
            .unwrap_or_else(|| panic!("{name} is not in {verified:#}"));
        assert!(
            file["account"] == "written"
                && file["written_by"].is_u64()
                && file["faults"] == json!([]),
            "{file:#}"
        );
    }
    let named = |name: &str, account: &str| {
        let failed = stage.fails(&VERIFY, 4, "bad-transcript");
        assert!(
            failed["error"]["message"].as_str().unwrap().contains(name),
            "{failed:#}"
        );
        let file = failed["files"]
            .as_array()
            .unwrap()
            .iter()
            .find(|file| file["name"] == name)
            .unwrap()
            .clone();
        assert_eq!(file["account"], account, "{failed:#}");
    };
    for name in names.iter().filter(|name| *name != "request.json") {
        let good = fs::read(stage.path("new").join(name)).unwrap();
        // The transcript is older than what is fetched, and `request.json` does not know of this.
        if !name.starts_with("cluster-") || name.contains("Customer") {
            fs::write(stage.path("new").join(name), [&good[..], b"\n"].concat()).unwrap();
            named(name, "changed");
            fs::remove_file(stage.path("new").join(name)).unwrap();
            named(name, "missing");
            fs::write(stage.path("new").join(name), good).unwrap();
        }
    }
    // What a step does not know of, in a bundle that was fetched only.
    let id = stage.file("new/creation.json")["cluster_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let kept = stage.listing("new");
    let mut entries = stage.entries("new");
    entries.truncate(
        entries
            .iter()
            .position(|entry| entry.outputs.has("request.json"))
            .unwrap()
            + 1,
    );
    forge(&stage, entries);
    for name in names.iter().filter(|name| {
        !stage
            .entries("new")
            .iter()
            .any(|entry| entry.outputs.has(name))
    }) {
        fs::remove_file(stage.path("new").join(name)).unwrap();
    }
    stage.run(&VERIFY).ends(0, "the transcript holds");
    for name in [
        "verification.json",
        "response.json",
        "receipt.json",
        &format!("{id}_CustomerHsmCertificate.crt"),
    ] {
        fs::write(stage.path("new").join(name), &kept[name]).unwrap();
        named(name, "unaccounted");
        fs::remove_file(stage.path("new").join(name)).unwrap();
    }
    stage.run(&VERIFY).ends(0, "the transcript holds");
}

#[test]
fn a_creation_travels_with_its_bundle() {
    let stage = stage();
    let one: Vec<&str> = words()
        .into_iter()
        .map(|word| if word == "new" { "one.hsmboot" } else { word })
        .collect();
    stage.run(&one).ends(0, "claimed");
    stage.run(&one).ends(0, "nothing was changed");
    one_of_each(&stage);
    let verified = stage.json(&["transcript", "verify", "one.hsmboot"]);
    assert!(
        verified["files"]
            .as_array()
            .unwrap()
            .iter()
            .any(|file| file["name"] == "creation.json" && file["account"] == "written"),
        "{verified:#}"
    );
    stage
        .run(&["unpack", "one.hsmboot", "new"])
        .ends(0, "creation.json");
    stage.run(&VERIFY).ends(0, "the transcript holds");
    stage.run(&words()).ends(0, "nothing was changed");
    stage.run(&["pack", "new", "-o", "two.hsmboot"]).ends(0, "");
    stage
        .run(&["transcript", "verify", "two.hsmboot"])
        .ends(0, "the transcript holds");
    // Exchanged inside: the same refusal.
    let mut creation = stage.file("new/creation.json");
    creation["asked_at"] = "2020-01-01T00:00:00Z".into();
    fs::write(stage.path("new/creation.json"), creation.to_string()).unwrap();
    stage
        .run(&["pack", "new", "-o", "three.hsmboot"])
        .ends(0, "");
    let three: Vec<&str> = words()
        .into_iter()
        .map(|word| if word == "new" { "three.hsmboot" } else { word })
        .collect();
    stage.fails(&three, 4, "creation-unaccounted");
    stage
        .run(&["transcript", "verify", "three.hsmboot"])
        .ends(4, "creation.json");
    let page = stage.run(&["report", "new", "-o", "-"]);
    assert!(
        page.stdout
            .contains("creation.json is not the file that step"),
        "{}",
        page.stderr
    );
}
