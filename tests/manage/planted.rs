//! Attacks on a bundle by somebody who can write to it: records that no step of hsmboot wrote
//! there, and transcripts that were made up to fit.

#[path = "planted/orders.rs"]
mod orders;
#[path = "planted/transcripts.rs"]
mod transcripts;

use std::fs;

use hsmboot::bundle::{Digests, TranscriptEntry};
use hsmboot::x509::{sha256, to_hex};
use orders::creation_of;
use serde_json::{Value, json};

use super::create::{one_of_each, stage, words};
use super::stage::{SUBNET, Stage};

const VERIFY: [&str; 3] = ["transcript", "verify", "new"];

/// Writes a transcript whose hashes fit, whatever its lines say.
fn forge(stage: &Stage, mut entries: Vec<TranscriptEntry>) {
    let (mut text, mut previous) = (String::new(), "0".repeat(64));
    for (entry, step) in entries.iter_mut().zip(1..) {
        (entry.step, entry.previous) = (step, previous);
        let line = serde_json::to_string(entry).unwrap();
        previous = to_hex(&sha256(line.as_bytes()));
        text.push_str(&line);
        text.push('\n');
    }
    fs::create_dir_all(stage.path("new")).unwrap();
    fs::write(stage.path("new/transcript.jsonl"), text).unwrap();
}

/// Writes a file, and a transcript of one more step that says to have written it.
fn with_a_step(stage: &Stage, name: &str, content: &[u8], cluster: Option<&str>) {
    fs::create_dir_all(stage.path("new")).unwrap();
    let mut entries = if stage.path("new/transcript.jsonl").exists() {
        stage.entries("new")
    } else {
        Vec::new()
    };
    let mut inputs = entries
        .last()
        .map(|last| last.inputs.clone())
        .unwrap_or_default();
    inputs.extend(
        entries
            .last()
            .map(|last| last.outputs.clone())
            .unwrap_or_default(),
    );
    inputs.retain(|name| !name.as_raw().contains('/'));
    let mut line = json!({
        "format": "hsmboot-transcript/1", "step": 0, "time": "2026-01-01T00:00:00Z",
        "tool": "hsmboot 0.1.0", "command": ["hsmboot", "bootstrap"],
        "host": "host", "inputs": inputs,
        "outputs": Digests::from([(name.to_owned(), to_hex(&sha256(content)))]), "previous": "",
    });
    if let Some(id) = cluster {
        line["cluster_id"] = id.into();
    }
    entries.push(serde_json::from_value(line).unwrap());
    fs::write(stage.path("new").join(name), content).unwrap();
    forge(stage, entries);
}

/// A `creation.json`, and a transcript that was made up to account for it.
pub(crate) fn plant(stage: &Stage, creation: &Value) {
    drop(fs::remove_file(stage.path("new/transcript.jsonl")));
    with_a_step(
        stage,
        "creation.json",
        creation.to_string().as_bytes(),
        creation["cluster_id"].as_str(),
    );
}

/// That the command is refused, that nothing was done, and that its advice works.
#[track_caller]
fn refused(stage: &Stage, code: i32, kind: &str, words_in_message: &[&str]) {
    let (before, clusters) = (stage.listing("new"), stage.clusters());
    let failed = stage.fails(&words(), code, kind);
    let (message, hint) = (
        failed["error"]["message"].as_str().unwrap(),
        failed["error"]["hint"].as_str().unwrap(),
    );
    for word in words_in_message {
        assert!(message.contains(word), "no `{word}` in {message}");
    }
    for (line, fact) in [("  expected ", "expected"), ("  found    ", "found")] {
        if let Some(said) = message.lines().find_map(|text| text.strip_prefix(line)) {
            let said = said.strip_prefix("SHA-256 ").unwrap_or(said);
            assert_eq!(failed["error"]["facts"][fact], said, "{failed:#}");
        }
    }
    assert_eq!(
        (stage.listing("new"), stage.clusters()),
        (before.clone(), clusters),
        "{failed:#}"
    );
    assert_eq!(
        (stage.calls("CreateHsm"), stage.calls("InitializeCluster")),
        (0, 0),
        "{failed:#}"
    );
    // Another place takes another cluster, and this one stays what it was.
    assert!(hint.contains("choose another --bundle"), "{hint}");
    let elsewhere: Vec<&str> = words()
        .into_iter()
        .map(|word| if word == "new" { "elsewhere" } else { word })
        .collect();
    stage.run(&elsewhere).ends(0, "claimed cluster-");
    assert_eq!(stage.listing("new"), before);
}

#[test]
fn a_planted_creation_without_a_transcript_is_refused() {
    let stage = stage();
    let victim = stage.cluster();
    let creation = creation_of(&stage, &victim).to_string();
    fs::create_dir(stage.path("new")).unwrap();
    fs::write(stage.path("new/creation.json"), &creation).unwrap();
    refused(
        &stage,
        4,
        "creation-unaccounted",
        &["no step", &to_hex(&sha256(creation.as_bytes()))],
    );
}

#[test]
fn a_creation_that_was_exchanged_is_refused_and_both_digests_are_named() {
    let stage = stage();
    let victim = stage.cluster();
    plant(&stage, &creation_of(&stage, "cluster-bbbbbbbbbbb"));
    let recorded = to_hex(&sha256(&fs::read(stage.path("new/creation.json")).unwrap()));
    let exchanged = creation_of(&stage, &victim).to_string();
    fs::write(stage.path("new/creation.json"), &exchanged).unwrap();
    refused(
        &stage,
        4,
        "creation-unaccounted",
        &["step 1", &recorded, &to_hex(&sha256(exchanged.as_bytes()))],
    );
}

#[test]
fn a_creation_that_was_taken_away_makes_no_second_cluster() {
    let stage = stage();
    plant(&stage, &creation_of(&stage, "cluster-bbbbbbbbbbb"));
    fs::remove_file(stage.path("new/creation.json")).unwrap();
    refused(
        &stage,
        4,
        "creation-unaccounted",
        &["step 1 wrote creation.json, and it is not here"],
    );
}

#[test]
fn a_creation_that_a_step_found_and_none_wrote_is_refused() {
    let stage = stage();
    plant(&stage, &creation_of(&stage, &stage.cluster()));
    for step in [1, 2] {
        let mut entries = stage.entries("new");
        let mut found = entries[0].clone();
        found.inputs = entries.pop().unwrap().outputs;
        found.outputs = Digests::new();
        let before = TranscriptEntry {
            inputs: Digests::new(),
            ..found.clone()
        };
        forge(
            &stage,
            if step == 1 {
                vec![found]
            } else {
                vec![before, found]
            },
        );
        let failed = stage.fails(&words(), 4, "creation-unaccounted");
        assert!(
            failed["error"]["message"]
                .as_str()
                .unwrap()
                .contains(&format!("step {step} found creation.json")),
            "{failed:#}"
        );
        let named = stage.fails(&VERIFY, 4, "bad-transcript");
        assert!(
            named["error"]["message"]
                .as_str()
                .unwrap()
                .contains("creation.json"),
            "{named:#}"
        );
        plant(&stage, &stage.file("new/creation.json"));
    }
    assert_eq!(
        (
            stage.calls("CreateHsm"),
            stage.calls("InitializeCluster"),
            stage.clusters()
        ),
        (0, 0, 1)
    );
}

#[test]
fn a_planted_receipt_does_not_survive_a_claim_that_was_made_already() {
    let submit = [
        "submit",
        "new",
        "--ca",
        "ca/customerCA.crt",
        "--aws-root",
        "roots/aws-root.crt",
        "--manufacturer-root",
        "roots/manufacturer-root.crt",
    ];
    for command in [&submit[..], &words()[..]] {
        let stage = stage();
        stage.run(&words()).ends(0, "claimed");
        let (own, transcript) = (
            fs::read(stage.path("new/receipt.json")).unwrap(),
            fs::read(stage.path("new/transcript.jsonl")).unwrap(),
        );
        let id = stage.file("new/receipt.json")["cluster_id"]
            .as_str()
            .unwrap()
            .to_owned();
        stage.run(command).ends(0, "nothing was changed");
        assert_eq!(
            fs::read(stage.path("new/receipt.json")).unwrap(),
            own,
            "hsmboot's own, of this claim, stays"
        );
        let mut lie = stage.file("new/receipt.json");
        lie["verdict"] = "rejected".into();
        lie["submitted_at"] = "2001-01-01T00:00:00Z".into();
        let mut other_certificate = stage.file("new/receipt.json");
        other_certificate["signed_cert_sha256"] = "00".repeat(32).into();
        // Exchanged under the transcript; without one; with one that was made up to fit, and a
        // certificate that is not this claim's; no receipt at all.
        for (content, forged) in [
            (lie.to_string(), false),
            (other_certificate.to_string(), true),
            ("{}".to_owned(), true),
            ("no JSON".to_owned(), true),
        ] {
            fs::write(stage.path("new/transcript.jsonl"), &transcript).unwrap();
            fs::write(stage.path("new/receipt.json"), &content).unwrap();
            if forged {
                with_a_step(&stage, "receipt.json", content.as_bytes(), Some(&id));
            }
            stage.run(command).ends(0, "nothing was changed");
            let now = stage.file("new/receipt.json");
            assert_eq!(
                (now["outcome"].as_str(), now["submitted_at"].as_str()),
                (Some("already-claimed"), None),
                "{now:#}"
            );
            assert_eq!(
                now["signed_cert_sha256"],
                serde_json::from_slice::<Value>(&own).unwrap()["signed_cert_sha256"]
            );
            assert!(
                stage
                    .entries("new")
                    .last()
                    .unwrap()
                    .outputs
                    .has("receipt.json"),
                "its own step"
            );
        }
    }
}
