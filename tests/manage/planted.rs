//! Attacks on a bundle by somebody who can write to it: records that no step of hsmboot wrote
//! there, and transcripts that were made up to fit.

use std::fs;

use hsmboot::bundle::{Digests, TranscriptEntry};
use hsmboot::x509::{Certificate, sha256, to_hex};
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

/// A token as docs/schemas/creation.schema.json describes it, for the CA of [`words`].
fn token(stage: &Stage) -> String {
    let ca = Certificate::from_pem(&fs::read(stage.path("ca/customerCA.crt")).unwrap()).unwrap();
    let random = "0011223344556677";
    let committed = to_hex(&sha256(
        format!(
            "hsmboot-creation/1\n{random}\n{}",
            to_hex(&sha256(ca.spki()))
        )
        .as_bytes(),
    ));
    format!("{random}{}", &committed[..16])
}

/// What a run of [`words`] would have written of a cluster.
fn creation_of(stage: &Stage, id: &str) -> Value {
    json!({
        "format": "hsmboot-creation/1", "token": token(stage), "region": "us-east-1",
        "endpoint": stage.simulator.url(), "hsm_type": "hsm2m.medium",
        "mode": "FIPS",
        "subnet_ids": [SUBNET], "tags": {}, "asked_at": "2020-01-01T00:00:00Z",
        "tool": "hsmboot 0.1.0", "cluster_id": id,
    })
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
fn a_cluster_that_does_not_carry_the_token_is_not_claimed_whatever_the_bundle_says() {
    for tag in [None, Some("ffffffffffffffffffffffffffffffff"), Some("")] {
        let stage = stage();
        let victim = stage.cluster();
        if let Some(tag) = tag {
            stage
                .run(&[
                    "tag",
                    "add",
                    "--resource-id",
                    &victim,
                    "--tag",
                    &format!("hsmboot-creation={tag}"),
                ])
                .ends(0, "");
        }
        plant(&stage, &creation_of(&stage, &victim));
        refused(
            &stage,
            8,
            "cluster-not-ordered",
            &[&victim, "tag hsmboot-creation", &token(&stage)],
        );
    }
}

/// He can set tags, and name any order that fits the command; the cluster has to be one as well.
#[test]
fn a_cluster_that_carries_the_token_and_is_not_what_was_ordered_is_not_claimed() {
    for (more, differs) in [
        (&["--subnet-id", "subnet-1a2b3c4d"][..], "subnets"),
        (
            &["--subnet-id", SUBNET, "--subnet-id", "subnet-1a2b3c4d"],
            "subnets",
        ),
        (&["--subnet-id", SUBNET, "--mode", "non-fips"], "mode"),
        (
            &["--subnet-id", SUBNET, "--network-type", "dualstack"],
            "network type",
        ),
        (&[], "type\n"),
    ] {
        for with_id in [true, false] {
            let stage = stage();
            let tag = format!("hsmboot-creation={}", token(&stage));
            let id = if differs == "type\n" {
                let id = stage.simulator.create_hsm1_cluster("us-east-1").unwrap();
                stage
                    .run(&["tag", "add", "--resource-id", &id, "--tag", &tag])
                    .ends(0, "");
                id
            } else {
                let made = stage.run(
                    &[
                        &[
                            "cluster", "create", "--wait", "--output", "json", "--tag", &tag,
                        ],
                        more,
                    ]
                    .concat(),
                );
                made.ends(0, "").json()["cluster"]["cluster_id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let mut creation = creation_of(&stage, &id);
            if !with_id {
                creation.as_object_mut().unwrap().remove("cluster_id");
            }
            plant(&stage, &creation);
            refused(&stage, 8, "cluster-not-ordered", &[&id, differs]);
        }
    }
}

/// Another owner's order, which stands there as hsmboot wrote it: nothing is forged, and the
/// cluster carries the token.
#[test]
fn the_bundle_of_an_order_for_another_ca_claims_nothing_for_this_one() {
    let place = |word| match word {
        "ca/customerCA.crt" => "theirs/customerCA.crt",
        "ca/customerCA.key" => "theirs/customerCA.key",
        "us-east-1a" => "us-east-1b",
        word => word,
    };
    let theirs: Vec<&str> = words().into_iter().map(place).collect();
    let bare: Vec<&str> = words()
        .into_iter()
        .filter(|word| {
            !["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"].contains(word)
        })
        .collect();
    for with_id in [true, false] {
        let stage = stage();
        stage
            .run(&[
                "ca",
                "init",
                "--out",
                "theirs",
                "--key-type",
                "p256",
                "--no-passphrase",
                "--subject",
                "CN=another CA",
            ])
            .ends(0, "made a CA");
        // It ends after the cluster was created.
        stage.fails(&theirs, 8, "zone-without-subnet");
        let mut creation = stage.file("new/creation.json");
        let id = creation["cluster_id"].as_str().unwrap().to_owned();
        if !with_id {
            creation.as_object_mut().unwrap().remove("cluster_id");
            plant(&stage, &creation);
        }
        // Nor for a CA that is still to be made.
        let failed = stage.fails(
            &[&bare[..], &["--no-passphrase", "--key-type", "p256"]].concat(),
            8,
            "cluster-not-ordered",
        );
        assert!(
            failed["error"]["message"].as_str().unwrap().contains("CA"),
            "{failed:#}"
        );
        refused(&stage, 8, "cluster-not-ordered", &[&id, "CA"]);
    }
}

#[test]
fn a_cluster_that_was_ordered_before_there_was_a_ca_is_gone_on_with_by_the_one_that_the_run_makes()
{
    let stage = stage();
    fs::write(stage.path("passphrase"), "not a secret\n").unwrap();
    let bare: Vec<&str> = words()
        .into_iter()
        .filter(|word| {
            !["--ca", "ca/customerCA.crt", "--ca-key", "ca/customerCA.key"].contains(word)
        })
        .collect();
    let bare = [
        &bare[..],
        &["--passphrase-file", "passphrase", "--key-type", "p256"],
    ]
    .concat();
    let wrong: Vec<&str> = bare
        .iter()
        .map(|word| {
            if *word == "us-east-1a" {
                "us-east-1b"
            } else {
                word
            }
        })
        .collect();
    stage.fails(&wrong, 8, "zone-without-subnet");
    // Who names a CA names the cluster as well.
    stage.fails(&words(), 8, "cluster-not-ordered");
    stage.run(&bare).ends(0, "claimed");
    stage.run(&bare).ends(0, "nothing was changed");
    one_of_each(&stage);
}

#[test]
fn of_two_clusters_with_the_token_neither_is_claimed() {
    let stage = stage();
    let ids = [stage.cluster(), stage.cluster()];
    for id in &ids {
        stage
            .run(&[
                "tag",
                "add",
                "--resource-id",
                id,
                "--tag",
                &format!("hsmboot-creation={}", token(&stage)),
            ])
            .ends(0, "");
    }
    let mut creation = creation_of(&stage, &ids[0]);
    creation.as_object_mut().unwrap().remove("cluster_id");
    plant(&stage, &creation);
    refused(
        &stage,
        8,
        "cluster-not-ordered",
        &["2 clusters", &ids[0], &ids[1]],
    );
}

#[test]
fn a_stale_creation_makes_no_second_cluster() {
    let stage = stage();
    stage.simulator.inject_fault(
        Some("CreateCluster"),
        hsmboot::simulator::InjectedFault::AccessDenied,
        1,
    );
    stage.fails(&words(), 6, "access-denied");
    let stale = stage.listing("new");
    stage.run(&words()).ends(0, "claimed");
    // The bundle as it was when the order had been refused: files and transcript fit.
    fs::remove_dir_all(stage.path("new")).unwrap();
    fs::create_dir(stage.path("new")).unwrap();
    stale
        .iter()
        .for_each(|(name, content)| fs::write(stage.path("new").join(name), content).unwrap());
    stage.run(&words()).ends(0, "nothing was changed");
    assert_eq!((stage.clusters(), stage.calls("InitializeCluster")), (1, 1));
}

#[test]
fn a_place_that_holds_another_clusters_bundle_is_found_out_before_a_cluster_is_paid_for() {
    let stage = stage();
    stage.run(&words()).ends(0, "claimed");
    fs::remove_file(stage.path("new/creation.json")).unwrap();
    let id = stage
        .entries("new")
        .iter()
        .find_map(|entry| entry.cluster_id.clone())
        .unwrap();
    let names: Vec<String> = stage
        .listing("new")
        .into_keys()
        .filter(|name| name != "transcript.jsonl")
        .collect();
    let transcript = fs::read(stage.path("new/transcript.jsonl")).unwrap();
    fs::remove_file(stage.path("new/transcript.jsonl")).unwrap();
    stage.fails(&words(), 8, "another-cluster");
    // Nor where its transcript alone is left, without the lines of the creation.
    names
        .iter()
        .for_each(|name| fs::remove_file(stage.path("new").join(name)).unwrap());
    fs::write(stage.path("new/transcript.jsonl"), transcript).unwrap();
    let mut entries = stage.entries("new");
    entries.retain(|entry| entry.cluster_id.is_some() && !entry.outputs.has("creation.json"));
    entries
        .iter_mut()
        .for_each(|entry| entry.inputs.retain(|name| *name != "creation.json"));
    forge(&stage, entries);
    let failed = stage.fails(&words(), 8, "another-cluster");
    assert!(
        failed["error"]["message"]
            .as_str()
            .unwrap()
            .contains(id.as_str()),
        "{failed:#}"
    );
    assert_eq!(stage.calls("CreateCluster"), 1);
}

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
